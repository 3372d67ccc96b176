/* rule_known.c - says that an event looks like an issue that is known. */
#include "family/pack/pack_event.h"

/* One of "a|b" is in the stack; gives which. */
static bool has_either(const kd_pack_stack *stack, kd_str names, kd_str *found)
{
    while (kd_str_split(&names, '|', found))
        if (kd_pack_has_frame(stack, *found))
            return true;
    return false;
}

static bool has_message(const kd_event *event, kd_str text)
{
    static const char *const paths[] = { "headline", "message", "reason" };
    for (size_t i = 0; i < KD_COUNT(paths); i++)
        if (kd_find(kd_event_text(event, paths[i]), text.ptr, text.len))
            return true;
    return false;
}

/* Of the event in hand: each issue that is known asks for it. */
static const kd_pack_stack *stack_of(const kd_view *view)
{
    static const char key;
    bool fresh;
    kd_pack_stack *stack = kd_memo_get(kd_wide(view)->memo, &key, sizeof *stack, &fresh);
    if (stack && fresh)
        *stack = kd_pack_stack_of(view->event);
    return stack;
}

static bool has_all_frames(const kd_pack_stack *stack, const kd_pack_known *known)
{
    kd_str found;
    for (uint32_t i = 0; i < known->frames.count; i++)
        if (!has_either(stack, KD_ITEMS(known->frames, kd_str)[i], &found))
            return false;
    return true;
}

static bool fits(const kd_pack_known *known, const kd_event *event, const kd_pack_stack *stack)
{
    return (known->message.len == 0 || has_message(event, known->message)) &&
           (known->module.len == 0 ||
            kd_str_eq(kd_event_text(event, "blame.module"), known->module)) &&
           has_all_frames(stack, known);
}

/* "6.1.55" is of 6.1.x from there on: is this kernel one of those? */
static bool is_since(const kd_list *releases, const kd_context *boot)
{
    for (uint32_t i = 0; i < releases->count; i++) {
        uint32_t since = kd_kernel_parse(KD_ITEMS(*releases, kd_str)[i]);
        if (since >> 16 == boot->version >> 16 && boot->version >= since)
            return true;
    }
    return false;
}

static bool is_of(const kd_pack_known *known, const kd_context *boot)
{
    uint32_t from = is_since(&known->introduced_in, boot) ? 0 : known->from;
    return kd_pack_is_for(known->archs, from, known->until, boot) &&
           !is_since(&known->fixed_in, boot);
}

static void say_frames(kd_emit *out, const kd_pack_stack *stack, const kd_pack_known *known)
{
    kd_str found;
    for (uint32_t i = 0; i < known->frames.count; i++)
        if (has_either(stack, KD_ITEMS(known->frames, kd_str)[i], &found))
            kd_say_more(out, "%s%.*s%s", i ? "" : "In its stack: ", KD_FMT(found),
                        i + 1 < known->frames.count ? "," : ".");
}

static void say_range(kd_emit *out, const kd_pack_known *known, const kd_context *boot)
{
    if (boot->version == 0) {
        kd_say_more(out, "Which kernel this is does not stand in the log.");
        kd_say_missing(out, "the kernel release");
    } else if (known->from == 0 || known->until == 0) {
        kd_say_more(out, "Which kernels have it is not known to both sides.");
    } else {
        kd_say_more(out,
                    "Kernel %.*s is one of those that have it by their number; a vendor may "
                    "have fixed or added it.",
                    KD_FMT(boot->release));
    }
    if (known->commit.len > 0)
        kd_say_more(out, "The fix is commit %.*s.", KD_FMT(known->commit));
    for (uint32_t i = 0; i < known->fixed_in.count; i++)
        kd_say_more(out, "%s%.*s%s", i ? "" : "It is fixed in ",
                    KD_FMT(KD_ITEMS(known->fixed_in, kd_str)[i]),
                    i + 1 < known->fixed_in.count ? "," : ".");
}

static kd_status check_known(const kd_view *view, kd_emit *out, void *user)
{
    const kd_pack_known *known = user;
    const kd_event *event = view->event;
    const kd_pack_stack *stack = stack_of(view);
    if (!stack || !fits(known, event, stack) || !is_of(known, view->context))
        return KD_OK;
    kd_say_diag(out, KD_POSSIBLE, "This looks like a known issue: %.*s",
                KD_FMT(known->says.explanation));
    kd_emit_role(out, KD_CONTRIBUTING);
    const kdf_oops *oops = kd_event_oops(event);
    if (oops)
        kd_say_evidence(out, event, oops->headline.src, "the report that looks like it");
    if (known->message.len > 0)
        kd_say_more(out, "Its message is there: \"%.*s\".", KD_FMT(known->message));
    say_frames(out, stack, known);
    say_range(out, known, view->context);
    const kd_str *remedies = known->says.remedies.items, *links = known->says.links.items;
    for (uint32_t i = 0; i < known->says.remedies.count; i++)
        kd_say_remedy(out, "%.*s", KD_FMT(remedies[i]));
    for (uint32_t i = 0; i < known->says.links.count; i++)
        kd_say_remedy(out, "See %.*s", KD_FMT(links[i]));
    kd_say_assume(out, "the pack \"%.*s\" describes the issue rightly", KD_FMT(known->pack));
    return KD_OK;
}

kd_rule kd_pack_known_rule(const kd_pack_known *known)
{
    return (kd_rule){ .size = sizeof(kd_rule),
                      .id = known->id.ptr,
                      .title = known->title.ptr,
                      .severity = known->says.severity,
                      .wakes_on = known->events.ptr,
                      .doc = known->says.explanation.ptr,
                      .check = check_known,
                      .user = (void *)(uintptr_t)known };
}

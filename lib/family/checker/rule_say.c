/* rule_say.c - what the rules about checkers' reports say alike. */
#include "family/checker/rule_say.h"

#include "family/shared/parse_shared.h"

static const kdf_check_stack *stack_of(const kdf_check *check, const char *role)
{
    for (uint32_t i = 0; i < check->stacks.count; i++) {
        const kdf_check_stack *stack = &KD_ITEMS(check->stacks, kdf_check_stack)[i];
        if (kd_str_is(stack->role.v, role) && stack->frames.count > 0)
            return stack;
    }
    return NULL;
}

/* The first frame of a further stack that is not the allocator's. */
static const kdf_frame *who(const kdf_check_stack *stack)
{
    for (uint32_t i = 0; stack && i < stack->frames.count; i++) {
        const kdf_frame *frame = &KD_ITEMS(stack->frames, kdf_frame)[i];
        if (frame->function.src && !kd_blame_skips(frame->function.v))
            return frame;
    }
    return NULL;
}

void kd_check_say_who(const kd_view *view, kd_emit *out, const char *role, const char *words)
{
    const kdf_frame *frame = who(stack_of(KD_BODY(view->event, check), role));
    if (!frame)
        return;
    kd_say_more(out, "%s %.*s()%s%.*s%s.", words, KD_FMT(frame->function.v),
                frame->module.src ? " [" : "", KD_FMT(frame->module.v),
                frame->module.src ? "]" : "");
    kd_say_evidence(out, view->event, frame->function.src, "%s", words);
}

static bool is_test(kd_str module)
{
    return kd_str_in_words(module,
                           "lkdtm kasan_test test_kasan kasan_test_module kmsan_test kcsan_test "
                           "kfence_test test_ubsan kmemleak_test kmemleak-test");
}

void kd_check_say_end(const kd_view *view, kd_emit *out)
{
    const kdf_check *check = KD_BODY(view->event, check);
    const kdf_blame *blame = &check->oops.blame;
    kd_str module = blame->module.v;
    bool first = !blame->frame.src || blame->frame.v == 0;
    kd_say_evidence(out, view->event, check->oops.headline.src, "the checker's words");
    if (check->oops.blame.function.src)
        kd_say_text(out, "function", check->oops.blame.function.v);
    if (check->oops.ends_in_bug) { /* BUG() ends the task */
        kd_say_severity(out, KD_FATAL);
        kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    }
    if (is_test(module)) {
        kd_say_deliberate(out);
        kd_say_suspect(out, KD_SUSPECT_TEST, module, "a test module did it on purpose");
    } else if (module.len > 0) {
        kd_say_suspect(out, KD_SUSPECT_DRIVER, module,
                       first
                           ? "its function stands first in the report"
                           : "its function is the innermost that does not report, allocate, free, "
                             "copy or lock");
    } else if (blame->function.src) {
        kd_say_suspect(out, KD_SUSPECT_KERNEL, blame->function.v,
                       first ? "it stands first in the report"
                             : "it is the innermost that does not report, allocate, free, copy or "
                               "lock");
    }
}

bool kd_check_find(const kd_view *view, kd_finding *out)
{
    out->check = KD_BODY(view->event, check);
    if (!out->check)
        return false;
    const kdf_blame *blame = &out->check->oops.blame;
    out->place = blame->function.src
                     ? kd_str_print(out->room, sizeof out->room, "%.*s()%s%.*s%s",
                                    KD_FMT(blame->function.v), blame->module.src ? " [" : "",
                                    KD_FMT(blame->module.v), blame->module.src ? "]" : "")
                     : KD_STR("A function that the log does not name");
    return true;
}

void kd_check_say_access(kd_emit *out, const kdf_check *check)
{
    if (check->size.src && check->oops.access.src)
        kd_say_more(out, "It was a %.*s of %llu byte%s.", KD_FMT(check->oops.access.v),
                    KD_LLU(check->size.v), check->size.v == 1 ? "" : "s");
    if (check->cache.src && check->object_size.src)
        kd_say_more(out, "The object is of cache %.*s, %llu bytes.", KD_FMT(check->cache.v),
                    KD_LLU(check->object_size.v));
    if (check->object.src && check->oops.address.src && check->oops.address.v >= check->object.v) {
        uint64_t offset = check->oops.address.v - check->object.v;
        kd_say_more(out, "The access was %llu bytes from its start.", KD_LLU(offset));
        kd_say_proof(out, KD_STR("the address less the start of the object"),
                     "0x%llx - 0x%llx = %llu", KD_LLU(check->oops.address.v),
                     KD_LLU(check->object.v), KD_LLU(offset));
    }
}

bool kd_check_says(const kdf_check *check, const char *words)
{
    return kd_str_has(check->what.v, words);
}

bool kd_check_was_freed(const kdf_check *check)
{
    for (uint32_t i = 0; !check->what.src && i < check->stacks.count; i++)
        if (kd_str_is(KD_ITEMS(check->stacks, kdf_check_stack)[i].role.v, "free"))
            return true;
    return kd_check_says(check, "use-after");
}

bool kd_check_wrong_free(const kdf_check *check)
{
    return kd_check_says(check, "double-free") || kd_check_says(check, "invalid-free") ||
           kd_check_says(check, "invalid free");
}

/* rule_pack.c - what an entry of a pack says of its message. */
#include "family/pack/pack_event.h"

#define LONGEST_SAID ((size_t)2000)

/* The text with each "{name}" filled in; a piece in angles, "< of {name}>", is left out when its
 * value is. */
typedef struct filled {
    char text[LONGEST_SAID];
    size_t len;
} filled;

static void add(filled *out, kd_str text)
{
    size_t room = sizeof out->text - out->len, len = text.len < room ? text.len : room;
    memcpy(out->text + out->len, text.ptr, len);
    out->len += len;
}

/* "{port}"; "{port.words}" is what its decoder says; "{times}" and "{within_s}" are of the entry's
 * repetition. */
static kd_str value_of(const kdf_pack_message *message, kd_str name, char *room, size_t size)
{
    static const char words[] = ".words";
    bool in_words = kd_str_ends(name, words);
    if (in_words)
        name.len -= sizeof words - 1;
    const kdf_message_value *value = kd_pack_value_of(message, name);
    if (value)
        return in_words ? value->words.v : value->text.v;
    const kd_u64 *number = kd_str_is(name, "times")      ? &message->times
                           : kd_str_is(name, "within_s") ? &message->within_s
                                                         : NULL;
    return number && number->src ? kd_str_print(room, size, "%llu", KD_LLU(number->v))
                                 : (kd_str){ NULL, 0 };
}

/* False: a value of it is not there. */
static bool fill(filled *out, const kdf_pack_message *message, kd_str text)
{
    bool whole = true;
    char room[32];
    while (text.len > 0) {
        const char *open = memchr(text.ptr, '{', text.len);
        const char *close = open ? memchr(open, '}', (size_t)(text.ptr + text.len - open)) : NULL;
        if (!close) {
            add(out, text);
            return whole;
        }
        kd_str name = { open + 1, (size_t)(close - open - 1) };
        kd_str value = value_of(message, name, room, sizeof room);
        add(out, (kd_str){ text.ptr, (size_t)(open - text.ptr) });
        if (value.len > 0)
            add(out, value);
        else
            whole = false;
        text = kd_str_from(text, (size_t)(close + 1 - text.ptr));
    }
    return whole;
}

static void fill_pieces(filled *out, const kdf_pack_message *message, kd_str text)
{
    out->len = 0;
    while (text.len > 0) {
        const char *open = memchr(text.ptr, '<', text.len);
        const char *close = open ? memchr(open, '>', (size_t)(text.ptr + text.len - open)) : NULL;
        fill(out, message, close ? (kd_str){ text.ptr, (size_t)(open - text.ptr) } : text);
        if (!close)
            return;
        size_t before = out->len;
        if (!fill(out, message, (kd_str){ open + 1, (size_t)(close - open - 1) }))
            out->len = before;
        text = kd_str_from(text, (size_t)(close + 1 - text.ptr));
    }
}

static void say_all(kd_emit *out, const kdf_pack_message *message, const kd_list *texts,
                    const char *format)
{
    filled words;
    const kd_str *items = texts->items;
    for (uint32_t i = 0; i < texts->count; i++) {
        fill_pieces(&words, message, items[i]);
        kd_say_remedy(out, format, (int)words.len, words.text);
    }
}

static void say_values(kd_emit *out, const kdf_pack_message *message)
{
    const kdf_message_value *values = message->values.items;
    for (uint32_t i = 0; i < message->values.count; i++) {
        if (values[i].number.src)
            kd_say_u64(out, values[i].name.v.ptr, values[i].number.v);
        else if (values[i].hex.src)
            kd_say_hex(out, values[i].name.v.ptr, values[i].hex.v);
        else
            kd_say_text(out, values[i].name.v.ptr, values[i].text.v);
    }
}

static void say_suspect(kd_emit *out, const kdf_pack_message *message, const kd_pack_says *says)
{
    filled name, why;
    if (says->suspect == KD_SUSPECT_NONE)
        return;
    fill_pieces(&name, message, says->suspect_name);
    fill_pieces(&why, message, says->suspect_why);
    kd_say_suspect(out, says->suspect, (kd_str){ name.text, name.len }, "%.*s", (int)why.len,
                   why.text);
}

/* What the entry says, but for what a case says better. */
static kd_pack_says join_says(const kd_pack_entry *entry, const kd_pack_case *one)
{
    kd_pack_says says = entry->says;
    if (!one)
        return says;
    if (one->says.has_severity)
        says.severity = one->says.severity;
    if (one->says.has_confidence)
        says.confidence = one->says.confidence;
    if (one->says.has_impact)
        says.impact = one->says.impact;
    if (one->says.action.len > 0)
        says.action = one->says.action;
    if (one->says.remedies.count > 0)
        says.remedies = one->says.remedies;
    if (one->says.suspect != KD_SUSPECT_NONE) {
        says.suspect = one->says.suspect;
        says.suspect_name = one->says.suspect_name;
        says.suspect_why = one->says.suspect_why;
    }
    return says;
}

static const kd_pack_case *find_case(const kd_view *view, const kd_pack_entry *entry)
{
    for (uint32_t i = 0; i < entry->cases.count; i++)
        if (kd_pack_holds(&KD_ITEMS(entry->cases, kd_pack_case)[i].when, view))
            return &KD_ITEMS(entry->cases, kd_pack_case)[i];
    return NULL;
}

static void say_cause(const kd_view *view, kd_emit *out)
{
    const kd_event *cause = kd_pack_cause(view);
    if (!cause)
        return;
    kd_emit_role(out, KD_EFFECT);
    kd_say_event(out, cause);
    kd_say_more(out, "It follows from what was told before: %.*s.",
                KD_FMT(kd_event_text(cause, "headline")));
    if (cause->diags)
        kd_say_caused_by(out, cause->diags);
}

static kd_status check_message(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_pack_message *message = KD_BODY(view->event, pack_message);
    const kd_pack_entry *entry = user;
    filled words;
    if (!message || message->described_by != entry || !kd_pack_holds(&entry->when, view))
        return KD_OK;
    const kd_pack_case *one = find_case(view, entry);
    kd_pack_says says = join_says(entry, one);
    fill_pieces(&words, message, says.explanation);
    kd_say_diag(out, says.confidence, "%.*s", (int)words.len, words.text);
    if (one && one->says.explanation.len > 0) {
        fill_pieces(&words, message, one->says.explanation);
        kd_say_more(out, "%.*s", (int)words.len, words.text);
    }
    if (says.severity != entry->says.severity)
        kd_say_severity(out, says.severity);
    kd_say_evidence(out, view->event, message->headline.src, "what the kernel said");
    kd_say_impact(out, says.impact);
    say_suspect(out, message, &says);
    say_all(out, message, &says.remedies, "%.*s");
    say_all(out, message, &says.links, "See %.*s");
    say_values(out, message);
    if (says.action.len > 0)
        kd_say_text(out, "action", says.action);
    say_cause(view, out);
    kd_say_assume(out, "the pack \"%.*s\" describes this kernel's message", KD_FMT(entry->pack));
    return KD_OK;
}

kd_rule kd_pack_rule(const kd_pack_entry *entry)
{
    return (kd_rule){ .size = sizeof(kd_rule),
                      .id = entry->id.ptr,
                      .title = entry->title.ptr,
                      .severity = entry->says.severity,
                      .wakes_on = entry->kind->name,
                      .doc = entry->says.explanation.ptr,
                      .check = check_message,
                      .user = (void *)(uintptr_t)entry };
}

/* rule_pack.c - what an entry of a pack says of its message. */
#include "core/diag.h"
#include "family/fields.h"
#include "family/pack/pack.h"

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

static kd_str value_of(const kdf_pack_message *message, kd_str name)
{
    const kdf_message_value *values = message->values.items;
    for (uint32_t i = 0; i < message->values.count; i++)
        if (kd_str_eq(values[i].name.v, name))
            return values[i].text.v;
    return (kd_str){ NULL, 0 };
}

/* False: a value of it is not there. */
static bool fill(filled *out, const kdf_pack_message *message, kd_str text)
{
    bool whole = true;
    while (text.len > 0) {
        const char *open = memchr(text.ptr, '{', text.len);
        const char *close = open ? memchr(open, '}', (size_t)(text.ptr + text.len - open)) : NULL;
        if (!close) {
            add(out, text);
            return whole;
        }
        kd_str value = value_of(message, (kd_str){ open + 1, (size_t)(close - open - 1) });
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

/* Is the boot one that the entry is for? What the log does not tell is no reason against. */
static bool is_for(const kd_pack_entry *entry, const kd_context *boot)
{
    if (entry->archs.len > 0 && boot->arch.len > 0 &&
        !kd_str_in_words(boot->arch, entry->archs.ptr))
        return false;
    return boot->version == 0 || ((entry->from == 0 || boot->version >= entry->from) &&
                                  (entry->until == 0 || boot->version < entry->until));
}

static void say_texts(kd_emit *out, const kdf_pack_message *message, const kd_pack_entry *entry)
{
    filled words;
    const kd_str *remedies = entry->remedies.items, *links = entry->links.items;
    for (uint32_t i = 0; i < entry->remedies.count; i++) {
        fill_pieces(&words, message, remedies[i]);
        kd_say_remedy(out, "%.*s", (int)words.len, words.text);
    }
    for (uint32_t i = 0; i < entry->links.count; i++)
        kd_say_remedy(out, "See %.*s", KD_FMT(links[i]));
    const kdf_message_value *values = message->values.items;
    for (uint32_t i = 0; i < message->values.count; i++) {
        if (values[i].number.src)
            kd_say_u64(out, values[i].name.v.ptr, values[i].number.v);
        else if (values[i].hex.src)
            kd_say_hex(out, values[i].name.v.ptr, values[i].hex.v);
        else
            kd_say_text(out, values[i].name.v.ptr, values[i].text.v);
    }
    if (entry->action.len > 0)
        kd_say_text(out, "action", entry->action);
}

static kd_status check_message(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_pack_message *message = KD_BODY(view->event, pack_message);
    const kd_pack_entry *entry = user;
    filled words;
    if (!message || !kd_str_eq(message->entry.v, entry->id) ||
        !is_for(entry, view->context))
        return KD_OK;
    fill_pieces(&words, message, entry->explanation);
    kd_say_diag(out, entry->confidence, "%.*s", (int)words.len, words.text);
    kd_say_evidence(out, view->event, message->headline.src, "what the kernel said");
    kd_say_impact(out, entry->impact);
    if (entry->suspect != KD_SUSPECT_NONE) {
        fill_pieces(&words, message, entry->suspect_name);
        kd_say_suspect(out, entry->suspect, (kd_str){ words.text, words.len }, "%.*s",
                       KD_FMT(entry->suspect_why));
    }
    say_texts(out, message, entry);
    kd_say_assume(out, "the pack \"%.*s\" describes this kernel's message", KD_FMT(entry->pack));
    return KD_OK;
}

kd_rule kd_pack_rule(const kd_pack_entry *entry)
{
    return (kd_rule){ .size = sizeof(kd_rule),
                      .id = entry->id.ptr,
                      .title = entry->title.ptr,
                      .severity = entry->severity,
                      .wakes_on = entry->kind->name,
                      .doc = entry->explanation.ptr,
                      .check = check_message,
                      .user = (void *)(uintptr_t)entry };
}

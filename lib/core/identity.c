/* identity.c - what makes two events of a boot the same. Layer: core. */
#include "core/identity.h"

#include "base/scan.h"

/* ---- once per engine ------------------------------------------------------------------------- */

static kd_status add_part(kd_identity *out, const kd_kind *kind, kd_str path, kd_arena *arena)
{
    static const kd_str blank = { "-numbers", 8 };
    kd_identity_part part = { .blank_numbers = kd_str_ends(path, blank.ptr) };
    if (part.blank_numbers)
        path.len -= blank.len;
    part.field = kd_fields_find(kind->fields, path, &part.at);
    if (!part.field || part.field->type > KDF_bool ||
        (part.blank_numbers && part.field->type != KDF_text))
        return KD_E_INVAL;
    kd_identity_part *item = KD_LIST_ADD(arena, &out->parts, kd_identity_part);
    if (!item)
        return KD_E_NOMEM;
    *item = part;
    return KD_OK;
}

kd_status kd_identity_resolve(kd_identity *out, const kd_kind *kind, kd_arena *arena)
{
    kd_scan in = kd_scan_of(kd_str_of(kind->identity));
    kd_str path;
    kd_status status = KD_OK;
    *out = (kd_identity){ .suppressed_at = SIZE_MAX };
    while (status == KD_OK && kd_scan_word(&in, &path)) {
        status = add_part(out, kind, path, arena);
        kd_scan_blanks(&in);
    }
    const kd_field *suppressed =
        kd_fields_find(kind->fields, KD_STR("suppressed"), &out->suppressed_at);
    if (!suppressed || suppressed->type != KDF_u64)
        out->suppressed_at = SIZE_MAX;
    return status;
}

/* ---- for each event -------------------------------------------------------------------------- */

/* A growing text on the stack: an identity that is longer is told apart by its beginning. */
typedef struct text_buffer {
    char bytes[1024];
    size_t len;
} text_buffer;

static void add_byte(text_buffer *out, char byte)
{
    if (out->len < sizeof out->bytes)
        out->bytes[out->len++] = byte;
}

static void add_blanked(text_buffer *out, kd_str text)
{
    out->len += kd_blank_numbers(text, out->bytes + out->len, sizeof out->bytes - out->len);
}

static void add_number(text_buffer *out, uint64_t value)
{
    for (unsigned i = 0; i < sizeof value; i++)
        add_byte(out, (char)(value >> 8 * i));
}

static void add_value(text_buffer *out, const kd_identity_part *part, const void *at)
{
    const kd_text *text = at;
    switch (part->field->type) {
    case KDF_text:
        if (part->blank_numbers)
            add_blanked(out, text->v);
        else
            for (size_t i = 0; i < text->v.len; i++)
                add_byte(out, text->v.ptr[i]);
        break;
    case KDF_bool:
        add_byte(out, (char)(((const kd_bool *)at)->src ? 1 + ((const kd_bool *)at)->v : 0));
        break;
    default: /* an i64 has the same layout as a u64 */
        if (((const kd_u64 *)at)->src)
            add_number(out, ((const kd_u64 *)at)->v);
        break;
    }
    add_byte(out, 0);
}

kd_str kd_identity_of(const kd_identity *identity, kd_event *event)
{
    text_buffer out = { .len = 0 };
    if (identity->parts.count == 0)
        return (kd_str){ "", 0 };
    for (const char *name = event->kind->name; *name; name++)
        add_byte(&out, *name);
    add_byte(&out, 0);
    for (uint32_t i = 0; i < identity->parts.count; i++) {
        const kd_identity_part *part = &KD_ITEMS(identity->parts, kd_identity_part)[i];
        add_value(&out, part, (const char *)event->body + part->at);
    }
    return kd_arena_str(&event->arena, (kd_str){ out.bytes, out.len });
}

static void add_up(kd_u64 *all, uint64_t more)
{
    all->v = more > UINT64_MAX - all->v ? UINT64_MAX : all->v + more;
    all->src = KD_DERIVED;
}

void kd_identity_add_suppressed(const kd_identity *identity, kd_event *first, const kd_event *event)
{
    if (identity->suppressed_at == SIZE_MAX)
        return;
    kd_u64 *all = (kd_u64 *)(void *)((char *)first->body + identity->suppressed_at);
    const kd_u64 *more =
        (const kd_u64 *)(const void *)((const char *)event->body + identity->suppressed_at);
    if (!more->src)
        return;
    add_up(all, more->v);
    add_up(&first->repeat.suppressed, more->v);
}

void kd_identity_suppress_again(const kd_identity *identity, kd_event *first)
{
    if (identity->suppressed_at != SIZE_MAX && first->repeat.suppressed.src)
        add_up((kd_u64 *)(void *)((char *)first->body + identity->suppressed_at),
               first->repeat.suppressed.v);
}

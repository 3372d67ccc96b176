/* json_read.c - a JSON reader. Layer: base. */
#include "base/json_read.h"

#include <string.h>

#include "base/scan.h"
#include "base/utf8.h"

typedef struct reader {
    kd_scan in;
    kd_arena *arena;
    unsigned depth;
    const char *why;
} reader;

static const char no_memory[] = "out of memory";

/* Always false. */
static bool refuse(reader *r, const char *why)
{
    if (!r->why)
        r->why = kd_scan_at_end(&r->in) ? "the JSON ends too early" : why;
    return false;
}

/* The same, wherever it stands. */
static bool fail(reader *r, const char *why)
{
    r->why = why;
    return false;
}

static bool skip_space(reader *r)
{
    while (!kd_scan_at_end(&r->in) && *r->in.at && strchr(" \t\r\n", *r->in.at))
        r->in.at++;
    return true;
}

static bool take(reader *r, char c)
{
    return skip_space(r) && kd_scan_char(&r->in, c);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static size_t put_char(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)((0xf00u >> size & 0xf0) | c);
    return size;
}

/* Four hex digits behind "\u". */
static bool take_unit(kd_scan *in, uint32_t *out)
{
    if (kd_scan_left(in) < 4)
        return false;
    *out = 0;
    for (int i = 0; i < 4; i++) {
        if (!kd_is_hex(*in->at))
            return false;
        *out = *out << 4 | (kd_bytes[(unsigned char)*in->at++] & KD_HEX_VALUE);
    }
    return true;
}

/* Half a pair without the other is U+FFFD. */
static bool take_code(kd_scan *in, uint32_t *out)
{
    uint32_t low;
    if (!take_unit(in, out))
        return false;
    if (*out < 0xd800 || *out > 0xdfff)
        return true;
    kd_scan behind = *in;
    if (*out < 0xdc00 && kd_scan_literal(&behind, "\\u") && take_unit(&behind, &low) &&
        low >= 0xdc00 && low <= 0xdfff) {
        *out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
        *in = behind;
    } else {
        *out = 0xfffd;
    }
    return true;
}

/* What stands behind a backslash. */
static bool take_escape(kd_scan *in, uint32_t *out)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *found = kd_scan_at_end(in) || !*in->at ? NULL : strchr(names, *in->at);
    if (found) {
        in->at++;
        *out = (unsigned char)meant[found - names];
        return true;
    }
    return kd_scan_char(in, 'u') && take_code(in, out);
}

/* The bytes up to the quote, which is taken. */
static bool take_raw(reader *r, kd_str *out)
{
    const char *from = r->in.at;
    for (; !kd_scan_at_end(&r->in) && *r->in.at != '"'; r->in.at++) {
        if ((unsigned char)*r->in.at < ' ')
            return refuse(r, "a control byte stands in a text");
        if (*r->in.at == '\\' && kd_scan_left(&r->in) > 1)
            r->in.at++;
    }
    *out = kd_scan_since(&r->in, from);
    return kd_scan_char(&r->in, '"') || refuse(r, "");
}

static bool read_text(reader *r, kd_str *out)
{
    kd_str raw;
    if (!take(r, '"'))
        return refuse(r, "a text is missing");
    if (!take_raw(r, &raw))
        return false;
    if (kd_utf8_bad(raw) > 0)
        return fail(r, "a text is no UTF-8");
    char *to = kd_arena_room(r->arena, raw.len + 1); /* an escape is longer than what it means */
    if (!to)
        return fail(r, no_memory);
    size_t len = 0;
    for (kd_scan in = kd_scan_of(raw); !kd_scan_at_end(&in);) {
        uint32_t c;
        if (*in.at != '\\') {
            to[len++] = *in.at++;
            continue;
        }
        in.at++;
        if (!take_escape(&in, &c))
            return fail(r, "a backslash stands before what it cannot");
        len += put_char(to + len, c);
    }
    to[len] = '\0';
    *out = (kd_str){ to, len };
    return true;
}

/* ---- numbers and words ----------------------------------------------------------------------- */

static bool take_digits(kd_scan *in)
{
    const char *from = in->at;
    while (!kd_scan_at_end(in) && kd_is_digit(*in->at))
        in->at++;
    return in->at > from;
}

static bool read_number(reader *r, kd_json_value *to)
{
    const char *from = r->in.at;
    kd_scan whole = r->in;
    (void)kd_scan_char(&r->in, '-');
    bool right = kd_scan_char(&r->in, '0') || take_digits(&r->in);
    const char *end = r->in.at;
    if (right && kd_scan_char(&r->in, '.'))
        right = take_digits(&r->in);
    if (right && (kd_scan_char(&r->in, 'e') || kd_scan_char(&r->in, 'E'))) {
        (void)(kd_scan_char(&r->in, '+') || kd_scan_char(&r->in, '-'));
        right = take_digits(&r->in);
    }
    if (!right)
        return refuse(r, "a number is none");
    whole.end = end;
    bool kept = r->in.at == end && end > from && kd_scan_i64(&whole, &to->number);
    to->type = kept ? KD_JSON_NUMBER : KD_JSON_FRACTION;
    return true;
}

static bool read_word(reader *r, kd_json_value *to)
{
    to->type = KD_JSON_FLAG;
    to->flag = kd_scan_literal(&r->in, "true");
    if (to->flag || kd_scan_literal(&r->in, "false"))
        return true;
    to->type = KD_JSON_NULL;
    if (kd_scan_literal(&r->in, "null"))
        return true;
    return refuse(r, "no JSON value");
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool read_value(reader *r, kd_json_value *to);

static bool read_key(reader *r, const kd_json_value *of, kd_str *out)
{
    if (of->count == KD_JSON_MEMBERS)
        return refuse(r, "an object has more than 64 members");
    if (!read_text(r, out))
        return false;
    for (const kd_json_value *other = of->first; other; other = other->next)
        if (kd_str_eq(other->key, *out))
            return fail(r, "a member stands twice");
    return take(r, ':') || refuse(r, "a colon is missing");
}

static bool read_items(reader *r, kd_json_value *to, char end)
{
    const kd_json_value **place = &to->first;
    if (r->depth == KD_JSON_DEPTH)
        return refuse(r, "it is nested too deep");
    r->depth++;
    r->in.at++;
    for (; !take(r, end); to->count++) {
        if (to->count > 0 && !take(r, ','))
            return refuse(r, "a comma or bracket is missing");
        kd_json_value *item = kd_arena_alloc(r->arena, sizeof *item);
        if (!item)
            return fail(r, no_memory);
        if (end == '}' && !read_key(r, to, &item->key))
            return false;
        if (!read_value(r, item))
            return false;
        *place = item;
        place = &item->next;
    }
    r->depth--;
    return true;
}

static bool read_value(reader *r, kd_json_value *to)
{
    skip_space(r);
    char first = '\0';
    if (!kd_scan_at_end(&r->in))
        first = *r->in.at;
    switch (first) {
    case '{': to->type = KD_JSON_OBJECT; return read_items(r, to, '}');
    case '[': to->type = KD_JSON_LIST; return read_items(r, to, ']');
    case '"': to->type = KD_JSON_TEXT; return read_text(r, &to->text);
    default: return kd_is_digit(first) || first == '-' ? read_number(r, to) : read_word(r, to);
    }
}

const char *kd_json_read(kd_arena *arena, kd_str text, const kd_json_value **out)
{
    reader r = { .in = kd_scan_of(text), .arena = arena };
    kd_json_value *root = kd_arena_alloc(arena, sizeof *root);
    *out = NULL;
    if (!root)
        return no_memory;
    if (!read_value(&r, root))
        return r.why;
    if (skip_space(&r) && !kd_scan_at_end(&r.in))
        return "more than one JSON value";
    *out = root;
    return NULL;
}

const kd_json_value *kd_json_find(const kd_json_value *of, const char *name)
{
    const kd_json_value *item = of && of->type == KD_JSON_OBJECT ? of->first : NULL;
    while (item && !kd_str_is(item->key, name))
        item = item->next;
    return item;
}

const kd_json_value *kd_json_member(const kd_json_value *of, const char *name, kd_json_type type)
{
    const kd_json_value *found = kd_json_find(of, name);
    return found && found->type == type ? found : NULL;
}

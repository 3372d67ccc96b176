/* json.c - a JSON writer without a tree. Layer: base. */
#include "base/json.h"

#include <string.h>

#include "base/utf8.h"

/* ---- what is held back ----------------------------------------------------------------------- */

/* What is held back is the end of the sink's portion; so far the portion is filled else, that there
 * is always room for a line behind it. */
#define FILLED (KD_SINK_PORTION - KD_JSON_WIDTH)

static void set_limit(kd_json *out)
{
    size_t line = out->indent < KD_JSON_WIDTH ? KD_JSON_WIDTH - out->indent : 0;
    out->limit = out->levels > 0 ? out->held + line : FILLED;
}

static const char blanks[] = ",\n                                ";
#define MOST_BLANKS (sizeof blanks - 3)

static void put_wide_start(kd_json *out, bool comma)
{
    size_t left = out->indent;
    kd_sink_put(&out->sink, comma ? KD_STR(",\n") : KD_STR("\n"));
    for (size_t n; left > 0; left -= n) {
        n = left < MOST_BLANKS ? left : MOST_BLANKS;
        kd_sink_put(&out->sink, (kd_str){ blanks + 2, n });
    }
}

static inline void put_line_start(kd_json *out, bool comma)
{
    kd_sink *sink = &out->sink;
    if (out->indent > MOST_BLANKS || sizeof sink->portion - sink->len < sizeof blanks) {
        put_wide_start(out, comma);
        return;
    }
    /* a few moves, for any indent */
    memcpy(sink->portion + sink->len, blanks + !comma, sizeof blanks - 1);
    sink->len += 1u + comma + out->indent;
}

/* Depth of what is innermost; it does not change where something is spilt. */
static unsigned depth_of(const kd_json *out)
{
    return out->indent + 2 * out->levels;
}

/* Each mark is a byte of what is held: there is room for all of them. */
static void add_mark(kd_json *out, size_t at, bool bracket)
{
    out->marks[out->mark_count++] =
        (kd_json_mark){ (uint8_t)(at - out->held), bracket, depth_of(out) };
}

/* What was held from there on goes on being held. */
static void hold_again(kd_json *out, const char *text, size_t from, size_t len)
{
    size_t kept = 0;
    if (out->sink.len > FILLED)
        kd_sink_flush(&out->sink);
    out->held = out->sink.len;
    kd_sink_put(&out->sink, (kd_str){ text + from, len - from });
    for (size_t i = 0; i < out->mark_count; i++)
        if (out->marks[i].at >= from) {
            out->marks[kept] = out->marks[i];
            out->marks[kept++].at -= (uint8_t)from;
        }
    out->mark_count = kept;
}

/* The outermost object or list that is held does not fit on a line: it gets its own lines. Its
 * members that are complete fit, for they are shorter; the last one may go on being held. */
static void spill(kd_json *out)
{
    char text[KD_JSON_WIDTH];
    kd_sink *sink = &out->sink;
    size_t len = sink->len - out->held, from = 2, bracket = len;
    memcpy(text, sink->portion + out->held, len);
    sink->len = out->held + 1;
    out->indent += 2;
    out->levels--;
    if (len > 1)
        put_line_start(out, false);
    for (size_t i = 0; i < out->mark_count; i++) {
        const kd_json_mark *mark = &out->marks[i];
        if (mark->depth != out->indent)
            continue;
        if (mark->bracket) {
            bracket = mark->at;
            continue;
        }
        kd_sink_put(sink, (kd_str){ text + from, mark->at - from });
        put_line_start(out, true);
        from = mark->at + 2u;
        bracket = len;
    }
    size_t until = out->levels == 0 ? len : bracket;
    if (until > from)
        kd_sink_put(sink, (kd_str){ text + from, until - from });
    if (out->levels > 0)
        hold_again(out, text, until, len);
    set_limit(out);
}

/* False: no portion has room for so much; nothing is held then. */
static __attribute__((noinline)) bool make_room(kd_json *out, size_t len)
{
    while (out->levels > 0 && out->sink.len + len > out->limit)
        spill(out);
    if (out->sink.len + len > out->limit)
        kd_sink_flush(&out->sink);
    return out->sink.len + len <= out->limit;
}

/* So many bytes, to be filled in; NULL: they are put as they are. */
static inline char *take(kd_json *out, size_t len)
{
    if (out->sink.len + len > out->limit && !make_room(out, len))
        return NULL;
    char *at = out->sink.portion + out->sink.len;
    out->sink.len += len;
    return at;
}

static inline void put(kd_json *out, kd_str text)
{
    char *at = take(out, text.len);
    if (!at)
        kd_sink_put(&out->sink, text);
    else if (text.len > 0)
        memcpy(at, text.ptr, text.len);
}

/* What parts a member of that length from the one before it. */
static inline void separate(kd_json *out, size_t len)
{
    bool first = out->empty;
    out->empty = false;
    if (out->levels > 0 && out->sink.len + 2 - first + len > out->limit)
        make_room(out, len + 2 - first);
    char *at = out->sink.portion + out->sink.len;
    if (out->levels > 0) {
        if (!first) {
            add_mark(out, out->sink.len, false);
            *at++ = ',';
        }
        *at = ' ';
        out->sink.len += 2u - first;
    } else if (out->pretty) {
        put_line_start(out, !first);
    } else if (!first) {
        put(out, KD_STR(","));
    }
}

/* What stands before a value, its name too; then so many bytes, to be filled in. NULL: they are put
 * as they are. */
static char *begin_value(kd_json *out, size_t len)
{
    kd_str key = out->key;
    if (!out->bare)
        separate(out, key.len + len);
    out->bare = false;
    out->key.len = 0;
    char *at = take(out, key.len + len);
    if (key.len == 0)
        return at;
    if (!at) {
        put(out, key);
        return NULL;
    }
    memcpy(at, key.ptr, key.len);
    return at + key.len;
}

/* Of few bytes. */
static void put_value(kd_json *out, kd_str text)
{
    char *at = begin_value(out, text.len);
    if (at)
        memcpy(at, text.ptr, text.len);
}

/* ---- objects and lists ----------------------------------------------------------------------- */

void kd_json_init(kd_json *out, uint32_t flags, kd_write_fn write, void *user)
{
    kd_sink_init(&out->sink, write, user);
    out->pretty = flags & KD_PRETTY;
    out->bare = true;
    out->empty = false;
    out->indent = out->levels = 0;
    out->held = out->mark_count = 0;
    out->key = KD_STR("");
    set_limit(out);
}

void kd_json_line(kd_json *out)
{
    kd_sink_put(&out->sink, KD_STR("\n"));
    out->bare = true;
}

kd_status kd_json_end(kd_json *out)
{
    return kd_sink_end(&out->sink);
}

void kd_json_open(kd_json *out, char bracket)
{
    put_value(out, (kd_str){ &bracket, 1 });
    out->empty = true;
    if (!out->pretty)
        return;
    if (out->levels == 0) {
        out->held = out->sink.len - 1;
        out->mark_count = 0;
    }
    add_mark(out, out->sink.len - 1, true);
    out->levels++;
    set_limit(out);
}

void kd_json_open_lines(kd_json *out, char bracket)
{
    while (out->levels > 0)
        spill(out);
    put_value(out, (kd_str){ &bracket, 1 });
    out->indent += 2;
    out->empty = true;
}

void kd_json_close(kd_json *out, char bracket)
{
    const char end[2] = { ' ', bracket };
    if (out->levels > 0 && out->sink.len + sizeof end > out->limit)
        make_room(out, sizeof end);
    if (out->levels > 0) {
        put(out, (kd_str){ end, sizeof end });
        out->levels--;
        set_limit(out);
    } else {
        out->indent -= out->pretty ? 2 : 0;
        if (out->pretty && !out->empty)
            put_line_start(out, false);
        put(out, (kd_str){ &bracket, 1 });
    }
    out->empty = false;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void put_escape(kd_json *out, char c)
{
    static const char digits[] = "0123456789abcdef", marks[] = "\"\\\b\f\n\r\t",
                      letters[] = "\"\\bfnrt";
    const char *mark = c ? strchr(marks, c) : NULL;
    char code[6] = { '\\', 'u', '0', '0', digits[(c >> 4) & 15], digits[c & 15] };
    if (mark) {
        code[1] = letters[mark - marks];
        put(out, (kd_str){ code, 2 });
    } else {
        put(out, (kd_str){ code, sizeof code });
    }
}

static void put_escaped(kd_json *out, kd_str text, size_t run)
{
    for (; run < text.len; run += kd_str_quiet(kd_str_from(text, run))) {
        size_t step = kd_utf8_step(kd_str_from(text, run));
        /* JSON may hold U+0080 to U+009F as they are, but a terminal that it is shown on obeys them
         */
        bool control = step == 2 && (unsigned char)text.ptr[run] == 0xc2 &&
                       (unsigned char)text.ptr[run + 1] < 0xa0;
        if (step > 1 && !control) {
            run += step;
            continue;
        }
        if (run > 0)
            put(out, (kd_str){ text.ptr, run });
        if (step > 0)
            put_escape(out, text.ptr[run + step - 1]);
        else
            put(out, KD_STR("\xef\xbf\xbd"));
        text = kd_str_from(text, run + (step ? step : 1));
        run = 0;
    }
    if (run > 0)
        put(out, text);
}

/* In one piece, where there is nothing to escape. */
static void put_string(kd_json *out, kd_str text)
{
    size_t quiet = kd_str_quiet(text);
    char *at = begin_value(out, quiet == text.len ? text.len + 2 : 1);
    if (at && quiet == text.len) {
        at[0] = at[text.len + 1] = '"';
        if (text.len > 0)
            memcpy(at + 1, text.ptr, text.len);
        return;
    }
    if (at)
        *at = '"';
    else
        put(out, KD_STR("\""));
    put_escaped(out, text, quiet);
    put(out, KD_STR("\""));
}

void kd_json_key(kd_json *out, kd_str name)
{
    put_string(out, name);
    put(out, (kd_str){ ": ", 1u + out->pretty });
    out->bare = true;
}

void kd_json_name(kd_json *out, kd_str key)
{
    out->key = (kd_str){ key.ptr, key.len - !out->pretty };
}

void kd_json_text(kd_json *out, kd_str text)
{
    put_string(out, text);
}

void kd_json_u64(kd_json *out, uint64_t number)
{
    char room[KD_DIGITS];
    put_value(out, kd_str_digits(room, number));
}

void kd_json_i64(kd_json *out, int64_t number)
{
    char room[KD_DIGITS + 1];
    kd_str text = kd_str_digits(room + 1, number < 0 ? -(uint64_t)number : (uint64_t)number);
    if (number < 0) {
        text = (kd_str){ text.ptr - 1, text.len + 1 };
        room[sizeof room - text.len] = '-';
    }
    put_value(out, text);
}

void kd_json_bool(kd_json *out, bool value)
{
    put_value(out, value ? KD_STR("true") : KD_STR("false"));
}

void kd_json_hex(kd_json *out, uint64_t number)
{
    char room[20], *at = room + sizeof room;
    *--at = '"';
    do
        *--at = "0123456789abcdef"[number & 15];
    while (number >>= 4);
    *--at = 'x';
    *--at = '0';
    *--at = '"';
    put_value(out, (kd_str){ at, (size_t)(room + sizeof room - at) });
}

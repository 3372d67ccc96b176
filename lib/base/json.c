/* json.c - a JSON writer without a tree. Layer: base. */
#include "base/json.h"

#include <string.h>

#include "base/utf8.h"

/* ---- what is held back ----------------------------------------------------------------------- */

static void put_line_start(kd_json *out, bool comma)
{
    static const char blanks[] = "\n                                ";
    const size_t most = sizeof blanks - 2;
    kd_sink *sink = &out->sink;
    size_t left = out->indent;
    if (comma)
        kd_sink_put(sink, KD_STR(","));
    if (left <= most && sizeof sink->portion - sink->len >= sizeof blanks) {
        memcpy(sink->portion + sink->len, blanks, sizeof blanks); /* a few moves, for any indent */
        sink->len += 1 + left;
        return;
    }
    kd_sink_put(sink, KD_STR("\n"));
    for (size_t n; left > 0; left -= n) {
        n = left < most ? left : most;
        kd_sink_put(sink, (kd_str){ blanks + 1, n });
    }
}

static void put_held(kd_json *out, size_t from, size_t until)
{
    kd_sink_put(&out->sink, (kd_str){ out->held + from, until - from });
}

/* Depth of what is innermost; it does not change where something is spilt. */
static unsigned depth_of(const kd_json *out)
{
    return out->indent + 2 * out->levels;
}

/* Each mark is a byte of what is held: there is room for all of them. */
static void add_mark(kd_json *out, bool bracket)
{
    out->marks[out->mark_count++] =
        (kd_json_mark){ (uint8_t)out->held_len, bracket, depth_of(out) };
}

/* What is held from there on goes on being held. */
static void keep_from(kd_json *out, size_t from, size_t len)
{
    size_t kept = 0;
    out->held_len = len - from;
    memmove(out->held, out->held + from, out->held_len);
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
    size_t len = out->held_len, from = 2, bracket = len;
    put_held(out, 0, 1);
    out->indent += 2;
    out->levels--;
    if (len == 1) {
        keep_from(out, len, len);
        return;
    }
    put_line_start(out, false);
    for (size_t i = 0; i < out->mark_count; i++) {
        const kd_json_mark *mark = &out->marks[i];
        if (mark->depth != out->indent)
            continue;
        if (mark->bracket) {
            bracket = mark->at;
            continue;
        }
        put_held(out, from, mark->at);
        put_line_start(out, true);
        from = mark->at + 2u;
        bracket = len;
    }
    size_t until = out->levels == 0 ? len : bracket;
    put_held(out, from, until);
    keep_from(out, until, len);
}

static bool has_room(const kd_json *out, size_t len)
{
    return out->held_len + len + out->indent <= KD_JSON_WIDTH;
}

static void make_room(kd_json *out, size_t len)
{
    while (out->levels > 0 && !has_room(out, len))
        spill(out);
}

/* Is something held back, with room for that many bytes on its line? */
static inline bool is_held(kd_json *out, size_t len)
{
    if (out->levels > 0 && !has_room(out, len))
        make_room(out, len);
    return out->levels > 0;
}

static inline void put(kd_json *out, kd_str text)
{
    if (!is_held(out, text.len)) {
        kd_sink_put(&out->sink, text);
        return;
    }
    memcpy(out->held + out->held_len, text.ptr, text.len);
    out->held_len += text.len;
}

static inline void begin_value(kd_json *out)
{
    bool first = out->empty;
    out->empty = false;
    if (out->bare) {
        out->bare = false;
    } else if (!out->pretty) {
        kd_sink_put(&out->sink, first ? KD_STR("") : KD_STR(","));
    } else if (is_held(out, first ? 1 : 2)) {
        if (!first) {
            add_mark(out, false);
            out->held[out->held_len++] = ',';
        }
        out->held[out->held_len++] = ' ';
    } else {
        put_line_start(out, !first);
    }
}

/* ---- objects and lists ----------------------------------------------------------------------- */

void kd_json_init(kd_json *out, uint32_t flags, kd_write_fn write, void *user)
{
    kd_sink_init(&out->sink, write, user);
    out->pretty = flags & KD_PRETTY;
    out->bare = true;
    out->empty = false;
    out->indent = out->levels = 0;
    out->held_len = out->mark_count = 0;
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
    begin_value(out);
    out->empty = true;
    if (!out->pretty) {
        kd_sink_put(&out->sink, (kd_str){ &bracket, 1 });
        return;
    }
    if (!is_held(out, 1))
        out->held_len = out->mark_count = 0;
    add_mark(out, true);
    out->held[out->held_len++] = bracket;
    out->levels++;
}

void kd_json_open_lines(kd_json *out, char bracket)
{
    begin_value(out);
    while (out->levels > 0)
        spill(out);
    kd_sink_put(&out->sink, (kd_str){ &bracket, 1 });
    out->indent += 2;
    out->empty = true;
}

void kd_json_close(kd_json *out, char bracket)
{
    char end[2] = { ' ', bracket };
    if (is_held(out, sizeof end)) {
        put(out, (kd_str){ end, sizeof end });
        if (--out->levels == 0) {
            put_held(out, 0, out->held_len);
            out->held_len = out->mark_count = 0;
        }
    } else {
        out->indent -= out->pretty ? 2 : 0;
        if (out->pretty && !out->empty)
            put_line_start(out, false);
        kd_sink_put(&out->sink, (kd_str){ &bracket, 1 });
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

/* What stands behind the name of a member. */
static kd_str behind_name(const kd_json *out)
{
    return out->pretty ? KD_STR(": ") : KD_STR(":");
}

/* In one piece, where there is nothing to escape; `name`: of a member. */
static void put_quoted(kd_json *out, kd_str text, bool name)
{
    size_t len = text.len + 2 + (name ? 1u + out->pretty : 0);
    bool held = is_held(out, len);
    if (!held && len > sizeof out->sink.portion - out->sink.len) {
        kd_sink_put(&out->sink, KD_STR("\""));
        kd_sink_put(&out->sink, text);
        kd_sink_put(&out->sink, KD_STR("\""));
        kd_sink_put(&out->sink, name ? behind_name(out) : KD_STR(""));
        return;
    }
    char *at = held ? out->held + out->held_len : out->sink.portion + out->sink.len;
    *(held ? &out->held_len : &out->sink.len) += len;
    *at++ = '"';
    if (text.len > 0)
        memcpy(at, text.ptr, text.len);
    at += text.len;
    *at++ = '"';
    if (name)
        *at++ = ':';
    if (name && out->pretty)
        *at = ' ';
}

static void put_string(kd_json *out, kd_str text, bool name)
{
    size_t run = kd_str_quiet(text);
    if (run == text.len) {
        put_quoted(out, text, name);
        return;
    }
    put(out, KD_STR("\""));
    put_escaped(out, text, run);
    put(out, KD_STR("\""));
    put(out, name ? behind_name(out) : KD_STR(""));
}

void kd_json_key(kd_json *out, kd_str name)
{
    begin_value(out);
    put_string(out, name, true);
    out->bare = true;
}

void kd_json_name(kd_json *out, kd_str name)
{
    begin_value(out);
    put_quoted(out, name, true);
    out->bare = true;
}

void kd_json_text(kd_json *out, kd_str text)
{
    begin_value(out);
    put_string(out, text, false);
}

void kd_json_u64(kd_json *out, uint64_t number)
{
    char room[KD_DIGITS];
    begin_value(out);
    put(out, kd_str_digits(room, number));
}

void kd_json_i64(kd_json *out, int64_t number)
{
    char room[KD_DIGITS + 1];
    begin_value(out);
    kd_str text = kd_str_digits(room + 1, number < 0 ? -(uint64_t)number : (uint64_t)number);
    if (number < 0) {
        text = (kd_str){ text.ptr - 1, text.len + 1 };
        room[sizeof room - text.len] = '-';
    }
    put(out, text);
}

void kd_json_bool(kd_json *out, bool value)
{
    begin_value(out);
    put(out, value ? KD_STR("true") : KD_STR("false"));
}

void kd_json_hex(kd_json *out, uint64_t number)
{
    char room[20], *at = room + sizeof room;
    begin_value(out);
    *--at = '"';
    do
        *--at = "0123456789abcdef"[number & 15];
    while (number >>= 4);
    *--at = 'x';
    *--at = '0';
    *--at = '"';
    put(out, (kd_str){ at, (size_t)(room + sizeof room - at) });
}

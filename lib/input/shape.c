/* shape.c - a prefix that no grammar knows, learnt from its neighbours. Layer: input.
 *
 *   10:22:01 | uart-rx | 000123 | CPU: 0 PID: 42 Comm: foo Not tainted
 *   \_______________ _________/   known beginning of a message (heads.def)
 *
 * The text before the known beginning becomes a shape; the shape counts when most neighbours have
 * it too. Parts of a shape, one character each:
 *   D digits   B blanks   b blanks or none (before a number)   X letters and digits
 *   W what is not blank, as short as may be   K anything up to the bracket that closes
 *   = and a character: that character
 */
#include "input/shape.h"

#include <string.h>

#define PREFIX_MOST 120u
#define WORD_MOST 40u

static const char *const heads[] = {
#define KD_HEAD(text) text,
#include "input/heads.def"
};

static bool is_word(char c)
{
    return kd_is_alpha(c) || kd_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

kd_status kd_heads_init(kd_matcher *matcher, kd_mem *mem)
{
    return kd_matcher_init(matcher, mem, heads, KD_COUNT(heads));
}

bool kd_head_starts(kd_str text)
{
    for (size_t i = 0; i < KD_COUNT(heads); i++)
        if (text.len > 0 && heads[i][0] == text.ptr[0] && kd_str_starts(text, heads[i]))
            return true;
    return false;
}

bool kd_head_find(const kd_matcher *matcher, kd_str text, size_t *at)
{
    uint64_t there[(KD_COUNT(heads) + 63) / 64] = { 0 };
    bool found = false;
    *at = 0;
    if (kd_head_starts(text))
        return true;
    kd_matcher_mark(matcher, text, NULL, there);
    for (size_t i = 0; i < KD_COUNT(heads); i++) {
        const char *head = there[i / 64] >> (i % 64) & 1 ? kd_str_find(text, heads[i]) : NULL;
        if (!head || (head > text.ptr && is_word(head[-1])))
            continue;
        size_t where = (size_t)(head - text.ptr);
        if (kd_str_ends((kd_str){ text.ptr, where }, "WATCHDOG: "))
            continue; /* "eth0: NETDEV WATCHDOG: CPU: 1: ...": in the middle of a message */
        if (!found || where < *at)
            *at = where;
        found = true;
    }
    return found;
}

/* ---- text to shape --------------------------------------------------------------------------- */

static bool add(kd_shape *shape, char part)
{
    if (shape->count >= KD_SHAPE_MOST)
        return false;
    shape->parts[shape->count++] = part;
    return true;
}

static bool add_char(kd_shape *shape, char c)
{
    return add(shape, '=') && add(shape, c);
}

/* A run of letters and digits: a number, a name that must be the same, or a mixture. */
static bool add_run(kd_shape *shape, kd_str run, int loose)
{
    size_t digits = 0;
    for (size_t i = 0; i < run.len; i++)
        digits += kd_is_digit(run.ptr[i]);
    if (digits == run.len)
        return add(shape, loose ? 'X' : 'D');
    if (loose)
        return add(shape, 'W');
    if (digits > 0)
        return add(shape, 'X');
    for (size_t i = 0; i < run.len; i++)
        if (!add_char(shape, run.ptr[i]))
            return false;
    return true;
}

static char closing(char c)
{
    return c == '[' ? ']' : c == '(' ? ')' : c == '<' ? '>' : '\0';
}

/* Loose: names and what stands in brackets may differ from line to line; looser: names may hold
 * signs too (kworker/u4:2). */
static bool make_shape(kd_shape *shape, kd_str text, int loose)
{
    shape->count = 0;
    for (size_t i = 0; i < text.len;) {
        char c = text.ptr[i];
        const char *close =
            loose && closing(c) ? memchr(text.ptr + i, closing(c), text.len - i) : NULL;
        size_t from = i++;
        bool fits;
        if (close) {
            i = (size_t)(close - text.ptr) + 1;
            fits = add_char(shape, c) && add(shape, 'K') && add_char(shape, *close);
        } else if (kd_is_blank(c)) {
            while (i < text.len && kd_is_blank(text.ptr[i]))
                i++;
            fits = add(shape, i < text.len && kd_is_digit(text.ptr[i]) ? 'b' : 'B');
        } else if (is_word(c)) {
            while (i < text.len &&
                   (is_word(text.ptr[i]) || (loose > 1 && memchr("-/:._", text.ptr[i], 5))))
                i++;
            while (i > from + 1 && !is_word(text.ptr[i - 1]))
                i--;
            fits = add_run(shape, (kd_str){ text.ptr + from, i - from }, loose);
        } else {
            fits = add_char(shape, c);
        }
        if (!fits)
            return false;
    }
    return true;
}

/* A shape of names and blanks alone would fit any text. */
static bool has_structure(const kd_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        char part = shape->parts[i];
        if (part == 'D' || part == 'K' || part == 'X')
            return true;
        if (part == '=' && memchr("|>#]}", shape->parts[++i], 5)) /* a character, no part */
            return true;
    }
    return false;
}

/* ---- shape against text ---------------------------------------------------------------------- */

static const char *match(const kd_shape *shape, size_t part, const char *at, const char *end,
                         unsigned *steps);

/* Takes as little as may be, up to a character that must not be in it. */
static const char *match_short(const kd_shape *shape, size_t part, const char *at, const char *end,
                               unsigned *steps)
{
    bool word = shape->parts[part] == 'W';
    char close = word ? '\0' : shape->parts[part + 2];
    const char *least = word ? at + 1 : at;
    for (const char *p = at; p < end && p - at <= (ptrdiff_t)WORD_MOST; p++) {
        if (p >= least) {
            const char *rest = match(shape, part + 1, p, end, steps);
            if (rest)
                return rest;
        }
        if (word ? kd_is_blank(*p) : *p == close)
            return NULL;
    }
    return NULL;
}

/* Where the text that fits ends; NULL: it does not fit. Few steps: the text is hostile. */
static const char *match(const kd_shape *shape, size_t part, const char *at, const char *end,
                         unsigned *steps)
{
    for (; part < shape->count; part++) {
        char kind = shape->parts[part];
        const char *from = at;
        if (++*steps > 2000)
            return NULL;
        if (kind == 'W' || kind == 'K')
            return match_short(shape, part, at, end, steps);
        if (kind == '=') {
            if (at == end || *at++ != shape->parts[++part])
                return NULL;
            continue;
        }
        while (at < end && (kind == 'D'   ? kd_is_digit(*at)
                            : kind == 'X' ? is_word(*at)
                                          : kd_is_blank(*at)))
            at++;
        if (at == from && kind != 'b')
            return NULL;
    }
    return at;
}

static const char *prefix_end(const kd_shape *shape, kd_str text)
{
    unsigned steps = 0;
    return text.len ? match(shape, 0, text.ptr, text.ptr + text.len, &steps) : NULL;
}

/* ---- learning -------------------------------------------------------------------------------- */

static size_t count_fitting(const kd_shape *shape, const kd_str *texts, size_t count)
{
    size_t fitting = 0;
    for (size_t i = 0; i < count; i++)
        fitting += prefix_end(shape, texts[i]) != NULL;
    return fitting;
}

kd_learnt kd_shape_learn(const kd_matcher *known, kd_shape *out, const kd_str *texts, size_t count)
{
    size_t at, best = 0, filled = 0;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        filled += texts[i].len > 0;
        if (!kd_head_find(known, texts[i], &at))
            continue;
        if (at == 0)
            return KD_LEARNT_PLAIN;
        for (int loose = 0; loose < 3 && at <= PREFIX_MOST; loose++) {
            kd_shape shape;
            if (!make_shape(&shape, (kd_str){ texts[i].ptr, at }, loose) ||
                !has_structure(&shape) || !prefix_end(&shape, texts[0]))
                continue;
            size_t fitting = count_fitting(&shape, texts, count);
            if (fitting < 2 || fitting * 2 < filled || fitting <= best)
                continue;
            best = fitting;
            *out = shape;
            any = true;
        }
    }
    return any ? KD_LEARNT_SHAPE : KD_LEARNT_NOTHING;
}

/* ---- what a prefix tells --------------------------------------------------------------------- */

/* "5.123456", "10:22:01.5", "<4>", "T12" inside the prefix. */
static void read_word(kd_line *line, kd_str word)
{
    kd_scan in = kd_scan_of(word);
    uint64_t a, b, c;
    if (!kd_scan_u64(&in, &a)) {
        if ((word.ptr[0] == 'T' || word.ptr[0] == 'C') && (in.at++, kd_scan_u64(&in, &a)) &&
            kd_scan_at_end(&in) && line->caller.len == 0)
            line->caller = word;
        return;
    }
    const char *after = in.at;
    if (kd_scan_char(&in, '.') && kd_scan_u64(&in, &b) && in.at - after == 7 &&
        kd_scan_at_end(&in) && !line->has_time && a < UINT64_MAX / 2000000 && a < 1000000000) {
        line->time_us = a * 1000000 + b;
        line->has_time = true;
    }
    in.at = after;
    if (kd_scan_char(&in, ':') && kd_scan_u64(&in, &b) && kd_scan_char(&in, ':') &&
        kd_scan_u64(&in, &c) && a < 24 && b < 60 && c < 61 && line->wall_time.len == 0)
        line->wall_time = word;
}

bool kd_shape_take(const kd_shape *shape, kd_scan *in, kd_line *line)
{
    kd_scan_blanks(in);
    kd_str text = { in->at, kd_scan_left(in) };
    const char *end = shape->count ? prefix_end(shape, text) : NULL;
    if (!end)
        return false;
    for (const char *p = in->at; p < end;) {
        const char *from = p;
        while (p < end && (is_word(*p) || *p == '.' || *p == ':'))
            p++;
        size_t len = (size_t)(p - from);
        while (len > 0 && (from[len - 1] == ':' || from[len - 1] == '.'))
            len--;
        if (len > 0)
            read_word(line, (kd_str){ from, len });
        p += p == from;
    }
    in->at = end;
    line->forms |= KD_FORM_LEARNT;
    return true;
}

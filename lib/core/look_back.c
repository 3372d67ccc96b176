/* look_back.c - what stands on the lines before the one that opens an event. Layer: core. */
#define _GNU_SOURCE /* memrchr */
#include <string.h>

#include "base/match.h"
#include "core/parser.h"

/* How far a recogniser may look back; the line that passes it is still given. */
#define BACK_BYTES 8192u

/* The kernel prints it directly before the report; another CPU may print in between. */
#define NEAR_LINES 3

kd_src kd_parse_keep(kd_parse *parse, const kd_line_ref *line)
{
    kd_line_ref *ref = KD_LIST_ADD(parse->arena, &parse->event->lines, kd_line_ref);
    if (!ref)
        return 0;
    *ref = *line;
    ref->aside = true;
    ref->raw = kd_arena_str(parse->arena, line->raw);
    return parse->event->lines.count;
}

kd_back kd_back_from(const kd_parse *parse)
{
    const kd_before *before = parse->before;
    if (!before)
        return (kd_back){ .bytes = BACK_BYTES };
    return (kd_back){ .near = before->near,
                      .far = before->far,
                      .number = before->line,
                      .offset = before->offset,
                      .longest = before->longest,
                      .dress = parse->dress,
                      .from_the_start = before->from_the_start,
                      .joined = before->joined,
                      .still_from = before->still_from,
                      .still_to = before->still_to };
}

/* The line before as it lies there, without its newline. */
static bool step(kd_back *back, kd_str *out)
{
    bool last = back->near.len == 0; /* of the two texts */
    kd_str *rest = last ? &back->far : &back->near;
    if (rest->len == 0 || back->bytes >= BACK_BYTES)
        return false;
    size_t end = rest->len - 1; /* its newline */
    const char *newline = end ? memrchr(rest->ptr, '\n', end) : NULL;
    size_t start = newline ? (size_t)(newline + 1 - rest->ptr) : 0;
    bool older = !last && back->far.len > 0;
    /* the first line of all may have lost its beginning */
    if ((!newline && !older && !back->from_the_start) || end - start >= back->longest)
        return false;
    *out = (kd_str){ rest->ptr + start, end - start };
    back->bytes += rest->len - start;
    back->number -= !(back->offset > back->still_from && back->offset < back->still_to);
    back->offset -= rest->len - start;
    rest->len = start;
    return true;
}

/* Lines that messages went on in. */
static uint64_t breaks_in(const kd_back *back, bool near, kd_str text)
{
    return back->dress && back->dress->breaks && (back->joined || !near) ? kd_count_breaks(text)
                                                                         : 0;
}

bool kd_back_line(kd_back *back, kd_line *out)
{
    kd_str raw;
    bool near = back->near.len > 0;
    if (!step(back, &raw))
        return false;
    back->number -= breaks_in(back, near, raw);
    *out =
        (kd_line){ .raw = raw, .number = back->number, .offset = back->offset, .length = raw.len };
    kd_line_read(out, back->dress);
    return true;
}

bool kd_back_line_with(kd_back *back, unsigned *lines, const char *const *words, size_t count,
                       kd_line *out)
{
    kd_back at = *back;
    kd_str raw;
    for (; *lines > 0 && step(&at, &raw); *back = at) {
        --*lines;
        for (size_t i = 0; i < count; i++)
            if (kd_str_has(raw, words[i]))
                return kd_back_line(back, out);
        at.number -= breaks_in(&at, back->near.len > 0, raw);
    }
    return false;
}

/* Where the first line begins behind which all of the text are shorter than that; by strides as
 * long as such a line. `whole`: its own first line has not lost its beginning. */
static size_t first_of_short(kd_str text, size_t most, size_t longest, bool whole)
{
    size_t start = text.len;
    while (start > 0 && text.len - start < most) {
        size_t end = start - 1, from = end < longest ? 0 : end - longest; /* its newline */
        const char *newline = memchr(text.ptr + from, '\n', end - from);
        if (!newline && (end >= longest || !whole))
            break;
        start = newline ? (size_t)(newline + 1 - text.ptr) : 0;
    }
    return start;
}

/* Of the text what step() would give, up to so many bytes and the line that passes them. */
static size_t look_over(kd_str text, size_t most, size_t longest, bool whole)
{
    size_t start = first_of_short(text, most, longest, whole);
    if (text.len - start <= most)
        return start;
    const char *newline = memrchr(text.ptr, '\n', text.len - most);
    return newline ? (size_t)(newline + 1 - text.ptr) : 0;
}

void kd_back_texts(const kd_parse *parse, kd_str out[2])
{
    kd_back back = kd_back_from(parse);
    size_t most = BACK_BYTES - back.bytes;
    bool older = back.far.len > 0;
    size_t near = look_over(back.near, most, back.longest, older || back.from_the_start);
    size_t given = back.near.len - near, far = back.far.len;
    if (near == 0 && given < most)
        far = look_over(back.far, most - given, back.longest, back.from_the_start);
    out[0] = kd_str_from(back.far, far);
    out[1] = kd_str_from(back.near, near);
}

bool kd_back_place(const kd_parse *parse, const kd_str texts[2], uint64_t *number, uint64_t *offset)
{
    kd_back back = kd_back_from(parse);
    *number = back.number;
    *offset = back.offset - texts[0].len - texts[1].len;
    if (back.still_to > *offset)
        return false;
    for (int i = 0; i < 2; i++)
        *number -= kd_back_count(parse, i == 1, texts[i]);
    return true;
}

uint64_t kd_back_count(const kd_parse *parse, bool near, kd_str text)
{
    kd_back back = kd_back_from(parse);
    if (text.len == 0)
        return 0;
    return kd_count_newlines(text.ptr, text.ptr + text.len) + breaks_in(&back, near, text);
}

bool kd_back_has(const kd_parse *parse, const char *const *words, size_t count)
{
    kd_str above[2];
    kd_back_texts(parse, above);
    for (size_t i = 0; i < count; i++)
        if (kd_str_has(above[0], words[i]) || kd_str_has(above[1], words[i]))
            return true;
    return false;
}

kd_src kd_back_keep(kd_parse *parse, const kd_line *line)
{
    kd_line_ref ref = { line->number, line->offset, line->length, line->raw, .aside = true };
    return kd_parse_keep(parse, &ref);
}

void kd_put_suppressed(kd_parse *parse, kd_u64 *out, const char *functions)
{
    kd_back back = kd_back_from(parse);
    kd_line line;
    for (int i = 0; i < NEAR_LINES && kd_back_line(&back, &line); i++) {
        kd_scan in = kd_scan_of(line.text);
        kd_str function;
        uint64_t count;
        if (!kd_scan_name(&in, &function) || !kd_str_in_words(function, functions) ||
            !kd_scan_literal(&in, ": ") || !kd_scan_u64(&in, &count) ||
            !kd_scan_literal(&in, " callbacks suppressed"))
            continue;
        kd_src src = kd_back_keep(parse, &line);
        if (src)
            *out = (kd_u64){ count, src };
        return;
    }
}

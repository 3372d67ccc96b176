/* look_back.c - what stands on the lines before the one that opens an event. Layer: core. */
#include "core/parser.h"

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
    kd_back back = { parse->preceding, parse->preceding_line,
                     parse->preceding_offset + parse->preceding.len };
    kd_str rest = parse->preceding, line;
    while (rest.len > 0 && kd_str_split(&rest, '\n', &line))
        back.number++;
    return back;
}

bool kd_back_line(kd_back *back, kd_line *out)
{
    kd_str rest = back->rest;
    if (rest.len == 0)
        return false;
    size_t end = rest.ptr[rest.len - 1] == '\n' ? rest.len - 1 : rest.len, start = end;
    while (start > 0 && rest.ptr[start - 1] != '\n')
        start--;
    back->offset -= rest.len - start;
    back->number--;
    back->rest.len = start;
    *out = (kd_line){ .raw = { rest.ptr + start, end - start },
                      .number = back->number,
                      .offset = back->offset,
                      .length = end - start };
    kd_line_read(out, true);
    return true;
}

kd_src kd_back_keep(kd_parse *parse, const kd_line *line)
{
    kd_line_ref ref = { line->number, line->offset, line->length, line->raw, true };
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

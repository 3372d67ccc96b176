/* event_lines.c - a line becomes part of an event. Layer: core. */
#include "core/tracker.h"

/* Where the part of a broken message ends that stands on its first line. */
static size_t first_part(kd_str raw)
{
    size_t n = kd_str_plain(raw); /* breaks are not plain */
    while (n < raw.len && raw.ptr[n] != KD_BREAK_BLANK && raw.ptr[n] != KD_BREAK_INSIDE)
        n += 1 + kd_str_plain(kd_str_from(raw, n + 1));
    return n;
}

bool kd_event_add_line(kd_event *event, const kd_line *line, kd_line *out)
{
    kd_line_ref *ref = KD_LIST_ADD(&event->arena, &event->lines, kd_line_ref);
    kd_str raw = line->raw;
    if (!ref)
        return false;
    if (line->breaks && line->clean.len)
        raw.len = first_part(raw);
    bool is_text = raw.len > 0;
    raw = kd_arena_str(&event->arena, raw);
    kd_str clean = line->clean.len ? kd_arena_str(&event->arena, line->clean) : KD_STR("");
    /* a line without its text would look like a blank one, and the next event's header like a part
     * of this one */
    if ((is_text && raw.len == 0) || (line->clean.len > 0 && clean.len == 0)) {
        event->lines.count--;
        return false;
    }
    *ref = (kd_line_ref){ line->number, line->offset, line->breaks ? raw.len : line->length, raw,
                          .decoded = line->decoded };
    *out = *line;
    kd_line_rebase(out, raw, clean);
    return true;
}

void kd_event_add_parts(kd_event *event, const kd_line *line)
{
    if (line->breaks == 0)
        return;
    kd_str rest = line->raw, part = { rest.ptr, first_part(rest) };
    for (uint32_t i = 1; i <= line->breaks; i++) {
        rest = kd_str_from(rest, part.len + 1);
        kd_line_ref *ref = KD_LIST_ADD(&event->arena, &event->lines, kd_line_ref);
        part = (kd_str){ rest.ptr, first_part(rest) };
        if (!ref)
            return;
        *ref =
            (kd_line_ref){ line->number + i, line->offset + (uint64_t)(rest.ptr - line->raw.ptr),
                           part.len, kd_arena_str(&event->arena, part), .decoded = line->decoded };
    }
}

void kd_event_pass_line(kd_event *event, uint64_t number)
{
    kd_range *last = (kd_range *)event->passed.items;
    if (event->passed.count > 0 && last[event->passed.count - 1].last + 1 >= number) {
        last += event->passed.count - 1;
        last->last = number > last->last ? number : last->last;
        return;
    }
    kd_range *range = event->passed.count < KD_PASSED_RANGES
                          ? KD_LIST_ADD(&event->arena, &event->passed, kd_range)
                          : NULL;
    if (range)
        *range = (kd_range){ number, number };
}

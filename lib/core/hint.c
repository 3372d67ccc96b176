/* hint.c - lines that announce what is about to happen. Layer: core. */
#include "core/hint.h"

#include <string.h>

#include "core/tracker.h"

/* Between such a line and what it announces others may be printed. */
#define MOST_LINES 400u

void kd_hint_learn(kd_context *context, const kd_event *event, const void *meaning, kd_arena *arena)
{
    if (!context->hints)
        context->hints = kd_arena_alloc(arena, sizeof *context->hints);
    if (!context->hints)
        return;
    kd_hint *hint = &context->hints->ring[context->hints->count++ % KD_HINTS];
    const kd_line_ref *line = kd_event_lines(event);
    size_t len = line->raw.len < KD_HINT_TEXT ? line->raw.len : KD_HINT_TEXT;
    *hint = (kd_hint){
        .meaning = meaning, .line = *line, .time_us = event->time_us, .has_time = event->has_time
    };
    if (len > 0)
        memcpy(hint->text, line->raw.ptr, len);
    hint->line.raw = (kd_str){ hint->text, len };
    if (event->caller.len > 0 && event->caller.len <= sizeof hint->caller) {
        hint->caller_len = event->caller.len;
        memcpy(hint->caller, event->caller.ptr, event->caller.len);
    }
}

/* Does it stand before the event, and not too far? */
static bool is_before(const kd_hint *hint, const kd_event *event)
{
    uint64_t first = kd_event_lines(event)[0].number;
    return hint->line.number < first && first - hint->line.number <= MOST_LINES;
}

static bool is_of(const kd_hint *hint, const kd_event *event)
{
    kd_str caller = { hint->caller, hint->caller_len };
    return caller.len == 0 || event->caller.len == 0 || kd_str_eq(caller, event->caller);
}

void kd_hint_attach(const kd_context *context, kd_event *event)
{
    const struct kd_hints *hints = context->hints;
    const kd_hint *found = NULL;
    for (uint64_t i = 0; hints && i < KD_HINTS && i < hints->count; i++) {
        const kd_hint *hint = &hints->ring[(hints->count - 1 - i) % KD_HINTS];
        if (is_before(hint, event) && (!found || hint->line.number > found->line.number))
            found = hint;
    }
    kd_line_ref *line = found && event->lines.count < UINT32_MAX - 1
                            ? KD_LIST_ADD(&event->arena, &event->lines, kd_line_ref)
                            : NULL;
    if (!line)
        return;
    *line = found->line;
    line->raw = kd_arena_str(&event->arena, found->line.raw);
    line->aside = true;
    event->hint = (kd_event_hint){ .meaning = found->meaning,
                                   .src = event->lines.count,
                                   .time_us = found->time_us,
                                   .has_time = found->has_time,
                                   .same_caller = is_of(found, event) };
}

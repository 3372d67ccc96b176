/* hint.h - lines that announce what is about to happen: the last few of each boot. Layer: core. */
#ifndef KD_CORE_HINT_H
#define KD_CORE_HINT_H

#include "core/context.h"

#define KD_HINTS 8u
#define KD_HINT_TEXT 160u

typedef struct kd_hint {
    const void *meaning; /* the row of a family's table */
    kd_line_ref line;
    uint64_t time_us;
    char text[KD_HINT_TEXT], caller[16];
    size_t caller_len;
    bool has_time;
} kd_hint;

struct kd_hints {
    uint64_t count; /* that there were; the last KD_HINTS are kept */
    kd_hint ring[KD_HINTS];
};

/* For learners: the event, a fact, is such a line. */
void kd_hint_learn(kd_context *context, const kd_event *event, const void *meaning,
                   kd_arena *arena);
/* The last one that stands at most so many lines before the event becomes a line of it that was
 * only looked at: event->hint. */
void kd_hint_attach(const kd_context *context, kd_event *event);

#endif

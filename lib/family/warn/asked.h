/* asked.h - crashes and reports that somebody asked for. */
#ifndef KD_WARN_ASKED_H
#define KD_WARN_ASKED_H

#include "core/event.h"

typedef enum kd_asked_by {
    KD_BY_SYSRQ,
    KD_BY_RESET,
    KD_BY_LKDTM,
    KD_BY_CHECKER,
    KD_BY_STRESS,
    KD_BY_KUNIT,
    KD_BY_INJECTED,
    KD_BY_HARDWARE
} kd_asked_by;

/* A line that announces it. */
typedef struct kd_asked_line {
    kd_asked_by by;
    const char *words, *kinds;
    uint64_t seconds;
} kd_asked_line;

/* The row whose words stand in the text; NULL: none. */
const kd_asked_line *kd_asked_line_of(kd_str text);

typedef struct kd_asked {
    kd_asked_by by;
    kd_src src;           /* of the line that gives it away */
    const char *announce; /* words of a line before it; NULL: a frame gives it away */
    kd_str function, module;
} kd_asked;

/* Did somebody ask for the event? */
bool kd_asked_for(const kd_event *event, kd_asked *out);
/* What is it that asks, and its short name. */
const char *kd_asked_what(kd_asked_by by);
const char *kd_asked_name(kd_asked_by by);

#endif

/* look.h - one log analysed, for the commands that need more than its report printed. */
#ifndef OOPSDOC_LOOK_H
#define OOPSDOC_LOOK_H

#include "cli.h"

#define TAIL_MOST ((size_t)8192)

/* What a look at a log gave. */
typedef struct look {
    kd_report *report; /* NULL: nothing could be read of it */
    bool limited;      /* by time, memory or count */
    char tail[TAIL_MOST];
    size_t tail_len; /* the last bytes of its text */
    char host[72];   /* of syslog lines */
    kd_str marker;   /* asked for: */
    bool marked;     /* does it stand in the log? */
} look;

/* 0, or EXIT_TROUBLE after a message. `it` is zeroed but for the marker. */
int look_at(kd_engine *engine, kd_options *options, const char *path, look *it);
void look_free(look *it);

/* Did a kernel write any of it? */
bool is_kernel_log(const kd_report *report);

/* Of syslog and journal lines; empty: not known. */
kd_str find_host(kd_str log);

/* A field that is text, or empty. */
kd_str event_text(const kd_event *event, const char *path);
kd_str problem_text(const kd_problem *problem, const char *path);
/* A number, or `otherwise`. */
uint64_t event_number(const kd_event *event, const char *path, uint64_t otherwise);
uint64_t problem_number(const kd_problem *problem, const char *path, uint64_t otherwise);

/* What a problem stands on; NULL: nothing is diagnosed. */
const kd_diag *root_diag(const kd_report *report, const kd_problem *problem);
const kd_event *root_event(const kd_report *report, const kd_problem *problem);

#endif

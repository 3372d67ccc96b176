/* ci.h - a report judged by what is known, and told to continuous integration. */
#ifndef OOPSDOC_CI_H
#define OOPSDOC_CI_H

#include "baseline.h"
#include "look.h"

/* Zeroed. */
typedef struct ci {
    baseline *known; /* NULL: nothing is */
    const char *origin, *test_id;
    char host[72]; /* of the file at hand */
    bool sought;
    size_t files;
    size_t unknown;                  /* problems that count, of all files */
    bool doubtful;                   /* a file told nothing */
    json_object *issues, *incidents; /* of kcidb */
} ci;

void ci_begin_file(ci *c);
/* What is fed, for the host in its first lines. */
void ci_hear(ci *c, kd_str bytes);
/* Counts what is not known; says when the log told nothing. */
void ci_judge(ci *c, const kd_report *report, const char *path);
/* NULL: it counts. */
const char *ci_known(ci *c, const kd_report *report, const kd_problem *problem);

/* KTAP: a head, then a test with a subtest for each problem of a file; report NULL: unreadable. */
void ci_put_ktap_head(int files);
void ci_put_ktap(ci *c, const kd_report *report, const char *path, bool limited);
/* KernelCI's schema 5.3: issues and incidents of all files, at the end. */
void ci_add_kcidb(ci *c, const kd_report *report, const char *path);
int ci_put_kcidb(ci *c);
void ci_free(ci *c);

#endif

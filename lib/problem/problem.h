/* problem.h - what a person counts: one root and what follows from it. Layer: problem.
 *
 * Events and their diagnoses are noted in log order, once they are judged. Each joins the problem
 * that its diagnoses point back to, else the one of the same signature, else the one that explains
 * it (chain.def), else it opens one. Two problems that turn out to be one are joined: the later
 * becomes part of the earlier.
 */
#ifndef KD_PROBLEM_PROBLEM_H
#define KD_PROBLEM_PROBLEM_H

#include "core/diag.h"

#define KD_PROBLEM_BUCKETS 1024u
/* Ids that a problem lists; more are counted. */
#define KD_PROBLEM_LISTED 256u

struct kd_problem {
    kd_arena arena; /* holds the problem itself */
    uint64_t id;
    kd_problem *into;        /* the problem that it became part of; NULL: it stands */
    kd_problem *bucket_next; /* of the same bucket of signatures */
    uint64_t bug;            /* signature of the root event */
    char bug_id[20];
    kd_str bug_title;
    bool bug_has_reason; /* of the signature: recipe 2 */
    kd_str title;
    const kd_diag *root; /* NULL: nothing is diagnosed, or it was handed out and is gone */
    uint64_t root_event, root_diag; /* ids; root_diag 0: nothing is diagnosed */
    unsigned root_rank;
    const char *rule; /* id of the root's rule; NULL: none */
    kd_confidence confidence;
    kd_severity severity;  /* the worst of all */
    kd_list events, diags; /* of uint64_t: ids, at most KD_PROBLEM_LISTED */
    uint64_t events_left_out, diags_left_out;
    uint64_t count; /* how often the root happened */
    uint64_t boot, last_boot, first_line, first_time_us, last_time_us;
    bool has_time;
    kd_impact impact;
    kd_suspect suspect;
    kd_str suspect_name, suspect_why;
    bool deliberate;
    uint64_t told;       /* kd_problem_hash() of what was handed out last; 0: never */
    uint64_t told_count; /* its count then */
    bool changed;        /* since it was handed out last */
    bool withdrawn;      /* it was handed out, and there is no such problem any more */
    bool live;           /* scratch: something that is kept belongs to it */
    bool aged;           /* an event of it is gone: it cannot be made anew */
    bool taken;          /* of the former problems: another one has its id now */
};

typedef struct kd_problems {
    kd_mem *mem;
    KD_VEC(kd_problem *) items; /* in the order in which they opened */
    kd_problem *buckets[KD_PROBLEM_BUCKETS];
    uint64_t next_id;
    size_t standing; /* of the items, once sorted: the others are part of one of them */
    size_t changed;  /* of the standing ones: not handed out as they are now */
    size_t from;     /* none before it changed */
    size_t limit;    /* the oldest that were handed out go first */
    uint64_t left_out;
} kd_problems;

void kd_problems_free(kd_problems *problems);

/* What else is known, for kd_problems_note(): the events and diagnoses so far, by id. */
typedef struct kd_known_items {
    const kd_event *(*event)(const void *user, uint64_t id);
    const kd_diag *(*diag)(const void *user, uint64_t id);
    kd_event *const *before; /* events before this one, in log order */
    size_t before_count;
    const void *user;
} kd_known_items;

/* Notes an event that was judged, with the diagnoses that it woke. */
void kd_problems_note(kd_problems *problems, kd_event *event, kd_diag *const *woken, size_t count,
                      const kd_known_items *known);

/* A repetition of the event was counted. */
void kd_problem_repeated(kd_problems *problems, kd_event *first, const kd_event *event);

/* Makes them anew: those that are aged stay, the others become `former`, and their events are to
 * be noted again. False: there is no memory, and nothing happened. */
bool kd_problems_again(kd_problems *problems, kd_problems *former);
/* The event was noted again; it belonged to event->told_problem: the same problem keeps its id. */
void kd_problem_keep_id(const kd_event *event);
/* Of the former ones those that were handed out and are no more are withdrawn. */
void kd_problems_withdraw(kd_problems *former);

/* Nobody misses it: it was handed out as it is, and none of its events is there (live). */
bool kd_problem_may_go(const kd_problem *problem);
/* Lets go of those, and of joined ones that nothing points to any more. */
void kd_problems_forget(kd_problems *problems);

/* The next one that changed since it was handed out; NULL: none. The caller notes what he tells of
 * it. */
kd_problem *kd_problems_next(kd_problems *problems);

/* The problem that it is part of now. */
kd_problem *kd_problem_of(kd_problem *problem);

/* What matters most first; ids follow, unless they are known to others. The joined ones and those
 * that were handed out as they are stand behind. */
void kd_problems_sort(kd_problems *problems, bool renumber);

#endif

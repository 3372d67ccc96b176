/* store.h - what an analysis found: the model behind kd_report. Layer: report. */
#ifndef KD_REPORT_STORE_H
#define KD_REPORT_STORE_H

#include "base/json.h"
#include "family/fault/isa.h"
#include "problem/problem.h"

/* Returns the item of that number, or NULL; the vector is in the order of it. */
#define KD_FIND(vec, member, number)                \
    size_t low = 0, high = (vec).len;               \
    while (low < high) {                            \
        size_t middle = low + (high - low) / 2;     \
        if ((vec).items[middle]->member < (number)) \
            low = middle + 1;                       \
        else                                        \
            high = middle;                          \
    }                                               \
    return low < (vec).len && (vec).items[low]->member == (number) ? (vec).items[low] : NULL

/* Lines with words of bad news that no recogniser took. */
typedef struct kd_seen {
    kd_str wording;
    uint64_t count, first_line, last_line;
} kd_seen;

struct kd_report {
    kd_engine *engine; /* a reference */
    kd_mem mem;
    kd_arena arena; /* boots, source name */
    kd_isas isas;
    kd_str source_name, tool_name;
    char packed[2][16]; /* how the bytes were, before they were read; NUL-terminated */
    unsigned forms;     /* kd_form bits */
    KD_VEC(kd_context *) boots;
    KD_VEC(kd_event *) events; /* in the order of their first lines, once judged */
    KD_VEC(kd_diag *) diags;
    kd_problems problems;
    KD_VEC(kd_seen) seen; /* bad news that nothing explains, by wording */
    kd_report *earlier;   /* of kd_options.before; owned; may be NULL */
    kd_event **fold; /* by signature: those that may be the first of many, in growing buckets */
    size_t fold_size, fold_count;
    kd_stats stats;
    size_t pulled_events, pulled_diags; /* of them that were handed out and stay for the rules */
    size_t thin_at;   /* bytes in use at which events are thinned again; 0: at their share */
    size_t boot_from; /* all boots before it were handed out */
    size_t boots_at;  /* how many boots it takes to look for those that can go */
    size_t forget_at; /* problems that were left when told ones went last */
    bool early;       /* items are handed out before everything is known */
    bool dirty;       /* something is known since that may change them */
    bool again;       /* all is judged once more, and that is not done yet */
    bool quiet;       /* all is to be judged once more before something is handed out */
    bool settled;     /* the input has ended: boots without events are handed out too */
    bool unordered;   /* the diagnoses are not in the order of their ids */
    KD_VEC(kd_diag *) former; /* diagnoses of the judgement before, by the events that woke them */
    KD_VEC(kd_diag *) withdrawn;    /* of them, those that were handed out and do not hold */
    size_t former_at, withdrawn_at; /* how far they are done with */
    kd_problems former_problems;
    size_t pull_from; /* all events before it were handed out */
    kd_diag *telling; /* the diagnosis to be handed out next: those of an event follow it */
    bool fresh;       /* there are events that were not judged */
    uint64_t next_diag;
    size_t rules; /* how many the engine has */
};

/* Diagnoses: causes first, then most severe first, then in log order. KD_E_NOMEM: left as they
 * were. */
kd_status kd_report_sort(kd_report *report);

void kd_put_stats(kd_json *out, const kd_report *report);
void kd_put_source(kd_json *out, const kd_report *report);
/* The members of a record that have a value, into the object that is open; and whether any has. */
void kd_put_fields(kd_json *out, const kd_fields *fields, const void *record);
bool kd_has_fields(const kd_fields *fields, const void *record);

kd_status kd_json_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user);
/* Of the object as JSON; never 0. */
uint64_t kd_event_hash(const kd_event *event);
uint64_t kd_diag_hash(const kd_diag *diag);
uint64_t kd_problem_hash(const kd_problem *problem);
uint64_t kd_boot_hash(const kd_context *boot); /* but for its lines */
/* By their numbers; NULL: not in this report. */
const kd_event *kd_report_event_by_id(const kd_report *report, uint64_t id);
const kd_diag *kd_report_diag_by_id(const kd_report *report, uint64_t id);

kd_status kd_brief_write(const kd_report *report, kd_write_fn write, void *user);
kd_status kd_text_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user);

#endif

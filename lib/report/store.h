/* store.h - what an analysis found: the model behind kd_report. Layer: report. */
#ifndef KD_REPORT_STORE_H
#define KD_REPORT_STORE_H

#include "base/json.h"
#include "problem/problem.h"

#define KD_FOLD_BUCKETS 1024u

struct kd_report {
    kd_engine *engine; /* a reference */
    kd_mem mem;
    kd_arena arena; /* boots, source name */
    kd_str source_name, tool_name;
    unsigned forms; /* kd_form bits */
    KD_VEC(kd_context *) boots;
    KD_VEC(kd_event *) events; /* in the order of their first lines, once judged */
    KD_VEC(kd_diag *) diags;
    kd_problems problems;
    kd_report *earlier; /* of kd_options.before; owned; may be NULL */
    kd_event *fold[KD_FOLD_BUCKETS];
    kd_stats stats;
    size_t pulled_events, pulled_diags; /* of them that were handed out and stay for the rules */
    uint64_t next_diag;
    size_t rules;   /* how many the engine has */
    uint32_t flags; /* kd_options.flags */
};

/* Diagnoses: causes first, then most severe first, then in log order. */
void kd_report_sort(kd_report *report);

/* One object as JSON; for the writers and kd_event_write(). */
void kd_put_boot(kd_json *out, const kd_context *boot);
void kd_put_event(kd_json *out, const kd_event *event);
void kd_put_diag(kd_json *out, const kd_diag *diag);
void kd_put_stats(kd_json *out, const kd_stats *stats);
void kd_put_source(kd_json *out, const kd_report *report);
/* The members of a record that have a value, into the object that is open; and whether any has. */
void kd_put_fields(kd_json *out, const kd_fields *fields, const void *record);
bool kd_has_fields(const kd_fields *fields, const void *record);

kd_status kd_json_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user);
kd_status kd_text_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user);

#endif

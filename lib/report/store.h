/* store.h - what an analysis found: the model behind kd_report. Layer: report. */
#ifndef KD_REPORT_STORE_H
#define KD_REPORT_STORE_H

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

/* One object as JSON text (json-c); for the writers and kd_event_write(). */
struct json_object;
struct json_object *kd_json_boot(const kd_context *boot);
struct json_object *kd_json_event(const kd_event *event);
struct json_object *kd_json_diag(const kd_diag *diag);
struct json_object *kd_json_stats(const kd_stats *stats);
struct json_object *kd_json_source(const kd_report *report);
struct json_object *kd_json_text(kd_str text);
struct json_object *kd_json_hex(uint64_t value);

/* Writes one object and releases it. @param flags  KD_PRETTY @param indent  blanks before lines */
typedef struct kd_sink {
    kd_write_fn write;
    void *user;
    kd_status status; /* the first failure stays */
} kd_sink;
void kd_sink_put(kd_sink *sink, kd_str text);
void kd_json_put(kd_sink *sink, struct json_object *object, uint32_t flags, int indent);

kd_status kd_json_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user);
kd_status kd_text_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user);

#endif

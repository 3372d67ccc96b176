/* rule_oom.h - what the rules on OOM kills share. */
#ifndef KD_OOM_RULE_OOM_H
#define KD_OOM_RULE_OOM_H

#include "core/diag.h"
#include "family/alloc/rule_alloc.h"
#include "family/fields.h"
#include "family/oom/decode_oom.h"

/* "62 MiB": short enough for a sentence; facts and proofs carry the kB. */
typedef struct kd_size_text {
    char text[32];
} kd_size_text;
kd_size_text kd_size_of(uint64_t kb);

/* In hundredths of `of`; 0 of nothing is 0. */
unsigned kd_percent_of(uint64_t part, uint64_t of);

/* "anonymous memory of processes" */
const char *kd_oom_use_name(kd_oom_use use);

/* Sentences for the explanation: which processes hold most; whom the kernel killed, and whether
 * that was the largest. */
void kd_say_oom_who(kd_emit *out, const kd_oom_picture *picture);
/* @param helps  what is missing is held by processes */
void kd_say_oom_victim(kd_emit *out, const kdf_oom *oom, const kd_oom_picture *picture, bool helps);

/* Lines, arithmetic and facts of the same. */
void kd_say_oom_processes(kd_emit *out, const kd_event *event, const kdf_oom *oom,
                          const kd_oom_picture *picture);
/* "active_anon 183332 + ... - shmem 2544 = 180788 kB" with their lines */
void kd_say_oom_share(kd_emit *out, const kd_event *event, const kd_oom_picture *picture,
                      const kd_oom_share *share);

/* Whose level the limit is, and which pod, container or unit the victim ran in; and what to do
 * there. */
void kd_say_memcg_level(kd_emit *out, const kd_event *event, const kdf_oom *oom);
void kd_advise_memcg_level(kd_emit *out, const kdf_oom *oom, uint32_t version);

/* Impact, whose turn it is, how many kills the log shows. */
void kd_say_oom_outcome(const kd_view *view, kd_emit *out, const kdf_oom *oom,
                        const kd_oom_picture *picture);

/* Is the mapped memory of several processes what counts, not of one? */
bool kd_oom_name_counts(const kd_oom_picture *picture);

/* oom_node.c: is memory free, but only on nodes that the request may not use? */
bool kd_oom_is_node_bound(const kd_view *view, const kdf_oom *oom);
/* The allocator's decision on the request, taken again once for all rules. NULL: no request for
 * pages stands behind the kill, or its zones are not printed. */
const kd_alloc_case *kd_oom_request(const kd_view *view, const kdf_oom *oom);
/* oom_zone.c: is memory free, but only in zones that the request may not use? */
bool kd_oom_is_zone_bound(const kd_view *view, const kdf_oom *oom);
/* Before it kills, the kernel tries once more with the high marks: is a zone above its own now?
 * NULL: no. */
bool kd_oom_has_recovered(const kd_alloc_case *c);

#endif

/* event.h - the allocator's decision re-played for a failed request of a log. Layer:
 * decode. */
#ifndef KD_ALLOC_REPLAY_EVENT_H
#define KD_ALLOC_REPLAY_EVENT_H

#include "core/context.h"
#include "family/alloc/replay/replay.h"
#include "family/fields.h"
#include "family/gfp/decode_gfp.h"
#include "family/shared/decode_trace_find.h"

#define KD_ALLOC_MAX_ZONES 64u

/* What bound a request to some nodes. */
typedef enum kd_bound_by {
    KD_BOUND_NOT,
    KD_BOUND_NODEMASK, /* a memory policy, or the caller's own mask */
    KD_BOUND_CPUSET,
    KD_BOUND_THISNODE
} kd_bound_by;

/* Three samples that a dump holds, taken one after another: `free:` of all, of the zones, the
 * blocks of the buddy lines. */
typedef struct kd_alloc_samples {
    bool global_known; /* and comparable: all zones are printed */
    bool buddy_known;  /* every zone has a buddy line that adds up */
    uint64_t global_pages, zone_pages, buddy_pages;
    bool rises, falls; /* by more than drift and a few batches */
} kd_alloc_samples;

typedef struct kd_alloc_case {
    bool usable;      /* false: no order, no mask or no zone lines: nothing to re-play */
    bool asked;       /* order and mask are known, so `request` and `gfp` are filled in */
    bool lists_alone; /* no zone line, but buddy lines: only what the lists tell is filled in */
    const kdf_meminfo *meminfo;
    kd_alloc_request request;
    kd_gfp_meaning gfp;
    uint32_t version;
    bool version_assumed;      /* the log names none: by the signs of the text */
    bool version_contradicted; /* the log names one, and the text is not of it */
    kd_bound_by bound_by;
    kd_src bound_src;       /* where the node list stands */
    bool this_node_assumed; /* __GFP_THISNODE: the node is taken from what fails */
    kd_alloc_samples samples;
    uint64_t page_kb;
    size_t zone_count, zones_beyond; /* beyond: more than are re-played */
    bool zones_whole, lists_whole;   /* no zone line or buddy line is cut or missing */
    kd_alloc_result result;
    /* of each: as many as there are zones hold anything, the first in any case */
    kd_alloc_zone_result results[KD_ALLOC_MAX_ZONES];
    kd_alloc_zone zones[KD_ALLOC_MAX_ZONES];
    const kdf_zone *printed[KD_ALLOC_MAX_ZONES]; /* the lines they come from */
} kd_alloc_case;

/* Functions below which a task is itself freeing memory, for kd_trace_find(). */
extern const char kd_reclaim_functions[];

/* @param order  of the request; a vmalloc() failure asks for pages one by one: 0 */
void kd_alloc_case_of(const kd_event *event, uint64_t order, const kd_context *context,
                      kd_alloc_case *out);
/* @param victim  did the OOM killer choose this task before? Its rights are others then */
void kd_alloc_case_of_victim(const kd_event *event, uint64_t order, const kd_context *context,
                             kd_alloc_hint victim, kd_alloc_case *out);

#endif

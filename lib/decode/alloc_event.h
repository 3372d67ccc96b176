/* alloc_event.h - the allocator's decision re-played for a failed request of a log. Layer:
 * decode. */
#ifndef KD_DECODE_ALLOC_EVENT_H
#define KD_DECODE_ALLOC_EVENT_H

#include "context/context.h"
#include "decode/alloc_replay.h"
#include "decode/gfp.h"

#define KD_ALLOC_MAX_ZONES 64u

typedef struct kd_alloc_case {
    bool usable; /* false: no order, no mask or no zone lines: nothing to re-play */
    const kdf_meminfo *meminfo;
    kd_alloc_request request;
    kd_gfp_meaning gfp;
    uint32_t version;
    bool version_assumed;
    uint64_t page_kb;
    kd_alloc_zone zones[KD_ALLOC_MAX_ZONES];
    const kdf_zone *printed[KD_ALLOC_MAX_ZONES]; /* the lines they come from */
    size_t zone_count;
    kd_alloc_zone_result results[KD_ALLOC_MAX_ZONES];
    kd_alloc_result result;
} kd_alloc_case;

/* @param order  of the request; a vmalloc() failure asks for pages one by one: 0 */
void kd_alloc_case_of(const kd_event *event, uint64_t order, const kd_context *context,
                      kd_alloc_case *out);

/* Is one of the trace's functions of that name (leading underscores and suffixes apart)? */
const kdf_frame *kd_trace_find(const kd_list *backtrace, const char *names);

#endif

/* rule_alloc.h - what the rules on failed allocations share. */
#ifndef KD_ALLOC_RULE_ALLOC_H
#define KD_ALLOC_RULE_ALLOC_H

#include "core/diag.h"
#include "family/alloc/replay/event.h"
#include "family/fields.h"

/* Claims and arithmetic of one zone: usable pages against the line, and the buddy line's sum. */
void kd_say_zone_amount(kd_emit *out, const kd_event *event, const kd_alloc_case *c, size_t zone);
void kd_say_zone_blocks(kd_emit *out, const kd_event *event, const kd_alloc_case *c, size_t zone);
void kd_say_buddy_sum(kd_emit *out, const kd_event *event, const kdf_zone *zone);

/* "DMA32" or "Node 1 Normal" in a buffer of the caller. */
typedef struct kd_zone_name {
    char text[64];
} kd_zone_name;
kd_zone_name kd_name_zone(const kd_alloc_case *c, size_t zone);

/* Is the zone's free CMA in the log, or none at all on that kernel? */
bool kd_is_cma_known(const kd_alloc_case *c, size_t zone);

/* How the mask was decoded, what was assumed about version and task. */
void kd_say_alloc_assumes(kd_emit *out, const kd_alloc_case *c);

/* alloc.order-too-large where a WARN() is all that the kernel printed. */
kd_status kd_check_order_warning(const kd_view *view, kd_emit *out);

#endif

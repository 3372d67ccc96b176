/* evidence.h - which architecture an event speaks of, by what its lines show. Layer: core. */
#ifndef KD_CORE_EVIDENCE_H
#define KD_CORE_EVIDENCE_H

#include "core/context.h"

/* How much a word tells; what is heavier replaces what is lighter. */
typedef enum kd_weight {
    KD_TELLS_NOTHING,
    KD_TELLS_HINT,
    KD_TELLS_LIKELY,
    KD_TELLS_SURE
} kd_weight;

/* KD_TELLS_SURE: the fact counts as read; two that differ are a conflict, and the first stays.
 * Lighter ones are assumed; two of the same weight that differ take each other away. */
void kd_learn_arch(kd_context *context, kd_str name, uint64_t line, kd_weight weight);

/* From the lines of the event, while nothing sure told it. */
void kd_learn_evidence(kd_context *context, const kd_event *event);

/* The architecture that alone has this function, or empty. */
kd_str kd_arch_of_function(kd_str name, bool narrow, kd_weight *weight);

#endif

/* alloc_names.h - what a replay concluded, in words for the messages of tests. */
#ifndef KD_TESTS_ALLOC_NAMES_H
#define KD_TESTS_ALLOC_NAMES_H

#include "family/alloc/replay/replay.h"

static inline const char *verdict_name(kd_alloc_verdict verdict)
{
    static const char *const names[] = {
        [KD_ALLOC_UNKNOWN] = "unknown",
        [KD_ALLOC_WOULD_SUCCEED] = "would succeed",
        [KD_ALLOC_ONLY_CMA] = "only CMA blocks",
        [KD_ALLOC_ONLY_HIGHATOMIC] = "only HighAtomic blocks",
        [KD_ALLOC_FRAGMENTED] = "fragmented",
        [KD_ALLOC_BELOW_WATERMARK] = "below watermark",
        [KD_ALLOC_ZONE_EXHAUSTED] = "zone exhausted",
        [KD_ALLOC_NODE_BOUND] = "bound to nodes",
        [KD_ALLOC_ORDER_TOO_LARGE] = "order too large",
    };
    return names[verdict];
}

static inline const char *check_name(kd_alloc_check check)
{
    static const char *const names[] = {
        [KD_CHECK_PASSED] = "passed",        [KD_CHECK_AMOUNT] = "amount",
        [KD_CHECK_HALVING] = "halving loop", [KD_CHECK_FREE_AREA] = "free-area check",
        [KD_CHECK_LISTS] = "list search",    [KD_CHECK_UNKNOWN] = "unknown",
    };
    return names[check];
}

#endif

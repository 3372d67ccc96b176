/* alloc_rules.h - the page allocator's rules for one kernel version. */
#ifndef KD_ALLOC_ALLOC_RULES_H
#define KD_ALLOC_ALLOC_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/version.h"

enum kd_alloc_rule {
    KD_AR_HARDER_SET_BY,
    KD_AR_NOMEMALLOC_GATES_HARDER,
    KD_AR_MEMALLOC_BIT,
    KD_AR_RESERVE_ATTEMPT,
    KD_AR_VICTIM_RIGHT,
    KD_AR_CMA_FOR_MOVABLE,
    KD_AR_ORDER_TEST,
    KD_AR_CMA_PAGES,
    KD_AR_REDUCTION,
    KD_AR_HIGHATOMIC_PAGES,
    KD_AR_HIGHATOMIC_COUNTED_FOR,
    KD_AR_HARDER_PASSES_ON_ANY,
    KD_AR_HIGHATOMIC_AREA_FOR,
    KD_AR_FAST_TEST,
    KD_AR_UNBOOSTED_TEST,
    KD_AR_BOOST,
    KD_AR_HIGHATOMIC_FIRST,
    KD_AR_HIGHATOMIC_LAST,
    KD_AR_RESERVE_LIST,
    KD_AR_DUMP_UP_TO_ASKED,
    KD_AR_ORDERS,
    KD_AR_PCP_SCALE,
    KD_AR_COUNT
};

/* Choices, rule by rule. */
enum { HARDER_NO_WAIT, HARDER_NO_WAIT_NO_KSWAPD, HARDER_ATOMIC_BIT, HARDER_NO_DIRECT_RECLAIM };
enum { RESERVE_ADDED, RESERVE_REPLACES };
enum { VICTIM_NO_WATERMARKS, VICTIM_HALF };
enum { ORDER_HALVING, ORDER_FREE_AREA };
enum { CMA_COUNTED, CMA_SUBTRACTED, CMA_IN_AMOUNT_ONLY };
enum { REDUCE_PLAIN, REDUCE_VICTIM_ELSE_HARDER, REDUCE_NESTED };
enum { HIGHATOMIC_NONE, HIGHATOMIC_RESERVED, HIGHATOMIC_FREE };
enum { RIGHT_HARDER, RIGHT_HARDER_OR_VICTIM, RIGHT_ANY, RIGHT_HIGHATOMIC_OR_VICTIM };
enum { UNBOOSTED_NEVER, UNBOOSTED_ATOMIC_BIT, UNBOOSTED_MIN_RESERVE };
enum { TAKES_NOBODY, TAKES_HARDER, TAKES_HARDER_AND_HIGH, TAKES_VICTIM, TAKES_VICTIM_OR_HARDER };

struct kd_alloc_rules {
    uint8_t choice[KD_AR_COUNT];
};

/* The rules of a version. Before 2.6.32: those of 2.6.32. */
void kd_alloc_rules_find(uint32_t version, struct kd_alloc_rules *out);
/* The second reading, where the version stands on a drifting boundary; false where there is none.
 * All drifts of the version are taken together: they come from one series of changes. */
bool kd_alloc_rules_find_drift(uint32_t version, struct kd_alloc_rules *out);

#endif

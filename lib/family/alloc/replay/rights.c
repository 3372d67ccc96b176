/* rights.c - from the mask and the task to the allocator's internal rights.
 * */
#include "family/alloc/replay/parts.h"

static bool find_harder(const kd_alloc_request *request, const struct kd_alloc_rules *rules)
{
    if (rules->choice[KD_AR_NOMEMALLOC_GATES_HARDER] && request->nomemalloc)
        return false;
    switch (rules->choice[KD_AR_HARDER_SET_BY]) {
    case HARDER_NO_WAIT: return !request->can_wait;
    case HARDER_NO_WAIT_NO_KSWAPD: return !request->can_wait && !request->no_kswapd;
    case HARDER_ATOMIC_BIT: return request->atomic_bit;
    default: return !request->can_wait;
    }
}

static bool counts_highatomic(const kd_alloc_rights *rights, uint8_t right, bool highatomic)
{
    switch (right) {
    case RIGHT_HARDER: return rights->harder;
    case RIGHT_HARDER_OR_VICTIM: return rights->harder || rights->victim;
    case RIGHT_ANY: return rights->harder || rights->victim || rights->high;
    default: return highatomic || rights->victim;
    }
}

static bool takes_first(const kd_alloc_rights *rights, uint8_t choice)
{
    if (choice == TAKES_HARDER)
        return rights->harder;
    return choice == TAKES_HARDER_AND_HIGH && rights->harder && rights->high;
}

static bool takes_last(const kd_alloc_rights *rights, uint8_t choice)
{
    if (choice == TAKES_VICTIM_OR_HARDER)
        return rights->victim || rights->harder;
    return choice == TAKES_VICTIM && rights->victim;
}

/* `rights` has what mask and task give; adds what follows for pages and lists. */
static void complete(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                     kd_alloc_rights *rights)
{
    const uint8_t *choice = rules->choice;
    const uint32_t grouped = KD_BLOCK_U | KD_BLOCK_M | KD_BLOCK_E;
    bool first = request->order > 0 && takes_first(rights, choice[KD_AR_HIGHATOMIC_FIRST]);
    bool highatomic_kernel = choice[KD_AR_HIGHATOMIC_PAGES] != HIGHATOMIC_NONE;

    rights->cma = choice[KD_AR_CMA_FOR_MOVABLE] && request->movable && !request->reclaimable &&
                  !request->mobility_off;
    rights->highatomic_pages =
        highatomic_kernel && counts_highatomic(rights, choice[KD_AR_HIGHATOMIC_COUNTED_FOR], first);
    rights->highatomic_area =
        highatomic_kernel && counts_highatomic(rights, choice[KD_AR_HIGHATOMIC_AREA_FOR], first);
    rights->highatomic_blocks = first || takes_last(rights, choice[KD_AR_HIGHATOMIC_LAST]);
    rights->any_block_passes =
        choice[KD_AR_HARDER_PASSES_ON_ANY] && (rights->harder || rights->victim);
    rights->area_letters =
        grouped | (rights->cma ? KD_BLOCK_C : 0u) | (rights->highatomic_area ? KD_BLOCK_H : 0u);
    rights->usable_letters = grouped | (rights->cma ? KD_BLOCK_C : 0u) |
                             (rights->highatomic_blocks ? KD_BLOCK_H : 0u) |
                             (choice[KD_AR_RESERVE_LIST] ? KD_BLOCK_R : 0u);
    rights->unboosted_test =
        request->order == 0 &&
        (choice[KD_AR_UNBOOSTED_TEST] == UNBOOSTED_ATOMIC_BIT    ? request->atomic_bit
         : choice[KD_AR_UNBOOSTED_TEST] == UNBOOSTED_MIN_RESERVE ? rights->high
                                                                 : false);
}

/* The right that does not come from HIGH or HARDER; false when there is none. */
static bool find_reserve_right(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                               kd_alloc_rights *rights)
{
    bool in_task = request->in_interrupt != KD_HINT_YES;

    if (request->nomemalloc)
        return false;
    if (request->memalloc && rules->choice[KD_AR_MEMALLOC_BIT])
        rights->no_watermarks = true;
    else if (request->reclaiming == KD_HINT_YES && in_task)
        rights->no_watermarks = true;
    else if (request->oom_victim == KD_HINT_YES && in_task)
        *(rules->choice[KD_AR_VICTIM_RIGHT] == VICTIM_HALF ? &rights->victim
                                                           : &rights->no_watermarks) = true;
    else
        return false;
    return true;
}

uint32_t kd_alloc_rights_find(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                              kd_alloc_rights out[KD_ALLOC_ATTEMPTS])
{
    uint32_t count = 1;

    out[0] = (kd_alloc_rights){ .high = request->high, .harder = find_harder(request, rules) };
    out[1] = (kd_alloc_rights){ 0 };
    if (rules->choice[KD_AR_RESERVE_ATTEMPT] == RESERVE_ADDED)
        (void)find_reserve_right(request, rules, &out[0]);
    else if (find_reserve_right(request, rules, &out[1]))
        count = 2;
    for (uint32_t i = 0; i < count; i++)
        complete(request, rules, &out[i]);
    return count;
}

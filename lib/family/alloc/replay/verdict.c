/* verdict.c - from what each zone says to one verdict. */
#include "family/alloc/replay/parts.h"

int64_t kd_alloc_zone_weight(const kd_alloc_zone *zone)
{
    /* So that the sum over all zones of a log and the product with 100 fit. */
    const int64_t limit = INT64_C(1) << 36;
    /* Neither managed nor present is printed: free memory stands in. */
    int64_t pages = kd_alloc_clamp(zone->managed_pages ? zone->managed_pages : zone->free_pages);

    return (pages < limit ? pages : limit) + 1;
}

static bool amount_passes(const kd_alloc_zone_result *zone, const kd_alloc_test *test,
                          kd_alloc_reading reading)
{
    if (zone->near_line && !test->rights.no_watermarks && reading.near != KD_NEAR_AS_IS)
        return reading.near == KD_NEAR_PASS;
    if (test->amount != KD_ANSWER_DEPENDS)
        return test->amount == KD_ANSWER_YES;
    return reading.amount == KD_READ_PASS ||
           (reading.amount == KD_READ_LEAN && test->amount_leans_pass);
}

static kd_alloc_voice find_attempt_voice(const kd_alloc_zone_result *zone,
                                         const kd_alloc_test *test, kd_alloc_reading reading)
{
    bool unlisted = test->supply.unlisted;
    kd_alloc_answer lists = unlisted ? KD_ANSWER_YES : kd_alloc_supply_answer(&test->supply);

    if (!amount_passes(zone, test, reading))
        return zone->short_by_reserve_only ? KD_VOICE_SHORT_BY_RESERVE : KD_VOICE_SHORT;
    if (test->failed == KD_CHECK_UNKNOWN)
        return KD_VOICE_UNKNOWN;
    if (lists == KD_ANSWER_NO || (lists == KD_ANSWER_DEPENDS && !reading.lists_pass))
        return KD_VOICE_NO_BLOCK;
    if (test->order_test == KD_ANSWER_NO)
        return KD_VOICE_HALVING;
    return KD_VOICE_PASSES;
}

kd_alloc_voice kd_alloc_voice_find(const kd_alloc_zone_result *zone, kd_alloc_reading reading,
                                   uint32_t *attempt)
{
    kd_alloc_voice best = KD_VOICE_SHORT;

    *attempt = 0;
    for (uint32_t i = 0; i < zone->attempt_count; i++) {
        kd_alloc_voice voice = find_attempt_voice(zone, &zone->tests[i], reading);

        if (i > 0 && voice < best)
            continue;
        best = voice;
        *attempt = i;
    }
    return best;
}

static void count_refused(kd_alloc_tally *tally, const kd_alloc_supply *supply)
{
    tally->cma_blocks += supply->cma_only;
    tally->highatomic_blocks += supply->highatomic_only;
    tally->cma_present = tally->cma_present || supply->cma_present;
    tally->highatomic_present = tally->highatomic_present || supply->highatomic_present;
}

static void note_pass(kd_alloc_tally *tally, kd_zone_kind kind, size_t index)
{
    if (tally->any_pass && kind <= tally->pass_kind)
        return;
    tally->any_pass = true;
    tally->pass_kind = kind;
    tally->zone[KD_VOICE_PASSES] = index;
}

void kd_alloc_tally_add(kd_alloc_tally *tally, const kd_alloc_zone *zone,
                        const kd_alloc_zone_result *result, kd_alloc_reading reading, size_t index)
{
    uint32_t attempt;
    kd_alloc_voice voice = kd_alloc_voice_find(result, reading, &attempt);
    const kd_alloc_supply *supply = &result->tests[attempt].supply;
    int64_t weight = kd_alloc_zone_weight(zone);

    if (supply->usable.high > 0 || supply->unlisted)
        tally->any_block = true;
    if (voice == KD_VOICE_PASSES)
        note_pass(tally, zone->kind, index);
    if (!result->decides || voice == KD_VOICE_PASSES)
        return;
    if (voice == KD_VOICE_SHORT)
        tally->short_weight += weight;
    else if (voice == KD_VOICE_SHORT_BY_RESERVE)
        tally->reserve_weight += weight;
    else if (voice == KD_VOICE_UNKNOWN)
        tally->unknown_weight += weight;
    else
        tally->list_weight += weight;
    if (voice == KD_VOICE_HALVING)
        tally->any_halving = true;
    if (voice == KD_VOICE_NO_BLOCK)
        count_refused(tally, supply);
    if (weight > tally->largest[voice]) {
        tally->largest[voice] = weight;
        tally->zone[voice] = index;
    }
}

/* Enough pages somewhere, no block: which blocks were refused? */
kd_alloc_verdict kd_alloc_conclude_lists(const kd_alloc_tally *tally, uint32_t order, size_t *zone)
{
    bool halving_larger = tally->largest[KD_VOICE_HALVING] >= tally->largest[KD_VOICE_NO_BLOCK];

    *zone = tally->zone[halving_larger ? KD_VOICE_HALVING : KD_VOICE_NO_BLOCK];
    if (tally->any_halving)
        return KD_ALLOC_FRAGMENTED;
    if (tally->cma_present &&
        (!tally->highatomic_present || tally->cma_blocks >= tally->highatomic_blocks))
        return KD_ALLOC_ONLY_CMA;
    if (tally->highatomic_present)
        return KD_ALLOC_ONLY_HIGHATOMIC;
    /* Single pages cannot be fragmented: the counter and the lists disagree. */
    return order > 0 ? KD_ALLOC_FRAGMENTED : KD_ALLOC_UNKNOWN;
}

/* Memory that is in none of the zones printed, much more than what the request may reach. */
static bool has_unprinted(const kd_alloc_elsewhere *elsewhere, uint32_t order)
{
    int64_t need = INT64_C(1) << order;
    const int64_t noise = 1024; /* the samples of one dump are taken one after another */

    /* Zones that are not printed have marks as well: about those of the printed ones. */
    return elsewhere->elsewhere_free >= need + noise + elsewhere->reachable_high &&
           elsewhere->elsewhere_free / 2 > elsewhere->reachable_free;
}

/* Memory that the mask keeps this request from. */
static bool has_spare(const kd_alloc_elsewhere *elsewhere, uint32_t order)
{
    if (elsewhere->excluded_spare >= INT64_C(1) << order &&
        elsewhere->excluded_spare > elsewhere->reachable_free)
        return true;
    return elsewhere->zones_left_out && has_unprinted(elsewhere, order);
}

/* The nodes it is bound to fail; one that it is kept from would not. */
static bool is_node_bound(const kd_alloc_tally *tally, const kd_alloc_elsewhere *elsewhere,
                          uint32_t order)
{
    if (elsewhere->other_node_known)
        return true;
    /* dumps leave out the nodes of which the mask has none; of their blocks nothing is known */
    return elsewhere->node_bound && !elsewhere->zones_left_out &&
           tally->list_weight <= tally->short_weight && has_unprinted(elsewhere, order);
}

/* The largest of the zones that refused it. */
static size_t find_bound_zone(const kd_alloc_tally *tally, const kd_alloc_elsewhere *elsewhere)
{
    int best = -1;

    for (int voice = 0; voice < KD_VOICE_PASSES; voice++)
        if (tally->largest[voice] > (best < 0 ? 0 : tally->largest[best]))
            best = voice;
    return best < 0 ? elsewhere->other_node_zone : tally->zone[best];
}

kd_alloc_verdict kd_alloc_tally_conclude(const kd_alloc_tally *tally,
                                         const kd_alloc_elsewhere *elsewhere, uint32_t order,
                                         size_t *zone)
{
    if (tally->any_pass) {
        *zone = tally->zone[KD_VOICE_PASSES];
        return KD_ALLOC_WOULD_SUCCEED;
    }
    if (is_node_bound(tally, elsewhere, order)) {
        *zone = find_bound_zone(tally, elsewhere);
        return KD_ALLOC_NODE_BOUND;
    }
    if (elsewhere->listed_count == 0)
        return has_spare(elsewhere, order) ? KD_ALLOC_ZONE_EXHAUSTED : KD_ALLOC_UNKNOWN;
    if (tally->list_weight > 0 && tally->list_weight >= tally->short_weight &&
        tally->list_weight >= tally->unknown_weight)
        return kd_alloc_conclude_lists(tally, order, zone);
    if (tally->unknown_weight > tally->short_weight) {
        *zone = tally->zone[KD_VOICE_UNKNOWN];
        return KD_ALLOC_UNKNOWN;
    }
    *zone = tally->zone[tally->short_weight > 0 ? KD_VOICE_SHORT : KD_VOICE_SHORT_BY_RESERVE];
    return has_spare(elsewhere, order) ? KD_ALLOC_ZONE_EXHAUSTED : KD_ALLOC_BELOW_WATERMARK;
}

/* replay.c - runs the parts over all zones and says what is proved. */
#include "family/alloc/replay/replay.h"

#include "family/alloc/replay/parts.h"

/* One run: the whole decision under one set of rules. */
struct run {
    const kd_alloc_request *request;
    const kd_alloc_zone *zones;
    size_t zone_count;
    struct kd_alloc_rules rules;
    kd_alloc_zone_sets sets;
    kd_alloc_elsewhere elsewhere;
    kd_alloc_tally tallies[KD_ALLOC_READINGS];
    kd_alloc_verdict verdicts[KD_ALLOC_READINGS];
    size_t zone;
};

static const kd_alloc_reading readings[KD_ALLOC_READINGS] = {
    { KD_READ_LEAN, true, KD_NEAR_AS_IS },  { KD_READ_PASS, true, KD_NEAR_AS_IS },
    { KD_READ_FAIL, true, KD_NEAR_AS_IS },  { KD_READ_PASS, false, KD_NEAR_AS_IS },
    { KD_READ_FAIL, false, KD_NEAR_AS_IS }, { KD_READ_LEAN, true, KD_NEAR_PASS },
    { KD_READ_LEAN, true, KD_NEAR_FAIL }
};

static kd_alloc_listed find_listed(const kd_alloc_zone_sets *sets, const kd_alloc_zone *zone)
{
    if (zone->kind >= KD_ZONE_DEVICE)
        return KD_LISTED_NOT_DEVICE;
    if (sets->asked >= KD_ZONE_KINDS || zone->kind > sets->asked)
        return KD_LISTED_NOT_ABOVE_ASKED;
    return zone->excluded ? KD_LISTED_NOT_NODE : KD_LISTED;
}

static void settle_test(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                        const kd_alloc_zone *zone, kd_alloc_test *test)
{
    /* Without a buddy line single pages are known to be there all the same, by the amount. */
    bool unlisted = zone->order_count == 0 && request->order > 0;
    kd_alloc_answer lists =
        zone->order_count == 0 ? KD_ANSWER_YES : kd_alloc_supply_answer(&test->supply);
    kd_alloc_answer order_test = test->order_test;

    test->failed = KD_CHECK_PASSED;
    if (test->amount == KD_ANSWER_NO)
        test->failed = KD_CHECK_AMOUNT;
    else if (unlisted)
        test->failed = KD_CHECK_UNKNOWN;
    else if (order_test == KD_ANSWER_NO && request->order > 0)
        test->failed = rules->choice[KD_AR_ORDER_TEST] == ORDER_HALVING ? KD_CHECK_HALVING
                                                                        : KD_CHECK_FREE_AREA;
    else if (lists == KD_ANSWER_NO)
        test->failed = KD_CHECK_LISTS;
    test->succeeds = test->amount;
    if (order_test < test->succeeds)
        test->succeeds = order_test;
    if (unlisted)
        lists = KD_ANSWER_DEPENDS;
    if (lists < test->succeeds)
        test->succeeds = lists;
}

/* Vendor trees whose free-area check counts CMA: it would have passed where ours stops. */
static bool is_cma_unsure(const kd_alloc_test *test)
{
    return test->failed == KD_CHECK_FREE_AREA && test->supply.cma_present && !test->rights.cma;
}

/* What both the free-area check and the list search take. */
static uint32_t find_effective_letters(const struct run *run, const kd_alloc_rights *rights)
{
    bool checked = run->rules.choice[KD_AR_ORDER_TEST] == ORDER_FREE_AREA &&
                   run->request->order > 0 && !rights->no_watermarks && !rights->any_block_passes;

    return checked ? rights->usable_letters & rights->area_letters : rights->usable_letters;
}

static void replay_zone(struct run *run, const kd_alloc_zone *zone, kd_alloc_zone_result *out)
{
    kd_alloc_rights rights[KD_ALLOC_ATTEMPTS];
    kd_alloc_bounds reserve;

    *out = (kd_alloc_zone_result){ .listed = find_listed(&run->sets, zone) };
    if (out->listed != KD_LISTED && out->listed != KD_LISTED_NOT_NODE)
        return;
    reserve = kd_alloc_reserve_find(run->request, &run->sets, zone);
    out->attempt_count = kd_alloc_rights_find(run->request, &run->rules, rights);
    for (uint32_t i = 0; i < out->attempt_count; i++) {
        kd_alloc_test *test = &out->tests[i];

        test->rights = rights[i];
        kd_alloc_supply_count(zone, run->request->order, find_effective_letters(run, &rights[i]),
                              &test->supply);
        kd_alloc_watermark_test(run->request, &run->rules, zone, reserve, test);
        settle_test(run->request, &run->rules, zone, test);
        if (test->succeeds > out->succeeds)
            out->succeeds = test->succeeds;
    }
    if (out->listed == KD_LISTED_NOT_NODE) {
        out->would_serve = out->succeeds == KD_ANSWER_YES;
        return;
    }
    out->decides = kd_alloc_zone_weight(zone) * 100 >= run->elsewhere.reachable_weight;
    out->short_by_reserve_only =
        reserve.high > 0 && kd_alloc_amount_passes_with(&run->rules, &out->tests[0], 0, 0, true);
    (void)kd_alloc_voice_find(out, readings[0], &out->best);
    out->failed = out->tests[out->best].failed;
    out->near_line = !out->tests[out->best].rights.no_watermarks &&
                     kd_alloc_is_near_line(run->request, &run->rules, zone, &out->tests[out->best]);
    out->watermark_loop_counts_cma_unsure = is_cma_unsure(&out->tests[out->best]);
}

/* The number of zones is that of a log, not of a machine: sums stay where they cannot overflow. */
static int64_t add_pages(int64_t sum, int64_t pages)
{
    return sum + pages < KD_ALLOC_PAGES_MAX ? sum + pages : KD_ALLOC_PAGES_MAX;
}

static void survey_zone(struct run *run, const kd_alloc_zone *zone, int64_t *printed)
{
    kd_alloc_elsewhere *elsewhere = &run->elsewhere;
    int64_t free_pages = kd_alloc_clamp(zone->free_pages);
    int64_t spare = free_pages - kd_alloc_clamp(zone->high_pages);

    *printed = add_pages(*printed, free_pages);
    switch (find_listed(&run->sets, zone)) {
    case KD_LISTED:
        elsewhere->listed_count++;
        elsewhere->reachable_free = add_pages(elsewhere->reachable_free, free_pages);
        elsewhere->reachable_high =
            add_pages(elsewhere->reachable_high, kd_alloc_clamp(zone->high_pages));
        elsewhere->reachable_weight += kd_alloc_zone_weight(zone);
        break;
    case KD_LISTED_NOT_DEVICE:
    case KD_LISTED_NOT_NODE: break;
    default:
        elsewhere->excluded_free = add_pages(elsewhere->excluded_free, free_pages);
        elsewhere->excluded_spare = add_pages(elsewhere->excluded_spare, spare > 0 ? spare : 0);
    }
}

static void survey(struct run *run)
{
    int64_t printed = 0, all = kd_alloc_clamp(run->request->global_free_pages);

    /* A senseless mask asks for nothing; then nothing is kept from it. */
    if (run->sets.asked >= KD_ZONE_KINDS)
        return;
    for (size_t i = 0; i < run->zone_count; i++)
        survey_zone(run, &run->zones[i], &printed);
    if (run->request->global_free_known && all > printed)
        run->elsewhere.elsewhere_free = all - printed;
}

/* @param results  NULL: only the verdicts are wanted */
static void run_all(struct run *run, kd_alloc_zone_result *results)
{
    kd_alloc_zone_result local;

    kd_alloc_zone_sets_find(run->request, &run->rules, run->zones, run->zone_count, &run->sets);
    survey(run);
    run->elsewhere.node_bound = run->request->node_bound;
    /* a Movable zone is rare, and a node mask says enough */
    run->elsewhere.zones_left_out =
        run->rules.choice[KD_AR_DUMP_UP_TO_ASKED] && run->sets.asked < KD_ZONE_HIGHMEM &&
        !(run->request->node_bound && run->sets.asked == KD_ZONE_NORMAL);
    for (size_t i = 0; i < run->zone_count; i++) {
        kd_alloc_zone_result *result = results ? &results[i] : &local;

        replay_zone(run, &run->zones[i], result);
        if (result->would_serve && !run->elsewhere.other_node_known) {
            run->elsewhere.other_node_known = true;
            run->elsewhere.other_node_zone = i;
        }
        if (result->listed != KD_LISTED)
            continue;
        for (int r = 0; r < KD_ALLOC_READINGS; r++)
            kd_alloc_tally_add(&run->tallies[r], &run->zones[i], result, readings[r], i);
    }
    for (int r = KD_ALLOC_READINGS - 1; r >= 0; r--)
        run->verdicts[r] = kd_alloc_tally_conclude(&run->tallies[r], &run->elsewhere,
                                                   run->request->order, &run->zone);
}

static uint32_t find_order_count(const struct run *run)
{
    uint32_t count = 0;

    for (size_t i = 0; i < run->zone_count; i++)
        if (run->zones[i].order_count > count)
            count = run->zones[i].order_count;
    return count < KD_ALLOC_ORDERS ? count : KD_ALLOC_ORDERS;
}

/* Refused before any search; without a buddy line the usual number of orders is assumed. */
static bool is_too_large(const struct run *run, kd_alloc_result *out)
{
    const uint32_t largest_known = 17;

    out->order_count = find_order_count(run);
    out->proved = out->order_count > 0 || run->request->order >= largest_known;
    if (out->order_count == 0)
        out->order_count = run->rules.choice[KD_AR_ORDERS];
    return run->request->order >= out->order_count;
}

/* What, were it not there, would have let the amount of this zone pass. */
static void explain_shortage(const struct run *run, const kd_alloc_zone *zone,
                             const kd_alloc_zone_result *result, kd_alloc_result *out)
{
    const kd_alloc_test *test = &result->tests[result->best];
    int64_t boost = test->min_pages - test->unboosted_min_pages.high;

    if (result->listed != KD_LISTED || test->rights.no_watermarks ||
        test->amount == KD_ANSWER_YES || zone->min_pages == 0)
        return;
    out->short_by_boost =
        boost > 0 && kd_alloc_amount_passes_with(&run->rules, test, boost, 0, false);
    out->short_by_reserve = result->short_by_reserve_only;
    out->short_by_cma = test->cma_pages > 0 &&
                        kd_alloc_amount_passes_with(&run->rules, test, 0, test->cma_pages, false);
    out->short_by_highatomic =
        test->highatomic_pages.low > 0 &&
        kd_alloc_amount_passes_with(&run->rules, test, 0, test->highatomic_pages.low, false);
}

static bool is_list_verdict(kd_alloc_verdict verdict)
{
    return verdict == KD_ALLOC_ONLY_CMA || verdict == KD_ALLOC_ONLY_HIGHATOMIC ||
           verdict == KD_ALLOC_FRAGMENTED;
}

static bool is_proved(const kd_alloc_result *out)
{
    bool settled = out->agrees_for_every_split && !out->zone_asked_assumed;

    if (out->verdict == KD_ALLOC_UNKNOWN || !settled)
        return false;
    if (out->verdict == KD_ALLOC_NODE_BOUND && !out->other_node_known)
        return false;
    if (out->verdict == KD_ALLOC_WOULD_SUCCEED)
        return !out->near_line;
    /* Letters are exact presence: no block is no block, however near the amount is. */
    if (is_list_verdict(out->verdict) && out->no_block)
        return true;
    return !out->near_line && !out->mixed;
}

static void settle(struct run *run, const kd_alloc_zone_result *results, kd_alloc_result *out)
{
    const kd_alloc_tally *tally = &run->tallies[0];
    bool agrees = !out->drift_matters, near_agrees = true;

    out->verdict = run->verdicts[0];
    for (int r = 1; r < KD_ALLOC_READINGS; r++)
        if (run->verdicts[r] != out->verdict)
            *(r < KD_ALLOC_OPEN_READINGS ? &agrees : &near_agrees) = false;
    out->agrees_for_every_split = agrees;
    out->near_line = !near_agrees;
    out->zone = run->zone;
    out->mixed =
        (tally->list_weight > 0) + (tally->short_weight > 0) + (tally->unknown_weight > 0) > 1;
    out->no_block =
        run->elsewhere.listed_count > 0 && !tally->any_block && tally->unknown_weight == 0;
    if (out->zone < run->zone_count)
        explain_shortage(run, &run->zones[out->zone], &results[out->zone], out);
    out->proved = is_proved(out);
}

/* The other reading of a version that stands on a drifting boundary. */
static void try_drift(const struct run *run, kd_alloc_result *out)
{
    struct run other = { .request = run->request,
                         .zones = run->zones,
                         .zone_count = run->zone_count };

    out->rules_drift = kd_alloc_rules_find_drift(run->request->version, &other.rules);
    if (!out->rules_drift)
        return;
    run_all(&other, NULL);
    out->drift_matters = other.verdicts[0] != run->verdicts[0];
}

void kd_alloc_replay(const kd_alloc_request *request, const kd_alloc_zone *zones, size_t zone_count,
                     kd_alloc_zone_result *zone_results, kd_alloc_result *out)
{
    struct run run = { .request = request, .zones = zones, .zone_count = zone_count };

    *out = (kd_alloc_result){ 0 };
    kd_alloc_rules_find(request->version, &run.rules);
    for (size_t i = 0; i < zone_count; i++)
        zone_results[i] = (kd_alloc_zone_result){ 0 };
    if (is_too_large(&run, out)) {
        out->verdict = KD_ALLOC_ORDER_TOO_LARGE;
        out->agrees_for_every_split = out->proved;
        return;
    }
    out->proved = false;
    run_all(&run, zone_results);
    try_drift(&run, out);
    out->zone_asked = run.sets.asked;
    out->zone_asked_assumed = run.sets.asked_assumed;
    out->other_node_known = run.elsewhere.other_node_known;
    out->other_node_zone = run.elsewhere.other_node_zone;
    out->reachable_free_pages = run.elsewhere.reachable_free;
    out->excluded_free_pages = run.elsewhere.excluded_free;
    out->elsewhere_free_pages = run.elsewhere.elsewhere_free;
    settle(&run, zone_results, out);
}

/* The rights that find most are those of a task that may use all. */
static void count_zone(struct run *run, const kd_alloc_zone *zone, kd_alloc_zone_result *out)
{
    kd_alloc_rights rights[KD_ALLOC_ATTEMPTS];

    *out = (kd_alloc_zone_result){ .listed = find_listed(&run->sets, zone) };
    out->attempt_count = kd_alloc_rights_find(run->request, &run->rules, rights);
    for (uint32_t i = 0; i < out->attempt_count; i++) {
        out->tests[i].rights = rights[i];
        kd_alloc_supply_count(zone, run->request->order, find_effective_letters(run, &rights[i]),
                              &out->tests[i].supply);
        if (out->tests[i].supply.usable.high > out->tests[out->best].supply.usable.high)
            out->best = i;
    }
}

void kd_alloc_replay_lists(const kd_alloc_request *request, const kd_alloc_zone *zones,
                           size_t zone_count, kd_alloc_zone_result *zone_results,
                           kd_alloc_result *out)
{
    struct run run = { .request = request, .zones = zones, .zone_count = zone_count };
    kd_alloc_tally tally = { 0 };
    bool open = false, any = false;

    *out = (kd_alloc_result){ 0 };
    kd_alloc_rules_find(request->version, &run.rules);
    kd_alloc_zone_sets_find(request, &run.rules, zones, zone_count, &run.sets);
    out->zone_asked = run.sets.asked;
    for (size_t i = 0; i < zone_count; i++) {
        kd_alloc_zone_result *result = &zone_results[i];
        const kd_alloc_supply *supply;

        count_zone(&run, &zones[i], result);
        supply = &result->tests[result->best].supply;
        if (result->listed != KD_LISTED)
            continue;
        open = open || supply->unlisted || supply->usable.high > 0;
        if (!any || zones[i].free_pages > zones[out->zone].free_pages)
            out->zone = i;
        any = true;
        out->reachable_free_pages =
            add_pages(out->reachable_free_pages, kd_alloc_clamp(zones[i].free_pages));
        tally.cma_blocks += supply->cma_only;
        tally.highatomic_blocks += supply->highatomic_only;
        tally.cma_present = tally.cma_present || supply->cma_present;
        tally.highatomic_present = tally.highatomic_present || supply->highatomic_present;
    }
    if (!any || open)
        return;
    out->no_block = true;
    if (out->reachable_free_pages < INT64_C(1) << (request->order < 32 ? request->order : 32)) {
        out->verdict = KD_ALLOC_BELOW_WATERMARK;
        return;
    }
    size_t zone = 0;
    out->verdict = kd_alloc_conclude_lists(&tally, request->order, &zone);
}

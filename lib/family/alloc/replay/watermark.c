/* watermark.c - the watermark test: amount, then order. */
#include "family/alloc/replay/parts.h"

/* Per-cpu batch of a zone: managed / 4096, at most 64, to a power of two, less one. */
static int64_t find_batch(uint64_t managed_pages)
{
    uint64_t batch = managed_pages / 1024;
    int64_t power = 1;

    if (managed_pages == 0 || batch > 256)
        batch = 256;
    batch /= 4;
    batch += batch / 2;
    while ((uint64_t)power * 2 <= batch)
        power *= 2;
    return power > 1 ? power - 1 : 1;
}

static int64_t bit_length(uint64_t value)
{
    int64_t length = 0;

    for (; value; value >>= 1)
        length++;
    return length;
}

/* How far one CPU's share of a counter may be off (calculate_normal_threshold()); pages of 4 KiB
 * are taken, which is no less than with larger ones. */
static int64_t find_drift(uint64_t managed_pages, int64_t cpus)
{
    int64_t drift = 2 * bit_length((uint64_t)cpus) * (1 + bit_length(managed_pages >> 15));

    return drift < 125 ? drift : 125;
}

bool kd_alloc_is_near_line(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                           const kd_alloc_zone *zone, const kd_alloc_test *test)
{
    /* Unknown: many, so that nothing is called proved for want of a number. */
    int64_t cpus = request->cpus ? (int64_t)request->cpus : 64;
    /* the counter may be off at the failure and in the dump */
    int64_t batch = find_batch(zone->managed_pages);
    if (request->order == 0)
        batch *= INT64_C(1) << rules->choice[KD_AR_PCP_SCALE];
    int64_t slack = (batch + 2 * find_drift(zone->managed_pages, cpus)) * cpus;

    return test->usable_pages.high > test->line_pages.low - slack &&
           test->usable_pages.low <= test->line_pages.high + slack;
}

/* Pages that were reserved may exceed 1 % of the zone by up to two pageblocks. */
static int64_t find_highatomic_limit(const kd_alloc_zone *zone)
{
    int64_t pageblock = INT64_C(1)
                        << (zone->order_count > 1 && zone->order_count <= 24 ? zone->order_count - 1
                                                                             : 13);

    /* With all free pages reserved the test fails; more changes nothing. */
    if (zone->managed_pages == 0)
        return kd_alloc_clamp(zone->free_pages);
    return kd_alloc_clamp(zone->managed_pages) / 100 + 2 * pageblock;
}

/* What the highatomic reserve takes off, when it is taken off. */
static kd_alloc_bounds find_highatomic(const struct kd_alloc_rules *rules,
                                       const kd_alloc_zone *zone)
{
    kd_alloc_bounds listed = kd_alloc_highatomic_listed(zone);
    int64_t reserved = kd_alloc_clamp(zone->reserved_highatomic_pages);

    switch (rules->choice[KD_AR_HIGHATOMIC_PAGES]) {
    case HIGHATOMIC_NONE: return (kd_alloc_bounds){ 0, 0 };
    case HIGHATOMIC_RESERVED:
        if (zone->reserved_highatomic_known)
            return (kd_alloc_bounds){ reserved, reserved };
        reserved = find_highatomic_limit(zone);
        break;
    default:
        if (zone->free_highatomic_known) {
            reserved = kd_alloc_clamp(zone->free_highatomic_pages);
            return (kd_alloc_bounds){ reserved, reserved };
        }
        if (!zone->reserved_highatomic_known)
            reserved = find_highatomic_limit(zone);
    }
    /* Not printed: at least what the letters show, at most what can be reserved. */
    return (kd_alloc_bounds){ listed.low < reserved ? listed.low : reserved, reserved };
}

static int64_t reduce_second(const struct kd_alloc_rules *rules, const kd_alloc_rights *rights,
                             int64_t mark)
{
    switch (rules->choice[KD_AR_REDUCTION]) {
    case REDUCE_PLAIN: return rights->harder ? mark - mark / 4 : mark;
    case REDUCE_VICTIM_ELSE_HARDER:
        if (rights->victim)
            return mark - mark / 2;
        return rights->harder ? mark - mark / 4 : mark;
    default:
        if (rights->high && rights->harder)
            mark -= mark / 4;
        return rights->victim ? mark - mark / 2 : mark;
    }
}

static int64_t reduce_first(const kd_alloc_rights *rights, int64_t mark)
{
    return rights->high ? mark - mark / 2 : mark;
}

static int64_t reduce(const struct kd_alloc_rules *rules, const kd_alloc_rights *rights,
                      int64_t mark)
{
    return reduce_second(rules, rights, reduce_first(rights, mark));
}

static kd_alloc_bounds add(kd_alloc_bounds bounds, int64_t pages)
{
    return (kd_alloc_bounds){ bounds.low + pages, bounds.high + pages };
}

/* min without boost: printed from 5.17; before, low - min is a quarter of it, unless the zone's
 * size sets the distance. */
static kd_alloc_bounds find_unboosted(const struct kd_alloc_rules *rules, const kd_alloc_zone *zone)
{
    int64_t min = kd_alloc_clamp(zone->min_pages);
    int64_t distance = kd_alloc_clamp(zone->low_pages) - min;
    int64_t managed = kd_alloc_clamp(zone->managed_pages);

    if (!rules->choice[KD_AR_BOOST])
        return (kd_alloc_bounds){ min, min };
    if (zone->boost_known) {
        int64_t boost = kd_alloc_clamp(zone->boost_pages);

        min = boost < min ? min - boost : 0;
        return (kd_alloc_bounds){ min, min };
    }
    /* Their min is clamped while low is not. */
    if (zone->kind == KD_ZONE_HIGHMEM || zone->kind == KD_ZONE_MOVABLE || distance <= 0)
        return (kd_alloc_bounds){ min < 128 ? min : 0, min };
    if (4 * distance + 3 >= min && distance > managed / 1000 + 1)
        return (kd_alloc_bounds){ min, min };
    if (distance > managed / 1000 + 1)
        return (kd_alloc_bounds){ 4 * distance - 3, 4 * distance + 3 };
    return (kd_alloc_bounds){ 0, 4 * distance + 3 < min ? 4 * distance + 3 : min };
}

static void fill_amount(const struct kd_alloc_rules *rules, const kd_alloc_request *request,
                        const kd_alloc_zone *zone, kd_alloc_test *test)
{
    const kd_alloc_rights *rights = &test->rights;
    bool counts_cma = rights->cma || rules->choice[KD_AR_CMA_PAGES] == CMA_COUNTED;
    int64_t fixed;

    test->free_pages = kd_alloc_clamp(zone->free_pages);
    test->order_pages = (INT64_C(1) << request->order) - 1;
    test->cma_pages = counts_cma ? 0 : kd_alloc_clamp(zone->free_cma_pages);
    if (!rights->highatomic_pages)
        test->highatomic_pages = find_highatomic(rules, zone);
    test->unprinted_cma_pages = counts_cma ? 0 : kd_alloc_clamp(zone->unprinted_cma_pages);
    fixed = test->free_pages - test->order_pages - test->cma_pages;
    test->usable_pages =
        (kd_alloc_bounds){ fixed - test->highatomic_pages.high - test->unprinted_cma_pages,
                           fixed - test->highatomic_pages.low };
}

static void fill_line(const struct kd_alloc_rules *rules, const kd_alloc_zone *zone,
                      kd_alloc_bounds reserve, kd_alloc_test *test)
{
    test->min_pages = kd_alloc_clamp(zone->min_pages);
    test->unboosted_min_pages = find_unboosted(rules, zone);
    if (test->rights.no_watermarks)
        return;
    test->after_high_pages = reduce_first(&test->rights, test->min_pages);
    test->mark_pages = reduce_second(rules, &test->rights, test->after_high_pages);
    test->reserve_pages = reserve;
    test->line_pages = add(reserve, test->mark_pages);
}

/* The tests that only order 0 has: each may pass what the plain one refuses. */
static void try_order0_tests(const struct kd_alloc_rules *rules, kd_alloc_test *test)
{
    kd_alloc_bounds fast = { test->free_pages - test->cma_pages - test->unprinted_cma_pages,
                             test->free_pages - test->cma_pages };
    kd_alloc_answer plain = test->amount, again = KD_ANSWER_NO;
    kd_alloc_bounds line;

    if (rules->choice[KD_AR_FAST_TEST])
        again = kd_alloc_exceeds(fast, add(test->reserve_pages, test->min_pages));
    if (again > plain) {
        test->amount = again;
        test->passed_fast_test = again == KD_ANSWER_YES;
        return;
    }
    if (!test->rights.unboosted_test || test->unboosted_min_pages.low >= test->min_pages)
        return;
    line.low =
        test->reserve_pages.low + reduce(rules, &test->rights, test->unboosted_min_pages.low);
    line.high =
        test->reserve_pages.high + reduce(rules, &test->rights, test->unboosted_min_pages.high);
    again = kd_alloc_exceeds(test->usable_pages, line);
    if (again > plain) {
        test->amount = again;
        test->passed_unboosted_test = again == KD_ANSWER_YES;
        test->line_pages = line;
    }
}

/* To 4.3: pages in the blocks below each order are taken off, the mark is halved. */
static void test_halving(const struct kd_alloc_rules *rules, const kd_alloc_request *request,
                         const kd_alloc_zone *zone, kd_alloc_test *test)
{
    int64_t pages = test->free_pages - test->order_pages;
    int64_t mark = test->mark_pages;

    if (rules->choice[KD_AR_CMA_PAGES] == CMA_SUBTRACTED)
        pages -= test->cma_pages;
    test->order_test = KD_ANSWER_YES;
    for (uint32_t i = 0; i < request->order; i++) {
        uint64_t count = i < zone->order_count && i < KD_ALLOC_ORDERS ? zone->blocks[i].count : 0;

        pages -=
            (count < (UINT64_C(1) << 36) ? (int64_t)count : INT64_C(1) << 36) * (INT64_C(1) << i);
        mark /= 2;
        if (pages > mark)
            continue;
        test->order_test = KD_ANSWER_NO;
        test->halving_order = i;
        test->halving_pages = pages;
        test->halving_mark_pages = mark;
        return;
    }
}

/* From 4.4: some list of a suitable type must have a block. */
static kd_alloc_answer test_free_area(const kd_alloc_test *test)
{
    const kd_alloc_supply *supply = &test->supply;

    if (supply->blocks && test->rights.any_block_passes)
        return KD_ANSWER_YES;
    if (supply->letters & test->rights.area_letters)
        return KD_ANSWER_YES;
    return supply->letters_unknown ? KD_ANSWER_DEPENDS : KD_ANSWER_NO;
}

static bool leans_pass(const kd_alloc_zone *zone, const kd_alloc_test *test)
{
    return test->amount == KD_ANSWER_DEPENDS && test->highatomic_pages.low == 0 &&
           zone->letters_known && zone->order_count > 0 &&
           test->usable_pages.high > test->line_pages.high;
}

void kd_alloc_watermark_test(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                             const kd_alloc_zone *zone, kd_alloc_bounds reserve,
                             kd_alloc_test *test)
{
    fill_amount(rules, request, zone, test);
    fill_line(rules, zone, reserve, test);
    test->amount = kd_alloc_exceeds(test->usable_pages, test->line_pages);
    test->amount_leans_pass = leans_pass(zone, test);
    test->order_test = KD_ANSWER_YES;
    if (test->rights.no_watermarks) {
        /* Nothing is tested: the lists decide. Where they are empty, the amount names the
         * cause: nothing left, or only pieces too small. */
        if (test->supply.blocks > 0)
            test->amount = KD_ANSWER_YES;
        else if (zone->order_count > 0 && test->supply.largest_usable_order == UINT32_MAX)
            test->amount = KD_ANSWER_NO;
        return;
    }
    if (request->order == 0) {
        if (test->amount != KD_ANSWER_YES)
            try_order0_tests(rules, test);
        return;
    }
    if (zone->order_count == 0)
        test->order_test = KD_ANSWER_DEPENDS;
    else if (rules->choice[KD_AR_ORDER_TEST] == ORDER_HALVING)
        test_halving(rules, request, zone, test);
    else
        test->order_test = test_free_area(test);
}

bool kd_alloc_amount_passes_with(const struct kd_alloc_rules *rules, const kd_alloc_test *test,
                                 int64_t boost, int64_t pages, bool no_reserve)
{
    int64_t line = reduce(rules, &test->rights, test->min_pages - boost);

    if (!no_reserve)
        line += test->reserve_pages.high;
    return test->usable_pages.low + pages > line;
}

/* test_alloc_replay.c - the worked example, lines, zones, verdicts and what is proved. */
#include "alloc_scene.h"
#include "suite.h"

/* ---- lines ---------------------------------------------------------------------------------- */

/* The victim's right replaces the mask's: the lower of two lines, never their product. */
START_TEST(victim_with_high_has_the_lower_line)
{
    kd_alloc_zone_result zone;
    scene s = plain(V(5, 10));

    s.request.high = s.request.atomic_bit = true;
    s.request.can_wait = false;
    s.request.order = 1;
    s.request.oom_victim = KD_HINT_YES;
    set_blocks(&s, 1, 300, U);
    s.zone.free_pages = 376; /* 375 left of 376 - 1 */
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_BELOW_WATERMARK);
    ck_assert_uint_eq(zone.attempt_count, 2);
    s.zone.free_pages = 377;
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_WOULD_SUCCEED);
}
END_TEST

START_TEST(reclaiming_task_has_no_line)
{
    kd_alloc_zone_result zone;
    kd_alloc_result result;
    scene s = plain(V(5, 10));

    set_free(&s, 10);
    s.request.reclaiming = KD_HINT_YES;
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_WOULD_SUCCEED);
    s.request.in_interrupt = KD_HINT_YES;
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_BELOW_WATERMARK);
    s.request.in_interrupt = KD_HINT_NO;
    s.request.nomemalloc = true;
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_BELOW_WATERMARK);
    s.request.nomemalloc = false;
    set_blocks(&s, 0, 0, 0);
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_BELOW_WATERMARK);
    /* This right alone does not open the HighAtomic list. */
    set_blocks(&s, 0, 10, H);
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_ONLY_HIGHATOMIC);
    ck_assert(result.no_block);
}
END_TEST

/* ---- the worked example: arm64, 5.4.125, order 4, 0xa20, DMA32 ------------------------------ */

static scene worked_example(void)
{
    scene s = plain(KD_KERNEL(5, 4, 125));

    s.request.order = 4;
    s.request.high = s.request.atomic_bit = true;
    s.request.can_wait = false;
    s.request.configured_zones = 1u << KD_ZONE_DMA32 | 1u << KD_ZONE_NORMAL;
    s.zone.kind = KD_ZONE_DMA32;
    s.zone.free_pages = 158325;
    s.zone.min_pages = 2560;
    s.zone.low_pages = 12155;
    s.zone.high_pages = 12800;
    s.zone.free_cma_pages = 145990;
    s.zone.managed_pages = 895634;
    s.zone.lowmem_reserve_count = 3;
    set_blocks(&s, 0, 3000, U | KD_BLOCK_M);
    set_blocks(&s, 3, 400, U);
    set_blocks(&s, 4, 300, C);
    set_blocks(&s, 6, 169, C);
    set_blocks(&s, 10, 100, C);
    return s;
}

START_TEST(seed_only_cma)
{
    kd_alloc_zone_result zone;
    scene s = worked_example();
    kd_alloc_result result = replay(&s, &zone);
    const kd_alloc_test *test = &zone.tests[0];

    ck_assert_int_eq(result.verdict, KD_ALLOC_ONLY_CMA);
    ck_assert(result.proved && result.no_block && !result.mixed);
    ck_assert_int_eq(test->order_pages, 15);
    ck_assert_int_eq(test->usable_pages.high, 12320);
    ck_assert_int_eq(test->min_pages, 2560);
    ck_assert_int_eq(test->after_high_pages, 1280);
    ck_assert_int_eq(test->mark_pages, 960);
    ck_assert_int_eq(test->line_pages.high, 960);
    ck_assert_int_eq(test->amount, KD_ANSWER_YES);
    ck_assert_uint_eq(test->supply.blocks, 569);
    ck_assert_uint_eq(test->supply.cma_only, 569);
    ck_assert_uint_eq(test->supply.largest_usable_order, 3);
    ck_assert(zone.watermark_loop_counts_cma_unsure);
    ck_assert_int_eq(zone.failed, KD_CHECK_FREE_AREA);
}
END_TEST

START_TEST(seed_near_misses)
{
    kd_alloc_zone_result zone;
    scene s = worked_example();

    set_blocks(&s, 6, 169, U | C);
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_WOULD_SUCCEED);
    ck_assert_int_eq(zone.tests[0].supply.usable.low, 1);
    ck_assert_int_eq(zone.tests[0].supply.usable.high, 168);
    s = worked_example();
    s.request.movable = true;
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_WOULD_SUCCEED);
    s = worked_example();
    s.zone.free_cma_pages = 158325 - 15 - 960;
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_BELOW_WATERMARK);
    ck_assert_int_eq(zone.tests[0].amount, KD_ANSWER_NO);
    s = worked_example();
    for (s.request.order = 0; s.request.order < 4; s.request.order++)
        ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_WOULD_SUCCEED);
}
END_TEST

/* ---- several zones -------------------------------------------------------------------------- */

START_TEST(zone_asked_by_the_low_nibble)
{
    static const kd_zone_kind asked[16] = { KD_ZONE_NORMAL,  KD_ZONE_DMA,     KD_ZONE_HIGHMEM,
                                            KD_ZONE_INVALID, KD_ZONE_DMA32,   KD_ZONE_INVALID,
                                            KD_ZONE_INVALID, KD_ZONE_INVALID, KD_ZONE_NORMAL,
                                            KD_ZONE_DMA,     KD_ZONE_MOVABLE, KD_ZONE_INVALID,
                                            KD_ZONE_DMA32,   KD_ZONE_INVALID, KD_ZONE_INVALID,
                                            KD_ZONE_INVALID };

    for (uint64_t i = 0; i < 16; i++)
        ck_assert_int_eq(kd_alloc_zone_asked(0xffff0 | i), asked[i]);
}
END_TEST

/* A DMA request: empty DMA zone, Normal full of free pages. */
START_TEST(dma_exhausted)
{
    kd_alloc_zone zones[2];
    kd_alloc_zone_result results[2];
    kd_alloc_result result;
    scene s = plain(V(5, 10));

    zones[0] = zones[1] = s.zone;
    zones[0].kind = KD_ZONE_DMA;
    zones[0].managed_pages = 3900;
    zones[0].min_pages = 180;
    zones[0].free_pages = 60;
    zones[0].blocks[0] = (kd_alloc_blocks){ 60, U };
    zones[1].free_pages = 90000;
    s.request.zone = KD_ZONE_DMA;
    s.request.configured_zones |= 1u << KD_ZONE_DMA;
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_ZONE_EXHAUSTED);
    ck_assert_int_eq(results[1].listed, KD_LISTED_NOT_ABOVE_ASKED);
    ck_assert_int_eq(result.excluded_free_pages, 90000);
    /* Little above as well: plain shortage. */
    zones[1].free_pages = 1530;
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
    /* From 6.1 on only DMA is printed; the rest stands in the global count. */
    s.request.version = V(6, 6);
    s.request.global_free_known = true;
    s.request.global_free_pages = 90060;
    kd_alloc_replay(&s.request, zones, 1, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_ZONE_EXHAUSTED);
    ck_assert_int_eq(result.elsewhere_free_pages, 90000);
    /* 6.0 prints all: what is missing then is no zone that the mask excludes. */
    s.request.version = V(6, 0);
    kd_alloc_replay(&s.request, zones, 1, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
    s.request.version = V(6, 1);
    kd_alloc_replay(&s.request, zones, 1, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_ZONE_EXHAUSTED);
    s.request.global_free_pages = 60;
    kd_alloc_replay(&s.request, zones, 1, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
}
END_TEST

/* Two nodes; the request may use the first. */
START_TEST(bound_to_nodes)
{
    kd_alloc_zone zones[2];
    kd_alloc_zone_result results[2];
    kd_alloc_result result;
    scene s = plain(V(5, 10));

    set_free(&s, 900);
    zones[0] = s.zone;
    set_free(&s, 60000);
    zones[1] = s.zone;
    zones[1].node = 1;
    zones[1].excluded = true;
    s.request.node_bound = true;
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_NODE_BOUND);
    ck_assert(result.proved && result.other_node_known && result.other_node_zone == 1);
    ck_assert_uint_eq(result.zone, 0);
    ck_assert_int_eq(results[1].listed, KD_LISTED_NOT_NODE);
    /* The other node is short as well: plain shortage. */
    zones[1].free_pages = 950;
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
    /* The other node is not printed: the global count tells, but proves nothing. */
    s.request.global_free_known = true;
    s.request.global_free_pages = 60900;
    kd_alloc_replay(&s.request, zones, 1, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_NODE_BOUND);
    ck_assert(!result.proved && !result.other_node_known);
    s.request.node_bound = false;
    kd_alloc_replay(&s.request, zones, 1, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
}
END_TEST

/* DMA32 with a reserve of 50000 against Normal requests; the index counts empty zones. */
START_TEST(lowmem_reserve_index)
{
    kd_alloc_zone_result zone;
    scene s = plain(V(5, 10));

    s.zone.kind = KD_ZONE_DMA32;
    s.zone.lowmem_reserve_count = 4;
    s.zone.lowmem_reserve[2] = 50000;
    s.zone.lowmem_reserve[3] = 60000;
    s.request.configured_zones = 1u << KD_ZONE_DMA | 1u << KD_ZONE_DMA32 | 1u << KD_ZONE_NORMAL;
    set_free(&s, 51001);
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_WOULD_SUCCEED);
    ck_assert_int_eq(zone.tests[0].line_pages.low, 51000);
    set_free(&s, 51000);
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_BELOW_WATERMARK);
    ck_assert(zone.short_by_reserve_only);
    s.request.zone = KD_ZONE_MOVABLE;
    (void)replay(&s, &zone);
    ck_assert_int_eq(zone.tests[0].reserve_pages.high, 60000);
    s.request.zone = KD_ZONE_DMA32;
    (void)replay(&s, &zone);
    ck_assert_int_eq(zone.tests[0].reserve_pages.high, 0);
    /* No boot lines: four entries with DMA32 are DMA DMA32 Normal Movable, or without DMA
     * DMA32 Normal Movable Device; in the latter the row would not be 0 up to its own place
     * plus one, but that is allowed: both indexes are carried. */
    s.request.zone = KD_ZONE_NORMAL;
    s.request.configured_zones = 0;
    (void)replay(&s, &zone);
    ck_assert_int_le(zone.tests[0].reserve_pages.low, 50000);
    ck_assert_int_ge(zone.tests[0].reserve_pages.high, 50000);
}
END_TEST

/* A zone below 1 % has no say; a zone held back by lowmem_reserve does not outvote. */
START_TEST(small_and_reserved_zones_do_not_decide)
{
    kd_alloc_zone zones[2];
    kd_alloc_zone_result results[2];
    kd_alloc_result result;
    scene s = plain(V(5, 10));

    s.request.order = 4;
    s.request.configured_zones |= 1u << KD_ZONE_DMA32;
    set_free(&s, 9000); /* single pages: fragmented */
    zones[0] = zones[1] = s.zone;
    zones[0].kind = KD_ZONE_DMA32;
    zones[0].managed_pages = 900;
    zones[0].free_pages = 10;
    zones[0].blocks[0].count = 10;
    zones[0].lowmem_reserve_count = 3;
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_FRAGMENTED);
    ck_assert(!results[0].decides && !result.mixed);
    ck_assert_uint_eq(result.zone, 1);
    /* The same zone, large: shortage weighs more, and the zones differ. */
    zones[0].managed_pages = 900000;
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
    ck_assert(result.mixed);
    /* Large, with pages enough but for the reserve: Normal decides. */
    zones[0].free_pages = 20000;
    zones[0].blocks[0].count = 20000;
    zones[0].lowmem_reserve[1] = 30000;
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_FRAGMENTED);
    ck_assert_uint_eq(result.zone, 1);
    ck_assert(results[0].short_by_reserve_only);
}
END_TEST

START_TEST(dma_asked_but_not_printed)
{
    kd_alloc_zone_result zone;
    scene s = plain(V(6, 0));

    s.request.zone = KD_ZONE_DMA;
    s.request.configured_zones = 0;
    set_free(&s, 10);
    ck_assert(replay(&s, &zone).zone_asked_assumed);
    /* From 6.1 only zones up to the one asked for are printed: so Normal was asked for. */
    s.request.version = V(6, 1);
    ck_assert(!replay(&s, &zone).zone_asked_assumed);
    ck_assert_int_eq(zone.listed, KD_LISTED);
}
END_TEST

/* ---- what is proved ------------------------------------------------------------------------- */

START_TEST(order_too_large)
{
    kd_alloc_zone_result zone;
    kd_alloc_result result;
    scene s = plain(V(5, 10));

    set_free(&s, 50000);
    s.request.order = 11;
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_ORDER_TOO_LARGE);
    ck_assert(result.proved);
    s.zone.order_count = 12;
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_FRAGMENTED);
    s.zone.order_count = 0;
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_ORDER_TOO_LARGE);
    ck_assert(!result.proved);
    s.request.order = UINT32_MAX;
    ck_assert(replay(&s, &zone).proved);
}
END_TEST

START_TEST(letters_not_printed)
{
    kd_alloc_zone_result zone;
    kd_alloc_result result;
    scene s = plain(V(3, 6));

    s.request.order = 1;
    s.zone.letters_known = false;
    s.zone.free_pages = 9000;
    set_blocks(&s, 1, 4500, 0);
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_WOULD_SUCCEED);
    ck_assert(!result.proved && !result.agrees_for_every_split);
    set_blocks(&s, 1, 0, 0);
    set_blocks(&s, 0, 9000, 0);
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_FRAGMENTED);
    ck_assert(result.proved);
}
END_TEST

/* 4.4 to 5.5 do not print the reserve: with H letters the answer stays open. */
START_TEST(reserve_not_printed)
{
    kd_alloc_zone_result zone;
    kd_alloc_result result;
    scene s = plain(V(5, 4));

    s.request.order = 1;
    s.zone.free_pages = 1800;
    set_blocks(&s, 0, 1300, U);
    set_blocks(&s, 1, 250, U);
    result = replay(&s, &zone);
    ck_assert_int_eq(zone.tests[0].amount, KD_ANSWER_DEPENDS);
    ck_assert_int_eq(result.verdict, KD_ALLOC_WOULD_SUCCEED);
    ck_assert(!result.proved && !result.agrees_for_every_split);
    set_blocks(&s, 1, 250, U | H);
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
    ck_assert(!result.proved);
    /* Printed from 5.6 on. */
    s.request.version = V(5, 6);
    s.zone.reserved_highatomic_known = true;
    s.zone.reserved_highatomic_pages = 512;
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_WOULD_SUCCEED);
    ck_assert_int_eq(zone.tests[0].usable_pages.low, 1800 - 1 - 512);
}
END_TEST

START_TEST(near_the_line_is_not_proved)
{
    kd_alloc_zone_result zone;
    kd_alloc_result result;
    scene s = plain(V(5, 10));

    /* 100000 pages: 97 -> 24 -> 36 -> batch 31; drift of one CPU 6, twice: 43. */
    set_free(&s, 1000 - 44);
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
    ck_assert(result.proved);
    set_free(&s, 1000 - 20);
    result = replay(&s, &zone);
    ck_assert(!result.proved && result.near_line);
    s.request.cpus = 0;
    set_free(&s, 1000 - 44);
    ck_assert(!replay(&s, &zone).proved);
    s.request.cpus = 1;
    /* From 6.7 on one test may be followed by a refill of 31 << 5 pages: order 0 only. */
    s.request.version = V(6, 6);
    ck_assert(replay(&s, &zone).proved);
    s.request.version = V(6, 7);
    ck_assert(!replay(&s, &zone).proved);
    s.request.order = 1;
    ck_assert(replay(&s, &zone).proved);
    s.request.order = 0;
    s.request.version = V(5, 10);
    set_free(&s, 2000);
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_WOULD_SUCCEED);
    ck_assert(result.proved);
}
END_TEST

/* Near or not: a zone without a block cannot pass, and the large zone still decides. */
START_TEST(near_small_zone_does_not_unprove)
{
    kd_alloc_zone zones[2];
    kd_alloc_zone_result results[2];
    kd_alloc_result result;
    scene s = plain(V(6, 8));

    s.request.order = 4;
    s.request.configured_zones |= 1u << KD_ZONE_DMA32;
    set_free(&s, 1020);
    zones[0] = s.zone;
    zones[0].kind = KD_ZONE_DMA32;
    set_free(&s, 90000);
    zones[1] = s.zone;
    zones[1].managed_pages = 1000000;
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert(results[0].near_line && !result.near_line);
    ck_assert_int_eq(result.verdict, KD_ALLOC_FRAGMENTED);
    ck_assert(result.proved);
    zones[0].blocks[4] = (kd_alloc_blocks){ 1, U };
    kd_alloc_replay(&s.request, zones, 2, results, &result);
    ck_assert(result.near_line && !result.proved);
}
END_TEST

START_TEST(what_the_shortage_is_due_to)
{
    kd_alloc_zone_result zone;
    kd_alloc_result result;
    scene s = plain(V(6, 6));

    set_free(&s, 600);
    s.zone.boost_pages = 500;
    result = replay(&s, &zone);
    ck_assert(result.short_by_boost && !result.short_by_cma && !result.short_by_reserve);
    s.zone.boost_pages = 300;
    ck_assert(!replay(&s, &zone).short_by_boost);
    s.zone.boost_pages = 0;
    set_free(&s, 1500);
    s.zone.free_cma_pages = 700;
    result = replay(&s, &zone);
    ck_assert(result.short_by_cma && !result.short_by_boost);
}
END_TEST

START_TEST(hostile_numbers)
{
    kd_alloc_zone_result results[3];
    kd_alloc_result result;
    kd_alloc_zone zones[3];
    scene s = plain(V(3, 10));

    for (uint32_t i = 0; i < 3; i++) {
        kd_alloc_zone *zone = &zones[i];

        *zone = s.zone;
        zone->kind = (kd_zone_kind)(i * 50);
        zone->free_pages = zone->min_pages = zone->low_pages = UINT64_MAX;
        zone->high_pages = zone->free_cma_pages = zone->managed_pages = UINT64_MAX;
        zone->boost_known = zone->reserved_highatomic_known = i > 0;
        zone->boost_pages = zone->reserved_highatomic_pages = UINT64_MAX;
        zone->lowmem_reserve_count = i ? UINT32_MAX : KD_ALLOC_RESERVES;
        for (int r = 0; r < KD_ALLOC_RESERVES; r++)
            zone->lowmem_reserve[r] = UINT64_MAX;
        zone->order_count = UINT32_MAX;
        for (int o = 0; o < KD_ALLOC_ORDERS; o++)
            zone->blocks[o] = (kd_alloc_blocks){ UINT64_MAX, UINT32_MAX };
    }
    s.request.global_free_known = true;
    s.request.global_free_pages = UINT64_MAX;
    s.request.cpus = UINT32_MAX;
    for (uint32_t version = 0; version < 9; version++)
        for (s.request.order = 0; s.request.order < 26; s.request.order++)
            for (int kind = 0; kind < 8; kind++) {
                s.request.zone = (kd_zone_kind)kind;
                s.request.configured_zones = version & 1 ? UINT32_MAX : 0;
                s.request.version = version == 8 ? UINT32_MAX : V(version, 13);
                kd_alloc_replay(&s.request, zones, 3, results, &result);
                ck_assert_int_le(result.verdict, KD_ALLOC_ORDER_TOO_LARGE);
            }
    kd_alloc_replay(&s.request, NULL, 0, NULL, &result);
    ck_assert(result.verdict == KD_ALLOC_ORDER_TOO_LARGE);
    s.request.order = 0;
    s.request.global_free_known = false;
    kd_alloc_replay(&s.request, NULL, 0, NULL, &result);
    ck_assert_int_eq(result.verdict, KD_ALLOC_UNKNOWN);
    ck_assert(!result.proved);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alloc_replay");
    TCase *tests = tcase_create("alloc_replay");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, victim_with_high_has_the_lower_line);
    tcase_add_test(tests, reclaiming_task_has_no_line);
    tcase_add_test(tests, seed_only_cma);
    tcase_add_test(tests, seed_near_misses);
    tcase_add_test(tests, zone_asked_by_the_low_nibble);
    tcase_add_test(tests, dma_exhausted);
    tcase_add_test(tests, bound_to_nodes);
    tcase_add_test(tests, lowmem_reserve_index);
    tcase_add_test(tests, small_and_reserved_zones_do_not_decide);
    tcase_add_test(tests, dma_asked_but_not_printed);
    tcase_add_test(tests, order_too_large);
    tcase_add_test(tests, letters_not_printed);
    tcase_add_test(tests, reserve_not_printed);
    tcase_add_test(tests, near_the_line_is_not_proved);
    tcase_add_test(tests, near_small_zone_does_not_unprove);
    tcase_add_test(tests, what_the_shortage_is_due_to);
    tcase_add_test(tests, hostile_numbers);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

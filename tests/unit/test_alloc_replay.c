/* test_alloc_replay.c - each version boundary from both sides, the worked example, verdicts.
 *
 * The plain zone: min 1000, low 1250, high 1500 of 100000 pages, all free pages single and
 * unmovable unless a case says otherwise. Lines: HIGH 500, HARDER 750, both 375.
 */
#include <check.h>
#include <stdlib.h>

#include "decode/alloc_replay.h"

typedef struct scene {
    kd_alloc_request request;
    kd_alloc_zone zone;
} scene;

enum { PLAIN_ORDERS = 11, U = KD_BLOCK_U, C = KD_BLOCK_C, H = KD_BLOCK_H, R = KD_BLOCK_R };

static void set_blocks(scene *s, unsigned order, uint64_t count, uint32_t letters)
{
    s->zone.blocks[order].count = count;
    s->zone.blocks[order].letters = letters;
}

static void set_free(scene *s, uint64_t pages)
{
    s->zone.free_pages = pages;
    set_blocks(s, 0, pages, U);
}

static scene plain(uint32_t version)
{
    scene s = { 0 };

    s.request.version = version;
    s.request.zone = KD_ZONE_NORMAL;
    s.request.can_wait = true;
    s.request.configured_zones = 1u << KD_ZONE_NORMAL | 1u << KD_ZONE_MOVABLE;
    s.request.cpus = 1;
    s.zone.kind = KD_ZONE_NORMAL;
    s.zone.min_pages = 1000;
    s.zone.low_pages = 1250;
    s.zone.high_pages = 1500;
    s.zone.reserved_highatomic_known = version >= V(5, 6);
    s.zone.boost_known = version >= V(5, 17);
    s.zone.managed_pages = 100000;
    s.zone.letters_known = true;
    s.zone.order_count = PLAIN_ORDERS;
    return s;
}

static kd_alloc_result replay(const scene *s, kd_alloc_zone_result *zone)
{
    kd_alloc_result result;

    kd_alloc_replay(&s->request, &s->zone, 1, zone, &result);
    return result;
}

/* ---- version boundaries ----------------------------------------------------------------------- */

static void no_wait_no_kswapd_800(scene *s)
{
    s->request.can_wait = false;
    s->request.no_kswapd = true;
    set_free(s, 800);
}

static void nowait_800(scene *s)
{
    s->request.can_wait = false;
    set_free(s, 800);
}

static void nowait_nomemalloc_800(scene *s)
{
    nowait_800(s);
    s->request.nomemalloc = true;
}

static void atomic_bit_waiting_800(scene *s)
{
    s->request.atomic_bit = true;
    set_free(s, 800);
}

static void high_nowait_400(scene *s)
{
    s->request.high = true;
    s->request.can_wait = false;
    set_free(s, 400);
}

static void memalloc_10(scene *s)
{
    s->request.memalloc = true;
    set_free(s, 10);
}

static void memalloc_atomic_h(scene *s)
{
    s->request.order = 1;
    s->request.memalloc = true;
    s->request.atomic_bit = true;
    s->request.can_wait = false;
    s->zone.free_pages = 20;
    set_blocks(s, 1, 10, H);
}

static void victim_10(scene *s)
{
    s->request.oom_victim = KD_HINT_YES;
    set_free(s, 10);
}

static void movable_cma_block(scene *s)
{
    s->request.order = 1;
    s->request.movable = true;
    s->zone.free_pages = 9000;
    set_blocks(s, 0, 8000, U);
    set_blocks(s, 9, 2, C);
}

static void order0_cma_1500_of_2000(scene *s)
{
    set_free(s, 2000);
    s->zone.free_cma_pages = 1500;
}

/* 2997 - 1500 > 1000; the loop: 1497 - 1400 = 97 against 500, or 2997 - 1400 with CMA. */
static void order2_halving_with_cma(scene *s)
{
    s->request.order = 2;
    s->zone.free_pages = 3000;
    s->zone.free_cma_pages = 1500;
    set_blocks(s, 0, 1400, U);
    set_blocks(s, 4, 1, U);
    set_blocks(s, 5, 46, C);
}

/* 2985 - 2900 = 85 <= 500 at order 0. */
static void order4_mostly_single(scene *s)
{
    s->request.order = 4;
    s->zone.free_pages = 3000;
    set_blocks(s, 0, 2900, U);
    set_blocks(s, 4, 5, U);
}

static void reserved_1000_free_100_of_1500(scene *s)
{
    set_free(s, 1500);
    s->zone.reserved_highatomic_known = true;
    s->zone.reserved_highatomic_pages = 1000;
    s->zone.free_highatomic_known = s->request.version >= V(6, 12) + 1;
    s->zone.free_highatomic_pages = 100;
}

static void high_waiting_reserved_1000_of_1400(scene *s)
{
    s->request.high = true;
    set_free(s, 1400);
    s->zone.reserved_highatomic_known = true;
    s->zone.reserved_highatomic_pages = 1000;
}

static void victim_order1_only_h(scene *s)
{
    s->request.order = 1;
    s->request.oom_victim = KD_HINT_YES;
    s->zone.free_pages = 5000;
    set_blocks(s, 0, 3000, U);
    set_blocks(s, 1, 1000, H);
}

/* H letters: at least 600 pages are reserved; 1400 - 600 <= 1000 < 1400. */
static void order0_h_600_of_1400(scene *s)
{
    s->zone.free_pages = 1400;
    set_blocks(s, 0, 800, U);
    set_blocks(s, 1, 300, H);
}

static void order0_reserved_1000_of_1400(scene *s)
{
    high_waiting_reserved_1000_of_1400(s);
    s->request.high = false;
}

/* 3/8 of 1000 = 375; without boost 3/8 of 100 = 38 < 60. */
static void boosted_high_60(scene *s)
{
    s->request.high = true;
    s->request.can_wait = false;
    s->zone.boost_known = true;
    s->zone.boost_pages = 900;
    set_free(s, 60);
}

static void boosted_atomic_60(scene *s)
{
    boosted_high_60(s);
    s->request.atomic_bit = true;
}

/* low - min = 25 of 10000 pages: min without boost 97 to 103. */
static void hidden_boost_atomic_60(scene *s)
{
    boosted_atomic_60(s);
    s->zone.boost_known = false;
    s->zone.low_pages = 1025;
    s->zone.managed_pages = 10000;
}

static void nowait_order1_only_h(scene *s)
{
    victim_order1_only_h(s);
    s->request.oom_victim = KD_HINT_UNKNOWN;
    s->request.can_wait = false;
}

static void atomic_order1_only_h(scene *s)
{
    nowait_order1_only_h(s);
    s->request.high = true;
    s->request.atomic_bit = true;
}

static void atomic_order0_only_h(scene *s)
{
    s->request.can_wait = false;
    s->request.high = true;
    s->request.atomic_bit = true;
    s->zone.free_pages = 2000;
    set_blocks(s, 1, 1000, H);
}

static void order1_only_r(scene *s)
{
    s->request.order = 1;
    s->zone.free_pages = 9000;
    set_blocks(s, 1, 4500, R);
}

enum {
    PASS = KD_ALLOC_WOULD_SUCCEED,
    SHORT = KD_ALLOC_BELOW_WATERMARK,
    ONLY_H = KD_ALLOC_ONLY_HIGHATOMIC,
    ONLY_C = KD_ALLOC_ONLY_CMA,
    FRAG = KD_ALLOC_FRAGMENTED
};

static const struct boundary {
    void (*set)(scene *s);
    uint32_t before;
    int verdict_before;
    uint32_t after;
    int verdict_after;
} boundaries[] = {
    /* what sets HARDER */
    { no_wait_no_kswapd_800, V26(39), PASS, V(3, 17), SHORT },
    { nowait_800, V(4, 3), PASS, V(4, 4), SHORT },
    { atomic_bit_waiting_800, V(4, 3), SHORT, V(4, 4), PASS },
    { atomic_bit_waiting_800, V(6, 2), PASS, V(6, 3), SHORT },
    { atomic_bit_waiting_800, V(6, 1), PASS, KD_KERNEL(6, 1, 176), SHORT },
    { high_nowait_400, V(6, 2), SHORT, V(6, 3), PASS },
    { high_nowait_400, V(6, 1), SHORT, KD_KERNEL(6, 1, 176), PASS },
    { high_nowait_400, KD_KERNEL(6, 1, 176), PASS, V(6, 2), SHORT },
    { nowait_nomemalloc_800, V26(37), PASS, V(3, 4), SHORT },
    /* the reserves of the task */
    { memalloc_10, V(3, 5), SHORT, V(3, 6), PASS },
    { memalloc_atomic_h, KD_KERNEL(4, 13, 16), PASS, V(4, 14), ONLY_H },
    { victim_10, V(4, 12), PASS, V(4, 14), SHORT },
    /* CMA */
    { movable_cma_block, V(3, 4), ONLY_C, V(3, 8), PASS },
    { order0_cma_1500_of_2000, V(3, 6), PASS, V(3, 8), SHORT },
    { order2_halving_with_cma, V(3, 8), FRAG, V(3, 10), PASS },
    /* orders */
    { order4_mostly_single, V(4, 3), FRAG, V(4, 4), PASS },
    /* the highatomic reserve */
    { reserved_1000_free_100_of_1500, V(6, 11), SHORT, V(6, 13), PASS },
    { reserved_1000_free_100_of_1500, V(6, 12), SHORT, KD_KERNEL(6, 12, 107), PASS },
    { high_waiting_reserved_1000_of_1400, V(6, 2), SHORT, V(6, 3), PASS },
    { high_waiting_reserved_1000_of_1400, V(6, 1), SHORT, KD_KERNEL(6, 1, 176), PASS },
    { victim_order1_only_h, V(6, 2), ONLY_H, V(6, 3), PASS },
    { victim_order1_only_h, V(6, 1), ONLY_H, KD_KERNEL(6, 1, 176), PASS },
    { nowait_order1_only_h, V(6, 2), ONLY_H, V(6, 3), PASS },
    { nowait_order1_only_h, V(6, 17), PASS, V(6, 18), ONLY_H },
    { nowait_order1_only_h, V(6, 12), PASS, KD_KERNEL(6, 12, 107), ONLY_H },
    { nowait_order1_only_h, KD_KERNEL(6, 1, 176), ONLY_H, V(6, 3), PASS },
    { atomic_order1_only_h, V(4, 3), ONLY_H, V(4, 4), PASS },
    { atomic_order0_only_h, V(6, 12), ONLY_H, V(6, 13), PASS },
    { atomic_order0_only_h, V(6, 1), ONLY_H, KD_KERNEL(6, 1, 176), PASS },
    { atomic_order0_only_h, V(6, 12), ONLY_H, KD_KERNEL(6, 12, 107), PASS },
    /* order 0 */
    { order0_h_600_of_1400, V(4, 6), SHORT, V(4, 8), PASS },
    { order0_reserved_1000_of_1400, V(5, 8), PASS, V(5, 9), SHORT },
    { boosted_atomic_60, V(5, 7), SHORT, V(5, 9), PASS },
    { boosted_high_60, V(6, 2), SHORT, V(6, 3), PASS },
    { boosted_high_60, KD_KERNEL(6, 1, 176), SHORT, V(6, 3), PASS },
    { hidden_boost_atomic_60, V(5, 7), SHORT, V(5, 10), PASS },
    /* Reserve blocks */
    { order1_only_r, V(4, 3), PASS, V(4, 4), FRAG },
};

START_TEST(boundary_from_both_sides)
{
    const struct boundary *row = &boundaries[_i];
    kd_alloc_zone_result zone;
    kd_alloc_result result;
    scene s = plain(row->before);

    row->set(&s);
    result = replay(&s, &zone);
    ck_assert_msg((int)result.verdict == row->verdict_before, "row %d before: %s", _i,
                  kd_alloc_verdict_name(result.verdict));
    s = plain(row->after);
    row->set(&s);
    result = replay(&s, &zone);
    ck_assert_msg((int)result.verdict == row->verdict_after, "row %d after: %s", _i,
                  kd_alloc_verdict_name(result.verdict));
}
END_TEST

/* To 4.14 HARDER passes the free-area check on any block; the search refuses it then. */
START_TEST(harder_passes_on_any_block)
{
    kd_alloc_zone_result zone;
    scene s = plain(V(4, 14));

    s.request.order = 4;
    s.request.atomic_bit = true;
    s.request.can_wait = false;
    s.zone.free_pages = 9000;
    s.zone.free_cma_pages = 1024;
    set_blocks(&s, 0, 7976, U);
    set_blocks(&s, 10, 1, C);
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_ONLY_CMA);
    ck_assert_int_eq(zone.failed, KD_CHECK_LISTS);
    s.request.version = V(4, 15);
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_ONLY_CMA);
    ck_assert_int_eq(zone.failed, KD_CHECK_FREE_AREA);
    ck_assert(zone.watermark_loop_counts_cma_unsure);
    /* OOM victims see H blocks in the check from 4.13 on, but not in the search. */
    s = plain(V(5, 10));
    victim_order1_only_h(&s);
    ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_ONLY_HIGHATOMIC);
    ck_assert_int_eq(zone.failed, KD_CHECK_LISTS);
}
END_TEST

/* A version between the first and the last read of a back-port: both readings are run. */
START_TEST(drifting_version_is_not_proved)
{
    kd_alloc_zone_result zone;
    kd_alloc_result result;
    scene s = plain(KD_KERNEL(6, 1, 90));

    high_nowait_400(&s);
    s.zone.managed_pages = 4096;
    result = replay(&s, &zone);
    ck_assert(result.rules_drift && result.drift_matters && !result.proved);
    ck_assert(!result.agrees_for_every_split);
    s.request.version = KD_KERNEL(6, 1, 176);
    result = replay(&s, &zone);
    ck_assert(!result.rules_drift && result.proved);
}
END_TEST

/* ---- lines ------------------------------------------------------------------------------------ */

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

START_TEST(rights_and_lines)
{
    static const struct {
        uint32_t version;
        bool high, harder, nomemalloc;
        int64_t mark;
    } rows[] = {
        { V(3, 10), true, true, false, 375 },  { V(5, 10), true, true, false, 375 },
        { V(5, 10), true, true, true, 500 },   { V(5, 10), false, true, false, 750 },
        { V(6, 6), true, true, false, 375 },   { V(6, 6), true, true, true, 500 },
        { V(6, 6), false, true, false, 1000 }, { V(7, 2), true, false, false, 500 },
        { V(3, 10), false, false, false, 1000 }
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kd_alloc_zone_result zone;
        scene s = plain(rows[i].version);

        s.request.high = rows[i].high;
        s.request.atomic_bit = rows[i].harder && rows[i].version >= V(4, 4);
        s.request.can_wait = !rows[i].harder;
        s.request.nomemalloc = rows[i].nomemalloc;
        set_free(&s, 5000);
        ck_assert_int_eq(replay(&s, &zone).verdict, KD_ALLOC_WOULD_SUCCEED);
        ck_assert_int_eq(zone.tests[0].mark_pages, rows[i].mark);
    }
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

/* ---- the worked example: arm64, 5.4.125, order 4, 0xa20, DMA32 --------------------------------- */

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

/* ---- several zones ----------------------------------------------------------------------------- */

START_TEST(zone_asked_by_the_low_nibble)
{
    static const kd_zone_kind asked[16] = {
        KD_ZONE_NORMAL,  KD_ZONE_DMA,     KD_ZONE_HIGHMEM, KD_ZONE_INVALID,
        KD_ZONE_DMA32,   KD_ZONE_INVALID, KD_ZONE_INVALID, KD_ZONE_INVALID,
        KD_ZONE_NORMAL,  KD_ZONE_DMA,     KD_ZONE_MOVABLE, KD_ZONE_INVALID,
        KD_ZONE_DMA32,   KD_ZONE_INVALID, KD_ZONE_INVALID, KD_ZONE_INVALID
    };

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
    s.request.global_free_pages = 60;
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

/* ---- what is proved ---------------------------------------------------------------------------- */

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

    /* 100000 pages: 97 -> 24 -> 36 -> batch 31. */
    set_free(&s, 1000 - 32);
    result = replay(&s, &zone);
    ck_assert_int_eq(result.verdict, KD_ALLOC_BELOW_WATERMARK);
    ck_assert(result.proved);
    set_free(&s, 1000 - 20);
    result = replay(&s, &zone);
    ck_assert(!result.proved && result.near_line);
    s.request.cpus = 0;
    set_free(&s, 1000 - 32);
    ck_assert(!replay(&s, &zone).proved);
    s.request.cpus = 1;
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
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tests, boundary_from_both_sides, 0,
                        (int)(sizeof(boundaries) / sizeof(boundaries[0])));
    tcase_add_test(tests, harder_passes_on_any_block);
    tcase_add_test(tests, drifting_version_is_not_proved);
    tcase_add_test(tests, victim_with_high_has_the_lower_line);
    tcase_add_test(tests, rights_and_lines);
    tcase_add_test(tests, reclaiming_task_has_no_line);
    tcase_add_test(tests, seed_only_cma);
    tcase_add_test(tests, seed_near_misses);
    tcase_add_test(tests, zone_asked_by_the_low_nibble);
    tcase_add_test(tests, dma_exhausted);
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
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

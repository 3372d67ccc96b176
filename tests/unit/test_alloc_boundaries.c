/* test_alloc_boundaries.c - each version boundary of the allocator's rules, from both sides. */
#include "alloc_names.h"
#include "alloc_scene.h"
#include "family/alloc/replay/parts.h"
#include "suite.h"

/* ---- version boundaries --------------------------------------------------------------------- */

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
                  verdict_name(result.verdict));
    s = plain(row->after);
    row->set(&s);
    result = replay(&s, &zone);
    ck_assert_msg((int)result.verdict == row->verdict_after, "row %d after: %s", _i,
                  verdict_name(result.verdict));
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
    /* Both readings say the same; what else the amount could be is no matter of the rules. */
    s = plain(KD_KERNEL(6, 1, 90));
    set_free(&s, 1400);
    s.zone.unprinted_cma_pages = 1000;
    s.zone.letters_known = false; /* else the amount is read as passed */
    result = replay(&s, &zone);
    ck_assert(result.rules_drift && !result.drift_matters);
    ck_assert(!result.agrees_for_every_split && !result.proved);
}
END_TEST

START_TEST(rights_and_lines)
{
    static const struct {
        uint32_t version;
        bool high, harder, nomemalloc;
        int64_t mark;
    } rows[] = { { V(3, 10), true, true, false, 375 },   { V(5, 10), true, true, false, 375 },
                 { V(5, 10), true, true, true, 500 },    { V(5, 10), false, true, false, 750 },
                 { V(6, 6), true, true, false, 375 },    { V(6, 6), true, true, true, 500 },
                 { V(6, 6), false, true, false, 1000 },  { V(7, 2), true, false, false, 500 },
                 { V(3, 10), false, false, false, 1000 } };

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

/* ---- numbers that a dump does not print ------------------------------------------------------ */

/* Before 5.17 low - min is a quarter of the min without boost, unless a thousandth of the zone is
 * more. */
START_TEST(min_without_boost)
{
    static const struct {
        kd_zone_kind kind;
        uint64_t min, low, managed;
        int64_t least, most;
    } rows[] = {
        { KD_ZONE_NORMAL, 1000, 1250, 10000, 1000, 1000 },
        { KD_ZONE_NORMAL, 1003, 1253, 10000, 1003, 1003 },
        { KD_ZONE_NORMAL, 1004, 1254, 10000, 997, 1003 },
        { KD_ZONE_NORMAL, 5000, 5250, 10000, 997, 1003 },
        /* a thousandth of the zone and one page more: 11 */
        { KD_ZONE_NORMAL, 51, 63, 10000, 51, 51 },
        { KD_ZONE_NORMAL, 52, 64, 10000, 45, 51 },
        { KD_ZONE_NORMAL, 46, 57, 10000, 0, 46 },
        { KD_ZONE_NORMAL, 47, 58, 10000, 0, 47 },
        { KD_ZONE_NORMAL, 48, 59, 10000, 0, 47 },
        { KD_ZONE_NORMAL, 52, 64, 10999, 45, 51 },
        { KD_ZONE_NORMAL, 52, 64, 11000, 0, 51 },
        { KD_ZONE_NORMAL, 100, 101, 10000, 0, 7 },
        { KD_ZONE_NORMAL, 127, 127, 10000, 127, 127 },
        { KD_ZONE_NORMAL, 128, 128, 10000, 0, 128 },
        { KD_ZONE_NORMAL, 128, 100, 10000, 0, 128 },
        { KD_ZONE_HIGHMEM, 127, 1000, 10000, 127, 127 },
        { KD_ZONE_HIGHMEM, 128, 1000, 10000, 0, 128 },
        { KD_ZONE_MOVABLE, 127, 1000, 10000, 127, 127 },
        { KD_ZONE_MOVABLE, 128, 1000, 10000, 0, 128 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kd_alloc_zone_result zone;
        scene s = plain(V(5, 10));

        s.request.zone = s.zone.kind = rows[i].kind;
        s.request.configured_zones |= 1u << rows[i].kind;
        s.zone.min_pages = rows[i].min;
        s.zone.low_pages = rows[i].low;
        s.zone.managed_pages = rows[i].managed;
        replay(&s, &zone);
        ck_assert_msg(zone.tests[0].unboosted_min_pages.low == rows[i].least, "row %zu", i);
        ck_assert_msg(zone.tests[0].unboosted_min_pages.high == rows[i].most, "row %zu", i);
    }
}
END_TEST

START_TEST(min_without_a_boost_that_is_told)
{
    static const int64_t rows[][2] = {
        { 0, 1000 }, { 1, 999 }, { 999, 1 }, { 1000, 0 }, { 1001, 0 }
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kd_alloc_zone_result zone;
        scene s = plain(V(6, 1));

        s.zone.boost_pages = (uint64_t)rows[i][0];
        replay(&s, &zone);
        ck_assert_int_eq(zone.tests[0].unboosted_min_pages.low, rows[i][1]);
        ck_assert_int_eq(zone.tests[0].unboosted_min_pages.high, rows[i][1]);
    }
}
END_TEST

/* A hundredth of the zone and two blocks of the largest order. */
START_TEST(most_that_may_be_reserved)
{
    static const struct {
        uint64_t managed;
        uint32_t orders;
        int64_t most;
    } rows[] = { { 0, 11, 5000 },
                 { 1, 11, 2048 },
                 { 99, 11, 2048 },
                 { 100, 11, 2049 },
                 { 100000, 11, 3048 },
                 { 100000, 2, 1004 },
                 { 100000, 1, 1000 + 2 * 8192 },
                 { 100000, 0, 1000 + 2 * 8192 },
                 { 100000, 24, 1000 + 2 * 8388608 },
                 { 100000, 25, 1000 + 2 * 8192 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kd_alloc_zone_result zone;
        scene s = plain(V(4, 19));

        set_free(&s, 5000);
        s.zone.managed_pages = rows[i].managed;
        s.zone.order_count = rows[i].orders;
        replay(&s, &zone);
        ck_assert_msg(zone.tests[0].highatomic_pages.high == rows[i].most, "row %zu: %lld", i,
                      (long long)zone.tests[0].highatomic_pages.high);
    }
}
END_TEST

static bool is_near(const kd_alloc_request *request, const kd_alloc_zone *zone, int64_t usable)
{
    kd_alloc_test test = { .usable_pages = { usable, usable }, .line_pages = { 0, 0 } };
    struct kd_alloc_rules rules;

    kd_alloc_rules_find(request->version, &rules);
    return kd_alloc_is_near_line(request, &rules, zone, &test);
}

/* (batch + 2 * drift) * cpus. Batch: a thousandth (of 1024) of the zone, at most 256, a quarter of
 * it, half as much again, down to a power of two, less one. Drift: 2 * bits(cpus) * (1 + bits(pages
 * / 32768)), at most 125. */
START_TEST(how_near_is_near)
{
    static const struct {
        uint64_t managed;
        uint32_t cpus;
        int64_t slack;
    } rows[] = {
        { 0, 1, 63 + 2 * 2 },
        { 1, 1, 1 + 2 * 2 },
        { 4096, 1, 1 + 2 * 2 },
        { 12287, 1, 1 + 2 * 2 },
        { 12288, 1, 3 + 2 * 2 },
        { 20479, 1, 3 + 2 * 2 },
        { 24576, 1, 7 + 2 * 2 },
        { 32767, 1, 7 + 2 * 2 },
        { 32768, 1, 7 + 2 * 4 },
        { 65536, 1, 15 + 2 * 6 },
        { 131072, 1, 31 + 2 * 8 },
        { 262143, 1, 63 + 2 * 8 },
        { 262144, 1, 63 + 2 * 10 },
        { 1048576, 1, 63 + 2 * 14 },
        { 4096, 2, (1 + 2 * 4) * 2 },
        { 4096, 3, (1 + 2 * 4) * 3 },
        { 4096, 4, (1 + 2 * 6) * 4 },
        { 1048576, 0, (63 + 2 * 98) * 64 },
        { 1048576, 255, (63 + 2 * 112) * 255 },
        { 1048576, 256, (63 + 2 * 125) * 256 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene s = plain(V(4, 19));

        s.request.cpus = rows[i].cpus;
        s.zone.managed_pages = rows[i].managed;
        ck_assert_msg(is_near(&s.request, &s.zone, rows[i].slack), "row %zu", i);
        ck_assert_msg(!is_near(&s.request, &s.zone, rows[i].slack + 1), "row %zu", i);
        ck_assert_msg(is_near(&s.request, &s.zone, 1 - rows[i].slack), "row %zu", i);
        ck_assert_msg(!is_near(&s.request, &s.zone, -rows[i].slack), "row %zu", i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alloc_boundaries");
    TCase *tests = tcase_create("alloc_boundaries");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_loop_test(tests, boundary_from_both_sides, 0,
                        (int)(sizeof(boundaries) / sizeof(boundaries[0])));
    tcase_add_test(tests, harder_passes_on_any_block);
    tcase_add_test(tests, drifting_version_is_not_proved);
    tcase_add_test(tests, rights_and_lines);
    tcase_add_test(tests, min_without_boost);
    tcase_add_test(tests, min_without_a_boost_that_is_told);
    tcase_add_test(tests, most_that_may_be_reserved);
    tcase_add_test(tests, how_near_is_near);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

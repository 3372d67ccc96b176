/* test_alloc_conclude.c - from what the zones say to one verdict: each limit from both sides. */
#include "suite.h"

#include "family/alloc/replay/parts.h"

static kd_alloc_verdict conclude(const kd_alloc_tally *tally, const kd_alloc_elsewhere *elsewhere,
                                 uint32_t order)
{
    size_t zone = 0;
    return kd_alloc_tally_conclude(tally, elsewhere, order, &zone);
}

/* 8 pages are asked for; the marks of the zones that are not printed may be as high as those of the
 * printed ones, 500, and 1024 pages come and go while the dump is made. */
START_TEST(memory_that_is_not_printed)
{
    const kd_alloc_tally tally = { .short_weight = 1 };
    kd_alloc_elsewhere elsewhere = {
        .reachable_high = 500, .listed_count = 1, .zones_left_out = true, .elsewhere_free = 1532
    };
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_ZONE_EXHAUSTED);
    elsewhere.elsewhere_free = 1531;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_BELOW_WATERMARK);
    elsewhere.elsewhere_free = 2000; /* more than twice what is free here, or it is not much */
    elsewhere.reachable_free = 999;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_ZONE_EXHAUSTED);
    elsewhere.reachable_free = 1000;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_BELOW_WATERMARK);
    elsewhere.reachable_free = 0; /* on nodes that are left out, but the request may use them */
    elsewhere.zones_left_out = false;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_BELOW_WATERMARK);
    elsewhere.node_bound = true;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_NODE_BOUND);
}
END_TEST

START_TEST(memory_that_the_mask_excludes)
{
    const kd_alloc_tally tally = { .short_weight = 1 };
    kd_alloc_elsewhere elsewhere = { .listed_count = 1, .excluded_spare = 8, .reachable_free = 7 };
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_ZONE_EXHAUSTED);
    elsewhere.reachable_free = 8;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_BELOW_WATERMARK);
    elsewhere.reachable_free = 0;
    elsewhere.excluded_spare = 7;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_BELOW_WATERMARK);
    elsewhere.listed_count = 0;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_UNKNOWN);
    elsewhere.excluded_spare = 8;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 3), KD_ALLOC_ZONE_EXHAUSTED);
}
END_TEST

/* What most of the memory says counts. */
START_TEST(weights)
{
    static const struct {
        int64_t list, few, unknown;
        kd_alloc_verdict verdict;
    } rows[] = {
        { 5, 5, 5, KD_ALLOC_FRAGMENTED }, { 5, 6, 5, KD_ALLOC_BELOW_WATERMARK },
        { 5, 5, 6, KD_ALLOC_UNKNOWN },    { 0, 5, 5, KD_ALLOC_BELOW_WATERMARK },
        { 0, 5, 6, KD_ALLOC_UNKNOWN },    { 0, 0, 0, KD_ALLOC_BELOW_WATERMARK },
        { 1, 0, 0, KD_ALLOC_FRAGMENTED },
    };
    const kd_alloc_elsewhere elsewhere = { .listed_count = 1 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const kd_alloc_tally tally = { .list_weight = rows[i].list,
                                       .short_weight = rows[i].few,
                                       .unknown_weight = rows[i].unknown };
        ck_assert_msg(conclude(&tally, &elsewhere, 1) == rows[i].verdict, "row %zu", i);
    }
}
END_TEST

START_TEST(bound_to_nodes)
{
    kd_alloc_tally tally = { .list_weight = 5, .short_weight = 5 };
    kd_alloc_elsewhere elsewhere = { .listed_count = 1,
                                     .node_bound = true,
                                     .elsewhere_free = 1 << 20 };
    ck_assert_int_eq(conclude(&tally, &elsewhere, 1), KD_ALLOC_NODE_BOUND);
    tally.list_weight = 6; /* of the blocks of nodes that are not printed nothing is known */
    ck_assert_int_eq(conclude(&tally, &elsewhere, 1), KD_ALLOC_FRAGMENTED);
    elsewhere.other_node_known = true;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 1), KD_ALLOC_NODE_BOUND);
    tally.any_pass = true;
    ck_assert_int_eq(conclude(&tally, &elsewhere, 1), KD_ALLOC_WOULD_SUCCEED);
}
END_TEST

START_TEST(which_zone)
{
    kd_alloc_tally tally = { .list_weight = 1 };
    const kd_alloc_elsewhere elsewhere = { .listed_count = 1 };
    size_t zone = 0;
    for (size_t voice = 0; voice < KD_VOICE_PASSES + 1; voice++)
        tally.zone[voice] = 10 + voice;
    tally.largest[KD_VOICE_HALVING] = tally.largest[KD_VOICE_NO_BLOCK] = 7;
    kd_alloc_conclude_lists(&tally, 1, &zone);
    ck_assert_uint_eq(zone, 10 + KD_VOICE_HALVING);
    tally.largest[KD_VOICE_NO_BLOCK] = 8;
    kd_alloc_conclude_lists(&tally, 1, &zone);
    ck_assert_uint_eq(zone, 10 + KD_VOICE_NO_BLOCK);
    tally.list_weight = 0;
    tally.short_weight = 1;
    kd_alloc_tally_conclude(&tally, &elsewhere, 1, &zone);
    ck_assert_uint_eq(zone, 10 + KD_VOICE_SHORT);
    tally.short_weight = 0;
    kd_alloc_tally_conclude(&tally, &elsewhere, 1, &zone);
    ck_assert_uint_eq(zone, 10 + KD_VOICE_SHORT_BY_RESERVE);
}
END_TEST

START_TEST(lists)
{
    size_t zone;
    kd_alloc_tally tally = {
        .cma_present = true, .highatomic_present = true, .cma_blocks = 4, .highatomic_blocks = 4
    };
    ck_assert_int_eq(kd_alloc_conclude_lists(&tally, 1, &zone), KD_ALLOC_ONLY_CMA);
    tally.highatomic_blocks = 5;
    ck_assert_int_eq(kd_alloc_conclude_lists(&tally, 1, &zone), KD_ALLOC_ONLY_HIGHATOMIC);
    tally.highatomic_present = false;
    ck_assert_int_eq(kd_alloc_conclude_lists(&tally, 1, &zone), KD_ALLOC_ONLY_CMA);
    tally.cma_present = false;
    ck_assert_int_eq(kd_alloc_conclude_lists(&tally, 1, &zone), KD_ALLOC_FRAGMENTED);
    ck_assert_int_eq(kd_alloc_conclude_lists(&tally, 0, &zone), KD_ALLOC_UNKNOWN);
    tally.any_halving = true;
    ck_assert_int_eq(kd_alloc_conclude_lists(&tally, 0, &zone), KD_ALLOC_FRAGMENTED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alloc_conclude");
    TCase *tests = tcase_create("alloc_conclude");
    tcase_add_test(tests, memory_that_is_not_printed);
    tcase_add_test(tests, memory_that_the_mask_excludes);
    tcase_add_test(tests, weights);
    tcase_add_test(tests, bound_to_nodes);
    tcase_add_test(tests, which_zone);
    tcase_add_test(tests, lists);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

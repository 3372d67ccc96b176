/* test_fragmentation.c - the two indexes, worked out by hand. */
#include "family/memdump/decode_fragmentation.h"
#include "suite.h"

/* 4 pages + 2 blocks of order 1 = 8 pages in 6 blocks, order 2 asked:
 * index 1000 - (1000 + 8000 / 4) / 6 = 1000 - 500 = 500; nothing is usable. */
START_TEST(small_pieces)
{
    const uint64_t counts[] = { 4, 2, 0, 0 };
    kd_fragmentation found;

    kd_fragmentation_find(counts, 4, 2, &found);
    ck_assert_uint_eq(found.free_pages, 8);
    ck_assert_uint_eq(found.free_blocks, 6);
    ck_assert_uint_eq(found.suitable_blocks, 0);
    ck_assert_int_eq(found.index_permille, 500);
    ck_assert_int_eq(found.unusable_permille, 1000);
}
END_TEST

/* 10 pages + 1 of order 3 = 18 pages, order 2: two blocks would do = 8 pages; 10/18 unusable. */
START_TEST(a_block_is_there)
{
    const uint64_t counts[] = { 10, 0, 0, 1 };
    kd_fragmentation found;

    kd_fragmentation_find(counts, 4, 2, &found);
    ck_assert_uint_eq(found.suitable_blocks, 2);
    ck_assert_int_eq(found.index_permille, -1000);
    ck_assert_int_eq(found.unusable_permille, 555);
}
END_TEST

START_TEST(nothing_is_free)
{
    const uint64_t counts[] = { 0, 0 };
    kd_fragmentation found;

    kd_fragmentation_find(counts, 2, 0, &found);
    ck_assert_int_eq(found.index_permille, 0);
    ck_assert_int_eq(found.unusable_permille, 1000);
    kd_fragmentation_find(NULL, 0, 4, &found);
    ck_assert_int_eq(found.index_permille, 0);
}
END_TEST

/* One page, order 1: 1000 - (1000 + 500) / 1: the kernel's formula goes below zero. */
START_TEST(one_block)
{
    const uint64_t counts[] = { 1, 0 };
    kd_fragmentation found;

    kd_fragmentation_find(counts, 2, 1, &found);
    ck_assert_int_eq(found.index_permille, -500);
}
END_TEST

/* 1000 single pages, order 4: 1000 - (1000 + 62500) / 1000 = 937. */
START_TEST(many_single_pages)
{
    const uint64_t counts[] = { 1000 };
    kd_fragmentation found;

    kd_fragmentation_find(counts, 1, 4, &found);
    ck_assert_int_eq(found.index_permille, 937);
    kd_fragmentation_find(counts, 1, 0, &found);
    ck_assert_int_eq(found.unusable_permille, 0);
}
END_TEST

START_TEST(hostile_numbers)
{
    uint64_t counts[30];
    kd_fragmentation found;

    for (size_t i = 0; i < 30; i++)
        counts[i] = UINT64_MAX;
    kd_fragmentation_find(counts, 30, 3, &found);
    ck_assert_int_eq(found.index_permille, -1000);
    ck_assert_int_ge(found.unusable_permille, 0);
    ck_assert_int_le(found.unusable_permille, 1000);
    kd_fragmentation_find(counts, 30, UINT32_MAX, &found);
    ck_assert_uint_eq(found.suitable_blocks, 0);
    ck_assert_int_eq(found.unusable_permille, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fragmentation");
    TCase *tests = tcase_create("fragmentation");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, small_pieces);
    tcase_add_test(tests, a_block_is_there);
    tcase_add_test(tests, nothing_is_free);
    tcase_add_test(tests, one_block);
    tcase_add_test(tests, many_single_pages);
    tcase_add_test(tests, hostile_numbers);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_memo.c - what the rules of one event share: computed once, forgotten with the event. */
#include "core/memo.h"
#include "plain.h"
#include "suite.h"

static const char first_key, second_key;

START_TEST(first_asker_fills_it_in)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_memo memo = { .arena = { .mem = &mem } };
    bool fresh;
    int *value = kd_memo_get(&memo, &first_key, sizeof *value, &fresh);
    ck_assert(value && fresh && *value == 0);
    *value = 7;
    int *other = kd_memo_get(&memo, &second_key, sizeof *other, &fresh);
    ck_assert(other && fresh && other != value && *other == 0);
    ck_assert_ptr_eq(kd_memo_get(&memo, &first_key, sizeof *value, &fresh), value);
    ck_assert(!fresh && *value == 7);
    kd_memo_clear(&memo);
    ck_assert_uint_eq(mem.used, 0);
    value = kd_memo_get(&memo, &first_key, sizeof *value, &fresh);
    ck_assert(value && fresh && *value == 0);
    kd_memo_clear(&memo);
}
END_TEST

START_TEST(refused)
{
    kd_mem mem = { .allocator = &allocator, .limit = 4096 };
    kd_memo memo = { .arena = { .mem = &mem } };
    bool fresh = true;
    ck_assert_ptr_null(kd_memo_get(&memo, &first_key, 1 << 16, &fresh));
    ck_assert(!fresh);
    ck_assert_int_eq(mem.failed, KD_E_LIMIT);
    kd_memo_clear(&memo);
    ck_assert_uint_eq(mem.used, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memo");
    TCase *tests = tcase_create("memo");
    tcase_add_test(tests, first_asker_fills_it_in);
    tcase_add_test(tests, refused);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

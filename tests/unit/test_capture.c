/* test_capture.c - what the order of the lines tells of a capture: the bounds. */
#include "api/capture.h"
#include "report/store.h"
#include "suite.h"

/* Pairs of lines whose times go back, and forward. */
static unsigned forms(uint64_t back, uint64_t forward)
{
    kd_capture capture = { .back = back, .forward = forward };
    return kd_capture_forms(&capture);
}

START_TEST(order_of_lines)
{
    ck_assert_uint_eq(forms(0, 100), 0);
    ck_assert_uint_eq(forms(3, 0), 0); /* too few to say */
    ck_assert_uint_eq(forms(4, 0), KD_FORM_REVERSED);
    ck_assert_uint_eq(forms(50, 10), KD_FORM_REVERSED);
    ck_assert_uint_eq(forms(49, 10), KD_FORM_UNORDERED);
    ck_assert_uint_eq(forms(5, 2), 0);
    ck_assert_uint_eq(forms(6, 18), KD_FORM_UNORDERED);
    ck_assert_uint_eq(forms(6, 19), 0);
}
END_TEST

START_TEST(doubled_lines)
{
    kd_capture once = { .doubled = 1 }, often = { .doubled = 2 };
    ck_assert_uint_eq(kd_capture_forms(&once), 0);
    ck_assert_uint_eq(kd_capture_forms(&often), KD_FORM_DOUBLED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture");
    TCase *tests = tcase_create("capture");
    tcase_add_test(tests, order_of_lines);
    tcase_add_test(tests, doubled_lines);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

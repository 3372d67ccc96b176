/* test_str.c - searching in text. */
#include <check.h>
#include <stdlib.h>

#include "base/str.h"

/* The text before the match may be shorter than what is searched: "httpd Not tainted 3.2.6 #1". */
START_TEST(last_occurrence_near_the_start)
{
    kd_str text = KD_STR("httpd Not tainted 3.2.6 #1");

    ck_assert_ptr_eq(kd_str_find_last(text, " Not tainted"), text.ptr + 5);
    ck_assert_ptr_eq(kd_str_find_last(text, "httpd"), text.ptr);
    ck_assert_ptr_eq(kd_str_find_last(text, "#1"), text.ptr + 24);
}
END_TEST

START_TEST(no_occurrence)
{
    ck_assert_ptr_null(kd_str_find_last(KD_STR("abc"), "abcd"));
    ck_assert_ptr_null(kd_str_find_last(KD_STR("abcab"), "abd"));
    ck_assert_ptr_null(kd_str_find_last(KD_STR(""), "a"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("str");
    TCase *tests = tcase_create("str");
    SRunner *runner;
    int failed;

    tcase_add_test(tests, last_occurrence_near_the_start);
    tcase_add_test(tests, no_occurrence);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

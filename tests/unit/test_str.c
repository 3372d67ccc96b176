/* test_str.c - text views: searches at the ends of the text. */
#include "base/str.h"
#include "suite.h"

static int last_at(const char *text, const char *needle)
{
    kd_str s = kd_str_of(text);
    const char *found = kd_str_find_last(s, needle);
    return found ? (int)(found - s.ptr) : -1;
}

START_TEST(find_last)
{
    /* a needle longer than what stands before it */
    ck_assert_int_eq(last_at("ufb Not tainted 5.4.3 #1", " Not tainted"), 3);
    ck_assert_int_eq(last_at(" Not tainted", " Not tainted"), 0);
    ck_assert_int_eq(last_at("a: b: c", ": "), 4);
    ck_assert_int_eq(last_at("a: b:", ": "), 1);
    ck_assert_int_eq(last_at("aaa", "aa"), 1);
    ck_assert_int_eq(last_at("a", "aa"), -1);
    ck_assert_int_eq(last_at("", " "), -1);
    ck_assert_int_eq(last_at("abc", "d"), -1);
    ck_assert_int_eq(last_at("abc", ""), -1);
}
END_TEST

START_TEST(split_to_the_end)
{
    kd_str rest = kd_str_of("a||b"), part;
    ck_assert(kd_str_split(&rest, '|', &part) && kd_str_is(part, "a"));
    ck_assert(kd_str_split(&rest, '|', &part) && kd_str_is(part, ""));
    ck_assert(kd_str_split(&rest, '|', &part) && kd_str_is(part, "b"));
    ck_assert(!kd_str_split(&rest, '|', &part));
}
END_TEST

static bool trims_to(const char *text, const char *expected)
{
    return kd_str_is(kd_str_trim(kd_str_of(text)), expected);
}

START_TEST(trim_no_break_spaces)
{
    ck_assert(trims_to(" \ta b\r", "a b"));
    ck_assert(trims_to("\xc2\xa0 \xc2\xa0 a\xc2\xa0 b \xc2\xa0\r", "a\xc2\xa0 b"));
    ck_assert(trims_to("\xc2\xa0\xc2\xa0", ""));
    ck_assert(trims_to("\xa0", "\xa0"));
    ck_assert(trims_to("\xc2", "\xc2"));
    ck_assert(trims_to("a\xe1\xc2", "a\xe1\xc2"));
    ck_assert(trims_to("", ""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("str");
    TCase *tests = tcase_create("str");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, find_last);
    tcase_add_test(tests, split_to_the_end);
    tcase_add_test(tests, trim_no_break_spaces);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

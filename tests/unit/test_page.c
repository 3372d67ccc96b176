/* test_page.c - text for people: wrapping at the width, escapes, tables, colours. */
#include <string.h>

#include "kdiag.h"
#include "report/page.h"
#include "suite.h"

static char written[4096];
static size_t length;

static int keep(const char *data, size_t len, void *user)
{
    (void)user;
    ck_assert_uint_lt(length + len, sizeof written);
    memcpy(written + length, data, len);
    length += len;
    written[length] = '\0';
    return 0;
}

static void begin(kd_page *page, uint32_t flags)
{
    length = 0;
    written[0] = '\0';
    kd_page_init(page, flags, keep, NULL);
}

static const char *end(kd_page *page)
{
    ck_assert_int_eq(kd_sink_end(&page->sink), KD_OK);
    return written;
}

START_TEST(widths)
{
    kd_page page;
    begin(&page, 0);
    ck_assert_uint_eq(page.width, 80);
    ck_assert(!page.colour);
    begin(&page, KD_WIDTH(39));
    ck_assert_uint_eq(page.width, 40);
    begin(&page, KD_WIDTH(41) | KD_COLOUR);
    ck_assert_uint_eq(page.width, 41);
    ck_assert(page.colour);
}
END_TEST

/* A word that ends in the last column stays on the line; one column more, and it does not. */
START_TEST(wrapping)
{
    kd_page page;
    begin(&page, KD_WIDTH(40));
    kd_page_item(&page, "abcd: ", kd_str_of("0123456789 0123456789 0123456789 1 2 3"));
    ck_assert_str_eq(end(&page), "abcd: 0123456789 0123456789 0123456789 1\n      2 3\n");
    ck_assert_uint_eq(page.lines, 2);
    begin(&page, KD_WIDTH(40));
    kd_page_item(&page, "abcd: ", kd_str_of("0123456789 0123456789 0123456789 12 3"));
    ck_assert_str_eq(end(&page), "abcd: 0123456789 0123456789 0123456789\n      12 3\n");
    /* blanks are one; a word that is too long stands on a line of its own */
    begin(&page, KD_WIDTH(40));
    kd_page_item(&page, "- ", kd_str_of("  a   b 0123456789012345678901234567890123456789 c "));
    ck_assert_str_eq(end(&page), "- a b\n  0123456789012345678901234567890123456789\n  c\n");
    begin(&page, 0);
    kd_page_item(&page, "- ", KD_STR(""));
    ck_assert_str_eq(end(&page), "- \n");
}
END_TEST

START_TEST(tables)
{
    kd_page page;
    begin(&page, KD_WIDTH(40));
    kd_page_table(&page, "  ", kd_str_of("a   b\n1   2"));
    ck_assert_str_eq(end(&page), "  a   b\n  1   2\n");
    ck_assert_uint_eq(page.lines, 2);
    begin(&page, KD_WIDTH(40));
    kd_page_table(&page, "  ", kd_str_of("a   b"));
    ck_assert_str_eq(end(&page), "  a b\n");
}
END_TEST

START_TEST(lines_of_the_log)
{
    kd_page page;
    begin(&page, 0);
    kd_page_log(&page, kd_str_of("0123456789"), 10);
    kd_page_log(&page, kd_str_of("0123456789a"), 10);
    kd_page_log(&page, kd_str_of("01234567\x1b"), 10); /* four columns do not fit */
    kd_page_words(&page, kd_str_of("a\tb"), 10);
    ck_assert_str_eq(end(&page), "0123456789\n0123456789...\n01234567...\na b");
    ck_assert_uint_eq(page.lines, 3);
}
END_TEST

START_TEST(characters)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        { "\x1b[31m", "\\x1b[31m" },
        { "\x1f \x7e", "\\x1f ~" },
        { "\x7f", "\\x7f" },
        { "\xff", "\\xff" }, /* no UTF-8 */
        { "\xc3\xa9", "\xc3\xa9" },
        { "\xc2\x9f", "\\xc2\\x9f" },
        { "\xc2\xa0", "\xc2\xa0" },
        { "\xc2\xac", "\xc2\xac" },
        { "\xc2\xad", "\\xc2\\xad" }, /* a soft hyphen */
        { "\xc2\xae", "\xc2\xae" },
        { "\xd8\x9b", "\xd8\x9b" },
        { "\xd8\x9c", "\\xd8\\x9c" },
        { "\xd8\x9d", "\xd8\x9d" },
        { "\xe2\x80\x8a", "\xe2\x80\x8a" },
        { "\xe2\x80\x8b", "\\xe2\\x80\\x8b" },
        { "\xe2\x80\x8f", "\\xe2\\x80\\x8f" },
        { "\xe2\x80\x90", "\xe2\x80\x90" },
        { "\xe2\x80\xa7", "\xe2\x80\xa7" },
        { "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
        { "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* turns the text */
        { "\xe2\x80\xaf", "\xe2\x80\xaf" },
        { "\xe2\x81\x9f", "\xe2\x81\x9f" },
        { "\xe2\x81\xa0", "\\xe2\\x81\\xa0" },
        { "\xe2\x81\xaf", "\\xe2\\x81\\xaf" },
        { "\xe2\x81\xb0", "\xe2\x81\xb0" },
        { "\xef\xb8\x8f", "\\xef\\xb8\\x8f" },
        { "\xef\xb8\x90", "\xef\xb8\x90" },
        { "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
        { "\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_page page;
        begin(&page, 0);
        kd_page_words(&page, kd_str_of(rows[i].text), 40);
        ck_assert_str_eq(end(&page), rows[i].shown);
    }
    ck_assert_uint_eq(kd_page_columns(kd_str_of("a\tb\xc3\xa9\x1b\xc2\xad\xff")), 4 + 4 + 8 + 4);
}
END_TEST

START_TEST(colours)
{
    kd_page page;
    begin(&page, 0);
    kd_page_heading(&page, "Lines");
    kd_page_printf(&page, "%u\n\n", 7u);
    ck_assert_str_eq(end(&page), "Lines\n7\n\n");
    ck_assert_uint_eq(page.lines, 3);
    begin(&page, KD_COLOUR);
    kd_page_heading(&page, "Lines");
    ck_assert_str_eq(end(&page), "\033[1mLines\033[0m\n");
    ck_assert_uint_eq(page.lines, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page");
    TCase *tests = tcase_create("page");
    tcase_add_test(tests, widths);
    tcase_add_test(tests, wrapping);
    tcase_add_test(tests, tables);
    tcase_add_test(tests, lines_of_the_log);
    tcase_add_test(tests, characters);
    tcase_add_test(tests, colours);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

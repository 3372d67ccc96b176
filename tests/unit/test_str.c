/* test_str.c - text views: searches at the ends of the text. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
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

static bool is_ascii(unsigned char c)
{
    return c < 0x80;
}

static bool is_plain(unsigned char c)
{
    return is_ascii(c) && c >= ' ' && c != '&' && c != '<';
}

static bool is_quiet(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Each byte at each place of texts of each length around the steps that are looked at at once. */
START_TEST(runs)
{
    char text[40];
    for (size_t len = 0; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++)
            for (unsigned c = 0; c < 256; c++) {
                memset(text, 'a', sizeof text);
                memset(text + at, (int)c, 1);
                kd_str s = { text, len };
                ck_assert_uint_eq(kd_str_ascii(s), is_ascii((unsigned char)c) ? len : at);
                ck_assert_uint_eq(kd_str_plain(s), is_plain((unsigned char)c) ? len : at);
                ck_assert_uint_eq(kd_str_quiet(s), is_quiet((unsigned char)c) ? len : at);
            }
    ck_assert_uint_eq(kd_str_plain((kd_str){ NULL, 0 }), 0);
}
END_TEST

/* Texts of two letters, so that nearly all places look alike: as a search letter by letter finds
 * it.
 */
START_TEST(find)
{
    char text[60], needle[20];
    uint32_t state = 1;
    for (int round = 0; round < 20000; round++) {
        size_t len = (state = state * 1664525 + 1013904223) >> 8 & 63, want;
        size_t n = state >> 20 & 15;
        len = len < sizeof text ? len : sizeof text;
        for (size_t i = 0; i < len; i++)
            text[i] = "ab"[(state = state * 1664525 + 1013904223) >> 24 & 1];
        for (size_t i = 0; i < n; i++)
            needle[i] = "ab"[(state = state * 1664525 + 1013904223) >> 24 & 1];
        for (want = 0; want + n <= len && memcmp(text + want, needle, n) != 0;)
            want++;
        const char *found = kd_find((kd_str){ text, len }, needle, n);
        if (len == 0 || want + n > len)
            ck_assert_ptr_null(found);
        else
            ck_assert_ptr_eq(found, text + want);
    }
}
END_TEST

START_TEST(which)
{
    static const char *const prefixes[] = { "(ptr", "BUG", "BUG: ", "CPU", "[<", "a", "\xc2\xa0" };
    size_t count = KD_COUNT(prefixes);
    ck_assert_uint_eq(kd_str_which(KD_STR("(ptrval)"), prefixes, count), 0);
    ck_assert_uint_eq(kd_str_which(KD_STR("BUG: x"), prefixes, count), 1); /* the first of two */
    ck_assert_uint_eq(kd_str_which(KD_STR("CPU"), prefixes, count), 3);
    ck_assert_uint_eq(kd_str_which(KD_STR("[<c0"), prefixes, count), 4);
    ck_assert_uint_eq(kd_str_which(KD_STR("\xc2\xa0 x"), prefixes, count), 6);
    ck_assert_uint_eq(kd_str_which(KD_STR("\xff"), prefixes, count), count);
    ck_assert_uint_eq(kd_str_which(KD_STR("BU"), prefixes, count), count);
    ck_assert_uint_eq(kd_str_which(KD_STR(""), prefixes, count), count);
    ck_assert_uint_eq(kd_str_which(KD_STR("a"), prefixes, 0), 0);
}
END_TEST

/* Each byte is what C's own functions say in the C locale. */
START_TEST(bytes)
{
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool ascii = c < 128;
        ck_assert_msg(kd_is_hex(byte) == (ascii && isxdigit(c)), "%d", c);
        ck_assert_msg(kd_in_name(byte) == ((ascii && isalnum(c)) || c == '_'), "%d", c);
        ck_assert_msg(kd_in_symbol(byte) ==
                          ((ascii && isalnum(c)) || (c && strchr("_.$@", c) != NULL)),
                      "%d", c);
        ck_assert_msg(kd_is_digit(byte) == (ascii && isdigit(c)), "%d", c);
        ck_assert_msg(kd_is_alpha(byte) == (ascii && isalpha(c)), "%d", c);
        ck_assert_msg(kd_is_blank(byte) == (c == ' ' || c == '\t'), "%d", c);
    }
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        const char *text;
        bool hex, taken;
        uint64_t value;
        size_t left;
    } rows[] = {
        { "0123456789abcdef", true, true, UINT64_C(0x0123456789abcdef), 0 },
        { "FEDCBA9876543210", true, true, UINT64_C(0xfedcba9876543210), 0 },
        { "0xFEDCBA9876543210g", true, true, UINT64_C(0xfedcba9876543210), 1 },
        { "0X1f", true, true, 0x1f, 0 },
        { "10123456789abcdef", true, false, 0, 17 },
        { "0x10123456789abcdef", true, false, 0, 19 },
        { "0x", true, false, 0, 2 },
        { "g", true, false, 0, 1 },
        { "18446744073709551615 ", false, true, UINT64_MAX, 1 },
        { "18446744073709551616", false, false, 0, 20 },
        { "18446744073709551620", false, false, 0, 20 },
        { "99999999999999999999", false, false, 0, 20 },
        { "000000000000000000000000042", false, true, 42, 0 },
        { "9999999999999999999", false, true, UINT64_C(9999999999999999999), 0 },
        { "a", false, false, 0, 1 },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_scan in = kd_scan_of(kd_str_of(rows[i].text));
        uint64_t value = 0;
        bool taken = rows[i].hex ? kd_scan_hex(&in, &value) : kd_scan_u64(&in, &value);
        ck_assert_msg(taken == rows[i].taken && value == rows[i].value, "%s", rows[i].text);
        ck_assert_msg(kd_scan_left(&in) == rows[i].left, "%s", rows[i].text);
    }
}
END_TEST

START_TEST(signed_numbers)
{
    static const struct {
        const char *text;
        bool taken;
        int64_t value;
    } rows[] = {
        { "-12", true, -12 },
        { "12", true, 12 },
        { "-", false, 0 },
        { "--1", false, 0 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775807", true, -INT64_MAX },
        { "9223372036854775808", false, 0 },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_scan in = kd_scan_of(kd_str_of(rows[i].text));
        int64_t value = 0;
        ck_assert_msg(kd_scan_i64(&in, &value) == rows[i].taken && value == rows[i].value, "%s",
                      rows[i].text);
        ck_assert_msg(kd_scan_at_end(&in) == rows[i].taken, "%s", rows[i].text);
    }
}
END_TEST

/* A format without a conversion is copied, and cut like any other. */
START_TEST(printed)
{
    char room[8];
    ck_assert(kd_str_eq(kd_str_print(room, sizeof room, "plain"), KD_STR("plain")));
    ck_assert_str_eq(room, "plain");
    ck_assert(kd_str_eq(kd_str_print(room, sizeof room, "seven.."), KD_STR("seven..")));
    ck_assert(kd_str_eq(kd_str_print(room, sizeof room, "eight..."), KD_STR("eight..")));
    ck_assert_str_eq(room, "eight..");
    ck_assert(kd_str_eq(kd_str_print(room, sizeof room, "%d of %d", 12, 345), KD_STR("12 of 3")));
    ck_assert(kd_str_eq(kd_str_print(room, sizeof room, "10 %%"), KD_STR("10 %")));
}
END_TEST

START_TEST(digits)
{
    static const uint64_t values[] = { 0,     7,      9,       10,         42,        99,
                                       100,   101,    999,     1000,       1001,      65536,
                                       99999, 100000, 1000000, 4294967295, UINT64_MAX };
    char room[KD_DIGITS], text[32];
    for (size_t i = 0; i < KD_COUNT(values); i++) {
        snprintf(text, sizeof text, "%llu", KD_LLU(values[i]));
        kd_str made = kd_str_digits(room, values[i]);
        ck_assert_msg(kd_str_is(made, text), "%s", text);
    }
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
    tcase_add_test(tests, runs);
    tcase_add_test(tests, find);
    tcase_add_test(tests, which);
    tcase_add_test(tests, bytes);
    tcase_add_test(tests, numbers);
    tcase_add_test(tests, signed_numbers);
    tcase_add_test(tests, printed);
    tcase_add_test(tests, digits);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

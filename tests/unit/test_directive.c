/* test_directive.c - what the directives of grammars take: each byte, each name, each limit. */
#include "suite.h"

#include <string.h>

#include "input/directive.h"

/* ---- words ----------------------------------------------------------------------------------- */

/* The visible bytes that end a word of a sort; blanks and control bytes end each. */
static void check_stops(int sort, const char *stops)
{
    for (unsigned c = 0; c < 256; c++) {
        bool ends = c <= ' ' || strchr(stops, (int)c) != NULL;
        if (kd_in_word(sort, (char)c) == ends)
            ck_abort_msg("sort %d, byte 0x%x: %s", sort, c, ends ? "is taken" : "ends it");
    }
}

START_TEST(what_ends_a_word)
{
    check_stops(KD_HOST, "[,|");
    check_stops(KD_NAME, "[]:,|<>(){};=/");
    check_stops(KD_LEVEL, "]:,.");
    check_stops(KD_FACILITY, "[]:,.");
    check_stops(KD_ANY_WORD, "");
}
END_TEST

START_TEST(how_long_a_word_is)
{
    static const char text[] = "abcdefgh next";
    for (size_t most = 7; most <= 9; most++) {
        kd_scan in = kd_scan_of(kd_str_of(text));
        kd_str word;
        ck_assert_int_eq(kd_take_word(&in, KD_ANY_WORD, most, &word), most >= 8);
        ck_assert_uint_eq(word.len, 8); /* passed over as a whole in any case */
        ck_assert(in.at == text + 8);
    }
    kd_scan none = kd_scan_of(KD_STR(" x"));
    kd_str word;
    ck_assert(!kd_take_word(&none, KD_ANY_WORD, 8, &word));
}
END_TEST

/* ---- directives ------------------------------------------------------------------------------ */

typedef struct directive_case {
    char directive;
    const char *text;
    size_t taken; /* bytes; 0: it is none */
    int level;
} directive_case;

#define NO_LEVEL (-1)

static void check(const directive_case *c)
{
    kd_attempt a = { .in = kd_scan_of(kd_str_of(c->text)), .wall = c->text, .level = NO_LEVEL };
    bool taken = kd_take_directive(&a, c->directive, ']');
    if (taken != (c->taken > 0) || (taken && (size_t)(a.in.at - c->text) != c->taken))
        ck_abort_msg("%%%c of \"%s\": %s, %d bytes", c->directive, c->text,
                     taken ? "taken" : "refused", (int)(a.in.at - c->text));
    if (taken)
        ck_assert_int_eq(a.level, c->level);
    ck_assert_int_eq(a.has_level, taken && c->level != NO_LEVEL);
}

static void check_all(const directive_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(&cases[i]);
}

#define CHECK(...)                                             \
    do {                                                       \
        static const directive_case cases[] = { __VA_ARGS__ }; \
        check_all(cases, sizeof cases / sizeof cases[0]);      \
    } while (0)
#define IS(c, text)                        \
    {                                      \
        c, text, sizeof text - 1, NO_LEVEL \
    }
#define LEVEL(c, text, level)           \
    {                                   \
        c, text, sizeof text - 1, level \
    }
#define NO(c, text)          \
    {                        \
        c, text, 0, NO_LEVEL \
    }

START_TEST(clocks_and_days)
{
    CHECK(IS('T', "00:00:00"), IS('T', "23:59:60"), NO('T', "24:00:00"), NO('T', "23:60:00"),
          NO('T', "23:59:61"), NO('T', "23:59"), NO('T', "23-59-00"), IS('T', "06:47:11.25"),
          IS('T', "06:47:11,378221"), { 'T', "06:47:11.", 8, NO_LEVEL },
          { 'T', "06:47:11.x", 8, NO_LEVEL }, { 'T', "06:47:11:2", 8, NO_LEVEL }, IS('H', "23:59"),
          { 'H', "23:59:61", 5, NO_LEVEL }, NO('H', "24:00"));
    CHECK(IS('d', "1"), IS('d', "31"), NO('d', "0"), NO('d', "32"), NO('d', "x"), IS('Y', "1970"),
          IS('Y', "2999"), NO('Y', "1969"), NO('Y', "3000"), IS('n', "0"),
          IS('n', "18446744073709551615"), NO('n', "18446744073709551616"));
    CHECK(IS('b', "Jan"), IS('b', "Dec"), { 'b', "Mayor", 3, NO_LEVEL }, NO('b', "an "),
          NO('b', "De"), NO('b', "anF"), IS('m', "ven."), IS('m', "11\xe6\x9c\x88"),
          NO('m', "1234"), NO('m', "abcdefghijklmnopq"), IS('m', "abcdefghijklmnop"));
}
END_TEST

START_TEST(iso_times)
{
    CHECK(IS('I', "2026-11-22T13:12:50"), IS('I', "2026-11-22 13:12:50"),
          IS('I', "2026-01-01T00:00:00Z"), IS('I', "2026-12-31T00:00:00.5+00:00"),
          IS('I', "2026-11-22T13:12:50-0930"), IS('I', "2026-11-22T13:12:50+09:59"),
          { 'I', "2026-11-22T13:12:50]", 19, NO_LEVEL });
    CHECK(IS('I', "1970-01-01T00:00:00"), IS('I', "2999-12-31T23:59:60"),
          NO('I', "3000-01-01T00:00:00"));
    CHECK(NO('I', "1969-11-22T13:12:50"), NO('I', "2026-00-22T13:12:50"),
          NO('I', "2026-13-22T13:12:50"), NO('I', "2026-11-00T13:12:50"),
          NO('I', "2026-11-32T13:12:50"), NO('I', "2026-11-22_13:12:50"),
          NO('I', "2026/11-22T13:12:50"), NO('I', "2026-11/22T13:12:50"),
          NO('I', "2026-11-22T13:12:50+09:60"), NO('I', "2026-11-22T13:12:50+x"),
          NO('I', "2026-11-22T13:12:50x"), NO('I', "2026-11-22T13:12:50_"),
          NO('I', "2026-11-22T13:12:50Z7"));
}
END_TEST

START_TEST(times_of_the_kernel)
{
    CHECK(IS('S', "1.234567"), { 'S', "1.234567]", 8, NO_LEVEL }, NO('S', "1.23456"),
          NO('S', "1.2345678"), NO('S', "1,234567"), NO('S', "1.23456x"), NO('S', "x.234567"),
          IS('S', "9223372036854.775807"), NO('S', "9223372036855.000000"), IS('s', "1.234567"),
          IS('U', "1234567"), NO('U', "x"));
    kd_attempt a = { .in = kd_scan_of(KD_STR("12.345678")) };
    ck_assert(kd_take_directive(&a, 'S', ']') && a.has_time && a.time_us == 12345678);
    a = (kd_attempt){ .in = kd_scan_of(KD_STR("12.345678")) };
    ck_assert(kd_take_directive(&a, 's', ']') && !a.has_time && a.time_us == 0);
    a = (kd_attempt){ .in = kd_scan_of(KD_STR("345")) };
    ck_assert(kd_take_directive(&a, 'U', ']') && a.has_time && a.time_us == 345);
}
END_TEST

START_TEST(levels)
{
    CHECK(LEVEL('L', "0", 0), LEVEL('L', "191", 7), NO('L', "192"), LEVEL('L', "12", 4),
          NO('L', "x"));
    CHECK(LEVEL('l', "emerg", 0), LEVEL('l', "panic", 0), LEVEL('l', "emergency", 0),
          LEVEL('l', "alert", 1), LEVEL('l', "crit", 2), LEVEL('l', "critical", 2),
          LEVEL('l', "err", 3), LEVEL('l', "error", 3), LEVEL('l', "warn", 4),
          LEVEL('l', "warning", 4), LEVEL('l', "notice", 5), LEVEL('l', "info", 6),
          LEVEL('l', "debug", 7), NO('l', "loud"), NO('l', "debugging"), NO('l', "emergency1"));
    CHECK(LEVEL('A', "F", 2), LEVEL('A', "E", 3), LEVEL('A', "W", 4), LEVEL('A', "I", 6),
          LEVEL('A', "D", 7), LEVEL('A', "V", 7), NO('A', "X"), NO('A', ""));
}
END_TEST

START_TEST(who_says_it)
{
    CHECK(IS('f', "kern"), IS('f', "kernel"), IS('f', "user"), IS('f', "mail"), IS('f', "daemon"),
          IS('f', "auth"), IS('f', "syslog"), IS('f', "lpr"), IS('f', "news"), IS('f', "uucp"),
          IS('f', "cron"), IS('f', "ftp"), IS('f', "authpriv"), IS('f', "local0"),
          IS('f', "local7"), NO('f', "local8"), NO('f', "kernels"), NO('f', "ker"),
          NO('f', "authprivx"));
    CHECK(IS('c', "T12"), IS('c', "C0"), NO('c', "X1"), NO('c', "T"), NO('c', "12"));
    CHECK(IS('k', "kernel:"), IS('k', "kernel[1]:"), NO('k', "kernel"), NO('k', "kernel[1:"),
          NO('k', "kernel[x]:"), NO('k', "systemd:"));
    CHECK({ 'h', "host[1]", 4, NO_LEVEL }, IS('h', "a.b:c"), NO('h', "[x]"), IS('w', "a[b]|c"),
          NO('w', ""), { 'r', "free text] x", 9, NO_LEVEL }, NO('r', "no end"), NO('?', "x"));
}
END_TEST

/* FREE_MAX of directive.c: 48 bytes. */
START_TEST(free_text_ends_soon)
{
    char text[64];
    for (size_t len = 47; len <= 50; len++) {
        memset(text, 'x', len);
        memcpy(text + len, "];", 3);
        kd_attempt a = { .in = kd_scan_of(kd_str_of(text)) };
        ck_assert_int_eq(kd_take_directive(&a, 'r', ']'), len <= 48);
        text[len] = ';';
        a = (kd_attempt){ .in = kd_scan_of(kd_str_of(text)) };
        ck_assert_int_eq(kd_take_directive(&a, 'F', ';'), len <= 48);
    }
    kd_attempt a = { .in = kd_scan_of(KD_STR("-,caller=T12;x")) };
    ck_assert(kd_take_directive(&a, 'F', ';') && kd_str_is(a.caller, "T12"));
    a = (kd_attempt){ .in = kd_scan_of(KD_STR("-;x")) };
    ck_assert(kd_take_directive(&a, 'F', ';') && a.caller.len == 0);
}
END_TEST

START_TEST(stamps_in_a_text)
{
    static const struct {
        const char *text;
        size_t at, len; /* len 0: none */
    } cases[] = {
        { "[    1.234567] x", 0, 14 },
        { "x[12.345678][ T1] y", 1, 11 },
        { "[<c0101234>] [    1.234567] x", 13, 14 },
        { "[    1.234567]", 0, 0 }, /* a text must follow */
        { "[    1.234567]x", 0, 0 },
        { "[    1.23456] x", 0, 0 },
        { "[", 0, 0 },
        { "", 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = 0;
        const char *at = kd_find_stamp(kd_str_of(cases[i].text), &len);
        ck_assert_int_eq(at != NULL, cases[i].len > 0);
        if (at) {
            ck_assert_uint_eq((size_t)(at - cases[i].text), cases[i].at);
            ck_assert_uint_eq(len, cases[i].len);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directive");
    TCase *tests = tcase_create("directive");

    tcase_add_test(tests, what_ends_a_word);
    tcase_add_test(tests, how_long_a_word_is);
    tcase_add_test(tests, clocks_and_days);
    tcase_add_test(tests, iso_times);
    tcase_add_test(tests, times_of_the_kernel);
    tcase_add_test(tests, levels);
    tcase_add_test(tests, who_says_it);
    tcase_add_test(tests, free_text_ends_soon);
    tcase_add_test(tests, stamps_in_a_text);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_carrier.c - messages inside JSON lines and flow mappings of YAML, and lines that carry none.
 */
#include <stdio.h>
#include <string.h>

#include "input/clean.h"
#include "suite.h"

static char room[512];

static bool carried(const char *raw, kd_line *line)
{
    *line = (kd_line){ .level = -1 };
    ck_assert_uint_lt(strlen(raw), sizeof room);
    return kd_carried(kd_str_of(raw), room, line);
}

START_TEST(messages)
{
    static const struct {
        const char *raw, *message; /* NULL: none is carried */
    } rows[] = {
        { "{\"MESSAGE\":\"Mem-Info:\"}", "Mem-Info:" },
        { "{\"message\" : \"a\" , \"x\":1}", "a" },
        { "{\"x\":{\"y\":[1,{\"z\":\"q\"}]},\"msg\":\"a\"}", "a" },
        { "{\"log\":\"a\",\"msg\":\"b\"}", "a" }, /* the first */
        { "{\"text\":\"a\"}", "a" },
        { "{\"msg\":12}", NULL },
        { "{\"massage\":\"a\"}", NULL },
        { "{\"msg\"=\"a\"}", NULL },
        { "{\"msg\":\"cut", "cut" },
        { "{\"msg\":", NULL },
        { "  - {\"dt\": \"2025-01-21T04:41:44\", \"msg\": \"a: b, c\"}", "a: b, c" },
        { "- {dt: 1, msg: Mem-Info, lvl: 2}", "Mem-Info" },
        { "- {msg: 'it is'}", "it is" },
        { "- msg: a", NULL },
        { "   \"msg\": \"Mem-Info:\"", "Mem-Info:" },
        { "   \"MESSAGE\" : \"Mem-Info:\",", "Mem-Info:" },
        { "   \"message\": \"Mem-Info:\"  ", NULL },
        { "   \"msg\": \"", NULL },
        { "   \"msg\": \",", NULL },
        { "   \"msg\": 12,", NULL },
        { "   \"msgs\": \"a\"", NULL },
        { "{\"MESSAGE\":[77,101,109]}", "Mem" },
        { "{\"MESSAGE\":[ 77 , 10 , 109 ]}", "M m" },
        { "{\"MESSAGE\":[255,109]}", "\xffm" },
        { "{\"MESSAGE\":[77,256,109]}", "M" },
        { "{\"MESSAGE\":[]}", NULL },
        { "Mem-Info:", NULL },
        { "", NULL },
        { "-", NULL },
        { "{", NULL },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_line line;
        bool found = carried(rows[i].raw, &line);
        ck_assert_msg(found == (rows[i].message != NULL), "%s", rows[i].raw);
        ck_assert_msg((line.forms == KD_FORM_JSON) == found, "%s", rows[i].raw);
        if (found)
            ck_assert_msg(kd_str_is(line.clean, rows[i].message), "%s: %.*s", rows[i].raw,
                          KD_FMT(line.clean));
    }
}
END_TEST

START_TEST(escapes)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "a\\nb\\rc\\td\\be\\ff", "a b c\td e f" },
        { "\\\"a\\\\b\\/", "\"a\\b/" },
        { "\\u003c\\u003E\\u007f", "<>\x7f" },
        { "\\u0080", "\xc2\x80" },
        { "\\u00e9\\u07ff", "\xc3\xa9\xdf\xbf" },
        { "\\u0800", "\xe0\xa0\x80" },
        { "\\u20AC", "\xe2\x82\xac" },
        { "\\ufFfF", "\xef\xbf\xbf" },
        { "\\u12g4", "u12g4" },
        { "\\u004", "u004" }, /* cut */
        { "\\u0041", "A" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_line line;
        char raw[200];
        snprintf(raw, sizeof raw, "{\"msg\":\"%s\"}", rows[i].text);
        ck_assert(carried(raw, &line));
        ck_assert_msg(kd_str_is(line.clean, rows[i].message), "%s: %.*s", raw, KD_FMT(line.clean));
        snprintf(raw, sizeof raw, "  \"msg\": \"%s\",", rows[i].text);
        ck_assert(carried(raw, &line));
        ck_assert_msg(kd_str_is(line.clean, rows[i].message), "%s: %.*s", raw, KD_FMT(line.clean));
    }
}
END_TEST

START_TEST(what_else_is_told)
{
    kd_line line;
    ck_assert(carried("{\"__REALTIME_TIMESTAMP\":\"7\",\"_SOURCE_MONOTONIC_TIMESTAMP\":\"5123456\","
                      "\"PRIORITY\":\"4\",\"MESSAGE\":\"a\"}",
                      &line));
    ck_assert(line.has_time && line.time_us == 5123456);
    ck_assert_int_eq(line.level, 4);
    ck_assert(carried("{\"MESSAGE\":\"a\",\"_SOURCE_MONOTONIC_TIMESTAMP\":\"51x\","
                      "\"PRIORITY\":\"8\"}",
                      &line));
    ck_assert(!line.has_time);
    ck_assert_int_eq(line.level, -1);
    ck_assert(
        carried("{\"MESSAGE\":\"a\",\"PRIORITY\":\"7\",\"time\":\"2025-01-21T04:41:44\"}", &line));
    ck_assert_int_eq(line.level, 7);
    ck_assert(kd_str_is(line.wall_time, "2025-01-21T04:41:44"));
    ck_assert(carried("{\"MESSAGE\":\"a\",\"time\":\"2025-01-21T04:41:4\"}", &line));
    ck_assert_uint_eq(line.wall_time.len, 0);
    ck_assert(carried("{\"MESSAGE\":\"a\",\"dt\":\"2025/01/21 04:41:44\"}", &line));
    ck_assert_uint_eq(line.wall_time.len, 0);
    /* without a message it is another program's line: nothing of it counts */
    ck_assert(!carried("{\"PRIORITY\":\"4\",\"time\":\"2025-01-21T04:41:44\"}", &line));
    ck_assert(line.level == -1 && line.wall_time.len == 0 && !line.has_time);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("carrier");
    TCase *tests = tcase_create("carrier");
    tcase_add_test(tests, messages);
    tcase_add_test(tests, escapes);
    tcase_add_test(tests, what_else_is_told);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

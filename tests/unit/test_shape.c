/* test_shape.c - a prefix learnt from neighbours has numbers, brackets or signs in it: words alone
 * would fit any text. */
#include "plain.h"
#include "suite.h"
#include <stdio.h>

#include "input/shape.h"

static const struct {
    const char *prefix;
    kd_learnt learnt;
} cases[] = {
    { "uart 000123 | ", KD_LEARNT_SHAPE },
    { "uart> ", KD_LEARNT_SHAPE },
    { "[box] ", KD_LEARNT_SHAPE },
    { "node ", KD_LEARNT_NOTHING },
    /* letters and signs that a shape writes its parts with */
    { "DESK ", KD_LEARNT_NOTHING },
    { "BOX ", KD_LEARNT_NOTHING },
    { "mode= ", KD_LEARNT_NOTHING },
    { "a==> ", KD_LEARNT_SHAPE },
};

static kd_mem mem;
static kd_matcher known;

static void begin(void)
{
    mem = (kd_mem){ .allocator = &allocator, .limit = SIZE_MAX };
    ck_assert_int_eq(kd_heads_init(&known, &mem), KD_OK);
}

static void end(void)
{
    kd_matcher_free(&known, &mem);
}

START_TEST(structure)
{
    char lines[2][80];
    kd_shape shape;
    snprintf(lines[0], sizeof lines[0], "%sCPU: 0 PID: 42 Comm: foo Not tainted 6.1.0 #1",
             cases[_i].prefix);
    snprintf(lines[1], sizeof lines[1], "%sCall Trace:", cases[_i].prefix);
    const kd_str texts[] = { kd_str_of(lines[0]), kd_str_of(lines[1]) };
    ck_assert_msg(kd_shape_learn(&known, &shape, texts, 2) == cases[_i].learnt, "\"%s\"",
                  cases[_i].prefix);
}
END_TEST

/* Names that differ from line to line: what did not fit before is no part of the looser shape. */
START_TEST(names_differ)
{
    static const kd_str texts[] = {
        { "[alpha] CPU: 0 PID: 42 Comm: foo Not tainted 6.1.0 #1", 53 },
        { "[be] Call Trace:", 16 },
        { "[gamma] Call Trace:", 19 },
    };
    kd_shape shape;
    ck_assert_int_eq(kd_shape_learn(&known, &shape, texts, 3), KD_LEARNT_SHAPE);
    for (size_t i = 0; i < KD_COUNT(texts); i++) {
        kd_scan in = kd_scan_of(texts[i]);
        kd_line line = { 0 };
        ck_assert(kd_shape_take(&shape, &in, &line));
        ck_assert_ptr_eq(in.at, kd_str_find(texts[i], i ? "Call" : "CPU"));
    }
}
END_TEST

/* Seconds with six places are a time, of a clock with two colons, a thread: each once, the first.
 */
START_TEST(words_of_a_prefix)
{
    static const struct {
        const char *prefix;
        bool has_time;
        uint64_t time_us;
        const char *wall, *caller;
    } rows[] = {
        { "uart 5.123456 | ", true, 5123456, "", "" },
        { "uart 5.12345 | ", false, 0, "", "" },
        { "uart 5.1234567 | ", false, 0, "", "" },
        { "uart 5.123456x | ", false, 0, "", "" },
        { "uart 5.123456 6.123456 | ", true, 5123456, "", "" },
        { "uart 999999999.000001 | ", true, 999999999000001, "", "" },
        { "uart 1000000000.000001 | ", false, 0, "", "" },
        { "uart 10:22:60 T12 | ", false, 0, "10:22:60", "T12" },
        { "uart 10:22:61 C3 | ", false, 0, "", "C3" },
        { "uart 24:22:01 X12 | ", false, 0, "", "" },
        { "uart 23:60:01 T12x | ", false, 0, "", "" },
        { "uart 23:59:59 00:00:00 T1 C2 | ", false, 0, "23:59:59", "T1" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        char text[80];
        kd_shape shape;
        kd_line line = { 0 };
        snprintf(text, sizeof text, "%sCall Trace:", rows[i].prefix);
        const kd_str texts[] = { kd_str_of(text), kd_str_of(text) };
        ck_assert_int_eq(kd_shape_learn(&known, &shape, texts, 2), KD_LEARNT_SHAPE);
        kd_scan in = kd_scan_of(texts[0]);
        ck_assert(kd_shape_take(&shape, &in, &line));
        ck_assert_msg(line.has_time == rows[i].has_time && line.time_us == rows[i].time_us, "%s",
                      text);
        ck_assert_msg(kd_str_is(line.wall_time, rows[i].wall), "%s", text);
        ck_assert_msg(kd_str_is(line.caller, rows[i].caller), "%s", text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shape");
    TCase *tests = tcase_create("shape");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, structure, 0, KD_COUNT(cases));
    tcase_add_test(tests, names_differ);
    tcase_add_test(tests, words_of_a_prefix);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

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

START_TEST(structure)
{
    char lines[2][80];
    kd_mem mem = { .allocator = &allocator, .limit = SIZE_MAX };
    kd_matcher known;
    kd_shape shape;
    snprintf(lines[0], sizeof lines[0], "%sCPU: 0 PID: 42 Comm: foo Not tainted 6.1.0 #1",
             cases[_i].prefix);
    snprintf(lines[1], sizeof lines[1], "%sCall Trace:", cases[_i].prefix);
    const kd_str texts[] = { kd_str_of(lines[0]), kd_str_of(lines[1]) };
    ck_assert_int_eq(kd_heads_init(&known, &mem), KD_OK);
    ck_assert_msg(kd_shape_learn(&known, &shape, texts, 2) == cases[_i].learnt, "\"%s\"",
                  cases[_i].prefix);
    kd_matcher_free(&known, &mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shape");
    TCase *tests = tcase_create("shape");
    tcase_add_loop_test(tests, structure, 0, KD_COUNT(cases));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

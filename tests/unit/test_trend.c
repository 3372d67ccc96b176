/* test_trend.c - growth over the dumps of a boot, and what is none. */
#include <check.h>
#include <stdlib.h>

#include "family/leak/decode_trend.h"
#include "suite.h"

#define MANAGED UINT64_C(1000000) /* noise 2000 kB, much from 30000 kB (3 %) */

typedef struct sample {
    uint64_t seconds, kb;
} sample;

static kd_trend trend_of(const sample *samples, size_t count, bool timed)
{
    kd_trend_point points[KD_TREND_POINTS + 8];
    kd_trend t;
    for (size_t i = 0; i < count; i++)
        points[i] = (kd_trend_point){ samples[i].kb, samples[i].seconds * 1000000, timed };
    kd_trend_find(points, count, MANAGED, &t);
    return t;
}

#define TREND(...)                            \
    trend_of((const sample[]){ __VA_ARGS__ }, \
             sizeof((const sample[]){ __VA_ARGS__ }) / sizeof(sample), true)

START_TEST(steady)
{
    kd_trend t = TREND({ 100, 5000 }, { 3700, 25000 }, { 7300, 45000 });
    ck_assert_int_eq(t.kind, KD_TREND_STEADY);
    ck_assert_uint_eq(t.growing, 2);
    ck_assert_uint_eq(t.grown_kb, 40000);
    ck_assert_uint_eq(t.rate_kb_per_hour, 20000);
    ck_assert_uint_eq(kd_trend_seconds(&t, 40000), 7200);
    ck_assert(!t.from_start);
}
END_TEST

START_TEST(one_step)
{
    kd_trend t = TREND({ 30, 5000 }, { 7300, 45000 });
    ck_assert_int_eq(t.kind, KD_TREND_STEP);
    ck_assert(t.from_start);
    t = trend_of((const sample[]){ { 0, 5000 }, { 0, 45000 } }, 2, false);
    ck_assert_int_eq(t.kind, KD_TREND_STEP);
    ck_assert_uint_eq(t.rate_kb_per_hour, 0);
    ck_assert_uint_eq(kd_trend_seconds(&t, 40000), 0);
}
END_TEST

START_TEST(none)
{
    ck_assert_int_eq(TREND({ 100, 5000 }).kind, KD_TREND_NONE);
    ck_assert_int_eq(TREND({ 100, 5000 }, { 200, 5000 }).kind, KD_TREND_NONE);
    /* too little: below 3 %, below a tenth of what it was, below 8 MiB */
    ck_assert_int_eq(TREND({ 100, 5000 }, { 200, 34000 }).kind, KD_TREND_NONE);
    ck_assert_int_eq(TREND({ 100, 400000 }, { 200, 439000 }).kind, KD_TREND_NONE);
    /* it stopped; it falls; it goes up and down */
    ck_assert_int_eq(TREND({ 100, 5000 }, { 200, 90000 }, { 300, 91000 }).kind, KD_TREND_NONE);
    ck_assert_int_eq(TREND({ 100, 90000 }, { 200, 5000 }).kind, KD_TREND_NONE);
    ck_assert_int_eq(TREND({ 100, 5000 }, { 200, 90000 }, { 300, 40000 }, { 400, 99000 }).kind,
                     KD_TREND_NONE);
}
END_TEST

/* Five reports within a second are one sample. */
START_TEST(burst)
{
    kd_trend t = TREND({ 100, 5000 }, { 5000, 60000 }, { 5001, 60100 }, { 5002, 60200 });
    ck_assert_int_eq(t.kind, KD_TREND_STEP);
    ck_assert_uint_eq(t.count, 2);
    ck_assert_uint_eq(t.flat, 0);
    ck_assert_uint_eq(t.grown_kb, 55200);
}
END_TEST

/* 600 kB an hour: less than the noise from one sample to the next. */
START_TEST(slow)
{
    kd_trend_point points[KD_TREND_POINTS];
    kd_trend t;
    for (size_t i = 0; i < KD_TREND_POINTS; i++)
        points[i] = (kd_trend_point){ 5000 + 600 * i, (3600 * i + 100) * 1000000, true };
    kd_trend_find(points, KD_TREND_POINTS, MANAGED, &t);
    ck_assert_int_eq(t.kind, KD_TREND_STEADY);
    ck_assert_uint_eq(t.count, 9);
    ck_assert_uint_eq(t.growing, 8);
    ck_assert_uint_eq(t.rate_kb_per_hour, 600);
}
END_TEST

START_TEST(extremes)
{
    kd_trend_point points[KD_TREND_POINTS + 8];
    kd_trend t;
    for (size_t i = 0; i < KD_TREND_POINTS + 8; i++)
        points[i] = (kd_trend_point){ i << 40, i * 1000, true };
    kd_trend_find(points, KD_TREND_POINTS + 8, MANAGED, &t);
    ck_assert_uint_eq(t.count, 9);
    ck_assert_uint_eq(t.grown_kb, UINT64_C(63) << 40);
    /* times that run backwards give no rate */
    points[3].time_us = 0;
    kd_trend_find(points, 8, MANAGED, &t);
    ck_assert_uint_eq(t.rate_kb_per_hour, 0);
    kd_trend_find(points, 0, MANAGED, &t);
    ck_assert_int_eq(t.kind, KD_TREND_NONE);
    kd_trend_find(points, 2, 0, &t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trend");
    TCase *cases = tcase_create("trend");

    tcase_set_timeout(cases, 60); /* sanitizers on a busy machine */
    tcase_add_test(cases, steady);
    tcase_add_test(cases, one_step);
    tcase_add_test(cases, none);
    tcase_add_test(cases, burst);
    tcase_add_test(cases, slow);
    tcase_add_test(cases, extremes);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}

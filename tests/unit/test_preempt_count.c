/* test_preempt_count.c - the parts of a preempt count, and where it is below zero. */
#include "suite.h"

#include "family/lock/preempt_count.h"

static kd_preempt count_of(uint32_t count, bool scheduling)
{
    kd_preempt out;
    kd_preempt_read(count, scheduling, &out);
    return out;
}

START_TEST(parts)
{
    kd_preempt p = count_of(0x00000002, true);
    ck_assert(!p.negative && p.value == 2 && p.depth == 1); /* schedule() took one itself */
    p = count_of(0x00000002, false);
    ck_assert_uint_eq(p.depth, 2);
    p = count_of(0x80000001, false); /* bit 31 is none of the count */
    ck_assert(!p.negative && p.value == 1 && p.depth == 1);
    p = count_of(0x00000100, false);
    ck_assert(p.serves_softirq && p.bh_disabled == 0);
    p = count_of(0x00000600, false);
    ck_assert(!p.serves_softirq && p.bh_disabled == 3);
    p = count_of(0x00010000, false);
    ck_assert(p.hardirq == 1 && p.nmi == 0);
    p = count_of(0x00100000, false);
    ck_assert(p.hardirq == 0 && p.nmi == 1);
}
END_TEST

START_TEST(below_zero)
{
    ck_assert(count_of(0xffffffff, false).negative && count_of(0xffffffff, false).value == -1);
    ck_assert(count_of(0x7fffffff, false).negative && count_of(0x7fffffff, false).value == -1);
    ck_assert(count_of(0xff000000, false).negative && count_of(0x7f000000, false).negative);
    ck_assert(!count_of(0xfeffffff, false).negative && !count_of(0x7effffff, false).negative);
    ck_assert(count_of(0xfffffe00, false).bh_negative && !count_of(0xfffffe01, false).bh_negative);
    ck_assert(count_of(0xfffffe01, true).bh_negative && !count_of(0xfffffe02, true).bh_negative);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("preempt_count");
    TCase *tests = tcase_create("preempt_count");
    tcase_add_test(tests, parts);
    tcase_add_test(tests, below_zero);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

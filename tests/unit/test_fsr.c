/* test_fsr.c - fault status of 32-bit arm. The values are those of real oopses. */
#include "family/fault/decode_fsr.h"
#include "suite.h"

static kd_fsr check_name(uint64_t value, const char *name, unsigned status, bool write, bool fetch)
{
    kd_fsr fsr;
    kd_fsr_decode(value, &fsr);
    ck_assert_str_eq(fsr.name, name);
    ck_assert_uint_eq(fsr.status, status);
    ck_assert(fsr.write == write);
    ck_assert(fsr.fetch == fetch);
    return fsr;
}

START_TEST(short_descriptors)
{
    check_name(0x5, "section translation fault", 5, false, false);
    check_name(0x805, "section translation fault", 5, true, false);
    check_name(0x17, "page translation fault", 7, false, false);
    check_name(0x80f, "page permission fault", 15, true, false);
    check_name(0x1, "alignment exception", 1, false, false);
    check_name(0x1406, "imprecise external abort", 22, false, false);
    check_name(0x1c06, "imprecise external abort", 22, true, false);
    check_name(0x1008, "external abort on non-linefetch", 8, false, false);
    kd_fsr fsr = check_name(0x81b, "page domain fault", 11, true, false);
    ck_assert_uint_eq(fsr.domain, 1);
    ck_assert(!fsr.lpae);
}
END_TEST

START_TEST(instruction_fetch)
{
    check_name(0x80000005, "section translation fault", 5, false, true);
    check_name(0x8000000d, "section permission fault", 13, false, true);
    check_name(0x80000002, "debug event", 2, false, true);
    check_name(0x80000003, "section access flag fault", 3, false, true);
    check_name(0x80000001, "unknown 1", 1, false, true);
    check_name(0x80000406, "unknown 22", 22, false, true);
    /* the bit that would say write has no meaning there */
    check_name(0x80000805, "section translation fault", 5, false, true);
}
END_TEST

START_TEST(long_descriptors)
{
    kd_fsr fsr = check_name(0x206, "level 2 translation fault", 6, false, false);
    ck_assert(fsr.lpae);
    ck_assert_uint_eq(fsr.domain, 0);
    check_name(0x207, "level 3 translation fault", 7, false, false);
    check_name(0xa06, "level 2 translation fault", 6, true, false);
    check_name(0xa0f, "level 3 permission fault", 15, true, false);
    check_name(0x80000207, "level 3 translation fault", 7, false, true);
    check_name(0x221, "alignment fault", 33, false, false);
    check_name(0x211, "asynchronous external abort", 17, false, false);
    check_name(0x23f, "unknown 63", 63, false, false);
}
END_TEST

START_TEST(without_a_name)
{
    check_name(0x400, "unknown 16", 16, false, false);
    check_name(0x40f, "unknown 31", 31, false, false);
    for (uint64_t value = 0; value < 0x4000; value++) {
        kd_fsr fsr;
        kd_fsr_decode(value, &fsr);
        ck_assert(fsr.name[0] != 0);
        ck_assert_uint_lt(fsr.status, fsr.lpae ? 64 : 32);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fsr");
    TCase *tests = tcase_create("fsr");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, short_descriptors);
    tcase_add_test(tests, instruction_fetch);
    tcase_add_test(tests, long_descriptors);
    tcase_add_test(tests, without_a_name);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

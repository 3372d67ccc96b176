/* test_x86_fault.c - x86 page fault error codes. */
#include "family/fault/decode_x86_fault.h"
#include "suite.h"

static void check_text(uint64_t code, const char *text, const char *access)
{
    kd_x86_fault fault;
    kd_x86_fault_decode(code, &fault);
    ck_assert_str_eq(fault.text, text);
    ck_assert_str_eq(fault.access, access);
    ck_assert_uint_eq(fault.value, code);
    ck_assert_uint_eq(fault.unknown_bits, 0);
}

START_TEST(codes_of_kernel_oopses)
{
    check_text(0x0000, "supervisor read access, not-present page", "read");
    check_text(0x0002, "supervisor write access, not-present page", "write");
    check_text(0x0001, "supervisor read access, permissions violation", "read");
    check_text(0x0003, "supervisor write access, permissions violation", "write");
    check_text(0x0009, "supervisor read access, reserved bit violation", "read");
    check_text(0x000b, "supervisor write access, reserved bit violation", "write");
    check_text(0x0010, "supervisor instruction fetch, not-present page", "execute");
    check_text(0x0011, "supervisor instruction fetch, permissions violation", "execute");
}
END_TEST

START_TEST(codes_of_user_mode_and_late_bits)
{
    check_text(0x0004, "user read access, not-present page", "read");
    check_text(0x0007, "user write access, permissions violation", "write");
    check_text(0x0015, "user instruction fetch, permissions violation", "execute");
    check_text(0x0025, "user read access, protection keys violation", "read");
    check_text(0x0047, "user write access, permissions violation", "write");
    check_text(0x80000003, "supervisor write access, RMP violation", "write");
    /* The kernel asks for a present page first, and for the reserved bit before the key. */
    check_text(0x80000020, "supervisor read access, not-present page", "read");
    check_text(0x0029, "supervisor read access, reserved bit violation", "read");
}
END_TEST

START_TEST(each_bit_has_its_field)
{
    kd_x86_fault f;
    kd_x86_fault_decode(0x8000807f, &f);
    ck_assert(f.present && f.write && f.user && f.reserved && f.fetch && f.pk && f.shadow_stack);
    ck_assert(f.sgx && f.rmp);
    ck_assert_uint_eq(f.unknown_bits, 0);
    kd_x86_fault_decode(0, &f);
    ck_assert(!f.present && !f.write && !f.user && !f.reserved && !f.fetch && !f.pk);
    ck_assert(!f.shadow_stack && !f.sgx && !f.rmp);
    kd_x86_fault_decode(0x40, &f);
    ck_assert(f.shadow_stack && !f.pk && !f.sgx);
    kd_x86_fault_decode(0x8000, &f);
    ck_assert(f.sgx && !f.rmp);
}
END_TEST

START_TEST(unknown_bits_are_kept)
{
    kd_x86_fault f;
    kd_x86_fault_decode(UINT64_MAX, &f);
    ck_assert_uint_eq(f.unknown_bits, UINT64_C(0xffffffff7fff7f80));
    kd_x86_fault_decode(0x82, &f);
    ck_assert_uint_eq(f.unknown_bits, 0x80);
    ck_assert(f.write);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x86_fault");
    TCase *tests = tcase_create("x86_fault");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, codes_of_kernel_oopses);
    tcase_add_test(tests, codes_of_user_mode_and_late_bits);
    tcase_add_test(tests, each_bit_has_its_field);
    tcase_add_test(tests, unknown_bits_are_kept);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_taint.c - taint letters and numbers. */
#include "suite.h"
#include <string.h>

#include "core/version.h"
#include "family/shared/decode_taint.h"

/* Letters as one string, in the order of the flags. */
static const char *letters_of(const kd_taint *taint)
{
    static char text[KD_TAINT_MAX + 1];
    for (size_t i = 0; i < taint->count; i++)
        text[i] = taint->flags[i].letter;
    text[taint->count] = '\0';
    return text;
}

static void check_letters(const char *raw, uint32_t version, const char *letters, uint64_t bits)
{
    kd_taint taint;
    kd_taint_letters(kd_str_of(raw), version, &taint);
    ck_assert_str_eq(letters_of(&taint), letters);
    ck_assert_uint_eq(taint.bits, bits);
}

static void check_name(const char *raw, uint32_t version, const char *name, bool vendor)
{
    kd_taint taint;
    kd_taint_letters(kd_str_of(raw), version, &taint);
    ck_assert_uint_eq(taint.count, 1);
    ck_assert_str_eq(taint.flags[0].name, name);
    ck_assert(taint.flags[0].vendor == vendor);
    ck_assert(taint.flags[0].has_bit == !vendor);
}

START_TEST(letters_give_the_bits)
{
    check_letters("G           O", KD_KERNEL(3, 2, 6), "O", 1u << 12);
    check_letters("G        W          ", V(5, 10), "W", 1u << 9);
    check_letters("P    B D W  OE    ", V(5, 15), "PBDWOE", 0x32a1);
    check_letters("GFSRMBU", V(3, 2), "FSRMBU", 0x7e);
    check_letters("P", 0, "P", 1);
    check_letters("G", V(5, 4), "", 0);
    check_letters("", V(5, 4), "", 0);
    check_letters("PFSRMBUDAWCIOELKXTNJ", V(7, 2), "PFSRMBUDAWCIOELKXTNJ", 0xfffff);
}
END_TEST

START_TEST(lost_blanks_do_no_harm)
{
    check_letters("P WC O", V(4, 4), "PWCO", 1 | 1u << 9 | 1u << 10 | 1u << 12);
    check_letters("G O", V(4, 4), "O", 1u << 12);
    check_letters("OWP", V(4, 4), "PWO", 1 | 1u << 9 | 1u << 12);
    check_letters("WWW", V(4, 4), "W", 1u << 9);
    check_letters("G\xc2\xa0\xc2\xa0 B\xc2\xa0", V(4, 4), "B", 1u << 5);
    check_letters("G\xc2", V(4, 4), "", 0);
}
END_TEST

START_TEST(dashes_are_clear_bits)
{
    check_letters("GF          O--------------", V(3, 10), "FO", 1u << 1 | 1u << 12);
    check_letters("G        W    L  --------- -  -", V(4, 18), "WL", 1u << 9 | 1u << 14);
}
END_TEST

START_TEST(reading_stops_at_the_release)
{
    kd_taint taint;
    kd_taint_letters(KD_STR("G           O 3.2.6 #4 VENDOR"), V(3, 2), &taint);
    ck_assert_str_eq(letters_of(&taint), "O");
    ck_assert_uint_eq(taint.taken, 13);
    kd_taint_letters(KD_STR("Not tainted 5.4.0 #1"), V(5, 4), &taint);
    ck_assert_uint_eq(taint.count, 0);
    ck_assert_uint_eq(taint.taken, 11);
    kd_taint_letters(KD_STR("GF          O--------------   3.10.0-514"), V(3, 10), &taint);
    ck_assert_uint_eq(taint.taken, 27);
    kd_taint_letters((kd_str){ "\0W", 2 }, V(5, 4), &taint);
    ck_assert_uint_eq(taint.count, 0);
    kd_taint_letters((kd_str){ NULL, 0 }, V(5, 4), &taint);
    ck_assert_uint_eq(taint.count, 0);
}
END_TEST

START_TEST(verbose_line_is_read)
{
    check_letters("[W]=WARN, [O]=OOT_MODULE", V(6, 12), "WO", 1u << 9 | 1u << 12);
    check_letters("[L]=SOFTLOCKUP", V(6, 12), "L", 1u << 14);
    check_letters("[D]=DIE, [W", V(6, 12), "D", 1u << 7);
    check_letters("[", V(6, 12), "", 0);
    check_letters("[D]", V(6, 12), "", 0);
}
END_TEST

START_TEST(names_by_version)
{
    check_name("GS", V(3, 10), "UNSAFE_SMP", false);
    check_name("G S", V(4, 4), "CPU_OUT_OF_SPEC", false);
    check_name("D", V(2, 6), "DIE", false);
    /* Enterprise kernels of 3.10 sign modules and patch live, with the letters of mainline. */
    check_name("E", V(3, 10), "UNSIGNED_MODULE", false);
    check_name("K", V(3, 10), "LIVEPATCH", false);
    /* Elsewhere these were used for something else before mainline had them. */
    check_name("N", V(5, 17), "VENDOR_DEFINED", true);
    check_name("N", V(5, 18), "TEST", false);
    check_name("X", V(4, 12), "VENDOR_DEFINED", true);
    check_name("X", V(4, 19), "AUX", false);
    check_name("T", V(3, 10), "VENDOR_DEFINED", true);
    check_name("T", V(6, 1), "RANDSTRUCT", false);
    check_name("H", V(4, 18), "VENDOR_DEFINED", true);
    check_name("J", 0, "FWCTL", false);
}
END_TEST

START_TEST(vendor_letters_come_last)
{
    check_letters("GN      W H", V(4, 12), "WNH", 1u << 9);
}
END_TEST

START_TEST(number_gives_the_letters)
{
    kd_taint taint;
    kd_taint_number(4609, V(5, 4), &taint); /* 4096 + 512 + 1 */
    ck_assert_str_eq(letters_of(&taint), "PWO");
    ck_assert_uint_eq(taint.bits, 4609);
    ck_assert_str_eq(taint.flags[2].name, "OOT_MODULE");
    kd_taint_number(0, V(5, 4), &taint);
    ck_assert_uint_eq(taint.count, 0);
    kd_taint_number(0xfffff, V(7, 2), &taint);
    ck_assert_str_eq(letters_of(&taint), "PFSRMBUDAWCIOELKXTNJ");
    kd_taint_number(1u << 18 | 1u << 28, V(5, 4), &taint);
    ck_assert_str_eq(letters_of(&taint), "??");
    ck_assert(taint.flags[0].vendor && taint.flags[0].bit == 18);
    ck_assert(taint.flags[1].vendor && taint.flags[1].bit == 28);
    kd_taint_number(UINT64_MAX, 0, &taint);
    ck_assert_uint_eq(taint.count, 64);
    ck_assert_uint_eq(taint.bits, UINT64_MAX);
}
END_TEST

START_TEST(many_letters_are_bounded)
{
    char raw[300];
    kd_taint taint;
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (char)(i & 1 ? 'a' + i / 2 % 26 : 'A' + i / 2 % 26);
    kd_taint_letters((kd_str){ raw, sizeof raw }, V(5, 4), &taint);
    ck_assert_uint_eq(taint.count, 51); /* 52 letters without 'G' */
    ck_assert_uint_eq(taint.taken, sizeof raw);
    ck_assert(kd_taint_has(&taint, 'z') && !kd_taint_has(&taint, 'G'));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("taint");
    TCase *tests = tcase_create("taint");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, letters_give_the_bits);
    tcase_add_test(tests, lost_blanks_do_no_harm);
    tcase_add_test(tests, dashes_are_clear_bits);
    tcase_add_test(tests, reading_stops_at_the_release);
    tcase_add_test(tests, verbose_line_is_read);
    tcase_add_test(tests, names_by_version);
    tcase_add_test(tests, vendor_letters_come_last);
    tcase_add_test(tests, number_gives_the_letters);
    tcase_add_test(tests, many_letters_are_bounded);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_esr.c - exception syndromes of arm64. */
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/version.h"
#include "family/fault/decode_esr.h"

static kd_esr decode(uint64_t value, uint32_t version)
{
    kd_esr esr;
    kd_esr_decode(value, version, &esr);
    return esr;
}

START_TEST(parts_of_the_register)
{
    kd_esr esr = decode(0x96000006, V(5, 4));
    ck_assert_uint_eq(esr.ec, 0x25);
    ck_assert(esr.il);
    ck_assert_uint_eq(esr.iss, 6);
    ck_assert_uint_eq(esr.iss2, 0);
    ck_assert_str_eq(esr.ec_name, "DABT (current EL)");
    esr = decode(UINT64_C(0xab000abc94000001), V(6, 12));
    ck_assert_uint_eq(esr.ec, 0x25);
    ck_assert(!esr.il);
    ck_assert_uint_eq(esr.iss2, 0xabc);
    ck_assert_uint_eq(esr.reserved_bits, 0xab);
    ck_assert_uint_eq(esr.value, UINT64_C(0xab000abc94000001));
}
END_TEST

static const struct abort_row {
    uint64_t value;
    bool data, current_el;
    kd_esr_fault fault;
    int level; /* -2: none */
    const char *access, *name;
} aborts[] = {
    { 0x96000006, true, true, KD_ESR_FAULT_TRANSLATION, 2, "read", "level 2 translation fault" },
    { 0x96000004, true, true, KD_ESR_FAULT_TRANSLATION, 0, "read", "level 0 translation fault" },
    { 0x96000047, true, true, KD_ESR_FAULT_TRANSLATION, 3, "write", "level 3 translation fault" },
    { 0x9600004f, true, true, KD_ESR_FAULT_PERMISSION, 3, "write", "level 3 permission fault" },
    { 0x9600000d, true, true, KD_ESR_FAULT_PERMISSION, 1, "read", "level 1 permission fault" },
    { 0x9600000b, true, true, KD_ESR_FAULT_ACCESS_FLAG, 3, "read", "level 3 access flag fault" },
    { 0x96000021, true, true, KD_ESR_FAULT_ALIGNMENT, -2, "read", "alignment fault" },
    { 0x96000061, true, true, KD_ESR_FAULT_ALIGNMENT, -2, "write", "alignment fault" },
    { 0x96000010, true, true, KD_ESR_FAULT_EXTERNAL, -2, "read", "synchronous external abort" },
    { 0x96000050, true, true, KD_ESR_FAULT_EXTERNAL, -2, "write", "synchronous external abort" },
    { 0x96000011, true, true, KD_ESR_FAULT_TAG_CHECK, -2, "read", "synchronous tag check fault" },
    { 0x96000035, true, true, KD_ESR_FAULT_OTHER, -2, "read",
      "implementation fault (unsupported exclusive)" },
    { 0x96000000, true, true, KD_ESR_FAULT_ADDRESS_SIZE, 0, "read", "ttbr address size fault" },
    { 0x96000003, true, true, KD_ESR_FAULT_ADDRESS_SIZE, 3, "read", "level 3 address size fault" },
    { 0x9600002b, true, true, KD_ESR_FAULT_TRANSLATION, -1, "read", "level -1 translation fault" },
    { 0x96000029, true, true, KD_ESR_FAULT_ADDRESS_SIZE, -1, "read",
      "level -1 address size fault" },
    { 0x96000013, true, true, KD_ESR_FAULT_EXTERNAL, -1, "read",
      "level -1 (translation table walk)" },
    { 0x96000017, true, true, KD_ESR_FAULT_EXTERNAL, 3, "read",
      "level 3 (translation table walk)" },
    { 0x96000018, true, true, KD_ESR_FAULT_EXTERNAL, -2, "read",
      "synchronous parity or ECC error" },
    { 0x9600001d, true, true, KD_ESR_FAULT_EXTERNAL, 1, "read",
      "level 1 synchronous parity error (translation table walk)" },
    { 0x96000030, true, true, KD_ESR_FAULT_OTHER, -2, "read", "TLB conflict abort" },
    { 0x96000012, true, true, KD_ESR_FAULT_OTHER, -2, "read", "unknown 18" },
    { 0x9600003f, true, true, KD_ESR_FAULT_OTHER, -2, "read", "unknown 63" },
    { 0x86000005, false, true, KD_ESR_FAULT_TRANSLATION, 1, "execute",
      "level 1 translation fault" },
    { 0x8600000f, false, true, KD_ESR_FAULT_PERMISSION, 3, "execute", "level 3 permission fault" },
    { 0x92000046, true, false, KD_ESR_FAULT_TRANSLATION, 2, "write", "level 2 translation fault" },
    { 0x82000006, false, false, KD_ESR_FAULT_TRANSLATION, 2, "execute",
      "level 2 translation fault" },
    /* Cache maintenance always has WnR set; the kernel takes it for a read. */
    { 0x96000147, true, true, KD_ESR_FAULT_TRANSLATION, 3, "read", "level 3 translation fault" },
};

START_TEST(aborts_by_the_newest_kernel)
{
    for (size_t i = 0; i < KD_COUNT(aborts); i++) {
        const struct abort_row *row = &aborts[i];
        kd_esr esr = decode(row->value, 0);
        ck_assert_str_eq(esr.abort.dfsc_name, row->name);
        ck_assert_str_eq(esr.abort.access_name, row->access);
        ck_assert(esr.is_data_abort == row->data && esr.is_instruction_abort == !row->data);
        ck_assert(esr.from_current_el == row->current_el);
        ck_assert_int_eq(esr.abort.fault, row->fault);
        ck_assert(esr.abort.has_level == (row->level != -2));
        if (esr.abort.has_level)
            ck_assert_int_eq(esr.abort.level, row->level);
    }
}
END_TEST

static void check_status(unsigned code, uint32_t version, const char *name)
{
    kd_esr esr = decode(0x96000000 | code, version);
    ck_assert_str_eq(esr.abort.dfsc_name, name);
}

START_TEST(fault_status_in_the_words_of_the_version)
{
    check_status(0x04, V(3, 14), "input address range fault");
    check_status(0x04, V(4, 4), "level 0 translation fault");
    check_status(0x08, V(3, 10), "reserved access flag fault");
    check_status(0x08, V(5, 10), "unknown 8");
    check_status(0x08, V(6, 12), "level 0 access flag fault");
    check_status(0x0c, V(6, 1), "unknown 12");
    check_status(0x0c, V(7, 2), "level 0 permission fault");
    check_status(0x11, V(3, 14), "asynchronous external abort");
    check_status(0x11, V(5, 4), "unknown 17");
    check_status(0x11, V(5, 10), "synchronous tag check fault");
    check_status(0x15, V(4, 4), "synchronous abort (translation table walk)");
    check_status(0x15, V(4, 19), "level 1 (translation table walk)");
    check_status(0x18, V(4, 4), "synchronous parity error");
    check_status(0x1c, V(3, 14), "synchronous parity error (translation table walk");
    check_status(0x1c, V(4, 4), "synchronous parity error (translation table walk)");
    check_status(0x2b, V(6, 1), "unknown 43");
    check_status(0x30, V(3, 10), "unknown 48");
    check_status(0x31, V(4, 4), "unknown 49");
    check_status(0x31, V(4, 19), "Unsupported atomic hardware update fault");
    check_status(0x35, V(3, 14), "unknown 53");
    check_status(0x3a, V(3, 14), "implementation fault (coprocessor abort)");
    check_status(0x3a, V(6, 1), "unknown 58");
    check_status(0x06, V(2, 6), "level 2 translation fault");
}
END_TEST

/* An old kernel's "unknown" still has the meaning that the architecture gives it. */
START_TEST(meaning_does_not_follow_the_words)
{
    kd_esr esr = decode(0x9600002b, V(5, 10));
    ck_assert_str_eq(esr.abort.dfsc_name, "unknown 43");
    ck_assert_str_eq(esr.abort.dfsc_newest, "level -1 translation fault");
    ck_assert_int_eq(esr.abort.fault, KD_ESR_FAULT_TRANSLATION);
    ck_assert_int_eq(esr.abort.level, -1);
    esr = decode(0x72000000, V(5, 4));
    ck_assert_str_eq(esr.ec_name, "UNRECOGNIZED EC");
    ck_assert_str_eq(esr.ec_newest, "FPAC");
    ck_assert_int_eq(esr.class, KD_ESR_FPAC);
}
END_TEST

/* What the kernel says for a bare number is known without a row: for each code one text. */
START_TEST(every_status_has_a_name_in_every_version)
{
    static const uint32_t versions[] = { V(3, 10), V(4, 4),  V(4, 19), V(5, 4),
                                         V(5, 10), V(6, 12), V(7, 2) };
    for (size_t v = 0; v < KD_COUNT(versions); v++)
        for (unsigned code = 0; code < 64; code++) {
            kd_esr esr = decode(0x96000000 | code, versions[v]);
            char unknown[16];
            snprintf(unknown, sizeof unknown, "unknown %u", code);
            if (strncmp(esr.abort.dfsc_name, "unknown", 7) == 0)
                ck_assert_str_eq(esr.abort.dfsc_name, unknown);
        }
}
END_TEST

static void check_class(unsigned ec, uint32_t version, const char *name)
{
    kd_esr esr = decode((uint64_t)ec << 26, version);
    ck_assert_uint_eq(esr.ec, ec);
    ck_assert_str_eq(esr.ec_name, name);
}

START_TEST(classes_in_the_words_of_the_version)
{
    check_class(0x00, 0, "Unknown/Uncategorized");
    check_class(0x02, 0, "UNRECOGNIZED EC");
    check_class(0x0a, 0, "UNRECOGNIZED EC");
    check_class(0x0d, V(5, 4), "UNRECOGNIZED EC");
    check_class(0x0d, V(5, 10), "BTI");
    check_class(0x19, V(4, 4), "UNRECOGNIZED EC");
    check_class(0x19, V(4, 19), "SVE");
    check_class(0x1a, V(5, 4), "ERET/ERETAA/ERETAB");
    check_class(0x1d, V(6, 1), "SME");
    check_class(0x21, V(4, 4), "IABT (current EL)");
    check_class(0x24, V(4, 4), "DABT (lower EL)");
    check_class(0x27, V(6, 1), "UNRECOGNIZED EC");
    check_class(0x27, V(6, 12), "MOPS");
    check_class(0x2d, V(7, 2), "Guarded Control Stack");
    check_class(0x2f, V(4, 4), "SError");
    check_class(0x35, V(4, 4), "Watchpoint (current EL)");
    check_class(0x3c, V(4, 4), "BRK (AArch64)");
    check_class(0x3f, 0, "UNRECOGNIZED EC");
    /* No table of words yet: the newest. */
    check_class(0x25, V(3, 14), "DABT (current EL)");
}
END_TEST

START_TEST(fields_of_a_data_abort)
{
    /* CM, EA, S1PTW, WnR set */
    kd_esr esr = decode(0x960003c6, V(6, 1));
    ck_assert(esr.abort.cm && esr.abort.ea && esr.abort.s1ptw && esr.abort.wnr);
    ck_assert(!esr.abort.fnv && !esr.abort.isv && esr.abort.address_valid);
    ck_assert_uint_eq(esr.abort.access_bytes, 0);
    /* FnV counts with an external abort only; SET 2 beside it */
    esr = decode(0x96001410, V(6, 1));
    ck_assert(esr.abort.fnv && !esr.abort.address_valid);
    ck_assert_uint_eq(esr.abort.set, 2);
    esr = decode(0x96000406, V(6, 1));
    ck_assert(esr.abort.fnv && esr.abort.address_valid);
    /* ISV, SAS 3, SSE, SRT 17, SF, AR: 1 11 1 10001 1 1 at bits 24 to 14 */
    esr = decode(0x94000000 | 1u << 24 | 3u << 22 | 1u << 21 | 17u << 16 | 3u << 14, V(6, 1));
    ck_assert(esr.abort.isv && esr.abort.sse && esr.abort.sf && esr.abort.ar);
    ck_assert_uint_eq(esr.abort.access_bytes, 8);
    ck_assert_uint_eq(esr.abort.srt, 17);
    /* The same bits without ISV mean nothing. */
    esr = decode(0x94000000 | 3u << 22 | 17u << 16 | 3u << 14, V(6, 1));
    ck_assert_uint_eq(esr.abort.srt, 0);
    ck_assert(!esr.abort.sf && !esr.abort.ar);
}
END_TEST

START_TEST(fields_of_iss2)
{
    kd_esr esr = decode(UINT64_C(0x0000072596000006), V(6, 12));
    /* 0x725: TnD, TagAccess, GCS, DirtyBit, Xs 5 */
    ck_assert(esr.abort.tnd && esr.abort.tag_access && esr.abort.gcs && esr.abort.dirty_bit);
    ck_assert(!esr.abort.overlay);
    ck_assert_uint_eq(esr.abort.xs, 5);
    esr = decode(UINT64_C(0x0000004096000006), V(6, 12));
    ck_assert(esr.abort.overlay && !esr.abort.gcs);
    ck_assert_uint_eq(esr.abort.xs, 0);
}
END_TEST

START_TEST(instruction_abort_has_no_write)
{
    kd_esr esr = decode(0x86000146, V(6, 1));
    ck_assert(!esr.abort.wnr && !esr.abort.cm);
    ck_assert_int_eq(esr.abort.access, KD_ESR_EXECUTE);
}
END_TEST

START_TEST(other_classes_have_no_abort)
{
    kd_esr esr = decode(0xf2000806, V(5, 10));
    ck_assert(!esr.is_data_abort && !esr.is_instruction_abort && !esr.from_current_el);
    ck_assert_int_eq(esr.abort.fault, KD_ESR_FAULT_NONE);
    ck_assert_str_eq(esr.abort.dfsc_name, "");
    ck_assert_str_eq(esr.abort.access_name, "");
    esr = decode(0x8a000000, V(5, 10));
    ck_assert_int_eq(esr.class, KD_ESR_ALIGNMENT);
    ck_assert_str_eq(esr.ec_name, "PC Alignment");
    esr = decode(0x02000000, V(5, 10));
    ck_assert_int_eq(esr.class, KD_ESR_UNKNOWN);
    esr = decode(0x56000000, V(5, 10));
    ck_assert_int_eq(esr.class, KD_ESR_SYSCALL);
    esr = decode(UINT64_C(0x35) << 26, V(5, 10));
    ck_assert_int_eq(esr.class, KD_ESR_WATCHPOINT);
    ck_assert(esr.from_current_el);
}
END_TEST

static kd_esr_brk brk_of(unsigned immediate)
{
    return decode(0xf2000000 | immediate, 0).brk;
}

START_TEST(brk_immediates)
{
    ck_assert_int_eq(brk_of(0x800).use, KD_ESR_BRK_BUG);
    ck_assert_uint_eq(brk_of(0x800).immediate, 0x800);
    ck_assert_str_eq(brk_of(0x800).name, "BUG or WARN");
    ck_assert_int_eq(brk_of(0x801).use, KD_ESR_BRK_UNKNOWN);
    ck_assert_str_eq(brk_of(0x801).name, "unknown");
    ck_assert_int_eq(brk_of(0x004).use, KD_ESR_BRK_KPROBE);
    ck_assert_int_eq(brk_of(0x005).use, KD_ESR_BRK_UPROBE);
    ck_assert_int_eq(brk_of(0x100).use, KD_ESR_BRK_DELIBERATE_FAULT);
    ck_assert_int_eq(brk_of(0x400).use, KD_ESR_BRK_KGDB);
    ck_assert_int_eq(brk_of(0x7ff).use, KD_ESR_BRK_KGDB);
    ck_assert_int_eq(brk_of(0x8fe).use, KD_ESR_BRK_UNKNOWN);
}
END_TEST

START_TEST(brk_of_kasan_ubsan_and_cfi)
{
    kd_esr_brk brk = brk_of(0x933); /* recover, write, 8 bytes */
    ck_assert_int_eq(brk.use, KD_ESR_BRK_KASAN);
    ck_assert(brk.recover && brk.write);
    ck_assert_uint_eq(brk.access_bytes, 8);
    brk = brk_of(0x90f); /* read of another size */
    ck_assert(!brk.recover && !brk.write);
    ck_assert_uint_eq(brk.access_bytes, 0);
    brk = brk_of(0x5512);
    ck_assert_int_eq(brk.use, KD_ESR_BRK_UBSAN);
    ck_assert_str_eq(brk.check, "out of bounds");
    ck_assert_ptr_null(brk_of(0x55ff).check);
    brk = brk_of(0x8128); /* hash in w9, target in x8 */
    ck_assert_int_eq(brk.use, KD_ESR_BRK_CFI);
    ck_assert_uint_eq(brk.target_register, 8);
    ck_assert_uint_eq(brk.type_register, 9);
    ck_assert_int_eq(brk_of(0x8400).use, KD_ESR_BRK_UNKNOWN);
}
END_TEST

START_TEST(serrors)
{
    kd_esr_serror serror = decode(0xbf000002, V(5, 10)).serror;
    ck_assert(serror.implementation_defined && !serror.ras && !serror.ignored);
    ck_assert_ptr_null(serror.aet_name);
    serror = decode(0xbe000000, V(5, 10)).serror;
    ck_assert(!serror.implementation_defined && !serror.ras);
    serror = decode(0xbe000011, V(5, 10)).serror;
    ck_assert(serror.ras && !serror.ignored);
    ck_assert_str_eq(serror.aet_name, "uncontainable");
    serror = decode(0xbe000011 | 2u << 10 | 1u << 9 | 1u << 13, V(5, 10)).serror;
    ck_assert(serror.ignored && serror.ea && serror.iesb);
    ck_assert_str_eq(serror.aet_name, "restartable");
    serror = decode(0xbe000011 | 6u << 10, V(5, 10)).serror;
    ck_assert_str_eq(serror.aet_name, "corrected");
    ck_assert(serror.ignored);
    serror = decode(0xbe000011 | 5u << 10, V(5, 10)).serror;
    ck_assert_str_eq(serror.aet_name, "reserved");
    ck_assert(!serror.ignored);
}
END_TEST

START_TEST(bti_and_fpac)
{
    kd_esr esr = decode(0x34000002, V(5, 10));
    ck_assert_int_eq(esr.class, KD_ESR_BTI);
    ck_assert_uint_eq(esr.bti_btype, 2);
    esr = decode(0x72000002, V(5, 10));
    ck_assert(esr.fpac_data_key && !esr.fpac_b_key);
    esr = decode(0x72000001, V(5, 10));
    ck_assert(!esr.fpac_data_key && esr.fpac_b_key);
}
END_TEST

START_TEST(any_number_is_decoded)
{
    uint64_t value = 0x9e3779b97f4a7c15;
    for (int i = 0; i < 100000; i++) {
        kd_esr esr = decode(value, (uint32_t)(value >> 11));
        ck_assert_ptr_nonnull(esr.ec_name);
        ck_assert_ptr_nonnull(esr.abort.dfsc_name);
        ck_assert((esr.abort.fault != KD_ESR_FAULT_NONE) ==
                  (esr.is_data_abort || esr.is_instruction_abort));
        value = value * UINT64_C(6364136223846793005) + 1442695040888963407;
    }
}
END_TEST

/* "unknown 12": the number is that of the code, whatever the version knows. */
START_TEST(unknown_status_by_its_number)
{
    static const uint32_t versions[] = { V(3, 10), V(4, 4), V(5, 10), V(7, 2) };
    unsigned unknown = 0;
    for (size_t i = 0; i < KD_COUNT(versions); i++)
        for (unsigned code = 0; code < 64; code++) {
            const char *name = decode(0x96000000 | code, versions[i]).abort.dfsc_name;
            char want[16];
            snprintf(want, sizeof want, "unknown %u", code);
            if (strncmp(name, "unknown ", 8) == 0) {
                ck_assert_str_eq(name, want);
                unknown++;
            }
        }
    ck_assert_uint_ge(unknown, 64);
}
END_TEST

START_TEST(faults_have_names)
{
    ck_assert_str_eq(kd_esr_fault_name(KD_ESR_FAULT_NONE), "none");
    ck_assert_str_eq(kd_esr_fault_name(KD_ESR_FAULT_TRANSLATION), "translation");
    ck_assert_str_eq(kd_esr_fault_name(KD_ESR_FAULT_EXTERNAL), "external abort");
    ck_assert_str_eq(kd_esr_fault_name(KD_ESR_FAULT_OTHER), "other");
    ck_assert_str_eq(kd_esr_fault_name((kd_esr_fault)99), "none");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("esr");
    TCase *tests = tcase_create("esr");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, parts_of_the_register);
    tcase_add_test(tests, aborts_by_the_newest_kernel);
    tcase_add_test(tests, fault_status_in_the_words_of_the_version);
    tcase_add_test(tests, meaning_does_not_follow_the_words);
    tcase_add_test(tests, every_status_has_a_name_in_every_version);
    tcase_add_test(tests, classes_in_the_words_of_the_version);
    tcase_add_test(tests, fields_of_a_data_abort);
    tcase_add_test(tests, fields_of_iss2);
    tcase_add_test(tests, instruction_abort_has_no_write);
    tcase_add_test(tests, other_classes_have_no_abort);
    tcase_add_test(tests, brk_immediates);
    tcase_add_test(tests, brk_of_kasan_ubsan_and_cfi);
    tcase_add_test(tests, serrors);
    tcase_add_test(tests, bti_and_fpac);
    tcase_add_test(tests, any_number_is_decoded);
    tcase_add_test(tests, faults_have_names);
    tcase_add_test(tests, unknown_status_by_its_number);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

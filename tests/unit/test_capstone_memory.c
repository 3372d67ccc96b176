/* test_capstone_memory.c - room for instructions fails capstone while they are read: all of them
 * are given, or none and the shortage is noted. What it does not look at itself (the details of one
 * instruction, its registers) cannot be tried. */
#include "suite.h"

#ifdef KD_CAPSTONE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "family/fault/decode_insn.h"

#define CODE_BYTES 400u

static size_t taken, fail_at;

/* For many instructions; the details of one are smaller. */
#define MANY 4096u

static bool fails(size_t size)
{
    return size >= MANY && ++taken == fail_at;
}

static void *take(size_t size)
{
    return fails(size) ? NULL : malloc(size);
}

static void *take_zeroed(size_t count, size_t size)
{
    return fails(count * size) ? NULL : calloc(count, size);
}

static void *resize(void *memory, size_t size)
{
    return fails(size) ? NULL : realloc(memory, size);
}

static size_t read_all(kd_mem *mem, csh handle, const uint8_t *bytes)
{
    kd_code_part part = { bytes, CODE_BYTES, 0x1000, 0 };
    cs_insn *insns;
    size_t count = kd_isa_read(mem, handle, part, &insns);
    for (size_t i = 0; i < count; i++)
        ck_assert_ptr_nonnull(insns[i].detail);
    if (count > 0)
        cs_free(insns, count);
    return count;
}

/* More instructions than capstone has room for at first. */
static void read_under_shortage(kd_isa isa, const uint8_t *insn, size_t size, size_t all)
{
    uint8_t bytes[CODE_BYTES];
    kd_mem mem = { .failed = KD_OK };
    csh handle;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = insn[i % size];
    fail_at = 0;
    ck_assert(kd_isa_open(&mem, isa, &handle));
    ck_assert_uint_eq(read_all(&mem, handle, bytes), all);
    taken = 0; /* what capstone keeps for the handle is there */
    read_all(&mem, handle, bytes);
    size_t wanted = taken, noted = 0;
    ck_assert_uint_gt(wanted, 1);
    for (size_t n = 1; n <= wanted; n++) {
        mem.failed = KD_OK;
        taken = 0;
        fail_at = n;
        size_t count = read_all(&mem, handle, bytes);
        ck_assert_uint_eq(count, mem.failed ? 0 : all);
        noted += mem.failed == KD_E_NOMEM;
    }
    ck_assert_uint_eq(noted, wanted);
    fail_at = 0;
    cs_close(&handle);
}

START_TEST(shortage)
{
    const cs_opt_mem memory = { take, take_zeroed, resize, free, vsnprintf };
    cs_option(0, CS_OPT_MEM, (size_t)(uintptr_t)&memory);
    read_under_shortage(KD_ISA_X86_64, (const uint8_t[]){ 0x48, 0x8b, 0x00, 0x90 }, 4, 200);
    read_under_shortage(KD_ISA_ARM64, (const uint8_t[]){ 0x00, 0x04, 0x40, 0xf9 }, 4, 100);
    read_under_shortage(KD_ISA_ARM, (const uint8_t[]){ 0x00, 0x00, 0x91, 0xe5 }, 4, 100);
}
END_TEST

#endif

int main(void)
{
    Suite *suite = suite_create("capstone_memory");
    TCase *tests = tcase_create("capstone_memory");
#ifdef KD_CAPSTONE
    tcase_add_test(tests, shortage);
#endif
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

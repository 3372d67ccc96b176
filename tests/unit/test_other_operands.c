/* test_other_operands.c - memory operands of sparc, parisc and powerpc words, and of s390's text.
 * The words are as GNU objdump 2.40 reads them. */
#include <inttypes.h>
#include <string.h>

#include "family/fault/decode_krnl_code.h"
#include "family/fault/decode_word.h"
#include "family/fault/isa.h"
#include "suite.h"

typedef struct want {
    const char *base, *index;
    int64_t displacement;
    uint64_t scale, size;
    bool load, store;
} want;

static void compare(const char *what, const kd_access *got, const want *w)
{
    ck_assert_msg(!strcmp(got->base, w->base), "%s: base %s", what, got->base);
    ck_assert_msg(!strcmp(got->index, w->index), "%s: index %s", what, got->index);
    ck_assert_msg(got->displacement == w->displacement, "%s: displacement %" PRId64, what,
                  got->displacement);
    ck_assert_msg(got->scale == w->scale, "%s: scale %" PRIu64, what, got->scale);
    ck_assert_msg(got->size == w->size, "%s: %" PRIu64 " bytes", what, got->size);
    ck_assert_msg(got->load == w->load && got->store == w->store, "%s: direction", what);
}

START_TEST(words)
{
    static const struct {
        kd_isa isa;
        uint32_t word;
        const char *text;
        want want;
    } rows[] = {
        { KD_ISA_SPARC, 0xc206ffa0, "lduw g1, -96(i3)", { "i3", "", -96, 1, 4, true, false } },
        { KD_ISA_SPARC, 0xc2586050, "ldx g1, 80(g1)", { "g1", "", 80, 1, 8, true, false } },
        { KD_ISA_SPARC, 0xc672000b, "stx g3, o0, o3", { "o0", "o3", 0, 1, 8, false, true } },
        { KD_ISA_SPARC, 0xc6700000, "stx g3, 0(g0)", { "", "", 0, 1, 8, false, true } },
        { KD_ISA_SPARC, 0xd3f2500a, "casxa o1, 0(o1)", { "o1", "", 0, 1, 8, true, true } },
        { KD_ISA_PARISC, 0x53940030, "ldd", { "r28", "", 24, 1, 8, true, false } },
        { KD_ISA_PARISC, 0x53941d1d, "ldd,mb", { "r28", "", -4472, 1, 8, true, false } },
        { KD_ISA_PARISC, 0x41670d11, "ldb", { "r11", "", -6520, 1, 1, true, false } },
        { KD_ISA_PARISC, 0x65df06f0, "sth", { "r14", "", 888, 1, 2, false, true } },
        { KD_ISA_PARISC, 0x0f941288, "stw r20,4(r28)", { "r28", "", 4, 1, 4, false, true } },
        { KD_ISA_PARISC, 0x0f80109c, "ldw 0(r28),r28", { "r28", "", 0, 1, 4, true, false } },
        { KD_ISA_PARISC, 0x48623fd9, "ldw -14(r3),rp", { "r3", "", -20, 1, 4, true, false } },
        { KD_ISA_PPC, 0x7c0048ce, "lvx v0,0,r9", { "", "r9", 0, 1, 16, true, false } },
        { KD_ISA_PPC, 0xe30c8397, "lq r24,-31856(r12)", { "r12", "", -31856, 1, 16, true, false } },
        { KD_ISA_PPC, 0xeaf8bc15, "ldu r23,-17388(r24)", { "r24", "", -17388, 1, 8, true, false } },
        { KD_ISA_RISCV, 0x4522, "c.lwsp a0,8(sp)", { "sp", "", 8, 1, 4, true, false } },
        { KD_ISA_RISCV, 0x6522, "c.ldsp a0,8(sp)", { "sp", "", 8, 1, 8, true, false } },
        { KD_ISA_RISCV, 0xc42a, "c.swsp a0,8(sp)", { "sp", "", 8, 1, 4, false, true } },
        { KD_ISA_RISCV, 0xe42a, "c.sdsp a0,8(sp)", { "sp", "", 8, 1, 8, false, true } },
        { KD_ISA_RISCV, 0x00b6252f, "amoadd.w a0,a1,(a2)", { "a2", "", 0, 1, 4, true, true } },
        { KD_ISA_LOONGARCH, 0x380c18a4, "ldx.d a0,a1,a2", { "a1", "a2", 0, 1, 8, true, false } },
        { KD_ISA_PPC, 0x7d204eea, "ldcix r9,0,r9", { "", "r9", 0, 1, 8, true, false } },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        uint32_t w = rows[i].word;
        uint8_t bytes[] = { (uint8_t)w, (uint8_t)(w >> 8), (uint8_t)(w >> 16), (uint8_t)(w >> 24) };
        kd_access got;
        char text[64];
        ck_assert_msg(kd_word_access(rows[i].isa, bytes, 4, &got, text), "%s", rows[i].text);
        compare(rows[i].text, &got, &rows[i].want);
    }
}
END_TEST

START_TEST(krnl_code)
{
    static const struct {
        const char *text;
        size_t count;
        want want[2];
    } rows[] = {
        { "st %r2,0(%r1)", 1, { { "r1", "", 0, 1, 4, false, true } } },
        { "lg %r1,8(%r2,%r3)", 1, { { "r3", "r2", 8, 1, 8, true, false } } },
        { "lg %r1,-8(%r3)", 1, { { "r3", "", -8, 1, 8, true, false } } },
        { "stmg %r11,%r15,112(%r15)", 1, { { "r15", "", 112, 1, 40, false, true } } },
        { "lmg %r14,%r1,0(%r15)", 1, { { "r15", "", 0, 1, 32, true, false } } },
        { "cs %r1,%r2,32(%r3)", 1, { { "r3", "", 32, 1, 4, true, true } } },
        { "mvi 5(%r1),7", 1, { { "r1", "", 5, 1, 1, false, true } } },
        { "agsi 0(%r1),1", 1, { { "r1", "", 0, 1, 8, true, true } } },
        { "xc 0(24,%r1),8(%r2)",
          2,
          { { "r1", "", 0, 1, 24, false, true }, { "r2", "", 8, 1, 0, true, false } } },
        { "clc 0(8,%r9),0(%r2)",
          2,
          { { "r9", "", 0, 1, 8, true, false }, { "r2", "", 0, 1, 0, true, false } } },
        { "mvst %r2,%r3",
          2,
          { { "r2", "", 0, 1, 0, false, true }, { "r3", "", 0, 1, 0, true, false } } },
        { "srst %r1,%r4", 1, { { "r4", "", 0, 1, 0, true, false } } },
        { "la %r1,8(%r2)", 0, { { "", "", 0, 0, 0, false, false } } },
        { "sllg %r1,%r2,3(%r4)", 0, { { "", "", 0, 0, 0, false, false } } },
        { "brasl %r14,0000000005a17300", 0, { { "", "", 0, 0, 0, false, false } } },
        { "l %r8,", 0, { { "", "", 0, 0, 0, false, false } } },
        { "l", 0, { { "", "", 0, 0, 0, false, false } } },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_access got[2];
        size_t count = kd_krnl_code_accesses(kd_str_of(rows[i].text), got);
        ck_assert_msg(count == rows[i].count, "%s: %zu operands", rows[i].text, count);
        for (size_t k = 0; k < count; k++)
            compare(rows[i].text, &got[k], &rows[i].want[k]);
    }
}
END_TEST

/* The digits of the marked word tell ARM from Thumb, and end where the text does. */
START_TEST(marked_word)
{
    static const struct {
        const char *arch, *bytes;
        size_t len;
        kd_isa isa;
    } rows[] = {
        { "arm", "e1a00000 (e5940000)", 19, KD_ISA_ARM },
        { "arm", "bf00 (6820) e5", 14, KD_ISA_THUMB },
        { "arm", "bf00 (68200000)", 10, KD_ISA_THUMB }, /* cut */
        { "arm", "bf00 (68200000)", 9, KD_ISA_NONE },
        { "arm", "e5940000", 8, KD_ISA_NONE }, /* no mark */
        { "x86_64", "48 <8b> 00", 10, KD_ISA_X86_64 },
        { "s390", "48 <8b00>", 9, KD_ISA_NONE },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_context context = { .arch = kd_str_of(rows[i].arch) };
        kdf_oops oops = { .code.bytes.v = { rows[i].bytes, rows[i].len } };
        ck_assert_msg(kd_isa_of_code(&oops, &context) == rows[i].isa, "%s", rows[i].bytes);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("other_operands");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, words);
    tcase_add_test(tests, krnl_code);
    tcase_add_test(tests, marked_word);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

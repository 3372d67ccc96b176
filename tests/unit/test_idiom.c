/* test_idiom.c - values that are no addresses, and those beside them that are nothing. The numbers
 * are those of include/linux/poison.h and its neighbours, not computed from the rows. */
#include "core/version.h"
#include "family/address/decode_idiom.h"
#include "suite.h"

#include <string.h>

static kd_context on(const char *arch, uint32_t version)
{
    return (kd_context){ .arch = kd_str_of(arch), .version = version };
}

START_TEST(errors)
{
    static const struct {
        uint64_t value;
        bool wide;
        uint64_t error;
    } rows[] = {
        { 0, true, 0 },
        { 0, false, 0 },
        { 1, true, 0 },
        { UINT64_MAX, true, 1 },
        { UINT64_C(0xfffffffffffff001), true, 4095 },
        { UINT64_C(0xfffffffffffff000), true, 0 },
        { 0xffffffff, false, 1 },
        { 0xfffff001, false, 4095 },
        { 0xfffff000, false, 0 },
        { 0xfffffff4, true, 0 },
        { UINT64_C(0x1fffffff4), false, 0 },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        ck_assert_msg(kd_pointer_error(rows[i].value, rows[i].wide) == rows[i].error, "row %zu", i);
}
END_TEST

START_TEST(error_names)
{
    static const char *const own[] = { "mips",  "mips64",  "parisc", "parisc64",
                                       "sparc", "sparc64", "alpha" };
    kd_context x86 = on("x86_64", 0), unknown = on("", 0);
    ck_assert_str_eq(kd_errno_name(&x86, 12), "ENOMEM");
    ck_assert_str_eq(kd_errno_name(&x86, 110), "ETIMEDOUT");
    ck_assert_str_eq(kd_errno_name(&unknown, 35), "EDEADLK");
    ck_assert_ptr_null(kd_errno_name(&x86, 0));
    ck_assert_ptr_null(kd_errno_name(&x86, 41)); /* there is no such number */
    ck_assert_ptr_null(kd_errno_name(&x86, 4095));
    for (size_t i = 0; i < KD_COUNT(own); i++) {
        kd_context context = on(own[i], 0);
        ck_assert_str_eq(kd_errno_name(&context, 34), "ERANGE");
        ck_assert_msg(!kd_errno_name(&context, 35), "%s", own[i]);
        ck_assert_msg(!kd_errno_name(&context, 110), "%s", own[i]);
    }
}
END_TEST

START_TEST(poison_bytes)
{
    static const struct {
        uint64_t value;
        bool wide;
        uint8_t byte;
    } rows[] = {
        { UINT64_C(0x6b6b6b6b6b6b6b6b), true, 0x6b },
        { UINT64_C(0x6b6b6b6b6b6b6b9b), true, 0x6b }, /* an offset was added */
        { UINT64_C(0x6b6b6b6b6b6b7c9b), true, 0x6b },
        { UINT64_C(0x006b6b6b6b6b6b6b), true, 0x6b }, /* arm64 has cleared a byte */
        { UINT64_C(0x006b6b6b6b6b7c9b), true, 0x6b },
        { UINT64_C(0x00006b6b6b6b7c9b), true, 0 },
        { UINT64_C(0x6b6b6b6b6b6a6b6b), true, 0 },
        { UINT64_C(0x6b6b6b6b6a6b6b6b), true, 0 },
        { UINT64_C(0x6b6b6b6a6b6b6b6b), true, 0 },
        { UINT64_C(0x6b6b6a6b6b6b6b6b), true, 0 },
        { 0x6b6b6b6b, true, 0 },
        { 0x6b6b6b6b, false, 0x6b },
        { 0x6b6b7c9b, false, 0x6b },
        { 0x6b6a6b6b, false, 0 },
        { 0x6a6b6b6b, false, 0 },
        { UINT64_C(0x4141414141414141), true, 0 },
        { 0, true, 0 },
    };
    static const struct {
        uint8_t byte;
        bool freed;
    } words[] = { { 0x6b, true }, { 0xaa, true }, { 0x5a, false }, { 0xbb, false },
                  { 0xcc, true }, { 0xa7, true }, { 0xa9, false } };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        ck_assert_msg(kd_poison_byte(rows[i].value, rows[i].wide) == rows[i].byte, "row %zu", i);
    for (size_t i = 0; i < KD_COUNT(words); i++) {
        bool freed = !words[i].freed;
        ck_assert_ptr_nonnull(kd_poison_words(words[i].byte, &freed));
        ck_assert_msg(freed == words[i].freed, "0x%x", words[i].byte);
    }
}
END_TEST

START_TEST(list_poison)
{
    static const struct {
        const char *arch;
        uint64_t value;
        bool exact;
        uint64_t poison;
    } rows[] = {
        { "x86_64", UINT64_C(0xdead000000000100), true, UINT64_C(0xdead000000000100) },
        { "x86_64", UINT64_C(0xdead000000000122), true, UINT64_C(0xdead000000000122) },
        { "x86_64", UINT64_C(0xdead000000000200), true, UINT64_C(0xdead000000000200) },
        { "x86_64", UINT64_C(0xdead000000100100), true, UINT64_C(0xdead000000100100) },
        { "x86_64", UINT64_C(0xdead000000200200), false, UINT64_C(0xdead000000200200) },
        /* a container of the entry lies below */
        { "x86_64", UINT64_C(0xdead0000000000f8), true, UINT64_C(0xdead000000000122) },
        { "x86_64", UINT64_C(0xdead0000000001f8), true, UINT64_C(0xdead000000000200) },
        { "x86_64", UINT64_C(0xdead000000000181), true, UINT64_C(0xdead000000000200) },
        { "x86_64", UINT64_C(0xdead000000000180), true, 0 },
        { "x86_64", UINT64_C(0xdead000000000081), true, UINT64_C(0xdead000000000100) },
        { "x86_64", UINT64_C(0xdead000000000080), true, 0 },
        { "x86_64", UINT64_C(0xdead000000000208), true, 0 },
        /* an offset may have been added, where that is not known */
        { "x86_64", UINT64_C(0xdead000000000208), false, UINT64_C(0xdead000000000200) },
        { "x86_64", UINT64_C(0xdead0000000002ff), false, UINT64_C(0xdead000000000200) },
        { "x86_64", UINT64_C(0xdead000000000300), false, 0 },
        { "x86_64", UINT64_C(0xdead000000000081), false, UINT64_C(0xdead000000000100) },
        { "x86_64", UINT64_C(0xdead000000000080), false, 0 },
        { "arm64", UINT64_C(0xdead000000000100), true, UINT64_C(0xdead000000000100) },
        { "riscv64", UINT64_C(0xdead000000000200), true, UINT64_C(0xdead000000000200) },
        { "ppc64", UINT64_C(0x5deadbeef0000100), true, UINT64_C(0x5deadbeef0000100) },
        { "ppc64", UINT64_C(0xdead000000000100), true, 0 },
        { "x86_64", UINT64_C(0x5deadbeef0000100), true, 0 },
        { "", UINT64_C(0xdead000000000100), true, UINT64_C(0xdead000000000100) },
        { "s390", UINT64_C(0xdead000000000100), true, UINT64_C(0xdead000000000100) },
        { "s390", 0x200200, true, 0x200200 },
        { "x86_64", 0x100, true, 0 },
        { "", 0x100, true, 0 },
        /* no move: exact ones only */
        { "i386", 0x100, true, 0x100 },
        { "arm", 0x122, true, 0x122 },
        { "arm", 0x200200, true, 0x200200 },
        { "arm", 0x100, false, 0 },
        { "arm", 0x108, true, 0 },
        { "arm", 0xf8, true, 0 },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_context context = on(rows[i].arch, V(6, 1));
        uint64_t poison = kd_list_poison(&context, rows[i].value, rows[i].exact);
        ck_assert_msg(poison == rows[i].poison, "row %zu: 0x%llx", i, (unsigned long long)poison);
    }
}
END_TEST

/* The bytes as they stand in memory, read as a machine of that order reads them. */
static uint64_t number_of(const char *bytes, size_t size, bool big)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)(uint8_t)bytes[i] << 8 * (big ? size - 1 - i : i);
    return value;
}

START_TEST(text)
{
    static const struct {
        const char bytes[9];
        bool wide;
        size_t count;
    } rows[] = {
        { "hello\0\0\0", true, 5 }, { "hell\0\0\0\0", true, 0 }, /* short */
        { "eth0.100", true, 0 },                                 /* half of it is letters at most */
        { "eth0.1ab", true, 8 },    { "a1b2c3d4", true, 0 },     { "abc12\0\0\0", true, 5 },
        { "ab123\0\0\0", true, 0 }, { "12345678", true, 0 },     { "aaaaaaaa", true, 0 },
        { "aaaaaaab", true, 8 },    { "hello\0x\0", true, 0 }, /* no text ends so */
        { "hel\x01o wo", true, 0 }, { "\0\0\0hello", true, 0 },  { "AZaz09_-", true, 0 },
        { "AZazAZ_-", true, 8 },    { "AZaz[AZa", true, 0 },     { "AZaz{AZa", true, 0 },
        { "AZaz@AZa", true, 0 },    { "AZaz`AZa", true, 0 },     { "AZaz/.09", true, 0 },
        { "AZaza:09", true, 8 },    { "AZaza;09", true, 0 },     { "abcd", false, 4 },
        { "abc\0", false, 0 },      { "ab12", false, 0 },        { "abc1", false, 4 },
        { "aaaa", false, 0 },
    };
    static const struct {
        const char *arch, *release;
        bool big;
    } machines[] = {
        { "x86_64", "", false },
        { "arm", "", false },
        { "s390", "", true },
        { "sparc", "", true },
        { "sparc64", "", true },
        { "parisc", "", true },
        { "m68k", "", true },
        { "ppc", "", true },
        { "openrisc", "", true },
        { "ppc64", "6.1.0-powerpc64", true },
        { "ppc64", "6.1.0-powerpc64le", false },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        for (size_t m = 0; m < KD_COUNT(machines); m++) {
            kd_context context = on(machines[m].arch, V(6, 1));
            context.release = kd_str_of(machines[m].release);
            char out[9];
            uint64_t value = number_of(rows[i].bytes, rows[i].wide ? 8 : 4, machines[m].big);
            ck_assert_msg(kd_text_in(&context, value, rows[i].wide, out) == rows[i].count,
                          "row %zu on %s", i, machines[m].arch);
            if (rows[i].count)
                ck_assert(!strncmp(out, rows[i].bytes, rows[i].count) && !out[rows[i].count]);
        }
}
END_TEST

static const char *mark(uint32_t version, uint64_t value, bool wide, kd_magic *magic)
{
    kd_context context = on("x86_64", version);
    const char *words = "";
    *magic = kd_magic_of(&context, value, wide, &words);
    return words;
}

START_TEST(marks)
{
    static const struct {
        uint32_t version; /* 0: unknown, then each is possible */
        uint64_t value;
        bool wide;
        kd_magic magic;
        const char *begins;
    } rows[] = {
        { V(6, 1), UINT64_C(0xdead000000000400), true, KD_MAGIC_MARK, "TAIL_MAPPING" },
        { V26(32), UINT64_C(0xdead000000000400), true, KD_MAGIC_MARK, "TAIL_MAPPING" },
        { V(6, 1), UINT64_C(0xdead000000000401), true, KD_MAGIC_NONE, "" },
        { V(6, 1), UINT64_C(0xdead0000000003ff), true, KD_MAGIC_NONE, "" },
        { V(6, 1), UINT64_C(0xdead000000000400), false, KD_MAGIC_NONE, "" },
        { V(4, 15), UINT64_C(0xdead000000000300), true, KD_MAGIC_MARK, "TIMER_ENTRY_STATIC" },
        { V(4, 14), UINT64_C(0xdead000000000300), true, KD_MAGIC_NONE, "" },
        { V(4, 14), 0x74737461, true, KD_MAGIC_MARK, "TIMER_ENTRY_STATIC" },
        { V(4, 14), 0x74737461, false, KD_MAGIC_MARK, "TIMER_ENTRY_STATIC" },
        { V(4, 15), 0x74737461, true, KD_MAGIC_NONE, "" },
        { 0, 0x74737461, true, KD_MAGIC_MARK, "TIMER_ENTRY_STATIC" },
        { 0, UINT64_C(0xdead000000000300), true, KD_MAGIC_MARK, "TIMER_ENTRY_STATIC" },
        { V(4, 18), UINT64_C(0xdead000000000040), true, KD_MAGIC_MARK, "the signature of page_p" },
        { V(4, 17), UINT64_C(0xdead000000000040), true, KD_MAGIC_NONE, "" },
        { V(6, 1), 0x57ac6e9d, true, KD_MAGIC_MARK, "STACK_END_MAGIC" },
        { V(6, 1), 0x57ac6e9d, false, KD_MAGIC_MARK, "STACK_END_MAGIC" },
        { V(6, 1), UINT64_C(0xfefefefefefefeff), true, KD_MAGIC_CONSTANT, "a constant" },
        { V(6, 1), UINT64_C(0xfefefefefefefefe), true, KD_MAGIC_NONE, "" },
        { V(6, 1), 0xfefefeff, false, KD_MAGIC_CONSTANT, "a constant" },
        { V(6, 1), 0xfefefeff, true, KD_MAGIC_NONE, "" },
        { V(6, 7), UINT64_C(0x09f911029d74e35b), true, KD_MAGIC_MARK, "the red zone of a free" },
        { V(6, 8), UINT64_C(0x09f911029d74e35b), true, KD_MAGIC_NONE, "" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_magic magic;
        const char *words = mark(rows[i].version, rows[i].value, rows[i].wide, &magic);
        ck_assert_msg(magic == rows[i].magic, "row %zu", i);
        ck_assert_msg(!strncmp(words, rows[i].begins, strlen(rows[i].begins)), "row %zu: %s", i,
                      words);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("idiom");
    TCase *tests = tcase_create("idiom");
    tcase_add_test(tests, errors);
    tcase_add_test(tests, error_names);
    tcase_add_test(tests, poison_bytes);
    tcase_add_test(tests, list_poison);
    tcase_add_test(tests, text);
    tcase_add_test(tests, marks);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_rules_decode.c - the arithmetic behind the rules: relocations, module area, freed pointers.
 */
#include "family/fields.h"
#include "family/free/decode_page_pointer.h"
#include "family/module/decode_reloc.h"
#include "family/vmalloc/decode_module_area.h"
#include "suite.h"

#define TEXT(literal) ((kd_text){ KD_STR(literal), 1 })

static kd_reloc_verdict parisc(uint64_t value, uint64_t bits)
{
    kdf_module_reloc reloc = { .form = TEXT("parisc"), .value = { value, 1 }, .bits = { bits, 1 } };
    kd_context context = { .boot = 0 };
    kd_reloc_verdict verdict;
    kd_reloc_judge(&reloc, &context, &verdict);
    return verdict;
}

START_TEST(parisc_wraps_at_30_bits)
{
    kd_reloc_verdict v = parisc(0x3ffefffe, 17);
    ck_assert_int_eq(v.answer, KD_RELOC_OUT);
    ck_assert_int_eq(v.units, -65538);
    ck_assert_int_eq(v.distance, -262152);
    ck_assert_int_eq(v.least, -262144);
    ck_assert_int_eq(v.most, 262140);
    ck_assert_uint_eq(v.misses, 8);
}
END_TEST

START_TEST(parisc_limits)
{
    ck_assert_int_eq(parisc(0x3fff0000, 17).answer, KD_RELOC_INSIDE); /* -65536: the last */
    ck_assert_int_eq(parisc(0x3ffeffff, 17).answer, KD_RELOC_OUT);
    ck_assert_int_eq(parisc(0xffff, 17).answer, KD_RELOC_INSIDE);
    ck_assert_int_eq(parisc(0x10000, 17).answer, KD_RELOC_OUT);
    ck_assert_int_eq(parisc(0x1fffff, 22).answer, KD_RELOC_INSIDE);
    ck_assert_int_eq(parisc(0x200000, 22).answer, KD_RELOC_OUT);
    ck_assert_int_eq(parisc(0x3ffefffe, 18).answer, KD_RELOC_UNKNOWN);
    ck_assert_int_eq(parisc(0x80000000, 17).answer, KD_RELOC_UNKNOWN); /* no wrap has this value */
}
END_TEST

static kd_reloc_verdict of_value(const char *form, uint64_t type, uint64_t value)
{
    kdf_module_reloc reloc = { .form = { kd_str_of(form), 1 },
                               .type = { type, 1 },
                               .value = { value, 1 } };
    kd_context context = { .boot = 0 };
    kd_reloc_verdict verdict;
    kd_reloc_judge(&reloc, &context, &verdict);
    return verdict;
}

START_TEST(values_against_fields)
{
    /* R_X86_64_32S holds -2^31 .. 2^31-1 */
    ck_assert_int_eq(of_value("x86", 11, 0x123456789a).answer, KD_RELOC_OUT);
    ck_assert_int_eq(of_value("x86", 11, 0x7fffffff).answer, KD_RELOC_INSIDE);
    ck_assert_int_eq(of_value("x86", 11, 0x80000000).answer, KD_RELOC_OUT);
    ck_assert_int_eq(of_value("x86", 11, 0xffffffff80000000).answer, KD_RELOC_INSIDE);
    /* R_X86_64_32 holds 0 .. 2^32-1 */
    ck_assert_int_eq(of_value("x86", 10, 0xffffffff).answer, KD_RELOC_INSIDE);
    ck_assert_int_eq(of_value("x86", 10, 0xffffffff81000000).answer, KD_RELOC_OUT);
    /* arm64 prints S + A without the place: proved only for a target outside the kernel half */
    ck_assert_int_eq(of_value("arm64", 280, 0x1000).answer, KD_RELOC_OUT);
    ck_assert_int_eq(of_value("arm64", 283, 0xffff800012345678).answer, KD_RELOC_UNKNOWN);
    ck_assert_int_eq(of_value("x86", 999, 1).answer, KD_RELOC_UNKNOWN);
}
END_TEST

START_TEST(arm_distance)
{
    /* R_ARM_PREL31 has no pipeline bias: 0x1000 - 0xbf002000 wraps to 0x40fff000, over 2^30 */
    kdf_module_reloc reloc = {
        .form = TEXT("arm"), .type = { 42, 1 }, .place = { 0xbf002000, 1 }, .target = { 0x1000, 1 }
    };
    kd_context context = { .boot = 0 };
    kd_reloc_verdict v;
    kd_reloc_judge(&reloc, &context, &v);
    ck_assert_int_eq(v.distance, 0x40fff000);
    ck_assert_int_eq(v.answer, KD_RELOC_OUT);
    /* R_ARM_CALL: 0xc0301234 - 8 - 0xbe000010 = 0x230121c, the reach ends at 0x1fffffc */
    reloc.type.v = 28;
    reloc.place.v = 0xbe000010;
    reloc.target.v = 0xc0301234;
    kd_reloc_judge(&reloc, &context, &v);
    ck_assert_int_eq(v.distance, 0x230121c);
    ck_assert_int_eq(v.answer, KD_RELOC_OUT);
    reloc.target.v = 0xbe000010 + 8 + 0x1fffffc;
    kd_reloc_judge(&reloc, &context, &v);
    ck_assert_int_eq(v.answer, KD_RELOC_INSIDE);
}
END_TEST

START_TEST(arm_module_area)
{
    kd_context context = { .arch = KD_STR("arm"), .version = KD_KERNEL(3, 14, 43) };
    kd_module_area area;
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 2);
    ck_assert_uint_eq(area.list.items[0].start, 0xbf000000);
    ck_assert_uint_eq(area.list.items[0].end, 0xc0000000);
    ck_assert_uint_eq(area.list.items[1].end, 0xbfe00000);
    ck_assert_uint_eq(area.list.assumed_count, 2);
    ck_assert_int_eq(area.plts, KD_FALLBACK_NEVER);
    context.kconfig = KD_STR("CONFIG_PAGE_OFFSET=0x80000000\nCONFIG_THUMB2_KERNEL=y\n"
                             "CONFIG_HIGHMEM=y\n");
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 1);
    ck_assert_uint_eq(area.list.items[0].start, 0x7f800000);
    ck_assert_uint_eq(area.list.items[0].end, 0x7fe00000);
    ck_assert_uint_eq(area.list.assumed_count, 0);
}
END_TEST

START_TEST(arm_branch)
{
    kd_arm_branch branch;
    kd_arm_branch_of(0xc0000000, &branch);
    ck_assert_uint_eq(branch.needed, 0x2007ff8);
    ck_assert_uint_eq(branch.misses, 0x7ff8);
}
END_TEST

static kd_free_case free_case(const char *arch, uint32_t version, uint64_t va_bits,
                              const kd_pair *pairs, uint32_t count, uint64_t address)
{
    kdf_oops oops = { .address = { address, 1 } };
    kd_context context = {
        .arch = kd_str_of(arch), .version = version, .va_bits = va_bits, .ram_kb = 512 * 1024
    };
    kd_free_case c;
    oops.ip.function = TEXT("__free_pages");
    oops.registers = (kd_list){ (void *)(uintptr_t)pairs, count, count };
    kd_free_case_of(&oops, &context, &c);
    return c;
}

#define REG(name, value)       \
    {                          \
        KD_STR(name), value, 1 \
    }

START_TEST(fixed_bases)
{
    kd_pair regs[] = { REG("rax", 0x1880002c5c0), REG("rbx", 0xffffea0000b17400), REG("rsi", 6),
                       REG("rdi", 0xffffeb880002c5c0) };
    kd_free_case c = free_case("x86_64", KD_KERNEL(3, 2, 6), 0, regs, 4, 0xffffeb880002c5dc);
    ck_assert_int_eq(c.class, KD_FREE_STRUCT_PAGE);
    ck_assert(c.proved);
    ck_assert_uint_eq(c.member, 0x1c);
    ck_assert_uint_eq(c.pfn, 0x620000b17);
    ck_assert_uint_eq(c.argument, 0xffffea0000b17000);
    ck_assert_uint_eq(c.exact, 0xffffea0000b17400);
    ck_assert_uint_eq(c.exact_pfn, 0x2c5d0);
    ck_assert_uint_eq(c.exact_address, 0xffff88002c5d0000);
    ck_assert_uint_eq(c.order, 6);
    regs[1].v = 0x1234; /* the pointer itself is lost, its page is not */
    c = free_case("x86_64", KD_KERNEL(3, 2, 6), 0, regs, 4, 0xffffeb880002c5dc);
    ck_assert_int_eq(c.class, KD_FREE_STRUCT_PAGE);
    ck_assert(c.proved && c.exact_register.len == 0);
}
END_TEST

START_TEST(recovered_bases)
{
    kd_pair regs[] = { REG("rbx", 0xfffff49b80408600), REG("rdi", 0xfffff63eac010200),
                       REG("gs", 0xffff8bd09f200000), REG("rsi", 3) };
    kd_free_case c = free_case("x86_64", KD_KERNEL(6, 1, 176), 0, regs, 4, 0xfffff63eac010200);
    ck_assert_int_eq(c.class, KD_FREE_STRUCT_PAGE);
    ck_assert(c.proved && c.recovered);
    ck_assert_uint_eq(c.vmemmap, 0xfffff49b80000000);
    ck_assert_uint_eq(c.linear, 0xffff8bd080000000);
    for (int bit = 12; bit < 40; bit++) { /* any other page pointer fits no bases */
        kd_pair wrong[] = { regs[0], regs[1], regs[2], regs[3] };
        wrong[1].v ^= (uint64_t)1 << bit;
        c = free_case("x86_64", KD_KERNEL(6, 1, 176), 0, wrong, 4, wrong[1].v);
        ck_assert_msg(!c.proved || c.linear != 0xffff8bd080000000, "bit %d", bit);
    }
    regs[0].v = 0x1234;
    c = free_case("x86_64", KD_KERNEL(6, 1, 176), 0, regs, 4, 0xfffff63eac010200);
    ck_assert(!c.proved && c.class == KD_FREE_UNKNOWN);
}
END_TEST

START_TEST(arm64_bases)
{
    kd_pair regs[] = { REG("x0", 0xfffffff000008540), REG("x1", 3),
                       REG("x19", 0xfffffc0000215200) };
    kd_free_case c = free_case("arm64", KD_KERNEL(6, 1, 176), 48, regs, 3, 0xfffffff000008540);
    ck_assert(c.class == KD_FREE_STRUCT_PAGE && c.proved);
    ck_assert_uint_eq(c.exact, 0xfffffc0000215200);
    kd_pair later[] = { REG("x0", 0x000001f7bf002800), REG("x19", 0xfffffdffc00a0600) };
    c = free_case("arm64", KD_KERNEL(6, 12, 107), 48, later, 2, 0x000001f7bf002800);
    ck_assert(c.class == KD_FREE_STRUCT_PAGE && c.proved);
    ck_assert_uint_eq(c.exact, 0xfffffdffc00a0600);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules_decode");
    TCase *tests = tcase_create("rules_decode");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, parisc_wraps_at_30_bits);
    tcase_add_test(tests, parisc_limits);
    tcase_add_test(tests, values_against_fields);
    tcase_add_test(tests, arm_distance);
    tcase_add_test(tests, arm_module_area);
    tcase_add_test(tests, arm_branch);
    tcase_add_test(tests, fixed_bases);
    tcase_add_test(tests, recovered_bases);
    tcase_add_test(tests, arm64_bases);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_vmalloc.c - address ranges of modules and of vmalloc(), holes, callers. */
#include "core/decode.h"
#include "core/version.h"
#include "family/fields.h"
#include "family/vmalloc/decode_module_area.h"
#include "family/vmalloc/decode_vmalloc_area.h"
#include "family/vmalloc/decode_vmalloc_request.h"
#include "suite.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define TIB ((uint64_t)1 << 40)

static kd_context machine(const char *arch, uint32_t version, uint64_t va_bits)
{
    return (kd_context){ .arch = kd_str_of(arch), .version = version, .va_bits = va_bits };
}

static kd_module_area modules(const char *arch, uint32_t version, uint64_t va_bits)
{
    kd_context context = machine(arch, version, va_bits);
    kd_module_area area;
    kd_module_area_of(&context, &area);
    return area;
}

static kd_vmalloc_area vmalloc_area(const char *arch, uint32_t version, uint64_t va_bits)
{
    kd_context context = machine(arch, version, va_bits);
    kd_vmalloc_area area;
    kd_vmalloc_area_of(&context, &area);
    return area;
}

static uint64_t most(const char *arch, uint32_t version, uint64_t va_bits)
{
    kd_vmalloc_area area = vmalloc_area(arch, version, va_bits);
    return kd_area_most(&area.list);
}

/* start 0: only the size */
static const struct {
    const char *arch;
    uint32_t version;
    uint64_t va_bits, start, bytes;
    size_t count;
    bool own;
} module_rows[] = {
    { "x86_64", V26(32), 0, 0xffffffffa0000000, 1520 * MIB, 1, true },
    { "x86_64", V(3, 13), 0, 0xffffffffa0000000, 1520 * MIB, 1, true },
    { "x86_64", V(3, 14), 0, 0xffffffffa0000000, 1520 * MIB, 2, true },
    { "x86_64", V(6, 1), 0, 0xffffffffc0000000, 1008 * MIB, 2, true },
    { "x86_64", 0, 0, 0xffffffffc0000000, 1008 * MIB, 2, true },
    { "arm", V(3, 14), 0, 0xbf000000, 16 * MIB, 2, true },
    { "arm64", V(3, 14), 39, 0xffffffbffc000000, 64 * MIB, 1, true },
    { "arm64", V(3, 14), 42, 0xfffffdfffc000000, 64 * MIB, 1, true },
    { "arm64", V(3, 14), 48, 0xffff7ffffc000000, 64 * MIB, 1, true },
    { "arm64", V(3, 14), 0, 0, 64 * MIB, 1, true },
    { "arm64", V(4, 6), 39, 0, 128 * MIB, 2, true },
    { "arm64", V(5, 10), 48, 0, 128 * MIB, 2, true },
    { "arm64", V(6, 4), 48, 0, 128 * MIB, 2, true },
    { "arm64", V(6, 5), 48, 0, 128 * MIB, 2, true },
    { "arm64", V(7, 2), 0, 0, 128 * MIB, 2, true },
    { "riscv64", V(5, 10), 0, 0, 2 * GIB, 1, true },
    { "riscv64", V(6, 12), 0, 0, 2 * GIB, 1, true },
    { "s390", V(3, 10), 0, 0, 2 * GIB, 1, true },
    { "s390", V(7, 2), 0, 0, 2 * GIB, 1, true },
    { "loongarch64", V(6, 1), 0, 0, 256 * MIB, 1, true },
    { "loongarch64", V(6, 6), 0, 0, 256 * MIB, 2, true },
    { "loongarch64", V(6, 12), 0, 0, 2 * GIB, 1, true },
    { "mips64", V(4, 14), 0, 0xffffffffc0000000, GIB - 0x20000, 1, true },
    { "sparc64", V(4, 9), 0, 0x10000000, 0xe0000000, 1, true },
    { "ppc", V(5, 8), 0, 0, 0, 0, false },
    { "ppc", V(5, 10), 0, 0xb0000000, 256 * MIB, 1, true },
    { "ppc", V(5, 15), 0, 0xb0000000, 256 * MIB, 1, true },
    { "ppc", V(6, 14), 0, 0xbc000000, 64 * MIB, 1, true },
    /* in the vmalloc area */
    { "i386", V(6, 1), 0, 0, 0, 0, false },
    { "ppc64", V(6, 1), 0, 0, 0, 0, false },
    { "mips", V(5, 10), 0, 0, 0, 0, false },
    { "parisc", V(6, 1), 0, 0, 0, 0, false },
    { "riscv32", V(6, 1), 0, 0, 0, 0, false },
};

START_TEST(module_area_of_each_row)
{
    for (size_t i = 0; i < KD_COUNT(module_rows); i++) {
        kd_module_area area =
            modules(module_rows[i].arch, module_rows[i].version, module_rows[i].va_bits);
        ck_assert_msg(area.list.count == module_rows[i].count, "%zu: %zu areas", i,
                      area.list.count);
        ck_assert_msg(area.own_area == module_rows[i].own, "%zu", i);
        if (area.list.count == 0)
            continue;
        ck_assert_msg(area.list.items[0].start == module_rows[i].start, "%zu: start", i);
        ck_assert_msg(kd_area_bytes(&area.list.items[0]) == module_rows[i].bytes, "%zu: bytes", i);
    }
}
END_TEST

START_TEST(module_area_by_config)
{
    kd_context context = machine("x86_64", V(6, 1), 0);
    kd_module_area area;
    context.kconfig = KD_STR("CONFIG_X86_64=y\nCONFIG_RANDOMIZE_BASE=y\n");
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 1);
    ck_assert_uint_eq(area.list.items[0].start, 0xffffffffc0000000);
    context.kconfig = KD_STR("CONFIG_X86_64=y\n# CONFIG_RANDOMIZE_BASE is not set\n");
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 1);
    ck_assert_uint_eq(area.list.items[0].start, 0xffffffffa0000000);
    context = machine("arm64", V(5, 15), 48);
    kd_module_area_of(&context, &area);
    ck_assert_int_eq(area.plts, KD_FALLBACK_BY_CONFIG);
    context.kconfig = KD_STR("CONFIG_ARM64=y\n# CONFIG_ARM64_MODULE_PLTS is not set\n");
    kd_module_area_of(&context, &area);
    ck_assert_int_eq(area.plts, KD_FALLBACK_NEVER);
    ck_assert_uint_eq(kd_area_most(&area.list), 128 * MIB);
    ck_assert_int_eq(modules("arm64", V(6, 12), 48).plts, KD_FALLBACK_ALWAYS);
    ck_assert_int_eq(modules("arm64", V(4, 4), 39).plts, KD_FALLBACK_NEVER);
}
END_TEST

/* "relocation range: 0x...-0x...", addresses of modules, lines of the boot log */
START_TEST(module_area_by_the_log)
{
    kd_context context = machine("x86_64", V(6, 1), 0);
    kd_module_area area;
    context.text_end = 0xffffffffbfffffff;
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 1);
    ck_assert_uint_eq(area.list.items[0].start, 0xffffffffc0000000);
    context.text_end = UINT64_MAX;
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 2);
    kd_module_area_narrow(&area, 0xffffffffc0123456); /* in both */
    ck_assert_uint_eq(area.list.count, 2);
    kd_module_area_narrow(&area, 0xffffffffa0123456); /* in the larger one only */
    ck_assert_uint_eq(area.list.count, 1);
    ck_assert_uint_eq(area.list.items[0].start, 0xffffffffa0000000);

    kd_read_area rows[] = { { KD_STR("vmalloc"), 0xf0800000, 0xff800000, { .number = 7 } },
                            { KD_STR("lowmem"), 0x80000000, 0xb0000000, { .number = 8 } },
                            { KD_STR("modules"), 0x7f000000, 0x7fe00000, { .number = 9 } } };
    context = machine("arm", V(4, 4), 0);
    context.areas = (kd_list){ rows, 3, 3 };
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 1);
    ck_assert_uint_eq(area.list.items[0].start, 0x7f000000);
    ck_assert_uint_eq(area.page_offset, 0x80000000);
    ck_assert_uint_eq(area.list.assumed_count, 0);
    ck_assert(kd_area_is_read(&area.list));

    context = machine("arm64", V(6, 12), 48);
    context.module_pages[1] = 514832;
    context.module_lines[1].number = 60;
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 1);
    ck_assert_uint_eq(kd_area_most(&area.list), (uint64_t)514832 * 4096);
    context.module_pages[1] = UINT64_MAX / 2; /* forged */
    kd_module_area_of(&context, &area);
    ck_assert_uint_eq(kd_area_most(&area.list), 2 * GIB);
}
END_TEST

START_TEST(printed_ranges)
{
    kd_module_area area = modules("x86_64", V(6, 11), 0);
    ck_assert(kd_area_match(&area.list, 0xffffffffc0000000, 0xffffffffff000000));
    ck_assert(kd_area_match(&area.list, 0xffffffffc0400000, 0xffffffffff000000));
    ck_assert(!kd_area_match(&area.list, 0xffffffffc0401000, 0xffffffffff000000));
    ck_assert(!kd_area_match(&area.list, 0xffffffffc0000000, 0xffffffffff001000));
    ck_assert(!kd_area_match(&area.list, 0xffffc90000000000, 0xffffe90000000000));
    ck_assert(!kd_area_match(&area.list, 5, 5));
    ck_assert(!kd_area_match(&area.list, 9, 5));
    area = modules("arm64", V(6, 12), 48);
    ck_assert(kd_area_match(&area.list, 0xffffae2b60000000, 0xffffae2be0000000));
    ck_assert(kd_area_match(&area.list, 0xffffae2b60000000, 0xffffae2b68000000));
    ck_assert(!kd_area_match(&area.list, 0xffff800080000000, 0xfffffdffbf800000));
    area = modules("riscv64", V(6, 12), 0);
    ck_assert(kd_area_match(&area.list, 0xffffffff01d22000, 0xffffffff80000000));
    ck_assert(!kd_area_match(&area.list, 0xffffffff78000000, 0xffffffff80000000)); /* BPF */
    kd_vmalloc_area arm = vmalloc_area("arm", V(6, 12), 0);
    ck_assert(kd_area_match(&arm.list, 0xe0800000, 0xff800000));
    ck_assert(!kd_area_match(&arm.list, 0xbf000000, 0xc0000000));
}
END_TEST

/* How a candidate is known says which printed ranges it may be. */
START_TEST(ranges_of_each_kind)
{
    const uint64_t at = 0xffffffffa0000000, kaslr = 4 * MIB;
    static const char none[] = "";
    const struct {
        uint64_t from, bytes; /* of the candidate */
        kd_area_kind kind;
        uint64_t start, end; /* printed */
        bool fits;
    } rows[] = {
        { at, 64 * MIB, KD_AREA_FIXED, at, at + 64 * MIB, true },
        { at, 64 * MIB, KD_AREA_FIXED, at - 1, at + 64 * MIB, false },
        { at, 64 * MIB, KD_AREA_FIXED, at + kaslr, at + 64 * MIB, true },
        { at, 64 * MIB, KD_AREA_FIXED, at + kaslr + 1, at + 64 * MIB, false },
        { at, 64 * MIB, KD_AREA_FIXED, at, at + 64 * MIB - 1, false },
        { at, 64 * MIB, KD_AREA_AT_LEAST, at, at + 64 * MIB, true },
        { at, 64 * MIB, KD_AREA_AT_LEAST, at - MIB, at + 64 * MIB, true },
        { at, 64 * MIB, KD_AREA_AT_LEAST, at + 1, at + 64 * MIB, false },
        { at, 64 * MIB, KD_AREA_AT_LEAST, at, at + 65 * MIB, false },
        { 0, 64 * MIB, KD_AREA_AT_LEAST, 0, 64 * MIB, false },
        { at, 64 * MIB, KD_AREA_MOVED, 0x1000, 0x1000 + 64 * MIB, true },
        { at, 64 * MIB, KD_AREA_MOVED, 0x1000, 0x1001 + 64 * MIB, false },
        { at, 64 * MIB, KD_AREA_MOVED, 0x1000, 0x1000 + 60 * MIB, true },
        { at, 64 * MIB, KD_AREA_MOVED, 0x1000, 0x0fff + 60 * MIB, false },
        { at, 4 * MIB, KD_AREA_MOVED, 0x1000, 0x1000 + 4 * MIB, true },
        { at, 4 * MIB, KD_AREA_MOVED, 0x1000, 0x0fff + 4 * MIB, false },
        { at, 64 * MIB, KD_AREA_FALLBACK, 0x1000, 0x1000 + 60 * MIB, true },
        { at, 64 * MIB, KD_AREA_AT_MOST, at, at + 64 * MIB, true },
        { at, 64 * MIB, KD_AREA_AT_MOST, at, at + 64 * MIB + 1, false },
        { at, 64 * MIB, KD_AREA_AT_MOST, at, at + 56 * MIB, true },
        { at, 64 * MIB, KD_AREA_AT_MOST, at, at + 56 * MIB - 1, false },
        { at, 64 * MIB, KD_AREA_AT_MOST, at + MIB, at + 64 * MIB, false },
        { 0, 64 * MIB, KD_AREA_AT_MOST, at + MIB, at + 64 * MIB, true },
        { at, 64 * MIB, KD_AREA_MOVED, at, at, false },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_area_list list = { .count = 0 };
        kd_area_add(&list, (kd_area){ rows[i].from, rows[i].from + rows[i].bytes, rows[i].kind,
                                      none, NULL });
        const kd_area *found = kd_area_match(&list, rows[i].start, rows[i].end);
        ck_assert_msg((found == &list.items[0]) == rows[i].fits, "row %zu", i);
        ck_assert_msg(found == &list.items[0] || !found, "row %zu", i);
        ck_assert_uint_eq(kd_area_most(&list),
                          rows[i].kind == KD_AREA_AT_LEAST ? 0 : rows[i].bytes);
        ck_assert(!kd_area_is_read(&list));
    }
    kd_area_list full = { .count = 0 };
    kd_area_add(&full, (kd_area){ at, at, KD_AREA_FIXED, none, NULL });
    ck_assert_uint_eq(full.count, 0);
    for (size_t i = 0; i < KD_MAX_AREAS; i++)
        kd_area_add(&full, (kd_area){ at, at + (i % 2 ? 1 : 9), KD_AREA_FIXED, none, NULL });
    ck_assert(full.count == KD_MAX_AREAS && !full.left_out);
    ck_assert_uint_eq(kd_area_most(&full), 9);
    kd_area_add(&full, (kd_area){ at, at + 1, KD_AREA_FIXED, none, NULL });
    ck_assert(full.count == KD_MAX_AREAS && full.left_out);
    ck_assert_uint_eq(kd_area_most(&full), 0);
}
END_TEST

START_TEST(vmalloc_area_of_each_row)
{
    kd_vmalloc_area area = vmalloc_area("x86_64", V(3, 2), 0);
    ck_assert_uint_eq(area.list.items[0].start, 0xffffc90000000000);
    ck_assert_uint_eq(kd_area_most(&area.list), 32 * TIB);
    area = vmalloc_area("x86_64", V(4, 9), 0);
    ck_assert_uint_eq(area.list.items[0].start, 0); /* memory randomisation */
    ck_assert_uint_eq(kd_area_most(&area.list), 32 * TIB);
    area = vmalloc_area("x86_64", V(6, 1), 0);
    ck_assert_uint_eq(area.list.count, 2);
    ck_assert_uint_eq(kd_area_most(&area.list), 12800 * TIB);
    area = vmalloc_area("arm64", V(5, 4), 39);
    ck_assert_uint_eq(area.list.items[0].start, 0xffffffc010000000);
    area = vmalloc_area("arm64", V(6, 12), 48);
    ck_assert_uint_eq(area.list.items[0].start, 0xffff800080000000);
    ck_assert_uint_eq(area.list.items[0].end, 0xfffffdffbf800000);
    ck_assert_uint_eq(kd_area_most(&(kd_area_list){ .count = 0 }), 0);
    ck_assert_uint_eq(most("arm64", V(4, 9), 48), 128 * TIB);
    ck_assert_uint_eq(most("arm64", V(4, 9), 42), 2 * TIB);
    ck_assert_uint_eq(most("arm64", V(4, 9), 39), 256 * GIB);
    ck_assert_uint_eq(most("riscv64", V(6, 1), 39), 64 * GIB);
    ck_assert_uint_eq(most("riscv64", V(6, 1), 48), 32 * TIB);
    ck_assert_uint_eq(most("riscv64", V(6, 1), 57), 16384 * TIB);
    ck_assert_uint_eq(vmalloc_area("riscv64", V(6, 1), 0).list.count, 1);
    ck_assert_uint_eq(vmalloc_area("ppc64", V(6, 1), 0).list.items[0].start, 0xc008000000000000);
    ck_assert_uint_eq(vmalloc_area("ppc64", V(3, 10), 0).list.count, 0);
    ck_assert_uint_eq(most("s390", V(6, 1), 0), 510 * GIB);
    ck_assert(vmalloc_area("s390", V(6, 1), 0).has_option);
    ck_assert(!vmalloc_area("ppc", V(6, 1), 0).has_option);
    ck_assert(!vmalloc_area("x86_64", V(6, 1), 0).has_option);
    ck_assert(vmalloc_area("x86_64", V(6, 1), 0).wide && !vmalloc_area("arm", 0, 0).wide);
}
END_TEST

/* The lab's machines: 512 MiB of RAM leave more than vmalloc=32M asks for. */
START_TEST(vmalloc_area_of_arm)
{
    kd_context context = machine("arm", V(6, 12), 0);
    kd_vmalloc_area area;
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(area.list.items[0].start, 0xf0800000);
    ck_assert_uint_eq(area.list.items[0].end, 0xff800000);
    ck_assert_uint_eq(kd_area_most(&area.list), 0); /* RAM is not known: it may be larger */
    context.ram_kb = 524288;
    context.vmalloc_bytes = 32 * MIB;
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(area.list.items[0].start, 0xe0800000);
    context.ram_kb = 4 * 1024 * 1024;
    context.vmalloc_bytes = 512 * MIB;
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(area.list.items[0].start, 0xdf800000);
    context.vmalloc_bytes = 1 * MIB; /* raised to 16 MiB */
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(area.list.items[0].start, 0xfe800000);
    context.vmalloc_bytes = UINT64_MAX; /* bounded by 32 MiB of lowmem and the gap */
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(area.list.items[0].start, 0xc2800000);
    context = machine("arm", V(3, 14), 0);
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(area.list.items[0].end, 0xff000000);
    ck_assert_uint_eq(vmalloc_area("arm", V(3, 2), 0).list.count, 0);
}
END_TEST

START_TEST(vmalloc_area_of_i386)
{
    kd_context context = machine("i386", V(6, 1), 0);
    kd_vmalloc_area area;
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(kd_area_bytes(&area.list.items[0]), 120 * MIB);
    ck_assert_uint_eq(kd_area_most(&area.list), 0);
    context.vmalloc_bytes = 384 * MIB;
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(kd_area_bytes(&area.list.items[0]), 384 * MIB);
    context.vmalloc_bytes = UINT64_MAX;
    kd_vmalloc_area_of(&context, &area);
    ck_assert_uint_eq(area.list.count, 0);
}
END_TEST

START_TEST(holes)
{
    ck_assert_uint_eq(kd_vmalloc_hole(454123, 4096), 458752);
    ck_assert_uint_eq(kd_vmalloc_hole(1048576, 4096), 1052672);
    ck_assert_uint_eq(kd_vmalloc_hole(UINT64_MAX, 4096), UINT64_MAX);
    ck_assert(kd_vmalloc_fits(454123, 458752, 4096).fits);
    ck_assert(!kd_vmalloc_fits(454123, 454656, 4096).fits);
    ck_assert(!kd_vmalloc_fits(454123, 458752, 65536).fits);
    ck_assert(!kd_vmalloc_fits(0, 4096, 0).fits);
    ck_assert(!kd_vmalloc_fits(UINT64_MAX, UINT64_MAX, 0).fits);
    kd_hole_fit fit = kd_vmalloc_fits(9371000, 9437184, 0);
    ck_assert(fit.fits && fit.page == 65536 && fit.unit == 65536);
    fit = kd_vmalloc_fits(6300000, 8392704, 4096);
    ck_assert(fit.fits && fit.page == 4096 && fit.unit == 2 * MIB);
    ck_assert(!kd_vmalloc_fits(100, 2 * MIB + 4096, 4096).fits);
}
END_TEST

START_TEST(negative_sizes)
{
    int64_t value;
    ck_assert(kd_vmalloc_negative(UINT64_MAX, &value) && value == -1);
    ck_assert(kd_vmalloc_negative(UINT64_MAX - 21, &value) && value == -22);
    ck_assert(kd_vmalloc_negative(4294967274u, &value) && value == -22);
    ck_assert(!kd_vmalloc_negative((uint64_t)UINT32_MAX + 1, &value));
    ck_assert(!kd_vmalloc_negative(17179869184u, &value));
    ck_assert(!kd_vmalloc_negative(0, &value));
}
END_TEST

static kd_vmalloc_caller caller_of(const char *const *names, uint32_t count)
{
    static kdf_frame frames[16];
    kd_vmalloc_caller caller;
    for (uint32_t i = 0; i < count; i++)
        frames[i] = (kdf_frame){ .function = { kd_str_of(names[i]), 1 } };
    kd_list trace = { frames, count, count };
    kd_vmalloc_caller_of(&trace, &caller);
    return caller;
}
#define CALLER(...)                                 \
    caller_of((const char *const[]){ __VA_ARGS__ }, \
              (uint32_t)KD_COUNT(((const char *const[]){ __VA_ARGS__ })))

START_TEST(callers)
{
    kd_vmalloc_caller c =
        CALLER("warn_alloc", "__vmalloc_node_range", "module_alloc", "load_module");
    ck_assert(c.module_frame && c.purpose == KD_VMALLOC_MODULE);
    /* the module's own init function: load_module() stands far below */
    c = CALLER("warn_alloc", "__vmalloc_node_range", "vmalloc", "kf_init", "do_one_initcall",
               "do_init_module", "load_module");
    ck_assert(!c.module_frame && c.is_plain && c.purpose == KD_VMALLOC_UNKNOWN);
    /* the relocations that a 32-bit powerpc module is sorted by */
    c = CALLER("__vmalloc_node_range", "vmalloc", "module_frob_arch_sections",
               "layout_and_allocate", "load_module");
    ck_assert(!c.module_frame && c.is_plain);
    c = CALLER("__vmalloc_node_range_noprof", "__vmalloc_node_noprof", "kernel_read_file");
    ck_assert(c.is_plain && c.purpose == KD_VMALLOC_FILE);
    /* module_alloc() of 64-bit powerpc to 5.7 */
    c = CALLER("__vmalloc_node_range", "__vmalloc_node", "vmalloc_exec", "module_alloc",
               "load_module");
    ck_assert(c.module_frame && c.purpose == KD_VMALLOC_MODULE);
    c = CALLER("__vmalloc_node_range", "module_alloc", "bpf_jit_binary_alloc",
               "bpf_int_jit_compile");
    ck_assert(c.module_frame && c.purpose == KD_VMALLOC_JIT);
    c = CALLER("kvmalloc_node", "xt_alloc_table_info", "do_ipt_set_ctl");
    ck_assert(c.purpose == KD_VMALLOC_USER);
    c = caller_of(NULL, 0);
    ck_assert(!c.frame && !c.module_frame && c.purpose == KD_VMALLOC_UNKNOWN);
}
END_TEST

static uint64_t reserved_pages;

static const char *reason_of(const char *text, uint64_t bytes, uint64_t ram_pages)
{
    kdf_vmalloc failure = { .text = { kd_str_of(text), 1 },
                            .requested_bytes = { bytes, 1 },
                            .reason = { KD_STR("no-range"), 1 } };
    kd_context context = machine("x86_64", V(4, 4), 0);
    failure.meminfo.ram_pages = (kd_u64){ ram_pages, ram_pages != 0 };
    failure.meminfo.reserved_pages = (kd_u64){ reserved_pages, reserved_pages != 0 };
    kd_event event = { .kind = &kd_kind_vmalloc_failure, .body = &failure };
    kd_decode_event(&event, &context);
    return failure.reason.v.ptr;
}

START_TEST(old_text_stands_for_three_causes)
{
    const char *old = "vmalloc: allocation failure: N bytes";
    ck_assert_str_eq(reason_of(old, 0, 1000), "zero-size");
    ck_assert_str_eq(reason_of(old, 4096 * 1000, 1000), "no-range"); /* as large as RAM */
    ck_assert_str_eq(reason_of(old, 4096 * 1000 + 1, 1000), "too-large");
    ck_assert_str_eq(reason_of(old, 1 << 30, 0), "no-range");
    reserved_pages = 100;
    ck_assert_str_eq(reason_of(old, 4096 * 900, 1000), "no-range");
    ck_assert_str_eq(reason_of(old, 4096 * 900 + 1, 1000), "too-large");
    reserved_pages = 2000; /* forged */
    ck_assert_str_eq(reason_of(old, 4096 * 900 + 1, 1000), "no-range");
    reserved_pages = 0;
    ck_assert_str_eq(reason_of("vmalloc error: size N, vm_struct", 1 << 30, 1000), "no-range");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vmalloc");
    TCase *tests = tcase_create("vmalloc");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, module_area_of_each_row);
    tcase_add_test(tests, module_area_by_config);
    tcase_add_test(tests, module_area_by_the_log);
    tcase_add_test(tests, printed_ranges);
    tcase_add_test(tests, ranges_of_each_kind);
    tcase_add_test(tests, vmalloc_area_of_each_row);
    tcase_add_test(tests, vmalloc_area_of_arm);
    tcase_add_test(tests, vmalloc_area_of_i386);
    tcase_add_test(tests, holes);
    tcase_add_test(tests, negative_sizes);
    tcase_add_test(tests, callers);
    tcase_add_test(tests, old_text_stands_for_three_causes);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

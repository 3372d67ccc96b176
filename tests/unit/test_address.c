/* test_address.c - addresses just inside and just outside each region, for each machine and at each
 * version where the layout changed. The numbers are those of the kernels' documents, not computed
 * from the rows. */
#include "core/version.h"
#include "family/address/decode_address.h"
#include "suite.h"

#include <string.h>

typedef struct row {
    uint32_t version;
    uint64_t va_bits, page_kb;
    uint64_t first, last;
    const char *word;
} row;

static const char *at(const char *arch, const row *r, uint64_t value)
{
    kd_context context = { .arch = kd_str_of(arch),
                           .version = r->version,
                           .va_bits = r->va_bits,
                           .page_size = (uint32_t)r->page_kb * 1024 };
    kd_list none = { .count = 0 };
    kd_address_map map;
    kd_address_map_of(&context, &none, 0, false, &map);
    if (r->va_bits)
        map.va_bits = r->va_bits;
    return kd_address_word(kd_address_at(&map, value).class);
}

static void check(const char *arch, const row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const row *r = &rows[i];
        ck_assert_msg(!strcmp(at(arch, r, r->first), r->word), "%s row %zu: %llx is %s, not %s",
                      arch, i, (unsigned long long)r->first, at(arch, r, r->first), r->word);
        ck_assert_msg(!strcmp(at(arch, r, r->last), r->word), "%s row %zu: %llx is %s, not %s",
                      arch, i, (unsigned long long)r->last, at(arch, r, r->last), r->word);
        uint64_t middle = r->first + (r->last - r->first) / 2;
        ck_assert_msg(!strcmp(at(arch, r, middle), r->word), "%s row %zu: middle", arch, i);
        if (r->first > 0)
            ck_assert_msg(strcmp(at(arch, r, r->first - 1), r->word), "%s row %zu: below", arch, i);
        if (r->last < UINT64_MAX)
            ck_assert_msg(strcmp(at(arch, r, r->last + 1), r->word), "%s row %zu: above", arch, i);
    }
}

/* What the boot log prints beats the rows of the sources: arm64's layout of 4.4, all areas
 * elsewhere. */
START_TEST(areas_that_the_boot_log_prints)
{
    static const struct {
        const char *name, *word;
    } rows[] = { { "vector", "vectors" },  { "fixmap", "fixmap" }, { "vmalloc", "vmalloc" },
                 { "lowmem", "linear" },   { "pkmap", "pkmap" },   { "modules", "module" },
                 { "vmemmap", "vmemmap" }, { "memory", "linear" }, { "PCI I/O", "io" } };
    kd_read_area areas[KD_COUNT(rows)];
    uint64_t first = 0xffffff9000000000, bytes = 0x1000000;
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        areas[i] = (kd_read_area){ .name = kd_str_of(rows[i].name),
                                   .start = first + 2 * i * bytes,
                                   .end = first + (2 * i + 1) * bytes };
    kd_context context = { .arch = KD_STR("arm64"), .version = V(4, 4), .page_size = 4096 };
    kd_list none = { .count = 0 };
    kd_address_map map;
    context.areas = (kd_list){ areas, KD_COUNT(rows), KD_COUNT(rows) };
    kd_address_map_of(&context, &none, 0, false, &map);
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        const kd_read_area *area = &areas[i];
        ck_assert_str_eq(kd_address_word(kd_address_at(&map, area->start).class), rows[i].word);
        ck_assert_str_eq(kd_address_word(kd_address_at(&map, area->end - 1).class), rows[i].word);
        const char *below = kd_address_word(kd_address_at(&map, area->start - 1).class);
        const char *above = kd_address_word(kd_address_at(&map, area->end).class);
        ck_assert_msg(!strcmp(above, below), "%s: %s, %s", rows[i].name, below, above);
    }
}
END_TEST

START_TEST(x86_64)
{
    static const row rows[] = {
        { V(6, 1), 48, 4, 0, 0xfff, "null-page" },
        { V(6, 1), 48, 4, 0x1000, 0x00007fffffffffff, "user" },
        { V(6, 1), 48, 4, 0x0000800000000000, 0xffff7fffffffffff, "non-canonical" },
        { V(6, 1), 48, 4, 0xffff800000000000, 0xffff87ffffffffff, "hypervisor-hole" },
        { V26(32), 48, 4, 0xffff880000000000, 0xffffc7ffffffffff, "linear" },
        { V(4, 18), 48, 4, 0xffff880000000000, 0xffffc7ffffffffff, "linear" },
        { V(4, 19), 48, 4, 0xffff880000000000, 0xffff887fffffffff, "ldt" },
        { V(4, 19), 48, 4, 0xffff888000000000, 0xffffc87fffffffff, "linear" },
        { V(7, 2), 48, 4, 0xffff888000000000, 0xffffc87fffffffff, "linear" },
        { V26(32), 48, 4, 0xffffc90000000000, 0xffffe8ffffffffff, "vmalloc" },
        { V(7, 2), 48, 4, 0xffffc90000000000, 0xffffe8ffffffffff, "vmalloc" },
        { V26(32), 48, 4, 0xffffea0000000000, 0xffffeaffffffffff, "vmemmap" },
        { V(3, 2), 48, 4, 0xffffea0000000000, 0xffffeaffffffffff, "vmemmap" },
        { V(4, 0), 48, 4, 0xffffec0000000000, 0xfffffbffffffffff, "kasan-shadow" },
        { V(3, 19), 48, 4, 0xffffeb0000000000, 0xfffffeffffffffff, "hole" },
        { V(4, 15), 48, 4, 0xfffffe0000000000, 0xfffffe7fffffffff, "cpu-entry-area" },
        { V(4, 14), 48, 4, 0xfffffc0000000000, 0xfffffeffffffffff, "hole" },
        { V(3, 16), 48, 4, 0xffffff0000000000, 0xffffff7fffffffff, "espfix" },
        { V(4, 4), 48, 4, 0xffffffef00000000, 0xfffffffeffffffff, "efi" },
        { V(4, 11), 48, 4, 0xffffffff80000000, 0xffffffff9fffffff, "kernel-image" },
        { V(4, 12), 48, 4, 0xffffffff80000000, 0xffffffffbfffffff, "kernel-image" },
        { V(4, 11), 48, 4, 0xffffffffa0000000, 0xfffffffffeffffff, "module" },
        { V(7, 2), 48, 4, 0xffffffffc0000000, 0xfffffffffeffffff, "module" },
        { V(7, 2), 48, 4, 0xffffffffff600000, 0xffffffffff600fff, "vsyscall" },
        { V(6, 1), 57, 4, 0x1000, 0x00ffffffffffffff, "user" },
        { V(6, 1), 57, 4, 0x0100000000000000, 0xfeffffffffffffff, "non-canonical" },
        { V(6, 1), 57, 4, 0xff10000000000000, 0xff10ffffffffffff, "ldt" },
        { V(6, 1), 57, 4, 0xff11000000000000, 0xff90ffffffffffff, "linear" },
        { V(6, 1), 57, 4, 0xffa0000000000000, 0xffd1ffffffffffff, "vmalloc" },
        { V(6, 1), 57, 4, 0xffd4000000000000, 0xffd5ffffffffffff, "vmemmap" },
        { V(6, 1), 57, 4, 0xffdf000000000000, 0xfffffbffffffffff, "kasan-shadow" },
        { V(6, 1), 57, 4, 0xfffffe0000000000, 0xfffffe7fffffffff, "cpu-entry-area" },
    };
    check("x86_64", rows, KD_COUNT(rows));
}
END_TEST

START_TEST(arm64)
{
    static const row rows[] = {
        { V(3, 14), 39, 4, 0xffffffc000000000, UINT64_MAX, "linear" },
        { V(3, 14), 39, 4, 0xffffffbffc000000, 0xffffffbfffffffff, "module" },
        { V(3, 14), 39, 4, 0xffffffbc00000000, 0xffffffbdffffffff, "vmemmap" },
        { V(3, 14), 39, 4, 0xffffff8000000000, 0xffffffbbfffeffff, "vmalloc" },
        { V(4, 19), 39, 4, 0xffffffc000000000, UINT64_MAX, "linear" },
        { V(4, 19), 39, 4, 0xffffff8000000000, 0xffffff8007ffffff, "module" },
        { V(4, 19), 39, 4, 0xffffffbf00000000, 0xffffffbfffffffff, "vmemmap" },
        { V(4, 19), 48, 4, 0xffff800000000000, UINT64_MAX, "linear" },
        { V(4, 6), 48, 4, 0xffff000000000000, 0xffff000007ffffff, "module" },
        { V(5, 3), 48, 4, 0xffff7e0000000000, 0xffff7fffffffffff, "vmemmap" },
        { V(5, 4), 39, 4, 0xffffff8000000000, 0xffffffbfffffffff, "linear" },
        { V(5, 4), 39, 4, 0xffffffc000000000, 0xffffffc00fffffff, "module" },
        { V(5, 10), 39, 4, 0xffffffc010000000, 0xfffffffebffeffff, "vmalloc-or-image" },
        { V(5, 10), 39, 4, 0xfffffffeffe00000, 0xffffffffffdfffff, "vmemmap" },
        { V(5, 4), 48, 4, 0xffff000000000000, 0xffff7fffffffffff, "linear" },
        { V(5, 10), 48, 4, 0xffff800000000000, 0xffff80000fffffff, "module" },
        { V(5, 10), 48, 4, 0xffff800010000000, 0xfffffdffbffeffff, "vmalloc-or-image" },
        { V(5, 10), 48, 4, 0xfffffdffffe00000, 0xffffffffffdfffff, "vmemmap" },
        { V(5, 11), 39, 4, 0xffffffc000000000, 0xffffffc007ffffff, "module" },
        { V(6, 1), 39, 4, 0xffffffc008000000, 0xfffffffdefffffff, "vmalloc-or-image" },
        { V(6, 1), 39, 4, 0xfffffffe00000000, 0xfffffffeffffffff, "vmemmap" },
        { V(6, 4), 48, 4, 0xffff800000000000, 0xffff800007ffffff, "module" },
        { V(6, 1), 48, 4, 0xffff800008000000, 0xfffffbffefffffff, "vmalloc-or-image" },
        { V(6, 1), 48, 4, 0xfffffc0000000000, 0xfffffdffffffffff, "vmemmap" },
        { V(6, 5), 39, 4, 0xffffffc000000000, 0xffffffc07fffffff, "module" },
        { V(7, 2), 39, 4, 0xffffffc080000000, 0xfffffffebf7fffff, "vmalloc-or-image" },
        { V(7, 2), 39, 4, 0xfffffffec0000000, 0xffffffffbfffffff, "vmemmap" },
        { V(6, 5), 48, 4, 0xffff800000000000, 0xffff80007fffffff, "module" },
        { V(6, 12), 48, 4, 0xffff800080000000, 0xfffffdffbf7fffff, "vmalloc-or-image" },
        { V(6, 12), 48, 4, 0xfffffdffc0000000, 0xffffffffbfffffff, "vmemmap" },
        { V(6, 1), 47, 16, 0xffff800000000000, 0xffffbfffffffffff, "linear" },
        { V(6, 1), 47, 16, 0xffffc00000000000, 0xffffc00007ffffff, "module" },
        { V(6, 1), 47, 16, 0xffffff8000000000, 0xffffffbfffffffff, "vmemmap" },
        { V(6, 12), 47, 16, 0xffffffbfc0000000, 0xffffffffbfffffff, "vmemmap" },
        { V(5, 4), 42, 64, 0xfffffc0000000000, 0xfffffdffffffffff, "linear" },
        { V(5, 4), 42, 64, 0xffffffff7fe00000, 0xffffffffffdfffff, "vmemmap" },
        { V(6, 1), 42, 64, 0xffffffff00000000, 0xffffffff7fffffff, "vmemmap" },
        { V(6, 12), 42, 64, 0xffffffff40000000, 0xffffffffbfffffff, "vmemmap" },
        { V(5, 4), 52, 64, 0xfff0000000000000, 0xffff7fffffffffff, "linear" },
        { V(5, 4), 52, 64, 0xfffffc1fffe00000, 0xffffffffffdfffff, "vmemmap" },
        { V(6, 1), 52, 64, 0xfffffc0000000000, 0xffffffdfffffffff, "vmemmap" },
        { V(6, 12), 52, 64, 0xfffffc1fc0000000, 0xffffffffbfffffff, "vmemmap" },
        { V(6, 1), 48, 4, 0x1000, 0x0000ffffffffffff, "user" },
        { V(6, 1), 48, 4, 0x0001000000000000, 0xfffeffffffffffff, "non-canonical" },
        { V(6, 1), 48, 64, 0, 0xffff, "null-page" },
    };
    check("arm64", rows, KD_COUNT(rows));
}
END_TEST

START_TEST(narrow)
{
    static const row arm[] = {
        { V(3, 14), 0, 4, 0, 0xfff, "null-page" },
        { V(3, 14), 0, 4, 0x1000, 0xbeffffff, "user" },
        { V(3, 14), 0, 4, 0xbf000000, 0xbfdfffff, "module" },
        { V(3, 14), 0, 4, 0xbfe00000, 0xbfffffff, "pkmap" },
        { V(3, 14), 0, 4, 0xc0000000, 0xefffffff, "linear" },
        { V(3, 14), 0, 4, 0xf0000000, 0xfeffffff, "vmalloc" },
        { V(4, 4), 0, 4, 0xf0000000, 0xff7fffff, "vmalloc" },
        { V(3, 14), 0, 4, 0xfff00000, 0xfffdffff, "fixmap" },
        { V(5, 4), 0, 4, 0xffc00000, 0xffefffff, "fixmap" },
        { V(6, 1), 0, 4, 0xffc80000, 0xffefffff, "fixmap" },
        { V(6, 1), 0, 4, 0xffff0000, 0xffff1fff, "vectors" },
    };
    static const row i386[] = {
        { V(4, 4), 0, 4, 0x1000, 0xbfffffff, "user" },
        { V(4, 4), 0, 4, 0xc0000000, 0xf7ffffff, "linear" },
        { V(4, 4), 0, 4, 0xf8000000, 0xff7fffff, "vmalloc" },
        { V(4, 4), 0, 4, 0xff800000, 0xffbfffff, "pkmap" },
    };
    static const row mips[] = {
        { V(5, 10), 0, 4, 0x1000, 0x7fffffff, "user" },
        { V(5, 10), 0, 4, 0x80000000, 0x9fffffff, "linear" },
        { V(5, 10), 0, 4, 0xa0000000, 0xbfffffff, "uncached" },
        { V(5, 10), 0, 4, 0xc0000000, 0xfffeffff, "vmalloc" },
    };
    check("arm", arm, KD_COUNT(arm));
    check("i386", i386, KD_COUNT(i386));
    check("mips", mips, KD_COUNT(mips));
}
END_TEST

START_TEST(others)
{
    static const row riscv[] = {
        { V(6, 1), 39, 4, 0xffffffc700000000, 0xffffffc7ffffffff, "vmemmap" },
        { V(6, 1), 39, 4, 0xffffffc800000000, 0xffffffd7ffffffff, "vmalloc" },
        { V(6, 7), 39, 4, 0xffffffd800000000, 0xfffffff6ffffffff, "linear" },
        { V(6, 8), 39, 4, 0xffffffc500000000, 0xffffffc5ffffffff, "vmemmap" },
        { V(7, 2), 39, 4, 0xffffffc600000000, 0xffffffd5ffffffff, "vmalloc" },
        { V(7, 2), 39, 4, 0xffffffd600000000, 0xfffffff5ffffffff, "linear" },
        { V(7, 2), 39, 4, 0xfffffff700000000, 0xfffffffeffffffff, "kasan-shadow" },
        { V(5, 12), 39, 4, 0xffffffe000000000, UINT64_MAX, "linear" },
        { V(6, 1), 48, 4, 0xffff8d8000000000, 0xffff8f7fffffffff, "vmemmap" },
        { V(6, 1), 48, 4, 0xffff8f8000000000, 0xffffaf7fffffffff, "vmalloc" },
        { V(6, 1), 48, 4, 0xffffaf8000000000, 0xffffef7fffffffff, "linear" },
        { V(6, 1), 57, 4, 0xff1c000000000000, 0xff1fffffffffffff, "vmemmap" },
        { V(6, 1), 57, 4, 0xff20000000000000, 0xff5fffffffffffff, "vmalloc" },
        { V(6, 1), 57, 4, 0xff60000000000000, 0xffdeffffffffffff, "linear" },
        { V(6, 1), 57, 4, 0xffffffff00000000, 0xffffffff7fffffff, "module" },
        { V(6, 1), 57, 4, 0xffffffff80000000, UINT64_MAX, "kernel-image" },
    };
    static const row ppc64[] = {
        { V(6, 1), 0, 64, 0xc000000000000000, 0xc007ffffffffffff, "linear" },
        { V(6, 1), 0, 64, 0xc008000000000000, 0xc009ffffffffffff, "vmalloc" },
        { V(6, 1), 0, 64, 0xc00a000000000000, 0xc00bffffffffffff, "io" },
        { V(6, 1), 0, 64, 0xc00c000000000000, 0xc00dffffffffffff, "vmemmap" },
        { V(6, 1), 0, 64, 0xc00e000000000000, 0xc00fffffffffffff, "kasan-shadow" },
        { V(5, 18), 0, 64, 0xc00c000000000000, 0xc00dffffffffffff, "vmemmap" },
        { V(3, 14), 0, 64, 0xd000000000000000, 0xdfffffffffffffff, "vmalloc" },
        { V(3, 14), 0, 64, 0xf000000000000000, UINT64_MAX, "vmemmap" },
        { V(5, 1), 0, 64, 0xd000000000000000, 0xdfffffffffffffff, "vmalloc" },
        { V(5, 2), 0, 64, 0xd000000000000000, UINT64_MAX, "hole" },
    };
    static const row loong[] = {
        { V(6, 1), 0, 16, 0x8000000000000000, 0x8fffffffffffffff, "uncached" },
        { V(6, 1), 0, 16, 0x9000000000000000, 0x9fffffffffffffff, "linear" },
        { V(6, 1), 0, 16, 0x1000, 0x00007fffffffffff, "user" },
        { V(6, 1), 0, 16, 0x0000800000000000, 0x7fffffffffffffff, "non-canonical" },
        { V(6, 12), 0, 16, 0xa000000000000000, 0xafffffffffffffff, "uncached" },
        { V(6, 12), 0, 16, 0xb000000000000000, 0xffff7fffffffffff, "hole" },
        { V(6, 1), 0, 16, 0xffff800000000000, 0xffff800001ffffff, "io" },
        { V(6, 11), 0, 16, 0xffff800002008000, 0xffff800012007fff, "module" },
        { V(6, 12), 0, 16, 0xffff800002008000, 0xffff800082007fff, "module" },
        { V(6, 11), 0, 16, 0xffff800012008000, 0xfffffeffffffffff, "vmalloc" },
        { V(7, 2), 0, 16, 0xffff800082008000, 0xfffffeffffffffff, "vmalloc" },
        { V(7, 2), 0, 16, 0xffffff0000000000, UINT64_MAX, "vmemmap" },
    };
    static const row s390[] = {
        { V(5, 10), 0, 4, 0x3ff80000000, 0x3ffffffffff, "module" },
        { V(5, 10), 0, 4, 0x3df80000000, 0x3ff7fffffff, "vmalloc" },
        { V(6, 1), 0, 4, 0x37fff000000, 0x3ff7fffffff, "vmalloc" },
    };
    static const row sparc64[] = {
        { V(5, 10), 0, 8, 0, 0x1fff, "null-page" },
        { V(5, 10), 0, 8, 0x400000, 0x5ffffff, "kernel-image" },
        { V(5, 10), 0, 8, 0x6000000, 0x87fffff, "fixmap" },
        { V(5, 10), 0, 8, 0x10000000, 0xefffffff, "module" },
        { V(5, 10), 0, 8, 0xf0000000, 0xffffffff, "firmware" },
        { V(5, 10), 0, 8, 0x100000000, 0x5ffffffffff, "vmalloc" },
        { V(5, 10), 0, 8, 0x60000000000, 0x000fffffffffffff, "randomised" },
        { V(5, 10), 0, 8, 0x0010000000000000, 0xffefffffffffffff, "non-canonical" },
        { V(5, 10), 0, 8, 0xfff0000000000000, UINT64_MAX, "linear" },
    };
    static const row ppc[] = {
        { V(5, 10), 0, 4, 0x1000, 0xbfffffff, "user" },
        { V(5, 11), 0, 4, 0x1000, 0xafffffff, "user" },
        { V(6, 1), 0, 4, 0xb0000000, 0xbfffffff, "module" },
        { V(6, 1), 0, 4, 0xc0000000, 0xefffffff, "linear" },
        { V(6, 1), 0, 4, 0xf0000000, 0xffffffff, "vmalloc" },
    };
    check("ppc", ppc, KD_COUNT(ppc));
    check("riscv64", riscv, KD_COUNT(riscv));
    check("ppc64", ppc64, KD_COUNT(ppc64) - 1);
    ck_assert_str_eq(at("ppc64", &ppc64[KD_COUNT(ppc64) - 1], 0xd000000000000000), "hole");
    check("loongarch64", loong, KD_COUNT(loong));
    check("s390", s390, KD_COUNT(s390));
    check("sparc64", sparc64, KD_COUNT(sparc64));
}
END_TEST

static kd_address with(const kd_context *context, const kd_pair *pairs, uint32_t count,
                       uint64_t value)
{
    kd_list registers = { .items = (void *)(uintptr_t)pairs, .count = count };
    kd_address_map map;
    kd_address_map_of(context, &registers, 0, false, &map);
    return kd_address_at(&map, value);
}

/* The per-CPU base lies in the linear map: it tells whether the bases were moved, and where that
 * map is. */
START_TEST(moved_bases)
{
    kd_context context = { .arch = KD_STR("x86_64"), .version = V(6, 1), .ram_kb = 512 << 10 };
    const kd_pair moved[] = {
        { .name = KD_STR("gs"), .v = 0xffff8dea9f200000, .src = 1 },
        { .name = KD_STR("rsp"), .v = 0xffffd2fd405dfe98, .src = 1 },
        { .name = KD_STR("cr4"), .v = 0x750ef0, .src = 1 },
    };
    const kd_pair fixed[] = {
        { .name = KD_STR("gs"), .v = 0xffff88801f200000, .src = 1 },
        { .name = KD_STR("cr4"), .v = 0x750ef0, .src = 1 },
    };
    ck_assert_int_eq(with(&context, moved, 3, 0xffff8dea82f31000).class, KD_AT_LINEAR);
    ck_assert(!with(&context, moved, 3, 0xffff8dea82f31000).assumed);
    ck_assert_int_eq(with(&context, moved, 3, 0xffffd2fd40123000).class, KD_AT_VMALLOC);
    ck_assert_int_eq(with(&context, moved, 3, 0xffffea0000000000).class, KD_AT_RANDOM);
    ck_assert_int_eq(with(&context, moved, 3, 0xfffffe0000001000).class, KD_AT_CPU_ENTRY);
    ck_assert_int_eq(with(&context, fixed, 2, 0xffffea0000000000).class, KD_AT_VMEMMAP);
    ck_assert(with(&context, fixed, 2, 0xffffea0000000000).assumed);
    context.version = V(4, 7); /* nothing is moved before 4.8 */
    ck_assert_int_eq(with(&context, moved, 3, 0xffffea0000000000).class, KD_AT_VMEMMAP);
    ck_assert(!with(&context, moved, 3, 0xffffea0000000000).assumed);
}
END_TEST

/* Where KASAN looks before a small number is used as a pointer. */
START_TEST(shadows)
{
    static const struct {
        const char *arch;
        uint32_t version;
        uint64_t va_bits, offset;
    } rows[] = {
        { "x86_64", V(4, 4), 48, 0xdffffc0000000000 },
        { "arm64", V(5, 3), 48, 0xdfff200000000000 },
        { "arm64", V(5, 4), 48, 0xdfffa00000000000 },
        { "arm64", V(5, 10), 39, 0xdfffffd000000000 },
        { "arm64", V(5, 11), 48, 0xdfff800000000000 },
        { "arm64", V(7, 2), 52, 0xdfff800000000000 },
        { "arm64", V(6, 1), 39, 0xdfffffc000000000 },
        { "arm64", V(6, 1), 42, 0xdffffe0000000000 },
        { "riscv64", V(5, 12), 39, 0xdfffffc800000000 },
        { "riscv64", V(6, 1), 39, 0xdfffffff00000000 },
        { "ppc64", V(6, 1), 0, 0xa80e000000000000 },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_context context = { .arch = kd_str_of(rows[i].arch), .version = rows[i].version };
        kd_list none = { .count = 0 };
        kd_address_map map;
        uint64_t offset, low;
        kd_address_map_of(&context, &none, 0, false, &map);
        map.va_bits = rows[i].va_bits;
        ck_assert(kd_shadow_of_low(&map, rows[i].offset + (0xac8 >> 3), &offset, &low));
        ck_assert_uint_eq(offset, rows[i].offset);
        ck_assert_uint_eq(low, 0xac8);
        ck_assert(!kd_shadow_of_low(&map, rows[i].offset - 1, &offset, &low));
        ck_assert(!kd_shadow_of_low(&map, 0xffff888000000000, &offset, &low));
    }
}
END_TEST

START_TEST(split)
{
    kd_context context = { .arch = KD_STR("arm"), .version = V(4, 19) };
    kd_list none = { .count = 0 };
    kd_address_map map;
    kd_address_map_of(&context, &none, 0x80123456, false, &map);
    ck_assert_int_eq(kd_address_at(&map, 0x7f001000).class, KD_AT_MODULE);
    ck_assert_int_eq(kd_address_at(&map, 0x7efff000).class, KD_AT_USER);
    ck_assert_int_eq(kd_address_at(&map, 0x80000000).class, KD_AT_LINEAR);
    ck_assert_int_eq(kd_address_at(&map, 0xc0000000).class, KD_AT_LINEAR);
    kd_address_map_of(&context, &none, 0xbf001234, false, &map);
    ck_assert_int_eq(kd_address_at(&map, 0xbf001000).class, KD_AT_MODULE);
    ck_assert_int_eq(kd_address_at(&map, 0x80000000).class, KD_AT_USER);
    ck_assert(!kd_address_at(&map, 0x80000000).assumed);
    context.arch = KD_STR("none such");
    kd_address_map_of(&context, &none, 0, false, &map);
    ck_assert_int_eq(kd_address_at(&map, 0x80000000).class, KD_AT_UNKNOWN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("address");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, areas_that_the_boot_log_prints);
    tcase_add_test(tests, x86_64);
    tcase_add_test(tests, arm64);
    tcase_add_test(tests, narrow);
    tcase_add_test(tests, others);
    tcase_add_test(tests, moved_bases);
    tcase_add_test(tests, shadows);
    tcase_add_test(tests, split);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

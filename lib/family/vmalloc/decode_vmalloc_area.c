/* decode_vmalloc_area.c - the range of kernel addresses of vmalloc(), vmap() and ioremap().
 * */
#include "family/vmalloc/decode_vmalloc_area.h"

#include "core/kconfig.h"
#include "core/version.h"

#define MIB ((uint64_t)1 << 20)
#define ARM_END 0xff800000u /* VMALLOC_END from 4.4 on; 0xff000000 before */
#define ARM_GAP (8 * MIB)   /* VMALLOC_OFFSET, of arm and i386 */

static const struct {
    const char *arch;
    uint64_t va_bits;
    uint32_t from, until;
    uint64_t start, end;
    kd_area_kind kind;
    const char *condition;
} rows[] = {
#define KD_LAYOUT(arch, va_bits, from, until, linear, vmemmap, bytes, vmalloc, vmalloc_end) \
    { arch, va_bits, from, until, vmalloc, vmalloc_end, KD_AREA_FIXED, "" },
#include "family/vmalloc/layout.def"
#undef KD_LAYOUT
#define KD_VMALLOC_AREA(arch, va_bits, from, until, start, end, kind, condition) \
    { arch, va_bits, from, until, start, end, KD_AREA_##kind, condition },
#include "family/vmalloc/vmalloc_area.def"
};

static const char *const with_option[] = {
#define KD_VMALLOC_OPTION(arch) arch,
#include "family/vmalloc/vmalloc_area.def"
};

static const char *const wide[] = {
#define KD_64_BITS(arch) arch,
#include "family/vmalloc/vmalloc_area.def"
};

static bool is_one_of(const kd_context *context, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kd_arch_is(context, names[i]))
            return true;
    return false;
}

bool kd_arch_is_wide(const kd_context *context)
{
    return is_one_of(context, wide, KD_COUNT(wide));
}

/* arch/arm/mm/mmu.c: lowmem ends where RAM does, at the latest vmalloc= and a gap below the end;
 * the area is what is left above it, from the next multiple of 8 MiB on: small RAM leaves more. */
static void find_arm(const kd_context *context, kd_vmalloc_area *out)
{
    uint64_t offset = kd_config_number(context->kconfig, "CONFIG_PAGE_OFFSET", 0xC0000000);
    uint64_t end = context->version && context->version < V(4, 4) ? 0xff000000 : ARM_END;
    uint64_t size = out->option_bytes ? out->option_bytes : 240 * MIB;
    const kd_read_area *lowmem = kd_context_area(context, "lowmem", 0);
    if (lowmem)
        offset = lowmem->start;
    if (context->version && context->version < V(3, 3))
        return; /* the end was each platform's own */
    if (offset < 64 * MIB || offset >= end - 64 * MIB)
        return;
    size = size < 16 * MIB ? 16 * MIB : size;
    size = size > end - offset - 40 * MIB ? end - offset - 40 * MIB : size;
    uint64_t high = end - size - ARM_GAP;
    if (context->ram_kb && context->ram_kb < (high - offset) / 1024)
        high = offset + context->ram_kb * 1024;
    else if (!context->ram_kb)
        kd_area_assume(&out->list, "RAM that reaches above lowmem (less RAM leaves a larger "
                                   "vmalloc area)");
    uint64_t start = (high + ARM_GAP) & ~(ARM_GAP - 1);
    kd_area_add(&out->list, (kd_area){ start, end, KD_AREA_AT_LEAST,
                                       out->option_bytes ? "with vmalloc= as given"
                                                         : "the default of 240 MiB below the end",
                                       NULL });
    if (context->kconfig.len == 0 && !lowmem)
        kd_area_assume(&out->list, "CONFIG_PAGE_OFFSET=0xC0000000");
}

/* arch/x86/mm/pgtable_32.c: 128 MiB, or vmalloc= and the gap, are kept off lowmem; where RAM ends
 * lower the area is larger. The last MiB go to pkmap, fixmap and cpu_entry_area. */
static void find_i386(kd_vmalloc_area *out)
{
    uint64_t size = out->option_bytes ? out->option_bytes : 128 * MIB - ARM_GAP;
    if (size > 1024 * MIB)
        return;
    kd_area_add(&out->list, (kd_area){ 0, size, KD_AREA_AT_LEAST,
                                       out->option_bytes ? "with vmalloc= as given"
                                                         : "the default of 128 MiB with its gap",
                                       NULL });
    kd_area_assume(&out->list, "RAM that reaches above lowmem (less than about 880 MiB of RAM "
                               "leave a larger vmalloc area)");
}

static void find_rows(const kd_context *context, kd_vmalloc_area *out)
{
    uint32_t version = context->version ? context->version : KD_NEWEST_KNOWN;
    /* layout.def has the bases of arm64 with 4 KiB pages */
    bool other_pages = kd_arch_is(context, "arm64") && kd_context_page_size(context) != 4096;
    for (size_t pass = 0; pass < 2 && out->list.count == 0; pass++)
        for (size_t i = 0; i < KD_COUNT(rows); i++) {
            /* memory randomisation moves what layout.def has for x86_64 */
            bool moved = rows[i].kind == KD_AREA_FIXED &&
                         ((kd_arch_is(context, "x86_64") && version >= V(4, 8)) || other_pages);
            if (kd_str_is(context->arch, rows[i].arch) && !moved &&
                rows[i].va_bits == (pass == 0 ? context->va_bits : 0) &&
                kd_version_in(version, rows[i].from, rows[i].until))
                kd_area_add(&out->list, (kd_area){ rows[i].start, rows[i].end, rows[i].kind,
                                                   rows[i].condition, NULL });
        }
}

void kd_vmalloc_area_of(const kd_context *context, kd_vmalloc_area *out)
{
    *out = (kd_vmalloc_area){ .option_bytes = context->vmalloc_bytes };
    out->has_option = is_one_of(context, with_option, KD_COUNT(with_option));
    out->wide = kd_arch_is_wide(context);
    if (kd_area_read(&out->list, context, "vmalloc"))
        return;
    if (kd_arch_is(context, "arm"))
        find_arm(context, out);
    else if (kd_arch_is(context, "i386"))
        find_i386(out);
    else
        find_rows(context, out);
}

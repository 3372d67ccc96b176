/* module_area.c - the range of kernel addresses that modules are loaded into. Layer: decode. */
#include "decode/module_area.h"

#include "decode/kconfig.h"
#include "facts/version.h"

#define MIB ((uint64_t)1 << 20)

static const struct {
    const char *arch;
    uint32_t from, until;
    uint64_t start, end;
    int moved;
    const char *condition;
} rows[] = {
#define KD_MODULE_AREA(arch, from, until, start, end, moved, condition) \
    { arch, from, until, start, end, moved, condition },
#include "facts/module_area.def"
#undef KD_MODULE_AREA
};

static void assume(kd_module_area *out, const char *what)
{
    if (out->assumed_count < KD_MAX_ASSUMPTIONS)
        out->assumed[out->assumed_count++] = what;
}

static void add(kd_module_area *out, uint64_t start, uint64_t end, const char *condition)
{
    if (out->count < KD_MAX_AREAS)
        out->areas[out->count++] = (kd_area){ start, end, condition };
}

/* arch/arm/include/asm/memory.h: 16 MiB below PAGE_OFFSET, 8 MiB for Thumb-2 branches; the pkmap
 * of HIGHMEM takes the last 2 MiB. Unchanged from 2.6.32 to 7.2. */
static void find_arm(const kd_context *context, kd_module_area *out)
{
    kd_str config = context->kconfig;
    bool given = config.len > 0, thumb = kd_config_on(config, "CONFIG_THUMB2_KERNEL");
    bool highmem = kd_config_on(config, "CONFIG_HIGHMEM");
    out->own_area = true;
    out->page_offset = kd_config_number(config, "CONFIG_PAGE_OFFSET", 0);
    if (out->page_offset > UINT32_MAX || out->page_offset < 32 * MIB) {
        out->page_offset = 0xC0000000;
        assume(out, "CONFIG_PAGE_OFFSET=0xC0000000 (the area moves with it; its size does not)");
    }
    if (!given)
        assume(out, "an ARM, not a Thumb-2 kernel (CONFIG_THUMB2_KERNEL=n; with it the area is "
                    "8 MiB: smaller still)");
    uint64_t start = out->page_offset - (thumb ? 8 : 16) * MIB;
    if (!highmem)
        add(out, start, out->page_offset, given ? "" : "CONFIG_HIGHMEM=n");
    if (highmem || !given)
        add(out, start, out->page_offset - 2 * MIB, given ? "" : "CONFIG_HIGHMEM=y");
    out->plts_possible = context->version >= V(4, 4);
    out->plts_from_later = context->version != 0 && context->version < V(4, 4);
}

void kd_module_area_of(const kd_context *context, kd_module_area *out)
{
    *out = (kd_module_area){ .count = 0 };
    if (kd_arch_is(context, "arm")) {
        find_arm(context, out);
        return;
    }
    uint32_t version = context->version ? context->version : KD_NEWEST_KNOWN;
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_str_is(context->arch, rows[i].arch) &&
            kd_version_in(version, rows[i].from, rows[i].until)) {
            add(out, rows[i].start, rows[i].end, rows[i].condition);
            out->own_area = true;
        }
    out->plts_possible = kd_arch_is(context, "arm64") && version >= V(4, 6);
}

/* R_ARM_CALL counts from the place + 8 and is refused at 2^25 bytes and more (apply_relocate()). */
void kd_arm_branch_of(uint64_t page_offset, kd_arm_branch *out)
{
    out->bottom = page_offset - 32 * MIB;
    out->text = page_offset + 0x8000; /* TEXT_OFFSET */
    out->needed = out->text - 8 - out->bottom;
    out->limit = 32 * MIB;
    out->misses = out->needed > out->limit ? out->needed - out->limit : 0;
}

/* decode_module_area.c - the range of kernel addresses that modules are loaded into. */
#include "family/vmalloc/decode_module_area.h"

#include "core/kconfig.h"
#include "core/version.h"

#define MIB ((uint64_t)1 << 20)

typedef struct area_row {
    const char *arch;
    uint64_t va_bits;
    uint32_t from, until;
    uint64_t start, end;
    kd_area_kind kind;
    const char *config, *condition;
} area_row;

static const area_row rows[] = {
#define KD_MODULE_AREA(arch, va_bits, from, until, start, end, kind, config, condition) \
    { arch, va_bits, from, until, start, end, KD_AREA_##kind, config, condition },
#include "family/vmalloc/module_area.def"
#undef KD_MODULE_AREA
};

/* A .config was given, and it says so, or not. */
static bool ruled_out(kd_str kconfig, const char *option)
{
    bool off = option[0] == '!';
    return kconfig.len > 0 && option[0] && kd_config_on(kconfig, option + off) == off;
}

/* arch/arm/include/asm/memory.h: 16 MiB below PAGE_OFFSET, 8 MiB for Thumb-2 branches; the pkmap
 * of HIGHMEM takes the last 2 MiB. Unchanged from 2.6.32 to 7.2. */
static void find_arm(const kd_context *context, kd_module_area *out)
{
    kd_str config = context->kconfig;
    bool given = config.len > 0, thumb = kd_config_on(config, "CONFIG_THUMB2_KERNEL");
    bool highmem = kd_config_on(config, "CONFIG_HIGHMEM");
    const kd_read_area *lowmem = kd_context_area(context, "lowmem", 0), *next;
    out->own_area = true;
    out->plts = context->version && context->version < V(4, 4)   ? KD_FALLBACK_NEVER
                : !given                                         ? KD_FALLBACK_BY_CONFIG
                : kd_config_on(config, "CONFIG_ARM_MODULE_PLTS") ? KD_FALLBACK_ALWAYS
                                                                 : KD_FALLBACK_NEVER;
    out->plts_from_later = context->version != 0 && context->version < V(4, 4);
    out->page_offset = kd_config_number(config, "CONFIG_PAGE_OFFSET", 0);
    /* a layout with holes lists lowmem from the top */
    for (size_t i = 1; (next = kd_context_area(context, "lowmem", i)); i++)
        lowmem = next->start < lowmem->start ? next : lowmem;
    if (lowmem && lowmem->start >= 32 * MIB)
        out->page_offset = lowmem->start;
    bool known = out->page_offset >= 32 * MIB && out->page_offset <= UINT32_MAX;
    if (!known)
        out->page_offset = 0xC0000000;
    if (kd_area_read(&out->list, context, "modules"))
        return;
    if (!known)
        kd_area_assume(&out->list, "CONFIG_PAGE_OFFSET=0xC0000000 (the area moves with it; its "
                                   "size does not)");
    if (!given)
        kd_area_assume(&out->list, "an ARM, not a Thumb-2 kernel (CONFIG_THUMB2_KERNEL=n; with it "
                                   "the area is 8 MiB: smaller still)");
    uint64_t start = out->page_offset - (thumb ? 8 : 16) * MIB;
    if (!highmem)
        kd_area_add(&out->list, (kd_area){ start, out->page_offset, KD_AREA_FIXED,
                                           given ? "" : "CONFIG_HIGHMEM=n", NULL });
    if (highmem || !given)
        kd_area_add(&out->list, (kd_area){ start, out->page_offset - 2 * MIB, KD_AREA_FIXED,
                                           given ? "" : "CONFIG_HIGHMEM=y", NULL });
}

/* module_init_limits() of arm64 from 6.5 on prints how much is left beside the kernel image. */
static void read_arm64(const kd_context *context, kd_module_area *out)
{
    uint64_t page = kd_context_page_size(context);
    for (size_t i = 0; i < 2; i++) {
        const kd_line_ref *line = &context->module_lines[i];
        if (line->number && context->module_pages[i] &&
            context->module_pages[i] <= ((uint64_t)1 << 31) / page)
            kd_area_add(&out->list, (kd_area){ 0, context->module_pages[i] * page,
                                               i ? KD_AREA_FALLBACK : KD_AREA_MOVED,
                                               i ? "with module PLTs" : "without PLTs", line });
    }
}

static void find_rows(const kd_context *context, kd_module_area *out)
{
    uint32_t version = context->version ? context->version : KD_NEWEST_KNOWN;
    bool exact = false;
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        exact |= rows[i].va_bits && rows[i].va_bits == context->va_bits &&
                 kd_str_is(context->arch, rows[i].arch) &&
                 kd_version_in(version, rows[i].from, rows[i].until);
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        const area_row *row = &rows[i];
        if (!kd_str_is(context->arch, row->arch) ||
            !kd_version_in(version, row->from, row->until) ||
            row->va_bits != (exact ? context->va_bits : 0))
            continue;
        out->own_area = true;
        if (!ruled_out(context->kconfig, row->config))
            kd_area_add(&out->list,
                        (kd_area){ row->start, row->end, row->kind, row->condition, NULL });
    }
}

/* x86_64: "relocation range: 0xffffffff80000000-0xffffffffbfffffff" ends where modules begin. */
static void read_text_end(const kd_context *context, kd_module_area *out)
{
    if (!kd_arch_is(context, "x86_64") || context->text_end == 0 || context->text_end == UINT64_MAX)
        return;
    for (size_t i = 0; i < out->list.count; i++)
        if (out->list.items[i].start == context->text_end + 1) {
            out->list.items[0] = out->list.items[i];
            out->list.items[0].condition = "it begins where the relocation range of the text ends";
            out->list.count = 1;
        }
}

void kd_module_area_of(const kd_context *context, kd_module_area *out)
{
    uint32_t version = context->version ? context->version : KD_NEWEST_KNOWN;
    *out = (kd_module_area){ .page_offset = 0 };
    if (kd_arch_is(context, "arm")) {
        find_arm(context, out);
        return;
    }
    bool arm64 = kd_arch_is(context, "arm64");
    out->jit_apart = (arm64 && version >= V(5, 0)) || kd_arch_is(context, "riscv64");
    if (arm64 && version >= V(4, 6))
        out->plts = version >= V(6, 5)          ? KD_FALLBACK_ALWAYS
                    : context->kconfig.len == 0 ? KD_FALLBACK_BY_CONFIG
                    : kd_config_on(context->kconfig, "CONFIG_ARM64_MODULE_PLTS")
                        ? KD_FALLBACK_ALWAYS
                        : KD_FALLBACK_NEVER;
    if (kd_area_read(&out->list, context, "modules"))
        out->own_area = !kd_arch_is(context, "i386");
    else if (arm64)
        read_arm64(context, out);
    if (out->list.count > 0) {
        out->own_area = !kd_arch_is(context, "i386");
        return;
    }
    find_rows(context, out);
    read_text_end(context, out);
}

void kd_module_area_narrow(kd_module_area *area, uint64_t module_address)
{
    kd_area_list *list = &area->list;
    kd_area kept[KD_MAX_AREAS];
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind == KD_AREA_FIXED && module_address >= list->items[i].start &&
            module_address < list->items[i].end)
            kept[count++] = list->items[i];
    /* candidates that end alike: the one that begins last holds only if no module is below */
    if (count == 0 || count == list->count)
        return;
    for (size_t i = 0; i < count; i++)
        list->items[i] = kept[i];
    list->count = count;
}

uint64_t kd_text_address(const kd_context *context)
{
    return context->text_base ? context->text_base + context->text_offset : 0;
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

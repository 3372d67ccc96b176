/* boot_fact.c - what boot lines tell about the kernel and the machine, for the context.
 * Layer: event.
 *
 *   Linux version 6.1.0-50-arm64 (...) (gcc-12 ...) #1 SMP Debian 6.1.176-1 (2026-07-02)
 *   Kernel Offset: 0x1a000000 from 0xffffffff81000000 (relocation range: ...)
 *   Memory: 187268K/262144K available (12345K kernel code, ...)
 *   Zone ranges:
 *     DMA      [mem 0x0000000040000000-0x000000004fffffff]
 *     DMA32    empty
 *   Machine model: linux,dummy-virt
 *
 *   Built 1 zonelists, mobility grouping on.  Total pages: 64386
 *   SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=1, Nodes=1
 *
 * linux_banner, dump_kernel_offset(), mem_init_print_info(), free_area_init(). Never reported as
 * events.
 */
#include "event/parser.h"
#include "facts/stable.h"

static kd_verdict read_banner(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    kd_str release, rest, stable;
    if (!kd_scan_literal(&in, "Linux version ") || !kd_scan_word(&in, &release) ||
        !kd_is_digit(release.ptr[0]))
        return KD_NOT_MINE;
    kd_put(parse, &fact->release, release);
    kd_scan_rest(&in, &rest);
    stable = kd_stable_version(rest);
    if (stable.len > 0)
        kd_put(parse, &fact->version, stable);
    if (kd_str_has(rest, "aarch64-linux"))
        kd_put(parse, &fact->arch, KD_STR("arm64"));
    else if (kd_str_has(rest, "x86_64-linux") || kd_str_has(rest, ".x86_64)"))
        kd_put(parse, &fact->arch, KD_STR("x86_64"));
    else if (kd_str_has(rest, "arm-linux-gnueabi") || kd_str_has(rest, "arm-openwrt-linux"))
        kd_put(parse, &fact->arch, KD_STR("arm"));
    return KD_LAST;
}

static kd_verdict read_offset(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    uint64_t offset;
    if (!kd_scan_literal(&in, "Kernel Offset: ") || !kd_scan_hex(&in, &offset) ||
        !kd_scan_literal(&in, " from "))
        return KD_NOT_MINE;
    kd_put(parse, &fact->text_offset, offset);
    return KD_LAST;
}

static kd_verdict read_memory(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    uint64_t available, total;
    if (!kd_scan_literal(&in, "Memory: ") || !kd_scan_u64(&in, &available) ||
        (!kd_scan_literal(&in, "K/") && !kd_scan_literal(&in, "k/")) || !kd_scan_u64(&in, &total))
        return KD_NOT_MINE;
    kd_put(parse, &fact->ram_kb, total);
    return KD_LAST;
}

static kd_verdict read_model(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    kd_str rest;
    if (!kd_scan_literal(&in, "Machine model: ") && !kd_scan_literal(&in, "OF: fdt: Machine "
                                                                          "model: "))
        return KD_NOT_MINE;
    kd_scan_rest(&in, &rest);
    kd_put(parse, &fact->hardware, rest);
    return KD_LAST;
}

static kd_verdict read_grouping(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    kd_str skipped;
    if (!kd_scan_literal(&in, "Built ") || !kd_scan_past(&in, "mobility grouping ", &skipped))
        return KD_NOT_MINE;
    kd_put(parse, &fact->mobility_off, kd_scan_literal(&in, "off"));
    return KD_LAST;
}

static kd_verdict read_cpus(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    kd_str skipped;
    uint64_t cpus;
    if (!kd_scan_literal(&in, "SLUB: ") || !kd_scan_past(&in, ", CPUs=", &skipped) ||
        !kd_scan_u64(&in, &cpus))
        return KD_NOT_MINE;
    kd_put(parse, &fact->cpus, cpus);
    return KD_LAST;
}

static kd_verdict open_fact(kd_parse *parse, const kd_line *line)
{
    kdf_boot_fact *fact = parse->body;
    kd_verdict (*const readers[])(kd_parse *, kdf_boot_fact *, kd_scan) = {
        read_banner, read_offset, read_memory, read_model, read_grouping, read_cpus,
    };
    for (size_t i = 0; i < KD_COUNT(readers); i++)
        if (readers[i](parse, fact, kd_scan_of(line->text)) == KD_LAST)
            return KD_LAST;
    return kd_str_starts(line->text, "Zone ranges:") ? KD_TAKEN : KD_NOT_MINE;
}

/* Rows of "Zone ranges:" */
static kd_verdict more_fact(kd_parse *parse, const kd_line *line)
{
    kdf_boot_fact *fact = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str name;
    if (!kd_scan_name(&in, &name) ||
        !kd_str_in_words(name, "DMA DMA32 Normal HighMem Device") || !kd_scan_blanks(&in) ||
        (!kd_scan_literal(&in, "[mem ") && !kd_scan_literal(&in, "empty") &&
         !kd_scan_literal(&in, "0x")))
        return KD_NOT_MINE;
    kd_text *zone = KD_LIST_ADD(parse->arena, &fact->zones, kd_text);
    if (zone)
        *zone = (kd_text){ name, parse->src };
    return KD_TAKEN;
}

static const char *const anchors[] = { "Linux version ", "Kernel Offset: ", "Zone ranges:",
                                       "Machine model: ", "K kernel code, ",
                                       " mobility grouping ", "SLUB: HWalign=", "SLUB: Genslabs=",
                                       NULL };

const kd_parser kd_parser_boot_fact = {
    .name = "boot_fact",
    .anchors = anchors,
    .kind = &kd_kind_boot_fact,
    .patience = 1,
    .open = open_fact,
    .more = more_fact,
};

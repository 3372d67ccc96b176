/* parse_boot_fact.c - what boot lines tell about the kernel and the machine, for the context.
 *
 *
 *   Linux version 6.1.0-50-arm64 (...) (gcc-12 ...) #1 SMP Debian 6.1.176-1 (2026-07-02)
 *   Kernel Offset: 0x1a000000 from 0xffffffff81000000 (relocation range: 0xA-0xB)
 *   Kernel command line: console=ttyAMA0,115200 vmalloc=512M
 *   Virtual kernel memory layout:
 *       vmalloc : 0xf0800000 - 0xff800000   ( 240 MB)
 *     * 0xf1000000..0xf5110000  : vmalloc & ioremap                       (powerpc, 32 bits)
 *   514832 pages in range for PLT usage                                   (arm64 from 6.5 on)
 *   Memory: 187268K/262144K available (12345K kernel code, ...)
 *   Zone ranges:
 *     DMA      [mem 0x0000000040000000-0x000000004fffffff]
 *     DMA32    empty
 *   Machine model: linux,dummy-virt
 *
 *   Built 1 zonelists, mobility grouping on.  Total pages: 64386
 *   SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=1, Nodes=1
 *
 * linux_banner, dump_kernel_offset(), mem_init_print_info(), free_area_init(), mem_init() of the
 * architectures, module_init_limits(). Never reported as events.
 */
#include "core/command_line.h"
#include "core/parser.h"
#include "core/stable.h"
#include "family/boot/last_line.h"
#include "family/fields.h"

/* A memory layout has about a dozen rows; some vendors print one for each hole of lowmem. */
#define LAYOUT_ROWS 32u

/* Names of compilers in the banner: cross compilers are named after their target. */
static const struct {
    const char *mark, *arch;
} compilers[] = {
    { "aarch64-linux", "arm64" },
    { "x86_64-linux", "x86_64" },
    { ".x86_64)", "x86_64" },
    { "arm-linux-gnueabi", "arm" },
    { "arm-openwrt-linux", "arm" },
    { "mipsel-openwrt-linux", "mips" },
    { "mips-openwrt-linux", "mips" },
    { "mipsel-linux", "mips" },
    { "mips-linux", "mips" },
    { "riscv64-linux", "riscv64" },
    { "powerpc64le-linux", "ppc64" },
    { "powerpc64-linux", "ppc64" },
    { "powerpc-linux", "ppc" },
    { "s390x-linux", "s390" },
    { "loongarch64-linux", "loongarch64" },
};

static kd_verdict read_banner(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    kd_str release, rest, stable;
    if (!kd_scan_literal(&in, "Linux version ") || !kd_scan_word(&in, &release) ||
        !kd_is_digit(release.ptr[0]))
        return KD_NOT_MINE;
    kd_put(parse, &fact->release, release);
    kd_put_last_line(parse, &fact->last);
    kd_scan_rest(&in, &rest);
    stable = kd_stable_version(rest);
    if (stable.len > 0)
        kd_put(parse, &fact->version, stable);
    for (size_t i = 0; i < KD_COUNT(compilers) && !fact->arch.src; i++)
        if (kd_str_has(rest, compilers[i].mark))
            kd_put(parse, &fact->arch, kd_str_of(compilers[i].arch));
    return KD_LAST;
}

static kd_verdict read_offset(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    uint64_t offset, base, first, last;
    if (!kd_scan_literal(&in, "Kernel Offset: ") || !kd_scan_hex(&in, &offset) ||
        !kd_scan_literal(&in, " from "))
        return KD_NOT_MINE;
    kd_put(parse, &fact->text_offset, offset);
    if (!kd_scan_hex(&in, &base))
        return KD_LAST;
    kd_put(parse, &fact->text_base, base);
    if (kd_scan_literal(&in, " (relocation range: ") && kd_scan_hex(&in, &first) &&
        kd_scan_literal(&in, "-") && kd_scan_hex(&in, &last))
        kd_put(parse, &fact->text_end, last);
    return KD_LAST;
}

/* arm64, at a panic; with 52 bits of addresses it may be moved by their difference. */
static kd_verdict read_ram_start(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    uint64_t start;
    if (!kd_scan_literal(&in, "PHYS_OFFSET: ") || !kd_scan_hex(&in, &start))
        return KD_NOT_MINE;
    if (start >> 52 == 0)
        kd_put(parse, &fact->ram_start, start);
    return KD_LAST;
}

/* x86 prints it twice, the first time without "Kernel"; Android's bug reports do, too. */
static kd_verdict read_command_line(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    uint64_t bytes;
    kd_str line;
    if (!kd_scan_literal(&in, "Kernel command line:") && !kd_scan_literal(&in, "Command line:"))
        return KD_NOT_MINE;
    kd_scan_blanks(&in);
    if (!kd_scan_rest(&in, &line))
        return KD_LAST;
    kd_put(parse, &fact->command_line, line);
    if (kd_command_line_size(line, "vmalloc", &bytes) && bytes > 0)
        kd_put(parse, &fact->vmalloc_bytes, bytes);
    return KD_LAST;
}

static kd_verdict read_module_pages(kd_parse *parse, kdf_boot_fact *fact, kd_scan in)
{
    uint64_t pages;
    kd_str skipped;
    if (!kd_is_digit(in.at < in.end ? *in.at : 0))
        kd_scan_past(&in, ": ", &skipped); /* "Modules: " */
    if (!kd_scan_u64(&in, &pages) || !kd_scan_literal(&in, " pages in range for "))
        return KD_NOT_MINE;
    if (kd_scan_literal(&in, "non-PLT usage"))
        kd_put(parse, &fact->direct_pages, pages);
    else if (kd_scan_literal(&in, "PLT usage"))
        kd_put(parse, &fact->plt_pages, pages);
    else
        return KD_NOT_MINE;
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
        read_banner,   read_offset, read_ram_start,    read_memory,       read_model,
        read_grouping, read_cpus,   read_command_line, read_module_pages,
    };
    for (size_t i = 0; i < KD_COUNT(readers); i++)
        if (readers[i](parse, fact, kd_scan_of(line->text)) == KD_LAST)
            return KD_LAST;
    if (kd_str_ends(line->text, "irtual kernel memory layout:") ||
        kd_str_ends(line->text, "Kernel virtual memory layout:"))
        parse->own[0] = LAYOUT_ROWS;
    return parse->own[0] || kd_str_starts(line->text, "Zone ranges:") ? KD_TAKEN : KD_NOT_MINE;
}

/* "vmalloc : 0xA - 0xB   ( 240 MB)", "* 0xA..0xB  : modules", or a row that tells nothing here:
 * a hashed pointer, a second range of the row above. */
static kd_verdict read_layout(kd_parse *parse, kdf_boot_fact *fact, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str name;
    uint64_t start, end;
    bool read;
    if (kd_scan_literal(&in, "* "))
        read = kd_scan_hex(&in, &start) && kd_scan_literal(&in, "..") && kd_scan_hex(&in, &end) &&
               kd_scan_blanks(&in) && kd_scan_literal(&in, ": ") && kd_scan_rest(&in, &name);
    else
        read = kd_scan_until(&in, ':', &name) && kd_scan_literal(&in, ": ") &&
               kd_scan_hex(&in, &start) && kd_scan_literal(&in, " - ") && kd_scan_hex(&in, &end);
    if (!read || start >= end)
        return kd_str_has(text, "0x") && text.len < 80 ? KD_TAKEN : KD_NOT_MINE;
    kdf_address_area *area = fact->areas.count < LAYOUT_ROWS
                                 ? KD_LIST_ADD(parse->arena, &fact->areas, kdf_address_area)
                                 : NULL;
    if (!area)
        return KD_TAKEN;
    kd_put(parse, &area->name, kd_str_trim(name));
    kd_put(parse, &area->start, start);
    kd_put(parse, &area->end, end);
    return KD_TAKEN;
}

/* "  DMA      [mem 0x0000000040000000-0x000000005fffffff]": kept as an area named RAM */
static void read_zone_range(kd_parse *parse, kdf_boot_fact *fact, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t start, last;
    if (!kd_scan_past(&in, "[mem ", &skipped) || !kd_scan_hex(&in, &start) ||
        !kd_scan_char(&in, '-') || !kd_scan_hex(&in, &last) || !kd_scan_char(&in, ']') ||
        last <= start || last == UINT64_MAX || fact->areas.count >= LAYOUT_ROWS)
        return;
    kdf_address_area *area = KD_LIST_ADD(parse->arena, &fact->areas, kdf_address_area);
    if (!area)
        return;
    kd_put(parse, &area->name, KD_STR("RAM"));
    kd_put(parse, &area->start, start);
    kd_put(parse, &area->end, last + 1);
}

/* Rows of "Zone ranges:" and of the memory layout */
static kd_verdict more_fact(kd_parse *parse, const kd_line *line)
{
    kdf_boot_fact *fact = parse->body;
    if (parse->own[0]) { /* the rows that may still come, and one */
        kd_verdict verdict = parse->own[0] > 1 ? read_layout(parse, fact, line->text) : KD_NOT_MINE;
        parse->own[0] -= verdict == KD_TAKEN;
        return verdict;
    }
    kd_scan in = kd_scan_of(line->text);
    kd_str name;
    if (!kd_scan_name(&in, &name) || !kd_str_in_words(name, "DMA DMA32 Normal HighMem Device") ||
        !kd_scan_blanks(&in) ||
        (!kd_scan_literal(&in, "[mem ") && !kd_scan_literal(&in, "empty") &&
         !kd_scan_literal(&in, "0x")))
        return KD_NOT_MINE;
    kd_text *zone = KD_LIST_ADD(parse->arena, &fact->zones, kd_text);
    if (zone)
        *zone = (kd_text){ name, parse->src };
    read_zone_range(parse, fact, line->text);
    return KD_TAKEN;
}

static const char *const anchors[] = { "Linux version ",
                                       "Kernel Offset: ",
                                       "PHYS_OFFSET: ",
                                       "Zone ranges:",
                                       "Machine model: ",
                                       "K kernel code, ",
                                       " mobility grouping ",
                                       "SLUB: HWalign=",
                                       "SLUB: Genslabs=",
                                       "Kernel command line: ",
                                       "Command line: ",
                                       "irtual kernel memory layout:",
                                       "Kernel virtual memory layout:",
                                       " pages in range for ",
                                       NULL };

const kd_parser kd_parser_boot_fact = {
    .name = "boot_fact",
    .anchors = anchors,
    .kind = &kd_kind_boot_fact,
    .patience = 1,
    .open = open_fact,
    .more = more_fact,
};

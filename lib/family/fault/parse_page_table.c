/* parse_page_table.c - the page-table walk that a fault prints.
 *
 *   PGD 0 P4D 0                                                       x86
 *   *pde = 00000000                                                   i386
 *   user pgtable: 4k pages, 39-bit VAs, pgdp=000000000d701000         arm64 4.19+
 *   [0000000000000000] pgd=000000000d702003, pud=..., pmd=...         arm64, arm ("*pgd=")
 *
 * show_pte(), dump_pagetable().
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"

static void add_level(kd_parse *parse, kdf_oops *oops, kd_str level, uint64_t value)
{
    kdf_pt_level *item;
    if (oops->page_table.count >= 8)
        return;
    item = KD_LIST_ADD(parse->arena, &oops->page_table, kdf_pt_level);
    if (!item)
        return;
    item->level = (kd_text){ level, parse->src };
    item->value = (kd_hex){ value, parse->src };
}

/* "PGD 3b067 P4D 3b067 PUD 0", "PGD 0 Oops: 0000" (one line where pieces ran together) */
static bool take_x86(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    static const struct {
        const char *mark;
        kd_str level;
    } levels[] = {
        { "PGD ", { "pgd", 3 } }, { "P4D ", { "p4d", 3 } }, { "PUD ", { "pud", 3 } },
        { "PMD ", { "pmd", 3 } }, { "PTE ", { "pte", 3 } },
    };
    kd_scan in = kd_scan_of(text);
    uint64_t value;
    if (!kd_str_starts(text, "PGD "))
        return false;
    bool fresh = oops->page_table.count == 0;
    for (size_t i = 0; i < KD_COUNT(levels); i++) {
        kd_scan try = in;
        kd_scan_blanks(&try);
        if (i > 0 && try.at == in.at) /* torn */
            break;
        if (!kd_scan_bytes(&try, levels[i].mark, 4) || !kd_scan_hex(&try, &value))
            continue;
        if (fresh)
            add_level(parse, oops, levels[i].level, value);
        in = try;
    }
    return true;
}

/* "pgd=0800..., p4d=..." with or without '*' and commas */
static bool take_entries(kd_parse *parse, kdf_oops *oops, kd_scan in)
{
    kd_str level;
    uint64_t value;
    size_t count = 0;
    bool fresh = oops->page_table.count == 0;
    for (;; count++) {
        kd_scan_blanks(&in);
        kd_scan_char(&in, ',');
        kd_scan_blanks(&in);
        kd_scan_char(&in, '*');
        kd_scan try = in;
        if (!kd_scan_name(&try, &level) || !kd_str_in_words(level, "pgd p4d pud pmd pte ppte "
                                                                   "pde pdpt"))
            break;
        kd_scan_blanks(&try);
        if (!kd_scan_char(&try, '=') || !kd_scan_blanks(&try) || !kd_scan_hex(&try, &value))
            break;
        if (fresh)
            add_level(parse, oops, level, value);
        in = try;
    }
    return count > 0;
}

/* The row repeats the address of the headline: it is used where that one lost it. */
static bool take_arm_row(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t address;
    if (!kd_scan_char(&in, '[') || !kd_scan_hex(&in, &address) || !kd_scan_char(&in, ']'))
        return false;
    size_t digits = (size_t)(in.at - text.ptr) - 2;
    kd_scan_blanks(&in);
    kd_str rest = { in.at, kd_scan_left(&in) };
    if (!kd_str_is(rest, "user address but active_mm is swapper") &&
        !kd_str_starts(rest, "address between user and kernel") && !take_entries(parse, oops, in))
        return false;
    if (digits == 8 || digits == 16)
        kd_put(parse, &oops->walked, address);
    return true;
}

/* "swapper pgtable: 4k pages, 48-bit VAs, pgdp=0000000041853000" */
static bool take_title(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t bits, kb;
    if (!kd_scan_past(&in, " pgtable: ", &skipped) || skipped.len > 8)
        return kd_str_starts(text, "pgd = ");
    if (kd_scan_u64(&in, &kb) && (kb == 4 || kb == 16 || kb == 64) &&
        kd_scan_literal(&in, "k pages"))
        kd_put(parse, &oops->page_kb, kb);
    if (kd_scan_past(&in, ", ", &skipped) && kd_scan_u64(&in, &bits) && bits <= 64)
        kd_put(parse, &oops->va_bits, bits);
    return true;
}

/* "printing eip:", then "c021570d" and "*pde = 00000000" in the same or in the next lines: i386 to
 * 2.6.24. kd_block_state.more: the line after the title. */
static bool take_eip(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t address;
    bool title = kd_scan_literal(&in, "printing eip:");
    if (!title && (parse->state->more == 0 || parse->state->more + 1 != parse->src))
        return false;
    parse->state->more = title ? parse->src : 0;
    kd_scan_blanks(&in);
    const char *from = in.at;
    if (kd_scan_hex(&in, &address) && in.at - from == 8 &&
        (kd_scan_at_end(&in) || kd_is_blank(*in.at))) {
        kd_put(parse, &oops->ip.address, address);
        take_entries(parse, oops, in);
        return true;
    }
    return title;
}

static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kd_str text = line->text;
    if (line->frame && parse->state->more == 0)
        return KD_NOT_MINE;
    if (take_eip(parse, group, text) || take_x86(parse, group, text) ||
        take_arm_row(parse, group, text) || take_title(parse, group, text) ||
        (kd_str_starts(text, "*pd") && take_entries(parse, group, kd_scan_of(text))))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

const kd_block kd_block_page_table = { .name = "page_table", .take = take };

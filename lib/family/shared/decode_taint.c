/* decode_taint.c - what the taint of a kernel says, from letters or from the number. */
#include "family/shared/decode_taint.h"

#include <string.h>

#include "base/scan.h"
#include "core/version.h"

typedef enum before { SAME, VENDOR } before;

static const struct taint_row {
    uint8_t bit;
    char letter;
    const char *name;
    uint32_t from;
    before before;
} rows[] = {
#define KD_TAINT(bit, letter, name, from, before) { bit, letter, name, from, before },
#include "family/shared/taint.def"
};

static const char vendor_name[] = "VENDOR_DEFINED";

/* Rows of one letter follow each other, oldest first: the last that fits, or the first there is. */
static const struct taint_row *row_of(char letter, int bit, uint32_t version)
{
    const struct taint_row *found = NULL;
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        if (rows[i].letter != letter && rows[i].bit != bit)
            continue;
        if (!found || version >= rows[i].from)
            found = &rows[i];
    }
    return found;
}

static kd_taint_flag flag_of_row(const struct taint_row *row, uint32_t version)
{
    bool vendor = version < row->from && row->before == VENDOR;
    return (kd_taint_flag){ .letter = row->letter,
                            .vendor = vendor,
                            .has_bit = !vendor,
                            .bit = vendor ? 0 : row->bit,
                            .name = vendor ? vendor_name : row->name };
}

static kd_taint_flag flag_of_letter(char letter, uint32_t version)
{
    const struct taint_row *row = row_of(letter, -1, version);
    if (row)
        return flag_of_row(row, version);
    return (kd_taint_flag){ .letter = letter, .vendor = true, .name = vendor_name };
}

static kd_taint_flag flag_of_bit(uint8_t bit, uint32_t version)
{
    const struct taint_row *row = row_of('\0', bit, version);
    kd_taint_flag flag = { .letter = '?', .vendor = true, .name = vendor_name };
    if (row)
        flag = flag_of_row(row, version);
    flag.has_bit = true;
    flag.bit = bit;
    if (flag.vendor)
        flag.letter = '?';
    return flag;
}

static bool sorts_before(const kd_taint_flag *a, const kd_taint_flag *b)
{
    return a->has_bit && (!b->has_bit || a->bit < b->bit);
}

static void add(kd_taint *out, kd_taint_flag flag)
{
    size_t place = out->count;
    if (out->count == KD_TAINT_MAX || (flag.letter != '?' && kd_taint_has(out, flag.letter)))
        return;
    while (place > 0 && sorts_before(&flag, &out->flags[place - 1])) {
        out->flags[place] = out->flags[place - 1];
        place--;
    }
    out->flags[place] = flag;
    out->count++;
    if (flag.has_bit)
        out->bits |= UINT64_C(1) << flag.bit;
}

/* "[W]=WARN, [O]=OOT_MODULE", as 6.10 and later add on a line of its own. */
static void read_verbose(kd_scan *scan, uint32_t version, kd_taint *out)
{
    const char *begin = scan->at;
    kd_str name;
    while (kd_scan_char(scan, '[') && !kd_scan_at_end(scan) && kd_is_alpha(*scan->at)) {
        char letter = *scan->at++;
        if (!kd_scan_literal(scan, "]=") || !kd_scan_name(scan, &name))
            return;
        add(out, flag_of_letter(letter, version));
        out->taken = (size_t)(scan->at - begin);
        if (!kd_scan_char(scan, ','))
            return;
        kd_scan_blanks(scan);
    }
}

/* Logs copied from web pages have no-break spaces (U+00A0 in UTF-8) where the kernel has blanks. */
static bool skip_blank(kd_scan *scan)
{
    return kd_scan_char(scan, ' ') || kd_scan_char(scan, '\t') || kd_scan_literal(scan, "\xc2\xa0");
}

static void read_letters(kd_scan *scan, uint32_t version, kd_taint *out)
{
    const char *begin = scan->at;
    while (!kd_scan_at_end(scan)) {
        char c = *scan->at;
        if (skip_blank(scan))
            continue;
        if (!kd_is_alpha(c) && c != '-')
            return;
        if (kd_is_alpha(c) && c != 'G')
            add(out, flag_of_letter(c, version));
        scan->at++;
        out->taken = (size_t)(scan->at - begin);
    }
}

void kd_taint_letters(kd_str raw, uint32_t version, kd_taint *out)
{
    kd_scan scan = kd_scan_of(raw);
    uint32_t table = version ? version : KD_NEWEST_KNOWN;
    memset(out, 0, sizeof *out);
    if (kd_scan_literal(&scan, "Not tainted"))
        out->taken = sizeof "Not tainted" - 1;
    else if (kd_str_starts(raw, "["))
        read_verbose(&scan, table, out);
    else
        read_letters(&scan, table, out);
}

void kd_taint_number(uint64_t number, uint32_t version, kd_taint *out)
{
    memset(out, 0, sizeof *out);
    for (uint8_t bit = 0; bit < 64; bit++)
        if (number >> bit & 1)
            add(out, flag_of_bit(bit, version ? version : KD_NEWEST_KNOWN));
}

bool kd_taint_has(const kd_taint *taint, char letter)
{
    for (size_t i = 0; i < taint->count; i++)
        if (taint->flags[i].letter == letter)
            return true;
    return false;
}

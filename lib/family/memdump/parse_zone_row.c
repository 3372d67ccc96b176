/* parse_zone_row.c - rows of /proc/buddyinfo and /proc/pagetypeinfo. */
#include "family/memdump/parse_zone_row.h"

bool kd_scan_row_zone(kd_scan *in, uint64_t *node, kd_str *zone)
{
    kd_scan try = *in;
    if (!kd_scan_literal(&try, "Node ") || !kd_scan_blanks(&try) || !kd_scan_u64(&try, node) ||
        !kd_scan_literal(&try, ", zone ") || !kd_scan_blanks(&try) || !kd_scan_name(&try, zone))
        return false;
    *in = try;
    return true;
}

bool kd_scan_row_counts(kd_scan *in, kd_row_counts *out)
{
    kd_scan try = *in;
    out->count = 0;
    while (kd_scan_blanks(&try) && !kd_scan_at_end(&try)) {
        uint64_t n;
        kd_scan_char(&try, '>');
        if (out->count >= KD_ROW_COLUMNS || !kd_scan_u64(&try, &n) ||
            (!kd_scan_at_end(&try) && !kd_is_blank(*try.at)))
            return false;
        out->n[out->count++] = n;
    }
    *in = try;
    return out->count > 0;
}

bool kd_row_goes_on(uint32_t have, const kd_row_counts *more, uint32_t columns)
{
    if (columns > 0)
        return have + more->count <= columns;
    /* a number by itself may be anything, unless it makes the row the usual one of eleven */
    return have < KD_ROW_ORDERS || (more->count == 1 && have == 10) ||
           (more->count > 1 && have + more->count <= KD_ROW_MOST_ORDERS);
}

void kd_row_counts_put(kd_parse *parse, kd_list *list, const kd_row_counts *counts)
{
    for (uint32_t i = 0; i < counts->count && list->count < KD_ROW_COLUMNS; i++) {
        kd_u64 *item = KD_LIST_ADD(parse->arena, list, kd_u64);
        if (item)
            *item = (kd_u64){ counts->n[i], parse->src };
    }
}

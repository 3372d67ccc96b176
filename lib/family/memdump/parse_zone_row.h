/* parse_zone_row.h - rows of /proc/buddyinfo and /proc/pagetypeinfo. */
#ifndef KD_MEMDUMP_PARSE_ZONE_ROW_H
#define KD_MEMDUMP_PARSE_ZONE_ROW_H

#include "core/parser.h"

#define KD_ROW_COLUMNS 32u
#define KD_ROW_ZONES 256u
/* Fewest and most orders there are: s390 before 6.x and 64 KiB pages have nine, arm64 fourteen. */
#define KD_ROW_ORDERS 9u
#define KD_ROW_MOST_ORDERS 14u

typedef struct kd_row_counts {
    uint64_t n[KD_ROW_COLUMNS];
    uint32_t count;
} kd_row_counts;

/* "Node    0, zone    DMA32" */
bool kd_scan_row_zone(kd_scan *in, uint64_t *node, kd_str *zone);
/* Numbers to the end of the line, at least one; ">100000", where the kernel stopped counting, is
 * that number. False when something else stands there. */
bool kd_scan_row_counts(kd_scan *in, kd_row_counts *out);
/* Can they be the rest of a wrapped row that has `have` of its numbers?
 * @param columns  of the table; 0: not known */
bool kd_row_goes_on(uint32_t have, const kd_row_counts *more, uint32_t columns);
/* Adds them to a list of kd_u64. */
void kd_row_counts_put(kd_parse *parse, kd_list *list, const kd_row_counts *counts);

#endif

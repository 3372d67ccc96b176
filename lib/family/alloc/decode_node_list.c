/* decode_node_list.c - lists of NUMA nodes as the kernel prints them (%*pbl). */
#include "family/alloc/decode_node_list.h"

#include "base/scan.h"

/* "0-3" or "5"; false where the list ends or is damaged. */
static bool scan_range(kd_scan *in, uint64_t *first, uint64_t *last)
{
    if (!kd_scan_u64(in, first))
        return false;
    *last = *first;
    if (kd_scan_char(in, '-') && (!kd_scan_u64(in, last) || *last < *first))
        return false;
    return true;
}

kd_node_list kd_node_list_read(kd_str text)
{
    kd_scan in = kd_scan_of(kd_str_trim(text));
    uint64_t first, last;
    if (kd_scan_left(&in) == 0)
        return KD_NODES_UNREADABLE;
    if (kd_scan_literal(&in, "(null)"))
        return kd_scan_at_end(&in) ? KD_NODES_ALL : KD_NODES_UNREADABLE;
    do {
        if (!scan_range(&in, &first, &last))
            return KD_NODES_UNREADABLE;
    } while (kd_scan_char(&in, ','));
    return kd_scan_at_end(&in) ? KD_NODES_SOME : KD_NODES_UNREADABLE;
}

bool kd_node_list_has(kd_str text, uint64_t node)
{
    kd_scan in = kd_scan_of(kd_str_trim(text));
    uint64_t first, last;
    while (scan_range(&in, &first, &last)) {
        if (node >= first && node <= last)
            return true;
        if (!kd_scan_char(&in, ','))
            return false;
    }
    return false;
}

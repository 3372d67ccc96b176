/* vmap_failure.c - the kernel found no hole of the size in a range of kernel addresses.
 * Layer: event.
 *
 *   vmap allocation for size 458752 failed: use vmalloc=<size> to increase size.      2.6.32 - 4.5
 *   vmap allocation for size 299008 failed: use vmalloc=<size> to increase size       4.6 - 6.9
 *   vmalloc_node_range for size 1052672 failed: Address range restricted to 0xe0800000 - 0xff800000
 *                                                                                      6.10+
 *
 * Printed by alloc_vmap_area(), rate-limited. The size includes the guard page. Which range was
 * full only the last form says; otherwise the stack of the event that follows tells.
 */
#include "event/parser.h"

static bool scan_size(kd_scan *in, uint64_t *bytes)
{
    return (kd_scan_literal(in, "vmap allocation for size ") ||
            kd_scan_literal(in, "vmalloc_node_range for size ")) &&
           kd_scan_u64(in, bytes);
}

static kd_verdict open_vmap(kd_parse *parse, const kd_line *line)
{
    kdf_vmap *vmap = parse->body;
    kd_scan in = kd_scan_of(line->text);
    uint64_t bytes, start, end;
    kd_str hint;
    if (!scan_size(&in, &bytes) || !kd_scan_literal(&in, " failed: "))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &vmap->requested_bytes, bytes);
    kd_scan range = in;
    if (kd_scan_literal(&range, "Address range restricted to ") && kd_scan_hex(&range, &start) &&
        kd_scan_literal(&range, " - ") && kd_scan_hex(&range, &end)) {
        kd_put(parse, &vmap->range_start, start);
        kd_put(parse, &vmap->range_end, end);
    }
    kd_scan_rest(&in, &hint);
    kd_put(parse, &vmap->hint, hint);
    return KD_LAST;
}

static const char *const anchors[] = { "vmap allocation for size ", "vmalloc_node_range for size ",
                                       NULL };

const kd_parser kd_parser_vmap_failure = {
    .name = "vmap_failure",
    .anchors = anchors,
    .kind = &kd_kind_vmap_failure,
    .open = open_vmap,
};

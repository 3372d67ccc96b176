/* parse_vmap_failure.c - the kernel found no hole of the size in a range of kernel addresses.
 *
 *
 *   vmap allocation for size 458752 failed: use vmalloc=<size> to increase size.      2.6.32 - 4.5
 *   vmap allocation for size 299008 failed: use vmalloc=<size> to increase size       4.6 - 6.9
 *   vmalloc_node_range for size 1052672 failed: Address range restricted to 0xe0800000 - 0xff800000
 *                                                                                      6.10+
 *
 * Printed by alloc_vmap_area(), rate-limited. The size includes the guard page. Which range was
 * full only the last form says; otherwise the stack of the event that follows tells.
 */
#include "core/parser.h"
#include "family/fields.h"

static bool scan_size(kd_scan *in, uint64_t *bytes)
{
    return (kd_scan_literal(in, "vmap allocation for size ") ||
            kd_scan_literal(in, "vmalloc_node_range for size ")) &&
           kd_scan_u64(in, bytes);
}

typedef enum reason_form { REASON_OTHER, REASON_PART, REASON_HINT, REASON_RANGE } reason_form;

/* What stands behind "failed: ". The "<size>" may be lost as if it were a tag of HTML. */
static reason_form read_reason(kd_str text, uint64_t *start, uint64_t *end)
{
    kd_scan range = kd_scan_of(text), hint = range;
    if (kd_scan_literal(&range, "Address range restricted to ") && kd_scan_hex(&range, start) &&
        kd_scan_literal(&range, " - ") && kd_scan_hex(&range, end))
        return *end > *start ? REASON_RANGE : REASON_PART; /* its last digits were cut off */
    if (kd_scan_literal(&hint, "use vmalloc=") &&
        (kd_scan_literal(&hint, "<size> to increase size") ||
         kd_scan_literal(&hint, " to increase size")))
        return REASON_HINT;
    return range.short_ || hint.short_ ? REASON_PART : REASON_OTHER;
}

static reason_form take_reason(kd_parse *parse, kdf_vmap *vmap, kd_str text)
{
    uint64_t start, end;
    reason_form form = read_reason(text, &start, &end);
    if (form == REASON_RANGE) {
        kd_put(parse, &vmap->range_start, start);
        kd_put(parse, &vmap->range_end, end);
    }
    return form;
}

static kd_verdict open_vmap(kd_parse *parse, const kd_line *line)
{
    kdf_vmap *vmap = parse->body;
    kd_scan in = kd_scan_of(line->text);
    uint64_t bytes;
    kd_str reason;
    if (!scan_size(&in, &bytes) || !kd_scan_literal(&in, " failed: "))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &vmap->requested_bytes, bytes);
    kd_scan_rest(&in, &reason);
    kd_put(parse, &vmap->hint, reason);
    return take_reason(parse, vmap, reason) == REASON_PART ? KD_TAKEN : KD_LAST;
}

/* The rest of a line that a mail program wrapped: taken only when it makes the text whole. */
static kd_verdict more_vmap(kd_parse *parse, const kd_line *line)
{
    kdf_vmap *vmap = parse->body;
    if (line->prefixed || line->text.len > 64)
        return KD_NOT_MINE;
    kd_str joined =
        kd_arena_format(parse->arena, "%.*s %.*s", KD_FMT(vmap->hint.v), KD_FMT(line->text));
    if (take_reason(parse, vmap, joined) < REASON_HINT)
        return KD_NOT_MINE;
    vmap->hint.v = joined;
    return KD_LAST;
}

static void close_vmap(kd_parse *parse)
{
    parse->event->complete = true;
}

static const char *const anchors[] = { "vmap allocation for size ", "vmalloc_node_range for size ",
                                       NULL };

const kd_parser kd_parser_vmap_failure = {
    .name = "vmap_failure",
    .anchors = anchors,
    .kind = &kd_kind_vmap_failure,
    .patience = 1,
    .open = open_vmap,
    .more = more_vmap,
    .close = close_vmap,
};

/* parse_cma_failure.c - no room in an area of contiguous memory.
 *
 *   cma: cma_alloc: alloc failed, req-size: 256 pages, ret: -12                  4.11 - 5.11
 *   cma: cma_alloc: linux,cma: alloc failed, req-size: 256 pages, ret: -16       5.12 - 6.11
 *   cma: __cma_alloc: reserved: alloc failed, req-size: 256 pages, ret: -12      6.12+
 *   cma: number of available pages: 2@93+8@108=> 10 free of 1024 total pages     with CMA debugging
 *   cma: number of available pages:                                              6.15+: four lines
 *   cma: range 0: 2@93+8@108
 *   cma:
 *   => 10 free of 1024 total pages
 *   number of available pages: 4+7+38=>49 pages, total: 2048 pages               vendor trees
 *
 * cma_alloc(), __cma_alloc(), __cma_alloc_frozen(); cma_debug_show_areas().
 */
#include "core/parser.h"
#include "family/fields.h"
#include <stddef.h>

#define MAX_HOLES 4096u

/* "cma_alloc: linux,cma": the function, and the area from 5.12 on. */
static void put_names(kd_parse *parse, kdf_cma *failure, kd_str names)
{
    kd_scan in = kd_scan_of(names);
    kd_str function, area;
    kd_scan_literal(&in, "cma: ");
    if (!kd_scan_name(&in, &function))
        return;
    kd_put(parse, &failure->function, function);
    if (kd_scan_literal(&in, ": ") && kd_scan_rest(&in, &area) && area.len > 0)
        kd_put(parse, &failure->area, area);
}

static kd_verdict open_failure(kd_parse *parse, const kd_line *line)
{
    kdf_cma *failure = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str names;
    uint64_t pages;
    int64_t error;
    if (!kd_scan_past(&in, ": alloc failed, req-size: ", &names) || names.len > 128)
        return KD_NOT_MINE;
    if (!kd_scan_u64(&in, &pages) || !kd_scan_literal(&in, " pages"))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &failure->requested_pages, pages);
    if (kd_scan_literal(&in, ", ret: ") && kd_scan_i64(&in, &error))
        kd_put(parse, &failure->error, error);
    else if (in.short_)
        return KD_UNFINISHED;
    const char *cma = kd_str_find(names, "cma: "); /* vendors print the task before it */
    put_names(parse, failure, cma ? kd_str_from(names, (size_t)(cma - names.ptr)) : names);
    return KD_TAKEN;
}

/* "2@93+8@108", "4+7+38": holes of the bitmap, from the first digit on. */
static void scan_holes(kd_scan *in, kd_parse *parse, kdf_cma *failure)
{
    uint64_t pages, position;
    while (kd_scan_char(in, '+') || (kd_scan_left(in) > 0 && kd_is_digit(*in->at))) {
        if (!kd_scan_u64(in, &pages))
            return;
        kdf_cma_hole *hole = failure->holes.count < MAX_HOLES
                                 ? KD_LIST_ADD(parse->arena, &failure->holes, kdf_cma_hole)
                                 : NULL;
        bool placed = kd_scan_char(in, '@') && kd_scan_u64(in, &position);
        if (hole)
            hole->pages = (kd_u64){ pages, parse->src };
        if (hole && placed)
            hole->position = (kd_u64){ position, parse->src };
    }
}

/* "=> 10 free of 1024 total pages" and "=>49 pages, total: 2048 pages"; without its unit the number
 * was cut */
static bool take_totals(kd_parse *parse, kdf_cma *failure, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t unused, total;
    if (!kd_scan_past(&in, "=>", &skipped) || !kd_scan_blanks(&in) || !kd_scan_u64(&in, &unused))
        return false;
    bool vendor = kd_scan_literal(&in, " pages, total: ");
    if ((!vendor && !kd_scan_literal(&in, " free of ")) || !kd_scan_u64(&in, &total))
        return false;
    kd_put(parse, &failure->free_pages, unused);
    if (vendor ? kd_scan_literal(&in, " pages") : kd_scan_literal(&in, " total pages"))
        kd_put(parse, &failure->total_pages, total);
    return true;
}

/* Gives what stands behind the head of such a line. */
static bool scan_head(kd_scan *in)
{
    kd_scan try = *in;
    uint64_t range;
    if (kd_scan_literal(&try, "number of available pages:") ||
        (kd_scan_literal(&try, "range ") && kd_scan_u64(&try, &range) && kd_scan_char(&try, ':'))) {
        *in = try;
        return kd_scan_blanks(in);
    }
    return false;
}

/* "cma: number of av": the line ends before its list begins. */
static bool is_torn_head(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    if (kd_scan_literal(&in, "cma:") && kd_scan_blanks(&in))
        kd_scan_literal(&in, "number of available pages:");
    return in.short_ && text.len > 1;
}

static kd_verdict more_failure(kd_parse *parse, const kd_line *line)
{
    kdf_cma *failure = parse->body;
    kd_scan in = kd_scan_of(line->text);
    if (failure->total_pages.src || line->text.len == 0)
        return KD_NOT_MINE;
    if (is_torn_head(line->text) ||
        (kd_scan_literal(&in, "cma:") && kd_scan_blanks(&in) && kd_scan_at_end(&in))) {
        failure->list_begun = true;
        return KD_TAKEN;
    }
    bool mine = scan_head(&in);
    if (!mine && !kd_str_starts(line->text, "=>"))
        return KD_NOT_MINE;
    failure->list_begun = true;
    if (mine)
        scan_holes(&in, parse, failure);
    if (take_totals(parse, failure, (kd_str){ in.at, kd_scan_left(&in) }))
        return KD_LAST;
    return KD_TAKEN;
}

/* Only kernels with CMA debugging print more than the first line. */
static void close_failure(kd_parse *parse)
{
    const kdf_cma *failure = parse->body;
    parse->event->complete = failure->error.src != 0;
}

static const char *const anchors[] = { ": alloc failed, req-size: ", NULL };

const kd_parser kd_parser_cma_failure = {
    .name = "cma_failure",
    .anchors = anchors,
    .kind = &kd_kind_cma_failure,
    .patience = 2,
    .open = open_failure,
    .more = more_failure,
    .close = close_failure,
};

/* parse_page_alloc_failure.c - the page allocator gave up and said so.
 *
 *   kworker/1:2: page allocation failure. order:3, mode:0x4020                      2.6.32 - 2.6.39
 *   kworker/1:2: page allocation failure: order:3, mode:0x4020                        3.0 - 4.5
 *   kworker/1:2: page allocation failure: order:3, mode:0x2084020(GFP_ATOMIC|__GFP_COMP)   4.6+
 *   ... , nodemask=(null)          and an own line "COMM cpuset=/ mems_allowed=0"     4.11 - 4.20
 *   ... , nodemask=(null),cpuset=/,mems_allowed=0                                     5.0+
 *
 * warn_alloc_failed(), warn_alloc(). The task line, a trace and the memory dump follow.
 */
#include "family/fields.h"
#include "family/gfp/parse_gfp.h"
#include "family/memdump/parse_meminfo.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

static kd_verdict open_failure(kd_parse *parse, const kd_line *line)
{
    kdf_page_alloc *failure = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str comm;
    uint64_t order;
    if (!kd_scan_past(&in, ": page allocation failure", &comm) || comm.len > 64)
        return KD_NOT_MINE;
    if ((!kd_scan_literal(&in, ": order:") && !kd_scan_literal(&in, ". order:")) ||
        !kd_scan_u64(&in, &order) || !kd_scan_literal(&in, ", mode:") ||
        !kd_scan_gfp(&in, parse, &failure->gfp))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &failure->order, order);
    kd_put(parse, &failure->task.comm, comm);
    kd_scan_scope(&in, parse, &failure->scope);
    kd_put_suppressed(parse, &failure->suppressed, "warn_alloc warn_alloc_failed");
    return KD_TAKEN;
}

/* "insmod cpuset=/ mems_allowed=0" to 4.20, and what a mail program wrapped off the header. */
static kd_verdict more_failure(kd_parse *parse, const kd_line *line)
{
    kdf_page_alloc *failure = parse->body;
    kd_scan in = kd_scan_of(line->text);
    if (failure->scope.mems_allowed.src || failure->backtrace.count > 0 ||
        !kd_str_has(line->text, "mems_allowed=") || line->text.len > 512)
        return KD_NOT_MINE;
    kd_scan_scope(&in, parse, &failure->scope);
    return KD_TAKEN;
}

static void close_failure(kd_parse *parse)
{
    kdf_page_alloc *failure = parse->body;
    kd_blame_set(parse, &failure->blame, &failure->backtrace, NULL);
    parse->event->complete = failure->meminfo.ram_pages.src != 0;
}

static const char *const anchors[] = { ": page allocation failure", NULL };

static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_page_alloc, task) },
    { &kd_block_trace, offsetof(kdf_page_alloc, backtrace) },
    { &kd_block_meminfo, offsetof(kdf_page_alloc, meminfo) },
    { NULL, 0 },
};

const kd_parser kd_parser_page_alloc_failure = {
    .name = "page_alloc_failure",
    .anchors = anchors,
    .kind = &kd_kind_page_alloc_failure,
    .blocks = blocks,
    .in_order = true,
    .open = open_failure,
    .more = more_failure,
    .close = close_failure,
};

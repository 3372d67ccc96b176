/* parse_page_alloc_failure.c - the page allocator gave up and said so.
 *
 *   kworker/1:2: page allocation failure. order:3, mode:0x4020                      2.6.32 - 2.6.39
 *   kworker/1:2: page allocation failure: order:3, mode:0x4020                        3.0 - 4.5
 *   kworker/1:2: page allocation failure: order:3, mode:0x2084020(GFP_ATOMIC|__GFP_COMP)   4.6+
 *   kworker/1:2: vmemmap alloc failure: order:9, mode:0x4cc0(GFP_KERNEL|...)       memory
 * hotplug, 4.15+
 *   ... , nodemask=(null)          and an own line "COMM cpuset=/ mems_allowed=0"     4.11 - 4.20
 *   ... , nodemask=(null),cpuset=/,mems_allowed=0                                     5.0+
 *   __alloc_pages: 0-order allocation failed (gfp=0x20/0)                                 2.4,
 * nothing else
 *
 * warn_alloc_failed(), warn_alloc(). The task line, a trace and the memory dump follow.
 */
#include "family/fields.h"
#include "family/gfp/parse_gfp.h"
#include "family/memdump/parse_meminfo.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

/* "__alloc_pages: 0-order allocation failed (gfp=0x20/0)": who asked is not printed. */
static bool take_2_4(kd_parse *parse, kdf_page_alloc *failure, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t order, mask, last;
    if (!kd_scan_literal(&in, "__alloc_pages: ") || !kd_scan_u64(&in, &order) || order > 63 ||
        !kd_scan_literal(&in, "-order allocation failed (gfp=0x") || !kd_scan_hex(&in, &mask) ||
        !kd_scan_char(&in, '/') || !kd_scan_u64(&in, &last) || !kd_scan_char(&in, ')'))
        return false;
    kd_put(parse, &failure->order, order);
    kd_put(parse, &failure->gfp.value, mask);
    return true;
}

/* warn_alloc() says whose request it was: of the pages, or of what describes added memory. */
static bool scan_words(kd_scan *in, kd_str *comm)
{
    return kd_scan_past(in, ": page allocation failure", comm) ||
           kd_scan_past(in, ": vmemmap alloc failure", comm);
}

static kd_verdict open_failure(kd_parse *parse, const kd_line *line)
{
    kdf_page_alloc *failure = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str comm;
    uint64_t order;
    if (take_2_4(parse, failure, line->text))
        return KD_LAST;
    if (!scan_words(&in, &comm) || comm.len > 64)
        return KD_NOT_MINE;
    if ((!kd_scan_literal(&in, ": order:") && !kd_scan_literal(&in, ". order:")) ||
        !kd_scan_u64(&in, &order))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    bool digits_end = !kd_scan_at_end(&in); /* or others of them may be lost */
    if (!kd_scan_literal(&in, ", mode:") || !kd_scan_gfp(&in, parse, &failure->gfp)) {
        if (!in.short_)
            return KD_NOT_MINE;
        if (!parse->alone || !digits_end)
            return KD_UNFINISHED;
    }
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
    kd_blame_set(&failure->blame, &failure->backtrace, NULL);
    parse->event->complete = failure->meminfo.ram_pages.src != 0;
}

/* "name+0xdc/0x288 [mod]" and nothing else: people leave out what stands before the frame that they
 * mean, and with it the line "Call Trace:". */
static bool is_whole_frame(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kdf_symbol symbol = { .size = { 0, 0 } };
    return kd_str_has(text, "+0x") && kd_scan_symbol(&in, &symbol, KD_DERIVED) && symbol.size.src &&
           kd_scan_at_end(&in);
}

static kd_verdict take_trace(kd_parse *parse, void *group, const kd_line *line)
{
    if (parse->state->at || !is_whole_frame(line->text))
        return kd_block_trace.take(parse, group, line);
    parse->state->at = 1;
    kd_verdict verdict = kd_block_trace.take(parse, group, line);
    if (verdict == KD_NOT_MINE)
        parse->state->at = 0;
    return verdict;
}

static const kd_block block_trace = { "trace", take_trace };

static const char *const anchors[] = { ": page allocation failure", ": vmemmap alloc failure",
                                       "-order allocation failed (gfp=", NULL };

static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_page_alloc, task) },
    { &block_trace, offsetof(kdf_page_alloc, backtrace) },
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

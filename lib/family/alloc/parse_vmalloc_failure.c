/* parse_vmalloc_failure.c - vmalloc() or execmem_alloc() gave up and said so.
 *
 *   vmalloc: allocation failure: 454123 bytes                                   3.2 - 4.8
 *   vmalloc: allocation failure, allocated 8192 of 454123 bytes                 3.0 - 4.8, no pages
 *     and then "insmod: page allocation failure: order:0, mode:0xd0": the same request, order 0
 *     is a constant
 *   insmod: vmalloc: allocation failure: 1048576 bytes, mode:0xcc0(GFP_KERNEL)  4.9 - 5.12
 *   insmod: vmalloc error: size 294912, vm_struct allocation failed, mode:...   5.13+
 *   insmod: vmalloc error: size 294912, align 0x1000, vm_struct allocation failed, mode:...  7.3
 *   ... vm_struct allocation failed. Retrying., mode:...                        5.17+, NOFAIL
 *   ... size 4294967296, exceeds total pages, mode:...                          5.13+
 *   ... size 8388608, failed to allocated page array size 16384, mode:...       5.13+
 *   ... size 8192, page order 0, failed to allocate pages, mode:...             5.13 - 6.3
 *   ... size 8192, failed to allocate pages, mode:...                           6.4+
 *   ... size 8388608, failed to map pages, mode:...                             5.13+
 *   execmem: unable to allocate memory                                          6.10+, alone
 *
 * __vmalloc_node_range(), __vmalloc_area_node(), execmem_vmalloc(). Where pages ran out, the size
 * is that of the pages which were had (area->nr_pages), not of the request, up to some release
 * between 6.12 and 7.2: decode_vmalloc_request.c. Up to 5.12 the first
 * form also stands for a size of 0 and for one larger than all RAM.
 */
#include "family/fields.h"
#include "family/gfp/parse_gfp.h"
#include "family/memdump/parse_meminfo.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

/* Words of the message that say what was missing. */
static const struct {
    const char *words;
    const char *reason;
} reasons[] = {
    { "vm_struct allocation failed", "no-range" },
    { "exceeds total pages", "too-large" },
    { "page array size", "page-array" },
    { "failed to allocate pages", "no-pages" },
    { "failed to map pages", "map" },
    { ", allocated ", "no-pages" }, /* the mapping failed, when all of them were had */
    { "allocation failure: ", "no-range" },
};

static void put_reason(kd_parse *parse, kdf_vmalloc *failure, kd_str text)
{
    kd_put(parse, &failure->text, text);
    for (size_t i = 0; i < KD_COUNT(reasons); i++)
        if (kd_str_has(text, reasons[i].words)) {
            kd_put(parse, &failure->reason, kd_str_of(reasons[i].reason));
            return;
        }
}

/* ", mode:0xcc0(GFP_KERNEL), nodemask=..." where the header has it. */
static void scan_mode(kd_parse *parse, kdf_vmalloc *failure, kd_scan in)
{
    kd_str skipped;
    if (kd_scan_past(&in, "mode:", &skipped) && kd_scan_gfp(&in, parse, &failure->gfp))
        kd_scan_scope(&in, parse, &failure->scope);
}

/* "vmalloc: allocation failure: N bytes" and ", allocated N of M bytes" */
static bool scan_old(kd_scan *in, kd_parse *parse, kdf_vmalloc *failure)
{
    uint64_t bytes, wanted;
    if (!kd_scan_literal(in, "vmalloc: allocation failure"))
        return false;
    if (kd_scan_literal(in, ": ") && kd_scan_u64(in, &bytes) && kd_scan_literal(in, " bytes")) {
        kd_put(parse, &failure->requested_bytes, bytes);
        return true;
    }
    if (!kd_scan_literal(in, ", allocated ") || !kd_scan_u64(in, &bytes) ||
        !kd_scan_literal(in, " of ") || !kd_scan_u64(in, &wanted) || !kd_scan_literal(in, " bytes"))
        return false;
    kd_put(parse, &failure->allocated_bytes, bytes);
    kd_put(parse, &failure->requested_bytes, wanted);
    return true;
}

/* "vmalloc error: size N, TEXT". A text that none of these begins is a newer kernel's. */
static bool scan_new(kd_scan *in, kd_parse *parse, kdf_vmalloc *failure)
{
    uint64_t bytes, more;
    if (!kd_scan_literal(in, "vmalloc error: size ") || !kd_scan_u64(in, &bytes) ||
        !kd_scan_literal(in, ", "))
        return false;
    kd_scan text = *in;
    if (kd_scan_literal(&text, "page order ") && kd_scan_u64(&text, &more) &&
        kd_scan_literal(&text, ", "))
        kd_put(parse, &failure->page_order, more);
    if (kd_scan_literal(&text, "align 0x") && kd_scan_hex(&text, &more))
        (void)kd_scan_literal(&text, ", ");
    bool had = kd_scan_literal(&text, "failed to allocate pages"), known = had;
    if (kd_scan_literal(&text, "vm_struct allocation failed")) {
        known = true;
        if (kd_scan_literal(&text, ". Retrying"))
            kd_put(parse, &failure->retrying, true);
    } else if (kd_scan_literal(&text, "failed to allocated page array size ") &&
               kd_scan_u64(&text, &more)) {
        known = true;
        kd_put(parse, &failure->page_array_bytes, more);
    }
    known = known || kd_scan_literal(&text, "exceeds total pages") ||
            kd_scan_literal(&text, "failed to map pages");
    if (!known && text.short_) {
        in->short_ = true;
        return false;
    }
    kd_put(parse, had ? &failure->allocated_bytes : &failure->requested_bytes, bytes);
    return true;
}

static kd_verdict open_failure(kd_parse *parse, const kd_line *line)
{
    kdf_vmalloc *failure = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str comm = { NULL, 0 }, text = line->text;
    if (kd_str_starts(text, "execmem: unable to allocate memory")) {
        kd_put(parse, &failure->text, text);
        return KD_LAST;
    }
    const char *at = kd_str_find(text, "vmalloc: allocation failure");
    at = at ? at : kd_str_find(text, "vmalloc error: size ");
    if (!at)
        return KD_NOT_MINE;
    if (at != text.ptr) {
        comm = (kd_str){ text.ptr, (size_t)(at - text.ptr) };
        if (!kd_str_ends(comm, ": ") || comm.len > 64)
            return KD_NOT_MINE;
        comm.len -= 2;
    }
    in.at = at;
    if (!scan_old(&in, parse, failure) && !scan_new(&in, parse, failure))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    if (comm.ptr)
        kd_put(parse, &failure->task.comm, comm);
    text = kd_str_from(text, (size_t)(at - text.ptr));
    const char *mode = kd_str_find(text, ", mode:");
    put_reason(parse, failure, mode ? (kd_str){ at, (size_t)(mode - at) } : text);
    scan_mode(parse, failure, in);
    return KD_TAKEN;
}

/* To 4.8: "insmod: page allocation failure: order:0, mode:0xd0" belongs to this request. */
static kd_verdict more_failure(kd_parse *parse, const kd_line *line)
{
    kdf_vmalloc *failure = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str comm;
    if (failure->backtrace.count > 0)
        return KD_NOT_MINE;
    if (!failure->gfp.value.src && kd_scan_past(&in, ": page allocation failure: order:0", &comm) &&
        comm.len <= 64) {
        kd_put(parse, &failure->task.comm, comm);
        scan_mode(parse, failure, in);
        return KD_TAKEN;
    }
    if (failure->scope.mems_allowed.src || line->text.len > 512)
        return KD_NOT_MINE;
    /* a header that a mail program wrapped before its mode */
    bool wrapped = !failure->gfp.value.src && !line->prefixed && kd_str_has(line->text, "mode:0x");
    if (wrapped)
        scan_mode(parse, failure, in);
    else if (kd_str_has(line->text, "mems_allowed="))
        kd_scan_scope(&in, parse, &failure->scope);
    return wrapped || kd_str_has(line->text, "mems_allowed=") ? KD_TAKEN : KD_NOT_MINE;
}

static void close_failure(kd_parse *parse)
{
    kdf_vmalloc *failure = parse->body;
    kd_blame_set(&failure->blame, &failure->backtrace, NULL);
    if (failure->requested_bytes.src || failure->allocated_bytes.src)
        parse->event->complete = failure->meminfo.ram_pages.src != 0;
}

static const char *const anchors[] = { "vmalloc: allocation failure", "vmalloc error: size ",
                                       "execmem: unable to allocate memory", NULL };

static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_vmalloc, task) },
    { &kd_block_trace, offsetof(kdf_vmalloc, backtrace) },
    { &kd_block_meminfo, offsetof(kdf_vmalloc, meminfo) },
    { NULL, 0 },
};

const kd_parser kd_parser_vmalloc_failure = {
    .name = "vmalloc_failure",
    .anchors = anchors,
    .kind = &kd_kind_vmalloc_failure,
    .blocks = blocks,
    .in_order = true,
    .open = open_failure,
    .more = more_failure,
    .close = close_failure,
};

/* parse_slab_alloc_failure.c - a slab cache got no pages for a new slab.
 *
 *   SLUB: Unable to allocate memory on node -1 (gfp=0x20)                        2.6.32 - 4.5
 *   SLUB: Unable to allocate memory on node -1, gfp=0x820(GFP_ATOMIC)            4.6 - 6.11
 *   SLUB: Unable to allocate memory on CPU 2 (of node 0) on node -1, gfp=0x...   6.12+
 *     cache: kmalloc-2k, object size: 2048, buffer size: 6144, default order: 3, min order: 1
 *     kmalloc-2k debugging increased min order, use slub_debug=O to disable.
 *     node 0: slabs: 18, objs: 270, free: 0
 *   SLAB: Unable to allocate memory on node 0 (gfp=0xd0)                         3.4 - 6.7
 *     cache: size-65536, object size: 65536, order: 4
 *     node 0: slabs: 42/42, objs: 42/42, free: 0             free: until it went in 4.9 - 4.19
 *
 * slab_out_of_memory(). A report of the page allocator stands before it, unless its rate limit
 * kept that one back.
 */
#include "family/fields.h"
#include "family/gfp/parse_gfp.h"
#include <stddef.h>

#define MAX_NODES 1024u

/* "CPU 2 (of node 0) on " */
static void scan_cpu(kd_scan *in, kd_parse *parse, kdf_slab_alloc *failure)
{
    kd_scan try = *in;
    uint64_t cpu;
    int64_t node;
    if (!kd_scan_literal(&try, "CPU ") || !kd_scan_u64(&try, &cpu) ||
        !kd_scan_literal(&try, " (of node ") || !kd_scan_i64(&try, &node) ||
        !kd_scan_literal(&try, ") on "))
        return;
    kd_put(parse, &failure->cpu, cpu);
    kd_put(parse, &failure->cpu_node, node);
    *in = try;
}

static kd_verdict open_failure(kd_parse *parse, const kd_line *line)
{
    kdf_slab_alloc *failure = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str before;
    int64_t node;
    if (!kd_scan_past(&in, "Unable to allocate memory on ", &before) || before.len > 64)
        return KD_NOT_MINE;
    bool slub = kd_str_ends(before, "SLUB: ");
    if (!slub && !kd_str_ends(before, "SLAB: "))
        return KD_NOT_MINE;
    scan_cpu(&in, parse, failure);
    if (!kd_scan_literal(&in, "node ") || !kd_scan_i64(&in, &node))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_scan_char(&in, ',');
    kd_scan_blanks(&in);
    kd_scan_char(&in, '(');
    if (!kd_scan_literal(&in, "gfp=") || !kd_scan_gfp(&in, parse, &failure->gfp))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &failure->allocator, slub ? KD_STR("SLUB") : KD_STR("SLAB"));
    kd_put(parse, &failure->node, node);
    kd_put_suppressed(parse, &failure->suppressed, "slab_out_of_memory");
    return KD_TAKEN;
}

/* "object size: 2048" wherever it stands in the line. */
static bool put_labelled(kd_parse *parse, kd_str text, const char *label, kd_u64 *out)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t number;
    if (!kd_scan_past(&in, label, &skipped))
        return false;
    kd_scan_blanks(&in);
    if (!kd_scan_u64(&in, &number))
        return false;
    kd_put(parse, out, number);
    return true;
}

static bool put_sizes(kd_parse *parse, kdf_slab_alloc *failure, kd_str text)
{
    bool any = put_labelled(parse, text, "object size:", &failure->object_size);
    any |= put_labelled(parse, text, "buffer size:", &failure->buffer_size);
    any |= put_labelled(parse, text, "default order:", &failure->order);
    any |= put_labelled(parse, text, "min order:", &failure->min_order);
    any |= put_labelled(parse, text, ", order:", &failure->order);
    /* "default" stands at the end of the line before */
    return any |
           (kd_str_starts(text, "order:") && put_labelled(parse, text, "order:", &failure->order));
}

/* "cache: NAME, object size: ..." and what a mail program wrapped off it. */
static bool take_cache(kd_parse *parse, kdf_slab_alloc *failure, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str name;
    if (failure->cache.src)
        return failure->nodes.count == 0 && text.len < 100 && !kd_str_starts(text, "cache: ") &&
               put_sizes(parse, failure, text);
    if (!kd_scan_literal(&in, "cache: ") || !kd_scan_past(&in, ", object size:", &name))
        return false;
    kd_put(parse, &failure->cache, name);
    put_sizes(parse, failure, text);
    return true;
}

/* ": 42/43": in use and all of them, or ": 42" */
static bool scan_count(kd_scan *in, kd_parse *parse, kd_u64 *active, kd_u64 *all)
{
    uint64_t first, second;
    if (!kd_scan_u64(in, &first))
        return false;
    if (!kd_scan_char(in, '/')) {
        kd_put(parse, all, first);
        return true;
    }
    if (!kd_scan_u64(in, &second))
        return false;
    kd_put(parse, active, first);
    kd_put(parse, all, second);
    return true;
}

static bool take_node(kd_parse *parse, kdf_slab_alloc *failure, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kdf_slab_node read = { .node = { 0, 0 } };
    uint64_t number;
    if (!failure->cache.src || !kd_scan_literal(&in, "node") || !kd_scan_blanks(&in) ||
        !kd_scan_u64(&in, &number) || !kd_scan_literal(&in, ": slabs: ") ||
        !scan_count(&in, parse, &read.active_slabs, &read.slabs) ||
        !kd_scan_literal(&in, ", objs: ") ||
        !scan_count(&in, parse, &read.active_objects, &read.objects))
        return false;
    kd_put(parse, &read.node, number);
    if (kd_scan_literal(&in, ", free: ") && kd_scan_u64(&in, &number))
        kd_put(parse, &read.free_objects, number);
    kdf_slab_node *node = failure->nodes.count < MAX_NODES
                              ? KD_LIST_ADD(parse->arena, &failure->nodes, kdf_slab_node)
                              : NULL;
    if (node)
        *node = read;
    return true;
}

static kd_verdict more_failure(kd_parse *parse, const kd_line *line)
{
    kdf_slab_alloc *failure = parse->body;
    if (take_node(parse, failure, line->text) || take_cache(parse, failure, line->text))
        return KD_TAKEN;
    if (kd_str_starts(line->text, "SLUB: Unable to ") ||
        kd_str_starts(line->text, "SLAB: Unable to "))
        return KD_OVER;
    if (!kd_str_has(line->text, " debugging increased min order, use "))
        return KD_NOT_MINE;
    kd_put(parse, &failure->debug_raised_order, true);
    return KD_TAKEN;
}

static void close_failure(kd_parse *parse)
{
    const kdf_slab_alloc *failure = parse->body;
    parse->event->complete = failure->cache.src != 0;
}

static const char *const anchors[] = { ": Unable to allocate memory on ", NULL };

const kd_parser kd_parser_slab_alloc_failure = {
    .name = "slab_alloc_failure",
    .anchors = anchors,
    .kind = &kd_kind_slab_alloc_failure,
    .patience = 8,
    .open = open_failure,
    .more = more_failure,
    .close = close_failure,
};

/* alloc_verdict.c - why a page allocation failed: the allocator's decision taken again, zone by
 * zone, with the numbers of the dump. One rule for each verdict. Layer: rules. */
#include <stdio.h>

#include "rules/alloc.h"

#define DUMP "the dump is taken after the failure: what it proves holds for its moment"

const char kd_doc_only_cma[] =
    "There are free blocks of the order, but every one is of migratetype CMA, and the mask is not "
    "movable: the list search may not take them, however much memory is free. Proved by the "
    "letters "
    "of the buddy line for the moment of the dump.";
const char kd_doc_only_highatomic[] =
    "The only free blocks of the order are in the HighAtomic reserve, which this mask may not use.";
const char kd_doc_fragmented[] =
    "Enough pages are free, but no free block of the order that this migratetype may take.";
const char kd_doc_below_watermark[] =
    "The zones that the mask may use are short: free pages, less what the request may not use, are "
    "not above the watermark with the rights of the mask.";
const char kd_doc_zone_exhausted[] =
    "The zone that the mask restricts the request to is short, while other zones have memory.";
const char kd_doc_order_too_large[] =
    "The order is above the largest block that the kernel manages: refused before any search.";
const char kd_doc_no_longer_short[] =
    "By the dump the request would succeed: memory came free between the failure and the dump.";

typedef struct verdict_case {
    kd_alloc_case c;
    uint64_t order;
    kd_src order_src;
    kd_str comm;
    bool of_vmalloc;     /* vmalloc() asks for single pages: a shortage is beside its own reason */
    uint64_t request_kb; /* size of the block asked for */
} verdict_case;

static bool prepare(const kd_view *view, kd_alloc_verdict wanted, verdict_case *v)
{
    const kdf_page_alloc *failure = KD_BODY(view->event, page_alloc);
    const kdf_vmalloc *vmalloc = KD_BODY(view->event, vmalloc);
    if (failure && failure->order.src) {
        v->order = failure->order.v;
        v->order_src = failure->order.src;
        v->comm = failure->task.comm.v;
        v->of_vmalloc = false;
    } else if (vmalloc && vmalloc->gfp.value.src) {
        v->order = 0;
        v->order_src = vmalloc->gfp.value.src;
        v->comm = vmalloc->task.comm.v;
        v->of_vmalloc = true;
    } else {
        return false;
    }
    kd_alloc_case_of(view->event, v->order, view->context, &v->c);
    v->request_kb = v->c.page_kb << (v->c.request.order < 32 ? v->c.request.order : 32);
    return v->c.usable && v->c.result.verdict == wanted;
}

static kd_confidence confidence_of(const verdict_case *v)
{
    if (v->c.version_assumed || v->c.gfp.unknown_bits)
        return KD_LIKELY;
    return v->c.result.proved ? KD_CERTAIN : KD_LIKELY;
}

static kd_str mask_name(const verdict_case *v)
{
    return v->c.gfp.name_count ? kd_str_of(v->c.gfp.names[0]) : KD_STR("the mask");
}

static void say_mask(const kd_view *view, kd_emit *out, const verdict_case *v)
{
    char text[KD_GFP_TEXT_MAX], why[KD_GFP_TEXT_MAX];
    size_t len = kd_gfp_print(&v->c.gfp, text, sizeof text);
    kd_gfp_prove_migratetype(&v->c.gfp, why, sizeof why);
    kd_say_evidence(out, view->event, v->order_src, "order %llu, mask 0x%llx",
                    (unsigned long long)v->order, (unsigned long long)v->c.gfp.mask);
    kd_say_proof(out, kd_text_of(out, "%.*s (0x%llx) asks for %s pages", (int)len, text,
                                 (unsigned long long)v->c.gfp.mask, v->c.gfp.migratetype_name),
                 "%s", why);
}

/* kmalloc() beyond two pages goes to the page allocator (SLUB); the order says how much. */
static void say_size(const kd_view *view, kd_emit *out, const verdict_case *v)
{
    const kdf_frame *kmalloc = kd_trace_find(
        kd_event_backtrace(view->event),
        "kmalloc kmalloc_order kmalloc_order_trace kmalloc_large kmalloc_large_node "
        "kmalloc_large_node_noprof kmalloc_node kmalloc_track_caller kvmalloc_node "
        "do_kmalloc_node");
    uint64_t order = v->c.request.order, page = v->c.page_kb * 1024;
    if (!kmalloc || order == 0 || order > 20)
        return;
    kd_say_evidence(out, view->event, kmalloc->function.src, "the caller used kmalloc()");
    kd_say_proof(out,
                 kd_text_of(out, "kmalloc() asked for %llu to %llu bytes: past the slab caches "
                            "(at most %llu bytes), to the page allocator",
                            (unsigned long long)((page << (order - 1)) + 1),
                            (unsigned long long)(page << order), (unsigned long long)(2 * page)),
                 "2^%llu * %llu < size <= 2^%llu * %llu", (unsigned long long)(order - 1),
                 (unsigned long long)page, (unsigned long long)order, (unsigned long long)page);
    kd_say_u64(out, "request_bytes_at_least", (page << (order - 1)) + 1);
    kd_say_u64(out, "request_bytes_at_most", page << order);
}

static void say_zones(const kd_view *view, kd_emit *out, const verdict_case *v, bool blocks)
{
    size_t said = 0;
    for (size_t i = 0; i < v->c.zone_count && said < 4; i++) {
        if (v->c.results[i].listed != KD_LISTED || !v->c.results[i].decides)
            continue;
        if (blocks) {
            kd_say_buddy_sum(out, view->event, v->c.printed[i]);
            kd_say_zone_blocks(out, view->event, &v->c, i);
        }
        kd_say_zone_amount(out, view->event, &v->c, i);
        said++;
    }
}

static void say_not_cma(kd_emit *out, const verdict_case *v)
{
    for (size_t i = 0; i < v->c.zone_count; i++) {
        const kd_alloc_zone *zone = &v->c.zones[i];
        if (!v->c.results[i].decides || !zone->free_cma_pages ||
            zone->free_pages < zone->free_cma_pages)
            continue;
        kd_zone_name name = kd_name_zone(&v->c, i);
        uint64_t free_kb = zone->free_pages * v->c.page_kb;
        uint64_t cma_kb = zone->free_cma_pages * v->c.page_kb;
        kd_say_proof(out, kd_text_of(out, "free memory of zone %s that is not CMA", name.text),
                     "%llu - %llu = %llu kB", (unsigned long long)free_kb,
                     (unsigned long long)cma_kb, (unsigned long long)(free_kb - cma_kb));
    }
    const kd_alloc_zone *zone = &v->c.zones[v->c.result.zone];
    if (zone->free_cma_pages && zone->free_pages >= zone->free_cma_pages)
        kd_say_u64(out, "zone_free_not_cma_kb",
                   (zone->free_pages - zone->free_cma_pages) * v->c.page_kb);
}

static uint64_t sum_blocks(const verdict_case *v, int64_t *usable, uint64_t *largest_kb)
{
    uint64_t blocks = 0;
    *usable = 0;
    *largest_kb = 0;
    for (size_t i = 0; i < v->c.zone_count; i++) {
        const kd_alloc_zone_result *result = &v->c.results[i];
        const kd_alloc_supply *supply = &result->tests[result->best].supply;
        if (result->listed != KD_LISTED)
            continue;
        blocks += supply->blocks;
        *usable += supply->usable.high;
        if (supply->largest_usable_order < 32 &&
            v->c.page_kb << supply->largest_usable_order > *largest_kb)
            *largest_kb = v->c.page_kb << supply->largest_usable_order;
    }
    return blocks;
}

static void say_facts(kd_emit *out, const verdict_case *v)
{
    const kd_alloc_zone *zone = &v->c.zones[v->c.result.zone];
    int64_t usable;
    uint64_t largest_kb, blocks = sum_blocks(v, &usable, &largest_kb);
    kd_say_u64(out, "needed_order", v->c.request.order);
    kd_say_u64(out, "needed_kb", v->request_kb);
    kd_say_u64(out, "blocks_at_or_above", blocks);
    kd_say_i64(out, "usable_blocks_at_or_above", usable);
    kd_say_u64(out, "largest_usable_block_kb", largest_kb);
    kd_say_text(out, "zone", v->c.printed[v->c.result.zone]->name.v);
    kd_say_u64(out, "zone_free_kb", zone->free_pages * v->c.page_kb);
    kd_say_u64(out, "zone_free_cma_kb", zone->free_cma_pages * v->c.page_kb);
    kd_say_u64(out, "zone_min_kb", zone->min_pages * v->c.page_kb);
}

/* ---- remedies: what fits the verdict, the mask and the caller -------------------------------- */

static void say_check_null(const kd_view *view, kd_emit *out)
{
    const kdf_blame *blame = kd_event_blame(view->event);
    if (blame && blame->function.src)
        kd_say_remedy(out, "Make %.*s()%s%.*s%s check the result for NULL: a failed allocation is "
                      "no reason to crash.", KD_FMT(blame->function.v),
                      blame->module.src ? " [" : "", KD_FMT(blame->module.v),
                      blame->module.src ? "]" : "");
    else
        kd_say_remedy(out, "Check the result for NULL in the caller.");
}

static void say_smaller(kd_emit *out, const verdict_case *v)
{
    if (v->c.request.order == 0)
        return;
    kd_say_remedy(out, "Allocate the buffer once at boot or probe time and keep it: %llu kB in one "
                  "piece are hard to find on a machine that has been running.",
                  (unsigned long long)v->request_kb);
    kd_say_remedy(out, "Use smaller buffers (order 0 to 3), or vmalloc()/kvmalloc() where the "
                  "hardware does not need one physical piece.");
}

static void say_vmalloc_context(kd_emit *out, const verdict_case *v)
{
    if (!v->c.request.can_wait && v->c.request.order > 0)
        kd_say_remedy(out, "Where the context may sleep, GFP_KERNEL lets the kernel reclaim and "
                      "compact first; %.*s may not wait.", KD_FMT(mask_name(v)));
}

/* ---- the verdicts ---------------------------------------------------------------------------- */

/* Would the sleeping mask have helped? Only the migratetype counts for CMA. */
static void say_gfp_kernel(kd_emit *out, const verdict_case *v)
{
    kd_gfp_meaning kernel;
    char why[KD_GFP_TEXT_MAX];
    uint64_t mask;
    if (!kd_gfp_by_name("GFP_KERNEL", v->c.gfp.version_used, &mask))
        return;
    kd_gfp_decode(mask, v->c.gfp.version_used, KD_GFP_CONFIG_DEFAULT, &kernel);
    kd_gfp_prove_migratetype(&kernel, why, sizeof why);
    kd_say_proof(out, kd_text_of(out, "GFP_KERNEL (0x%llx) is %s too: it may not use CMA either",
                                 (unsigned long long)mask, kernel.migratetype_name),
                 "%s", why);
}

kd_status kd_check_only_cma(const kd_view *view, kd_emit *out, void *user)
{
    verdict_case v;
    int64_t usable;
    uint64_t largest_kb;
    (void)user;
    if (!prepare(view, KD_ALLOC_ONLY_CMA, &v))
        return KD_OK;
    uint64_t blocks = sum_blocks(&v, &usable, &largest_kb);
    const kd_alloc_zone *zone = &v.c.zones[v.c.result.zone];
    kd_say_diag(out, confidence_of(&v),
                "%.*s wanted %llu kB in one piece (order %u) with %.*s. %llu free blocks of that "
                "size or more exist, but all of them are CMA, which only movable pages may use.",
                KD_FMT(v.comm), (unsigned long long)v.request_kb,
                v.c.request.order, KD_FMT(mask_name(&v)), (unsigned long long)blocks);
    kd_say_more(out, "Of %llu kB free, %llu kB are CMA; the rest is in blocks of at most %llu kB. "
                "The amount was enough, the pieces were too small: " DUMP ".",
                (unsigned long long)(zone->free_pages * v.c.page_kb),
                (unsigned long long)(zone->free_cma_pages * v.c.page_kb),
                (unsigned long long)largest_kb);
    kd_emit_role(out, KD_PRIMARY);
    say_mask(view, out, &v);
    kd_emit_proof(out, KD_STR("only movable requests may take CMA blocks"),
                  KD_STR("migratetype of the request != Movable => no ALLOC_CMA"));
    say_zones(view, out, &v, true);
    say_facts(out, &v);
    say_not_cma(out, &v);
    say_gfp_kernel(out, &v);
    say_size(view, out, &v);
    say_smaller(out, &v);
    say_check_null(view, out);
    kd_say_remedy(out, "A smaller CMA area (cma=, or the device tree's reserved-memory) leaves "
                       "more "
                  "memory to requests like this one; do so only when drivers need less CMA.");
    kd_say_remedy(out, "Find out who holds the memory outside CMA: see the leak and fragmentation "
                  "findings of this report.");
    kd_say_alloc_assumes(out, &v.c);
    return KD_OK;
}

kd_status kd_check_only_highatomic(const kd_view *view, kd_emit *out, void *user)
{
    verdict_case v;
    (void)user;
    if (!prepare(view, KD_ALLOC_ONLY_HIGHATOMIC, &v))
        return KD_OK;
    kd_say_diag(out, confidence_of(&v),
                "%.*s wanted %llu kB in one piece (order %u). The only free blocks of that size "
                "are "
                "in the HighAtomic reserve, which %.*s may not use: " DUMP ".",
                KD_FMT(v.comm), (unsigned long long)v.request_kb,
                v.c.request.order, KD_FMT(mask_name(&v)));
    kd_emit_role(out, KD_PRIMARY);
    say_mask(view, out, &v);
    say_zones(view, out, &v, true);
    say_facts(out, &v);
    say_smaller(out, &v);
    say_check_null(view, out);
    kd_say_alloc_assumes(out, &v.c);
    return KD_OK;
}

kd_status kd_check_fragmented(const kd_view *view, kd_emit *out, void *user)
{
    verdict_case v;
    int64_t usable;
    uint64_t largest_kb;
    (void)user;
    if (!prepare(view, KD_ALLOC_FRAGMENTED, &v))
        return KD_OK;
    sum_blocks(&v, &usable, &largest_kb);
    const kd_alloc_zone *zone = &v.c.zones[v.c.result.zone];
    kd_say_diag(out, confidence_of(&v),
                "%.*s wanted %llu kB in one piece (order %u) with %.*s. Zone %.*s has %llu kB "
                "free, "
                "enough by amount, but in blocks of at most %llu kB: " DUMP ".",
                KD_FMT(v.comm), (unsigned long long)v.request_kb,
                v.c.request.order, KD_FMT(mask_name(&v)),
                KD_FMT(v.c.printed[v.c.result.zone]->name.v),
                (unsigned long long)(zone->free_pages * v.c.page_kb),
                (unsigned long long)largest_kb);
    kd_emit_role(out, KD_PRIMARY);
    say_mask(view, out, &v);
    say_zones(view, out, &v, true);
    say_facts(out, &v);
    say_size(view, out, &v);
    say_smaller(out, &v);
    say_vmalloc_context(out, &v);
    say_check_null(view, out);
    kd_say_remedy(out, "echo 1 > /proc/sys/vm/compact_memory joins free pages for now; a higher "
                  "vm.min_free_kbytes keeps more of them in larger blocks.");
    kd_say_alloc_assumes(out, &v.c);
    return KD_OK;
}

kd_status kd_check_below_watermark(const kd_view *view, kd_emit *out, void *user)
{
    verdict_case v;
    (void)user;
    if (!prepare(view, KD_ALLOC_BELOW_WATERMARK, &v))
        return KD_OK;
    const kd_alloc_zone *zone = &v.c.zones[v.c.result.zone];
    kd_say_diag(out, confidence_of(&v),
                "%.*s asked for %llu kB (order %u) with %.*s when memory was short: zone %.*s has "
                "%llu kB free",
                KD_FMT(v.comm), (unsigned long long)v.request_kb,
                v.c.request.order, KD_FMT(mask_name(&v)),
                KD_FMT(v.c.printed[v.c.result.zone]->name.v),
                (unsigned long long)(zone->free_pages * v.c.page_kb));
    if (zone->free_cma_pages)
        kd_say_more(out, "(%llu kB of it CMA, which this request may not use)",
                    (unsigned long long)(zone->free_cma_pages * v.c.page_kb));
    kd_say_more(out, "and its min watermark is %llu kB. What the request may use is not above the "
                "mark that its rights leave: " DUMP ".",
                (unsigned long long)(zone->min_pages * v.c.page_kb));
    kd_emit_role(out, v.of_vmalloc ? KD_CONTRIBUTING : KD_PRIMARY);
    say_mask(view, out, &v);
    say_zones(view, out, &v, false);
    say_facts(out, &v);
    say_not_cma(out, &v);
    kd_say_bool(out, "short_by_cma", v.c.result.short_by_cma);
    kd_say_bool(out, "short_by_boost", v.c.result.short_by_boost);
    kd_say_bool(out, "short_by_lowmem_reserve", v.c.result.short_by_reserve);
    kd_say_remedy(out, "Find out what uses the memory: the largest counters of the dump, and the "
                  "leak findings of this report.");
    if (!v.c.request.can_wait)
        kd_say_remedy(out, "Raise vm.min_free_kbytes: requests that may not wait live from the "
                      "reserve below the min mark.");
    say_check_null(view, out);
    kd_say_alloc_assumes(out, &v.c);
    return KD_OK;
}

kd_status kd_check_zone_exhausted(const kd_view *view, kd_emit *out, void *user)
{
    verdict_case v;
    (void)user;
    if (!prepare(view, KD_ALLOC_ZONE_EXHAUSTED, &v))
        return KD_OK;
    int64_t other = v.c.result.excluded_free_pages > v.c.result.elsewhere_free_pages
                        ? v.c.result.excluded_free_pages
                        : v.c.result.elsewhere_free_pages;
    kd_say_diag(out, confidence_of(&v),
                "%.*s asked for %llu kB (order %u) with a mask that allows zone %s and below. "
                "Those "
                "zones are short, while %lld kB are free in zones that the mask excludes: "
                DUMP ".",
                KD_FMT(v.comm), (unsigned long long)v.request_kb,
                v.c.request.order, v.c.gfp.zone_name, (long long)other * (long long)v.c.page_kb);
    kd_emit_role(out, v.of_vmalloc ? KD_CONTRIBUTING : KD_PRIMARY);
    say_mask(view, out, &v);
    say_zones(view, out, &v, false);
    say_facts(out, &v);
    kd_say_text(out, "highest_zone_allowed", kd_str_of(v.c.gfp.zone_name));
    kd_say_i64(out, "free_in_other_zones_kb", other * (int64_t)v.c.page_kb);
    kd_say_remedy(out, "Drop the zone restriction where the hardware allows it: set the device's "
                  "DMA mask with dma_set_mask_and_coherent() and use the DMA API instead of "
                  "GFP_DMA or GFP_DMA32.");
    say_check_null(view, out);
    kd_say_alloc_assumes(out, &v.c);
    return KD_OK;
}

kd_status kd_check_order_too_large(const kd_view *view, kd_emit *out, void *user)
{
    verdict_case v;
    (void)user;
    if (kd_event_is(view->event, &kd_kind_warning))
        return kd_check_order_warning(view, out);
    if (!prepare(view, KD_ALLOC_ORDER_TOO_LARGE, &v))
        return KD_OK;
    kd_say_diag(out, confidence_of(&v),
                "%.*s asked for order %u; the largest block that this kernel manages is order %u "
                "(%u columns in the buddy line). Such a request can never succeed.",
                KD_FMT(v.comm), v.c.request.order, v.c.result.order_count - 1,
                v.c.result.order_count);
    kd_emit_role(out, KD_PRIMARY);
    kd_say_proof(out, KD_STR("the order is above the largest"), "%u > %u", v.c.request.order,
                 v.c.result.order_count - 1);
    say_mask(view, out, &v);
    say_facts(out, &v);
    kd_say_remedy(out, "Use smaller blocks, vmalloc(), or reserved memory (CMA, memmap=) instead.");
    return KD_OK;
}

kd_status kd_check_no_longer_short(const kd_view *view, kd_emit *out, void *user)
{
    verdict_case v;
    (void)user;
    if (!prepare(view, KD_ALLOC_WOULD_SUCCEED, &v))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "By the numbers of the dump the request of %.*s (order %u, %.*s) would succeed in "
                "zone %.*s. The dump is taken after the failure: memory came free in between, or "
                "the task had fewer rights than its mask.",
                KD_FMT(v.comm), v.c.request.order, KD_FMT(mask_name(&v)),
                KD_FMT(v.c.printed[v.c.result.zone]->name.v));
    kd_emit_role(out, KD_PRIMARY);
    say_mask(view, out, &v);
    kd_say_buddy_sum(out, view->event, v.c.printed[v.c.result.zone]);
    kd_say_zone_blocks(out, view->event, &v.c, v.c.result.zone);
    kd_say_zone_amount(out, view->event, &v.c, v.c.result.zone);
    say_facts(out, &v);
    kd_say_remedy(out, "Look for bursts: other failures at the same time, network or disk load, a "
                  "task that was just killed. A higher vm.min_free_kbytes helps atomic requests.");
    say_check_null(view, out);
    kd_say_alloc_assumes(out, &v.c);
    return KD_OK;
}

/* rule_alloc_short.c - why a page allocation failed for want of memory: short everywhere it may
 * look, short in its zone or on its node only, or not short any more. */
#include "family/alloc/rule_alloc_request.h"
#include "family/memdump/decode_accounting.h"

const char kd_doc_below_watermark[] =
    "The zones that the mask may use are short: free pages, less what the request may not use, are "
    "not above the watermark with the rights of the mask. Proved for the moment of the dump where "
    "the amount is further below its line than counters drift.";
const char kd_doc_zone_exhausted[] =
    "The zone that the mask restricts the request to is short, while other zones have memory.";
const char kd_doc_no_longer_short[] =
    "By the dump the request would succeed: memory came free between the failure and the dump, or "
    "the dump has lost what would tell.";

/* Pages of the failure of vmalloc() are beside its own reason. */
static void say_role(kd_emit *out, const kd_request *r)
{
    kd_emit_role(out, r->of_vmalloc ? KD_CONTRIBUTING : KD_PRIMARY);
}

/* ---- who has the memory ---------------------------------------------------------------------- */

static const kd_account *largest_below(const kd_accounting *a, const kd_account *above)
{
    const kd_account *best = NULL;
    for (size_t i = 0; i < a->count; i++) {
        const kd_account *item = &a->items[i];
        bool lower = !above || item->kb < above->kb || (item->kb == above->kb && item > above);
        if (lower && (!best || item->kb > best->kb) && !kd_str_is(kd_str_of(item->name), "free"))
            best = item;
    }
    return best;
}

/* "Most of the memory is in: active_anon 1200 kB, slab_unreclaimable 300 kB, ..." */
static void say_users(const kd_view *view, kd_emit *out, const kd_request *r)
{
    kd_accounting a;
    kd_account_for(r->c.meminfo, r->c.page_kb, view->context->version, &a);
    if (!a.known)
        return;
    const kd_account *item = NULL;
    kd_str text = { "", 0 };
    bool rest = a.unaccounted_kb > 0 && (uint64_t)a.unaccounted_kb > a.managed_kb / 10;
    if (rest)
        text = kd_text_of(out, "%lld kB that no counter names", KD_LLD(a.unaccounted_kb));
    for (int i = 0; i < 3 && (item = largest_below(&a, item)) != NULL; i++) {
        if (item->kb < a.managed_kb / 50)
            break;
        text = kd_text_of(out, "%.*s%s%s %llu kB", KD_FMT(text), text.len ? ", " : "", item->name,
                          KD_LLU(item->kb));
        kd_say_evidence(out, view->event, item->src, "%s %llu kB", item->name, KD_LLU(item->kb));
    }
    if (text.len > 0)
        kd_say_more(out, "Of %llu kB in all, most is in: %.*s.", KD_LLU(a.managed_kb),
                    KD_FMT(text));
}

/* No mask reaches so deep: halved for __GFP_HIGH, less a quarter, halved for a victim. */
static void say_taker(kd_emit *out, const kd_alloc_test *test)
{
    kd_say_more(out, "That is less than any mask reaches: tasks that may use all of it "
                     "(PF_MEMALLOC: kswapd, writers of swap and file systems) took the rest.");
    kd_say_proof(out, KD_STR("below what the marks leave to any request that obeys them"),
                 "%lld < %lld * 3 / 16 = %lld pages", KD_LLD(test->free_pages),
                 KD_LLD(test->min_pages), KD_LLD(test->min_pages * 3 / 16));
}

/* "and must keep 960 kB of it": what the rights of the mask leave of the mark. */
static void say_line(kd_emit *out, const kd_request *r, const kd_alloc_test *test)
{
    if (test->rights.no_watermarks && test->usable_pages.low > 0)
        kd_say_more(out, "by its counter, but no block of the order in its lists; no watermark was "
                         "in its way: the task was freeing memory and might use all of it.");
    else if (test->rights.no_watermarks)
        kd_say_more(out, "left, and no watermark was in its way: the task was freeing memory and "
                         "might use all of it.");
    else
        kd_say_more(out, "and must keep %s%lld kB for such a request (min watermark %lld kB).",
                    test->line_pages.low < test->line_pages.high ? "at least " : "",
                    KD_LLD(test->line_pages.low * (int64_t)r->c.page_kb),
                    KD_LLD(test->min_pages * (int64_t)r->c.page_kb));
    if (!test->rights.no_watermarks && r->order == 0 && test->free_pages < test->min_pages * 3 / 16)
        say_taker(out, test);
}

/* ---- the verdicts ---------------------------------------------------------------------------- */

/* What the request could not use, and would have helped. */
static void say_due_to(kd_emit *out, const kd_request *r)
{
    const kd_alloc_result *result = &r->c.result;
    if (result->short_by_cma)
        kd_say_more(out, "With the CMA pages it would have passed; only movable pages may use "
                         "those.");
    if (result->short_by_reserve)
        kd_say_more(out, "Without lowmem_reserve, which keeps low zones for requests that need "
                         "them, it would have passed.");
    if (result->short_by_highatomic)
        kd_say_more(out, "With the pages of the HighAtomic reserve it would have passed.");
    if (result->short_by_boost)
        kd_say_more(out, "Without the boost that the marks carry after fragmentation it would have "
                         "passed (vm.watermark_boost_factor).");
    kd_say_bool(out, "short_by_cma", result->short_by_cma);
    kd_say_bool(out, "short_by_boost", result->short_by_boost);
    kd_say_bool(out, "short_by_lowmem_reserve", result->short_by_reserve);
    kd_say_bool(out, "short_by_highatomic", result->short_by_highatomic);
}

static void say_amounts(const kd_view *view, kd_emit *out, const kd_request *r)
{
    kd_say_asked(view, out, r);
    kd_say_zones(view, out, r, false);
    kd_say_samples(view, out, r);
    kd_say_request_facts(out, r);
}

kd_status kd_check_below_watermark(const kd_view *view, kd_emit *out, void *user)
{
    const kd_request *r = kd_request_with(view, KD_ALLOC_BELOW_WATERMARK);
    (void)user;
    if (!r)
        return KD_OK;
    const kd_alloc_zone *zone = &r->c.zones[r->c.result.zone];
    const kd_alloc_zone_result *result = &r->c.results[r->c.result.zone];
    kd_zone_name name = kd_name_zone(&r->c, r->c.result.zone);
    kd_say_diag(out, kd_request_confidence(view, r),
                "%.*s asked for %llu kB (order %u) with %.*s when memory was short: zone %s has "
                "%llu kB free",
                KD_FMT(r->comm), KD_LLU(r->request_kb), r->c.request.order,
                KD_FMT(kd_request_mask(r)), name.text, KD_LLU(zone->free_pages * r->c.page_kb));
    if (zone->free_cma_pages)
        kd_say_more(out, "(%llu kB of it CMA, which this request may not use)",
                    KD_LLU(zone->free_cma_pages * r->c.page_kb));
    say_line(out, r, &result->tests[result->best]);
    say_users(view, out, r);
    say_role(out, r);
    say_due_to(out, r);
    say_amounts(view, out, r);
    kd_say_not_cma(out, r);
    kd_say_kmalloc(view, out, r);
    kd_say_remedy(out, "Find out what uses the memory: the largest counters of the dump, and the "
                       "leak findings of this report.");
    kd_advise_reserve(out, r);
    kd_advise_caller(view, out, r);
    kd_say_alloc_assumes(out, &r->c);
    return KD_OK;
}

static bool is_low_zone(const kd_request *r)
{
    return r->c.result.zone_asked <= KD_ZONE_DMA32;
}

/* All RAM lies in zones that only pages of user space and the page cache may use: the kernel has
 * none of its own, and the dump no zone to print. */
static bool has_no_zone(const kd_request *r)
{
    const kdf_meminfo *info = r->c.meminfo;
    return r->c.zone_count == 0 && r->c.gfp.zone < KD_ZONE_HIGHMEM && info->ram_pages.src &&
           info->highmem_pages.src && info->ram_pages.v > 0 &&
           info->ram_pages.v == info->highmem_pages.v;
}

static kd_status say_no_zone(const kd_view *view, kd_emit *out, const kd_request *r)
{
    const kdf_meminfo *info = r->c.meminfo;
    bool whole_mask = kd_event_gfp(view->event)->printed.src && !r->c.gfp.unknown_bits;
    kd_say_diag(out, whole_mask ? KD_CERTAIN : KD_LIKELY,
                "%.*s asked for %llu kB (order %u) in zone %s or below, and no RAM lies there: all "
                "%llu pages of this machine are HighMem or Movable. No request of the kernel's own "
                "can succeed.",
                KD_FMT(r->comm), KD_LLU(r->request_kb), r->c.request.order, r->c.gfp.zone_name,
                KD_LLU(info->ram_pages.v));
    kd_emit_role(out, KD_PRIMARY);
    kd_say_asked(view, out, r);
    kd_say_evidence(out, view->event, info->highmem_pages.src, "all of them in high zones");
    kd_say_proof(out, KD_STR("pages of RAM below the high zones"), "%llu - %llu = 0",
                 KD_LLU(info->ram_pages.v), KD_LLU(info->highmem_pages.v));
    kd_say_text(out, "highest_zone_allowed", kd_str_of(r->c.gfp.zone_name));
    kd_say_u64(out, "ram_pages", info->ram_pages.v);
    kd_say_u64(out, "highmem_pages", info->highmem_pages.v);
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    kd_say_remedy(out, "Look at the memory map that the kernel was given: the banks in the device "
                       "tree or firmware, mem=, memmap=, movablecore= and kernelcore=, and code "
                       "that sets the limits of the zones.");
    return KD_OK;
}

kd_status kd_check_zone_exhausted(const kd_view *view, kd_emit *out, void *user)
{
    const kd_request *rest = kd_request_rest(view);
    const kd_request *r = kd_request_with(view, KD_ALLOC_ZONE_EXHAUSTED);
    (void)user;
    if (rest && has_no_zone(rest))
        return say_no_zone(view, out, rest);
    if (!r)
        return KD_OK;
    const kd_alloc_result *result = &r->c.result;
    int64_t other = result->excluded_free_pages > result->elsewhere_free_pages
                        ? result->excluded_free_pages
                        : result->elsewhere_free_pages;
    other *= (int64_t)r->c.page_kb;
    kd_say_diag(out, kd_request_confidence(view, r),
                "%.*s asked for %llu kB (order %u) with a mask that allows zone %s and below. "
                "Those zones are short, while %lld kB are free in zones that the mask excludes.",
                KD_FMT(r->comm), KD_LLU(r->request_kb), r->c.request.order, r->c.gfp.zone_name,
                KD_LLD(other));
    say_role(out, r);
    say_amounts(view, out, r);
    kd_say_kmalloc(view, out, r);
    kd_say_text(out, "highest_zone_allowed", kd_str_of(r->c.gfp.zone_name));
    kd_say_i64(out, "free_in_other_zones_kb", other);
    if (is_low_zone(r))
        kd_say_remedy(out, "Drop the zone restriction where the hardware allows it: set the "
                           "device's DMA mask with dma_set_mask_and_coherent() and use the DMA API "
                           "instead of GFP_DMA or GFP_DMA32.");
    else
        kd_say_remedy(out, "Kernel memory of a 32-bit machine is low memory only: use a 64-bit "
                           "kernel, or CONFIG_VMSPLIT_2G for more of it.");
    kd_advise_caller(view, out, r);
    kd_say_alloc_assumes(out, &r->c);
    return KD_OK;
}

static const char *binding_text(kd_bound_by by)
{
    static const char *const texts[] = {
        [KD_BOUND_NOT] = "its nodes",
        [KD_BOUND_NODEMASK] = "its node mask (memory policy)",
        [KD_BOUND_CPUSET] = "its cpuset",
        [KD_BOUND_THISNODE] = "__GFP_THISNODE",
    };
    return texts[by];
}

static void say_other_node(const kd_view *view, kd_emit *out, const kd_request *r)
{
    const kd_alloc_result *result = &r->c.result;
    if (!result->other_node_known) {
        kd_say_i64(out, "free_on_other_nodes_kb",
                   result->elsewhere_free_pages * (int64_t)r->c.page_kb);
        kd_say_proof(out, KD_STR("free memory that is on none of the nodes printed"),
                     "%llu - %llu = %lld pages", KD_LLU(r->c.samples.global_pages),
                     KD_LLU(r->c.samples.zone_pages), KD_LLD(result->elsewhere_free_pages));
        return;
    }
    const kd_alloc_zone *zone = &r->c.zones[result->other_node_zone];
    kd_say_u64(out, "other_node", zone->node);
    kd_say_u64(out, "free_on_other_node_kb", zone->free_pages * r->c.page_kb);
    kd_say_zone_amount(out, view->event, &r->c, result->other_node_zone);
    if (r->order > 0)
        kd_say_zone_blocks(out, view->event, &r->c, result->other_node_zone);
}

/* See oom_node.c for the row of the rule. */
kd_status kd_check_node_bound(const kd_view *view, kd_emit *out, void *user)
{
    const kd_request *r = kd_request_with(view, KD_ALLOC_NODE_BOUND);
    (void)user;
    if (!r)
        return KD_OK;
    const kd_alloc_zone *zone = &r->c.zones[r->c.result.zone];
    kd_zone_name name = kd_name_zone(&r->c, r->c.result.zone);
    kd_say_diag(out, kd_request_confidence(view, r),
                "%.*s asked for %llu kB (order %u) and is bound by %s. %s cannot serve it (%llu kB "
                "free)",
                KD_FMT(r->comm), KD_LLU(r->request_kb), r->c.request.order,
                binding_text(r->c.bound_by), name.text, KD_LLU(zone->free_pages * r->c.page_kb));
    if (r->c.result.other_node_known)
        kd_say_more(out, "while %s would.", kd_name_zone(&r->c, r->c.result.other_node_zone).text);
    else
        kd_say_more(out, "while other nodes have memory.");
    say_role(out, r);
    kd_say_evidence(out, view->event, r->c.bound_src, "the nodes it may use");
    kd_say_text(out, "bound_by", kd_str_of(binding_text(r->c.bound_by)));
    say_amounts(view, out, r);
    say_other_node(view, out, r);
    kd_say_kmalloc(view, out, r);
    if (r->c.this_node_assumed)
        kd_say_assume(out, "the node that __GFP_THISNODE asked for is the one that cannot serve it "
                           "(the log does not name it)");
    kd_say_remedy(out, "Widen the binding: numactl --preferred instead of --membind, or more nodes "
                       "in the cpuset (cpuset.mems).");
    kd_say_remedy(out, "See with numastat -m and numastat -p PID who fills the node.");
    kd_advise_caller(view, out, r);
    kd_say_alloc_assumes(out, &r->c);
    return KD_OK;
}

/* Nothing to decide on: the mask is senseless, or the numbers of the dump contradict. */
static const kd_request *undecided_of(const kd_view *view)
{
    const kd_request *r = kd_request_with(view, KD_ALLOC_UNKNOWN);
    return r && r->order == 0 ? r : NULL;
}

kd_status kd_check_no_longer_short(const kd_view *view, kd_emit *out, void *user)
{
    const kd_request *undecided = undecided_of(view);
    const kd_request *r = undecided ? undecided : kd_request_with(view, KD_ALLOC_WOULD_SUCCEED);
    (void)user;
    if (!r)
        return KD_OK;
    kd_zone_name name = kd_name_zone(&r->c, r->c.result.zone);
    if (undecided)
        kd_say_diag(out, KD_POSSIBLE,
                    "The request of %.*s (order %u, %.*s) failed, and the dump does not show why: "
                    "by amount zone %s has enough.",
                    KD_FMT(r->comm), r->c.request.order, KD_FMT(kd_request_mask(r)), name.text);
    else
        kd_say_diag(out, r->c.samples.rises ? KD_LIKELY : KD_POSSIBLE,
                    "By the numbers of the dump the request of %.*s (order %u, %.*s) would succeed "
                    "in zone %s: memory came free between the failure and the dump.",
                    KD_FMT(r->comm), r->c.request.order, KD_FMT(kd_request_mask(r)), name.text);
    if (r->c.samples.rises)
        kd_say_more(out, "It went on rising while the dump was printed.");
    say_role(out, r);
    kd_say_asked(view, out, r);
    kd_say_buddy_sum(out, view->event, r->c.printed[r->c.result.zone]);
    kd_say_zone_blocks(out, view->event, &r->c, r->c.result.zone);
    kd_say_zone_amount(out, view->event, &r->c, r->c.result.zone);
    kd_say_samples(view, out, r);
    kd_say_request_facts(out, r);
    kd_say_remedy(out, "Look for bursts: other failures at the same time, network or disk load, a "
                       "task that was just killed.");
    kd_advise_reserve(out, r);
    kd_advise_caller(view, out, r);
    kd_say_assume(out, "the task had the rights of its mask (with fewer, or bound to some nodes, "
                       "it may have failed for another reason)");
    kd_say_alloc_assumes(out, &r->c);
    return KD_OK;
}

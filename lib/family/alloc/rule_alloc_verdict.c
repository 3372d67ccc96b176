/* rule_alloc_verdict.c - why a page allocation failed although pages were free: the free lists of
 * the order. One rule for each verdict. */
#include "family/alloc/rule_alloc_request.h"
#include "family/fields.h"

const char kd_doc_only_cma[] =
    "There are free blocks of the order, but every one is of migratetype CMA, and the mask is not "
    "movable: the list search may not take them, however much memory is free. Proved by the "
    "letters of the buddy line for the moment of the dump.";
const char kd_doc_only_highatomic[] =
    "The only free blocks of the order are in the HighAtomic reserve, which this mask may not use.";
const char kd_doc_fragmented[] =
    "Enough pages are free, but no free block of the order that this migratetype may take. "
    "Possible only, where the dump has lost its buddy lines.";
const char kd_doc_order_too_large[] =
    "The order is above the largest block that the kernel manages: refused before any search, with "
    "a WARN(). Certain where the compare with the limit is decoded at the WARN and the register "
    "dump holds the order.";

/* "insmod wanted 64 kB in one piece (order 4) with GFP_ATOMIC." */
static void say_wanted(const kd_view *view, kd_emit *out, const kd_request *r)
{
    kd_say_diag(out, kd_request_confidence(view, r),
                "%.*s wanted %llu kB in one piece (order %u) with %.*s.", KD_FMT(r->comm),
                KD_LLU(r->request_kb), r->c.request.order, KD_FMT(kd_request_mask(r)));
    kd_emit_role(out, KD_PRIMARY);
}

static void say_moment(kd_emit *out)
{
    kd_say_more(out, "So it stood when the dump was made, right after the failure.");
}

static void say_lists(const kd_view *view, kd_emit *out, const kd_request *r)
{
    kd_say_asked(view, out, r);
    kd_say_zones(view, out, r, true);
    kd_say_samples(view, out, r);
    kd_say_request_facts(out, r);
    kd_say_fragmentation(out, r);
}

/* Would the sleeping mask have helped? Only the migratetype counts for CMA. */
static void say_gfp_kernel(kd_emit *out, const kd_request *r)
{
    kd_gfp_meaning kernel;
    char why[KD_GFP_TEXT_MAX];
    uint64_t mask;
    if (!kd_gfp_by_name("GFP_KERNEL", r->c.gfp.version_used, &mask))
        return;
    kd_gfp_decode(mask, r->c.gfp.version_used, KD_GFP_CONFIG_DEFAULT, &kernel);
    kd_gfp_prove_migratetype(&kernel, why, sizeof why);
    kd_say_proof(out,
                 kd_text_of(out, "GFP_KERNEL (0x%llx) is %s too: it may not use CMA either",
                            KD_LLU(mask), kernel.migratetype_name),
                 "%s", why);
}

kd_status kd_check_only_cma(const kd_view *view, kd_emit *out, void *user)
{
    const kd_request *r = kd_request_with(view, KD_ALLOC_ONLY_CMA);
    const kd_request *rest = kd_request_rest_with(view, KD_ALLOC_ONLY_CMA);
    (void)user;
    if (rest)
        return kd_say_lists_alone(view, out, rest);
    if (!r)
        return KD_OK;
    kd_block_sum sum = kd_request_blocks(r);
    const kd_alloc_zone *zone = &r->c.zones[r->c.result.zone];
    say_wanted(view, out, r);
    kd_say_more(out,
                "%llu free blocks of that size or more exist, but all of them are CMA, which "
                "only movable pages may use.",
                KD_LLU(sum.blocks));
    kd_say_more(out,
                "Of %llu kB free, %llu kB are CMA; the rest is in blocks of at most %llu kB: "
                "the amount was enough, the pieces were too small.",
                KD_LLU(zone->free_pages * r->c.page_kb),
                KD_LLU(zone->free_cma_pages * r->c.page_kb), KD_LLU(sum.largest_usable_kb));
    say_moment(out);
    kd_say_proof(out, KD_STR("only movable requests may take CMA blocks"), "%s != movable",
                 r->c.gfp.migratetype_name);
    say_lists(view, out, r);
    kd_say_not_cma(out, r);
    say_gfp_kernel(out, r);
    kd_say_kmalloc(view, out, r);
    kd_advise_smaller(view, out, r);
    kd_advise_caller(view, out, r);
    kd_say_remedy(out,
                  "A smaller CMA area (cma=, or the device tree's reserved-memory) leaves "
                  "more memory to requests like this one; do so only when drivers need less CMA.");
    kd_say_remedy(out, "Find out who holds the memory outside CMA: see the leak and fragmentation "
                       "findings of this report.");
    kd_say_alloc_assumes(out, &r->c);
    return KD_OK;
}

kd_status kd_check_only_highatomic(const kd_view *view, kd_emit *out, void *user)
{
    const kd_request *r = kd_request_with(view, KD_ALLOC_ONLY_HIGHATOMIC);
    const kd_request *rest = kd_request_rest_with(view, KD_ALLOC_ONLY_HIGHATOMIC);
    (void)user;
    if (rest)
        return kd_say_lists_alone(view, out, rest);
    if (!r)
        return KD_OK;
    say_wanted(view, out, r);
    kd_say_more(out,
                "The only free blocks of that size are in the HighAtomic reserve, which %.*s "
                "may not use.",
                KD_FMT(kd_request_mask(r)));
    say_moment(out);
    say_lists(view, out, r);
    kd_say_kmalloc(view, out, r);
    kd_advise_smaller(view, out, r);
    kd_advise_caller(view, out, r);
    kd_say_alloc_assumes(out, &r->c);
    return KD_OK;
}

/* Enough by amount, but the lists were not printed. */
static const kd_request *without_lists(const kd_view *view)
{
    const kd_request *r = kd_request_with(view, KD_ALLOC_UNKNOWN);
    return r && r->order > 0 ? r : NULL;
}

/* Zones that have such blocks, but must keep what they have. */
static void say_kept_back(kd_emit *out, const kd_request *r)
{
    for (size_t i = 0; i < r->c.zone_count; i++) {
        const kd_alloc_zone_result *result = &r->c.results[i];
        const kd_alloc_test *test = &result->tests[result->best];
        if (result->listed != KD_LISTED || result->failed != KD_CHECK_AMOUNT ||
            test->supply.usable.low == 0)
            continue;
        kd_say_more(out, "Zone %s has blocks of that size, but %s.", kd_name_zone(&r->c, i).text,
                    result->short_by_reserve_only
                        ? "lowmem_reserve keeps it for requests that need this zone"
                        : "is too short of memory to give one away");
    }
}

static void say_compaction(kd_emit *out, const kd_request *r)
{
    kd_say_remedy(out, "echo 1 > /proc/sys/vm/compact_memory joins free pages for now; a higher "
                       "vm.min_free_kbytes keeps more of them in larger blocks.");
    if (r->c.version >= KD_KERNEL(5, 9, 0))
        kd_say_remedy(out, "A higher vm.compaction_proactiveness lets the kernel join pages in the "
                           "background.");
}

kd_status kd_check_fragmented(const kd_view *view, kd_emit *out, void *user)
{
    const kd_request *lists = kd_request_with(view, KD_ALLOC_FRAGMENTED);
    const kd_request *r = lists ? lists : without_lists(view);
    const kd_request *rest = kd_request_rest_with(view, KD_ALLOC_FRAGMENTED);
    (void)user;
    if (rest)
        return kd_say_lists_alone(view, out, rest);
    if (!r)
        return KD_OK;
    const kd_alloc_zone *zone = &r->c.zones[r->c.result.zone];
    kd_zone_name name = kd_name_zone(&r->c, r->c.result.zone);
    say_wanted(view, out, r);
    kd_say_more(out, "Zone %s has %llu kB free, enough by amount,", name.text,
                KD_LLU(zone->free_pages * r->c.page_kb));
    if (lists) {
        kd_say_more(out, "but in blocks of at most %llu kB that it may use.",
                    KD_LLU(kd_request_blocks(r).largest_usable_kb));
        say_kept_back(out, r);
    } else {
        kd_say_confidence(out, KD_POSSIBLE);
        kd_say_more(out, "but the dump has lost the lines that tell in which pieces.");
        kd_say_assume(out, "no free block of the order was there: the buddy lines are missing (if "
                           "one was there, memory came free after the failure)");
    }
    say_moment(out);
    say_lists(view, out, r);
    kd_say_kmalloc(view, out, r);
    kd_advise_smaller(view, out, r);
    kd_advise_sleeping(out, r);
    kd_advise_caller(view, out, r);
    say_compaction(out, r);
    kd_say_alloc_assumes(out, &r->c);
    return KD_OK;
}

kd_status kd_check_order_too_large(const kd_view *view, kd_emit *out, void *user)
{
    (void)user;
    if (kd_event_is(view->event, &kd_kind_warning))
        return kd_check_order_warning(view, out);
    const kd_request *r = kd_request_with(view, KD_ALLOC_ORDER_TOO_LARGE);
    if (!r)
        return KD_OK;
    kd_say_diag(out, kd_request_confidence(view, r),
                "%.*s asked for order %u; the largest block that this kernel manages is order %u "
                "(%u columns in the buddy line). Such a request can never succeed.",
                KD_FMT(r->comm), r->c.request.order, r->c.result.order_count - 1,
                r->c.result.order_count);
    kd_emit_role(out, KD_PRIMARY);
    kd_say_proof(out, KD_STR("the order is above the largest"), "%u > %u", r->c.request.order,
                 r->c.result.order_count - 1);
    kd_say_asked(view, out, r);
    kd_say_request_facts(out, r);
    kd_say_remedy(out, "Use smaller blocks, vmalloc(), or reserved memory (CMA, memmap=) instead.");
    return KD_OK;
}

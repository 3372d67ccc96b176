/* rule_alloc_rest.c - failed requests of which the log holds no whole dump: what the header, the
 * trace and single buddy lines tell. */
#include "core/version.h"
#include "family/alloc/decode_caller_advice.h"
#include "family/alloc/rule_alloc_request.h"
#include "family/fields.h"

const char kd_doc_undetermined[] = "A request failed, and the memory dump that would tell why is "
                                   "not in the log. Says what header, "
                                   "trace and rests tell: how much was asked for in one piece, by "
                                   "whom, what the mask allowed, and "
                                   "what to send.";

/* PAGE_ALLOC_COSTLY_ORDER, 2.6.24 and later: for larger ones the kernel gives up early. */
#define COSTLY_ORDER 3u

/* Free by the lists alone, so that the marks of ordinary machines are no reason: 32 MiB. */
#define PLENTY_KB 32768u

/* ---- buddy lines alone ----------------------------------------------------------------------- */

/* What of the free blocks of any order this request may take, at most. */
static uint64_t largest_usable_kb(const kd_request *r)
{
    uint64_t largest = 0;
    for (size_t i = 0; i < r->c.zone_count; i++) {
        const kd_alloc_zone_result *result = &r->c.results[i];
        uint32_t order = result->tests[result->best].supply.largest_usable_order;
        if (result->listed == KD_LISTED && order < 32 && r->c.page_kb << order > largest)
            largest = r->c.page_kb << order;
    }
    return largest;
}

static uint64_t reachable_kb(const kd_request *r)
{
    return (uint64_t)r->c.result.reachable_free_pages * r->c.page_kb;
}

static bool may_use_all(const kd_request *r)
{
    const kd_alloc_zone_result *result = &r->c.results[r->c.result.zone];
    for (uint32_t i = 0; i < result->attempt_count; i++)
        if (result->tests[i].rights.no_watermarks)
            return true;
    return false;
}

/* The marks are not in the log: how likely is it that the amount was no matter? */
static kd_confidence confidence_of(const kd_request *r)
{
    bool plenty = may_use_all(r) || reachable_kb(r) >= PLENTY_KB;
    return plenty && !r->c.gfp.unknown_bits ? KD_LIKELY : KD_POSSIBLE;
}

static void say_zone_lists(const kd_view *view, kd_emit *out, const kd_request *r)
{
    for (size_t i = 0; i < r->c.zone_count && i < 12; i++) {
        if (r->c.results[i].listed != KD_LISTED)
            continue;
        kd_say_buddy_sum(out, view->event, r->c.printed[i]);
        kd_say_zone_blocks(out, view->event, &r->c, i);
    }
}

/* Only the form of 2.4 names nobody. */
static bool is_2_4(const kd_view *view)
{
    const kdf_task *task = kd_event_task(view->event);
    return !task || !task->comm.src;
}

static void say_missing_dump(const kd_view *view, kd_emit *out)
{
    if (is_2_4(view)) {
        kd_say_missing(out, "/proc/meminfo and /proc/slabinfo of that time: a 2.4 kernel prints no "
                            "memory dump");
        return;
    }
    kd_say_missing(out, "the whole Mem-Info block that the kernel prints behind the trace: the log "
                        "from the failure's line on, uncut (dmesg, or journalctl -k --no-pager)");
}

static void say_rest_facts(kd_emit *out, const kd_request *r)
{
    kd_say_u64(out, "needed_order", r->c.request.order);
    kd_say_u64(out, "needed_kb", r->request_kb);
}

kd_status kd_say_lists_alone(const kd_view *view, kd_emit *out, const kd_request *r)
{
    kd_zone_name name = kd_name_zone(&r->c, r->c.result.zone);
    kd_say_diag(
        out, confidence_of(r),
        "%.*s wanted %llu kB in one piece (order %llu) with %.*s. By its buddy line zone %s "
        "has %llu kB free,",
        KD_FMT(r->comm), KD_LLU(r->request_kb), KD_LLU(r->order), KD_FMT(kd_request_mask(r)),
        name.text, KD_LLU(r->c.zones[r->c.result.zone].free_pages * r->c.page_kb));
    if (largest_usable_kb(r))
        kd_say_more(out, "but in blocks of at most %llu kB that it may use.",
                    KD_LLU(largest_usable_kb(r)));
    else
        kd_say_more(out, "but no block that it may use.");
    kd_emit_role(out, KD_PRIMARY);
    kd_say_more(out, may_use_all(r)
                         ? "No watermark was in its way: it might use all of the memory."
                         : "The line with the zone's watermarks is not in the log: that the amount "
                           "was enough is read from what is free.");
    kd_say_asked(view, out, r);
    say_zone_lists(view, out, r);
    say_rest_facts(out, r);
    kd_say_u64(out, "zone_free_kb", r->c.zones[r->c.result.zone].free_pages * r->c.page_kb);
    kd_say_u64(out, "largest_usable_block_kb", largest_usable_kb(r));
    kd_say_kmalloc(view, out, r);
    kd_advise_smaller(view, out, r);
    kd_advise_sleeping(out, r);
    kd_advise_caller(view, out, r);
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    kd_say_assume(out, "zones whose lines are not in the log had no such block either (one that "
                       "had could have served the request)");
    kd_say_alloc_assumes(out, &r->c);
    say_missing_dump(view, out);
    return KD_OK;
}

/* ---- nothing decides ------------------------------------------------------------------------- */

static void say_who(const kd_view *view, kd_emit *out)
{
    const kdf_blame *blame = kd_event_blame(view->event);
    if (!blame || !blame->function.src)
        return;
    kd_say_evidence(out, view->event, blame->function.src, "who asked");
    if (blame->module.src)
        kd_say_more(out, "%.*s() of module %.*s asked.", KD_FMT(blame->function.v),
                    KD_FMT(blame->module.v));
    else
        kd_say_more(out, "%.*s() asked.", KD_FMT(blame->function.v));
}

static void say_mask(kd_emit *out, const kd_request *r)
{
    const kd_gfp_meaning *gfp = &r->c.gfp;
    kd_ban ban;
    if (gfp->zone <= KD_ZONE_DMA32)
        kd_say_more(out, "It had to lie in zone %s or below, which is a part of the memory only.",
                    gfp->zone_name);
    if (kd_ban_find(&r->c, &ban))
        kd_say_more(out, "The request %s.", ban.what);
    else
        kd_say_more(out, "It might wait while the kernel frees memory for it.");
    if (gfp->may_sleep && !gfp->may_io)
        kd_say_more(out, "So ask those who write pages themselves, and everybody while the "
                         "machine suspends or resumes.");
    if (r->c.request.reclaiming == KD_HINT_YES)
        kd_say_more(out, "The task was itself freeing memory (kswapd, or reclaim below in its "
                         "trace): it may use the last pages, and even those were not there.");
    kd_say_text(out, "highest_zone_allowed", kd_str_of(gfp->zone_name));
    kd_say_bool(out, "may_sleep", gfp->may_sleep);
}

/* What the size alone tells. */
static void say_size(kd_emit *out, const kd_request *r)
{
    if (r->c.request.order == 0)
        kd_say_more(out, "Single pages fail only when memory is short below the marks, not for "
                         "want of large pieces.");
    else if (r->c.request.order > COSTLY_ORDER)
        kd_say_more(out,
                    "The kernel gives up early on more than %llu kB in one piece: on a machine "
                    "that has been running such a request must be expected to fail at times.",
                    KD_LLU(r->c.page_kb << COSTLY_ORDER));
    else
        kd_say_more(out, "Either memory was short, or it was free in smaller pieces only.");
}

/* Buddy lines that have what it wants: then the marks decided, and those are lost. */
static void say_open_lists(const kd_view *view, kd_emit *out, const kd_request *r)
{
    for (size_t i = 0; i < r->c.zone_count && i < 12; i++) {
        const kd_alloc_zone_result *result = &r->c.results[i];
        const kd_alloc_supply *supply = &result->tests[result->best].supply;
        uint64_t kb = r->c.zones[i].free_pages * r->c.page_kb;
        if (result->listed != KD_LISTED)
            continue;
        kd_zone_name name = kd_name_zone(&r->c, i);
        if (supply->usable.high > 0)
            kd_say_more(out,
                        "Zone %s has %llu kB free and blocks that it may use: its marks "
                        "decided, and they are not in the log.",
                        name.text, KD_LLU(kb));
        else if (supply->cma_present && supply->cma_only == supply->blocks)
            kd_say_more(out,
                        "Zone %s has %llu kB free, all of it CMA%s, which the request may not "
                        "use.",
                        name.text, KD_LLU(kb), r->c.request.order ? " where large enough" : "");
        else
            kd_say_more(out, "Zone %s has %llu kB free, and no block that it may use.", name.text,
                        KD_LLU(kb));
    }
    say_zone_lists(view, out, r);
}

static void say_driver(const kd_view *view, kd_emit *out, const kd_request *r)
{
    const kdf_blame *blame = kd_event_blame(view->event);
    if (r->c.request.order > COSTLY_ORDER && blame && blame->module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, blame->module.v, "it wants %llu kB in one piece",
                       KD_LLU(r->request_kb));
}

static kd_status say_pages(const kd_view *view, kd_emit *out, const kd_request *r)
{
    kd_say_diag(
        out, KD_POSSIBLE, "%.*s asked for %llu kB (order %llu, %.*s) and did not get it; %s.",
        KD_FMT(r->comm), KD_LLU(r->request_kb), KD_LLU(r->order), KD_FMT(kd_request_mask(r)),
        r->c.meminfo->counters_pages.count > 0 || r->c.lists_alone
            ? "the lines of the memory dump that tell why, those of the zones, are not in "
              "the log"
            : "the log does not hold the memory dump that tells why");
    kd_emit_role(out, KD_PRIMARY);
    say_who(view, out);
    say_mask(out, r);
    if (r->c.lists_alone)
        say_open_lists(view, out, r);
    else
        say_size(out, r);
    kd_say_asked(view, out, r);
    say_rest_facts(out, r);
    kd_say_kmalloc(view, out, r);
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    say_driver(view, out, r);
    kd_advise_smaller(view, out, r);
    kd_advise_sleeping(out, r);
    if (!is_2_4(view)) {
        kd_advise_reserve(out, r);
        kd_say_alloc_assumes(out, &r->c);
    }
    kd_advise_caller(view, out, r);
    say_missing_dump(view, out);
    return KD_OK;
}

/* ---- a slab cache without the page allocator's report ---------------------------------------- */

/* The page allocator's own report tells more; the slab's line stands behind it. */
static bool has_page_report(const kd_wide_view *view)
{
    kd_span near = kd_neighbours(view);
    for (size_t i = near.from; i < near.to; i++)
        if (view->events[i]->boot == view->view.event->boot &&
            kd_event_is(view->events[i], &kd_kind_page_alloc_failure))
            return true;
    return false;
}

static kd_status say_slab(const kd_view *view, kd_emit *out, const kdf_slab_alloc *slab)
{
    uint64_t order = slab->min_order.src ? slab->min_order.v : slab->order.v;
    kd_gfp_meaning gfp;
    kd_gfp_decode(slab->gfp.value.v, view->context->version, KD_GFP_CONFIG_DEFAULT, &gfp);
    kd_say_diag(out, KD_POSSIBLE,
                "The slab cache %.*s could not grow: the page allocator had no pages for it. Its "
                "report and the memory dump are not in the log.",
                KD_FMT(slab->cache.v));
    kd_emit_role(out, KD_PRIMARY);
    if (slab->object_size.src && (slab->min_order.src || slab->order.src))
        kd_say_more(out, "Objects of %llu bytes come in slabs of order %llu.",
                    KD_LLU(slab->object_size.v), KD_LLU(order));
    kd_say_more(out, gfp.may_sleep
                         ? "The request might wait, and still got none: memory was really short, "
                           "or its group or nodes were."
                         : "The request might not wait (an interrupt, a lock): such requests fail "
                           "in bursts, and most callers drop a packet or try again.");
    kd_say_evidence(out, view->event, slab->cache.src, "the cache");
    kd_say_evidence(out, view->event, slab->gfp.value.src, "mask 0x%llx",
                    KD_LLU(slab->gfp.value.v));
    kd_say_bool(out, "may_sleep", gfp.may_sleep);
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    if (!gfp.may_sleep)
        kd_say_remedy(out, "Raise vm.min_free_kbytes: requests that may not wait live from the "
                           "reserve below the min mark.");
    kd_say_remedy(out, "See what fills the memory: /proc/meminfo, and slabtop -o for the caches.");
    kd_say_missing(out, "the report of the page allocator (\"page allocation failure\") with its "
                        "trace and Mem-Info block, or /proc/meminfo of that moment");
    return KD_OK;
}

kd_status kd_check_undetermined(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_slab_alloc *slab = KD_BODY(view->event, slab_alloc);
    (void)user;
    if (slab)
        return slab->gfp.value.src && slab->cache.src && !has_page_report(kd_wide(view))
                   ? say_slab(view, out, slab)
                   : KD_OK;
    const kd_request *r = kd_request_rest(view);
    return r && !kd_primary_of(view->event) ? say_pages(view, out, r) : KD_OK;
}

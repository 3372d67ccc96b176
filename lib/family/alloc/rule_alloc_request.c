/* rule_alloc_request.c - a failed request with the allocator's decision on it: what the rules on
 * failed allocations say alike. */
#include "family/alloc/rule_alloc_request.h"
#include "family/fields.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/vendor.h"
#include "core/version.h"
#include "family/alloc/decode_kmalloc.h"
#include "family/memdump/decode_fragmentation.h"

/* Zones whose arithmetic is written out: 4 nodes of 3 zones. */
#define MAX_ZONES_SAID 12u

/* A victim that still asks for memory does so soon: so many events later the pid is another's. */
#define NEAR_EVENTS 256u

static const kdf_oom_victim *victim_of(const kd_event *event)
{
    return kd_event_part(event, &kd_fields_oom_victim, "victim");
}

/* The last OOM kill of the boot that chose the task that failed here. */
static const kd_event *find_kill(const kd_view *view)
{
    const kdf_task *task = kd_event_task(view->event);
    size_t end = view->history_len > NEAR_EVENTS ? view->history_len - NEAR_EVENTS : 0;
    if (!task || !task->pid.src)
        return NULL;
    for (size_t i = view->history_len; i-- > end;) {
        const kd_event *event = view->history[i];
        if (event->before || event->boot != view->event->boot)
            continue;
        const kdf_oom_victim *victim = victim_of(event);
        if (victim && victim->pid.src && victim->pid.v == task->pid.v)
            return event;
    }
    return NULL;
}

static bool read_request(const kd_view *view, kd_request *out)
{
    const kdf_page_alloc *failure = KD_BODY(view->event, page_alloc);
    const kdf_vmalloc *vmalloc = KD_BODY(view->event, vmalloc);
    if (failure && failure->order.src) {
        out->order = failure->order.v;
        out->order_src = failure->order.src;
        out->comm = failure->task.comm.src ? failure->task.comm.v : KD_STR("A task");
        out->of_vmalloc = false;
    } else if (vmalloc && vmalloc->gfp.value.src &&
               !kd_str_is(vmalloc->reason.v, "zero-size")) { /* nothing was asked for */
        out->order = 0;
        out->order_src = vmalloc->gfp.value.src;
        out->comm = vmalloc->task.comm.v;
        out->of_vmalloc = true;
    } else {
        return false;
    }
    out->kill = find_kill(view);
    kd_alloc_case_of_victim(view->event, out->order, view->context,
                            out->kill ? KD_HINT_YES : KD_HINT_UNKNOWN, &out->c);
    out->request_kb = out->c.page_kb << (out->c.request.order < 32 ? out->c.request.order : 32);
    out->asked = out->c.asked;
    return out->c.usable;
}

static const kd_request *read_once(const kd_view *view)
{
    static const char key;
    bool fresh;
    kd_request *request = kd_memo_room(kd_wide(view)->memo, &key, sizeof *request, &fresh);
    if (request && fresh) {
        memset(request, 0, offsetof(kd_request, c));
        request->usable = read_request(view, request);
    }
    return request;
}

const kd_request *kd_request_of(const kd_view *view)
{
    const kd_request *request = read_once(view);
    return request && request->usable ? request : NULL;
}

const kd_request *kd_request_rest(const kd_view *view)
{
    const kd_request *request = read_once(view);
    return request && request->asked && !request->usable && !request->of_vmalloc ? request : NULL;
}

const kd_request *kd_request_rest_with(const kd_view *view, kd_alloc_verdict verdict)
{
    const kd_request *request = kd_request_rest(view);
    return request && request->c.lists_alone && request->c.result.verdict == verdict ? request
                                                                                     : NULL;
}

const kd_request *kd_request_with(const kd_view *view, kd_alloc_verdict verdict)
{
    const kd_request *request = kd_request_of(view);
    return request && request->c.result.verdict == verdict ? request : NULL;
}

/* What a cut took off the zones that are there could only make them shorter still; and the counter
 * of all zones shows that none was lost with more than what its own marks keep, which are about
 * those of the others. */
static bool is_short_as_cut(const kd_alloc_case *c)
{
    uint64_t noise = 1024;
    for (size_t i = 0; i < c->zone_count; i++)
        if (c->results[i].listed == KD_LISTED && c->zones[i].high_pages < UINT32_MAX)
            noise += c->zones[i].high_pages;
    bool in_step = c->samples.global_known
                       ? c->samples.global_pages <= c->samples.zone_pages + noise
                       : c->request.global_free_known;
    return c->result.verdict == KD_ALLOC_BELOW_WATERMARK && c->result.agrees_for_every_split &&
           !c->result.mixed && in_step;
}

kd_confidence kd_request_confidence(const kd_view *view, const kd_request *request)
{
    const kd_alloc_case *c = &request->c;
    if (!c->zones_whole)
        return is_short_as_cut(c) ? KD_LIKELY : KD_POSSIBLE;
    if (request->order > 0 && !c->lists_whole)
        return KD_LIKELY;
    /* from 4.6 on the names follow: without them the mask's last digits may be cut off */
    if (c->version >= V(4, 6) && !kd_event_gfp(view->event)->printed.src)
        return KD_LIKELY;
    if (!c->result.proved || c->version_assumed || c->version_contradicted || c->gfp.unknown_bits ||
        c->this_node_assumed || c->samples.falls || c->zones_beyond)
        return KD_LIKELY;
    /* letters are presence; amounts are tested by rules that back-ports change */
    if (!c->result.no_block && kd_vendor_of(view->context->release))
        return KD_LIKELY;
    return KD_CERTAIN;
}

kd_str kd_request_mask(const kd_request *request)
{
    return request->c.gfp.name_count ? kd_str_of(request->c.gfp.names[0]) : KD_STR("the mask");
}

static void say_kill(const kd_view *view, kd_emit *out, const kd_event *kill)
{
    static const char *const rules[] = { "alloc.out-of-memory", "alloc.memcg-limit",
                                         "alloc.zone-exhausted", "alloc.node-bound" };
    const kdf_oom_victim *victim = victim_of(kill);
    kd_say_more(out, "The OOM killer had chosen this task before: it was dying, and its failed "
                     "request is an effect of that, not a second problem.");
    kd_say_evidence(out, kill, victim->pid.src, "the same task is killed");
    kd_say_proof(out, KD_STR("the task that failed is the victim of the OOM killer"),
                 "pid %llu = pid %llu", KD_LLU(kd_event_task(view->event)->pid.v),
                 KD_LLU(victim->pid.v));
    for (size_t i = 0; i < KD_COUNT(rules); i++) {
        const kd_diag *cause = kd_diag_of(rules[i], kill);
        if (cause) {
            kd_say_caused_by(out, cause);
            return;
        }
    }
}

void kd_say_asked(const kd_view *view, kd_emit *out, const kd_request *request)
{
    char text[KD_GFP_TEXT_MAX], why[KD_GFP_TEXT_MAX];
    const kd_gfp_meaning *gfp = &request->c.gfp;
    size_t len = kd_gfp_print(gfp, text, sizeof text);
    kd_gfp_prove_migratetype(gfp, why, sizeof why);
    kd_say_evidence(out, view->event, request->order_src, "order %llu, mask 0x%llx",
                    KD_LLU(request->order), KD_LLU(gfp->mask));
    kd_say_proof(out,
                 kd_text_of(out, "%.*s (0x%llx) asks for %s pages", (int)len, text,
                            KD_LLU(gfp->mask), gfp->migratetype_name),
                 "%s", why);
    if (request->kill)
        say_kill(view, out, request->kill);
}

static void say_large(kd_emit *out, const kd_request *request, const kd_kmalloc *k)
{
    uint64_t order = request->c.request.order, page = request->c.page_kb * 1024;
    kd_say_proof(out,
                 kd_text_of(out,
                            "kmalloc() asked for %llu to %llu bytes: past the slab caches "
                            "(%s: at most %llu bytes), to the page allocator",
                            KD_LLU(k->min_bytes), KD_LLU(k->max_bytes),
                            kd_slab_allocator_name(k->allocator), KD_LLU(k->cache_limit_bytes)),
                 "2^%llu * %llu < size <= 2^%llu * %llu", KD_LLU(order - 1), KD_LLU(page),
                 KD_LLU(order), KD_LLU(page));
    kd_say_u64(out, "request_bytes_at_least", k->min_bytes);
    kd_say_u64(out, "request_bytes_at_most", k->max_bytes);
    kd_say_u64(out, "slab_limit_bytes", k->cache_limit_bytes);
    kd_say_bool(out, "past_slab_limit", true);
}

void kd_say_kmalloc(const kd_view *view, kd_emit *out, const kd_request *request)
{
    kd_kmalloc k;
    uint64_t page = request->c.page_kb * 1024, order = request->c.request.order;
    kd_kmalloc_of(kd_event_backtrace(view->event), order, request->c.version, page, &k);
    if (k.kind == KD_KMALLOC_NONE)
        return;
    kd_say_evidence(out, view->event, k.frame->function.src,
                    k.kind == KD_KMALLOC_LARGE ? "the caller used kmalloc()"
                                               : "a slab cache wanted a new slab");
    if (k.kind == KD_KMALLOC_LARGE && order > 0) {
        say_large(out, request, &k);
    } else if (k.kind == KD_KMALLOC_SLAB_PAGE) {
        kd_say_text(out, "slab_allocator", kd_str_of(kd_slab_allocator_name(k.allocator)));
        kd_say_bool(out, "past_slab_limit", false);
    }
}

void kd_say_zones(const kd_view *view, kd_emit *out, const kd_request *request, bool blocks)
{
    size_t said = 0;
    for (size_t i = 0; i < request->c.zone_count && said < MAX_ZONES_SAID; i++) {
        if (request->c.results[i].listed != KD_LISTED)
            continue;
        if (blocks) {
            kd_say_buddy_sum(out, view->event, request->c.printed[i]);
            kd_say_zone_blocks(out, view->event, &request->c, i);
        }
        kd_say_zone_amount(out, view->event, &request->c, i);
        said++;
    }
}

void kd_say_not_cma(kd_emit *out, const kd_request *request)
{
    const kd_alloc_case *c = &request->c;
    for (size_t i = 0; i < c->zone_count; i++) {
        const kd_alloc_zone *zone = &c->zones[i];
        if (!c->results[i].decides || !zone->free_cma_pages ||
            zone->free_pages < zone->free_cma_pages)
            continue;
        kd_zone_name name = kd_name_zone(c, i);
        uint64_t free_kb = zone->free_pages * c->page_kb;
        uint64_t cma_kb = zone->free_cma_pages * c->page_kb;
        kd_say_proof(out, kd_text_of(out, "free memory of zone %s that is not CMA", name.text),
                     "%llu - %llu = %llu kB", KD_LLU(free_kb), KD_LLU(cma_kb),
                     KD_LLU(free_kb - cma_kb));
    }
    const kd_alloc_zone *zone = &c->zones[c->result.zone];
    if (zone->free_cma_pages && zone->free_pages >= zone->free_cma_pages)
        kd_say_u64(out, "zone_free_not_cma_kb",
                   (zone->free_pages - zone->free_cma_pages) * c->page_kb);
}

kd_block_sum kd_request_blocks(const kd_request *request)
{
    const kd_alloc_case *c = &request->c;
    kd_block_sum sum = { .blocks = 0 };
    for (size_t i = 0; i < c->zone_count; i++) {
        const kd_alloc_zone_result *result = &c->results[i];
        const kd_alloc_supply *supply = &result->tests[result->best].supply;
        /* the blocks of a zone that is short by amount are not looked at */
        if (result->listed != KD_LISTED ||
            (result->failed == KD_CHECK_AMOUNT && i != c->result.zone))
            continue;
        sum.blocks += supply->blocks;
        sum.usable += supply->usable.high;
        if (supply->largest_usable_order < 32 &&
            c->page_kb << supply->largest_usable_order > sum.largest_usable_kb)
            sum.largest_usable_kb = c->page_kb << supply->largest_usable_order;
    }
    return sum;
}

void kd_say_request_facts(kd_emit *out, const kd_request *request)
{
    const kd_alloc_case *c = &request->c;
    const kd_alloc_zone *zone = &c->zones[c->result.zone];
    kd_block_sum sum = kd_request_blocks(request);
    kd_say_u64(out, "needed_order", c->request.order);
    kd_say_u64(out, "needed_kb", request->request_kb);
    kd_say_u64(out, "blocks_at_or_above", sum.blocks);
    kd_say_i64(out, "usable_blocks_at_or_above", sum.usable);
    kd_say_u64(out, "largest_usable_block_kb", sum.largest_usable_kb);
    kd_say_text(out, "zone", c->printed[c->result.zone]->name.v);
    if (c->printed[c->result.zone]->node.src)
        kd_say_u64(out, "node", c->printed[c->result.zone]->node.v);
    kd_say_u64(out, "zone_free_kb", zone->free_pages * c->page_kb);
    if (kd_is_cma_known(c, c->result.zone))
        kd_say_u64(out, "zone_free_cma_kb", zone->free_cma_pages * c->page_kb);
    kd_say_u64(out, "zone_min_kb", zone->min_pages * c->page_kb);
}

void kd_say_fragmentation(kd_emit *out, const kd_request *request)
{
    const kd_alloc_zone *zone = &request->c.zones[request->c.result.zone];
    uint64_t counts[KD_ALLOC_ORDERS];
    uint32_t order = request->c.request.order;
    kd_fragmentation f;
    if (order == 0 || zone->order_count == 0)
        return;
    for (uint32_t i = 0; i < KD_ALLOC_ORDERS; i++)
        counts[i] = i < zone->order_count ? zone->blocks[i].count : 0;
    kd_fragmentation_find(counts, zone->order_count, order, &f);
    kd_say_i64(out, "fragmentation_index_permille", f.index_permille);
    kd_say_i64(out, "unusable_free_index_permille", f.unusable_permille);
    if (f.suitable_blocks > 0) /* the kernel's index is -1000 then: blocks of any type count */
        return;
    kd_zone_name name = kd_name_zone(&request->c, request->c.result.zone);
    kd_say_proof(out,
                 kd_text_of(out, "the kernel's fragmentation index of zone %s: %s", name.text,
                            f.index_permille > KD_EXTFRAG_THRESHOLD
                                ? "above 500: the free memory is in pieces, not missing"
                                : "up to 500: rather a lack of memory than fragmentation"),
                 "1000 - (1000 + %llu pages * 1000 / %llu) / %llu blocks = %d",
                 KD_LLU(f.free_pages), KD_LLU(UINT64_C(1) << order), KD_LLU(f.free_blocks),
                 f.index_permille);
}

void kd_say_samples(const kd_view *view, kd_emit *out, const kd_request *request)
{
    const kd_alloc_case *c = &request->c;
    const kd_alloc_samples *s = &c->samples;
    char global[40] = "", buddy[40] = "";
    if (!s->rises && !s->falls)
        return;
    if (s->global_known)
        snprintf(global, sizeof global, "global = %llu pages, ", KD_LLU(s->global_pages));
    if (s->buddy_known)
        snprintf(buddy, sizeof buddy, ", lists = %llu pages", KD_LLU(s->buddy_pages));
    kd_say_evidence(out, view->event, c->printed[0]->free_kb.src, "one of the samples of the dump");
    kd_say_proof(out,
                 s->rises ? KD_STR("free memory rose while the dump was printed")
                          : KD_STR("free memory fell while the dump was printed"),
                 "%szones = %llu pages%s", global, KD_LLU(s->zone_pages), buddy);
    if (s->falls)
        kd_say_assume(out,
                      "what the dump shows held at the failure too, although free memory fell "
                      "while it was printed (if not, a block was there and something else failed)");
}

/* rule_fragmentation.c - blocks that a failed request could have used earlier are gone. */
#include <string.h>

#include "family/alloc/rule_alloc_request.h"
#include "family/fields.h"
#include "family/memdump/decode_zone_blocks.h"

const char kd_doc_fragmentation_grew[] =
    "Compares the free blocks of the failed order in the dump with those of an earlier "
    "/proc/pagetypeinfo, /proc/buddyinfo or memory dump of the same zone (earlier in the log, or "
    "in the earlier capture): blocks of the request's migratetype and its fallbacks were there "
    "then, "
    "and none is now. Without a failure it compares the last /proc/pagetypeinfo of a boot with the "
    "first: pageblocks went over from Movable to Unmovable or Reclaimable, and large free blocks "
    "are gone though memory is free. Lack of memory alone, and page cache that fills it, is no "
    "fragmentation.";

/* ---- what there was -------------------------------------------------------------------------- */

/* So many tables are looked at: a log of thousands of failures stays quick. */
#define LOOKED_AT 256u

typedef struct supply_then {
    const kd_event *event;
    kd_zone_blocks blocks;
} supply_then;

/* Free blocks come and go within seconds: of two dumps in a burst of failures none is history. */
#define APART_US UINT64_C(60000000)

static bool is_earlier(const kd_view *view, const kd_event *event)
{
    const kd_event *now = view->event;
    if (event->before)
        return true;
    if (event->boot != now->boot)
        return false;
    if (event->has_time && now->has_time && now->time_us > event->time_us)
        return !kd_event_meminfo(event) || now->time_us - event->time_us >= APART_US;
    return !kd_event_meminfo(event) || kd_event_is(event, &kd_kind_meminfo);
}

/* The one that lies furthest back in the same boot, or of the earlier capture. The types apart tell
 * most, the letters of a dump less, /proc/buddyinfo least. */
static bool look_back(const kd_view *view, kd_str zone, uint64_t node, supply_then *out)
{
    size_t found = 0;
    for (size_t i = 0; i < view->history_len && found < LOOKED_AT; i++) {
        kd_zone_blocks blocks;
        const kd_event *event = view->history[i];
        if (!is_earlier(view, event) || !kd_zone_blocks_of(event, zone, node, &blocks))
            continue;
        if (found++ == 0 || blocks.from < out->blocks.from)
            *out = (supply_then){ event, blocks };
        if (out->blocks.from == KD_BLOCKS_BY_TYPE)
            break;
    }
    return found > 0;
}

/* ---- saying ---------------------------------------------------------------------------------- */

static void say_rows(const kd_event *event, kd_emit *out, kd_str zone, uint64_t order)
{
    const kdf_pagetypeinfo *info = KD_BODY(event, pagetypeinfo);
    for (uint32_t i = 0; info && i < info->zones.count; i++) {
        const kdf_pagetype_zone *item = &KD_ITEMS(info->zones, kdf_pagetype_zone)[i];
        for (uint32_t k = 0; kd_str_eq(item->name.v, zone) && k < item->free.count; k++) {
            const kd_row *row = &KD_ITEMS(item->free, kd_row)[k];
            bool usable = kd_str_is(row->name, "Unmovable") || kd_str_is(row->name, "Movable") ||
                          kd_str_is(row->name, "Reclaimable");
            if (usable && order < row->values.count)
                kd_say_evidence(out, event, KD_ITEMS(row->values, kd_u64)[order].src,
                                "then: %llu free blocks of order %llu",
                                KD_LLU(KD_ITEMS(row->values, kd_u64)[order].v), KD_LLU(order));
        }
    }
}

static kd_str sum_from(kd_emit *out, const kd_zone_blocks *blocks, uint64_t order)
{
    kd_str text = { "", 0 };
    for (uint64_t i = order; i < blocks->orders; i++)
        text = kd_text_of(out, "%.*s%s%llu", KD_FMT(text), i > order ? " + " : "",
                          KD_LLU(blocks->usable[i]));
    return text;
}

static kd_str index_text(kd_emit *out, const kd_fragmentation *f, uint64_t order)
{
    if (f->index_permille == -1000)
        return KD_STR("-1000");
    return kd_text_of(out, "1000 - (1000 + %llu pages * 1000 / 2^%llu) / %llu blocks = %d",
                      KD_LLU(f->free_pages), KD_LLU(order), KD_LLU(f->free_blocks),
                      f->index_permille);
}

/* -1000: a block is there; near 0: too little memory; near 1000: too many pieces. */
static void say_indexes(kd_emit *out, const kd_zone_blocks *then, const kd_zone_blocks *now,
                        uint64_t order)
{
    kd_fragmentation a, b;
    if (order >= KD_BLOCK_ORDERS)
        return;
    kd_zone_blocks_fragmentation(then, (uint32_t)order, &a);
    kd_zone_blocks_fragmentation(now, (uint32_t)order, &b);
    kd_str first = index_text(out, &a, order), second = index_text(out, &b, order);
    kd_say_proof(out,
                 kd_text_of(out,
                            "fragmentation index for order %llu, over the lists that the "
                            "request may use%s (-1000: a block is there; towards 1000: enough "
                            "memory, in pieces too small)",
                            KD_LLU(order), now->from == KD_BLOCKS_BY_TYPE ? "" : ", now at most"),
                 "then = %.*s, now = %.*s", KD_FMT(first), KD_FMT(second));
    kd_say_i64(out, "fragmentation_index_then", a.index_permille);
    kd_say_i64(out, "fragmentation_index_now", b.index_permille);
}

static void say_then(kd_emit *out, const supply_then *then, kd_str zone, uint64_t order)
{
    const kd_zone_blocks *b = &then->blocks;
    if (b->from == KD_BLOCKS_BY_TYPE) {
        say_rows(then->event, out, zone, order);
        kd_say_proof(out, kd_text_of(out, "usable blocks of order %llu then", KD_LLU(order)),
                     "%llu + %llu + %llu = %llu", KD_LLU(b->unmovable[order]),
                     KD_LLU(b->movable[order]), KD_LLU(b->reclaimable[order]),
                     KD_LLU(b->usable[order]));
        return;
    }
    kd_str sum = sum_from(out, b, order);
    for (uint64_t i = order; i < b->orders; i++)
        if (b->usable[i] > 0) {
            kd_say_evidence(out, then->event, b->src[i], "then: %llu free blocks of order %llu",
                            KD_LLU(b->usable[i]), KD_LLU(i));
            break;
        }
    kd_say_proof(out,
                 kd_text_of(out, "blocks of order %llu and above then%s", KD_LLU(order),
                            b->from == KD_BLOCKS_ALL ? ", of all types"
                                                     : ", of orders that are not only CMA"),
                 "%.*s = %llu", KD_FMT(sum), KD_LLU(kd_zone_blocks_at_or_above(b, order)));
}

static void say_explanation(kd_emit *out, const supply_then *then, kd_str zone, uint64_t order,
                            kd_confidence confidence)
{
    const kd_zone_blocks *b = &then->blocks;
    unsigned long long n = order, larger = kd_zone_blocks_at_or_above(b, order);
    if (b->from == KD_BLOCKS_BY_TYPE)
        kd_say_diag(out, confidence,
                    "Zone %.*s had %llu free blocks of order %llu that this request could have "
                    "used (%llu unmovable, %llu movable, %llu reclaimable; %llu of that order or "
                    "larger) when the earlier pagetypeinfo was read. Now it has none.",
                    KD_FMT(zone), KD_LLU(b->usable[order]), n, KD_LLU(b->unmovable[order]),
                    KD_LLU(b->movable[order]), KD_LLU(b->reclaimable[order]), larger);
    else
        kd_say_diag(out, confidence,
                    "Zone %.*s had %llu free blocks of order %llu or larger %s. Now it has none "
                    "that this request may use.",
                    KD_FMT(zone), larger, n,
                    b->from == KD_BLOCKS_ALL ? "when the earlier /proc/buddyinfo was read"
                                             : "in the earlier memory dump");
}

/* ---- a failed request ------------------------------------------------------------------------ */

static void check_failure(const kd_view *view, kd_emit *out, const kdf_page_alloc *failure)
{
    uint64_t order = failure->order.v;
    supply_then then;
    kd_zone_blocks now;
    const kd_request *request = kd_request_of(view);
    if (!request || order == 0 || order >= KD_BLOCK_ORDERS)
        return;
    const kd_alloc_case *c = &request->c;
    const kd_alloc_zone_result *result = &c->results[c->result.zone];
    const kdf_zone *zone = c->printed[c->result.zone];
    /* without the end of its buddy line it is not known what the zone has */
    if (!zone->buddy_adds_up.v || result->tests[result->best].supply.usable.high != 0 ||
        !look_back(view, zone->name.v, zone->node.v, &then) ||
        kd_zone_blocks_at_or_above(&then.blocks, order) == 0)
        return;
    /* buddyinfo does not tell CMA blocks from others */
    bool unsure = then.blocks.from == KD_BLOCKS_ALL && zone->free_cma_kb.v > 0;
    say_explanation(out, &then, zone->name.v, order, unsure ? KD_POSSIBLE : KD_LIKELY);
    kd_emit_role(out, KD_CONTRIBUTING);
    say_then(out, &then, zone->name.v, order);
    kd_say_zone_blocks(out, view->event, c, c->result.zone);
    if (kd_zone_blocks_of(view->event, zone->name.v, zone->node.v, &now))
        say_indexes(out, &then.blocks, &now, order);
    kd_say_u64(out, "usable_blocks_then",
               then.blocks.from == KD_BLOCKS_BY_TYPE
                   ? then.blocks.usable[order]
                   : kd_zone_blocks_at_or_above(&then.blocks, order));
    kd_say_u64(out, "usable_blocks_now", 0);
    kd_say_u64(out, "order", order);
    kd_say_remedy(out, "Read /proc/pagetypeinfo and /proc/buddyinfo from time to time to see when "
                       "the large blocks go; what grows at the same time is the cause.");
    if (unsure)
        kd_say_assume(out, "the blocks of the earlier /proc/buddyinfo were not all CMA");
    kd_say_assume(out, "the earlier %s is of the same machine; of another one it proves nothing",
                  then.blocks.from == KD_BLOCKS_BY_TYPE ? "pagetypeinfo"
                  : then.blocks.from == KD_BLOCKS_ALL   ? "buddyinfo"
                                                        : "memory dump");
}

/* ---- from one pagetypeinfo to a later one ---------------------------------------------------- */

/* Orders that drivers and network ask for in one piece: 64 kB with pages of 4 kB. */
#define LARGE_ORDER 4u

typedef struct pageblocks {
    uint64_t fixed, movable, all; /* fixed: Unmovable and Reclaimable */
    kd_src src;
} pageblocks;

static pageblocks count_pageblocks(const kdf_pagetype_zone *zone)
{
    pageblocks sum = { 0 };
    for (uint32_t i = 0; i < zone->blocks.count; i++) {
        const kd_pair *pair = &KD_ITEMS(zone->blocks, kd_pair)[i];
        uint64_t n = pair->v < UINT64_C(1) << 40 ? pair->v : 0;
        bool fixed = kd_str_is(pair->name, "Unmovable") || kd_str_is(pair->name, "Reclaimable");
        sum.fixed += fixed ? n : 0;
        sum.movable += kd_str_is(pair->name, "Movable") ? n : 0;
        sum.all += n;
        sum.src = pair->src;
    }
    return sum;
}

static const kdf_pagetype_zone *zone_then(const kd_event *event, const kdf_pagetype_zone *zone)
{
    const kdf_pagetypeinfo *info = KD_BODY(event, pagetypeinfo);
    for (uint32_t i = 0; info && i < info->zones.count; i++) {
        const kdf_pagetype_zone *item = &KD_ITEMS(info->zones, kdf_pagetype_zone)[i];
        if (kd_str_eq(item->name.v, zone->name.v) && item->node.v == zone->node.v)
            return item;
    }
    return NULL;
}

typedef struct drift {
    const kd_event *event; /* the earlier pagetypeinfo */
    pageblocks before, after;
    kd_zone_blocks then, now;
    uint64_t large_then, large_now;
} drift;

/* A tenth of the zone went over; three of four large blocks are gone, not for lack of memory. */
static bool has_drifted(const drift *d)
{
    kd_fragmentation a, b;
    uint64_t moved = d->after.fixed > d->before.fixed ? d->after.fixed - d->before.fixed : 0;
    kd_zone_blocks_fragmentation(&d->then, LARGE_ORDER, &a);
    kd_zone_blocks_fragmentation(&d->now, LARGE_ORDER, &b);
    return moved * 10 >= d->after.all && moved > 0 && d->after.movable < d->before.movable &&
           d->large_then >= 16 && d->large_now <= d->large_then / 4 &&
           b.free_pages >= a.free_pages / 2;
}

static void say_table(kd_emit *out, const drift *d)
{
    kd_str text = kd_text_of(out, "order %10s %10s", "then", "now");
    for (size_t i = 0; i < d->then.orders; i++)
        text = kd_text_of(out, "%.*s\n%5zu %10llu %10llu", KD_FMT(text), i,
                          KD_LLU(d->then.usable[i]), KD_LLU(d->now.usable[i]));
    kd_emit_proof(out, KD_STR("free blocks by order, without CMA, HighAtomic and Isolate"), text);
}

/* The smallest large order that has no block any more. */
static uint64_t lost_order(const drift *d)
{
    uint64_t order = LARGE_ORDER;
    while (order + 1 < d->then.orders && kd_zone_blocks_at_or_above(&d->now, order) > 0)
        order++;
    return order;
}

static void say_drift(const kd_view *view, kd_emit *out, const kdf_pagetype_zone *zone,
                      const drift *d)
{
    kd_say_diag(out, KD_LIKELY,
                "In zone %.*s %llu of %llu pageblocks became Unmovable or Reclaimable between two "
                "readings of pagetypeinfo (%llu, then %llu), at the cost of Movable ones (%llu, "
                "then %llu). Free blocks of order %u or larger went from %llu to %llu, though as "
                "much as half of the free memory is still there.",
                KD_FMT(zone->name.v), KD_LLU(d->after.fixed - d->before.fixed),
                KD_LLU(d->after.all), KD_LLU(d->before.fixed), KD_LLU(d->after.fixed),
                KD_LLU(d->before.movable), KD_LLU(d->after.movable), LARGE_ORDER,
                KD_LLU(d->large_then), KD_LLU(d->large_now));
    kd_say_evidence(out, d->event, d->before.src, "then: %llu pageblocks Unmovable or Reclaimable",
                    KD_LLU(d->before.fixed));
    kd_say_evidence(out, view->event, d->after.src, "now: %llu of these pageblocks",
                    KD_LLU(d->after.fixed));
    kd_say_evidence(out, d->event, d->then.src[LARGE_ORDER], "then: free blocks by order");
    kd_say_evidence(out, view->event, d->now.src[LARGE_ORDER], "now: free blocks by order");
    say_table(out, d);
    say_indexes(out, &d->then, &d->now, lost_order(d));
    kd_say_u64(out, "blocks_at_or_above_then", d->large_then);
    kd_say_u64(out, "blocks_at_or_above_now", d->large_now);
    kd_say_remedy(out, "Kernel memory is spread over blocks that were movable: what grew since "
                       "(slab_unreclaimable, page tables, driver buffers) is the cause.");
    kd_say_remedy(out, "echo 1 > /proc/sys/vm/compact_memory shows what compaction still wins "
                       "back; requests that need large blocks should be made early.");
    kd_say_assume(out, "both readings are of the same machine");
}

/* Is the event the last such table of its boot, and did no failure say it already? */
static bool is_last_word(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_places tables = wide->of_kind[kd_kind_pagetypeinfo.index];
    size_t next = kd_places_before(tables, wide->index + 1);
    if (next < tables.count && wide->events[tables.at[next]]->boot == view->event->boot)
        return false;
    return !kd_said_in_boot(wide, "memory.fragmentation-grew");
}

static void check_drift(const kd_view *view, kd_emit *out, const kdf_pagetypeinfo *info)
{
    if (!is_last_word(view))
        return;
    for (uint32_t i = 0; i < info->zones.count; i++) {
        const kdf_pagetype_zone *zone = &KD_ITEMS(info->zones, kdf_pagetype_zone)[i];
        supply_then then;
        if (!look_back(view, zone->name.v, zone->node.v, &then) ||
            then.blocks.from != KD_BLOCKS_BY_TYPE)
            continue;
        const kdf_pagetype_zone *earlier = zone_then(then.event, zone);
        drift d = { .event = then.event,
                    .then = then.blocks,
                    .before = count_pageblocks(earlier),
                    .after = count_pageblocks(zone) };
        if (!kd_zone_blocks_of(view->event, zone->name.v, zone->node.v, &d.now))
            continue;
        d.large_then = kd_zone_blocks_at_or_above(&d.then, LARGE_ORDER);
        d.large_now = kd_zone_blocks_at_or_above(&d.now, LARGE_ORDER);
        if (has_drifted(&d)) {
            say_drift(view, out, zone, &d);
            return;
        }
    }
}

kd_status kd_check_fragmentation_grew(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_page_alloc *failure = KD_BODY(view->event, page_alloc);
    const kdf_pagetypeinfo *info = KD_BODY(view->event, pagetypeinfo);
    (void)user;
    if (failure)
        check_failure(view, out, failure);
    else if (info)
        check_drift(view, out, info);
    return KD_OK;
}

/* fragmentation.c - blocks that a failed request could have used earlier are gone. Layer: rules. */
#include "rules/alloc.h"

const char kd_doc_fragmentation_grew[] =
    "Compares the free blocks of the failed order in the dump with those of an earlier "
    "/proc/pagetypeinfo of the same zone (earlier in the log, or given with --before): blocks "
    "of the "
    "request's migratetype and its fallbacks were there then, and none is now.";

typedef struct supply_then {
    uint64_t unmovable, movable, reclaimable, all; /* blocks of exactly that order */
    uint64_t at_or_above;                          /* of that order or larger */
    kd_src src;
} supply_then;

/* The lists a request falls back to: every type but CMA, HighAtomic and Isolate. */
static void count_type(const kd_row *row, uint64_t order, supply_then *then)
{
    bool unmovable = kd_str_is(row->name, "Unmovable"), movable = kd_str_is(row->name, "Movable");
    bool reclaimable = kd_str_is(row->name, "Reclaimable");
    if (!unmovable && !movable && !reclaimable)
        return;
    for (uint64_t i = order; i < row->values.count; i++) {
        const kd_u64 *blocks = &KD_ITEMS(row->values, kd_u64)[i];
        then->at_or_above += blocks->v;
        if (i > order)
            continue;
        then->unmovable += unmovable ? blocks->v : 0;
        then->movable += movable ? blocks->v : 0;
        then->reclaimable += reclaimable ? blocks->v : 0;
        then->all += blocks->v;
        if (blocks->v || !then->src)
            then->src = blocks->src;
    }
}

static supply_then look_then(const kd_event *event, kd_str zone, uint64_t node, uint64_t order)
{
    supply_then then = { .src = 0 };
    const kdf_pagetypeinfo *info = KD_BODY(event, pagetypeinfo);
    for (uint32_t i = 0; info && i < info->zones.count; i++) {
        const kdf_pagetype_zone *item = &KD_ITEMS(info->zones, kdf_pagetype_zone)[i];
        if (!kd_str_eq(item->name.v, zone) || item->node.v != node)
            continue;
        for (uint32_t k = 0; k < item->free.count; k++)
            count_type(&KD_ITEMS(item->free, kd_row)[k], order, &then);
    }
    return then;
}

static void say_rows(const kd_event *event, kd_emit *out, kd_str zone, uint64_t order)
{
    const kdf_pagetypeinfo *info = KD_BODY(event, pagetypeinfo);
    for (uint32_t i = 0; i < info->zones.count; i++) {
        const kdf_pagetype_zone *item = &KD_ITEMS(info->zones, kdf_pagetype_zone)[i];
        for (uint32_t k = 0; kd_str_eq(item->name.v, zone) && k < item->free.count; k++) {
            const kd_row *row = &KD_ITEMS(item->free, kd_row)[k];
            bool usable = kd_str_is(row->name, "Unmovable") || kd_str_is(row->name, "Movable") ||
                          kd_str_is(row->name, "Reclaimable");
            if (usable && order < row->values.count)
                kd_say_evidence(out, event, KD_ITEMS(row->values, kd_u64)[order].src,
                                "then: %llu free blocks of order %llu",
                                (unsigned long long)KD_ITEMS(row->values, kd_u64)[order].v,
                                (unsigned long long)order);
        }
    }
}

/* The pagetypeinfo before the failure that lies furthest back in the same boot, or of --before. */
static const kd_event *earlier_info(const kd_view *view)
{
    for (size_t i = 0; i < view->history_len; i++) {
        const kd_event *event = view->history[i];
        if (kd_event_is(event, &kd_kind_pagetypeinfo) &&
            (event->before || event->boot == view->event->boot))
            return event;
    }
    return NULL;
}

kd_status kd_check_fragmentation_grew(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_page_alloc *failure = KD_BODY(view->event, page_alloc);
    const kd_event *info = earlier_info(view);
    kd_alloc_case c;
    (void)user;
    if (!info || !failure || !failure->order.src || failure->order.v == 0)
        return KD_OK;
    kd_alloc_case_of(view->event, failure->order.v, view->context, &c);
    if (!c.usable)
        return KD_OK;
    const kd_alloc_zone_result *result = &c.results[c.result.zone];
    const kdf_zone *zone = c.printed[c.result.zone];
    const kd_alloc_supply *supply = &result->tests[result->best].supply;
    supply_then then = look_then(info, zone->name.v, zone->node.v, failure->order.v);
    if (supply->usable.high != 0 || then.at_or_above == 0)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "Zone %.*s had %llu free blocks of order %llu that this request could have used "
                "(%llu unmovable, %llu movable, %llu reclaimable; %llu of that order or larger) "
                "when "
                "the earlier pagetypeinfo was read. Now it has none.",
                KD_FMT(zone->name.v), (unsigned long long)then.all,
                (unsigned long long)failure->order.v, (unsigned long long)then.unmovable,
                (unsigned long long)then.movable, (unsigned long long)then.reclaimable,
                (unsigned long long)then.at_or_above);
    kd_emit_role(out, KD_CONTRIBUTING);
    say_rows(info, out, zone->name.v, failure->order.v);
    kd_say_proof(out, kd_text_of(out, "usable blocks of order %llu then",
                                 (unsigned long long)failure->order.v),
                 "%llu + %llu + %llu = %llu", (unsigned long long)then.unmovable,
                 (unsigned long long)then.movable, (unsigned long long)then.reclaimable,
                 (unsigned long long)then.all);
    kd_say_zone_blocks(out, view->event, &c, c.result.zone);
    kd_say_u64(out, "usable_blocks_then", then.all);
    kd_say_u64(out, "usable_blocks_now", 0);
    kd_say_u64(out, "order", failure->order.v);
    kd_say_remedy(out, "Read /proc/pagetypeinfo and /proc/buddyinfo from time to time to see when "
                  "the large blocks go; what grows at the same time is the cause.");
    kd_say_assume(out, "the earlier pagetypeinfo is of the same machine; of another one it proves "
                  "nothing");
    return KD_OK;
}

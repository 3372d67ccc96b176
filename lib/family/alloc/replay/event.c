/* event.c - the allocator's decision re-played for a failed request of a log. Layer:
 * decode. */
#include "family/alloc/replay/event.h"
#include "family/fields.h"

#include <stddef.h>
#include <string.h>

#include "base/scan.h"
#include "core/version.h"
#include "family/alloc/replay/nodes.h"
#include "family/gfp/decode_gfp_table.h"
#include "family/memdump/decode_whole.h"

/* Functions below which the task itself is freeing memory (PF_MEMALLOC). */
const char kd_reclaim_functions[] =
    "try_to_free_pages do_try_to_free_pages shrink_node shrink_lruvec shrink_inactive_list "
    "shrink_page_list shrink_folio_list shrink_slab balance_pgdat kswapd";

static uint32_t letters_of(kd_str types)
{
    static const struct {
        char letter;
        uint32_t bit;
    } table[] = {
        { 'U', KD_BLOCK_U }, { 'M', KD_BLOCK_M }, { 'E', KD_BLOCK_E }, { 'R', KD_BLOCK_R },
        { 'H', KD_BLOCK_H }, { 'C', KD_BLOCK_C }, { 'I', KD_BLOCK_I },
    };
    uint32_t bits = 0;
    for (size_t i = 0; i < types.len; i++)
        for (size_t k = 0; k < KD_COUNT(table); k++)
            bits |= types.ptr[i] == table[k].letter ? table[k].bit : 0;
    return bits;
}

/* A list that was cut still shows the blocks that it has; that there are no others, or how many
 * orders there are, it cannot tell. */
static bool is_list_of_use(const kdf_zone *zone, uint32_t order)
{
    const kdf_buddy *items = zone->buddy.items;
    for (uint32_t i = 0; i < zone->buddy.count; i++)
        if (items[i].order.v >= order && items[i].blocks.v > 0)
            return true;
    return kd_dump_list_is_whole(zone);
}

static void fill_blocks(kd_alloc_zone *to, const kdf_zone *from, uint32_t order)
{
    const kdf_buddy *items = from->buddy.items;
    if (!is_list_of_use(from, order))
        return;
    for (uint32_t i = 0; i < from->buddy.count; i++) {
        if (items[i].order.v >= KD_ALLOC_ORDERS)
            continue;
        kd_alloc_blocks *blocks = &to->blocks[items[i].order.v];
        blocks->count = items[i].blocks.v;
        blocks->letters = letters_of(items[i].types.v);
        to->letters_known |= blocks->letters != 0;
        if (items[i].order.v + 1 > to->order_count)
            to->order_count = (uint32_t)items[i].order.v + 1;
    }
}

static void fill_zone(kd_alloc_zone *to, const kdf_zone *from, uint64_t page_kb, uint32_t order)
{
    *to = (kd_alloc_zone){
        .kind = kd_alloc_zone_kind(from->name.v),
        .node = (uint32_t)from->node.v,
        .boost_known = from->boost_kb.src != 0,
        .reserved_highatomic_known = from->reserved_highatomic_kb.src != 0,
        .free_highatomic_known = from->free_highatomic_kb.src != 0,
        .free_pages = from->free_kb.v / page_kb,
        .min_pages = from->min_kb.v / page_kb,
        .low_pages = from->low_kb.v / page_kb,
        .high_pages = from->high_kb.v / page_kb,
        .boost_pages = from->boost_kb.v / page_kb,
        .free_cma_pages = from->free_cma_kb.v / page_kb,
        .reserved_highatomic_pages = from->reserved_highatomic_kb.v / page_kb,
        .free_highatomic_pages = from->free_highatomic_kb.v / page_kb,
        .managed_pages = (from->managed_kb.src ? from->managed_kb.v : from->present_kb.v) / page_kb,
    };
    for (uint32_t i = 0; i < from->lowmem_reserve_pages.count && i < KD_ALLOC_RESERVES; i++)
        to->lowmem_reserve[to->lowmem_reserve_count++] =
            KD_ITEMS(from->lowmem_reserve_pages, kd_u64)[i].v;
    fill_blocks(to, from, order);
}

static void fill_request(kd_alloc_case *out, uint64_t order, const kd_context *context)
{
    const kd_gfp_meaning *gfp = &out->gfp;
    out->request = (kd_alloc_request){
        .version = out->version,
        .order = order < 64 ? (uint32_t)order : 64,
        .zone = gfp->zone,
        .high = gfp->high,
        .atomic_bit = gfp->atomic,
        .can_wait = gfp->may_sleep,
        .no_kswapd = kd_gfp_has(gfp, KD_GFP_NO_KSWAPD),
        .nomemalloc = gfp->nomemalloc,
        .memalloc = gfp->memalloc,
        .movable = gfp->migratetype == KD_MOVABLE,
        .reclaimable = gfp->migratetype == KD_RECLAIMABLE,
    };
    for (uint32_t i = 0; i < context->zones.count; i++) {
        kd_zone_kind kind = kd_alloc_zone_kind(KD_ITEMS(context->zones, kd_text)[i].v);
        if (kind != KD_ZONE_INVALID)
            out->request.configured_zones |= 1u << kind;
    }
    out->request.cpus = context->cpus;
    out->request.mobility_off = context->mobility_off;
    if (out->request.configured_zones)
        out->request.configured_zones |= 1u << KD_ZONE_MOVABLE;
}

/* " free:4104 free_pcp:118 free_cma:0": others follow it in each version, or digits may be lost. */
static void fill_global(kd_alloc_case *out, const kd_event *event)
{
    const kd_pair *free = kd_map_find(&out->meminfo->counters_pages, "free");
    const kd_line_ref *line = free ? kd_event_line(event, free->src) : NULL;
    const char *at = line ? kd_str_find_last(line->raw, ":") : NULL;
    if (!at || kd_str_ends((kd_str){ line->raw.ptr, (size_t)(at - line->raw.ptr) }, "free"))
        return;
    out->request.global_free_known = true;
    out->request.global_free_pages = free->v;
}

static void fill_hints(kd_alloc_case *out, const kd_event *event)
{
    const kd_list *trace = kd_event_backtrace(event);
    const kdf_task *task = kd_event_task(event);
    if (kd_trace_find(trace, kd_reclaim_functions) ||
        (task && kd_str_starts(task->comm.v, "kswapd")))
        out->request.reclaiming = KD_HINT_YES;
    for (uint32_t i = 0; trace && i < trace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        if (frame->context.src && !kd_str_is(frame->context.v, "task"))
            out->request.in_interrupt = KD_HINT_YES;
    }
}

/* A zone line that was cut before its free_cma: what the counter of all zones holds beyond the
 * lines that tell theirs may be in it. */
static void bound_cma(kd_alloc_case *c)
{
    const kd_pair *all = kd_map_find(&c->meminfo->counters_pages, "free_cma");
    uint64_t told = 0;
    for (size_t i = 0; i < c->zone_count; i++)
        told += c->zones[i].free_cma_pages;
    for (size_t i = 0; all && all->v > told && i < c->zone_count; i++) {
        kd_alloc_zone *zone = &c->zones[i];
        uint64_t rest = all->v - told;
        if (!c->printed[i]->free_cma_kb.src)
            zone->unprinted_cma_pages = rest < zone->free_pages ? rest : zone->free_pages;
    }
}

/* Zones above the one asked for are not printed from 6.1 on: then the sums differ by them. */
static bool prints_all_zones(const kd_alloc_case *c)
{
    return c->version < V(6, 1) || c->request.zone >= KD_ZONE_NORMAL;
}

/* Two samples differ by drift and by what other CPUs did in between: a change counts when it is
 * more than 1/64 and 256 pages. */
static bool exceeds(uint64_t more, uint64_t less)
{
    return more > less && more - less > 256 && more - less > less / 64;
}

static void take_samples(kd_alloc_case *c)
{
    kd_alloc_samples *s = &c->samples;
    bool all_nodes = true;
    s->buddy_known = true;
    for (size_t i = 0; i < c->zone_count; i++) {
        const kdf_zone *zone = c->printed[i];
        s->zone_pages += c->zones[i].free_pages;
        s->buddy_pages += zone->buddy_kb.v / c->page_kb;
        s->buddy_known &= zone->buddy_adds_up.v;
        all_nodes &= zone->free_kb.src != 0;
    }
    s->global_pages = c->request.global_free_pages;
    s->global_known = c->request.global_free_known && all_nodes && prints_all_zones(c);
    s->rises = (s->global_known && exceeds(s->zone_pages, s->global_pages)) ||
               (s->buddy_known && exceeds(s->buddy_pages, s->zone_pages));
    /* a lower sum of zones may also be nodes that are left out */
    s->falls = s->buddy_known && exceeds(s->zone_pages, s->buddy_pages);
}

/* The version whose rules are re-played, and what the mask means on it. */
static void decode_request(kd_alloc_case *out, const kd_event *event, const kdf_gfp *gfp,
                           const kd_context *context)
{
    kd_version_bounds bounds = kd_version_signs_of(event);
    kd_gfp_table table;
    kd_gfp_table_choose(gfp, context, &bounds, NULL, &table);
    kd_gfp_table_decode(gfp->value.v, &table, &out->gfp);
    out->version = context->version;
    out->version_contradicted = table.contradicts;
    if (out->version == 0) {
        out->version_assumed = true;
        out->version = table.version ? table.version : KD_NEWEST_KNOWN;
    }
}

static kd_alloc_zone *add_zone(kd_alloc_case *out, const kdf_zone *zone)
{
    size_t i = out->zone_count++;
    out->printed[i] = zone;
    out->results[i] = (kd_alloc_zone_result){ 0 };
    fill_zone(&out->zones[i], zone, out->page_kb, out->request.order);
    return &out->zones[i];
}

static void collect_zones(kd_alloc_case *out)
{
    for (uint32_t i = 0; i < out->meminfo->zones.count; i++) {
        const kdf_zone *zone = &KD_ITEMS(out->meminfo->zones, kdf_zone)[i];
        if (!zone->free_kb.src || !zone->min_kb.src)
            continue;
        if (out->zone_count == KD_ALLOC_MAX_ZONES) {
            out->zones_beyond++;
            continue;
        }
        add_zone(out, zone);
    }
}

/* Of zones whose line is lost the list may be left; one that is cut too tells nothing for sure. */
static void replay_lists(kd_alloc_case *out)
{
    bool torn = false;
    for (uint32_t i = 0; i < out->meminfo->zones.count; i++) {
        const kdf_zone *zone = &KD_ITEMS(out->meminfo->zones, kdf_zone)[i];
        if (out->zone_count == KD_ALLOC_MAX_ZONES || !kd_dump_list_is_whole(zone)) {
            torn = true;
            continue;
        }
        add_zone(out, zone)->free_pages = zone->buddy_kb.v / out->page_kb;
    }
    out->lists_alone = out->zone_count > 0;
    if (out->lists_alone)
        kd_alloc_replay_lists(&out->request, out->zones, out->zone_count, out->results,
                              &out->result);
    /* a single page may be in a zone that is lost, or in the part that is */
    if (torn || out->request.order == 0)
        out->result.verdict = KD_ALLOC_UNKNOWN;
}

void kd_alloc_case_of(const kd_event *event, uint64_t order, const kd_context *context,
                      kd_alloc_case *out)
{
    kd_alloc_case_of_victim(event, order, context, KD_HINT_UNKNOWN, out);
}

/* There is room for many zones, and mostly there are few. */
static void begin_case(kd_alloc_case *out)
{
    memset(out, 0, offsetof(kd_alloc_case, results));
    out->results[0] = (kd_alloc_zone_result){ 0 };
    out->zones[0] = (kd_alloc_zone){ 0 };
    out->printed[0] = NULL;
}

void kd_alloc_case_of_victim(const kd_event *event, uint64_t order, const kd_context *context,
                             kd_alloc_hint victim, kd_alloc_case *out)
{
    const kdf_gfp *gfp = kd_event_gfp(event);
    begin_case(out);
    out->meminfo = kd_event_meminfo(event);
    if (!gfp || !gfp->value.src || !out->meminfo)
        return;
    decode_request(out, event, gfp, context);
    out->page_kb = kd_context_page_size(context) / 1024;
    fill_request(out, order, context);
    fill_global(out, event);
    fill_hints(out, event);
    out->request.oom_victim = victim;
    out->asked = true;
    collect_zones(out);
    if (out->request.zone == KD_ZONE_INVALID)
        return;
    if (out->zone_count == 0) {
        replay_lists(out);
        return;
    }
    out->usable = true;
    out->zones_whole = kd_dump_zones_are_whole(out->meminfo);
    out->lists_whole = kd_dump_lists_are_whole(out->meminfo);
    bound_cma(out);
    take_samples(out);
    kd_alloc_bind_nodes(event, out);
    kd_alloc_replay(&out->request, out->zones, out->zone_count, out->results, &out->result);
    kd_alloc_find_this_node(out);
}

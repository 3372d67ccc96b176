/* zones.c - which zones exist, which one the mask asks for, and its lowmem_reserve.
 *
 *
 * lowmem_reserve[] has one entry for each configured zone, empty ones included, and is indexed
 * by the zone asked for. Where the boot lines do not name the configured zones, all sets that
 * the dump allows are carried along, and the reserve is bounded over them.
 */
#include "base/str.h"
#include "family/alloc/replay/parts.h"

enum { SET_COUNT = 1 << KD_ZONE_KINDS };

static const char *const zone_names[KD_ZONE_KINDS] = { "DMA",     "DMA32",   "Normal",
                                                       "HighMem", "Movable", "Device" };

kd_zone_kind kd_alloc_zone_kind(kd_str name)
{
    for (int kind = 0; kind < KD_ZONE_KINDS; kind++)
        if (kd_str_is(name, zone_names[kind]))
            return (kd_zone_kind)kind;
    return KD_ZONE_INVALID;
}

kd_zone_kind kd_alloc_zone_asked(uint64_t mask)
{
    /* __GFP_DMA 1, __GFP_HIGHMEM 2, __GFP_DMA32 4, __GFP_MOVABLE 8, in all versions. */
    switch (mask & 0xf) {
    case 0x0:
    case 0x8: return KD_ZONE_NORMAL;
    case 0x1:
    case 0x9: return KD_ZONE_DMA;
    case 0x2: return KD_ZONE_HIGHMEM;
    case 0xa: return KD_ZONE_MOVABLE;
    case 0x4:
    case 0xc: return KD_ZONE_DMA32;
    default: return KD_ZONE_INVALID;
    }
}

static bool holds(uint32_t set, kd_zone_kind kind)
{
    return kind < KD_ZONE_KINDS && (set >> kind & 1u);
}

static uint32_t index_in(uint32_t set, kd_zone_kind kind)
{
    uint32_t index = 0;

    for (int below = 0; below < (int)kind; below++)
        index += set >> below & 1u;
    return index;
}

static kd_zone_kind resolve_asked(uint32_t set, kd_zone_kind asked)
{
    if (asked == KD_ZONE_MOVABLE || holds(set, asked))
        return asked;
    return KD_ZONE_NORMAL;
}

static bool node_prints(const kd_alloc_zone *zones, size_t zone_count, uint32_t node,
                        kd_zone_kind kind)
{
    for (size_t i = 0; i < zone_count; i++)
        if (zones[i].node == node && zones[i].kind == kind)
            return true;
    return false;
}

/* Does the row rise at a zone that is empty, as its line is missing? */
static bool rises_at_missing(const kd_alloc_zone *zones, size_t zone_count,
                             const kd_alloc_zone *zone, uint32_t set, kd_zone_kind top)
{
    uint32_t last = index_in(set, zone->kind);

    for (int kind = (int)zone->kind + 1; kind <= (int)top; kind++) {
        uint32_t index;

        if (!holds(set, (kd_zone_kind)kind))
            continue;
        index = index_in(set, (kd_zone_kind)kind);
        if (index < zone->lowmem_reserve_count &&
            zone->lowmem_reserve[index] > zone->lowmem_reserve[last] &&
            !node_prints(zones, zone_count, zone->node, (kd_zone_kind)kind))
            return true;
        last = index;
    }
    return false;
}

/* A row has an entry for each zone of the set, and 0 up to its own. */
static bool row_fits(const kd_alloc_zone *zone, uint32_t set)
{
    uint32_t own = index_in(set, zone->kind);

    if (zone->lowmem_reserve_count != index_in(set, KD_ZONE_KINDS))
        return false;
    for (uint32_t i = 0; i <= own; i++)
        if (zone->lowmem_reserve[i] != 0)
            return false;
    return true;
}

static bool has_row(const kd_alloc_zone *zone)
{
    return zone->lowmem_reserve_count > 0 && zone->lowmem_reserve_count <= KD_ALLOC_RESERVES &&
           zone->kind < KD_ZONE_KINDS;
}

static bool set_fits(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                     const kd_alloc_zone *zones, size_t zone_count, uint32_t set)
{
    kd_zone_kind top = KD_ZONE_MOVABLE;

    if (!holds(set, KD_ZONE_NORMAL) || !holds(set, KD_ZONE_MOVABLE))
        return false;
    /* DMA32 is of 64-bit kernels, HighMem of 32-bit ones. */
    if (holds(set, KD_ZONE_DMA32) && holds(set, KD_ZONE_HIGHMEM))
        return false;
    if (holds(set, KD_ZONE_DEVICE) && request->version < V(4, 3))
        return false;
    if (rules->choice[KD_AR_DUMP_UP_TO_ASKED])
        top = resolve_asked(set, request->zone);
    for (size_t i = 0; i < zone_count; i++) {
        if (zones[i].kind < KD_ZONE_KINDS && !holds(set, zones[i].kind))
            return false;
        if (!has_row(&zones[i]))
            continue;
        if (!row_fits(&zones[i], set) || rises_at_missing(zones, zone_count, &zones[i], set, top))
            return false;
    }
    return true;
}

static bool any_printed(const kd_alloc_zone *zones, size_t zone_count, kd_zone_kind from,
                        kd_zone_kind to)
{
    for (size_t i = 0; i < zone_count; i++)
        if (zones[i].kind >= from && zones[i].kind <= to)
            return true;
    return false;
}

/* DMA, DMA32, HighMem: is the zone there, or does Normal stand in for it? */
static void settle_asked(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                         const kd_alloc_zone *zones, size_t zone_count, kd_alloc_zone_sets *out)
{
    kd_zone_kind asked = request->zone;
    bool with = false, without = false;

    for (uint32_t set = 0; set < SET_COUNT; set++)
        if (out->possible >> set & 1u)
            *(holds(set, asked) ? &with : &without) = true;
    out->asked = asked;
    if (asked == KD_ZONE_NORMAL || asked == KD_ZONE_MOVABLE || asked >= KD_ZONE_KINDS ||
        (with && !without) || any_printed(zones, zone_count, asked, asked))
        return;
    out->asked = KD_ZONE_NORMAL;
    if (without && !with)
        return;
    /* HighMem without a HighMem line reaches what Normal reaches. */
    if (asked == KD_ZONE_HIGHMEM)
        return;
    /* Only zones up to the one asked for are printed: a higher one means that it fell back. */
    if (rules->choice[KD_AR_DUMP_UP_TO_ASKED] &&
        any_printed(zones, zone_count, asked + 1, KD_ZONE_MOVABLE))
        return;
    out->asked_assumed = true;
}

void kd_alloc_zone_sets_find(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                             const kd_alloc_zone *zones, size_t zone_count, kd_alloc_zone_sets *out)
{
    *out = (kd_alloc_zone_sets){ 0 };
    if (request->configured_zones) {
        /* The boot lines leave Movable out; the index always exists. */
        uint32_t set = (request->configured_zones | 1u << KD_ZONE_MOVABLE) & (SET_COUNT - 1);

        out->possible = UINT64_C(1) << set;
        out->asked =
            request->zone < KD_ZONE_KINDS ? resolve_asked(set, request->zone) : request->zone;
        return;
    }
    for (uint32_t set = 0; set < SET_COUNT; set++)
        if (set_fits(request, rules, zones, zone_count, set))
            out->possible |= UINT64_C(1) << set;
    settle_asked(request, rules, zones, zone_count, out);
}

static void widen(kd_alloc_bounds *bounds, bool *any, int64_t pages)
{
    if (!*any || pages < bounds->low)
        bounds->low = pages;
    if (!*any || pages > bounds->high)
        bounds->high = pages;
    *any = true;
}

kd_alloc_bounds kd_alloc_reserve_find(const kd_alloc_request *request,
                                      const kd_alloc_zone_sets *sets, const kd_alloc_zone *zone)
{
    kd_alloc_bounds reserve = { 0, 0 };
    bool any = false;

    if (zone->kind == sets->asked)
        return reserve;
    if (!has_row(zone))
        return (kd_alloc_bounds){ 0, KD_ALLOC_PAGES_MAX };
    for (uint32_t set = 0; set < SET_COUNT; set++) {
        uint32_t index;

        if (!(sets->possible >> set & 1u))
            continue;
        index = index_in(set, resolve_asked(set, request->zone));
        if (index < zone->lowmem_reserve_count)
            widen(&reserve, &any, kd_alloc_clamp(zone->lowmem_reserve[index]));
    }
    /* No set fits: a damaged row. Any entry may be the one. */
    for (uint32_t i = 0; !any && i < zone->lowmem_reserve_count; i++) {
        bool first = i > 0;

        widen(&reserve, &first, kd_alloc_clamp(zone->lowmem_reserve[i]));
    }
    return reserve;
}

/* decode_whole.c - is a part of a memory dump whole?
 *
 * What tells: the buddy line ends in its sum; a zone line ends in the counter that its version
 * prints last, a line of lowmem_reserve[] follows, then another zone or the first buddy line; all
 * zones have columns alike. Which counter is the last one: all_unreclaimable (zones to 4.7, nodes
 * from 4.8), free_cma (zones from 4.8), gpu_reclaim (nodes from 7.1). Vendor trees print others:
 * then all lines agree on it.
 */
#include "family/memdump/decode_whole.h"

static bool is_last(kd_str name)
{
    return kd_str_is(name, "all_unreclaimable") || kd_str_is(name, "free_cma") ||
           kd_str_is(name, "gpu_reclaim");
}

bool kd_dump_list_is_whole(const kdf_zone *zone)
{
    return zone->buddy_kb.src != 0 && zone->buddy_adds_up.v;
}

static bool is_reserve_whole(const kdf_zone *zone, const kdf_zone *first)
{
    uint32_t count = zone->lowmem_reserve_pages.count;
    return count > 0 && count == first->lowmem_reserve_pages.count && zone->reserve_ended;
}

static bool is_zone_whole(const kdf_meminfo *meminfo, const kdf_zone *zone)
{
    const kdf_zone *zones = meminfo->zones.items;
    bool alone = true;
    if (!zone->free_kb.src || !zone->min_kb.src || !zone->high_kb.src)
        return false;
    if (zone->last_counter.len == 0 || !is_reserve_whole(zone, zones))
        return false;
    for (uint32_t i = 0; i < meminfo->zones.count; i++) {
        if (&zones[i] == zone)
            continue;
        alone = false;
        if (!kd_str_eq(zones[i].last_counter, zone->last_counter))
            return false;
    }
    return !alone || is_last(zone->last_counter);
}

bool kd_dump_zones_are_whole(const kdf_meminfo *meminfo)
{
    const kdf_zone *zones = meminfo->zones.items;
    for (uint32_t i = 0; i < meminfo->zones.count; i++)
        if (!is_zone_whole(meminfo, &zones[i]))
            return false;
    return meminfo->zones.count > 0 && (meminfo->zones_ended || meminfo->ram_pages.src);
}

bool kd_dump_lists_are_whole(const kdf_meminfo *meminfo)
{
    const kdf_zone *zones = meminfo->zones.items;
    for (uint32_t i = 0; i < meminfo->zones.count; i++)
        if (!kd_dump_list_is_whole(&zones[i]))
            return false;
    return kd_dump_zones_are_whole(meminfo);
}

bool kd_dump_nodes_are_whole(const kdf_meminfo *meminfo)
{
    const kdf_node *nodes = meminfo->nodes.items;
    for (uint32_t i = 0; i < meminfo->nodes.count; i++) {
        if (nodes[i].last_counter.len == 0 ||
            !kd_str_eq(nodes[i].last_counter, nodes[0].last_counter))
            return false;
        if (meminfo->nodes.count == 1 && !is_last(nodes[i].last_counter))
            return false;
    }
    return true;
}

/* decode_accounting.c - where the memory of a dump went.
 *
 * Adds up the counters that hold pages of their own (facts/accounting.def) and compares the sum
 * with what the page allocator manages. Each name is taken from one place only.
 */
#include "family/memdump/decode_accounting.h"
#include "family/fields.h"
#include "family/memdump/decode_whole.h"

#include <string.h>

/* More than any machine has; sums of as many as a dump can hold still fit. */
#define MOST_KB (UINT64_C(1) << 46)

static void add(kd_accounting *out, const char *name, uint64_t kb, kd_src src, kd_growth growth)
{
    if (kb > MOST_KB) {
        out->known = false;
        return;
    }
    if (src == 0 || kb == 0 || out->count >= KD_MAX_ACCOUNTS)
        return;
    out->items[out->count++] = (kd_account){ name, kb, src, growth };
    out->accounted_kb += kb;
}

static uint64_t kb_of(uint64_t pages, uint64_t page_kb)
{
    return pages <= MOST_KB / page_kb ? pages * page_kb : UINT64_MAX;
}

/* ---- one counter ----------------------------------------------------------------------------- */

static uint64_t add_up(uint64_t sum, const kd_pair *pair, kd_src *src)
{
    if (!pair)
        return sum;
    *src = pair->src;
    return pair->v > MOST_KB || sum > MOST_KB ? UINT64_MAX : sum + pair->v;
}

static uint64_t kb_by_name(const kdf_meminfo *meminfo, const char *name, kd_src *src)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < meminfo->nodes.count; i++)
        sum =
            add_up(sum, kd_map_find(&KD_ITEMS(meminfo->nodes, kdf_node)[i].counters_kb, name), src);
    if (*src != 0)
        return sum;
    for (uint32_t i = 0; i < meminfo->zones.count; i++)
        sum =
            add_up(sum, kd_map_find(&KD_ITEMS(meminfo->zones, kdf_zone)[i].counters_kb, name), src);
    return sum;
}

static uint64_t value_of(const kdf_meminfo *meminfo, const kd_counter *counter, uint64_t page_kb,
                         kd_src *src)
{
    const kd_pair *pair;
    *src = 0;
    if (counter->printed == KD_PRINTED_KB)
        return kb_by_name(meminfo, counter->name, src);
    if (counter->printed == KD_PRINTED_END) { /* the only one */
        *src = meminfo->hwpoisoned_pages.src;
        return kb_of(meminfo->hwpoisoned_pages.v, page_kb);
    }
    pair = kd_map_find(&meminfo->counters_pages, counter->name);
    *src = pair ? pair->src : 0;
    return pair ? kb_of(pair->v, page_kb) : 0;
}

static void add_counters(const kdf_meminfo *meminfo, uint64_t page_kb, uint32_t version,
                         kd_accounting *out)
{
    for (size_t i = 0; i < kd_counter_count; i++) {
        const kd_counter *row = &kd_counters[i];
        kd_src src;
        if (row->inside)
            continue;
        uint64_t kb = value_of(meminfo, row, page_kb, &src);
        bool lacks = src == 0 && !out->missing && kd_counter_is_due(row, version);
        if ((src == 0 && !lacks) || !kd_counter_counts(row, version))
            continue;
        if (lacks)
            out->missing = row->name;
        else
            add(out, row->name, kb, src, row->growth);
    }
}

/* ---- huge pages ------------------------------------------------------------------------------ */

/* A pool is in no other counter, its free pages either. */
static void add_huge_pages(const kdf_meminfo *meminfo, kd_accounting *out)
{
    uint64_t sum = 0;
    kd_src src = 0;
    for (uint32_t i = 0; i < meminfo->hugepages.count; i++) {
        const kdf_hugepages *pool = &KD_ITEMS(meminfo->hugepages, kdf_hugepages)[i];
        uint64_t pages = pool->total.v, size_kb = pool->size_kb.v;
        if (size_kb > MOST_KB || (size_kb > 0 && pages > MOST_KB / size_kb) || sum > MOST_KB)
            sum = UINT64_MAX;
        else
            sum += pages * size_kb;
        src = pool->total.src;
    }
    add(out, "hugetlb", sum, src, KD_GROWTH_WORKLOAD);
}

/* ---- how much there is ----------------------------------------------------------------------- */

typedef struct zone_sums {
    uint64_t managed_kb, present_kb;
    bool all_managed; /* every zone line names it */
    kd_src src;
} zone_sums;

static zone_sums sum_zones(const kdf_meminfo *meminfo)
{
    zone_sums sums = { .all_managed = meminfo->zones.count > 0 };
    for (uint32_t i = 0; i < meminfo->zones.count; i++) {
        const kdf_zone *zone = &KD_ITEMS(meminfo->zones, kdf_zone)[i];
        if (zone->managed_kb.src == 0 || zone->managed_kb.v > MOST_KB ||
            zone->present_kb.v > MOST_KB) {
            sums.all_managed = false;
            continue;
        }
        sums.managed_kb += zone->managed_kb.v;
        sums.present_kb += zone->present_kb.v;
        sums.src = zone->managed_kb.src;
    }
    return sums;
}

/* RAM less reserved pages: 0 where the closing lines are not there. To 4.2 the CMA areas, which
 * are managed, are missing in the reserved pages: their number may even have gone below zero. */
static uint64_t usable_ram_kb(const kdf_meminfo *meminfo, uint64_t page_kb, uint32_t version)
{
    uint64_t ram = meminfo->ram_pages.v, reserved = meminfo->reserved_pages.v;
    if (!meminfo->ram_pages.src || !meminfo->reserved_pages.src || ram > MOST_KB / page_kb)
        return 0;
    if (kd_reserved_lacks_cma(version) && meminfo->cma_reserved_pages.src) {
        reserved += meminfo->cma_reserved_pages.v;
        if (reserved > ram)
            reserved &= UINT32_MAX; /* of a 32-bit kernel */
    }
    return reserved <= ram ? (ram - reserved) * page_kb : 0;
}

/* The zone lines tell it, unless some are left out: from 6.1 on those above the zone asked for,
 * and, since 2.6.39, nodes that the task may not use. Before 3.15 "pages RAM" counts holes. */
static void find_managed(kd_accounting *out, const kdf_meminfo *meminfo, uint64_t page_kb,
                         uint32_t version)
{
    zone_sums zones = sum_zones(meminfo);
    uint64_t usable = usable_ram_kb(meminfo, page_kb, version);
    uint64_t ram_kb = kb_of(meminfo->ram_pages.v, page_kb);
    bool all_zones = zones.all_managed && (meminfo->ram_pages.src == 0 || version < V(3, 15) ||
                                           zones.present_kb + page_kb >= ram_kb);
    out->managed_by_zones = zones.managed_kb > 0 && (all_zones || usable == 0);
    out->managed_kb = out->managed_by_zones ? zones.managed_kb : usable;
    out->managed_src = out->managed_by_zones ? zones.src : meminfo->ram_pages.src;
    out->reserved_src = out->managed_by_zones ? 0 : meminfo->reserved_pages.src;
}

/* ---- what may lie in the remainder ----------------------------------------------------------- */

static void find_hidden(kd_accounting *out, const kdf_meminfo *meminfo, uint64_t page_kb)
{
    const kdf_swap *swap = &meminfo->swap;
    const kd_pair *driver = kd_map_find(&meminfo->vendor, "cma_driver");
    kd_src src = 0, zspages = 0;
    out->balloon_kb = kb_by_name(meminfo, "Balloon", &src);
    if (out->balloon_kb > MOST_KB)
        out->balloon_kb = 0;
    (void)kb_by_name(meminfo, "zspages", &zspages);
    if (zspages == 0 && swap->total_kb.src && swap->free_kb.src &&
        swap->total_kb.v > swap->free_kb.v && swap->total_kb.v <= MOST_KB) {
        out->swap_store_kb = (swap->total_kb.v - swap->free_kb.v) / 2;
        out->swap_src = swap->free_kb.src;
    }
    if (driver && kb_of(driver->v, page_kb) <= MOST_KB) {
        out->cma_driver_kb = kb_of(driver->v, page_kb);
        out->cma_driver_src = driver->src;
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static uint64_t pages_of(const kdf_meminfo *meminfo, const char *name)
{
    const kd_pair *pair = kd_map_find(&meminfo->counters_pages, name);
    return pair ? pair->v : 0;
}

/* Node lines came with 4.8: a dump that has them is no older. */
static uint32_t likely_version(const kdf_meminfo *meminfo, uint32_t version)
{
    return version == 0 && meminfo->nodes.count > 0 ? V(4, 8) : version;
}

void kd_account_for(const kdf_meminfo *meminfo, uint64_t page_kb, uint32_t version,
                    kd_accounting *out)
{
    *out = (kd_accounting){ .known = true };
    page_kb = page_kb ? page_kb : 4;
    find_managed(out, meminfo, page_kb, likely_version(meminfo, version));
    add_counters(meminfo, page_kb, version, out);
    add_huge_pages(meminfo, out);
    find_hidden(out, meminfo, page_kb);
    /* without slab it is a dump from before the allocator was given its memory */
    out->known =
        out->known && out->managed_kb > 0 && out->managed_kb <= MOST_KB &&
        kd_map_find(&meminfo->counters_pages, "free") &&
        (pages_of(meminfo, "slab_unreclaimable") > 0 || pages_of(meminfo, "slab_reclaimable") > 0);
    out->unaccounted_kb = (int64_t)out->managed_kb - (int64_t)out->accounted_kb;
    /* more than there is, by more than the drift of counters: zones were cut off */
    if (out->unaccounted_kb < -(int64_t)(out->managed_kb / 50 + 1024))
        out->known = false;
    out->complete = out->known && !out->missing && kd_dump_zones_are_whole(meminfo) &&
                    kd_dump_nodes_are_whole(meminfo) && meminfo->ram_pages.src;
}

const kd_account *kd_account_find(const kd_accounting *a, const char *name)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i].name, name) == 0)
            return &a->items[i];
    return NULL;
}

/* accounting.c - where the memory of a dump went. Layer: decode.
 *
 * Counters that overlap are left out: mapped and shmem lie inside the LRU lists, free_cma inside
 * free, dirty and writeback inside the file lists. Each name is taken from one place only.
 */
#include "decode/accounting.h"

/* Pages, in the global block. */
static const char *const page_counters[] = {
    "free", "free_pcp", "active_anon", "inactive_anon", "isolated_anon", "active_file",
    "inactive_file", "isolated_file", "unevictable", "slab_reclaimable", "slab_unreclaimable",
    "pagetables", "sec_pagetables", "bounce",
};

/* kB, in zone lines or node lines, depending on the version. */
static const char *const kb_counters[] = { "kernel_stack", "shadow_call_stack", "zspages" };

static void add(kd_accounting *out, const char *name, uint64_t kb, kd_src src)
{
    if (src == 0 || kb == 0 || out->count >= KD_MAX_ACCOUNTS)
        return;
    out->items[out->count++] = (kd_account){ name, kb, src };
    out->accounted_kb += kb;
}

static uint64_t sum_in_nodes(const kdf_meminfo *meminfo, const char *name, kd_src *src)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < meminfo->nodes.count; i++) {
        const kd_pair *pair =
            kd_map_find(&KD_ITEMS(meminfo->nodes, kdf_node)[i].counters_kb, name);
        if (pair) {
            sum += pair->v;
            *src = pair->src;
        }
    }
    return sum;
}

static uint64_t sum_in_zones(const kdf_meminfo *meminfo, const char *name, kd_src *src)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < meminfo->zones.count; i++) {
        const kd_pair *pair =
            kd_map_find(&KD_ITEMS(meminfo->zones, kdf_zone)[i].counters_kb, name);
        if (pair) {
            sum += pair->v;
            *src = pair->src;
        }
    }
    return sum;
}

static void add_kb(kd_accounting *out, const kdf_meminfo *meminfo, const char *name)
{
    kd_src src = 0;
    uint64_t kb = sum_in_zones(meminfo, name, &src);
    if (src == 0)
        kb = sum_in_nodes(meminfo, name, &src);
    add(out, name, kb, src);
}

/* From 6.1 on a dump leaves out zones above the one asked for; then RAM less reserved counts. */
static void find_managed(kd_accounting *out, const kdf_meminfo *meminfo, uint64_t page_kb)
{
    uint64_t by_zones = 0, all = 0;
    for (uint32_t i = 0; i < meminfo->zones.count; i++)
        by_zones += KD_ITEMS(meminfo->zones, kdf_zone)[i].managed_kb.v;
    if (meminfo->ram_pages.src && meminfo->reserved_pages.src &&
        meminfo->ram_pages.v >= meminfo->reserved_pages.v)
        all = (meminfo->ram_pages.v - meminfo->reserved_pages.v) * page_kb;
    out->managed_by_zones = by_zones > 0 && by_zones + page_kb >= all;
    out->managed_kb = out->managed_by_zones ? by_zones : all;
    out->known = out->managed_kb > 0;
}

void kd_account_for(const kdf_meminfo *meminfo, uint64_t page_kb, kd_accounting *out)
{
    *out = (kd_accounting){ .known = false };
    find_managed(out, meminfo, page_kb);
    for (size_t i = 0; i < KD_COUNT(page_counters); i++) {
        const kd_pair *pair = kd_map_find(&meminfo->counters_pages, page_counters[i]);
        if (pair && pair->v <= UINT64_MAX / page_kb / 64)
            add(out, page_counters[i], pair->v * page_kb, pair->src);
    }
    for (size_t i = 0; i < KD_COUNT(kb_counters); i++)
        add_kb(out, meminfo, kb_counters[i]);
    out->known &= kd_map_find(&meminfo->counters_pages, "free") != NULL &&
                  kd_map_find(&meminfo->counters_pages, "slab_unreclaimable") != NULL;
    out->unaccounted_kb = (int64_t)out->managed_kb - (int64_t)out->accounted_kb;
    const kd_pair *driver = kd_map_find(&meminfo->vendor, "cma_driver");
    if (driver && driver->v <= UINT64_MAX / page_kb / 64) {
        out->cma_driver_kb = driver->v * page_kb;
        out->cma_driver_src = driver->src;
    }
}

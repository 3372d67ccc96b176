/* decode_slabs.c - how much memory the caches of /proc/slabinfo hold. */
#include "core/lists.h"
#include "family/fields.h"

/* a * b, or false when that is no 64-bit number. */
static bool multiply(uint64_t a, uint64_t b, uint64_t *out)
{
    if (b && a > UINT64_MAX / b)
        return false;
    *out = a * b;
    return true;
}

/* Lines of /proc/meminfo that say who holds memory, each page once. */
static const char holders[] =
    "SUnreclaim SReclaimable Percpu PageTables SecPageTables KernelStack Shmem AnonPages";

static void name_holder(kdf_meminfo_dump *dump)
{
    uint64_t most = 0;
    kd_str name = { "", 0 };
    for (uint32_t i = 0; i < dump->proc_meminfo_kb.count; i++) {
        const kd_pair *row = &KD_ITEMS(dump->proc_meminfo_kb, kd_pair)[i];
        if (row->v > most && kd_str_in_words(row->name, holders)) {
            most = row->v;
            name = row->name;
        }
    }
    for (uint32_t i = 0; i < dump->slabs.count; i++) {
        const kdf_slab_cache *cache = &KD_ITEMS(dump->slabs, kdf_slab_cache)[i];
        if (cache->total_kb.src && cache->total_kb.v > most) {
            most = cache->total_kb.v;
            name = cache->name.v;
        }
    }
    if (most > 0)
        kd_derive(&dump->held_by, name);
}

static bool is_power_of_two(uint64_t n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

/* A slab is a block of pages: with a number torn or written over, the columns no longer agree. */
static bool columns_agree(const kdf_slab_cache *cache)
{
    uint64_t room;
    if (!cache->objects.src || !cache->slab_count.src || !cache->objects_per_slab.src ||
        !cache->total_kb.src || cache->active_objects.v > cache->objects.v ||
        cache->slab_count.v == 0)
        return false;
    if (multiply(cache->slab_count.v, cache->objects_per_slab.v, &room) && room < cache->objects.v)
        return false;
    return cache->total_kb.v % cache->slab_count.v == 0 &&
           is_power_of_two(cache->total_kb.v / cache->slab_count.v);
}

bool kd_decode_slabs(kd_event *event, void *part, const kd_context *context)
{
    const kd_list *slabs = &((kdf_meminfo_dump *)part)->slabs;
    (void)event;
    uint64_t page = kd_context_page_size(context), bytes;
    for (uint32_t i = 0; i < slabs->count; i++) {
        kdf_slab_cache *cache = &KD_ITEMS(*slabs, kdf_slab_cache)[i];
        if (cache->active_objects.src && cache->object_size.src &&
            multiply(cache->active_objects.v, cache->object_size.v, &bytes))
            kd_derive(&cache->used_kb, bytes / 1024);
        if (cache->slab_count.src && cache->pages_per_slab.src &&
            multiply(cache->slab_count.v, cache->pages_per_slab.v, &bytes) &&
            multiply(bytes, page, &bytes))
            kd_derive(&cache->total_kb, bytes / 1024);
        cache->whole = cache->whole && columns_agree(cache);
    }
    name_holder(part);
    return true;
}

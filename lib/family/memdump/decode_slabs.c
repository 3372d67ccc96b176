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
    }
    return true;
}

/* slabs.c - how much memory the caches of /proc/slabinfo hold. Layer: decode. */
#include "core/decode.h"

#define put(field, value) \
    ((field)->src ? (void)0 : (void)((field)->v = (value), (field)->src = KD_DERIVED))

/* a * b, or false when that is no 64-bit number. */
static bool multiply(uint64_t a, uint64_t b, uint64_t *out)
{
    if (b && a > UINT64_MAX / b)
        return false;
    *out = a * b;
    return true;
}

void kd_decode_slabs(const kd_list *slabs, const kd_context *context)
{
    uint64_t page = kd_context_page_size(context), bytes;
    for (uint32_t i = 0; i < slabs->count; i++) {
        kdf_slab_cache *cache = &KD_ITEMS(*slabs, kdf_slab_cache)[i];
        if (cache->active_objects.src && cache->object_size.src &&
            multiply(cache->active_objects.v, cache->object_size.v, &bytes))
            put(&cache->used_kb, bytes / 1024);
        if (cache->slab_count.src && cache->pages_per_slab.src &&
            multiply(cache->slab_count.v, cache->pages_per_slab.v, &bytes) &&
            multiply(bytes, page, &bytes))
            put(&cache->total_kb, bytes / 1024);
    }
}

/* decode_kmalloc.c - what a page request tells of the kmalloc() behind it.
 *
 * The functions between the caller and the page allocator tell the two cases apart: those that
 * get a slab for a cache (then the order is the cache's own), and those for sizes past the caches.
 */
#include "family/alloc/decode_kmalloc.h"
#include "family/fields.h"

#include "core/version.h"
#include "family/shared/decode_trace_find.h"

#define MAX_ORDER_KNOWN 24u

static const char slub_functions[] =
    "new_slab allocate_slab slab_alloc alloc_slab_page slab_alloc_node new_slab_objects "
    "get_partial_node refill_objects refill_sheaf";
static const char slab_functions[] =
    "cache_alloc_refill cache_grow cache_grow_begin kmem_getpages fallback_alloc "
    "cache_alloc_node cache_alloc";
static const char slob_functions[] = "slob_new_pages slob_alloc";
static const char large_functions[] =
    "kmalloc_order kmalloc_order_trace kmalloc_large kmalloc_large_node kmalloc kmalloc_node "
    "kmalloc_track_caller kmalloc_node_track_caller kmalloc_track kmalloc_array krealloc kzalloc "
    "do_kmalloc do_kmalloc_node kmalloc_large_noprof kvmalloc_node kmalloc_reserve";

static const struct {
    kd_slab_allocator allocator;
    uint32_t from, until, pages;
} rows[] = {
#define KD_KMALLOC(allocator, from, until, pages) { KD_SLAB_##allocator, from, until, pages },
#include "family/alloc/kmalloc.def"
#undef KD_KMALLOC
};

static uint64_t find_limit(kd_slab_allocator allocator, uint32_t version, uint64_t page_bytes)
{
    version = version ? version : KD_NEWEST_KNOWN;
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (rows[i].allocator == allocator && kd_version_in(version, rows[i].from, rows[i].until))
            return rows[i].pages * page_bytes;
    return 0;
}

static void size_large(uint64_t order, uint64_t page_bytes, kd_kmalloc *out)
{
    out->max_bytes = page_bytes << order;
    out->min_bytes = order ? (page_bytes << (order - 1)) + 1 : 1;
    /* a size at the caches' limit would not have come here */
    if (out->min_bytes <= out->cache_limit_bytes)
        out->min_bytes = out->cache_limit_bytes + 1;
}

void kd_kmalloc_of(const kd_list *backtrace, uint64_t order, uint32_t version, uint64_t page_bytes,
                   kd_kmalloc *out)
{
    const kdf_frame *slub = kd_trace_find(backtrace, slub_functions);
    const kdf_frame *slab = kd_trace_find(backtrace, slab_functions);
    const kdf_frame *slob = kd_trace_find(backtrace, slob_functions);
    const kdf_frame *large = kd_trace_find(backtrace, large_functions);
    *out = (kd_kmalloc){ .kind = KD_KMALLOC_NONE };
    if (!backtrace || order > MAX_ORDER_KNOWN || !(slub || slab || large))
        return;
    /* SLAB asks for pages by way of its own functions only: without them it is SLUB */
    out->allocator = slob ? KD_SLAB_SLOB : slab ? KD_SLAB_SLAB : KD_SLAB_SLUB;
    out->cache_limit_bytes = find_limit(out->allocator, version, page_bytes);
    out->frame = slub ? slub : slab ? slab : large;
    out->kind = slub || slab ? KD_KMALLOC_SLAB_PAGE : KD_KMALLOC_LARGE;
    if (out->kind == KD_KMALLOC_LARGE)
        size_large(order, page_bytes, out);
    /* an order that no size past the caches needs: the trace is of something else */
    if (out->kind == KD_KMALLOC_LARGE && out->min_bytes > out->max_bytes)
        *out = (kd_kmalloc){ .kind = KD_KMALLOC_NONE };
}

const char *kd_slab_allocator_name(kd_slab_allocator allocator)
{
    static const char *const names[] = { [KD_SLAB_UNKNOWN] = "unknown",
                                         [KD_SLAB_SLUB] = "SLUB",
                                         [KD_SLAB_SLAB] = "SLAB",
                                         [KD_SLAB_SLOB] = "SLOB" };
    return names[allocator];
}

/* decode_kmalloc.h - what a page request tells of the kmalloc() behind it. */
#ifndef KD_ALLOC_DECODE_KMALLOC_H
#define KD_ALLOC_DECODE_KMALLOC_H

#include "core/event.h"
#include "family/fields.h"

typedef enum kd_slab_allocator {
    KD_SLAB_UNKNOWN,
    KD_SLAB_SLUB,
    KD_SLAB_SLAB,
    KD_SLAB_SLOB
} kd_slab_allocator;

typedef enum kd_kmalloc_kind {
    KD_KMALLOC_NONE,     /* the trace does not go through kmalloc() or a slab cache */
    KD_KMALLOC_LARGE,    /* past the caches: the order is that of the size */
    KD_KMALLOC_SLAB_PAGE /* a cache wanted a new slab: the order is the cache's */
} kd_kmalloc_kind;

typedef struct kd_kmalloc {
    kd_kmalloc_kind kind;
    kd_slab_allocator allocator;   /* told by the functions of the trace */
    uint64_t cache_limit_bytes;    /* largest size served by a cache; 0: no limit of its own */
    uint64_t min_bytes, max_bytes; /* KD_KMALLOC_LARGE: what the caller asked for */
    const kdf_frame *frame;        /* the function that shows it */
} kd_kmalloc;

/* @param version  packed; 0 unknown  @param page_bytes  size of a page */
void kd_kmalloc_of(const kd_list *backtrace, uint64_t order, uint32_t version, uint64_t page_bytes,
                   kd_kmalloc *out);

const char *kd_slab_allocator_name(kd_slab_allocator allocator);

#endif

/* decode_zone_blocks.h - the free blocks of one zone by order, whoever printed them. */
#ifndef KD_MEMDUMP_DECODE_ZONE_BLOCKS_H
#define KD_MEMDUMP_DECODE_ZONE_BLOCKS_H

#include "core/event.h"
#include "family/memdump/decode_fragmentation.h"

#define KD_BLOCK_ORDERS 24u

typedef enum kd_blocks_from {
    KD_BLOCKS_BY_TYPE,    /* /proc/pagetypeinfo: each migratetype apart */
    KD_BLOCKS_BY_LETTERS, /* a memory dump: which types an order has */
    KD_BLOCKS_ALL         /* /proc/buddyinfo: all types together */
} kd_blocks_from;

typedef struct kd_zone_blocks {
    kd_blocks_from from;
    size_t orders;
    uint64_t all[KD_BLOCK_ORDERS];
    /* On the lists of unmovable, movable and reclaimable pages: not CMA, HighAtomic, Isolate. At
     * most so many, unless the types are apart. */
    uint64_t usable[KD_BLOCK_ORDERS];
    uint64_t unmovable[KD_BLOCK_ORDERS], movable[KD_BLOCK_ORDERS], reclaimable[KD_BLOCK_ORDERS];
    kd_src src[KD_BLOCK_ORDERS]; /* a line the usable blocks of that order stand on */
} kd_zone_blocks;

/* False when the event does not tell. */
bool kd_zone_blocks_of(const kd_event *event, kd_str zone, uint64_t node, kd_zone_blocks *out);

/* Usable blocks of that order or larger. */
uint64_t kd_zone_blocks_at_or_above(const kd_zone_blocks *blocks, uint64_t order);

/* The kernel's measures over the usable blocks alone. */
void kd_zone_blocks_fragmentation(const kd_zone_blocks *blocks, uint32_t order,
                                  kd_fragmentation *out);

#endif

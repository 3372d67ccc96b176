/* decode_fragmentation.h - the kernel's two measures of external fragmentation.
 *
 * The same integer formulas as /sys/kernel/debug/extfrag (2.6.35 to 7.2); all migrate types are
 * counted together, as the kernel does.
 */
#ifndef KD_MEMDUMP_DECODE_FRAGMENTATION_H
#define KD_MEMDUMP_DECODE_FRAGMENTATION_H

#include <stddef.h>
#include <stdint.h>

/* Compaction is tried above this index (vm.extfrag_threshold). */
enum { KD_EXTFRAG_THRESHOLD = 500 };

typedef struct kd_fragmentation {
    uint64_t free_pages;
    uint64_t free_blocks;
    uint64_t suitable_blocks; /* blocks of the order that could be cut from what is free */
    int unusable_permille;    /* share of the free pages in smaller blocks: 0 .. 1000 */
    int index_permille;       /* -1000: a block is there; near 0: too little memory; near 1000:
                               * enough memory in pieces too small */
} kd_fragmentation;

/** @param counts  free blocks by order, `count` of them (24 at most are read) */
void kd_fragmentation_find(const uint64_t *counts, size_t count, uint32_t order,
                           kd_fragmentation *out);

#endif

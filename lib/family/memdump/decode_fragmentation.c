/* decode_fragmentation.c - fragmentation index and unusable free space index. */
#include "family/memdump/decode_fragmentation.h"

enum { ORDERS = 24 };

static uint64_t clamp_count(uint64_t count, size_t order)
{
    /* 2^45 pages an order: their sum and its product with 1000 fit. */
    uint64_t limit = UINT64_C(1) << (45 - order);

    return count < limit ? count : limit;
}

static void count_blocks(const uint64_t *counts, size_t count, uint32_t order,
                         kd_fragmentation *out)
{
    for (size_t i = 0; i < count && i < ORDERS; i++) {
        uint64_t blocks = clamp_count(counts[i], i);

        out->free_pages += blocks << i;
        out->free_blocks += blocks;
        if (i >= order)
            out->suitable_blocks += blocks << (i - order);
    }
}

static int find_unusable(const kd_fragmentation *found, uint32_t order)
{
    uint64_t usable;

    if (found->free_pages == 0)
        return 1000;
    usable = found->suitable_blocks ? found->suitable_blocks << order : 0;
    return (int)((found->free_pages - usable) * 1000 / found->free_pages);
}

static int find_index(const kd_fragmentation *found, uint32_t order)
{
    /* A shift that the type does not have: no block is as large. */
    uint64_t fitting = order < 64 ? found->free_pages * 1000 >> order : 0;

    if (found->free_blocks == 0)
        return 0;
    if (found->suitable_blocks > 0)
        return -1000;
    return 1000 - (int)((1000 + fitting) / found->free_blocks);
}

void kd_fragmentation_find(const uint64_t *counts, size_t count, uint32_t order,
                           kd_fragmentation *out)
{
    *out = (kd_fragmentation){ 0 };
    count_blocks(counts, count, order, out);
    out->unusable_permille = find_unusable(out, order);
    out->index_permille = find_index(out, order);
}

/* decode_zone_blocks.c - the free blocks of one zone by order, whoever printed them. */
#include "family/memdump/decode_zone_blocks.h"
#include "family/fields.h"

/* Keeps sums of forged numbers within 64 bits. */
#define MOST_BLOCKS (UINT64_C(1) << 48)

static uint64_t limited(uint64_t blocks)
{
    return blocks < MOST_BLOCKS ? blocks : MOST_BLOCKS;
}

static void add_row(const kd_row *row, kd_zone_blocks *out)
{
    bool unmovable = kd_str_is(row->name, "Unmovable"), movable = kd_str_is(row->name, "Movable");
    bool reclaimable = kd_str_is(row->name, "Reclaimable");
    for (uint32_t i = 0; i < row->values.count && i < KD_BLOCK_ORDERS; i++) {
        const kd_u64 *value = &KD_ITEMS(row->values, kd_u64)[i];
        uint64_t blocks = limited(value->v);
        out->all[i] += blocks;
        out->orders = i + 1 > out->orders ? i + 1 : out->orders;
        if (!unmovable && !movable && !reclaimable)
            continue;
        out->usable[i] += blocks;
        out->unmovable[i] += unmovable ? blocks : 0;
        out->movable[i] += movable ? blocks : 0;
        out->reclaimable[i] += reclaimable ? blocks : 0;
        out->src[i] = blocks > 0 || out->src[i] == 0 ? value->src : out->src[i];
    }
}

static bool from_types(const kdf_pagetypeinfo *info, kd_str zone, uint64_t node,
                       kd_zone_blocks *out)
{
    out->from = KD_BLOCKS_BY_TYPE;
    for (uint32_t i = 0; info && i < info->zones.count; i++) {
        const kdf_pagetype_zone *item = &KD_ITEMS(info->zones, kdf_pagetype_zone)[i];
        if (!kd_str_eq(item->name.v, zone) || item->node.v != node)
            continue;
        for (uint32_t k = 0; k < item->free.count && k < 16; k++)
            add_row(&KD_ITEMS(item->free, kd_row)[k], out);
    }
    return out->orders > 0;
}

static bool from_buddyinfo(const kdf_buddyinfo *info, kd_str zone, uint64_t node,
                           kd_zone_blocks *out)
{
    out->from = KD_BLOCKS_ALL;
    for (uint32_t i = 0; info && i < info->zones.count; i++) {
        const kdf_buddyinfo_zone *item = &KD_ITEMS(info->zones, kdf_buddyinfo_zone)[i];
        if (!kd_str_eq(item->name.v, zone) || item->node.v != node || out->orders > 0)
            continue;
        for (uint32_t k = 0; k < item->blocks.count && k < KD_BLOCK_ORDERS; k++) {
            const kd_u64 *value = &KD_ITEMS(item->blocks, kd_u64)[k];
            out->all[k] = out->usable[k] = limited(value->v);
            out->src[k] = value->src;
            out->orders = k + 1;
        }
    }
    return out->orders > 0;
}

/* No letters at all (before 3.8, or lost): any of them. */
static bool has_usable(kd_str letters)
{
    for (size_t i = 0; i < letters.len; i++)
        if (letters.ptr[i] == 'U' || letters.ptr[i] == 'M' || letters.ptr[i] == 'E')
            return true;
    return letters.len == 0;
}

static bool from_dump(const kdf_meminfo *info, kd_str zone, uint64_t node, kd_zone_blocks *out)
{
    out->from = KD_BLOCKS_BY_LETTERS;
    for (uint32_t i = 0; info && i < info->zones.count; i++) {
        const kdf_zone *item = &KD_ITEMS(info->zones, kdf_zone)[i];
        if (!kd_str_eq(item->name.v, zone) || item->node.v != node || out->orders > 0)
            continue;
        for (uint32_t k = 0; k < item->buddy.count; k++) {
            const kdf_buddy *buddy = &KD_ITEMS(item->buddy, kdf_buddy)[k];
            uint64_t order = buddy->order.v;
            if (order >= KD_BLOCK_ORDERS)
                continue;
            out->all[order] = limited(buddy->blocks.v);
            out->usable[order] = has_usable(buddy->types.v) ? out->all[order] : 0;
            out->src[order] = buddy->blocks.src;
            out->orders = order + 1 > out->orders ? (size_t)order + 1 : out->orders;
        }
    }
    return out->orders > 0;
}

bool kd_zone_blocks_of(const kd_event *event, kd_str zone, uint64_t node, kd_zone_blocks *out)
{
    *out = (kd_zone_blocks){ .orders = 0 };
    return from_types(KD_BODY(event, pagetypeinfo), zone, node, out) ||
           from_buddyinfo(KD_BODY(event, buddyinfo), zone, node, out) ||
           from_dump(kd_event_meminfo(event), zone, node, out);
}

uint64_t kd_zone_blocks_at_or_above(const kd_zone_blocks *blocks, uint64_t order)
{
    uint64_t sum = 0;
    for (uint64_t i = order; i < blocks->orders; i++)
        sum += blocks->usable[i];
    return sum;
}

void kd_zone_blocks_fragmentation(const kd_zone_blocks *blocks, uint32_t order,
                                  kd_fragmentation *out)
{
    kd_fragmentation_find(blocks->usable, blocks->orders, order, out);
}

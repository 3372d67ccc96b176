/* lists.c - which free blocks a request may take, by the letters of the buddy line.
 * */
#include "family/alloc/replay/parts.h"

static uint32_t column_count(const kd_alloc_zone *zone)
{
    return zone->order_count < KD_ALLOC_ORDERS ? zone->order_count : KD_ALLOC_ORDERS;
}

static uint64_t block_count(const kd_alloc_blocks *blocks)
{
    const uint64_t limit = UINT64_C(1) << 36;

    return blocks->count < limit ? blocks->count : limit;
}

static uint32_t letter_count(uint32_t letters)
{
    uint32_t count = 0;

    for (; letters; letters &= letters - 1)
        count++;
    return count;
}

/* How many of the blocks stand on the lists `wanted`: each letter says "at least one". */
static kd_alloc_bounds split(const kd_alloc_zone *zone, const kd_alloc_blocks *blocks,
                             uint32_t wanted)
{
    int64_t count = (int64_t)block_count(blocks);
    uint32_t letters = blocks->letters & KD_BLOCK_ALL;
    int64_t named = letter_count(letters);

    if (!zone->letters_known || (letters == 0 && count > 0))
        return (kd_alloc_bounds){ 0, count };
    if (count == 0 || !(letters & wanted))
        return (kd_alloc_bounds){ 0, 0 };
    if (!(letters & ~wanted))
        return (kd_alloc_bounds){ count, count };
    /* More letters than blocks: a damaged line; the letters still say what is there. */
    if (named > count)
        return (kd_alloc_bounds){ 1, count };
    return (kd_alloc_bounds){ letter_count(letters & wanted),
                              count - letter_count(letters & ~wanted) };
}

static void add_unusable(kd_alloc_supply *supply, uint32_t letters, uint64_t count)
{
    if (letters == KD_BLOCK_C)
        supply->cma_only += count;
    else if (letters == KD_BLOCK_H)
        supply->highatomic_only += count;
    else if (letters == KD_BLOCK_I)
        supply->isolate_only += count;
    else
        supply->mixed_unusable += count;
}

static void add_order(const kd_alloc_zone *zone, uint32_t order, uint32_t usable_letters,
                      kd_alloc_supply *out)
{
    const kd_alloc_blocks *blocks = &zone->blocks[order];
    uint64_t count = block_count(blocks);
    uint32_t letters = blocks->letters & KD_BLOCK_ALL;
    kd_alloc_bounds usable = split(zone, blocks, usable_letters);

    if (count == 0)
        return;
    out->blocks += count;
    out->usable.low += usable.low;
    out->usable.high += usable.high;
    if (!zone->letters_known || letters == 0) {
        out->letters_unknown = true;
        return;
    }
    out->letters |= letters;
    if (usable.high == 0)
        add_unusable(out, letters, count);
}

void kd_alloc_supply_count(const kd_alloc_zone *zone, uint32_t order, uint32_t usable_letters,
                           kd_alloc_supply *out)
{
    *out =
        (kd_alloc_supply){ .largest_usable_order = UINT32_MAX, .unlisted = zone->order_count == 0 };
    for (uint32_t i = order; i < column_count(zone); i++)
        add_order(zone, i, usable_letters, out);
    out->cma_present = (out->letters & KD_BLOCK_C) != 0;
    out->highatomic_present = (out->letters & KD_BLOCK_H) != 0;
    for (uint32_t i = 0; i < column_count(zone); i++)
        if (split(zone, &zone->blocks[i], usable_letters).high > 0)
            out->largest_usable_order = i;
}

kd_alloc_answer kd_alloc_supply_answer(const kd_alloc_supply *supply)
{
    if (supply->usable.low > 0)
        return KD_ANSWER_YES;
    return supply->usable.high > 0 ? KD_ANSWER_DEPENDS : KD_ANSWER_NO;
}

kd_alloc_bounds kd_alloc_highatomic_listed(const kd_alloc_zone *zone)
{
    kd_alloc_bounds pages = { 0, 0 };

    for (uint32_t i = 0; i < column_count(zone); i++) {
        kd_alloc_bounds blocks = split(zone, &zone->blocks[i], KD_BLOCK_H);

        pages.low += blocks.low * (INT64_C(1) << i);
        pages.high += blocks.high * (INT64_C(1) << i);
    }
    return pages;
}

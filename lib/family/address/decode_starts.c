/* decode_starts.c - where x86-64 kernels with RANDOMIZE_MEMORY (4.8 and later) have put the linear
 * map and the array of struct page, as far as the registers of a report tell.
 */
#include "core/version.h"
#include "family/address/decode_address.h"

#define ONE_GIB (UINT64_C(1) << 30)
/* The areas are put between these. */
#define LOWEST UINT64_C(0xffff880000000000)
#define HIGHEST UINT64_C(0xfffffe0000000000)

/* RAM takes so much of the array of struct page at most. */
static uint64_t pages_span(const kd_context *context)
{
    return kd_most_ram(context) / 4096 * 64;
}

/*
 * A register P that is a struct page pointer and one that is an address V of that very page: both
 * bases are multiples of 1 GiB, and RAM takes less than that of the array, so
 * vmemmap = P & ~(1 GiB - 1), and V - ((P - vmemmap) / 64 << 12) must be such a multiple. That the
 * per-CPU base lies in RAM from there on is the witness.
 */
static bool may_be_page(const kd_address_map *map, uint64_t page)
{
    uint64_t behind = page & (ONE_GIB - 1);
    return page % 64 == 0 && page > map->linear_high && page < HIGHEST &&
           behind < pages_span(map->context) && behind > 0;
}

static bool is_page_of(const kd_address_map *map, uint64_t page, uint64_t paged, uint64_t gs,
                       uint64_t *linear)
{
    uint64_t vmemmap = page & ~(ONE_GIB - 1), pfn = (page - vmemmap) / 64,
             ram = kd_most_ram(map->context);
    *linear = (paged & ~UINT64_C(0xfff)) - (pfn << 12);
    return *linear % ONE_GIB == 0 && *linear >= LOWEST && *linear < vmemmap && gs >= *linear &&
           gs - *linear < 2 * ram;
}

static void find_pair(kd_address_map *map, const kd_list *registers, uint64_t gs)
{
    const kd_pair *pairs = registers->items;
    uint64_t linear, found = 0;
    for (uint32_t i = 0; i < registers->count; i++)
        for (uint32_t k = 0; may_be_page(map, pairs[i].v) && k < registers->count; k++) {
            if (pairs[k].v < map->linear_low || pairs[k].v > map->linear_high ||
                !is_page_of(map, pairs[i].v, pairs[k].v, gs, &linear))
                continue;
            if (found && found != linear) {
                map->page = NULL; /* chance, one of them */
                return;
            }
            found = linear;
            map->page = &pairs[i];
            map->paged = &pairs[k];
        }
}

/* All RAM that the log tells of is below 1 GiB. */
static bool is_small(const kd_context *context)
{
    const kd_read_area *zone;
    for (size_t i = 0; (zone = kd_context_area(context, "RAM", i)) != NULL; i++)
        if (zone->end > ONE_GIB)
            return false;
    return context->ram_kb && context->ram_kb <= ONE_GIB / 1024;
}

/* Where the moved areas begin, as far as registers tell. Less than 1 GiB of RAM is all in the first
 * GiB of the linear map. */
void kd_address_find_starts(kd_address_map *map, const kd_list *registers)
{
    const kd_pair *base = kd_map_find(registers, "gs");
    uint64_t gs = base ? base->v : 0;
    if (!map->moved || !gs || map->version >= V(6, 15) || map->va_bits != 48)
        return;
    find_pair(map, registers, gs);
    if (map->page) {
        map->vmemmap_start = map->page->v & ~(ONE_GIB - 1);
        map->linear_start =
            (map->paged->v & ~UINT64_C(0xfff)) - ((map->page->v - map->vmemmap_start) / 64 << 12);
    } else if (is_small(map->context)) {
        map->linear_start = gs & ~(ONE_GIB - 1);
    }
    if (map->linear_start) {
        map->linear_low = map->linear_start;
        map->linear_high = map->linear_start + 2 * kd_most_ram(map->context) - 1;
    }
}

/* learn_page_size.c - the page size, by the first column of a buddy line. */
#include "core/lists.h"
#include "family/fields.h"

/* The first column of a buddy line is one page. */
void kd_learn_page_size(kd_context *context, const kd_event *event, const void *part,
                        kd_arena *arena)
{
    const kdf_meminfo *meminfo = part;
    (void)arena;
    if (context->page_size_known.by >= KD_BY_READ)
        return;
    for (uint32_t i = 0; i < meminfo->zones.count; i++) {
        const kdf_zone *zone = &KD_ITEMS(meminfo->zones, kdf_zone)[i];
        /* a torn line may have lost its first column: then it does not add up */
        if (!zone->buddy_adds_up.v || zone->page_kb.v < 4 || zone->page_kb.v > 256)
            continue;
        context->page_size = (uint32_t)zone->page_kb.v * 1024;
        context->page_size_known = (kd_known){ KD_BY_READ, kd_line_of(event, zone->page_kb.src) };
        return;
    }
}

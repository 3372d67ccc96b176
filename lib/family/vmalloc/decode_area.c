/* decode_area.c - candidates for a range of kernel addresses. */
#include "family/vmalloc/decode_area.h"

#define KASLR_START ((uint64_t)1024 * 4096)

void kd_area_add(kd_area_list *list, kd_area area)
{
    if (area.end <= area.start)
        return;
    if (list->count < KD_MAX_AREAS)
        list->items[list->count++] = area;
    else
        list->left_out = true;
}

void kd_area_assume(kd_area_list *list, const char *what)
{
    if (list->assumed_count < KD_MAX_ASSUMPTIONS)
        list->assumed[list->assumed_count++] = what;
}

bool kd_area_read(kd_area_list *list, const kd_context *context, const char *name)
{
    const kd_read_area *area;
    size_t before = list->count;
    for (size_t i = 0; (area = kd_context_area(context, name, i)); i++)
        kd_area_add(list, (kd_area){ area->start, area->end, KD_AREA_FIXED, "", &area->line });
    return list->count > before;
}

uint64_t kd_area_most(const kd_area_list *list)
{
    uint64_t most = 0;
    if (list->left_out)
        return 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].kind == KD_AREA_AT_LEAST)
            return 0;
        if (kd_area_bytes(&list->items[i]) > most)
            most = kd_area_bytes(&list->items[i]);
    }
    return most;
}

bool kd_area_is_read(const kd_area_list *list)
{
    return list->count > 0 && list->items[0].line;
}

static bool is_area(const kd_area *area, uint64_t start, uint64_t end)
{
    uint64_t bytes = kd_area_bytes(area);
    if (start >= end)
        return false;
    switch (area->kind) {
    case KD_AREA_FIXED:
        return end == area->end && start >= area->start && start - area->start <= KASLR_START;
    case KD_AREA_AT_LEAST: return area->start && end == area->end && start <= area->start;
    case KD_AREA_MOVED:
    case KD_AREA_FALLBACK:
        return end - start <= bytes &&
               end - start >= (bytes > KASLR_START ? bytes - KASLR_START : bytes);
    case KD_AREA_AT_MOST: /* the image takes at most an eighth of it */
        return (area->start == 0 || start == area->start) && end - start <= bytes &&
               end - start >= bytes - bytes / 8;
    }
    return false;
}

const kd_area *kd_area_match(const kd_area_list *list, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_area(&list->items[i], start, end))
            return &list->items[i];
    return NULL;
}

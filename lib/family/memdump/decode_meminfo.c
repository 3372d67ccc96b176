/* decode_meminfo.c - who holds the memory of a dump. */
#include "core/lists.h"
#include "family/fields.h"
#include "family/memdump/decode_accounting.h"

/* Largest first; the order of the table among equals. */
static void add_consumers(kdf_meminfo *meminfo, const kd_accounting *a, kd_arena *arena)
{
    for (size_t i = 0; i < a->count; i++) {
        kdf_consumer *item = KD_LIST_ADD(arena, &meminfo->consumers, kdf_consumer);
        if (!item)
            return;
        for (; item > KD_ITEMS(meminfo->consumers, kdf_consumer); item--) {
            if (item[-1].kb.v >= a->items[i].kb)
                break;
            *item = item[-1];
        }
        item->name = (kd_text){ kd_str_of(a->items[i].name), KD_DERIVED };
        item->kb = (kd_u64){ a->items[i].kb, a->items[i].src };
    }
}

bool kd_decode_meminfo(kd_event *event, void *part, const kd_context *context)
{
    kdf_meminfo *meminfo = part;
    kd_arena *arena = &event->arena;
    kd_accounting accounting;
    if (meminfo->zones.count == 0)
        return true;
    kd_account_for(meminfo, kd_context_page_size(context) / 1024, context->version, &accounting);
    if (!accounting.known)
        return true;
    kd_derive(&meminfo->managed_kb, accounting.managed_kb);
    add_consumers(meminfo, &accounting, arena);
    if (!accounting.complete)
        return true;
    char room[4096];
    size_t len =
        kd_str_print(room, sizeof room, "managed %llu kB", KD_LLU(accounting.managed_kb)).len;
    for (size_t i = 0; i < accounting.count; i++)
        len += kd_str_print(room + len, sizeof room - len, " - %s %llu", accounting.items[i].name,
                            KD_LLU(accounting.items[i].kb))
                   .len;
    kd_derive(&meminfo->unaccounted_kb, accounting.unaccounted_kb);
    kd_derive(&meminfo->unaccounted_is, kd_arena_str(arena, (kd_str){ room, len }));
    return true;
}

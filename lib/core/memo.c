/* memo.c - what the rules worked out about the event that is being judged. Layer: core. */
#include "core/memo.h"

#include <string.h>

struct kd_memo_slot {
    kd_memo_slot *next;
    const void *key;
    void *data;
};

void *kd_memo_room(kd_memo *memo, const void *key, size_t size, bool *fresh)
{
    *fresh = false;
    for (kd_memo_slot *slot = memo->slots; slot; slot = slot->next)
        if (slot->key == key)
            return slot->data;
    kd_memo_slot *slot = kd_arena_alloc(&memo->arena, sizeof *slot);
    void *data = slot ? kd_arena_room(&memo->arena, size) : NULL;
    if (!data)
        return NULL;
    *slot = (kd_memo_slot){ memo->slots, key, data };
    memo->slots = slot;
    *fresh = true;
    return data;
}

void *kd_memo_get(kd_memo *memo, const void *key, size_t size, bool *fresh)
{
    void *data = kd_memo_room(memo, key, size, fresh);
    if (data && *fresh)
        memset(data, 0, size);
    return data;
}

void kd_memo_clear(kd_memo *memo)
{
    kd_arena_free(&memo->arena);
    memo->slots = NULL;
}

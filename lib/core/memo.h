/* memo.h - what the rules worked out about the event that is being judged: the first that asks
 * computes it, the others of the same event find it. Layer: core. */
#ifndef KD_CORE_MEMO_H
#define KD_CORE_MEMO_H

#include "base/mem.h"

typedef struct kd_memo_slot kd_memo_slot;
typedef struct kd_memo {
    kd_arena arena; /* holds the slots and what is in them; given back after the event */
    kd_memo_slot *slots;
} kd_memo;

/* `size` bytes, the same for each who asks with that key: an address that the asker owns. Zeroed
 * when *fresh, and then to be filled in. NULL when refused: see mem->failed. */
KD_MUST_CHECK void *kd_memo_get(kd_memo *memo, const void *key, size_t size, bool *fresh);

/* The same; what is fresh is not zeroed. For large things of which little is used. */
KD_MUST_CHECK void *kd_memo_room(kd_memo *memo, const void *key, size_t size, bool *fresh);

/* Forgets everything: the next event begins. */
void kd_memo_clear(kd_memo *memo);

#endif

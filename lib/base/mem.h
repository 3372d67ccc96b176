/* mem.h - memory with a limit: counted allocations, arenas, growing lists. Layer: base.
 *
 * A kd_mem counts what it handed out. When the limit or the allocator says no, `failed` tells
 * which and stays set: callers go on with what they have and the session reports it once.
 */
#ifndef KD_BASE_MEM_H
#define KD_BASE_MEM_H

#include "base/str.h"

typedef struct kd_mem {
    const kd_allocator *allocator; /* outlives it */
    size_t used, limit;            /* bytes */
    kd_status failed;              /* KD_OK, KD_E_NOMEM or KD_E_LIMIT */
} kd_mem;

/* What an allocation gives must be looked at: the compiler sees to it. */
#define KD_MUST_CHECK __attribute__((warn_unused_result))

/* Like realloc with the old size named; new_size is not 0. NULL when refused (ptr stays valid). */
KD_MUST_CHECK void *kd_mem_resize(kd_mem *mem, void *ptr, size_t old_size, size_t new_size);
/* `ptr` may be NULL when the size is 0. */
void kd_mem_free(kd_mem *mem, void *ptr, size_t size);

/* ---- arena: many small things that die together ---------------------------------------------- */

typedef struct kd_chunk kd_chunk;
typedef struct kd_arena {
    kd_mem *mem;
    kd_chunk *top;
} kd_arena;

typedef struct kd_mark {
    kd_chunk *top;
    size_t used;
} kd_mark;

/* Zeroed, aligned for any type. NULL when refused: see mem->failed. */
KD_MUST_CHECK void *kd_arena_alloc(kd_arena *arena, size_t size);
/* The same, not zeroed. */
KD_MUST_CHECK void *kd_arena_room(kd_arena *arena, size_t size);
/* The first chunk of an empty arena, when what goes into it is known. False: refused. */
KD_MUST_CHECK bool kd_arena_reserve(kd_arena *arena, size_t size);
/* A copy that lives as long as the arena; the empty string when refused. */
KD_MUST_CHECK kd_str kd_arena_str(kd_arena *arena, kd_str text);
/* printf into the arena. Plain formats only; the text is cut at 4 KiB. */
KD_MUST_CHECK kd_str kd_arena_format(kd_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* All in one, one behind the other; the first as it is when refused. */
KD_MUST_CHECK kd_str kd_arena_join(kd_arena *arena, kd_str text, kd_str between, kd_str more);
kd_mark kd_arena_mark(const kd_arena *arena);
/* Gives back everything taken since the mark. */
void kd_arena_rollback(kd_arena *arena, kd_mark mark);
void kd_arena_free(kd_arena *arena);

/* What stands in an arena now, to come back to: what is changed and added later is undone, and all
 * pointers into it hold. NULL when refused. */
typedef struct kd_saved kd_saved;
KD_MUST_CHECK kd_saved *kd_arena_save(const kd_arena *arena);
void kd_arena_restore(kd_arena *arena, const kd_saved *saved);
void kd_saved_free(kd_mem *mem, kd_saved *saved); /* NULL is fine */
size_t kd_arena_used(const kd_arena *arena);

/* ---- growing arrays -------------------------------------------------------------------------- */

#define KD_VEC(type)     \
    struct {             \
        type *items;     \
        size_t len, cap; \
        void *wider;     \
    }

static inline size_t kd_vec_next_cap(size_t cap)
{
    return cap ? cap * 2 : 8;
}

/* Makes room for one more item at items[len]; false when refused. */
#define KD_VEC_ROOM(mem, vec)                                                               \
    ((vec)->len < (vec)->cap ||                                                             \
     (((vec)->wider = kd_mem_resize((mem), (vec)->items, (vec)->cap * sizeof *(vec)->items, \
                                    kd_vec_next_cap((vec)->cap) * sizeof *(vec)->items)) && \
      ((vec)->items = (vec)->wider, (vec)->cap = kd_vec_next_cap((vec)->cap), true)))
/* Makes room for so many items; false when refused. */
#define KD_VEC_RESERVE(mem, vec, count)                                                     \
    ((count) <= (vec)->cap ||                                                               \
     (((vec)->wider = kd_mem_resize((mem), (vec)->items, (vec)->cap * sizeof *(vec)->items, \
                                    (count) * sizeof *(vec)->items)) &&                     \
      ((vec)->items = (vec)->wider, (vec)->cap = (count), true)))
#define KD_VEC_FREE(mem, vec)                                                                  \
    (kd_mem_free((mem), (vec)->items, (vec)->cap * sizeof *(vec)->items), (vec)->items = NULL, \
     (vec)->len = (vec)->cap = 0)

#endif

/* mem.c - memory with a limit. Layer: base. */
#include "base/mem.h"

#include <string.h>

/* Small first chunks: a session holds thousands of one-line events. What is left of the last one is
 * lost: each adds an eighth to what is there. */
#define FIRST_CHUNK 1024u
#define LEAST_CHUNK 512u
#define LAST_CHUNK 65536u
/* Chunks below the top one that are asked for the room they have left. */
#define DEPTH 3u

struct kd_chunk {
    kd_chunk *below;
    size_t used, size; /* of data */
    size_t sum;        /* of the sizes, with those below */
    _Alignas(max_align_t) char data[];
};

void *kd_mem_resize(kd_mem *mem, void *ptr, size_t old_size, size_t new_size)
{
    if (new_size > old_size && new_size - old_size > mem->limit - mem->used) {
        mem->failed = mem->failed ? mem->failed : KD_E_LIMIT;
        return NULL;
    }
    void *fresh = mem->allocator->resize(mem->allocator->user, ptr, old_size, new_size);
    if (!fresh) {
        mem->failed = KD_E_NOMEM;
        return NULL;
    }
    mem->used += new_size - old_size;
    return fresh;
}

void kd_mem_free(kd_mem *mem, void *ptr, size_t size)
{
    mem->allocator->resize(mem->allocator->user, ptr, size, 0);
    mem->used -= size;
}

static kd_chunk *add_chunk(kd_arena *arena, size_t need)
{
    size_t sum = arena->top ? arena->top->sum : 0;
    size_t size = sum ? sum / 8 : FIRST_CHUNK;
    if (size < LEAST_CHUNK)
        size = LEAST_CHUNK;
    if (size > LAST_CHUNK)
        size = LAST_CHUNK;
    if (size < need)
        size = need;
    kd_chunk *chunk = kd_mem_resize(arena->mem, NULL, 0, sizeof *chunk + size);
    if (!chunk)
        return NULL;
    *chunk = (kd_chunk){ .below = arena->top, .size = size, .sum = sum + size };
    arena->top = chunk;
    return chunk;
}

bool kd_arena_reserve(kd_arena *arena, size_t size)
{
    return arena->top || add_chunk(arena, size);
}

/* What is taken below a mark is not given back by a rollback: it is lost until the arena dies. */
static kd_chunk *chunk_below(kd_chunk *chunk, size_t size)
{
    for (unsigned i = 0; chunk && i < DEPTH; i++) {
        chunk = chunk->below;
        if (chunk && chunk->size - chunk->used >= size)
            return chunk;
    }
    return NULL;
}

static inline void *take(kd_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    kd_chunk *chunk = arena->top;
    size = (size + align - 1) / align * align;
    if (!chunk || chunk->size - chunk->used < size) {
        chunk = chunk_below(chunk, size);
        chunk = chunk ? chunk : add_chunk(arena, size);
        if (!chunk)
            return NULL;
    }
    void *at = chunk->data + chunk->used;
    chunk->used += size;
    return at;
}

void *kd_arena_room(kd_arena *arena, size_t size)
{
    return take(arena, size);
}

void *kd_arena_alloc(kd_arena *arena, size_t size)
{
    void *at = take(arena, size);
    return at ? memset(at, 0, size) : NULL;
}

kd_str kd_arena_str(kd_arena *arena, kd_str text)
{
    char *copy = text.len ? take(arena, text.len) : NULL;
    if (!copy)
        return (kd_str){ "", 0 };
    memcpy(copy, text.ptr, text.len);
    return (kd_str){ copy, text.len };
}

kd_str kd_arena_format(kd_arena *arena, const char *format, ...)
{
    char buffer[4096];
    va_list args;
    va_start(args, format);
    kd_str text = kd_str_vprint(buffer, sizeof buffer, format, args);
    va_end(args);
    return kd_arena_str(arena, text);
}

kd_str kd_arena_join(kd_arena *arena, kd_str text, kd_str between, kd_str more)
{
    const kd_str parts[] = { text, between, more };
    size_t len = text.len + between.len + more.len;
    char *to = take(arena, len), *at = to;
    if (!to)
        return text;
    for (size_t i = 0; i < KD_COUNT(parts); at += parts[i++].len)
        if (parts[i].len > 0)
            memcpy(at, parts[i].ptr, parts[i].len);
    return (kd_str){ to, len };
}

kd_mark kd_arena_mark(const kd_arena *arena)
{
    return (kd_mark){ arena->top, arena->top ? arena->top->used : 0 };
}

static void drop_chunk(kd_arena *arena)
{
    kd_chunk *chunk = arena->top;
    arena->top = chunk->below;
    kd_mem_free(arena->mem, chunk, sizeof *chunk + chunk->size);
}

void kd_arena_rollback(kd_arena *arena, kd_mark mark)
{
    while (arena->top != mark.top)
        drop_chunk(arena);
    if (arena->top)
        arena->top->used = mark.used;
}

/* ---- coming back ----------------------------------------------------------------------------- */

struct kd_saved {
    size_t size; /* of all this */
    kd_chunk *top;
    char bytes[]; /* of the chunks, the top one first: how much is used, and that */
};

size_t kd_arena_used(const kd_arena *arena)
{
    size_t used = 0;
    for (const kd_chunk *chunk = arena->top; chunk; chunk = chunk->below)
        used += sizeof chunk->used + chunk->used;
    return used;
}

kd_saved *kd_arena_save(const kd_arena *arena)
{
    size_t size = sizeof(kd_saved) + kd_arena_used(arena);
    kd_saved *saved = kd_mem_resize(arena->mem, NULL, 0, size);
    if (!saved)
        return NULL;
    saved->size = size;
    saved->top = arena->top;
    char *at = saved->bytes;
    for (const kd_chunk *chunk = arena->top; chunk; chunk = chunk->below) {
        memcpy(at, &chunk->used, sizeof chunk->used);
        memcpy(at + sizeof chunk->used, chunk->data, chunk->used);
        at += sizeof chunk->used + chunk->used;
    }
    return saved;
}

/* The arena may stand in what is restored: `arena` is a copy of it. */
void kd_arena_restore(kd_arena *arena, const kd_saved *saved)
{
    const char *at = saved->bytes;
    while (arena->top != saved->top)
        drop_chunk(arena);
    for (kd_chunk *chunk = arena->top; chunk; chunk = chunk->below) {
        memcpy(&chunk->used, at, sizeof chunk->used);
        memcpy(chunk->data, at + sizeof chunk->used, chunk->used);
        at += sizeof chunk->used + chunk->used;
    }
}

void kd_saved_free(kd_mem *mem, kd_saved *saved)
{
    if (saved)
        kd_mem_free(mem, saved, saved->size);
}

void kd_arena_free(kd_arena *arena)
{
    while (arena->top)
        drop_chunk(arena);
}

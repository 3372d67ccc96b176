/* plain.h - an allocator that takes what it needs, and numbers that look random and are the same in
 * each run. */
#ifndef KD_TEST_PLAIN_H
#define KD_TEST_PLAIN_H

#include <stdint.h>
#include <stdlib.h>

#include "kdiag.h"

static inline void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)old_size;
    if (new_size > 0)
        return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

static const kd_allocator allocator = { .resize = resize };

static uint64_t seed;

static inline unsigned next_random(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

#endif

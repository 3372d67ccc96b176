/* heap.h - memory for a session that may become large. */
#ifndef OOPSDOC_HEAP_H
#define OOPSDOC_HEAP_H

#include "kdiag.h"

typedef struct heap {
    size_t used; /* bytes that were handed out */
    char *end;   /* of what the C library has, when it was looked at last; NULL: there is little */
} heap;

/* For one thread; lasts as long as `h`. */
kd_allocator heap_allocator(heap *h);

#endif

/* heap.c - memory of the C library; where it becomes much, in huge pages. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "heap.h"

/* A small log is done in the time that a huge page takes to be cleared. */
#define SMALL ((size_t)1 << 20)
#define STEP (64 << 20)

/* With pages of 4 KiB, a third of the time of a large report goes into page faults. */
static void use_huge_pages(heap *h)
{
#ifdef __GLIBC__
    char *end = sbrk(0);
    if (!h->end)
        mallopt(M_TOP_PAD, STEP);
    else if (end > h->end)
        madvise(h->end, (size_t)(end - h->end), MADV_HUGEPAGE);
    h->end = end;
#else
    (void)h;
#endif
}

static void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
    heap *h = user;
    void *to = NULL;
    if (new_size == 0)
        free(ptr);
    else if (!(to = realloc(ptr, new_size)))
        return NULL;
    h->used += new_size - old_size;
    if (h->used > SMALL)
        use_huge_pages(h);
    return to;
}

kd_allocator heap_allocator(heap *h)
{
    return (kd_allocator){ resize, h };
}

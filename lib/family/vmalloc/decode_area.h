/* decode_area.h - a range of kernel addresses, and how it is known. */
#ifndef KD_VMALLOC_DECODE_AREA_H
#define KD_VMALLOC_DECODE_AREA_H

#include "core/context.h"

#define KD_MAX_AREAS 4u
#define KD_MAX_ASSUMPTIONS 4u

typedef enum kd_area_kind {
    KD_AREA_FIXED,    /* start and end hold */
    KD_AREA_MOVED,    /* only the size holds: end - start */
    KD_AREA_AT_MOST,  /* the size is at most end - start */
    KD_AREA_AT_LEAST, /* ends there, but may begin lower; start 0: the size is at least that */
    KD_AREA_FALLBACK  /* MOVED, and searched only after the one before it failed */
} kd_area_kind;

typedef struct kd_area {
    uint64_t start, end; /* end is exclusive; start 0: the place is not known */
    kd_area_kind kind;
    const char *condition;   /* what it depends on; "" when nothing is open */
    const kd_line_ref *line; /* the boot line that names it; NULL: a fact of the kernel's sources */
} kd_area;

typedef struct kd_area_list {
    kd_area items[KD_MAX_AREAS];             /* candidates, the likeliest first */
    size_t count;                            /* 0: nothing is known */
    bool left_out;                           /* there are more, for which there was no room */
    const char *assumed[KD_MAX_ASSUMPTIONS]; /* what a .config or a boot line would settle */
    size_t assumed_count;
} kd_area_list;

/* Both do nothing when there is no room. */
void kd_area_add(kd_area_list *list, kd_area area);
void kd_area_assume(kd_area_list *list, const char *what);

/* The rows of the boot log's memory layout of that name, if there are any. */
bool kd_area_read(kd_area_list *list, const kd_context *context, const char *name);

static inline uint64_t kd_area_bytes(const kd_area *area)
{
    return area->end - area->start;
}

/* What no candidate exceeds; 0 when that is not known. */
uint64_t kd_area_most(const kd_area_list *list);
/* Is it read from the log, not assumed? */
bool kd_area_is_read(const kd_area_list *list);

/* The candidate that a printed range is, or NULL. KASLR of x86_64 and s390 moves the start up by at
 * most 4 MiB (1024 pages); where only the size is known, it must agree. */
const kd_area *kd_area_match(const kd_area_list *list, uint64_t start, uint64_t end);

#endif

/* module_area.h - the range of kernel addresses that modules are loaded into. Layer: decode. */
#ifndef KD_DECODE_MODULE_AREA_H
#define KD_DECODE_MODULE_AREA_H

#include "context/context.h"

#define KD_MAX_AREAS 4u
#define KD_MAX_ASSUMPTIONS 4u

typedef struct kd_area {
    uint64_t start, end;   /* end is exclusive; start 0: moved by KASLR, only the size is known */
    const char *condition; /* what it depends on; "" when nothing is open */
} kd_area;

typedef struct kd_module_area {
    kd_area areas[KD_MAX_AREAS]; /* candidates; the first is the default */
    size_t count;                /* 0: this architecture has no area of its own, or is unknown */
    uint64_t page_offset;        /* 32-bit arm */
    const char *assumed[KD_MAX_ASSUMPTIONS]; /* what a .config would settle */
    size_t assumed_count;
    bool plts_possible;          /* arm from 4.4, arm64 from 4.6: fallback to the vmalloc area */
    bool plts_from_later;        /* arm before 4.4 */
    bool own_area;               /* apart from the vmalloc area: vmalloc= does not move it */
} kd_module_area;

void kd_module_area_of(const kd_context *context, kd_module_area *out);

/* A branch from the bottom of an area that begins 32 MiB below PAGE_OFFSET to the kernel text. */
typedef struct kd_arm_branch {
    uint64_t bottom, text, needed, limit, misses;
} kd_arm_branch;
void kd_arm_branch_of(uint64_t page_offset, kd_arm_branch *out);

#endif

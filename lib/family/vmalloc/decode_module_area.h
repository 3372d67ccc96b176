/* decode_module_area.h - the range of kernel addresses that modules are loaded into. */
#ifndef KD_VMALLOC_DECODE_MODULE_AREA_H
#define KD_VMALLOC_DECODE_MODULE_AREA_H

#include "family/vmalloc/decode_area.h"

/* Is a second range searched when the first is full? */
typedef enum kd_fallback {
    KD_FALLBACK_NEVER,
    KD_FALLBACK_BY_CONFIG, /* a .config option decides, and none was given */
    KD_FALLBACK_ALWAYS
} kd_fallback;

typedef struct kd_module_area {
    kd_area_list list;    /* candidates; none: modules live in the vmalloc area, or it is unknown */
    uint64_t page_offset; /* 32-bit arm */
    kd_fallback plts;     /* arm: into the vmalloc area; arm64: into a window of 2 GiB */
    bool plts_from_later; /* arm before 4.4 */
    bool own_area;        /* apart from the vmalloc area: vmalloc= does not move it */
    bool jit_apart;       /* BPF programs have a range of their own */
} kd_module_area;

void kd_module_area_of(const kd_context *context, kd_module_area *out);

/* Leaves only the candidates that hold this address of a module, if there are any. */
void kd_module_area_narrow(kd_module_area *area, uint64_t module_address);

/* Where the kernel text is, when a line tells; 0: not known. */
uint64_t kd_text_address(const kd_context *context);

/* A branch from the bottom of an area that begins 32 MiB below PAGE_OFFSET to the kernel text. */
typedef struct kd_arm_branch {
    uint64_t bottom, text, needed, limit, misses;
} kd_arm_branch;
void kd_arm_branch_of(uint64_t page_offset, kd_arm_branch *out);

#endif

/* decode_vmalloc_area.h - the range of kernel addresses of vmalloc(), vmap() and ioremap().
 * */
#ifndef KD_VMALLOC_DECODE_VMALLOC_AREA_H
#define KD_VMALLOC_DECODE_VMALLOC_AREA_H

#include "family/vmalloc/decode_area.h"

typedef struct kd_vmalloc_area {
    kd_area_list list;
    bool has_option;       /* vmalloc= on the command line sets the size */
    bool wide;             /* 64-bit addresses */
    uint64_t option_bytes; /* what vmalloc= asked for; 0: not given */
} kd_vmalloc_area;

void kd_vmalloc_area_of(const kd_context *context, kd_vmalloc_area *out);

/* Are addresses 64 bits wide? */
bool kd_arch_is_wide(const kd_context *context);

#endif

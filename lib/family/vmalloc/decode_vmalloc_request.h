/* decode_vmalloc_request.h - what a failed vmalloc() asked for, who asked, and why it may have
 * failed.
 * */
#ifndef KD_VMALLOC_DECODE_VMALLOC_REQUEST_H
#define KD_VMALLOC_DECODE_VMALLOC_REQUEST_H

#include "core/context.h"
#include "family/fields.h"

/* The hole that a request needs: its pages and one guard page. UINT64_MAX when that overflows. */
uint64_t kd_vmalloc_hole(uint64_t bytes, uint64_t page);

/* Is a hole of that size what this request needs? `page` is the page size, or 0 when the log does
 * not tell it: then the one that agrees is set. Requests that may use huge pages
 * (VM_ALLOW_HUGE_VMAP) are first rounded up to the size of one. */
typedef struct kd_hole_fit {
    bool fits;
    uint64_t page, unit; /* bytes; `unit` is what the request was rounded up to */
} kd_hole_fit;
kd_hole_fit kd_vmalloc_fits(uint64_t bytes, uint64_t hole, uint64_t page);

/* A size that is a negative number read as unsigned: -1 to -2^20 in 32 or 64 bits. */
bool kd_vmalloc_negative(uint64_t bytes, int64_t *out);

typedef enum kd_vmalloc_purpose {
    KD_VMALLOC_UNKNOWN,
    KD_VMALLOC_USER,
    KD_VMALLOC_FILE,
    KD_VMALLOC_MODULE,
    KD_VMALLOC_JIT,
    KD_VMALLOC_PROBE,
    KD_VMALLOC_STACK,
    KD_VMALLOC_OTHER
} kd_vmalloc_purpose;

typedef struct kd_vmalloc_caller {
    kd_vmalloc_purpose purpose;
    const char *what;              /* "a BPF map, ..."; "" when unknown */
    const kdf_frame *frame;        /* who asked; NULL: the trace does not show it */
    const kdf_frame *module_frame; /* module_alloc() or execmem_alloc(): the module area was asked;
                                    * NULL when plain vmalloc() stands below them */
    bool is_plain;                 /* vmalloc(), vmap() ... : the vmalloc area was asked */
} kd_vmalloc_caller;
void kd_vmalloc_caller_of(const kd_list *backtrace, kd_vmalloc_caller *out);

/* All RAM in bytes by the event's dump or the boot log; 0: not known. totalram_pages, which the
 * kernel compares with, is smaller. @param src  line of the dump; 0: from the boot log */
uint64_t kd_ram_bytes(const kdf_meminfo *meminfo, const kd_context *context, kd_src *src);
/* totalram_pages in bytes, as far as the dump tells: RAM less the reserved pages; else all RAM. */
uint64_t kd_total_bytes(const kdf_meminfo *meminfo, const kd_context *context);

#endif

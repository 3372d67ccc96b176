/* accounting.h - where the memory of a dump went: what its counters explain, what they do not.
 * Layer: decode. */
#ifndef KD_DECODE_ACCOUNTING_H
#define KD_DECODE_ACCOUNTING_H

#include "context/context.h"

#define KD_MAX_ACCOUNTS 24u

typedef struct kd_account {
    const char *name; /* the kernel's word for it */
    uint64_t kb;
    kd_src src;       /* line of the counter */
} kd_account;

typedef struct kd_accounting {
    bool known;            /* false: the dump does not say how much memory there is */
    uint64_t managed_kb;   /* what the page allocator owns */
    bool managed_by_zones; /* summed over the zone lines; else RAM less reserved pages */
    kd_account items[KD_MAX_ACCOUNTS];
    size_t count;
    uint64_t accounted_kb; /* sum of the items */
    int64_t unaccounted_kb;
    uint64_t cma_driver_kb; /* vendor dumps: CMA pages that drivers hold; 0 unknown */
    kd_src cma_driver_src;
} kd_accounting;

/* @param page_kb  size of a page in kB */
void kd_account_for(const kdf_meminfo *meminfo, uint64_t page_kb, kd_accounting *out);

#endif

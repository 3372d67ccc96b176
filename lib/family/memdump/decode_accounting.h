/* decode_accounting.h - where the memory of a dump went: what its counters explain, what they do
 * not.
 * */
#ifndef KD_MEMDUMP_DECODE_ACCOUNTING_H
#define KD_MEMDUMP_DECODE_ACCOUNTING_H

#include "core/context.h"
#include "family/fields.h"
#include "family/memdump/accounting.h"

#define KD_MAX_ACCOUNTS 32u

typedef struct kd_account {
    const char *name; /* the kernel's word for it */
    uint64_t kb;
    kd_src src; /* line of the counter */
    kd_growth growth;
} kd_account;

typedef struct kd_accounting {
    bool known;            /* false: the dump does not say how much memory there is, or what is
                            * free, or contradicts itself; nothing below may be relied on */
    bool complete;         /* and no counter that this version prints was cut off */
    const char *missing;   /* the first such counter */
    uint64_t managed_kb;   /* what the page allocator owns */
    bool managed_by_zones; /* summed over the zone lines; else RAM less reserved pages */
    kd_src managed_src, reserved_src;  /* a line that it was taken from */
    kd_account items[KD_MAX_ACCOUNTS]; /* each page once, in the order of accounting.def */
    size_t count;
    uint64_t accounted_kb; /* sum of the items */
    int64_t unaccounted_kb;
    /* What may lie in the remainder without being a riddle. */
    uint64_t balloon_kb;    /* of balloon drivers that leave their pages in the managed memory */
    uint64_t swap_store_kb; /* zram, zswap: at most, at 2:1; 0 where the dump counts zspages */
    uint64_t cma_driver_kb; /* vendor dumps: CMA pages that drivers hold; 0 unknown */
    kd_src cma_driver_src, swap_src;
} kd_accounting;

/* @param page_kb  size of a page in kB
 * @param version  packed; 0 unknown */
void kd_account_for(const kdf_meminfo *meminfo, uint64_t page_kb, uint32_t version,
                    kd_accounting *out);

/* The item of that name, or NULL. */
const kd_account *kd_account_find(const kd_accounting *a, const char *name);

#endif

/* accounting.h - the counters of a memory dump by kernel version. */
#ifndef KD_MEMDUMP_ACCOUNTING_H
#define KD_MEMDUMP_ACCOUNTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/version.h"

typedef enum kd_growth {
    KD_GROWTH_FREE,
    KD_GROWTH_CACHE,    /* reclaim gives it back */
    KD_GROWTH_WORKLOAD, /* of processes and devices */
    KD_GROWTH_KERNEL    /* only its owner gives it back */
} kd_growth;

typedef enum kd_printed { KD_PRINTED_PAGES, KD_PRINTED_KB, KD_PRINTED_END } kd_printed;

typedef struct kd_counter {
    const char *name;
    kd_printed printed;
    const char *inside; /* what counts the same pages already; NULL: nothing does */
    kd_growth growth;
    bool always;
    uint32_t from, until;
} kd_counter;

extern const kd_counter kd_counters[];
extern const size_t kd_counter_count;

/* The row of that name which holds for the version, else its first row; NULL: no such counter.
 * @param version  packed; 0 unknown */
const kd_counter *kd_counter_find(const char *name, uint32_t version);

/* Is it that row? Rows of one name stand together. */
bool kd_counter_counts(const kd_counter *row, uint32_t version);

/* Does every dump of the version print it? Of an unknown version: of every version. */
bool kd_counter_is_due(const kd_counter *counter, uint32_t version);

/* The CMA areas were taken off the number of reserved pages, of which they were no part
 * (3.19 to 4.2, and trees with that line before). */
static inline bool kd_reserved_lacks_cma(uint32_t version)
{
    return version < V(4, 3);
}

#endif

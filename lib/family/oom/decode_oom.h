/* decode_oom.h - what an OOM report's numbers say: what ran out, who holds it, was it the right
 * one.
 * */
#ifndef KD_OOM_DECODE_OOM_H
#define KD_OOM_DECODE_OOM_H

#include "family/fields.h"
#include "family/memdump/decode_accounting.h"

#define KD_OOM_TOP 3u
#define KD_OOM_SHARES 10u

/* What memory is used for. */
typedef enum kd_oom_use {
    KD_OOM_PROCESSES,   /* anonymous memory: heap, stacks, private mappings */
    KD_OOM_SHMEM,       /* tmpfs, shared memory, memfd */
    KD_OOM_CACHE,       /* page cache of files */
    KD_OOM_UNEVICTABLE, /* mlock(), and what may not be reclaimed */
    KD_OOM_SLAB,        /* kernel objects that cannot be reclaimed */
    KD_OOM_RECLAIMABLE, /* slab that could be: dentries, inodes */
    KD_OOM_PAGETABLES,
    KD_OOM_STACKS,     /* of the kernel: one for each thread */
    KD_OOM_HUGETLB,    /* pools of huge pages, used or not */
    KD_OOM_UNACCOUNTED /* no counter names it */
} kd_oom_use;

typedef struct kd_oom_share {
    kd_oom_use use;
    uint64_t kb;
    kd_src src; /* line of one of its counters */
} kd_oom_share;

typedef struct kd_oom_process {
    const kdf_oom_task *row;
    uint64_t rss_kb, swap_kb;
    uint64_t badness_kb; /* rss, swap and page tables, as the kernel adds them, without its adj */
} kd_oom_process;

/* Processes of one name. */
typedef struct kd_oom_name {
    kd_str comm;
    uint32_t processes;
    uint64_t rss_kb, swap_kb;
    kd_oom_process largest;
} kd_oom_name;

typedef struct kd_oom_picture {
    uint64_t page_kb;
    /* the task table, each process once */
    uint32_t process_count;
    uint64_t rss_kb, swap_kb, pgtables_kb;
    kd_oom_process top[KD_OOM_TOP];
    size_t top_count;
    kd_oom_name name;      /* whose processes hold most memory */
    kd_oom_process victim; /* row NULL: not in the table */
    uint64_t victim_kb;    /* its memory by the table, else by the kill line */
    uint32_t victim_rank;  /* 1: none is larger; 0: unknown */
    bool table_whole;      /* the choice follows the task table, no row is torn */
    /* the memory dump */
    kd_accounting accounting;
    kd_oom_share shares[KD_OOM_SHARES]; /* largest first */
    size_t share_count;
    uint64_t free_kb, hugetlb_kb, hugetlb_free_kb;
    bool swap_known, swap_full;
    uint64_t swap_total_kb, swap_free_kb;
    const kdf_slab_cache *slab; /* the largest cache of the table, or NULL */
} kd_oom_picture;

/* @param page_kb  size of a page in kB  @param version  packed; 0 unknown */
void kd_oom_look(const kdf_oom *oom, uint64_t page_kb, uint32_t version, kd_oom_picture *out);

/* ---- kinds of report that no page request of the log explains -------------------------------- */

/* order=-1: a person or a watchdog asked for the kill (sysrq-f). */
bool kd_oom_is_sysrq(const kdf_oom *oom);
/* gfp_mask=0x0, order=0: a page fault ended in VM_FAULT_OOM; what was asked for is not known. */
bool kd_oom_is_page_fault(const kdf_oom *oom);

/* ---- control groups -------------------------------------------------------------------------- */

typedef enum kd_memcg_sign {
    KD_MEMCG_NO,
    KD_MEMCG_CONSTRAINT, /* constraint=CONSTRAINT_MEMCG */
    KD_MEMCG_REASON,     /* "Memory cgroup out of memory" */
    KD_MEMCG_LIMIT_OF,   /* "killed as a result of limit of" */
    KD_MEMCG_COUNTERS,   /* memory: usage ..., limit ... */
    KD_MEMCG_TRACE       /* a function that is called for groups alone is in the trace */
} kd_memcg_sign;

/* Those functions, for kd_trace_find(). */
extern const char kd_memcg_oom_functions[];

/* What shows that a group's limit, not the machine's memory, led to the kill. */
kd_memcg_sign kd_oom_memcg_sign(const kdf_oom *oom);

/* The counter at its limit: of memory, memory+swap, kernel memory; NULL when none is. */
typedef struct kd_memcg_limit {
    const kdf_memcg_counter *counter;
    const char *name;
} kd_memcg_limit;
kd_memcg_limit kd_oom_memcg_limit(const kdf_memcg *memcg);
/* The kernel prints its largest number where no limit is set. */
bool kd_oom_is_unlimited(uint64_t limit_kb);

#define KD_MEMCG_PARTS 10u
typedef struct kd_memcg_part {
    const char *name; /* the kernel's word */
    uint64_t kb;
    kd_src src;
} kd_memcg_part;
/* What the group's memory is used for, largest first; parts do not overlap. @return their number */
size_t kd_oom_memcg_parts(const kdf_memcg *memcg, kd_memcg_part out[KD_MEMCG_PARTS]);

#endif

/* replay.h - the page allocator's decision, taken again from the numbers of a dump.
 *
 *
 * Input: what was asked, and the zones as printed. Output: zone by zone which check failed, in
 * numbers, and one verdict for all. All amounts are pages; the caller converts from kB. Numbers
 * that a dump does not print are bounded, and the result says whether the bounds leave the
 * verdict open. Pure: no I/O, no allocation; results go to structs of the caller.
 *
 * The moment is that of the dump, which is taken after the failure.
 */
#ifndef KD_ALLOC_REPLAY_REPLAY_H
#define KD_ALLOC_REPLAY_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "family/alloc/alloc_rules.h"
#include "family/memdump/zone.h"
#include "kdiag.h"

enum {
    KD_ALLOC_ORDERS = 24,  /* columns of a buddy line kept; the largest known are 17 */
    KD_ALLOC_RESERVES = 8, /* entries of lowmem_reserve[] kept */
    KD_ALLOC_ATTEMPTS = 2
};
/* Greater amounts are cut to this, so that sums cannot overflow. */
#define KD_ALLOC_PAGES_MAX (INT64_C(1) << 50)

/* Migrate types, as the letters of a buddy line. */
enum {
    KD_BLOCK_U = 1,  /* Unmovable */
    KD_BLOCK_M = 2,  /* Movable */
    KD_BLOCK_E = 4,  /* Reclaimable */
    KD_BLOCK_R = 8,  /* Reserve, to 4.3 */
    KD_BLOCK_H = 16, /* HighAtomic, from 4.4 */
    KD_BLOCK_C = 32, /* CMA */
    KD_BLOCK_I = 64, /* Isolate */
    KD_BLOCK_ALL = 127
};

typedef enum kd_alloc_hint { KD_HINT_UNKNOWN, KD_HINT_NO, KD_HINT_YES } kd_alloc_hint;

/* What was asked. Bits that a version does not have stay false. */
typedef struct kd_alloc_request {
    uint32_t version; /* KD_KERNEL of the real (stable) version */
    uint32_t order;
    kd_zone_kind zone; /* by kd_alloc_zone_asked() */
    bool high;         /* __GFP_HIGH */
    bool atomic_bit;   /* __GFP_ATOMIC, 4.4 - 6.2 (6.1.y included) */
    bool can_wait;     /* __GFP_WAIT, __GFP_DIRECT_RECLAIM */
    bool no_kswapd;    /* __GFP_NO_KSWAPD, to 4.3 */
    bool nomemalloc;
    bool memalloc;
    bool movable;
    bool reclaimable;
    bool mobility_off; /* "mobility grouping off": all requests are unmovable */
    /* The task: PF_MEMALLOC (kswapd, or reclaim below in the trace); interrupt; OOM victim. */
    kd_alloc_hint reclaiming, in_interrupt, oom_victim;
    /* One bit (1 << kind) for each zone that is configured, empty ones too; 0 = not known. */
    uint32_t configured_zones;
    bool node_bound;        /* a node mask, a cpuset or __GFP_THISNODE keeps it from other nodes */
    bool global_free_known; /* `free:` of Mem-Info */
    uint64_t global_free_pages;
    uint32_t cpus; /* 0 = not known */
} kd_alloc_request;

typedef struct kd_alloc_blocks {
    uint64_t count;
    uint32_t letters; /* KD_BLOCK_* */
} kd_alloc_blocks;

/* One zone as printed. */
typedef struct kd_alloc_zone {
    kd_zone_kind kind;
    uint32_t node;
    bool excluded; /* the node is outside the nodemask, cpuset or __GFP_THISNODE */
    bool boost_known, reserved_highatomic_known, free_highatomic_known;
    bool letters_known; /* the buddy line has letters */
    uint64_t free_pages;
    uint64_t min_pages, low_pages, high_pages; /* as printed: boost included */
    uint64_t boost_pages;
    uint64_t free_cma_pages;      /* 0 where not printed */
    uint64_t unprinted_cma_pages; /* at most so many more may be CMA: the line does not tell */
    uint64_t reserved_highatomic_pages, free_highatomic_pages;
    uint64_t managed_pages; /* `present` where managed is not printed */
    uint64_t lowmem_reserve[KD_ALLOC_RESERVES];
    uint32_t lowmem_reserve_count;
    uint32_t order_count; /* columns of the buddy line; 0 = no line */
    kd_alloc_blocks blocks[KD_ALLOC_ORDERS];
} kd_alloc_zone;

/* A number between two bounds; equal where it is exact. */
typedef struct kd_alloc_bounds {
    int64_t low, high;
} kd_alloc_bounds;

typedef enum kd_alloc_answer { KD_ANSWER_NO, KD_ANSWER_DEPENDS, KD_ANSWER_YES } kd_alloc_answer;

/* The rights of one attempt ("alloc flags"). */
typedef struct kd_alloc_rights {
    bool high, harder, victim, no_watermarks;
    bool cma;               /* CMA blocks and pages may be used */
    bool highatomic_pages;  /* highatomic pages are not subtracted */
    bool highatomic_area;   /* the free-area check sees H blocks */
    bool highatomic_blocks; /* the list search takes H blocks */
    bool any_block_passes;  /* the free-area check passes on any block */
    bool unboosted_test;
    uint32_t area_letters;   /* the free-area check looks at these */
    uint32_t usable_letters; /* the list search takes these */
} kd_alloc_rights;

typedef enum kd_alloc_check {
    KD_CHECK_PASSED,
    KD_CHECK_AMOUNT,    /* usable pages <= mark + lowmem_reserve */
    KD_CHECK_HALVING,   /* to 4.3: too few pages in blocks above some order */
    KD_CHECK_FREE_AREA, /* from 4.4: no list of a suitable type has a block */
    KD_CHECK_LISTS,     /* the watermark passes, the list search finds nothing */
    KD_CHECK_UNKNOWN    /* no buddy line */
} kd_alloc_check;

/* Blocks of the order asked for and above, counted as blocks (not as pieces of the order). */
typedef struct kd_alloc_supply {
    uint64_t blocks;          /* of all types */
    kd_alloc_bounds usable;   /* that this request may take */
    uint64_t cma_only;        /* on orders whose letters are C alone */
    uint64_t highatomic_only; /* H alone */
    uint64_t isolate_only;    /* I alone */
    uint64_t mixed_unusable;  /* several of C, H, I, none usable */
    uint32_t letters;         /* all letters seen there */
    bool cma_present, highatomic_present;
    bool unlisted;                 /* no buddy line */
    bool letters_unknown;          /* there are blocks and their types are not printed */
    uint32_t largest_usable_order; /* of any order; UINT32_MAX = no usable block at all */
} kd_alloc_supply;

/* The amount test and the order test of one attempt, step by step. */
typedef struct kd_alloc_test {
    kd_alloc_rights rights;
    /* usable = free - order_pages - highatomic - cma */
    int64_t free_pages, order_pages, cma_pages;
    int64_t unprinted_cma_pages; /* only `usable_pages.low` is less by them */
    kd_alloc_bounds highatomic_pages, usable_pages;
    /* mark: min, after the reduction for HIGH, after the second one (HARDER or OOM victim) */
    int64_t min_pages, after_high_pages, mark_pages;
    kd_alloc_bounds reserve_pages; /* lowmem_reserve[zone asked for] */
    kd_alloc_bounds line_pages;    /* mark + reserve: usable must be greater */
    kd_alloc_answer amount;
    /* `amount` depends only on a highatomic reserve that is not printed, and the letters show
     * none: the verdict reads it as passed. Any other amount that depends is read as failed,
     * for the kernel did refuse. */
    bool amount_leans_pass;
    bool passed_fast_test;      /* order 0, 4.8 - 5.8: highatomic pages counted */
    bool passed_unboosted_test; /* order 0: only against the mark without boost */
    kd_alloc_bounds unboosted_min_pages;
    /* Halving loop: the first order at which it fails, and the two numbers compared there. */
    kd_alloc_answer order_test;
    uint32_t halving_order;
    int64_t halving_pages, halving_mark_pages;
    kd_alloc_supply supply;
    kd_alloc_check failed; /* the first check that fails */
    kd_alloc_answer succeeds;
} kd_alloc_test;

typedef enum kd_alloc_listed {
    KD_LISTED,
    KD_LISTED_NOT_ABOVE_ASKED, /* a higher zone than the mask asks for */
    KD_LISTED_NOT_NODE,        /* excluded node */
    KD_LISTED_NOT_DEVICE       /* device memory is never handed out */
} kd_alloc_listed;

typedef struct kd_alloc_zone_result {
    kd_alloc_listed listed;
    uint32_t attempt_count;
    uint32_t best; /* the attempt that got furthest */
    kd_alloc_test tests[KD_ALLOC_ATTEMPTS];
    kd_alloc_check failed; /* of the attempt `best` */
    kd_alloc_answer succeeds;
    bool short_by_reserve_only; /* amount would pass without lowmem_reserve */
    bool near_line;             /* amount within drift and per-cpu batches of the line */
    bool decides;               /* has part in the verdict: at least 1 % of reachable memory */
    bool would_serve;           /* KD_LISTED_NOT_NODE: it would, were its node allowed */
    /* Vendor trees that place CMA before the per-cpu types let the free-area check pass on CMA
     * blocks; then the list search refuses. The verdict is the same. */
    bool watermark_loop_counts_cma_unsure;
} kd_alloc_zone_result;

typedef enum kd_alloc_verdict {
    KD_ALLOC_UNKNOWN,
    KD_ALLOC_WOULD_SUCCEED,   /* by the dump: memory came free in between */
    KD_ALLOC_ONLY_CMA,        /* enough pages; the blocks of the order are CMA */
    KD_ALLOC_ONLY_HIGHATOMIC, /* enough pages; the blocks of the order are HighAtomic */
    KD_ALLOC_FRAGMENTED,      /* enough pages; no block of the order */
    KD_ALLOC_BELOW_WATERMARK, /* short of memory */
    KD_ALLOC_ZONE_EXHAUSTED,  /* short in the zones the mask allows, while others have memory */
    KD_ALLOC_NODE_BOUND,      /* fails on the nodes it is bound to; another node would serve it */
    KD_ALLOC_ORDER_TOO_LARGE  /* refused before any search */
} kd_alloc_verdict;

typedef struct kd_alloc_result {
    kd_alloc_verdict verdict;
    /* The same verdict for every value inside the bounds, every split of a block count between
     * its letters, and both readings of a drifting rule. */
    bool agrees_for_every_split;
    /* Proved for the moment of the dump (not: of the failure). */
    bool proved;
    bool mixed;               /* zones with 1 % and more of the memory fail for other reasons */
    bool rules_drift;         /* the version stands on a drifting boundary ... */
    bool drift_matters;       /* ... and the other reading gives another verdict */
    bool no_block;            /* in no zone of the list a block this request may take: exact */
    bool near_line;           /* an amount is so near its line that the verdict turns with it */
    bool short_by_boost;      /* amount would pass with the mark without boost */
    bool short_by_reserve;    /* amount would pass without lowmem_reserve */
    bool short_by_cma;        /* amount would pass if CMA pages could be used */
    bool short_by_highatomic; /* amount would pass if highatomic pages could be used */
    bool other_node_known;    /* a zone of an excluded node would serve the request: */
    size_t other_node_zone;   /* this one */
    size_t zone;              /* the zone that would succeed, or the largest of the deciding ones */
    kd_zone_kind zone_asked;  /* after falling back where that zone is not configured */
    bool zone_asked_assumed;  /* not proved: neither the boot lines nor the dump tell */
    uint32_t order_count;     /* as used for ORDER_TOO_LARGE */
    /* Free memory in zones that the request may not use: printed, and (global - printed). */
    int64_t excluded_free_pages, elsewhere_free_pages;
    int64_t reachable_free_pages;
} kd_alloc_result;

/** Kind of a zone by its printed name ("DMA32"); KD_ZONE_INVALID for others. */
kd_zone_kind kd_alloc_zone_kind(kd_str name);
/** Zone asked for by a mask (its low four bits); KD_ZONE_INVALID for senseless combinations. */
kd_zone_kind kd_alloc_zone_asked(uint64_t mask);

/** The rights of each attempt. @return their number, 1 or 2 */
uint32_t kd_alloc_rights_find(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                              kd_alloc_rights out[KD_ALLOC_ATTEMPTS]);

/**
 * Takes the decision again. The zones stand in any order. Zones of excluded nodes are tested as
 * well, for what would have been; only KD_ALLOC_NODE_BOUND looks at them.
 * The verdict's zone: a zone with less than 1 % of the reachable memory (managed pages of the
 * zones in the list) has no say. If the zones that fail by amount hold more memory than those
 * that have enough (zones short only by lowmem_reserve count for neither side, unless all are),
 * the verdict is shortage; otherwise the lists decide, over all zones that have enough.
 * @param zone_results  `zone_count` entries, filled
 */
void kd_alloc_replay(const kd_alloc_request *request, const kd_alloc_zone *zones, size_t zone_count,
                     kd_alloc_zone_result *zone_results, kd_alloc_result *out);

/**
 * What the buddy lines alone tell, where the lines with the marks are lost: the zones have
 * `free_pages` from their lists, and no marks. KD_ALLOC_UNKNOWN: a list has a block that the
 * request may take, or is missing; then the marks decide.
 */
void kd_alloc_replay_lists(const kd_alloc_request *request, const kd_alloc_zone *zones,
                           size_t zone_count, kd_alloc_zone_result *zone_results,
                           kd_alloc_result *out);

#endif

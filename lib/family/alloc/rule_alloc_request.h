/* rule_alloc_request.h - a failed request with the allocator's decision on it, and what the rules
 * on failed allocations say alike. */
#ifndef KD_ALLOC_RULE_ALLOC_REQUEST_H
#define KD_ALLOC_RULE_ALLOC_REQUEST_H

#include "family/alloc/rule_alloc.h"

typedef struct kd_request {
    bool usable; /* false: no request, or no zone lines */
    bool asked;  /* order and mask are known */
    uint64_t order;
    kd_src order_src;
    kd_str comm;
    bool of_vmalloc;      /* vmalloc() asks for single pages: a shortage is beside its own reason */
    uint64_t request_kb;  /* size of the block asked for */
    const kd_event *kill; /* the OOM kill that had chosen this task before; NULL: none is known */
    kd_alloc_case c;
} kd_request;

/* The request of the event, re-played once for all rules; NULL when it is none or has no zone
 * lines. */
const kd_request *kd_request_of(const kd_view *view);
/* The same, where that is the decision; else NULL. */
const kd_request *kd_request_with(const kd_view *view, kd_alloc_verdict verdict);

/* The request where no zone line is in the log: what header, trace and buddy lines tell; else NULL.
 */
const kd_request *kd_request_rest(const kd_view *view);
const kd_request *kd_request_rest_with(const kd_view *view, kd_alloc_verdict verdict);

/* As sure as the re-play is: certain only when it is proved for every reading of the dump, the
 * version is known and its kernel is not one of many back-ports, and memory was not on the way
 * down while the dump was printed. */
kd_confidence kd_request_confidence(const kd_view *view, const kd_request *request);

/* "GFP_ATOMIC", or "the mask" */
kd_str kd_request_mask(const kd_request *request);

/* ---- facts, evidence, proof ---- */

/* The mask and order; for a task that the OOM killer had chosen, the kill that led here. */
void kd_say_asked(const kd_view *view, kd_emit *out, const kd_request *request);
/* kmalloc() beyond the caches goes to the page allocator: the order says how much. */
void kd_say_kmalloc(const kd_view *view, kd_emit *out, const kd_request *request);
/* Zone by zone: the amount against the line, and with `blocks` the free lists. */
void kd_say_zones(const kd_view *view, kd_emit *out, const kd_request *request, bool blocks);
void kd_say_request_facts(kd_emit *out, const kd_request *request);
/* The kernel's two measures of fragmentation, of the zone that decides. */
void kd_say_fragmentation(kd_emit *out, const kd_request *request);
void kd_say_not_cma(kd_emit *out, const kd_request *request);
/* Were the three samples of the dump level? */
void kd_say_samples(const kd_view *view, kd_emit *out, const kd_request *request);

/* Blocks of the order and above over the zones of the list that are not short by amount. */
typedef struct kd_block_sum {
    uint64_t blocks, largest_usable_kb;
    int64_t usable;
} kd_block_sum;
kd_block_sum kd_request_blocks(const kd_request *request);

/* What the buddy lines alone prove: no block that the request may take. */
kd_status kd_say_lists_alone(const kd_view *view, kd_emit *out, const kd_request *request);

/* What a mask forbids beside its zone: the narrowest ban. */
typedef struct kd_ban {
    const char *what; /* "may not sleep" */
    const char *flag; /* the bit that is missing, or that forbids */
    bool set;         /* it forbids by being set */
} kd_ban;
bool kd_ban_find(const kd_alloc_case *c, kd_ban *out);

/* ---- remedies: what fits the mask, the size, the caller and the version ---- */

void kd_advise_caller(const kd_view *view, kd_emit *out, const kd_request *request);
void kd_advise_smaller(const kd_view *view, kd_emit *out, const kd_request *request);
void kd_advise_sleeping(kd_emit *out, const kd_request *request);
void kd_advise_reserve(kd_emit *out, const kd_request *request);

#endif

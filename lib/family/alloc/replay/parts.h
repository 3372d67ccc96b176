/* parts.h - the parts of the allocator's re-play, for its own files. */
#ifndef KD_ALLOC_REPLAY_PARTS_H
#define KD_ALLOC_REPLAY_PARTS_H

#include "family/alloc/replay/replay.h"

/* Amounts of a dump, cut to what sums cannot overflow. */
static inline int64_t kd_alloc_clamp(uint64_t pages)
{
    return pages > (uint64_t)KD_ALLOC_PAGES_MAX ? KD_ALLOC_PAGES_MAX : (int64_t)pages;
}

/* usable > line, with bounds on both sides. */
static inline kd_alloc_answer kd_alloc_exceeds(kd_alloc_bounds usable, kd_alloc_bounds line)
{
    if (usable.low > line.high)
        return KD_ANSWER_YES;
    return usable.high <= line.low ? KD_ANSWER_NO : KD_ANSWER_DEPENDS;
}

/* ---- zones and lowmem_reserve (alloc_zones.c) ---- */

/* Which sets of configured zones the dump allows: bit s for the set s (a mask of kinds). */
typedef struct kd_alloc_zone_sets {
    uint64_t possible;
    kd_zone_kind asked;
    bool asked_assumed;
} kd_alloc_zone_sets;

void kd_alloc_zone_sets_find(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                             const kd_alloc_zone *zones, size_t zone_count,
                             kd_alloc_zone_sets *out);
kd_alloc_bounds kd_alloc_reserve_find(const kd_alloc_request *request,
                                      const kd_alloc_zone_sets *sets, const kd_alloc_zone *zone);

/* ---- lists (alloc_lists.c) ---- */

void kd_alloc_supply_count(const kd_alloc_zone *zone, uint32_t order, uint32_t usable_letters,
                           kd_alloc_supply *out);
/* Is a block there that this request may take? */
kd_alloc_answer kd_alloc_supply_answer(const kd_alloc_supply *supply);
/* Pages on the HighAtomic lists, as far as the letters tell. */
kd_alloc_bounds kd_alloc_highatomic_listed(const kd_alloc_zone *zone);

/* ---- watermark (alloc_watermark.c) ---- */

/* `test` has rights and supply; fills all the rest except failed and succeeds. */
void kd_alloc_watermark_test(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                             const kd_alloc_zone *zone, kd_alloc_bounds reserve,
                             kd_alloc_test *test);
/* Would the amount pass if `boost` pages were off the mark and `pages` more were usable? */
bool kd_alloc_amount_passes_with(const struct kd_alloc_rules *rules, const kd_alloc_test *test,
                                 int64_t boost, int64_t pages, bool no_reserve);
/* Is the amount so near the line that per-cpu batches and drift can turn the answer? */
bool kd_alloc_is_near_line(const kd_alloc_request *request, const struct kd_alloc_rules *rules,
                           const kd_alloc_zone *zone, const kd_alloc_test *test);

/* ---- verdict (alloc_verdict.c) ---- */

/* What one zone says. */
typedef enum kd_alloc_voice {
    KD_VOICE_SHORT,
    KD_VOICE_SHORT_BY_RESERVE,
    KD_VOICE_HALVING,
    KD_VOICE_NO_BLOCK,
    KD_VOICE_UNKNOWN,
    KD_VOICE_PASSES
} kd_alloc_voice;

/* Open answers are read in one way at a time. */
typedef struct kd_alloc_reading {
    enum { KD_READ_LEAN, KD_READ_PASS, KD_READ_FAIL } amount; /* an amount that depends */
    bool lists_pass; /* a list whose letters are not known has a block */
    enum { KD_NEAR_AS_IS, KD_NEAR_PASS, KD_NEAR_FAIL } near; /* an amount near its line */
} kd_alloc_reading;

/* The first is reported; then those of the open answers; then those of the near amounts. */
enum { KD_ALLOC_OPEN_READINGS = 5, KD_ALLOC_READINGS = 7 };

/* What was counted over all zones, under one reading. */
typedef struct kd_alloc_tally {
    int64_t short_weight, reserve_weight, list_weight, unknown_weight;
    int64_t largest[KD_VOICE_PASSES + 1]; /* weight of the largest zone of that voice */
    size_t zone[KD_VOICE_PASSES + 1];     /* that zone */
    bool any_pass, any_halving, any_block;
    kd_zone_kind pass_kind;
    uint64_t cma_blocks, highatomic_blocks;
    bool cma_present, highatomic_present;
} kd_alloc_tally;

typedef struct kd_alloc_elsewhere {
    int64_t reachable_free, reachable_high, reachable_weight;
    int64_t excluded_free, excluded_spare, elsewhere_free;
    size_t listed_count;
    bool node_bound;       /* as asked */
    bool zones_left_out;   /* memory that is not printed may be in zones above the one asked for;
                            * else it is on nodes that are left out */
    bool other_node_known; /* a zone of an excluded node would serve the request */
    size_t other_node_zone;
} kd_alloc_elsewhere;

int64_t kd_alloc_zone_weight(const kd_alloc_zone *zone);
kd_alloc_voice kd_alloc_voice_find(const kd_alloc_zone_result *zone, kd_alloc_reading reading,
                                   uint32_t *attempt);
void kd_alloc_tally_add(kd_alloc_tally *tally, const kd_alloc_zone *zone,
                        const kd_alloc_zone_result *result, kd_alloc_reading reading, size_t index);
kd_alloc_verdict kd_alloc_tally_conclude(const kd_alloc_tally *tally,
                                         const kd_alloc_elsewhere *elsewhere, uint32_t order,
                                         size_t *zone);

/* No list has a block that the request may take: which were refused? `zone` is set only where a
 * zone spoke in the tally. */
kd_alloc_verdict kd_alloc_conclude_lists(const kd_alloc_tally *tally, uint32_t order, size_t *zone);

#endif

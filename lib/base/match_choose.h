/* match_choose.h - which bytes of each literal the matcher looks for, and in which bucket. Layer:
 * base. */
#ifndef KD_BASE_MATCH_CHOOSE_H
#define KD_BASE_MATCH_CHOOSE_H

#include <string.h>

#include "base/match.h"

#define KD_MATCH_SIX 6u /* bytes on the grid */

/* Of the buckets at one place of their texts: a row for each nibble, a column for each bucket, so
 * that all buckets are weighed at once. */
typedef struct kd_match_place {
    float share[KD_MATCH_BUCKETS]; /* of the bytes of an ordinary log that it lets through there */
    float by_low[16][KD_MATCH_BUCKETS], by_high[16][KD_MATCH_BUCKETS]; /* what a nibble would add */
    float new_low[16][KD_MATCH_BUCKETS], new_high[16][KD_MATCH_BUCKETS]; /* 1: it is not there */
} kd_match_place;

typedef struct kd_match_choice {
    float share[16][16]; /* by high and low nibble: how much of an ordinary log is that byte */
    kd_match_place places[KD_MATCH_BYTES];
    float all[KD_MATCH_BUCKETS];            /* of the places: the product of the shares */
    uint64_t ordinary[KD_MATCH_SEEN_WORDS]; /* what stands in ordinary words */
} kd_match_choice;

static inline uint32_t kd_match_load(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t kd_match_seen_bit(uint32_t value)
{
    return (value * 2654435761u) >> (32 - KD_MATCH_SEEN_BITS);
}

static inline bool kd_match_has_bit(const uint64_t *set, uint32_t bit)
{
    return set[bit >> 6] >> (bit & 63) & 1;
}

static inline void kd_match_set_bit(uint64_t *set, uint32_t bit)
{
    set[bit >> 6] |= (uint64_t)1 << (bit & 63);
}

void kd_match_choice_begin(kd_match_choice *c);
/* Which four bytes of a short literal, and in which bucket. */
uint32_t kd_match_choose(const kd_match_choice *c, const char *text, size_t len, size_t *which);
void kd_match_bucket_add(kd_match_choice *c, size_t which, const char *text);
void kd_match_rarest_parts(const kd_match_choice *c, kd_pattern *p, uint32_t sixes[KD_MATCH_STEP]);
void kd_match_fill_tables(kd_matcher *matcher, const kd_match_choice *c);

#endif

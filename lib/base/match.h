/* match.h - find any of many literals in one pass over the bytes. Layer: base.
 *
 * Each literal is represented by four of its bytes that are rare in ordinary logs. A vector
 * prefilter marks the places where such a fingerprint may stand, a bitmap and memcmp() decide. The
 * portable loop gives the same answers without the vector step.
 */
#ifndef KD_BASE_MATCH_H
#define KD_BASE_MATCH_H

#include "base/mem.h"

#define KD_FINGERPRINT 4u
#define KD_MATCH_BYTES 6u /* of a literal that the vector step looks at */
#define KD_MATCH_BUCKETS 8u
#define KD_MATCH_SEEN_BITS 15
#define KD_MATCH_SEEN_WORDS ((size_t)1 << (KD_MATCH_SEEN_BITS - 6))
#define KD_MATCH_SLOT_BITS 12

typedef struct kd_pattern {
    const char *text;
    uint32_t len;   /* at least KD_FINGERPRINT */
    uint32_t at;    /* where in it the fingerprint stands */
    uint32_t value; /* the fingerprint */
    uint32_t next;  /* index + 1 of the next pattern with the same hash */
} kd_pattern;

typedef struct kd_matcher {
    kd_pattern *patterns;
    size_t count;
    uint64_t seen[KD_MATCH_SEEN_WORDS];      /* bitmap over hashes of fingerprints */
    uint16_t first[1 << KD_MATCH_SLOT_BITS]; /* index + 1 of the first pattern by hash */
    unsigned char low[KD_MATCH_BYTES][16], high[KD_MATCH_BYTES][16]; /* buckets by nibble */
    bool vector; /* may the vector step be used on this machine? */
} kd_matcher;

/* The texts are borrowed. KD_E_INVAL for one shorter than four bytes, KD_E_NOMEM. */
kd_status kd_matcher_init(kd_matcher *matcher, kd_mem *mem, const char *const *texts, size_t count);
void kd_matcher_free(kd_matcher *matcher, kd_mem *mem);

/* Start of the first pattern at or after `at`, or NULL. Patterns do not cross `end`.
 * @param which  index of a pattern that stands there; others may stand there too */
const char *kd_matcher_find(const kd_matcher *matcher, const char *at, const char *end,
                            size_t *which);

/* Sets the bit group[i] for each pattern i that stands in the text; without groups the bit i. */
void kd_matcher_mark(const kd_matcher *matcher, kd_str text, const uint8_t *group, uint64_t *set);

/* Calls it for each place where a pattern stands. */
void kd_matcher_each(const kd_matcher *matcher, kd_str text,
                     void (*found)(size_t which, void *user), void *user);

/* Newlines in the bytes. */
uint64_t kd_count_newlines(const char *at, const char *end);

/* For match.c and match_vector.c only. */
const char *kd_match_find_vector(const kd_matcher *matcher, kd_str all, size_t *which);
/* Start of a pattern whose fingerprint stands at `at`, or NULL. */
const char *kd_match_verify(const kd_matcher *matcher, const char *at, kd_str all, size_t *which);
bool kd_match_vector_usable(void);
static inline uint32_t kd_match_hash(const char *at, unsigned bits)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return (value * 2654435761u) >> (32 - bits);
}
/* May a fingerprint stand there? Asked for every candidate of the vector step. */
static inline bool kd_match_seen(const kd_matcher *matcher, const char *at)
{
    uint32_t bit = kd_match_hash(at, KD_MATCH_SEEN_BITS);
    return matcher->seen[bit >> 6] >> (bit & 63) & 1;
}
uint64_t kd_count_newlines_vector(const char *at, const char *end);

#endif

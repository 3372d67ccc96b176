/* match.h - find any of many literals in one pass over the bytes. Layer: base.
 *
 * Only every fourth byte is looked at: a literal of eleven bytes or more has eight of its own
 * there, however it lies, and a bitmap knows all such eights. Of these the rarest in ordinary logs
 * are chosen. The few shorter literals are represented by four bytes: a vector prefilter marks the
 * places where these may stand. memcmp() decides. The portable loop gives the same answers without
 * the vector step.
 */
#ifndef KD_BASE_MATCH_H
#define KD_BASE_MATCH_H

#include "base/mem.h"

#define KD_FINGERPRINT 4u
#define KD_MATCH_BYTES KD_FINGERPRINT /* that the vector step looks at */
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

#define KD_MATCH_STEP 4u /* of the grid */
#define KD_MATCH_GRID_BITS 19
#define KD_MATCH_GRID_WORDS ((size_t)1 << (KD_MATCH_GRID_BITS - 5))
/* Both parts of six bytes take part in their hash. */
#define KD_MATCH_LEFT UINT32_C(2654435761)
#define KD_MATCH_RIGHT UINT32_C(2246822519)

/* Six bytes of a literal that is long enough for the grid. */
typedef struct kd_grid_print {
    uint64_t value;
    uint32_t at;   /* where in the literal it stands */
    uint16_t of;   /* index of the pattern */
    uint16_t next; /* index + 1 of the next one with the same hash */
} kd_grid_print;

typedef struct kd_matcher {
    kd_pattern *patterns;
    size_t count;
    kd_grid_print *prints; /* room for KD_MATCH_STEP of each pattern */
    size_t print_count;
    uint32_t grid[KD_MATCH_GRID_WORDS];           /* bitmap over hashes of `prints` */
    uint16_t grid_first[1 << KD_MATCH_SLOT_BITS]; /* index + 1 of the first print by hash */
    /* bitmaps over hashes of fingerprints: of all, and of those that are too short for the grid */
    uint64_t seen[KD_MATCH_SEEN_WORDS], seen_short[KD_MATCH_SEEN_WORDS];
    uint16_t first[1 << KD_MATCH_SLOT_BITS]; /* index + 1 of the first pattern by hash */
    unsigned char low[KD_MATCH_BYTES][16], high[KD_MATCH_BYTES][16]; /* buckets by nibble */
    bool vector; /* may the vector step be used on this machine? */
} kd_matcher;

/* The texts are borrowed. KD_E_INVAL for one shorter than four bytes, KD_E_NOMEM. */
kd_status kd_matcher_init(kd_matcher *matcher, kd_mem *mem, const char *const *texts, size_t count);
void kd_matcher_free(kd_matcher *matcher, kd_mem *mem);

/* Start of a pattern at or after `at`, on the first line that holds one, or NULL. Patterns do not
 * cross `end`, and hold no newline.
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
/* Of those whose fingerprint stands at `from` or behind it. */
const char *kd_match_find_vector(const kd_matcher *matcher, const char *from, kd_str all,
                                 size_t *which);
/* Start of a short pattern whose fingerprint stands at `at`, or NULL. */
const char *kd_match_verify(const kd_matcher *matcher, const char *at, kd_str all, size_t *which);
bool kd_match_vector_usable(void);
static inline uint32_t kd_match_hash(const char *at, unsigned bits)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return (value * 2654435761u) >> (32 - bits);
}
/* May that of a short one stand there? Asked for every candidate of the vector step. */
static inline bool kd_match_seen(const kd_matcher *matcher, const char *at)
{
    uint32_t bit = kd_match_hash(at, KD_MATCH_SEEN_BITS);
    return matcher->seen_short[bit >> 6] >> (bit & 63) & 1;
}
static inline uint32_t kd_match_grid_hash(const char *at)
{
    uint32_t left;
    uint16_t right;
    memcpy(&left, at, sizeof left);
    memcpy(&right, at + sizeof left, sizeof right);
    return left * KD_MATCH_LEFT + right * KD_MATCH_RIGHT;
}
/* May six bytes of a literal stand there? */
static inline bool kd_match_on_grid(const kd_matcher *matcher, const char *at)
{
    uint32_t bit = kd_match_grid_hash(at) >> (32 - KD_MATCH_GRID_BITS);
    return matcher->grid[bit >> 5] << (bit & 31) >> 31;
}
/* The first place of the grid where they may, or one that is less than 32 bytes before `stop`;
 * bytes may be read up to five behind the last place before that. */
const char *kd_match_skip_vector(const kd_matcher *matcher, const char *at, const char *stop);
uint64_t kd_count_newlines_vector(const char *at, const char *end);

#endif

/* match.c - find any of many literals in one pass. Layer: base. */
#include "base/match.h"

#include <string.h>

/* -10 * log2 of how often a byte stands in ordinary kernel logs (measured on 4 MB of boot logs). */
static const unsigned char byte_cost[128] = {
    217, 217, 217, 217, 217, 217, 217, 217, 217, 119, 60,  217, 217, 60,  217, 217, 217, 217, 217,
    217, 217, 217, 217, 217, 217, 217, 217, 161, 217, 217, 217, 217, 26,  148, 137, 133, 217, 164,
    217, 99,  85,  84,  107, 108, 79,  75,  56,  94,  33,  55,  60,  65,  64,  65,  63,  68,  65,
    68,  57,  131, 128, 89,  120, 154, 126, 75,  82,  73,  86,  85,  90,  100, 98,  75,  217, 92,
    89,  79,  88,  89,  70,  114, 83,  76,  84,  86,  105, 115, 99,  126, 138, 58,  148, 58,  217,
    71,  217, 51,  67,  57,  58,  43,  56,  65,  72,  50,  110, 81,  57,  63,  55,  53,  60,  99,
    51,  53,  51,  63,  76,  90,  70,  74,  92,  217, 121, 217, 217, 217,
};

static uint32_t load(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t hash(uint32_t value)
{
    return (value * 2654435761u) >> 20;
}

bool kd_match_seen(const kd_matcher *matcher, const char *at)
{
    uint32_t h = hash(load(at));
    return matcher->seen[h >> 6] >> (h & 63) & 1;
}

static unsigned cost_of(const char *text)
{
    unsigned cost = 0;
    for (size_t i = 0; i < KD_FINGERPRINT; i++)
        cost += byte_cost[(unsigned char)text[i] & 127];
    return cost;
}

static uint32_t rarest_window(const char *text, size_t len)
{
    size_t best = 0;
    for (size_t i = 1; i + KD_FINGERPRINT <= len; i++)
        if (cost_of(text + i) > cost_of(text + best))
            best = i;
    return (uint32_t)best;
}

/* ---- which fingerprints share a bucket: those whose nibbles are alike ------------------------ */

typedef struct bucket {
    uint16_t low[KD_FINGERPRINT], high[KD_FINGERPRINT]; /* sets of nibbles */
} bucket;

static void bucket_add(bucket *b, uint32_t value)
{
    for (size_t i = 0; i < KD_FINGERPRINT; i++) {
        unsigned char byte = (unsigned char)(value >> (8 * i));
        b->low[i] |= (uint16_t)(1u << (byte & 15));
        b->high[i] |= (uint16_t)(1u << (byte >> 4));
    }
}

/* How many places of an ordinary log the bucket lets through, as a share of all. */
static double bucket_share(const bucket *b, const double *share)
{
    double all = 1;
    for (size_t i = 0; i < KD_FINGERPRINT; i++) {
        double one = 0;
        for (unsigned byte = 0; byte < 128; byte++)
            if (b->low[i] >> (byte & 15) & b->high[i] >> (byte >> 4) & 1)
                one += share[byte];
        all *= one;
    }
    return all;
}

static size_t best_bucket(const bucket *buckets, uint32_t value, const double *share)
{
    size_t best = 0;
    double least = 2;
    for (size_t i = 0; i < KD_MATCH_BUCKETS; i++) {
        bucket wider = buckets[i];
        bucket_add(&wider, value);
        double more = bucket_share(&wider, share) - bucket_share(&buckets[i], share);
        if (more < least) {
            least = more;
            best = i;
        }
    }
    return best;
}

static void fill_buckets(kd_matcher *matcher)
{
    bucket buckets[KD_MATCH_BUCKETS];
    double share[128];
    memset(buckets, 0, sizeof buckets);
    for (size_t i = 0; i < 128; i++) {
        share[i] = 1;
        for (unsigned c = byte_cost[i]; c >= 10; c -= 10)
            share[i] /= 2;
    }
    for (size_t i = 0; i < matcher->count; i++) {
        uint32_t value = matcher->patterns[i].value;
        size_t b = best_bucket(buckets, value, share);
        bucket_add(&buckets[b], value);
        for (size_t k = 0; k < KD_FINGERPRINT; k++) {
            unsigned char byte = (unsigned char)(value >> (8 * k));
            matcher->low[k][byte & 15] |= (unsigned char)(1u << b);
            matcher->high[k][byte >> 4] |= (unsigned char)(1u << b);
        }
    }
}

kd_status kd_matcher_init(kd_matcher *matcher, kd_mem *mem, const char *const *texts, size_t count)
{
    memset(matcher, 0, sizeof *matcher);
    for (size_t i = 0; i < count; i++)
        if (strlen(texts[i]) < KD_FINGERPRINT)
            return KD_E_INVAL;
    matcher->patterns = kd_mem_resize(mem, NULL, 0, (count + 1) * sizeof *matcher->patterns);
    if (!matcher->patterns)
        return KD_E_NOMEM;
    matcher->count = count;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(texts[i]);
        uint32_t at = rarest_window(texts[i], len);
        uint32_t value = load(texts[i] + at), h = hash(value);
        matcher->patterns[i] =
            (kd_pattern){ texts[i], (uint32_t)len, at, value, matcher->first[h] };
        matcher->first[h] = (uint16_t)(i + 1);
        matcher->seen[h >> 6] |= (uint64_t)1 << (h & 63);
        matcher->longest = len > matcher->longest ? len : matcher->longest;
    }
    fill_buckets(matcher);
    matcher->vector = kd_match_vector_usable();
    return KD_OK;
}

void kd_matcher_free(kd_matcher *matcher, kd_mem *mem)
{
    size_t size = (matcher->count + 1) * sizeof *matcher->patterns;
    if (matcher->patterns)
        kd_mem_free(mem, matcher->patterns, size);
    matcher->patterns = NULL;
}

/* Where the pattern starts when its fingerprint stands at `at` and it is there whole, or NULL. */
static const char *verify(const kd_pattern *p, const char *at, kd_str all)
{
    if (p->value != load(at) || (size_t)(at - all.ptr) < p->at)
        return NULL;
    const char *start = at - p->at;
    if ((size_t)(all.ptr + all.len - start) < p->len || memcmp(start, p->text, p->len) != 0)
        return NULL;
    return start;
}

static const char *candidate(const kd_matcher *matcher, const char *at, const char *end)
{
    if (matcher->vector)
        return kd_match_candidate_vector(matcher, at, end);
    for (; (size_t)(end - at) >= KD_FINGERPRINT; at++)
        if (kd_match_seen(matcher, at))
            return at;
    return NULL;
}

const char *kd_matcher_find(const kd_matcher *matcher, const char *at, const char *end,
                            size_t *which)
{
    kd_str all = { at, (size_t)(end - at) };
    for (; (at = candidate(matcher, at, end)) != NULL; at++)
        for (uint32_t i = matcher->first[hash(load(at))]; i; i = matcher->patterns[i - 1].next) {
            const char *start = verify(&matcher->patterns[i - 1], at, all);
            if (start) {
                *which = i - 1;
                return start;
            }
        }
    return NULL;
}

void kd_matcher_mark(const kd_matcher *matcher, kd_str text, const uint8_t *group, uint64_t *set)
{
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; (size_t)(end - at) >= KD_FINGERPRINT; at++)
        for (uint32_t i = kd_match_seen(matcher, at) ? matcher->first[hash(load(at))] : 0; i;
             i = matcher->patterns[i - 1].next)
            if (verify(&matcher->patterns[i - 1], at, text))
                set[group[i - 1] / 64] |= (uint64_t)1 << (group[i - 1] % 64);
}

uint64_t kd_count_newlines(const char *at, const char *end)
{
    if (kd_match_vector_usable())
        return kd_count_newlines_vector(at, end);
    uint64_t count = 0;
    for (; at < end; at++)
        count += *at == '\n';
    return count;
}

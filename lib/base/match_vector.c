/* match_vector.c - the vector prefilter of match.h for x86-64 with AVX2. Layer: base.
 *
 * Eight buckets of fingerprints; for each of the four bytes two table look-ups by nibble tell which
 * buckets may have it. A place where one bucket agrees with all four bytes is a candidate.
 */
#include "base/match.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

bool kd_match_vector_usable(void)
{
    return __builtin_cpu_supports("avx2");
}

typedef struct tables {
    __m256i low[KD_MATCH_BYTES], high[KD_MATCH_BYTES];
} tables;

AVX2 static inline __m256i twice(const unsigned char *table)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

/* The buckets that may have the bytes at that place of their texts. */
AVX2 static inline __m256i buckets_at(const tables *t, const char *at, size_t place)
{
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(at + place));
    __m256i low = _mm256_shuffle_epi8(t->low[place], _mm256_and_si256(bytes, nibble));
    __m256i high =
        _mm256_shuffle_epi8(t->high[place], _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
    return _mm256_and_si256(low, high);
}

/* A set bit for each of the 32 places that are candidates. Without a loop, so that the tables stay
 * in registers. */
AVX2 static inline uint32_t filter(const tables *t, const char *at)
{
    _Static_assert(KD_MATCH_BYTES == 4, "one step for each place");
    __m256i front = _mm256_and_si256(buckets_at(t, at, 0), buckets_at(t, at, 1));
    __m256i back = _mm256_and_si256(buckets_at(t, at, 2), buckets_at(t, at, 3));
    __m256i buckets = _mm256_and_si256(front, back);
    __m256i none = _mm256_cmpeq_epi8(buckets, _mm256_setzero_si256());
    return ~(uint32_t)_mm256_movemask_epi8(none);
}

AVX2 const char *kd_match_find_vector(const kd_matcher *matcher, const char *from, kd_str all,
                                      size_t *which)
{
    const char *at = from, *end = all.ptr + all.len, *start;
    tables t;
    for (size_t i = 0; i < KD_MATCH_BYTES; i++) {
        t.low[i] = twice(matcher->low[i]);
        t.high[i] = twice(matcher->high[i]);
    }
    for (; (size_t)(end - at) >= 32 + KD_MATCH_BYTES; at += 32)
        for (uint32_t bits = filter(&t, at); bits; bits &= bits - 1) {
            const char *place = at + __builtin_ctz(bits);
            if (kd_match_seen(matcher, place) &&
                (start = kd_match_verify(matcher, place, all, which)) != NULL)
                return start;
        }
    for (; (size_t)(end - at) >= KD_FINGERPRINT; at++)
        if (kd_match_seen(matcher, at) &&
            (start = kd_match_verify(matcher, at, all, which)) != NULL)
            return start;
    return NULL;
}

/* Eight places at once: their hashes, the words of the bitmap, the bits in these. */
AVX2 const char *kd_match_skip_vector(const kd_matcher *matcher, const char *at, const char *stop)
{
    _Static_assert(KD_MATCH_STEP == 4, "places are as far apart as halves of fingerprints");
    const __m256i left = _mm256_set1_epi32((int)KD_MATCH_LEFT);
    const __m256i right = _mm256_set1_epi32((int)KD_MATCH_RIGHT), bits = _mm256_set1_epi32(31),
                  two = _mm256_set1_epi32(0xffff);
    const int *grid = (const int *)(const void *)matcher->grid;
    for (; stop - at >= 32; at += 32) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)at);
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(at + KD_MATCH_STEP));
        __m256i hash = _mm256_add_epi32(_mm256_mullo_epi32(a, left),
                                        _mm256_mullo_epi32(_mm256_and_si256(b, two), right));
        __m256i bit = _mm256_srli_epi32(hash, 32 - KD_MATCH_GRID_BITS);
        __m256i words = _mm256_i32gather_epi32(grid, _mm256_srli_epi32(bit, 5), 4);
        __m256i there = _mm256_sllv_epi32(words, _mm256_and_si256(bit, bits));
        int places = _mm256_movemask_ps(_mm256_castsi256_ps(there));
        if (places)
            return at + (unsigned)__builtin_ctz((unsigned)places) * KD_MATCH_STEP;
    }
    return at;
}

AVX2 uint64_t kd_count_newlines_vector(const char *at, const char *end)
{
    const __m256i newline = _mm256_set1_epi8('\n'), zero = _mm256_setzero_si256();
    __m256i sums = zero;
    while ((size_t)(end - at) >= 32) {
        /* Each byte counts up to 255 before the bytes are added up. */
        size_t blocks = (size_t)(end - at) / 32;
        __m256i counts = zero;
        for (size_t i = blocks < 255 ? blocks : 255; i > 0; i--, at += 32) {
            __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
            counts = _mm256_sub_epi8(counts, _mm256_cmpeq_epi8(bytes, newline));
        }
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(counts, zero));
    }
    uint64_t lanes[4], count = 0;
    _mm256_storeu_si256((__m256i *)(void *)lanes, sums);
    for (; at < end; at++)
        count += *at == '\n';
    return count + lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

#elif !defined(__aarch64__) /* that one has match_neon.c */

bool kd_match_vector_usable(void)
{
    return false;
}

const char *kd_match_find_vector(const kd_matcher *matcher, const char *from, kd_str all,
                                 size_t *which)
{
    (void)matcher, (void)from, (void)all, (void)which;
    return NULL;
}

const char *kd_match_skip_vector(const kd_matcher *matcher, const char *at, const char *stop)
{
    (void)matcher, (void)stop;
    return at;
}

uint64_t kd_count_newlines_vector(const char *at, const char *end)
{
    (void)at, (void)end;
    return 0;
}
#endif

/* match_neon.c - the vector prefilter of match.h for arm64. Layer: base.
 *
 * As in match_vector.c, sixteen places at a time: table look-ups by nibble tell which buckets may
 * have each of the bytes.
 */
#include "base/match.h"

#if defined(__aarch64__)
#include <arm_neon.h>

bool kd_match_vector_usable(void)
{
    return true;
}

typedef struct tables {
    uint8x16_t low[KD_MATCH_BYTES], high[KD_MATCH_BYTES];
} tables;

static inline uint8x16_t load_at(const char *at)
{
    return vld1q_u8((const uint8_t *)(const void *)at);
}

/* Four set bits for each of the 16 places that are candidates. */
static inline uint64_t filter(const tables *t, const char *at)
{
    const uint8x16_t nibble = vdupq_n_u8(15);
    uint8x16_t buckets = vdupq_n_u8(255);
    for (size_t i = 0; i < KD_MATCH_BYTES; i++) {
        uint8x16_t bytes = load_at(at + i);
        uint8x16_t low = vqtbl1q_u8(t->low[i], vandq_u8(bytes, nibble));
        uint8x16_t high = vqtbl1q_u8(t->high[i], vshrq_n_u8(bytes, 4));
        buckets = vandq_u8(buckets, vandq_u8(low, high));
    }
    uint16x8_t any = vreinterpretq_u16_u8(vtstq_u8(buckets, buckets));
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(any, 4)), 0);
}

const char *kd_match_find_vector(const kd_matcher *matcher, const char *from, kd_str all,
                                 size_t *which)
{
    const char *at = from, *end = all.ptr + all.len, *start;
    tables t;
    for (size_t i = 0; i < KD_MATCH_BYTES; i++) {
        t.low[i] = vld1q_u8(matcher->low[i]);
        t.high[i] = vld1q_u8(matcher->high[i]);
    }
    for (; (size_t)(end - at) >= 16 + KD_MATCH_BYTES; at += 16)
        for (uint64_t bits = filter(&t, at); bits;) {
            int place = __builtin_ctzll(bits) / 4;
            bits &= ~(UINT64_C(15) << 4 * place);
            if (kd_match_seen(matcher, at + place) &&
                (start = kd_match_verify(matcher, at + place, all, which)) != NULL)
                return start;
        }
    for (; (size_t)(end - at) >= KD_FINGERPRINT; at++)
        if (kd_match_seen(matcher, at) &&
            (start = kd_match_verify(matcher, at, all, which)) != NULL)
            return start;
    return NULL;
}

/* Eight places by scalar steps are as fast: there is no gather. */
const char *kd_match_skip_vector(const kd_matcher *matcher, const char *at, const char *stop)
{
    (void)matcher, (void)stop;
    return at;
}

uint64_t kd_count_newlines_vector(const char *at, const char *end)
{
    const uint8x16_t newline = vdupq_n_u8('\n');
    uint64_t count = 0;
    while ((size_t)(end - at) >= 16) {
        /* Each byte counts up to 255 before the bytes are added up. */
        size_t blocks = (size_t)(end - at) / 16;
        uint8x16_t counts = vdupq_n_u8(0);
        for (size_t i = blocks < 255 ? blocks : 255; i > 0; i--, at += 16)
            counts = vsubq_u8(counts, vceqq_u8(load_at(at), newline));
        count += vaddlvq_u8(counts);
    }
    for (; at < end; at++)
        count += *at == '\n';
    return count;
}
#endif

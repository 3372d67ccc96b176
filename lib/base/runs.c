/* runs.c - searches in texts, sixteen bytes at a time, or eight. Layer: base. */
#define _GNU_SOURCE /* memmem */
#include "base/match.h"
#include "base/str.h"

#if defined(__SSE2__)
#include <emmintrin.h>

#define STEP 16u

typedef __m128i bytes;

static inline bytes load(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline bytes is(bytes text, char c)
{
    return _mm_cmpeq_epi8(text, _mm_set1_epi8(c));
}

static inline bytes either(bytes a, bytes b)
{
    return _mm_or_si128(a, b);
}

/* A set bit for each of the places where `first` stands, and `last` so many bytes behind it. */
static inline unsigned pairs_at(const char *at, size_t behind, bytes first, bytes last)
{
    bytes both =
        _mm_and_si128(_mm_cmpeq_epi8(load(at), first), _mm_cmpeq_epi8(load(at + behind), last));
    return (unsigned)_mm_movemask_epi8(both);
}

/* A text of less than a step, its first and last bytes in one: what is marked there is turned into
 * its place by place_in_few(). */
static inline bytes load_few(const char *at, size_t len)
{
    uint64_t words[2] = { 0 };
    char *to = (char *)words;
    memset(words, 'a', sizeof words);
    if (len >= 8) {
        memcpy(to, at, 8);
        memcpy(to + 8, at + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, at, 4);
        memcpy(to + 4, at + len - 4, 4);
    } else {
        for (size_t i = 0; i < len; i++)
            to[i] = at[i];
    }
    return load(to);
}

static inline size_t place_in_few(size_t found, size_t len)
{
    size_t half = len >= 8 ? 8 : len >= 4 ? 4 : len;
    return found < half ? found : found < 2 * half && half < len ? len - 2 * half + found : len;
}

/* Where the needle, of two bytes or more, stands at one of 16 places. */
static const char *find_in_step(const char *at, unsigned places, const char *needle, size_t len)
{
    for (; places; places &= places - 1) {
        const char *place = at + __builtin_ctz(places);
        size_t alike = 1; /* nearly always they differ at once: no call is worth it */
        while (alike < len && place[alike] == needle[alike])
            alike++;
        if (alike == len)
            return place;
    }
    return NULL;
}

static const char *find_by_steps(kd_str s, const char *needle, size_t len)
{
    bytes first = _mm_set1_epi8(needle[0]), last = _mm_set1_epi8(needle[len - 1]);
    size_t places = s.len - len + 1, i = 0;
    const char *found;
    for (; i + STEP <= places; i += STEP) {
        unsigned hits = pairs_at(s.ptr + i, len - 1, first, last);
        if (hits && (found = find_in_step(s.ptr + i, hits, needle, len)))
            return found;
    }
    if (i == places)
        return NULL;
    const char *at = s.ptr + places - STEP; /* some places are looked at again */
    return find_in_step(at, pairs_at(at, len - 1, first, last), needle, len);
}

/* Above 0x7f the sign bit says so itself. */
static inline bytes below_blank(bytes text)
{
    return _mm_cmplt_epi8(text, _mm_set1_epi8(' '));
}

/* The number of bytes before the first that was marked (its sign bit is set); STEP: none was. */
static inline size_t before(bytes marked)
{
    unsigned set = (unsigned)_mm_movemask_epi8(marked);
    return set ? (size_t)__builtin_ctz(set) : STEP;
}

#else

static const char *find_by_steps(kd_str s, const char *needle, size_t len)
{
    return memmem(s.ptr, s.len, needle, len);
}

static inline size_t place_in_few(size_t found, size_t len)
{
    return found < len ? found : len;
}

/* The high bit of each byte tells; of bytes behind the first that is marked it may be wrong. */
#define STEP 8u
#define EACH(c) (UINT64_C(0x0101010101010101) * (uint64_t)(unsigned char)(c))

typedef uint64_t bytes;

static inline bytes load(const char *at)
{
    unsigned char text[STEP];
    bytes word = 0;
    memcpy(text, at, STEP);
    for (size_t i = 0; i < STEP; i++)
        word |= (uint64_t)text[i] << (8 * i);
    return word;
}

static inline bytes load_few(const char *at, size_t len)
{
    char few[STEP];
    memset(few, 'a', STEP);
    if (len > 0)
        memcpy(few, at, len);
    return load(few);
}

static inline bytes is(bytes text, char c)
{
    bytes other = text ^ EACH(c);
    return (other - EACH(1)) & ~other & EACH(0x80);
}

static inline bytes either(bytes a, bytes b)
{
    return a | b;
}

static inline bytes below_blank(bytes text)
{
    return ((text - EACH(' ')) & ~text) | (text & EACH(0x80));
}

static inline size_t before(bytes marked)
{
    marked &= EACH(0x80);
    for (size_t i = 0; i < STEP; i++)
        if (marked >> (8 * i + 7) & 1)
            return i;
    return STEP;
}
#endif

/* Few places: a step would not fit. */
static const char *find_slowly(kd_str s, const char *needle, size_t len)
{
    for (size_t i = 0; i + len <= s.len; i++)
        if (s.ptr[i] == needle[0] && memcmp(s.ptr + i, needle, len) == 0)
            return s.ptr + i;
    return NULL;
}

const char *kd_find(kd_str s, const char *needle, size_t len)
{
    if (s.len == 0 || s.len < len)
        return NULL;
    if (len < 2)
        return len ? memchr(s.ptr, needle[0], s.len) : s.ptr;
    return s.len - len + 1 < STEP ? find_slowly(s, needle, len) : find_by_steps(s, needle, len);
}

static inline bytes not_plain(bytes text)
{
    return either(below_blank(text), either(is(text, '&'), is(text, '<')));
}

static inline bytes not_quiet(bytes text)
{
    bytes quotes = either(is(text, '"'), is(text, '\\'));
    return either(either(below_blank(text), is(text, 0x7f)), quotes);
}

static inline bytes not_ascii(bytes text)
{
    return text;
}

/* Inlined with what marks: one loop for each of them. */
static inline size_t run_of(kd_str s, bytes (*marks)(bytes))
{
    size_t i = 0, found;
    if (s.len < STEP)
        return place_in_few(before(marks(load_few(s.ptr, s.len))), s.len);
    for (; i + STEP <= s.len; i += STEP)
        if ((found = before(marks(load(s.ptr + i)))) < STEP)
            return i + found;
    if (i == s.len)
        return i;
    i = s.len - STEP; /* some bytes are looked at again */
    return i + before(marks(load(s.ptr + i)));
}

size_t kd_str_ascii(kd_str s)
{
    return run_of(s, not_ascii);
}

size_t kd_str_quiet(kd_str s)
{
    return run_of(s, not_quiet);
}

size_t kd_str_plain(kd_str s)
{
    return run_of(s, not_plain);
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

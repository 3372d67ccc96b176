/* match.c - find any of many literals in one pass. Layer: base. */
#include "base/match.h"

#include <string.h>

#include "base/match_choose.h"

static uint32_t slot_of(uint32_t value)
{
    return (value * 2654435761u) >> (32 - KD_MATCH_SLOT_BITS);
}

/* ---- the grid -------------------------------------------------------------------------------- */

/* From here on a literal has them on the grid, however it lies. */
#define ON_GRID (KD_MATCH_SIX + KD_MATCH_STEP - 1)

static inline uint64_t load_six(const char *at)
{
    uint64_t value = 0;
    memcpy(&value, at, KD_MATCH_SIX);
    return value;
}

static uint32_t print_slot(const char *at)
{
    return kd_match_grid_hash(at) >> (32 - KD_MATCH_SLOT_BITS);
}

static void add_prints(kd_matcher *matcher, const kd_pattern *p,
                       const uint32_t sixes[KD_MATCH_STEP])
{
    for (uint32_t first = 0; first < KD_MATCH_STEP; first++) {
        uint32_t at = sixes[first];
        uint32_t bit = kd_match_grid_hash(p->text + at) >> (32 - KD_MATCH_GRID_BITS);
        uint16_t *slot = &matcher->grid_first[print_slot(p->text + at)];
        matcher->prints[matcher->print_count++] =
            (kd_grid_print){ load_six(p->text + at), at, (uint16_t)(p - matcher->patterns), *slot };
        *slot = (uint16_t)matcher->print_count;
        matcher->grid[bit >> 5] |= UINT32_C(1) << (31 - (bit & 31));
    }
}

/* Of those on the grid one fingerprint, the rarest, serves kd_matcher_each(). */
static void add_pattern(kd_matcher *matcher, kd_match_choice *c, kd_pattern *p)
{
    size_t which = 0;
    if (p->len >= ON_GRID) {
        uint32_t sixes[KD_MATCH_STEP];
        kd_match_rarest_parts(c, p, sixes);
        add_prints(matcher, p, sixes);
    } else {
        p->at = kd_match_choose(c, p->text, p->len, &which);
        kd_match_bucket_add(c, which, p->text + p->at);
        kd_match_set_bit(matcher->seen_short, kd_match_seen_bit(kd_match_load(p->text + p->at)));
    }
    p->value = kd_match_load(p->text + p->at);
    kd_match_set_bit(matcher->seen, kd_match_seen_bit(p->value));
}

#define SHORT 64u

/* The shortest literals first: they have the least kd_match_choice. Those of a length are chained
 * until all have their fingerprints; where they are long the order does not matter any more. */
static void add_all(kd_matcher *matcher, kd_match_choice *c)
{
    uint32_t by_length[SHORT + 1] = { 0 };
    kd_match_choice_begin(c);
    for (size_t i = matcher->count; i-- > 0;) {
        kd_pattern *p = &matcher->patterns[i];
        uint32_t *first = &by_length[p->len < SHORT ? p->len : SHORT];
        p->next = *first;
        *first = (uint32_t)i + 1;
    }
    for (uint32_t len = KD_FINGERPRINT; len <= SHORT; len++)
        for (uint32_t i = by_length[len]; i > 0; i = matcher->patterns[i - 1].next)
            add_pattern(matcher, c, &matcher->patterns[i - 1]);
    kd_match_fill_tables(matcher, c);
}

/* So many have numbers of 16 bits for all their fingerprints. */
#define MOST_PATTERNS (UINT16_MAX / KD_MATCH_STEP)

static size_t patterns_size(const kd_matcher *matcher)
{
    return (matcher->count + 1) * sizeof *matcher->patterns;
}

static size_t prints_size(const kd_matcher *matcher)
{
    return (matcher->count + 1) * KD_MATCH_STEP * sizeof *matcher->prints;
}

kd_status kd_matcher_init(kd_matcher *matcher, kd_mem *mem, const char *const *texts, size_t count)
{
    memset(matcher, 0, sizeof *matcher);
    if (count > MOST_PATTERNS)
        return KD_E_INVAL;
    for (size_t i = 0; i < count; i++)
        if (strlen(texts[i]) < KD_FINGERPRINT)
            return KD_E_INVAL;
    matcher->count = count;
    matcher->patterns = kd_mem_resize(mem, NULL, 0, patterns_size(matcher));
    matcher->prints = kd_mem_resize(mem, NULL, 0, prints_size(matcher));
    if (!matcher->patterns || !matcher->prints) {
        kd_matcher_free(matcher, mem);
        return KD_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(texts[i]);
        matcher->patterns[i] = (kd_pattern){ .text = texts[i], .len = (uint32_t)len };
    }
    kd_match_choice c;
    add_all(matcher, &c);
    for (size_t i = 0; i < count; i++) {
        uint16_t *first = &matcher->first[slot_of(matcher->patterns[i].value)];
        matcher->patterns[i].next = *first;
        *first = (uint16_t)(i + 1);
    }
    matcher->vector = kd_match_vector_usable();
    return KD_OK;
}

void kd_matcher_free(kd_matcher *matcher, kd_mem *mem)
{
    if (matcher->patterns)
        kd_mem_free(mem, matcher->patterns, patterns_size(matcher));
    if (matcher->prints)
        kd_mem_free(mem, matcher->prints, prints_size(matcher));
    matcher->patterns = NULL;
    matcher->prints = NULL;
}

/* Where the pattern starts when that part of it stands at `at` and it is there whole, or NULL. Its
 * ends tell nearly always: words of ordinary logs hold fingerprints. */
static inline const char *verify_part(const kd_pattern *p, uint32_t part, const char *at,
                                      kd_str all)
{
    if ((size_t)(at - all.ptr) < part)
        return NULL;
    const char *start = at - part;
    if ((size_t)(all.ptr + all.len - start) < p->len ||
        kd_match_load(start) != kd_match_load(p->text) ||
        kd_match_load(start + p->len - KD_FINGERPRINT) !=
            kd_match_load(p->text + p->len - KD_FINGERPRINT) ||
        memcmp(start, p->text, p->len) != 0)
        return NULL;
    return start;
}

static inline const char *verify(const kd_pattern *p, const char *at, kd_str all)
{
    return p->value == kd_match_load(at) ? verify_part(p, p->at, at, all) : NULL;
}

const char *kd_match_verify(const kd_matcher *matcher, const char *at, kd_str all, size_t *which)
{
    for (uint32_t i = matcher->first[slot_of(kd_match_load(at))]; i;
         i = matcher->patterns[i - 1].next) {
        const kd_pattern *p = &matcher->patterns[i - 1];
        const char *start = p->len < ON_GRID ? verify(p, at, all) : NULL;
        if (start) {
            *which = i - 1;
            return start;
        }
    }
    return NULL;
}

/* Of those whose fingerprint stands at `from` or behind it. */
static const char *find_short(const kd_matcher *matcher, const char *from, kd_str all,
                              size_t *which)
{
    if (matcher->vector)
        return kd_match_find_vector(matcher, from, all, which);
    const char *at = from, *end = all.ptr + all.len;
    for (; (size_t)(end - at) >= KD_FINGERPRINT; at++) {
        const char *start =
            kd_match_seen(matcher, at) ? kd_match_verify(matcher, at, all, which) : NULL;
        if (start)
            return start;
    }
    return NULL;
}

static const char *verify_print(const kd_matcher *matcher, const char *at, kd_str all,
                                size_t *which)
{
    const uint64_t value = load_six(at);
    uint32_t i = matcher->grid_first[print_slot(at)];
    for (; i; i = matcher->prints[i - 1].next) {
        const kd_grid_print *print = &matcher->prints[i - 1];
        if (print->value != value)
            continue;
        const char *start = verify_part(&matcher->patterns[print->of], print->at, at, all);
        if (start) {
            *which = print->of;
            return start;
        }
    }
    return NULL;
}

/* The first place of the grid where six bytes of a literal may stand; `stop`: there is none. */
static inline const char *skip(const kd_matcher *matcher, const char *at, const char *stop)
{
    if (matcher->vector)
        at = kd_match_skip_vector(matcher, at, stop);
    while (at < stop && !kd_match_on_grid(matcher, at))
        at += KD_MATCH_STEP;
    return at;
}

/* A pattern with six bytes on the grid from `at` on, before `stop`. */
static const char *find_on_grid(const kd_matcher *matcher, const char *at, const char *stop,
                                kd_str all, size_t *which)
{
    const char *last = all.ptr + all.len - KD_MATCH_SIX, *start;
    if (all.len < KD_MATCH_SIX)
        return NULL;
    stop = stop <= last ? stop : last + 1;
    while (at < stop && (at = skip(matcher, at, stop)) < stop) {
        if ((start = verify_print(matcher, at, all, which)) != NULL)
            return start;
        at += KD_MATCH_STEP;
    }
    return NULL;
}

#define BLOCK 8192u /* bytes that are looked at for both: they are near then */

const char *kd_matcher_find(const kd_matcher *matcher, const char *at, const char *end,
                            size_t *which)
{
    kd_str all = { at, (size_t)(end - at) };
    for (; (size_t)(end - at) >= KD_FINGERPRINT; at += BLOCK) {
        size_t left = (size_t)(end - at), size = left < BLOCK ? left : BLOCK, other;
        const char *longer = find_on_grid(matcher, at, at + size, all, which);
        if (longer && longer <= at)
            return longer;
        size = longer ? (size_t)(longer - at) : size;
        size = left < size + ON_GRID ? left : size + ON_GRID; /* short ones that begin in it */
        const char *found = find_short(matcher, at, (kd_str){ at, size }, &other);
        if (found && (!longer || found < longer)) {
            *which = other;
            return found;
        }
        if (longer || left <= BLOCK)
            return longer;
    }
    return NULL;
}

/* Index + 1 of the first pattern whose fingerprint may stand there. */
static inline uint32_t first_at(const kd_matcher *matcher, const char *at)
{
    return kd_match_has_bit(matcher->seen, kd_match_seen_bit(kd_match_load(at)))
               ? matcher->first[slot_of(kd_match_load(at))]
               : 0;
}

void kd_matcher_each(const kd_matcher *matcher, kd_str text,
                     void (*found)(size_t which, void *user), void *user)
{
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; (size_t)(end - at) >= KD_FINGERPRINT; at++)
        for (uint32_t i = first_at(matcher, at); i; i = matcher->patterns[i - 1].next)
            if (verify(&matcher->patterns[i - 1], at, text))
                found(i - 1, user);
}

static void mark_on_grid(const kd_matcher *matcher, kd_str text, const uint8_t *group,
                         uint64_t *set)
{
    const char *at = text.ptr, *stop = text.ptr + text.len - KD_MATCH_SIX + 1;
    for (; at < stop && (at = skip(matcher, at, stop)) < stop; at += KD_MATCH_STEP) {
        const uint64_t value = load_six(at);
        uint32_t i = matcher->grid_first[print_slot(at)];
        for (; i; i = matcher->prints[i - 1].next) {
            const kd_grid_print *print = &matcher->prints[i - 1];
            if (print->value == value &&
                verify_part(&matcher->patterns[print->of], print->at, at, text))
                kd_match_set_bit(set, group ? group[print->of] : print->of);
        }
    }
}

/* Several may have their fingerprints at one place. */
static void mark_short(const kd_matcher *matcher, kd_str text, const uint8_t *group, uint64_t *set)
{
    const char *start, *at = text.ptr;
    for (size_t which; (start = find_short(matcher, at, text, &which)) != NULL; at++) {
        at = start + matcher->patterns[which].at;
        for (uint32_t i = (uint32_t)which + 1; i; i = matcher->patterns[i - 1].next)
            if (matcher->patterns[i - 1].len < ON_GRID &&
                verify(&matcher->patterns[i - 1], at, text))
                kd_match_set_bit(set, group ? group[i - 1] : i - 1);
    }
}

void kd_matcher_mark(const kd_matcher *matcher, kd_str text, const uint8_t *group, uint64_t *set)
{
    if (text.len >= KD_MATCH_SIX)
        mark_on_grid(matcher, text, group, set);
    mark_short(matcher, text, group, set);
}

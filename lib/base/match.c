/* match.c - find any of many literals in one pass. Layer: base. */
#include "base/match.h"

#include <string.h>

#include "base/match_words.h"

static uint32_t load(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t slot_of(uint32_t value)
{
    return (value * 2654435761u) >> (32 - KD_MATCH_SLOT_BITS);
}

static uint32_t seen_bit(uint32_t value)
{
    return (value * 2654435761u) >> (32 - KD_MATCH_SEEN_BITS);
}

static bool has_bit(const uint64_t *set, uint32_t bit)
{
    return set[bit >> 6] >> (bit & 63) & 1;
}

static void set_bit(uint64_t *set, uint32_t bit)
{
    set[bit >> 6] |= (uint64_t)1 << (bit & 63);
}

/* ---- which four bytes of each literal, and in which bucket ----------------------------------- */

/* What a window of an ordinary word costs: as a share of all places, and as lost rarity. */
#define ORDINARY_SHARE 0.01f
#define ORDINARY_LOSS 150u

/* So many windows of a literal are weighed: the rarest ones. */
#define WINDOWS 8u

#define TOO_MUCH 2.0f

/* Of the buckets at one place of their texts: a row for each nibble, a column for each bucket, so
 * that all buckets are weighed at once. */
typedef struct place {
    float share[KD_MATCH_BUCKETS]; /* of the bytes of an ordinary log that it lets through there */
    float by_low[16][KD_MATCH_BUCKETS], by_high[16][KD_MATCH_BUCKETS]; /* what a nibble would add */
    float new_low[16][KD_MATCH_BUCKETS], new_high[16][KD_MATCH_BUCKETS]; /* 1: it is not there */
} place;

typedef struct choice {
    float share[16][16]; /* by high and low nibble: how much of an ordinary log is that byte */
    place places[KD_MATCH_BYTES];
    float all[KD_MATCH_BUCKETS];            /* of the places: the product of the shares */
    uint64_t ordinary[KD_MATCH_SEEN_WORDS]; /* what stands in ordinary words */
} choice;

static void choice_begin(choice *c)
{
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < 128; i++) {
        float share = 1;
        for (unsigned cost = kd_byte_cost[i]; cost >= 10; cost -= 10)
            share /= 2;
        c->share[i >> 4][i & 15] = share;
    }
    for (size_t i = 0; i < KD_MATCH_BYTES; i++)
        for (size_t k = 0; k < 16; k++)
            for (size_t b = 0; b < KD_MATCH_BUCKETS; b++)
                c->places[i].new_low[k][b] = c->places[i].new_high[k][b] = 1;
    for (size_t i = 0; i + KD_FINGERPRINT <= kd_ordinary_len; i++)
        set_bit(c->ordinary, seen_bit(load(kd_ordinary_words + i)));
}

/* By how much more places of an ordinary log each bucket would let through with this text in it. */
static void weigh_buckets(const choice *c, const char *text, float *out)
{
    float after[KD_MATCH_BUCKETS];
    for (size_t b = 0; b < KD_MATCH_BUCKETS; b++)
        after[b] = 1;
    for (size_t i = 0; i < KD_MATCH_BYTES; i++) {
        const place *p = &c->places[i];
        unsigned low = (unsigned char)text[i] & 15, high = (unsigned char)text[i] >> 4;
        float own = c->share[high][low];
        for (size_t b = 0; b < KD_MATCH_BUCKETS; b++)
            after[b] *= p->share[b] + p->by_low[low][b] + p->by_high[high][b] +
                        own * p->new_low[low][b] * p->new_high[high][b];
    }
    for (size_t b = 0; b < KD_MATCH_BUCKETS; b++)
        out[b] = after[b] - c->all[b];
}

/* Of nibbles that are in the bucket nothing is added any more. */
static void add_nibbles(const choice *c, place *p, size_t which, unsigned char byte)
{
    unsigned low = byte & 15, high = byte >> 4;
    float new_low = p->new_low[low][which], new_high = p->new_high[high][which];
    if (new_low + new_high <= 0)
        return;
    p->share[which] +=
        p->by_low[low][which] + p->by_high[high][which] + c->share[high][low] * new_low * new_high;
    p->new_low[low][which] = p->new_high[high][which] = 0;
    for (size_t i = 0; i < 16; i++) {
        p->by_low[i][which] += new_high * c->share[high][i];
        p->by_high[i][which] += new_low * c->share[i][low];
        p->by_low[i][which] *= p->new_low[i][which];
        p->by_high[i][which] *= p->new_high[i][which];
    }
}

static void bucket_add(choice *c, size_t which, const char *text)
{
    c->all[which] = 1;
    for (size_t i = 0; i < KD_MATCH_BYTES; i++) {
        add_nibbles(c, &c->places[i], which, (unsigned char)text[i]);
        c->all[which] *= c->places[i].share[which];
    }
}

typedef struct window {
    uint32_t at;
    unsigned rarity;
    bool ordinary;
} window;

/* What it costs to have the byte in a window. */
static unsigned cost_of(char byte)
{
    return kd_byte_cost[(unsigned char)byte & 127];
}

/* By how much rarity is lost with so many windows of ordinary words. */
static unsigned lessened(unsigned rarity, unsigned ordinary)
{
    return rarity - (rarity < ordinary * ORDINARY_LOSS ? rarity : ordinary * ORDINARY_LOSS);
}

/* The rarest windows of the literal, the rarest first. */
static size_t rarest_windows(const choice *c, const char *text, size_t len, window *out)
{
    size_t count = 0;
    unsigned rarity = cost_of(text[0]) + cost_of(text[1]) + cost_of(text[2]);
    for (uint32_t i = 0; i + KD_FINGERPRINT <= len; rarity -= cost_of(text[i++])) {
        rarity += cost_of(text[i + KD_FINGERPRINT - 1]);
        window own = { i, rarity, has_bit(c->ordinary, seen_bit(load(text + i))) };
        own.rarity = lessened(rarity, own.ordinary);
        size_t rank = count;
        if (count == WINDOWS && out[--rank].rarity >= own.rarity)
            continue;
        for (; rank > 0 && out[rank - 1].rarity < own.rarity; rank--)
            out[rank] = out[rank - 1];
        out[rank] = own;
        count += count < WINDOWS;
    }
    return count;
}

/* Windows that a bucket lets through already cost nothing: literals come to share them, and nothing
 * is better. */
static uint32_t choose(const choice *c, const char *text, size_t len, size_t *which)
{
    window windows[WINDOWS];
    size_t count = rarest_windows(c, text, len, windows);
    uint32_t best = 0;
    float least = TOO_MUCH, more[KD_MATCH_BUCKETS];
    for (size_t w = 0; w < count && least > 0; w++) {
        float ordinary = windows[w].ordinary ? ORDINARY_SHARE : 0;
        weigh_buckets(c, text + windows[w].at, more);
        for (size_t i = 0; i < KD_MATCH_BUCKETS; i++)
            if (ordinary + more[i] < least) {
                least = ordinary + more[i];
                best = windows[w].at;
                *which = i;
            }
    }
    return best;
}

static void fill_tables(kd_matcher *matcher, const choice *c)
{
    for (size_t k = 0; k < KD_MATCH_BYTES; k++)
        for (size_t nibble = 0; nibble < 16; nibble++)
            for (size_t b = 0; b < KD_MATCH_BUCKETS; b++) {
                const place *p = &c->places[k];
                matcher->low[k][nibble] |= (unsigned char)((p->new_low[nibble][b] <= 0) << b);
                matcher->high[k][nibble] |= (unsigned char)((p->new_high[nibble][b] <= 0) << b);
            }
}

/* ---- the grid -------------------------------------------------------------------------------- */

#define GRID_PRINT 6u /* bytes */
/* From here on a literal has them on the grid, however it lies. */
#define ON_GRID (GRID_PRINT + KD_MATCH_STEP - 1)

static inline uint64_t load_six(const char *at)
{
    uint64_t value = 0;
    memcpy(&value, at, GRID_PRINT);
    return value;
}

static uint32_t print_slot(const char *at)
{
    return kd_match_grid_hash(at) >> (32 - KD_MATCH_SLOT_BITS);
}

/* The rarest four bytes of a literal, and for each place of its beginning the rarest of the sixes
 * that then lie on the grid; of equals the first. In one pass: this is most of an engine's start. */
static void rarest_parts(const choice *c, kd_pattern *p, uint32_t sixes[KD_MATCH_STEP])
{
    unsigned most = 0, most_of[KD_MATCH_STEP] = { 0 };
    unsigned four = cost_of(p->text[0]) + cost_of(p->text[1]) + cost_of(p->text[2]);
    unsigned ordinary = 0; /* a bit for each of the windows of four in a six */
    for (uint32_t first = 0; first < KD_MATCH_STEP; first++)
        sixes[first] = first;
    p->at = 0;
    for (uint32_t i = 0; i + KD_FINGERPRINT <= p->len; four -= cost_of(p->text[i++])) {
        four += cost_of(p->text[i + KD_FINGERPRINT - 1]);
        ordinary = (ordinary << 1 | has_bit(c->ordinary, seen_bit(load(p->text + i)))) & 7;
        unsigned rarity = lessened(four, ordinary & 1);
        if (rarity > most) {
            most = rarity;
            p->at = i;
        }
        if (i + KD_FINGERPRINT < GRID_PRINT)
            continue;
        uint32_t at = i + KD_FINGERPRINT - GRID_PRINT, first = at % KD_MATCH_STEP;
        rarity = lessened(cost_of(p->text[at]) + cost_of(p->text[at + 1]) + four,
                          (ordinary & 1) + (ordinary >> 1 & 1) + (ordinary >> 2));
        if (rarity > most_of[first]) {
            most_of[first] = rarity;
            sixes[first] = at;
        }
    }
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
static void add_pattern(kd_matcher *matcher, choice *c, kd_pattern *p)
{
    size_t which = 0;
    if (p->len >= ON_GRID) {
        uint32_t sixes[KD_MATCH_STEP];
        rarest_parts(c, p, sixes);
        add_prints(matcher, p, sixes);
    } else {
        p->at = choose(c, p->text, p->len, &which);
        bucket_add(c, which, p->text + p->at);
        set_bit(matcher->seen_short, seen_bit(load(p->text + p->at)));
    }
    p->value = load(p->text + p->at);
    set_bit(matcher->seen, seen_bit(p->value));
}

#define SHORT 64u

/* The shortest literals first: they have the least choice. Those of a length are chained until
 * all have their fingerprints; where they are long the order does not matter any more. */
static void add_all(kd_matcher *matcher, choice *c)
{
    uint32_t by_length[SHORT + 1] = { 0 };
    choice_begin(c);
    for (size_t i = matcher->count; i-- > 0;) {
        kd_pattern *p = &matcher->patterns[i];
        uint32_t *first = &by_length[p->len < SHORT ? p->len : SHORT];
        p->next = *first;
        *first = (uint32_t)i + 1;
    }
    for (uint32_t len = KD_FINGERPRINT; len <= SHORT; len++)
        for (uint32_t i = by_length[len]; i > 0; i = matcher->patterns[i - 1].next)
            add_pattern(matcher, c, &matcher->patterns[i - 1]);
    fill_tables(matcher, c);
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
    choice c;
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
    if ((size_t)(all.ptr + all.len - start) < p->len || load(start) != load(p->text) ||
        load(start + p->len - KD_FINGERPRINT) != load(p->text + p->len - KD_FINGERPRINT) ||
        memcmp(start, p->text, p->len) != 0)
        return NULL;
    return start;
}

static inline const char *verify(const kd_pattern *p, const char *at, kd_str all)
{
    return p->value == load(at) ? verify_part(p, p->at, at, all) : NULL;
}

const char *kd_match_verify(const kd_matcher *matcher, const char *at, kd_str all, size_t *which)
{
    for (uint32_t i = matcher->first[slot_of(load(at))]; i; i = matcher->patterns[i - 1].next) {
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
    const char *last = all.ptr + all.len - GRID_PRINT, *start;
    if (all.len < GRID_PRINT)
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
    return has_bit(matcher->seen, seen_bit(load(at))) ? matcher->first[slot_of(load(at))] : 0;
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
    const char *at = text.ptr, *stop = text.ptr + text.len - GRID_PRINT + 1;
    for (; at < stop && (at = skip(matcher, at, stop)) < stop; at += KD_MATCH_STEP) {
        const uint64_t value = load_six(at);
        uint32_t i = matcher->grid_first[print_slot(at)];
        for (; i; i = matcher->prints[i - 1].next) {
            const kd_grid_print *print = &matcher->prints[i - 1];
            if (print->value == value &&
                verify_part(&matcher->patterns[print->of], print->at, at, text))
                set_bit(set, group ? group[print->of] : print->of);
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
                set_bit(set, group ? group[i - 1] : i - 1);
    }
}

void kd_matcher_mark(const kd_matcher *matcher, kd_str text, const uint8_t *group, uint64_t *set)
{
    if (text.len >= GRID_PRINT)
        mark_on_grid(matcher, text, group, set);
    mark_short(matcher, text, group, set);
}

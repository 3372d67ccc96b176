/* match_choose.c - which bytes of each literal the matcher looks for, and in which bucket. Layer:
 * base. */
#include "base/match_choose.h"

#include "base/match_words.h"

/* What a window of an ordinary word costs: as a share of all places, and as lost rarity. */
#define ORDINARY_SHARE 0.01f
#define ORDINARY_LOSS 150u

/* So many windows of a literal are weighed: the rarest ones. */
#define WINDOWS 8u

#define TOO_MUCH 2.0f

void kd_match_choice_begin(kd_match_choice *c)
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
        kd_match_set_bit(c->ordinary, kd_match_seen_bit(kd_match_load(kd_ordinary_words + i)));
}

/* By how much more places of an ordinary log each bucket would let through with this text in it. */
static void weigh_buckets(const kd_match_choice *c, const char *text, float *out)
{
    float after[KD_MATCH_BUCKETS];
    for (size_t b = 0; b < KD_MATCH_BUCKETS; b++)
        after[b] = 1;
    for (size_t i = 0; i < KD_MATCH_BYTES; i++) {
        const kd_match_place *p = &c->places[i];
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
static void add_nibbles(const kd_match_choice *c, kd_match_place *p, size_t which,
                        unsigned char byte)
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

void kd_match_bucket_add(kd_match_choice *c, size_t which, const char *text)
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
static size_t rarest_windows(const kd_match_choice *c, const char *text, size_t len, window *out)
{
    size_t count = 0;
    unsigned rarity = cost_of(text[0]) + cost_of(text[1]) + cost_of(text[2]);
    for (uint32_t i = 0; i + KD_FINGERPRINT <= len; rarity -= cost_of(text[i++])) {
        rarity += cost_of(text[i + KD_FINGERPRINT - 1]);
        window own = { i, rarity,
                       kd_match_has_bit(c->ordinary, kd_match_seen_bit(kd_match_load(text + i))) };
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
uint32_t kd_match_choose(const kd_match_choice *c, const char *text, size_t len, size_t *which)
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

void kd_match_fill_tables(kd_matcher *matcher, const kd_match_choice *c)
{
    for (size_t k = 0; k < KD_MATCH_BYTES; k++)
        for (size_t nibble = 0; nibble < 16; nibble++)
            for (size_t b = 0; b < KD_MATCH_BUCKETS; b++) {
                const kd_match_place *p = &c->places[k];
                matcher->low[k][nibble] |= (unsigned char)((p->new_low[nibble][b] <= 0) << b);
                matcher->high[k][nibble] |= (unsigned char)((p->new_high[nibble][b] <= 0) << b);
            }
}

/* The rarest four bytes of a literal, and for each place of its beginning the rarest of the sixes
 * that then lie on the grid; of equals the first. In one pass: this is most of an engine's start.
 */
void kd_match_rarest_parts(const kd_match_choice *c, kd_pattern *p, uint32_t sixes[KD_MATCH_STEP])
{
    unsigned most = 0, most_of[KD_MATCH_STEP] = { 0 };
    unsigned four = cost_of(p->text[0]) + cost_of(p->text[1]) + cost_of(p->text[2]);
    unsigned ordinary = 0; /* a bit for each of the windows of four in a six */
    for (uint32_t first = 0; first < KD_MATCH_STEP; first++)
        sixes[first] = first;
    p->at = 0;
    for (uint32_t i = 0; i + KD_FINGERPRINT <= p->len; four -= cost_of(p->text[i++])) {
        four += cost_of(p->text[i + KD_FINGERPRINT - 1]);
        ordinary = (ordinary << 1 |
                    kd_match_has_bit(c->ordinary, kd_match_seen_bit(kd_match_load(p->text + i)))) &
                   7;
        unsigned rarity = lessened(four, ordinary & 1);
        if (rarity > most) {
            most = rarity;
            p->at = i;
        }
        if (i + KD_FINGERPRINT < KD_MATCH_SIX)
            continue;
        uint32_t at = i + KD_FINGERPRINT - KD_MATCH_SIX, first = at % KD_MATCH_STEP;
        rarity = lessened(cost_of(p->text[at]) + cost_of(p->text[at + 1]) + four,
                          (ordinary & 1) + (ordinary >> 1 & 1) + (ordinary >> 2));
        if (rarity > most_of[first]) {
            most_of[first] = rarity;
            sixes[first] = at;
        }
    }
}

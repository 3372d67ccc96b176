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

/* Words of ordinary kernel logs, the most frequent first (measured on 70 boot logs): what stands in
 * them is a poor fingerprint, however rare its letters are. */
static const char ordinary_words[] =
    "registered ACPI table bytes entries hash order linear Registered pages type acpiphp "
    "kernel Slot init disabled initialized memory node enabled with security cache resource "
    "size found family protocol clocksource governor AppArmor pci_bus reserved detected "
    "driver CPUs from version thermal host using zone features thermal_sys Setting device "
    "generic Node swapper loaded default alloc root Using Linux available BIOS ranges mask "
    "system window support max_cycles max_idle_ns Freeing domain delay HugeTLB pcie "
    "allocated unused configured console audit linux Tasks bridge mode preallocated pool "
    "Device variant shift printk image BOCHS jiffies nr_cpu_ids level Spectre done Total "
    "policy registers Boot Memory heap scheduler link Reserving implementation Supporting "
    "XSAVE quirk psci iommu initializing setting high established devices bind value ftrace "
    "input pcpu fscrypt atomic address free data calculated PF_INET pps_core kworker ttyS "
    "Interrupt number stack allocations Enabled legacy Serial INT_SRC_OVR bus_irq global_irq "
    "base setup vmemmap integrity pinctrl class failed timer passed empty PIIX start "
    "Hierarchical state freed self tests queues APIC rodata dummy platform GFP_KERNEL irqs "
    "adjustable callback BogoMIPS panic configuration loop Loading Kernel Movable tftp "
    "running present NR_CPUS Tainted DEBUG rtc_cmos hpet xstate_offset xstate_sizes tables "
    "ignore_loglevel Early Translated HPET extended code chip process cpuidle based "
    "frequency algorithm Rude Switched information name Code Controller smpboot initrd "
    "architecture Hardware QEMU Machine block Table Segment firmware Initializing "
    "active_anon inactive_anon active_file unevictable down buffer interface SCSI activated "
    "Data insmod Standard command Disabling breakpoint capability limit Booting virt NUMA "
    "kprobes rootfs calibration alternatives cert auto Binutils Added common subsys Routing "
    "lists ignoring layer GFP_DMA Brought serio Copyright major TASK netlink initramfs "
    "colour read Trying secondary Hash allowed Built debug skipped random deadline Embedded "
    "zonelists Zone mobility grouping Dentry SLUB Nodes NR_IRQS nr_irqs pid_max minimum "
    "Mount allocating devtmpfs unpack Bringing each rwdata Mountpoint futex cryptomgr "
    "notests Initmem percpu enlistment crng SRCU step_wise tcp_listen_portaddr_hash "
    "Initialise trusted keyrings workingset timestamp_bits max_order bucket_order asymmetric "
    "usb xhci_hcd mounted filesystem ordered Started Session user "
    "USB EXT4-fs systemd ADDRCONF NETDEV_CHANGE of to the for not is in on at by and all still "
    "after into out ";

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
        for (unsigned cost = byte_cost[i]; cost >= 10; cost -= 10)
            share /= 2;
        c->share[i >> 4][i & 15] = share;
    }
    for (size_t i = 0; i < KD_MATCH_BYTES; i++)
        for (size_t k = 0; k < 16; k++)
            for (size_t b = 0; b < KD_MATCH_BUCKETS; b++)
                c->places[i].new_low[k][b] = c->places[i].new_high[k][b] = 1;
    for (size_t i = 0; i + KD_FINGERPRINT < sizeof ordinary_words; i++)
        set_bit(c->ordinary, seen_bit(load(ordinary_words + i)));
}

/* By how much more places of an ordinary log each bucket would let through with this text in it;
 * behind the end of a short one anything may stand. */
static void weigh_buckets(const choice *c, kd_str text, float *out)
{
    float after[KD_MATCH_BUCKETS];
    for (size_t b = 0; b < KD_MATCH_BUCKETS; b++)
        after[b] = 1;
    for (size_t i = 0; i < text.len; i++) {
        const place *p = &c->places[i];
        unsigned low = (unsigned char)text.ptr[i] & 15, high = (unsigned char)text.ptr[i] >> 4;
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

static void add_anything(place *p, size_t which)
{
    p->share[which] = 1;
    for (size_t i = 0; i < 16; i++) {
        p->by_low[i][which] = p->by_high[i][which] = 0;
        p->new_low[i][which] = p->new_high[i][which] = 0;
    }
}

static void bucket_add(choice *c, size_t which, kd_str text)
{
    c->all[which] = 1;
    for (size_t i = 0; i < KD_MATCH_BYTES; i++) {
        if (i < text.len)
            add_nibbles(c, &c->places[i], which, (unsigned char)text.ptr[i]);
        else
            add_anything(&c->places[i], which);
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
    return byte_cost[(unsigned char)byte & 127];
}

/* The rarest windows of the literal, the rarest first. */
static size_t rarest_windows(const choice *c, const char *text, size_t len, window *out)
{
    size_t count = 0;
    unsigned rarity = cost_of(text[0]) + cost_of(text[1]) + cost_of(text[2]);
    for (uint32_t i = 0; i + KD_FINGERPRINT <= len; rarity -= cost_of(text[i++])) {
        rarity += cost_of(text[i + KD_FINGERPRINT - 1]);
        window own = { i, rarity, has_bit(c->ordinary, seen_bit(load(text + i))) };
        if (own.ordinary)
            own.rarity = rarity > ORDINARY_LOSS ? rarity - ORDINARY_LOSS : 0;
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

/* What the vector step looks at: the fingerprint and what follows it in the literal. */
static kd_str window_of(const char *text, size_t len, uint32_t at)
{
    return (kd_str){ text + at, len - at < KD_MATCH_BYTES ? len - at : KD_MATCH_BYTES };
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
        weigh_buckets(c, window_of(text, len, windows[w].at), more);
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

static void add_pattern(kd_matcher *matcher, choice *c, kd_pattern *p)
{
    size_t which = 0;
    p->at = choose(c, p->text, p->len, &which);
    p->value = load(p->text + p->at);
    bucket_add(c, which, window_of(p->text, p->len, p->at));
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
    size_t size = (matcher->count + 1) * sizeof *matcher->patterns;
    if (matcher->patterns)
        kd_mem_free(mem, matcher->patterns, size);
    matcher->patterns = NULL;
}

/* Where the pattern starts when its fingerprint stands at `at` and it is there whole, or NULL. Its
 * ends tell nearly always: words of ordinary logs hold fingerprints. */
static inline const char *verify(const kd_pattern *p, const char *at, kd_str all)
{
    if (p->value != load(at) || (size_t)(at - all.ptr) < p->at)
        return NULL;
    const char *start = at - p->at;
    if ((size_t)(all.ptr + all.len - start) < p->len || load(start) != load(p->text) ||
        load(start + p->len - KD_FINGERPRINT) != load(p->text + p->len - KD_FINGERPRINT) ||
        memcmp(start, p->text, p->len) != 0)
        return NULL;
    return start;
}

const char *kd_match_verify(const kd_matcher *matcher, const char *at, kd_str all, size_t *which)
{
    for (uint32_t i = matcher->first[slot_of(load(at))]; i; i = matcher->patterns[i - 1].next) {
        const char *start = verify(&matcher->patterns[i - 1], at, all);
        if (start) {
            *which = i - 1;
            return start;
        }
    }
    return NULL;
}

const char *kd_matcher_find(const kd_matcher *matcher, const char *at, const char *end,
                            size_t *which)
{
    kd_str all = { at, (size_t)(end - at) };
    if (matcher->vector)
        return kd_match_find_vector(matcher, all, which);
    for (; (size_t)(end - at) >= KD_FINGERPRINT; at++) {
        const char *start =
            kd_match_seen(matcher, at) ? kd_match_verify(matcher, at, all, which) : NULL;
        if (start)
            return start;
    }
    return NULL;
}

void kd_matcher_each(const kd_matcher *matcher, kd_str text,
                     void (*found)(size_t which, void *user), void *user)
{
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; (size_t)(end - at) >= KD_FINGERPRINT; at++)
        for (uint32_t i = kd_match_seen(matcher, at) ? matcher->first[slot_of(load(at))] : 0; i;
             i = matcher->patterns[i - 1].next)
            if (verify(&matcher->patterns[i - 1], at, text))
                found(i - 1, user);
}

void kd_matcher_mark(const kd_matcher *matcher, kd_str text, const uint8_t *group, uint64_t *set)
{
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; (size_t)(end - at) >= KD_FINGERPRINT; at++)
        for (uint32_t i = kd_match_seen(matcher, at) ? matcher->first[slot_of(load(at))] : 0; i;
             i = matcher->patterns[i - 1].next)
            if (verify(&matcher->patterns[i - 1], at, text))
                set_bit(set, group ? group[i - 1] : i - 1);
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

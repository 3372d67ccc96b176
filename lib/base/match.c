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
    "usb xhci_hcd mounted filesystem ordered Started Session user ";

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
#define ORDINARY_SHARE 0.0012f
#define ORDINARY_LOSS 150u

/* So many windows of a literal are weighed: the rarest ones. */
#define WINDOWS 8u

#define TOO_MUCH 2.0f

typedef struct bucket {
    uint16_t low[KD_MATCH_BYTES], high[KD_MATCH_BYTES]; /* sets of nibbles */
    float share[KD_MATCH_BYTES];    /* of the bytes of an ordinary log that it lets through there */
    float all;                      /* of the places: the product of them */
    float rest[KD_MATCH_BYTES + 1]; /* the product of those from there on */
    float by_low[KD_MATCH_BYTES][16], by_high[KD_MATCH_BYTES][16]; /* what a new nibble would add */
} bucket;

typedef struct choice {
    float share[16][16]; /* by high and low nibble: how much of an ordinary log is that byte */
    bucket buckets[KD_MATCH_BUCKETS];
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
    for (size_t i = 0; i + KD_FINGERPRINT < sizeof ordinary_words; i++)
        set_bit(c->ordinary, seen_bit(load(ordinary_words + i)));
}

/* The share of the bucket at that place once the byte is in it too. */
static float share_with(const choice *c, const bucket *b, size_t place, unsigned char byte)
{
    unsigned low = byte & 15, high = byte >> 4;
    bool both_new = !((b->low[place] >> low | b->high[place] >> high) & 1);
    return b->share[place] + b->by_low[place][low] + b->by_high[place][high] +
           (both_new ? c->share[high][low] : 0);
}

/* How many more places of an ordinary log the bucket lets through with this text in it; behind the
 * end of a short one anything may stand. TOO_MUCH where it is `most` at least. */
static float cost_in(const choice *c, const bucket *b, kd_str text, float most)
{
    float after = 1;
    for (size_t i = 0; i < text.len; i++) {
        after *= share_with(c, b, i, (unsigned char)text.ptr[i]);
        if (after * b->rest[i + 1] - b->all >= most) /* no share gets less */
            return TOO_MUCH;
    }
    return after - b->all;
}

/* Of nibbles that are in the bucket nothing is added any more. */
static void add_nibbles(const choice *c, bucket *b, size_t place, unsigned char byte)
{
    unsigned low = byte & 15, high = byte >> 4;
    bool new_low = !(b->low[place] >> low & 1), new_high = !(b->high[place] >> high & 1);
    b->low[place] |= (uint16_t)(1u << low);
    b->high[place] |= (uint16_t)(1u << high);
    for (size_t i = 0; i < 16; i++) {
        bool in_low = b->low[place] >> i & 1, in_high = b->high[place] >> i & 1;
        b->by_low[place][i] = in_low ? 0 : b->by_low[place][i] + (new_high ? c->share[high][i] : 0);
        b->by_high[place][i] =
            in_high ? 0 : b->by_high[place][i] + (new_low ? c->share[i][low] : 0);
    }
}

static void bucket_add(const choice *c, bucket *b, kd_str text)
{
    for (size_t i = 0; i < KD_MATCH_BYTES; i++) {
        if (i >= text.len) {
            b->share[i] = 1;
            b->low[i] = b->high[i] = UINT16_MAX;
            memset(b->by_low[i], 0, sizeof b->by_low[i]);
            memset(b->by_high[i], 0, sizeof b->by_high[i]);
            continue;
        }
        unsigned char byte = (unsigned char)text.ptr[i];
        b->share[i] = share_with(c, b, i, byte);
        if (!(b->low[i] >> (byte & 15) & b->high[i] >> (byte >> 4) & 1))
            add_nibbles(c, b, i, byte);
    }
    b->rest[KD_MATCH_BYTES] = 1;
    for (size_t i = KD_MATCH_BYTES; i-- > 0;)
        b->rest[i] = b->rest[i + 1] * b->share[i];
    b->all = b->rest[0];
}

typedef struct window {
    uint32_t at;
    unsigned rarity;
    bool ordinary;
} window;

static window weigh(const choice *c, const char *text, uint32_t at)
{
    window w = { .at = at };
    for (size_t i = 0; i < KD_FINGERPRINT; i++)
        w.rarity += byte_cost[(unsigned char)text[at + i] & 127];
    w.ordinary = has_bit(c->ordinary, seen_bit(load(text + at)));
    if (w.ordinary)
        w.rarity = w.rarity > ORDINARY_LOSS ? w.rarity - ORDINARY_LOSS : 0;
    return w;
}

/* The rarest windows of the literal, the rarest first. */
static size_t rarest_windows(const choice *c, const char *text, size_t len, window *out)
{
    size_t count = 0;
    for (uint32_t i = 0; i + KD_FINGERPRINT <= len; i++) {
        window own = weigh(c, text, i);
        size_t place = count;
        while (place > 0 && out[place - 1].rarity < own.rarity)
            place--;
        if (place == WINDOWS)
            continue;
        count += count < WINDOWS;
        memmove(&out[place + 1], &out[place], (count - 1 - place) * sizeof *out);
        out[place] = own;
    }
    return count;
}

/* What the vector step looks at: the fingerprint and what follows it in the literal. */
static kd_str window_of(const char *text, size_t len, uint32_t at)
{
    return (kd_str){ text + at, len - at < KD_MATCH_BYTES ? len - at : KD_MATCH_BYTES };
}

/* Windows that a bucket lets through already cost nothing: literals come to share them. */
static uint32_t choose(choice *c, const char *text, size_t len, size_t *which)
{
    window windows[WINDOWS];
    size_t count = rarest_windows(c, text, len, windows);
    uint32_t best = 0;
    float least = TOO_MUCH;
    for (size_t w = 0; w < count; w++)
        for (size_t i = 0; i < KD_MATCH_BUCKETS; i++) {
            float ordinary = windows[w].ordinary ? ORDINARY_SHARE : 0;
            kd_str there = window_of(text, len, windows[w].at);
            float more = ordinary + cost_in(c, &c->buckets[i], there, least - ordinary);
            if (more < least) {
                least = more;
                best = windows[w].at;
                *which = i;
            }
        }
    return best;
}

static void fill_bucket(kd_matcher *matcher, size_t which, const bucket *b)
{
    for (size_t k = 0; k < KD_MATCH_BYTES; k++)
        for (size_t nibble = 0; nibble < 16; nibble++) {
            matcher->low[k][nibble] |= (unsigned char)((b->low[k] >> nibble & 1u) << which);
            matcher->high[k][nibble] |= (unsigned char)((b->high[k] >> nibble & 1u) << which);
        }
}

static void add_pattern(kd_matcher *matcher, choice *c, kd_pattern *p)
{
    size_t which = 0;
    p->at = choose(c, p->text, p->len, &which);
    p->value = load(p->text + p->at);
    bucket_add(c, &c->buckets[which], window_of(p->text, p->len, p->at));
    set_bit(matcher->seen, seen_bit(p->value));
}

/* The shortest literals first: they have the least choice. */
static void add_all(kd_matcher *matcher, choice *c)
{
    choice_begin(c);
    for (uint32_t len = KD_FINGERPRINT; len <= matcher->longest; len++)
        for (size_t i = 0; i < matcher->count; i++)
            if (matcher->patterns[i].len == len)
                add_pattern(matcher, c, &matcher->patterns[i]);
    for (size_t i = 0; i < KD_MATCH_BUCKETS; i++)
        fill_bucket(matcher, i, &c->buckets[i]);
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
        matcher->longest = len > matcher->longest ? len : matcher->longest;
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

void kd_matcher_mark(const kd_matcher *matcher, kd_str text, const uint8_t *group, uint64_t *set)
{
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; (size_t)(end - at) >= KD_FINGERPRINT; at++)
        for (uint32_t i = kd_match_seen(matcher, at) ? matcher->first[slot_of(load(at))] : 0; i;
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

/* decode_gfp.c - what a GFP mask asks of the page allocator, by kernel version. */
#include "family/gfp/decode_gfp.h"

#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "core/version.h"

/* ---- the facts as tables --------------------------------------------------------------------- */

typedef enum name_id {
#define KD_GFP_NAME(name) NAME_##name,
#include "family/gfp/gfp_composites.def"
    NAME_COUNT
} name_id;

static const char *const flag_names[] = {
#define KD_GFP_FLAG(name) "__GFP_" #name,
#include "family/gfp/gfp_bits.def"
};

static const char *const composite_names[] = {
#define KD_GFP_NAME(name) #name,
#include "family/gfp/gfp_composites.def"
};

static const struct bit_row {
    uint32_t from, until;
    uint32_t bit;
    uint8_t flag, with, without;
} bit_rows[] = {
#define KD_GFP_BIT(name, from, until, bit, with, without) \
    { from, until, bit, KD_GFP_##name, with, without },
#include "family/gfp/gfp_bits.def"
};

#define F(name) (UINT64_C(1) << KD_GFP_##name)
static const struct composite_row {
    uint32_t from, until;
    uint64_t flags;
    name_id name;
} composite_rows[] = {
#define KD_GFP_COMPOSITE(name, from, until, flags) { from, until, flags, NAME_##name },
#include "family/gfp/gfp_composites.def"
};
#undef F

static const struct print_row {
    uint32_t from, until;
    bool composite;
    uint8_t id;
} print_rows[] = {
#define KD_GFP_PRINT_NAME(name, from, until) { from, until, true, NAME_##name },
#define KD_GFP_PRINT_FLAG(name, from, until) { from, until, false, KD_GFP_##name },
#include "family/gfp/gfp_print.def"
};

/* The values of one version and configuration. */
typedef struct table {
    uint32_t version;
    uint64_t flags[KD_GFP_FLAG_COUNT]; /* 0: no bit */
    uint64_t names[NAME_COUNT];        /* 0: no such name */
} table;

static unsigned pack_config(kd_gfp_config config)
{
    return (config.lockdep ? KD_GFP_LOCKDEP : 0u) | (config.kasan_hw_tags ? KD_GFP_HW_TAGS : 0u) |
           (config.slab_obj_ext ? KD_GFP_OBJ_EXT : 0u) |
           (config.kmemcheck ? KD_GFP_KMEMCHECK : 0u) | (config.android ? KD_GFP_ANDROID : 0u);
}

static uint32_t clamp_version(uint32_t version)
{
    if (version == 0 || version >= KD_NEWEST_KNOWN)
        return KD_NEWEST_KNOWN;
    return version < KD_OLDEST ? KD_OLDEST : version;
}

static uint64_t composite_value(const table *t, uint64_t flags)
{
    uint64_t value = 0;
    for (unsigned flag = 0; flags != 0; flag++, flags >>= 1)
        if (flags & 1)
            value |= t->flags[flag];
    return value;
}

static void fill_flags(table *t, uint32_t version, unsigned config)
{
    memset(t, 0, sizeof *t);
    t->version = clamp_version(version);
    for (size_t i = 0; i < KD_COUNT(bit_rows); i++) {
        const struct bit_row *row = &bit_rows[i];
        if (kd_version_in(t->version, row->from, row->until) && (config & row->with) == row->with &&
            (config & row->without) == 0)
            t->flags[row->flag] = row->bit;
    }
}

static void fill_table(table *t, uint32_t version, unsigned config)
{
    fill_flags(t, version, config);
    for (size_t i = 0; i < KD_COUNT(composite_rows); i++)
        if (kd_version_in(t->version, composite_rows[i].from, composite_rows[i].until))
            t->names[composite_rows[i].name] = composite_value(t, composite_rows[i].flags);
}

/* ---- one mask by one table ------------------------------------------------------------------- */

static void find_names(const table *t, kd_gfp_meaning *m)
{
    uint64_t left = m->mask;
    for (size_t i = 0; i < KD_COUNT(print_rows) && left != 0; i++) {
        const struct print_row *row = &print_rows[i];
        uint64_t bits = row->composite ? t->names[row->id] : t->flags[row->id];
        if (bits == 0 || (left & bits) != bits || !kd_version_in(t->version, row->from, row->until))
            continue;
        m->names[m->name_count++] = (row->composite ? composite_names : flag_names)[row->id];
        left &= ~bits;
    }
    m->unnamed_bits = left;
}

static unsigned flag_of_bit(const table *t, uint64_t bit)
{
    unsigned flag = 0;
    while (flag < KD_GFP_FLAG_COUNT && t->flags[flag] != bit)
        flag++;
    return flag;
}

static void find_flags(const table *t, kd_gfp_meaning *m)
{
    m->unknown_bits = m->mask;
    for (unsigned shift = 0; shift < 32; shift++) {
        uint64_t bit = UINT64_C(1) << shift;
        unsigned flag = (m->mask & bit) ? flag_of_bit(t, bit) : KD_GFP_FLAG_COUNT;
        if (flag == KD_GFP_FLAG_COUNT)
            continue;
        m->flags[m->flag_count++] = flag_names[flag];
        m->set |= UINT64_C(1) << flag;
        m->unknown_bits &= ~bit;
    }
}

/* Zone bits and their meaning are the same in all versions. */
static void find_zone(kd_gfp_meaning *m)
{
    static const kd_zone_kind zones[16] = {
        [0x0] = KD_ZONE_NORMAL,  [0x1] = KD_ZONE_DMA,     [0x2] = KD_ZONE_HIGHMEM,
        [0x3] = KD_ZONE_INVALID, [0x4] = KD_ZONE_DMA32,   [0x5] = KD_ZONE_INVALID,
        [0x6] = KD_ZONE_INVALID, [0x7] = KD_ZONE_INVALID, [0x8] = KD_ZONE_NORMAL,
        [0x9] = KD_ZONE_DMA,     [0xa] = KD_ZONE_MOVABLE, [0xb] = KD_ZONE_INVALID,
        [0xc] = KD_ZONE_DMA32,   [0xd] = KD_ZONE_INVALID, [0xe] = KD_ZONE_INVALID,
        [0xf] = KD_ZONE_INVALID,
    };
    static const char *const names[] = {
        [KD_ZONE_DMA] = "DMA",         [KD_ZONE_DMA32] = "DMA32",     [KD_ZONE_NORMAL] = "Normal",
        [KD_ZONE_HIGHMEM] = "HighMem", [KD_ZONE_MOVABLE] = "Movable", [KD_ZONE_DEVICE] = "Device",
        [KD_ZONE_INVALID] = "invalid",
    };
    m->zone = zones[m->mask & 0xf];
    m->zone_name = names[m->zone];
}

/* From 4.4 on the two bits are neighbours and the type is their number. */
static bool bits_are_neighbours(const kd_gfp_meaning *m)
{
    return m->reclaimable_bit == m->movable_bit << 1;
}

static void find_migratetype(const table *t, kd_gfp_meaning *m)
{
    static const char *const names[] = {
        [KD_UNMOVABLE] = "unmovable", [KD_MOVABLE] = "movable", [KD_RECLAIMABLE] = "reclaimable"
    };
    bool movable = kd_gfp_has(m, KD_GFP_MOVABLE), reclaimable = kd_gfp_has(m, KD_GFP_RECLAIMABLE);
    m->movable_bit = t->flags[KD_GFP_MOVABLE];
    m->reclaimable_bit = t->flags[KD_GFP_RECLAIMABLE];
    m->migratetype = movable && reclaimable ? KD_MIGRATETYPE_INVALID
                     : movable              ? KD_MOVABLE
                     : reclaimable          ? KD_RECLAIMABLE
                                            : KD_UNMOVABLE;
    m->migratetype_name = m->migratetype <= KD_RECLAIMABLE ? names[m->migratetype] : "invalid";
    m->migratetype_index = bits_are_neighbours(m) ? (movable ? 1u : 0) | (reclaimable ? 2u : 0)
                                                  : (movable ? 2u : 0) | (reclaimable ? 1u : 0);
}

static bool wakes_kswapd(const table *t, const kd_gfp_meaning *m)
{
    if (t->flags[KD_GFP_KSWAPD_RECLAIM] != 0)
        return kd_gfp_has(m, KD_GFP_KSWAPD_RECLAIM);
    return !kd_gfp_has(m, KD_GFP_NO_KSWAPD);
}

/* The release that CMA came with. */
#define CMA_FROM V(3, 5)

static void find_rights(const table *t, kd_gfp_meaning *m)
{
    m->may_sleep = kd_gfp_has(m, KD_GFP_WAIT) || kd_gfp_has(m, KD_GFP_DIRECT_RECLAIM);
    m->may_io = kd_gfp_has(m, KD_GFP_IO);
    m->may_fs = kd_gfp_has(m, KD_GFP_FS);
    m->wakes_kswapd = wakes_kswapd(t, m);
    /* A tree that has a bit for it lends CMA memory only to requests with it. */
    m->may_use_cma = m->migratetype == KD_MOVABLE && t->version >= CMA_FROM &&
                     (t->flags[KD_GFP_CMA] == 0 || kd_gfp_has(m, KD_GFP_CMA));
    m->high = kd_gfp_has(m, KD_GFP_HIGH);
    m->atomic = kd_gfp_has(m, KD_GFP_ATOMIC);
    m->memalloc = kd_gfp_has(m, KD_GFP_MEMALLOC);
    m->nomemalloc = kd_gfp_has(m, KD_GFP_NOMEMALLOC);
    m->noretry = kd_gfp_has(m, KD_GFP_NORETRY);
    m->repeat = kd_gfp_has(m, KD_GFP_REPEAT);
    m->retry_mayfail = kd_gfp_has(m, KD_GFP_RETRY_MAYFAIL);
    m->nofail = kd_gfp_has(m, KD_GFP_NOFAIL);
    m->thisnode = kd_gfp_has(m, KD_GFP_THISNODE);
    m->hardwall = kd_gfp_has(m, KD_GFP_HARDWALL);
    m->comp = kd_gfp_has(m, KD_GFP_COMP);
    m->nowarn = kd_gfp_has(m, KD_GFP_NOWARN);
    m->zero = kd_gfp_has(m, KD_GFP_ZERO);
    m->account = kd_gfp_has(m, KD_GFP_ACCOUNT);
    m->write = kd_gfp_has(m, KD_GFP_WRITE);
}

/* 5.4.125 -> 5.4: tables belong to releases. In 2.6.x the third number is the release. */
static uint32_t release_of(uint32_t version)
{
    return version >= V(3, 0) ? version & ~UINT32_C(0xffff) : version;
}

void kd_gfp_decode(uint64_t mask, uint32_t version, kd_gfp_config config, kd_gfp_meaning *out)
{
    table t;
    fill_table(&t, version, pack_config(config));
    memset(out, 0, sizeof *out);
    out->mask = mask;
    out->version_used = release_of(t.version);
    find_names(&t, out);
    find_flags(&t, out);
    find_zone(out);
    find_migratetype(&t, out);
    find_rights(&t, out);
}

/* ---- what any table has ---------------------------------------------------------------------- */

/* The next name of "GFP_USER|__GFP_COMP", without the blanks of a wrapped line. False: none is that
 * long. */
static bool next_name(kd_str *left, char *name, size_t size)
{
    size_t len = 0, i = 0;
    for (; i < left->len && left->ptr[i] != '|' && len < size; i++)
        if (!kd_is_blank(left->ptr[i]))
            name[len++] = left->ptr[i];
    *left = kd_str_from(*left, i + 1);
    if (len == size)
        return false;
    name[len] = '\0';
    return true;
}

/* The flags that it stood for in any version. False: no version has that name. */
static bool flags_of_name(const char *name, uint64_t *flags)
{
    bool known = false;
    for (unsigned flag = 0; flag < KD_GFP_FLAG_COUNT && !known; flag++)
        if ((known = strcmp(name, flag_names[flag]) == 0))
            *flags |= UINT64_C(1) << flag;
    for (size_t i = 0; i < KD_COUNT(composite_rows); i++)
        if (strcmp(name, composite_names[composite_rows[i].name]) == 0) {
            *flags |= composite_rows[i].flags;
            known = true;
        }
    return known;
}

bool kd_gfp_may_print(uint64_t mask, kd_str printed)
{
    uint64_t flags = 0, number, bits = 0;
    char name[40];
    while (printed.len > 0) {
        if (!next_name(&printed, name, sizeof name))
            return false;
        kd_scan in = kd_scan_of(kd_str_of(name));
        if (kd_scan_literal(&in, "0x") && kd_scan_hex(&in, &number))
            bits |= number;
        else if (strcmp(name, "none") != 0 && !flags_of_name(name, &flags))
            return false;
    }
    for (size_t i = 0; i < KD_COUNT(bit_rows); i++)
        if (flags >> bit_rows[i].flag & 1)
            bits |= bit_rows[i].bit;
    return (mask & ~bits) == 0;
}

bool kd_gfp_same_tables(uint32_t a, uint32_t b)
{
    a = clamp_version(a);
    b = clamp_version(b);
#define DIFFERS(row) \
    (kd_version_in(a, (row).from, (row).until) != kd_version_in(b, (row).from, (row).until))
    for (size_t i = 0; i < KD_COUNT(bit_rows); i++)
        if (DIFFERS(bit_rows[i]))
            return false;
    for (size_t i = 0; i < KD_COUNT(composite_rows); i++)
        if (DIFFERS(composite_rows[i]))
            return false;
    for (size_t i = 0; i < KD_COUNT(print_rows); i++)
        if (DIFFERS(print_rows[i]))
            return false;
#undef DIFFERS
    return (a >= CMA_FROM) == (b >= CMA_FROM);
}

kd_gfp_config kd_gfp_options_of(uint32_t version)
{
    unsigned bits = 0;
    version = clamp_version(version);
    for (size_t i = 0; i < KD_COUNT(bit_rows); i++)
        if (kd_version_in(version, bit_rows[i].from, bit_rows[i].until))
            bits |= bit_rows[i].with | bit_rows[i].without;
    return (kd_gfp_config){ (bits & KD_GFP_LOCKDEP) != 0, (bits & KD_GFP_HW_TAGS) != 0,
                            (bits & KD_GFP_OBJ_EXT) != 0, (bits & KD_GFP_KMEMCHECK) != 0,
                            (bits & KD_GFP_ANDROID) != 0 };
}

bool kd_gfp_by_name(const char *name, uint32_t version, uint64_t *mask)
{
    table t;
    kd_str wanted = kd_str_of(name);
    fill_table(&t, version, pack_config(KD_GFP_CONFIG_DEFAULT));
    for (size_t i = 0; i < KD_COUNT(composite_rows); i++)
        if (kd_version_in(t.version, composite_rows[i].from, composite_rows[i].until) &&
            kd_str_is(wanted, composite_names[composite_rows[i].name])) {
            *mask = composite_value(&t, composite_rows[i].flags);
            return true;
        }
    for (unsigned flag = 0; flag < KD_GFP_FLAG_COUNT; flag++)
        if (t.flags[flag] != 0 && kd_str_is(wanted, flag_names[flag])) {
            *mask = t.flags[flag];
            return true;
        }
    return false;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static size_t append(char *text, size_t size, size_t len, const char *more)
{
    while (*more != '\0' && len + 1 < size)
        text[len++] = *more++;
    if (len < size)
        text[len] = '\0';
    return len;
}

size_t kd_gfp_print(const kd_gfp_meaning *meaning, char *text, size_t size)
{
    size_t len = append(text, size, 0, "");
    for (size_t i = 0; i < meaning->name_count; i++) {
        len = append(text, size, len, i > 0 ? "|" : "");
        len = append(text, size, len, meaning->names[i]);
    }
    if (meaning->unnamed_bits != 0) {
        char hex[20];
        snprintf(hex, sizeof hex, "0x%llx", KD_LLU(meaning->unnamed_bits));
        len = append(text, size, len, len > 0 ? "|" : "");
        len = append(text, size, len, hex);
    }
    return len;
}

size_t kd_gfp_prove_migratetype(const kd_gfp_meaning *meaning, char *text, size_t size)
{
    char whole[160];
    unsigned long long mask = meaning->mask, movable = meaning->movable_bit;
    unsigned long long reclaimable = meaning->reclaimable_bit;
    if (bits_are_neighbours(meaning))
        snprintf(whole, sizeof whole, "(0x%llx & 0x%llx) >> 3 = %u", mask, movable | reclaimable,
                 meaning->migratetype_index);
    else
        snprintf(whole, sizeof whole,
                 "((0x%llx & 0x%llx) != 0) << 1 | ((0x%llx & 0x%llx) != 0) = %u", mask, movable,
                 mask, reclaimable, meaning->migratetype_index);
    return append(text, size, 0, whole);
}

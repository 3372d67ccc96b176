/* decode_gfp_versions.c - one GFP mask over all kernels: what it meant where, and which kernel
 * prints it so. */
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "core/version.h"
#include "family/gfp/decode_gfp.h"

/* All releases from the oldest in the tables to the newest. */
static const struct series {
    uint32_t first, step;
    unsigned count;
} releases[] = {
    { V26(32), 1, 8 },        { V(3, 0), 1 << 16, 20 }, { V(4, 0), 1 << 16, 21 },
    { V(5, 0), 1 << 16, 20 }, { V(6, 0), 1 << 16, 20 }, { V(7, 0), 1 << 16, 4 },
};

static unsigned release_count(void)
{
    unsigned count = 0;
    for (size_t i = 0; i < KD_COUNT(releases); i++)
        count += releases[i].count;
    return count;
}

static uint32_t release_at(unsigned index)
{
    size_t i = 0;
    while (i + 1 < KD_COUNT(releases) && index >= releases[i].count)
        index -= releases[i++].count;
    return releases[i].first + index * releases[i].step;
}

static unsigned release_index(uint32_t version)
{
    unsigned index = 0, count = release_count();
    while (index + 1 < count && release_at(index + 1) <= version)
        index++;
    return index;
}

/* ---- configurations -------------------------------------------------------------------------- */

enum { OPTIONS = 5, CONFIG_COUNT = 1 << OPTIONS };

static const char *const option_names[OPTIONS] = {
    "CONFIG_LOCKDEP", "CONFIG_KASAN_HW_TAGS", "CONFIG_SLAB_OBJ_EXT", "CONFIG_KMEMCHECK", "Android",
};

static kd_gfp_config config_at(unsigned bits)
{
    return (kd_gfp_config){ (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0,
                            (bits & 16) != 0 };
}

static unsigned config_bits(kd_gfp_config config)
{
    return (config.lockdep ? 1u : 0) | (config.kasan_hw_tags ? 2u : 0) |
           (config.slab_obj_ext ? 4u : 0) | (config.kmemcheck ? 8u : 0) |
           (config.android ? 16u : 0);
}

/* ---- the kernel's own names as the check ----------------------------------------------------- */

/* As printed, but for blanks: a wrapped line was joined with one. */
static bool is_text(const char *text, kd_str printed)
{
    for (size_t i = 0; i < printed.len; i++) {
        if (kd_is_blank(printed.ptr[i]))
            continue;
        if (*text == '\0' || *text != printed.ptr[i])
            return false;
        text++;
    }
    return *text == '\0';
}

static bool prints(uint64_t mask, kd_str printed, uint32_t version, kd_gfp_config config)
{
    char text[KD_GFP_TEXT_MAX];
    kd_gfp_meaning meaning;
    kd_gfp_decode(mask, version, config, &meaning);
    kd_gfp_print(&meaning, text, sizeof text);
    /* Trace events print "none" for a mask of 0, printk nothing. */
    return is_text(text, printed) || (mask == 0 && kd_str_is(printed, "none"));
}

/* Options moved bits from 23 up only (kmemcheck not in kernels that print names), and the bits that
 * GFP_HIGHUSER_MOVABLE stands for. */
static bool options_matter(uint64_t mask, uint32_t version)
{
    return version >= V(4, 12) && (mask >> 23 != 0 || (mask & 0xa) == 0xa);
}

static bool some_config_prints(uint64_t mask, kd_str printed, uint32_t version,
                               kd_gfp_config *config)
{
    if (prints(mask, printed, version, *config))
        return true;
    if (!options_matter(mask, version))
        return false;
    unsigned used = config_bits(kd_gfp_options_of(version)), first = config_bits(*config);
    for (unsigned other = 0; other < CONFIG_COUNT; other++) {
        kd_gfp_config tried = config_at(other);
        if ((other & ~used) != 0 || other == (first & used) || tried.kmemcheck || tried.android ||
            !prints(mask, printed, version, tried))
            continue;
        *config = tried;
        return true;
    }
    return false;
}

/* A release whose tables are those of the one before it (nearer to the version asked for) was
 * tried with it: a forged mask agrees with none, and each table costs a microsecond. */
static bool agrees_first(uint64_t mask, kd_str printed, uint32_t before, uint32_t release,
                         kd_gfp_config *config)
{
    return !kd_gfp_same_tables(before, release) &&
           some_config_prints(mask, printed, release, config);
}

uint32_t kd_gfp_agree(uint64_t mask, kd_str printed, uint32_t version, kd_gfp_config *config)
{
    uint32_t asked = version ? version : KD_NEWEST_KNOWN;
    unsigned count = release_count(), here = release_index(asked);
    if (!kd_gfp_may_print(mask, printed))
        return 0;
    if (some_config_prints(mask, printed, asked, config))
        return asked;
    uint32_t above = asked, below = asked;
    for (unsigned distance = 1; distance < count; distance++) {
        if (here + distance < count) {
            uint32_t release = release_at(here + distance);
            if (agrees_first(mask, printed, above, release, config))
                return release;
            above = release;
        }
        if (here >= distance) {
            uint32_t release = release_at(here - distance);
            if (agrees_first(mask, printed, below, release, config))
                return release;
            below = release;
        }
    }
    return 0;
}

/* ---- all versions ---------------------------------------------------------------------------- */

static bool same_names(const kd_gfp_meaning *a, const kd_gfp_meaning *b)
{
    if (a->name_count != b->name_count || a->unnamed_bits != b->unnamed_bits)
        return false;
    for (size_t i = 0; i < a->name_count; i++)
        if (a->names[i] != b->names[i])
            return false;
    return true;
}

static bool same_meaning(const kd_gfp_meaning *a, const kd_gfp_meaning *b)
{
    return same_names(a, b) && a->set == b->set && a->unknown_bits == b->unknown_bits &&
           a->migratetype == b->migratetype && a->migratetype_index == b->migratetype_index &&
           a->may_use_cma == b->may_use_cma && a->wakes_kswapd == b->wakes_kswapd;
}

/* The configurations under which the mask means the same as under `config`, as a set of bits. */
static uint32_t alike(uint64_t mask, uint32_t version, unsigned config, kd_gfp_meaning *meaning)
{
    uint32_t set = 0;
    kd_gfp_decode(mask, version, config_at(config), meaning);
    for (unsigned other = 0; other < CONFIG_COUNT; other++) {
        kd_gfp_meaning tried;
        kd_gfp_decode(mask, version, config_at(other), &tried);
        if (same_meaning(&tried, meaning))
            set |= UINT32_C(1) << other;
    }
    return set;
}

/* Did it mean that, under just these configurations, in that release as well? */
static bool holds_in(const kd_gfp_meaning *meaning, uint32_t set, unsigned config, unsigned index)
{
    kd_gfp_meaning there;
    return alike(meaning->mask, release_at(index), config, &there) == set &&
           same_meaning(&there, meaning);
}

/* Options `fixed` as in `value`, the others as they like: all of them inside the set? */
static bool term_fits(uint32_t set, unsigned fixed, unsigned value)
{
    for (unsigned config = 0; config < CONFIG_COUNT; config++)
        if ((config & fixed) == value && !(set >> config & 1))
            return false;
    return true;
}

static size_t add_term(char *text, size_t size, size_t len, unsigned fixed, unsigned value)
{
    const char *before = len > 0 ? " || " : "";
    for (unsigned i = 0; i < OPTIONS && len < size; i++) {
        if (!(fixed >> i & 1))
            continue;
        int n = snprintf(text + len, size - len, "%s%s%s", before, value >> i & 1 ? "" : "!",
                         option_names[i]);
        len += n > 0 ? (size_t)n : 0;
        before = " && ";
    }
    return len;
}

static unsigned bit_count(unsigned bits)
{
    unsigned count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

/* The set as a sum of terms: the shortest ones first until all of it is covered. */
static void say_condition(uint32_t set, char *text, size_t size)
{
    uint32_t left = set;
    size_t len = 0;
    text[0] = '\0';
    for (unsigned length = 1; length <= OPTIONS && set != UINT32_MAX; length++)
        for (unsigned fixed = 0; fixed < CONFIG_COUNT; fixed++)
            for (unsigned value = 0; value < CONFIG_COUNT; value++) {
                bool covers = false;
                if (bit_count(fixed) != length || (value & ~fixed) || !term_fits(set, fixed, value))
                    continue;
                for (unsigned config = 0; config < CONFIG_COUNT; config++)
                    covers = covers || ((config & fixed) == value && (left >> config & 1));
                if (!covers)
                    continue;
                len = add_term(text, size, len, fixed, value);
                for (unsigned config = 0; config < CONFIG_COUNT; config++)
                    if ((config & fixed) == value)
                        left &= ~(UINT32_C(1) << config);
            }
}

/* A release whose tables are those of the one before it. */
static bool brings_nothing(unsigned index)
{
    return index > 0 && kd_gfp_same_tables(release_at(index - 1), release_at(index));
}

/* Tells those meanings whose range begins with release `index`. */
static bool tell_new(uint64_t mask, unsigned index, kd_gfp_version_fn tell, void *user)
{
    uint32_t seen = 0;
    for (unsigned config = 0; config < CONFIG_COUNT; config++) {
        kd_gfp_meaning meaning;
        char condition[512];
        unsigned end = index + 1;
        if (seen >> config & 1)
            continue;
        uint32_t set = alike(mask, release_at(index), config, &meaning);
        seen |= set;
        if (index > 0 && holds_in(&meaning, set, config, index - 1))
            continue;
        while (end < release_count() &&
               (brings_nothing(end) || holds_in(&meaning, set, config, end)))
            end++;
        say_condition(set, condition, sizeof condition);
        if (!tell(&meaning, release_at(index), end < release_count() ? release_at(end) : KD_NEWEST,
                  condition, user))
            return false;
    }
    return true;
}

void kd_gfp_each_version(uint64_t mask, kd_gfp_version_fn tell, void *user)
{
    for (unsigned i = 0; i < release_count(); i++)
        if (!brings_nothing(i) && !tell_new(mask, i, tell, user))
            return;
}

/* ---- distributions --------------------------------------------------------------------------- */

static const struct backport {
    const char *mark;
    uint64_t build;
    uint32_t table;
} backports[] = {
#define KD_GFP_BACKPORT(mark, build, table) { mark, build, table },
#include "family/gfp/gfp_backports.def"
};

uint32_t kd_gfp_table_of(kd_str release, uint32_t version, kd_gfp_config *config)
{
    kd_scan in = kd_scan_of(release);
    kd_str before;
    uint64_t build;
    config->android = kd_str_has(release, "-android");
    if (!kd_scan_past(&in, "-", &before) || !kd_scan_u64(&in, &build))
        return version;
    for (size_t i = 0; i < KD_COUNT(backports); i++)
        if (kd_str_has(release, backports[i].mark) && build >= backports[i].build)
            return backports[i].table;
    return version;
}

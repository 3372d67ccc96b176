/* test_gfp.c - GFP masks against what kernels printed and against gfp.h of each version. */
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/version.h"
#include "family/gfp/decode_gfp.h"
#include "gfp_rows.h"

#define DEFAULT KD_GFP_CONFIG_DEFAULT

static const char *text_of(uint64_t mask, uint32_t version, kd_gfp_config config)
{
    static char text[KD_GFP_TEXT_MAX];
    kd_gfp_meaning m;
    kd_gfp_decode(mask, version, config, &m);
    ck_assert_uint_eq(kd_gfp_print(&m, text, sizeof text), strlen(text));
    return text;
}

START_TEST(names_are_those_that_kernels_printed)
{
    for (size_t i = 0; i < KD_COUNT(printed_rows); i++) {
        const struct printed *row = &printed_rows[i];
        kd_gfp_config config = DEFAULT;
        ck_assert_str_eq(text_of(row->mask, row->version, DEFAULT), row->names);
        ck_assert_uint_eq(kd_gfp_agree(row->mask, kd_str_of(row->names), row->version, &config),
                          row->version);
    }
}
END_TEST

/* What is told without trying all tables: any text of any version may be, and one bit more not. */
START_TEST(may_print_what_some_version_prints)
{
    static const uint32_t versions[] = { KD_OLDEST,          KD_KERNEL(3, 16, 0),
                                         KD_KERNEL(4, 4, 0), KD_KERNEL(4, 9, 0),
                                         KD_KERNEL(5, 4, 0), KD_KERNEL(6, 1, 0),
                                         KD_NEWEST_KNOWN };
    uint64_t mask = 1;
    for (unsigned i = 0; i < 20000; i++) {
        kd_gfp_config config = { i & 1, i & 2, i & 4, i & 8, i & 16 };
        mask = mask * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = (mask >> 33) & (i % 3 ? 0xfffff : UINT64_MAX);
        const char *text = text_of(bits, versions[i % KD_COUNT(versions)], config);
        ck_assert_msg(kd_gfp_may_print(bits, kd_str_of(text)), "0x%llx %s", KD_LLU(bits), text);
    }
    ck_assert(kd_gfp_may_print(0, KD_STR("none")));
    ck_assert(kd_gfp_may_print(0xcc0, KD_STR("GFP_ KERNEL")));
    ck_assert(!kd_gfp_may_print(0x100cc0 + 16 * 4096, KD_STR("GFP_USER")));
    ck_assert(!kd_gfp_may_print(0xcc0, KD_STR("GFP_KERNEL|__GFP_NONSENSE")));
}
END_TEST

START_TEST(single_bits_are_those_that_kernels_printed)
{
    for (size_t i = 0; i < KD_COUNT(bit_rows); i++) {
        const char *wanted = bit_rows[i].names;
        for (unsigned bit = 0; bit < 32; bit++) {
            size_t len = strcspn(wanted, " ");
            const char *name = text_of(UINT64_C(1) << bit, bit_rows[i].version, DEFAULT);
            ck_assert_msg(strlen(name) == len && memcmp(name, wanted, len) == 0, "%s, not %.*s",
                          name, (int)len, wanted);
            wanted += len + (wanted[len] == ' ');
        }
        ck_assert_str_eq(wanted, "");
    }
}
END_TEST

START_TEST(values_are_those_of_each_version)
{
    for (size_t i = 0; i < KD_COUNT(value_rows); i++) {
        const struct value *row = &value_rows[i];
        uint64_t mask = 1;
        ck_assert_msg(kd_gfp_by_name(row->name, row->first, &mask), "%s", row->name);
        ck_assert_uint_eq(mask, row->mask);
        ck_assert_msg(kd_gfp_by_name(row->name, row->last, &mask), "%s", row->name);
        ck_assert_uint_eq(mask, row->mask);
    }
}
END_TEST

START_TEST(name_is_unknown_outside_its_versions)
{
    uint64_t mask = 7;
    ck_assert(!kd_gfp_by_name("GFP_TEMPORARY", V(4, 14), &mask));
    ck_assert(!kd_gfp_by_name("GFP_KERNEL_ACCOUNT", V(4, 4), &mask));
    ck_assert(!kd_gfp_by_name("__GFP_ATOMIC", V(6, 3), &mask));
    ck_assert(!kd_gfp_by_name("__GFP_WAIT", V(4, 4), &mask));
    ck_assert(!kd_gfp_by_name("GFP_KERNE", V(5, 4), &mask));
    ck_assert(!kd_gfp_by_name("", V(5, 4), &mask));
    ck_assert_uint_eq(mask, 7);
    ck_assert(kd_gfp_by_name("__GFP_COMP", V(5, 0), &mask));
    ck_assert_uint_eq(mask, 0x4000);
    ck_assert(kd_gfp_by_name("__GFP_COMP", KD_KERNEL(5, 4, 125), &mask));
    ck_assert_uint_eq(mask, 0x40000);
}
END_TEST

static void check_flags(uint64_t mask, uint32_t version, const char *expected)
{
    kd_gfp_meaning m;
    char text[1024] = "";
    kd_gfp_decode(mask, version, DEFAULT, &m);
    for (size_t i = 0; i < m.flag_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", m.flags[i]);
    ck_assert_str_eq(text, expected);
}

START_TEST(flags_are_single_bits_from_the_lowest)
{
    check_flags(0xa20, V(5, 4), "__GFP_HIGH __GFP_ATOMIC __GFP_KSWAPD_RECLAIM");
    check_flags(0x2080020, V(4, 4), "__GFP_HIGH __GFP_ATOMIC __GFP_KSWAPD_RECLAIM");
    check_flags(0xd0, V(3, 14), "__GFP_WAIT __GFP_IO __GFP_FS");
    check_flags(0, V(5, 4), "");
    check_flags(0x8000000, V(5, 4), "");
}
END_TEST

START_TEST(old_kernels_get_the_modern_spelling)
{
    ck_assert_str_eq(text_of(0xd0, V(3, 14), DEFAULT), "GFP_KERNEL");
    ck_assert_str_eq(text_of(0x200020, V(3, 10), DEFAULT), "GFP_ATOMIC|__GFP_NOTRACK");
    ck_assert_str_eq(text_of(0x2000d1, V(4, 1), DEFAULT), "GFP_KERNEL|GFP_DMA|__GFP_NOTRACK");
    ck_assert_str_eq(text_of(0x4020, V26(32), DEFAULT), "GFP_ATOMIC|__GFP_COMP");
    ck_assert_str_eq(text_of(0x24000c0, V(4, 4), DEFAULT), "GFP_KERNEL");
    ck_assert_str_eq(text_of(0x80, V(2, 6), DEFAULT), "__GFP_FS");
}
END_TEST

/* Before 4.6 every flag has a place among the names, so nothing that is known is left in hex. */
START_TEST(old_kernels_name_every_flag)
{
    static const uint32_t versions[] = { V26(32),  V26(39), V(3, 3), V(3, 8),
                                         V(3, 16), V(4, 1), V(4, 4), V(4, 5) };
    for (size_t i = 0; i < KD_COUNT(versions); i++) {
        kd_gfp_meaning m;
        kd_gfp_decode(UINT32_MAX, versions[i], (kd_gfp_config){ .kmemcheck = true }, &m);
        ck_assert_uint_ne(m.flag_count, 0);
        ck_assert_uint_eq(m.unnamed_bits, m.unknown_bits);
    }
}
END_TEST

static kd_gfp_config config_of(unsigned bits)
{
    return (kd_gfp_config){ (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0,
                            (bits & 16) != 0 };
}

/* All bits set: flags and unknown bits share the mask out, whatever the version and the options. */
START_TEST(every_bit_is_a_flag_or_unknown)
{
    for (uint32_t major = 2; major <= 7; major++)
        for (uint32_t minor = 0; minor <= 20; minor++)
            for (unsigned bits = 0; bits < 32; bits++) {
                uint32_t version = major == 2 ? V26(32 + minor % 8) : V(major, minor);
                kd_gfp_meaning m;
                unsigned known = 0;
                kd_gfp_decode(UINT64_MAX, version, config_of(bits), &m);
                for (unsigned i = 0; i < 64; i++)
                    known += (m.unknown_bits >> i & 1) == 0;
                ck_assert_uint_eq(known, m.flag_count);
                ck_assert_uint_le(m.flag_count, KD_GFP_MAX_NAMES);
                ck_assert_uint_eq(m.unknown_bits >> 32, UINT32_MAX);
                ck_assert_uint_eq(m.unnamed_bits & m.unknown_bits, m.unknown_bits);
            }
}
END_TEST

static const struct fact {
    const char *flag;
    uint32_t from, until, bit;
    unsigned with, without;
} facts[] = {
#define KD_GFP_BIT(name, from, until, bit, with, without) \
    { #name, from, until, bit, with, without },
#include "family/gfp/gfp_bits.def"
};

/* Rows that may hold in the same kernel must not give one bit twice, nor one flag twice. */
START_TEST(no_two_rows_contradict)
{
    for (size_t i = 0; i < KD_COUNT(facts); i++) {
        const struct fact *a = &facts[i];
        ck_assert_msg(a->bit != 0 && (a->bit & (a->bit - 1)) == 0, "%s", a->flag);
        ck_assert_msg(a->from < a->until && a->from >= KD_OLDEST, "%s", a->flag);
        for (size_t j = i + 1; j < KD_COUNT(facts); j++) {
            const struct fact *b = &facts[j];
            if (a->from >= b->until || b->from >= a->until || (a->with & b->without) ||
                (a->without & b->with))
                continue;
            ck_assert_msg(a->bit != b->bit, "%s and %s", a->flag, b->flag);
            ck_assert_msg(strcmp(a->flag, b->flag) != 0, "%s twice", a->flag);
        }
    }
}
END_TEST

START_TEST(options_move_bits)
{
    kd_gfp_config lockdep = { .lockdep = true }, tags = { .kasan_hw_tags = true };
    kd_gfp_meaning m;
    ck_assert_str_eq(text_of(0x2100cca, V(6, 12), tags), "GFP_HIGHUSER_MOVABLE");
    ck_assert_str_eq(text_of(0x6100cca, V(6, 1), tags), "GFP_HIGHUSER_MOVABLE");
    ck_assert_str_eq(text_of(0x100cca, V(6, 12), tags), "GFP_HIGHUSER|__GFP_MOVABLE");
    ck_assert_str_eq(text_of(0x1000cc0, V(6, 17), lockdep), "GFP_KERNEL|__GFP_NOLOCKDEP");
    /* Known, but not among the names before 6.15. */
    ck_assert_str_eq(text_of(0x800cc0, V(5, 4), lockdep), "GFP_KERNEL|0x800000");
    kd_gfp_decode(0x800cc0, V(5, 4), lockdep, &m);
    ck_assert_uint_eq(m.unknown_bits, 0);
    ck_assert_uint_eq(m.unnamed_bits, 0x800000);
    ck_assert(kd_gfp_has(&m, KD_GFP_NOLOCKDEP));
    kd_gfp_decode(0x800cc0, V(5, 4), DEFAULT, &m);
    ck_assert_uint_eq(m.unknown_bits, 0x800000);
    kd_gfp_decode(0x200020, V(3, 4), DEFAULT, &m);
    ck_assert_uint_eq(m.unknown_bits, 0x200000);
    kd_gfp_decode(0x200020, V(3, 4), (kd_gfp_config){ .kmemcheck = true }, &m);
    ck_assert_uint_eq(m.unknown_bits, 0);
}
END_TEST

static void check_type(uint64_t mask, uint32_t version, kd_migratetype type, const char *proof)
{
    char text[KD_GFP_TEXT_MAX];
    kd_gfp_meaning m;
    kd_gfp_decode(mask, version, DEFAULT, &m);
    ck_assert_int_eq(m.migratetype, type);
    kd_gfp_prove_migratetype(&m, text, sizeof text);
    ck_assert_str_eq(text, proof);
}

START_TEST(migratetype_by_the_arithmetic_of_the_version)
{
    check_type(0xa20, V(5, 4), KD_UNMOVABLE, "(0xa20 & 0x18) >> 3 = 0");
    check_type(0xa28, V(5, 4), KD_MOVABLE, "(0xa28 & 0x18) >> 3 = 1");
    check_type(0xcd0, V(5, 4), KD_RECLAIMABLE, "(0xcd0 & 0x18) >> 3 = 2");
    check_type(0x18, V(5, 4), KD_MIGRATETYPE_INVALID, "(0x18 & 0x18) >> 3 = 3");
    check_type(0xd0, V(3, 14), KD_UNMOVABLE,
               "((0xd0 & 0x8) != 0) << 1 | ((0xd0 & 0x80000) != 0) = 0");
    check_type(0x200da, V(3, 14), KD_MOVABLE,
               "((0x200da & 0x8) != 0) << 1 | ((0x200da & 0x80000) != 0) = 2");
    check_type(0x800d0, V(4, 3), KD_RECLAIMABLE,
               "((0x800d0 & 0x8) != 0) << 1 | ((0x800d0 & 0x80000) != 0) = 1");
    check_type(0x80018, V(4, 3), KD_MIGRATETYPE_INVALID,
               "((0x80018 & 0x8) != 0) << 1 | ((0x80018 & 0x80000) != 0) = 3");
}
END_TEST

START_TEST(zone_by_the_low_bits)
{
    static const kd_zone_kind zones[16] = {
        KD_ZONE_NORMAL, KD_ZONE_DMA,     KD_ZONE_HIGHMEM, KD_ZONE_INVALID,
        KD_ZONE_DMA32,  KD_ZONE_INVALID, KD_ZONE_INVALID, KD_ZONE_INVALID,
        KD_ZONE_NORMAL, KD_ZONE_DMA,     KD_ZONE_MOVABLE, KD_ZONE_INVALID,
        KD_ZONE_DMA32,  KD_ZONE_INVALID, KD_ZONE_INVALID, KD_ZONE_INVALID,
    };
    kd_gfp_meaning m;
    for (unsigned low = 0; low < 16; low++) {
        kd_gfp_decode(0xcc0 | low, V(5, 10), DEFAULT, &m);
        ck_assert_int_eq(m.zone, zones[low]);
    }
    kd_gfp_decode(0x100cca, V(5, 10), DEFAULT, &m);
    ck_assert_str_eq(m.zone_name, "Movable");
    kd_gfp_decode(0xcc3, V(5, 10), DEFAULT, &m);
    ck_assert_str_eq(m.zone_name, "invalid");
}
END_TEST

START_TEST(rights_follow_the_version)
{
    kd_gfp_meaning m;
    kd_gfp_decode(0xa20, V(5, 4), DEFAULT, &m);
    ck_assert(!m.may_sleep && !m.may_io && !m.may_fs && m.wakes_kswapd && !m.may_use_cma);
    ck_assert(m.high && m.atomic && !m.nomemalloc && !m.comp);
    kd_gfp_decode(0xc40, V(5, 4), DEFAULT, &m);
    ck_assert(m.may_sleep && m.may_io && !m.may_fs);
    kd_gfp_decode(0xc0c40, V(6, 1), DEFAULT, &m);
    ck_assert(m.nomemalloc && m.comp && !m.memalloc);
    kd_gfp_decode(0x100cca, V(5, 4), DEFAULT, &m);
    ck_assert(m.may_use_cma && m.hardwall);
    kd_gfp_decode(0x200da, V(3, 4), DEFAULT, &m);
    ck_assert(!m.may_use_cma && m.may_sleep && m.wakes_kswapd);
    kd_gfp_decode(0x200da, V(3, 5), DEFAULT, &m);
    ck_assert(m.may_use_cma);
    kd_gfp_decode(0x400020, V(3, 10), DEFAULT, &m);
    ck_assert(!m.wakes_kswapd);
    kd_gfp_decode(0x400, V(4, 12), DEFAULT, &m);
    ck_assert(m.repeat && !m.retry_mayfail && !m.may_sleep);
    kd_gfp_decode(0x400, V(4, 13), DEFAULT, &m);
    ck_assert(!m.repeat && m.retry_mayfail);
    kd_gfp_decode(0x400, V(5, 1), DEFAULT, &m);
    ck_assert(!m.retry_mayfail && m.may_sleep);
    kd_gfp_decode(0x239800, V(5, 4), DEFAULT, &m);
    ck_assert(m.write && m.nofail && m.noretry && m.memalloc && m.thisnode && m.wakes_kswapd);
}
END_TEST

START_TEST(version_is_normalised)
{
    kd_gfp_meaning m;
    kd_gfp_decode(0xcc0, KD_KERNEL(5, 4, 125), DEFAULT, &m);
    ck_assert_uint_eq(m.version_used, V(5, 4));
    kd_gfp_decode(0xd0, V26(38), DEFAULT, &m);
    ck_assert_uint_eq(m.version_used, V26(38));
    kd_gfp_decode(0xcc0, 0, DEFAULT, &m);
    ck_assert_uint_eq(m.version_used, KD_NEWEST_KNOWN);
    kd_gfp_decode(0xcc0, V(9, 9), DEFAULT, &m);
    ck_assert_uint_eq(m.version_used, KD_NEWEST_KNOWN);
    kd_gfp_decode(0xd0, KD_KERNEL(2, 4, 1), DEFAULT, &m);
    ck_assert_uint_eq(m.version_used, KD_OLDEST);
    ck_assert_str_eq(m.names[0], "GFP_KERNEL");
}
END_TEST

static uint32_t agree(uint64_t mask, const char *printed, uint32_t version)
{
    kd_gfp_config config = DEFAULT;
    return kd_gfp_agree(mask, kd_str_of(printed), version, &config);
}

START_TEST(neighbour_tables_are_asked)
{
    ck_assert_uint_eq(agree(0xcc0, "GFP_KERNEL", V(5, 0)), V(5, 1));
    ck_assert_uint_eq(agree(0x6000c0, "GFP_KERNEL", V(5, 1)), V(5, 0));
    ck_assert_uint_eq(agree(0x24200ca, "GFP_HIGHUSER_MOVABLE", V(4, 10)), V(4, 9));
    ck_assert_uint_eq(agree(0x14200ca, "GFP_HIGHUSER_MOVABLE", V(4, 9)), V(4, 10));
    ck_assert_uint_eq(agree(0x820, "GFP_ATOMIC", V(5, 15)), V(6, 3));
    ck_assert_uint_eq(agree(0x6200ca, "GFP_HIGHUSER_MOVABLE", V(5, 15)), V(5, 0));
    ck_assert_uint_eq(agree(0xd0, "GFP_KERNEL", V(7, 2)), V(4, 3));
    ck_assert_uint_eq(agree(0xcc0, "GFP_KERNEL", KD_KERNEL(5, 4, 125)), KD_KERNEL(5, 4, 125));
    ck_assert_uint_eq(agree(0x8000cc0, "GFP_KERNEL|0x8000000", V(5, 4)), V(5, 4));
    ck_assert_uint_eq(agree(0, "", V(5, 4)), V(5, 4));
    ck_assert_uint_eq(agree(0, "none", V(5, 4)), V(5, 4));
}
END_TEST

START_TEST(nothing_agrees_with_a_wrong_text)
{
    ck_assert_uint_eq(agree(0xcc0, "GFP_KERNE", V(5, 4)), 0);
    ck_assert_uint_eq(agree(0xcc0, "GFP_KERNELS", V(5, 4)), 0);
    ck_assert_uint_eq(agree(0xcc0, "", V(5, 4)), 0);
    ck_assert_uint_eq(agree(0xcc0, "none", V(5, 4)), 0);
    ck_assert_uint_eq(agree(0, "GFP_KERNEL", V(5, 4)), 0);
    ck_assert_uint_eq(agree(0x40cc0, "GFP_KERNEL", V(5, 4)), 0);
    ck_assert_uint_eq(agree(0x40cc0, "__GFP_COMP|GFP_KERNEL", V(5, 4)), 0);
    ck_assert_uint_eq(agree(0x80000cc0, "GFP_KERNEL|0x40000000", V(5, 4)), 0);
    /* An invented text: a mask of 4.10 with __GFP_COMP left out of the names. */
    ck_assert_uint_eq(agree(0x1084020, "GFP_ATOMIC", V(5, 15)), 0);
}
END_TEST

START_TEST(names_find_the_options)
{
    kd_gfp_config config = DEFAULT;
    ck_assert_uint_eq(kd_gfp_agree(0x2100cca, KD_STR("GFP_HIGHUSER_MOVABLE"), V(6, 12), &config),
                      V(6, 12));
    ck_assert(config.kasan_hw_tags && !config.lockdep);
    config = DEFAULT;
    ck_assert_uint_eq(
        kd_gfp_agree(0x1000c40, KD_STR("GFP_NOFS|__GFP_NOLOCKDEP"), V(6, 17), &config), V(6, 17));
    ck_assert(config.lockdep && !config.kasan_hw_tags);
}
END_TEST

typedef struct seen {
    size_t count;
    uint32_t until;
    bool contiguous, found, stop;
} seen;

static bool note_meaning(const kd_gfp_meaning *meaning, uint32_t from, uint32_t until,
                         const char *condition, void *user)
{
    seen *s = user;
    s->contiguous = s->contiguous && condition[0] == '\0' && from == s->until && until > from;
    s->until = until;
    s->count++;
    if (from == V(5, 1) && until == V(6, 3))
        s->found = meaning->name_count == 1 && strcmp(meaning->names[0], "GFP_ATOMIC") == 0;
    return !s->stop;
}

START_TEST(all_versions_without_gap)
{
    seen s = { .until = KD_OLDEST, .contiguous = true };
    kd_gfp_each_version(0xa20, note_meaning, &s);
    ck_assert(s.contiguous && s.found);
    ck_assert_uint_eq(s.until, KD_NEWEST);
    s = (seen){ .until = KD_OLDEST, .contiguous = true, .stop = true };
    kd_gfp_each_version(0xa20, note_meaning, &s);
    ck_assert_uint_eq(s.count, 1);
}
END_TEST

START_TEST(versions_that_mean_the_same_are_one)
{
    seen s = { .until = KD_OLDEST, .contiguous = true };
    kd_gfp_each_version(0x40, note_meaning, &s);
    /* __GFP_IO never moved. In 4.4 waking kswapd got a bit, and migratetypes other numbers. */
    ck_assert_uint_eq(s.count, 2);
    ck_assert(s.contiguous);
}
END_TEST

/* "FROM-UNTIL CONDITION: FLAGS" for each meaning; 0 for the newest. */
static bool write_meaning(const kd_gfp_meaning *meaning, uint32_t from, uint32_t until,
                          const char *condition, void *user)
{
    char *text = user;
    size_t len = strlen(text);
    len += (size_t)snprintf(text + len, 4096 - len, "%u.%u-%u.%u %s:", from >> 24, from >> 16 & 255,
                            until == KD_NEWEST ? 0 : until >> 24,
                            until == KD_NEWEST ? 0 : until >> 16 & 255, condition);
    for (size_t i = 0; i < meaning->flag_count; i++)
        len += (size_t)snprintf(text + len, 4096 - len, " %s", meaning->flags[i] + 6);
    snprintf(text + len, 4096 - len, "\n");
    return true;
}

/* Oldest first; one meaning a line with the options that it takes. */
START_TEST(all_versions_by_options)
{
    char text[4096] = "";
    kd_gfp_each_version(0x1000000, write_meaning, text);
    const char *part = strstr(text, "5.18-");
    ck_assert_ptr_nonnull(part);
    ck_assert_str_eq(
        part,
        "5.18-6.9 !CONFIG_KASAN_HW_TAGS:\n"
        "5.18-0.0 CONFIG_KASAN_HW_TAGS: SKIP_ZERO\n"
        "6.9-6.10 !CONFIG_LOCKDEP && !CONFIG_KASAN_HW_TAGS:\n"
        "6.9-6.15 CONFIG_LOCKDEP && !CONFIG_KASAN_HW_TAGS: NOLOCKDEP\n"
        "6.10-6.19 !CONFIG_LOCKDEP && !CONFIG_KASAN_HW_TAGS && !CONFIG_SLAB_OBJ_EXT:\n"
        "6.10-6.15 !CONFIG_LOCKDEP && !CONFIG_KASAN_HW_TAGS && CONFIG_SLAB_OBJ_EXT: NO_OBJ_EXT\n"
        /* from 6.15 on these are printed by name */
        "6.15-0.0 CONFIG_LOCKDEP && !CONFIG_KASAN_HW_TAGS: NOLOCKDEP\n"
        "6.15-6.19 !CONFIG_LOCKDEP && !CONFIG_KASAN_HW_TAGS && CONFIG_SLAB_OBJ_EXT: NO_OBJ_EXT\n"
        "6.19-7.3 !CONFIG_LOCKDEP && !CONFIG_KASAN_HW_TAGS: NO_OBJ_EXT\n"
        "7.3-0.0 !CONFIG_LOCKDEP && !CONFIG_KASAN_HW_TAGS:\n");
    ck_assert_ptr_nonnull(strstr(text, "3.3-4.4 : WRITE\n"));
    ck_assert_ptr_nonnull(strstr(text, "5.15-5.18 : SKIP_KASAN_POISON\n"));
    text[0] = '\0';
    kd_gfp_each_version(0x200000, write_meaning, text);
    ck_assert_ptr_nonnull(strstr(text, "2.6-3.7 CONFIG_KMEMCHECK: NOTRACK\n"));
    ck_assert_ptr_nonnull(strstr(text, "2.6-3.7 !CONFIG_KMEMCHECK:\n"));
}
END_TEST

static uint32_t table_of(const char *release, uint32_t version, bool *android)
{
    kd_gfp_config config = DEFAULT;
    uint32_t table = kd_gfp_table_of(kd_str_of(release), version, &config);
    *android = config.android;
    return table;
}

START_TEST(distributions_with_backports)
{
    bool android;
    ck_assert_uint_eq(table_of("4.18.0-193.el8.x86_64", V(4, 18), &android), V(4, 18));
    ck_assert_uint_eq(table_of("5.14.0-70.13.1.el9_0.x86_64", V(5, 14), &android), V(5, 14));
    ck_assert_uint_eq(table_of("5.14.0-427.13.1.el9_4.x86_64", V(5, 14), &android), V(5, 18));
    ck_assert_uint_eq(table_of("5.14.0-687.13.1.el9_8.x86_64", V(5, 14), &android), V(6, 4));
    ck_assert_uint_eq(table_of("6.12.0-55.el10.x86_64", V(6, 12), &android), V(6, 12));
    ck_assert_uint_eq(table_of("5.14.0", V(5, 14), &android), V(5, 14));
    ck_assert(!android);
    ck_assert_uint_eq(table_of("5.4.125-android11-2-g6d2ca", V(5, 4), &android), V(5, 4));
    ck_assert(android);
}
END_TEST

/* With a bit for it, CMA memory is lent to those requests only. */
START_TEST(android_has_a_bit_for_cma)
{
    kd_gfp_config config = { .android = true, .slab_obj_ext = true };
    kd_gfp_meaning m;
    kd_gfp_decode(0x900cca, V(5, 4), config, &m);
    ck_assert(kd_gfp_has(&m, KD_GFP_CMA) && m.may_use_cma);
    ck_assert_uint_eq(m.unknown_bits, 0);
    ck_assert_str_eq(text_of(0x900cca, V(5, 4), config), "GFP_HIGHUSER_MOVABLE|0x800000");
    kd_gfp_decode(0x100cca, V(5, 4), config, &m);
    ck_assert(!m.may_use_cma);
    kd_gfp_decode(0x100cca, V(5, 4), DEFAULT, &m);
    ck_assert(m.may_use_cma);
    kd_gfp_decode(0x900cca, V(5, 4), DEFAULT, &m);
    ck_assert_uint_eq(m.unknown_bits, 0x800000);
}
END_TEST

START_TEST(wrapped_names_agree)
{
    ck_assert_uint_eq(agree(0x40dc0, "GFP_KERNEL|__GFP_COMP| __GFP_ZERO", V(5, 4)), V(5, 4));
    ck_assert_uint_eq(agree(0x40dc0, "GFP_KERNEL|__GFP_ZERO|__GFP_COMP", V(6, 12)), V(6, 15));
}
END_TEST

START_TEST(texts_are_cut_to_the_room)
{
    char text[8];
    kd_gfp_meaning m;
    kd_gfp_decode(0x40cc0, V(5, 4), DEFAULT, &m);
    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(kd_gfp_print(&m, text, sizeof text), 7);
    ck_assert_str_eq(text, "GFP_KER");
    ck_assert_uint_eq(kd_gfp_prove_migratetype(&m, text, 5), 4);
    ck_assert_str_eq(text, "(0x4");
    text[0] = 'x';
    ck_assert_uint_eq(kd_gfp_print(&m, text, 0), 0);
    ck_assert_int_eq(text[0], 'x');
    kd_gfp_decode(0, V(5, 4), DEFAULT, &m);
    ck_assert_uint_eq(kd_gfp_print(&m, text, sizeof text), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gfp");
    TCase *tests = tcase_create("gfp");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, names_are_those_that_kernels_printed);
    tcase_add_test(tests, may_print_what_some_version_prints);
    tcase_add_test(tests, single_bits_are_those_that_kernels_printed);
    tcase_add_test(tests, values_are_those_of_each_version);
    tcase_add_test(tests, name_is_unknown_outside_its_versions);
    tcase_add_test(tests, flags_are_single_bits_from_the_lowest);
    tcase_add_test(tests, old_kernels_get_the_modern_spelling);
    tcase_add_test(tests, old_kernels_name_every_flag);
    tcase_add_test(tests, every_bit_is_a_flag_or_unknown);
    tcase_add_test(tests, no_two_rows_contradict);
    tcase_add_test(tests, options_move_bits);
    tcase_add_test(tests, migratetype_by_the_arithmetic_of_the_version);
    tcase_add_test(tests, zone_by_the_low_bits);
    tcase_add_test(tests, rights_follow_the_version);
    tcase_add_test(tests, version_is_normalised);
    tcase_add_test(tests, neighbour_tables_are_asked);
    tcase_add_test(tests, nothing_agrees_with_a_wrong_text);
    tcase_add_test(tests, names_find_the_options);
    tcase_add_test(tests, all_versions_without_gap);
    tcase_add_test(tests, versions_that_mean_the_same_are_one);
    tcase_add_test(tests, all_versions_by_options);
    tcase_add_test(tests, distributions_with_backports);
    tcase_add_test(tests, android_has_a_bit_for_cma);
    tcase_add_test(tests, wrapped_names_agree);
    tcase_add_test(tests, texts_are_cut_to_the_room);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

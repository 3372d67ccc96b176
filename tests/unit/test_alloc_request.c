/* test_alloc_request.c - what a failed request was bound to, and the kmalloc() behind it. */
#include <string.h>

#include "core/version.h"
#include "family/alloc/decode_kmalloc.h"
#include "family/alloc/decode_node_list.h"
#include "family/alloc/replay/parts.h"
#include "family/fields.h"
#include "suite.h"

START_TEST(node_lists)
{
    static const struct {
        const char *text;
        kd_node_list read;
        bool has1;
    } rows[] = {
        { "(null)", KD_NODES_ALL, false },
        { "0", KD_NODES_SOME, false },
        { "1", KD_NODES_SOME, true },
        { "0-3", KD_NODES_SOME, true },
        { "0,2-3", KD_NODES_SOME, false },
        { " 0,1 ", KD_NODES_SOME, true },
        { "", KD_NODES_UNREADABLE, false },
        { "0-", KD_NODES_UNREADABLE, false },
        { "3-0", KD_NODES_UNREADABLE, false },
        { "0 x", KD_NODES_UNREADABLE, false },
        { "99999999999999999999", KD_NODES_UNREADABLE, false },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_str text = kd_str_of(rows[i].text);
        ck_assert_msg(kd_node_list_read(text) == rows[i].read, "%s", rows[i].text);
        ck_assert_msg(kd_node_list_has(text, 1) == rows[i].has1, "%s", rows[i].text);
    }
}
END_TEST

static kd_kmalloc look(const char *const *functions, size_t count, uint64_t order, uint32_t version,
                       uint64_t page)
{
    static kdf_frame frames[8];
    kd_list trace = { frames, (uint32_t)count, 8 };
    kd_kmalloc found;
    for (size_t i = 0; i < count; i++)
        frames[i] = (kdf_frame){ .function = { kd_str_of(functions[i]), 1 } };
    kd_kmalloc_of(&trace, order, version, page, &found);
    return found;
}

START_TEST(past_the_caches)
{
    const char *const large[] = { "__alloc_pages", "kmalloc_large_node", "__kmalloc_node" };
    kd_kmalloc k = look(large, 3, 4, V(6, 1), 4096);
    ck_assert_int_eq(k.kind, KD_KMALLOC_LARGE);
    ck_assert_int_eq(k.allocator, KD_SLAB_SLUB);
    ck_assert_uint_eq(k.cache_limit_bytes, 8192);
    ck_assert_uint_eq(k.min_bytes, 32769);
    ck_assert_uint_eq(k.max_bytes, 65536);
    /* order 2: 8193 to 16384 bytes; the caches serve up to 8192 */
    ck_assert_uint_eq(look(large, 3, 2, V(6, 1), 4096).min_bytes, 8193);
    /* nothing past the caches is as small as order 1 */
    ck_assert_int_eq(look(large, 3, 1, V(6, 1), 4096).kind, KD_KMALLOC_NONE);
    /* pages of 64 KiB: caches up to 128 KiB */
    ck_assert_uint_eq(look(large, 3, 4, V(6, 1), 65536).min_bytes, 524289);
    ck_assert_uint_eq(look(large, 3, 4, V(6, 1), 65536).cache_limit_bytes, 131072);
}
END_TEST

START_TEST(a_new_slab)
{
    const char *const slub[] = { "__alloc_pages", "allocate_slab", "___slab_alloc", "__kmalloc" };
    const char *const slab[] = { "__alloc_pages_nodemask", "cache_alloc_refill", "__kmalloc" };
    const char *const none[] = { "__alloc_pages", "alloc_pages_vma", "do_anonymous_page" };
    ck_assert_int_eq(look(slub, 4, 3, V(6, 1), 4096).kind, KD_KMALLOC_SLAB_PAGE);
    ck_assert_int_eq(look(slub, 4, 3, V(6, 1), 4096).allocator, KD_SLAB_SLUB);
    /* SLAB: caches go up to the largest block to 6.0, to two pages from 6.1 on */
    ck_assert_int_eq(look(slab, 3, 3, V(6, 0), 4096).allocator, KD_SLAB_SLAB);
    ck_assert_uint_eq(look(slab, 3, 3, V(6, 0), 4096).cache_limit_bytes, 0);
    ck_assert_uint_eq(look(slab, 3, 3, V(6, 1), 4096).cache_limit_bytes, 8192);
    ck_assert_int_eq(look(none, 3, 0, V(6, 1), 4096).kind, KD_KMALLOC_NONE);
}
END_TEST

/* ---- zones of a dump that says nothing of how the kernel was configured -------------------------
 */

enum {
    A = 1 << KD_ZONE_DMA,
    B = 1 << KD_ZONE_DMA32,
    N = 1 << KD_ZONE_NORMAL,
    H = 1 << KD_ZONE_HIGHMEM,
    M = 1 << KD_ZONE_MOVABLE,
    D = 1 << KD_ZONE_DEVICE
};

static kd_alloc_zone_sets sets_of(uint32_t version, kd_zone_kind asked, const kd_alloc_zone *zones,
                                  size_t count)
{
    kd_alloc_request request = { .version = version, .zone = asked };
    struct kd_alloc_rules rules;
    kd_alloc_zone_sets sets;

    kd_alloc_rules_find(version, &rules);
    kd_alloc_zone_sets_find(&request, &rules, zones, count, &sets);
    return sets;
}

START_TEST(zone_asked_for)
{
    static const struct {
        uint32_t version;
        kd_zone_kind asked;
        uint32_t printed; /* as far as told, each with a row of so many entries */
        uint32_t entries;
        kd_zone_kind want;
        bool assumed;
    } rows[] = {
        { V(5, 10), KD_ZONE_NORMAL, N, 0, KD_ZONE_NORMAL, false },
        { V(5, 10), KD_ZONE_MOVABLE, N, 0, KD_ZONE_MOVABLE, false },
        { V(5, 10), KD_ZONE_INVALID, N, 0, KD_ZONE_INVALID, false },
        /* printed, or not to be told */
        { V(5, 10), KD_ZONE_DMA, A | N, 0, KD_ZONE_DMA, false },
        { V(5, 10), KD_ZONE_DMA, N, 0, KD_ZONE_NORMAL, true },
        { V(5, 10), KD_ZONE_DMA32, B | N, 0, KD_ZONE_DMA32, false },
        { V(5, 10), KD_ZONE_DMA32, A | N, 0, KD_ZONE_NORMAL, true },
        { V(5, 10), KD_ZONE_HIGHMEM, N | H, 0, KD_ZONE_HIGHMEM, false },
        { V(5, 10), KD_ZONE_HIGHMEM, N, 0, KD_ZONE_NORMAL, false },
        /* DMA32 and HighMem are of other machines */
        { V(5, 10), KD_ZONE_DMA32, N | H, 0, KD_ZONE_NORMAL, false },
        { V(5, 10), KD_ZONE_HIGHMEM, B | N, 0, KD_ZONE_NORMAL, false },
        /* what the length of a row says: Normal and Movable alone; all that may be together */
        { V(5, 10), KD_ZONE_DMA, N, 2, KD_ZONE_NORMAL, false },
        { V(5, 10), KD_ZONE_DMA, N, 3, KD_ZONE_NORMAL, true },
        { V(5, 10), KD_ZONE_DMA, N, 5, KD_ZONE_DMA, false },
        { V(5, 10), KD_ZONE_DMA32, N, 5, KD_ZONE_NORMAL, true },
        { V(5, 10), KD_ZONE_DMA, N, 6, KD_ZONE_NORMAL, true },
        /* before 4.3 there is no Device: DMA, and DMA32 or HighMem */
        { V(4, 2), KD_ZONE_DMA, N, 4, KD_ZONE_DMA, false },
        { V(4, 3), KD_ZONE_DMA, N, 4, KD_ZONE_NORMAL, true },
        /* from 6.1 on nothing above the one asked for is printed */
        { V(6, 0), KD_ZONE_DMA, N, 0, KD_ZONE_NORMAL, true },
        { V(6, 1), KD_ZONE_DMA, N, 0, KD_ZONE_NORMAL, false },
        { V(6, 1), KD_ZONE_DMA, B, 0, KD_ZONE_NORMAL, false },
        { V(6, 1), KD_ZONE_DMA, M, 0, KD_ZONE_NORMAL, false },
        { V(6, 1), KD_ZONE_DMA, 0, 0, KD_ZONE_NORMAL, true },
        { V(6, 1), KD_ZONE_DMA32, A, 0, KD_ZONE_NORMAL, true },
        { V(6, 1), KD_ZONE_DMA32, A | N, 0, KD_ZONE_NORMAL, false },
        { V(6, 1), KD_ZONE_HIGHMEM, A | N, 0, KD_ZONE_NORMAL, false },
    };

    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_alloc_zone zones[KD_ZONE_KINDS] = { 0 };
        size_t count = 0;

        for (uint32_t kind = 0; kind < KD_ZONE_KINDS; kind++)
            if (rows[i].printed >> kind & 1u)
                zones[count++] = (kd_alloc_zone){ .kind = (kd_zone_kind)kind,
                                                  .lowmem_reserve_count = rows[i].entries };
        kd_alloc_zone_sets sets = sets_of(rows[i].version, rows[i].asked, zones, count);
        ck_assert_msg(sets.asked == rows[i].want, "row %zu: %d", i, (int)sets.asked);
        ck_assert_msg(sets.asked_assumed == rows[i].assumed, "row %zu", i);
    }
}
END_TEST

/* Where the row of a zone rises stands a zone that has pages, so its line is in the dump. */
START_TEST(zones_that_a_row_allows)
{
    static const struct {
        kd_zone_kind asked;
        uint64_t reserve[4]; /* of DMA; Normal is printed too */
        uint32_t sets[3];
        int64_t least, most; /* what is kept from such a request */
    } rows[] = {
        /* the zones after the first may be: DMA32 Normal Movable, Normal HighMem Movable, Normal
           Movable Device */
        { KD_ZONE_NORMAL, { 0, 0, 0, 0 }, { A | B | N | M, A | N | H | M, A | N | M | D }, 0, 0 },
        { KD_ZONE_NORMAL, { 0, 7, 7, 7 }, { A | N | H | M, A | N | M | D }, 7, 7 },
        { KD_ZONE_NORMAL, { 0, 0, 7, 7 }, { A | B | N | M }, 7, 7 },
        { KD_ZONE_NORMAL, { 0, 7, 7, 9 }, { A | N | M | D }, 7, 7 },
        { KD_ZONE_NORMAL, { 0, 7, 8, 8 }, { 0 }, 0, 8 },
        { KD_ZONE_NORMAL, { 0, 9, 8, 7 }, { A | N | H | M, A | N | M | D }, 9, 9 },
        { KD_ZONE_NORMAL, { 1, 7, 7, 7 }, { 0 }, 1, 7 },
        { KD_ZONE_HIGHMEM, { 0, 7, 6, 5 }, { A | N | H | M, A | N | M | D }, 6, 7 },
        { KD_ZONE_MOVABLE, { 0, 7, 6, 5 }, { A | N | H | M, A | N | M | D }, 5, 6 },
    };

    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_alloc_zone zones[2] = { { .kind = KD_ZONE_DMA, .lowmem_reserve_count = 4 },
                                   { .kind = KD_ZONE_NORMAL } };
        kd_alloc_request request = { .version = V(5, 10), .zone = rows[i].asked };
        uint64_t possible = 0;

        memcpy(zones[0].lowmem_reserve, rows[i].reserve, sizeof rows[i].reserve);
        for (size_t k = 0; k < 3; k++)
            possible |= rows[i].sets[k] ? UINT64_C(1) << rows[i].sets[k] : 0;
        kd_alloc_zone_sets sets = sets_of(V(5, 10), rows[i].asked, zones, 2);
        ck_assert_msg(sets.possible == possible, "row %zu", i);
        kd_alloc_bounds kept = kd_alloc_reserve_find(&request, &sets, &zones[0]);
        ck_assert_msg(kept.low == rows[i].least && kept.high == rows[i].most,
                      "row %zu: %lld to %lld", i, (long long)kept.low, (long long)kept.high);
    }
    /* of another node's lines nothing follows */
    kd_alloc_zone apart[2] = {
        { .kind = KD_ZONE_DMA, .lowmem_reserve = { 0, 7 }, .lowmem_reserve_count = 3 },
        { .kind = KD_ZONE_NORMAL, .node = 1 }
    };
    ck_assert_uint_eq(sets_of(V(5, 10), KD_ZONE_NORMAL, apart, 2).possible, 0);
    apart[1].node = 0;
    ck_assert_uint_eq(sets_of(V(5, 10), KD_ZONE_NORMAL, apart, 2).possible, UINT64_C(1)
                                                                                << (A | N | M));
}
END_TEST

START_TEST(rows_that_cannot_be_used)
{
    kd_alloc_request request = { .version = V(5, 10), .zone = KD_ZONE_NORMAL };
    kd_alloc_zone zone = { .kind = KD_ZONE_DMA, .lowmem_reserve_count = KD_ALLOC_RESERVES + 1 };
    kd_alloc_zone_sets sets = sets_of(V(5, 10), KD_ZONE_NORMAL, &zone, 1);

    ck_assert_int_eq(kd_alloc_reserve_find(&request, &sets, &zone).high, KD_ALLOC_PAGES_MAX);
    zone.lowmem_reserve_count = 0;
    ck_assert_int_eq(kd_alloc_reserve_find(&request, &sets, &zone).high, KD_ALLOC_PAGES_MAX);
    ck_assert_int_eq(kd_alloc_reserve_find(&request, &sets, &zone).low, 0);
    /* damaged: any of the eight may be the one */
    zone.lowmem_reserve_count = KD_ALLOC_RESERVES;
    zone.lowmem_reserve[0] = 3;
    zone.lowmem_reserve[7] = 9;
    sets = sets_of(V(5, 10), KD_ZONE_NORMAL, &zone, 1);
    ck_assert_uint_eq(sets.possible, 0);
    ck_assert_int_eq(kd_alloc_reserve_find(&request, &sets, &zone).low, 0);
    ck_assert_int_eq(kd_alloc_reserve_find(&request, &sets, &zone).high, 9);
    /* the zone asked for keeps nothing from such requests */
    zone.kind = KD_ZONE_NORMAL;
    ck_assert_int_eq(kd_alloc_reserve_find(&request, &sets, &zone).high, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alloc_request");
    TCase *tests = tcase_create("alloc_request");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, node_lists);
    tcase_add_test(tests, past_the_caches);
    tcase_add_test(tests, a_new_slab);
    tcase_add_test(tests, zone_asked_for);
    tcase_add_test(tests, zones_that_a_row_allows);
    tcase_add_test(tests, rows_that_cannot_be_used);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

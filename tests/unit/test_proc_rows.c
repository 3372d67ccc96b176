/* test_proc_rows.c - /proc/pagetypeinfo and /proc/buddyinfo. */
#include "family/fields.h"
#include "family/memdump/parse_zone_row.h"
#include "meminfo_stage.h"
#include "suite.h"
#include <stdio.h>

extern const kd_parser kd_parser_buddyinfo;
extern const kd_parser kd_parser_pagetypeinfo;

static bool types_line(stage *s, const char *line)
{
    return feed(s, s->taken ? MORE_TYPES : OPEN_TYPES, kd_str_of(line));
}

static bool buddy_line(stage *s, const char *line)
{
    return feed(s, s->taken ? MORE_BUDDY : OPEN_BUDDY, kd_str_of(line));
}

static const kdf_pagetype_zone *types_zone(const stage *s, uint32_t i)
{
    ck_assert_uint_lt(i, s->types.zones.count);
    return KD_ITEMS(s->types.zones, kdf_pagetype_zone) + i;
}

static void check_row(const kdf_pagetype_zone *zone, uint32_t i, const char *type,
                      const uint64_t *blocks)
{
    ck_assert_uint_lt(i, zone->free.count);
    const kd_row *row = KD_ITEMS(zone->free, kd_row) + i;
    const kd_u64 *values = row->values.items;
    ck_assert(kd_str_is(row->name, type));
    ck_assert_uint_eq(row->values.count, 11);
    for (uint32_t k = 0; k < 11; k++)
        ck_assert_field(values[k], blocks[k]);
}

START_TEST(pagetypeinfo_with_one_blank)
{
    static const uint64_t unmovable[] = { 123, 149, 95, 66, 45, 23, 13, 5, 9, 0, 0 };
    static const uint64_t cma[] = { 0, 1, 0, 1, 1, 1, 1, 3, 3, 2, 170 };
    stage s;
    stage_begin(&s, &kd_kind_pagetypeinfo, &s.types);
    ck_assert(types_line(&s, "Page block order: 10"));
    ck_assert(types_line(&s, "Pages per block: 1024"));
    ck_assert(types_line(&s, "Free pages count per migrate type at order 0 1 2 3 4 5 6 7 8 9 10"));
    ck_assert(types_line(&s, "Node 0, zone DMA32, type Unmovable 123 149 95 66 45 23 13 5 9 0 0"));
    ck_assert(types_line(&s, "Node 0, zone DMA32, type CMA 0 1 0 1 1 1 1 3 3 2 170"));
    ck_assert(!types_line(&s, "Node 0, zone DMA32, type CMA 0 1 0 1 1 1 1 3 3 2 170"));
    ck_assert(types_line(&s, "Number of blocks type Unmovable CMA"));
    ck_assert(types_line(&s, "Node 0, zone DMA32 150 237"));
    ck_assert(!types_line(&s, "Node 0, zone DMA32 150 237"));
    ck_assert_field(s.types.block_order, 10);
    ck_assert_field(s.types.pages_per_block, 1024);
    ck_assert_uint_eq(s.types.zones.count, 1);
    check_row(types_zone(&s, 0), 0, "Unmovable", unmovable);
    check_row(types_zone(&s, 0), 1, "CMA", cma);
    ck_assert_uint_eq(in_map(&types_zone(&s, 0)->blocks, "Unmovable"), 150);
    ck_assert_uint_eq(in_map(&types_zone(&s, 0)->blocks, "CMA"), 237);
    /* a buddyinfo that follows is another event */
    ck_assert(!types_line(&s, "Node 0, zone DMA32 1 2 3 4 5 6 7 8 9 10 11"));
    /* and so is a second pagetypeinfo */
    ck_assert(!types_line(&s, "Page block order: 10"));
    ck_assert(!types_line(&s, "Node 0, zone DMA32, type Unmovable 1 2 3 4 5 6 7 8 9 10 11"));
    kd_parser_pagetypeinfo.close(&s.parse);
    ck_assert(s.event.complete);
    stage_end(&s);
}
END_TEST

START_TEST(pagetypeinfo_wrapped)
{
    static const uint64_t many[] = { 100000, 0, 0, 0, 0, 1, 1, 1, 0, 0, 7 };
    static const uint64_t few[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3 };
    stage s;
    stage_begin(&s, &kd_kind_pagetypeinfo, &s.types);
    ck_assert(types_line(&s, "Free pages count per migrate type at order       0      1      2"));
    ck_assert(types_line(&s, "3      4      5      6      7      8      9     10 "));
    ck_assert(types_line(&s, "Node    0, zone      DMA, type    Unmovable >100000      0      0"));
    ck_assert(types_line(&s, "     0      0      1      1      1      0      0      7 "));
    ck_assert(types_line(&s, "Node    0, zone   Normal, type    Unmovable      0      0      0"));
    ck_assert(types_line(&s, "     0      0      0      0      0      0      1      3 "));
    ck_assert(types_line(&s, "Number of blocks type     Unmovable      Movable"));
    ck_assert(types_line(&s, "  HighAtomic      Isolate "));
    ck_assert(types_line(&s, "Node 0, zone      DMA            1            7"));
    ck_assert(types_line(&s, "           2            4 "));
    ck_assert(types_line(&s, "Node 0, zone   Normal           32           82            6"));
    ck_assert(types_line(&s, "           9 "));
    ck_assert(!types_line(&s, "           9 "));
    check_row(types_zone(&s, 0), 0, "Unmovable", many);
    check_row(types_zone(&s, 1), 0, "Unmovable", few);
    ck_assert_uint_eq(in_map(&types_zone(&s, 0)->blocks, "Isolate"), 4);
    ck_assert_uint_eq(in_map(&types_zone(&s, 1)->blocks, "HighAtomic"), 6);
    ck_assert_uint_eq(in_map(&types_zone(&s, 1)->blocks, "Isolate"), 9);
    ck_assert(types_line(&s, "Number of mixed blocks    Unmovable      Movable"));
    ck_assert(types_line(&s, "Node 0, zone      DMA            5            5            5"));
    ck_assert_uint_eq(in_map(&types_zone(&s, 0)->blocks, "Unmovable"), 1);
    kd_parser_pagetypeinfo.close(&s.parse);
    ck_assert(!s.event.complete); /* four kinds of blocks, but one row of free ones */
    stage_end(&s);
}
END_TEST

START_TEST(buddyinfo_rows)
{
    stage s;
    stage_begin(&s, &kd_kind_buddyinfo, &s.buddy);
    ck_assert(buddy_line(&s, "Node 0, zone      DMA      1      0      1      0      2      1      "
                             "1      0      1      1      3 "));
    ck_assert(buddy_line(&s, "Node 0, zone    DMA32    759    572    791    475    194     45     "
                             "12"));
    ck_assert(buddy_line(&s, "     0      0      0    466 "));
    ck_assert(!buddy_line(&s, "     5"));
    ck_assert(!buddy_line(&s, "Page block order: 9"));
    ck_assert(!buddy_line(&s, "Node    0, zone      DMA, type    Unmovable 0 0 0 0 0 0 0 0 0 0 0"));
    ck_assert(!buddy_line(&s, "Node 0, zone      DMA 1 2 3 4 5 6 7 8 9 10 11")); /* next reading */
    ck_assert_uint_eq(s.buddy.zones.count, 2);
    const kdf_buddyinfo_zone *zone = KD_ITEMS(s.buddy.zones, kdf_buddyinfo_zone) + 1;
    const kd_u64 *blocks = zone->blocks.items;
    ck_assert_field(zone->node, 0);
    ck_assert(kd_str_is(zone->name.v, "DMA32"));
    ck_assert_uint_eq(zone->blocks.count, 11);
    ck_assert_field(blocks[1], 572);
    ck_assert_field(blocks[10], 466);
    kd_parser_buddyinfo.close(&s.parse);
    ck_assert(s.event.complete);
    stage_end(&s);
}
END_TEST

/* As many zones as a list may hold; what is more is passed over. */
START_TEST(buddyinfo_has_a_limit)
{
    stage s;
    char text[80];
    stage_begin(&s, &kd_kind_buddyinfo, &s.buddy);
    for (unsigned i = 0; i < KD_ROW_ZONES + 3; i++) {
        snprintf(text, sizeof text, "Node %u, zone   Normal 1 2 3 4 5 6 7 8 9 10 11", i);
        ck_assert(buddy_line(&s, text));
    }
    ck_assert_uint_eq(s.buddy.zones.count, KD_ROW_ZONES);
    ck_assert_field(KD_ITEMS(s.buddy.zones, kdf_buddyinfo_zone)[KD_ROW_ZONES - 1].node,
                    KD_ROW_ZONES - 1);
    stage_end(&s);
}
END_TEST

START_TEST(no_buddyinfo)
{
    static const char *const lines[] = {
        "Node 0, zone      DMA",             /* /proc/zoneinfo */
        "Node 0, zone      DMA 1 7 0 0 0 0", /* blocks of pagetypeinfo */
        "Node 0, zone      DMA -1.000 -1.000 -1.000 0.500 0.750 0.875 0.938 0.969",
        "Node 0, zone      DMA 1 2 3 4 5 6 7 8 99999999999999999999",
        "Node 0, zone      DMA, type    Unmovable 1 2 3 4 5 6 7 8 9 10 11",
        "On node 0, zone DMA: 1 pages in unavailable ranges",
    };
    stage s;
    stage_begin(&s, &kd_kind_buddyinfo, &s.buddy);
    for (size_t i = 0; i < KD_COUNT(lines); i++)
        if (buddy_line(&s, lines[i]))
            ck_abort_msg("taken: %s", lines[i]);
    stage_end(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("proc_rows");
    TCase *tests = tcase_create("proc_rows");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, pagetypeinfo_with_one_blank);
    tcase_add_test(tests, pagetypeinfo_wrapped);
    tcase_add_test(tests, buddyinfo_rows);
    tcase_add_test(tests, buddyinfo_has_a_limit);
    tcase_add_test(tests, no_buddyinfo);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

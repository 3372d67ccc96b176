/* test_meminfo.c - memory dumps of real machines; the figures are those of the logs. */
#include "family/fields.h"
#include "meminfo_dumps.h"
#include "meminfo_stage.h"
#include "suite.h"

START_TEST(amlogic_wrapped)
{
    static const uint64_t blocks[] = { 1587, 1959, 1803, 676, 305, 86, 19, 10, 26, 5, 118 };
    static const char *const types[] = { "UMEC", "UMEC", "UMEC", "UMEC", "C", "C",
                                         "C",    "C",    "C",    "C",    "C" };
    static const uint64_t reserve[] = { 0, 0, 0 };
    stage s;
    give_all(&s, dump_amlogic);
    const kdf_meminfo *m = &s.dump;
    ck_assert_uint_eq(m->counters_pages.count, 20);
    ck_assert_uint_eq(in_map(&m->counters_pages, "active_anon"), 152878);
    ck_assert_uint_eq(in_map(&m->counters_pages, "slab_unreclaimable_Order"), 2154);
    ck_assert_uint_eq(in_map(&m->counters_pages, "free"), 158325);
    ck_assert_uint_eq(in_map(&m->counters_pages, "free_cma"), 145990);
    ck_assert_uint_eq(m->vendor.count, 11);
    ck_assert_uint_eq(in_map(&m->vendor, "cma_driver"), 46165);
    ck_assert_uint_eq(in_map(&m->vendor, "cma_anon"), 36301);
    ck_assert_uint_eq(in_map(&m->vendor, "cma_file"), 10015);
    ck_assert_uint_eq(in_map(&m->vendor, "cma_isolate"), 1939456);
    ck_assert_uint_eq(in_map(&m->vendor, "cma_total"), 242688);
    ck_assert_uint_eq(in_map(&m->vendor, "Free_Unmovable"), 7440);
    ck_assert_uint_eq(in_map(&m->vendor, "Free_Reclaimable"), 96);
    ck_assert_uint_eq(in_map(&m->vendor, "Free_HighAtomic"), 0);
    ck_assert_uint_eq(m->nodes.count, 1);
    const kdf_node *node = node_at(&s, 0);
    ck_assert_field(node->node, 0);
    ck_assert_uint_eq(node->counters_kb.count, 13);
    ck_assert_uint_eq(in_map(&node->counters_kb, "inactive_file"), 200152);
    ck_assert_uint_eq(in_map(&node->counters_kb, "isolated(anon)"), 0);
    ck_assert_uint_eq(in_map(&node->counters_kb, "shmem"), 25988);
    ck_assert_uint_ne(node->all_unreclaimable.src, 0);
    ck_assert(!node->all_unreclaimable.v);
    ck_assert_uint_eq(m->zones.count, 1);
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert_absent(zone->node);
    ck_assert(kd_str_is(zone->name.v, "DMA32"));
    ck_assert_field(zone->free_kb, 633300);
    ck_assert_field(zone->min_kb, 10240);
    ck_assert_field(zone->low_kb, 21996);
    ck_assert_field(zone->high_kb, 32740);
    ck_assert_field(zone->present_kb, 3670016);
    ck_assert_field(zone->managed_kb, 3582536);
    ck_assert_field(zone->free_cma_kb, 583960);
    ck_assert_absent(zone->boost_kb);
    ck_assert_absent(zone->reserved_highatomic_kb);
    ck_assert_uint_eq(in_map(&zone->counters_kb, "shadow_call_stack"), 2008);
    ck_assert_uint_eq(in_map(&zone->counters_kb, "local_pcp"), 860);
    check_reserve(zone, reserve, 3);
    check_orders(zone, blocks, types, 11);
    check_sum(zone, 633204);
    ck_assert_field(m->pagecache_pages, 112537);
    ck_assert_field(m->swap.cache_pages, 52);
    ck_assert_field(m->swap.free_kb, 453884);
    ck_assert_field(m->swap.total_kb, 524284);
    ck_assert_field(m->ram_pages, 917504);
    ck_assert_field(m->highmem_pages, 0);
    ck_assert_field(m->reserved_pages, 21870);
    ck_assert_field(m->cma_reserved_pages, 242688);
    ck_assert_absent(m->hwpoisoned_pages);
    /* each value names the line it stands on, not the one that began the zone */
    ck_assert_uint_eq(zone->free_kb.src, 12);
    ck_assert_uint_eq(zone->managed_kb.src, 14);
    ck_assert_uint_eq(zone->buddy_kb.src, 18);
    stage_end(&s);
}
END_TEST

START_TEST(arm_3_14)
{
    static const uint64_t blocks[] = { 0, 8, 3, 1, 2, 3, 2, 3, 1, 2, 38 };
    static const char *const types[] = { NULL, "UEM", "EM", "U",  "UE", "UEM",
                                         "UM", "UEM", "U",  "UM", "MR" };
    stage s;
    give_all(&s, dump_arm);
    const kdf_meminfo *m = &s.dump;
    ck_assert_uint_eq(in_map(&m->counters_pages, "free"), 40864);
    ck_assert_uint_eq(in_map(&m->counters_pages, "free_cma"), 0);
    ck_assert_uint_eq(in_map(&m->counters_pages, "slab_unreclaimable"), 4219);
    ck_assert_uint_eq(m->nodes.count, 0);
    ck_assert_uint_eq(m->zones.count, 1);
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert_absent(zone->node);
    ck_assert_field(zone->free_kb, 163456);
    ck_assert_field(zone->min_kb, 1944);
    ck_assert_field(zone->managed_kb, 236872);
    ck_assert_uint_eq(in_map(&zone->counters_kb, "slab_unreclaimable"), 16876);
    ck_assert_ptr_null(kd_map_find(&zone->counters_kb, "pages_scanned"));
    ck_assert_uint_ne(zone->all_unreclaimable.src, 0);
    check_orders(zone, blocks, types, 11);
    check_sum(zone, 163472);
    ck_assert_field(m->ram_pages, 65536);
    ck_assert_field(m->reserved_pages, 6318);
    ck_assert_uint_eq(in_map(&m->counters_pages, "free_pages"), 41172);
    ck_assert_uint_eq(in_map(&m->counters_pages, "slab_pages"), 2005);
    ck_assert_uint_eq(in_map(&m->counters_pages, "pages_shared"), 3711);
    ck_assert_field(m->swap.cache_pages, 0);
    ck_assert_field(m->swap.free_kb, 0);
    stage_end(&s);
}
END_TEST

START_TEST(amd64_5_10)
{
    static const uint64_t dma[] = { 1, 0, 1, 0, 2, 1, 0, 0, 0, 0, 0 };
    static const char *const letters[] = { "U",  NULL, "U",  NULL, "U", "U",
                                           NULL, NULL, NULL, NULL, NULL };
    static const uint64_t reserve[] = { 0, 939, 939, 939, 939 };
    stage s;
    give_all(&s, dump_5_10);
    ck_assert_uint_eq(s.dump.zones.count, 2);
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert_field(zone->node, 0);
    ck_assert_field(zone->free_kb, 276);
    ck_assert_field(zone->min_kb, 732);
    ck_assert_field(zone->reserved_highatomic_kb, 2048);
    check_orders(zone, dma, letters, 11);
    check_reserve(zone, reserve, 5);
    check_sum(zone, 276);
    check_sum(zone_at(&s, 1), 949636);
    ck_assert_field(zone_at(&s, 1)->free_kb, 949644);
    ck_assert_uint_eq(in_map(&node_at(&s, 0)->counters_kb, "shmem_thp"), 0);
    ck_assert_uint_eq(in_map(&node_at(&s, 0)->counters_kb, "kernel_stack"), 640);
    ck_assert(node_at(&s, 0)->all_unreclaimable.v);
    ck_assert_field(s.dump.hwpoisoned_pages, 0);
    ck_assert_absent(s.dump.cma_reserved_pages);
    stage_end(&s);
}
END_TEST

START_TEST(amd64_6_1)
{
    static const uint64_t reserve[] = { 0, 2989, 4892, 4892, 4892 };
    stage s;
    give_all(&s, dump_6_1);
    const kdf_zone *dma = zone_at(&s, 0), *dma32 = zone_at(&s, 1);
    ck_assert_uint_eq(s.dump.zones.count, 2);
    ck_assert_field(dma->boost_kb, 0);
    ck_assert_field(dma->reserved_highatomic_kb, 4096);
    ck_assert_absent(dma->free_highatomic_kb);
    check_reserve(dma, reserve, 5);
    check_sum(dma, 12032);
    ck_assert_field(dma32->free_kb, 15444);
    ck_assert_field(dma32->min_kb, 41172);
    ck_assert_field(dma32->reserved_highatomic_kb, 22528);
    ck_assert_uint_eq(in_map(&dma32->counters_kb, "free_pcp"), 2412);
    check_sum(dma32, 15444);
    ck_assert(kd_str_is(KD_ITEMS(dma32->buddy, kdf_buddy)[7].types.v, "MH"));
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "kernel_misc_reclaimable"), 0);
    ck_assert_uint_eq(in_map(&node_at(&s, 0)->counters_kb, "sec_pagetables"), 0);
    ck_assert_field(s.dump.ram_pages, 1310590);
    stage_end(&s);
}
END_TEST

START_TEST(arm64_6_12)
{
    stage s;
    give_all(&s, dump_6_12);
    const kdf_zone *zone = zone_at(&s, 0);
    const kdf_buddy *buddy = zone->buddy.items;
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "isolated_anon"), 20);
    ck_assert_uint_eq(in_map(&node_at(&s, 0)->counters_kb, "isolated(anon)"), 80);
    ck_assert_uint_eq(in_map(&node_at(&s, 0)->counters_kb, "shmem_thp"), 0);
    ck_assert_field(zone->boost_kb, 4176);
    ck_assert_field(zone->min_kb, 6032);
    ck_assert_field(zone->free_cma_kb, 97920);
    ck_assert_uint_eq(zone->buddy.count, 11);
    ck_assert_field(buddy[0].blocks, 4876);
    ck_assert_field(buddy[10].blocks, 23);
    ck_assert(kd_str_is(buddy[10].types.v, "C"));
    check_sum(zone, 136936);
    ck_assert_field(s.dump.cma_reserved_pages, 24576);
    stage_end(&s);
}
END_TEST

START_TEST(amd64_7_2)
{
    stage s;
    give_all(&s, dump_7_2);
    const kdf_zone *zone = zone_at(&s, 1);
    const kd_list *node = &node_at(&s, 0)->counters_kb;
    ck_assert_uint_eq(in_map(node, "Balloon"), 0);
    ck_assert_uint_eq(in_map(node, "gpu_active"), 0);
    ck_assert_uint_eq(in_map(node, "gpu_reclaim"), 0);
    ck_assert_uint_eq(in_map(node, "pagetables"), 1036);
    ck_assert(node_at(&s, 0)->all_unreclaimable.v);
    ck_assert_field(zone->free_kb, 1140);
    ck_assert_field(zone->min_kb, 1656);
    ck_assert_field(zone->reserved_highatomic_kb, 0);
    ck_assert_field(zone->free_highatomic_kb, 0);
    ck_assert_uint_eq(in_map(&zone->counters_kb, "zspages"), 0);
    ck_assert_uint_eq(in_map(&zone->counters_kb, "active_anon"), 169252);
    check_sum(zone_at(&s, 0), 900);
    check_sum(zone, 1128);
    ck_assert_field(s.dump.reserved_pages, 12070);
    stage_end(&s);
}
END_TEST

START_TEST(armhf_has_twelve_orders)
{
    static const uint64_t blocks[] = { 6175, 2, 515, 511, 0, 0, 1, 1, 1, 1, 1, 11 };
    static const char *const types[] = { "UE", "U", "UE", "UE", NULL, NULL,
                                         "C",  "C", "C",  "C",  "C",  "C" };
    stage s;
    give_all(&s, dump_armhf);
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert_absent(zone->node);
    ck_assert_field(zone->free_kb, 147356);
    ck_assert_field(zone->free_cma_kb, 98048);
    check_orders(zone, blocks, types, 12);
    check_sum(zone, 147356);
    ck_assert_field(s.dump.cma_reserved_pages, 24576);
    stage_end(&s);
}
END_TEST

START_TEST(ppc64el_has_large_pages)
{
    static const uint64_t blocks[] = { 499, 0, 41, 41, 0, 0, 0, 0, 0 };
    static const char *const types[] = { "U", NULL, "U", "U", NULL, NULL, NULL, NULL, NULL };
    stage s;
    give_all(&s, dump_ppc64el);
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert(kd_str_is(zone->name.v, "Normal"));
    ck_assert_field(zone->node, 0);
    ck_assert_field(zone->free_kb, 63232);
    ck_assert_field(zone->boost_kb, 3712);
    check_orders(zone, blocks, types, 9);
    check_sum(zone, 63424);
    ck_assert_field(s.dump.ram_pages, 4096);
    stage_end(&s);
}
END_TEST

START_TEST(s390x)
{
    stage s;
    give_all(&s, dump_s390x);
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert_absent(zone->node);
    ck_assert_field(zone->free_kb, 1916);
    ck_assert_field(zone->min_kb, 1940);
    check_sum(zone, 1916);
    ck_assert_uint_eq(in_map(&node_at(&s, 0)->counters_kb, "inactive_anon"), 222380);
    ck_assert_absent(s.dump.hwpoisoned_pages);
    stage_end(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("meminfo");
    TCase *tests = tcase_create("meminfo");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, amlogic_wrapped);
    tcase_add_test(tests, arm_3_14);
    tcase_add_test(tests, amd64_5_10);
    tcase_add_test(tests, amd64_6_1);
    tcase_add_test(tests, arm64_6_12);
    tcase_add_test(tests, amd64_7_2);
    tcase_add_test(tests, armhf_has_twelve_orders);
    tcase_add_test(tests, ppc64el_has_large_pages);
    tcase_add_test(tests, s390x);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

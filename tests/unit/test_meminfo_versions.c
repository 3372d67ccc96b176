/* test_meminfo_versions.c - memory dumps as the kernels between 2.6.32 and 7.2 write them: made
 * up, in the form of each. */
#include "family/fields.h"
#include "meminfo_stage.h"
#include "suite.h"

/* 2.6.32 with NUMA: lines of per-CPU lists, no letters, no swap cache counters of today */
START_TEST(numa_2_6_32)
{
    stage s;
    give_all(
        &s,
        "Mem-Info:\n"
        "Node 0 DMA per-cpu:\n"
        "CPU    0: hi:    0, btch:   1 usd:   0\n"
        "CPU    1: hi:    0, btch:   1 usd:   0\n"
        "Node 0 DMA32 per-cpu:\n"
        "CPU    0: hi:  186, btch:  31 usd:  30\n"
        "Node 1 Normal per-cpu:\n"
        "CPU    0: hi:  186, btch:  31 usd: 170\n"
        "active_anon:405 inactive_anon:6 isolated_anon:0\n"
        " active_file:7 inactive_file:8 isolated_file:0\n"
        " unevictable:0 dirty:1 writeback:0 unstable:0\n"
        " free:9 slab_reclaimable:2 slab_unreclaimable:3\n"
        " mapped:4 shmem:5 pagetables:6 bounce:0\n"
        "Node 0 DMA free:12kB min:4kB low:5kB high:6kB active_anon:0kB inactive_anon:0kB "
        "active_file:0kB inactive_file:0kB unevictable:0kB isolated(anon):0kB isolated(file):0kB "
        "present:15360kB mlocked:0kB dirty:0kB writeback:0kB mapped:0kB shmem:0kB "
        "slab_reclaimable:0kB slab_unreclaimable:0kB kernel_stack:0kB pagetables:0kB unstable:0kB "
        "bounce:0kB writeback_tmp:0kB pages_scanned:7 all_unreclaimable? yes\n"
        "lowmem_reserve[]: 0 3000 3000 3000\n"
        "Node 1 Normal free:24kB min:4kB low:5kB high:6kB present:99kB all_unreclaimable? no\n"
        "lowmem_reserve[]: 0 0 0 0\n"
        "Node 0 DMA: 1*4kB 1*8kB 0*16kB 0*32kB = 12kB\n"
        "Node 1 Normal: 0*4kB 1*8kB 1*16kB 0*32kB = 24kB\n"
        "20 total pagecache pages\n"
        "0 pages in swap cache\n"
        "Swap cache stats: add 0, delete 0, find 0/0\n"
        "Free swap  = 0kB\n"
        "Total swap = 0kB\n"
        "1048575 pages RAM\n"
        "34895 pages reserved\n"
        "1200 pages shared\n"
        "900 pages non-shared\n");
    static const uint64_t reserve[] = { 0, 3000, 3000, 3000 };
    ck_assert_uint_eq(s.dump.zones.count, 2);
    check_sum(zone_at(&s, 0), 12);
    check_sum(zone_at(&s, 1), 24);
    check_reserve(zone_at(&s, 0), reserve, 4);
    ck_assert_field(zone_at(&s, 1)->node, 1);
    ck_assert(zone_at(&s, 0)->all_unreclaimable.v && !zone_at(&s, 1)->all_unreclaimable.v);
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "unstable"), 0);
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "free"), 9);
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "pages_non_shared"), 900);
    ck_assert_field(s.dump.reserved_pages, 34895);
    stage_end(&s);
}
END_TEST

START_TEST(arm_to_4_0)
{
    stage s;
    give_all(&s, "Mem-info:\n"
                 "Normal per-cpu:\n"
                 "CPU    0: hi:   90, btch:  15 usd:  27\n"
                 "active_anon:1 inactive_anon:2 isolated_anon:0\n"
                 " free:30 slab_reclaimable:4 slab_unreclaimable:5\n"
                 "Normal free:120kB min:4kB low:5kB high:6kB present:260kB mlocked:0kB\n"
                 "lowmem_reserve[]: 0 0\n"
                 "Normal: 10*4kB 10*8kB = 120kB\n"
                 "9 total pagecache pages\n"
                 "65 pages of RAM\n"
                 "31 free pages\n"
                 "6 reserved pages\n"
                 "7 slab pages\n"
                 "8 pages shared\n"
                 "0 pages swap cached\n");
    ck_assert_field(s.dump.ram_pages, 65);
    ck_assert_field(s.dump.reserved_pages, 6);
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "free_pages"), 31);
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "slab_pages"), 7);
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "pages_swap_cached"), 0);
    check_sum(zone_at(&s, 0), 120);
    stage_end(&s);
}
END_TEST

/* 32 bit with HighMem, 3.10 of a distribution */
START_TEST(highmem_3_10)
{
    stage s;
    give_all(
        &s,
        "Mem-Info:\n"
        "DMA per-cpu:\n"
        "CPU    0: hi:    0, btch:   1 usd:   0\n"
        "HighMem per-cpu:\n"
        "CPU    0: hi:  186, btch:  31 usd:  51\n"
        "active_anon:1 inactive_anon:2 isolated_anon:0\n"
        " free:3 slab_reclaimable:4 slab_unreclaimable:5\n"
        " mapped:1 shmem:2 pagetables:3 bounce:0\n"
        " free_cma:0\n"
        "DMA free:4kB min:4kB low:5kB high:6kB managed:99kB pages_scanned:0 all_unreclaimable? no\n"
        "lowmem_reserve[]: 0 861 3000 3000\n"
        "HighMem free:8kB min:4kB low:5kB high:6kB managed:99kB all_unreclaimable? no\n"
        "lowmem_reserve[]: 0 0 0 0\n"
        "DMA: 1*4kB (R) 0*8kB = 4kB\n"
        "HighMem: 0*4kB 1*8kB (M) = 8kB\n"
        "7 total pagecache pages\n"
        "1000 pages RAM\n"
        "700 pages HighMem\n"
        "20 pages reserved\n");
    ck_assert(kd_str_is(zone_at(&s, 1)->name.v, "HighMem"));
    ck_assert_field(s.dump.highmem_pages, 700);
    check_sum(zone_at(&s, 0), 4);
    stage_end(&s);
}
END_TEST

/* Many nodes: zones of one name stay with their node, also where "Node N " is on its own line. */
static void many_nodes(unsigned nodes)
{
    char line[256];
    stage s;
    stage_begin(&s, &kd_kind_page_alloc_failure, &s.dump);
    ck_assert(give(&s, "Mem-Info:"));
    for (unsigned n = 0; n < nodes; n++) {
        snprintf(line, sizeof line,
                 "Node %u active_anon:%ukB inactive_anon:0kB pages_scanned:5 "
                 "all_unreclaimable? no",
                 n, 4 * n);
        ck_assert(give(&s, line));
    }
    for (unsigned n = 0; n < nodes; n++)
        for (unsigned z = n ? 2 : 0; z < 3; z++) {
            static const char *const names[] = { "DMA", "DMA32", "Normal" };
            if (n & 1) {
                snprintf(line, sizeof line, "Node %u ", n);
                ck_assert(give(&s, line));
            }
            snprintf(line, sizeof line,
                     "Node %u %s free:%ukB min:1kB low:2kB high:3kB writepending:0kB", n, names[z],
                     4 * (n + 1));
            ck_assert(give(&s, n & 1 ? strchr(line + 5, ' ') + 1 : line));
            ck_assert(give(&s, "lowmem_reserve[]: 0 0 0"));
        }
    for (unsigned n = nodes; n-- > 0;) {
        snprintf(line, sizeof line, "Node %u Normal: %u*4kB (U) 0*8kB = %ukB", n, n + 1,
                 4 * (n + 1));
        ck_assert(give(&s, line));
    }
    ck_assert_uint_eq(s.dump.nodes.count, nodes);
    ck_assert_uint_eq(s.dump.zones.count, nodes + 2);
    for (uint32_t i = 0; i < s.dump.zones.count; i++) {
        const kdf_zone *zone = zone_at(&s, i);
        ck_assert_uint_eq(zone->free_kb.v, 4 * (zone->node.v + 1));
        ck_assert_uint_eq(zone->lowmem_reserve_pages.count, 3);
        if (kd_str_is(zone->name.v, "Normal"))
            check_sum(zone, zone->free_kb.v);
    }
    stage_end(&s);
}

START_TEST(two_to_eight_nodes)
{
    many_nodes(2);
    many_nodes(4);
    many_nodes(8);
}
END_TEST

/* The line ends inside the head's record, as log daemons and /dev/kmsg write them */
START_TEST(head_in_one_line)
{
    static const char *const ends[] = { "#012", "\\x0a" };
    for (size_t i = 0; i < KD_COUNT(ends); i++) {
        char line[512];
        stage s;
        stage_begin(&s, &kd_kind_page_alloc_failure, &s.dump);
        ck_assert(give(&s, "Jul 15 23:44:32 host kernel: Mem-Info:"));
        snprintf(line, sizeof line,
                 "Jul 15 23:44:32 host kernel: active_anon:4558 inactive_anon:469552 "
                 "isolated_anon:0%s active_file:6371 inactive_file:4910 isolated_file:0%s "
                 "unevictable:0 dirty:0 writeback:0%s slab_reclaimable:9955 "
                 "slab_unreclaimable:17169%s mapped:5675 shmem:613 pagetables:4454 bounce:0%s "
                 "free:1378257 free_pcp:0 free_cma:0",
                 ends[i], ends[i], ends[i], ends[i], ends[i]);
        ck_assert(give(&s, line));
        ck_assert_uint_eq(s.dump.counters_pages.count, 18);
        ck_assert_uint_eq(in_map(&s.dump.counters_pages, "isolated_anon"), 0);
        ck_assert_uint_eq(in_map(&s.dump.counters_pages, "slab_unreclaimable"), 17169);
        ck_assert_uint_eq(in_map(&s.dump.counters_pages, "free"), 1378257);
        stage_end(&s);
    }
}
END_TEST

START_TEST(allocations_by_call_site)
{
    stage s;
    give_all(&s, "Mem-Info:\n"
                 "free:5 free_pcp:2 free_cma:0\n"
                 "524158 pages RAM\n"
                 "0 pages HighMem/MovableOnly\n"
                 "22064 pages reserved\n"
                 "0 pages hwpoisoned\n"
                 "Memory allocations:\n"
                 "    1.49 GiB     3160 mm/page_owner.c:120 func:alloc_stack\n"
                 "    98.3 MiB    12345 mm/slub.c:3061 func:alloc_slab_page\n"
                 "    1.00 KiB        4 drivers/leak.c:9 [leak] func:leak_run\n"
                 "         0 B        0 mm/filemap.c:1951 func:__filemap_get_folio\n");
    ck_assert_field(s.dump.hwpoisoned_pages, 0);
    ck_assert(!give(&s, "usb 1-1: new device func: none"));
    stage_end(&s);
    give_all(&s, "Mem-Info:\n"
                 "free:5 free_pcp:2 free_cma:0\n"
                 "Memory allocations (profiling is currently turned off):\n"
                 "    98.3 MiB    12345 mm/slub.c:3061 func:alloc_slab_page\n");
    stage_end(&s);
}
END_TEST

START_TEST(large_pages)
{
    static const uint64_t blocks[] = { 3, 0, 1 };
    static const char *const types[] = { "UE", NULL, "M" };
    stage s;
    give_all(&s, "Mem-Info:\n"
                 "Normal free:112kB min:16kB low:32kB high:48kB\n"
                 "Normal: 3*16kB (UE) 0*32kB 1*64kB (M) = 112kB\n");
    ck_assert_field(zone_at(&s, 0)->page_kb, 16);
    check_orders(zone_at(&s, 0), blocks, types, 3);
    check_sum(zone_at(&s, 0), 112);
    stage_end(&s);
}
END_TEST

/* A line that lost its first column keeps the orders of the others, and does not add up. */
START_TEST(first_column_lost)
{
    stage s;
    give_all(&s, "Mem-Info:\n"
                 "Node 0 DMA: 1*4kB (U) 0*8kB 1*16kB (U) 0*32kB = 20kB\n"
                 "Node 0 DMA32: 5*8kB (U) 1*16kB (M) 0*32kB = 68kB\n");
    const kdf_buddy *buddy = zone_at(&s, 1)->buddy.items;
    ck_assert_uint_eq(zone_at(&s, 1)->buddy.count, 3);
    ck_assert_field(buddy[0].order, 1);
    ck_assert_field(buddy[1].order, 2);
    ck_assert_field(zone_at(&s, 1)->page_kb, 4);
    ck_assert(!zone_at(&s, 1)->buddy_adds_up.v);
    stage_end(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("meminfo_versions");
    TCase *tests = tcase_create("meminfo_versions");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, numa_2_6_32);
    tcase_add_test(tests, arm_to_4_0);
    tcase_add_test(tests, highmem_3_10);
    tcase_add_test(tests, two_to_eight_nodes);
    tcase_add_test(tests, head_in_one_line);
    tcase_add_test(tests, allocations_by_call_site);
    tcase_add_test(tests, large_pages);
    tcase_add_test(tests, first_column_lost);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

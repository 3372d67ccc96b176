/* test_meminfo_forms.c - memory dumps that are torn, wrapped, mixed, cut or hostile. */
#include "family/fields.h"
#include "meminfo_stage.h"
#include "suite.h"

extern const kd_parser kd_parser_meminfo;

static void begin_dump(stage *s)
{
    stage_begin(s, &kd_kind_page_alloc_failure, &s->dump);
    ck_assert(give(s, "[    1.000000] Mem-Info:"));
}

START_TEST(wrapped_anywhere)
{
    static const uint64_t blocks[] = { 5, 0, 7, 1 };
    static const char *const types[] = { "U", NULL, "ME", "C" };
    static const uint64_t reserve[] = { 0, 11, 22 };
    stage s;
    begin_dump(&s);
    ck_assert(give(&s, "active_anon:1 inactive_anon:2"));
    ck_assert(give(&s, "isolated_anon:3"));
    ck_assert(give(&s, "Node 1 active_anon:4kB shmem_thp:"));
    ck_assert(give(&s, "12kB anon_thp: 8kB all_unreclaimable?"));
    ck_assert(give(&s, "yes Balloon:6kB"));
    ck_assert(give(&s, "Node 1 Normal free:100kB min:90kB low:110kB high:130kB"));
    ck_assert(give(&s, "reserved_highatomic:64KB pages_scanned:7 all_unreclaimable?"));
    ck_assert(give(&s, "no"));
    ck_assert(give(&s, "lowmem_reserve[]: 0"));
    ck_assert(give(&s, "11 22"));
    ck_assert(give(&s, "Node 1 Normal: 5*4kB"));
    ck_assert(give(&s, "(U) 0*8kB 7*16kB (ME)"));
    ck_assert(give(&s, "1*32kB (C) ="));
    ck_assert(give(&s, "164kB"));
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "isolated_anon"), 3);
    const kdf_node *node = node_at(&s, 0);
    ck_assert_field(node->node, 1);
    ck_assert_uint_eq(in_map(&node->counters_kb, "shmem_thp"), 12);
    ck_assert_uint_eq(in_map(&node->counters_kb, "anon_thp"), 8);
    ck_assert_uint_eq(in_map(&node->counters_kb, "Balloon"), 6);
    ck_assert(node->all_unreclaimable.v);
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert_field(zone->reserved_highatomic_kb, 64);
    ck_assert_uint_ne(zone->all_unreclaimable.src, 0);
    ck_assert(!zone->all_unreclaimable.v);
    check_reserve(zone, reserve, 3);
    check_orders(zone, blocks, types, 4);
    check_sum(zone, 164);
    ck_assert_uint_eq(s.dump.vendor.count, 0);
    stage_end(&s);
}
END_TEST

/* printk continuation before 4.9 or so, with lines of another CPU in between */
START_TEST(torn_by_another_cpu)
{
    static const uint64_t blocks[] = { 1, 0, 0, 2 };
    static const char *const types[] = { "U", NULL, NULL, "UM" };
    static const uint64_t reserve[] = { 0, 1500 };
    stage s;
    begin_dump(&s);
    ck_assert(!give(&s, "[    1.000001] CPU: 1 PID: 77 Comm: other Not tainted 4.8.0 #1"));
    ck_assert(!give(&s, "[    1.000001] R13: 0000000000000508 R14: 00000000006f7960"));
    ck_assert(!give(&s, "[    1.000001] RAX: 0000000000000001 RBX: 0000000000000002"));
    ck_assert(give(&s, "[    1.000002] active_anon:5 inactive_anon:6 isolated_anon:0"));
    ck_assert(give(&s, "[    1.000003] Node 0 "));
    ck_assert(!give(&s, "[    1.000003]  dump_stack+0x194/0x257"));
    ck_assert(give(&s, "[    1.000003] DMA free:36kB min:4kB low:5kB high:6kB"));
    ck_assert(give(&s, "[    1.000004] lowmem_reserve[]:"));
    ck_assert(give(&s, "[    1.000004]  0"));
    ck_assert(!give(&s, "[    1.000005]  ? lock_acquire+0x1d5/0x580"));
    ck_assert(give(&s, "[    1.000006]  1500"));
    ck_assert(give(&s, "[    1.000007] Node 0 "));
    ck_assert(give(&s, "[    1.000007] DMA: "));
    ck_assert(give(&s, "[    1.000008] 1*4kB "));
    ck_assert(!give(&s, "[    1.000008] RIP: 0033:0x453a59"));
    ck_assert(give(&s, "[    1.000009] (U) "));
    ck_assert(give(&s, "[    1.000010] 0*8kB 0*16kB 2*32kB (UM) "));
    ck_assert(give(&s, "[    1.000011] = 68kB"));
    ck_assert(give(&s, "[    1.000012] Device: 1*4kB (U) = 4kB"));
    ck_assert_uint_eq(s.dump.zones.count, 2);
    ck_assert_absent(zone_at(&s, 1)->node); /* "Node 0 " is used up */
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert_field(zone->node, 0);
    check_reserve(zone, reserve, 2);
    check_orders(zone, blocks, types, 4);
    check_sum(zone, 68);
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "active_anon"), 5);
    ck_assert_uint_eq(s.dump.counters_pages.count, 3);
    stage_end(&s);
}
END_TEST

/* A lost group does not shift the orders after it, and the sum tells that something is lost. */
START_TEST(sum_that_does_not_add_up)
{
    stage s;
    begin_dump(&s);
    ck_assert(give(&s, "Node 0 DMA: 3*4kB (U) 1*16kB (U) 1*32kB (M) = 68kB"));
    const kdf_zone *zone = zone_at(&s, 0);
    const kdf_buddy *buddy = zone->buddy.items;
    ck_assert_uint_eq(zone->buddy.count, 3);
    ck_assert_field(buddy[1].order, 2);
    ck_assert_field(buddy[2].order, 3);
    ck_assert_field(zone->buddy_kb, 68);
    ck_assert_uint_ne(zone->buddy_adds_up.src, 0);
    ck_assert(!zone->buddy_adds_up.v);
    stage_end(&s);
}
END_TEST

/* A page is a power of two of kB: other sizes are torn or wrong, and no order is made of them. */
START_TEST(sizes_that_are_no_blocks)
{
    stage s;
    begin_dump(&s);
    ck_assert(give(&s, "Node 0 DMA: 3*4kB (U) 7*0kB 5*12kB 2*6kB 1*16kB (U) 9*24kB = 28kB"));
    const kdf_zone *zone = zone_at(&s, 0);
    const kdf_buddy *buddy = zone->buddy.items;
    ck_assert_uint_eq(zone->buddy.count, 2);
    ck_assert_field(buddy[0].order, 0);
    ck_assert_field(buddy[0].blocks, 3);
    ck_assert_field(buddy[1].order, 2);
    ck_assert_field(buddy[1].blocks, 1);
    check_sum(zone, 28);
    /* 1 kB is one, whatever the machine */
    ck_assert(give(&s, "Node 0 Normal: 7*0kB 5*1kB 1*2kB = 7kB"));
    zone = zone_at(&s, 1);
    buddy = zone->buddy.items;
    ck_assert_uint_eq(zone->buddy.count, 2);
    ck_assert_field(zone->page_kb, 1);
    ck_assert_field(buddy[0].blocks, 5);
    check_sum(zone, 7);
    stage_end(&s);
}
END_TEST

START_TEST(zones_of_nodes_stay_apart)
{
    stage s;
    begin_dump(&s);
    ck_assert(give(&s, "Node 0 Normal free:40kB min:1kB low:2kB high:3kB"));
    ck_assert(give(&s, "Node 1 Normal free:80kB min:1kB low:2kB high:3kB"));
    ck_assert(give(&s, "Node 1 Normal: 20*4kB (U) 0*8kB = 80kB"));
    ck_assert(give(&s, "Node 0 Normal: 10*4kB (U) 0*8kB = 40kB"));
    ck_assert_uint_eq(s.dump.zones.count, 2);
    check_sum(zone_at(&s, 0), 40);
    check_sum(zone_at(&s, 1), 80);
    /* without its node the line could mean either: it is kept by itself */
    ck_assert(give(&s, "Normal: 1*4kB (U) 0*8kB = 4kB"));
    ck_assert_uint_eq(s.dump.zones.count, 3);
    stage_end(&s);
}
END_TEST

/* When the dumps of two CPUs are mixed, the second of two like lines is the other event's. */
START_TEST(repeated_lines_are_left)
{
    stage s;
    begin_dump(&s);
    ck_assert(!give(&s, "Mem-Info:"));
    ck_assert(give(&s, "active_anon:1 inactive_anon:2 isolated_anon:3"));
    ck_assert(!give(&s, "active_anon:1 inactive_anon:2 isolated_anon:3"));
    ck_assert(give(&s, "Node 0 active_anon:4kB inactive_anon:8kB"));
    ck_assert(!give(&s, "Node 0 active_anon:4kB inactive_anon:8kB"));
    ck_assert(give(&s, "Node 0 DMA free:100kB min:90kB low:110kB high:130kB"));
    ck_assert(!give(&s, "Node 0 DMA free:100kB min:90kB low:110kB high:130kB"));
    ck_assert(give(&s, "active_anon:7kB inactive_anon:8kB"));
    ck_assert(!give(&s, "active_anon:7kB inactive_anon:8kB"));
    ck_assert(give(&s, "lowmem_reserve[]: 0 0"));
    ck_assert(!give(&s, "lowmem_reserve[]: 0 0"));
    ck_assert(give(&s, "Node 0 DMA: 1*4kB (U) 0*8kB = 4kB"));
    ck_assert(!give(&s, "Node 0 DMA: 1*4kB (U) 0*8kB = 4kB"));
    ck_assert(give(&s, "5 total pagecache pages"));
    ck_assert(!give(&s, "5 total pagecache pages"));
    ck_assert(give(&s, "Free swap  = 0kB"));
    ck_assert(!give(&s, "Free swap  = 0kB"));
    stage_end(&s);
}
END_TEST

/* Counters go on only where they stood: these lines end the part that they follow. */
START_TEST(lines_that_end_a_part)
{
    static const char *const lines[] = {
        "Swap cache stats: add 0, delete 0, find 0/0",
        "Memory cgroup min protection 0kB -- low protection 0kB",
        "Node 0 hugepages_total=2 hugepages_free=1 hugepages_surp=0 hugepages_size=2048kB",
        "5 total pagecache pages",
        "Free swap  = 0kB",
        "Memory allocations:",
        "Node 0 DMA: 1*4kB (U) 0*8kB = 4kB",
    };
    for (size_t i = 0; i < KD_COUNT(lines); i++) {
        stage s;
        begin_dump(&s);
        ck_assert(!give(&s, "Mem-Info:"));
        ck_assert(give(&s, "active_anon:1 inactive_anon:2 isolated_anon:3"));
        ck_assert(give(&s, "mapped:5 shmem:6"));
        ck_assert_msg(give(&s, lines[i]), "%s", lines[i]);
        ck_assert_msg(!give(&s, "free:7 free_pcp:8 free_cma:0"), "behind %s", lines[i]);
        ck_assert_uint_eq(s.dump.counters_pages.count, 5);
        stage_end(&s);
    }
}
END_TEST

START_TEST(nothing_before_the_head)
{
    static const char *const lines[] = {
        "917504 pages RAM",
        "Free swap  = 0kB",
        "lowmem_reserve[]: 0 0 0",
        "Node 0 ",
        "Node 0 active_anon:4kB inactive_anon:8kB",
        "Normal per-cpu:",
        "free:5 free_pcp:2",
        "CPU    0: hi:   90, btch:  15 usd:  27",
        "DMA: 1*4kB (U) 0*8kB",
        "Free_CMA:5",
        "[cma] driver:1 anon:2 file:3 isolate:4 total:5",
        "Swap cache stats: add 0, delete 0",
        "0 pages in swap cache",
        "DMA:",
        "12",
        "(U)",
        "Mem abort info:",
        "Mem-Info: of the day",
    };
    stage s;
    stage_begin(&s, &kd_kind_page_alloc_failure, &s.dump);
    for (size_t i = 0; i < KD_COUNT(lines); i++)
        if (give(&s, lines[i]))
            ck_abort_msg("taken: %s", lines[i]);
    stage_end(&s);
}
END_TEST

START_TEST(begins_without_its_head)
{
    static const char *const lines[] = {
        "DMA32 free:633300kB min:10240kB low:21996kB high:32740kB",
        "active_anon:1 inactive_anon:2 isolated_anon:3",
        "Node 0 DMA: 1*4kB (U) 0*8kB 1*16kB (U) 0*32kB 2*64kB (U) = 148kB",
    };
    for (size_t i = 0; i < KD_COUNT(lines); i++) {
        stage s;
        stage_begin(&s, &kd_kind_page_alloc_failure, &s.dump);
        ck_assert(give(&s, lines[i]));
        ck_assert(give(&s, "917504 pages RAM"));
        stage_end(&s);
    }
}
END_TEST

START_TEST(foreign_lines_inside)
{
    static const char *const lines[] = {
        "//'U':unmovable",
        "usb 1-1: new high-speed USB device number 2 using xhci_hcd",
        "kworker/0:0: page allocation failure: order:4, mode:0xa20(GFP_ATOMIC), nodemask=(null)",
        "Killed process 5 (a) total-vm:10kB, anon-rss:7kB, file-rss:4kB, shmem-rss:1kB, UID:0",
        "Node 0, zone      DMA      1      2      3",
        "Tasks state (memory values in pages):",
        "Memory cgroup out of memory: Killed process 77",
        "5 pages",
        "DMA: unknown",
        "3.5",
        "On node 0, zone DMA: 1 pages in unavailable ranges",
        "Node 0, zone      DMA, type    Unmovable      1      2      3",
    };
    stage s;
    begin_dump(&s);
    ck_assert(give(&s, "Node 0 DMA free:100kB min:90kB low:110kB high:130kB"));
    for (size_t i = 0; i < KD_COUNT(lines); i++)
        if (give(&s, lines[i]))
            ck_abort_msg("taken: %s", lines[i]);
    ck_assert(give(&s, "active_anon:5kB"));
    ck_assert_uint_eq(in_map(&zone_at(&s, 0)->counters_kb, "active_anon"), 5);
    stage_end(&s);
}
END_TEST

START_TEST(damaged_numbers)
{
    stage s;
    begin_dump(&s);
    ck_assert(give(&s, "active_anon:99999999999999999999 inactive_anon:2 isolated_anon:3"));
    ck_assert_ptr_null(kd_map_find(&s.dump.counters_pages, "active_anon"));
    ck_assert_uint_eq(in_map(&s.dump.counters_pages, "inactive_anon"), 2);
    ck_assert(give(&s, "Node 0 DMA free:18446744073709551615kB min:5kB low:xkB high:7B managed:8"));
    const kdf_zone *zone = zone_at(&s, 0);
    ck_assert_field(zone->free_kb, UINT64_MAX);
    ck_assert_field(zone->min_kb, 5);
    ck_assert_absent(zone->low_kb);
    ck_assert_absent(zone->high_kb);
    ck_assert_absent(zone->managed_kb); /* it has no unit */
    ck_assert(give(&s, "Node 0 DMA: 99999999999999999999*4kB (U) 18446744073709551615*8kB (M) "
                       "3*16kB x 1*24kB 1*64kB (E) = 1kB"));
    const kdf_buddy *buddy = zone_at(&s, 0)->buddy.items;
    ck_assert_uint_eq(zone_at(&s, 0)->buddy.count, 3);
    ck_assert_field(buddy[0].order, 1);
    ck_assert_field(buddy[1].order, 2);
    ck_assert_field(buddy[2].order, 4);
    ck_assert(kd_str_is(buddy[2].types.v, "E"));
    ck_assert(!zone_at(&s, 0)->buddy_adds_up.v);
    stage_end(&s);
}
END_TEST

/* What is beyond the limits is taken, so that it is not counted as not understood. */
START_TEST(limits)
{
    char line[8192];
    stage s;
    begin_dump(&s);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(line, sizeof line, "Node %u active_anon:4kB inactive_anon:8kB", i);
        ck_assert(give(&s, line));
        snprintf(line, sizeof line, "Node %u Normal free:4kB min:8kB low:9kB", i);
        ck_assert(give(&s, line));
    }
    ck_assert_uint_eq(s.dump.nodes.count, 64);
    ck_assert_uint_eq(s.dump.zones.count, 256);
    stage_end(&s);
    begin_dump(&s);
    for (unsigned i = 0; i < 60; i++) {
        size_t len = 0;
        for (unsigned k = 0; k < 10; k++)
            len += (size_t)snprintf(line + len, sizeof line - len, "c%u_%u:1 ", i, k);
        ck_assert(give(&s, line));
    }
    ck_assert_uint_eq(s.dump.counters_pages.count, 512);
    size_t len = (size_t)snprintf(line, sizeof line, "Node 0 DMA:");
    for (unsigned k = 0; k < 60; k++)
        len += (size_t)snprintf(line + len, sizeof line - len, " 1*%llukB", 1ull << k);
    ck_assert(give(&s, line));
    ck_assert_uint_eq(zone_at(&s, 0)->buddy.count, 32);
    stage_end(&s);
}
END_TEST

START_TEST(stands_alone)
{
    kd_line head = { .text = KD_STR("Mem-Info:") }, arm = { .text = KD_STR("Mem-info:") };
    kd_line code = { .text = KD_STR("printk(\"Mem-Info:\\n\");") };
    stage s;
    stage_begin(&s, &kd_kind_meminfo, &s.dump);
    ck_assert_int_eq(kd_parser_meminfo.open(&s.parse, &head), KD_TAKEN);
    ck_assert_int_eq(kd_parser_meminfo.open(&s.parse, &arm), KD_TAKEN);
    ck_assert_int_eq(kd_parser_meminfo.open(&s.parse, &code), KD_NOT_MINE);
    /* the next dump is another event */
    ck_assert(!give(&s, "Mem-Info:"));
    ck_assert(give(&s, "free:5 free_pcp:2"));
    ck_assert(!give(&s, "Mem-Info:"));
    kd_parser_meminfo.close(&s.parse);
    ck_assert(!s.event.complete);
    ck_assert(give(&s, "4096 pages RAM"));
    kd_parser_meminfo.close(&s.parse);
    ck_assert(s.event.complete);
    stage_end(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("meminfo_forms");
    TCase *tests = tcase_create("meminfo_forms");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, wrapped_anywhere);
    tcase_add_test(tests, torn_by_another_cpu);
    tcase_add_test(tests, sum_that_does_not_add_up);
    tcase_add_test(tests, sizes_that_are_no_blocks);
    tcase_add_test(tests, zones_of_nodes_stay_apart);
    tcase_add_test(tests, repeated_lines_are_left);
    tcase_add_test(tests, lines_that_end_a_part);
    tcase_add_test(tests, nothing_before_the_head);
    tcase_add_test(tests, begins_without_its_head);
    tcase_add_test(tests, foreign_lines_inside);
    tcase_add_test(tests, damaged_numbers);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, stands_alone);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

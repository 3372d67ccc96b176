/* test_whole.c - a part of a memory dump is whole where each thing that tells is there; one that is
 * missing is enough. */
#include "family/memdump/decode_whole.h"
#include "suite.h"

static kdf_meminfo dump;
static kdf_zone zones[2];
static kdf_node nodes[2];
static kd_u64 reserve[3];

/* Two zones of 5.10, whole, and two nodes. */
static void begin(void)
{
    dump = (kdf_meminfo){ .zones = { zones, 2, 2 }, .nodes = { nodes, 2, 2 } };
    dump.zones_ended = true;
    for (size_t i = 0; i < 2; i++) {
        zones[i] = (kdf_zone){ .free_kb = { 100, 1 },
                               .min_kb = { 10, 1 },
                               .high_kb = { 30, 1 },
                               .lowmem_reserve_pages = { reserve, 3, 3 },
                               .buddy_kb = { 100, 2 },
                               .buddy_adds_up = { true, 2 },
                               .last_counter = KD_STR("free_cma"),
                               .reserve_ended = true };
        nodes[i] = (kdf_node){ .last_counter = KD_STR("all_unreclaimable") };
    }
}

START_TEST(all_is_there)
{
    ck_assert(kd_dump_list_is_whole(&zones[0]));
    ck_assert(kd_dump_zones_are_whole(&dump));
    ck_assert(kd_dump_lists_are_whole(&dump));
    ck_assert(kd_dump_nodes_are_whole(&dump));
}
END_TEST

START_TEST(a_zone_lacks_something)
{
    for (int what = 0; what < 9; what++) {
        begin();
        switch (what) {
        case 0: zones[1].free_kb.src = 0; break;
        case 1: zones[1].min_kb.src = 0; break;
        case 2: zones[1].high_kb.src = 0; break;
        case 3: zones[1].last_counter.len = 0; break;
        case 4: zones[1].last_counter = KD_STR("local_pcp"); break;
        case 5: zones[1].lowmem_reserve_pages.count = 2; break;
        case 6: zones[1].reserve_ended = false; break;
        case 7:
            zones[0].lowmem_reserve_pages.count = zones[1].lowmem_reserve_pages.count = 0;
            break;
        default: dump.zones.count = 0; break;
        }
        ck_assert_msg(!kd_dump_zones_are_whole(&dump), "%d", what);
        ck_assert_msg(!kd_dump_lists_are_whole(&dump), "%d", what);
    }
}
END_TEST

/* A value of 0 is there. */
START_TEST(zero_is_a_value)
{
    zones[0].free_kb.v = zones[0].min_kb.v = zones[0].high_kb.v = zones[0].buddy_kb.v = 0;
    ck_assert(kd_dump_lists_are_whole(&dump));
}
END_TEST

/* What follows the last zone, or the end of the dump, was seen. */
START_TEST(the_end_of_the_zones)
{
    dump.zones_ended = false;
    ck_assert(!kd_dump_zones_are_whole(&dump));
    dump.ram_pages.src = 9;
    ck_assert(kd_dump_zones_are_whole(&dump));
}
END_TEST

START_TEST(buddy_lines)
{
    zones[1].buddy_kb.src = 0;
    ck_assert(!kd_dump_list_is_whole(&zones[1]));
    ck_assert(kd_dump_list_is_whole(&zones[0]));
    ck_assert(!kd_dump_lists_are_whole(&dump));
    ck_assert(kd_dump_zones_are_whole(&dump));
    begin();
    zones[0].buddy_adds_up.v = false;
    ck_assert(!kd_dump_list_is_whole(&zones[0]));
    ck_assert(!kd_dump_lists_are_whole(&dump));
}
END_TEST

/* All zones agree on a counter that only a vendor prints; of one zone alone the name must be known.
 */
START_TEST(last_counters)
{
    static const char *const known[] = { "all_unreclaimable", "free_cma", "gpu_reclaim" };
    zones[0].last_counter = zones[1].last_counter = KD_STR("vendor_pool");
    ck_assert(kd_dump_zones_are_whole(&dump));
    dump.zones.count = 1;
    ck_assert(!kd_dump_zones_are_whole(&dump));
    nodes[0].last_counter = nodes[1].last_counter = KD_STR("vendor_pool");
    ck_assert(kd_dump_nodes_are_whole(&dump));
    dump.nodes.count = 1;
    ck_assert(!kd_dump_nodes_are_whole(&dump));
    for (size_t i = 0; i < KD_COUNT(known); i++) {
        zones[0].last_counter = nodes[0].last_counter = kd_str_of(known[i]);
        ck_assert(kd_dump_zones_are_whole(&dump));
        ck_assert(kd_dump_nodes_are_whole(&dump));
    }
}
END_TEST

START_TEST(node_lines)
{
    nodes[1].last_counter = KD_STR("kernel_stack");
    ck_assert(!kd_dump_nodes_are_whole(&dump));
    nodes[1].last_counter.len = 0;
    ck_assert(!kd_dump_nodes_are_whole(&dump));
    dump.nodes.count = 0; /* older kernels have none */
    ck_assert(kd_dump_nodes_are_whole(&dump));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("whole");
    TCase *tests = tcase_create("whole");
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, all_is_there);
    tcase_add_test(tests, a_zone_lacks_something);
    tcase_add_test(tests, zero_is_a_value);
    tcase_add_test(tests, the_end_of_the_zones);
    tcase_add_test(tests, buddy_lines);
    tcase_add_test(tests, last_counters);
    tcase_add_test(tests, node_lines);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_accounting.c - where the memory of a dump went, at the boundaries between versions. The
 * dumps are written for this; each has 100000 kB of managed memory unless its comment says
 * otherwise. */
#include "meminfo_dumps.h"
#include "meminfo_stage.h"

#include "family/memdump/decode_accounting.h"
#include "suite.h"

#define LISTS                                                \
    "active_anon:1000 inactive_anon:500 isolated_anon:10\n"  \
    " active_file:2000 inactive_file:1500 isolated_file:0\n" \
    " unevictable:30 dirty:5 writeback:7 unstable:0\n"
#define LISTS_5_8                                            \
    "active_anon:1000 inactive_anon:500 isolated_anon:10\n"  \
    " active_file:2000 inactive_file:1500 isolated_file:0\n" \
    " unevictable:30 dirty:5 writeback:7\n"
#define NODE_4_8                                                                              \
    "Node 0 active_anon:4000kB inactive_anon:2000kB active_file:8000kB inactive_file:6000kB " \
    "unevictable:120kB isolated(anon):40kB isolated(file):0kB mapped:3600kB dirty:20kB "      \
    "writeback:28kB shmem:400kB "
#define ZONE "Node 0 Normal free:20000kB min:1000kB low:1250kB high:1500kB "

/* 1000 + 500 + 10 + 2000 + 1500 + 30 + 400 + 600 + 50 pages = 24360 kB, and 800 kB of stacks. */
#define COMMON_KB (24360u + 800u)

static kd_accounting account(const char *text, uint32_t version)
{
    static stage s;
    kd_accounting a;
    give_all(&s, text);
    kd_account_for(&s.dump, 4, version, &a);
    stage_end(&s);
    return a;
}

static uint64_t item(const kd_accounting *a, const char *name)
{
    const kd_account *found = kd_account_find(a, name);
    return found ? found->kb : 0;
}

/* 2.6.32: no managed memory in the zone line, RAM less reserved; no node line, no free_pcp. */
static const char dump_2_6_32[] =
    "Mem-Info:\n" LISTS " free:5000 slab_reclaimable:400 slab_unreclaimable:600\n"
    " mapped:900 shmem:100 pagetables:50 bounce:0\n"
    "Normal free:20000kB min:1000kB low:1250kB high:1500kB active_anon:4000kB "
    "inactive_anon:2000kB active_file:8000kB inactive_file:6000kB unevictable:120kB "
    "isolated(anon):40kB isolated(file):0kB present:104000kB mlocked:0kB dirty:20kB "
    "writeback:28kB mapped:3600kB shmem:400kB slab_reclaimable:1600kB slab_unreclaimable:2400kB "
    "kernel_stack:800kB pagetables:200kB unstable:0kB bounce:0kB writeback_tmp:64kB "
    "pages_scanned:0 all_unreclaimable? no\n"
    "lowmem_reserve[]: 0 0\n"
    "3900 total pagecache pages\n"
    "26000 pages RAM\n1000 pages reserved\n";

START_TEST(old_without_managed)
{
    kd_accounting a = account(dump_2_6_32, KD_KERNEL(2, 6, 32));
    ck_assert(a.complete);
    ck_assert(!a.managed_by_zones);
    ck_assert_uint_eq(a.managed_kb, 100000);
    ck_assert_uint_eq(item(&a, "writeback_tmp"), 64);
    ck_assert_uint_eq(item(&a, "slab_unreclaimable"), 2400); /* once, though it stands twice */
    ck_assert_uint_eq(item(&a, "shmem"), 0);
    ck_assert_uint_eq(item(&a, "mapped"), 0);
    ck_assert_uint_eq(a.accounted_kb, 20000 + COMMON_KB + 64);
    ck_assert_int_eq(a.unaccounted_kb, 100000 - 20000 - (int)COMMON_KB - 64);
}
END_TEST

/* The number of reserved pages: with the CMA areas taken off to 4.2, plain from 4.3 on. Node 1 is
 * left out of the dump, so that the zone lines do not tell the managed memory. */
#define DUMP_4_0(reserved)                                                             \
    "Mem-Info:\n" LISTS " slab_reclaimable:400 slab_unreclaimable:600\n"               \
    " mapped:900 shmem:100 pagetables:50 bounce:0\n"                                   \
    " free:5000 free_pcp:100 free_cma:300\n" ZONE                                      \
    "active_anon:4000kB inactive_anon:2000kB active_file:8000kB inactive_file:6000kB " \
    "unevictable:120kB isolated(anon):40kB isolated(file):0kB present:60000kB "        \
    "managed:58000kB mlocked:0kB kernel_stack:800kB pagetables:200kB free_pcp:400kB "  \
    "local_pcp:40kB free_cma:1200kB\n"                                                 \
    "26000 pages RAM\n0 pages HighMem/MovableOnly\n" reserved "500 pages cma reserved\n"

START_TEST(reserved_less_cma)
{
    kd_accounting a = account(DUMP_4_0("500 pages reserved\n"), V(4, 2));
    ck_assert_uint_eq(a.managed_kb, 100000);
    a = account(DUMP_4_0("1000 pages reserved\n"), V(4, 3));
    ck_assert_uint_eq(a.managed_kb, 100000);
    ck_assert(!a.managed_by_zones);
    /* 300 reserved pages less 500 of CMA: below zero on a 64-bit and a 32-bit kernel */
    a = account(DUMP_4_0("18446744073709551416 pages reserved\n"), V(4, 1));
    ck_assert_uint_eq(a.managed_kb, 104000 - 1200);
    a = account(DUMP_4_0("4294967096 pages reserved\n"), V(4, 1));
    ck_assert_uint_eq(a.managed_kb, 104000 - 1200);
}
END_TEST

START_TEST(pcp_and_cma)
{
    kd_accounting a = account(DUMP_4_0("1000 pages reserved\n"), V(4, 4));
    ck_assert_uint_eq(item(&a, "free_pcp"), 400);
    ck_assert_uint_eq(item(&a, "free_cma"), 0); /* inside free */
    ck_assert_uint_eq(a.accounted_kb, 20000 + 400 + COMMON_KB);
    /* from 4.1 on a dump without it was cut; before there was none */
    a = account(dump_2_6_32, V(4, 0));
    ck_assert(a.complete);
    a = account(dump_2_6_32, V(4, 1));
    ck_assert(!a.complete);
    ck_assert_str_eq(a.missing, "free_pcp");
}
END_TEST

/* Stacks: zone line to 5.8, node line from 5.9; the shadow stacks of 5.8 to 5.10 are slab. */
#define DUMP_5(node, zone)                                                                    \
    "Mem-Info:\n" LISTS_5_8 " slab_reclaimable:400 slab_unreclaimable:600\n"                  \
    " mapped:900 shmem:100 pagetables:50 bounce:0\n"                                          \
    " free:5000 free_pcp:100 free_cma:0\n" NODE_4_8 "writeback_tmp:0kB " node                 \
    "all_unreclaimable? no\n" ZONE                                                            \
    "active_anon:4000kB inactive_anon:2000kB active_file:8000kB inactive_file:6000kB "        \
    "unevictable:120kB writepending:48kB present:104000kB managed:100000kB mlocked:0kB " zone \
    "bounce:0kB free_pcp:400kB local_pcp:40kB free_cma:0kB\n"                                 \
    "lowmem_reserve[]: 0 0\n"                                                                 \
    "26000 pages RAM\n0 pages HighMem/MovableOnly\n1000 pages reserved\n"

START_TEST(stacks_by_version)
{
    static const char in_zone[] =
        DUMP_5("", "kernel_stack:800kB shadow_call_stack:90kB pagetables:200kB ");
    static const char in_node[] =
        DUMP_5("kernel_stack:800kB shadow_call_stack:90kB ", "pagetables:200kB ");
    kd_accounting a = account(in_zone, V(5, 8));
    ck_assert(a.complete && a.managed_by_zones);
    ck_assert_uint_eq(item(&a, "kernel_stack"), 800);
    ck_assert_uint_eq(item(&a, "shadow_call_stack"), 0);
    a = account(in_node, V(5, 10));
    ck_assert_uint_eq(item(&a, "kernel_stack"), 800);
    ck_assert_uint_eq(item(&a, "shadow_call_stack"), 0);
    a = account(in_node, V(5, 11));
    ck_assert_uint_eq(item(&a, "shadow_call_stack"), 90);
    ck_assert_uint_eq(a.accounted_kb, 20000 + 400 + COMMON_KB + 90);
    /* a back-port, and a version that is not known: pages of their own */
    a = account(in_zone, V(5, 4));
    ck_assert_uint_eq(item(&a, "shadow_call_stack"), 90);
    a = account(in_zone, 0);
    ck_assert_uint_eq(item(&a, "shadow_call_stack"), 90);
    /* without its node line the dump is cut */
    a = account(DUMP_5("", ""), V(5, 10));
    ck_assert(a.known && !a.complete);
    ck_assert_str_eq(a.missing, "kernel_stack");
}
END_TEST

/* 6.1: a request for DMA32 prints no zone above; the closing lines tell the rest. */
#define DUMP_6(extra, node, zone)                                                          \
    "Mem-Info:\n" LISTS_5_8 " slab_reclaimable:400 slab_unreclaimable:600\n"               \
    " mapped:900 shmem:100 pagetables:50\n"                                                \
    " sec_pagetables:25 bounce:0\n"                                                        \
    " kernel_misc_reclaimable:15\n"                                                        \
    " free:5000 free_pcp:100 free_cma:0\n" NODE_4_8 "kernel_stack:800kB pagetables:200kB " \
    "sec_pagetables:100kB all_unreclaimable? no " node "\n"                                \
    "Node 0 DMA32 free:9000kB boost:0kB min:1000kB low:1250kB high:1500kB "                \
    "reserved_highatomic:0KB active_anon:0kB inactive_anon:0kB active_file:0kB "           \
    "inactive_file:0kB unevictable:0kB writepending:0kB " zone "present:40000kB "          \
    "managed:39000kB mlocked:0kB bounce:0kB free_pcp:400kB local_pcp:40kB free_cma:0kB\n"  \
    "lowmem_reserve[]: 0 0\n" extra                                                        \
    "26000 pages RAM\n0 pages HighMem/MovableOnly\n1000 pages reserved\n"                  \
    "500 pages cma reserved\n40 pages hwpoisoned\n"

START_TEST(zones_left_out)
{
    kd_accounting a = account(DUMP_6("", "", ""), V(6, 1));
    ck_assert(a.complete && !a.managed_by_zones);
    ck_assert_uint_eq(a.managed_kb, 100000);
    ck_assert_uint_eq(item(&a, "sec_pagetables"), 100);
    ck_assert_uint_eq(item(&a, "kernel_misc_reclaimable"), 60);
    ck_assert_uint_eq(item(&a, "hwpoisoned"), 160);
    ck_assert_uint_eq(a.accounted_kb, 20000 + 400 + COMMON_KB + 100 + 60 + 160);
}
END_TEST

START_TEST(newest_counters)
{
    static const char dump[] =
        DUMP_6("", "Balloon:7000kB gpu_active:3000kB gpu_reclaim:500kB", "zspages:2000kB ");
    kd_accounting a = account(dump, V(7, 2));
    ck_assert(a.complete);
    ck_assert_uint_eq(item(&a, "gpu_active"), 3000);
    ck_assert_uint_eq(item(&a, "gpu_reclaim"), 500);
    ck_assert_uint_eq(item(&a, "zspages"), 2000);
    ck_assert_uint_eq(item(&a, "Balloon"), 0); /* mostly no part of the managed memory */
    ck_assert_uint_eq(a.balloon_kb, 7000);
    ck_assert_uint_eq(a.accounted_kb, 20000 + 400 + COMMON_KB + 100 + 60 + 160 + 5500);
    /* 6.17 does not print zspages, a 6.18 dump without them was cut */
    a = account(DUMP_6("", "", ""), V(6, 17));
    ck_assert(a.complete);
    a = account(DUMP_6("", "", ""), V(6, 18));
    ck_assert_str_eq(a.missing, "zspages");
}
END_TEST

START_TEST(swap_in_memory)
{
    kd_accounting a =
        account(DUMP_6("Free swap  = 2000kB\nTotal swap = 10000kB\n", "", ""), V(6, 17));
    ck_assert_uint_eq(a.swap_store_kb, 4000); /* 8000 kB, at 2:1 */
    a = account(DUMP_6("Free swap  = 2000kB\nTotal swap = 10000kB\n", "", "zspages:0kB "),
                V(6, 18));
    ck_assert_uint_eq(a.swap_store_kb, 0); /* counted */
}
END_TEST

/* The vendor kernel of the seed document. */
START_TEST(amlogic)
{
    kd_accounting a = account(dump_amlogic, KD_KERNEL(5, 4, 125));
    ck_assert(a.complete && a.managed_by_zones);
    ck_assert_uint_eq(a.managed_kb, 3582536);
    ck_assert_uint_eq(a.accounted_kb, 2272216);
    ck_assert_int_eq(a.unaccounted_kb, 1310320);
    ck_assert_uint_eq(a.cma_driver_kb, 184660);
    ck_assert_uint_eq(a.swap_store_kb, 35200);
}
END_TEST

START_TEST(absurd)
{
    /* the first allocations of a boot: nothing was handed to the allocator yet */
    kd_accounting a = account("Mem-Info:\nactive_anon:0 inactive_anon:0 isolated_anon:0\n"
                              " slab_reclaimable:0 slab_unreclaimable:0\n free:0 free_pcp:0\n"
                              "26000 pages RAM\n1000 pages reserved\n",
                              V(6, 1));
    ck_assert(!a.known);
    /* more in use than there is: a zone was cut out */
    a = account(DUMP_6("", "kernel_stack_x:1kB", ""), V(6, 1));
    ck_assert(a.known);
    a = account("Mem-Info:\n" LISTS_5_8 " slab_reclaimable:400 slab_unreclaimable:26000\n"
                " free:5000 free_pcp:100 free_cma:0\n"
                "26000 pages RAM\n1000 pages reserved\n",
                V(6, 1));
    ck_assert(!a.known);
    a = account("Mem-Info:\n" LISTS_5_8 " slab_reclaimable:18446744073709551615 "
                "slab_unreclaimable:600\n free:18446744073709551000 free_pcp:100 free_cma:0\n"
                "18446744073709551615 pages RAM\n1000 pages reserved\n",
                V(6, 1));
    ck_assert(!a.known);
}
END_TEST

START_TEST(rows)
{
    for (size_t i = 0; i < kd_counter_count; i++) {
        const kd_counter *row = &kd_counters[i];
        ck_assert_uint_lt(row->from, row->until);
        ck_assert_ptr_eq(kd_counter_find(row->name, row->from), row);
    }
    ck_assert_ptr_null(kd_counter_find("nobody", V(5, 4)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("accounting");
    TCase *cases = tcase_create("accounting");

    tcase_set_timeout(cases, 60); /* sanitizers on a busy machine */
    tcase_add_test(cases, old_without_managed);
    tcase_add_test(cases, reserved_less_cma);
    tcase_add_test(cases, pcp_and_cma);
    tcase_add_test(cases, stacks_by_version);
    tcase_add_test(cases, zones_left_out);
    tcase_add_test(cases, newest_counters);
    tcase_add_test(cases, swap_in_memory);
    tcase_add_test(cases, amlogic);
    tcase_add_test(cases, absurd);
    tcase_add_test(cases, rows);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}

/* test_oom.c - who holds the memory of an OOM report, worked out by hand. */
#include "family/fields.h"
#include "suite.h"
#include <string.h>

#include "base/scan.h"
#include "family/oom/decode_oom.h"

#define PAIRS 16

static kdf_oom oom;
static kdf_oom_task rows[8];
static kd_pair counters[PAIRS];
static kdf_hugepages pools[2];

static void reset(void)
{
    memset(&oom, 0, sizeof oom);
    memset(rows, 0, sizeof rows);
    memset(pools, 0, sizeof pools);
    oom.tasks = (kd_list){ rows, 0, 8 };
    oom.meminfo.counters_pages = (kd_list){ counters, 0, PAIRS };
    oom.meminfo.hugepages = (kd_list){ pools, 0, 2 };
}

static void add_task(uint64_t pid, uint64_t tgid, uint64_t rss, uint64_t swap, const char *comm)
{
    kdf_oom_task *row = &rows[oom.tasks.count++];

    row->pid = (kd_u64){ pid, 10 + oom.tasks.count };
    row->tgid = (kd_u64){ tgid, row->pid.src };
    row->rss_pages = (kd_u64){ rss, row->pid.src };
    row->swapents = (kd_u64){ swap, row->pid.src };
    row->comm = (kd_text){ kd_str_of(comm), row->pid.src };
}

static void add_counter(const char *name, uint64_t pages)
{
    counters[oom.meminfo.counters_pages.count++] = (kd_pair){ kd_str_of(name), pages, 1 };
}

/* 1000 + 300 pages of two "a" against 1200 of "b": one b is the largest process, a is the name
 * that holds most. The thread of b with its own row counts once. */
START_TEST(processes_and_names)
{
    kd_oom_picture p;

    reset();
    add_task(1, 1, 1000, 0, "a");
    add_task(2, 2, 1200, 0, "b");
    add_task(3, 2, 1200, 0, "b");
    add_task(4, 4, 300, 100, "a");
    oom.victim.pid = (kd_u64){ 4, 20 };
    kd_oom_look(&oom, 4, 0, &p);
    ck_assert_uint_eq(p.process_count, 3);
    ck_assert_uint_eq(p.rss_kb, 2500 * 4);
    ck_assert_uint_eq(p.swap_kb, 400);
    ck_assert_uint_eq(p.top[0].row->pid.v, 2);
    ck_assert_uint_eq(p.name.processes, 2);
    ck_assert_uint_eq(p.name.rss_kb, 1300 * 4);
    ck_assert_uint_eq(p.name.largest.row->pid.v, 1);
    ck_assert_uint_eq(p.victim_rank, 3);
    ck_assert_uint_eq(p.victim_kb, 1200);
}
END_TEST

/* Page tables count as the kernel counts them, in bytes or as pages. */
START_TEST(page_tables_count)
{
    kd_oom_picture p;

    reset();
    add_task(1, 1, 100, 0, "a");
    add_task(2, 2, 90, 0, "b");
    rows[1].nr_ptes = (kd_u64){ 12, 1 };
    kd_oom_look(&oom, 4, 0, &p);
    ck_assert_uint_eq(p.top[0].row->pid.v, 2);
    ck_assert_uint_eq(p.top[0].badness_kb, 102 * 4);
    rows[0].pgtables_bytes = (kd_u64){ 131072, 1 };
    kd_oom_look(&oom, 4, 0, &p);
    ck_assert_uint_eq(p.top[0].row->pid.v, 1);
    ck_assert_uint_eq(p.top[0].badness_kb, 400 + 128);
}
END_TEST

static void a_dump(void)
{
    reset();
    oom.meminfo.ram_pages = (kd_u64){ 100000, 1 };
    oom.meminfo.reserved_pages = (kd_u64){ 0, 1 };
    add_counter("free", 1000);
    add_counter("active_anon", 20000);
    add_counter("inactive_anon", 10000);
    add_counter("shmem", 25000);
    add_counter("slab_unreclaimable", 30000);
}

/* 30000 anonymous pages, 25000 of them tmpfs: 5000 are of processes. */
START_TEST(shares)
{
    kd_oom_picture p;

    a_dump();
    kd_oom_look(&oom, 4, 0, &p);
    ck_assert_uint_eq(p.accounting.managed_kb, 400000);
    ck_assert_int_eq(p.shares[0].use, KD_OOM_UNACCOUNTED);
    ck_assert_uint_eq(p.shares[0].kb, (100000 - 1000 - 30000 - 30000) * 4);
    ck_assert_int_eq(p.shares[1].use, KD_OOM_SLAB);
    ck_assert_uint_eq(p.shares[1].kb, 120000);
    ck_assert_int_eq(p.shares[2].use, KD_OOM_SHMEM);
    ck_assert_int_eq(p.shares[3].use, KD_OOM_PROCESSES);
    ck_assert_uint_eq(p.shares[3].kb, 20000);
}
END_TEST

/* 39000 pages are in no counter: pools of 70 * 2048 kB explain 35840 of them. */
START_TEST(pools_explain)
{
    kd_oom_picture p;

    a_dump();
    oom.meminfo.hugepages.count = 1;
    pools[0] = (kdf_hugepages){ { 0, 1 }, { 70, 1 }, { 60, 1 }, { 0, 1 }, { 2048, 1 } };
    kd_oom_look(&oom, 4, 0, &p);
    ck_assert_int_eq(p.shares[0].use, KD_OOM_HUGETLB);
    ck_assert_uint_eq(p.shares[0].kb, 143360);
    ck_assert_uint_eq(p.hugetlb_free_kb, 122880);
    ck_assert_int_eq(p.shares[p.share_count - 1].use, KD_OOM_UNACCOUNTED);
    ck_assert_uint_eq(p.shares[p.share_count - 1].kb, 156000 - 143360);
}
END_TEST

START_TEST(hostile_numbers)
{
    kd_oom_picture p;

    a_dump();
    add_counter("inactive_file", UINT64_MAX);
    add_task(UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, "");
    add_task(1, 1, UINT64_MAX, UINT64_MAX, "x");
    oom.tasks_left_out_rss_pages = (kd_u64){ UINT64_MAX, 1 };
    oom.victim.pid = (kd_u64){ UINT64_MAX, 1 };
    oom.meminfo.hugepages.count = 2;
    for (int i = 0; i < 2; i++)
        pools[i] = (kdf_hugepages){
            { 0, 1 }, { UINT64_MAX, 1 }, { UINT64_MAX, 1 }, { 0, 1 }, { UINT64_MAX, 1 }
        };
    kd_oom_look(&oom, 64, 0, &p);
    ck_assert_uint_eq(p.process_count, 2);
    ck_assert_uint_eq(p.hugetlb_kb, 0);
    ck_assert_uint_eq(p.victim_rank, 1);
}
END_TEST

START_TEST(signs_of_a_group)
{
    reset();
    ck_assert_int_eq(kd_oom_memcg_sign(&oom), KD_MEMCG_NO);
    oom.memcg.memory.usage_kb = (kd_u64){ 100, 1 };
    ck_assert_int_eq(kd_oom_memcg_sign(&oom), KD_MEMCG_COUNTERS);
    oom.kill_reason = (kd_text){ KD_STR("Memory cgroup out of memory"), 1 };
    ck_assert_int_eq(kd_oom_memcg_sign(&oom), KD_MEMCG_REASON);
    oom.constraint = (kd_text){ KD_STR("CONSTRAINT_NONE"), 1 };
    ck_assert_int_eq(kd_oom_memcg_sign(&oom), KD_MEMCG_NO);
    oom.constraint.v = KD_STR("CONSTRAINT_MEMCG");
    ck_assert_int_eq(kd_oom_memcg_sign(&oom), KD_MEMCG_CONSTRAINT);
    oom.global_oom = (kd_bool){ true, 1 };
    ck_assert_int_eq(kd_oom_memcg_sign(&oom), KD_MEMCG_NO);
}
END_TEST

/* memory has 1 GiB left, memory+swap nothing: that limit was hit. */
START_TEST(limit_that_was_hit)
{
    kdf_memcg memcg;

    memset(&memcg, 0, sizeof memcg);
    memcg.memory.usage_kb = (kd_u64){ 1048576, 1 };
    memcg.memory.limit_kb = (kd_u64){ 2097152, 1 };
    memcg.memsw.usage_kb = (kd_u64){ 3145728, 1 };
    memcg.memsw.limit_kb = (kd_u64){ 3145728, 1 };
    ck_assert_str_eq(kd_oom_memcg_limit(&memcg).name, "memory+swap");
    memcg.memsw.limit_kb.v = UINT64_C(9007199254740988);
    ck_assert_ptr_null(kd_oom_memcg_limit(&memcg).counter);
    ck_assert(kd_oom_is_unlimited(UINT64_C(8589934588)));
    ck_assert(!kd_oom_is_unlimited(UINT64_C(8589934592)));
}
END_TEST

START_TEST(no_request_behind_it)
{
    reset();
    oom.gfp.value = (kd_hex){ 0, 1 };
    oom.order = (kd_i64){ 0, 1 };
    ck_assert(kd_oom_is_page_fault(&oom));
    oom.order.v = -1;
    ck_assert(kd_oom_is_sysrq(&oom));
    ck_assert(!kd_oom_is_page_fault(&oom));
    oom.order.v = 0;
    oom.gfp.value.v = 0xcc0;
    ck_assert(!kd_oom_is_page_fault(&oom));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom");
    TCase *tests = tcase_create("oom");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, processes_and_names);
    tcase_add_test(tests, page_tables_count);
    tcase_add_test(tests, shares);
    tcase_add_test(tests, pools_explain);
    tcase_add_test(tests, hostile_numbers);
    tcase_add_test(tests, signs_of_a_group);
    tcase_add_test(tests, limit_that_was_hit);
    tcase_add_test(tests, no_request_behind_it);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

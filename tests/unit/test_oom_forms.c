/* test_oom_forms.c - OOM reports too large, too many or too torn for a log of tests/logs. */
#include "suite.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kdiag.h"

static char *text;
static size_t len, cap;
static kd_engine *engine;
static kd_report *report;

static void add(const char *format, ...)
{
    va_list args;

    if (cap - len < 1024) {
        cap = cap ? cap * 2 : 65536;
        text = realloc(text, cap);
        ck_assert_ptr_nonnull(text);
    }
    va_start(args, format);
    len += (size_t)vsnprintf(text + len, cap - len, format, args);
    va_end(args);
}

static void analyze(void)
{
    ck_assert_int_eq(kd_engine_new(&engine, NULL), KD_OK);
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ text, len }, NULL, &report), KD_OK);
}

static void start(void)
{
    len = 0;
}

static void finish(void)
{
    kd_report_free(report);
    kd_engine_free(engine);
    report = NULL;
    engine = NULL;
}

static kd_value value_at(size_t event, const char *path)
{
    kd_value value;

    ck_assert_int_eq(kd_event_get(kd_report_event(report, event), path, &value), KD_OK);
    return value;
}

static uint64_t number_at(size_t event, const char *path)
{
    kd_value value = value_at(event, path);

    ck_assert_int_eq(value.type, KD_U64);
    return value.as.u;
}

static void add_head(void)
{
    add("[    1.000000] x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
        "oom_score_adj=0\n");
    add("[    1.000000] Tasks state (memory values in pages):\n");
    add("[    1.000000] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents "
        "oom_score_adj name\n");
}

static void add_row(unsigned pid, unsigned rss)
{
    add("[    1.000000] [%7u]     0 %5u    10000 %8u     4096        0             0 worker\n", pid,
        pid, rss);
}

/* 2048 rows are kept, and one of the 3952 others: it is larger than all. The rest is added up. */
START_TEST(a_table_of_6000_rows)
{
    kd_stats stats;

    add_head();
    for (unsigned i = 1; i <= 6000; i++)
        add_row(i, i == 5000 ? 77777 : 10);
    add("[    2.000000] Out of memory: Killed process 5000 (worker) total-vm:40000kB, "
        "anon-rss:311108kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n");
    analyze();
    kd_report_stats(report, &stats, sizeof stats);
    ck_assert_uint_eq(kd_report_event_count(report), 1);
    ck_assert_uint_eq(stats.lines_in_events, 6004);
    ck_assert_uint_eq(stats.limits, 0);
    ck_assert_uint_eq(number_at(0, "victim.pid"), 5000);
    ck_assert_uint_eq(value_at(0, "tasks").as.count, 2049);
    ck_assert_uint_eq(number_at(0, "tasks[2048].rss_pages"), 77777);
    ck_assert_uint_eq(number_at(0, "tasks_left_out"), 3951);
    ck_assert_uint_eq(number_at(0, "tasks_left_out_rss_pages"), 39510);
}
END_TEST

/* More events than are kept, each with another victim: none is used after it was let go. */
START_TEST(more_kills_than_history)
{
    for (unsigned i = 0; i < 20100; i++)
        add("[    1.000000] Memory cgroup out of memory: Killed process %u (w%u) total-vm:40kB, "
            "anon-rss:8kB, file-rss:0kB, shmem-rss:0kB\n",
            i + 1, i);
    ck_assert_int_eq(kd_engine_new(&engine, NULL), KD_OK);
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ text, len }, NULL, &report), KD_E_LIMIT);
    ck_assert_uint_eq(kd_report_event_count(report), 20000);
}
END_TEST

/* Without a time stamp on the rest of the line it is the same message; names break too. */
START_TEST(wrapped_by_a_mail_program)
{
    add("[    1.000000] stress invoked oom-killer:\n"
        "gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0\n"
        "[    1.000001] [  pid  ]   uid  tgid total_vm      rss rss_anon rss_file\n"
        "rss_shmem pgtables_bytes swapents oom_score_ad\n"
        "j name\n"
        "[    1.000002] [   1122]     0  1122   179935   130854   130720      134\n"
        " 0  1097728        3             7 stre\n"
        "ss\n"
        "[    1.000003] Memory cgroup out of memory: Killed process 1122\n"
        "(stress) total-vm:719740kB, anon-rss:522880kB, file-rss:536kB,\n"
        "shmem-rss:0kB, UID:5 pgtables:1072kB oom_score_adj:7\n");
    analyze();
    ck_assert_uint_eq(kd_report_event_count(report), 1);
    ck_assert_uint_eq(value_at(0, "tasks").as.count, 1);
    ck_assert_uint_eq(number_at(0, "tasks[0].rss_shmem_pages"), 0);
    ck_assert_uint_eq(number_at(0, "tasks[0].pgtables_bytes"), 1097728);
    ck_assert_uint_eq(number_at(0, "tasks[0].swapents"), 3);
    ck_assert_int_eq(value_at(0, "tasks[0].oom_score_adj").as.i, 7);
    ck_assert_int_eq(strncmp(value_at(0, "tasks[0].comm").as.s.ptr, "stress", 6), 0);
    ck_assert_uint_eq(number_at(0, "victim.file_rss_kb"), 536);
    ck_assert_uint_eq(number_at(0, "victim.uid"), 5);
}
END_TEST

/* As sent: "=" is "=3D". */
START_TEST(quoted_printable)
{
    add("x invoked oom-killer: =\n"
        "gfp_mask=3D0x100cca(GFP_HIGHUSER_MOVABLE), order=3D0, oom_score_adj=3D-5\n");
    analyze();
    ck_assert_uint_eq(kd_report_event_count(report), 1);
    ck_assert_int_eq(value_at(0, "order").as.i, 0);
    ck_assert_int_eq(value_at(0, "oom_score_adj").as.i, -5);
    ck_assert_uint_eq(value_at(0, "gfp.value").as.u, 0x100cca);
}
END_TEST

/* Commas stand in lists of nodes, in paths and in names. */
START_TEST(commas_in_the_summary)
{
    add("[    1.000000] oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=0,2-3,cpuset=a,b,"
        "mems_allowed=0,2-3,global_oom,task_memcg=/x,y,task=we,ird,pid=12,uid=3\n");
    analyze();
    ck_assert_uint_eq(kd_report_event_count(report), 1);
    ck_assert_uint_eq(value_at(0, "nodemask").as.s.len, strlen("0,2-3"));
    ck_assert_uint_eq(value_at(0, "cpuset").as.s.len, strlen("a,b"));
    ck_assert_uint_eq(value_at(0, "task_memcg").as.s.len, strlen("/x,y"));
    ck_assert_uint_eq(value_at(0, "victim.comm").as.s.len, strlen("we,ird"));
    ck_assert_uint_eq(number_at(0, "victim.pid"), 12);
    ck_assert_uint_eq(number_at(0, "victim.uid"), 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom_forms");
    TCase *tests = tcase_create("oom_forms");

    tcase_add_checked_fixture(tests, start, finish);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_table_of_6000_rows);
    tcase_add_test(tests, more_kills_than_history);
    tcase_add_test(tests, wrapped_by_a_mail_program);
    tcase_add_test(tests, quoted_printable);
    tcase_add_test(tests, commas_in_the_summary);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_counts.c - KD_COUNTS: the counts of a report without the report. */
#include "api/stage.h"

static kd_stats stats_of(kd_engine *engine, const char *log, uint32_t flags, size_t *events)
{
    kd_options options = defaults();
    kd_report *report;
    kd_stats stats;
    options.flags = flags;
    ck_assert_int_eq(kd_analyze(engine, str(log), &options, &report), KD_OK);
    kd_report_stats(report, &stats, sizeof stats);
    *events = kd_report_event_count(report);
    ck_assert_uint_eq(kd_report_problem_count(report) > 0, *events > 0);
    kd_report_free(report);
    return stats;
}

START_TEST(counts_are_those_of_a_report)
{
    kd_engine *engine = new_engine();
    const char *log = "[    0.000000] Linux version 4.19.0 (gcc)\n" VMAP ALLOC "[    2.1] other\n";
    size_t events, kept;
    kd_stats whole = stats_of(engine, log, 0, &events);
    kd_stats counts = stats_of(engine, log, KD_COUNTS, &kept);
    ck_assert_uint_eq(events, 2);
    ck_assert_uint_eq(kept, 0);
    ck_assert_uint_eq(counts.lines, whole.lines);
    ck_assert_uint_eq(counts.lines_in_events, whole.lines_in_events);
    ck_assert_uint_eq(counts.events_cut, whole.events_cut);
    ck_assert_uint_eq(counts.bytes_not_utf8, whole.bytes_not_utf8);
    kd_engine_free(engine);
}
END_TEST

START_TEST(nothing_is_handed_out)
{
    kd_engine *engine = new_engine();
    kd_options options = defaults();
    kd_session *session;
    kd_item item;
    options.flags = KD_COUNTS;
    ck_assert_int_eq(kd_session_new(&session, engine, &options), KD_OK);
    ck_assert_int_eq(kd_session_feed(session, str(VMAP ALLOC)), KD_OK);
    ck_assert_int_eq(kd_session_next(session, &item), KD_END);
    ck_assert_int_eq(kd_session_flush(session), KD_OK);
    ck_assert_int_eq(kd_session_next(session, &item), KD_END);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("counts");
    TCase *all = tcase_create("all");
    tcase_add_test(all, counts_are_those_of_a_report);
    tcase_add_test(all, nothing_is_handed_out);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

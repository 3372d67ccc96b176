/* test_neighbours.c - a cause is looked for among the 256 events to each side, and no farther: in a
 * flood of reports the work would grow with their square. */
#include "api/stage.h"

/* A CPU that is stuck, and behind it so many blocked tasks: how many it is the cause of. */
static size_t count_effects(size_t tasks)
{
    kd_engine *engine = new_engine();
    kd_report *report;
    kd_value cause;
    char line[160];
    size_t effects = 0;
    text log = { NULL, 0, 0 };
    int len = snprintf(line, sizeof line,
                       "[  100.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! "
                       "[cat:611]\n");
    ck_assert_int_eq(text_put(line, (size_t)len, &log), 0);
    for (size_t i = 1; i <= tasks; i++) {
        len = snprintf(line, sizeof line,
                       "[  150.%06zu] INFO: task foo-%zu:%zu blocked for more than 120 seconds.\n",
                       i, i, 1000 + i);
        ck_assert_int_eq(text_put(line, (size_t)len, &log), 0);
    }
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, NULL, &report), KD_OK);
    ck_assert_uint_eq(kd_report_event_count(report), tasks + 1);
    for (size_t i = 0; i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        effects += strcmp(kd_diag_id(diag), "hang.task-blocked") == 0 &&
                   kd_diag_get(diag, "caused_by", &cause) == KD_OK && cause.as.count > 0;
    }
    kd_report_free(report);
    kd_engine_free(engine);
    free(log.ptr);
    return effects;
}

START_TEST(near_ones_are_found)
{
    ck_assert_uint_eq(count_effects(1), 1);
    ck_assert_uint_eq(count_effects(200), 200);
    ck_assert_uint_eq(count_effects(256), 256);
}
END_TEST

START_TEST(far_ones_are_not_looked_for)
{
    ck_assert_uint_eq(count_effects(257), 256);
    ck_assert_uint_eq(count_effects(300), 256);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("neighbours");
    TCase *all = tcase_create("all");
    tcase_add_test(all, near_ones_are_found);
    tcase_add_test(all, far_ones_are_not_looked_for);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

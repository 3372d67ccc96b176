/* test_problems.c - problems of a stream: two that turn out to be one, and those of which nothing
 * is left. */
#include "api/stage.h"

#define WARN(time, place)                                       \
    "[" time "] WARNING: CPU: 0 PID: 7 at " place "+0x1/0x20\n" \
    "[" time "] ---[ end trace 0000000000000000 ]---\n"
#define FIRST WARN("    1.000000", "fs/one.c:11 one_a")
#define SECOND WARN("    2.000000", "net/two.c:22 two_b")
#define THIRD \
    "[    3.000000] vmap allocation for size 8192 failed: use vmalloc=<size> to increase size.\n"

/* A failed vmap is what both warnings were about. */
static kd_status join_all(const kd_view *view, kd_emit *out, void *user)
{
    (void)user;
    kd_status status = kd_emit_diag(out, KD_LIKELY, str("one reason for all"));
    for (size_t i = 0; i < view->history_len && status == KD_OK; i++)
        status = kd_emit_evidence(out, view->history[i], "headline", str("one of its effects"));
    return status;
}

static kd_engine *joining_engine(void)
{
    kd_rule rule = { sizeof rule,    "acme.one", "One reason", KD_FATAL,
                     "vmap_failure", "d",        join_all,     NULL };
    kd_engine *engine = new_engine();
    ck_assert_int_eq(kd_engine_add_rule(engine, &rule), KD_OK);
    return engine;
}

static uint64_t number_of(const kd_problem *problem, const char *path)
{
    kd_value value;
    ck_assert_int_eq(kd_problem_get(problem, path, &value), KD_OK);
    return value.type == KD_LIST ? value.as.count : value.type == KD_NONE ? 0 : value.as.u;
}

START_TEST(a_report_joins_them)
{
    kd_engine *engine = joining_engine();
    kd_report *report;
    ck_assert_int_eq(kd_analyze(engine, str(FIRST SECOND), NULL, &report), KD_OK);
    ck_assert_uint_eq(kd_report_problem_count(report), 2);
    kd_report_free(report);
    ck_assert_int_eq(kd_analyze(engine, str(FIRST SECOND THIRD), NULL, &report), KD_OK);
    ck_assert_uint_eq(kd_report_problem_count(report), 1);
    const kd_problem *all = kd_report_problem(report, 0);
    ck_assert_uint_eq(number_of(all, "events"), 3);
    ck_assert_int_eq(kd_problem_severity(all), KD_FATAL);
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

typedef struct heard {
    size_t told, withdrawn;
    uint64_t last;        /* id of the problem told last */
    uint64_t last_events; /* of that one */
} heard;

static heard pull_problems(kd_session *session)
{
    kd_item item;
    kd_value value;
    kd_status status;
    heard out = { 0, 0, 0, 0 };
    while ((status = kd_session_next(session, &item)) == KD_OK) {
        if (!item.problem)
            continue;
        ck_assert_int_eq(kd_problem_get(item.problem, "withdrawn", &value), KD_OK);
        if (value.type == KD_BOOL && value.as.b) {
            out.withdrawn++;
            continue;
        }
        out.told++;
        out.last = kd_problem_id(item.problem);
        out.last_events = number_of(item.problem, "events");
    }
    ck_assert_int_eq(status, KD_END);
    return out;
}

START_TEST(who_heard_of_both_is_told)
{
    kd_engine *engine = joining_engine();
    kd_session *session;
    ck_assert_int_eq(kd_session_new(&session, engine, NULL), KD_OK);
    ck_assert_int_eq(kd_session_feed(session, str(FIRST SECOND)), KD_OK);
    ck_assert_int_eq(kd_session_flush(session), KD_OK);
    heard before = pull_problems(session);
    ck_assert_uint_eq(before.told, 2);
    ck_assert_uint_eq(before.withdrawn, 0);
    ck_assert_int_eq(kd_session_feed(session, str(THIRD)), KD_OK);
    ck_assert_int_eq(kd_session_finish(session), KD_OK);
    heard after = pull_problems(session);
    ck_assert_uint_eq(after.told, 1);
    ck_assert_uint_eq(after.last, before.last - 1); /* the earlier of the two goes on */
    ck_assert_uint_eq(after.last_events, 3);
    ck_assert_uint_eq(after.withdrawn, 1);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

/* A warning at a place of its own for each number. */
static void feed_warning(kd_session *session, size_t number)
{
    char line[160];
    int len = snprintf(line, sizeof line,
                       "[%5zu.000000] WARNING: CPU: 0 PID: 7 at fs/w%zu.c:1 w%zu+0x1/0x20\n",
                       10 + number, number, number);
    ck_assert_int_eq(kd_session_feed(session, (kd_str){ line, (size_t)len }), KD_OK);
    ck_assert_int_eq(kd_session_flush(session), KD_OK);
}

/* Many more than are held: what was told goes, and each new one is told once. */
START_TEST(told_ones_make_room)
{
    kd_engine *engine = new_engine();
    kd_session *session;
    kd_options options = defaults();
    kd_stats stats;
    options.max_diags = 32;
    options.max_history = 16;
    ck_assert_int_eq(kd_session_new(&session, engine, &options), KD_OK);
    uint64_t last = 0;
    for (size_t i = 1; i <= 300; i++) {
        feed_warning(session, i);
        heard now = pull_problems(session);
        ck_assert_uint_eq(now.told, 1);
        ck_assert_uint_eq(now.withdrawn, 0);
        ck_assert_uint_gt(now.last, last);
        ck_assert_uint_eq(now.last_events, 1);
        last = now.last;
    }
    /* nothing is left of the first: it is a new one; the last is known */
    feed_warning(session, 1);
    ck_assert_uint_gt(pull_problems(session).last, last);
    feed_warning(session, 300);
    ck_assert_uint_le(pull_problems(session).last, last);
    kd_session_stats(session, &stats, sizeof stats);
    ck_assert_uint_eq(stats.diags_left_out, 0);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("problems");
    TCase *tests = tcase_create("problems");
    tcase_add_test(tests, a_report_joins_them);
    tcase_add_test(tests, who_heard_of_both_is_told);
    tcase_add_test(tests, told_ones_make_room);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_calls.c - wrong calls are refused and change nothing; every number has a name. */
#include "api/stage.h"

static int sink(const char *data, size_t len, void *user)
{
    (void)data;
    *(size_t *)user += len;
    return 0;
}

START_TEST(every_number_has_a_name)
{
    static const struct {
        kd_status status;
        const char *name;
    } rows[] = {
        { KD_OK, "ok" },
        { KD_END, "nothing more now" },
        { KD_E_NOMEM, "out of memory" },
        { KD_E_INVAL, "wrong call" },
        { KD_E_LIMIT, "a limit was reached" },
        { KD_E_SINK, "write failed" },
        { (kd_status)99, "unknown status" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(kd_status_name(rows[i].status), rows[i].name);
    ck_assert_str_eq(kd_severity_name(KD_FATAL), "fatal");
    ck_assert_str_eq(kd_severity_name((kd_severity)99), "info");
    ck_assert_str_eq(kd_confidence_name(KD_CERTAIN), "certain");
    ck_assert_str_eq(kd_confidence_name((kd_confidence)99), "possible");
    ck_assert_str_eq(kd_impact_name(KD_IMPACT_MACHINE_DOWN), "machine-down");
    ck_assert_str_eq(kd_impact_name((kd_impact)99), "");
    ck_assert_str_eq(kd_suspect_name((kd_suspect)99), "");
}
END_TEST

START_TEST(engines)
{
    kd_allocator nothing = { NULL, NULL };
    kd_engine *engine = NULL;
    ck_assert_int_eq(kd_engine_new(NULL, NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_engine_new(&engine, &nothing), KD_E_INVAL);
    ck_assert_uint_eq(kd_engine_rule_count(NULL), 0);
    ck_assert_ptr_null(kd_engine_rule(NULL, 0));
    kd_engine_free(NULL);
    kd_options_init(NULL, sizeof(kd_options));
    engine = new_engine();
    ck_assert_ptr_null(kd_engine_rule(engine, kd_engine_rule_count(engine)));
    ck_assert_ptr_nonnull(kd_engine_rule(engine, kd_engine_rule_count(engine) - 1));
    kd_engine_free(engine);
}
END_TEST

static kd_status say_nothing(const kd_view *view, kd_emit *out, void *user)
{
    (void)view, (void)out, (void)user;
    return KD_OK;
}

START_TEST(rules_that_lack_something)
{
    const kd_rule good = { sizeof good,    "acme.a", "t",         KD_INFO,
                           "vmap_failure", "d",      say_nothing, NULL };
    kd_engine *engine = new_engine();
    kd_rule rules[7];
    for (size_t i = 0; i < 7; i++)
        rules[i] = good;
    rules[0].size = 8;
    rules[1].id = NULL;
    rules[2].title = NULL;
    rules[3].wakes_on = NULL;
    rules[4].check = NULL;
    rules[5].severity = (kd_severity)(KD_FATAL + 1);
    rules[6].wakes_on = "vmap_failure no_such_kind";
    size_t before = kd_engine_rule_count(engine);
    for (size_t i = 0; i < 7; i++)
        ck_assert_int_eq(kd_engine_add_rule(engine, &rules[i]), KD_E_INVAL);
    ck_assert_int_eq(kd_engine_add_rule(NULL, &good), KD_E_INVAL);
    ck_assert_int_eq(kd_engine_add_rule(engine, NULL), KD_E_INVAL);
    ck_assert_uint_eq(kd_engine_rule_count(engine), before);
    ck_assert_int_eq(kd_engine_add_rule(engine, &good), KD_OK);
    ck_assert_int_eq(kd_engine_add_rule(engine, &good), KD_E_INVAL); /* the id is taken */
    ck_assert_uint_eq(kd_engine_rule_count(engine), before + 1);
    kd_engine_free(engine);
}
END_TEST

START_TEST(sessions)
{
    kd_engine *engine = new_engine();
    kd_session *session = NULL;
    kd_report *report = NULL;
    kd_stats stats = { .bytes = 7 };
    kd_item item;
    int mine;
    ck_assert_int_eq(kd_session_new(NULL, engine, NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_session_new(&session, NULL, NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_session_feed(NULL, str("a\n")), KD_E_INVAL);
    ck_assert_int_eq(kd_session_feed_record(NULL, NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_session_flush(NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_session_finish(NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_session_next(NULL, &item), KD_E_INVAL);
    ck_assert_int_eq(kd_session_report(NULL, &report), KD_E_INVAL);
    ck_assert_int_eq(kd_session_packed(NULL, str("gzip")), KD_E_INVAL);
    ck_assert(!kd_session_busy(NULL));
    ck_assert_ptr_null(kd_session_user(NULL));
    kd_session_set_user(NULL, &mine);
    kd_session_free(NULL);
    kd_session_stats(NULL, &stats, sizeof stats);
    ck_assert_uint_eq(stats.bytes, 7);
    ck_assert_int_eq(kd_session_new(&session, engine, NULL), KD_OK);
    ck_assert_ptr_null(kd_session_user(session));
    kd_session_set_user(session, &mine);
    ck_assert_ptr_eq(kd_session_user(session), &mine);
    ck_assert_int_eq(kd_session_feed(session, (kd_str){ NULL, 1 }), KD_E_INVAL);
    ck_assert_int_eq(kd_session_next(session, NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_session_report(session, NULL), KD_E_INVAL);
    kd_session_stats(session, NULL, 0);
    kd_session_stats(session, &stats, sizeof stats);
    ck_assert_uint_eq(stats.bytes, 0);
    kd_session_free(session);
    ck_assert_int_eq(kd_analyze(engine, str(VMAP), NULL, NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_analyze(NULL, str(VMAP), NULL, &report), KD_E_INVAL);
    ck_assert_ptr_null(report);
    kd_report_free(NULL);
    kd_engine_free(engine);
}
END_TEST

/* What the bytes were unpacked from: two words, cut, and of one report. */
START_TEST(unpacked_from)
{
    kd_engine *engine = new_engine();
    kd_session *session;
    kd_report *report;
    text out = { NULL, 0, 0 };
    ck_assert_int_eq(kd_session_new(&session, engine, NULL), KD_OK);
    ck_assert_int_eq(kd_session_packed(session, str("")), KD_E_INVAL);
    ck_assert_int_eq(kd_session_packed(session, (kd_str){ NULL, 4 }), KD_E_INVAL);
    ck_assert_int_eq(kd_session_packed(session, str("gzip")), KD_OK);
    ck_assert_int_eq(kd_session_packed(session, str("a-very-long-word-of-it")), KD_OK);
    ck_assert_int_eq(kd_session_packed(session, str("xz")), KD_E_LIMIT);
    for (int turn = 0; turn < 2; turn++) {
        out.len = 0;
        ck_assert_int_eq(kd_session_feed(session, str(VMAP)), KD_OK);
        ck_assert_int_eq(kd_session_report(session, &report), KD_OK);
        ck_assert_int_eq(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &out), KD_OK);
        ck_assert_int_eq(text_put("", 1, &out), 0);
        ck_assert_int_eq(strstr(out.ptr, "\"gzip\"") != NULL, turn == 0);
        ck_assert_int_eq(strstr(out.ptr, "\"a-very-long-wor\"") != NULL, turn == 0);
        kd_report_free(report);
    }
    free(out.ptr);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

/* The finding that is at hand, with wrong calls around it. */
static kd_status emit_wrongly(const kd_view *view, kd_emit *out, void *user)
{
    kd_value value = { .type = KD_U64, .as.u = 1 }, odd = { .type = KD_NONE },
             hole = { .type = KD_TEXT, .as.s = { NULL, 3 } };
    kd_str words = str("w");
    int *refused = user;
    /* nothing is begun */
    *refused += kd_emit_role(out, KD_EFFECT) == KD_E_INVAL;
    *refused += kd_emit_evidence(out, view->event, "hint", words) == KD_E_INVAL;
    *refused += kd_emit_fact(out, "a", &value) == KD_E_INVAL;
    *refused += kd_emit_proof(out, words, words) == KD_E_INVAL;
    *refused += kd_emit_remedy(out, words) == KD_E_INVAL;
    *refused += kd_emit_assume(out, words) == KD_E_INVAL;
    *refused += kd_emit_missing(out, words) == KD_E_INVAL;
    *refused += kd_emit_impact(out, KD_IMPACT_MACHINE_DOWN) == KD_E_INVAL;
    *refused += kd_emit_suspect(out, KD_SUSPECT_UNKNOWN, words, words) == KD_E_INVAL;
    *refused += kd_emit_deliberate(out) == KD_E_INVAL;
    /* no place to put it */
    *refused += kd_emit_diag(NULL, KD_LIKELY, words) == KD_E_INVAL;
    *refused += kd_emit_role(NULL, KD_EFFECT) == KD_E_INVAL;
    *refused += kd_emit_evidence(NULL, view->event, "hint", words) == KD_E_INVAL;
    *refused += kd_emit_fact(NULL, "a", &value) == KD_E_INVAL;
    *refused += kd_emit_proof(NULL, words, words) == KD_E_INVAL;
    *refused += kd_emit_remedy(NULL, words) == KD_E_INVAL;
    *refused += kd_emit_assume(NULL, words) == KD_E_INVAL;
    *refused += kd_emit_missing(NULL, words) == KD_E_INVAL;
    *refused += kd_emit_impact(NULL, KD_IMPACT_MACHINE_DOWN) == KD_E_INVAL;
    *refused += kd_emit_suspect(NULL, KD_SUSPECT_UNKNOWN, words, words) == KD_E_INVAL;
    *refused += kd_emit_deliberate(NULL) == KD_E_INVAL;
    ck_assert_int_eq(kd_emit_diag(out, KD_LIKELY, words), KD_OK);
    *refused += kd_emit_role(out, (kd_role)(KD_EFFECT + 1)) == KD_E_INVAL;
    *refused += kd_emit_evidence(out, NULL, "headline", words) == KD_E_INVAL;
    *refused += kd_emit_evidence(out, view->event, NULL, words) == KD_E_INVAL;
    *refused += kd_emit_evidence(out, view->event, "no_such_field", words) == KD_E_INVAL;
    *refused += kd_emit_fact(out, NULL, &value) == KD_E_INVAL;
    *refused += kd_emit_fact(out, "", &value) == KD_E_INVAL;
    *refused += kd_emit_fact(out, "a", NULL) == KD_E_INVAL;
    *refused += kd_emit_fact(out, "a", &odd) == KD_E_INVAL;
    *refused += kd_emit_fact(out, "a", &hole) == KD_E_INVAL;
    odd.type = KD_LIST;
    *refused += kd_emit_fact(out, "a", &odd) == KD_E_INVAL;
    *refused += kd_emit_impact(out, (kd_impact)99) == KD_E_INVAL;
    *refused += kd_emit_suspect(out, (kd_suspect)99, words, words) == KD_E_INVAL;
    /* a field that is there and has no value: no evidence, and no error */
    ck_assert_int_eq(kd_emit_evidence(out, view->event, "range_start", words), KD_OK);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(kd_emit_evidence(out, view->event, "hint", words), KD_OK);
    return KD_OK;
}

START_TEST(findings)
{
    int refused = 0;
    kd_value value;
    kd_report *report;
    kd_rule rule = { sizeof rule,    "acme.a", "t",          KD_INFO,
                     "vmap_failure", "d",      emit_wrongly, &refused };
    kd_engine *engine = new_engine();
    ck_assert_int_eq(kd_engine_add_rule(engine, &rule), KD_OK);
    ck_assert_int_eq(kd_analyze(engine, str(VMAP), NULL, &report), KD_OK);
    ck_assert_int_eq(refused, 33);
    for (size_t i = 0; i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        if (strcmp(kd_diag_id(diag), "acme.a") != 0)
            continue;
        ck_assert_int_eq(kd_diag_get(diag, "facts", &value), KD_OK);
        ck_assert_uint_eq(value.as.count, 0);
        ck_assert_int_eq(kd_diag_get(diag, "remedies", &value), KD_OK);
        ck_assert_uint_eq(value.as.count, 0);
        ck_assert_uint_eq(kd_diag_evidence_count(diag), 1); /* the same words of the same line */
    }
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

/* Paths: what is there, what is absent, what no event of that kind can have. */
START_TEST(paths)
{
    static const struct {
        const char *path;
        kd_status status;
        int type; /* -1: of a refused one nothing is said */
    } rows[] = {
        { "order", KD_OK, KD_U64 },
        { "comm", KD_OK, KD_TEXT },
        { "backtrace", KD_OK, KD_LIST },
        { "backtrace[7]", KD_E_INVAL, -1 },
        { "backtrace[7].function", KD_OK, KD_NONE },
        { "backtrace[x]", KD_E_INVAL, -1 },
        { "backtrace[0", KD_E_INVAL, -1 },
        { "backtrace[0]function", KD_E_INVAL, -1 },
        { "blame", KD_E_INVAL, -1 },
        { "blame.", KD_E_INVAL, -1 },
        { "gfp.value", KD_OK, KD_HEX },
        { "gfp,value", KD_E_INVAL, -1 },
        { "gfp.value.more", KD_E_INVAL, -1 },
        { "no_such", KD_E_INVAL, -1 },
        { "", KD_E_INVAL, -1 },
    };
    kd_engine *engine = new_engine();
    kd_report *report;
    kd_value value;
    ck_assert_int_eq(kd_analyze(engine, str(ALLOC), NULL, &report), KD_OK);
    const kd_event *event = kd_report_event(report, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_msg(kd_event_get(event, rows[i].path, &value) == rows[i].status, "%s",
                      rows[i].path);
        if (rows[i].type >= 0)
            ck_assert_msg((int)value.type == rows[i].type, "%s: %d", rows[i].path, (int)value.type);
    }
    ck_assert_int_eq(kd_event_get(NULL, "order", &value), KD_E_INVAL);
    ck_assert_int_eq(kd_event_get(event, NULL, &value), KD_E_INVAL);
    ck_assert_int_eq(kd_event_get(event, "order", NULL), KD_E_INVAL);
    size_t written = 0;
    ck_assert_int_eq(kd_event_write(NULL, sink, &written), KD_E_INVAL);
    ck_assert_int_eq(kd_event_write(event, NULL, &written), KD_E_INVAL);
    ck_assert_uint_eq(written, 0);
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calls");
    TCase *tests = tcase_create("calls");
    tcase_add_test(tests, every_number_has_a_name);
    tcase_add_test(tests, engines);
    tcase_add_test(tests, rules_that_lack_something);
    tcase_add_test(tests, sessions);
    tcase_add_test(tests, unpacked_from);
    tcase_add_test(tests, findings);
    tcase_add_test(tests, paths);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

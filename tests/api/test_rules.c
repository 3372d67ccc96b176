/* test_rules.c - rules in C: what they may say, what becomes of it, and what must not spread. */
#include "api/stage.h"

typedef struct seen {
    int calls;
    size_t history;
    const char *kind;
} seen;

static kd_status say_all(const kd_view *view, kd_emit *out, void *user)
{
    seen *s = user;
    s->calls++;
    s->history = view->history_len;
    s->kind = kd_event_kind(view->event);
    ck_assert_int_eq(kd_emit_role(out, KD_EFFECT), KD_E_INVAL); /* nothing was started */
    ck_assert_int_eq(kd_emit_diag(out, KD_CERTAIN, str("It asked for order 4.")), KD_OK);
    ck_assert_int_eq(kd_emit_role(out, KD_CONTRIBUTING), KD_OK);
    ck_assert_int_eq(kd_emit_evidence(out, view->event, "order", str("the order")), KD_OK);
    ck_assert_int_eq(kd_emit_proof(out, str("order 4 is 16 pages"), str("1 << 4 = 16")), KD_OK);
    ck_assert_int_eq(kd_emit_remedy(out, str("Ask for less.")), KD_OK);
    ck_assert_int_eq(kd_emit_assume(out, str("nothing")), KD_OK);
    ck_assert_int_eq(kd_emit_impact(out, KD_IMPACT_REQUEST_FAILED), KD_OK);
    ck_assert_int_eq(kd_emit_suspect(out, KD_SUSPECT_WORKLOAD, str("cat"), str("it asked")), KD_OK);
    ck_assert_int_eq(kd_emit_missing(out, str("the Mem-Info block")), KD_OK);
    ck_assert_int_eq(kd_emit_deliberate(out), KD_OK);
    kd_value values[] = { { .type = KD_U64, .as.u = 16 },
                          { .type = KD_I64, .as.i = -12 },
                          { .type = KD_HEX, .as.u = 0xd0 },
                          { .type = KD_BOOL, .as.b = true },
                          { .type = KD_TEXT, .as.s = str("cat") } };
    static const char *const names[] = { "pages", "error", "mask", "known", "who" };
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(kd_emit_fact(out, names[i], &values[i]), KD_OK);
    return KD_OK;
}

/* The diagnosis of that rule, or NULL. */
static const kd_diag *diag_of(const kd_report *report, const char *rule)
{
    for (size_t i = 0; i < kd_report_diag_count(report); i++)
        if (strcmp(kd_diag_id(kd_report_diag(report, i)), rule) == 0)
            return kd_report_diag(report, i);
    return NULL;
}

static kd_rule rule_of(const char *id, kd_status (*check)(const kd_view *, kd_emit *, void *),
                       void *user)
{
    return (kd_rule){ sizeof(kd_rule),
                      id,
                      "A rule of the caller",
                      KD_NOTICE,
                      "page_alloc_failure vmap_failure",
                      NULL,
                      check,
                      user };
}

static kd_report *analyze_with(const kd_rule *rules, size_t count, const char *log)
{
    kd_engine *engine = new_engine();
    kd_report *report;
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(kd_engine_add_rule(engine, &rules[i]), KD_OK);
    ck_assert_int_eq(kd_analyze(engine, str(log), NULL, &report), KD_OK);
    kd_engine_free(engine);
    return report;
}

static kd_value get(const kd_diag *diag, const char *path)
{
    kd_value value;
    ck_assert_msg(kd_diag_get(diag, path, &value) == KD_OK, "%s", path);
    return value;
}

START_TEST(all_that_it_says_arrives)
{
    seen s = { 0, 0, NULL };
    kd_rule rule = rule_of("acme.order", say_all, &s);
    rule.wakes_on = "page_alloc_failure";
    kd_report *report = analyze_with(&rule, 1, VMAP ALLOC);
    const kd_diag *diag = diag_of(report, "acme.order");
    ck_assert_int_eq(s.calls, 1);
    ck_assert_str_eq(s.kind, "page_alloc_failure");
    ck_assert_uint_eq(s.history, 1);
    ck_assert_ptr_nonnull(diag);
    ck_assert_str_eq(kd_diag_title(diag), "A rule of the caller");
    ck_assert(text_is(kd_diag_explanation(diag), "It asked for order 4."));
    ck_assert_int_eq(kd_diag_confidence(diag), KD_CERTAIN);
    ck_assert_int_eq(kd_diag_severity(diag), KD_NOTICE);
    ck_assert_uint_eq(kd_diag_evidence_count(diag), 1);
    ck_assert_uint_eq(kd_diag_evidence(diag, 0)->line, 2);
    ck_assert(text_is(kd_diag_evidence(diag, 0)->says, "the order"));
    ck_assert(text_is(get(diag, "proof[0].equation").as.s, "1 << 4 = 16"));
    ck_assert(text_is(get(diag, "remedies[0]").as.s, "Ask for less."));
    ck_assert(text_is(get(diag, "assumes[0]").as.s, "nothing"));
    ck_assert(text_is(get(diag, "impact").as.s, "request-failed"));
    ck_assert(text_is(get(diag, "suspect.class").as.s, "workload"));
    ck_assert(text_is(get(diag, "suspect.name").as.s, "cat"));
    ck_assert(text_is(get(diag, "suspect.why").as.s, "it asked"));
    ck_assert(text_is(get(diag, "missing[0]").as.s, "the Mem-Info block"));
    ck_assert(get(diag, "deliberate").as.b);
    ck_assert(text_is(get(diag, "role").as.s, "contributing"));
    ck_assert_uint_eq(get(diag, "facts.pages").as.u, 16);
    ck_assert_int_eq(get(diag, "facts.error").as.i, -12);
    ck_assert_int_eq(get(diag, "facts.mask").type, KD_HEX);
    ck_assert(get(diag, "facts.known").as.b);
    ck_assert(text_is(get(diag, "facts.who").as.s, "cat"));
    kd_report_free(report);
}
END_TEST

static kd_status claim_without_proof(const kd_view *view, kd_emit *out, void *user)
{
    (void)view, (void)user;
    return kd_emit_diag(out, KD_CERTAIN, str("Believe me."));
}

START_TEST(certain_without_proof_is_likely)
{
    kd_rule rule = rule_of("acme.belief", claim_without_proof, NULL);
    kd_report *report = analyze_with(&rule, 1, VMAP);
    ck_assert_int_eq(kd_diag_confidence(diag_of(report, "acme.belief")), KD_LIKELY);
    kd_report_free(report);
}
END_TEST

static kd_status speak_nonsense(const kd_view *view, kd_emit *out, void *user)
{
    kd_value odd = { .type = (kd_type)99 };
    kd_value list = { .type = KD_LIST, .as.count = 3 }, none = { .type = KD_NONE };
    (void)user;
    ck_assert_int_eq(kd_emit_diag(out, (kd_confidence)77, str("x")), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_proof(out, str("x"), str("x")), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_remedy(out, str("x")), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_assume(out, str("x")), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_fact(out, "x", &none), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_evidence(out, view->event, "boot", str("")), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_diag(out, KD_POSSIBLE, (kd_str){ NULL, 0 }), KD_OK);
    ck_assert_int_eq(kd_emit_role(out, (kd_role)55), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_impact(out, (kd_impact)55), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_suspect(out, (kd_suspect)55, str("x"), str("y")), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_fact(out, "odd", &odd), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_fact(out, "list", &list), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_fact(out, "none", &none), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_fact(out, NULL, &none), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_evidence(out, view->event, "no.such[", str("")), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_evidence(out, NULL, "order", str("")), KD_E_INVAL);
    ck_assert_int_eq(kd_emit_diag(NULL, KD_LIKELY, str("x")), KD_E_INVAL);
    return KD_OK;
}

START_TEST(nonsense_is_refused)
{
    kd_rule rule = rule_of("acme.nonsense", speak_nonsense, NULL);
    kd_report *report = analyze_with(&rule, 1, VMAP);
    const kd_diag *diag = diag_of(report, "acme.nonsense");
    ck_assert_ptr_nonnull(diag);
    ck_assert_int_eq(get(diag, "facts.odd").type, KD_NONE);
    kd_report_free(report);
}
END_TEST

static kd_status give_up(const kd_view *view, kd_emit *out, void *user)
{
    (void)view;
    kd_emit_diag(out, KD_LIKELY, str("whole"));
    kd_emit_diag(out, KD_LIKELY, str("half"));
    return *(kd_status *)user;
}

START_TEST(a_failing_rule_fails_alone)
{
    kd_status statuses[] = { KD_E_NOMEM, KD_E_INVAL, KD_E_LIMIT, KD_E_SINK, (kd_status)-99 };
    for (size_t i = 0; i < 5; i++) {
        seen s = { 0, 0, NULL };
        kd_rule rules[] = { rule_of("acme.fails", give_up, &statuses[i]),
                            rule_of("acme.order", say_all, &s) };
        kd_stats stats;
        rules[1].wakes_on = "page_alloc_failure";
        kd_report *report = analyze_with(rules, 2, VMAP ALLOC);
        kd_report_stats(report, &stats, sizeof stats);
        ck_assert_uint_eq(stats.rules_failed, 2);
        ck_assert_uint_eq(stats.limits, 0);
        ck_assert_ptr_nonnull(diag_of(report, "acme.order"));
        ck_assert(text_is(kd_diag_explanation(diag_of(report, "acme.fails")), "whole"));
        ck_assert_ptr_nonnull(diag_of(report, "vmalloc.space-exhausted"));
        kd_report_free(report);
    }
}
END_TEST

START_TEST(what_no_engine_takes)
{
    kd_engine *engine = new_engine();
    size_t built_in = kd_engine_rule_count(engine);
    kd_rule good = rule_of("acme.good", claim_without_proof, NULL), bad;
    static const char *const wakes[] = { "", "  ", "no_such_kind", "vmap_failure nonsense",
                                         "boot_fact" };
    for (size_t i = 0; i < 5; i++) {
        bad = good;
        bad.wakes_on = wakes[i];
        ck_assert_msg(kd_engine_add_rule(engine, &bad) == KD_E_INVAL, "%s", wakes[i]);
    }
    bad = good, bad.id = "alloc.fragmented";
    ck_assert_int_eq(kd_engine_add_rule(engine, &bad), KD_E_INVAL);
    bad = good, bad.check = NULL;
    ck_assert_int_eq(kd_engine_add_rule(engine, &bad), KD_E_INVAL);
    bad = good, bad.severity = (kd_severity)42;
    ck_assert_int_eq(kd_engine_add_rule(engine, &bad), KD_E_INVAL);
    bad = good, bad.size = 8;
    ck_assert_int_eq(kd_engine_add_rule(engine, &bad), KD_E_INVAL);
    ck_assert_int_eq(kd_engine_add_rule(engine, NULL), KD_E_INVAL);
    ck_assert_uint_eq(kd_engine_rule_count(engine), built_in);
    good.wakes_on = " vmap_failure  page_alloc_failure vmap_failure";
    ck_assert_int_eq(kd_engine_add_rule(engine, &good), KD_OK);
    ck_assert_str_eq(kd_engine_rule(engine, built_in)->id, "acme.good");
    ck_assert_ptr_null(kd_engine_rule(engine, built_in + 1));
    kd_report *report;
    ck_assert_int_eq(kd_analyze(engine, str(VMAP), NULL, &report), KD_OK);
    bad = good, bad.id = "acme.late";
    ck_assert_int_eq(kd_engine_add_rule(engine, &bad), KD_E_INVAL);
    size_t found = 0;
    for (size_t i = 0; i < kd_report_diag_count(report); i++)
        found += strcmp(kd_diag_id(kd_report_diag(report, i)), "acme.good") == 0;
    ck_assert_uint_eq(found, 1); /* a kind that is named twice wakes it once */
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

/* Anchors of three entries stand in one line, in any order: the first entry that fits counts. */
START_TEST(first_entry_of_a_pack_that_fits)
{
    static const char *const words[] = { "alpha word", "beta word", "gamma word" };
    static const unsigned char orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                               { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    for (size_t fits = 0; fits < 3; fits++)
        for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
            char pack[2048], log[128], id[32];
            size_t len = (size_t)snprintf(
                pack, sizeof pack, "{\"format\":\"kdiag-pack/1\",\"name\":\"x\",\"entries\":[");
            for (size_t k = 0; k < 3;
                 k++) /* those before it ask for a word more, those behind fit too */
                len += (size_t)snprintf(
                    pack + len, sizeof pack - len,
                    "%s{\"id\":\"x.entry-%zu\",\"title\":\"It\",\"anchors\":[\"%s\"],\"pattern\":"
                    "\"%s%s\","
                    "\"explanation\":\"It.\",\"examples\":[{\"lines\":[\"%s more\"]}],"
                    "\"near_misses\":[[\"nothing\"]]}",
                    k ? "," : "", k, words[k], words[k], k < fits ? " more" : "", words[k]);
            snprintf(pack + len, sizeof pack - len, "]}");
            snprintf(log, sizeof log, "[    1.000000] x: %s, %s, %s\n", words[orders[i][0]],
                     words[orders[i][1]], words[orders[i][2]]);
            kd_engine *engine = new_engine();
            kd_report *report;
            char why[200] = "";
            ck_assert_msg(kd_engine_add_pack(engine, str(pack), why, sizeof why) == KD_OK, "%s",
                          why);
            ck_assert_int_eq(kd_analyze(engine, str(log), NULL, &report), KD_OK);
            ck_assert_uint_eq(kd_report_diag_count(report), 1);
            snprintf(id, sizeof id, "x.entry-%zu", fits);
            ck_assert_str_eq(kd_diag_id(kd_report_diag(report, 0)), id);
            kd_report_free(report);
            kd_engine_free(engine);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules in C");
    TCase *all = tcase_create("all");
    tcase_add_test(all, all_that_it_says_arrives);
    tcase_add_test(all, certain_without_proof_is_likely);
    tcase_add_test(all, nonsense_is_refused);
    tcase_add_test(all, a_failing_rule_fails_alone);
    tcase_add_test(all, first_entry_of_a_pack_that_fits);
    tcase_add_test(all, what_no_engine_takes);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

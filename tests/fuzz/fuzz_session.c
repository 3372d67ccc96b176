/* fuzz_session.c - a log in random portions: without pulls the report is that of one call, byte for
 * byte; with pulls and flushes each item is whole, none is said twice in the same words, and the
 * session can be used again. The first four bytes are the plan. */
#include "engine.h"

static uint32_t plan;

static uint32_t below(uint32_t limit)
{
    plan = plan * 1664525u + 1013904223u;
    return (plan >> 8) % limit;
}

/* What was said last under each id, as a hash of its text; 0: nothing. Of one session. */
typedef enum thing { BOOT, EVENT, DIAGNOSIS, PROBLEM, THINGS } thing;
#define IDS (1u << 13)
static uint64_t last_words[THINGS][IDS];

static uint64_t hash_of(const text *said)
{
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < said->len; i++)
        hash = (hash ^ (unsigned char)said->ptr[i]) * 1099511628211u;
    return hash ? hash : 1;
}

/* Who reads a stream is told something new each time. */
static void law_news(thing what, uint64_t id, const text *said)
{
    static const char *const laws[] = { "a boot comes again only changed",
                                        "an event comes again only changed",
                                        "a diagnosis comes again only changed",
                                        "a problem comes again only changed" };
    uint64_t hash = hash_of(said);
    if (id >= IDS)
        return;
    if (last_words[what][id] == hash)
        fprintf(stderr, "%.*s\n", (int)said->len, said->ptr);
    LAW(last_words[what][id] != hash, laws[what]);
    last_words[what][id] = hash;
}

static void check_item(const kd_item *item, size_t log_length)
{
    text out = { NULL, 0, 0 };
    kd_value boot = { .as.u = 0 };
    LAW(!!item->boot + !!item->event + !!item->diag + !!item->problem == 1, "an item is one thing");
    if (item->boot) {
        law_ok(kd_boot_write(item->boot, text_put, &out), "kd_boot_write");
        law_ok(kd_context_get(item->boot, "boot", &boot), "kd_context_get");
        law_news(BOOT, boot.as.u, &out);
    }
    if (item->event) {
        law_ok(kd_event_write(item->event, text_put, &out), "kd_event_write");
        law_news(EVENT, kd_event_id(item->event), &out);
    }
    if (item->diag) {
        law_diag(item->diag, log_length);
        law_ok(kd_diag_write(item->diag, text_put, &out), "kd_diag_write");
        law_news(DIAGNOSIS, kd_diag_number(item->diag), &out);
    }
    if (item->problem) {
        law_ok(kd_problem_write(item->problem, text_put, &out), "kd_problem_write");
        law_news(PROBLEM, kd_problem_id(item->problem), &out);
    }
    law_json(&out);
    free(out.ptr);
}

static void pull(kd_session *session, size_t log_length)
{
    kd_item item;
    kd_status status = KD_OK;
    for (uint32_t most = below(4); most > 0 && status == KD_OK; most--) {
        status = kd_session_next(session, &item);
        LAW(status == KD_OK || status == KD_END || status == KD_E_LIMIT, "kd_session_next");
        if (status == KD_OK)
            check_item(&item, log_length);
    }
}

/* Each portion is a copy of its own, gone after the call. */
static void feed(kd_session *session, kd_str log, bool pulls)
{
    uint32_t widest = 1 + below(3000);
    for (size_t at = 0, size; at < log.len; at += size) {
        size = 1 + below(below(8) ? widest : 8);
        size = size < log.len - at ? size : log.len - at;
        char *copy = malloc(size);
        memcpy(copy, log.ptr + at, size);
        law_ok(kd_session_feed(session, (kd_str){ copy, size }), "kd_session_feed");
        free(copy);
        if (pulls && below(4) == 0)
            pull(session, log.len);
        if (pulls && below(16) == 0)
            law_ok(kd_session_flush(session), "kd_session_flush");
    }
}

static void check_same(kd_session *session, kd_str log)
{
    kd_report *whole = NULL, *parts = NULL;
    law_ok(kd_analyze(engine, log, NULL, &whole), "kd_analyze");
    law_ok(kd_session_report(session, &parts), "kd_session_report");
    text a = report_text(whole, KD_FORMAT_JSON, 0), b = report_text(parts, KD_FORMAT_JSON, 0);
    LAW(a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0, "portions give the report of one call");
    free(a.ptr);
    free(b.ptr);
    kd_report_free(whole);
    kd_report_free(parts);
}

static void check_pulls(kd_session *session, kd_str log)
{
    for (int round = 0; round < 2; round++) {
        kd_report *report = NULL;
        feed(session, log, true);
        law_ok(kd_session_report(session, &report), "kd_session_report");
        law_report(report, log.len);
        kd_report_free(report);
    }
}

/* Few events, boots and diagnoses are kept: what was handed out is let go of in each order. */
static void choose_limits(kd_options *o)
{
    static const uint32_t counts[] = { 1, 2, 3, 5, 20 };
    if (below(2))
        o->max_history = counts[below(5)];
    if (below(4) == 0)
        o->max_diags = counts[below(5)];
    if (below(4) == 0)
        o->max_event_lines = 16;
    if (below(4) == 0)
        o->max_memory = (size_t)(1 + below(20)) * 65536;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kd_session *session;
    if (size < sizeof plan)
        return 0;
    memcpy(&plan, data, sizeof plan);
    memset(last_words, 0, sizeof last_words);
    kd_str log = { (const char *)data + sizeof plan, size - sizeof plan };
    bool pulls = below(3) == 0;
    kd_options options;
    kd_options_init(&options, sizeof options);
    if (pulls)
        choose_limits(&options);
    law_ok(kd_session_new(&session, engine, &options), "kd_session_new");
    if (pulls) {
        check_pulls(session, log);
    } else {
        feed(session, log, false);
        check_same(session, log);
    }
    kd_session_free(session);
    return 0;
}

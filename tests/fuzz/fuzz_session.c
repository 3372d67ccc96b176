/* fuzz_session.c - a log in random portions: without pulls the report is that of one call, byte for
 * byte; with pulls and flushes each item is whole, no event is new twice, and the session can be
 * used again. The first four bytes are the plan. */
#include "laws.h"

static kd_engine *engine;
static uint32_t plan;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return kd_engine_new(&engine, NULL) != KD_OK;
}

static uint32_t below(uint32_t limit)
{
    plan = plan * 1664525u + 1013904223u;
    return (plan >> 8) % limit;
}

static bool seen[1u << 14]; /* events by number, of one session */
static bool flushed;        /* what was handed out early may be said again, told better */

static void check_item(const kd_item *item, size_t log_length)
{
    text out = { NULL, 0, 0 };
    LAW(!!item->boot + !!item->event + !!item->diag <= 1, "an item is one thing");
    if (item->boot)
        law_ok(kd_boot_write(item->boot, text_put, &out), "kd_boot_write");
    if (item->event) {
        bool *known = &seen[kd_event_id(item->event) % (sizeof seen / sizeof *seen)];
        law_ok(kd_event_write(item->event, text_put, &out), "kd_event_write");
        text_put("", 1, &out); /* ends the string */
        LAW(!*known || flushed || strstr(out.ptr, "\"repeated\""),
            "an event comes again only when it is repeated or after a flush");
        *known = true;
        out.len--;
    }
    if (item->diag) {
        law_diag(item->diag, log_length);
        law_ok(kd_diag_write(item->diag, text_put, &out), "kd_diag_write");
    }
    if (out.len)
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
        if (pulls && below(16) == 0) {
            law_ok(kd_session_flush(session), "kd_session_flush");
            flushed = true;
        }
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kd_session *session;
    if (size < sizeof plan)
        return 0;
    memcpy(&plan, data, sizeof plan);
    memset(seen, 0, sizeof seen);
    flushed = false;
    kd_str log = { (const char *)data + sizeof plan, size - sizeof plan };
    law_ok(kd_session_new(&session, engine, NULL), "kd_session_new");
    if (below(3) == 0) {
        check_pulls(session, log);
    } else {
        feed(session, log, false);
        check_same(session, log);
    }
    kd_session_free(session);
    return 0;
}

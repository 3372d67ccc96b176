/* check_limits.c [--every N] LOG...: each limit at many values: a report comes, it obeys the limit,
 * what it lost is counted, the most severe event is kept, and each kind that fits. N: only every
 * N-th log. */
#include "load.h"

typedef struct facts {
    size_t events, diags;
    size_t kinds; /* of events */
    bool panic;
    kd_stats stats;
} facts;

static kd_engine *engine;
static unsigned long runs, failed;

static void fail(const char *log, const char *what, unsigned long long limit, const char *why)
{
    printf("%s: %s %llu: %s\n", log, what, limit, why);
    failed++;
}

static facts analyze(text log, const kd_options *options, const char *name)
{
    kd_report *report = NULL;
    facts f = { 0 };
    text out = { NULL, 0, 0 };
    kd_status status = kd_analyze(engine, (kd_str){ log.ptr, log.len }, options, &report);
    runs++;
    if (!report || (status != KD_OK && status != KD_E_LIMIT)) {
        printf("%s: %s\n", name, kd_status_name(status));
        exit(1);
    }
    f.events = kd_report_event_count(report);
    f.diags = kd_report_diag_count(report);
    for (size_t i = 0; i < f.events; i++) {
        const char *kind = kd_event_kind(kd_report_event(report, i));
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = strcmp(kind, kd_event_kind(kd_report_event(report, k))) == 0;
        f.kinds += !seen;
        f.panic |= strcmp(kind, "panic") == 0;
    }
    kd_report_stats(report, &f.stats, sizeof f.stats);
    must(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &out), "JSON");
    must(kd_report_write(report, KD_FORMAT_TEXT, KD_FULL, text_put, &out), "text");
    must(kd_report_write(report, KD_FORMAT_BRIEF, 0, text_put, &out), "brief");
    if ((status == KD_E_LIMIT) != ((f.stats.limits & ~(uint32_t)KD_LIMIT_LINE) != 0))
        fail(name, "status", 0, "does not say what the limits do");
    free(out.ptr);
    kd_report_free(report);
    return f;
}

/* What is not there must be counted, and a limit named. */
static void compare(const char *name, const char *what, unsigned long long limit, const facts *all,
                    const facts *some)
{
    bool fewer = some->events < all->events || some->diags < all->diags;
    if (fewer && !(some->stats.limits & ~(uint32_t)KD_LIMIT_LINE))
        fail(name, what, limit, "less, and no limit is named");
    if (some->stats.limits & KD_LIMIT_EVENT_LINES)
        return; /* what is one event otherwise may be two, or one with the next */
    if (some->events + some->stats.events_left_out < all->events)
        fail(name, what, limit, "events are lost uncounted");
    if (some->stats.events_left_out == 0 && some->diags + some->stats.diags_left_out < all->diags &&
        !(some->stats.limits & KD_LIMIT_EVENT_LINES))
        fail(name, what, limit, "diagnoses are lost uncounted");
}

static void sweep(const char *name)
{
    text log = load_file(name);
    kd_options options;
    kd_options_init(&options, sizeof options);
    facts all = analyze(log, &options, name);
    for (uint32_t most = 1; most < all.events; most += 1 + most / 4) {
        options.max_history = most;
        facts some = analyze(log, &options, name);
        compare(name, "max_history", most, &all, &some);
        if (some.events > most)
            fail(name, "max_history", most, "more events than that");
        if (most > all.kinds && some.kinds < all.kinds)
            fail(name, "max_history", most, "a kind is gone");
        /* others are fatal too; the last event takes a place */
        if (all.panic && !some.panic && most > all.kinds)
            fail(name, "max_history", most, "the most severe is gone");
    }
    kd_options_init(&options, sizeof options);
    for (uint32_t most = 1; most < all.diags; most += 1 + most / 4) {
        options.max_diags = most;
        facts some = analyze(log, &options, name);
        compare(name, "max_diags", most, &all, &some);
        if (some.diags > most || (some.diags < most && some.diags < all.diags))
            fail(name, "max_diags", most, "another number than that");
    }
    kd_options_init(&options, sizeof options);
    for (uint32_t most = 16; most < 300; most += 1 + most / 2) {
        options.max_event_lines = most;
        facts some = analyze(log, &options, name);
        compare(name, "max_event_lines", most, &all, &some);
    }
    kd_options_init(&options, sizeof options);
    for (size_t bytes = 2000; bytes < 4000000; bytes += bytes / 7) {
        options.max_memory = bytes;
        facts some = analyze(log, &options, name);
        compare(name, "max_memory", bytes, &all, &some);
        if (some.events == all.events && some.diags == all.diags &&
            some.stats.limits == all.stats.limits)
            break;
    }
    free(log.ptr);
}

int main(int argc, char **argv)
{
    int first = argc > 2 && strcmp(argv[1], "--every") == 0 ? 3 : 1;
    int step = first == 3 ? atoi(argv[2]) : 1;
    if (argc <= first || step < 1)
        return 2;
    must(kd_engine_new(&engine, NULL), "kd_engine_new");
    for (int i = first; i < argc; i += step)
        sweep(argv[i]);
    kd_engine_free(engine);
    printf("%lu analyses, %lu broken\n", runs, failed);
    return failed > 0;
}

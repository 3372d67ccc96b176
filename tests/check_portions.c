/* check_portions.c LOG...: however a log is cut into portions, the report is the same, byte for
 * byte; and what only counts (KD_COUNTS) counts the same. Through the public header only. */
#include "load.h"

static text report_in_portions(kd_engine *engine, text log, size_t portion)
{
    kd_session *session;
    kd_report *report = NULL;
    text out = { NULL, 0, 0 };
    unsigned long long seed = 12345;
    must(kd_session_new(&session, engine, NULL), "kd_session_new");
    for (size_t at = 0; at < log.len;) {
        size_t size = portion;
        if (size == 0) { /* random portions */
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size = 1 + (size_t)(seed >> 33) % 300;
        }
        size = size < log.len - at ? size : log.len - at;
        must(kd_session_feed(session, (kd_str){ log.ptr + at, size }), "kd_session_feed");
        at += size;
    }
    must(kd_session_report(session, &report), "kd_session_report");
    must(kd_report_write(report, KD_FORMAT_JSON, KD_PRETTY, text_put, &out), "kd_report_write");
    kd_report_free(report);
    kd_session_free(session);
    return out;
}

static kd_stats stats_with(kd_engine *engine, text log, uint32_t flags)
{
    kd_options options;
    kd_report *report = NULL;
    kd_stats stats;
    kd_options_init(&options, sizeof options);
    options.flags = flags;
    kd_analyze(engine, (kd_str){ log.ptr, log.len }, &options, &report);
    if (!report)
        exit(1);
    memset(&stats, 0, sizeof stats);
    kd_report_stats(report, &stats, sizeof stats);
    stats.events = 0; /* those kept: what only counts keeps none */
    kd_report_free(report);
    return stats;
}

static int counts_differ(kd_engine *engine, text log)
{
    kd_stats whole = stats_with(engine, log, 0), counted = stats_with(engine, log, KD_COUNTS);
    return memcmp(&whole, &counted, sizeof whole) != 0;
}

int main(int argc, char **argv)
{
    static const size_t portions[] = { 1, 7, 0, 4096 };
    kd_engine *engine;
    int failed = 0;
    must(kd_engine_new(&engine, NULL), "kd_engine_new");
    for (int i = 1; i < argc; i++) {
        text log = load_file(argv[i]);
        text whole = report_in_portions(engine, log, log.len + 1);
        for (size_t k = 0; k < sizeof portions / sizeof *portions; k++) {
            text cut = report_in_portions(engine, log, portions[k]);
            if (cut.len != whole.len || memcmp(cut.ptr, whole.ptr, whole.len) != 0) {
                printf("%s: another report in portions of %zu\n", argv[i], portions[k]);
                failed++;
            }
            free(cut.ptr);
        }
        if (counts_differ(engine, log)) {
            printf("%s: other counts with KD_COUNTS\n", argv[i]);
            failed++;
        }
        free(whole.ptr);
        free(log.ptr);
    }
    kd_engine_free(engine);
    printf("%d logs, %d differences\n", argc - 1, failed);
    return failed != 0 || argc < 2;
}

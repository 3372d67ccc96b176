/* test_session.c - streams: records, limits, options, and what comes with which status. */
#include <pthread.h>
#include <time.h>

#include "api/stage.h"

static kd_session *new_session(kd_engine *engine, const kd_options *options)
{
    kd_session *session;
    ck_assert_int_eq(kd_session_new(&session, engine, options), KD_OK);
    return session;
}

static void feed(kd_session *session, const char *log)
{
    ck_assert_int_eq(kd_session_feed(session, str(log)), KD_OK);
}

static void feed_record(kd_session *session, uint64_t seq, int cpu, const char *message)
{
    kd_record record = { sizeof record, str(message), 1000000 + seq, seq, 4, cpu };
    ck_assert_int_eq(kd_session_feed_record(session, &record), KD_OK);
}

static kd_report *report_of(kd_session *session, kd_status wanted)
{
    kd_report *report;
    ck_assert_int_eq(kd_session_report(session, &report), wanted);
    ck_assert_ptr_nonnull(report);
    return report;
}

/* "pid" of the event, 0: absent */
static uint64_t pid_of(const kd_event *event)
{
    kd_value value;
    ck_assert_int_eq(kd_event_get(event, "pid", &value), KD_OK);
    return value.type == KD_NONE ? 0 : value.as.u;
}

/* ---- records --------------------------------------------------------------------------------- */

START_TEST(records_of_two_cpus_come_apart)
{
    kd_engine *engine = new_engine();
    for (int cpus = 0; cpus < 2; cpus++) { /* without and with */
        kd_session *session = new_session(engine, NULL);
        feed_record(session, 1, cpus ? 0 : -1, "cat: page allocation failure: order:4, mode:0xd0");
        feed_record(session, 2, cpus ? 1 : -1, "dog: page allocation failure: order:2, mode:0x20");
        feed_record(session, 3, cpus ? 0 : -1, "CPU: 0 PID: 10 Comm: cat Not tainted 4.19.0 #1");
        feed_record(session, 4, cpus ? 1 : -1, "CPU: 1 PID: 11 Comm: dog Not tainted 4.19.0 #1");
        kd_report *report = report_of(session, KD_OK);
        ck_assert_uint_eq(kd_report_event_count(report), 2);
        if (cpus) {
            ck_assert_uint_eq(pid_of(kd_report_event(report, 0)), 10);
            ck_assert_uint_eq(pid_of(kd_report_event(report, 1)), 11);
        }
        kd_report_free(report);
        kd_session_free(session);
    }
    kd_engine_free(engine);
}
END_TEST

START_TEST(level_and_time_of_a_record_are_read)
{
    kd_engine *engine = new_engine();
    kd_session *session = new_session(engine, NULL);
    text out = { NULL, 0, 0 };
    feed_record(session, 7, 12,
                "vmap allocation for size 8192 failed: use vmalloc=<size> to "
                "increase size.");
    kd_report *report = report_of(session, KD_OK);
    kd_value value;
    ck_assert_int_eq(kd_event_get(kd_report_event(report, 0), "time_us", &value), KD_OK);
    ck_assert_uint_eq(value.as.u, 1000007);
    ck_assert_int_eq(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &out), KD_OK);
    ck_assert_int_eq(text_put("", 1, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.ptr, "\"forms\":[\"dmesg\",\"level\",\"caller\"]"));
    free(out.ptr);
    kd_report_free(report);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

START_TEST(gaps_in_the_sequence_are_counted)
{
    kd_engine *engine = new_engine();
    kd_session *session = new_session(engine, NULL);
    kd_stats stats;
    static const uint64_t sequence[] = { 5, 6, 0, 7, 10, 11, 3, 4, 104 };
    for (size_t i = 0; i < sizeof sequence / sizeof *sequence; i++)
        feed_record(session, sequence[i], -1, "usb 1-1: new device");
    kd_session_stats(session, &stats, sizeof stats);
    ck_assert_uint_eq(stats.records_lost, 2 + 99); /* 8, 9; then a new boot, and 5 to 103 */
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

START_TEST(a_record_after_a_flush_is_read)
{
    kd_engine *engine = new_engine();
    kd_session *session = new_session(engine, NULL);
    feed(session, "an unfinished li");
    ck_assert(kd_session_busy(session));
    ck_assert_int_eq(kd_session_flush(session), KD_OK);
    ck_assert(!kd_session_busy(session));
    feed_record(session, 1, -1,
                "vmap allocation for size 8192 failed: use vmalloc=<size> to "
                "increase size.");
    kd_report *report = report_of(session, KD_OK);
    ck_assert_uint_eq(kd_report_event_count(report), 1);
    kd_report_free(report);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

START_TEST(a_line_goes_on_after_a_flush)
{
    kd_engine *engine = new_engine();
    kd_session *session = new_session(engine, NULL);
    feed(session, "[    1.000000] vmap allocation for size 81");
    ck_assert_int_eq(kd_session_flush(session), KD_OK);
    ck_assert(!kd_session_busy(session));
    feed(session, "92 failed: use vmalloc=<size> to increase size.");
    ck_assert(kd_session_busy(session));
    ck_assert_int_eq(kd_session_flush(session), KD_OK);
    kd_report *report = report_of(session, KD_OK);
    ck_assert_uint_eq(kd_report_event_count(report), 1);
    kd_value bytes;
    const kd_event *event = kd_report_event(report, 0);
    ck_assert_int_eq(kd_event_get(event, "requested_bytes", &bytes), KD_OK);
    ck_assert_uint_eq(bytes.as.u, 8192);
    kd_report_free(report);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

START_TEST(wrong_records_are_refused)
{
    kd_engine *engine = new_engine();
    kd_session *session = new_session(engine, NULL);
    kd_record good = { sizeof good, str("x"), 1, 1, -1, -1 }, bad;
    ck_assert_int_eq(kd_session_feed_record(session, &good), KD_OK);
    bad = good, bad.size = 4;
    ck_assert_int_eq(kd_session_feed_record(session, &bad), KD_E_INVAL);
    bad = good, bad.level = 8;
    ck_assert_int_eq(kd_session_feed_record(session, &bad), KD_E_INVAL);
    bad = good, bad.cpu = -2;
    ck_assert_int_eq(kd_session_feed_record(session, &bad), KD_E_INVAL);
    bad = good, bad.text = (kd_str){ NULL, 3 };
    ck_assert_int_eq(kd_session_feed_record(session, &bad), KD_E_INVAL);
    ck_assert_int_eq(kd_session_feed_record(session, NULL), KD_E_INVAL);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

/* ---- limits ---------------------------------------------------------------------------------- */

/* `count` failures that differ in size. */
static text failures(int count)
{
    text out = { NULL, 0, 0 };
    char line[128];
    for (int i = 1; i <= count; i++) {
        int len = snprintf(line, sizeof line,
                           "[%5d.000000] vmap allocation for size %d failed: use vmalloc=<size> "
                           "to increase size.\n",
                           i, 4096 * i);
        text_put(line, (size_t)len, &out);
    }
    return out;
}

static kd_stats analyze(text log, const kd_options *options, kd_status wanted, size_t *events)
{
    kd_engine *engine = new_engine();
    kd_report *report;
    kd_stats stats;
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, options, &report), wanted);
    ck_assert_ptr_nonnull(report);
    kd_report_stats(report, &stats, sizeof stats);
    *events = kd_report_event_count(report);
    kd_report_free(report);
    kd_engine_free(engine);
    return stats;
}

START_TEST(each_limit_is_named_when_it_is_reached)
{
    text log = failures(40);
    size_t events;
    kd_options options = defaults();
    kd_stats stats = analyze(log, &options, KD_OK, &events);
    ck_assert_uint_eq(stats.limits, 0);
    ck_assert_uint_eq(events, 40);

    options.max_history = 10;
    stats = analyze(log, &options, KD_E_LIMIT, &events);
    ck_assert_uint_eq(stats.limits, KD_LIMIT_HISTORY);
    ck_assert_uint_eq(events, 10);
    ck_assert_uint_eq(stats.events_left_out, 30);

    options = defaults();
    options.max_diags = 5;
    stats = analyze(log, &options, KD_E_LIMIT, &events);
    ck_assert_uint_eq(stats.limits, KD_LIMIT_DIAGS);
    ck_assert_uint_gt(stats.diags_left_out, 0);

    options = defaults();
    options.max_memory = 20000;
    stats = analyze(log, &options, KD_E_LIMIT, &events);
    ck_assert_uint_eq(stats.limits & KD_LIMIT_MEMORY, KD_LIMIT_MEMORY);
    free(log.ptr);
}
END_TEST

START_TEST(beyond_the_history_what_matters_is_kept)
{
    kd_engine *engine = new_engine();
    kd_options options = defaults();
    kd_report *report;
    kd_stats stats;
    text log = { NULL, 0, 0 }, many = failures(2000);
    static const char first[] =
        "[    0.500000] cma: cma_alloc: alloc failed, req-size: 4 pages, ret: -12\n",
                      end[] = "[ 9000.000000] Kernel panic - not syncing: Fatal exception\n";
    text_put(first, sizeof first - 1, &log);
    text_put(many.ptr, many.len, &log);
    text_put(end, sizeof end - 1, &log);
    options.max_history = 5;
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, &options, &report),
                     KD_E_LIMIT);
    ck_assert_uint_eq(kd_report_event_count(report), 5);
    kd_report_stats(report, &stats, sizeof stats);
    ck_assert_uint_eq(stats.events_left_out, 2002 - 5);
    ck_assert_str_eq(kd_event_kind(kd_report_event(report, 0)), "cma_failure");
    ck_assert_str_eq(kd_event_kind(kd_report_event(report, 1)), "vmap_failure");
    ck_assert_str_eq(kd_event_kind(kd_report_event(report, 4)), "panic");
    kd_report_free(report);

    options = defaults();
    options.max_memory = 1000000; /* half of what they need: fewer, but diagnosed */
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, &options, &report),
                     KD_E_LIMIT);
    kd_report_stats(report, &stats, sizeof stats);
    size_t events = kd_report_event_count(report);
    ck_assert_uint_gt(events, 50);
    ck_assert_uint_eq(events + stats.events_left_out, 2002);
    ck_assert_uint_gt(kd_report_diag_count(report) + 3, events);
    ck_assert_str_eq(kd_event_kind(kd_report_event(report, events - 1)), "panic");
    kd_report_free(report);
    free(log.ptr);
    free(many.ptr);
    kd_engine_free(engine);
}
END_TEST

START_TEST(a_long_line_is_cut_and_is_no_error)
{
    text log = { NULL, 0, 0 };
    size_t events;
    kd_options options = defaults();
    options.max_line = 256;
    for (int i = 0; i < 300; i++)
        text_put("a ", 2, &log);
    text_put("\n" VMAP, sizeof VMAP, &log);
    kd_stats stats = analyze(log, &options, KD_OK, &events);
    ck_assert_uint_eq(stats.limits, KD_LIMIT_LINE);
    ck_assert_uint_eq(stats.lines_cut, 1);
    ck_assert_uint_eq(events, 1);
    free(log.ptr);
}
END_TEST

START_TEST(an_event_is_closed_at_its_limit)
{
    text log = load_file("tests/logs/alloc/arm64-cma-order4.log");
    size_t events;
    kd_options options = defaults();
    options.max_event_lines = 16;
    kd_stats stats = analyze(log, &options, KD_E_LIMIT, &events);
    ck_assert_uint_eq(stats.limits, KD_LIMIT_EVENT_LINES);
    ck_assert_uint_gt(stats.events_cut, 0);
    free(log.ptr);
}
END_TEST

/* Of a report that was closed at the limit nobody knows where it ended, nor what stood among its
 * lines. */
START_TEST(a_panic_after_a_cut_report_is_assumed_to_be_its_end)
{
    static const char log[] =
        "[   66.100000] BUG: unable to handle page fault for address: ffffc90000263000\n"
        "[   66.100010] #PF: supervisor read access in kernel mode\n"
        "[   66.100020] #PF: error_code(0x0000) - not-present page\n"
        "[   66.100030] PGD 0 P4D 0 \n"
        "[   66.100040] Oops: 0000 [#1] PREEMPT SMP\n"
        "[   66.100050] CPU: 1 PID: 611 Comm: first Not tainted 6.1.0 #1\n"
        "[   66.100060] RIP: 0010:foo_get+0x24/0x1a0\n"
        "[   66.100070] RSP: 0018:ffffc9000061fd18 EFLAGS: 00010092\n"
        "[   66.100080] Call Trace:\n"
        "[   66.100090]  <TASK>\n"
        "[   66.100100]  foo_get_ioctl+0x12/0x60\n"
        "[   66.100102]  foo_first+0x12/0x60\n"
        "[   66.100104]  foo_second+0x12/0x60\n"
        "[   66.100106]  foo_third+0x12/0x60\n"
        "[   66.100110]  __x64_sys_ioctl+0x94/0xd0\n"
        "[   66.100120]  </TASK>\n"
        "[   66.100130] ---[ end trace 0000000000000000 ]---\n"
        "[   66.100280] Kernel panic - not syncing: Fatal exception\n";
    kd_engine *engine = new_engine();
    for (uint32_t most = 18; most >= 16; most -= 2) { /* 17 lines are its own */
        kd_options options = defaults();
        kd_report *report = NULL;
        kd_value assumed;
        options.max_event_lines = most;
        (void)kd_analyze(engine, str(log), &options, &report);
        ck_assert_uint_eq(kd_report_diag_count(report), 2);
        const kd_diag *diag = kd_report_diag(report, 1);
        ck_assert_str_eq(kd_diag_id(diag), "panic.after-oops");
        ck_assert_int_eq(kd_diag_confidence(diag), most == 18 ? KD_CERTAIN : KD_LIKELY);
        ck_assert_int_eq(kd_diag_get(diag, "assumes", &assumed), KD_OK);
        ck_assert_uint_eq(assumed.as.count, most == 18 ? 0 : 1);
        kd_report_free(report);
    }
    kd_engine_free(engine);
}
END_TEST

/* Notes the longest history that it was shown. */
static kd_status measure(const kd_view *view, kd_emit *out, void *user)
{
    size_t *most = user;
    (void)out;
    *most = view->history_len > *most ? view->history_len : *most;
    return KD_OK;
}

static size_t longest_history(uint32_t max_history, int events)
{
    size_t most = 0, pulled = 0;
    kd_engine *engine = new_engine();
    kd_rule rule = {
        sizeof rule, "acme.measure", "t", KD_INFO, "vmap_failure", NULL, measure, &most
    };
    ck_assert_int_eq(kd_engine_add_rule(engine, &rule), KD_OK);
    kd_options options = defaults();
    options.max_history = max_history;
    kd_session *session = new_session(engine, &options);
    text log = failures(events);
    kd_str rest = { log.ptr, log.len };
    kd_item item;
    while (rest.len > 0) { /* line by line, pulling all */
        size_t len = (size_t)((const char *)memchr(rest.ptr, '\n', rest.len) + 1 - rest.ptr);
        ck_assert_int_eq(kd_session_feed(session, (kd_str){ rest.ptr, len }), KD_OK);
        rest = (kd_str){ rest.ptr + len, rest.len - len };
        kd_status status;
        while ((status = kd_session_next(session, &item)) == KD_OK)
            pulled += item.event != NULL;
        ck_assert_int_eq(status, KD_END);
    }
    /* the last line could go on in the next one */
    ck_assert_int_eq(kd_session_flush(session), KD_OK);
    while (kd_session_next(session, &item) == KD_OK)
        pulled += item.event != NULL;
    ck_assert_uint_eq(pulled, (size_t)events);
    kd_stats stats;
    kd_session_stats(session, &stats, sizeof stats);
    ck_assert_uint_eq(stats.limits, 0); /* what was pulled counts no more */
    ck_assert_uint_eq(stats.events_left_out, 0);
    free(log.ptr);
    kd_session_free(session);
    kd_engine_free(engine);
    return most;
}

START_TEST(pulled_events_stay_in_the_history)
{
    ck_assert_uint_eq(longest_history(20, 100), 20);
    ck_assert_uint_eq(longest_history(700, 600), 599); /* more than 256 */
}
END_TEST

/* ---- options --------------------------------------------------------------------------------- */

static void expect_refused(kd_options options, const char *what)
{
    kd_engine *engine = new_engine();
    kd_session *session = (kd_session *)&options;
    kd_report *report = (kd_report *)&options;
    ck_assert_msg(kd_session_new(&session, engine, &options) == KD_E_INVAL && !session, "%s", what);
    ck_assert_msg(kd_analyze(engine, str(VMAP), &options, &report) == KD_E_INVAL && !report, "%s",
                  what);
    kd_engine_free(engine);
}

/* Some seconds, and not a minute: each boot's is an event of its own, however many are alike. */
START_TEST(a_machine_may_fail_alike_on_each_boot)
{
    kd_engine *engine = new_engine();
    kd_session *session = new_session(engine, NULL);
    clock_t start = clock();
    for (int i = 0; i < 60000; i++)
        feed(session, "kernel BUG at drivers/foo/foo.c:812!\n"
                      "Linux version 5.0.0 (build@host) (gcc version 7.3.0) #22 SMP\n");
    kd_report *report = report_of(session, KD_E_LIMIT);
    ck_assert_uint_gt(kd_report_event_count(report), 19000);
    kd_report_free(report);
    kd_session_free(session);
    ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 15);
    kd_engine_free(engine);
}
END_TEST

START_TEST(wrong_options_are_refused)
{
    static const uint32_t pages[] = { 1, 2, 512, 3000, 4097, 1u << 21, 1u << 24, 1u << 31 };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        kd_options options = defaults();
        options.page_size = pages[i];
        expect_refused(options, "page size");
    }
    kd_options options = defaults();
    options.arch = "z80", expect_refused(options, "arch");
    options = defaults(), options.kernel_release = "x.y", expect_refused(options, "release");
    options = defaults(), options.kernel_version = 7, expect_refused(options, "version");
    options = defaults(), options.flags = 1u << 20, expect_refused(options, "flags");
    options = defaults(), options.max_line = 255, expect_refused(options, "short lines");
    options = defaults(), options.max_line = UINT32_MAX, expect_refused(options, "long lines");
    options = defaults(), options.max_event_lines = 15, expect_refused(options, "event lines");
    options = defaults(), options.kconfig.len = 3, expect_refused(options, "kconfig");
    options = defaults(), options.command_line.len = 3, expect_refused(options, "command line");
    options = defaults(), options.before.len = 3, expect_refused(options, "before");
    options = defaults(), options.source_name = (kd_str){ NULL, 3 },
    expect_refused(options, "source name");
    options = defaults(), options.size = 0, expect_refused(options, "size");
}
END_TEST

START_TEST(each_page_size_is_computed_with)
{
    kd_engine *engine = new_engine();
    text log = load_file("tests/logs/alloc/arm64-cma-order4.log");
    for (uint32_t size = 1024; size <= 1u << 20; size *= 2) {
        kd_options options = defaults();
        kd_report *report;
        options.page_size = size;
        ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, &options, &report),
                         KD_OK);
        kd_report_free(report);
    }
    free(log.ptr);
    kd_engine_free(engine);
}
END_TEST

START_TEST(texts_of_options_are_copied)
{
    kd_engine *engine = new_engine();
    kd_options options = defaults();
    char arch[] = "arm64", release[] = "5.4.125", tool[] = "acme-logd", source[] = "ttyS0";
    options.arch = arch;
    options.kernel_release = release;
    options.tool_name = tool;
    options.source_name = str(source);
    kd_session *session = new_session(engine, &options);
    memset(arch, 'z', sizeof arch);
    memset(release, 'z', sizeof release);
    memset(tool, 'z', sizeof tool);
    memset(source, 'z', sizeof source);
    for (int i = 0; i < 2; i++) { /* the report after the first one too */
        text out = { NULL, 0, 0 };
        kd_value value;
        feed(session, VMAP);
        kd_report *report = report_of(session, KD_OK);
        ck_assert_int_eq(kd_context_get(kd_report_context(report, 0), "kernel_release", &value),
                         KD_OK);
        ck_assert(text_is(value.as.s, "5.4.125"));
        ck_assert_int_eq(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &out), KD_OK);
        ck_assert_int_eq(text_put("", 1, &out), 0);
        ck_assert_ptr_nonnull(strstr(out.ptr, "\"tool\":{\"name\":\"acme-logd\""));
        ck_assert_ptr_nonnull(strstr(out.ptr, "\"source\":{\"name\":\"ttyS0\""));
        free(out.ptr);
        kd_report_free(report);
    }
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

/* What bounds the area, as the proof has it: "with vmalloc= as given" or the default. */
static bool goes_by_option(kd_engine *engine, const char *log, char *line)
{
    kd_options options = defaults();
    kd_report *report;
    text out = { NULL, 0, 0 };
    kd_session *session;
    options.kernel_release = "5.10.0-32-686";
    options.arch = "i386";
    options.command_line = str(line);
    session = new_session(engine, &options);
    memset(line, ' ', strlen(line));
    feed(session, log);
    report = report_of(session, KD_OK);
    ck_assert_int_eq(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &out), KD_OK);
    ck_assert_int_eq(text_put("", 1, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.ptr, "vmalloc.space-exhausted"));
    bool given = strstr(out.ptr, "\"vmalloc_option_bytes\":67108864") != NULL;
    free(out.ptr);
    kd_report_free(report);
    kd_session_free(session);
    return given;
}

START_TEST(a_command_line_is_that_of_boots_that_print_none)
{
    static const char
        vmap[] = "[    8.500100] vmap allocation for size 1052672 failed: use vmalloc=<size> "
                 "to increase size.\n",
        own[] = "[    0.000000] Kernel command line: root=/dev/sda1 quiet\n"
                "[    8.500100] vmap allocation for size 1052672 failed: use vmalloc=<size> "
                "to increase size.\n",
        begun[] = "[    0.000000] Kernel command line: root=/dev/sda1 \\\n"
                  "[    8.500100] vmap allocation for size 1052672 failed: use "
                  "vmalloc=<size> to increase size.\n";
    const struct {
        const char *log, *line;
        bool by_option;
    } cases[] = {
        { vmap, "", false },
        { vmap, "vmalloc=64M\n", true },
        { vmap, "quiet vmalloc=1G vmalloc=0x4000000", true },
        { vmap, "quiet novmalloc=64M vmalloc=64Mx vmalloc=", false },
        { vmap, "vmalloc=67108864 vmalloc=99999999999999999999", true },
        { own, "vmalloc=64M", false },
        { begun, "vmalloc=64M", true },
    };
    kd_engine *engine = new_engine();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[64];
        snprintf(line, sizeof line, "%s", cases[i].line);
        ck_assert_msg(goes_by_option(engine, cases[i].log, line) == cases[i].by_option, "case %zu",
                      i);
    }
    kd_engine_free(engine);
}
END_TEST

START_TEST(a_report_names_no_command_line)
{
    kd_engine *engine = new_engine();
    kd_options options = defaults();
    kd_report *report;
    text out = { NULL, 0, 0 }, log = failures(20);
    options.max_history = 3;
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, &options, &report),
                     KD_E_LIMIT);
    ck_assert_int_eq(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &out), KD_OK);
    ck_assert_int_eq(kd_report_write(report, KD_FORMAT_TEXT, 0, text_put, &out), KD_OK);
    for (size_t i = 0; i < kd_engine_rule_count(engine); i++)
        text_put(kd_engine_rule(engine, i)->doc, strlen(kd_engine_rule(engine, i)->doc), &out);
    ck_assert_int_eq(text_put("", 1, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.ptr, "\"tool\":{\"name\":\"libkdiag\""));
    ck_assert_ptr_null(strstr(out.ptr, "oopsdoc"));
    ck_assert_ptr_null(strstr(out.ptr, "--count"));
    ck_assert_ptr_null(strstr(out.ptr, "--before"));
    ck_assert_ptr_null(strstr(out.ptr, "--kernel"));
    free(out.ptr);
    free(log.ptr);
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

/* ---- shortage -------------------------------------------------------------------------------- */

typedef struct budget {
    size_t left;
} budget;

static void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
    budget *b = user;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    if (b->left == 0)
        return NULL;
    b->left--;
    return realloc(ptr, new_size);
}

/* Everything but the report has its memory. @param left  allocations of the report, what is left */
static kd_status report_with(size_t *left, size_t *events, size_t *diags)
{
    budget b = { SIZE_MAX };
    kd_allocator allocator = { resize, &b };
    kd_engine *engine;
    kd_report *report = (kd_report *)&b;
    ck_assert_int_eq(kd_engine_new(&engine, &allocator), KD_OK);
    kd_session *session = new_session(engine, NULL);
    feed(session, VMAP ALLOC);
    ck_assert_int_eq(kd_session_flush(session), KD_OK); /* no line waits for its neighbours */
    b.left = *left;
    kd_status status = kd_session_report(session, &report);
    *left = b.left;
    ck_assert_msg(status == KD_OK ? report != NULL : report == NULL, "%d", status);
    if (status != KD_OK) { /* memory is there again: so is the report */
        b.left = SIZE_MAX;
        ck_assert_int_eq(kd_session_report(session, &report), KD_OK);
    }
    *events = kd_report_event_count(report);
    *diags = kd_report_diag_count(report);
    kd_report_free(report);
    kd_session_free(session);
    kd_engine_free(engine);
    return status;
}

START_TEST(no_report_with_an_error)
{
    size_t left = SIZE_MAX, events, diags, all_events, all_diags, failures = 0;
    ck_assert_int_eq(report_with(&left, &all_events, &all_diags), KD_OK);
    ck_assert_uint_eq(all_events, 2);
    ck_assert_uint_ge(all_diags, 1);
    left = 0;
    for (size_t n = 0; left == 0; n++) {
        left = n;
        failures += report_with(&left, &events, &diags) == KD_E_NOMEM;
        ck_assert_uint_eq(events, all_events);
        ck_assert_msg(diags == all_diags, "%zu: %zu diagnoses of %zu", n, diags, all_diags);
    }
    ck_assert_uint_ge(failures, 3);
}
END_TEST

static void *analyze_seed(void *user)
{
    text *log = user;
    kd_engine *engine;
    kd_report *report = NULL;
    text out = { NULL, 0, 0 };
    if (kd_engine_new(&engine, NULL) != KD_OK)
        return NULL;
    kd_status status = kd_analyze(engine, (kd_str){ log->ptr, log->len }, NULL, &report);
    if (status == KD_OK)
        status = kd_report_write(report, KD_FORMAT_JSON, KD_PRETTY, text_put, &out);
    if (status == KD_OK)
        status = kd_report_write(report, KD_FORMAT_TEXT, 0, text_put, &out);
    kd_report_free(report);
    kd_engine_free(engine);
    free(out.ptr);
    return status == KD_OK ? log : NULL;
}

/* Sanitizers need more for their own frames, and a build that is not optimised for its temporaries.
 */
#if defined KD_SANITIZED || !defined __OPTIMIZE__
#define STACK_BYTES (4 * 1024 * 1024)
#else
#define STACK_BYTES (64 * 1024)
#endif

START_TEST(a_small_stack_is_enough)
{
    pthread_attr_t attributes;
    pthread_t thread;
    text log = load_file("tests/logs/alloc/arm64-cma-order4.log");
    void *result = NULL;
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
    ck_assert_int_eq(pthread_create(&thread, &attributes, analyze_seed, &log), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, &log);
    pthread_attr_destroy(&attributes);
    free(log.ptr);
}
END_TEST

static const char pack[] =
    "{\"format\":\"kdiag-pack/1\",\"name\":\"site\",\"entries\":[{\"id\":\"site.thing\","
    "\"title\":\"A thing happened\",\"anchors\":[\"thing happened\"],\"pattern\":\"to "
    "(?<who>\\\\w+)\","
    "\"fields\":{\"who\":\"text\"},\"explanation\":\"It happened to "
    "{who}.\",\"examples\":[{\"lines\":"
    "[\"thing happened to eth0\"]}],\"near_misses\":[[\"thing happened\"]]}]}";

/* Whichever allocation fails: the pack is in or it is not, and the engine still finds what it did.
 */
START_TEST(a_pack_or_none)
{
    kd_status status = KD_E_NOMEM;
    size_t failures = 0;
    for (size_t n = 0; status != KD_OK; n++) {
        budget b = { SIZE_MAX };
        kd_allocator allocator = { resize, &b };
        kd_engine *engine;
        kd_report *report;
        ck_assert_int_eq(kd_engine_new(&engine, &allocator), KD_OK);
        size_t rules = kd_engine_rule_count(engine);
        b.left = n;
        status = kd_engine_add_pack(engine, str(pack), NULL, 0);
        b.left = SIZE_MAX;
        ck_assert_msg(status == KD_OK || status == KD_E_NOMEM, "%zu: %d", n, status);
        failures += status != KD_OK;
        ck_assert_uint_eq(kd_engine_rule_count(engine), rules + (status == KD_OK));
        ck_assert_int_eq(kd_analyze(engine, str(VMAP "thing happened to eth0\n"), NULL, &report),
                         KD_OK);
        ck_assert_uint_eq(kd_report_event_count(report), status == KD_OK ? 2 : 1);
        kd_report_free(report);
        kd_engine_free(engine);
    }
    ck_assert_uint_ge(failures, 5);
}
END_TEST

/* Boots are numbered through all reports of a session: the entry for 5.10 asks its event's own. */
START_TEST(a_pack_asks_the_boot_of_its_event)
{
    static const char with_until[] =
        "{\"format\":\"kdiag-pack/"
        "1\",\"name\":\"site\",\"entries\":[{\"id\":\"site.old\",\"title\":"
        "\"An old thing\",\"when\":{\"until\":\"5.11\"},\"anchors\":[\"thing "
        "happened\"],\"pattern\":\"thing "
        "happened\",\"explanation\":\"It happened.\",\"examples\":[{\"lines\":[\"thing "
        "happened\"]}],\"near_misses\":[[\"nothing happened\"]]}]}";
    static const char *const releases[] = { "5.10.0", "6.1.0", "5.10.0", "6.1.0" };
    kd_engine *engine = new_engine();
    ck_assert_int_eq(kd_engine_add_pack(engine, str(with_until), NULL, 0), KD_OK);
    kd_session *session = new_session(engine, NULL);
    for (size_t i = 0; i < 4; i++) {
        char log[200];
        snprintf(
            log, sizeof log,
            "[    0.000000] Linux version %s (a@b) (gcc) #1 SMP\n[    2.000000] thing happened\n",
            releases[i]);
        feed(session, log);
        kd_report *report = report_of(session, KD_OK);
        ck_assert_uint_eq(kd_report_diag_count(report), releases[i][0] == '5');
        kd_report_free(report);
    }
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sessions");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, records_of_two_cpus_come_apart);
    tcase_add_test(all, level_and_time_of_a_record_are_read);
    tcase_add_test(all, gaps_in_the_sequence_are_counted);
    tcase_add_test(all, a_record_after_a_flush_is_read);
    tcase_add_test(all, a_line_goes_on_after_a_flush);
    tcase_add_test(all, wrong_records_are_refused);
    tcase_add_test(all, each_limit_is_named_when_it_is_reached);
    tcase_add_test(all, beyond_the_history_what_matters_is_kept);
    tcase_add_test(all, a_long_line_is_cut_and_is_no_error);
    tcase_add_test(all, an_event_is_closed_at_its_limit);
    tcase_add_test(all, a_panic_after_a_cut_report_is_assumed_to_be_its_end);
    tcase_add_test(all, pulled_events_stay_in_the_history);
    tcase_add_test(all, a_machine_may_fail_alike_on_each_boot);
    tcase_add_test(all, wrong_options_are_refused);
    tcase_add_test(all, each_page_size_is_computed_with);
    tcase_add_test(all, texts_of_options_are_copied);
    tcase_add_test(all, a_command_line_is_that_of_boots_that_print_none);
    tcase_add_test(all, a_report_names_no_command_line);
    tcase_add_test(all, no_report_with_an_error);
    tcase_add_test(all, a_pack_or_none);
    tcase_add_test(all, a_pack_asks_the_boot_of_its_event);
    tcase_add_test(all, a_small_stack_is_enough);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

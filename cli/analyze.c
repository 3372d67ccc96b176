/* analyze.c - oopsdoc analyze: logs in, reports out. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ci.h"
#include "cli.h"
#include "heap.h"
#include "html/html.h"
#include "late_capstone.h"
#include "options.h"
#include "packs.h"

static const char help[] =
    "usage: oopsdoc analyze [OPTIONS] [FILE...]\n"
    "Finds out why a Linux kernel complained. No FILE, or -: standard input.\n"
    "\n"
    "  -f, --format F    json (default), ndjson, stream, text, brief, html; ktap, kcidb for\n"
    "                    continuous integration; lines: each with who took or refused it\n"
    "      --quiet-after S   stream: an input without a word for so many seconds (2)\n"
    "                    has finished what it was saying\n"
    "      --full        text with every line of evidence and every step of the proofs\n"
    "      --count       print only the counts\n" FACT_HELP
    "      --pack F      messages that this file (or folder) describes; see oopsdoc pack\n"
    "      --before F    an earlier capture of the same machine\n"
    "      --fail-on S   exit with 1 when something at least that severe was found:\n"
    "                    fatal, error, warning, notice or info\n"
    "      --baseline F  known problems (oopsdoc baseline): exit with 1 when there is\n"
    "                    another one, with 2 when a log holds no line of a kernel\n"
    "      --origin O    kcidb: who submits; --test-id ID: the test the log is of\n"
    "      --no-text     leave the log's own lines out of the report\n"
    "      --no-repair   take lines as they are: no unquoting\n"
    "      --no-sandbox  keep the rights to other files and system calls\n"
    "      --color=WHEN  auto (default), always or never; NO_COLOR is respected\n"
    "\n"
    "Exit status: 0 analysed, 1 found with --fail-on or --baseline, 2 a wrong call, an unreadable\n"
    "file or a failed write, 3 a limit cut the analysis short.\n"
    "\n"
    "examples:\n"
    "  dmesg | oopsdoc analyze -f text\n"
    "  oopsdoc analyze --kernel 5.10.0-32-amd64 crash.txt | jq '.diagnoses[].title'\n";

typedef enum format { JSON, NDJSON, STREAM, TEXT, BRIEF, KTAP, KCIDB, HTML, LINES } format;

typedef struct job {
    kd_engine *engine;
    kd_options options;
    format format;
    bool count_only, colour, full, limited, no_sandbox;
    bool array;     /* the reports are the items of one JSON array */
    size_t written; /* reports so far */
    int quiet_ms;   /* of a stream */
    int fail_on;    /* kd_severity, -1: never */
    bool found;
    pack_list packs;
    kd_session *session;
    kd_report *report;
    bool fed; /* something was read of the file at hand */
    ci ci;
    const char *baseline;
} job;

/* ---- one file -------------------------------------------------------------------------------- */

static void note_severity(job *j, kd_severity severity)
{
    j->found |= j->fail_on >= 0 && (int)severity >= j->fail_on;
}

static kd_status put_member(const char *open, kd_status status)
{
    if (status == KD_OK && open)
        return put_stdout(open, strlen(open), NULL) ? KD_E_SINK : KD_OK;
    return status;
}

/* Hands out what is known by now, one object a line; who only counts lets go of it. */
static kd_status pull(job *j)
{
    kd_item item;
    kd_status status;
    while ((status = kd_session_next(j->session, &item)) == KD_OK) {
        if (item.problem)
            note_severity(j, kd_problem_severity(item.problem));
        if (j->count_only)
            continue;
        status = put_member(item.boot    ? "{\"boot\":"
                            : item.event ? "{\"event\":"
                            : item.diag  ? "{\"diagnosis\":"
                                         : "{\"problem\":",
                            KD_OK);
        if (status == KD_OK)
            status = item.boot    ? kd_boot_write(item.boot, put_stdout, NULL)
                     : item.event ? kd_event_write(item.event, put_stdout, NULL)
                     : item.diag  ? kd_diag_write(item.diag, put_stdout, NULL)
                                  : kd_problem_write(item.problem, put_stdout, NULL);
        status = put_member("}\n", status);
        if (status != KD_OK)
            return status;
    }
    return status == KD_END ? KD_OK : status;
}

static bool is_stream(const job *j)
{
    return j->format == STREAM && !j->count_only;
}

/* Whoever reads a stream gets each object when it is known, not when a buffer is full. */
static kd_status pull_now(job *j)
{
    kd_status status = pull(j);
    flush_stdout();
    return status == KD_OK && stdout_failed() ? KD_E_SINK : status;
}

static kd_status feed(void *user, kd_str bytes)
{
    job *j = user;
    j->fed = true;
    ci_hear(&j->ci, bytes);
    kd_status status = kd_session_feed(j->session, bytes);
    if (status == KD_OK && is_stream(j))
        status = pull_now(j);
    else if (status == KD_OK && j->count_only)
        status = pull(j);
    return status;
}

/* Nothing came for a while: what is open is taken for finished. */
static kd_status quiet(void *user)
{
    job *j = user;
    kd_status status = kd_session_flush(j->session);
    return status == KD_OK ? pull_now(j) : status;
}

static void packed(void *user, const char *how)
{
    const job *j = user;
    kd_session_packed(j->session, (kd_str){ how, strlen(how) });
}

/* Is a log judged by what is known of it? */
static bool is_judged(const job *j)
{
    return j->baseline || j->format == KTAP || j->format == KCIDB;
}

/* Of the terminal; 0: there is none. */
static unsigned columns(void)
{
    struct winsize size;
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static kd_status write_report(job *j, const kd_report *report)
{
    static const kd_format formats[] = { KD_FORMAT_JSON, KD_FORMAT_JSON, KD_FORMAT_END,
                                         KD_FORMAT_TEXT, KD_FORMAT_BRIEF };
    uint32_t flags = (j->colour ? KD_COLOUR : 0) | (j->full ? KD_FULL : 0) | KD_WIDTH(columns());
    kd_format what = j->count_only ? KD_FORMAT_STATS : formats[j->format];
    if (j->format == JSON || (j->count_only && j->format != NDJSON && j->format != STREAM))
        flags |= KD_PRETTY;
    /* only now: a file that cannot be read leaves no gap in the array */
    if (j->array && j->written++ > 0)
        put_stdout(",\n", 2, NULL);
    return kd_report_write(report, what, flags, put_stdout, NULL);
}

static kd_status put_html(const kd_report *report, const char *path, bool limited)
{
    text page = { 0 };
    html_report(&page, report, path, limited ? "a limit cut the analysis short" : NULL);
    kd_status status = page.failed ? KD_E_NOMEM
                       : put_stdout(page.at ? page.at : "", page.len, NULL) ? KD_E_SINK
                                                                            : KD_OK;
    text_free(&page);
    return status;
}

/* What stands around all sections. */
static void put_frame(void (*part)(text *out, const char *title), const char *title)
{
    text page = { 0 };
    part(&page, title);
    put_stdout(page.at ? page.at : "", page.len, NULL);
    text_free(&page);
}

static int finish(job *j, const char *path, bool limited)
{
    kd_status status = kd_session_finish(j->session);
    if (status == KD_OK && (is_stream(j) || j->count_only))
        status = pull(j);
    if (status == KD_OK)
        status = kd_session_report(j->session, &j->report);
    if (status == KD_E_LIMIT) {
        j->limited = limited = true;
        status = KD_OK;
    }
    if (status == KD_OK) {
        const kd_report *report = j->report;
        for (size_t i = 0; i < kd_report_problem_count(report); i++)
            note_severity(j, kd_problem_severity(kd_report_problem(report, i)));
        if (is_judged(j))
            ci_judge(&j->ci, report, path);
        if (j->format == KTAP)
            ci_put_ktap(&j->ci, report, path, limited);
        else if (j->format == KCIDB)
            ci_add_kcidb(&j->ci, report, path);
        else if (j->format == HTML)
            status = put_html(report, path, limited);
        else
            status = write_report(j, report);
    }
    /* a failed write is told once, when standard output is closed */
    return status == KD_OK || status == KD_E_SINK ? 0 : complain(path, kd_status_name(status));
}

/* How severe something is, only a judgement tells. */
static bool only_counts(const job *j)
{
    return j->count_only && j->fail_on < 0;
}

/* What the file before left. The last one's stays: the end of the process is the quickest way to
 * let go of a large report. */
static void drop_last(job *j)
{
    kd_report_free(j->report);
    kd_session_free(j->session);
    j->report = NULL;
    j->session = NULL;
}

static int analyze_file(job *j, const char *path)
{
    drop_last(j);
    if (only_counts(j))
        j->options.flags |= KD_COUNTS;
    const taker to = { feed, is_stream(j) ? quiet : NULL, packed, j->quiet_ms, j };
    j->options.source_name = (kd_str){ path, strcmp(path, "-") ? strlen(path) : 0 };
    if (j->format == LINES)
        return show_lines(j->engine, &j->options, path);
    kd_status status = kd_session_new(&j->session, j->engine, &j->options);
    if (status != KD_OK)
        return complain(path, kd_status_name(status));
    j->fed = false;
    ci_begin_file(&j->ci);
    int result = read_portions(path, &to);
    bool limited = result == EXIT_LIMIT;
    j->limited |= limited;
    result = limited ? 0 : result;
    /* a read that fails in the middle does not take away what was read before */
    if (result == 0 || j->fed) {
        int finished = finish(j, path, limited);
        result = finished > result ? finished : result;
    } else if (j->format == KTAP) {
        ci_put_ktap(&j->ci, NULL, path, false);
    }
    return result;
}

static int analyze_all(job *j, int count, char **paths)
{
    int worst = 0;
    j->array = count > 1 && (j->format == JSON || (j->count_only && j->format >= TEXT));
    stop_on_signals();
    if (!only_counts(j) && (count != 1 || may_show_code(paths[0])))
        open_capstone();
    if (!j->no_sandbox)
        enter_sandbox(count, paths);
    if (j->array)
        put_stdout("[\n", 2, NULL);
    if (j->format == KTAP)
        ci_put_ktap_head(count);
    if (j->format == HTML)
        put_frame(html_begin, count == 1 ? paths[0] : "kernel logs");
    for (int i = 0; i < count && !stdout_failed() && !is_stopped(); i++) {
        int result = analyze_file(j, paths[i]);
        worst = result > worst ? result : worst;
    }
    if (j->array)
        put_stdout("]\n", 2, NULL);
    if (j->format == HTML)
        put_frame(html_end, NULL);
    if (j->format == KCIDB)
        worst = ci_put_kcidb(&j->ci) ? EXIT_TROUBLE : worst;
    if (j->ci.known)
        baseline_report(j->ci.known, true);
    return worst;
}

/* ---- the call -------------------------------------------------------------------------------- */

enum {
    OPT_COUNT = 256,
    OPT_QUIET,
    OPT_FULL,
    OPT_BEFORE,
    OPT_FAIL,
    OPT_BASELINE,
    OPT_ORIGIN,
    OPT_TEST_ID,
    OPT_PACK,
    OPT_NO_TEXT,
    OPT_NO_REPAIR,
    OPT_COLOR,
    OPT_NO_SANDBOX,
    OPT_HELP
};

static const struct option options[] = {
    { "format", required_argument, NULL, 'f' },
    { "count", no_argument, NULL, OPT_COUNT },
    { "quiet-after", required_argument, NULL, OPT_QUIET },
    { "full", no_argument, NULL, OPT_FULL },
    FACT_OPTIONS,
    { "before", required_argument, NULL, OPT_BEFORE },
    { "pack", required_argument, NULL, OPT_PACK },
    { "fail-on", required_argument, NULL, OPT_FAIL },
    { "baseline", required_argument, NULL, OPT_BASELINE },
    { "origin", required_argument, NULL, OPT_ORIGIN },
    { "test-id", required_argument, NULL, OPT_TEST_ID },
    { "no-text", no_argument, NULL, OPT_NO_TEXT },
    { "no-repair", no_argument, NULL, OPT_NO_REPAIR },
    { "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
    { "color", optional_argument, NULL, OPT_COLOR },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

/* "2", "0.5" */
static int set_quiet(job *j, const char *value)
{
    char *end;
    double seconds = strtod(value, &end);
    if (!isdigit((unsigned char)*value) || *end || !(seconds <= 86400))
        return complain(value, "--quiet-after takes seconds, at most 86400");
    j->quiet_ms = (int)(seconds * 1000);
    return 0;
}

static int set_option(job *j, int option, const char *value, int *colour)
{
    static const char *const formats[] = { "json", "ndjson", "stream", "text", "brief",
                                           "ktap", "kcidb",  "html",   "lines" };
    static const char *const severities[] = { "info", "notice", "warning", "error", "fatal" };
    static const char *const whens[] = { "auto", "always", "never" };
    int choice = 0;
    switch (option) {
    case 'f':
        if (!parse_choice(value, formats, 9, &choice))
            return complain(value, "--format takes json, ndjson, stream, text, brief, ktap, kcidb, "
                                   "html or lines");
        j->format = (format)choice;
        return 0;
    case OPT_COUNT: j->count_only = true; return 0;
    case OPT_QUIET: return set_quiet(j, value);
    case OPT_FULL: j->full = true; return 0;
    case OPT_BEFORE: return read_whole(value, &j->options.before) ? 0 : EXIT_TROUBLE;
    case OPT_FAIL:
        if (!parse_choice(value, severities, 5, &j->fail_on))
            return complain(value, "--fail-on takes fatal, error, warning, notice or info");
        return 0;
    case OPT_BASELINE: j->baseline = value; return 0;
    case OPT_ORIGIN:
        j->ci.origin = value;
        return strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(value) && *value
                   ? 0
                   : complain(value, "--origin takes a-z, 0-9 and _");
    case OPT_TEST_ID: j->ci.test_id = value; return 0;
    case OPT_PACK: return note_pack(&j->packs, value);
    case OPT_NO_TEXT: j->options.flags |= KD_NO_TEXT; return 0;
    case OPT_NO_SANDBOX: j->no_sandbox = true; return 0;
    case OPT_NO_REPAIR: j->options.flags |= KD_NO_REPAIR; return 0;
    case OPT_COLOR:
        if (!parse_choice(value ? value : "always", whens, 3, colour))
            return complain(value, "--color takes auto, always or never");
        return 0;
    default: return complain(NULL, "wrong option; try oopsdoc analyze --help");
    }
}

static int open_baseline(job *j)
{
    if (!is_judged(j))
        return 0;
    if (j->count_only || j->format == STREAM || j->format == LINES)
        return complain(NULL,
                        "--baseline, ktap and kcidb take whole reports: no stream, no --count");
    if (!j->baseline)
        return 0;
    j->ci.known = baseline_read(j->baseline, NULL);
    return j->ci.known ? 0 : EXIT_TROUBLE;
}

int cmd_analyze(int argc, char **argv)
{
    static job j;
    j = (job){
        .ci = { .origin = "oopsdoc" }, .options = tool_options(), .fail_on = -1, .quiet_ms = 2000
    };
    char *standard[] = { (char[]){ "-" } };
    static heap memory;
    kd_allocator allocator = heap_allocator(&memory);
    int option, result = 0, colour = 0;
    opterr = 0;
    while (result == 0 && (option = getopt_long(argc, argv, "f:", options, NULL)) != -1) {
        if (option == OPT_HELP)
            return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
        result = set_fact(&j.options, option, optarg);
        if (result < 0)
            result = set_option(&j, option, optarg, &colour);
    }
    const char *no_color = getenv("NO_COLOR");
    j.colour = colour == 1 || (colour == 0 && isatty(STDOUT_FILENO) && !(no_color && *no_color));
    if (result == 0)
        result = open_baseline(&j);
    /* a stream lets go of what it told: it stays small */
    kd_status made =
        result == 0 ? kd_engine_new(&j.engine, is_stream(&j) ? NULL : &allocator) : KD_OK;
    if (made != KD_OK)
        result = complain(NULL, kd_status_name(made));
    if (result == 0)
        result = add_pack_list(j.engine, &j.packs);
    if (result == 0)
        result = optind < argc ? analyze_all(&j, argc - optind, argv + optind)
                               : analyze_all(&j, 1, standard);
    free_input();
    free_facts(&j.options);
    free((void *)(uintptr_t)j.options.before.ptr);
    bool counts = j.baseline && j.ci.unknown > 0;
    if (result == 0 && j.ci.doubtful && j.baseline)
        result = EXIT_TROUBLE;
    ci_free(&j.ci);
    if (result != 0)
        return result;
    return j.limited ? EXIT_LIMIT : j.found || counts ? EXIT_FOUND : 0;
}

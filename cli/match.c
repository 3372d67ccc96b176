/* match.c - oopsdoc match: is it the same bug? Made for git bisect run. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "look.h"
#include "options.h"
#include "packs.h"

static const char help[] =
    "usage: oopsdoc match [OPTIONS] SIGNATURE|REPORT.json LOG...\n"
    "Does a log show the same bug? SIGNATURE is the id of a problem (16 hex digits);\n"
    "of a report the first problem is meant.\n"
    "\n"
    "      --bisect      exit as git bisect run wants it, to find the first commit with\n"
    "                    the bug: 1 the same bug, 0 not, 125 cannot tell, 128 trouble\n"
    "      --reached T   a log without the bug and without the text T ends too early\n"
    "  -q, --quiet       only the exit status\n" FACT_HELP
    "      --pack F      messages that this file (or folder) describes\n"
    "      --no-sandbox  keep the rights to other files and system calls\n"
    "\n"
    "Exit status: 0 one of the logs shows it, 1 none does, 125 a log cannot tell: it is\n"
    "none of a kernel, was cut, or ends before the bug could show; 2 a wrong call.\n"
    "\n"
    "example:\n"
    "  git bisect run sh -c 'make -s && ./boot >log; oopsdoc match --bisect bug.json log'\n";

enum { EXIT_SAME = 0, EXIT_OTHER = 1, EXIT_CANNOT = 125, EXIT_BISECT_TROUBLE = 128 };
enum { OPT_BISECT = 256, OPT_REACHED, OPT_NO_SANDBOX, OPT_PACK, OPT_HELP };

static const struct option options[] = {
    { "bisect", no_argument, NULL, OPT_BISECT },
    { "reached", required_argument, NULL, OPT_REACHED },
    { "quiet", no_argument, NULL, 'q' },
    { "pack", required_argument, NULL, OPT_PACK },
    { "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
    { "help", no_argument, NULL, OPT_HELP },
    FACT_OPTIONS,
    { NULL, 0, NULL, 0 },
};

typedef struct match {
    kd_engine *engine;
    pack_list packs;
    kd_options options;
    const char *reached;
    bool bisect, quiet, no_sandbox;
    char wanted[17];
    uint64_t time_us; /* when the wanted bug showed, 0: not known */
    char why[512];    /* what the last log was found to be */
} match;

/* ---- what is wanted -------------------------------------------------------------------------- */

static bool is_signature(const char *word)
{
    return strlen(word) == 16 && strspn(word, "0123456789abcdef") == 16;
}

static int read_wanted(match *m, const char *path)
{
    kd_str whole = { NULL, 0 };
    if (!read_whole(path, &whole))
        return EXIT_TROUBLE;
    json_object *report = json_read(whole), *first = report;
    free((void *)(uintptr_t)whole.ptr);
    if (json_object_is_type(report, json_type_array))
        first = json_object_array_get_idx(report, 0);
    json_object *problems = json_member(first, "problems", json_type_array);
    bool any = problems && json_object_array_length(problems) > 0;
    json_object *problem = any ? json_object_array_get_idx(problems, 0) : NULL;
    json_object *signature = json_member(problem, "signature", json_type_object);
    json_object *time = json_member(problem, "first_time_us", json_type_int);
    kd_str id = json_str(signature, "id");
    if (id.len == 16 && is_signature(id.ptr))
        memcpy(m->wanted, id.ptr, 17);
    m->time_us = time ? json_object_get_uint64(time) : 0;
    json_object_put(report);
    if (m->wanted[0])
        return 0;
    return complain(path, problems ? "the report has no problem to look for"
                                   : "neither a signature of 16 hex digits nor a report");
}

/* ---- one log --------------------------------------------------------------------------------- */

static bool is_wanted(const match *m, kd_str id)
{
    return id.len == 16 && memcmp(id.ptr, m->wanted, 16) == 0;
}

/* As a problem, or as an event that another problem explains. */
static bool shows(match *m, const kd_report *report)
{
    for (size_t i = 0; i < kd_report_problem_count(report); i++) {
        const kd_problem *problem = kd_report_problem(report, i);
        if (is_wanted(m, problem_text(problem, "signature.id"))) {
            kd_str title = problem_text(problem, "title");
            snprintf(m->why, sizeof m->why, "the same bug: %.*s", (int)title.len, title.ptr);
            return true;
        }
    }
    for (size_t i = 0; i < kd_report_event_count(report); i++) {
        const kd_event *event = kd_report_event(report, i);
        if (is_wanted(m, event_text(event, "signature.id"))) {
            kd_str title = event_text(event, "signature.title");
            snprintf(m->why, sizeof m->why, "the same bug: %.*s", (int)title.len, title.ptr);
            return true;
        }
    }
    return false;
}

static bool take_digits(const char **at, const char *end, uint64_t *out)
{
    const char *start = *at;
    for (*out = 0; *at < end && **at >= '0' && **at <= '9' && *at - start < 12; (*at)++)
        *out = *out * 10 + (uint64_t)(**at - '0');
    return *at > start;
}

/* "[   12.345678]": the last one of the tail; 0: there is none. */
static uint64_t last_time(const look *it)
{
    const char *end = it->tail + it->tail_len;
    uint64_t found = 0;
    for (const char *at = it->tail; (at = memchr(at, '[', (size_t)(end - at))); at++) {
        uint64_t seconds, rest;
        const char *in = at + 1;
        while (in < end && *in == ' ')
            in++;
        if (!take_digits(&in, end, &seconds) || in == end || *in++ != '.')
            continue;
        const char *start = in;
        if (take_digits(&in, end, &rest) && in - start == 6 && in < end && *in == ']')
            found = seconds * 1000000 + rest;
    }
    return found;
}

static bool dies_before(const kd_report *report, kd_str *title)
{
    for (size_t i = 0; i < kd_report_problem_count(report); i++) {
        const kd_problem *problem = kd_report_problem(report, i);
        kd_str impact = problem_text(problem, "impact");
        *title = problem_text(problem, "title");
        if (impact.len == 12 && memcmp(impact.ptr, "machine-down", 12) == 0)
            return true;
    }
    return false;
}

/* The wanted bug is not in it: would it be, if it were there? */
static bool is_too_short(match *m, const look *it)
{
    const kd_report *report = it->report;
    size_t events = kd_report_event_count(report);
    const kd_event *last = events ? kd_report_event(report, events - 1) : NULL;
    uint64_t ends = last_time(it);
    kd_str title;
    if (!is_kernel_log(report))
        snprintf(m->why, sizeof m->why, "no line of a kernel is in it");
    else if (it->limited)
        snprintf(m->why, sizeof m->why, "a limit cut the analysis short");
    else if (m->reached)
        snprintf(m->why, sizeof m->why, "%s%.200s", it->marked ? "" : "it ends before ",
                 it->marked ? "" : m->reached);
    else if (last && event_number(last, "complete", 1) == 0)
        snprintf(m->why, sizeof m->why, "its last report is cut");
    else if (m->time_us && ends && ends < m->time_us)
        snprintf(
            m->why, sizeof m->why, "it ends after %llu.%06llu s, the bug showed at %llu.%06llu",
            (unsigned long long)(ends / 1000000), (unsigned long long)(ends % 1000000),
            (unsigned long long)(m->time_us / 1000000), (unsigned long long)(m->time_us % 1000000));
    else if (dies_before(report, &title))
        snprintf(m->why, sizeof m->why, "another bug stopped the machine: %.*s", (int)title.len,
                 title.ptr);
    return m->why[0] != 0;
}

static int match_log(match *m, const char *path)
{
    static look it;
    memset(&it, 0, sizeof it);
    it.marker = (kd_str){ m->reached, m->reached ? strlen(m->reached) : 0 };
    int result = EXIT_CANNOT;
    m->why[0] = 0;
    if (look_at(m->engine, &m->options, path, &it) != 0) {
        look_free(&it);
        return EXIT_CANNOT;
    }
    size_t others = kd_report_problem_count(it.report);
    if (shows(m, it.report))
        result = EXIT_SAME;
    else if (!is_too_short(m, &it))
        result = EXIT_OTHER;
    text line = { 0 };
    text_print(&line, "%s: ", path);
    if (result == EXIT_OTHER)
        text_print(&line, "not this bug; %zu problem%s", others, others == 1 ? "" : "s");
    else
        text_print(&line, "%s%s", result == EXIT_CANNOT ? "cannot tell: " : "", m->why);
    size_t len = line.at ? make_safe(line.at, line.len) : 0;
    if (!m->quiet && len > 0 && put_stdout(line.at, len, NULL) == 0)
        put_stdout("\n", 1, NULL);
    text_free(&line);
    look_free(&it);
    return result;
}

/* ---- the call -------------------------------------------------------------------------------- */

static int match_all(match *m, int count, char **paths)
{
    bool same = false, cannot = false;
    kd_status made = kd_engine_new(&m->engine, NULL);
    if (made != KD_OK)
        return complain(NULL, kd_status_name(made));
    if (add_pack_list(m->engine, &m->packs) != 0)
        return EXIT_TROUBLE;
    if (!m->no_sandbox)
        enter_sandbox(count, paths);
    if (is_signature(paths[0]))
        memcpy(m->wanted, paths[0], 17);
    else if (read_wanted(m, paths[0]) != 0)
        return EXIT_TROUBLE;
    for (int i = 1; i < count; i++) {
        int result = match_log(m, paths[i]);
        same |= result == EXIT_SAME;
        cannot |= result == EXIT_CANNOT;
    }
    if (m->bisect && !(cannot && !same))
        return same ? EXIT_OTHER : EXIT_SAME;
    return same ? EXIT_SAME : cannot ? EXIT_CANNOT : EXIT_OTHER;
}

static int set_option(match *m, int option, const char *value)
{
    int fact = set_fact(&m->options, option, value);
    switch (fact >= 0 ? 0 : option) {
    case 0: return fact;
    case OPT_BISECT: m->bisect = true; return 0;
    case OPT_REACHED:
        if (strlen(value) < 1 || strlen(value) > 256)
            return complain(NULL, "--reached takes a text of at most 256 bytes");
        m->reached = value;
        return 0;
    case 'q': m->quiet = true; return 0;
    case OPT_PACK: return note_pack(&m->packs, value);
    case OPT_NO_SANDBOX: m->no_sandbox = true; return 0;
    default: return complain(NULL, "wrong option; try oopsdoc match --help");
    }
}

int cmd_match(int argc, char **argv)
{
    match m = { .options = tool_options() };
    int option, result = 0;
    opterr = 0;
    while (result == 0 && (option = getopt_long(argc, argv, "q", options, NULL)) != -1) {
        if (option == OPT_HELP)
            return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
        result = set_option(&m, option, optarg);
    }
    if (result == 0 && argc - optind < 2)
        result = complain(NULL, "match takes SIGNATURE or REPORT.json, and logs");
    if (result == 0)
        result = match_all(&m, argc - optind, argv + optind);
    kd_engine_free(m.engine);
    free_facts(&m.options);
    return m.bisect && result == EXIT_TROUBLE ? EXIT_BISECT_TROUBLE : result;
}

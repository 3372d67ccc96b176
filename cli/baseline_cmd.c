/* baseline_cmd.c - oopsdoc baseline: entries out of reports, and what they are worth. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline.h"
#include "options.h"

static const char help[] =
    "usage: oopsdoc baseline add --reason WHY [OPTIONS] FILE REPORT.json...\n"
    "       oopsdoc baseline check FILE [REPORT.json...]\n"
    "Known problems, for --baseline of analyze and triage. add writes an entry to FILE for\n"
    "each problem of the reports that is not known yet; FILE is made when it is not there.\n"
    "REPORT.json: of analyze, or of triage -f json; -: standard input.\n"
    "\n"
    "      --reason WHY  why it need not be told (asked for)\n"
    "      --owner WHO   who looks after it\n"
    "      --expires D   2027-01-31: counts again after that day\n"
    "      --arch ARCH, --from REL, --until REL, --host GLOB\n"
    "                    only there; until itself does not belong to it\n"
    "      --signature S only the problem of that signature\n"
    "      --by-rule     entries name the rule, not the signature\n"
    "      --today D     another day than the clock's\n"
    "      --no-sandbox  keep the rights to other files and system calls\n"
    "\n"
    "Exit status: 0; 1 check: an entry has expired, or was not seen in the reports; 2 a\n"
    "wrong call, or FILE is none.\n"
    "\n"
    "example:\n"
    "  oopsdoc analyze boot.log | oopsdoc baseline add --reason 'BZ 207065' known.json -\n";

enum {
    OPT_REASON = 256,
    OPT_OWNER,
    OPT_EXPIRES,
    OPT_ARCH_IS,
    OPT_FROM,
    OPT_UNTIL,
    OPT_HOST,
    OPT_SIGNATURE,
    OPT_BY_RULE,
    OPT_TODAY,
    OPT_NO_SANDBOX,
    OPT_HELP
};

static const struct option options[] = {
    { "reason", required_argument, NULL, OPT_REASON },
    { "owner", required_argument, NULL, OPT_OWNER },
    { "expires", required_argument, NULL, OPT_EXPIRES },
    { "arch", required_argument, NULL, OPT_ARCH_IS },
    { "from", required_argument, NULL, OPT_FROM },
    { "until", required_argument, NULL, OPT_UNTIL },
    { "host", required_argument, NULL, OPT_HOST },
    { "signature", required_argument, NULL, OPT_SIGNATURE },
    { "by-rule", no_argument, NULL, OPT_BY_RULE },
    { "today", required_argument, NULL, OPT_TODAY },
    { "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

typedef struct change {
    const char *words[OPT_HELP - 256]; /* by option */
    bool by_rule, no_sandbox;
    json_object *whole, *entries;
    size_t added;
} change;

#define WORD(c, option) ((c)->words[(option)-256])

/* ---- problems of reports --------------------------------------------------------------------- */

typedef void (*each_fn)(void *user, json_object *problem, json_object *report);

/* Of a report, of an array of them, and groups of triage. */
static void each_problem(json_object *report, each_fn each, void *user)
{
    json_object *list = json_member(report, "problems", json_type_array);
    if (json_object_is_type(report, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(report); i++)
            each_problem(json_object_array_get_idx(report, i), each, user);
        return;
    }
    list = list ? list : json_member(report, "groups", json_type_array);
    for (size_t i = 0; list && i < json_object_array_length(list); i++)
        each(user, json_object_array_get_idx(list, i), report);
}

static kd_str signature_of(json_object *problem)
{
    json_object *signature = json_member(problem, "signature", json_type_object);
    return signature ? json_str(signature, "id") : json_str(problem, "signature");
}

static kd_str title_of(json_object *problem)
{
    json_object *signature = json_member(problem, "signature", json_type_object);
    return json_str(signature ? signature : problem, "title");
}

/* Of a problem of a report its root has it. */
static kd_str rule_of(json_object *problem, json_object *report)
{
    json_object *diags = json_member(report, "diagnoses", json_type_array);
    kd_str root = json_str(problem, "root");
    for (size_t i = 0; diags && root.len > 0 && i < json_object_array_length(diags); i++) {
        json_object *diag = json_object_array_get_idx(diags, i);
        if (strcmp(json_str(diag, "id").ptr, root.ptr) == 0)
            return json_str(diag, "rule");
    }
    return json_str(problem, "rule");
}

static int read_reports(int count, char **paths, each_fn each, void *user)
{
    for (int i = 0; i < count; i++) {
        kd_str whole = { NULL, 0 };
        if (!read_whole(paths[i], &whole))
            return EXIT_TROUBLE;
        json_object *report = json_read(whole);
        free((void *)(uintptr_t)whole.ptr);
        bool good = report && (json_object_is_type(report, json_type_array) ||
                               json_member(report, "problems", json_type_array) ||
                               json_member(report, "groups", json_type_array));
        if (good)
            each_problem(report, each, user);
        json_object_put(report);
        if (!good)
            return complain(paths[i], "no report");
    }
    return 0;
}

/* ---- add ------------------------------------------------------------------------------------- */

static bool has_entry(const change *c, const char *name, kd_str value)
{
    for (size_t i = 0; i < json_object_array_length(c->entries); i++)
        if (strcmp(json_str(json_object_array_get_idx(c->entries, i), name).ptr, value.ptr) == 0)
            return true;
    return false;
}

static void add_entry(void *user, json_object *problem, json_object *report)
{
    change *c = user;
    kd_str signature = signature_of(problem), rule = rule_of(problem, report);
    const char *only = WORD(c, OPT_SIGNATURE), *by = c->by_rule ? "rule" : "signature";
    kd_str key = c->by_rule ? rule : signature;
    if (key.len == 0 || (only && strcmp(only, signature.ptr) != 0) || has_entry(c, by, key))
        return;
    json_object *entry = json_object_new_object(), *kernel = json_object_new_object();
    json_add_text(entry, by, key);
    if (!c->by_rule)
        json_add_text(entry, "title", title_of(problem));
    json_add_words(kernel, "from", WORD(c, OPT_FROM));
    json_add_words(kernel, "until", WORD(c, OPT_UNTIL));
    json_add_words(entry, "arch", WORD(c, OPT_ARCH_IS));
    if (json_object_object_length(kernel) > 0)
        json_object_object_add(entry, "kernel", kernel);
    else
        json_object_put(kernel);
    json_add_words(entry, "host", WORD(c, OPT_HOST));
    json_add_words(entry, "reason", WORD(c, OPT_REASON));
    json_add_words(entry, "owner", WORD(c, OPT_OWNER));
    json_add_words(entry, "expires", WORD(c, OPT_EXPIRES));
    json_object_array_add(c->entries, entry);
    c->added++;
}

static int open_entries(change *c, const char *path)
{
    if (access(path, F_OK) != 0) {
        c->whole = json_object_new_object();
        c->entries = json_object_new_array();
        json_add_words(c->whole, "format", "kdiag-baseline/1");
        json_object_object_add(c->whole, "entries", c->entries);
        return 0;
    }
    baseline *b = baseline_read(path, NULL);
    kd_str whole = { NULL, 0 };
    if (!b)
        return EXIT_TROUBLE;
    baseline_free(b);
    if (!read_whole(path, &whole))
        return EXIT_TROUBLE;
    c->whole = json_read(whole);
    c->entries = json_member(c->whole, "entries", json_type_array);
    free((void *)(uintptr_t)whole.ptr);
    return c->entries ? 0 : complain(path, "no baseline");
}

/* The old file stays until the new one is whole. */
static int write_entries(const change *c, const char *path, const char *draft, int fd)
{
    size_t len = 0;
    const char *words = json_object_to_json_string_length(
        c->whole,
        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    bool good = words && len > 0;
    for (size_t done = 0; good && done < len;) {
        ssize_t n = write(fd, words + done, len - done);
        good = n > 0 || (n < 0 && errno == EINTR);
        done += n > 0 ? (size_t)n : 0;
    }
    good = good && write(fd, "\n", 1) == 1 && fsync(fd) == 0 && rename(draft, path) == 0;
    return good ? 0 : complain(path, strerrordesc_np(errno));
}

static int add(change *c, int count, char **paths)
{
    text draft = { 0 }, folder = { 0 };
    const char *slash = strrchr(paths[0], '/');
    int result = open_entries(c, paths[0]);
    text_print(&draft, "%s.%ld", paths[0], (long)getpid());
    text_put(slash ? paths[0] : ".", slash ? (size_t)(slash - paths[0]) + 1 : 1, &folder);
    int fd = -1;
    if (result == 0)
        fd = open(draft.at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (result == 0 && fd < 0)
        result = complain(draft.at, strerrordesc_np(errno));
    if (result == 0 && !c->no_sandbox) {
        confine_files(count, paths, folder.at);
        confine_calls(true);
    }
    if (result == 0)
        result = read_reports(count - 1, paths + 1, add_entry, c);
    if (result == 0)
        result = write_entries(c, paths[0], draft.at, fd);
    if (result != 0 && fd >= 0)
        unlink(draft.at);
    if (fd >= 0)
        close(fd);
    if (result == 0) {
        text line = { 0 };
        text_print(&line, "%zu added, %zu known\n", c->added, json_object_array_length(c->entries));
        put_stdout(line.at ? line.at : "", line.len, NULL);
        text_free(&line);
    }
    text_free(&draft);
    text_free(&folder);
    json_object_put(c->whole);
    return result;
}

/* ---- check ----------------------------------------------------------------------------------- */

static void note_problem(void *user, json_object *problem, json_object *report)
{
    json_object *boots = json_member(report, "boots", json_type_array);
    json_object *boot = boots ? json_object_array_get_idx(boots, 0) : NULL;
    seen what = { signature_of(problem).ptr, rule_of(problem, report).ptr,
                  json_str(boot, "arch").ptr, json_str(boot, "kernel_release").ptr, NULL };
    baseline_known(user, &what);
}

static int check(change *c, int count, char **paths)
{
    if (!c->no_sandbox)
        enter_sandbox(count, paths);
    baseline *b = baseline_read(paths[0], WORD(c, OPT_TODAY));
    if (!b)
        return EXIT_TROUBLE;
    int result = read_reports(count - 1, paths + 1, note_problem, b);
    if (result == 0)
        result = baseline_report(b, count > 1) > 0 ? EXIT_FOUND : 0;
    baseline_free(b);
    return result;
}

static int set_option(change *c, int option, const char *value)
{
    if (option < 256 || option >= OPT_HELP)
        return complain(NULL, "wrong option; try oopsdoc baseline --help");
    if (option == OPT_BY_RULE)
        c->by_rule = true;
    else if (option == OPT_NO_SANDBOX)
        c->no_sandbox = true;
    else
        WORD(c, option) = value;
    if ((option == OPT_EXPIRES || option == OPT_TODAY) && !is_date(value))
        return complain(value, "a date such as 2026-11-27 is asked for");
    if ((option == OPT_FROM || option == OPT_UNTIL) &&
        kd_kernel_parse((kd_str){ value, strlen(value) }) == 0)
        return complain(value, "a kernel release such as 5.10 is asked for");
    return 0;
}

int cmd_baseline(int argc, char **argv)
{
    change c = { .whole = NULL };
    int option, result = 0;
    opterr = 0;
    while (result == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP)
            return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
        result = set_option(&c, option, optarg);
    }
    int count = argc - optind - 1;
    char **paths = argv + optind + 1;
    if (result != 0)
        return result;
    if (count >= 1 && strcmp(argv[optind], "check") == 0)
        return check(&c, count, paths);
    if (count >= 2 && strcmp(argv[optind], "add") == 0)
        return WORD(&c, OPT_REASON) ? add(&c, count, paths)
                                    : complain(NULL, "baseline add takes --reason WHY");
    return complain(NULL, "baseline takes add or check, a file, and reports; see --help");
}

/* ci.c - a report judged by what is known, and told to continuous integration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ci.h"

void ci_begin_file(ci *c)
{
    c->host[0] = 0;
    c->sought = false;
    c->files++;
}

void ci_hear(ci *c, kd_str bytes)
{
    if (c->sought || bytes.len <= 16) /* the first few come alone */
        return;
    c->sought = true;
    kd_str host = find_host((kd_str){ bytes.ptr, bytes.len < 65536 ? bytes.len : 65536 });
    if (host.len < sizeof c->host) {
        memcpy(c->host, host.ptr, host.len);
        c->host[host.len] = 0;
    }
}

static void copy(char *to, size_t size, kd_str from)
{
    size_t len = from.len < size ? from.len : size - 1;
    memcpy(to, from.ptr, len);
    to[len] = 0;
}

static kd_str boot_text(const kd_report *report, const kd_problem *problem, const char *path)
{
    const kd_event *event = root_event(report, problem);
    const kd_context *boot =
        kd_report_context(report, event ? (size_t)event_number(event, "boot", 0) : 0);
    kd_value value;
    bool has = boot && kd_context_get(boot, path, &value) == KD_OK && value.type == KD_TEXT;
    return has ? value.as.s : (kd_str){ "", 0 };
}

const char *ci_known(ci *c, const kd_report *report, const kd_problem *problem)
{
    char signature[24], arch[24], kernel[128];
    const kd_diag *diag = root_diag(report, problem);
    copy(signature, sizeof signature, problem_text(problem, "signature.id"));
    copy(arch, sizeof arch, boot_text(report, problem, "arch"));
    copy(kernel, sizeof kernel, boot_text(report, problem, "kernel_release"));
    const seen what = { signature, kd_diag_id(diag), arch, kernel, c->host[0] ? c->host : NULL };
    return c->known ? baseline_known(c->known, &what) : NULL;
}

void ci_judge(ci *c, const kd_report *report, const char *path)
{
    for (size_t i = 0; i < kd_report_problem_count(report); i++)
        c->unknown += ci_known(c, report, kd_report_problem(report, i)) == NULL;
    if (is_kernel_log(report))
        return;
    c->doubtful = true;
    complain(path, "no line of a kernel is in it: it tells nothing");
}

/* ---- KTAP ------------------------------------------------------------------------------------ */

/* '#' begins a directive. */
static void put_words(const char *before, kd_str words, const char *after)
{
    text line = { 0 };
    text_put(words.ptr, words.len, &line);
    for (size_t i = 0; i < line.len; i++)
        line.at[i] = line.at[i] == '#' ? '_' : line.at[i];
    size_t len = line.at ? make_safe(line.at, line.len) : 0;
    put_stdout(before, strlen(before), NULL);
    put_stdout(line.at ? line.at : "", len, NULL);
    put_stdout(after, strlen(after), NULL);
    text_free(&line);
}

void ci_put_ktap_head(int files)
{
    char line[64];
    snprintf(line, sizeof line, "KTAP version 1\n1..%d\n", files);
    put_stdout(line, strlen(line), NULL);
}

static void put_subtest(ci *c, const kd_report *report, size_t index)
{
    const kd_problem *problem = kd_report_problem(report, index);
    const kd_diag *diag = root_diag(report, problem);
    const char *known = ci_known(c, report, problem);
    kd_str signature = problem_text(problem, "signature.id");
    char before[64], after[128];
    snprintf(before, sizeof before, "    %s %zu ", known ? "ok" : "not ok", index + 1);
    put_words(before, problem_text(problem, "signature.title"), known ? " # XFAIL " : "\n");
    if (known)
        put_words("", (kd_str){ known, strlen(known) }, "\n");
    snprintf(after, sizeof after, "    # %.*s %s ", (int)signature.len, signature.ptr,
             kd_diag_id(diag));
    put_words(after, problem_text(problem, "title"), "\n");
}

void ci_put_ktap(ci *c, const kd_report *report, const char *path, bool limited)
{
    size_t count = report ? kd_report_problem_count(report) : 0, unknown = 0;
    char line[96];
    for (size_t i = 0; i < count; i++)
        unknown += ci_known(c, report, kd_report_problem(report, i)) == NULL;
    if (count > 0) {
        snprintf(line, sizeof line, "    KTAP version 1\n    1..%zu\n", count);
        put_stdout(line, strlen(line), NULL);
    }
    for (size_t i = 0; i < count; i++)
        put_subtest(c, report, i);
    const char *why = !report                  ? " # ERROR unreadable\n"
                      : limited                ? " # ERROR a limit cut it short\n"
                      : !is_kernel_log(report) ? " # ERROR no line of a kernel\n"
                                               : "\n";
    snprintf(line, sizeof line, "%s %zu ", *why == '\n' && unknown == 0 ? "ok" : "not ok",
             c->files);
    put_words(line, (kd_str){ path, strlen(path) }, why);
}

/* ---- KernelCI -------------------------------------------------------------------------------- */

static bool has_id(json_object *list, const char *id)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (strcmp(json_str(json_object_array_get_idx(list, i), "id").ptr, id) == 0)
            return true;
    return false;
}

/* Whose code: that under test, or what surrounds it. */
static json_object *culprit_of(const kd_problem *problem)
{
    kd_str class = problem_text(problem, "suspect.class");
    char word[24];
    copy(word, sizeof word, class);
    bool harness = strcmp(word, "hardware") == 0 || strcmp(word, "firmware") == 0 ||
                   strcmp(word, "configuration") == 0;
    bool tool = strcmp(word, "test") == 0 || strcmp(word, "workload") == 0;
    json_object *made = json_object_new_object();
    json_object_object_add(made, "code", json_object_new_boolean(!harness && !tool));
    json_object_object_add(made, "tool", json_object_new_boolean(tool));
    json_object_object_add(made, "harness", json_object_new_boolean(harness));
    return made;
}

static void add_issue(ci *c, const char *id, const kd_problem *problem, const kd_diag *diag)
{
    if (has_id(c->issues, id))
        return;
    json_object *issue = json_object_new_object(), *misc = json_object_new_object();
    json_add_words(issue, "id", id);
    json_add_number(issue, "version", problem_number(problem, "signature.version", 1));
    json_add_words(issue, "origin", c->origin);
    json_add_text(issue, "report_subject", problem_text(problem, "signature.title"));
    json_object_object_add(issue, "culprit", culprit_of(problem));
    json_add_text(issue, "comment", problem_text(problem, "title"));
    json_add_text(misc, "signature", problem_text(problem, "signature.id"));
    json_add_words(misc, "rule", kd_diag_id(diag));
    json_add_words(misc, "severity", kd_severity_name(kd_problem_severity(problem)));
    json_object_object_add(issue, "misc", misc);
    json_object_array_add(c->issues, issue);
}

static void add_incident(ci *c, const char *issue, const kd_report *report,
                         const kd_problem *problem, const char *path)
{
    json_object *incident = json_object_new_object(), *misc = json_object_new_object();
    const kd_event *event = root_event(report, problem);
    const char *known = ci_known(c, report, problem);
    text id = { 0 };
    /* the same log gives the same incident again */
    uint64_t seed = 14695981039346656037u;
    for (const char *at = c->test_id ? c->test_id : path; *at; at++)
        seed = (seed ^ (unsigned char)*at) * 1099511628211u;
    text_print(&id, "%s.%016llx.%llu", issue, (unsigned long long)seed,
               (unsigned long long)kd_problem_id(problem));
    json_add_text(incident, "id", text_str(&id));
    json_add_words(incident, "origin", c->origin);
    json_add_words(incident, "issue_id", issue);
    json_add_number(incident, "issue_version", problem_number(problem, "signature.version", 1));
    json_add_words(incident, "test_id", c->test_id);
    json_object_object_add(incident, "present", json_object_new_boolean(true));
    json_add_words(incident, "comment", known);
    json_add_words(misc, "source", path);
    if (event)
        json_add_number(misc, "line", event_number(event, "lines[0][0]", 0));
    json_add_number(misc, "count", problem_number(problem, "count", 1));
    json_object_object_add(misc, "known", json_object_new_boolean(known != NULL));
    json_object_object_add(incident, "misc", misc);
    json_object_array_add(c->incidents, incident);
    text_free(&id);
}

void ci_add_kcidb(ci *c, const kd_report *report, const char *path)
{
    if (!c->issues) {
        c->issues = json_object_new_array();
        c->incidents = json_object_new_array();
    }
    for (size_t i = 0; i < kd_report_problem_count(report); i++) {
        const kd_problem *problem = kd_report_problem(report, i);
        kd_str signature = problem_text(problem, "signature.id");
        char id[160];
        snprintf(id, sizeof id, "%s:kdiag-%.*s", c->origin, (int)signature.len, signature.ptr);
        add_issue(c, id, problem, root_diag(report, problem));
        add_incident(c, id, report, problem, path);
    }
}

int ci_put_kcidb(ci *c)
{
    json_object *whole = json_object_new_object(), *version = json_object_new_object();
    json_add_number(version, "major", 5);
    json_add_number(version, "minor", 3);
    json_object_object_add(whole, "version", version);
    json_object_object_add(whole, "issues",
                           c->issues ? json_object_get(c->issues) : json_object_new_array());
    json_object_object_add(whole, "incidents",
                           c->incidents ? json_object_get(c->incidents) : json_object_new_array());
    int result = put_json_pretty(whole);
    json_object_put(whole);
    return result;
}

void ci_free(ci *c)
{
    json_object_put(c->issues);
    json_object_put(c->incidents);
    baseline_free(c->known);
}

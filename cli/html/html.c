/* html.c - reports as one page: no script, no outside file, pictures in SVG. */
#include <stdlib.h>
#include <string.h>

#include "html.h"

static const char style[] =
#include "style.inc"
    ;

/* SHA-256 of the style: no other is applied (tests/check_html.py computes it again). */
#define STYLE_HASH "TNDa8CLQGT57E7DAGbBghAunL4FbAXWocqRhBZLvOxQ="

/* ---- parts ----------------------------------------------------------------------------------- */

void html_text(text *out, kd_str words)
{
    char *copy = copy_str(words);
    size_t len = copy ? make_safe(copy, words.len) : 0;
    for (size_t i = 0; i < len; i++) {
        switch (copy[i]) {
        case '<': text_add(out, "&lt;"); break;
        case '>': text_add(out, "&gt;"); break;
        case '&': text_add(out, "&amp;"); break;
        case '"': text_add(out, "&quot;"); break;
        case '\'': text_add(out, "&#39;"); break;
        default: text_put(copy + i, 1, out);
        }
    }
    free(copy);
}

void html_words(text *out, const char *words)
{
    html_text(out, (kd_str){ words, strlen(words) });
}

/* ---- the page -------------------------------------------------------------------------------- */

void html_begin(text *out, const char *title)
{
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'sha256-" STYLE_HASH "'; base-uri 'none'; form-action 'none'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_words(out, title);
    text_add(out, "</title>\n<style>");
    text_add(out, style);
    text_add(out, "</style>\n</head>\n<body>\n<main>\n");
}

void html_end(text *out, const char *title)
{
    (void)title;
    text_add(out, "</main>\n</body>\n</html>\n");
}

/* ---- a diagnosis ----------------------------------------------------------------------------- */

static void put_evidence(text *out, const kd_diag *diag)
{
    size_t count = kd_diag_evidence_count(diag);
    if (count == 0)
        return;
    text_add(out, "<h3>Evidence</h3>\n<table><thead><tr><th scope=\"col\">Line</th><th "
                  "scope=\"col\">Text</th><th scope=\"col\">Says</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++) {
        const kd_evidence *item = kd_diag_evidence(diag, i);
        text_print(out, "<tr><td>%llu</td><td>", (unsigned long long)item->line);
        if (item->text.len > 0) {
            text_add(out, "<code>");
            html_text(out, item->text);
            text_add(out, "</code>");
        }
        text_add(out, "</td><td>");
        html_text(out, item->says);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table>\n");
}

static void put_proof(text *out, const html_part *diag)
{
    size_t count = html_count(diag, "proof");
    if (count == 0)
        return;
    text_add(out, "<h3>Proof</h3>\n<ol>\n");
    for (size_t i = 0; i < count; i++) {
        html_part step = html_item(diag, "proof", i);
        html_member(out, "<li>", &step, "claim", "");
        html_member(out, "<br><code>", &step, "equation", "</code>");
        text_add(out, "</li>\n");
    }
    text_add(out, "</ol>\n");
}

static void put_list(text *out, const char *head, const html_part *of, const char *list)
{
    size_t count = html_count(of, list);
    if (count == 0)
        return;
    text_print(out, "<h3>%s</h3>\n<ul>\n", head);
    for (size_t i = 0; i < count; i++) {
        kd_value item = html_value_at(of, list, i);
        text_add(out, "<li>");
        if (item.type == KD_TEXT)
            html_text(out, item.as.s);
        text_add(out, "</li>\n");
    }
    text_add(out, "</ul>\n");
}

static void put_diag(text *out, const kd_diag *diag)
{
    html_part of = html_diag(diag);
    html_member(out, "<p>", &of, "explanation", "</p>\n");
    put_list(out, "What to do", &of, "remedies");
    put_list(out, "What would settle it", &of, "missing");
    text_add(out, "<details><summary>Evidence and proof</summary>\n");
    put_evidence(out, diag);
    put_proof(out, &of);
    text_add(out, "</details>\n");
}

/* ---- a problem ------------------------------------------------------------------------------- */

static void put_tag(text *out, const char *name, const html_part *of, const char *member)
{
    if (html_str(of, member).len == 0)
        return;
    text_print(out, "<li>%s", name);
    html_member(out, "", of, member, "</li>");
}

static void put_tags(text *out, const html_part *problem, const kd_diag *diag)
{
    uint64_t count = html_number(problem, "count", 1);
    text_add(out, "<ul class=\"tags\">");
    if (diag) {
        html_part of = html_diag(diag);
        put_tag(out, "", &of, "severity");
        put_tag(out, "", &of, "confidence");
        put_tag(out, "rule ", &of, "rule");
    }
    put_tag(out, "impact: ", problem, "impact");
    if (html_str(problem, "suspect.class").len > 0) {
        text_add(out, "<li>suspect: ");
        html_member(out, "", problem, "suspect.class", " ");
        html_member(out, "", problem, "suspect.name", "");
        text_add(out, "</li>");
    }
    if (count > 1)
        text_print(out, "<li>%llu times</li>", (unsigned long long)count);
    put_tag(out, "signature ", problem, "signature.id");
    text_add(out, "</ul>\n");
}

static kd_str arch_of(const kd_report *report, const html_part *event)
{
    uint64_t number = html_number(event, "boot", 0);
    for (size_t i = 0; i < kd_report_boot_count(report); i++) {
        html_part boot = html_boot(kd_report_context(report, i));
        if (html_number(&boot, "boot", i) == number)
            return html_str(&boot, "arch");
    }
    return (kd_str){ "", 0 };
}

static void put_event(text *out, const kd_report *report, const kd_event *event)
{
    html_part of = html_event(event);
    text_add(out, "<h3>");
    html_member(out, "", &of, "kind", "");
    if (html_has_number(&of, "lines[0][0]"))
        text_print(out, " <span class=\"soft\">line %llu</span>",
                   (unsigned long long)html_number(&of, "lines[0][0]", 0));
    text_add(out, "</h3>\n");
    html_member(out, "<p><code>", &of, "headline", "</code></p>\n");
    svg_memory(out, &of);
    svg_address(out, &of, arch_of(report, &of));
    html_stack(out, &of);
}

/* The other diagnoses, and the events. */
static void put_details(text *out, const kd_report *report, const html_part *problem,
                        const kd_diag *root)
{
    size_t diags = html_count(problem, "diagnoses"), events = html_count(problem, "events");
    for (size_t i = 0; i < diags; i++) {
        const kd_diag *diag = html_diag_by_id(report, html_value_at(problem, "diagnoses", i).as.u);
        if (!diag || diag == root)
            continue;
        html_part of = html_diag(diag);
        text_add(out, "<details><summary>");
        html_member(out, "", &of, "severity", ", ");
        html_member(out, "", &of, "confidence", ": ");
        html_member(out, "", &of, "title", "");
        text_add(out, "</summary>\n");
        put_diag(out, diag);
        text_add(out, "</details>\n");
    }
    for (size_t i = 0; i < events && i < 8; i++) {
        const kd_event *event = html_event_by_id(report, html_value_at(problem, "events", i).as.u);
        if (event)
            put_event(out, report, event);
    }
    if (events > 8)
        text_print(out, "<p class=\"soft\">and %zu more events</p>\n", events - 8);
}

static void put_problem(text *out, const kd_report *report, const kd_problem *problem)
{
    html_part of = html_problem(problem);
    const kd_diag *root = html_root(report, problem);
    text_add(out, "<article>\n<h2 class=\"");
    text_add(out, root ? kd_severity_name(kd_diag_severity(root)) : "info");
    text_add(out, "\">");
    html_member(out, "", &of, "title", "");
    text_add(out, "</h2>\n");
    put_tags(out, &of, root);
    if (root)
        put_diag(out, root);
    put_details(out, report, &of, root);
    text_add(out, "</article>\n");
}

/* ---- a report -------------------------------------------------------------------------------- */

static void put_boots(text *out, const kd_report *report)
{
    size_t count = kd_report_boot_count(report);
    for (size_t i = 0; i < count && i < 8; i++) {
        html_part boot = html_boot(kd_report_context(report, i));
        if (html_str(&boot, "kernel_release").len + html_str(&boot, "arch").len == 0)
            continue;
        text_print(out, "<li>boot %zu", i + 1);
        html_member(out, ": ", &boot, "kernel_release", "");
        html_member(out, ", ", &boot, "arch", "");
        html_member(out, ", ", &boot, "hardware", "");
        text_add(out, "</li>");
    }
}

/* What only one boot and one event tells is shown under its problem; dumps stand alone. */
static void put_dumps(text *out, const kd_report *report)
{
    size_t count = kd_report_event_count(report), shown = 0;
    for (size_t i = 0; i < count && shown < 4; i++) {
        const kd_event *event = kd_report_event(report, i);
        const char *kind = kd_event_kind(event);
        if (strcmp(kind, "meminfo") != 0 && strcmp(kind, "pagetypeinfo") != 0 &&
            strcmp(kind, "buddyinfo") != 0)
            continue;
        text_add(out, shown++ == 0
                          ? "<article>\n<h2 class=\"info\">Memory, as the log shows it</h2>\n"
                          : "");
        put_event(out, report, event);
    }
    text_add(out, shown > 0 ? "</article>\n" : "");
}

void html_report(text *out, const kd_report *report, const char *path, const char *why)
{
    size_t count = kd_report_problem_count(report);
    kd_stats stats;
    kd_report_stats(report, &stats, sizeof stats);
    text_add(out, "<section>\n<h1>");
    html_words(out, strcmp(path, "-") ? path : "standard input");
    text_print(out, "</h1>\n<p>%zu problem%s in %llu lines.</p>\n<ul class=\"tags\">", count,
               count == 1 ? "" : "s", (unsigned long long)stats.lines);
    if (why) {
        text_add(out, "<li class=\"fatal\">");
        html_words(out, why);
        text_add(out, "</li>");
    }
    put_boots(out, report);
    text_add(out, "</ul>\n");
    svg_timelines(out, report);
    for (size_t i = 0; i < count; i++)
        put_problem(out, report, kd_report_problem(report, i));
    if (count == 0)
        put_dumps(out, report);
    text_add(out, "</section>\n");
}

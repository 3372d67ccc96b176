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

void html_member(text *out, const char *before, json_object *of, const char *name,
                 const char *after)
{
    kd_str value = json_str(of, name);
    if (value.len == 0)
        return;
    text_add(out, before);
    html_text(out, value);
    text_add(out, after);
}

uint64_t html_number(json_object *of, const char *name, uint64_t otherwise)
{
    json_object *found = json_member(of, name, json_type_int);
    return found ? json_object_get_uint64(found) : otherwise;
}

size_t html_count(json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

json_object *html_item(json_object *list, size_t index)
{
    return index < html_count(list) ? json_object_array_get_idx(list, index) : NULL;
}

static json_object *list_of(json_object *of, const char *name)
{
    return json_member(of, name, json_type_array);
}

json_object *html_by_id(json_object *report, const char *list, const char *id)
{
    json_object *all = list_of(report, list);
    size_t number = strlen(id) > 1 ? (size_t)strtoull(id + 1, NULL, 10) : 0;
    json_object *likely = number > 0 ? html_item(all, number - 1) : NULL; /* they are numbered */
    if (strcmp(json_str(likely, "id").ptr, id) == 0 && likely)
        return likely;
    for (size_t i = 0; i < html_count(all); i++)
        if (strcmp(json_str(html_item(all, i), "id").ptr, id) == 0)
            return html_item(all, i);
    return NULL;
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

static void put_evidence(text *out, json_object *diag)
{
    json_object *list = list_of(diag, "evidence");
    if (html_count(list) == 0)
        return;
    text_add(out, "<h3>Evidence</h3>\n<table><thead><tr><th scope=\"col\">Line</th><th "
                  "scope=\"col\">Text</th><th scope=\"col\">Says</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < html_count(list); i++) {
        json_object *item = html_item(list, i);
        text_print(out, "<tr><td>%llu</td><td>", (unsigned long long)html_number(item, "line", 0));
        html_member(out, "<code>", item, "text", "</code>");
        text_add(out, "</td><td>");
        html_member(out, "", item, "says", "");
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table>\n");
}

static void put_proof(text *out, json_object *diag)
{
    json_object *list = list_of(diag, "proof");
    if (html_count(list) == 0)
        return;
    text_add(out, "<h3>Proof</h3>\n<ol>\n");
    for (size_t i = 0; i < html_count(list); i++) {
        html_member(out, "<li>", html_item(list, i), "claim", "");
        html_member(out, "<br><code>", html_item(list, i), "equation", "</code>");
        text_add(out, "</li>\n");
    }
    text_add(out, "</ol>\n");
}

static void put_list(text *out, const char *head, json_object *list)
{
    if (html_count(list) == 0)
        return;
    text_print(out, "<h3>%s</h3>\n<ul>\n", head);
    for (size_t i = 0; i < html_count(list); i++) {
        const char *words = json_object_get_string(html_item(list, i));
        text_add(out, "<li>");
        html_words(out, words ? words : "");
        text_add(out, "</li>\n");
    }
    text_add(out, "</ul>\n");
}

static void put_diag(text *out, json_object *diag)
{
    html_member(out, "<p>", diag, "explanation", "</p>\n");
    put_list(out, "What to do", list_of(diag, "remedies"));
    put_list(out, "What would settle it", list_of(diag, "missing"));
    text_add(out, "<details><summary>Evidence and proof</summary>\n");
    put_evidence(out, diag);
    put_proof(out, diag);
    text_add(out, "</details>\n");
}

/* ---- a problem ------------------------------------------------------------------------------- */

static void put_tag(text *out, const char *name, json_object *of, const char *member)
{
    if (json_str(of, member).len == 0)
        return;
    text_print(out, "<li>%s", name);
    html_member(out, "", of, member, "</li>");
}

static void put_tags(text *out, json_object *problem, json_object *diag)
{
    json_object *suspect = json_member(problem, "suspect", json_type_object);
    json_object *signature = json_member(problem, "signature", json_type_object);
    uint64_t count = html_number(problem, "count", 1);
    text_add(out, "<ul class=\"tags\">");
    put_tag(out, "", diag, "severity");
    put_tag(out, "", diag, "confidence");
    put_tag(out, "rule ", diag, "rule");
    put_tag(out, "impact: ", problem, "impact");
    if (suspect) {
        text_add(out, "<li>suspect: ");
        html_member(out, "", suspect, "class", " ");
        html_member(out, "", suspect, "name", "");
        text_add(out, "</li>");
    }
    if (count > 1)
        text_print(out, "<li>%llu times</li>", (unsigned long long)count);
    put_tag(out, "signature ", signature, "id");
    text_add(out, "</ul>\n");
}

static const char *arch_of(json_object *report, json_object *event)
{
    json_object *boots = list_of(report, "boots");
    for (size_t i = 0; i < html_count(boots); i++)
        if (html_number(html_item(boots, i), "boot", i) == html_number(event, "boot", 0))
            return json_str(html_item(boots, i), "arch").ptr;
    return "";
}

static void put_event(text *out, json_object *report, json_object *event)
{
    json_object *lines = html_item(list_of(event, "lines"), 0);
    json_object *first = html_item(lines, 0);
    text_add(out, "<h3>");
    html_member(out, "", event, "kind", "");
    if (first)
        text_print(out, " <span class=\"soft\">line %llu</span>",
                   (unsigned long long)json_object_get_uint64(first));
    text_add(out, "</h3>\n");
    html_member(out, "<p><code>", event, "headline", "</code></p>\n");
    svg_memory(out, event);
    svg_address(out, event, arch_of(report, event));
    html_stack(out, event);
}

static void put_problem(text *out, json_object *report, json_object *problem)
{
    json_object *diags = list_of(problem, "diagnoses"), *events = list_of(problem, "events");
    json_object *root = html_by_id(report, "diagnoses", json_str(problem, "root").ptr);
    text_add(out, "<article>\n<h2 class=\"");
    html_text(out,
              json_str(root, "severity").len ? json_str(root, "severity") : (kd_str){ "info", 4 });
    text_add(out, "\">");
    html_member(out, "", problem, "title", "");
    text_add(out, "</h2>\n");
    put_tags(out, problem, root);
    if (root)
        put_diag(out, root);
    for (size_t i = 0; i < html_count(diags); i++) {
        const char *id = json_object_get_string(html_item(diags, i));
        json_object *diag = html_by_id(report, "diagnoses", id ? id : "");
        if (!diag || diag == root)
            continue;
        text_add(out, "<details><summary>");
        html_member(out, "", diag, "severity", ", ");
        html_member(out, "", diag, "confidence", ": ");
        html_member(out, "", diag, "title", "");
        text_add(out, "</summary>\n");
        put_diag(out, diag);
        text_add(out, "</details>\n");
    }
    for (size_t i = 0; i < html_count(events) && i < 8; i++) {
        const char *id = json_object_get_string(html_item(events, i));
        json_object *event = html_by_id(report, "events", id ? id : "");
        if (event)
            put_event(out, report, event);
    }
    if (html_count(events) > 8)
        text_print(out, "<p class=\"soft\">and %zu more events</p>\n", html_count(events) - 8);
    text_add(out, "</article>\n");
}

/* ---- a report -------------------------------------------------------------------------------- */

static void put_boots(text *out, json_object *report)
{
    json_object *boots = list_of(report, "boots");
    for (size_t i = 0; i < html_count(boots) && i < 8; i++) {
        json_object *boot = html_item(boots, i);
        if (json_str(boot, "kernel_release").len + json_str(boot, "arch").len == 0)
            continue;
        text_print(out, "<li>boot %zu", i + 1);
        html_member(out, ": ", boot, "kernel_release", "");
        html_member(out, ", ", boot, "arch", "");
        html_member(out, ", ", boot, "hardware", "");
        text_add(out, "</li>");
    }
}

/* What only one boot and one event tells is shown under its problem; dumps stand alone. */
static void put_dumps(text *out, json_object *report)
{
    json_object *events = list_of(report, "events");
    size_t shown = 0;
    for (size_t i = 0; i < html_count(events) && shown < 4; i++) {
        json_object *event = html_item(events, i);
        const char *kind = json_str(event, "kind").ptr;
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

static void put_whole(text *out, json_object *report, const char *path, const char *why)
{
    json_object *problems = list_of(report, "problems");
    json_object *stats = json_member(report, "stats", json_type_object);
    size_t count = html_count(problems);
    text_add(out, "<section>\n<h1>");
    html_words(out, strcmp(path, "-") ? path : "standard input");
    text_print(out, "</h1>\n<p>%zu problem%s in %llu lines.</p>\n<ul class=\"tags\">", count,
               count == 1 ? "" : "s", (unsigned long long)html_number(stats, "lines", 0));
    if (why) {
        text_add(out, "<li class=\"fatal\">");
        html_words(out, why);
        text_add(out, "</li>");
    }
    put_boots(out, report);
    text_add(out, "</ul>\n");
    svg_timelines(out, report);
    for (size_t i = 0; i < count; i++)
        put_problem(out, report, html_item(problems, i));
    if (count == 0)
        put_dumps(out, report);
    text_add(out, "</section>\n");
}

void html_report(text *out, const kd_report *report, const char *path, const char *why)
{
    text words = { 0 };
    json_object *whole = NULL;
    if (kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &words) == KD_OK)
        whole = json_read(text_str(&words));
    if (whole)
        put_whole(out, whole, path, why);
    else /* a report is JSON: there was no memory to read it */
        note_no_memory();
    json_object_put(whole);
    text_free(&words);
}

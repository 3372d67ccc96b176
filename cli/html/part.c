/* part.c - what a page asks of a report, by the names of its JSON. */
#include <stdio.h>
#include <string.h>

#include "html.h"

static kd_status get_boot(const void *of, const char *path, kd_value *out)
{
    return kd_context_get(of, path, out);
}

static kd_status get_event(const void *of, const char *path, kd_value *out)
{
    return kd_event_get(of, path, out);
}

static kd_status get_diag(const void *of, const char *path, kd_value *out)
{
    return kd_diag_get(of, path, out);
}

static kd_status get_problem(const void *of, const char *path, kd_value *out)
{
    return kd_problem_get(of, path, out);
}

html_part html_boot(const kd_context *boot)
{
    return (html_part){ get_boot, boot, "" };
}

html_part html_event(const kd_event *event)
{
    return (html_part){ get_event, event, "" };
}

html_part html_diag(const kd_diag *diag)
{
    return (html_part){ get_diag, diag, "" };
}

html_part html_problem(const kd_problem *problem)
{
    return (html_part){ get_problem, problem, "" };
}

html_part html_inner(const html_part *of, const char *name)
{
    html_part inner = { of->get, of->of, "" };
    snprintf(inner.path, sizeof inner.path, "%.40s%.20s.", of->path, name);
    return inner;
}

html_part html_item(const html_part *of, const char *list, size_t index)
{
    html_part item = { of->get, of->of, "" };
    snprintf(item.path, sizeof item.path, "%.24s%.16s[%zu].", of->path, list, index);
    return item;
}

kd_value html_value(const html_part *of, const char *name)
{
    kd_value value;
    char path[128];
    snprintf(path, sizeof path, "%s%.60s", of->path, name);
    if (of->get(of->of, path, &value) != KD_OK)
        value.type = KD_NONE; /* what is of another kind has no such member */
    return value;
}

kd_value html_value_at(const html_part *of, const char *list, size_t index)
{
    char name[64];
    snprintf(name, sizeof name, "%.40s[%zu]", list, index);
    return html_value(of, name);
}

kd_str html_str(const html_part *of, const char *name)
{
    kd_value value = html_value(of, name);
    return value.type == KD_TEXT ? value.as.s : (kd_str){ "", 0 };
}

static bool is_number(const kd_value *value)
{
    return value->type == KD_U64 || (value->type == KD_I64 && value->as.i >= 0);
}

uint64_t html_number(const html_part *of, const char *name, uint64_t otherwise)
{
    kd_value value = html_value(of, name);
    return is_number(&value) ? value.as.u : otherwise;
}

bool html_has_number(const html_part *of, const char *name)
{
    kd_value value = html_value(of, name);
    return is_number(&value);
}

size_t html_count(const html_part *of, const char *list)
{
    kd_value value = html_value(of, list);
    return value.type == KD_LIST ? value.as.count : 0;
}

void html_member(text *out, const char *before, const html_part *of, const char *name,
                 const char *after)
{
    kd_value value = html_value(of, name);
    bool is_text = value.type == KD_TEXT && value.as.s.len > 0;
    if (!is_text && value.type != KD_HEX)
        return;
    text_add(out, before);
    if (is_text)
        html_text(out, value.as.s);
    else
        text_print(out, "0x%llx", (unsigned long long)value.as.u);
    text_add(out, after);
}

/* ---- by number ------------------------------------------------------------------------------- */

/* They stand in the order of their numbers, and few are left out. */
const kd_event *html_event_by_id(const kd_report *report, uint64_t id)
{
    size_t count = kd_report_event_count(report);
    for (size_t i = id < count ? (size_t)id : count; i > 0; i--) {
        const kd_event *event = kd_report_event(report, i - 1);
        if (kd_event_id(event) <= id)
            return kd_event_id(event) == id ? event : NULL;
    }
    return NULL;
}

const kd_diag *html_diag_by_id(const kd_report *report, uint64_t id)
{
    const kd_diag *likely = id > 0 ? kd_report_diag(report, (size_t)id - 1) : NULL;
    if (likely && kd_diag_number(likely) == id)
        return likely;
    for (size_t i = 0; i < kd_report_diag_count(report); i++)
        if (kd_diag_number(kd_report_diag(report, i)) == id)
            return kd_report_diag(report, i);
    return NULL;
}

const kd_diag *html_root(const kd_report *report, const kd_problem *problem)
{
    html_part of = html_problem(problem);
    if (html_count(&of, "diagnoses") == 0)
        return NULL; /* its root is an event */
    return html_diag_by_id(report, html_number(&of, "root", 0));
}

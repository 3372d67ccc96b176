/* result.c - what became of one log. */
#include <stdlib.h>
#include <string.h>

#include "triage.h"

void result_free(looked *r)
{
    if (!r)
        return;
    free(r->name);
    free(r->items);
    free(r->data);
    free(r);
}

void copy_clean(char *to, size_t size, kd_str from)
{
    size_t kept = 0;
    for (size_t at = 0, step; at < from.len; at += step) {
        uint32_t c = 0;
        size_t len = take_char(from.ptr + at, from.len - at, &c);
        step = len ? len : 1;
        if (kept + step >= size)
            break;
        if (len == 0 || c < ' ')
            to[kept++] = '?';
        else
            memcpy(to + kept, from.ptr + at, len), kept += len;
    }
    to[kept] = 0;
}

#define COPY(field, value) copy_clean(field, sizeof field, value)

static kd_str context_text(const kd_context *context, const char *path)
{
    kd_value value;
    bool has = context && kd_context_get(context, path, &value) == KD_OK && value.type == KD_TEXT;
    return has ? value.as.s : (kd_str){ "", 0 };
}

static void fill(finding *to, const kd_report *report, const kd_problem *problem)
{
    const kd_diag *diag = root_diag(report, problem);
    const kd_event *event = root_event(report, problem);
    const kd_context *boot =
        kd_report_context(report, (size_t)(event ? event_number(event, "boot", 0) : 0));
    COPY(to->signature, problem_text(problem, "signature.id"));
    COPY(to->title, problem_text(problem, "signature.title"));
    if (to->title[0] == 0)
        COPY(to->title, problem_text(problem, "title"));
    COPY(to->impact, problem_text(problem, "impact"));
    COPY(to->suspect_class, problem_text(problem, "suspect.class"));
    COPY(to->suspect, problem_text(problem, "suspect.name"));
    COPY(to->severity, ((kd_str){ kd_severity_name(kd_problem_severity(problem)),
                                  strlen(kd_severity_name(kd_problem_severity(problem))) }));
    if (diag) {
        const char *sure = kd_confidence_name(kd_diag_confidence(diag));
        COPY(to->rule, ((kd_str){ kd_diag_id(diag), strlen(kd_diag_id(diag)) }));
        COPY(to->confidence, ((kd_str){ sure, strlen(sure) }));
    }
    to->count = problem_number(problem, "count", 1);
    COPY(to->arch, context_text(boot, "arch"));
    COPY(to->kernel, context_text(boot, "kernel_release"));
    if (event) {
        COPY(to->wall_time, event_text(event, "wall_time"));
        to->first_line = event_number(event, "lines[0][0]", 0);
        to->last_line = event_number(event, "lines[0][1]", to->first_line);
    }
}

bool summarize(const kd_report *report, looked *out)
{
    kd_stats stats;
    size_t count = kd_report_problem_count(report), boots = kd_report_boot_count(report);
    kd_report_stats(report, &stats, sizeof stats);
    out->lines = stats.lines;
    if (count > 0 && !(out->items = zeroed_noted(count, sizeof *out->items)))
        return false;
    out->count = count;
    for (size_t i = 0; i < count; i++)
        fill(&out->items[i], report, kd_report_problem(report, i));
    const kd_context *last = boots ? kd_report_context(report, boots - 1) : NULL;
    COPY(out->arch, context_text(last, "arch"));
    COPY(out->kernel, context_text(last, "kernel_release"));
    if (out->outcome == OUTCOME_READ && !is_kernel_log(report))
        out->outcome = OUTCOME_NO_KERNEL;
    return true;
}

void tool_name(const kd_engine *engine, text *out)
{
    uint32_t v = kd_version();
    uint64_t seed = 14695981039346656037u;
    for (size_t i = 0; i < kd_engine_rule_count(engine); i++)
        for (const char *at = kd_engine_rule(engine, i)->id; *at; at++)
            seed = (seed ^ (unsigned char)*at) * 1099511628211u;
    text_print(out, "oopsdoc %u.%u.%u %08x", v >> 24, v >> 16 & 255, v & 65535,
               (unsigned)(seed ^ seed >> 32));
}

/* ---- hashes of what is known ----------------------------------------------------------------- */

static size_t place_of(const hash_set *set, const hash *key)
{
    static const hash none;
    size_t at;
    memcpy(&at, key->bytes, sizeof at);
    for (at %= set->room; memcmp(&set->items[at], &none, sizeof none) != 0 &&
                          memcmp(&set->items[at], key, sizeof *key) != 0;)
        at = (at + 1) % set->room;
    return at;
}

bool hash_set_has(const hash_set *set, const hash *key)
{
    return set->room > 0 && memcmp(&set->items[place_of(set, key)], key, sizeof *key) == 0;
}

bool hash_set_add(hash_set *set, const hash *key)
{
    if (set->count * 2 >= set->room) {
        hash_set wider = { NULL, 0, set->room ? set->room * 2 : 1024 };
        static const hash none;
        wider.items = zeroed_noted(wider.room, sizeof *wider.items);
        if (!wider.items)
            return false;
        for (size_t i = 0; i < set->room; i++)
            if (memcmp(&set->items[i], &none, sizeof none) != 0)
                wider.items[place_of(&wider, &set->items[i])] = set->items[i];
        wider.count = set->count;
        free(set->items);
        *set = wider;
    }
    if (!hash_set_has(set, key)) {
        set->items[place_of(set, key)] = *key;
        set->count++;
    }
    return true;
}

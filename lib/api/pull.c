/* pull.c - the life of a report: what is handed out early, what is kept for the rules, its end.
 * Layer: api. */
#include <string.h>

#include "api/judge.h"
#include "base/utf8.h"

/* What was handed out stays for the rules to look back at: this much of the memory, but always
 * some. */
#define PULLED_SHARE 32u
#define PULLED_AT_LEAST 256u

kd_report *kd_report_new(kd_engine *engine, const kd_options *options)
{
    kd_allocator *allocator = &engine->allocator;
    kd_report *report = allocator->resize(allocator->user, NULL, 0, sizeof *report);
    if (!report)
        return NULL;
    memset(report, 0, sizeof *report);
    report->engine = kd_engine_hold(engine);
    report->mem = (kd_mem){ .allocator = allocator, .limit = options->max_memory };
    report->arena.mem = &report->mem;
    report->problems = (kd_problems){ .mem = &report->mem, .limit = options->max_diags };
    report->former_problems.mem = &report->mem;
    report->rules = engine->rules.len;
    report->source_name = kd_arena_str(&report->arena, options->source_name);
    report->tool_name = options->tool_name
                            ? kd_arena_str(&report->arena, kd_str_of(options->tool_name))
                            : KD_STR("libkdiag");
    report->stats.bytes_not_utf8 = kd_utf8_bad(options->source_name);
    if (report->mem.failed != KD_E_NOMEM)
        return report;
    kd_report_free(report);
    return NULL;
}

static void let_go(kd_report *report, kd_event *event)
{
    kd_unfold(report, event);
    kd_event_free(event);
}

/* Its problem can no longer be made anew from its events. */
static void grow_old(const kd_event *event)
{
    kd_problem *problem = kd_problem_of(event->problem);
    if (problem)
        problem->aged = true;
}

/* Lets go of the oldest `count` events that were pulled. */
static void drop_events(kd_report *report, size_t count)
{
    size_t kept = 0, told = 0;
    for (size_t i = 0; i < report->events.len; i++) {
        kd_event *event = report->events.items[i];
        if (event->pulled && !event->retell && count > 0) {
            grow_old(event);
            let_go(report, event);
            report->pulled_events--;
            told += i < report->pull_from;
            count--;
        } else {
            report->events.items[kept++] = event;
        }
    }
    report->events.len = kept;
    report->pull_from -= told;
}

/* Judging sorted them by id; a portion may hold thousands of events with a diagnosis each. */
static kd_event *event_by_id(const kd_report *report, uint64_t id)
{
    KD_FIND(report->events, id, id);
}

/* Neither its event nor its problem may find it any more. */
static void unhang(kd_report *report, const kd_diag *diag)
{
    kd_event *event = event_by_id(report, diag->woken_by);
    kd_problem *problem = kd_problem_of(diag->problem);
    kd_diag **link = event ? &event->diags : NULL;
    if (problem && problem->root == diag)
        problem->root = NULL;
    while (link && *link) {
        if ((*link)->untold == diag)
            (*link)->untold = diag->untold;
        if (*link == diag)
            *link = diag->older;
        else
            link = &(*link)->older;
    }
}

static void free_diags(kd_diag **items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kd_arena arena = items[i]->arena;
        kd_arena_free(&arena);
    }
}

static void drop_diags(kd_report *report, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_diag *diag = report->diags.items[i];
        if (diag->pulled && count > 0) {
            kd_arena arena = diag->arena;
            unhang(report, diag);
            kd_arena_free(&arena);
            report->pulled_diags--;
            count--;
        } else {
            report->diags.items[kept++] = diag;
        }
    }
    report->diags.len = kept;
}

void kd_report_free(kd_report *report)
{
    if (!report)
        return;
    kd_engine *engine = report->engine;
    for (size_t i = 0; i < report->events.len; i++)
        let_go(report, report->events.items[i]);
    if (report->fold)
        kd_mem_free(&report->mem, report->fold, report->fold_size * sizeof *report->fold);
    free_diags(report->diags.items, report->diags.len);
    free_diags(report->former.items, report->former.len);
    free_diags(report->withdrawn.items, report->withdrawn.len);
    kd_report_free(report->earlier);
    kd_problems_free(&report->problems);
    kd_problems_free(&report->former_problems);
    KD_VEC_FREE(&report->mem, &report->former);
    KD_VEC_FREE(&report->mem, &report->withdrawn);
    KD_VEC_FREE(&report->mem, &report->seen);
    KD_VEC_FREE(&report->mem, &report->events);
    KD_VEC_FREE(&report->mem, &report->diags);
    for (size_t i = 0; i < report->boots.len; i++)
        kd_context_free(report->boots.items[i]);
    KD_VEC_FREE(&report->mem, &report->boots);
    kd_isas_close(&report->isas);
    kd_arena_free(&report->arena);
    engine->allocator.resize(engine->allocator.user, report, sizeof *report, 0);
    kd_engine_free(engine);
}

void kd_report_adopt_earlier(kd_report *report, kd_report *earlier)
{
    for (size_t i = 0; i < earlier->events.len; i++) {
        earlier->events.items[i]->before = true;
        earlier->events.items[i]->decoded = earlier->events.items[i]->judged = true;
    }
    report->earlier = earlier;
}

/* How many of the pulled ones go. An eighth at once, so that not every pull has to move the rest.
 */
static size_t too_many(const kd_report *report, size_t pulled, size_t most)
{
    bool heavy = report->mem.used > report->mem.limit / PULLED_SHARE && pulled > PULLED_AT_LEAST;
    if (pulled <= most && !heavy)
        return 0;
    size_t over = pulled > most ? pulled - most : 0;
    return over + (pulled - over) / 8;
}

/* Those that were told, and of which nothing is left. Of those that stay each may be held by an
 * event or a diagnosis that was pulled: the limit is for new ones. */
static void forget_problems(kd_report *report, const kd_options *options)
{
    for (size_t i = 0; i < report->events.len; i++) {
        kd_event *event = report->events.items[i];
        event->problem = kd_problem_of(event->problem);
        if (event->problem)
            event->problem->live = true;
    }
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_diag *diag = report->diags.items[i];
        diag->problem = kd_problem_of(diag->problem);
        if (diag->problem && !kd_problem_may_go(diag->problem))
            diag->problem->live = true;
        else
            diag->problem = NULL;
    }
    kd_problems_forget(&report->problems);
    report->forget_at = report->problems.items.len;
    report->problems.limit = report->forget_at + options->max_diags;
}

static void drop_old(kd_report *report, const kd_options *options)
{
    size_t events = too_many(report, report->pulled_events, options->max_history);
    size_t diags = too_many(report, report->pulled_diags, options->max_diags);
    if (events > 0)
        drop_events(report, events);
    if (diags > 0)
        drop_diags(report, diags);
    if (report->problems.items.len > report->forget_at + options->max_diags / 2)
        forget_problems(report, options);
}

/* ---- handing out ----------------------------------------------------------------------------- */

/* The first of its diagnoses that was not handed out. */
static kd_diag *first_untold(const kd_event *event)
{
    kd_diag *first = NULL;
    for (kd_diag *diag = event->diags; diag; diag = diag->older)
        first = diag->pulled ? first : diag;
    return first;
}

static bool pull_diag(kd_report *report, kd_item *out)
{
    if (report->withdrawn_at < report->withdrawn.len) {
        out->diag = report->withdrawn.items[report->withdrawn_at++];
        return true;
    }
    if (!report->telling)
        return false;
    out->diag = report->telling;
    report->telling->pulled = true;
    report->telling->told = kd_diag_hash(report->telling);
    report->pulled_diags++;
    do
        report->telling = report->telling->untold;
    while (report->telling && report->telling->pulled);
    return true;
}

static bool pull_boot(kd_context *boot, kd_item *out)
{
    if (!boot || boot->pulled)
        return false;
    boot->pulled = true;
    boot->told = kd_boot_hash(boot);
    boot->told_first = boot->first_line;
    boot->told_last = boot->last_line;
    out->boot = boot;
    return true;
}

static bool pull_event(kd_report *report, kd_item *out)
{
    for (; report->pull_from < report->events.len; report->pull_from++) {
        kd_event *event = report->events.items[report->pull_from];
        if (!event->judged)
            return false;
        if (event->pulled && event->retell) {
            event->retell = false;
            report->telling = first_untold(event);
            if (report->telling)
                return pull_diag(report, out);
        }
        if (event->pulled)
            continue;
        if (pull_boot(kd_boot_of(report, event), out))
            return true;
        event->pulled = true;
        event->retell = false;
        event->told = kd_event_hash(event);
        event->told_count = event->repeat.count;
        event->told_state = event->boot_state;
        report->pulled_events++;
        out->event = event;
        report->telling = first_untold(event);
        return true;
    }
    return false;
}

static bool pull_problem(kd_report *report, kd_item *out)
{
    kd_problem *problem = kd_problems_next(&report->former_problems);
    if (!problem)
        problem = kd_problems_next(&report->problems);
    if (!problem)
        return false;
    problem->told = kd_problem_hash(problem);
    problem->told_count = problem->count;
    out->problem = problem;
    return true;
}

/* Boots without an event are told when they are over. */
static bool pull_other_boot(kd_report *report, kd_item *out)
{
    for (; report->boot_from < report->boots.len; report->boot_from++) {
        bool last = report->boot_from + 1 == report->boots.len;
        if (last && !report->settled)
            return false;
        if (pull_boot(report->boots.items[report->boot_from], out))
            return true;
    }
    report->settled = false;
    return false;
}

kd_status kd_report_pull(kd_report *report, const kd_options *options, kd_item *out)
{
    drop_old(report, options);
    return pull_diag(report, out) || pull_event(report, out) || pull_other_boot(report, out) ||
                   pull_problem(report, out)
               ? KD_OK
               : KD_END;
}

kd_status kd_report_finish(kd_report *report)
{
    drop_diags(report, report->pulled_diags);
    drop_events(report, report->pulled_events);
    kd_status status = kd_report_sort(report);
    if (status == KD_OK)
        kd_finish_problems(report);
    return status;
}

/* thin.c - what is kept where a limit does not allow all. Layer: api.
 *
 * The first of each kind and the last stay, then the most severe, of those alike the newest. The
 * rest is counted. Diagnoses need memory too: events alone get half of it.
 */
#include <stdlib.h>
#include <string.h>

#include "api/judge.h"

/* Of boots that were handed out and have no event so many stay. */
#define TOLD_BOOTS 256u

typedef struct ranked {
    uint64_t rank; /* the higher, the better */
    size_t index;
    bool kept;
} ranked;

static int best_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return x->rank > y->rank ? -1 : x->rank < y->rank;
}

static int by_index(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Those that stay, in their order again. */
static void choose(ranked *items, size_t count, size_t most)
{
    qsort(items, count, sizeof *items, best_first);
    for (size_t i = 0; i < count; i++)
        items[i].kept = i < most;
    qsort(items, count, sizeof *items, by_index);
}

static uint64_t rank_of(bool special, kd_severity severity, size_t index)
{
    return (uint64_t)special << 60 | (uint64_t)severity << 56 | index;
}

/* To get below a limit takes a little memory: it may go beyond for that. NULL: there is none at
 * all. */
static void *room_for(kd_report *report, size_t size)
{
    size_t limit = report->mem.limit;
    report->mem.limit = SIZE_MAX;
    void *room = kd_mem_resize(&report->mem, NULL, 0, size);
    report->mem.limit = limit;
    return room;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Only those that nobody knows of yet. */
static bool may_go(const kd_event *event)
{
    return !event->judged && !event->pulled;
}

static size_t rank_events(const kd_report *report, ranked *items, bool *seen)
{
    size_t count = 0, last = report->events.len;
    for (size_t i = 0; i < report->events.len; i++)
        if (last == report->events.len ||
            report->events.items[i]->id > report->events.items[last]->id)
            last = i;
    for (size_t i = 0; i < report->events.len; i++) {
        const kd_event *event = report->events.items[i];
        bool first = !seen[event->kind->index];
        seen[event->kind->index] = true;
        if (may_go(event))
            items[count++] = (ranked){
                event->damaged ? 0 : rank_of(first || i == last, event->kind->severity, i), i, false
            };
    }
    return count;
}

static void leave_out(kd_report *report, kd_event *event)
{
    report->stats.events_left_out++;
    report->stats.events--;
    kd_unfold(report, event);
    kd_event_free(event);
}

void kd_thin_events(kd_report *report, size_t most)
{
    size_t size = report->events.len * sizeof(ranked) + kd_kind_count;
    char *room = report->events.len ? room_for(report, size) : NULL;
    if (!room)
        return;
    ranked *items = (ranked *)(void *)room;
    bool *seen = (bool *)(room + report->events.len * sizeof *items);
    memset(seen, 0, kd_kind_count);
    size_t count = rank_events(report, items, seen), kept = 0, at = 0, all = report->events.len;
    choose(items, count, most);
    for (size_t i = 0; i < all; i++) {
        kd_event *event = report->events.items[i];
        bool ranked_here = at < count && items[at].index == i;
        if (ranked_here && (!items[at++].kept || event->damaged))
            leave_out(report, event);
        else
            report->events.items[kept++] = event;
    }
    report->events.len = kept;
    report->pull_from = 0;
    kd_mem_free(&report->mem, room, size);
}

void kd_obey_history(kd_report *report, size_t most)
{
    if (report->events.len - report->pulled_events <= most)
        return;
    report->stats.limits |= KD_LIMIT_HISTORY;
    kd_thin_events(report, most);
}

void kd_obey_memory(kd_report *report)
{
    size_t share = report->mem.limit / 2;
    size_t mark = report->thin_at > share ? report->thin_at : share;
    if (report->mem.used <= mark)
        return;
    report->stats.limits |= KD_LIMIT_MEMORY;
    kd_thin_boots(report, report->boots.len / 2);
    kd_thin_events(report, report->events.len - report->events.len / 4);
    /* where something else takes it, events are not thinned for each byte */
    report->thin_at = report->mem.used + report->mem.limit / 16;
}

/* ---- boots ----------------------------------------------------------------------------------- */

static void mark_boots(const kd_report *report)
{
    for (size_t i = 0; i < report->boots.len; i++)
        report->boots.items[i]->in_use = i + 1 == report->boots.len;
    for (size_t i = 0; i < report->events.len; i++) {
        kd_context *boot = kd_boot_of(report, report->events.items[i]);
        if (boot)
            boot->in_use = true;
    }
}

void kd_thin_boots(kd_report *report, size_t most)
{
    size_t kept = 0, all = report->boots.len;
    mark_boots(report);
    for (size_t i = 0; i < all; i++) {
        kd_context *boot = report->boots.items[i];
        if (boot->in_use || all - i <= (boot->pulled && most > TOLD_BOOTS ? TOLD_BOOTS : most)) {
            report->boots.items[kept++] = boot;
            continue;
        }
        report->stats.boots_left_out += !boot->pulled;
        kd_context_free(boot);
    }
    report->boots.len = kept;
    report->boot_from = 0;
    report->boots_at = 2 * kept + 4 * TOLD_BOOTS;
}

/* ---- diagnoses ------------------------------------------------------------------------------- */

static void free_diag(kd_report *report, kd_diag *diag)
{
    kd_arena arena = diag->arena;
    kd_arena_free(&arena);
    report->stats.diags_left_out++;
}

static void rank_diags(const kd_report *report, ranked *items, bool *seen)
{
    for (size_t i = 0; i < report->diags.len; i++) {
        const kd_diag *diag = report->diags.items[i];
        size_t rule = (size_t)(diag->rule - report->engine->rules.items);
        items[i] = (ranked){ rank_of(!seen[rule], diag->severity, i), i, false };
        seen[rule] = true;
    }
}

static bool is_there(const kd_report *report, uint64_t id)
{
    return kd_report_diag_by_id(report, id);
}

/* What was caused by one that is gone no longer says so. */
static void forget_causes(kd_report *report)
{
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_list *causes = &report->diags.items[i]->caused_by;
        uint32_t kept = 0;
        for (uint32_t k = 0; k < causes->count; k++)
            if (is_there(report, KD_ITEMS(*causes, uint64_t)[k]))
                KD_ITEMS(*causes, uint64_t)[kept++] = KD_ITEMS(*causes, uint64_t)[k];
        causes->count = kept;
    }
}

static void forget_problems(kd_report *report, kd_event *const *events, size_t count)
{
    uint64_t base = report->problems.next_id - report->problems.items.len;
    size_t limit = report->problems.limit;
    kd_problems_free(&report->problems);
    report->problems = (kd_problems){ .mem = &report->mem, .limit = limit, .next_id = base };
    for (size_t i = 0; i < count; i++)
        events[i]->problem = NULL;
    for (size_t i = 0; i < report->diags.len; i++)
        report->diags.items[i]->problem = NULL;
}

/* As if the rules had said only what is kept. */
static void note_again(kd_report *report, kd_event *const *all, size_t from, size_t until)
{
    size_t count = report->diags.len, at = 0;
    for (size_t i = from; i < until; i++) {
        size_t first = at;
        all[i]->diags = NULL;
        for (; at < count && report->diags.items[at]->woken_by == all[i]->id; at++)
            kd_hang_on_event(all[i], report->diags.items[at]);
        report->diags.len = at;
        kd_note_problems(report, all, i, first);
    }
    report->diags.len = count;
}

void kd_thin_diags(kd_report *report, kd_event *const *all, kd_range judged, size_t most)
{
    size_t rules = report->engine->rules.len, all_diags = report->diags.len, kept = 0;
    size_t size = all_diags * sizeof(ranked) + rules;
    char *room = all_diags > most ? room_for(report, size) : NULL;
    if (!room)
        return;
    ranked *items = (ranked *)(void *)room;
    memset(room + all_diags * sizeof *items, 0, rules);
    rank_diags(report, items, (bool *)(room + all_diags * sizeof *items));
    choose(items, all_diags, most);
    forget_problems(report, report->events.items, report->events.len);
    for (size_t i = 0; i < all_diags; i++)
        if (items[i].kept)
            report->diags.items[kept++] = report->diags.items[i];
        else
            free_diag(report, report->diags.items[i]);
    report->diags.len = kept;
    report->stats.limits |= KD_LIMIT_DIAGS;
    forget_causes(report);
    kd_mem_free(&report->mem, room, size);
    note_again(report, all, (size_t)judged.first, (size_t)judged.last);
}

/* ---- all of it again ------------------------------------------------------------------------- */

void kd_unjudge(kd_report *report)
{
    forget_problems(report, report->events.items, report->events.len);
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_arena arena = report->diags.items[i]->arena;
        kd_arena_free(&arena);
    }
    report->next_diag -= report->diags.len;
    report->diags.len = 0;
    for (size_t i = 0; i < report->boots.len; i++)
        report->boots.items[i]->said.count = 0;
    report->stats.diags_left_out = report->stats.rules_failed = 0;
    for (size_t i = 0; i < report->events.len; i++) {
        kd_event *event = report->events.items[i];
        event->diags = NULL;
        event->diags_left_out = event->rules_failed = 0;
        event->judged = event->diagnosed = false;
    }
    report->fresh = true;
}

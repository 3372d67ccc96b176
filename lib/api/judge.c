/* judge.c - decoding events and asking the rules; the life of a report. Layer: api. */
#include "api/judge.h"
#include "family/fields.h"
#include "problem/signature.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/decode.h"

/* What was handed out stays for the rules to look back at: this much of the memory, but always
 * some. */
#define PULLED_SHARE 16u
#define PULLED_AT_LEAST 256u

/* ---- identical events ------------------------------------------------------------------------ */

static size_t bucket_of(kd_str text)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    return hash % KD_FOLD_BUCKETS;
}

static void add_range(kd_event *first, const kd_event *event)
{
    const kd_line_ref *lines = kd_event_lines(event);
    uint64_t low = UINT64_MAX, high = 0;
    for (uint32_t i = 0; i < event->lines.count; i++) {
        if (lines[i].aside)
            continue;
        low = lines[i].number < low ? lines[i].number : low;
        high = lines[i].number > high ? lines[i].number : high;
    }
    kd_range *range = first->repeat.lines.count < KD_REPEAT_RANGES
                          ? KD_LIST_ADD(&first->arena, &first->repeat.lines, kd_range)
                          : NULL;
    if (range)
        *range = (kd_range){ low, high };
    else
        first->repeat.lines_left_out++;
}

static void count_repeat(const kd_identity *identity, kd_event *first, const kd_event *event)
{
    kd_repeat *repeat = &first->repeat;
    if (repeat->count == 0) {
        repeat->count = 1;
        repeat->first_time_us = repeat->last_time_us = first->time_us;
        repeat->has_time = first->has_time;
        add_range(first, first);
    }
    repeat->count++;
    kd_identity_add_suppressed(identity, first, event);
    if (event->has_time)
        repeat->last_time_us = event->time_us;
    add_range(first, event);
    /* who already has the first is told at 2, 4, 8 ... */
    if ((repeat->count & (repeat->count - 1)) == 0)
        first->pulled = false;
}

static void free_event(kd_event *event)
{
    kd_arena arena = event->arena;
    kd_arena_free(&arena);
}

/* Counts the event and lets go of it, but for the last one that has a memory dump: how its numbers
 * differ from those of the first is what tells a leak. */
static void fold_onto(kd_report *report, kd_event *first, kd_event *event)
{
    const kd_identity *identity = &report->engine->identities.items[event->kind->index];
    count_repeat(identity, first, event);
    kd_problem_repeated(&report->problems, first, event);
    if (!kd_event_meminfo(event) || kd_event_meminfo(event)->zones.count == 0) {
        free_event(event);
        return;
    }
    if (first->repeat.latest)
        free_event(first->repeat.latest);
    event->id = first->id; /* the report knows it by that name */
    first->repeat.latest = event;
}

bool kd_fold(kd_report *report, kd_event *event)
{
    const kd_identity *identity = &report->engine->identities.items[event->kind->index];
    event->signature = kd_identity_of(identity, event);
    if (event->signature.len == 0)
        return false;
    kd_event **link = &report->fold[bucket_of(event->signature)];
    for (kd_event *first = *link; first; first = first->fold_next)
        if (first->boot == event->boot && kd_str_eq(first->signature, event->signature)) {
            bool pulled = first->pulled;
            fold_onto(report, first, event);
            report->pulled_events -= pulled && !first->pulled;
            return true;
        }
    event->fold_next = *link;
    *link = event;
    return false;
}

/* ---- judging --------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const kd_event *x = *(kd_event *const *)a, *y = *(kd_event *const *)b;
    return x->id < y->id ? -1 : x->id > y->id;
}

typedef struct judging {
    kd_report *report;
    kd_engine *engine;
    const kd_options *options;
    kd_event **all; /* earlier capture first, then this one's */
    size_t count, earlier;
    kd_memo memo;
} judging;

/* Receives what a rule emitted. */
static void take_diag(void *user, kd_diag *diag)
{
    judging *work = user;
    kd_report *report = work->report;
    bool full = report->diags.len - report->pulled_diags >= work->options->max_diags;
    if (full || !KD_VEC_ROOM(&report->mem, &report->diags)) {
        report->stats.diags_left_out++;
        report->stats.limits |= full ? (uint32_t)KD_LIMIT_DIAGS : 0;
        kd_arena arena = diag->arena;
        kd_arena_free(&arena);
        return;
    }
    if (!diag->has_role)
        diag->role = diag->caused_by.count > 0 ? KD_EFFECT : KD_PRIMARY;
    diag->id = ++report->next_diag;
    report->diags.items[report->diags.len++] = diag;
}

static kd_context *boot_of(const kd_report *report, const kd_event *event)
{
    for (size_t i = 0; i < report->boots.len; i++)
        if (report->boots.items[i]->boot == event->boot)
            return report->boots.items[i];
    return NULL;
}

/* A rule that fails is its own affair: it is counted, and the others are asked. */
static void ask_rules(judging *work, size_t index)
{
    kd_report *report = work->report;
    kd_event *event = work->all[index];
    const kd_context *boot = boot_of(report, event);
    const kd_list *wakes = &work->engine->wakes[event->kind->index];
    for (uint32_t i = 0; boot && i < wakes->count; i++) {
        const kd_rule *rule = &work->engine->rules.items[KD_ITEMS(*wakes, uint32_t)[i]];
        kd_emit out = { .mem = &report->mem,
                        .rule = rule,
                        .event = event,
                        .done = take_diag,
                        .user = work,
                        .no_text = work->options->flags & KD_NO_TEXT };
        kd_wide_view view = {
            .view = { boot, event, (const kd_event *const *)work->all, index },
            .boots = (const kd_context *const *)report->boots.items,
            .events = work->all,
            .event_count = work->count,
            .index = index,
            .diags = (const kd_diag *const *)report->diags.items,
            .diag_count = report->diags.len,
            .memo = &work->memo,
        };
        if (rule->check(&view.view, &out, rule->user) < KD_OK) {
            report->stats.rules_failed++;
            kd_emit_drop(&out);
        }
        kd_emit_finish(&out);
    }
    kd_memo_clear(&work->memo);
}

/* Memory ran out while the event was judged: as if that had not begun, so that it can be tried
 * again. */
static void take_back(kd_report *report, kd_event *event, size_t diags)
{
    while (report->diags.len > diags) {
        kd_arena arena = report->diags.items[--report->diags.len]->arena;
        kd_arena_free(&arena);
        report->next_diag--;
    }
    event->judged = false;
}

static kd_status gather(judging *work)
{
    kd_report *report = work->report, *earlier = report->earlier;
    work->earlier = earlier ? earlier->events.len : 0;
    work->count = work->earlier + report->events.len;
    work->all = kd_mem_resize(&report->mem, NULL, 0, (work->count + 1) * sizeof *work->all);
    if (!work->all)
        return report->mem.failed;
    for (size_t i = 0; i < work->earlier; i++)
        work->all[i] = earlier->events.items[i];
    for (size_t i = 0; i < report->events.len; i++)
        work->all[work->earlier + i] = report->events.items[i];
    return KD_OK;
}

kd_status kd_judge(kd_report *report, kd_engine *engine, const kd_options *options)
{
    judging work = { .report = report,
                     .engine = engine,
                     .options = options,
                     .memo = { .arena = { .mem = &report->mem } } };
    bool fresh = false;
    for (size_t i = 0; i < report->events.len; i++)
        fresh |= !report->events.items[i]->judged;
    if (!fresh)
        return KD_OK;
    qsort(report->events.items, report->events.len, sizeof *report->events.items, by_id);
    kd_status status = gather(&work);
    for (size_t i = work.earlier; status == KD_OK && i < work.count; i++)
        if (!work.all[i]->decoded) {
            kd_context *boot = boot_of(report, work.all[i]);
            work.all[i]->decoded = true;
            if (boot && !kd_decode_event(work.all[i], boot))
                boot->conflicts++;
            kd_signature_set(work.all[i]);
        }
    for (size_t i = work.earlier; status == KD_OK && i < work.count; i++) {
        size_t diags = report->diags.len;
        if (work.all[i]->judged)
            continue;
        work.all[i]->judged = true;
        ask_rules(&work, i);
        if (report->mem.failed == KD_E_NOMEM) {
            take_back(report, work.all[i], diags);
            status = KD_E_NOMEM;
        } else {
            kd_note_problems(report, work.all, i, diags);
        }
    }
    if (work.all)
        kd_mem_free(&report->mem, work.all, (work.count + 1) * sizeof *work.all);
    status = status != KD_OK ? status : report->mem.failed;
    report->mem.failed = KD_OK;
    if (status == KD_E_LIMIT)
        report->stats.limits |= KD_LIMIT_MEMORY;
    return status == KD_E_LIMIT ? KD_OK : status;
}

/* ---- the life of a report -------------------------------------------------------------------- */

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
    report->flags = options->flags;
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

void kd_unfold(kd_report *report, const kd_event *event)
{
    if (event->signature.len == 0)
        return;
    for (kd_event **link = &report->fold[bucket_of(event->signature)]; *link;
         link = &(*link)->fold_next)
        if (*link == event) {
            *link = event->fold_next;
            return;
        }
}

static void let_go(kd_report *report, kd_event *event)
{
    kd_unfold(report, event);
    if (event->repeat.latest)
        free_event(event->repeat.latest);
    free_event(event);
}

/* Lets go of the oldest `count` events that were pulled. */
static void drop_events(kd_report *report, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < report->events.len; i++) {
        kd_event *event = report->events.items[i];
        if (event->pulled && count > 0) {
            let_go(report, event);
            report->pulled_events--;
            count--;
        } else {
            report->events.items[kept++] = event;
        }
    }
    report->events.len = kept;
}

static void drop_diags(kd_report *report, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_diag *diag = report->diags.items[i];
        if (diag->pulled && count > 0) {
            kd_arena arena = diag->arena;
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
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_arena arena = report->diags.items[i]->arena;
        kd_arena_free(&arena);
    }
    kd_report_free(report->earlier);
    kd_problems_free(&report->problems);
    KD_VEC_FREE(&report->mem, &report->seen);
    KD_VEC_FREE(&report->mem, &report->events);
    KD_VEC_FREE(&report->mem, &report->diags);
    KD_VEC_FREE(&report->mem, &report->boots);
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

static void drop_old(kd_report *report, const kd_options *options)
{
    size_t events = too_many(report, report->pulled_events, options->max_history);
    size_t diags = too_many(report, report->pulled_diags, options->max_diags);
    if (events > 0)
        drop_events(report, events);
    if (diags > 0)
        drop_diags(report, diags);
}

/* The boot of the event, when it was not handed out yet. */
static kd_context *new_boot(kd_report *report, const kd_event *event)
{
    for (size_t i = 0; i < report->boots.len; i++)
        if (report->boots.items[i]->boot == event->boot && !report->boots.items[i]->pulled)
            return report->boots.items[i];
    return NULL;
}

/* Judging sorted them by id; a portion may hold thousands of events with a diagnosis each. */
static const kd_event *event_by_id(const kd_report *report, uint64_t id)
{
    size_t low = 0, high = report->events.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (report->events.items[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < report->events.len && report->events.items[low]->id == id
               ? report->events.items[low]
               : NULL;
}

kd_status kd_report_pull(kd_report *report, const kd_options *options, kd_item *out)
{
    drop_old(report, options);
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_diag *diag = report->diags.items[i];
        const kd_event *event = diag->pulled ? NULL : event_by_id(report, diag->woken_by);
        if (event && event->pulled) {
            diag->pulled = true;
            report->pulled_diags++;
            out->diag = diag;
            return KD_OK;
        }
    }
    for (size_t i = 0; i < report->events.len; i++) {
        kd_event *event = report->events.items[i];
        if (event->pulled)
            continue;
        kd_context *boot = new_boot(report, event);
        if (boot) {
            boot->pulled = true;
            out->boot = boot;
            return KD_OK;
        }
        event->pulled = true;
        report->pulled_events++;
        out->event = event;
        return KD_OK;
    }
    out->problem = kd_problems_next(&report->problems);
    return out->problem ? KD_OK : KD_END;
}

void kd_report_finish(kd_report *report)
{
    drop_diags(report, report->pulled_diags);
    drop_events(report, report->pulled_events);
    kd_report_sort(report);
    kd_finish_problems(report);
}

/* judge.c - decoding events and asking the rules; the life of a report. Layer: api. */
#include "api/judge.h"
#include "family/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/decode.h"

/* Events that were handed out and stay for the rules to look back at. */
#define PULLED_HISTORY 256u

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
static void fold_onto(const kd_identity *identity, kd_event *first, kd_event *event)
{
    count_repeat(identity, first, event);
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
            fold_onto(identity, first, event);
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
    bool full = report->diags.len >= work->options->max_diags;
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

static kd_status ask_rules(judging *work, size_t index)
{
    kd_report *report = work->report;
    kd_event *event = work->all[index];
    const kd_context *boot = boot_of(report, event);
    kd_status status = KD_OK;
    if (!boot)
        return KD_OK;
    for (size_t i = 0; status == KD_OK && i < work->engine->rules.len; i++) {
        const kd_rule *rule = &work->engine->rules.items[i];
        if (!kd_str_in_words(kd_str_of(event->kind->name), rule->wakes_on))
            continue;
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
        status = rule->check(&view.view, &out, rule->user);
        kd_emit_finish(&out);
    }
    kd_memo_clear(&work->memo);
    return status;
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
        if (!work.all[i]->judged) {
            kd_context *boot = boot_of(report, work.all[i]);
            if (boot && !kd_decode_event(work.all[i], boot))
                boot->conflicts++;
        }
    for (size_t i = work.earlier; status == KD_OK && i < work.count; i++)
        if (!work.all[i]->judged) {
            work.all[i]->judged = true;
            status = ask_rules(&work, i);
        }
    if (work.all)
        kd_mem_resize(&report->mem, work.all, (work.count + 1) * sizeof *work.all, 0);
    if (report->mem.failed == KD_E_LIMIT || status == KD_E_LIMIT) {
        report->mem.failed = KD_OK;
        report->stats.limits |= KD_LIMIT_MEMORY;
        return KD_OK;
    }
    return report->mem.failed ? report->mem.failed : status;
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
    report->flags = options->flags;
    report->rules = engine->rules.len;
    report->source_name = kd_arena_str(&report->arena, options->source_name);
    report->stats.bytes_not_utf8 = kd_utf8_bad(options->source_name);
    return report;
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

static void free_event_at(kd_report *report, size_t index)
{
    kd_event *event = report->events.items[index];
    kd_unfold(report, event);
    if (event->repeat.latest)
        free_event(event->repeat.latest);
    free_event(event);
    report->events.len--;
    memmove(&report->events.items[index], &report->events.items[index + 1],
            (report->events.len - index) * sizeof *report->events.items);
}

static void free_diag_at(kd_report *report, size_t index)
{
    kd_arena arena = report->diags.items[index]->arena;
    kd_arena_free(&arena);
    report->diags.len--;
    memmove(&report->diags.items[index], &report->diags.items[index + 1],
            (report->diags.len - index) * sizeof *report->diags.items);
}

void kd_report_free(kd_report *report)
{
    if (!report)
        return;
    kd_engine *engine = report->engine;
    while (report->events.len > 0)
        free_event_at(report, report->events.len - 1);
    while (report->diags.len > 0)
        free_diag_at(report, report->diags.len - 1);
    kd_report_free(report->earlier);
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
        earlier->events.items[i]->judged = true;
    }
    report->earlier = earlier;
}

static void drop_old(kd_report *report)
{
    size_t pulled = 0;
    for (size_t i = report->events.len; i-- > 0;)
        if (report->events.items[i]->pulled && ++pulled > PULLED_HISTORY)
            free_event_at(report, i);
    pulled = 0;
    for (size_t i = report->diags.len; i-- > 0;)
        if (report->diags.items[i]->pulled && ++pulled > PULLED_HISTORY)
            free_diag_at(report, i);
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
    (void)options;
    drop_old(report);
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_diag *diag = report->diags.items[i];
        const kd_event *event = diag->pulled ? NULL : event_by_id(report, diag->woken_by);
        if (event && event->pulled) {
            diag->pulled = true;
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
        out->event = event;
        return KD_OK;
    }
    return KD_END;
}

void kd_report_finish(kd_report *report)
{
    for (size_t i = report->diags.len; i-- > 0;)
        if (report->diags.items[i]->pulled)
            free_diag_at(report, i);
    for (size_t i = report->events.len; i-- > 0;)
        if (report->events.items[i]->pulled)
            free_event_at(report, i);
    kd_report_sort(report);
}

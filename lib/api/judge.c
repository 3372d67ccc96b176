/* judge.c - decoding events and asking the rules. Layer: api. */
#include "api/judge.h"
#include "family/fields.h"

#include <stdlib.h>
#include <string.h>

#include "core/decode.h"
#include "problem/signature.h"

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
    kd_event *event;    /* in hand */
    kd_context *boot;   /* its boot */
    uint32_t said;      /* how many rules had spoken in that boot before it */
    kd_places *of_kind; /* by kd_kind.index, in the arena */
    kd_places dumps;
    kd_arena arena;
    kd_memo memo;
} judging;

static void note_said(judging *work, const kd_rule *rule)
{
    kd_list *said = &work->boot->said;
    for (uint32_t i = 0; i < said->count; i++)
        if (KD_ITEMS(*said, const kd_rule *)[i] == rule)
            return;
    const kd_rule **item = KD_LIST_ADD(&work->report->arena, said, const kd_rule *);
    if (item)
        *item = rule;
}

/* Those of one event are handed out in the order in which they were made. */
static void hang_on_event(kd_event *event, kd_diag *diag)
{
    diag->older = event->diags;
    if (event->diags)
        event->diags->untold = diag;
    event->diags = diag;
}

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
    hang_on_event(work->event, diag);
    note_said(work, diag->rule);
}

kd_context *kd_boot_of(const kd_report *report, const kd_event *event)
{
    size_t low = 0, high = report->boots.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (report->boots.items[middle]->boot < event->boot)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < report->boots.len && report->boots.items[low]->boot == event->boot;
    return found ? report->boots.items[low] : NULL;
}

/* A rule that fails is its own affair: it is counted, and the others are asked. */
static void ask_rules(judging *work, size_t index)
{
    kd_report *report = work->report;
    kd_event *event = work->all[index];
    kd_context *boot = kd_boot_of(report, event);
    const kd_list *wakes = &work->engine->wakes[event->kind->index];
    work->event = event;
    work->boot = boot;
    work->said = boot ? boot->said.count : 0;
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
            .of_kind = work->of_kind,
            .dumps = work->dumps,
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
static void take_back(judging *work, kd_event *event, size_t diags)
{
    kd_report *report = work->report;
    if (work->boot)
        work->boot->said.count = work->said;
    while (report->diags.len > diags) {
        kd_arena arena = report->diags.items[--report->diags.len]->arena;
        kd_arena_free(&arena);
        report->next_diag--;
    }
    event->diags = NULL;
    event->judged = false;
}

static bool holds_dump(const kd_event *event)
{
    const kdf_meminfo *meminfo = kd_event_meminfo(event);
    return meminfo && meminfo->counters_pages.count > 0;
}

/* So that no rule has to look at all events for those that it wants. */
static bool find_places(judging *work)
{
    kd_arena *arena = &work->arena;
    size_t dumps = 0, at = 0;
    uint32_t *places = kd_arena_alloc(arena, (2 * work->count + 1) * sizeof *places);
    uint32_t **next = kd_arena_alloc(arena, kd_kind_count * sizeof(uint32_t *));
    work->of_kind = kd_arena_alloc(arena, kd_kind_count * sizeof *work->of_kind);
    if (!places || !next || !work->of_kind)
        return false;
    for (size_t i = 0; i < work->count; i++)
        work->of_kind[work->all[i]->kind->index].count++;
    for (size_t i = 0; i < kd_kind_count; i++) {
        work->of_kind[i].at = next[i] = places + at;
        at += work->of_kind[i].count;
    }
    for (size_t i = 0; i < work->count; i++) {
        const kd_event *event = work->all[i], *latest = event->repeat.latest;
        *next[event->kind->index]++ = (uint32_t)i;
        if (holds_dump(event) || (latest && holds_dump(latest)))
            places[at + dumps++] = (uint32_t)i;
    }
    work->dumps = (kd_places){ places + at, dumps };
    return true;
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
    return find_places(work) ? KD_OK : report->mem.failed;
}

kd_status kd_judge(kd_report *report, kd_engine *engine, const kd_options *options)
{
    judging work = { .report = report,
                     .engine = engine,
                     .options = options,
                     .arena = { .mem = &report->mem },
                     .memo = { .arena = { .mem = &report->mem } } };
    if (!report->fresh)
        return KD_OK;
    report->pull_from = 0;
    qsort(report->events.items, report->events.len, sizeof *report->events.items, by_id);
    kd_status status = gather(&work);
    report->fresh = status != KD_OK;
    for (size_t i = work.earlier; status == KD_OK && i < work.count; i++)
        if (!work.all[i]->decoded) {
            kd_context *boot = kd_boot_of(report, work.all[i]);
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
            take_back(&work, work.all[i], diags);
            status = KD_E_NOMEM;
        } else {
            kd_note_problems(report, work.all, i, diags);
        }
    }
    kd_arena_free(&work.arena);
    if (work.all)
        kd_mem_free(&report->mem, work.all, (work.count + 1) * sizeof *work.all);
    status = status != KD_OK ? status : report->mem.failed;
    report->mem.failed = KD_OK;
    report->fresh |= status == KD_E_NOMEM;
    if (status == KD_E_LIMIT)
        report->stats.limits |= KD_LIMIT_MEMORY;
    return status == KD_E_LIMIT ? KD_OK : status;
}

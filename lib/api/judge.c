/* judge.c - decoding events and asking the rules. Layer: api. */
#include "api/judge.h"
#include "family/fields.h"

#include <string.h>

#include "core/decode.h"
#include "problem/signature.h"

/* Copies of events may not bring the memory beyond this part of its limit. */
#define SAVED_SHARE 4u

/* ---- judging --------------------------------------------------------------------------------- */

/* They come nearly in order: an event that closes late was overtaken by the few that opened while
 * it was open. */
static void put_in_order(kd_report *report)
{
    kd_event **items = report->events.items;
    for (size_t i = 1; i < report->events.len; i++) {
        kd_event *event = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1]->id > event->id; at--)
            items[at] = items[at - 1];
        items[at] = event;
    }
}

typedef struct judging {
    kd_report *report;
    kd_engine *engine;
    const kd_options *options;
    kd_event **all; /* earlier capture first, then this one's */
    size_t count, earlier;
    bool is_short;      /* of memory: something could not be said */
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
    const kd_rule **item = KD_LIST_ADD(&work->boot->arena, said, const kd_rule *);
    if (item)
        *item = rule;
}

void kd_hang_on_event(kd_event *event, kd_diag *diag)
{
    diag->older = event->diags;
    if (event->diags)
        event->diags->untold = diag;
    event->diags = diag;
}

/* What the same rule said of the same event before it was judged again. */
static kd_diag *take_former(kd_report *report, const kd_diag *diag)
{
    kd_diag **items = report->former.items;
    while (report->former_at < report->former.len &&
           items[report->former_at]->woken_by < diag->woken_by)
        report->former_at++;
    for (size_t i = report->former_at;
         i < report->former.len && items[i]->woken_by == diag->woken_by; i++)
        if (items[i]->rule == diag->rule && !items[i]->withdrawn) {
            items[i]->withdrawn = true; /* its id is another's now */
            return items[i];
        }
    return NULL;
}

/* What was said already keeps its id; it is told again when it is not the same any more. */
static void set_id(kd_report *report, kd_diag *diag)
{
    kd_diag *former = take_former(report, diag);
    diag->id = former ? former->id : ++report->next_diag;
    diag->told = former ? former->told : 0;
    diag->pulled = diag->told && kd_diag_hash(diag) == diag->told;
    report->pulled_diags += diag->pulled;
    if (report->diags.len > 0)
        report->unordered |= report->diags.items[report->diags.len - 1]->id > diag->id;
}

/* Receives what a rule emitted. */
static void take_diag(void *user, kd_diag *diag)
{
    judging *work = user;
    kd_report *report = work->report;
    /* what nobody knows of yet is thinned by what matters: see kd_thin_diags() */
    bool full =
        report->early && report->diags.len - report->pulled_diags >= work->options->max_diags;
    if (full || !KD_VEC_ROOM(&report->mem, &report->diags)) {
        work->event->diags_left_out++;
        report->stats.diags_left_out++;
        report->stats.limits |= full ? (uint32_t)KD_LIMIT_DIAGS : 0;
        kd_arena arena = diag->arena;
        kd_arena_free(&arena);
        return;
    }
    if (!diag->has_role)
        diag->role = diag->caused_by.count > 0 ? KD_EFFECT : KD_PRIMARY;
    set_id(report, diag);
    report->diags.items[report->diags.len++] = diag;
    kd_hang_on_event(work->event, diag);
    if (diag->role == KD_PRIMARY)
        kd_signature_reason(work->event, diag);
    note_said(work, diag->rule);
}

kd_context *kd_boot_of(const kd_report *report, const kd_event *event)
{
    KD_FIND(report->boots, boot, event->boot);
}

/* Memory was short: what the rule said, or wanted to say, is not whole. */
static void lose_diag(judging *work, kd_emit *out)
{
    kd_emit_drop(out);
    work->report->stats.diags_left_out++;
    work->event->diags_left_out++;
    work->report->mem.failed = KD_OK;
    work->is_short = true;
}

static bool is_settled(const kd_event *event)
{
    return event->diags && event->diags->settled;
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
    for (uint32_t i = 0; boot && i < wakes->count && !is_settled(event); i++) {
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
            .boot_count = report->boots.len,
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
            event->rules_failed++;
            kd_emit_drop(&out);
        }
        if (report->mem.failed == KD_E_LIMIT)
            lose_diag(work, &out);
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
        kd_diag *diag = report->diags.items[--report->diags.len];
        report->pulled_diags -= diag->pulled;
        report->next_diag -= diag->id == report->next_diag;
        kd_arena arena = diag->arena;
        kd_arena_free(&arena);
    }
    for (size_t i = 0; i < report->former.len; i++)
        if (report->former.items[i]->woken_by == event->id)
            report->former.items[i]->withdrawn = false;
    report->stats.diags_left_out -= event->diags_left_out;
    report->stats.rules_failed -= event->rules_failed;
    event->diags_left_out = event->rules_failed = 0;
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

static kd_status gather(judging *work, uint64_t until)
{
    kd_report *report = work->report, *earlier = report->earlier;
    size_t count = 0;
    while (count < report->events.len && report->events.items[count]->id < until)
        count++;
    work->earlier = earlier ? earlier->events.len : 0;
    work->count = work->earlier + count;
    work->all = kd_mem_resize(&report->mem, NULL, 0, (work->count + 1) * sizeof *work->all);
    if (!work->all)
        return report->mem.failed;
    for (size_t i = 0; i < work->earlier; i++)
        work->all[i] = earlier->events.items[i];
    for (size_t i = 0; i < count; i++)
        work->all[work->earlier + i] = report->events.items[i];
    return find_places(work) ? KD_OK : report->mem.failed;
}

/* What later lines tell may decode it better: a stream keeps it as it was, where that costs
 * nothing that is needed. */
static void save(kd_report *report, kd_event *event)
{
    const kd_mem *mem = &report->mem;
    if (!report->early || event->saved ||
        mem->used + kd_arena_used(&event->arena) >= mem->limit / SAVED_SHARE)
        return;
    event->saved = kd_arena_save(&event->arena);
    if (event->saved) /* which holds what repetitions added so far */
        event->repeat.suppressed = (kd_u64){ 0, 0 };
}

static kd_status decode(judging *work, kd_event *event)
{
    kd_report *report = work->report;
    kd_context *boot = kd_boot_of(report, event);
    bool again = event->saved;
    save(report, event);
    if (report->mem.failed == KD_E_NOMEM)
        return KD_E_NOMEM;
    event->decoded = true;
    event->boot_state = boot ? boot->state : 0;
    if (boot && !kd_decode_event(event, boot) && !again)
        boot->conflicts++;
    if (report->mem.failed == KD_E_LIMIT) {
        event->damaged = work->is_short = true;
        report->mem.failed = KD_OK;
    }
    kd_signature_set(event);
    return KD_OK;
}

/* A panic that is the end of another event names that one: what its rule found before it. */
static void note_end(kd_event *event)
{
    kdf_panic *panic = KD_BODY(event, panic);
    if (!panic)
        return;
    panic->ends = (kd_text){ { NULL, 0 }, 0 };
    for (const kd_diag *diag = event->diags; diag; diag = diag->older) {
        const uint64_t *ids = diag->events.items;
        if (diag->events.count < 2 || ids[1] >= event->id ||
            strncmp(diag->rule->id, "panic.", sizeof "panic." - 1) != 0)
            continue;
        char *room = panic->ends_id.text;
        panic->ends =
            (kd_text){ kd_str_print(room, sizeof panic->ends_id.text, "e%llu", KD_LLU(ids[1])),
                       KD_DERIVED };
    }
}

static kd_status judge_one(judging *work, size_t index)
{
    kd_report *report = work->report;
    size_t diags = report->diags.len;
    work->all[index]->judged = true;
    kd_signature_reason(work->all[index], NULL);
    if (work->all[index]->damaged)
        report->stats.diags_left_out++, work->all[index]->diags_left_out++;
    else
        ask_rules(work, index);
    if (report->mem.failed == KD_E_NOMEM) {
        take_back(work, work->all[index], diags);
        return KD_E_NOMEM;
    }
    note_end(work->all[index]);
    kd_note_problems(report, work->all, index, diags);
    return KD_OK;
}

/* Those that are not judged stand behind the others. */
static bool is_any_ready(const kd_report *report, uint64_t until)
{
    if (report->again)
        return true;
    for (size_t i = report->events.len; i-- > 0 && !report->events.items[i]->judged;)
        if (report->events.items[i]->id < until)
            return true;
    return false;
}

static kd_status decode_new(judging *work)
{
    kd_status status = KD_OK;
    for (size_t i = work->earlier; status == KD_OK && i < work->count; i++)
        if (!work->all[i]->decoded)
            status = decode(work, work->all[i]);
    return status;
}

static kd_status judge_new(judging *work)
{
    kd_report *report = work->report;
    size_t most = work->options->max_diags;
    kd_status status = KD_OK;
    for (size_t i = work->earlier; status == KD_OK && i < work->count; i++) {
        if (work->all[i]->judged)
            continue;
        status = judge_one(work, i);
        if (status == KD_OK && !report->early && report->diags.len / 2 > most)
            kd_thin_diags(report, work->all, (kd_range){ work->earlier, i + 1 }, most);
    }
    if (status == KD_OK && !report->early)
        kd_thin_diags(report, work->all, (kd_range){ work->earlier, work->count }, most);
    return status;
}

/* KD_E_LIMIT: memory did not suffice to say all. */
static kd_status judge_all(judging *work, uint64_t until)
{
    kd_report *report = work->report;
    put_in_order(report);
    kd_status status = gather(work, until);
    report->fresh = status != KD_OK || work->count < work->earlier + report->events.len;
    if (status == KD_OK)
        status = decode_new(work);
    if (status == KD_OK)
        status = judge_new(work);
    kd_arena_free(&work->arena);
    if (work->all)
        kd_mem_free(&report->mem, work->all, (work->count + 1) * sizeof *work->all);
    status = status != KD_OK ? status : report->mem.failed;
    report->mem.failed = KD_OK;
    report->fresh |= status == KD_E_NOMEM;
    return status == KD_OK && work->is_short ? KD_E_LIMIT : status;
}

kd_status kd_judge(kd_report *report, kd_engine *engine, const kd_options *options, uint64_t until)
{
    if (!report->fresh || !is_any_ready(report, until))
        return KD_OK;
    report->pull_from = 0;
    kd_obey_history(report, options->max_history);
    for (;;) {
        judging work = { .report = report,
                         .engine = engine,
                         .options = options,
                         .arena = { .mem = &report->mem },
                         .memo = { .arena = { .mem = &report->mem } } };
        kd_status status = judge_all(&work, until);
        if (status != KD_E_LIMIT)
            return status;
        report->stats.limits |= KD_LIMIT_MEMORY;
        size_t count = report->events.len;
        bool said =
            count == 1 && report->events.items[0]->judged && !report->events.items[0]->damaged;
        if (report->early || count == 0 || said)
            return KD_OK;
        /* fewer events, and all of what follows from them */
        kd_unjudge(report);
        kd_thin_events(report, count == 1 ? 0 : count - count / 4 - 1);
    }
}

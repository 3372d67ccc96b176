/* closed.c - events that closed, and what they tell of their machine. Layer: api. */
#include <string.h>

#include "api/session.h"
#include "core/hint.h"
#include "core/open.h"
#include "family/fields.h"

static kd_context *current_boot(kd_session *session)
{
    kd_report *report = session->report;
    return report->boots.len ? report->boots.items[report->boots.len - 1] : NULL;
}

kd_context *kd_session_add_boot(kd_session *session)
{
    kd_report *report = session->report;
    size_t most = session->options.max_history;
    if (report->boots.len > most + most / 4) {
        kd_thin_boots(report, most / 2);
        report->stats.limits |= report->stats.boots_left_out ? (uint32_t)KD_LIMIT_HISTORY : 0;
    } else if (report->early && report->boots.len > report->boots_at + 1000) {
        kd_thin_boots(report, most);
    }
    if (!KD_VEC_ROOM(&report->mem, &report->boots))
        return NULL;
    kd_arena arena = { .mem = &report->mem };
    kd_context *boot = kd_arena_alloc(&arena, sizeof *boot);
    if (!boot)
        return NULL;
    boot->arena = arena;
    kd_context_init(boot, session->boots++, &session->options);
    boot->isas = &report->isas;
    boot->first_line = report->boots.len == 0;
    report->boots.items[report->boots.len++] = boot;
    return boot;
}

/* Of the kernel or of a boot loader. */
static bool is_banner(const kd_event *event)
{
    const kdf_boot_fact *fact = KD_BODY(event, boot_fact);
    const kdf_boot_stage *stage = KD_BODY(event, boot_stage);
    return (fact && fact->release.src) || (stage && stage->loader.src);
}

/* A banner begins a new boot, unless it is the first thing that this boot said of itself. */
static bool begins_boot(const kd_context *boot, const kd_event *event)
{
    return is_banner(event) && (boot->release_known.by == KD_BY_READ || boot->has_timed);
}

/* One name may be the other, cut off. */
static bool differ(kd_str a, kd_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    return !kd_str_eq((kd_str){ a.ptr, len }, (kd_str){ b.ptr, len });
}

/* CPUs and consoles may be late by that much. */
#define LATE_US UINT64_C(10000000)

/* The event names another kernel than the boot, or its clock begins anew below all that was read: a
 * second machine or boot whose banner is not in the log. */
static bool is_of_another(const kd_session *session, const kd_context *boot, const kd_event *event)
{
    const kdf_task *task = event->kind->is_fact ? NULL : kd_event_task(event);
    if (!task || kd_event_lines(event)[0].number < boot->newest_line ||
        kd_capture_forms(&session->capture) & ((unsigned)KD_FORM_REVERSED | KD_FORM_UNORDERED))
        return false;
    if (task->kernel_release.src && boot->release_known.by == KD_BY_READ &&
        differ(task->kernel_release.v, boot->release))
        return true;
    return event->has_time && boot->has_timed && event->time_us + LATE_US < boot->newest_us;
}

static uint64_t last_line(const kd_event *event)
{
    uint64_t last = 0;
    for (uint32_t i = 0; i < event->lines.count; i++)
        if (!kd_event_lines(event)[i].aside && kd_event_lines(event)[i].number > last)
            last = kd_event_lines(event)[i].number;
    for (uint32_t i = 0; i < event->passed.count; i++)
        if (KD_ITEMS(event->passed, kd_range)[i].last > last)
            last = KD_ITEMS(event->passed, kd_range)[i].last;
    return last;
}

/* Does the event tell something new of its machine? */
static void learn(kd_session *session, kd_context *boot, const kd_event *event)
{
    kd_mem *mem = &session->report->mem;
    kd_status failed = mem->failed;
    kd_context before;
    memcpy(&before, boot, sizeof before);
    mem->failed = KD_OK;
    kd_context_learn(boot, event, &boot->arena);
    session->report->stats.events_left_out += mem->failed == KD_E_LIMIT;
    mem->failed = failed ? failed : mem->failed;
    before.arena = boot->arena;
    before.conflicts = boot->conflicts;
    before.evidence_lines = boot->evidence_lines;
    if (memcmp(&before, boot, sizeof before) == 0)
        return;
    boot->state++;
    session->report->dirty = true;
}

static void count_event(kd_report *report, const kd_event *event)
{
    if (!event->complete)
        report->stats.events_cut++;
    report->stats.bytes_not_utf8 += event->not_utf8;
}

/* A stack whose report has lost its head is known by its frames, when the line above them was taken
 * for one that nothing explains. */
#define HEADING_LINES 6u

/* Where that line may stand. */
static kd_range heading_of(const kd_event *event)
{
    const kd_line_ref *lines = kd_event_lines(event);
    const kd_list *frames = kd_event_backtrace(event);
    if ((!frames || frames->count == 0) && !KD_BODY(event, warning))
        return (kd_range){ 0, 0 };
    return (kd_range){ lines[0].number > HEADING_LINES ? lines[0].number - HEADING_LINES : 1,
                       lines[event->lines.count - 1].number };
}

static void unsee(kd_report *report, kd_range where, bool warned)
{
    for (size_t i = 0; where.last > 0 && i < report->seen.len; i++) {
        kd_seen *seen = &report->seen.items[i];
        /* the second is the message of a WARN(), which stands above its head */
        bool heading = kd_str_starts(seen->wording, "Call ") ||
                       (warned && kd_str_starts(seen->wording, "NETDEV WATCHDOG"));
        if (!heading || seen->last_line < where.first || seen->last_line > where.last)
            continue;
        seen->last_line = 0;
        if (--seen->count == 0)
            memmove(seen, seen + 1, (--report->seen.len - i) * sizeof *seen);
        return;
    }
}

static void keep_event(kd_session *session, kd_event *event)
{
    kd_report *report = session->report;
    kd_range heading = heading_of(event);
    bool warned = KD_BODY(event, warning) != NULL;
    report->dirty = true;
    count_event(report, event);
    if (kd_fold(report, event)) {
        unsee(report, heading, warned);
        return;
    }
    size_t most = session->options.max_history,
           waiting = report->events.len - report->pulled_events;
    if (!KD_VEC_ROOM(&report->mem, &report->events)) {
        report->stats.events_left_out++;
        kd_unfold(report, event);
        kd_event_free(event);
        return;
    }
    report->events.items[report->events.len++] = event;
    unsee(report, heading, warned);
    report->fresh = true;
    report->stats.events++;
    /* not for each one: what is to be kept is chosen among many */
    if (waiting > most + most / 4)
        kd_obey_history(report, most);
    kd_obey_memory(report);
}

/* Counted by their wording, of which there are few. */
static void note_seen(kd_report *report, const kd_event *event)
{
    kd_str wording = KD_BODY(event, seen)->wording.v;
    uint64_t line = kd_event_lines(event)[0].number;
    for (size_t i = 0; i < report->seen.len; i++)
        if (kd_str_eq(report->seen.items[i].wording, wording)) {
            report->seen.items[i].count++;
            report->seen.items[i].last_line = line;
            return;
        }
    if (KD_VEC_ROOM(&report->mem, &report->seen))
        report->seen.items[report->seen.len++] = (kd_seen){ wording, 1, line, line };
}

/* Memory was short while it was read. */
static void report_loss(kd_session *session, kd_event *event)
{
    kd_stats *stats = &session->report->stats;
    stats->events_left_out++; /* a fact of the machine too: diagnoses may rest on it */
    stats->limits |= KD_LIMIT_MEMORY;
    kd_event_free(event);
}

/* Facts belong to no reported event. */
static void forget_lines(kd_session *session, const kd_event *event)
{
    if (KD_BODY(event, seen))
        note_seen(session->report, event);
    for (uint32_t i = 0; i < event->lines.count; i++)
        session->tracker.in_events -= !kd_event_lines(event)[i].aside;
}

/* For who wants nothing but counts. */
static void count_only(kd_session *session, kd_event *event)
{
    if (event->kind->is_fact)
        forget_lines(session, event);
    else
        count_event(session->report, event);
    kd_event_free(event);
}

static void take_fact(kd_session *session, kd_context *boot, kd_event *event)
{
    forget_lines(session, event);
    if (boot)
        learn(session, boot, event);
    session->tracker.boot = boot ? boot->boot : session->tracker.boot;
    kd_event_free(event);
}

/* Events that are looked at for what tells why a boot ended. */
#define LAST_EVENTS 64u

/* A death was reported: the log did not end without a word. */
static bool told_of_death(const kd_session *session, const kd_context *boot)
{
    const kd_report *report = session->report;
    for (const kd_open *open = session->tracker.open; open; open = open->next)
        if (open->parse.event->boot == boot->boot && open->parse.event->kind->severity == KD_FATAL)
            return true;
    for (size_t i = 0; i < report->events.len && i < LAST_EVENTS; i++) {
        const kd_event *event = report->events.items[report->events.len - 1 - i];
        if (event->boot == boot->boot &&
            (event->kind->severity == KD_FATAL || kd_event_is(event, &kd_kind_reboot)))
            return true;
    }
    return false;
}

/* The boot ended on that line, and no line says why: an event of its own. */
static void note_end(kd_session *session, const kd_context *boot, const kd_kind *kind,
                     const kd_line_ref *last)
{
    kd_mem *mem = &session->report->mem;
    kd_arena arena = { .mem = mem };
    kd_event *event = kd_arena_alloc(&arena, sizeof *event);
    kdf_log_end *body = event ? kd_arena_alloc(&arena, sizeof *body) : NULL;
    kd_line_ref *line = body ? KD_LIST_ADD(&arena, &event->lines, kd_line_ref) : NULL;
    if (!line) {
        kd_arena_free(&arena);
        session->report->stats.events_left_out++;
        return;
    }
    event->kind = kind;
    event->body = body;
    event->id = ++session->tracker.next_id;
    event->boot = boot->boot;
    event->offset = last->offset;
    *line = *last;
    line->aside = false;
    line->raw = kd_arena_str(&arena, last->raw);
    kd_line read = { .raw = line->raw };
    kd_line_read(&read, &(kd_dress){ .plain = false });
    event->time_us = read.time_us;
    event->has_time = read.has_time;
    body->last = (kd_text){ read.text, 1 };
    event->complete = true;
    event->arena = arena;
    keep_event(session, event);
}

/* The banner of a boot tells that the one before it ended. */
static void look_at_end(kd_session *session, const kd_context *before, const kd_event *event)
{
    const kdf_boot_fact *fact = KD_BODY(event, boot_fact);
    const kdf_boot_stage *stage = KD_BODY(event, boot_stage);
    kd_src src = fact ? fact->last.src : stage ? stage->last.src : 0;
    const kd_line_ref *last = kd_event_line(event, src);
    if (last && !last->decoded && (before->is_console || stage) && !before->has_ended &&
        last->number >= before->first_line && !told_of_death(session, before))
        note_end(session, before, &kd_kind_reboot, last);
}

static kd_context *begin_boot(kd_session *session, kd_context *before, const kd_event *event)
{
    uint64_t line = kd_event_lines(event)[0].number;
    before->last_line = line - 1;
    look_at_end(session, before, event);
    kd_context *boot = kd_session_add_boot(session);
    if (boot) {
        boot->first_line = line;
        session->tracker.boot = boot->boot;
    }
    return boot;
}

void kd_session_take(void *user, kd_event *event)
{
    kd_session *session = user;
    session->taken++;
    bool counts = session->options.flags & KD_COUNTS;
    if (is_banner(event)) /* nothing of the boot before goes on behind it */
        kd_tracker_flush(&session->tracker);
    kd_context *boot = current_boot(session);
    if (boot && !counts && (begins_boot(boot, event) || is_of_another(session, boot, event)))
        boot = begin_boot(session, boot, event);
    /* it opened while the boot before it was the last one */
    if (boot && !event->kind->is_fact && kd_event_lines(event)[0].number >= boot->first_line)
        event->boot = boot->boot;
    if (event->damaged) {
        report_loss(session, event);
        return;
    }
    if (counts) {
        count_only(session, event);
        return;
    }
    if (event->kind->is_fact) {
        take_fact(session, boot, event);
        return;
    }
    boot = kd_boot_of(session->report, event);
    if (boot) {
        learn(session, boot, event);
        boot->has_timed |= event->has_time;
        if (event->has_time && event->time_us > boot->newest_us)
            boot->newest_us = event->time_us;
        if (kd_event_lines(event)[0].number > boot->newest_line)
            boot->newest_line = kd_event_lines(event)[0].number;
        if (last_line(event) > boot->last_line)
            boot->last_line = last_line(event);
        kd_hint_attach(boot, event);
    }
    keep_event(session, event);
}

/* The last line of the log, where the tail holds it as it stands there. */
static bool find_last_line(const kd_session *session, kd_line_ref *out)
{
    const kd_stats *stats = &session->report->stats;
    kd_str tail = { session->tail, session->tail ? session->tail_len : 0 };
    if (tail.len == 0 || session->dress.breaks || session->dress.qp)
        return false;
    out->number = stats->lines;
    out->offset = stats->bytes;
    while (tail.len > 0) {
        bool ended = tail.ptr[tail.len - 1] == '\n';
        size_t end = tail.len - ended, at = end;
        while (at > 0 && tail.ptr[at - 1] != '\n')
            at--;
        kd_str raw = { tail.ptr + at, end - at };
        /* the tail ends each line; the log need not */
        out->offset -= raw.len + ended;
        if (kd_str_trim(raw).len > 0) {
            out->raw = raw;
            out->length = raw.len;
            return at > 0;
        }
        out->number--;
        tail.len = at;
    }
    return false;
}

void kd_session_look_at_end(kd_session *session)
{
    kd_context *boot = current_boot(session);
    kd_line_ref last = { .number = 0 };
    if (!boot || session->options.flags & KD_COUNTS || !boot->is_console ||
        boot->stage != KD_STAGE_KERNEL || boot->has_ended || told_of_death(session, boot) ||
        !find_last_line(session, &last))
        return;
    note_end(session, boot, &kd_kind_log_end, &last);
    boot->has_ended = true; /* said once */
}

void kd_session_look_at_strange(kd_session *session)
{
    const kd_context *boot = current_boot(session);
    if (!boot || session->options.flags & KD_COUNTS || session->strange.windows == 0)
        return;
    note_end(session, boot, &kd_kind_unread_lines, &session->strange.first);
    session->strange.windows = 0;
}

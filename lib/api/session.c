/* session.c - one stream: bytes in, events and diagnoses out. Layer: api. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"

/* ---- the session ----------------------------------------------------------------------------- */

static void start(kd_session *session)
{
    session->tracker = (kd_tracker){
        .mem = &session->report->mem,
        .anchors = &session->engine->anchors,
        .closed = kd_session_take,
        .user = session,
        .dress = &session->dress,
        .packs = session->packs.packs ? &session->packs : NULL,
        .max_event_lines = session->options.max_event_lines,
        .on_line = session->options.on_line,
        .on_line_user = session->options.on_line_user,
        .next_id = session->tracker.next_id,
        .boot = session->boots,
        .counts = (session->options.flags & KD_COUNTS) != 0,
    };
    session->mend.dress = &session->dress;
    session->mend.pass = kd_session_message;
    session->mend.user = session;
    kd_session_add_boot(session);
}

static const char *copy_name(kd_arena *arena, const char *name)
{
    kd_str text = kd_str_of(name);
    return name ? kd_arena_str(arena, (kd_str){ name, text.len + 1 }).ptr : NULL;
}

/* Texts of options live as long as the session. */
static void copy_options(kd_session *session, const kd_options *given)
{
    kd_options *own = &session->options;
    kd_arena *arena = &session->arena;
    *own = *given;
    own->kconfig = kd_arena_str(arena, given->kconfig);
    own->before = kd_arena_str(arena, given->before);
    own->command_line = kd_arena_str(arena, given->command_line);
    own->source_name = kd_arena_str(arena, given->source_name);
    own->arch = copy_name(arena, given->arch);
    own->kernel_release = copy_name(arena, given->kernel_release);
    own->tool_name = copy_name(arena, given->tool_name);
}

/* The earlier capture is analysed first; its events only serve the rules. */
static kd_status read_before(kd_session *session)
{
    kd_options options = session->options;
    kd_report *earlier;
    options.before = (kd_str){ NULL, 0 };
    if (session->options.before.len == 0)
        return KD_OK;
    kd_status status = kd_analyze(session->engine, session->options.before, &options, &earlier);
    if (status == KD_OK || status == KD_E_LIMIT)
        kd_report_adopt_earlier(session->report, earlier);
    return status == KD_E_LIMIT ? KD_OK : status;
}

kd_status kd_session_new(kd_session **out, kd_engine *engine, const kd_options *options)
{
    kd_options all;
    if (out)
        *out = NULL;
    if (!out || !engine || kd_options_take(&all, options) != KD_OK)
        return KD_E_INVAL;
    kd_allocator *allocator = &engine->allocator;
    kd_session *session = allocator->resize(allocator->user, NULL, 0, sizeof *session);
    if (!session)
        return KD_E_NOMEM;
    memset(session, 0, sizeof *session);
    session->engine = kd_engine_hold(engine);
    session->mem = (kd_mem){ .allocator = allocator, .limit = SIZE_MAX };
    session->arena.mem = &session->mem;
    session->packs.mem = &session->mem;
    session->packs.packs = engine->packs.entries.count > 0 ? &engine->packs : NULL;
    session->packs.matcher = &engine->anchors.matcher;
    session->packs.first = engine->anchors.count - engine->packs.owners.count;
    copy_options(session, &all);
    session->dress.grammars = &engine->grammars;
    session->dress.plain = all.flags & KD_NO_REPAIR;
    session->report = kd_report_new(engine, &session->options);
    if (!session->report || session->mem.failed) {
        kd_session_free(session);
        return KD_E_NOMEM;
    }
    kd_reader_init(&session->reader, &session->mem, all.max_line);
    kd_mend_init(&session->mend, &session->mem, all.max_line);
    start(session);
    kd_status status = read_before(session);
    if (status != KD_OK) {
        kd_session_free(session);
        return status;
    }
    *out = session;
    return KD_OK;
}

void kd_session_free(kd_session *session)
{
    if (!session)
        return;
    kd_engine *engine = session->engine;
    if (session->report) {
        if (session->tracker.closed)
            kd_tracker_flush(&session->tracker);
        kd_report_free(session->report);
    }
    kd_pack_use_free(&session->packs);
    kd_reader_free(&session->reader);
    kd_mend_free(&session->mend);
    kd_arena_free(&session->arena);
    if (session->tail)
        kd_mem_free(&session->mem, session->tail, TAIL_ROOM);
    if (session->dress.room)
        kd_mem_free(&session->mem, session->dress.room, session->dress.size);
    if (session->held.bytes)
        kd_mem_free(&session->mem, session->held.bytes, HELD_BYTES);
    engine->allocator.resize(engine->allocator.user, session, sizeof *session, 0);
    kd_engine_free(engine);
}

kd_status kd_session_packed(kd_session *session, kd_str how)
{
    if (!session || !how.ptr || how.len == 0)
        return KD_E_INVAL;
    for (size_t i = 0; i < KD_COUNT(session->report->packed); i++) {
        char *word = session->report->packed[i];
        if (word[0])
            continue;
        size_t most = sizeof session->report->packed[i] - 1;
        memcpy(word, how.ptr, how.len < most ? how.len : most);
        return KD_OK;
    }
    return KD_E_LIMIT;
}

void kd_session_set_user(kd_session *session, void *user)
{
    if (session)
        session->user = user;
}

void *kd_session_user(const kd_session *session)
{
    return session ? session->user : NULL;
}

/* A limit keeps what was found; the session goes on. Out of memory is the caller's to know. */
static kd_status settle(kd_session *session)
{
    kd_status failed =
        session->report->mem.failed ? session->report->mem.failed : session->mem.failed;
    session->report->mem.failed = KD_OK;
    session->mem.failed = KD_OK;
    session->report->stats.events_left_out += session->tracker.unopened;
    session->tracker.unopened = 0;
    if (failed == KD_E_LIMIT) {
        session->report->stats.limits |= KD_LIMIT_MEMORY;
        return KD_OK;
    }
    return failed;
}

kd_status kd_session_feed(kd_session *session, kd_str bytes)
{
    if (!session || (!bytes.ptr && bytes.len))
        return KD_E_INVAL;
    /* the last report took the boots along, and there was no memory for the next one */
    if (session->report->boots.len == 0 && !kd_session_add_boot(session)) {
        kd_status failed = settle(session);
        if (failed != KD_OK)
            return failed;
    }
    kd_status status = kd_reader_feed(&session->reader, bytes, kd_session_block, session);
    kd_status settled = settle(session);
    return settled != KD_OK ? settled : status;
}

/* What the record tells beside its text, as the kernel would print it: "<4>[    1.000000] [    C3]
 * ". The CPU stands where a caller id does. */
static size_t write_prefix(const kd_record *record, char *out, size_t size)
{
    int len = 0;
    if (record->level >= 0)
        len = snprintf(out, size, "<%d>", (int)record->level);
    len += snprintf(out + len, size - (size_t)len, "[%5llu.%06llu] ",
                    KD_LLU(record->time_us / 1000000), KD_LLU(record->time_us % 1000000));
    if (record->cpu >= 0)
        len += snprintf(out + len, size - (size_t)len, "[%5s%d] ", "C", (int)record->cpu);
    return (size_t)len;
}

/* Numbers run up by one; a smaller one is a new boot's. */
static void note_sequence(kd_session *session, uint64_t seq)
{
    if (seq == 0)
        return;
    if (session->last_seq > 0 && seq > session->last_seq + 1)
        session->report->stats.records_lost += seq - session->last_seq - 1;
    session->last_seq = seq;
}

kd_status kd_session_feed_record(kd_session *session, const kd_record *record)
{
    kd_record all = { .level = -1, .cpu = -1 };
    if (!session || !record || record->size < offsetof(kd_record, time_us))
        return KD_E_INVAL;
    memcpy(&all, record, record->size < sizeof all ? record->size : sizeof all);
    if ((!all.text.ptr && all.text.len) || all.level < -1 || all.level > 7 || all.cpu < -1)
        return KD_E_INVAL;
    const kd_reader *reader = &session->reader;
    kd_status status = KD_OK;
    if (reader->carry_len > 0 || reader->dropped > 0 || reader->skip_rest)
        status = kd_session_feed(session, KD_STR("\n"));
    note_sequence(session, all.seq);
    char stamp[80];
    kd_str prefix = { stamp, write_prefix(&all, stamp, sizeof stamp) };
    kd_str rest = all.text, line;
    while (status == KD_OK && kd_str_split(&rest, '\n', &line)) {
        status = kd_session_feed(session, prefix);
        status = status == KD_OK ? kd_session_feed(session, line) : status;
        status = status == KD_OK ? kd_session_feed(session, KD_STR("\n")) : status;
    }
    kd_mend_flush(&session->mend); /* a record is whole */
    return status;
}

bool kd_session_busy(const kd_session *session)
{
    return session && (kd_tracker_busy(&session->tracker) || kd_reader_busy(&session->reader) ||
                       session->held.len > 0 || session->mend.waits);
}

static kd_status close_open(kd_session *session)
{
    kd_mend_flush(&session->mend);
    kd_session_release(session, true);
    kd_tracker_flush(&session->tracker);
    session->report->quiet = true;
    return settle(session);
}

/* A line without its end stays: a login prompt waits for what the kernel prints behind it, and a
 * producer with a buffer stops anywhere. */
kd_status kd_session_flush(kd_session *session)
{
    if (!session)
        return KD_E_INVAL;
    session->reader.quiet = true;
    return close_open(session);
}

static void fill_stats(const kd_session *session, kd_stats *stats)
{
    const kd_reader *reader = &session->reader;
    bool unfinished = reader->carry_len > 0 || reader->dropped > 0 || reader->skip_rest;
    stats->bytes = reader->offset + reader->carry_len + reader->dropped;
    stats->lines = reader->line - 1 + unfinished;
    stats->lines_in_events = session->tracker.in_events;
    stats->lines_not_understood = session->tracker.not_understood;
    stats->repairs = session->tracker.repairs;
    stats->problems_left_out = session->report->problems.left_out;
    if (session->tracker.hit_event_lines)
        stats->limits |= KD_LIMIT_EVENT_LINES;
    if (session->packs.gave_up)
        stats->limits |= KD_LIMIT_PATTERN;
}

void kd_session_stats(const kd_session *session, kd_stats *out, size_t size)
{
    if (!session || !out)
        return;
    kd_stats stats = session->report->stats;
    fill_stats(session, &stats);
    memcpy(out, &stats, size < sizeof stats ? size : sizeof stats);
}

/* Only once the input has ended is it known where each boot ends. */
static void set_boot_lines(kd_session *session)
{
    kd_report *report = session->report;
    report->forms |= kd_capture_forms(&session->capture);
    fill_stats(session, &report->stats);
    for (size_t i = 0; i < report->boots.len; i++) {
        kd_context *boot = report->boots.items[i];
        uint64_t next = i + 1 < report->boots.len ? report->boots.items[i + 1]->first_line : 0;
        boot->last_line = next ? next - 1 : report->stats.lines;
    }
}

kd_status kd_session_finish(kd_session *session)
{
    if (!session)
        return KD_E_INVAL;
    kd_reader_flush(&session->reader, kd_session_block, session);
    kd_status status = close_open(session);
    if (status != KD_OK)
        return status;
    set_boot_lines(session);
    kd_session_look_at_end(session);
    kd_session_look_at_strange(session);
    session->report->settled = true;
    return settle(session);
}

static kd_status judge(kd_session *session)
{
    kd_report *report = session->report;
    uint64_t until = kd_tracker_oldest(&session->tracker);
    if (!report->quiet && !report->again)
        return kd_judge(report, session->engine, &session->options, until);
    kd_status status = kd_judge_again(report, session->engine, &session->options, until);
    if (status != KD_OK)
        return status;
    kd_boots_again(report);
    report->quiet = false;
    return KD_OK;
}

kd_status kd_session_next(kd_session *session, kd_item *out)
{
    if (!session || !out)
        return KD_E_INVAL;
    *out = (kd_item){ .boot = NULL };
    session->report->early = true;
    kd_status status = judge(session);
    return status != KD_OK ? status : kd_report_pull(session->report, &session->options, out);
}

kd_status kd_session_report(kd_session *session, kd_report **out)
{
    if (!session || !out)
        return KD_E_INVAL;
    *out = NULL;
    kd_status status = kd_session_finish(session);
    if (status == KD_OK)
        status = judge(session);
    if (status != KD_OK)
        return status;
    kd_report *report = session->report;
    kd_report *fresh = kd_report_new(session->engine, &session->options);
    if (!fresh)
        return KD_E_NOMEM;
    status = kd_report_finish(report);
    if (status != KD_OK) {
        kd_report_free(fresh);
        return status;
    }
    fresh->next_diag = report->next_diag;
    fresh->problems.next_id = report->problems.next_id;
    session->report = fresh;
    kd_reader_free(&session->reader);
    kd_reader_init(&session->reader, &session->mem, session->options.max_line);
    kd_mend_free(&session->mend);
    kd_mend_init(&session->mend, &session->mem, session->options.max_line);
    session->tail_len = 0;
    session->dress.shape = NULL;
    session->learn_after = 0;
    session->capture = (kd_capture){ .number = 0 };
    session->strange.windows = 0;
    start(session);
    *out = report;
    return report->stats.limits & ~(uint32_t)KD_LIMIT_LINE ? KD_E_LIMIT : KD_OK;
}

kd_status kd_analyze(kd_engine *engine, kd_str log, const kd_options *options, kd_report **out)
{
    kd_session *session;
    if (!out)
        return KD_E_INVAL;
    *out = NULL;
    kd_status status = kd_session_new(&session, engine, options);
    if (status != KD_OK)
        return status;
    status = kd_session_feed(session, log);
    if (status == KD_OK)
        status = kd_session_report(session, out);
    kd_session_free(session);
    return status;
}

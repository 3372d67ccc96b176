/* tracker.c - which lines belong to which event. Layer: core. */
#include "core/tracker.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "core/lists.h"
#include "core/open.h"

#define MAX_WRAPPED 3u /* lines that a message wrapped by a mail program is joined from */
#define MAX_OPEN 16u   /* each line is offered to all of them: headers must not pile up */

typedef struct kd_wrapped {
    const kd_parser *parser;
    kd_arena arena;
    kd_line lines[MAX_WRAPPED];
    size_t count;
} kd_wrapped;

/* ---- a line becomes part of an event --------------------------------------------------------- */

static void note_taken(kd_tracker *tracker, kd_open *open, const kd_line *line)
{
    open->parse.event->not_utf8 += line->plain ? 0 : kd_utf8_bad(line->raw);
    tracker->in_events += 1 + (uint64_t)line->breaks;
    tracker->repairs += line->breaks;
    for (uint32_t i = 0; i < open->foreign_count; i++)
        if (open->foreign[i] > tracker->foreign_line) {
            tracker->foreign_line = open->foreign[i];
            tracker->not_understood++;
            open->parse.event->not_understood++;
        }
    open->foreign_count = 0;
}

/* For people who write recognisers: what became of the line. */
static void tell_user(const kd_tracker *tracker, uint64_t line, kd_verdict verdict,
                      const kd_open *open, bool opens)
{
    static const kd_fate fates[] = {
        [KD_NOT_MINE] = KD_FATE_REFUSED, [KD_OVER] = KD_FATE_CLOSED,
        [KD_TAKEN] = KD_FATE_TAKEN,      [KD_LAST] = KD_FATE_TAKEN,
        [KD_PASSED] = KD_FATE_PASSED,    [KD_UNFINISHED] = KD_FATE_WAITS,
    };
    kd_fate fate = opens && fates[verdict] == KD_FATE_TAKEN ? KD_FATE_OPENED : fates[verdict];
    tracker->on_line(&(kd_line_fate){ .size = sizeof(kd_line_fate),
                                      .line = line,
                                      .fate = fate,
                                      .event = open->parse.event->id,
                                      .recogniser = open->parser->name,
                                      .block = open->block },
                     tracker->on_line_user);
}

static inline void tell(const kd_tracker *tracker, uint64_t line, kd_verdict verdict,
                        const kd_open *open, bool opens)
{
    if (tracker->on_line)
        tell_user(tracker, line, verdict, open, opens);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* One report may hold the stack of another: the two are shown to each other when one opens, and
 * while both are whole. */
static void introduce(kd_tracker *tracker, kd_open *one)
{
    for (kd_open *open = tracker->open; open; open = open->next) {
        if (open == one)
            continue;
        if (open->parser->beside)
            open->parser->beside(&open->parse, one->parse.event);
        if (one->parser->beside)
            one->parser->beside(&one->parse, open->parse.event);
    }
}

static void start_event(kd_tracker *tracker, kd_open *open, const kd_line *first)
{
    kd_event *event = open->parse.event;
    /* boot facts are not reported: they take no number */
    event->id = event->kind->is_fact ? 0 : ++tracker->next_id;
    event->boot = tracker->boot;
    event->offset = first->offset;
    event->time_us = first->time_us;
    event->has_time = first->has_time;
    event->wall_time = first->wall_time;
    event->caller = first->caller;
    open->next = tracker->open;
    tracker->open = open;
    tracker->open_count++;
    introduce(tracker, open);
}

static void close_open(kd_tracker *tracker, kd_open **link)
{
    kd_open *open = *link;
    kd_event *event = open->parse.event;
    introduce(tracker, open);
    *link = open->next;
    tracker->open_count--;
    open->parse.src = KD_DERIVED;
    open->parse.before = NULL;
    if (event->moot) {
        kd_open_free(tracker->mem, open, true);
        return;
    }
    if (open->parser->close)
        open->parser->close(&open->parse);
    kd_open_free(tracker->mem, open, false);
    tracker->closed(tracker->user, event);
}

static void close_oldest(kd_tracker *tracker)
{
    kd_open **link = &tracker->open;
    while (*link && (*link)->next)
        link = &(*link)->next;
    if (*link)
        close_open(tracker, link);
}

/* Once for a message, however many recognisers could not look at it; a line may hold several. */
static void count_unopened(kd_tracker *tracker, const kd_line *message)
{
    tracker->unopened += tracker->unopened_to != message->offset + 1;
    tracker->unopened_to = message->offset + 1;
}

/* Tries one recogniser on `count` lines whose joined text is `text`. */
static kd_verdict try_parser(kd_tracker *tracker, const kd_parser *parser, const kd_line *lines,
                             size_t count, const kd_before *before)
{
    kd_open *open = kd_open_new(tracker->mem, tracker->dress, parser);
    if (!open) {
        count_unopened(tracker, &lines[0]);
        return KD_NOT_MINE;
    }
    kd_event *event = open->parse.event;
    kd_line first = { .number = 0 }, next;
    bool kept = kd_event_add_line(event, &lines[0], &first);
    kd_event_add_parts(event, &lines[0]);
    for (size_t i = 1; kept && i < count; i++) {
        kept = kd_event_add_line(event, &lines[i], &next);
        kd_event_add_parts(event, &lines[i]);
        first.text =
            kd_arena_format(&event->arena, "%.*s %.*s", KD_FMT(first.text), KD_FMT(next.text));
    }
    open->parse.counts = tracker->counts;
    open->parse.src = 1;
    open->parse.packs = tracker->packs;
    open->parse.before = before;
    open->parse.final = tracker->final;
    open->parse.alone = tracker->final && count == 1;
    kd_status failed = tracker->mem->failed;
    tracker->mem->failed = KD_OK;
    kd_verdict verdict = kept ? parser->open(&open->parse, &first) : KD_NOT_MINE;
    event->damaged = tracker->mem->failed != KD_OK;
    tracker->mem->failed = failed ? failed : tracker->mem->failed;
    if (verdict == KD_NOT_MINE || verdict == KD_UNFINISHED) {
        if (event->damaged && !event->kind->is_fact)
            count_unopened(tracker, &lines[0]);
        tell(tracker, lines[0].number, verdict, open, true);
        kd_open_free(tracker->mem, open, true);
        return verdict;
    }
    for (size_t i = 0; i < count; i++)
        note_taken(tracker, open, &lines[i]);
    tracker->repairs += count - 1;
    start_event(tracker, open, &first);
    for (size_t i = 0; i < count; i++)
        tell(tracker, lines[i].number, verdict, open, i == 0);
    if (verdict == KD_LAST) {
        event->complete = true;
        close_open(tracker, &tracker->open);
    } else if (tracker->open_count > MAX_OPEN) {
        close_oldest(tracker);
    }
    return verdict;
}

/* ---- a message that goes on in the next line ------------------------------------------------- */

static void drop_wrapped(kd_tracker *tracker)
{
    kd_wrapped *wrapped = tracker->wrapped;
    tracker->wrapped = NULL;
    kd_arena_free(&wrapped->arena);
    kd_mem_free(tracker->mem, wrapped, sizeof *wrapped);
}

static void keep_wrapped(kd_wrapped *wrapped, const kd_line *line)
{
    kd_str raw = kd_arena_str(&wrapped->arena, line->raw);
    kd_line *kept = &wrapped->lines[wrapped->count++];
    *kept = *line;
    kd_line_rebase(kept, raw, kd_arena_str(&wrapped->arena, line->clean));
}

static void wrap(kd_tracker *tracker, const kd_parser *parser, const kd_line *line)
{
    kd_wrapped *wrapped = kd_mem_resize(tracker->mem, NULL, 0, sizeof *wrapped);
    if (!wrapped)
        return;
    memset(wrapped, 0, sizeof *wrapped);
    wrapped->parser = parser;
    wrapped->arena.mem = tracker->mem;
    keep_wrapped(wrapped, line);
    tracker->wrapped = wrapped;
}

static void ordinary_line(kd_tracker *tracker, const kd_line *line, const kd_before *before,
                          bool may_wrap);

/* Half a message may be enough: so many of the waiting lines were it. */
static size_t take_half(kd_tracker *tracker, const kd_wrapped *wrapped)
{
    for (size_t count = wrapped->count; count > 1; count--) {
        kd_verdict verdict = try_parser(tracker, wrapped->parser, wrapped->lines, count, NULL);
        if (verdict == KD_TAKEN || verdict == KD_LAST)
            return count;
    }
    return 0;
}

/* The waiting lines turned out not to belong together: what is left is looked at line by line. */
static void unwrap(kd_tracker *tracker)
{
    kd_wrapped *wrapped = tracker->wrapped;
    tracker->wrapped = NULL;
    tracker->final = true;
    for (size_t i = take_half(tracker, wrapped); i < wrapped->count; i++)
        ordinary_line(tracker, &wrapped->lines[i], NULL, false); /* the first as a fact at least */
    tracker->final = false;
    tracker->wrapped = wrapped;
    drop_wrapped(tracker);
}

/* Blank lines where there were none before: a paragraph ends. */
static bool ends_paragraph(const kd_wrapped *wrapped, const kd_line *line)
{
    size_t last = wrapped->count - 1;
    return last > 0 && line->number - wrapped->lines[last].number !=
                           wrapped->lines[last].number - wrapped->lines[last - 1].number;
}

/* Does the line finish the message that waits? */
static bool join(kd_tracker *tracker, const kd_line *line)
{
    kd_wrapped *wrapped = tracker->wrapped;
    if (line->prefixed || ends_paragraph(wrapped, line)) {
        unwrap(tracker);
        return false;
    }
    keep_wrapped(wrapped, line);
    kd_verdict verdict = try_parser(tracker, wrapped->parser, wrapped->lines, wrapped->count, NULL);
    if (verdict == KD_UNFINISHED && wrapped->count < MAX_WRAPPED)
        return true;
    if (verdict == KD_NOT_MINE || verdict == KD_UNFINISHED)
        unwrap(tracker);
    else
        drop_wrapped(tracker);
    return true;
}

/* ---- lines for open events ------------------------------------------------------------------- */

static kd_verdict ask_blocks(kd_open *open, const kd_line *line)
{
    const kd_block_use *uses = open->parser->blocks;
    for (size_t i = 0; uses && uses[i].block && i < KD_MAX_BLOCKS; i++) {
        open->parse.state = &open->states[i];
        if (open->states[i].closed)
            continue;
        char *group = (char *)open->parse.body + uses[i].at;
        kd_verdict verdict = uses[i].block->take(&open->parse, group, line);
        if (verdict == KD_NOT_MINE)
            continue;
        open->states[i].begun = true;
        open->block = uses[i].block->name;
        for (size_t k = 0; open->parser->in_order && k < i; k++)
            open->states[k].closed = true;
        return verdict;
    }
    return KD_NOT_MINE;
}

static bool is_of_other_thread(const kd_open *open, const kd_line *line)
{
    const kd_event *event = open->parse.event;
    const char *others = open->parser->by_others;
    return event->caller.len && line->caller.len && !kd_str_eq(event->caller, line->caller) &&
           !(others && kd_str_starts(line->text, others));
}

/* Of the fields, which a refused line must leave as they are; only debug builds call it. */
static inline uint64_t sum_of(const kd_open *open)
{
    size_t size = open->parse.event->kind->fields->size;
    return kd_str_hash(KD_HASH_START, (kd_str){ open->parse.body, size });
}

static kd_verdict ask_open(kd_tracker *tracker, kd_open *open, const kd_line *line)
{
    kd_event *event = open->parse.event;
    kd_line own;
    if (!KD_LIST_ROOM(&event->arena, &event->lines, kd_line_ref))
        return KD_NOT_MINE;
    kd_mark mark = kd_arena_mark(&event->arena);
    kd_list lines = event->lines;
    if (!kd_event_add_line(event, line, &own))
        return KD_NOT_MINE;
    kd_open_memory before;
    kd_open_remember(open, &before);
    open->parse.src = event->lines.count;
    if (line->breaks)
        kd_event_add_parts(event, line);
#ifndef NDEBUG
    uint64_t sum = sum_of(open);
#endif
    kd_verdict verdict = open->parser->more ? open->parser->more(&open->parse, &own) : KD_NOT_MINE;
    open->block = NULL;
    if (verdict == KD_NOT_MINE)
        verdict = ask_blocks(open, &own);
    tell(tracker, line->number, verdict, open, false);
    assert(verdict != KD_NOT_MINE || sum == sum_of(open)); /* a refused line changed nothing */
    if (verdict == KD_NOT_MINE)
        kd_open_restore(open, &before);
    if (verdict == KD_NOT_MINE || verdict == KD_OVER || verdict == KD_PASSED) {
        event->lines = lines;
        kd_arena_rollback(&event->arena, mark);
    }
    if (verdict == KD_NOT_MINE || verdict == KD_OVER)
        return verdict;
    if (verdict == KD_PASSED)
        kd_event_pass_line(event, line->number);
    open->grown = true;
    note_taken(tracker, open, line);
    if (verdict == KD_LAST)
        event->complete = true;
    if (event->lines.count >= tracker->max_event_lines) {
        tracker->hit_event_lines = event->full = true;
        verdict = KD_LAST;
    }
    return verdict;
}

/* What is missing in an event for want of memory could be what disproves a claim. */
static kd_verdict ask(kd_tracker *tracker, kd_open *open, const kd_line *line)
{
    kd_status before = tracker->mem->failed;
    if (open->parse.event->moot)
        return KD_OVER;
    tracker->mem->failed = KD_OK;
    kd_verdict verdict = ask_open(tracker, open, line);
    open->parse.event->damaged |= tracker->mem->failed != KD_OK;
    tracker->mem->failed = before ? before : tracker->mem->failed;
    return verdict;
}

/* Debug builds ask those too that need not be asked.
 * @param refused  an event that was asked and refused the line, or NULL */
static kd_verdict ask_once(kd_tracker *tracker, kd_open *open, const kd_line *line,
                           const kd_open *refused)
{
    bool alike = refused && kd_open_alike(refused, open);
#ifdef NDEBUG
    if (alike) {
        open->block = NULL;
        tell(tracker, line->number, KD_NOT_MINE, open, false);
        return KD_NOT_MINE;
    }
#endif
    kd_verdict verdict = ask(tracker, open, line);
    assert(!alike || verdict == KD_NOT_MINE);
    return verdict;
}

static bool offer(kd_tracker *tracker, const kd_line *line)
{
    const kd_open *refused = NULL;
    kd_open **link = &tracker->open;
    while (*link) {
        if (is_of_other_thread(*link, line)) {
            link = &(*link)->next;
            continue;
        }
        kd_verdict verdict = ask_once(tracker, *link, line, refused);
        refused = verdict == KD_NOT_MINE ? *link : refused;
        if (verdict == KD_LAST || verdict == KD_OVER)
            close_open(tracker, link);
        else
            link = &(*link)->next;
        if (verdict == KD_LAST || verdict == KD_TAKEN || verdict == KD_PASSED)
            return true;
    }
    return false;
}

/* The oldest first, so that the first of many alike is the one that stays. */
static void close_tired(kd_tracker *tracker)
{
    for (;;) {
        kd_open **oldest = NULL;
        for (kd_open **link = &tracker->open; *link; link = &(*link)->next)
            if ((*link)->tired)
                oldest = link;
        if (!oldest)
            return;
        close_open(tracker, oldest);
    }
}

static void lose_patience(kd_tracker *tracker, const kd_line *line)
{
    bool any = false;
    for (kd_open *open = tracker->open; open; open = open->next) {
        uint32_t patience = open->parser->patience ? open->parser->patience : KD_PATIENCE;
        open->tired = open->foreign_count >= patience || open->foreign_count >= KD_MAX_PATIENCE;
        any |= open->tired;
        if (!open->tired)
            open->foreign[open->foreign_count++] = line->number;
    }
    if (any)
        close_tired(tracker);
}

/* Hands the line to the recognisers of the anchors that stand in it. */
static bool open_event(kd_tracker *tracker, const kd_line *line, const kd_before *before,
                       bool may_wrap)
{
    const kd_parser *unfinished = NULL;
    uint64_t unopened = tracker->unopened;
    uint64_t wanted[4] = { 0 };
    kd_matcher_mark(&tracker->anchors->matcher, line->text, tracker->anchors->parser, wanted);
    for (size_t i = kd_parser_count; i-- > 0;) { /* the most special first */
        if (!(wanted[i / 64] >> (i % 64) & 1))
            continue;
        /* half a message is no fact yet */
        if (unfinished && may_wrap && kd_parsers[i]->kind->is_fact)
            continue;
        kd_verdict verdict = try_parser(tracker, kd_parsers[i], line, 1, before);
        if (verdict == KD_TAKEN || verdict == KD_LAST) {
            if (!kd_parsers[i]->kind->is_fact)
                tracker->unopened = unopened;
            return true;
        }
        if (verdict == KD_UNFINISHED && !unfinished)
            unfinished = kd_parsers[i];
    }
    if (unfinished && may_wrap)
        wrap(tracker, unfinished, line);
    return false;
}

/* Pages and mail programs pad messages with blanks inside. */
static bool try_squeezed(kd_tracker *tracker, const kd_line *line, const kd_before *before)
{
    kd_line squeezed;
    return !tracker->wrapped && kd_line_squeeze(line, tracker->dress, &squeezed) &&
           open_event(tracker, &squeezed, before, false);
}

static void ordinary_line(kd_tracker *tracker, const kd_line *line, const kd_before *before,
                          bool may_wrap)
{
    if (offer(tracker, line) || open_event(tracker, line, before, may_wrap) ||
        try_squeezed(tracker, line, before))
        return;
    lose_patience(tracker, line);
}

void kd_tracker_line(kd_tracker *tracker, const kd_line *line, const kd_before *before)
{
    if (line->text.len == 0)
        return; /* nobody's; some captures have a blank line after each line */
    if (tracker->wrapped && join(tracker, line))
        return;
    ordinary_line(tracker, line, before, true);
}

uint64_t kd_tracker_oldest(const kd_tracker *tracker)
{
    uint64_t oldest = UINT64_MAX;
    for (const kd_open *open = tracker->open; open; open = open->next) {
        uint64_t id = open->parse.event->id;
        oldest = id > 0 && id < oldest ? id : oldest;
    }
    return oldest;
}

void kd_tracker_flush(kd_tracker *tracker)
{
    if (tracker->wrapped)
        unwrap(tracker);
    while (tracker->open) /* in the order in which they would have closed */
        close_oldest(tracker);
}

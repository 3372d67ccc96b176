/* lines.c - which lines of a block are read at all. Layer: api. */
#define _GNU_SOURCE /* memrchr */
#include <string.h>

#include "api/session.h"
#include "core/frame.h"

typedef struct block_walk {
    const kd_blockview *block;
    const char *at;
    uint64_t line;
    uint64_t breaks; /* in the line that was read last */
} block_walk;

/* Messages of one line have its number. */
static void note_still(kd_session *session, const kd_blockview *block)
{
    if (session->still_to != block->offset)
        session->still_from = block->offset;
    session->still_to = block->offset + block->data.len + block->gap;
}

/* The tail has room for twice of what is kept, so that it is moved only now and then. */
static void keep_tail(kd_session *session, const kd_blockview *block)
{
    kd_str data = block->data;
    if (block->apart || (block->still && block->gap == 0 && !kd_str_ends(data, "\n"))) {
        session->tail_len = 0;
        return;
    }
    if (block->still)
        note_still(session, block);
    if (!session->tail)
        session->tail = kd_mem_resize(&session->mem, NULL, 0, TAIL_ROOM);
    if (!session->tail)
        return;
    /* a carried line comes without its newline */
    bool bare = data.len == 0 || data.ptr[data.len - 1] != '\n';
    if (data.len > TAIL_BYTES - 1)
        data = kd_str_from(data, data.len - (TAIL_BYTES - 1));
    size_t gap = bare ? (block->gap ? block->gap : 1) : 0;
    if (session->tail_len + data.len + gap > TAIL_ROOM) {
        size_t kept = TAIL_BYTES - 1 - data.len;
        memmove(session->tail, session->tail + session->tail_len - kept, kept);
        session->tail_len = kept;
    }
    memcpy(session->tail + session->tail_len, data.ptr, data.len);
    if (session->dress.breaks && !block->joined && !block->unbroken)
        kd_hide_breaks(session->tail + session->tail_len, data.len);
    session->tail_len += data.len;
    if (gap > 0) {
        memset(session->tail + session->tail_len, ' ', gap - 1);
        session->tail_len += gap;
        session->tail[session->tail_len - 1] = '\n';
    }
}

/* For what carriers hid: a line and as much of the lines before it as recognisers look at. */
static void make_room(kd_session *session)
{
    size_t size = session->options.max_line + (size_t)TAIL_BYTES;
    session->dress.room = kd_mem_resize(&session->mem, NULL, 0, size);
    session->dress.size = session->dress.room ? size : 0;
}

static uint64_t count_breaks(const kd_blockview *block, const char *from, const char *to)
{
    return block->joined ? kd_count_breaks((kd_str){ from, (size_t)(to - from) }) : 0;
}

/* The line at hand, not read yet. */
static kd_line line_at(const kd_session *session, const block_walk *walk, const char *end)
{
    const kd_blockview *block = walk->block;
    size_t len = (size_t)(end - walk->at), most = session->options.max_line;
    return (kd_line){ .raw = { walk->at, len < most ? len : most },
                      .number = walk->line,
                      .offset = block->offset + (uint64_t)(walk->at - block->data.ptr),
                      .length = len + block->dropped,
                      .breaks = (uint32_t)walk->breaks,
                      .decoded = block->decoded };
}

/* False: lines that are still to come must be seen first. */
static bool one_line(kd_session *session, block_walk *walk, const char *end)
{
    const kd_blockview *block = walk->block;
    walk->breaks = count_breaks(block, walk->at, end);
    if (!session->dress.room && !session->dress.plain)
        make_room(session);
    kd_line line = line_at(session, walk, end);
    kd_line_read(&line, &session->dress);
    if (!kd_tracker_busy(&session->tracker) && !block->dropped && !block->apart && !block->still) {
        const struct kd_shape *shape = session->dress.shape;
        if (kd_session_learn(session, &line, walk->at, block->data.ptr + block->data.len))
            return false;
        if (shape != session->dress.shape || session->learn_after >= line.number) {
            line = line_at(session, walk, end);
            kd_line_read(&line, &session->dress);
        }
    }
    line.frame = kd_tracker_busy(&session->tracker) && kd_is_frame(line.text);
    session->report->forms |= line.forms | session->mend.forms;
    size_t max_line = session->options.max_line;
    const kd_before before = {
        .near = { block->data.ptr, (size_t)(walk->at - block->data.ptr) },
        .far = { session->tail, session->tail ? session->tail_len : 0 },
        .joined = block->joined,
        .line = walk->line,
        .offset = line.offset,
        .longest = max_line < TAIL_LINE ? max_line : TAIL_LINE,
        .from_the_start = block->offset == session->tail_len,
        .still_from = session->still_from,
        .still_to = block->still ? block->offset + block->data.len : session->still_to,
    };
    if (session->dress.plain || block->apart || block->still) {
        kd_tracker_line(&session->tracker, &line, &before);
        return true;
    }
    if (kd_capture_is_copy(&session->capture, &line, kd_tracker_busy(&session->tracker)))
        return true;
    uint64_t events = session->tracker.next_id, taken = session->taken;
    kd_tracker_line(&session->tracker, &line, &before);
    bool opened = session->tracker.next_id > events;
    kd_capture_note(&session->capture, &line, opened, !opened && session->taken > taken);
    return true;
}

/* Where the line ends (its newline, or the end of the block). */
static const char *line_end(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline : end;
}

/* The start of the line that holds `hit`, or NULL when that is further back than max_line. */
static const char *line_start(const kd_session *session, const char *from, const char *hit)
{
    size_t room = (size_t)(hit - from);
    size_t reach = room < session->options.max_line ? room : session->options.max_line;
    const char *newline = memrchr(hit - reach, '\n', reach);
    if (newline)
        return newline + 1;
    return reach == room ? from : NULL;
}

/* Lines beyond max_line. Looking back from a window's end finds a newline at once in ordinary
 * logs. */
static void count_long_lines(kd_session *session, const kd_blockview *block)
{
    const char *at = block->data.ptr, *end = at + block->data.len;
    size_t most = session->options.max_line;
    while ((uint64_t)(end - at) + block->dropped > most) {
        size_t window = (size_t)(end - at) > most ? most + 1 : (size_t)(end - at);
        const char *newline = block->dropped ? NULL : memrchr(at, '\n', window);
        if (newline) {
            at = newline + 1;
            continue;
        }
        session->report->stats.lines_cut++;
        session->report->stats.limits |= KD_LIMIT_LINE;
        newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return;
        at = newline + 1;
    }
}

/* What went by before is the tail already when the rest is read. */
static void hold_rest(kd_session *session, const block_walk *walk, const char *end)
{
    const kd_blockview *block = walk->block;
    size_t before = (size_t)(walk->at - block->data.ptr);
    kd_blockview gone = { { block->data.ptr, before }, block->line, block->offset, .dropped = 0 };
    kd_blockview rest = { { walk->at, (size_t)(end - walk->at) },
                          walk->line,
                          block->offset + before,
                          .joined = block->joined };
    if (before > 0)
        keep_tail(session, &gone);
    kd_session_hold(session, &rest);
}

/* Lines that a stretch of text has in the log. */
static uint64_t count_lines(const kd_blockview *block, const char *from, const char *to)
{
    return kd_count_newlines(from, to) + count_breaks(block, from, to);
}

void kd_session_read(kd_session *session, const kd_blockview *block)
{
    const char *end = block->data.ptr + block->data.len;
    const kd_matcher *matcher = &session->engine->anchors.matcher;
    block_walk walk = { block, block->data.ptr, block->line, 0 };
    size_t which;
    while (walk.at < end) {
        if (!kd_tracker_busy(&session->tracker)) {
            const char *hit = kd_matcher_find(matcher, walk.at, end, &which);
            if (!hit)
                break;
            const char *start = line_start(session, walk.at, hit);
            const char *next = start ? start : line_end(hit, end);
            walk.line += count_lines(block, walk.at, next);
            walk.at = next;
            if (!start && walk.at < end) {
                walk.at++;
                walk.line++;
                continue;
            }
        }
        if (walk.at >= end)
            break;
        const char *stop = line_end(walk.at, end);
        if (!one_line(session, &walk, stop)) {
            hold_rest(session, &walk, end);
            return;
        }
        walk.line += walk.breaks + 1;
        walk.at = stop < end ? stop + 1 : end;
    }
    keep_tail(session, block);
}

/* For kd_mend: a message is read as soon as it is whole. */
void kd_session_message(void *user, const kd_blockview *message)
{
    kd_session *session = user;
    if (!session->dress.breaks &&
        session->mend.forms & (KD_FORM_WRAPPED | KD_FORM_FLOWED | KD_FORM_QP)) {
        session->dress.breaks = true;
        if (session->tail)
            kd_hide_breaks(session->tail, session->tail_len);
    }
    session->dress.qp = message->qp;
    if (!kd_session_join(session, message))
        kd_session_read(session, message);
}

/* Passes by what no event waits for: the next line with an anchor is the first of the rest. */
static void pass_by(kd_session *session, kd_blockview *rest)
{
    const char *from = rest->data.ptr, *at = from, *end = from + rest->data.len;
    const char *hit, *start = end;
    size_t which;
    while (at < end &&
           (hit = kd_matcher_find(&session->engine->anchors.matcher, at, end, &which))) {
        start = line_start(session, at, hit);
        if (start)
            break;
        start = end; /* a line beyond max_line: its end is not read */
        at = line_end(hit, end);
        at += at < end;
    }
    if (start == from)
        return;
    kd_blockview gone = *rest;
    gone.data.len = (size_t)(start - from);
    keep_tail(session, &gone);
    kd_mend_gap(&session->mend);
    rest->line += kd_count_newlines(from, start);
    rest->offset += gone.data.len;
    rest->data = kd_str_from(rest->data, gone.data.len);
}

static kd_blockview take_line(kd_blockview *rest)
{
    kd_blockview line = *rest;
    const char *newline = memchr(rest->data.ptr, '\n', rest->data.len);
    line.data.len = newline ? (size_t)(newline + 1 - rest->data.ptr) : rest->data.len;
    rest->data = kd_str_from(rest->data, line.data.len);
    rest->offset += line.data.len;
    rest->line++;
    return line;
}

/* Does an anchor stand in the message that waits for its rest? */
static bool anchor_waits(const kd_session *session)
{
    const kd_mend *mend = &session->mend;
    const char *end = mend->room + mend->len;
    size_t which;
    return mend->waits &&
           kd_matcher_find(&session->engine->anchors.matcher, mend->room, end, &which);
}

/* Must the line be looked at, whatever stands in it? */
static bool is_near(const kd_session *session, uint64_t line)
{
    return kd_tracker_busy(&session->tracker) || session->held.len > 0 ||
           kd_mend_encoded(&session->mend) || line <= FIRST_LINES || anchor_waits(session);
}

/* Called by the reader. */
void kd_session_block(void *user, const kd_blockview *block)
{
    kd_session *session = user;
    kd_blockview rest = *block;
    bool looked = false; /* for breaks: only where lines are looked at */
    count_long_lines(session, block);
    do {
        if (!session->dress.plain && !is_near(session, rest.line)) {
            kd_mend_flush(&session->mend);
            pass_by(session, &rest);
        }
        if (session->dress.plain) {
            kd_session_message(session, &rest);
            return;
        }
        if (rest.data.len == 0 && block->data.len > 0)
            return;
        if (!looked)
            rest.unbroken = kd_count_breaks(rest.data) == 0;
        looked = true;
        kd_blockview line = take_line(&rest);
        kd_mend_line(&session->mend, &line);
    } while (rest.data.len > 0);
}

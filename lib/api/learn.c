/* learn.c - a prefix that no grammar knows is learnt before its first line is read. Layer: api.
 *
 * A line with an anchor that does not begin like a message of the kernel is looked at together with
 * those that follow. Where a portion ends before them, the lines wait: however the log is cut, the
 * same lines are looked at.
 */
#include <string.h>

#include "api/session.h"

/* Where the neighbours begin like messages, names before an anchor are no prefix: a while of peace
 * for floods. */
#define PEACE 64u

/* The lines that are looked at together; `whole` tells whether it is all of them. */
static kd_str window_at(const char *at, const char *end, bool *whole)
{
    const char *from = at;
    size_t count = 0;
    *whole = false;
    while (count < KD_SHAPE_LINES && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if ((newline ? newline : end) - at > (ptrdiff_t)KD_SHAPE_LINE)
            break;
        at = newline ? newline + 1 : end;
        count++;
    }
    *whole = count == KD_SHAPE_LINES || at < end;
    return (kd_str){ from, (size_t)(at - from) };
}

/* Their texts without what was learnt before. */
static size_t read_window(kd_session *session, kd_str window, kd_str *texts)
{
    size_t count = 0;
    kd_dress dress = session->dress;
    dress.shape = NULL;
    for (kd_str raw; window.len > 0 && kd_str_split(&window, '\n', &raw);) {
        kd_line line = { .raw = raw };
        kd_line_read(&line, &dress);
        texts[count++] = line.text;
    }
    session->dress.used = dress.used;
    return count;
}

/* So many lines of a window hold the beginning of a message, behind something else. */
#define FEWEST_STRANGE 4u

/* Nothing was learnt from lines that look like a kernel's: that is to be said, not passed over. */
static void note_strange(kd_session *session, const kd_line *line, const kd_str *texts,
                         size_t count)
{
    const kd_matcher *known = &session->engine->heads;
    kd_strange *strange = &session->strange;
    size_t heads = 0, head;
    for (size_t i = 0; i < count; i++)
        heads += kd_head_find(known, texts[i], &head) && head > 0;
    if (heads < FEWEST_STRANGE || strange->windows++ > 0)
        return;
    size_t len = line->raw.len < sizeof strange->text ? line->raw.len : sizeof strange->text;
    if (len > 0)
        memcpy(strange->text, line->raw.ptr, len);
    strange->first = (kd_line_ref){ .number = line->number,
                                    .offset = line->offset,
                                    .length = line->length,
                                    .raw = { strange->text, len } };
}

/* Few lines of ordinary logs get as far as here with a known beginning near them; what is not there
 * in the bytes is not looked for in texts. */
bool kd_session_learn(kd_session *session, const kd_line *line, const char *at, const char *end)
{
    kd_str texts[KD_SHAPE_LINES];
    kd_shape shape;
    size_t head = 0, which;
    bool whole;
    if (session->dress.plain || line->number <= session->learn_after ||
        line->forms & KD_FORM_LEARNT)
        return false;
    kd_str window = window_at(at, end, &whole);
    const kd_matcher *known = &session->engine->heads;
    bool any = kd_matcher_find(known, window.ptr, window.ptr + window.len, &which);
    bool headed = any && kd_head_find(known, line->text, &head);
    if (headed && head == 0)
        return false;
    if (!whole && !session->held.final)
        return true;
    session->learn_after = line->number;
    if (!any)
        return false;
    size_t count = read_window(session, window, texts);
    kd_learnt learnt = kd_shape_learn(known, &shape, texts, count);
    if (learnt == KD_LEARNT_NOTHING)
        note_strange(session, line, texts, count);
    if (learnt == KD_LEARNT_PLAIN && !headed)
        session->learn_after += PEACE;
    if (learnt == KD_LEARNT_SHAPE)
        session->shape = shape;
    if (learnt != KD_LEARNT_NOTHING)
        session->dress.shape = learnt == KD_LEARNT_SHAPE ? &session->shape : NULL;
    return false;
}

/* A line that an earlier portion began comes without its newline. */
static void append(kd_held *held, kd_str lines, bool joined)
{
    size_t before = held->len;
    if (lines.len == 0)
        return;
    /* what waits again may lie there already */
    memmove(held->bytes + held->len, lines.ptr, lines.len);
    if (!joined)
        kd_hide_breaks(held->bytes + before, lines.len);
    held->len += lines.len;
    if (held->bytes[held->len - 1] != '\n')
        held->bytes[held->len++] = '\n';
    held->lines += (size_t)kd_count_newlines(held->bytes + before, held->bytes + held->len);
}

void kd_session_hold(kd_session *session, const kd_blockview *rest)
{
    kd_held *held = &session->held;
    if (!held->bytes)
        held->bytes = kd_mem_resize(&session->mem, NULL, 0, HELD_BYTES);
    if (!held->bytes)
        return;
    held->len = held->lines = 0;
    append(held, rest->data, rest->joined);
    held->joined = rest->joined;
    held->line = rest->line;
    held->offset = rest->offset;
}

void kd_session_release(kd_session *session, bool final)
{
    kd_held *held = &session->held;
    if (held->len == 0)
        return;
    kd_blockview block = {
        { held->bytes, held->len }, held->line, held->offset, .joined = held->joined
    };
    held->len = held->lines = 0;
    held->final = final;
    kd_session_read(session, &block);
    held->final = false;
}

bool kd_session_join(kd_session *session, const kd_blockview *line)
{
    kd_held *held = &session->held;
    while (held->len > 0) {
        size_t lines = held->lines;
        bool fits =
            !line->dropped && !line->apart && !line->still && line->data.len <= KD_SHAPE_LINE + 1;
        if (fits && lines < KD_SHAPE_LINES) {
            append(held, line->data, line->joined);
            held->joined |= line->joined;
            return true;
        }
        kd_session_release(session, !fits && lines < KD_SHAPE_LINES);
    }
    return false;
}

/* mend.c - messages that were encoded, broken into lines or put on one line are a line each again.
 * Layer: input. */
#include "input/mend.h"

#include <string.h>

#include "input/mail.h"
#include "input/split.h"
#include "input/wrap.h"

/* Without an escape for so many lines a text may no longer be quoted-printable. */
#define ENCODED_LINES 512u

/* Anchors themselves may be broken by what they announce. */
const char *const kd_mend_anchors[] = { "=3D0x", "quoted-printable", "coding: base64",
                                        "format=flowed", NULL };

void kd_mend_init(kd_mend *mend, kd_mem *mem, uint32_t max_line)
{
    *mend = (kd_mend){ .mem = mem, .max_line = max_line };
}

void kd_mend_free(kd_mend *mend)
{
    if (mend->room)
        kd_mem_free(mend->mem, mend->room, (size_t)mend->max_line + 2);
    mend->room = NULL;
}

void kd_mend_gap(kd_mend *mend)
{
    mend->longest = 0;
}

/* The line without its newline and CR. */
static kd_str text_of(const kd_blockview *line)
{
    kd_str text = line->data;
    if (text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    if (text.len > 0 && text.ptr[text.len - 1] == '\r')
        text.len--;
    return text;
}

static size_t bytes_of(const kd_blockview *line)
{
    return line->data.len - kd_str_ends(line->data, "\n");
}

/* ---- the message that waits ------------------------------------------------------------------ */

static bool is_qp(const kd_mend *mend)
{
    return mend->encoding == KD_MEND_QP;
}

/* One line may hold several messages. */
static void hand_on(kd_mend *mend, kd_blockview line)
{
    line.qp = is_qp(mend);
    bool one = line.data.len < KD_SPLIT_SHORTEST || line.qp || line.apart || line.dropped > 0;
    kd_split split = one ? (kd_split){ .stamp = NULL } : kd_split_of(line.data);
    if (!split.stamp && !split.newline) {
        mend->pass(mend->user, &line);
        return;
    }
    line.still = true;
    size_t gap;
    for (kd_blockview message = line; kd_split_next(&split, &message.data, &gap);) {
        message.offset = line.offset + (uint64_t)(message.data.ptr - line.data.ptr);
        bool bare = split.rest.len == 0 && !kd_str_ends(message.data, "\n");
        message.gap =
            (uint8_t)(gap > 0 ? gap : bare); /* a carried line comes without its newline */
        mend->pass(mend->user, &message);
    }
}

static void emit(kd_mend *mend)
{
    if (!mend->waits)
        return;
    mend->waits = false;
    mend->room[mend->len] = '\n';
    hand_on(mend,
            (kd_blockview){
                { mend->room, mend->len + 1 }, mend->line, mend->offset, .joined = mend->joined });
}

static bool make_room(kd_mend *mend)
{
    if (!mend->room)
        mend->room = kd_mem_resize(mend->mem, NULL, 0, (size_t)mend->max_line + 2);
    return mend->room;
}

static void begin(kd_mend *mend, const kd_blockview *line)
{
    mend->waits = true;
    mend->broken = mend->joined = false;
    mend->line = line->line;
    mend->offset = line->offset;
    mend->len = bytes_of(line);
    mend->width = text_of(line).len;
    memcpy(mend->room, line->data.ptr, mend->len);
}

static void append(kd_mend *mend, const kd_blockview *line, char mark)
{
    size_t len = bytes_of(line);
    mend->joined = true;
    mend->broken |= mark == KD_BREAK_BLANK;
    mend->room[mend->len] = mark;
    memcpy(mend->room + mend->len + 1, line->data.ptr, len);
    mend->len += 1 + len;
    mend->width = text_of(line).len;
}

/* ---- encodings ------------------------------------------------------------------------------- */

static void set_qp(kd_mend *mend, uint64_t line)
{
    mend->encoding = KD_MEND_QP;
    mend->encoded_until = line + ENCODED_LINES;
    mend->forms |= KD_FORM_QP;
}

static void note_header(kd_mend *mend, kd_str text, uint64_t line)
{
    switch (kd_mail_header_of(text)) {
    case KD_MAIL_QP: set_qp(mend, line); return;
    case KD_MAIL_BASE64: mend->announced = true; return;
    case KD_MAIL_AS_IS: mend->encoding = KD_MEND_AS_IS; return;
    case KD_MAIL_FLOWED: mend->flowed = true; return;
    case KD_MAIL_NO_HEADER: return;
    }
}

/* Is the text still what it was, or something else from here on? */
static void note_encoding(kd_mend *mend, kd_str text, uint64_t line)
{
    note_header(mend, text, line);
    if (is_qp(mend) && (!kd_qp_fits(text) || line > mend->encoded_until))
        mend->encoding = KD_MEND_AS_IS;
    if (is_qp(mend) ? memchr(text.ptr, '=', text.len) != NULL
                    : mend->encoding == KD_MEND_AS_IS && kd_qp_proves(text))
        set_qp(mend, line);
}

/* A soft break proves the encoding where the next line could not stand by itself. */
static bool proves_soft(const kd_mend *mend, kd_str next)
{
    kd_line line = { .raw = next };
    if (!kd_qp_broken((kd_str){ mend->room, mend->width }) || next.len == 0 || !kd_qp_fits(next))
        return false;
    kd_line_read(&line,
                 &(kd_dress){ .shape = mend->dress->shape, .grammars = mend->dress->grammars });
    return !line.prefixed && line.text.len > 0;
}

/* ---- base64: lines of text begin and end anywhere in those of the mail ----------------------- */

static void emit_decoded(kd_mend *mend)
{
    if (!mend->waits)
        return;
    mend->waits = false;
    mend->room[mend->len] = '\n';
    hand_on(mend, (kd_blockview){ { mend->room, mend->len + 1 },
                                  mend->line,
                                  mend->offset,
                                  .apart = true,
                                  .decoded = true });
}

/* Each line of the text has the number of the line of the log that it begins on. */
static void add_decoded(kd_mend *mend, kd_str bytes, const kd_blockview *line)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (!mend->waits) {
            mend->waits = true;
            mend->len = 0;
            mend->line = line->line;
            mend->offset = line->offset + i / 3 * 4 + i % 3;
        }
        if (bytes.ptr[i] == '\n')
            emit_decoded(mend);
        else if (mend->len < mend->max_line)
            mend->room[mend->len++] = bytes.ptr[i];
    }
}

static void end_base64(kd_mend *mend)
{
    mend->encoding = KD_MEND_AS_IS;
    emit_decoded(mend);
}

/* True: the line was base64, and was taken. */
static bool take_base64(kd_mend *mend, kd_str text, const kd_blockview *line)
{
    char bytes[64];
    bool begun = mend->encoding == KD_MEND_BASE64;
    if (is_qp(mend) || text.len == 0) {
        if (begun)
            end_base64(mend);
        return false;
    }
    size_t n = text.len < 80 ? kd_base64_decode(text, bytes, !begun && !mend->announced) : 0;
    if (n > 0 && make_room(mend)) {
        if (!begun)
            emit(mend);
        mend->announced = false;
        mend->encoding = KD_MEND_BASE64;
        mend->forms |= KD_FORM_BASE64;
        add_decoded(mend, (kd_str){ bytes, n }, line);
        return true;
    }
    if (begun)
        end_base64(mend);
    if (mend->announced && kd_mail_header_of(text) == KD_MAIL_NO_HEADER && !kd_str_has(text, ": "))
        mend->announced = false;
    return false;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void note_width(kd_mend *mend, kd_str text)
{
    size_t wider = mend->width > text.len ? mend->width : text.len;
    mend->longest = wider > mend->longest ? wider : mend->longest;
}

static bool has_breaks(const kd_blockview *line)
{
    return !line->unbroken && kd_count_breaks(line->data) > 0;
}

/* Does the line belong to the message that waits? Then it is part of it now. */
static bool join(kd_mend *mend, kd_str text, const kd_blockview *line, bool alike)
{
    if (mend->len + 1 + line->data.len > mend->max_line || has_breaks(line))
        return false;
    kd_str before = { mend->room, mend->len };
    if (kd_str_ends(before, "\r"))
        before.len--;
    if (!is_qp(mend) && proves_soft(mend, text))
        set_qp(mend, line->line);
    if (is_qp(mend) && kd_str_ends(before, "=")) {
        append(mend, line, KD_BREAK_INSIDE);
        return true;
    }
    kd_wrap wrap = { .first = before,
                     .next = text,
                     .width = mend->width,
                     .longest = mend->longest,
                     .column = mend->columns ? SIZE_MAX : mend->column,
                     .broken = mend->broken,
                     .alike = alike,
                     .flowed = mend->flowed,
                     .dress = mend->dress };
    kd_wrapping how = kd_wrap_goes_on(&wrap);
    if (how == KD_WRAP_NOT)
        return false;
    bool blank = kd_str_ends(before, " ");
    mend->columns |= mend->column && mend->column != mend->width;
    mend->column = mend->width;
    mend->forms |= blank ? KD_FORM_FLOWED : KD_FORM_WRAPPED;
    append(mend, line, how == KD_WRAP_INSIDE || blank ? KD_BREAK_INSIDE : KD_BREAK_BLANK);
    return true;
}

/* Could it go on in the next line? */
static bool may_go_on(const kd_mend *mend, kd_str text)
{
    return kd_str_ends(text, "=") || (mend->flowed && kd_str_ends(text, " ")) ||
           kd_wrap_may_go_on(text);
}

void kd_mend_line(kd_mend *mend, const kd_blockview *line)
{
    kd_str text = text_of(line);
    if (line->dropped > 0 || line->data.len > mend->max_line) {
        kd_mend_flush(mend);
        hand_on(mend, *line);
        return;
    }
    note_encoding(mend, text, line->line);
    if (take_base64(mend, text, line))
        return;
    if (mend->waits) {
        bool alike = kd_wrap_alike((kd_str){ mend->room, mend->len }, text);
        if (alike)
            note_width(mend, text);
        if (join(mend, text, line, alike)) {
            if (!mend->broken && !may_go_on(mend, text))
                emit(mend);
            return;
        }
        emit(mend);
    }
    if (may_go_on(mend, text) && !has_breaks(line) && make_room(mend))
        begin(mend, line);
    else
        hand_on(mend, *line);
}

void kd_mend_flush(kd_mend *mend)
{
    if (mend->encoding == KD_MEND_BASE64)
        end_base64(mend);
    else
        emit(mend);
}

/* scan.h - read a line from left to right without copying it. Layer: base.
 *
 * Every kd_scan_*() either takes what it names and moves on, or returns false and stays put, so a
 * format is one `&&` chain. ASCII only: isdigit() and strtoul() would follow the locale.
 * `short_` is set when a step failed only because the text ended: the message may be wrapped.
 */
#ifndef KD_BASE_SCAN_H
#define KD_BASE_SCAN_H

#include "base/str.h"

typedef struct kd_scan {
    const char *at, *end;
    bool short_;
} kd_scan;

static inline kd_scan kd_scan_of(kd_str text)
{
    const char *start = text.ptr ? text.ptr : ""; /* NULL + 0 is undefined */
    return (kd_scan){ start, start + text.len, false };
}

static inline size_t kd_scan_left(const kd_scan *scan)
{
    return (size_t)(scan->end - scan->at);
}

static inline bool kd_scan_at_end(const kd_scan *scan)
{
    return scan->at == scan->end;
}

/* The text from `from` to where the scanner stands. */
static inline kd_str kd_scan_since(const kd_scan *scan, const char *from)
{
    return (kd_str){ from, (size_t)(scan->at - from) };
}

#define kd_scan_literal(scan, literal) kd_scan_bytes((scan), "" literal, sizeof("" literal) - 1)

/* The text ended before the bytes did. */
bool kd_scan_ended(kd_scan *scan, const char *bytes);

static inline bool kd_scan_bytes(kd_scan *scan, const char *bytes, size_t len)
{
    if (kd_scan_left(scan) < len)
        return kd_scan_ended(scan, bytes);
    if (memcmp(scan->at, bytes, len) != 0)
        return false;
    scan->at += len;
    return true;
}

/* Takes one character, when it is this one. */
static inline bool kd_scan_char(kd_scan *scan, char c)
{
    if (kd_scan_at_end(scan)) {
        scan->short_ = true;
        return false;
    }
    bool taken = *scan->at == c;
    scan->at += taken;
    return taken;
}

/* Blanks and tabs, as many as there are; always true, so that it can stand in a chain. */
static inline bool kd_scan_blanks(kd_scan *scan)
{
    while (scan->at < scan->end && kd_is_blank(*scan->at))
        scan->at++;
    return true;
}

/* Decimal digits; fails on overflow. */
bool kd_scan_u64(kd_scan *scan, uint64_t *out);
/* An optional minus, then decimal digits. */
bool kd_scan_i64(kd_scan *scan, int64_t *out);
/* Hex digits with or without "0x", 1 to 16 of them. */
bool kd_scan_hex(kd_scan *scan, uint64_t *out);

/* Everything before `stop` (which stays); fails when there is no such character. */
bool kd_scan_until(kd_scan *scan, char stop, kd_str *out);
/* Everything before the first occurrence of the literal; the literal itself is taken too. */
bool kd_scan_past(kd_scan *scan, const char *literal, kd_str *before);
/* `out` begins behind the first `literal` of the text. */
bool kd_scan_after(kd_str text, const char *literal, kd_scan *out);
/* Everything before one of the stops (which stays), or all of it. */
kd_str kd_scan_to_any(kd_scan *scan, const char *stops);
/* Not-blank characters up to a blank, tab or the end; at least one. */
bool kd_scan_word(kd_scan *scan, kd_str *out);
/* Letters, digits and '_': at least one. */
bool kd_scan_name(kd_scan *scan, kd_str *out);
/* What is left; may be empty. */
bool kd_scan_rest(kd_scan *scan, kd_str *out);

/* Copies the text with its numbers blanked: "0xbf002000" and "12" become "#". As much as fits;
 * gives the length. */
size_t kd_blank_numbers(kd_str text, char *out, size_t room);

#endif

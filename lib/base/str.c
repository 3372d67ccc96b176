/* str.c - text by pointer and length. Layer: base. */
#define _GNU_SOURCE /* memmem, memrchr: libc has the fast ones */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool kd_str_starts_any(kd_str s, const char *const *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kd_str_starts(s, prefixes[i]))
            return true;
    return false;
}

bool kd_str_ends(kd_str s, const char *suffix)
{
    size_t len = strlen(suffix);
    return s.len >= len && memcmp(s.ptr + s.len - len, suffix, len) == 0;
}

bool kd_str_in_words(kd_str text, const char *words)
{
    for (const char *at = words; *at && text.len > 0; at++) {
        size_t i = 0;
        while (i < text.len && at[i] && at[i] == text.ptr[i])
            i++;
        at += i;
        if (i == text.len && (*at == ' ' || !*at))
            return true;
        while (*at && *at != ' ')
            at++;
        if (!*at)
            break;
    }
    return false;
}

/* memmem() prepares itself before it looks: a line is too short for that to pay. */
#define LONG_TEXT 512u

const char *kd_find(kd_str s, const char *needle, size_t len)
{
    /* blanks are everywhere: the next byte is rarer */
    size_t rare = len > 1 && needle[0] == ' ';
    if (s.len == 0 || s.len < len)
        return NULL;
    if (len == 0)
        return s.ptr;
    if (s.len >= LONG_TEXT)
        return memmem(s.ptr, s.len, needle, len);
    const char *at = s.ptr + rare, *last = s.ptr + s.len - len + rare;
    while (at <= last && (at = memchr(at, needle[rare], (size_t)(last - at) + 1))) {
        if (memcmp(at - rare, needle, len) == 0)
            return at - rare;
        at++;
    }
    return NULL;
}

const char *kd_str_find_last(kd_str s, const char *needle)
{
    size_t len = strlen(needle);
    const char *end = s.ptr + s.len;
    while (len > 0 && s.len > 0) {
        const char *p = memrchr(s.ptr, needle[0], s.len);
        if (!p)
            return NULL;
        if ((size_t)(end - p) >= len && memcmp(p, needle, len) == 0)
            return p;
        s.len = (size_t)(p - s.ptr);
    }
    return NULL;
}

kd_str kd_str_line_at(kd_str s, const char *at)
{
    const char *end = s.ptr + s.len, *newline = memrchr(s.ptr, '\n', (size_t)(at - s.ptr));
    const char *start = newline ? newline + 1 : s.ptr;
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    return (kd_str){ start, (size_t)((stop ? stop : end) - start) };
}

/* ---- eight bytes at a time --------------------------------------------------------------------
 */

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* The high bit of each byte that is zero, and of some that stand behind such a one. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

size_t kd_str_ascii(kd_str s)
{
    size_t i = 0;
    for (uint64_t word; i + sizeof word <= s.len; i += sizeof word) {
        memcpy(&word, s.ptr + i, sizeof word);
        if (word & EACH_BYTE(0x80))
            break;
    }
    return i;
}

size_t kd_str_quiet(kd_str s)
{
    size_t i = 0;
    for (uint64_t word; i + sizeof word <= s.len; i += sizeof word) {
        memcpy(&word, s.ptr + i, sizeof word);
        if (((word | (word - EACH_BYTE(0x20)) | (word + EACH_BYTE(1))) & EACH_BYTE(0x80)) |
            zero_bytes(word ^ EACH_BYTE('"')) | zero_bytes(word ^ EACH_BYTE('\\')))
            break;
    }
    return i;
}

size_t kd_str_plain(kd_str s)
{
    size_t i = 0;
    for (uint64_t word; i + sizeof word <= s.len; i += sizeof word) {
        memcpy(&word, s.ptr + i, sizeof word);
        if ((word & EACH_BYTE(0x80)) | zero_bytes(word ^ EACH_BYTE('&')) |
            zero_bytes(word ^ EACH_BYTE('<')) | zero_bytes(word ^ EACH_BYTE(0x1b)) |
            zero_bytes(word ^ EACH_BYTE('\v')) | zero_bytes(word ^ EACH_BYTE('\f')))
            break;
    }
    return i;
}

/* Bytes of the blank that the text begins or ends with, or 0. Mail programs and web pages make
 * blanks U+00A0. */
static size_t blank_first(kd_str s)
{
    if (s.len > 0 && (kd_is_blank(s.ptr[0]) || s.ptr[0] == '\r'))
        return 1;
    return s.len > 1 && memcmp(s.ptr, "\xc2\xa0", 2) == 0 ? 2 : 0;
}

static size_t blank_last(kd_str s)
{
    if (s.len > 0 && (kd_is_blank(s.ptr[s.len - 1]) || s.ptr[s.len - 1] == '\r'))
        return 1;
    return s.len > 1 && memcmp(s.ptr + s.len - 2, "\xc2\xa0", 2) == 0 ? 2 : 0;
}

kd_str kd_str_trim(kd_str s)
{
    for (size_t blank = blank_first(s); blank > 0; blank = blank_first(s))
        s = (kd_str){ s.ptr + blank, s.len - blank };
    for (size_t blank = blank_last(s); blank > 0; blank = blank_last(s))
        s.len -= blank;
    return s;
}

bool kd_str_split(kd_str *rest, char separator, kd_str *out)
{
    if (!rest->ptr)
        return false;
    const char *p = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    if (!p) {
        *out = *rest;
        *rest = (kd_str){ NULL, 0 };
        return true;
    }
    *out = (kd_str){ rest->ptr, (size_t)(p - rest->ptr) };
    *rest = (kd_str){ p + 1, rest->len - out->len - 1 };
    return true;
}

kd_str kd_str_print(char *room, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(room, size, format, args);
    va_end(args);
    return (kd_str){ room, len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1 };
}

uint64_t kd_str_hash(uint64_t hash, kd_str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
    return hash;
}

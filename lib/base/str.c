/* str.c - text by pointer and length. Layer: base. */
#define _GNU_SOURCE /* memrchr, strchrnul: libc has the fast ones */
#include "base/str.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define BOTH (KD_IN_NAME | KD_IN_SYMBOL)
#define HEX(value) (BOTH | KD_IN_HEX | (value))
const unsigned char kd_bytes[256] = {
    ['0'] = HEX(0),
    ['1'] = HEX(1),
    ['2'] = HEX(2),
    ['3'] = HEX(3),
    ['4'] = HEX(4),
    ['5'] = HEX(5),
    ['6'] = HEX(6),
    ['7'] = HEX(7),
    ['8'] = HEX(8),
    ['9'] = HEX(9),
    ['A'] = HEX(10),
    ['B'] = HEX(11),
    ['C'] = HEX(12),
    ['D'] = HEX(13),
    ['E'] = HEX(14),
    ['F'] = HEX(15),
    ['a'] = HEX(10),
    ['b'] = HEX(11),
    ['c'] = HEX(12),
    ['d'] = HEX(13),
    ['e'] = HEX(14),
    ['f'] = HEX(15),
    ['_'] = BOTH,
    ['.'] = KD_IN_SYMBOL,
    ['$'] = KD_IN_SYMBOL,
    ['@'] = KD_IN_SYMBOL,
#define TWO(c) [c] = BOTH, [(c) + ('a' - 'A')] = BOTH
    TWO('G'),
    TWO('H'),
    TWO('I'),
    TWO('J'),
    TWO('K'),
    TWO('L'),
    TWO('M'),
    TWO('N'),
    TWO('O'),
    TWO('P'),
    TWO('Q'),
    TWO('R'),
    TWO('S'),
    TWO('T'),
    TWO('U'),
    TWO('V'),
    TWO('W'),
    TWO('X'),
    TWO('Y'),
    TWO('Z'),
#undef TWO
};
#undef HEX
#undef BOTH

/* So few are looked at one after another. */
#define FEW 8u

/* The first of the prefixes that does not begin below that byte. */
static size_t first_from(const char *const *prefixes, size_t count, unsigned char byte)
{
    size_t low = 0, high = count;
    while (high - low > FEW) {
        size_t middle = low + (high - low) / 2;
        if ((unsigned char)prefixes[middle][0] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < high && (unsigned char)prefixes[low][0] < byte)
        low++;
    return low;
}

size_t kd_str_which(kd_str s, const char *const *prefixes, size_t count)
{
    if (s.len == 0)
        return count;
    for (size_t i = 1; i < count; i++) /* debug builds alone */
        assert((unsigned char)prefixes[i - 1][0] <= (unsigned char)prefixes[i][0]);
    size_t i = first_from(prefixes, count, (unsigned char)s.ptr[0]);
    for (; i < count && prefixes[i][0] == s.ptr[0]; i++)
        if (kd_str_starts(s, prefixes[i]))
            return i;
    return count;
}

bool kd_str_is_word(kd_str text, kd_str words)
{
    kd_str rest = words;
    const char *at;
    while (text.len > 0 && (at = kd_find(rest, text.ptr, text.len)) != NULL) {
        const char *end = at + text.len;
        if ((at == words.ptr || at[-1] == ' ') && (end == words.ptr + words.len || *end == ' '))
            return true;
        rest = kd_str_from(rest, (size_t)(at + 1 - rest.ptr));
    }
    return false;
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

kd_str kd_str_trim_ends(kd_str s)
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

kd_str kd_str_vprint(char *room, size_t size, const char *format, va_list args)
{
    const char *conversion = strchrnul(format, '%');
    size_t plain = (size_t)(conversion - format);
    if (!*conversion && plain < size) { /* many have none */
        memcpy(room, format, plain + 1);
        return (kd_str){ room, plain };
    }
    int len = vsnprintf(room, size, format, args);
    return (kd_str){ room, len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1 };
}

kd_str kd_str_print(char *room, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    kd_str text = kd_str_vprint(room, size, format, args);
    va_end(args);
    return text;
}

uint64_t kd_str_hash(uint64_t hash, kd_str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
    return hash;
}

/* str.h - text by pointer and length: comparing, searching, trimming. Layer: base. */
#ifndef KD_BASE_STR_H
#define KD_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kdiag.h"

#define KD_STR(literal) ((kd_str){ "" literal, sizeof(literal) - 1 })
/* For printf("%.*s"): a length that fits an int, and no NULL. */
#define KD_FMT(s) kd_fmt_len(s), kd_fmt_ptr(s)
static inline int kd_fmt_len(kd_str s)
{
    return s.len > 4096 ? 4096 : (int)s.len;
}
static inline const char *kd_fmt_ptr(kd_str s)
{
    return s.len ? s.ptr : "";
}
/* For "%llu", "%llx" and for "%lld". */
#define KD_LLU(number) ((unsigned long long)(number))
#define KD_LLD(number) ((long long)(number))
#define KD_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Those that are asked many times for each line stand here: the length of a literal is known then.
 */

/* Of a NUL-terminated text of our own (never of log text); NULL gives the empty string. */
static inline kd_str kd_str_of(const char *text)
{
    return (kd_str){ text, text ? strlen(text) : 0 };
}

static inline bool kd_str_eq(kd_str a, kd_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool kd_str_is(kd_str a, const char *text)
{
    if (a.len == 0 || a.ptr[0] != text[0])
        return a.len == 0 && text[0] == '\0';
    size_t len = strlen(text);
    return a.len == len && memcmp(a.ptr, text, len) == 0;
}

/* Most texts differ in their first bytes: no call is worth it where the length is not known. */
static inline bool kd_str_starts(kd_str s, const char *prefix)
{
    if (s.len == 0 || s.ptr[0] != prefix[0])
        return prefix[0] == '\0';
    if (__builtin_constant_p(strlen(prefix))) {
        size_t len = strlen(prefix);
        return s.len >= len && memcmp(s.ptr, prefix, len) == 0;
    }
    size_t i = 1;
    while (i < s.len && prefix[i] == s.ptr[i] && prefix[i])
        i++;
    return prefix[i] == '\0';
}

/* Which of them does it begin with? They stand in the order of their first bytes. `count`: none. */
size_t kd_str_which(kd_str s, const char *const *prefixes, size_t count);
static inline bool kd_str_starts_any(kd_str s, const char *const *prefixes, size_t count)
{
    return kd_str_which(s, prefixes, count) < count;
}
static inline bool kd_str_ends(kd_str s, const char *suffix)
{
    size_t len = strlen(suffix);
    return s.len >= len && (len == 0 || memcmp(s.ptr + s.len - len, suffix, len) == 0);
}

/* Is `text` one of the blank-separated words of `words`? */
bool kd_str_is_word(kd_str text, kd_str words);
static inline bool kd_str_in_words(kd_str text, const char *words)
{
    return kd_str_is_word(text, kd_str_of(words));
}

/* First occurrence, or NULL. */
const char *kd_find(kd_str s, const char *needle, size_t len);
static inline const char *kd_str_find(kd_str s, const char *needle)
{
    return kd_find(s, needle, strlen(needle));
}
/* Last occurrence, or NULL. */
const char *kd_str_find_last(kd_str s, const char *needle);
/* The line of the text that `at` stands in, without its newline. */
kd_str kd_str_line_at(kd_str s, const char *at);
/* Does the text hold it? */
static inline bool kd_str_has(kd_str s, const char *needle)
{
    return kd_str_find(s, needle) != NULL;
}
static inline bool kd_str_has_any(kd_str s, const char *const *needles, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kd_str_has(s, needles[i]))
            return true;
    return false;
}

/* From byte `from` on; empty past the end. */
static inline kd_str kd_str_from(kd_str s, size_t from)
{
    if (from >= s.len)
        return (kd_str){ s.ptr ? s.ptr + s.len : NULL, 0 };
    return (kd_str){ s.ptr + from, s.len - from };
}

/* How many bytes at its beginning are ASCII from the blank on, and none of them is "&", "<". */
size_t kd_str_plain(kd_str s);
/* How many bytes at its beginning are printing ASCII, and none is a quote or backslash. */
size_t kd_str_quiet(kd_str s);
/* How many bytes at its beginning are ASCII. */
size_t kd_str_ascii(kd_str s);
/* Without blanks, tabs, CR at both ends. Nearly all texts are without. */
kd_str kd_str_trim_ends(kd_str s);
static inline bool kd_is_bare(char c)
{
    return c > ' ' && c < 0x7f;
}
static inline kd_str kd_str_trim(kd_str s)
{
    bool bare = s.len > 0 && kd_is_bare(s.ptr[0]) && kd_is_bare(s.ptr[s.len - 1]);
    return bare ? s : kd_str_trim_ends(s);
}
/* Splits off the text before the next `separator`; false when nothing is left. */
bool kd_str_split(kd_str *rest, char separator, kd_str *out);

static inline bool kd_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool kd_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What a byte may be part of: scanners ask for each byte of a line, one look-up is enough. */
enum { KD_IN_HEX = 16, KD_IN_NAME = 32, KD_IN_SYMBOL = 64, KD_HEX_VALUE = 15 };
extern const unsigned char kd_bytes[256];

static inline bool kd_is_hex(char c)
{
    return kd_bytes[(unsigned char)c] & KD_IN_HEX;
}

/* Letters, digits and "_". */
static inline bool kd_in_name(char c)
{
    return kd_bytes[(unsigned char)c] & KD_IN_NAME;
}

/* Of names of functions and modules: those, and ".$@". */
static inline bool kd_in_symbol(char c)
{
    return kd_bytes[(unsigned char)c] & KD_IN_SYMBOL;
}

static inline bool kd_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* FNV-1a: begin with KD_HASH_START, go on with what was given. */
#define KD_HASH_START UINT64_C(14695981039346656037)
uint64_t kd_str_hash(uint64_t hash, kd_str text);

#define KD_DIGITS 20u /* of the largest number */
/* Decimal; gives the text, which ends where the room does. */
static inline kd_str kd_str_digits(char room[KD_DIGITS], uint64_t number)
{
    char *at = room + KD_DIGITS;
    for (; number > 99; number /= 100) {
        unsigned pair = (unsigned)(number % 100);
        *--at = (char)('0' + pair % 10);
        *--at = (char)('0' + pair / 10);
    }
    *--at = (char)('0' + number % 10);
    if (number > 9)
        *--at = (char)('0' + number / 10);
    return (kd_str){ at, (size_t)(room + KD_DIGITS - at) };
}

/* printf into the room; cut at its end. */
kd_str kd_str_print(char *room, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
kd_str kd_str_vprint(char *room, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif

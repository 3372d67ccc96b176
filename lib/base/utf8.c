/* utf8.c - log bytes to valid UTF-8. Layer: base. */
#include "base/utf8.h"

#include <string.h>

/* Is s[i] there, and a continuation byte between low and high? */
static bool tail(kd_str s, size_t i, unsigned low, unsigned high)
{
    return i < s.len && (unsigned char)s.ptr[i] >= low && (unsigned char)s.ptr[i] <= high;
}

size_t kd_utf8_step(kd_str s)
{
    unsigned c = s.len ? (unsigned char)s.ptr[0] : 0x80;
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return tail(s, 1, 0x80, 0xbf) ? 2 : 0;
    if (c >= 0xe0 && c <= 0xef) {
        /* no overlong forms, no surrogates */
        unsigned low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;
        return tail(s, 1, low, high) && tail(s, 2, 0x80, 0xbf) ? 3 : 0;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        unsigned low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;
        return tail(s, 1, low, high) && tail(s, 2, 0x80, 0xbf) && tail(s, 3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

uint64_t kd_utf8_bad(kd_str text)
{
    uint64_t bad = 0;
    for (size_t i = kd_str_ascii(text); i < text.len;) {
        size_t step = (unsigned char)text.ptr[i] < 0x80 ? 1 : kd_utf8_step(kd_str_from(text, i));
        bad += step == 0;
        i += step ? step : 1;
    }
    return bad;
}

bool kd_utf8_same_rest(kd_str a, kd_str b)
{
    if (a.len == b.len && (a.len == 0 || !memcmp(a.ptr, b.ptr, a.len)))
        return true;
    while (a.len > 0 && b.len > 0) {
        if (a.ptr[0] != b.ptr[0] && !((a.ptr[0] | b.ptr[0]) & 0x80)) /* most names differ early */
            return false;
        size_t x = kd_utf8_step(a), y = kd_utf8_step(b);
        if (x != y || (x > 0 && memcmp(a.ptr, b.ptr, x) != 0))
            return false;
        a = kd_str_from(a, x ? x : 1);
        b = kd_str_from(b, x ? x : 1);
    }
    return a.len == b.len;
}

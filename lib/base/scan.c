/* scan.c - read a line from left to right. Layer: base. */
#include "base/scan.h"

#include <string.h>

bool kd_scan_ended(kd_scan *scan, const char *bytes)
{
    size_t left = kd_scan_left(scan);
    if (left == 0 || memcmp(scan->at, bytes, left) == 0)
        scan->short_ = true;
    return false;
}

bool kd_scan_u64(kd_scan *scan, uint64_t *out)
{
    const char *p = scan->at;
    uint64_t value = 0;
    /* so many digits fit in any case */
    const char *safe = scan->end - p > 19 ? p + 19 : scan->end;
    for (; p < safe && kd_is_digit(*p); p++)
        value = value * 10 + (uint64_t)(*p - '0');
    for (; p < scan->end && kd_is_digit(*p); p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (p == scan->at) {
        scan->short_ |= kd_scan_at_end(scan);
        return false;
    }
    scan->at = p;
    *out = value;
    return true;
}

bool kd_scan_i64(kd_scan *scan, int64_t *out)
{
    const char *start = scan->at;
    bool minus = scan->at < scan->end && *scan->at == '-';
    uint64_t value;
    scan->at += minus;
    if (!kd_scan_u64(scan, &value) || value > INT64_MAX) {
        scan->at = start;
        return false;
    }
    *out = minus ? -(int64_t)value : (int64_t)value;
    return true;
}

bool kd_scan_hex(kd_scan *scan, uint64_t *out)
{
    const char *p = scan->at, *first;
    uint64_t value = 0;
    unsigned byte;
    if (scan->end - p >= 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        p += 2; /* none behind it: they are lost, and it is not 0 */
    const char *most = scan->end - p > 17 ? p + 17 : scan->end;
    for (first = p; p < most && (byte = kd_bytes[(unsigned char)*p]) & KD_IN_HEX; p++)
        value = value << 4 | (byte & KD_HEX_VALUE);
    if (p - first > 16)
        return false;
    if (p == first) {
        scan->short_ |= p == scan->end;
        return false;
    }
    scan->at = p;
    *out = value;
    return true;
}

bool kd_scan_until(kd_scan *scan, char stop, kd_str *out)
{
    size_t left = kd_scan_left(scan);
    const char *p = left ? memchr(scan->at, stop, left) : NULL;
    if (!p) {
        scan->short_ = true;
        return false;
    }
    *out = (kd_str){ scan->at, (size_t)(p - scan->at) };
    scan->at = p;
    return true;
}

bool kd_scan_past(kd_scan *scan, const char *literal, kd_str *before)
{
    size_t len = strlen(literal);
    const char *p = kd_find((kd_str){ scan->at, kd_scan_left(scan) }, literal, len);
    if (!p) {
        scan->short_ = true;
        return false;
    }
    *before = (kd_str){ scan->at, (size_t)(p - scan->at) };
    scan->at = p + len;
    return true;
}

bool kd_scan_after(kd_str text, const char *literal, kd_scan *out)
{
    kd_str before;
    *out = kd_scan_of(text);
    return kd_scan_past(out, literal, &before);
}

kd_str kd_scan_to_any(kd_scan *scan, const char *stops)
{
    const char *from = scan->at;
    while (scan->at < scan->end && !strchr(stops, *scan->at))
        scan->at++;
    return kd_scan_since(scan, from);
}

/* What stands before `end`; nothing: false. */
static bool take_to(kd_scan *scan, const char *end, kd_str *out)
{
    if (end == scan->at) {
        scan->short_ |= kd_scan_at_end(scan);
        return false;
    }
    *out = (kd_str){ scan->at, (size_t)(end - scan->at) };
    scan->at = end;
    return true;
}

bool kd_scan_word(kd_scan *scan, kd_str *out)
{
    const char *p = scan->at;
    while (p < scan->end && !kd_is_blank(*p))
        p++;
    return take_to(scan, p, out);
}

bool kd_scan_name(kd_scan *scan, kd_str *out)
{
    const char *p = scan->at;
    while (p < scan->end && kd_in_name(*p))
        p++;
    return take_to(scan, p, out);
}

bool kd_scan_rest(kd_scan *scan, kd_str *out)
{
    *out = (kd_str){ scan->at, kd_scan_left(scan) };
    scan->at = scan->end;
    return true;
}

/* The end of the word of letters and digits that begins at `from`. */
static size_t word_end(kd_str text, size_t from, bool *number)
{
    size_t end = from;
    bool digit = false, hex = true;
    while (end < text.len && (kd_is_alpha(text.ptr[end]) || kd_is_digit(text.ptr[end]))) {
        digit |= kd_is_digit(text.ptr[end]);
        hex &= kd_is_hex(text.ptr[end]) || (end == from + 1 && text.ptr[end] == 'x');
        end++;
    }
    *number = digit && hex;
    return end;
}

size_t kd_blank_numbers(kd_str text, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len && len < room;) {
        bool number;
        size_t end = word_end(text, i, &number);
        if (number) {
            out[len++] = '#';
            i = end;
            continue;
        }
        end = end > i ? end : i + 1;
        while (i < end && len < room)
            out[len++] = text.ptr[i++];
    }
    return len;
}

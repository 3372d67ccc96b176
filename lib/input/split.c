/* split.c - lines that hold several messages come apart. Layer: input. */
#include "input/split.h"

#include <string.h>

#include "input/directive.h"

/* "Jun 26 01:37:55 host kernel: " stands before each stamp. */
#define LONGEST_LEAD 64u
/* So many written newlines are no accident. */
#define FEW_ESCAPES 2

static const char *const escapes[] = { "\\r\\n", "\\n", "#015#012", "#012" };

/* The next newline that is written out, its length in `len`. One before a quote ends a value. */
static const char *find_escape(kd_str text, size_t *len)
{
    for (size_t i = 0; i + 2 < text.len; i++) {
        if (text.ptr[i] != '\\' && text.ptr[i] != '#')
            continue;
        kd_str at = kd_str_from(text, i);
        for (size_t e = 0; e < KD_COUNT(escapes); e++) {
            *len = strlen(escapes[e]);
            if (kd_str_starts(at, escapes[e]) && at.len > *len && at.ptr[*len] != '"')
                return at.ptr;
        }
    }
    return NULL;
}

static bool has_escapes(kd_str text)
{
    size_t len;
    if (!memchr(text.ptr, '\\', text.len) && !memchr(text.ptr, '#', text.len))
        return false;
    for (int count = 0; count < FEW_ESCAPES; count++) {
        const char *at = find_escape(text, &len);
        if (!at)
            return false;
        text = kd_str_from(text, (size_t)(at - text.ptr) + len);
    }
    return true;
}

static bool is_alike(char a, char b)
{
    return a == b || (kd_is_digit(a) && kd_is_digit(b)) || (kd_is_alpha(a) && kd_is_alpha(b));
}

/* Where the message behind a stamp begins: with what stood before the first one too. */
static const char *with_lead(const kd_split *split, const char *from, const char *stamp)
{
    size_t len = split->lead.len;
    if (len == 0 || len > LONGEST_LEAD || (size_t)(stamp - from) < len)
        return stamp;
    for (size_t i = 0; i < len; i++)
        if (!is_alike(split->lead.ptr[i], stamp[i - len]))
            return stamp;
    return stamp - len;
}

/* Is there a message between the stamp before and here? "[    1.000000][ T12] [    1.000000]" */
static bool says_something(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str caller;
    kd_scan_blanks(&in);
    if (kd_scan_char(&in, '[') && kd_scan_until(&in, ']', &caller))
        kd_scan_char(&in, ']');
    kd_scan_blanks(&in);
    return !kd_scan_at_end(&in);
}

/* Where the message after the one that begins at `from` does, by its stamp. */
static const char *next_stamp(const kd_split *split, const char *from)
{
    const char *end = split->rest.ptr + split->rest.len;
    size_t len;
    const char *stamp = kd_find_stamp((kd_str){ from, (size_t)(end - from) }, &len);
    while (stamp) {
        const char *behind = stamp + len;
        stamp = kd_find_stamp((kd_str){ behind, (size_t)(end - behind) }, &len);
        if (stamp && says_something((kd_str){ behind, (size_t)(stamp - behind) }))
            return with_lead(split, behind, stamp);
    }
    return NULL;
}

/* Is it the value of a JSON member? That is one message, whatever newlines it holds. */
static bool is_member(kd_str before)
{
    return kd_str_has(before, "\":") || kd_str_has(before, "\" :");
}

kd_split kd_split_of(kd_str line)
{
    kd_split split = { .rest = line };
    size_t len;
    if (line.len < KD_SPLIT_SHORTEST)
        return split;
    const char *stamp = kd_find_stamp(line, &len);
    if (stamp) {
        split.lead = (kd_str){ line.ptr, (size_t)(stamp - line.ptr) };
        split.stamp = next_stamp(&split, line.ptr);
    }
    if (has_escapes(line))
        split.newline = find_escape(line, &split.newline_len);
    if (split.newline && is_member((kd_str){ line.ptr, (size_t)(split.newline - line.ptr) }))
        split.newline = NULL;
    return split;
}

bool kd_split_next(kd_split *split, kd_str *message, size_t *gap)
{
    const char *from = split->rest.ptr, *next = split->stamp;
    *gap = 0;
    if (split->rest.len == 0)
        return false;
    if (split->newline && (!next || split->newline < next)) {
        next = split->newline;
        *gap = split->newline_len;
    }
    *message = next ? (kd_str){ from, (size_t)(next - from) } : split->rest;
    split->rest = kd_str_from(split->rest, message->len + *gap);
    bool escaped = *gap > 0;
    if (next && !escaped && kd_str_ends(*message, " ")) {
        message->len--;
        *gap = 1;
    }
    if (split->stamp && split->stamp <= split->rest.ptr)
        split->stamp = next_stamp(split, split->rest.ptr);
    if (escaped)
        split->newline = find_escape(split->rest, &split->newline_len);
    return true;
}

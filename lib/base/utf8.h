/* utf8.h - log bytes to valid UTF-8: one U+FFFD for each byte that is part of no valid sequence.
 * Layer: base. */
#ifndef KD_BASE_UTF8_H
#define KD_BASE_UTF8_H

#include "base/str.h"

/* Length of the valid sequence at the start of the text, 1..4; 0: the first byte starts none. */
size_t kd_utf8_step(kd_str text);

/* Bytes that are part of no valid sequence. */
uint64_t kd_utf8_bad(kd_str text);

bool kd_utf8_same_rest(kd_str a, kd_str b);
/* Are they the same once repaired? Most names differ in their first letter. */
static inline bool kd_utf8_same(kd_str a, kd_str b)
{
    if (a.len > 0 && b.len > 0 && a.ptr[0] != b.ptr[0] && !((a.ptr[0] | b.ptr[0]) & 0x80))
        return false;
    return kd_utf8_same_rest(a, b);
}

#endif

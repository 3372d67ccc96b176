/* directive.h - what the directives of grammars.def take. Layer: input. */
#ifndef KD_INPUT_DIRECTIVE_H
#define KD_INPUT_DIRECTIVE_H

#include "base/scan.h"
#include "input/line.h"

/* What a row has read so far; it counts only when the whole row fits. */
typedef struct kd_attempt {
    kd_scan in;
    uint64_t time_us;
    kd_str wall_time, caller;
    const char *wall;
    int level;
    bool has_time, has_level;
} kd_attempt;

/* What ends a word of each sort, beside blanks. */
enum { KD_HOST = 1, KD_NAME = 2, KD_LEVEL = 4, KD_FACILITY = 8, KD_ANY_WORD = 16 };
#define KD_WORD_MAX 64u

/* May a word of that sort hold it? */
extern const unsigned char kd_word_stops[256];
static inline bool kd_in_word(int sort, char c)
{
    return !(kd_word_stops[(unsigned char)c] & sort);
}
/* A word of that sort, of one byte up to `most`; a longer one is passed over too. */
static inline bool kd_take_word(kd_scan *in, int sort, size_t most, kd_str *out)
{
    const char *from = in->at, *at = from;
    while (at < in->end && kd_in_word(sort, *at))
        at++;
    in->at = at;
    *out = kd_scan_since(in, from);
    return out->len > 0 && out->len <= most;
}
/* "kern" */
bool kd_take_facility(kd_scan *in);
/* "Nov" */
bool kd_take_month(kd_scan *in);
/* "1.234567": seconds with six digits behind the dot. */
bool kd_take_seconds(kd_scan *in, uint64_t *us);
/* The next "[ 2052.051866] " or "[ 2052.051866][" of the text, its length (to the bracket) in
 * `len`; NULL: there is none. */
const char *kd_find_stamp(kd_str text, size_t *len);
/* @param next  the character of the pattern behind the directive */
bool kd_take_directive(kd_attempt *a, char directive, char next);

#endif

/* split.h - lines that hold several messages come apart. Layer: input.
 *
 *   [ 2052.051866][ T1668] ---[ end trace 5a02 ]--- [ 2052.051868][ T1668] Kernel panic - not ...
 *   kernel: BUG: kernel NULL pointer dereference, address: 0#012#PF: supervisor read access#012...
 *   "[    1.0...] Oops: 0000 [#1] SMP\n[    1.0...] RIP: 0010:..."     the two bytes \ and n
 *
 * Web pages fold newlines to blanks, rsyslog writes control characters in octal, JSON escapes them.
 */
#ifndef KD_INPUT_SPLIT_H
#define KD_INPUT_SPLIT_H

#include "base/str.h"

typedef struct kd_split {
    kd_str rest;         /* what was not handed out */
    kd_str lead;         /* what stands before the first time stamp of the line */
    const char *stamp;   /* where a message behind a stamp begins next; NULL: nowhere */
    const char *newline; /* that is written out, next; NULL: there is none */
    size_t newline_len;
} kd_split;

/* A line with several messages is long; most lines are not, and are not looked at. */
#define KD_SPLIT_SHORTEST 100u
kd_split kd_split_of(kd_str line);
/* The next message of the line, as it stands there, and how many bytes part it from the one behind
 * it; false: there is none left. */
bool kd_split_next(kd_split *split, kd_str *message, size_t *gap);

#endif

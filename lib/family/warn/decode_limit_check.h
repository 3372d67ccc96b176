/* decode_limit_check.h - which limit did the code before a WARN() compare with? */
#ifndef KD_WARN_DECODE_LIMIT_CHECK_H
#define KD_WARN_DECODE_LIMIT_CHECK_H

#include "core/context.h"
#include "family/fields.h"

typedef struct kd_limit_check {
    uint64_t limit;   /* the largest value that is let through */
    uint64_t value;   /* of the register, in the dump */
    kd_src src;       /* of that register */
    char reg[8];      /* as in the dump: "rbp" */
    char compare[64]; /* "cmp ebp, 0xa" */
    bool contradicts; /* the compare is there, but the dumped register is not above the limit */
} kd_limit_check;

/*
 * Looks in the code line for "compare a register with a number, branch away unless it is above"
 * on the straight way to the marker, with nothing in between that writes the register or leaves the
 * way for good. True when most ways to read the bytes that arrive at the marker agree on it and the
 * dumped register is above the limit. x86 only: others print no code with a WARN().
 */
bool kd_limit_check_find(const kdf_oops *oops, const kd_context *context, kd_limit_check *out);

#endif

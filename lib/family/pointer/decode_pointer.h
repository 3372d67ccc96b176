/* decode_pointer.h - which pointer the faulting instruction used. */
#ifndef KD_POINTER_DECODE_POINTER_H
#define KD_POINTER_DECODE_POINTER_H

#include "core/context.h"
#include "family/fields.h"

/* The base register of the faulting access, where instruction and registers give the very address
 * of the fault: then it held this. */
typedef struct kd_pointer {
    kd_str reg;
    kd_src src; /* the line of the register */
    uint64_t value;
    int64_t displacement;
    bool indexed; /* an index was added */
} kd_pointer;

/* Are pointers of that machine 64 bits wide? */
bool kd_is_64_bit(const kd_context *context, const kdf_oops *oops);

/* False: the log does not prove which pointer it was. */
bool kd_pointer_of(const kdf_oops *oops, const kd_context *context, kd_pointer *out);

/* ERR_PTR(-n) or NULL minus n, with n to 4095: that n; else 0. */
uint64_t kd_pointer_error(uint64_t value, bool wide);
/* "ENOMEM"; NULL: no name is known, or the architecture has its own. */
const char *kd_errno_name(const kd_context *context, uint64_t number);

#endif

/* decode_pointer.h - which pointer the faulting instruction used. */
#ifndef KD_POINTER_DECODE_POINTER_H
#define KD_POINTER_DECODE_POINTER_H

#include "core/context.h"
#include "family/address/decode_idiom.h"
#include "family/fault/decode_pointed.h"
#include "family/fields.h"

/* The base register of the faulting access, where instruction and registers give the very address
 * of the fault: then it held this. */
typedef struct kd_pointer {
    kd_str reg;
    kd_src src; /* the line of the register */
    uint64_t value;
    int64_t displacement;
    bool indexed;           /* an index was added */
    uint64_t shadow;        /* KASAN: the fault was at this shadow byte of it; 0: it was not */
    uint64_t shadow_offset; /* where shadow bytes begin */
} kd_pointer;

/* False: the log does not prove which pointer it was. */
bool kd_pointer_of(const kdf_oops *oops, const kd_context *context, kd_pointer *out);

/* The pointer that was used: what kd_pointer_of() proves, else the address of the fault; of general
 * protection faults that tell no address, where the instruction went. False: nothing tells it. */
bool kd_bad_value(const kd_event *event, const kdf_oops *oops, const kd_context *context,
                  kd_pointer *out);

/* A function that follows the list of free slab objects? */
bool kd_follows_freelist(kd_str function);

#endif

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
    bool indexed;    /* an index was added */
    uint64_t shadow; /* KASAN: the fault was at this shadow byte of it; 0: it was not */
} kd_pointer;

/* Are pointers of that machine 64 bits wide? */
bool kd_is_64_bit(const kd_context *context, const kdf_oops *oops);

/* False: the log does not prove which pointer it was. */
bool kd_pointer_of(const kdf_oops *oops, const kd_context *context, kd_pointer *out);

/* The pointer that was used: what kd_pointer_of() proves, else the address of the fault; of general
 * protection faults that tell no address, where the instruction went. False: nothing tells it. */
bool kd_bad_value(const kd_event *event, const kdf_oops *oops, const kd_context *context,
                  kd_pointer *out);

/* What byte the value is made of, where it is a poison: nearly all of it, for an offset may have
 * been added. 0: it is none. */
uint8_t kd_poison_byte(uint64_t value, bool wide);
const char *kd_poison_words(uint8_t byte, bool *freed);

/* What list_del() leaves in an entry, with a small offset added; 0: it is none. On machines
 * without a move of their own such values lie in page 0: exact ones only count there. */
uint64_t kd_list_poison(const kd_context *context, uint64_t value, bool exact);

/* The characters of the value in memory order, at most 8 and a NUL; 0: it is no text. */
size_t kd_text_in(uint64_t value, bool wide, char out[9]);

/* A function that follows the list of free slab objects? */
bool kd_follows_freelist(kd_str function);

/* ERR_PTR(-n) or NULL minus n, with n to 4095: that n; else 0. */
uint64_t kd_pointer_error(uint64_t value, bool wide);
/* "ENOMEM"; NULL: no name is known, or the architecture has its own. */
const char *kd_errno_name(const kd_context *context, uint64_t number);

#endif

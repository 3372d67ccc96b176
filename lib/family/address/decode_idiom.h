/* decode_idiom.h - values that are no addresses, and what they are instead. */
#ifndef KD_ADDRESS_DECODE_IDIOM_H
#define KD_ADDRESS_DECODE_IDIOM_H

#include "core/context.h"

/* What byte the value is made of, where it is a poison: nearly all of it, for an offset may have
 * been added. 0: it is none. */
uint8_t kd_poison_byte(uint64_t value, bool wide);
const char *kd_poison_words(uint8_t byte, bool *freed);

/* What list_del() leaves in an entry, with a small offset added; 0: it is none. On machines
 * without a move of their own such values lie in page 0: exact ones only count there. */
uint64_t kd_list_poison(const kd_context *context, uint64_t value, bool exact);

/* The characters of the value in memory order, at most 8 and a NUL; 0: it is no text. */
size_t kd_text_in(const kd_context *context, uint64_t value, bool wide, char out[9]);

/* ERR_PTR(-n) or NULL minus n, with n to 4095: that n; else 0. */
uint64_t kd_pointer_error(uint64_t value, bool wide);
/* "ENOMEM"; NULL: no name is known, or the architecture has its own. */
const char *kd_errno_name(const kd_context *context, uint64_t number);

/* A mark of the kernel, or a constant that only looks like damage. */
typedef enum kd_magic { KD_MAGIC_NONE, KD_MAGIC_MARK, KD_MAGIC_CONSTANT } kd_magic;
kd_magic kd_magic_of(const kd_context *context, uint64_t value, bool wide, const char **words);

#endif

/* decode_code.h - the faulting instruction and its memory operand. */
#ifndef KD_FAULT_DECODE_CODE_H
#define KD_FAULT_DECODE_CODE_H

#include "core/context.h"
#include "family/fields.h"

/* From the bytes of the Code: line and the registers; nothing where capstone cannot tell. */
void kd_decode_code(kdf_oops *oops, const kd_context *context, kd_arena *arena);

#endif

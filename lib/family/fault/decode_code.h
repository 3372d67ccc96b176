/* decode_code.h - the faulting instruction and its memory operand. */
#ifndef KD_FAULT_DECODE_CODE_H
#define KD_FAULT_DECODE_CODE_H

#include "core/context.h"
#include "family/fields.h"

#ifdef KD_CAPSTONE
#include "family/fault/decode_insn.h"

/* Is the base changed after the access ("ldr x1, [x0], #8")? Then the displacement is no part of
 * its address. */
bool kd_arm64_is_post_index(const cs_insn *insn);
#endif

/* All bytes of the code line, in memory order. Words are printed as values of a little-endian
 * CPU. */
size_t kd_code_bytes(const kdf_code *code, uint8_t *out, size_t room);

/* From the bytes of the Code: line and the registers; nothing where capstone cannot tell. */
void kd_decode_code(kdf_oops *oops, const kd_context *context, kd_arena *arena);

#endif

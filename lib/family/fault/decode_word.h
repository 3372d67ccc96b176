/* decode_word.h - memory operands of instructions whose code is a plain word. */
#ifndef KD_FAULT_DECODE_WORD_H
#define KD_FAULT_DECODE_WORD_H

#include "family/fault/isa.h"

/* The instruction at `bytes` (words in little-endian order), where access.def has it. `text`: as
 * an assembler writes it. False: it is none of those, or does not access memory. */
bool kd_word_access(kd_isa isa, const uint8_t *bytes, size_t len, kd_access *out, char text[64]);

/* The number of the register that instructions name so; -1: there is none. */
int kd_word_register(kd_isa isa, const char *name);
/* The number of the loongarch register of that name; -1: there is none. */
int kd_loongarch_number(const char *name);

#endif

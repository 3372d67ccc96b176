/* decode_origin.h - where the base register of the faulting access got its value. */
#ifndef KD_FAULT_DECODE_ORIGIN_H
#define KD_FAULT_DECODE_ORIGIN_H

#include "core/context.h"
#include "family/fields.h"

/* Fills code.origin from the instructions of the code line that stand before the marked one. */
void kd_decode_origin(kd_event *event, kdf_oops *oops, const kd_context *context);
/* The same for powerpc, mips, riscv and loongarch. */
void kd_decode_origin_word(kd_event *event, kdf_oops *oops, const kd_context *context);

#endif

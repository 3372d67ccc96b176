/* decode_cause.h - the fault registers of riscv, powerpc, mips, s390, parisc and loongarch. */
#ifndef KD_FAULT_DECODE_CAUSE_H
#define KD_FAULT_DECODE_CAUSE_H

#include "core/context.h"
#include "family/fields.h"

/* Fills in what the values that were read mean; takes registers for those that have no line of
 * their own. */
void kd_decode_causes(kdf_oops *oops, const kd_context *context, kd_arena *arena);

#endif

/* decode_executed.h - what the "ex" and "exrl" of s390 execute. */
#ifndef KD_FAULT_DECODE_EXECUTED_H
#define KD_FAULT_DECODE_EXECUTED_H

#include "family/fault/isa.h"
#include "family/fields.h"

/* The memory operands of the instruction that code.instruction executes, at most 2; code.executed
 * becomes its text. 0: it is not known. */
size_t kd_executed_accesses(kdf_oops *oops, kd_arena *arena, kd_access out[2]);

#endif

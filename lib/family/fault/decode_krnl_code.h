/* decode_krnl_code.h - memory operands of s390, by the text of the kernel's own disassembler. */
#ifndef KD_FAULT_DECODE_KRNL_CODE_H
#define KD_FAULT_DECODE_KRNL_CODE_H

#include "family/fault/isa.h"

/* "st %r2,0(%r1)". The number of operands in memory, at most 2. */
size_t kd_krnl_code_accesses(kd_str text, kd_access out[2]);

#endif

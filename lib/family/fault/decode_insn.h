/* decode_insn.h - which general registers an instruction writes, by capstone. */
#ifndef KD_FAULT_DECODE_INSN_H
#define KD_FAULT_DECODE_INSN_H

#include "family/fault/isa.h"

#ifdef KD_CAPSTONE
#include <capstone/capstone.h>
#include <stdbool.h>
#include <stdint.h>

/* One whose instructions are followed here: x86 and arm64. KD_ISA_NONE: another. */
kd_isa kd_isa_of(const kd_context *context);

/* Opens capstone with details. False: it refuses, or its memory ran out, which is noted.
 * @param mem  may be NULL */
bool kd_isa_open(kd_mem *mem, kd_isa isa, csh *handle);

/* The same, kept open where the context has a place for it; given back with kd_isa_leave(). */
bool kd_isa_use(const kd_context *context, kd_isa isa, csh *handle);
void kd_isa_leave(const kd_context *context, csh *handle);

typedef struct kd_code_part {
    const uint8_t *bytes;
    size_t len;
    uint64_t address;
    size_t most; /* instructions; 0: all */
} kd_code_part;

/* The instructions, each with its details, as cs_disasm() gives them. That capstone's memory ran
 * out is noted as if it were our own: what was not read for want of it is not what cannot be read.
 */
size_t kd_isa_read(kd_mem *mem, csh handle, kd_code_part part, cs_insn **insns);

/* The number of the general register that capstone's register is, or is a part of: al, ax, eax and
 * rax are 0, w5 and x5 are 5, sp of arm64 is 31. -1: none. */
int kd_register_number(kd_isa isa, unsigned reg);
/* The same of a whole register by the name that the dump has for it: "r11", "x5", "fp" of arm. */
int kd_register_by_name(kd_isa isa, const char *name);
/* x86: how the dump names the whole register of that number; NULL: there is none. */
const char *kd_register_name(kd_isa isa, int number);
/* Is it the whole of a general register, not a part? */
bool kd_register_is_whole(kd_isa isa, unsigned reg);

/*
 * The general registers that the instruction may write, as bits by number: in whole or in part, by
 * its operands or without naming them. False: the instruction branches, calls, or is none of those
 * known here; it may write anything.
 */
bool kd_insn_writes(kd_isa isa, csh handle, const cs_insn *insn, uint32_t *written);

#endif
#endif

/* decode_code.h - the faulting instruction and its memory operand. */
#ifndef KD_FAULT_DECODE_CODE_H
#define KD_FAULT_DECODE_CODE_H

#include "core/context.h"
#include "family/fault/isa.h"
#include "family/fields.h"

#ifdef KD_CAPSTONE
#include "family/fault/decode_insn.h"

/* Is the base changed after the access ("ldr x1, [x0], #8")? Then the displacement is no part of
 * its address. */
bool kd_arm64_is_post_index(const cs_insn *insn);

/* The memory operands of the instruction, also those that it does not name (the stack of push and
 * call). The number of them, at most `room`. */
size_t kd_insn_accesses(kd_isa isa, csh handle, const cs_insn *insn, kd_access *out, size_t room);
#endif

/* Is the code around the fault lost, or cut before its mark? x86 prints it with every register
 * dump. */
bool kd_code_is_lost(const kd_event *event, const kdf_oops *oops, const kd_context *context);

/* Does the line end before the instruction of the fault, or inside it? */
bool kd_code_is_torn(const kdf_code *code, const kd_context *context);

/* All bytes of the code line, in memory order. Words are printed as values of a little-endian
 * CPU. */
size_t kd_code_bytes(const kdf_code *code, uint8_t *out, size_t room);

/* The register of the dump by the name that instructions have for it; NULL: the dump lacks it. */
const kd_pair *kd_find_register(const kdf_oops *oops, kd_isa isa, const char *name);
/* The value of a register by the name that instructions have for it, as the fault found it.
 * Program counters are those that instructions read. False: the dump does not have it. */
bool kd_register_value(const kdf_oops *oops, kd_isa isa, const char *name, uint64_t *value);

/* The address that the access goes to. False: a register of it is not in the dump. */
bool kd_access_effective(const kdf_oops *oops, kd_isa isa, const kd_access *access,
                         uint64_t *effective);

/* Does the fault's address lie in what the access touches? Compared as the CPU reports it: without
 * the tag on arm64; of s390 the page only. */
bool kd_access_hits(kd_isa isa, uint64_t effective, uint64_t size, uint64_t address);

/* Where the access went: the address of the fault, or where the kernel prints that of its page
 * (s390, sparc) or the base alone (x86, 5.5 to 5.12), what the operand gives. */
uint64_t kd_fault_at(const kdf_oops *oops);

/* From the bytes of the Code: line and the registers; says why where it cannot tell. */
void kd_decode_code(kd_event *event, kdf_oops *oops, const kd_context *context);

/* Where the operand does not give the address of the fault: the reason. Takes the operand away
 * where the CPU did not get so far as to execute the instruction. */
void kd_decode_disagreement(kd_event *event, kdf_oops *oops, const kd_context *context);

#endif

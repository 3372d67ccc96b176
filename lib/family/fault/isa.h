/* isa.h - which instruction set the code bytes of a report are in. */
#ifndef KD_FAULT_ISA_H
#define KD_FAULT_ISA_H

#include "core/context.h"
#include "family/fields.h"

typedef enum kd_isa {
    KD_ISA_NONE,
    KD_ISA_X86_64,
    KD_ISA_I386,
    KD_ISA_ARM64,
    KD_ISA_ARM,
    KD_ISA_THUMB,
    KD_ISA_PPC,
    KD_ISA_MIPS,
    KD_ISA_RISCV,
    KD_ISA_LOONGARCH,
    KD_ISA_SPARC,
    KD_ISA_PARISC,
    KD_ISA_S390
} kd_isa;

/* Where the instructions before a fault begin; the same crash comes again and again. */
#define KD_CODE_BEFORE 128u
typedef struct kd_starts {
    kd_isa isa;
    uint8_t marker; /* so many bytes stand before the fault */
    uint8_t first;  /* the first of them that begins an instruction for sure; marker: none does */
    uint8_t bytes[KD_CODE_BEFORE];
    uint8_t lengths[KD_CODE_BEFORE]; /* of the instructions that were read, by where they begin */
} kd_starts;

/* Disassemblers that are open, by kd_isa; 0: none is. Opening one takes as long as reading a whole
 * code line. */
typedef struct kd_isas {
    size_t open[KD_ISA_S390 + 1];
    kd_starts starts[8]; /* of the last ones, by a hash of the bytes */
} kd_isas;
void kd_isas_close(kd_isas *isas);

/* KD_ISA_NONE: code of this machine is not decoded. arm is KD_ISA_THUMB where the code line is made
 * of half words. */
kd_isa kd_isa_of_code(const kdf_oops *oops, const kd_context *context);

/* The memory operand of one instruction. Registers by the names of the dump; empty: none. */
typedef struct kd_access {
    char base[8], index[8];
    int64_t displacement;
    uint64_t scale; /* of the index */
    uint64_t size;  /* bytes; 0: unknown */
    bool store, load;
    bool negative;       /* the index is subtracted */
    char extend;         /* of the index: 'u', 's': its lower 32 bits; 0: all of it */
    const char *segment; /* the register that holds the segment's base, or NULL */
    char bits[8];        /* it counts bits from base and displacement on: bt of x86; empty: none */
} kd_access;

#endif

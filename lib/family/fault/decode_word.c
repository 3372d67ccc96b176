/* decode_word.c - memory operands of instructions whose code is a plain word. */
#include "family/fault/decode_word.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef enum form {
    RISCV_I,
    RISCV_S,
    RISCV_A,
    RISCV_CW,
    RISCV_CD,
    RISCV_LWSP,
    RISCV_LDSP,
    RISCV_SWSP,
    RISCV_SDSP,
    PPC_D,
    PPC_DS,
    PPC_DQ,
    PPC_X,
    MIPS_I,
    LOONG_12,
    LOONG_14,
    LOONG_X,
    SPARC_3,
    SPARC_CAS,
    PARISC_14,
    PARISC_14M,
    PARISC_10,
    PARISC_LOAD,
    PARISC_STORE,
    PARISC_X,
    ARM64_BASE
} form;
enum { LOAD = 1, STORE = 2, BOTH = 3, TOUCH = 0 };

typedef struct row {
    kd_isa isa;
    uint32_t mask, value;
    const char *name;
    form form;
    uint8_t bytes, access;
} row;

static const row rows[] = {
#define KD_WORD(isa, mask, value, name, form, bytes, access) \
    { KD_ISA_##isa, mask, value, name, form, bytes, access },
#include "family/fault/access.def"
};

/* Bits high to low of the word, moved to the place `to`. */
static uint32_t bits(uint32_t word, unsigned high, unsigned low, unsigned to)
{
    return (word >> low & ((UINT32_C(2) << (high - low)) - 1)) << to;
}

static int64_t sign(uint32_t value, unsigned width)
{
    uint32_t top = UINT32_C(1) << (width - 1);
    return (int64_t)(value ^ top) - (int64_t)top;
}

static const char *const loong[32] = { "zero", "ra", "tp", "sp", "a0", "a1", "a2", "a3",
                                       "a4",   "a5", "a6", "a7", "t0", "t1", "t2", "t3",
                                       "t4",   "t5", "t6", "t7", "t8", "u0", "s9", "s0",
                                       "s1",   "s2", "s3", "s4", "s5", "s6", "s7", "s8" };

int kd_loongarch_number(const char *name)
{
    for (int i = 0; i < 32; i++)
        if (!strcmp(loong[i], name))
            return i;
    return -1;
}

static const char *register_name(kd_isa isa, unsigned n, char out[8])
{
    static const char *const riscv[32] = { "zero", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
                                           "s0",   "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
                                           "a6",   "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
                                           "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6" };
    if (isa == KD_ISA_RISCV)
        return riscv[n & 31];
    if (isa == KD_ISA_LOONGARCH)
        return loong[n & 31];
    if (isa == KD_ISA_ARM64 && n == 31)
        return "sp";
    if (isa == KD_ISA_SPARC) {
        snprintf(out, 8, "%c%u", "goli"[n >> 3 & 3], n & 7);
        return out;
    }
    snprintf(out, 8, "%s%u", isa == KD_ISA_MIPS ? "$" : isa == KD_ISA_ARM64 ? "x" : "r", n & 31);
    return out;
}

int kd_word_register(kd_isa isa, const char *name)
{
    char room[8];
    for (unsigned i = 0; i < 32; i++)
        if (!strcmp(register_name(isa, i, room), name))
            return (int)i;
    return -1;
}

static void set(char to[8], kd_isa isa, unsigned n)
{
    char room[8];
    snprintf(to, 8, "%s", register_name(isa, n, room));
}

/* Compressed forms have their own fields: three bits for registers, the displacement in pieces. */
static unsigned riscv_compressed(form f, uint32_t w, kd_access *out)
{
    uint32_t disp = 0;
    switch (f) {
    case RISCV_CW: disp = bits(w, 12, 10, 3) | bits(w, 6, 6, 2) | bits(w, 5, 5, 6); break;
    case RISCV_CD: disp = bits(w, 12, 10, 3) | bits(w, 6, 5, 6); break;
    case RISCV_LWSP: disp = bits(w, 12, 12, 5) | bits(w, 6, 4, 2) | bits(w, 3, 2, 6); break;
    case RISCV_LDSP: disp = bits(w, 12, 12, 5) | bits(w, 6, 5, 3) | bits(w, 4, 2, 6); break;
    case RISCV_SWSP: disp = bits(w, 12, 9, 2) | bits(w, 8, 7, 6); break;
    default: disp = bits(w, 12, 10, 3) | bits(w, 9, 7, 6); break;
    }
    bool small = f == RISCV_CW || f == RISCV_CD;
    out->displacement = disp;
    set(out->base, KD_ISA_RISCV, small ? 8 + bits(w, 9, 7, 0) : 2);
    return small                                ? 8 + bits(w, 4, 2, 0)
           : f == RISCV_SWSP || f == RISCV_SDSP ? bits(w, 6, 2, 0)
                                                : bits(w, 11, 7, 0);
}

/* Base 0 of powerpc is no register: nothing is added. */
static void set_ppc_base(kd_access *out, uint32_t w)
{
    if (bits(w, 20, 16, 0) != 0)
        set(out->base, KD_ISA_PPC, bits(w, 20, 16, 0));
}

/* Register 0 of sparc holds 0, as that of parisc does; the second half of format 3 is a register or
 * a number. */
static unsigned sparc_fields(form f, uint32_t w, kd_access *out)
{
    if (bits(w, 18, 14, 0) != 0)
        set(out->base, KD_ISA_SPARC, bits(w, 18, 14, 0));
    if (f == SPARC_3 && w >> 13 & 1)
        out->displacement = sign(bits(w, 12, 0, 0), 13);
    else if (f == SPARC_3 && bits(w, 4, 0, 0) != 0)
        set(out->index, KD_ISA_SPARC, bits(w, 4, 0, 0));
    return bits(w, 29, 25, 0);
}

/* The sign of a number stands in its lowest bit. */
static int64_t low_sign(uint32_t value, unsigned width)
{
    int64_t rest = value >> 1;
    return value & 1 ? rest - (INT64_C(1) << (width - 1)) : rest;
}

/* Where the base is changed behind the access, it alone is the address. */
static unsigned parisc_fields(form f, uint32_t w, kd_access *out)
{
    bool small = f == PARISC_LOAD || f == PARISC_STORE;
    bool behind = f == PARISC_X    ? (w >> 5 & 1) != 0
                  : small          ? (w >> 5 & 1) && !(w >> 13 & 1)
                  : f == PARISC_10 ? (w >> 3 & 1) && !(w >> 2 & 1)
                                   : f == PARISC_14M && !(w & 1);
    if (bits(w, 25, 21, 0) != 0)
        set(out->base, KD_ISA_PARISC, bits(w, 25, 21, 0));
    if (f == PARISC_X && !behind) {
        set(out->index, KD_ISA_PARISC, bits(w, 20, 16, 0));
        if (w >> 13 & 1) /* s: by the size */
            out->scale = out->size;
    } else if (small)
        out->displacement = low_sign(f == PARISC_LOAD ? bits(w, 20, 16, 0) : bits(w, 4, 0, 0), 5);
    else if (f != PARISC_X)
        out->displacement = f == PARISC_10 ? low_sign(bits(w, 13, 4, 1) | (w & 1), 11) * 8
                                           : low_sign(bits(w, 13, 0, 0), 14);
    if (behind)
        out->displacement = 0;
    return small && f == PARISC_LOAD ? bits(w, 4, 0, 0)
           : f == PARISC_X           ? bits(w, 4, 0, 0)
                                     : bits(w, 20, 16, 0);
}

/* Fills the operand in; the number of the register that is loaded or stored. */
static unsigned take_fields(const row *r, uint32_t w, kd_access *out)
{
    switch (r->form) {
    case RISCV_I:
        out->displacement = sign(w >> 20, 12);
        set(out->base, r->isa, bits(w, 19, 15, 0));
        return bits(w, 11, 7, 0);
    case RISCV_S:
        out->displacement = sign(bits(w, 31, 25, 5) | bits(w, 11, 7, 0), 12);
        set(out->base, r->isa, bits(w, 19, 15, 0));
        return bits(w, 24, 20, 0);
    case RISCV_A: set(out->base, r->isa, bits(w, 19, 15, 0)); return bits(w, 11, 7, 0);
    case PPC_D:
    case PPC_DS:
    case PPC_DQ:
        out->displacement = sign(w & (r->form == PPC_D    ? 0xffffu
                                      : r->form == PPC_DS ? 0xfffcu
                                                          : 0xfff0u),
                                 16);
        set_ppc_base(out, w);
        return bits(w, 25, 21, 0);
    case PPC_X:
        set_ppc_base(out, w);
        set(out->index, r->isa, bits(w, 15, 11, 0));
        return bits(w, 25, 21, 0);
    case MIPS_I:
        out->displacement = sign(w & 0xffff, 16);
        set(out->base, r->isa, bits(w, 25, 21, 0));
        return bits(w, 20, 16, 0);
    case LOONG_12:
    case LOONG_14:
        out->displacement =
            r->form == LOONG_12 ? sign(bits(w, 21, 10, 0), 12) : 4 * sign(bits(w, 23, 10, 0), 14);
        set(out->base, r->isa, bits(w, 9, 5, 0));
        return bits(w, 4, 0, 0);
    case LOONG_X:
        set(out->base, r->isa, bits(w, 9, 5, 0));
        set(out->index, r->isa, bits(w, 14, 10, 0));
        return bits(w, 4, 0, 0);
    case SPARC_3:
    case SPARC_CAS: return sparc_fields(r->form, w, out);
    case PARISC_14:
    case PARISC_14M:
    case PARISC_10:
    case PARISC_LOAD:
    case PARISC_STORE:
    case PARISC_X: return parisc_fields(r->form, w, out);
    case ARM64_BASE:
        out->size = r->bytes ? r->bytes : UINT64_C(1) << (w >> 30);
        set(out->base, r->isa, bits(w, 9, 5, 0));
        return bits(w, 4, 0, 0);
    default: return riscv_compressed(r->form, w, out);
    }
}

static void write_text(const row *r, unsigned moved, const kd_access *a, char text[64])
{
    char room[8];
    const char *to = register_name(r->isa, moved, room), *base = a->base[0] ? a->base : "0";
    if (r->isa == KD_ISA_ARM64)
        snprintf(text, 64, "%s %s, [%s]", r->name, to, base);
    else if (a->index[0])
        snprintf(text, 64, "%s %s, %s, %s", r->name, to, base, a->index);
    else if (r->isa == KD_ISA_LOONGARCH)
        snprintf(text, 64, "%s %s, %s, %" PRId64, r->name, to, base, a->displacement);
    else
        snprintf(text, 64, "%s %s, %" PRId64 "(%s)", r->name, to, a->displacement, base);
}

bool kd_word_access(kd_isa isa, const uint8_t *bytes, size_t len, kd_access *out, char text[64])
{
    bool half = isa == KD_ISA_RISCV && len >= 2 && (bytes[0] & 3) != 3;
    if (len < (half ? 2u : 4u))
        return false;
    uint32_t word = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
    if (!half)
        word |= (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        const row *r = &rows[i];
        if (r->isa != isa || (word & r->mask) != r->value || (half && (r->value & 3) == 3))
            continue;
        *out = (kd_access){ .scale = 1, .size = r->bytes };
        unsigned moved = take_fields(r, word, out);
        out->load = (r->access & LOAD) != 0;
        out->store = (r->access & STORE) != 0;
        write_text(r, moved, out, text);
        return true;
    }
    return false;
}

/* decode_insn.c - which general registers an instruction writes, by capstone.
 *
 * What capstone says of reads and writes is incomplete for some instructions and differs between
 * its versions. So only instructions of insn.def count as known, with what the manuals say that
 * they write; capstone may add to that, never take away.
 */
#include "family/fault/decode_insn.h"

#include <string.h>

#ifdef KD_CAPSTONE

#include "base/scan.h"

kd_isa kd_isa_of(const kd_context *context)
{
    static const struct {
        const char *arch;
        kd_isa isa;
    } rows[] = { { "x86_64", KD_ISA_X86_64 }, { "i386", KD_ISA_I386 }, { "arm64", KD_ISA_ARM64 } };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_arch_is(context, rows[i].arch))
            return rows[i].isa;
    return KD_ISA_NONE;
}

static void note_no_memory(kd_mem *mem)
{
    if (mem && mem->failed == KD_OK)
        mem->failed = KD_E_NOMEM;
}

size_t kd_isa_read(kd_mem *mem, csh handle, kd_code_part part, cs_insn **insns)
{
    size_t count = cs_disasm(handle, part.bytes, part.len, part.address, part.most, insns);
    bool is_short = count == 0 && cs_errno(handle) == CS_ERR_MEM;
    for (size_t i = 0; i < count; i++)
        is_short |= !(*insns)[i].detail;
    if (is_short)
        note_no_memory(mem);
    if (is_short && count > 0)
        cs_free(*insns, count);
    return is_short ? 0 : count;
}

bool kd_isa_open(kd_mem *mem, kd_isa isa, csh *handle)
{
    /* words of the code line are values: given in little-endian order whatever the machine's is */
    static const struct {
        kd_isa isa;
        cs_arch arch;
        unsigned mode;
    } rows[] = {
        { KD_ISA_X86_64, CS_ARCH_X86, CS_MODE_64 },
        { KD_ISA_I386, CS_ARCH_X86, CS_MODE_32 },
        { KD_ISA_ARM64, CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN },
        { KD_ISA_ARM, CS_ARCH_ARM, CS_MODE_ARM },
        { KD_ISA_THUMB, CS_ARCH_ARM, CS_MODE_THUMB },
        { KD_ISA_PPC, CS_ARCH_PPC, CS_MODE_64 },
        { KD_ISA_MIPS, CS_ARCH_MIPS, CS_MODE_MIPS64 },
    };
    size_t i = 0;
    while (i < KD_COUNT(rows) && rows[i].isa != isa)
        i++;
    if (i == KD_COUNT(rows))
        return false;
    cs_err error = cs_open(rows[i].arch, (cs_mode)rows[i].mode, handle);
    if (error == CS_ERR_MEM)
        note_no_memory(mem);
    if (error != CS_ERR_OK)
        return false;
    if (cs_option(*handle, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK)
        return true;
    cs_close(handle);
    return false;
}

bool kd_isa_use(const kd_context *context, kd_isa isa, csh *handle)
{
    csh *kept = context->isas ? &context->isas->open[isa] : NULL;
    *handle = kept ? *kept : 0;
    if (*handle)
        return true;
    if (!kd_isa_open(context->arena.mem, isa, handle))
        return false;
    if (kept)
        *kept = *handle;
    return true;
}

void kd_isa_leave(const kd_context *context, csh *handle)
{
    if (!context->isas)
        cs_close(handle);
}

void kd_isas_close(kd_isas *isas)
{
    for (size_t i = 0; i < KD_COUNT(isas->open); i++)
        if (isas->open[i])
            cs_close(&isas->open[i]);
}

/* ---- registers ------------------------------------------------------------------------------- */

/* In the order of their numbers in the code; parts without a name are capstone's 0. */
static const struct {
    unsigned whole64, whole32, word, low, high;
} x86_registers[] = {
#define OLD(letter)                                                                           \
    {                                                                                         \
        X86_REG_R##letter##X, X86_REG_E##letter##X, X86_REG_##letter##X, X86_REG_##letter##L, \
            X86_REG_##letter##H                                                               \
    }
#define NAMED(name)                                                            \
    {                                                                          \
        X86_REG_R##name, X86_REG_E##name, X86_REG_##name, X86_REG_##name##L, 0 \
    }
#define NEW(n)                                                             \
    {                                                                      \
        X86_REG_R##n, X86_REG_R##n##D, X86_REG_R##n##W, X86_REG_R##n##B, 0 \
    }
    OLD(A), OLD(C), OLD(D),  OLD(B),  NAMED(SP), NAMED(BP), NAMED(SI), NAMED(DI),
    NEW(8), NEW(9), NEW(10), NEW(11), NEW(12),   NEW(13),   NEW(14),   NEW(15),
#undef OLD
#undef NAMED
#undef NEW
};
enum { RAX = 0, RCX = 1, RDX = 2, RSP = 4, RSI = 6, RDI = 7 };

static int x86_number(unsigned reg)
{
    for (size_t i = 0; reg && i < KD_COUNT(x86_registers); i++)
        if (reg == x86_registers[i].whole64 || reg == x86_registers[i].whole32 ||
            reg == x86_registers[i].word || reg == x86_registers[i].low ||
            reg == x86_registers[i].high)
            return (int)i;
    return -1;
}

static int arm64_number(unsigned reg)
{
    if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30)
        return (int)(reg - ARM64_REG_W0);
    if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
        return (int)(reg - ARM64_REG_X0);
    switch (reg) {
    case ARM64_REG_X29: return 29;
    case ARM64_REG_X30: return 30;
    case ARM64_REG_SP:
    case ARM64_REG_WSP: return 31;
    default: return -1;
    }
}

static int arm_number(unsigned reg)
{
    if (reg >= ARM_REG_R0 && reg <= ARM_REG_R12)
        return (int)(reg - ARM_REG_R0);
    return reg == ARM_REG_SP ? 13 : reg == ARM_REG_LR ? 14 : reg == ARM_REG_PC ? 15 : -1;
}

static bool is_arm(kd_isa isa)
{
    return isa == KD_ISA_ARM || isa == KD_ISA_THUMB;
}

int kd_register_number(kd_isa isa, unsigned reg)
{
    return is_arm(isa)           ? arm_number(reg)
           : isa == KD_ISA_ARM64 ? arm64_number(reg)
                                 : x86_number(reg);
}

static const char *const wide[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };
static const char *const narrow[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };

const char *kd_register_name(kd_isa isa, int number)
{
    bool is_narrow = isa == KD_ISA_I386;
    if (number < 0 || (size_t)number >= (is_narrow ? KD_COUNT(narrow) : KD_COUNT(wide)))
        return NULL;
    return is_narrow ? narrow[number] : wide[number];
}

int kd_register_by_name(kd_isa isa, const char *name)
{
    static const char *const arm[] = { "r0", "r1", "r2",  "r3", "r4", "r5", "r6", "r7",
                                       "r8", "r9", "r10", "fp", "ip", "sp", "lr", "pc" };
    kd_scan in = kd_scan_of(kd_str_of(name));
    uint64_t number;
    if (isa == KD_ISA_ARM64)
        return !strcmp(name, "sp")                                                  ? 31
               : kd_scan_char(&in, 'x') && kd_scan_u64(&in, &number) && number < 31 ? (int)number
                                                                                    : -1;
    const char *const *names = is_arm(isa) ? arm : isa == KD_ISA_I386 ? narrow : wide;
    size_t count = isa == KD_ISA_I386 ? KD_COUNT(narrow) : KD_COUNT(wide);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return (int)i;
    return -1;
}

bool kd_register_is_whole(kd_isa isa, unsigned reg)
{
    int number = kd_register_number(isa, reg);
    if (number < 0)
        return false;
    if (is_arm(isa))
        return true;
    if (isa == KD_ISA_ARM64)
        return reg != ARM64_REG_WSP && !(reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30);
    return reg ==
           (isa == KD_ISA_X86_64 ? x86_registers[number].whole64 : x86_registers[number].whole32);
}

/* ---- what is written ------------------------------------------------------------------------- */

typedef enum effect { UNKNOWN, NOTHING, FIRST, ALL, STACK, RAX_RDX, WITH_RAX, STRING } effect;

/* By capstone's ids. */
static const unsigned char x86_effects[] = {
#define KD_X86(id, effect) [X86_INS_##id] = effect,
#define KD_ARM64(id, effect)
#define KD_ARM(id, effect)
#include "family/fault/insn.def"
#undef KD_X86
#undef KD_ARM64
#undef KD_ARM
};
static const unsigned char arm64_effects[] = {
#define KD_X86(id, effect)
#define KD_ARM64(id, effect) [ARM64_INS_##id] = effect,
#define KD_ARM(id, effect)
#include "family/fault/insn.def"
#undef KD_X86
#undef KD_ARM64
#undef KD_ARM
};
static const unsigned char arm_effects[] = {
#define KD_X86(id, effect)
#define KD_ARM64(id, effect)
#define KD_ARM(id, effect) [ARM_INS_##id] = effect,
#include "family/fault/insn.def"
#undef KD_X86
#undef KD_ARM64
#undef KD_ARM
};

static effect effect_of(kd_isa isa, unsigned id)
{
    if (is_arm(isa))
        return id < KD_COUNT(arm_effects) ? arm_effects[id] : UNKNOWN;
    if (isa == KD_ISA_ARM64)
        return id < KD_COUNT(arm64_effects) ? arm64_effects[id] : UNKNOWN;
    return id < KD_COUNT(x86_effects) ? x86_effects[id] : UNKNOWN;
}

static uint32_t bit_of(kd_isa isa, unsigned reg)
{
    int number = kd_register_number(isa, reg);
    return number < 0 ? 0 : UINT32_C(1) << number;
}

/* Of the operands, the first only or all. */
static uint32_t operands_of(kd_isa isa, const cs_insn *insn, bool all)
{
    uint32_t bits = 0;
    if (is_arm(isa)) {
        const cs_arm *arm = &insn->detail->arm;
        for (uint8_t i = 0; i < arm->op_count && (all || i == 0); i++)
            bits |= arm->operands[i].type == ARM_OP_REG
                        ? bit_of(isa, (unsigned)arm->operands[i].reg)
                        : 0;
        return bits;
    }
    if (isa != KD_ISA_ARM64) {
        const cs_x86 *x86 = &insn->detail->x86;
        for (uint8_t i = 0; i < x86->op_count && (all || i == 0); i++)
            bits |= x86->operands[i].type == X86_OP_REG ? bit_of(isa, x86->operands[i].reg) : 0;
        return bits;
    }
    const cs_arm64 *arm64 = &insn->detail->arm64;
    for (uint8_t i = 0; i < arm64->op_count && (all || i == 0); i++)
        bits |= arm64->operands[i].type == ARM64_OP_REG ? bit_of(isa, arm64->operands[i].reg) : 0;
    return bits;
}

static uint32_t arm_written_back(kd_isa isa, const cs_insn *insn)
{
    const cs_arm *arm = &insn->detail->arm;
    uint32_t bits = 0;
    for (uint8_t i = 0; i < arm->op_count; i++)
        if (arm->operands[i].type == ARM_OP_MEM)
            bits |= bit_of(isa, (unsigned)arm->operands[i].mem.base);
    bool block = arm->op_count > 0 && arm->operands[0].type == ARM_OP_REG;
    return !arm->writeback ? 0 : bits | (block ? bit_of(isa, (unsigned)arm->operands[0].reg) : 0);
}

static uint32_t written_back(const cs_insn *insn)
{
    const cs_arm64 *arm64 = &insn->detail->arm64;
    uint32_t bits = 0;
    for (uint8_t i = 0; i < arm64->op_count; i++)
        if (arm64->operands[i].type == ARM64_OP_MEM)
            bits |= bit_of(KD_ISA_ARM64, arm64->operands[i].mem.base);
    return arm64->writeback ? bits : 0;
}

static uint32_t bits_of(kd_isa isa, const cs_insn *insn, effect what)
{
    const uint32_t accumulators = UINT32_C(1) << RAX | UINT32_C(1) << RDX;
    switch (what) {
    case FIRST: return operands_of(isa, insn, false);
    case ALL: return operands_of(isa, insn, true);
    case STACK:
        if (is_arm(isa))
            return UINT32_C(1) << 13;
        return UINT32_C(1) << RSP | (insn->id == X86_INS_POP ? operands_of(isa, insn, true) : 0);
    case RAX_RDX: return accumulators | operands_of(isa, insn, false);
    case WITH_RAX: return UINT32_C(1) << RAX | operands_of(isa, insn, true);
    case STRING:
        return UINT32_C(1) << RAX | UINT32_C(1) << RCX | UINT32_C(1) << RSI | UINT32_C(1) << RDI;
    default: return 0;
    }
}

bool kd_insn_writes(kd_isa isa, csh handle, const cs_insn *insn, uint32_t *written)
{
    effect what = effect_of(isa, insn->id);
    cs_regs reads, writes;
    uint8_t read_count, write_count;
    if (what == UNKNOWN ||
        cs_regs_access(handle, insn, reads, &read_count, writes, &write_count) != CS_ERR_OK)
        return false;
    *written = bits_of(isa, insn, what);
    if (isa == KD_ISA_ARM64)
        *written |= written_back(insn);
    if (is_arm(isa))
        *written |= arm_written_back(isa, insn);
    if (is_arm(isa) && *written >> 15 & 1) /* it jumps */
        return false;
    for (uint8_t i = 0; i < write_count; i++)
        *written |= bit_of(isa, writes[i]);
    return true;
}

#else

void kd_isas_close(kd_isas *isas)
{
    (void)isas;
}
#endif

/* decode_capstone.c - memory operands of x86, arm64 and arm instructions, by capstone. */
#include "family/fault/decode_code.h"

#ifdef KD_CAPSTONE

#include <stdio.h>
#include <string.h>

#include "base/scan.h"

static void put_name(char to[8], csh handle, unsigned reg)
{
    const char *name = reg ? cs_reg_name(handle, reg) : NULL;
    snprintf(to, 8, "%s", name ? name : "");
}

/* arm: as the dump has it. */
static void put_arm_name(char to[8], csh handle, unsigned reg)
{
    static const char *const names[][2] = { { "sb", "r9" },  { "sl", "r10" }, { "r11", "fp" },
                                            { "r12", "ip" }, { "r13", "sp" }, { "r14", "lr" },
                                            { "r15", "pc" } };
    put_name(to, handle, reg);
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (!strcmp(to, names[i][0])) {
            snprintf(to, 8, "%s", names[i][1]);
            return;
        }
}

static bool starts(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* ---- x86 ------------------------------------------------------------------------------------- */

/* They have an operand in memory but do not access it. */
static bool x86_has_no_access(const cs_insn *insn)
{
    return !strcmp(insn->mnemonic, "lea") || starts(insn->mnemonic, "nop") ||
           starts(insn->mnemonic, "prefetch") || starts(insn->mnemonic, "ud") ||
           starts(insn->mnemonic, "bnd");
}

/* The names of the dump, by number. */
static void put_x86_whole(char to[8], kd_isa isa, unsigned reg)
{
    const char *name = kd_register_name(isa, kd_register_number(isa, reg));
    snprintf(to, 8, "%s", name ? name : "");
}

/* "bt qword ptr [rdi], rax": the bit may stand in another word than the operand's. */
static void put_x86_bits(kd_isa isa, const cs_insn *insn, kd_access *out)
{
    const cs_x86 *x86 = &insn->detail->x86;
    bool tests = insn->id == X86_INS_BT || insn->id == X86_INS_BTS || insn->id == X86_INS_BTR ||
                 insn->id == X86_INS_BTC;
    if (tests && x86->op_count == 2 && x86->operands[1].type == X86_OP_REG)
        put_x86_whole(out->bits, isa, x86->operands[1].reg);
}

/* leave loads the frame pointer from where it points, iret all that an exception pushed. */
static bool x86_frame_access(kd_isa isa, const cs_insn *insn, kd_access *out)
{
    bool wide = isa == KD_ISA_X86_64, leaves = insn->id == X86_INS_LEAVE;
    if (!leaves && !starts(insn->mnemonic, "iret"))
        return false;
    *out = (kd_access){ .scale = 1, .load = true };
    if (leaves || wide) /* of i386's iret: three words, or five */
        out->size = (leaves ? 1u : 5u) * (wide ? 8u : 4u);
    snprintf(out->base, sizeof out->base, "%c%s", wide ? 'r' : 'e', leaves ? "bp" : "sp");
    return true;
}

/* push and call store below the stack pointer, pop and ret load at it. */
static bool x86_stack_access(kd_isa isa, const cs_insn *insn, kd_access *out)
{
    int64_t word = isa == KD_ISA_X86_64 ? 8 : 4;
    if (x86_frame_access(isa, insn, out))
        return true;
    bool down = starts(insn->mnemonic, "push") || starts(insn->mnemonic, "call");
    if (!down && !starts(insn->mnemonic, "pop") && !starts(insn->mnemonic, "ret"))
        return false;
    *out = (kd_access){ .displacement = down ? -word : 0,
                        .size = (uint64_t)word,
                        .scale = 1,
                        .store = down,
                        .load = !down };
    snprintf(out->base, sizeof out->base, "%s", isa == KD_ISA_X86_64 ? "rsp" : "esp");
    if (!strcmp(insn->mnemonic, "popcnt"))
        return false;
    return true;
}

/* Of the areas that the state is saved to, capstone gives no size. */
static uint64_t x86_size(const cs_insn *insn, uint64_t given)
{
    return starts(insn->mnemonic, "fxsave") || starts(insn->mnemonic, "fxrstor") ? 512
           : starts(insn->mnemonic, "xsave") || starts(insn->mnemonic, "xrstor") ? 0
                                                                                 : given;
}

static size_t x86_accesses(kd_isa isa, csh handle, const cs_insn *insn, kd_access *out, size_t room)
{
    const cs_x86 *x86 = &insn->detail->x86;
    size_t count = 0;
    if (x86_has_no_access(insn))
        return 0;
    for (uint8_t i = 0; i < x86->op_count && count < room; i++) {
        const x86_op_mem *mem = &x86->operands[i].mem;
        if (x86->operands[i].type != X86_OP_MEM)
            continue;
        kd_access *a = &out[count++];
        *a = (kd_access){ .displacement = mem->disp,
                          .scale = (uint64_t)mem->scale,
                          .size = x86_size(insn, x86->operands[i].size) };
        put_name(a->base, handle, mem->base);
        if (mem->index != X86_REG_RIZ && mem->index != X86_REG_EIZ) /* capstone 5: no index */
            put_name(a->index, handle, mem->index);
        put_x86_bits(isa, insn, a);
        if (mem->base == X86_REG_RIP) /* that of the next instruction */
            a->displacement += insn->size;
        a->segment = mem->segment == X86_REG_GS ? "gs" : mem->segment == X86_REG_FS ? "fs" : NULL;
        bool first = i == 0, compares = starts(insn->mnemonic, "cmp") ||
                                        starts(insn->mnemonic, "test") ||
                                        !strcmp(insn->mnemonic, "bt");
        bool pushes = starts(insn->mnemonic, "push") || starts(insn->mnemonic, "call") ||
                      starts(insn->mnemonic, "jmp");
        a->store = first && !pushes && (!compares || starts(insn->mnemonic, "cmpxchg"));
        a->load = !first || compares || pushes || !starts(insn->mnemonic, "mov");
    }
    if (count < room && x86_stack_access(isa, insn, &out[count]))
        count++;
    return count;
}

/* ---- arm64 ----------------------------------------------------------------------------------- */

bool kd_arm64_is_post_index(const cs_insn *insn)
{
    return insn->detail->arm64.writeback && strstr(insn->op_str, "],");
}

/* "ld1 {v0.16b, v1.16b}, [x1]": all of the registers, or one element of each. */
static uint64_t arm64_vectors(const cs_arm64 *arm64)
{
    uint64_t bytes = 0;
    for (uint8_t i = 0; i < arm64->op_count; i++) {
        const cs_arm64_op *op = &arm64->operands[i];
        if (op->type != ARM64_OP_REG || op->vas == ARM64_VAS_INVALID)
            continue;
        bool half = op->vas == ARM64_VAS_8B || op->vas == ARM64_VAS_4H || op->vas == ARM64_VAS_2S ||
                    op->vas == ARM64_VAS_1D;
        if (op->vector_index >= 0)
            return 0;
        bytes += half ? 8 : 16;
    }
    return bytes;
}

static uint64_t arm64_register_size(const char *name)
{
    switch (name[0]) {
    case 'w':
    case 's': return 4;
    case 'x':
    case 'd': return 8;
    case 'q': return 16;
    case 'h': return 2;
    case 'b': return 1;
    default: return 0;
    }
}

/* As the dump has it: capstone 5 calls x29 and x30 fp and lr. */
static void put_arm64_name(char to[8], csh handle, unsigned reg)
{
    int number = kd_register_number(KD_ISA_ARM64, reg);
    bool whole = kd_register_is_whole(KD_ISA_ARM64, reg);
    if (number < 0 || number == 31)
        put_name(to, handle, reg);
    else
        snprintf(to, 8, "%c%u", whole ? 'x' : 'w', (unsigned)number & 31);
}

static uint64_t arm64_size(csh handle, const cs_insn *insn)
{
    size_t len = strlen(insn->mnemonic);
    char last = len ? insn->mnemonic[len - 1] : 0;
    const cs_arm64 *arm64 = &insn->detail->arm64;
    char name[8] = "";
    if (arm64->op_count > 0 && arm64->operands[0].type == ARM64_OP_REG)
        put_arm64_name(name, handle, arm64->operands[0].reg);
    uint64_t size = arm64_register_size(name);
    bool scalar = name[0] == 'w' || name[0] == 'x';
    bool exclusive = starts(insn->mnemonic, "stx") || starts(insn->mnemonic, "stlx");
    if (arm64->operands[0].vas != ARM64_VAS_INVALID)
        return strchr(insn->mnemonic, 'r') ? 0 : arm64_vectors(arm64);
    if (!scalar)
        return last == 'p' ? 2 * size : size;
    if (last == 'b')
        return 1;
    if (last == 'h')
        return 2;
    if (last == 'w' && len > 4)
        return starts(insn->mnemonic, "ldpsw") ? 8 : 4;
    if (exclusive)
        return 0;
    return last == 'p' ? 2 * size : size;
}

static size_t arm64_accesses(csh handle, const cs_insn *insn, kd_access *out)
{
    const cs_arm64 *arm64 = &insn->detail->arm64;
    if (starts(insn->mnemonic, "prf") || starts(insn->mnemonic, "adr"))
        return 0;
    for (uint8_t i = 0; i < arm64->op_count; i++) {
        const cs_arm64_op *op = &arm64->operands[i];
        if (op->type != ARM64_OP_MEM)
            continue;
        *out = (kd_access){ .displacement = kd_arm64_is_post_index(insn) ? 0 : op->mem.disp,
                            .scale = 1,
                            .size = arm64_size(handle, insn),
                            .store = starts(insn->mnemonic, "st"),
                            .load = starts(insn->mnemonic, "ld") };
        put_arm64_name(out->base, handle, op->mem.base);
        put_arm64_name(out->index, handle, op->mem.index);
        if (op->shift.type == ARM64_SFT_LSL)
            out->scale = UINT64_C(1) << (op->shift.value & 31);
        if (op->ext == ARM64_EXT_UXTW || op->ext == ARM64_EXT_SXTW)
            out->extend = op->ext == ARM64_EXT_UXTW ? 'u' : 's';
        if (out->index[0] == 'w')
            out->index[0] = 'x';
        return 1;
    }
    /* "ldr x0, #0x1000": a literal beside the code */
    if (starts(insn->mnemonic, "ldr") && arm64->op_count == 2 &&
        arm64->operands[1].type == ARM64_OP_IMM) {
        *out = (kd_access){ .displacement =
                                (int64_t)((uint64_t)arm64->operands[1].imm - insn->address),
                            .scale = 1,
                            .size = arm64_size(handle, insn),
                            .load = true };
        snprintf(out->base, sizeof out->base, "pc");
        return 1;
    }
    /* "dc zva, x0": the line is not named as memory */
    bool cache = !strcmp(insn->mnemonic, "dc") || !strcmp(insn->mnemonic, "ic");
    if (cache && arm64->op_count > 0) {
        const cs_arm64_op *op = &arm64->operands[arm64->op_count - 1];
        if (op->type == ARM64_OP_REG) {
            *out = (kd_access){ .scale = 1, .store = strstr(insn->op_str, "zva") != NULL };
            put_arm64_name(out->base, handle, op->reg);
            return 1;
        }
    }
    return 0;
}

/* ---- arm ------------------------------------------------------------------------------------- */

/* "ldrsb.w", "strexd", "ldrhne": the letters behind ldr and str tell the width. */
static uint64_t arm_size(const char *mnemonic)
{
    const char *at = mnemonic + 3;
    if (starts(at, "ex"))
        at += 2;
    if (*at == 's' && (at[1] == 'b' || at[1] == 'h'))
        at++;
    return *at == 'b' ? 1 : *at == 'h' && at[1] != 'i' && at[1] != 's' ? 2 : *at == 'd' ? 8 : 4;
}

static uint64_t arm_register_size(csh handle, const cs_arm_op *op)
{
    const char *name = op->type == ARM_OP_REG ? cs_reg_name(handle, (unsigned)op->reg) : NULL;
    bool number = name && kd_is_digit(name[1]);
    return number && name[0] == 'q' ? 16 : number && name[0] == 'd' ? 8 : 4;
}

/* "vld1.64 {d0, d1}, [r0]", "vldr d0, [r1]": all that is named before the address. */
static uint64_t arm_vector_size(csh handle, const cs_insn *insn)
{
    const cs_arm *arm = &insn->detail->arm;
    uint64_t bytes = 0;
    for (uint8_t i = 0; i < arm->op_count && arm->operands[i].type == ARM_OP_REG; i++) {
        if (arm->operands[i].vector_index >= 0)
            return 0;
        bytes += arm_register_size(handle, &arm->operands[i]);
    }
    return bytes;
}

/* ldm, stm and their like of the vector unit: all registers of the list, from the base on or below
 * it. */
static size_t arm_block(csh handle, const cs_insn *insn, kd_access *out)
{
    const cs_arm *arm = &insn->detail->arm;
    const char *name = insn->mnemonic[0] == 'v' ? insn->mnemonic + 1 : insn->mnemonic;
    bool load = starts(name, "ldm"), store = starts(name, "stm");
    bool pop = starts(name, "pop"), push = starts(name, "push");
    if ((!load && !store && !pop && !push) || arm->op_count == 0)
        return 0;
    bool named = load || store;
    if (named && arm->operands[0].type != ARM_OP_REG)
        return 0;
    int64_t bytes = 0;
    for (uint8_t i = named ? 1 : 0; i < arm->op_count; i++)
        bytes += (int64_t)arm_register_size(handle, &arm->operands[i]);
    const char *way = name + 3;
    *out = (kd_access){
        .scale = 1, .size = (uint64_t)bytes, .load = load || pop, .store = store || push
    };
    if (named)
        put_arm_name(out->base, handle, (unsigned)arm->operands[0].reg);
    else
        snprintf(out->base, sizeof out->base, "sp");
    if (push || (named && starts(way, "db")))
        out->displacement = -bytes;
    else if (named && starts(way, "da"))
        out->displacement = 4 - bytes;
    else if (named && starts(way, "ib"))
        out->displacement = 4;
    return 1;
}

static size_t arm_accesses(csh handle, const cs_insn *insn, kd_access *out)
{
    const cs_arm *arm = &insn->detail->arm;
    bool load = starts(insn->mnemonic, "ld") || starts(insn->mnemonic, "vld");
    bool store = starts(insn->mnemonic, "st") || starts(insn->mnemonic, "vst");
    bool table = starts(insn->mnemonic, "tb");
    if (!load && !store && !table && !starts(insn->mnemonic, "swp"))
        return arm_block(handle, insn, out);
    for (uint8_t i = 0; i < arm->op_count; i++) {
        const cs_arm_op *op = &arm->operands[i];
        if (op->type != ARM_OP_MEM)
            continue;
        bool behind = arm->writeback && strstr(insn->op_str, "],") != NULL;
        bool plain = insn->mnemonic[0] != 'v' && !table;
        *out =
            (kd_access){ .displacement = behind ? 0 : op->mem.disp,
                         .scale = 1,
                         .size = plain ? arm_size(insn->mnemonic) : arm_vector_size(handle, insn),
                         .store = store,
                         .load = load };
        put_arm_name(out->base, handle, op->mem.base);
        if (!behind)
            put_arm_name(out->index, handle, op->mem.index);
        out->negative = out->index[0] && (op->subtracted || op->mem.scale == -1);
        unsigned shift = op->mem.lshift                  ? (unsigned)op->mem.lshift
                         : op->shift.type == ARM_SFT_LSL ? op->shift.value
                                                         : 0;
        if (out->index[0] && op->shift.type != ARM_SFT_INVALID && op->shift.type != ARM_SFT_LSL)
            return 0;
        out->scale = UINT64_C(1) << (shift & 31);
        return 1;
    }
    return arm_block(handle, insn, out);
}

size_t kd_insn_accesses(kd_isa isa, csh handle, const cs_insn *insn, kd_access *out, size_t room)
{
    switch (isa) {
    case KD_ISA_X86_64:
    case KD_ISA_I386: return x86_accesses(isa, handle, insn, out, room);
    case KD_ISA_ARM64: return room ? arm64_accesses(handle, insn, out) : 0;
    case KD_ISA_ARM:
    case KD_ISA_THUMB: return room ? arm_accesses(handle, insn, out) : 0;
    default: return 0;
    }
}

#endif

/* decode_dataflow.c - does the value that a call returned reach the faulting access? */
#include "family/fault/decode_dataflow.h"
#include "family/fields.h"

#ifdef KD_CAPSTONE
#include "family/fault/decode_code.h"
#include "family/fault/decode_insn.h"

#define MAX_BYTES 128u

/* The way from the return of the call to the access; registers are bits by number. */
typedef struct flow {
    kd_isa isa;
    csh handle;
    uint32_t held; /* registers that hold the returned value, whole and unchanged */
} flow;

static uint32_t bit_of(const flow *f, unsigned reg)
{
    return kd_register_is_whole(f->isa, reg) ? UINT32_C(1) << kd_register_number(f->isa, reg) : 0;
}

/* "mov rbx, rax", "mov x19, x0" between whole registers: the destination's bit, when it copies the
 * value. */
static uint32_t copied(const flow *f, const cs_insn *insn)
{
    unsigned to, from;
    if (f->isa == KD_ISA_ARM64) {
        const cs_arm64 *d = &insn->detail->arm64;
        if (insn->id != ARM64_INS_MOV || d->op_count != 2 || d->operands[0].type != ARM64_OP_REG ||
            d->operands[1].type != ARM64_OP_REG)
            return 0;
        to = d->operands[0].reg;
        from = d->operands[1].reg;
    } else {
        const cs_x86 *d = &insn->detail->x86;
        if (insn->id != X86_INS_MOV || d->op_count != 2 || d->operands[0].type != X86_OP_REG ||
            d->operands[1].type != X86_OP_REG)
            return 0;
        to = d->operands[0].reg;
        from = d->operands[1].reg;
    }
    return f->held & bit_of(f, from) ? bit_of(f, to) : 0;
}

static bool step(flow *f, const cs_insn *insn)
{
    uint32_t written;
    if (!kd_insn_writes(f->isa, f->handle, insn, &written))
        return false;
    uint32_t copy = copied(f, insn);
    f->held = (f->held & ~written) | copy;
    return f->held != 0;
}

/* The only memory operand, when its address is a base and a displacement. */
static bool x86_access(const cs_insn *insn, unsigned *base, int64_t *displacement)
{
    const cs_x86 *x86 = &insn->detail->x86;
    size_t found = 0;
    if (insn->id == X86_INS_LEA || insn->id == X86_INS_NOP)
        return false;
    for (uint8_t i = 0; i < x86->op_count; i++) {
        const x86_op_mem *mem = &x86->operands[i].mem;
        if (x86->operands[i].type != X86_OP_MEM)
            continue;
        if (found++ || mem->index != X86_REG_INVALID || mem->segment == X86_REG_FS ||
            mem->segment == X86_REG_GS)
            return false;
        *base = mem->base;
        *displacement = mem->disp;
    }
    return found == 1;
}

static bool arm64_access(const cs_insn *insn, unsigned *base, int64_t *displacement)
{
    const cs_arm64 *arm64 = &insn->detail->arm64;
    size_t found = 0;
    for (uint8_t i = 0; i < arm64->op_count; i++) {
        const arm64_op_mem *mem = &arm64->operands[i].mem;
        if (arm64->operands[i].type != ARM64_OP_MEM)
            continue;
        if (found++ || mem->index != ARM64_REG_INVALID)
            return false;
        *base = mem->base;
        *displacement = kd_arm64_is_post_index(insn) ? 0 : mem->disp;
    }
    return found == 1;
}

/* The base holds the value, and with a base of 0 it gives the address of the fault. */
static bool is_accessed(const flow *f, const cs_insn *insn, uint64_t address)
{
    unsigned base = 0;
    int64_t displacement = 0;
    bool one = f->isa == KD_ISA_ARM64 ? arm64_access(insn, &base, &displacement)
                                      : x86_access(insn, &base, &displacement);
    return one && f->held & bit_of(f, base) && (uint64_t)displacement == address;
}

static bool follow(flow *f, const cs_insn *insns, size_t count, uint64_t distance, uint64_t address)
{
    for (size_t i = 0; i < count; i++) {
        if (insns[i].address == distance)
            return is_accessed(f, &insns[i], address);
        if (insns[i].address > distance || !step(f, &insns[i]))
            return false;
    }
    return false;
}

bool kd_result_reaches_fault(const kdf_oops *oops, const kd_context *context, uint64_t distance)
{
    uint8_t bytes[MAX_BYTES];
    flow f = { .isa = kd_isa_of(context), .held = 1 }; /* rax, eax and x0 are number 0 */
    cs_insn *insns;
    if (!oops->code.marker.src || !oops->address.src || distance > oops->code.marker.v)
        return false;
    size_t len = kd_code_bytes(&oops->code, bytes, sizeof bytes);
    size_t from = (size_t)(oops->code.marker.v - distance);
    if (from >= len || !kd_isa_use(context, f.isa, &f.handle))
        return false;
    kd_code_part part = { bytes + from, len - from, 0, 0 };
    size_t count = kd_isa_read(context->arena.mem, f.handle, part, &insns);
    bool reaches = follow(&f, insns, count, distance, oops->address.v);
    if (count > 0)
        cs_free(insns, count);
    kd_isa_leave(context, &f.handle);
    return reaches;
}

#else

bool kd_result_reaches_fault(const kdf_oops *oops, const kd_context *context, uint64_t distance)
{
    (void)oops, (void)context, (void)distance;
    return false;
}
#endif

/* decode_dataflow.c - does the value that a call returned reach the faulting access? */
#include "family/fault/decode_dataflow.h"
#include "family/fields.h"

#ifdef KD_CAPSTONE
#include <capstone/capstone.h>
#include <string.h>

#include "base/scan.h"

#define MAX_BYTES 128u
#define MAX_HELD 8u

typedef struct held {
    uint16_t regs[MAX_HELD];
    size_t count;
} held;

size_t kd_code_bytes(const kdf_code *code, uint8_t *out, size_t room)
{
    kd_scan in = kd_scan_of(code->bytes.v);
    kd_str word;
    uint64_t value;
    size_t len = 0;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        if (word.ptr[0] == '<' || word.ptr[0] == '(')
            word = (kd_str){ word.ptr + 1, word.len > 1 ? word.len - 2 : 0 };
        kd_scan hex = kd_scan_of(word);
        if (!kd_scan_hex(&hex, &value) || !kd_scan_at_end(&hex) || len + word.len / 2 > room)
            break;
        for (size_t i = 0; i < word.len / 2; i++)
            out[len++] = (uint8_t)(value >> (8 * i));
    }
    return len;
}

/* 32-bit names of a register do not count as the register: only whole copies are followed. */
static bool holds(const held *h, uint16_t reg)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->regs[i] == reg)
            return true;
    return false;
}

static void drop(held *h, csh handle, uint16_t reg)
{
    const char *name = cs_reg_name(handle, reg);
    for (size_t i = 0; i < h->count; i++) {
        const char *own = cs_reg_name(handle, h->regs[i]);
        /* eax, ax and al write into rax, w0 into x0 */
        bool part =
            name && own && strlen(name) >= 2 && strlen(own) >= 2 && !strcmp(name + 1, own + 1);
        if (h->regs[i] == reg || part)
            h->regs[i--] = h->regs[--h->count];
    }
}

/* "mov rbx, rax", "mov x19, x0": source and destination, whole registers. */
static bool is_copy(const cs_insn *insn, bool x86, uint16_t *to, uint16_t *from)
{
    if (strcmp(insn->mnemonic, "mov") != 0)
        return false;
    if (x86) {
        const cs_x86 *d = &insn->detail->x86;
        if (d->op_count != 2 || d->operands[0].type != X86_OP_REG ||
            d->operands[1].type != X86_OP_REG || d->operands[0].size != 8)
            return false;
        *to = (uint16_t)d->operands[0].reg;
        *from = (uint16_t)d->operands[1].reg;
        return true;
    }
    const cs_arm64 *d = &insn->detail->arm64;
    if (d->op_count != 2 || d->operands[0].type != ARM64_OP_REG ||
        d->operands[1].type != ARM64_OP_REG)
        return false;
    *to = (uint16_t)d->operands[0].reg;
    *from = (uint16_t)d->operands[1].reg;
    return true;
}

static bool leaves(csh handle, const cs_insn *insn)
{
    return cs_insn_group(handle, insn, CS_GRP_CALL) || cs_insn_group(handle, insn, CS_GRP_RET) ||
           cs_insn_group(handle, insn, CS_GRP_JUMP) || cs_insn_group(handle, insn, CS_GRP_INT);
}

static bool step(csh handle, const cs_insn *insn, bool x86, held *h)
{
    cs_regs read, written;
    uint8_t read_count, written_count;
    uint16_t to, from;
    if (leaves(handle, insn) ||
        cs_regs_access(handle, insn, read, &read_count, written, &written_count) != CS_ERR_OK)
        return false;
    bool copy = is_copy(insn, x86, &to, &from) && holds(h, from);
    for (uint8_t i = 0; i < written_count; i++)
        if (!copy || written[i] != from)
            drop(h, handle, written[i]);
    if (copy && !holds(h, to) && h->count < MAX_HELD)
        h->regs[h->count++] = to;
    return h->count > 0;
}

static bool base_holds(const cs_insn *insn, bool x86, const held *h)
{
    uint8_t count = x86 ? insn->detail->x86.op_count : insn->detail->arm64.op_count;
    for (uint8_t i = 0; i < count; i++) {
        if (x86 && insn->detail->x86.operands[i].type == X86_OP_MEM)
            return holds(h, (uint16_t)insn->detail->x86.operands[i].mem.base);
        if (!x86 && insn->detail->arm64.operands[i].type == ARM64_OP_MEM)
            return holds(h, (uint16_t)insn->detail->arm64.operands[i].mem.base);
    }
    return false;
}

static bool follow(csh handle, const cs_insn *insns, size_t count, bool x86, uint64_t distance)
{
    held h = { { (uint16_t)(x86 ? X86_REG_RAX : ARM64_REG_X0) }, 1 };
    for (size_t i = 0; i < count; i++) {
        if (insns[i].address == distance)
            return base_holds(&insns[i], x86, &h);
        if (insns[i].address > distance || !step(handle, &insns[i], x86, &h))
            return false;
    }
    return false;
}

bool kd_result_reaches_fault(const kdf_oops *oops, const kd_context *context, uint64_t distance)
{
    bool x86 = kd_arch_is(context, "x86_64");
    uint8_t bytes[MAX_BYTES];
    csh handle;
    cs_insn *insns;
    if (!oops->code.marker.src || (!x86 && !kd_arch_is(context, "arm64")) ||
        distance > oops->code.marker.v)
        return false;
    size_t len = kd_code_bytes(&oops->code, bytes, sizeof bytes);
    size_t from = (size_t)(oops->code.marker.v - distance);
    if (from >= len || cs_open(x86 ? CS_ARCH_X86 : CS_ARCH_ARM64,
                               x86 ? CS_MODE_64 : CS_MODE_LITTLE_ENDIAN, &handle) != CS_ERR_OK)
        return false;
    cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
    size_t count = cs_disasm(handle, bytes + from, len - from, 0, 0, &insns);
    bool reaches = count > 0 && follow(handle, insns, count, x86, distance);
    if (count > 0)
        cs_free(insns, count);
    cs_close(&handle);
    return reaches;
}

#else

bool kd_result_reaches_fault(const kdf_oops *oops, const kd_context *context, uint64_t distance)
{
    (void)oops, (void)context, (void)distance;
    return false;
}
#endif

/* decode_code.c - the faulting instruction and the address it accessed, by capstone.
 *
 * Only from the marked byte on: what stands before it need not be aligned to instructions.
 */
#include <string.h>

#include "base/scan.h"
#include "family/fault/decode_code.h"
#include "family/fields.h"

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

#ifdef KD_CAPSTONE

/* The code lines of x86 hold 64 bytes, of arm64 20. */
#define MAX_BYTES 128u

static bool register_value(const kdf_oops *oops, const char *name, uint64_t *value)
{
    const kd_pair *pair = kd_map_find(&oops->registers, name);
    /* x86 dumps write r08, r09 */
    if (!pair && (!strcmp(name, "r8") || !strcmp(name, "r9")))
        pair = kd_map_find(&oops->registers, name[1] == '8' ? "r08" : "r09");
    if (pair)
        *value = pair->v;
    return pair != NULL;
}

typedef struct operand {
    const char *base, *index;
    int64_t displacement;
    uint64_t scale, size;
    bool relative_to_ip;
} operand;

static bool x86_operand(csh handle, const cs_insn *insn, operand *out)
{
    const cs_x86 *x86 = &insn->detail->x86;
    if (!strcmp(insn->mnemonic, "lea") || !strncmp(insn->mnemonic, "nop", 3))
        return false;
    for (uint8_t i = 0; i < x86->op_count; i++) {
        if (x86->operands[i].type != X86_OP_MEM)
            continue;
        const x86_op_mem *mem = &x86->operands[i].mem;
        *out = (operand){ cs_reg_name(handle, mem->base),
                          cs_reg_name(handle, mem->index),
                          mem->disp,
                          (uint64_t)mem->scale,
                          x86->operands[i].size,
                          mem->base == X86_REG_RIP };
        return mem->segment == X86_REG_INVALID;
    }
    return false;
}

bool kd_arm64_is_post_index(const cs_insn *insn)
{
    return insn->detail->arm64.writeback && strstr(insn->op_str, "],");
}

static bool arm64_operand(csh handle, const cs_insn *insn, operand *out)
{
    const cs_arm64 *arm64 = &insn->detail->arm64;
    for (uint8_t i = 0; i < arm64->op_count; i++) {
        if (arm64->operands[i].type != ARM64_OP_MEM)
            continue;
        const arm64_op_mem *mem = &arm64->operands[i].mem;
        *out = (operand){
            cs_reg_name(handle, mem->base), cs_reg_name(handle, mem->index), mem->disp, 1, 0, false
        };
        if (kd_arm64_is_post_index(insn))
            out->displacement = 0;
        return arm64->operands[i].shift.type == ARM64_SFT_INVALID &&
               arm64->operands[i].ext == ARM64_EXT_INVALID;
    }
    return false;
}

static void put_operand(kdf_oops *oops, kd_isa isa, const operand *from, kd_arena *arena)
{
    kdf_operand *to = &oops->code.memory;
    uint64_t base = 0, index = 0;
    if (from->relative_to_ip)
        return;
    bool known = !from->base || register_value(oops, from->base, &base);
    known &= !from->index || register_value(oops, from->index, &index);
    if (from->base)
        kd_derive(&to->base, kd_arena_str(arena, kd_str_of(from->base)));
    if (from->index) {
        kd_derive(&to->index, kd_arena_str(arena, kd_str_of(from->index)));
        kd_derive(&to->scale, from->scale);
    }
    kd_derive(&to->displacement, from->displacement);
    if (from->size)
        kd_derive(&to->size, from->size);
    if (known && (from->base || from->index)) {
        uint64_t sum = base + index * from->scale + (uint64_t)from->displacement;
        kd_derive(&to->effective, isa == KD_ISA_I386 ? sum & UINT32_MAX : sum);
    }
}

/* Traps that capstone's versions spell and read differently: by their bytes, without operands. */
static const char *trap_name(kd_isa isa, const uint8_t *bytes, size_t len)
{
    if (isa == KD_ISA_ARM64)
        return NULL;
    while (len > 0 && (bytes[0] == 0x66 || bytes[0] == 0x67 ||
                       (isa == KD_ISA_X86_64 && (bytes[0] & 0xf0) == 0x40)))
        bytes++, len--;
    if (len < 2 || bytes[0] != 0x0f)
        return NULL;
    return bytes[1] == 0x0b ? "ud2" : bytes[1] == 0xb9 ? "ud1" : bytes[1] == 0xff ? "ud0" : NULL;
}

static void decode_at(kdf_oops *oops, kd_isa isa, const uint8_t *bytes, size_t len, kd_arena *arena)
{
    csh handle;
    cs_insn *insn;
    operand memory;
    if (!kd_isa_open(isa, &handle))
        return;
    if (cs_disasm(handle, bytes, len, oops->ip.address.v, 1, &insn) == 1) {
        kd_derive(&oops->code.instruction,
                  kd_arena_format(arena, "%s%s%s", insn->mnemonic, insn->op_str[0] ? " " : "",
                                  insn->op_str));
        if (isa == KD_ISA_ARM64 ? arm64_operand(handle, insn, &memory)
                                : x86_operand(handle, insn, &memory))
            put_operand(oops, isa, &memory, arena);
        cs_free(insn, 1);
    }
    cs_close(&handle);
}

void kd_decode_code(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    kd_isa isa = kd_isa_of(context);
    uint8_t bytes[MAX_BYTES];
    if (!oops->code.marker.src || isa == KD_ISA_NONE)
        return;
    size_t len = kd_code_bytes(&oops->code, bytes, sizeof bytes), at = len;
    if (oops->code.marker.v < len)
        at = (size_t)oops->code.marker.v;
    const char *trap = trap_name(isa, bytes + at, len - at);
    if (trap)
        kd_derive(&oops->code.instruction, kd_str_of(trap));
    else if (at < len)
        decode_at(oops, isa, bytes + at, len - at, arena);
}

#else

void kd_decode_code(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    (void)oops, (void)context, (void)arena;
}
#endif

/* decode_code.c - the faulting instruction and the address it accessed, by capstone.
 *
 * Only from the marked byte on: what stands before it need not be aligned to instructions.
 */
#include <string.h>

#include "base/scan.h"
#include "family/fault/decode_code.h"
#include "family/fields.h"

#ifdef KD_CAPSTONE
#include <capstone/capstone.h>

#define put(field, value) \
    ((field)->src ? (void)0 : (void)((field)->v = (value), (field)->src = KD_DERIVED))

/* Bytes from the marker on, in memory order. Words are printed as values of a little-endian CPU. */
static size_t read_bytes(const kdf_code *code, uint8_t *out, size_t room)
{
    kd_scan in = kd_scan_of(code->bytes.v);
    kd_str word;
    uint64_t value, at = 0;
    size_t len = 0;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        if (word.ptr[0] == '<' || word.ptr[0] == '(')
            word = (kd_str){ word.ptr + 1, word.len > 1 ? word.len - 2 : 0 };
        kd_scan hex = kd_scan_of(word);
        if (!kd_scan_hex(&hex, &value) || !kd_scan_at_end(&hex))
            break;
        size_t bytes = word.len / 2;
        for (size_t i = 0; i < bytes && at >= code->marker.v && len < room; i++)
            out[len++] = (uint8_t)(value >> (8 * i));
        at += bytes;
    }
    return len;
}

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
        /* a post-index changes the base after the access */
        if (arm64->writeback && insn->op_str[0] && strstr(insn->op_str, "],"))
            out->displacement = 0;
        return arm64->operands[i].shift.type == ARM64_SFT_INVALID &&
               arm64->operands[i].ext == ARM64_EXT_INVALID;
    }
    return false;
}

static void put_operand(kdf_oops *oops, const operand *from, kd_arena *arena)
{
    kdf_operand *to = &oops->code.memory;
    uint64_t base = 0, index = 0;
    if (from->relative_to_ip)
        return;
    bool known = !from->base || register_value(oops, from->base, &base);
    known &= !from->index || register_value(oops, from->index, &index);
    if (from->base)
        put(&to->base, kd_arena_str(arena, kd_str_of(from->base)));
    if (from->index) {
        put(&to->index, kd_arena_str(arena, kd_str_of(from->index)));
        put(&to->scale, from->scale);
    }
    put(&to->displacement, from->displacement);
    if (from->size)
        put(&to->size, from->size);
    if (known && (from->base || from->index))
        put(&to->effective, base + index * from->scale + (uint64_t)from->displacement);
}

void kd_decode_code(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    bool x86 = kd_arch_is(context, "x86_64") || kd_arch_is(context, "i386");
    uint8_t bytes[64];
    csh handle;
    cs_insn *insn;
    operand memory;
    if (!oops->code.marker.src || (!x86 && !kd_arch_is(context, "arm64")))
        return;
    size_t len = read_bytes(&oops->code, bytes, sizeof bytes);
    cs_arch arch = x86 ? CS_ARCH_X86 : CS_ARCH_ARM64;
    cs_mode mode = !x86                          ? CS_MODE_LITTLE_ENDIAN
                   : kd_arch_is(context, "i386") ? CS_MODE_32
                                                 : CS_MODE_64;
    if (len == 0 || cs_open(arch, mode, &handle) != CS_ERR_OK)
        return;
    cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
    if (cs_disasm(handle, bytes, len, oops->ip.address.v, 1, &insn) == 1) {
        put(&oops->code.instruction, kd_arena_format(arena, "%s%s%s", insn->mnemonic,
                                                     insn->op_str[0] ? " " : "", insn->op_str));
        if (x86 ? x86_operand(handle, insn, &memory) : arm64_operand(handle, insn, &memory))
            put_operand(oops, &memory, arena);
        cs_free(insn, 1);
    }
    cs_close(&handle);
}

#else

void kd_decode_code(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    (void)oops, (void)context, (void)arena;
}
#endif

/* decode_limit_check.c - which limit did the code before a WARN() compare with? */
#include "family/warn/decode_limit_check.h"
#include "family/fields.h"

#ifdef KD_CAPSTONE
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "family/fault/decode_code.h"

#define MAX_BYTES 128u
/* No instruction is longer: so many starts can differ in what they make of the bytes. */
#define MAX_STARTS 15u

typedef struct check {
    size_t compare, jump; /* indices of the instructions */
    uint64_t limit;
    x86_reg reg;
} check;

static bool leaves_for_good(csh handle, const cs_insn *insn)
{
    return insn->id == X86_INS_JMP || insn->id == X86_INS_LJMP ||
           cs_insn_group(handle, insn, CS_GRP_CALL) || cs_insn_group(handle, insn, CS_GRP_RET) ||
           cs_insn_group(handle, insn, CS_GRP_INT);
}

/* "cmp ebp, 0xa" and "jbe AWAY": how far the value may go. */
static bool reads_limit(const cs_insn *compare, const cs_insn *jump, check *out)
{
    const cs_x86 *d = &compare->detail->x86;
    if (compare->id != X86_INS_CMP || d->op_count != 2 || d->operands[0].type != X86_OP_REG ||
        d->operands[0].size < 4 || d->operands[1].type != X86_OP_IMM || d->operands[1].imm <= 0)
        return false;
    out->reg = d->operands[0].reg;
    out->limit = (uint64_t)d->operands[1].imm - (jump->id == X86_INS_JB ? 1 : 0);
    return jump->id == X86_INS_JBE || jump->id == X86_INS_JB;
}

/* Is it a branch out of what lies between the compare and the marker? */
static bool goes_away(const cs_insn *jump, uint64_t from, uint64_t marker)
{
    const cs_x86_op *to = &jump->detail->x86.operands[0];
    return to->type == X86_OP_IMM && ((uint64_t)to->imm < from || (uint64_t)to->imm > marker);
}

/* May what stands between write the register? A branch by itself does not. */
static bool may_write(kd_isa isa, csh handle, const cs_insn *insn, x86_reg reg)
{
    uint32_t written;
    int number = kd_register_number(isa, reg);
    if (cs_insn_group(handle, insn, CS_GRP_JUMP))
        return false;
    return number < 0 || !kd_insn_writes(isa, handle, insn, &written) || written >> number & 1;
}

typedef struct reading {
    kd_isa isa;
    csh handle;
    const uint8_t *bytes;
    size_t len, marker;
    uint64_t ip;
    kd_mem *mem;
} reading;

/* From that byte on. */
static size_t read_from(const reading *r, size_t start, cs_insn **insns)
{
    kd_code_part part = { r->bytes + start, r->len - start, r->ip - r->marker + start, 0 };
    return kd_isa_read(r->mem, r->handle, part, insns);
}

/* Back from the marker, which is at `ip`. */
static bool find_check(const reading *r, const cs_insn *insns, size_t marker, check *out)
{
    for (size_t i = marker; i-- > 1;) {
        if (reads_limit(&insns[i - 1], &insns[i], out)) {
            out->compare = i - 1;
            out->jump = i;
            break;
        }
        if (leaves_for_good(r->handle, &insns[i]) || i == 1)
            return false;
    }
    if (marker < 2 || !goes_away(&insns[out->jump], insns[out->compare].address, r->ip))
        return false;
    for (size_t i = out->jump + 1; i < marker; i++)
        if (may_write(r->isa, r->handle, &insns[i], out->reg))
            return false;
    return true;
}

/* Does an instruction begin at that byte? The one there need not be known to capstone (ud1). */
static bool begins_at(const cs_insn *insns, size_t count, uint64_t address, size_t *index)
{
    for (size_t i = 0; i < count; i++)
        if (insns[i].address == address || insns[i].address + insns[i].size == address) {
            *index = insns[i].address == address ? i : i + 1;
            return true;
        }
    return false;
}

/* Starts in the middle of an instruction soon fall into step, some only behind the compare: most of
 * those that arrive at the marker must see it. */
static bool most_agree(const reading *r, size_t first, uint64_t compare)
{
    size_t agree = 1, differ = 0;
    for (size_t start = first; start < MAX_STARTS && start <= r->marker; start++) {
        cs_insn *insns;
        size_t index;
        if (r->ip - r->marker + start > compare)
            break;
        size_t count = read_from(r, start, &insns);
        bool arrives = begins_at(insns, count, r->ip, &index);
        bool sees = begins_at(insns, count, compare, &index);
        if (count > 0)
            cs_free(insns, count);
        agree += arrives && sees;
        differ += arrives && !sees;
    }
    return agree >= 3 * differ;
}

static void describe(csh handle, const cs_insn *insn, const check *found, kd_limit_check *out)
{
    const char *name = cs_reg_name(handle, found->reg);
    snprintf(out->compare, sizeof out->compare, "%.16s %.40s", insn->mnemonic, insn->op_str);
    snprintf(out->reg, sizeof out->reg, "%s", name ? name : "");
    out->limit = found->limit;
}

/* From the first start that arrives at the marker. */
static bool read_check(const reading *r, kd_limit_check *out)
{
    for (size_t start = 0; start < MAX_STARTS && start < r->marker; start++) {
        check found = { 0 };
        cs_insn *insns;
        size_t marker = 0;
        size_t count = read_from(r, start, &insns);
        bool arrives = begins_at(insns, count, r->ip, &marker);
        bool good = arrives && find_check(r, insns, marker, &found);
        if (good)
            describe(r->handle, &insns[found.compare], &found, out);
        uint64_t compare = good ? insns[found.compare].address : 0;
        if (count > 0)
            cs_free(insns, count);
        if (arrives)
            return good && most_agree(r, start + 1, compare);
    }
    return false;
}

/* "ebp" is the low half of "rbp", "r9d" of "r9", which dumps write as "r09". */
static bool read_register(const kdf_oops *oops, bool x86_64, kd_limit_check *out)
{
    char *name = out->reg;
    size_t len = strlen(name);
    bool half = x86_64 && (name[0] == 'e' || name[len - 1] == 'd');
    if (half && name[0] == 'e')
        name[0] = 'r';
    else if (half)
        name[len - 1] = '\0';
    if (!strcmp(name, "r8") || !strcmp(name, "r9"))
        snprintf(name, sizeof out->reg, name[1] == '8' ? "r08" : "r09");
    const kd_pair *pair = kd_map_find(&oops->registers, name);
    if (!pair)
        return false;
    out->value = half ? pair->v & UINT32_MAX : pair->v;
    out->src = pair->src;
    out->contradicts = out->value <= out->limit;
    return !out->contradicts;
}

bool kd_limit_check_find(const kdf_oops *oops, const kd_context *context, kd_limit_check *out)
{
    bool x86_64 = kd_arch_is(context, "x86_64");
    uint8_t bytes[MAX_BYTES];
    reading r = { .bytes = bytes, .mem = context->arena.mem };
    *out = (kd_limit_check){ .limit = 0 };
    if (!oops->code.marker.src || oops->code.marker.v >= MAX_BYTES ||
        (!x86_64 && !kd_arch_is(context, "i386")))
        return false;
    r.len = kd_code_bytes(&oops->code, bytes, sizeof bytes);
    r.marker = (size_t)oops->code.marker.v;
    r.ip = 0x10000; /* any: only distances count */
    r.isa = x86_64 ? KD_ISA_X86_64 : KD_ISA_I386;
    if (r.marker >= r.len || !kd_isa_use(context, r.isa, &r.handle))
        return false;
    bool found = read_check(&r, out) && out->reg[0];
    kd_isa_leave(context, &r.handle);
    return found && read_register(oops, x86_64, out);
}

#else

bool kd_limit_check_find(const kdf_oops *oops, const kd_context *context, kd_limit_check *out)
{
    (void)oops, (void)context;
    *out = (kd_limit_check){ .limit = 0 };
    return false;
}
#endif

/* decode_origin.c - where the base register of the faulting access got its value.
 *
 * The instructions before the marked one are walked back until one writes the register. On x86 they
 * need not begin where the line begins: only boundaries on which all decodings agree that reach the
 * mark count. What may write anything ends the walk: a jump, an instruction that is not known here.
 */
#include "family/fault/decode_origin.h"

#ifdef KD_CAPSTONE
#include <string.h>

#include "family/fault/decode_code.h"
#include "family/fault/decode_insn.h"

#define MAX_BYTES KD_CODE_BEFORE
/* An instruction of x86 is at most so long: one of the first bytes begins one. */
#define LONGEST 15u

typedef struct walk {
    kd_isa isa;
    csh handle;
    kd_event *event;
    kdf_oops *oops;
    unsigned want;    /* number of the register that is looked for */
    uint32_t changed; /* registers that were written behind the instruction at hand */
    size_t back;      /* instructions between it and the fault, and one */
} walk;

static size_t step_of(kd_isa isa)
{
    return isa == KD_ISA_ARM64 || isa == KD_ISA_ARM ? 4 : isa == KD_ISA_THUMB ? 2 : 1;
}

/* Length of the instruction there, before the mark; 0: none. */
static uint8_t length_at(const walk *w, const uint8_t *bytes, size_t at, size_t marker)
{
    cs_insn *insn;
    kd_code_part part = { bytes + at, marker - at, at, 1 };
    if (kd_isa_read(w->event->arena.mem, w->handle, part, &insn) == 0)
        return 0;
    uint8_t length = (uint8_t)insn->size;
    cs_free(insn, 1);
    return length;
}

/* Decodings from different bytes soon fall into step: each instruction is read once. */
typedef struct readings {
    bool known[MAX_BYTES];
    uint8_t *of;
} readings;

/* Decodes from there and marks the boundaries; false: the mark is none of them. */
static bool boundaries(const walk *w, const uint8_t *bytes, size_t from, size_t marker,
                       readings *lengths, bool *out)
{
    size_t at = from;
    while (at < marker) {
        if (!lengths->known[at])
            lengths->of[at] = length_at(w, bytes, at, marker);
        lengths->known[at] = true;
        if (lengths->of[at] == 0)
            return false;
        out[at] = true;
        at += lengths->of[at];
    }
    return at == marker;
}

/* Where the walk may begin: the first boundary that is one in each decoding that reaches the mark.
 */
static size_t first_boundary(const walk *w, const uint8_t *bytes, size_t marker, uint8_t *of)
{
    bool common[MAX_BYTES];
    bool any = false;
    readings lengths = { .known = { false }, .of = of };
    size_t step = step_of(w->isa);
    size_t most = step == 4 ? marker : marker < LONGEST ? marker : LONGEST;
    memset(common, true, sizeof common);
    for (size_t from = 0; from < most; from += step) {
        bool own[MAX_BYTES] = { false };
        if (!boundaries(w, bytes, from, marker, &lengths, own))
            continue;
        any = true;
        if (step == 4)
            return from; /* words are aligned: the first run that decodes to the mark */
        for (size_t i = 0; i < marker; i++)
            common[i] = common[i] && own[i];
    }
    size_t first = 0;
    while (any && first < marker && !common[first])
        first++;
    return any ? first : marker;
}

/* @param own  room for it, where none is kept */
static const kd_starts *starts_of(const walk *w, const kd_context *context, const uint8_t *bytes,
                                  size_t marker, kd_starts *own)
{
    uint64_t hash = kd_str_hash(KD_HASH_START, (kd_str){ (const char *)bytes, marker });
    kd_starts *to =
        context->isas ? &context->isas->starts[hash % KD_COUNT(context->isas->starts)] : own;
    if (to != own && to->isa == w->isa && to->marker == marker &&
        memcmp(to->bytes, bytes, marker) == 0)
        return to;
    *to = (kd_starts){ .isa = w->isa, .marker = (uint8_t)marker };
    memcpy(to->bytes, bytes, marker);
    to->first = (uint8_t)first_boundary(w, bytes, marker, to->lengths);
    if (w->event->arena.mem->failed)
        to->isa = KD_ISA_NONE; /* not to be found again */
    return to;
}

/* ---- what an instruction does with the register ---------------------------------------------- */

typedef enum deed { OTHER, LOAD, NARROW, COPY, SET } deed;

static deed x86_deed(const walk *w, const cs_insn *insn, unsigned *from)
{
    const cs_x86 *x86 = &insn->detail->x86;
    if (x86->op_count != 2 || x86->operands[0].type != X86_OP_REG)
        return OTHER;
    bool whole = kd_register_is_whole(w->isa, x86->operands[0].reg);
    const cs_x86_op *source = &x86->operands[1];
    if (insn->id == X86_INS_XOR && source->type == X86_OP_REG &&
        source->reg == x86->operands[0].reg)
        return SET;
    if (insn->id != X86_INS_MOV && insn->id != X86_INS_MOVABS)
        return insn->id == X86_INS_MOVSXD && source->type == X86_OP_MEM ? NARROW : OTHER;
    if (source->type == X86_OP_IMM)
        return SET;
    if (source->type == X86_OP_MEM)
        return source->mem.segment == X86_REG_GS || source->mem.segment == X86_REG_FS ? OTHER
               : whole                                                                ? LOAD
               : x86->operands[0].size == 4                                           ? NARROW
                                                                                      : OTHER;
    if (!whole || !kd_register_is_whole(w->isa, source->reg))
        return OTHER;
    *from = source->reg;
    return COPY;
}

static deed arm64_deed(const walk *w, const cs_insn *insn, unsigned *from)
{
    const cs_arm64 *arm64 = &insn->detail->arm64;
    if (arm64->op_count < 2 || arm64->operands[0].type != ARM64_OP_REG)
        return OTHER;
    bool whole = kd_register_is_whole(w->isa, arm64->operands[0].reg);
    const cs_arm64_op *source = &arm64->operands[1];
    if (insn->id == ARM64_INS_LDR || insn->id == ARM64_INS_LDUR || insn->id == ARM64_INS_LDAR)
        return source->type != ARM64_OP_MEM ? OTHER : whole ? LOAD : NARROW;
    if (insn->id == ARM64_INS_LDRSW)
        return NARROW;
    if (insn->id != ARM64_INS_MOV && insn->id != ARM64_INS_MOVZ)
        return OTHER;
    if (source->type == ARM64_OP_IMM)
        return SET;
    if (source->type != ARM64_OP_REG || !whole || !kd_register_is_whole(w->isa, source->reg))
        return OTHER;
    *from = source->reg;
    return COPY;
}

static deed arm_deed(const cs_insn *insn, unsigned *from)
{
    const cs_arm *arm = &insn->detail->arm;
    if (arm->op_count < 2 || arm->operands[0].type != ARM_OP_REG)
        return OTHER;
    const cs_arm_op *source = &arm->operands[1];
    if (insn->id == ARM_INS_LDR)
        return source->type == ARM_OP_MEM ? LOAD : OTHER;
    if (insn->id != ARM_INS_MOV)
        return OTHER;
    if (source->type == ARM_OP_IMM)
        return SET;
    if (source->type != ARM_OP_REG || source->shift.type != ARM_SFT_INVALID)
        return OTHER;
    *from = (unsigned)source->reg;
    return COPY;
}

static deed deed_of(const walk *w, const cs_insn *insn, unsigned *from)
{
    switch (w->isa) {
    case KD_ISA_ARM64: return arm64_deed(w, insn, from);
    case KD_ISA_ARM:
    case KD_ISA_THUMB: return arm_deed(insn, from);
    default: return x86_deed(w, insn, from);
    }
}

static bool is_call(kd_isa isa, const cs_insn *insn)
{
    switch (isa) {
    case KD_ISA_ARM64: return insn->id == ARM64_INS_BL || insn->id == ARM64_INS_BLR;
    case KD_ISA_ARM:
    case KD_ISA_THUMB:
        return (insn->id == ARM_INS_BL || insn->id == ARM_INS_BLX) &&
               insn->detail->arm.cc == ARM_CC_AL;
    default: return insn->id == X86_INS_CALL;
    }
}

/* A branch that was not taken: the walk goes on before it. */
static bool is_conditional(kd_isa isa, const cs_insn *insn)
{
    switch (isa) {
    case KD_ISA_ARM64:
        return insn->id == ARM64_INS_CBZ || insn->id == ARM64_INS_CBNZ ||
               insn->id == ARM64_INS_TBZ || insn->id == ARM64_INS_TBNZ ||
               (insn->id == ARM64_INS_B && insn->detail->arm64.cc != ARM64_CC_INVALID &&
                insn->detail->arm64.cc != ARM64_CC_AL);
    case KD_ISA_ARM:
    case KD_ISA_THUMB:
        return insn->id == ARM_INS_CBZ || insn->id == ARM_INS_CBNZ ||
               (insn->id == ARM_INS_B && insn->detail->arm.cc != ARM_CC_AL);
    default: return insn->mnemonic[0] == 'j' && insn->id != X86_INS_JMP && insn->id != X86_INS_LJMP;
    }
}

/* Whether it wrote anything depends on the flags then. */
static bool is_conditional_arm(kd_isa isa, const cs_insn *insn)
{
    return (isa == KD_ISA_ARM || isa == KD_ISA_THUMB) && insn->detail->arm.cc != ARM_CC_AL &&
           insn->detail->arm.cc != ARM_CC_INVALID;
}

/* ---- what is said of it ---------------------------------------------------------------------- */

static void put(walk *w, const cs_insn *insn, const char *how)
{
    kdf_origin *to = &w->oops->code.origin;
    kd_derive(&to->how, kd_str_of(how));
    /* where a call goes is relative to an address that most dumps do not print */
    bool bare = is_call(w->isa, insn) || !insn->op_str[0];
    kd_derive(&to->instruction, kd_arena_format(&w->event->arena, "%s%s%s", insn->mnemonic,
                                                bare ? "" : " ", bare ? "" : insn->op_str));
    kd_derive(&to->instructions_before, w->back);
}

/* The place that it was loaded from, where its base is still what it was then. */
static void put_slot(walk *w, const cs_insn *insn)
{
    kdf_origin *to = &w->oops->code.origin;
    kd_access access[2];
    uint64_t at, base;
    int number = -1;
    if (kd_insn_accesses(w->isa, w->handle, insn, access, KD_COUNT(access)) != 1 ||
        access[0].index[0] || access[0].segment || !strcmp(access[0].base, "pc"))
        return;
    number = kd_register_by_name(w->isa, access[0].base);
    if (number < 0 || w->changed & UINT32_C(1) << number || (unsigned)number == w->want ||
        !kd_register_value(w->oops, w->isa, access[0].base, &base) ||
        !kd_access_effective(w->oops, w->isa, &access[0], &at))
        return;
    kd_derive(&to->base, kd_arena_str(&w->event->arena, kd_str_of(access[0].base)));
    kd_derive(&to->base_value, base);
    kd_derive(&to->displacement, access[0].displacement);
    kd_derive(&to->slot, at);
}

/* True: the walk ends there. */
static bool take(walk *w, const cs_insn *insn)
{
    uint32_t written;
    unsigned from = 0;
    bool known = kd_insn_writes(w->isa, w->handle, insn, &written);
    if (is_call(w->isa, insn)) {
        if (w->want == 0)
            put(w, insn, "returned");
        return true;
    }
    if (is_conditional(w->isa, insn))
        return false;
    if (!known)
        return true;
    if (!(written & UINT32_C(1) << w->want)) {
        w->changed |= written;
        return false;
    }
    if (is_conditional_arm(w->isa, insn))
        return true;
    deed what = deed_of(w, insn, &from);
    w->changed |= what == COPY ? written : written & ~(UINT32_C(1) << w->want);
    switch (what) {
    case LOAD:
        put(w, insn, "loaded");
        put_slot(w, insn);
        return true;
    case NARROW: put(w, insn, "loaded in 32 bits"); return true;
    case SET: put(w, insn, "set"); return true;
    case COPY: w->want = (unsigned)kd_register_number(w->isa, from); return false;
    case OTHER: put(w, insn, "written"); return true;
    }
    return true;
}

/* In Thumb code whether an instruction is conditional may stand in the one before it. */
static void walk_back_thumb(walk *w, const uint8_t *bytes, size_t first, size_t marker)
{
    cs_insn *insns;
    kd_code_part part = { bytes + first, marker - first, 0, 0 };
    size_t count = kd_isa_read(w->event->arena.mem, w->handle, part, &insns);
    for (size_t i = count; i-- > 0;) {
        w->back++;
        if (take(w, &insns[i]))
            break;
    }
    if (count > 0)
        cs_free(insns, count);
}

/* Most walks end soon: only what they come to is read. */
static void walk_back(walk *w, const uint8_t *bytes, const kd_starts *starts)
{
    uint8_t begins[MAX_BYTES];
    size_t count = 0;
    bool done = false;
    for (size_t at = starts->first; at < starts->marker; at += starts->lengths[at])
        begins[count++] = (uint8_t)at;
    while (!done && count-- > 0) {
        cs_insn *insn;
        size_t at = begins[count];
        kd_code_part part = { bytes + at, starts->marker - at, at - starts->first, 1 };
        w->back++;
        if (kd_isa_read(w->event->arena.mem, w->handle, part, &insn) == 0)
            return;
        done = take(w, insn);
        cs_free(insn, 1);
    }
}

void kd_decode_origin(kd_event *event, kdf_oops *oops, const kd_context *context)
{
    uint8_t bytes[MAX_BYTES];
    char name[8];
    kd_str base = oops->code.memory.base.v;
    walk w = { .isa = kd_isa_of_code(oops, context), .event = event, .oops = oops };
    size_t len = kd_code_bytes(&oops->code, bytes, sizeof bytes);
    bool walked = w.isa == KD_ISA_X86_64 || w.isa == KD_ISA_I386 || w.isa == KD_ISA_ARM64 ||
                  w.isa == KD_ISA_ARM || w.isa == KD_ISA_THUMB;
    bool stepped = kd_str_has(oops->fsr.name.v, "align"); /* the mark stands behind it */
    bool stack = kd_str_is(base, "rsp") || kd_str_is(base, "esp") || kd_str_is(base, "sp");
    if (!oops->code.memory.agrees.v || oops->code.memory.implicit.src || !walked ||
        base.len >= sizeof name || stepped || stack || !oops->code.marker.src ||
        oops->code.marker.v > len)
        return;
    kd_str_print(name, sizeof name, "%.*s", KD_FMT(base));
    int number = kd_register_by_name(w.isa, name);
    if (number < 0 || !kd_isa_use(context, w.isa, &w.handle))
        return;
    w.want = (unsigned)number;
    kd_starts own;
    size_t marker = (size_t)oops->code.marker.v;
    const kd_starts *starts = starts_of(&w, context, bytes, marker, &own);
    if (w.isa == KD_ISA_THUMB && starts->first < marker)
        walk_back_thumb(&w, bytes, starts->first, marker);
    else
        walk_back(&w, bytes, starts);
    kd_isa_leave(context, &w.handle);
}

#else

void kd_decode_origin(kd_event *event, kdf_oops *oops, const kd_context *context)
{
    (void)event, (void)oops, (void)context;
}
#endif

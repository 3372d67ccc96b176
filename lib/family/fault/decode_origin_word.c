/* decode_origin_word.c - where the base register of the faulting access got its value, where
 * instructions are plain words: powerpc, mips, riscv, loongarch.
 *
 * As decode_origin.c: back from the mark until an instruction writes the register, over what
 * effect.def knows. The instructions of riscv have two lengths: only boundaries on which all
 * decodings agree that reach the mark count.
 */
#include <string.h>

#include "family/fault/decode_code.h"
#include "family/fault/decode_origin.h"
#include "family/fault/decode_word.h"

#define MAX_BYTES 128u

typedef enum deed { NONE, WRITES, SETS, COPIES, MOVES, LOADS, LOADS32, CALLS, PASSES, ENDS } deed;

typedef struct effect {
    kd_isa isa;
    uint32_t mask, value;
    deed what;
    uint8_t to, from; /* highest bit of the number; 0: none; 32 more: of three bits */
} effect;

static const effect effects[] = {
#define KD_EFFECT(isa, mask, value, deed, to, from) { KD_ISA_##isa, mask, value, deed, to, from },
#include "family/fault/effect.def"
#undef KD_EFFECT
};

typedef struct walk {
    kd_isa isa;
    bool wide; /* registers of 64 bits */
    kd_event *event;
    kdf_oops *oops;
    const uint8_t *bytes;
    size_t marker;
    size_t starts[MAX_BYTES]; /* of the instructions before the mark */
    size_t count;
    unsigned want;    /* number of the register that is looked for */
    uint32_t changed; /* registers that were written behind the instruction at hand */
    uint64_t back;    /* instructions between it and the fault, and one */
} walk;

static size_t length_at(const walk *w, size_t at)
{
    return w->isa == KD_ISA_RISCV && (w->bytes[at] & 3) != 3 ? 2 : 4;
}

static uint32_t word_at(const walk *w, size_t at)
{
    uint32_t word = 0;
    for (size_t i = 0; i < length_at(w, at) && at + i < w->marker; i++)
        word |= (uint32_t)w->bytes[at + i] << (8 * i);
    return word;
}

static const effect *effect_of(const walk *w, uint32_t word)
{
    bool half = w->isa == KD_ISA_RISCV && (word & 3) != 3;
    for (size_t i = 0; i < KD_COUNT(effects); i++)
        if (effects[i].isa == w->isa && (word & effects[i].mask) == effects[i].value &&
            (w->isa != KD_ISA_RISCV || half == ((effects[i].value & 3) != 3)))
            return &effects[i];
    return NULL;
}

static unsigned register_at(uint32_t word, uint8_t place)
{
    return place >= 32 ? 8 + (word >> (place - 32 - 2) & 7) : word >> (place - 4) & 31;
}

/* ---- where instructions begin ---------------------------------------------------------------- */

static bool reaches_mark(const walk *w, size_t from, bool *own)
{
    size_t at = from;
    while (at < w->marker) {
        own[at] = true;
        at += length_at(w, at);
    }
    return at == w->marker;
}

static void find_starts(walk *w)
{
    bool common[MAX_BYTES];
    size_t step = w->isa == KD_ISA_RISCV ? 2 : 4, first = 0;
    memset(common, true, sizeof common);
    for (size_t from = w->marker % step; from < w->marker && from < 2 * step; from += step) {
        bool own[MAX_BYTES] = { false };
        if (!reaches_mark(w, from, own))
            continue;
        for (size_t i = 0; i < w->marker; i++)
            common[i] = common[i] && own[i];
        if (step == 4)
            break;
    }
    while (first < w->marker && !common[first])
        first++;
    for (size_t at = first; at < w->marker; at += length_at(w, at))
        w->starts[w->count++] = at;
}

/* ---- what is said of it ---------------------------------------------------------------------- */

static void put(walk *w, size_t at, const char *how)
{
    kdf_origin *to = &w->oops->code.origin;
    kd_access access;
    char text[64];
    bool loads = kd_word_access(w->isa, w->bytes + at, w->marker - at, &access, text);
    kd_derive(&to->how, kd_str_of(how));
    if (loads)
        kd_derive(&to->instruction, kd_arena_str(&w->event->arena, kd_str_of(text)));
    kd_derive(&to->instructions_before, w->back);
}

/* The place that it was loaded from, where its base is still what it was then. */
static void put_slot(walk *w, size_t at)
{
    kdf_origin *to = &w->oops->code.origin;
    kd_access access;
    uint64_t slot, base;
    char text[64];
    if (!kd_word_access(w->isa, w->bytes + at, w->marker - at, &access, text) || access.index[0])
        return;
    int number = kd_word_register(w->isa, access.base);
    if (number < 0 || w->changed >> number & 1 || (unsigned)number == w->want ||
        !kd_register_value(w->oops, w->isa, access.base, &base) ||
        !kd_access_effective(w->oops, w->isa, &access, &slot))
        return;
    kd_derive(&to->base, kd_arena_str(&w->event->arena, kd_str_of(access.base)));
    kd_derive(&to->base_value, base);
    kd_derive(&to->displacement, access.displacement);
    kd_derive(&to->slot, w->wide ? slot : slot & UINT32_MAX);
}

/* ---- the walk -------------------------------------------------------------------------------- */

static void take_call(walk *w, size_t at)
{
    unsigned result = w->isa == KD_ISA_PPC     ? 3
                      : w->isa == KD_ISA_MIPS  ? 2
                      : w->isa == KD_ISA_RISCV ? 10
                                               : 4;
    if (w->want == result)
        put(w, at, "returned");
}

/* True: the walk ends there. */
static bool take_write(walk *w, const effect *e, uint32_t word, size_t at)
{
    unsigned to = register_at(word, e->to);
    bool same = e->what == MOVES && register_at(word, e->from) == register_at(word, 15);
    bool zero = w->isa != KD_ISA_PPC && to == 0;
    if (zero || to != w->want) {
        w->changed |= zero ? 0 : UINT32_C(1) << to;
        return false;
    }
    if (e->what == COPIES || same) {
        w->changed |= UINT32_C(1) << to;
        w->want = register_at(word, e->from);
        return w->want == 0 && w->isa != KD_ISA_PPC;
    }
    if (e->what == LOADS || e->what == LOADS32) {
        bool half = e->what == LOADS32 && w->wide;
        put(w, at, half ? "loaded in 32 bits" : "loaded");
        if (!half)
            put_slot(w, at);
    }
    return true;
}

static bool take(walk *w, size_t at)
{
    uint32_t word = word_at(w, at);
    const effect *e = effect_of(w, word);
    if (!e || e->what == ENDS)
        return true;
    if (e->what == CALLS) {
        take_call(w, at);
        return true;
    }
    return e->what != NONE && e->what != PASSES && take_write(w, e, word, at);
}

/* mips: a jump away, or a call, right before: what stands at hand ran before it. True: the walk
 * ends there. */
static bool take_jump_before(walk *w, size_t at)
{
    const effect *e = w->isa == KD_ISA_MIPS ? effect_of(w, word_at(w, at)) : NULL;
    if (!e || (e->what != CALLS && e->what != ENDS))
        return false;
    w->back++;
    return take(w, at);
}

static void walk_back(walk *w)
{
    find_starts(w);
    for (size_t i = w->count; i-- > 0;) {
        w->back++;
        if ((i > 0 && take_jump_before(w, w->starts[i - 1])) || take(w, w->starts[i]))
            return;
    }
}

void kd_decode_origin_word(kd_event *event, kdf_oops *oops, const kd_context *context)
{
    uint8_t bytes[MAX_BYTES];
    char name[8];
    kd_isa isa = kd_isa_of_code(oops, context);
    size_t len = kd_code_bytes(&oops->code, bytes, sizeof bytes);
    bool narrow = kd_arch_is(context, "ppc") || kd_arch_is(context, "mips");
    bool known =
        isa == KD_ISA_PPC || isa == KD_ISA_MIPS || isa == KD_ISA_RISCV || isa == KD_ISA_LOONGARCH;
    kd_str base = oops->code.memory.base.v;
    if (!known || !oops->code.memory.agrees.v || !oops->code.marker.src ||
        oops->code.marker.v > len || base.len == 0 || base.len >= sizeof name)
        return;
    kd_str_print(name, sizeof name, "%.*s", KD_FMT(base));
    int number = kd_word_register(isa, name);
    if (number < 0)
        return;
    walk w = { .isa = isa,
               .wide = !narrow,
               .event = event,
               .oops = oops,
               .bytes = bytes,
               .marker = (size_t)oops->code.marker.v,
               .want = (unsigned)number };
    walk_back(&w);
}

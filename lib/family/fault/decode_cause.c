/* decode_cause.c - the fault registers of riscv, powerpc, mips, s390, parisc and loongarch. */
#include "family/fault/decode_cause.h"

#include "core/lists.h"

typedef struct code_name {
    uint64_t code;
    const char *name;
} code_name;

static const code_name riscv_causes[] = {
#define KD_RISCV_CAUSE(code, name) { code, name },
#include "family/fault/cause.def"
};
static const code_name riscv_interrupts[] = {
#define KD_RISCV_INTERRUPT(code, name) { code, name },
#include "family/fault/cause.def"
};
static const code_name mips_causes[] = {
#define KD_MIPS_CAUSE(code, name) { code, name },
#include "family/fault/cause.def"
};
static const code_name s390_codes[] = {
#define KD_S390_CODE(code, name) { code, name },
#include "family/fault/cause.def"
};
static const code_name parisc_traps[] = {
#define KD_PARISC_TRAP(code, name) { code, name },
#include "family/fault/cause.def"
};
static const code_name loongarch_codes[] = {
#define KD_LOONGARCH_ECODE(code, short, name) { code, name },
#include "family/fault/cause.def"
};
static const code_name ppc_vectors[] = {
#define KD_PPC_VECTOR(vector, name) { vector, name },
#include "family/fault/cause.def"
};
static const code_name dsisr_bits[] = {
#define KD_DSISR(bit, says) { bit, says },
#include "family/fault/cause.def"
};

static void put_name(kd_text *to, const code_name *table, size_t count, uint64_t code)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].code == code)
            kd_derive(to, kd_str_of(table[i].name));
}
#define PUT_NAME(to, table, code) put_name((to), (table), KD_COUNT(table), (code))

static void take_register(kd_hex *to, const kdf_oops *oops, const char *name)
{
    const kd_pair *pair = kd_map_find(&oops->registers, name);
    if (!to->src && pair)
        *to = (kd_hex){ pair->v, pair->src };
}

static void decode_scause(kdf_oops *oops)
{
    kdf_scause *to = &oops->scause;
    if (kd_map_find(&oops->registers, "badaddr") || kd_map_find(&oops->registers, "sbadaddr")) {
        take_register(&to->value, oops, "cause");
        take_register(&to->value, oops, "scause");
    }
    if (!to->value.src)
        return;
    uint64_t top = to->value.v >> 63 ? UINT64_C(1) << 63 : to->value.v & UINT64_C(0x80000000);
    uint64_t code = to->value.v & ~top;
    kd_derive(&to->interrupt, top != 0);
    kd_derive(&to->code, code);
    if (top)
        PUT_NAME(&to->name, riscv_interrupts, code);
    else
        PUT_NAME(&to->name, riscv_causes, code);
    if (!top && (code == 12 || code == 13 || code == 15))
        kd_derive(&oops->access, kd_str_of(code == 12 ? "execute" : code == 13 ? "read" : "write"));
}

static void decode_ppc(kdf_oops *oops, kd_arena *arena)
{
    kdf_ppc_trap *trap = &oops->ppc_trap;
    kdf_dsisr *to = &oops->dsisr;
    if (trap->value.src)
        PUT_NAME(&trap->name, ppc_vectors, trap->value.v);
    if (trap->value.v == 0x400 || trap->value.v == 0x480)
        kd_derive(&oops->access, KD_STR("execute"));
    /* the segment and instruction interrupts do not set it */
    if (trap->value.v == 0x300 || trap->value.v == 0x600)
        take_register(&to->value, oops, "dsisr");
    if (!to->value.src)
        return;
    kd_str text = KD_STR("");
    for (size_t i = 0; i < KD_COUNT(dsisr_bits); i++)
        if (to->value.v & dsisr_bits[i].code)
            text = kd_arena_format(arena, "%.*s%s%s", KD_FMT(text), text.len ? ", " : "",
                                   dsisr_bits[i].name);
    kd_derive(&to->no_translation, (to->value.v & 0x40000000) != 0);
    kd_derive(&to->protection, (to->value.v & 0x08000000) != 0);
    kd_derive(&to->store, (to->value.v & 0x02000000) != 0);
    kd_derive(&to->text, text);
    if (trap->value.v == 0x300 && !oops->access.src)
        kd_derive(&oops->access, kd_str_of(to->store.v ? "write" : "read"));
}

static void decode_mips(kdf_oops *oops)
{
    kdf_mips_cause *to = &oops->mips_cause;
    if (kd_map_find(&oops->registers, "$0"))
        take_register(&to->value, oops, "cause");
    if (!to->value.src)
        return;
    uint64_t code = to->value.v >> 2 & 31;
    kd_derive(&to->exc_code, code);
    PUT_NAME(&to->name, mips_causes, code);
    kd_derive(&to->branch_delay, (to->value.v >> 31 & 1) != 0);
    if (code == 1 || code == 3 || code == 5)
        kd_derive(&oops->access, KD_STR("write"));
    else if ((code == 2 || code == 4) &&
             !oops->access.src) /* a fetch, where the pc is the address */
        kd_derive(&oops->access,
                  kd_str_of(oops->ip.address.src && oops->ip.address.v == oops->address.v
                                ? "execute"
                                : "read"));
}

static void decode_s390(kdf_oops *oops)
{
    static const char *const spaces[] = { "primary", "access register", "secondary", "home" };
    kdf_s390_pic *pic = &oops->s390_pic;
    kdf_teid *teid = &oops->teid;
    if (pic->value.src) {
        kd_derive(&pic->code, pic->value.v & 0x7f);
        PUT_NAME(&pic->name, s390_codes, pic->value.v & 0x7f);
        kd_derive(&pic->per, (pic->value.v & 0x80) != 0);
        kd_derive(&pic->transaction, (pic->value.v & 0x200) != 0);
    }
    if (!teid->value.src)
        return;
    unsigned access = (unsigned)(teid->value.v >> 10 & 3);
    kd_derive(&teid->page, teid->value.v & ~UINT64_C(0xfff));
    kd_derive(&teid->space, kd_str_of(spaces[teid->value.v & 3]));
    if (access == 1 || access == 2) {
        kd_derive(&teid->access, kd_str_of(access == 1 ? "store" : "fetch"));
        kd_derive(&oops->access, kd_str_of(access == 1 ? "write" : "read"));
    }
}

static void decode_loongarch(kdf_oops *oops)
{
    static const char *const access[] = { NULL, "read", "write", "execute", "write" };
    kdf_estat *to = &oops->estat;
    take_register(&to->value, oops, "estat");
    if (!to->value.src)
        return;
    uint64_t code = to->value.v >> 16 & 63;
    kd_derive(&to->ecode, code);
    kd_derive(&to->esubcode, to->value.v >> 22 & 511);
    PUT_NAME(&to->name, loongarch_codes, code);
    if (code < KD_COUNT(access) && access[code])
        kd_derive(&oops->access, kd_str_of(access[code]));
}

static void decode_parisc(kdf_oops *oops)
{
    kdf_parisc_trap *to = &oops->parisc_trap;
    if (!to->value.src)
        return;
    PUT_NAME(&to->name, parisc_traps, to->value.v);
    if (to->value.v == 6 || to->value.v == 7)
        kd_derive(&oops->access, KD_STR("execute"));
}

void kd_decode_causes(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    (void)context;
    decode_scause(oops);
    decode_ppc(oops, arena);
    decode_mips(oops);
    decode_s390(oops);
    decode_loongarch(oops);
    decode_parisc(oops);
}

/* decode_reloc.c - does a relocation that the module loader refused really not fit? */
#include "family/module/decode_reloc.h"
#include "family/fields.h"

static const kd_reloc_type types[] = {
#define KD_RELOC(arch, type, name, bits, scale, kind) \
    { arch, type, name, bits, scale, KD_RELOC_##kind },
#include "family/module/reloc.def"
#undef KD_RELOC
};

static const kd_reloc_type *find_type(kd_str arch, uint64_t number)
{
    for (size_t i = 0; i < KD_COUNT(types); i++)
        if (types[i].type == number && kd_str_is(arch, types[i].arch))
            return &types[i];
    return NULL;
}

/* The message's form tells the architecture, whatever else is known. */
static kd_str arch_of(kd_str form)
{
    static const struct {
        const char *form, *arch;
    } table[] = {
        { "parisc", "parisc" }, { "x86", "x86_64" },    { "arm64", "arm64" },   { "arm", "arm" },
        { "arm-old", "arm" },   { "powerpc", "ppc64" }, { "riscv", "riscv64" }, { "s390", "s390" },
    };
    for (size_t i = 0; i < KD_COUNT(table); i++)
        if (kd_str_is(form, table[i].form))
            return kd_str_of(table[i].arch);
    return (kd_str){ "", 0 };
}

static void set_reach(kd_reloc_verdict *out)
{
    const kd_reloc_type *type = out->type;
    int64_t half = (int64_t)1 << (type->bits - 1);
    int64_t unit = (int64_t)1 << type->scale;
    out->least = type->kind == KD_RELOC_Z ? 0 : -half * unit;
    out->most = type->kind == KD_RELOC_Z ? 2 * half - 1 : (half - 1) * unit;
}

static void compare(kd_reloc_verdict *out)
{
    out->has_distance = true;
    out->answer = KD_RELOC_INSIDE;
    if (out->distance < out->least) {
        out->answer = KD_RELOC_OUT;
        out->misses = (uint64_t)out->least - (uint64_t)out->distance;
    } else if (out->distance > out->most) {
        out->answer = KD_RELOC_OUT;
        out->misses = (uint64_t)out->distance - (uint64_t)out->most;
    }
}

/* The loader computes (stub - place - 8) / 4 with unsigned arithmetic: negative distances wrap at
 * 2^30 words on 32-bit kernels and at 2^62 on 64-bit ones. */
static void judge_parisc(const kdf_module_reloc *reloc, kd_reloc_verdict *out)
{
    uint64_t value = reloc->value.v;
    out->type = find_type(out->arch, reloc->bits.v == 17 ? 12 : 74);
    if (reloc->bits.v != 17 && reloc->bits.v != 22)
        return;
    if (value >= (uint64_t)1 << 62)
        return;
    if (value < (uint64_t)1 << 29)
        out->units = (int64_t)value;
    else if (value < (uint64_t)1 << 30)
        out->units = (int64_t)value - ((int64_t)1 << 30);
    else if (value >= (uint64_t)1 << 61)
        out->units = (int64_t)value - ((int64_t)1 << 62);
    else
        return; /* neither a 30-bit nor a 62-bit wrap: the number was damaged */
    out->distance = out->units * 4;
    set_reach(out);
    compare(out);
}

/* Kernel code lives in the upper half on 64-bit machines: at least 2^63 from a small value. */
#define FAR_BELOW ((uint64_t)1 << 40)

static void judge_value(const kdf_module_reloc *reloc, kd_reloc_verdict *out)
{
    out->type = find_type(out->arch, reloc->type.v);
    if (!out->type)
        return;
    set_reach(out);
    if (out->type->kind != KD_RELOC_S || kd_str_is(out->arch, "x86_64") ||
        kd_str_is(out->arch, "s390")) {
        /* the printed value is what has to fit into the field */
        out->distance = (int64_t)reloc->value.v;
        if (out->type->kind == KD_RELOC_Z && reloc->value.v > INT64_MAX) {
            out->answer = KD_RELOC_OUT;
            return;
        }
        compare(out);
        return;
    }
    /* arm64 prints S + A; the place is missing, but it is kernel code */
    if (reloc->value.v < FAR_BELOW) {
        out->any_place = true;
        out->answer = KD_RELOC_OUT;
    }
}

static void judge_place(const kdf_module_reloc *reloc, kd_reloc_verdict *out)
{
    out->type = find_type(out->arch, reloc->type.v);
    if (!out->type || !reloc->place.src || !reloc->target.src)
        return;
    int64_t bias = out->type->type == 42 ? 0 : out->type->scale == 2 ? 8 : 4;
    out->distance = (int32_t)(uint32_t)(reloc->target.v - reloc->place.v - (uint64_t)bias);
    set_reach(out);
    compare(out);
}

static void judge_powerpc(const kdf_module_reloc *reloc, kd_reloc_verdict *out)
{
    out->type = find_type(out->arch, kd_str_is(reloc->relocation.v, "REL24")   ? 10
                                     : kd_str_is(reloc->relocation.v, "REL32") ? 26
                                                                               : 132);
    out->distance = (int64_t)reloc->value.v;
    set_reach(out);
    compare(out);
}

/* The PC is printed hashed (4.15 and later): only a target outside the kernel half proves it. */
static void judge_riscv(const kdf_module_reloc *reloc, kd_reloc_verdict *out)
{
    out->type = find_type(out->arch, 23);
    set_reach(out);
    if (reloc->target.v < (uint64_t)1 << 63) {
        out->any_place = true;
        out->answer = KD_RELOC_OUT;
    }
}

void kd_reloc_judge(const kdf_module_reloc *reloc, const kd_context *context, kd_reloc_verdict *out)
{
    kd_str form = reloc->form.v;
    (void)context;
    *out = (kd_reloc_verdict){ .arch = arch_of(form) };
    if (kd_str_is(form, "parisc"))
        judge_parisc(reloc, out);
    else if (kd_str_is(form, "arm"))
        judge_place(reloc, out);
    else if (kd_str_is(form, "powerpc"))
        judge_powerpc(reloc, out);
    else if (kd_str_is(form, "riscv"))
        judge_riscv(reloc, out);
    else if (reloc->type.src)
        judge_value(reloc, out);
}

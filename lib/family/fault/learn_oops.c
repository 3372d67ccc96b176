/* learn_oops.c - the architecture, by registers and syndrome. */
#include "core/lists.h"
#include "family/fields.h"

/* The same registers with 32 bits: where the code lies tells. */
static kd_str narrow(const kd_list *registers, kd_str arch)
{
    const kd_pair *nip = kd_map_find(registers, "nip"), *epc = kd_map_find(registers, "epc");
    if (kd_str_is(arch, "ppc64") && nip && nip->v <= UINT32_MAX && nip->v >= 0x80000000)
        return KD_STR("ppc");
    if (kd_str_is(arch, "riscv64") && epc && epc->v <= UINT32_MAX && epc->v >= 0x80000000)
        return KD_STR("riscv32");
    return arch;
}

/* The architecture that only such registers exist on, or empty. */
static kd_str arch_of_registers(const kd_list *registers)
{
    static const struct {
        const char *reg, *name;
    } table[] = {
#define KD_ARCH_REGISTER(reg, name) { reg, name },
#include "core/arch.def"
    };
    for (size_t i = 0; i < KD_COUNT(table); i++)
        if (kd_map_find(registers, table[i].reg))
            return narrow(registers, kd_str_of(table[i].name));
    return (kd_str){ "", 0 };
}

void kd_learn_oops(kd_context *context, const kd_event *event, const void *part, kd_arena *arena)
{
    const kdf_oops *oops = part;
    (void)arena;
    if (oops->registers.count > 0)
        kd_learn(context, &context->arch, &context->arch_known, arch_of_registers(&oops->registers),
                 kd_line_of(event, KD_ITEMS(oops->registers, kd_pair)[0].src));
    if (oops->esr.value.src)
        kd_learn(context, &context->arch, &context->arch_known, KD_STR("arm64"),
                 kd_line_of(event, oops->esr.value.src));
    if (oops->va_bits.src)
        context->va_bits = oops->va_bits.v;
}

/* decode_pointer.c - which pointer the faulting instruction used. */
#include "family/pointer/decode_pointer.h"

bool kd_is_64_bit(const kd_context *context, const kdf_oops *oops)
{
    static const char *const narrow[] = { "i386", "arm",   "mips",       "ppc",     "parisc",
                                          "m68k", "sparc", "riscv32",    "xtensa",  "arc",
                                          "csky", "nios2", "microblaze", "openrisc" };
    for (size_t i = 0; i < KD_COUNT(narrow); i++)
        if (kd_arch_is(context, narrow[i]))
            return oops->address.v > UINT32_MAX;
    if (context->arch.len > 0)
        return true;
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (KD_ITEMS(oops->registers, kd_pair)[i].v > UINT32_MAX)
            return true;
    return oops->address.v > UINT32_MAX;
}

bool kd_pointer_of(const kdf_oops *oops, const kd_context *context, kd_pointer *out)
{
    const kdf_operand *mem = &oops->code.memory;
    (void)context;
    *out = (kd_pointer){ .value = 0 };
    if (!mem->agrees.v || !mem->base.src)
        return false;
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        bool same = kd_str_eq(pair->name, mem->base.v) ||
                    (kd_str_is(mem->base.v, "r8") && kd_str_is(pair->name, "r08")) ||
                    (kd_str_is(mem->base.v, "r9") && kd_str_is(pair->name, "r09"));
        if (!same)
            continue;
        *out = (kd_pointer){ pair->name, pair->src, pair->v, mem->displacement.v,
                             mem->index.src != 0 };
        return true;
    }
    return false;
}

uint64_t kd_pointer_error(uint64_t value, bool wide)
{
    uint64_t negative = wide ? 0 - value : (0 - value) & UINT32_MAX;
    bool fits = wide || value <= UINT32_MAX;
    return fits && negative >= 1 && negative <= 4095 ? negative : 0;
}

const char *kd_errno_name(const kd_context *context, uint64_t number)
{
    static const char *const own[] = { "mips",  "mips64",  "parisc", "parisc64",
                                       "sparc", "sparc64", "alpha" };
    static const struct {
        uint64_t number;
        const char *name;
    } rows[] = {
#define KD_ERRNO(number, name) { number, name },
#include "family/pointer/errno.def"
    };
    for (size_t i = 0; i < KD_COUNT(own); i++)
        if (number > 34 && kd_arch_is(context, own[i]))
            return NULL;
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (rows[i].number == number)
            return rows[i].name;
    return NULL;
}

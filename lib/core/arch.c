/* arch.c - names of architectures. Layer: core. */
#include "core/arch.h"

static const char *const names[] = {
#define KD_ARCH(name) name,
#include "core/arch.def"
};

static const struct {
    const char *alias, *name;
} aliases[] = {
#define KD_ARCH_ALIAS(alias, name) { alias, name },
#include "core/arch.def"
};

kd_str kd_arch_name(kd_str any)
{
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_str_is(any, names[i]))
            return kd_str_of(names[i]);
    for (size_t i = 0; i < KD_COUNT(aliases); i++)
        if (kd_str_is(any, aliases[i].alias))
            return kd_str_of(aliases[i].name);
    return (kd_str){ "", 0 };
}

bool kd_arch_known(kd_str name)
{
    return kd_arch_name(name).len > 0;
}

/* learn_oops.c - the architecture, by registers and syndrome. */
#include "core/evidence.h"
#include "core/lists.h"
#include "family/fields.h"

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
            return kd_str_of(table[i].name);
    return (kd_str){ "", 0 };
}

/* "Internal error: Oops: 17" of arm is a fault status, of arm64 a syndrome: its class is never 0,
 * and what arm adds to a fetch's is the top bit alone. 0 stands for a BUG() of both. */
static kd_str arch_of_code(uint64_t code)
{
    uint64_t status = code & ~(uint64_t)0x80000000;
    if (code == 0)
        return (kd_str){ "", 0 };
    return status <= 0x1fff ? KD_STR("arm") : code >> 26 & 63 ? KD_STR("arm64") : KD_STR("");
}

/* Words of the build behind "[#1]" of the die line. */
static bool is_arm_build(const kdf_die *die)
{
    for (uint32_t i = 0; i < die->flags.count; i++)
        if (kd_str_in_words(KD_ITEMS(die->flags, kd_text)[i].v, "ARM THUMB2"))
            return true;
    return false;
}

void kd_learn_oops(kd_context *context, const kd_event *event, const void *part, kd_arena *arena)
{
    const kdf_oops *oops = part;
    const kd_line_ref *die = kd_event_line(event, oops->die.code.src);
    (void)arena;
    if (oops->registers.count > 0)
        kd_learn_arch(context, arch_of_registers(&oops->registers),
                      kd_line_of(event, KD_ITEMS(oops->registers, kd_pair)[0].src), KD_TELLS_SURE);
    if (is_arm_build(&oops->die))
        kd_learn_arch(context, KD_STR("arm"), kd_line_of(event, oops->die.text.src), KD_TELLS_SURE);
    if (die && kd_str_has(die->raw, "Internal error:"))
        kd_learn_arch(context, arch_of_code(oops->die.code.v), die->number, KD_TELLS_SURE);
    if (oops->esr.value.src)
        kd_learn_arch(context, KD_STR("arm64"), kd_line_of(event, oops->esr.value.src),
                      KD_TELLS_SURE);
    if (oops->page_kb.src && context->page_size_known.by < KD_BY_READ) {
        context->page_size = (uint32_t)oops->page_kb.v * 1024;
        context->page_size_known = (kd_known){ KD_BY_READ, kd_line_of(event, oops->page_kb.src) };
    }
    if (oops->va_bits.src)
        context->va_bits = oops->va_bits.v;
}

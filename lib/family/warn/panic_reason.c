/* panic_reason.c - look-up in panic_reason.def. */
#include "family/warn/panic_reason.h"

enum { CULPRIT = 0, INNOCENT = 1 };

static const kd_panic_reason reasons[] = {
#define KD_PANIC(words, class, stack, causes, meaning, remedy) \
    { words, KD_PANIC_##class, stack, causes, meaning, remedy },
#include "family/warn/panic_reason.def"
#undef KD_PANIC
};

const kd_panic_reason *kd_panic_reason_of(kd_str text)
{
    for (size_t i = 0; i < KD_COUNT(reasons); i++)
        if (kd_str_has(text, reasons[i].words))
            return &reasons[i];
    return NULL;
}

/* decode_preempt.c - a preempt count in words. */
#include "family/lock/preempt_count.h"

#include "core/context.h"
#include "family/fields.h"

static kd_str words_of(kd_arena *arena, const kd_preempt *preempt)
{
    if (preempt->negative)
        return preempt->bh_negative
                   ? kd_arena_format(arena, "%d (-0x%x): bh was enabled once too often",
                                     preempt->value, (unsigned)-preempt->value)
                   : kd_arena_format(arena, "%d: preemption was enabled once too often",
                                     preempt->value);
    kd_str out = { NULL, 0 };
    const struct {
        uint32_t count;
        const char *text;
    } parts[] = {
        { preempt->nmi, "in an NMI" },
        { preempt->hardirq, "in a hard interrupt" },
        { preempt->serves_softirq, "in a softirq" },
        { preempt->bh_disabled, "bh disabled" },
        { preempt->depth, "preemption disabled (spin locks)" },
    };
    for (size_t i = 0; i < KD_COUNT(parts); i++)
        if (parts[i].count > 0)
            out = kd_arena_format(arena, "%.*s%s%s x %u", KD_FMT(out), out.len ? ", " : "",
                                  parts[i].text, (unsigned)parts[i].count);
    return out.len ? out : KD_STR("nothing is disabled");
}

bool kd_decode_atomic(kd_event *event, void *part, const kd_context *context)
{
    kdf_atomic *atomic = part;
    kd_preempt preempt;
    (void)context;
    if (!atomic->preempt_count.src)
        return true;
    kd_preempt_read((uint32_t)atomic->preempt_count.v,
                    kd_event_is(event, &kd_kind_scheduling_while_atomic), &preempt);
    kd_derive(&atomic->preempt_means, words_of(&event->arena, &preempt));
    return true;
}

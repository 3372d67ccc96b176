/* decode_preempt.c - what a preempt count says. Layout of 2.6.32 to 7.2: depth 0-7, softirq 8-15,
 * hardirq 16-19 (to 3.10: 16-25), NMI 20-23, and bit 31 "no reschedule needed", inverted, on x86
 * from 3.13, which prints the count without it: -1 is 0x7fffffff there. */
#include "family/lock/decode_preempt.h"

#include "core/context.h"
#include "family/fields.h"

#define NO_RESCHEDULE 0x80000000u

void kd_preempt_read(uint32_t count, bool scheduling, kd_preempt *out)
{
    *out = (kd_preempt){ .value = 0 };
    out->negative = (count | NO_RESCHEDULE) >= 0xff000000u;
    count = out->negative ? count | NO_RESCHEDULE : count & ~NO_RESCHEDULE;
    out->value = out->negative ? (int32_t)(0 - (int64_t)(UINT32_MAX - count) - 1) : (int32_t)count;
    out->bh_negative = out->value - scheduling <= -0x200;
    if (out->negative)
        return;
    out->depth = count & 0xff;
    if (scheduling && out->depth > 0)
        out->depth--;
    out->serves_softirq = count & 0x100;
    out->bh_disabled = (count >> 9) & 0x7f;
    out->hardirq = (count >> 16) & 0xf;
    out->nmi = (count >> 20) & 0xf;
}

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

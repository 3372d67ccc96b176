/* preempt_count.c - what a preempt count says. Layout of 2.6.32 to 7.2: depth 0-7, softirq 8-15,
 * hardirq 16-19 (to 3.10: 16-25), NMI 20-23, and bit 31 "no reschedule needed", inverted, on x86
 * from 3.13, which prints the count without it: -1 is 0x7fffffff there. */
#include "family/lock/preempt_count.h"

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

/* preempt_count.h - what a preempt count says. */
#ifndef KD_LOCK_PREEMPT_COUNT_H
#define KD_LOCK_PREEMPT_COUNT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct kd_preempt {
    int32_t value;        /* as the signed number that it is; the scheduler's flag taken off */
    bool negative;        /* somebody enabled once too often */
    bool bh_negative;     /* and it was local_bh_enable(), 0x200 */
    uint32_t depth;       /* spin locks, preempt_disable() */
    bool serves_softirq;  /* bit 8 */
    uint32_t bh_disabled; /* local_bh_disable(), each 0x200 */
    uint32_t hardirq, nmi;
} kd_preempt;

/* @param scheduling  schedule() itself added one */
void kd_preempt_read(uint32_t count, bool scheduling, kd_preempt *out);

#endif

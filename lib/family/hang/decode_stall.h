/* decode_stall.h - what the numbers of a stall mean, and which reports are of one stall. */
#ifndef KD_HANG_DECODE_STALL_H
#define KD_HANG_DECODE_STALL_H

#include "core/context.h"
#include "family/fields.h"

/* Ticks a second, from the jiffies after which RCU reports a stall for the first time: 21 s (26 s
 * with CONFIG_PROVE_RCU), 60 s (65 s) in distributions that set it so. 0: not one, or more than one
 * fits. */
uint64_t kd_stall_hz(uint64_t jiffies);

/* Is that the name of a virtual machine? The word of it, or empty. */
kd_str kd_stall_hypervisor(kd_str hardware);

/* Were the two printed within so many seconds, or, without any time, close to each other? */
bool kd_stall_is_near(const kd_event *a, const kd_event *b, uint64_t seconds);

/* Does RCU list the CPU as idle: no task, no interrupt? */
bool kd_stall_cpu_idles(const kdf_hang_cpu *cpu);

#endif

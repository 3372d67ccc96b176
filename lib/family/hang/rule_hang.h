/* rule_hang.h - what the rules of this family share. */
#ifndef KD_HANG_RULE_HANG_H
#define KD_HANG_RULE_HANG_H

#include "core/diag.h"
#include "family/fields.h"

/* Ties the diagnosis to an earlier one of the same stall: a pause, a stuck CPU, a grace period.
 * True: there is one. @param seconds  how long before the reports of one stall may stand */
bool kd_hang_say_root(const kd_view *view, kd_emit *out, uint64_t seconds);
/* Is the stall explained by a machine that was paused? */
bool kd_hang_is_paused(const kd_view *view);
/* "CPU 3, in task bash (205)" */
kd_str kd_hang_cpu_text(kd_emit *out, const kdf_hang_cpu *cpu);
/* What to do about a CPU that waits for a lock, and, where the report shows one other CPU at work,
 * who that is. @param cpus  of kdf_hang_cpu; @param stuck  the number of the one that waits */
void kd_hang_say_waits(const kd_view *view, kd_emit *out, const kd_list *cpus, uint64_t stuck);

#endif

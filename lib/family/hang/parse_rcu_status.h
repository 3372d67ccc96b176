/* parse_rcu_status.h - the lines of an RCU stall that carry numbers. */
#ifndef KD_HANG_PARSE_RCU_STATUS_H
#define KD_HANG_PARSE_RCU_STATUS_H

#include "family/hang/parse_hang.h"

/* "3-...0: (201 ticks this GP) idle=e33c/1/0x4000000000000000 softirq=5844/5846 fqs=4984" */
bool kd_rcu_status(kd_parse *parse, const kd_stacks *stacks, kd_str text);
/* CPUs and tasks in a row: "{ 1-.... P392 }", " P30749/1:b..l P22934/1:b..l" */
void kd_rcu_listed(kd_parse *parse, const kd_stacks *stacks, kd_str text);
/* "(detected by 2, t=21016 jiffies, g=7753, q=296 ncpus=4)", "} 21 jiffies s: 973 root: 0x4/." */
bool kd_rcu_totals(kd_parse *parse, kdf_rcu_stall *stall, kd_str text);
/* What is said of the grace-period thread. */
bool kd_rcu_kthread(kd_parse *parse, kdf_rcu_stall *stall, kd_str text);

/* The CPU that RCU waits for and whose stack is shown; where none is shown, the first that it waits
 * for; NULL where it waits for none. */
const kdf_hang_cpu *kd_stall_cpu(const kdf_rcu_stall *stall);
/* Does the report show where the CPU stood? */
bool kd_stall_cpu_is_shown(const kdf_hang_cpu *cpu);

#endif

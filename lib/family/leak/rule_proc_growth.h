/* rule_proc_growth.h - two and more pastes of /proc/meminfo of one machine: what grows. */
#ifndef KD_LEAK_RULE_PROC_GROWTH_H
#define KD_LEAK_RULE_PROC_GROWTH_H

#include "core/diag.h"

/* Is it the last paste of its machine, as far as a look ahead tells? */
bool kd_paste_is_last(const kd_view *view);

/* leak.slab-growth where the pastes are all that there is. */
kd_status kd_check_proc_growth(const kd_view *view, kd_emit *out);

#endif

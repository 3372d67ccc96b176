/* rule_growth.h - one number that grows over the dumps of a boot: finding it and saying it.
 * */
#ifndef KD_LEAK_RULE_GROWTH_H
#define KD_LEAK_RULE_GROWTH_H

#include "family/leak/rule_dumps.h"

/* The remainder that no counter names. */
#define KD_UNACCOUNTED "unaccounted"

typedef struct kd_growth_case {
    const char *name;                      /* KD_UNACCOUNTED, or the counter's */
    const kd_dump *dumps[KD_TREND_POINTS]; /* those whose counters are whole */
    size_t count;
    bool across; /* the first is of the earlier capture: its times are those of another log */
    kd_trend trend;
} kd_growth_case;

/* Looks at the dumps of the boot; where these do not grow, or are too few, from the last one of
 * the earlier capture to the last one of all. */
void kd_growth_find(const kd_dumps *dumps, const char *name, kd_growth_case *out);

uint64_t kd_growth_value(const kd_dump *dump, const char *name);

/* likely, or possible where one allocation, or the start of the machine, would look the same. */
kd_confidence kd_growth_confidence(const kd_growth_case *c);

/* After kd_say_diag(): each dump with its line, the arithmetic, the rate, the facts. */
void kd_growth_say(kd_emit *out, const kd_growth_case *c);

/* "in each of 3 steps", "from one dump to the next" */
kd_str kd_growth_steps(kd_emit *out, const kd_growth_case *c);

#endif

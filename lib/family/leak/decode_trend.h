/* decode_trend.h - does a number of kB grow over the dumps of one boot, and how fast? */
#ifndef KD_LEAK_DECODE_TREND_H
#define KD_LEAK_DECODE_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KD_TREND_POINTS 64u

typedef struct kd_trend_point {
    uint64_t kb, time_us;
    bool has_time;
} kd_trend_point;

typedef enum kd_trend_kind {
    KD_TREND_NONE,  /* does not grow, not enough, or grew and stopped */
    KD_TREND_STEP,  /* grew in one step: one allocation looks the same */
    KD_TREND_STEADY /* grew in two steps or more, up to the last dump */
} kd_trend_kind;

typedef struct kd_trend {
    kd_trend_kind kind;
    kd_trend_point kept[KD_TREND_POINTS]; /* dumps taken at nearly the same time are one; of
                                           * many at most nine */
    size_t count;                         /* of them: one more than steps */
    size_t growing, flat;                 /* steps by what happened in them */
    uint64_t grown_kb;                    /* last less first */
    uint64_t span_us;                     /* 0: the dumps have no times */
    uint64_t rate_kb_per_hour;            /* 0: unknown */
    bool from_start;                      /* the first dump is of the first minute of the boot */
} kd_trend;

/* @param points  in log order; those beyond KD_TREND_POINTS are not looked at
 * @param managed_kb  of the machine: what is much depends on it */
void kd_trend_find(const kd_trend_point *points, size_t count, uint64_t managed_kb, kd_trend *out);

/* Seconds until `kb` more are used up; 0: unknown. */
uint64_t kd_trend_seconds(const kd_trend *trend, uint64_t kb);

#endif

/* decode_trend.c - does a number of kB grow over the dumps of one boot, and how fast?
 *
 * A leak goes on: growth that ended before the last dump, or that goes up and down, is none. What
 * counts as growth is measured on healthy machines: drift of the per-CPU counters, new processes
 * and the first seconds after boot stay below the marks.
 */
#include "family/leak/decode_trend.h"

#define US_PER_HOUR UINT64_C(3600000000)
#define MOST_STEPS 8u
#define FIRST_MINUTE_US UINT64_C(60000000)

/* Smaller changes are noise. */
static uint64_t noise_kb(uint64_t managed_kb)
{
    uint64_t share = managed_kb / 500;
    return share > 1024 ? share : 1024;
}

/* A share of the machine, in percent, but not less than 8 MiB. */
static bool is_much(uint64_t kb, uint64_t managed_kb, uint64_t percent)
{
    return kb >= 8192 && kb / percent >= managed_kb / 100;
}

static bool times_rise(const kd_trend_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!points[i].has_time || (i > 0 && points[i].time_us < points[i - 1].time_us))
            return false;
    return count > 1 && points[count - 1].time_us > points[0].time_us;
}

/* A burst of reports is one sample: its last dump. */
static void keep_points(const kd_trend_point *points, size_t count, kd_trend *out)
{
    bool timed = times_rise(points, count);
    uint64_t burst_us = 0; /* where the one at hand began */
    out->span_us = timed ? points[count - 1].time_us - points[0].time_us : 0;
    for (size_t i = 0; i < count; i++) {
        if (timed && i > 0 && points[i].time_us - burst_us < out->span_us / 100) {
            out->kept[out->count - 1] = points[i];
            continue;
        }
        out->kept[out->count++] = points[i];
        burst_us = points[i].time_us;
    }
}

/* Of many samples a few, evenly spread, the first and the last among them: the steps of a slow leak
 * that is sampled often would each be noise. */
static void thin_out(kd_trend *out)
{
    size_t count = out->count;
    if (count <= MOST_STEPS + 1)
        return;
    for (size_t i = 1; i <= MOST_STEPS; i++)
        out->kept[i] = out->kept[i * (count - 1) / MOST_STEPS];
    out->count = MOST_STEPS + 1;
}

static uint64_t rate_of(uint64_t grown_kb, uint64_t span_us)
{
    if (span_us == 0)
        return 0;
    if (grown_kb <= UINT64_MAX / US_PER_HOUR)
        return grown_kb * US_PER_HOUR / span_us;
    return span_us >= US_PER_HOUR ? grown_kb / (span_us / US_PER_HOUR) : 0;
}

static kd_trend_kind kind_of(const kd_trend *t, uint64_t fallen_kb, uint64_t managed_kb)
{
    uint64_t first = t->kept[0].kb, last = t->kept[t->count - 1].kb;
    bool goes_on = last > t->kept[t->count - 2].kb + noise_kb(managed_kb);
    if (!goes_on || fallen_kb > t->grown_kb / 10 || t->grown_kb < first / 10)
        return KD_TREND_NONE;
    if (!is_much(t->grown_kb, managed_kb, 3))
        return KD_TREND_NONE;
    return t->growing >= 2 ? KD_TREND_STEADY : KD_TREND_STEP;
}

void kd_trend_find(const kd_trend_point *points, size_t count, uint64_t managed_kb, kd_trend *out)
{
    uint64_t fallen_kb = 0;
    *out = (kd_trend){ .kind = KD_TREND_NONE };
    count = count < KD_TREND_POINTS ? count : KD_TREND_POINTS;
    keep_points(points, count, out);
    thin_out(out);
    if (out->count < 2 || out->kept[out->count - 1].kb <= out->kept[0].kb)
        return;
    for (size_t i = 1; i < out->count; i++) {
        uint64_t before = out->kept[i - 1].kb, now = out->kept[i].kb;
        fallen_kb += before > now ? before - now : 0;
        if (now > before + noise_kb(managed_kb))
            out->growing++;
        else if (before <= now + noise_kb(managed_kb))
            out->flat++;
    }
    out->grown_kb = out->kept[out->count - 1].kb - out->kept[0].kb;
    out->rate_kb_per_hour = rate_of(out->grown_kb, out->span_us);
    out->from_start = out->kept[0].has_time && out->kept[0].time_us < FIRST_MINUTE_US;
    out->kind = kind_of(out, fallen_kb, managed_kb);
}

uint64_t kd_trend_seconds(const kd_trend *trend, uint64_t kb)
{
    uint64_t rate = trend->rate_kb_per_hour;
    if (rate == 0)
        return 0;
    return kb <= UINT64_MAX / 3600 ? kb * 3600 / rate : kb / rate * 3600;
}

/* rule_growth.c - one number that grows over the dumps of a boot: finding it and saying it.
 * */
#include "family/leak/rule_growth.h"

#include <stdio.h>
#include <string.h>

/* So many dumps are shown. */
#define SHOWN 14u

/* ---- finding --------------------------------------------------------------------------------- */

static bool is_unaccounted(const char *name)
{
    return strcmp(name, KD_UNACCOUNTED) == 0;
}

uint64_t kd_growth_value(const kd_dump *dump, const char *name)
{
    const kd_account *item = kd_account_find(&dump->a, name);
    if (is_unaccounted(name))
        return dump->unexplained_kb > 0 ? (uint64_t)dump->unexplained_kb : 0;
    return item ? item->kb : 0;
}

static bool is_usable(const kd_dump *dump, const char *name)
{
    return dump->a.complete && (!is_unaccounted(name) || dump->unexplained_kb >= 0);
}

#define PAGE_KB 4u /* the smallest there is: enough to tell what is much */

/* Is a number the first digits of what it was, and much smaller? Its line was cut inside it. */
static bool is_cut(uint64_t now, uint64_t then, uint64_t much)
{
    if (now == 0 || now >= then || then - now < much)
        return false;
    while (then > now)
        then /= 10;
    return then == now;
}

static bool is_cut_since(const kd_dump *dump, const kd_dump *before)
{
    for (size_t i = 0; i < kd_counter_count; i++) {
        const char *name = kd_counters[i].name;
        const kd_pair *now = kd_map_find(&dump->meminfo->counters_pages, name);
        const kd_pair *then = kd_map_find(&before->meminfo->counters_pages, name);
        if (now && then && is_cut(now->v, then->v, dump->a.managed_kb / PAGE_KB / 100))
            return true;
    }
    return false;
}

/* The same for each name that may grow. */
static bool is_whole(kd_dump *dump, const kd_dump *before)
{
    if (dump->compared != before)
        dump->is_cut = is_cut_since(dump, before);
    dump->compared = before;
    return !dump->is_cut;
}

static void add_dumps(const kd_dumps *dumps, size_t from, size_t until, kd_growth_case *out)
{
    for (size_t i = from; i < until; i++) {
        kd_dump *dump = &dumps->items[i];
        if (is_usable(dump, out->name) &&
            (out->count == 0 || is_whole(dump, out->dumps[out->count - 1])))
            out->dumps[out->count++] = dump;
    }
}

static void find_trend(kd_growth_case *c)
{
    kd_trend_point points[KD_TREND_POINTS];
    if (c->count < 2)
        return;
    for (size_t i = 0; i < c->count; i++)
        points[i] = (kd_trend_point){ .kb = kd_growth_value(c->dumps[i], c->name),
                                      .time_us = c->dumps[i]->event->time_us,
                                      .has_time = c->dumps[i]->event->has_time && !c->across };
    kd_trend_find(points, c->count, c->dumps[c->count - 1]->a.managed_kb, &c->trend);
}

void kd_growth_find(const kd_dumps *dumps, const char *name, kd_growth_case *out)
{
    *out = (kd_growth_case){ .name = name };
    add_dumps(dumps, dumps->before, dumps->count, out);
    find_trend(out);
    if (out->trend.kind != KD_TREND_NONE || dumps->before == 0 || out->count == 0)
        return;
    const kd_dump *last = out->dumps[out->count - 1];
    *out = (kd_growth_case){ .name = name, .across = true };
    for (size_t i = dumps->before; i-- > 0 && out->count == 0;)
        add_dumps(dumps, i, i + 1, out);
    if (out->count == 0)
        return;
    out->dumps[out->count++] = last;
    find_trend(out);
}

kd_confidence kd_growth_confidence(const kd_growth_case *c)
{
    const kd_trend *t = &c->trend;
    uint64_t managed_kb = c->dumps[c->count - 1]->a.managed_kb;
    if (t->kind == KD_TREND_STEADY)
        return KD_LIKELY;
    if (c->across)
        return t->grown_kb >= managed_kb / 10 ? KD_LIKELY : KD_POSSIBLE;
    return t->from_start || t->flat > 0 || t->grown_kb < managed_kb / 20 ? KD_POSSIBLE : KD_LIKELY;
}

/* ---- saying ---------------------------------------------------------------------------------- */

kd_str kd_growth_steps(kd_emit *out, const kd_growth_case *c)
{
    const kd_trend *t = &c->trend;
    size_t steps = t->count - 1;
    if (steps == 1)
        return kd_text_of(out, "from one dump to the next");
    if (t->growing == steps)
        return kd_text_of(out, "in each of %zu steps", steps);
    return kd_text_of(out, "in %zu of %zu steps", t->growing, steps);
}

static void say_dump(kd_emit *out, const kd_growth_case *c, const kd_dump *dump)
{
    const kd_account *item = kd_account_find(&dump->a, c->name);
    const kd_account *free = kd_account_find(&dump->a, "free");
    kd_str when = kd_dump_when(out, dump);
    kd_src src = item ? item->src : free ? free->src : dump->a.managed_src;
    if (is_unaccounted(c->name)) {
        kd_say_evidence(out, dump->event, src, "%.*s: free %llu kB, in no counter %lld kB",
                        KD_FMT(when), KD_LLU(free ? free->kb : 0), KD_LLD(dump->a.unaccounted_kb));
        bool known = dump->unexplained_kb >= 0;
        int64_t rest = known ? dump->unexplained_kb : dump->a.unaccounted_kb;
        int64_t held = dump->a.unaccounted_kb - rest;
        kd_str less = held ? kd_text_of(out, " - held %lld", KD_LLD(held)) : KD_STR("");
        kd_say_proof(out,
                     kd_text_of(out, "in no counter %.*s%s", KD_FMT(when),
                                held ? ", less what zram, zswap or a balloon may hold" : ""),
                     "managed %llu - counted %llu%.*s = %lld kB", KD_LLU(dump->a.managed_kb),
                     KD_LLU(dump->a.accounted_kb), KD_FMT(less), KD_LLD(rest));
        return;
    }
    kd_say_evidence(out, dump->event, src, "%.*s: %s %llu kB, free %llu kB", KD_FMT(when), c->name,
                    KD_LLU(item ? item->kb : 0), KD_LLU(free ? free->kb : 0));
}

/* The sum of the steps, which is the growth. */
static void say_steps(kd_emit *out, const kd_growth_case *c)
{
    const kd_trend *t = &c->trend;
    kd_str text = { "", 0 };
    for (size_t i = 1; i < t->count; i++)
        text = kd_text_of(out, "%.*s%s%lld", KD_FMT(text), i > 1 ? " + " : "",
                          KD_LLD(t->kept[i].kb) - KD_LLD(t->kept[i - 1].kb));
    kd_say_proof(out, kd_text_of(out, "growth of %s over %zu dumps", c->name, t->count),
                 "%llu - %llu = %.*s%s%llu kB", KD_LLU(t->kept[t->count - 1].kb),
                 KD_LLU(t->kept[0].kb), t->count > 2 ? (int)text.len : 0, text.ptr,
                 text.len > 0 && t->count > 2 ? " = " : "", KD_LLU(t->grown_kb));
}

typedef struct time_unit {
    const char *name;
    uint64_t seconds, kb; /* the amount in that time */
} time_unit;

/* The shortest in which more than 1 MiB goes. */
static time_unit unit_of(uint64_t kb_per_hour)
{
    if (kb_per_hour >= UINT64_C(3600) * 1024)
        return (time_unit){ "second", 1, kb_per_hour / 3600 };
    if (kb_per_hour >= UINT64_C(60) * 1024)
        return (time_unit){ "minute", 60, kb_per_hour / 60 };
    return (time_unit){ "hour", 3600, kb_per_hour };
}

static kd_str duration_text(kd_emit *out, uint64_t seconds)
{
    if (seconds >= 2 * 86400)
        return kd_text_of(out, "%llu days", KD_LLU(seconds / 86400));
    if (seconds >= 2 * 3600)
        return kd_text_of(out, "%llu hours", KD_LLU(seconds / 3600));
    if (seconds >= 120)
        return kd_text_of(out, "%llu minutes", KD_LLU(seconds / 60));
    return kd_text_of(out, "%llu seconds", KD_LLU(seconds));
}

/* What the kernel can still hand out: free memory and what reclaim gives back. */
static uint64_t left_kb(const kd_dump *dump)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < dump->a.count; i++)
        if (dump->a.items[i].growth == KD_GROWTH_FREE || dump->a.items[i].growth == KD_GROWTH_CACHE)
            sum += dump->a.items[i].kb;
    return sum;
}

static void say_rate(kd_emit *out, const kd_growth_case *c)
{
    const kd_trend *t = &c->trend;
    const kd_dump *last = c->dumps[c->count - 1];
    uint64_t left = left_kb(last), seconds = kd_trend_seconds(t, left);
    if (t->rate_kb_per_hour == 0) {
        kd_say_more(out, "The dumps have no times that could be compared: %llu kB per dump.",
                    KD_LLU(t->grown_kb / (t->count - 1)));
        return;
    }
    time_unit unit = unit_of(t->rate_kb_per_hour);
    kd_str used_up = duration_text(out, seconds);
    kd_say_more(
        out,
        "That is %llu kB per %s; at this rate the %llu kB that were still free or reclaimable "
        "last to about %.*s after the last dump.",
        KD_LLU(unit.kb), unit.name, KD_LLU(left), KD_FMT(used_up));
    kd_say_proof(out, kd_text_of(out, "rate, per %s", unit.name),
                 "%llu kB * %llu s / %llu.%06llu s = %llu kB", KD_LLU(t->grown_kb),
                 KD_LLU(unit.seconds), KD_LLU(t->span_us / 1000000), KD_LLU(t->span_us % 1000000),
                 KD_LLU(unit.kb));
    kd_say_u64(out, "rate_kb_per_hour", t->rate_kb_per_hour);
    kd_say_u64(out, "seconds_until_used_up", seconds);
}

void kd_growth_say(kd_emit *out, const kd_growth_case *c)
{
    const kd_trend *t = &c->trend;
    for (size_t i = 0; i < c->count; i++)
        if (kd_is_spread(i, c->count, SHOWN))
            say_dump(out, c, c->dumps[i]);
    say_steps(out, c);
    say_rate(out, c);
    kd_say_text(out, "consumer", kd_str_of(c->name));
    kd_say_u64(out, "dumps", c->count);
    kd_say_u64(out, "growing_steps", t->growing);
    kd_say_u64(out, "first_kb", t->kept[0].kb);
    kd_say_u64(out, "last_kb", t->kept[t->count - 1].kb);
    kd_say_u64(out, "grown_kb", t->grown_kb);
    if (c->across)
        kd_say_assume(out, "the earlier capture is of the same boot; of another boot it only shows "
                           "that this machine once ran with less");
}

/* fold.c - identical events of a boot are counted on the first of them. Layer: api. */
#include <string.h>

#include "api/judge.h"
#include "family/fields.h"
#include "problem/signature.h"

#define FOLD_BUCKETS ((size_t)256)

static kd_event **bucket_of(const kd_report *report, const kd_event *event)
{
    return &report->fold[event->signature_hash & (report->fold_size - 1)];
}

/* Where memory is short the buckets only become longer; false: there are none at all. */
static bool grow_fold(kd_report *report)
{
    size_t size = report->fold_size ? report->fold_size * 4 : FOLD_BUCKETS;
    if (report->fold_count < report->fold_size)
        return true;
    kd_event **wider = kd_mem_resize(&report->mem, NULL, 0, size * sizeof *wider);
    if (!wider)
        return report->fold_size > 0;
    kd_event **old = report->fold;
    size_t old_size = report->fold_size;
    memset(wider, 0, size * sizeof *wider);
    report->fold = wider;
    report->fold_size = size;
    for (size_t i = 0; i < old_size; i++)
        for (kd_event *event = old[i], *next; event; event = next) {
            kd_event **bucket = bucket_of(report, event);
            next = event->fold_next;
            event->fold_next = *bucket;
            *bucket = event;
        }
    if (old)
        kd_mem_free(&report->mem, old, old_size * sizeof *old);
    return true;
}

static void add_range(kd_event *first, const kd_event *event)
{
    const kd_line_ref *lines = kd_event_lines(event);
    uint64_t low = UINT64_MAX, high = 0;
    for (uint32_t i = 0; i < event->lines.count; i++) {
        if (lines[i].aside)
            continue;
        low = lines[i].number < low ? lines[i].number : low;
        high = lines[i].number > high ? lines[i].number : high;
    }
    first->repeat.arena.mem = first->arena.mem;
    kd_range *range = first->repeat.lines.count < KD_REPEAT_RANGES
                          ? KD_LIST_ADD(&first->repeat.arena, &first->repeat.lines, kd_range)
                          : NULL;
    if (range)
        *range = (kd_range){ low, high };
    else
        first->repeat.lines_left_out++;
}

static void count_repeat(const kd_identity *identity, kd_event *first, const kd_event *event)
{
    kd_repeat *repeat = &first->repeat;
    if (repeat->count == 0) {
        repeat->count = 1;
        repeat->first_time_us = repeat->last_time_us = first->time_us;
        repeat->has_time = first->has_time;
        add_range(first, first);
    }
    repeat->count++;
    kd_identity_add_suppressed(identity, first, event);
    if (event->has_time)
        repeat->last_time_us = event->time_us;
    add_range(first, event);
    /* who already has the first is told at 2, 4, 8 ... */
    if ((repeat->count & (repeat->count - 1)) == 0)
        first->pulled = false;
}

/* Counts the event and lets go of it, but for the last one that has a memory dump: how its numbers
 * differ from those of the first is what tells a leak. */
static void fold_onto(kd_report *report, kd_event *first, kd_event *event)
{
    const kd_identity *identity = &report->engine->identities.items[event->kind->index];
    count_repeat(identity, first, event);
    kd_problem_repeated(&report->problems, first, event);
    if (!kd_event_meminfo(event) || kd_event_meminfo(event)->zones.count == 0) {
        kd_event_free(event);
        return;
    }
    if (first->repeat.latest)
        kd_event_free(first->repeat.latest);
    event->id = first->id; /* the report knows it by that name */
    first->repeat.latest = event;
}

bool kd_fold(kd_report *report, kd_event *event)
{
    const kd_identity *identity = &report->engine->identities.items[event->kind->index];
    event->signature = kd_identity_of(identity, event);
    if (event->signature.len == 0)
        return false;
    if (!grow_fold(report)) {
        event->signature.len = 0;
        return false;
    }
    /* each boot has its own: a machine that fails alike on each start fills no bucket */
    kd_str boot = { (const char *)&event->boot, sizeof event->boot };
    uint64_t hash = kd_str_hash(kd_str_hash(KD_HASH_START, event->signature), boot);
    event->signature_hash = hash ^ hash >> 32;
    kd_event **link = bucket_of(report, event);
    for (kd_event *first = *link; first; first = first->fold_next)
        if (first->boot == event->boot && first->signature_hash == event->signature_hash &&
            kd_str_eq(first->signature, event->signature)) {
            bool pulled = first->pulled;
            fold_onto(report, first, event);
            report->pulled_events -= pulled && !first->pulled;
            report->pull_from = first->pulled ? report->pull_from : 0;
            return true;
        }
    event->fold_next = *link;
    *link = event;
    report->fold_count++;
    return false;
}

void kd_unfold(kd_report *report, const kd_event *event)
{
    if (event->signature.len == 0)
        return;
    for (kd_event **link = bucket_of(report, event); *link; link = &(*link)->fold_next)
        if (*link == event) {
            *link = event->fold_next;
            report->fold_count--;
            return;
        }
}

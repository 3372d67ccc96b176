/* store.c - reading a report: counts, statistics, one object; writing it. Layer: report. */
#include "report/store.h"

#include <string.h>

#include "report/members.h"

const kd_event *kd_report_event_by_id(const kd_report *report, uint64_t id)
{
    KD_FIND(report->events, id, id);
}

const kd_diag *kd_report_diag_by_id(const kd_report *report, uint64_t id)
{
    KD_FIND(report->diags, id, id);
}

size_t kd_report_problem_count(const kd_report *report)
{
    return report ? report->problems.standing : 0;
}

const kd_problem *kd_report_problem(const kd_report *report, size_t index)
{
    return report && index < report->problems.standing ? report->problems.items.items[index] : NULL;
}

size_t kd_report_diag_count(const kd_report *report)
{
    return report ? report->diags.len : 0;
}

const kd_diag *kd_report_diag(const kd_report *report, size_t index)
{
    return report && index < report->diags.len ? report->diags.items[index] : NULL;
}

size_t kd_report_event_count(const kd_report *report)
{
    return report ? report->events.len : 0;
}

const kd_event *kd_report_event(const kd_report *report, size_t index)
{
    return report && index < report->events.len ? report->events.items[index] : NULL;
}

size_t kd_report_boot_count(const kd_report *report)
{
    return report ? report->boots.len : 0;
}

const kd_context *kd_report_context(const kd_report *report, size_t boot)
{
    return report && boot < report->boots.len ? report->boots.items[boot] : NULL;
}

void kd_report_stats(const kd_report *report, kd_stats *out, size_t size)
{
    if (report && out)
        memcpy(out, &report->stats, size < sizeof report->stats ? size : sizeof report->stats);
}

/* ---- one object ------------------------------------------------------------------------------ */

static kd_status write_object(const kd_members *members, const void *object, kd_write_fn write,
                              void *user)
{
    kd_json out;
    if (!object || !write)
        return KD_E_INVAL;
    kd_json_init(&out, 0, write, user);
    kd_put(&out, members, object);
    return kd_json_end(&out);
}

kd_status kd_boot_write(const kd_context *boot, kd_write_fn write, void *user)
{
    return write_object(&kd_boot_members, boot, write, user);
}

kd_status kd_event_write(const kd_event *event, kd_write_fn write, void *user)
{
    return write_object(&kd_event_members, event, write, user);
}

kd_status kd_problem_write(const kd_problem *problem, kd_write_fn write, void *user)
{
    return write_object(&kd_problem_members, problem, write, user);
}

kd_status kd_diag_write(const kd_diag *diag, kd_write_fn write, void *user)
{
    return write_object(&kd_diag_members, diag, write, user);
}

/* ---- has what was handed out changed? -------------------------------------------------------- */

static int hash_on(const char *data, size_t len, void *user)
{
    uint64_t *hash = user;
    *hash = kd_str_hash(*hash, (kd_str){ data, len });
    return 0;
}

static uint64_t hash_of(const kd_members *members, const void *object)
{
    uint64_t hash = KD_HASH_START;
    write_object(members, object, hash_on, &hash);
    return hash ? hash : 1;
}

uint64_t kd_event_hash(const kd_event *event)
{
    return hash_of(&kd_event_members, event);
}

uint64_t kd_diag_hash(const kd_diag *diag)
{
    return hash_of(&kd_diag_members, diag);
}

uint64_t kd_problem_hash(const kd_problem *problem)
{
    return hash_of(&kd_problem_members, problem);
}

uint64_t kd_boot_hash(const kd_context *boot)
{
    kd_context without = *boot;
    without.first_line = without.last_line = 0;
    return hash_of(&kd_boot_members, &without);
}

/* The last line of a stream. */
static void put_end(kd_json *out, const kd_report *report)
{
    kd_json_open(out, '{');
    kd_json_key(out, KD_STR("end"));
    kd_json_open(out, '{');
    kd_json_key(out, KD_STR("source"));
    kd_put_source(out, report);
    kd_json_key(out, KD_STR("stats"));
    kd_put_stats(out, report);
    kd_json_close(out, '}');
    kd_json_close(out, '}');
}

kd_status kd_report_write(const kd_report *report, kd_format format, uint32_t flags,
                          kd_write_fn write, void *user)
{
    if (!report || !write)
        return KD_E_INVAL;
    if (format == KD_FORMAT_TEXT)
        return kd_text_write(report, flags, write, user);
    if (format == KD_FORMAT_BRIEF)
        return kd_brief_write(report, write, user);
    if (format == KD_FORMAT_JSON)
        return kd_json_write(report, flags, write, user);
    kd_json out;
    kd_json_init(&out, format == KD_FORMAT_END ? 0 : flags, write, user);
    if (format == KD_FORMAT_END)
        put_end(&out, report);
    else
        kd_put_stats(&out, report);
    kd_json_line(&out);
    return kd_json_end(&out);
}

/* json_write.c - the report around events and diagnoses as JSON. Layer: report. */
#include <stdio.h>

#include "report/members.h"
#include "report/store.h"

#define FORMAT_NAME "kdiag-report/1"
#define KEY(out, name) kd_json_name((out), (kd_str)KD_JSON_KEY(name))

static void add_u64(kd_json *out, kd_str name, uint64_t value)
{
    kd_json_key(out, name);
    kd_json_u64(out, value);
}

static void add_text(kd_json *out, kd_str name, kd_str text)
{
    if (text.len == 0)
        return;
    kd_json_key(out, name);
    kd_json_text(out, text);
}

/* The names of the bits that are set. */
static void put_bits(kd_json *out, unsigned bits, const char *const *names, size_t count)
{
    kd_json_open(out, '[');
    for (size_t i = 0; i < count; i++)
        if (bits >> i & 1)
            kd_json_text(out, kd_str_of(names[i]));
    kd_json_close(out, ']');
}

/* Bad news that nothing explains, by wording. */
static void put_seen(kd_json *out, const kd_report *report)
{
    if (report->seen.len == 0)
        return;
    KEY(out, "seen_not_analysed");
    kd_json_open(out, '[');
    for (size_t i = 0; i < report->seen.len; i++) {
        const kd_seen *seen = &report->seen.items[i];
        kd_json_open(out, '{');
        add_text(out, KD_STR("wording"), seen->wording);
        add_u64(out, KD_STR("count"), seen->count);
        add_u64(out, KD_STR("first_line"), seen->first_line);
        kd_json_close(out, '}');
    }
    kd_json_close(out, ']');
}

static void add_some(kd_json *out, kd_str name, uint64_t count)
{
    if (count > 0)
        add_u64(out, name, count);
}

void kd_put_stats(kd_json *out, const kd_report *report)
{
    const kd_stats *stats = &report->stats;
    static const char *const names[] = { "line-length", "event-lines", "history",
                                         "diagnoses",   "memory",      "pattern" };
    kd_json_open(out, '{');
    add_u64(out, KD_STR("lines"), stats->lines);
    add_u64(out, KD_STR("lines_in_events"), stats->lines_in_events);
    add_u64(out, KD_STR("lines_not_understood"), stats->lines_not_understood);
    add_u64(out, KD_STR("lines_cut"), stats->lines_cut);
    add_u64(out, KD_STR("events_cut"), stats->events_cut);
    add_u64(out, KD_STR("repairs"), stats->repairs);
    add_u64(out, KD_STR("bytes_not_utf8"), stats->bytes_not_utf8);
    add_u64(out, KD_STR("events_left_out"), stats->events_left_out);
    add_u64(out, KD_STR("diagnoses_left_out"), stats->diags_left_out);
    add_some(out, KD_STR("problems_left_out"), stats->problems_left_out);
    add_some(out, KD_STR("boots_left_out"), stats->boots_left_out);
    add_some(out, KD_STR("rules_failed"), stats->rules_failed);
    add_some(out, KD_STR("records_lost"), stats->records_lost);
    KEY(out, "limits");
    put_bits(out, stats->limits, names, KD_COUNT(names));
    put_seen(out, report);
    kd_json_close(out, '}');
}

void kd_put_source(kd_json *out, const kd_report *report)
{
    kd_json_open(out, '{');
    KEY(out, "name");
    kd_json_text(out, report->source_name);
    add_u64(out, KD_STR("bytes"), report->stats.bytes);
    add_u64(out, KD_STR("lines"), report->stats.lines);
    KEY(out, "forms");
    kd_json_open(out, '[');
    for (size_t i = 0; i < KD_COUNT(report->packed); i++)
        if (report->packed[i][0])
            kd_json_text(out, kd_str_of(report->packed[i]));
    for (unsigned i = 0; i < KD_FORMS; i++)
        if (report->forms >> i & 1)
            kd_json_text(out, kd_str_of(kd_form_name(i)));
    kd_json_close(out, ']');
    kd_json_close(out, '}');
}

static void put_tool(kd_json *out, const kd_report *report)
{
    char version[32];
    int len = snprintf(version, sizeof version, "%d.%d.%d", KD_VERSION_MAJOR, KD_VERSION_MINOR,
                       KD_VERSION_PATCH);
    kd_json_open(out, '{');
    KEY(out, "name");
    kd_json_text(out, report->tool_name);
    add_text(out, KD_STR("version"), (kd_str){ version, (size_t)len });
    add_u64(out, KD_STR("rules"), report->rules);
    kd_json_close(out, '}');
}

/* A list of objects, each on its own line: `items` are pointers to them. */
#define PUT_LIST(out, name, members, items, count) \
    do {                                           \
        KEY(out, name);                            \
        kd_json_open_lines(out, '[');              \
        for (size_t i = 0; i < (count); i++)       \
            kd_put(out, &(members), (items)[i]);   \
        kd_json_close(out, ']');                   \
    } while (0)

kd_status kd_json_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user)
{
    const kd_problems *problems = &report->problems;
    kd_json out;
    kd_json_init(&out, flags, write, user);
    kd_json_open_lines(&out, '{');
    add_text(&out, KD_STR("format"), KD_STR(FORMAT_NAME));
    KEY(&out, "tool");
    put_tool(&out, report);
    KEY(&out, "source");
    kd_put_source(&out, report);
    PUT_LIST(&out, "boots", kd_boot_members, report->boots.items, report->boots.len);
    PUT_LIST(&out, "problems", kd_problem_members, problems->items.items, problems->standing);
    PUT_LIST(&out, "events", kd_event_members, report->events.items, report->events.len);
    PUT_LIST(&out, "diagnoses", kd_diag_members, report->diags.items, report->diags.len);
    KEY(&out, "stats");
    kd_put_stats(&out, report);
    kd_json_close(&out, '}');
    kd_json_line(&out);
    return kd_json_end(&out);
}

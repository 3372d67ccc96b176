/* json_write.c - the report around events and diagnoses as JSON. Layer: report. */
#include <stdio.h>

#include "report/store.h"

#define FORMAT_NAME "kdiag-report/1"
#define KEY(out, name) kd_json_key((out), KD_STR(name))

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

static void add_known(kd_json *out, kd_str name, kd_known known)
{
    const char *by = kd_by_name(known.by);
    if (!by)
        return;
    kd_json_key(out, name);
    kd_json_open(out, '{');
    add_text(out, KD_STR("by"), kd_str_of(by));
    if (known.by == KD_BY_READ && known.line)
        add_u64(out, KD_STR("line"), known.line);
    kd_json_close(out, '}');
}

void kd_put_boot(kd_json *out, const kd_context *boot)
{
    kd_json_open(out, '{');
    add_u64(out, KD_STR("boot"), boot->boot);
    KEY(out, "lines");
    kd_json_open(out, '[');
    if (boot->last_line) {
        kd_json_open(out, '[');
        kd_json_u64(out, boot->first_line);
        kd_json_u64(out, boot->last_line);
        kd_json_close(out, ']');
    }
    kd_json_close(out, ']');
    add_text(out, KD_STR("arch"), boot->arch);
    add_text(out, KD_STR("kernel_release"), boot->release);
    add_text(out, KD_STR("kernel_version"), boot->version_text);
    add_text(out, KD_STR("hardware"), boot->hardware);
    if (boot->page_size)
        add_u64(out, KD_STR("page_size"), boot->page_size);
    if (boot->conflicts)
        add_u64(out, KD_STR("conflicts"), boot->conflicts);
    KEY(out, "how_known");
    kd_json_open(out, '{');
    add_known(out, KD_STR("arch"), boot->arch_known);
    add_known(out, KD_STR("kernel_release"), boot->release_known);
    add_known(out, KD_STR("kernel_version"), boot->version_known);
    add_known(out, KD_STR("hardware"), boot->hardware_known);
    add_known(out, KD_STR("page_size"), boot->page_size_known);
    kd_json_close(out, '}');
    kd_json_close(out, '}');
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
    static const char *const names[] = { "line-length", "event-lines", "history", "diagnoses",
                                         "memory" };
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

kd_status kd_json_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user)
{
    kd_json out;
    kd_json_init(&out, flags, write, user);
    kd_json_open_lines(&out, '{');
    add_text(&out, KD_STR("format"), KD_STR(FORMAT_NAME));
    KEY(&out, "tool");
    put_tool(&out, report);
    KEY(&out, "source");
    kd_put_source(&out, report);
    KEY(&out, "boots");
    kd_json_open_lines(&out, '[');
    for (size_t i = 0; i < report->boots.len; i++)
        kd_put_boot(&out, report->boots.items[i]);
    kd_json_close(&out, ']');
    KEY(&out, "problems");
    kd_json_open_lines(&out, '[');
    for (size_t i = 0; i < report->problems.standing; i++)
        kd_put_problem(&out, report->problems.items.items[i]);
    kd_json_close(&out, ']');
    KEY(&out, "events");
    kd_json_open_lines(&out, '[');
    for (size_t i = 0; i < report->events.len; i++)
        kd_put_event(&out, report->events.items[i]);
    kd_json_close(&out, ']');
    KEY(&out, "diagnoses");
    kd_json_open_lines(&out, '[');
    for (size_t i = 0; i < report->diags.len; i++)
        kd_put_diag(&out, report->diags.items[i]);
    kd_json_close(&out, ']');
    KEY(&out, "stats");
    kd_put_stats(&out, report);
    kd_json_close(&out, '}');
    kd_json_line(&out);
    return kd_json_end(&out);
}

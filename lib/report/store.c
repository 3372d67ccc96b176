/* store.c - reading a report: counts, order, statistics. Layer: report. */
#include "report/store.h"

#include <stdlib.h>
#include <string.h>

static bool depends_on(const kd_report *report, const kd_diag *diag, uint64_t id, int depth)
{
    for (uint32_t i = 0; i < diag->caused_by.count && depth < 8; i++) {
        uint64_t cause = KD_ITEMS(diag->caused_by, uint64_t)[i];
        if (cause == id)
            return true;
        for (size_t k = 0; k < report->diags.len; k++)
            if (report->diags.items[k]->id == cause &&
                depends_on(report, report->diags.items[k], id, depth + 1))
                return true;
    }
    return false;
}

static int compare(const void *a, const void *b)
{
    const kd_diag *x = *(kd_diag *const *)a, *y = *(kd_diag *const *)b;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->woken_by != y->woken_by)
        return x->woken_by < y->woken_by ? -1 : 1;
    if (x->role != y->role)
        return x->role < y->role ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* An effect moves behind its causes; few diagnoses have any. */
static void move_effects(kd_report *report)
{
    kd_diag **items = report->diags.items;
    for (size_t pass = 0; pass < 8; pass++) {
        bool moved = false;
        for (size_t i = 0; i < report->diags.len; i++) {
            size_t last = i;
            for (size_t k = i + 1; items[i]->caused_by.count > 0 && k < report->diags.len; k++)
                if (depends_on(report, items[i], items[k]->id, 0))
                    last = k;
            if (last == i)
                continue;
            kd_diag *effect = items[i];
            memmove(&items[i], &items[i + 1], (last - i) * sizeof *items);
            items[last] = effect;
            moved = true;
        }
        if (!moved)
            return;
    }
}

/* d1 is the first: ids follow the order in which a report shows them. */
static void renumber(kd_report *report)
{
    uint64_t base = report->next_diag - report->diags.len;
    for (size_t i = 0; i < report->diags.len; i++)
        for (uint32_t k = 0; k < report->diags.items[i]->caused_by.count; k++) {
            uint64_t *cause = &KD_ITEMS(report->diags.items[i]->caused_by, uint64_t)[k];
            for (size_t j = 0; j < report->diags.len; j++)
                if (report->diags.items[j]->id == *cause) {
                    *cause = base + j + 1;
                    break;
                }
        }
    for (size_t i = 0; i < report->diags.len; i++)
        report->diags.items[i]->id = base + i + 1;
}

void kd_report_sort(kd_report *report)
{
    if (report->diags.len == 0)
        return;
    qsort(report->diags.items, report->diags.len, sizeof *report->diags.items, compare);
    move_effects(report);
    renumber(report);
}

const kd_event *kd_report_event_by_id(const kd_report *report, uint64_t id)
{
    KD_FIND_BY_ID(report->events, id);
}

const kd_diag *kd_report_diag_by_id(const kd_report *report, uint64_t id)
{
    KD_FIND_BY_ID(report->diags, id);
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

kd_status kd_boot_write(const kd_context *boot, kd_write_fn write, void *user)
{
    kd_json out;
    if (!boot || !write)
        return KD_E_INVAL;
    kd_json_init(&out, 0, write, user);
    kd_put_boot(&out, boot);
    return kd_json_end(&out);
}

kd_status kd_event_write(const kd_event *event, kd_write_fn write, void *user)
{
    kd_json out;
    if (!event || !write)
        return KD_E_INVAL;
    kd_json_init(&out, 0, write, user);
    kd_put_event(&out, event);
    return kd_json_end(&out);
}

kd_status kd_problem_write(const kd_problem *problem, kd_write_fn write, void *user)
{
    kd_json out;
    if (!problem || !write)
        return KD_E_INVAL;
    kd_json_init(&out, 0, write, user);
    kd_put_problem(&out, problem);
    return kd_json_end(&out);
}

kd_status kd_diag_write(const kd_diag *diag, kd_write_fn write, void *user)
{
    kd_json out;
    if (!diag || !write)
        return KD_E_INVAL;
    kd_json_init(&out, 0, write, user);
    kd_put_diag(&out, diag);
    return kd_json_end(&out);
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

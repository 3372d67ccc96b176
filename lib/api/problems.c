/* problems.c - notes what was judged in the problems of its report. Layer: api. */
#include "api/judge.h"

static const kd_event *find_event(const void *user, uint64_t id)
{
    return kd_report_event_by_id(user, id);
}

static const kd_diag *find_diag(const void *user, uint64_t id)
{
    const kd_report *report = user;
    if (!report->unordered)
        return kd_report_diag_by_id(report, id);
    for (size_t i = 0; i < report->diags.len; i++)
        if (report->diags.items[i]->id == id)
            return report->diags.items[i];
    return NULL;
}

void kd_note_problems(kd_report *report, kd_event *const *all, size_t index, size_t woken)
{
    kd_known_items known = {
        .event = find_event,
        .diag = find_diag,
        .before = all,
        .before_count = index,
        .user = report,
    };
    size_t count = report->diags.len - woken;
    kd_problems_note(&report->problems, all[index], count > 0 ? report->diags.items + woken : NULL,
                     count, &known);
}

/* Sorting gave the diagnoses new ids: the lists follow. */
static void list_diag(const kd_diag *diag)
{
    kd_problem *problem = kd_problem_of(diag->problem);
    uint64_t *item = problem && problem->diags.count < KD_PROBLEM_LISTED
                         ? KD_LIST_ADD(&problem->arena, &problem->diags, uint64_t)
                         : NULL;
    if (item)
        *item = diag->id;
    if (problem && problem->root == diag)
        problem->root_diag = diag->id;
}

void kd_finish_problems(kd_report *report)
{
    kd_problems *problems = &report->problems;
    for (size_t i = 0; i < problems->items.len; i++)
        problems->items.items[i]->diags.count = 0;
    for (size_t i = 0; i < report->diags.len; i++)
        list_diag(report->diags.items[i]);
    kd_problems_sort(problems, !report->early);
}

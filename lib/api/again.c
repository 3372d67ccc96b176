/* again.c - what was handed out early is judged once more with all that is known later. Layer: api.
 *
 * A rule may look at events after its own, a version may stand in the last line: in a stream such
 * an event was handed out before. Here each event that later lines decode otherwise goes back to
 * what it was before decoding, all are judged as if for a report, and what differs from what was
 * handed out is handed out again under its id; what does not hold any more is withdrawn.
 */
#include "api/judge.h"

static void free_diag(kd_diag *diag)
{
    kd_arena arena = diag->arena;
    kd_arena_free(&arena);
}

/* Which rules spoke of a boot is known of those that stay. */
static void say_again(kd_report *report, const kd_diag *diag)
{
    kd_context *boot = kd_boot_of(report, &(kd_event){ .boot = diag->boot });
    const kd_rule **said = boot ? KD_LIST_ADD(&boot->arena, &boot->said, const kd_rule *) : NULL;
    if (said)
        *said = diag->rule;
}

/* Diagnoses of events that are gone stay; the others wait as the former ones. */
static void part_diags(kd_report *report)
{
    size_t kept = 0, pulled = 0;
    for (size_t i = 0; i < report->boots.len; i++)
        report->boots.items[i]->said.count = 0;
    for (size_t i = 0; i < report->diags.len; i++) {
        kd_diag *diag = report->diags.items[i];
        if (kd_report_event_by_id(report, diag->woken_by)) {
            diag->problem = NULL;
            report->former.items[report->former.len++] = diag;
        } else {
            report->diags.items[kept++] = diag;
            pulled += diag->pulled;
            say_again(report, diag);
        }
    }
    report->diags.len = kept;
    report->pulled_diags = pulled;
    report->former_at = 0;
    report->telling = NULL;
    report->fresh = true;
}

static void begin_event(kd_report *report, kd_event *event)
{
    const kd_identity *identity = &report->engine->identities.items[event->kind->index];
    const kd_context *boot = kd_boot_of(report, event);
    kd_problem *problem = kd_problem_of(event->problem);
    event->told_problem = problem;
    event->problem = problem && problem->aged ? problem : NULL;
    if (!event->judged)
        return;
    if (event->saved && boot && boot->state != event->boot_state) {
        kd_event_restore(event);
        kd_identity_suppress_again(identity, event);
    }
    report->stats.diags_left_out -= event->diags_left_out;
    report->stats.rules_failed -= event->rules_failed;
    event->diags_left_out = event->rules_failed = 0;
    event->judged = event->diagnosed = false;
    event->diags = NULL;
}

/* Withdrawn ones that were handed out are no longer needed. */
static void drop_withdrawn(kd_report *report)
{
    size_t kept = 0;
    for (size_t i = 0; i < report->withdrawn.len; i++)
        if (i < report->withdrawn_at)
            free_diag(report->withdrawn.items[i]);
        else
            report->withdrawn.items[kept++] = report->withdrawn.items[i];
    report->withdrawn.len = kept;
    report->withdrawn_at = 0;
}

/* All memory that is needed to the end is taken here: what fails later can be taken up again. */
static bool begin(kd_report *report)
{
    kd_problems former;
    drop_withdrawn(report);
    if (!KD_VEC_RESERVE(&report->mem, &report->former, report->diags.len) ||
        !KD_VEC_RESERVE(&report->mem, &report->withdrawn,
                        report->withdrawn.len + report->diags.len))
        return false;
    for (size_t i = 0; i < report->events.len; i++) {
        kd_event *event = report->events.items[i];
        event->problem = kd_problem_of(event->problem);
    }
    if (!kd_problems_again(&report->problems, &former))
        return false;
    kd_problems_free(&report->former_problems);
    report->former_problems = former;
    part_diags(report);
    for (size_t i = 0; i < report->events.len; i++)
        begin_event(report, report->events.items[i]);
    return true;
}

static void end_diags(kd_report *report)
{
    for (size_t i = 0; i < report->former.len; i++) {
        kd_diag *diag = report->former.items[i];
        bool owed = !diag->withdrawn && diag->told;
        diag->withdrawn = true;
        if (owed)
            report->withdrawn.items[report->withdrawn.len++] = diag;
        else
            free_diag(diag);
    }
    report->former.len = report->former_at = 0;
}

/* Was it handed out as it is now? It is decoded anew only where its boot is better known. */
static bool is_as_told(kd_event *event)
{
    if (!event->told || event->repeat.count != event->told_count)
        return false;
    if (event->boot_state != event->told_state && kd_event_hash(event) != event->told)
        return false;
    event->told_state = event->boot_state;
    return true;
}

static void end_events(kd_report *report)
{
    report->pull_from = 0;
    for (size_t i = 0; i < report->events.len; i++) {
        kd_event *event = report->events.items[i];
        if (!event->judged)
            continue;
        kd_problem_keep_id(event);
        event->told_problem = NULL;
        report->pulled_events -= event->pulled;
        event->pulled = event->retell = is_as_told(event);
        report->pulled_events += event->pulled;
    }
}

static void end_problems(kd_report *report)
{
    kd_problems *problems = &report->problems;
    problems->changed = problems->from = 0;
    for (size_t i = 0; i < problems->items.len; i++) {
        kd_problem *problem = problems->items.items[i];
        if (!problem->into)
            problem->changed = kd_problem_hash(problem) != problem->told;
        problems->changed += problem->changed;
    }
    kd_problems_withdraw(&report->former_problems);
}

kd_status kd_judge_again(kd_report *report, kd_engine *engine, const kd_options *options,
                         uint64_t until)
{
    if (!report->again && (!report->early || !report->dirty))
        return kd_judge(report, engine, options, until);
    if (!report->again && !begin(report)) {
        kd_status failed = report->mem.failed;
        report->mem.failed = KD_OK;
        return failed == KD_E_NOMEM ? failed : kd_judge(report, engine, options, until);
    }
    report->again = true;
    report->dirty = false;
    kd_status status = kd_judge(report, engine, options, until);
    if (status != KD_OK)
        return status;
    end_diags(report);
    end_events(report);
    end_problems(report);
    report->again = false;
    return KD_OK;
}

void kd_boots_again(kd_report *report)
{
    report->boot_from = 0;
    for (size_t i = 0; i < report->boots.len; i++) {
        kd_context *boot = report->boots.items[i];
        bool moved = boot->told_first != boot->first_line || boot->told_last != boot->last_line;
        boot->pulled =
            boot->told && boot->told == kd_boot_hash(boot) && !(moved && report->settled);
    }
}

/* access.c - reading events, boots and diagnoses by name. Layer: report. */
#include "report/members.h"
#include "report/store.h"

const char *kd_event_kind(const kd_event *event)
{
    return event ? event->kind->name : "";
}

uint64_t kd_event_id(const kd_event *event)
{
    return event ? event->id : 0;
}

kd_status kd_event_get(const kd_event *event, const char *path, kd_value *out)
{
    kd_src src;
    if (!event || !path || !out)
        return KD_E_INVAL;
    *out = (kd_value){ .type = KD_NONE };
    kd_str name = kd_str_of(path);
    if (kd_members_get(&kd_event_members, event, name, out) == KD_OK)
        return KD_OK;
    kd_status status = kd_fields_get(event->kind->fields, event->body, name, out, &src);
    const kd_line_ref *line = status == KD_OK ? kd_event_line(event, src) : NULL;
    out->line = line ? line->number : 0;
    return status;
}

kd_status kd_context_get(const kd_context *context, const char *path, kd_value *out)
{
    if (!context || !path || !out)
        return KD_E_INVAL;
    return kd_members_get(&kd_boot_members, context, kd_str_of(path), out);
}

kd_status kd_diag_get(const kd_diag *diag, const char *path, kd_value *out)
{
    if (!diag || !path || !out)
        return KD_E_INVAL;
    return kd_members_get(&kd_diag_members, diag, kd_str_of(path), out);
}

const char *kd_diag_id(const kd_diag *diag)
{
    return diag ? diag->rule->id : "";
}

kd_status kd_problem_get(const kd_problem *problem, const char *path, kd_value *out)
{
    if (!problem || !path || !out)
        return KD_E_INVAL;
    return kd_members_get(&kd_problem_members, problem, kd_str_of(path), out);
}

uint64_t kd_problem_id(const kd_problem *problem)
{
    return problem ? problem->id : 0;
}

kd_severity kd_problem_severity(const kd_problem *problem)
{
    return problem ? problem->severity : KD_INFO;
}

uint64_t kd_diag_number(const kd_diag *diag)
{
    return diag ? diag->id : 0;
}

const char *kd_diag_title(const kd_diag *diag)
{
    return diag ? kd_diag_named(diag) : "";
}

kd_str kd_diag_explanation(const kd_diag *diag)
{
    return diag ? diag->explanation : (kd_str){ "", 0 };
}

kd_severity kd_diag_severity(const kd_diag *diag)
{
    return diag ? diag->severity : KD_INFO;
}

kd_confidence kd_diag_confidence(const kd_diag *diag)
{
    return diag ? diag->confidence : KD_POSSIBLE;
}

size_t kd_diag_evidence_count(const kd_diag *diag)
{
    return diag ? diag->evidence.count : 0;
}

const kd_evidence *kd_diag_evidence(const kd_diag *diag, size_t index)
{
    return diag && index < diag->evidence.count ? &KD_ITEMS(diag->evidence, kd_evidence)[index]
                                                : NULL;
}

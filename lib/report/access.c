/* access.c - reading events, boots and diagnoses by name. Layer: report. */
#include "base/scan.h"
#include "family/fields.h"
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
    kd_status status = kd_fields_get(event->kind->fields, event->body, kd_str_of(path), out, &src);
    const kd_line_ref *line = status == KD_OK ? kd_event_line(event, src) : NULL;
    out->line = line ? line->number : 0;
    return status;
}

static kd_value text_value(kd_str text, kd_known known)
{
    if (text.len == 0)
        return (kd_value){ .type = KD_NONE };
    return (kd_value){ .type = KD_TEXT, .line = known.line, .as.s = text };
}

static kd_value number_value(uint64_t number, kd_known known)
{
    if (number == 0)
        return (kd_value){ .type = KD_NONE };
    return (kd_value){ .type = KD_U64, .line = known.line, .as.u = number };
}

kd_status kd_context_get(const kd_context *context, const char *path, kd_value *out)
{
    if (!context || !path || !out)
        return KD_E_INVAL;
    kd_str name = kd_str_of(path);
    if (kd_str_is(name, "boot"))
        *out = (kd_value){ .type = KD_U64, .as.u = context->boot };
    else if (kd_str_is(name, "arch"))
        *out = text_value(context->arch, context->arch_known);
    else if (kd_str_is(name, "kernel_release"))
        *out = text_value(context->release, context->release_known);
    else if (kd_str_is(name, "kernel_version"))
        *out = text_value(context->version_text, context->version_known);
    else if (kd_str_is(name, "hardware"))
        *out = text_value(context->hardware, context->hardware_known);
    else if (kd_str_is(name, "page_size"))
        *out = number_value(context->page_size, context->page_size_known);
    else if (kd_str_is(name, "ram_kb"))
        *out = number_value(context->ram_kb, context->ram_known);
    else
        return KD_E_INVAL;
    return KD_OK;
}

const char *kd_diag_id(const kd_diag *diag)
{
    return diag ? diag->rule->id : "";
}

uint64_t kd_diag_number(const kd_diag *diag)
{
    return diag ? diag->id : 0;
}

const char *kd_diag_title(const kd_diag *diag)
{
    return diag ? diag->rule->title : "";
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

/* "[2]" or "[2].equation" behind a list's name */
static bool scan_index(kd_scan *in, uint64_t *index)
{
    return kd_scan_char(in, '[') && kd_scan_u64(in, index) && kd_scan_char(in, ']');
}

static kd_status get_text(const kd_list *list, kd_scan in, kd_value *out)
{
    uint64_t index;
    if (kd_scan_at_end(&in)) {
        *out = (kd_value){ .type = KD_LIST, .as.count = list->count };
        return KD_OK;
    }
    if (!scan_index(&in, &index) || !kd_scan_at_end(&in))
        return KD_E_INVAL;
    *out = index < list->count
               ? (kd_value){ .type = KD_TEXT, .as.s = KD_ITEMS(*list, kd_str)[index] }
               : (kd_value){ .type = KD_NONE };
    return KD_OK;
}

static kd_status get_id(const kd_list *list, kd_scan in, kd_value *out)
{
    uint64_t index;
    if (kd_scan_at_end(&in)) {
        *out = (kd_value){ .type = KD_LIST, .as.count = list->count };
        return KD_OK;
    }
    if (!scan_index(&in, &index) || !kd_scan_at_end(&in))
        return KD_E_INVAL;
    *out = index < list->count
               ? (kd_value){ .type = KD_U64, .as.u = KD_ITEMS(*list, uint64_t)[index] }
               : (kd_value){ .type = KD_NONE };
    return KD_OK;
}

static kd_status get_proof(const kd_diag *diag, kd_scan in, kd_value *out)
{
    uint64_t index;
    kd_str part;
    if (kd_scan_at_end(&in)) {
        *out = (kd_value){ .type = KD_LIST, .as.count = diag->proof.count };
        return KD_OK;
    }
    if (!scan_index(&in, &index) || !kd_scan_char(&in, '.') || !kd_scan_rest(&in, &part) ||
        (!kd_str_is(part, "claim") && !kd_str_is(part, "equation")))
        return KD_E_INVAL;
    *out = (kd_value){ .type = KD_NONE };
    if (index < diag->proof.count) {
        const kd_proof *proof = &KD_ITEMS(diag->proof, kd_proof)[index];
        *out = (kd_value){ .type = KD_TEXT,
                           .as.s = kd_str_is(part, "claim") ? proof->claim : proof->equation };
    }
    return KD_OK;
}

static kd_status get_fact(const kd_diag *diag, kd_str name, kd_value *out)
{
    *out = (kd_value){ .type = KD_NONE };
    for (uint32_t i = 0; i < diag->facts.count; i++)
        if (kd_str_eq(KD_ITEMS(diag->facts, kd_fact)[i].name, name))
            *out = KD_ITEMS(diag->facts, kd_fact)[i].value;
    return KD_OK;
}

kd_status kd_diag_get(const kd_diag *diag, const char *path, kd_value *out)
{
    kd_scan in;
    kd_str name, rest;
    if (!diag || !path || !out)
        return KD_E_INVAL;
    in = kd_scan_of(kd_str_of(path));
    if (!kd_scan_name(&in, &name))
        return KD_E_INVAL;
    if (kd_str_is(name, "facts") && kd_scan_char(&in, '.') && kd_scan_rest(&in, &rest))
        return get_fact(diag, rest, out);
    if (kd_str_is(name, "proof"))
        return get_proof(diag, in, out);
    if (kd_str_is(name, "remedies"))
        return get_text(&diag->remedies, in, out);
    if (kd_str_is(name, "assumes"))
        return get_text(&diag->assumes, in, out);
    if (kd_str_is(name, "caused_by"))
        return get_id(&diag->caused_by, in, out);
    if (kd_str_is(name, "events"))
        return get_id(&diag->events, in, out);
    if (!kd_scan_at_end(&in))
        return KD_E_INVAL;
    if (kd_str_is(name, "explanation"))
        *out = (kd_value){ .type = KD_TEXT, .as.s = diag->explanation };
    else if (kd_str_is(name, "rule"))
        *out = (kd_value){ .type = KD_TEXT, .as.s = kd_str_of(diag->rule->id) };
    else if (kd_str_is(name, "title"))
        *out = (kd_value){ .type = KD_TEXT, .as.s = kd_str_of(diag->rule->title) };
    else
        return KD_E_INVAL;
    return KD_OK;
}

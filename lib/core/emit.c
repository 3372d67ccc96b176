/* emit.c - how a rule says what it found. Layer: core. */
#include <string.h>

#include "core/diag.h"

/* A line of evidence keeps this much of its text. */
#define EVIDENCE_TEXT 1024u

void kd_emit_finish(kd_emit *out)
{
    kd_diag *diag = out->diag;
    out->diag = NULL;
    if (!diag)
        return;
    if (diag->confidence == KD_CERTAIN && diag->proof.count == 0)
        diag->confidence = KD_LIKELY; /* a claim is as strong as its proof */
    out->done(out->user, diag);
}

static void add_event(kd_diag *diag, const kd_event *event)
{
    if (event->before)
        return;
    for (uint32_t i = 0; i < diag->events.count; i++)
        if (KD_ITEMS(diag->events, uint64_t)[i] == event->id)
            return;
    ((kd_event *)(uintptr_t)event)->diagnosed = true;
    uint64_t *id = KD_LIST_ADD(&diag->arena, &diag->events, uint64_t);
    if (id)
        *id = event->id;
}

void kd_emit_drop(kd_emit *out)
{
    if (!out->diag)
        return;
    kd_arena arena = out->diag->arena; /* it holds the diagnosis that holds it */
    out->diag = NULL;
    kd_arena_free(&arena);
}

/* What else is said of a crash that was asked for follows from that. */
static void follow_from_request(kd_emit *out)
{
    const kd_diag *asked = out->event->diags;
    while (asked && !asked->deliberate)
        asked = asked->older;
    if (asked)
        kd_say_caused_by(out, asked);
}

kd_status kd_emit_diag(kd_emit *out, kd_confidence confidence, kd_str explanation)
{
    if (!out || (unsigned)confidence > KD_CERTAIN)
        return KD_E_INVAL;
    kd_arena arena = { .mem = out->mem };
    kd_emit_finish(out);
    kd_diag *diag = kd_arena_alloc(&arena, sizeof *diag);
    if (!diag)
        return out->mem->failed;
    diag->arena = arena;
    diag->rule = out->rule;
    diag->severity = out->rule->severity;
    diag->confidence = confidence;
    diag->boot = out->event->boot;
    diag->woken_by = out->event->id;
    diag->explanation = kd_arena_str(&diag->arena, explanation);
    add_event(diag, out->event);
    out->diag = diag;
    follow_from_request(out);
    return KD_OK;
}

kd_status kd_emit_role(kd_emit *out, kd_role role)
{
    if (!out || !out->diag || (unsigned)role > KD_EFFECT)
        return KD_E_INVAL;
    out->diag->role = role;
    out->diag->has_role = true;
    return KD_OK;
}

static kd_status add_evidence(kd_emit *out, const kd_event *event, const kd_line_ref *line,
                              kd_str says)
{
    kd_diag *diag = out->diag;
    kd_evidence *items = diag->evidence.items;
    for (uint32_t i = 0; i < diag->evidence.count; i++)
        if (items[i].line == line->number && items[i].before == event->before) {
            if (says.len > 0 && items[i].says.len > 0 && !kd_str_eq(items[i].says, says))
                items[i].says = kd_arena_format(&diag->arena, "%.*s; %.*s", KD_FMT(items[i].says),
                                                KD_FMT(says));
            return KD_OK;
        }
    if (diag->evidence.count >= KD_MAX_EVIDENCE) {
        diag->evidence_left_out++;
        return KD_OK;
    }
    kd_evidence *item = KD_LIST_ADD(&diag->arena, &diag->evidence, kd_evidence);
    if (!item)
        return out->mem->failed;
    kd_str text = line->raw;
    text.len = text.len < EVIDENCE_TEXT ? text.len : EVIDENCE_TEXT;
    if (text.len > 0 && text.ptr[text.len - 1] == '\r')
        text.len--;
    *item = (kd_evidence){ .line = line->number,
                           .offset = line->offset,
                           .length = line->length,
                           .before = event->before };
    item->text =
        out->no_text || line->decoded ? (kd_str){ "", 0 } : kd_arena_str(&diag->arena, text);
    item->says = kd_arena_str(&diag->arena, says);
    return KD_OK;
}

kd_status kd_emit_evidence(kd_emit *out, const kd_event *event, const char *path, kd_str says)
{
    kd_value value;
    kd_src src;
    if (!out || !out->diag || !event || !path)
        return KD_E_INVAL;
    kd_status status =
        kd_fields_get(event->kind->fields, event->body, kd_str_of(path), &value, &src);
    const kd_line_ref *line = kd_event_line(event, src);
    if (status != KD_OK || !line)
        return status;
    add_event(out->diag, event);
    return add_evidence(out, event, line, says);
}

kd_status kd_emit_fact(kd_emit *out, const char *name, const kd_value *value)
{
    if (!out || !out->diag || !name || !*name || !value || value->type < KD_BOOL ||
        value->type > KD_TEXT || (value->type == KD_TEXT && !value->as.s.ptr && value->as.s.len))
        return KD_E_INVAL;
    kd_fact *fact = KD_LIST_ADD(&out->diag->arena, &out->diag->facts, kd_fact);
    if (!fact)
        return out->mem->failed;
    fact->name = kd_arena_str(&out->diag->arena, kd_str_of(name));
    fact->value = *value;
    fact->value.line = 0;
    if (value->type == KD_TEXT)
        fact->value.as.s = kd_arena_str(&out->diag->arena, value->as.s);
    return KD_OK;
}

kd_status kd_emit_proof(kd_emit *out, kd_str claim, kd_str equation)
{
    if (!out || !out->diag)
        return KD_E_INVAL;
    kd_proof *proof = KD_LIST_ADD(&out->diag->arena, &out->diag->proof, kd_proof);
    if (!proof)
        return out->mem->failed;
    *proof = (kd_proof){ kd_arena_str(&out->diag->arena, claim),
                         kd_arena_str(&out->diag->arena, equation) };
    return KD_OK;
}

static kd_status add_text(kd_emit *out, kd_list *list, kd_str text)
{
    kd_str *item = KD_LIST_ADD(&out->diag->arena, list, kd_str);
    if (!item)
        return out->mem->failed;
    *item = kd_arena_str(&out->diag->arena, text);
    return KD_OK;
}

kd_status kd_emit_remedy(kd_emit *out, kd_str text)
{
    return out && out->diag ? add_text(out, &out->diag->remedies, text) : KD_E_INVAL;
}

kd_status kd_emit_assume(kd_emit *out, kd_str text)
{
    return out && out->diag ? add_text(out, &out->diag->assumes, text) : KD_E_INVAL;
}

kd_status kd_emit_missing(kd_emit *out, kd_str text)
{
    return out && out->diag ? add_text(out, &out->diag->missing, text) : KD_E_INVAL;
}

kd_status kd_emit_impact(kd_emit *out, kd_impact impact)
{
    if (!out || !out->diag || (unsigned)impact > KD_IMPACT_MACHINE_DOWN)
        return KD_E_INVAL;
    out->diag->impact = impact;
    return KD_OK;
}

kd_status kd_emit_suspect(kd_emit *out, kd_suspect suspect, kd_str name, kd_str why)
{
    if (!out || !out->diag || (unsigned)suspect > KD_SUSPECT_UNKNOWN)
        return KD_E_INVAL;
    out->diag->suspect = suspect;
    out->diag->suspect_name = kd_arena_str(&out->diag->arena, name);
    out->diag->suspect_why = kd_arena_str(&out->diag->arena, why);
    return out->mem->failed;
}

kd_status kd_emit_deliberate(kd_emit *out)
{
    if (!out || !out->diag)
        return KD_E_INVAL;
    out->diag->deliberate = true;
    return KD_OK;
}

/* ---- formatted ------------------------------------------------------------------------------- */

#define FORMAT(buffer, format, text)                                  \
    char buffer[2048];                                                \
    va_list args;                                                     \
    va_start(args, format);                                           \
    kd_str text = kd_str_vprint(buffer, sizeof buffer, format, args); \
    va_end(args)

kd_str kd_text_of(kd_emit *out, const char *format, ...)
{
    FORMAT(buffer, format, text);
    return out->diag ? kd_arena_str(&out->diag->arena, text) : (kd_str){ "", 0 };
}

kd_status kd_say_diag(kd_emit *out, kd_confidence confidence, const char *format, ...)
{
    FORMAT(buffer, format, text);
    return kd_emit_diag(out, confidence, text);
}

void kd_say_more(kd_emit *out, const char *format, ...)
{
    FORMAT(buffer, format, text);
    kd_str blank = kd_str_starts(text, " ") ? KD_STR("") : KD_STR(" ");
    kd_diag *diag = out->diag;
    if (diag)
        diag->explanation = kd_arena_join(&diag->arena, diag->explanation, blank, text);
}

void kd_say_evidence(kd_emit *out, const kd_event *event, kd_src src, const char *format, ...)
{
    FORMAT(buffer, format, text);
    const kd_line_ref *line = kd_event_line(event, src);
    if (!out->diag || !line)
        return;
    add_event(out->diag, event);
    add_evidence(out, event, line, text);
}

void kd_say_severity(kd_emit *out, kd_severity severity)
{
    if (out->diag)
        out->diag->severity = severity;
}

void kd_say_title(kd_emit *out, const char *title)
{
    if (out->diag)
        out->diag->title = title;
}

const char *kd_diag_named(const kd_diag *diag)
{
    return diag->title ? diag->title : diag->rule->title;
}

void kd_say_confidence(kd_emit *out, kd_confidence confidence)
{
    if (out->diag)
        out->diag->confidence = confidence;
}

void kd_say_impact(kd_emit *out, kd_impact impact)
{
    kd_emit_impact(out, impact);
}

void kd_say_suspect(kd_emit *out, kd_suspect suspect, kd_str name, const char *why, ...)
{
    FORMAT(buffer, why, text);
    kd_emit_suspect(out, suspect, name, text);
}

void kd_say_missing(kd_emit *out, const char *format, ...)
{
    FORMAT(buffer, format, text);
    kd_emit_missing(out, text);
}

void kd_say_deliberate(kd_emit *out)
{
    kd_emit_deliberate(out);
}

void kd_say_settled(kd_emit *out)
{
    if (out->diag)
        out->diag->settled = true;
}

void kd_say_line(kd_emit *out, const kd_line_ref *line, const char *format, ...)
{
    FORMAT(buffer, format, text);
    if (out->diag && line && line->number)
        add_evidence(out, out->event, line, text);
}

void kd_say_proof(kd_emit *out, kd_str claim, const char *format, ...)
{
    FORMAT(buffer, format, text);
    kd_emit_proof(out, claim, text);
}

void kd_say_remedy(kd_emit *out, const char *format, ...)
{
    FORMAT(buffer, format, text);
    kd_emit_remedy(out, text);
}

void kd_say_assume(kd_emit *out, const char *format, ...)
{
    FORMAT(buffer, format, text);
    kd_emit_assume(out, text);
}

void kd_say_u64(kd_emit *out, const char *name, uint64_t value)
{
    kd_emit_fact(out, name, &(kd_value){ .type = KD_U64, .as.u = value });
}

void kd_say_i64(kd_emit *out, const char *name, int64_t value)
{
    kd_emit_fact(out, name, &(kd_value){ .type = KD_I64, .as.i = value });
}

void kd_say_hex(kd_emit *out, const char *name, uint64_t value)
{
    kd_emit_fact(out, name, &(kd_value){ .type = KD_HEX, .as.u = value });
}

void kd_say_text(kd_emit *out, const char *name, kd_str value)
{
    kd_emit_fact(out, name, &(kd_value){ .type = KD_TEXT, .as.s = value });
}

void kd_say_bool(kd_emit *out, const char *name, bool value)
{
    kd_emit_fact(out, name, &(kd_value){ .type = KD_BOOL, .as.b = value });
}

void kd_say_event(kd_emit *out, const kd_event *event)
{
    if (out->diag)
        add_event(out->diag, event);
}

void kd_say_caused_by(kd_emit *out, const kd_diag *diag)
{
    uint64_t *id =
        out->diag ? KD_LIST_ADD(&out->diag->arena, &out->diag->caused_by, uint64_t) : NULL;
    if (id)
        *id = diag->id;
    if (out->diag && diag->deliberate) /* what follows from it was asked for too */
        out->diag->deliberate = true;
}

const kd_diag *kd_diag_of(const char *rule, const kd_event *event)
{
    for (const kd_diag *diag = event->diags; diag; diag = diag->older)
        if (!strcmp(diag->rule->id, rule))
            return diag;
    return NULL;
}

const kd_value *kd_diag_fact(const kd_diag *diag, const char *name)
{
    for (uint32_t i = 0; i < diag->facts.count; i++)
        if (kd_str_is(KD_ITEMS(diag->facts, kd_fact)[i].name, name))
            return &KD_ITEMS(diag->facts, kd_fact)[i].value;
    return NULL;
}

const kd_diag *kd_primary_of(const kd_event *event)
{
    const kd_diag *first = NULL, *named = NULL;
    for (const kd_diag *diag = event->diags; diag; diag = diag->older)
        if (diag->role == KD_PRIMARY) {
            first = diag;
            named = diag->has_role ? diag : named;
        }
    return named ? named : first;
}

/* ---- looking at other events ----------------------------------------------------------------- */

kd_span kd_neighbours(const kd_wide_view *view)
{
    size_t after = view->event_count - view->index;
    return (kd_span){ view->index > KD_NEIGHBOURS ? view->index - KD_NEIGHBOURS : 0,
                      after > KD_NEIGHBOURS ? view->index + KD_NEIGHBOURS : view->event_count };
}

size_t kd_places_before(kd_places places, size_t index)
{
    size_t low = 0, high = places.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places.at[middle] < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const kd_event *kd_kind_before(const kd_wide_view *view, const kd_kind *kind, size_t *index)
{
    kd_places places = view->of_kind[kind->index];
    size_t count = kd_places_before(places, *index);
    if (count == 0)
        return NULL;
    const kd_event *event = view->events[places.at[count - 1]];
    if (event->before || event->boot != view->view.event->boot)
        return NULL;
    *index = places.at[count - 1];
    return event;
}

bool kd_said_in_boot(const kd_wide_view *view, const char *rule)
{
    const kd_list *said = &view->view.context->said;
    for (uint32_t i = 0; i < said->count; i++)
        if (!strcmp(KD_ITEMS(*said, const kd_rule *)[i]->id, rule))
            return true;
    return false;
}

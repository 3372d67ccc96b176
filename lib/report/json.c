/* json.c - boots, events, diagnoses and counts as JSON, one object at a time. Layer: report. */
#include "base/utf8.h"
#include "report/members.h"
#include "report/store.h"

#define KEY(out, name) kd_json_key((out), KD_STR(name))

static void put_word(kd_json *out, const char *word)
{
    kd_json_text(out, kd_str_of(word));
}

static void add_text(kd_json *out, kd_str name, kd_str text)
{
    if (text.len == 0)
        return;
    kd_json_key(out, name);
    kd_json_text(out, text);
}

static void add_u64(kd_json *out, kd_str name, uint64_t value)
{
    kd_json_key(out, name);
    kd_json_u64(out, value);
}

static void add_word(kd_json *out, kd_str name, const char *word)
{
    kd_json_key(out, name);
    put_word(out, word);
}

/* "e12", "d3" */
static void put_id(kd_json *out, char letter, uint64_t id)
{
    char text[24], *at = text + sizeof text;
    do
        *--at = (char)('0' + id % 10);
    while (id /= 10);
    *--at = letter;
    kd_json_text(out, (kd_str){ at, (size_t)(text + sizeof text - at) });
}

static void put_range(kd_json *out, uint64_t first, uint64_t last)
{
    kd_json_open(out, '[');
    kd_json_u64(out, first);
    kd_json_u64(out, last);
    kd_json_close(out, ']');
}

static void put_value(kd_json *out, const kd_value *value)
{
    switch (value->type) {
    case KD_BOOL: kd_json_bool(out, value->as.b); break;
    case KD_U64: kd_json_u64(out, value->as.u); break;
    case KD_I64: kd_json_i64(out, value->as.i); break;
    case KD_HEX: kd_json_hex(out, value->as.u); break;
    default: kd_json_text(out, value->as.s); break;
    }
}

static void put_ids(kd_json *out, const kd_list *list, char letter)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        put_id(out, letter, KD_ITEMS(*list, uint64_t)[i]);
    kd_json_close(out, ']');
}

/* ---- fields by their descriptors ------------------------------------------------------------- */

static bool has_value(const kd_field *row, const void *at)
{
    if (row->type == KDF_flat || row->type == KDF_one)
        return kd_has_fields(row->group, at);
    if (row->type >= KDF_texts)
        return ((const kd_list *)at)->count > 0;
    switch (row->type) {
    case KDF_i64: return ((const kd_i64 *)at)->src != 0;
    case KDF_text: return ((const kd_text *)at)->src != 0;
    case KDF_bool: return ((const kd_bool *)at)->src != 0;
    default: return ((const kd_u64 *)at)->src != 0;
    }
}

bool kd_has_fields(const kd_fields *fields, const void *record)
{
    for (size_t i = 0; i < fields->count; i++)
        if (has_value(&fields->rows[i], (const char *)record + fields->rows[i].at))
            return true;
    return false;
}

static void put_numbers(kd_json *out, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        kd_json_u64(out, KD_ITEMS(*list, kd_u64)[i].v);
    kd_json_close(out, ']');
}

static void put_text_list(kd_json *out, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        kd_json_text(out, KD_ITEMS(*list, kd_text)[i].v);
    kd_json_close(out, ']');
}

/* Recognisers keep one value a name; names that differ only in bytes that are no UTF-8 become the
 * same key, and an object has a key once. */
_Static_assert(offsetof(kd_pair, name) == 0 && offsetof(kd_row, name) == 0 &&
                   offsetof(kd_fact, name) == 0,
               "is_said() reads the name of each");

static bool is_said(const char *first, size_t item_size, uint32_t index)
{
    const kd_str *name = (const kd_str *)(const void *)(first + index * item_size);
    for (uint32_t i = 0; i < index; i++)
        if (kd_utf8_same(*name, *(const kd_str *)(const void *)(first + i * item_size)))
            return true;
    return false;
}

static void put_map(kd_json *out, const kd_list *list, bool hex)
{
    const kd_pair *pairs = list->items;
    kd_json_open(out, '{');
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_said(list->items, sizeof *pairs, i))
            continue;
        kd_json_key(out, pairs[i].name);
        if (hex)
            kd_json_hex(out, pairs[i].v);
        else
            kd_json_u64(out, pairs[i].v);
    }
    kd_json_close(out, '}');
}

static void put_map_of_lists(kd_json *out, const kd_list *list)
{
    const kd_row *rows = list->items;
    kd_json_open(out, '{');
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_said(list->items, sizeof *rows, i))
            continue;
        kd_json_key(out, rows[i].name);
        put_numbers(out, &rows[i].values);
    }
    kd_json_close(out, '}');
}

static void put_groups(kd_json *out, const kd_fields *fields, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++) {
        kd_json_open(out, '{');
        kd_put_fields(out, fields, (const char *)list->items + i * fields->size);
        kd_json_close(out, '}');
    }
    kd_json_close(out, ']');
}

static void put_one(kd_json *out, const kd_fields *fields, const void *record)
{
    kd_json_open(out, '{');
    kd_put_fields(out, fields, record);
    kd_json_close(out, '}');
}

static void put_field(kd_json *out, const kd_field *row, const void *at)
{
    switch (row->type) {
    case KDF_u64: kd_json_u64(out, ((const kd_u64 *)at)->v); break;
    case KDF_i64: kd_json_i64(out, ((const kd_i64 *)at)->v); break;
    case KDF_hex: kd_json_hex(out, ((const kd_hex *)at)->v); break;
    case KDF_text: kd_json_text(out, ((const kd_text *)at)->v); break;
    case KDF_bool: kd_json_bool(out, ((const kd_bool *)at)->v); break;
    case KDF_texts: put_text_list(out, at); break;
    case KDF_u64s: put_numbers(out, at); break;
    case KDF_map_u64: put_map(out, at, false); break;
    case KDF_map_hex: put_map(out, at, true); break;
    case KDF_map_u64s: put_map_of_lists(out, at); break;
    case KDF_many: put_groups(out, row->group, at); break;
    case KDF_one: put_one(out, row->group, at); break;
    case KDF_flat: break;
    }
}

void kd_put_fields(kd_json *out, const kd_fields *fields, const void *record)
{
    for (size_t i = 0; i < fields->count; i++) {
        const kd_field *row = &fields->rows[i];
        const void *at = (const char *)record + row->at;
        if (row->type == KDF_flat) {
            kd_put_fields(out, row->group, at);
        } else if (has_value(row, at)) {
            kd_json_key(out, kd_str_of(row->name));
            put_field(out, row, at);
        }
    }
}

static void put_members(kd_json *out, const kd_members *members, const void *object);

/* ---- members by their tables ----------------------------------------------------------------- */

static bool put_member(kd_json *out, const kd_member *row, const void *object)
{
    kd_value value;
    const void *at = (const char *)object + row->at;
    if (row->present && !row->present(object))
        return false;
    switch (row->type) {
    case KDM_id:
        kd_json_key(out, kd_str_of(row->name));
        put_id(out, row->letter, *(const uint64_t *)at);
        return true;
    case KDM_ids:
        kd_json_key(out, kd_str_of(row->name));
        put_ids(out, at, row->letter);
        return true;
    case KDM_group:
        kd_json_key(out, kd_str_of(row->name));
        put_members(out, row->of, at);
        return true;
    default:
        if (kd_members_get(&(kd_members){ row, 1, 0 }, object, kd_str_of(row->name), &value) !=
                KD_OK ||
            value.type == KD_NONE || value.type == KD_LIST)
            return false;
        kd_json_key(out, kd_str_of(row->name));
        put_value(out, &value);
        return true;
    }
}

static void put_members(kd_json *out, const kd_members *members, const void *object)
{
    kd_json_open(out, '{');
    for (size_t i = 0; i < members->count; i++)
        put_member(out, &members->rows[i], object);
    kd_json_close(out, '}');
}

static void put_named(kd_json *out, const kd_members *members, const char *name, const void *object)
{
    for (size_t i = 0; i < members->count; i++)
        if (kd_str_is(kd_str_of(name), members->rows[i].name))
            put_member(out, &members->rows[i], object);
}

void kd_put_problem(kd_json *out, const kd_problem *problem)
{
    put_members(out, &kd_problem_members, problem);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* The next piece of the event's lines, of those kept and those only counted; both are in order. */
static bool next_piece(const kd_event *event, uint32_t *kept, uint32_t *passed, kd_range *out)
{
    const kd_line_ref *lines = event->lines.items;
    const kd_range *ranges = event->passed.items;
    while (*kept < event->lines.count && lines[*kept].aside)
        ++*kept;
    bool more = *kept < event->lines.count, counted = *passed < event->passed.count;
    if (counted && (!more || ranges[*passed].first < lines[*kept].number)) {
        *out = ranges[(*passed)++];
        return true;
    }
    if (more)
        out->first = out->last = lines[(*kept)++].number;
    return more;
}

static void put_lines(kd_json *out, const kd_event *event)
{
    uint32_t kept = 0, passed = 0;
    kd_range open = { 0, 0 }, piece;
    kd_json_open(out, '[');
    while (next_piece(event, &kept, &passed, &piece)) {
        if (open.first && piece.first == open.last + 1) {
            open.last = piece.last;
            continue;
        }
        if (open.first)
            put_range(out, open.first, open.last);
        open = piece;
    }
    if (open.first)
        put_range(out, open.first, open.last);
    kd_json_close(out, ']');
}

static void put_repeat(kd_json *out, const kd_repeat *repeat)
{
    kd_json_open(out, '{');
    add_u64(out, KD_STR("count"), repeat->count);
    if (repeat->has_time) {
        add_u64(out, KD_STR("first_time_us"), repeat->first_time_us);
        add_u64(out, KD_STR("last_time_us"), repeat->last_time_us);
    }
    KEY(out, "lines");
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < repeat->lines.count; i++) {
        const kd_range *range = &KD_ITEMS(repeat->lines, kd_range)[i];
        put_range(out, range->first, range->last);
    }
    kd_json_close(out, ']');
    if (repeat->lines_left_out)
        add_u64(out, KD_STR("lines_left_out"), repeat->lines_left_out);
    kd_json_close(out, '}');
}

void kd_put_event(kd_json *out, const kd_event *event)
{
    kd_json_open(out, '{');
    KEY(out, "id");
    put_id(out, 'e', event->id);
    add_word(out, KD_STR("kind"), event->kind->name);
    add_u64(out, KD_STR("boot"), event->boot);
    KEY(out, "lines");
    put_lines(out, event);
    add_u64(out, KD_STR("offset"), event->offset);
    if (event->has_time)
        add_u64(out, KD_STR("time_us"), event->time_us);
    add_text(out, KD_STR("wall_time"), event->wall_time);
    KEY(out, "complete");
    kd_json_bool(out, event->complete);
    kd_put_fields(out, event->kind->fields, event->body);
    if (event->repeat.count > 1) {
        KEY(out, "repeated");
        put_repeat(out, &event->repeat);
    }
    put_named(out, &kd_event_members, "signature", event);
    kd_json_close(out, '}');
}

/* ---- diagnoses ------------------------------------------------------------------------------- */

static void put_evidence(kd_json *out, const kd_diag *diag)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < diag->evidence.count; i++) {
        const kd_evidence *piece = &KD_ITEMS(diag->evidence, kd_evidence)[i];
        kd_json_open(out, '{');
        if (piece->before)
            add_word(out, KD_STR("source"), "before");
        add_u64(out, KD_STR("line"), piece->line);
        add_u64(out, KD_STR("offset"), piece->offset);
        add_u64(out, KD_STR("length"), piece->length);
        add_text(out, KD_STR("text"), piece->text);
        add_text(out, KD_STR("says"), piece->says);
        kd_json_close(out, '}');
    }
    kd_json_close(out, ']');
}

static void put_proof(kd_json *out, const kd_diag *diag)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < diag->proof.count; i++) {
        const kd_proof *proof = &KD_ITEMS(diag->proof, kd_proof)[i];
        kd_json_open(out, '{');
        KEY(out, "claim");
        kd_json_text(out, proof->claim);
        KEY(out, "equation");
        kd_json_text(out, proof->equation);
        kd_json_close(out, '}');
    }
    kd_json_close(out, ']');
}

static void put_facts(kd_json *out, const kd_diag *diag)
{
    const kd_fact *facts = diag->facts.items;
    kd_json_open(out, '{');
    for (uint32_t i = 0; i < diag->facts.count; i++) {
        const kd_value *value = &facts[i].value;
        if (value->type < KD_BOOL || value->type > KD_TEXT ||
            is_said(diag->facts.items, sizeof *facts, i))
            continue;
        kd_json_key(out, facts[i].name);
        put_value(out, value);
    }
    kd_json_close(out, '}');
}

static void put_texts(kd_json *out, const kd_list *list)
{
    kd_json_open(out, '[');
    for (uint32_t i = 0; i < list->count; i++)
        kd_json_text(out, KD_ITEMS(*list, kd_str)[i]);
    kd_json_close(out, ']');
}

void kd_put_diag(kd_json *out, const kd_diag *diag)
{
    static const char *const roles[] = { "primary", "contributing", "effect" };
    kd_json_open(out, '{');
    KEY(out, "id");
    put_id(out, 'd', diag->id);
    add_word(out, KD_STR("rule"), diag->rule->id);
    add_word(out, KD_STR("severity"), kd_severity_name(diag->severity));
    add_word(out, KD_STR("confidence"), kd_confidence_name(diag->confidence));
    add_word(out, KD_STR("role"), roles[diag->role]);
    add_word(out, KD_STR("title"), diag->rule->title);
    KEY(out, "explanation");
    kd_json_text(out, diag->explanation);
    KEY(out, "events");
    put_ids(out, &diag->events, 'e');
    KEY(out, "evidence");
    put_evidence(out, diag);
    if (diag->evidence_left_out)
        add_u64(out, KD_STR("evidence_left_out"), diag->evidence_left_out);
    KEY(out, "proof");
    put_proof(out, diag);
    KEY(out, "facts");
    put_facts(out, diag);
    KEY(out, "remedies");
    put_texts(out, &diag->remedies);
    KEY(out, "caused_by");
    put_ids(out, &diag->caused_by, 'd');
    KEY(out, "assumes");
    put_texts(out, &diag->assumes);
    put_named(out, &kd_diag_members, "impact", diag);
    put_named(out, &kd_diag_members, "suspect", diag);
    if (diag->missing.count > 0) {
        KEY(out, "missing");
        put_texts(out, &diag->missing);
    }
    put_named(out, &kd_diag_members, "deliberate", diag);
    put_named(out, &kd_diag_members, "withdrawn", diag);
    kd_json_close(out, '}');
}

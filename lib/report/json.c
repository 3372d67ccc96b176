/* json.c - events, diagnoses and reports as JSON, one object at a time through json-c.
 * Layer: report. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "report/store.h"

/* ---- values ---------------------------------------------------------------------------------- */

struct json_object *kd_json_text(kd_str text)
{
    char small[1536];
    size_t need = text.len * 3;
    char *out = need <= sizeof small ? small : malloc(need);
    if (!out)
        return NULL;
    size_t len = kd_utf8_repair(text, out);
    struct json_object *string = json_object_new_string_len(out, (int)len);
    if (out != small)
        free(out);
    return string;
}

struct json_object *kd_json_hex(uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", KD_LLU(value));
    return json_object_new_string(text);
}

static void add(struct json_object *object, const char *name, struct json_object *value)
{
    if (value)
        json_object_object_add(object, name, value);
}

static void add_text(struct json_object *object, const char *name, kd_str text)
{
    if (text.len > 0)
        add(object, name, kd_json_text(text));
}

static void add_u64(struct json_object *object, const char *name, uint64_t value)
{
    add(object, name, json_object_new_uint64(value));
}

static void add_named(struct json_object *object, kd_str name, struct json_object *value)
{
    char key[256];
    size_t len = name.len * 3 < sizeof key ? kd_utf8_repair(name, key) : 0;
    key[len] = 0;
    add(object, key, value);
}

/* ---- fields by their descriptors ------------------------------------------------------------- */

static bool write_fields(struct json_object *out, const kd_fields *fields, const char *record);

static struct json_object *number_list(const kd_list *list)
{
    struct json_object *array = json_object_new_array();
    for (uint32_t i = 0; i < list->count; i++)
        json_object_array_add(array, json_object_new_uint64(KD_ITEMS(*list, kd_u64)[i].v));
    return array;
}

static struct json_object *map(const kd_list *list, bool hex)
{
    struct json_object *object = json_object_new_object();
    const kd_pair *pairs = list->items;
    for (uint32_t i = 0; i < list->count; i++)
        add_named(object, pairs[i].name,
                  hex ? kd_json_hex(pairs[i].v) : json_object_new_uint64(pairs[i].v));
    return object;
}

static struct json_object *map_of_lists(const kd_list *list)
{
    struct json_object *object = json_object_new_object();
    const kd_row *rows = list->items;
    for (uint32_t i = 0; i < list->count; i++)
        add_named(object, rows[i].name, number_list(&rows[i].values));
    return object;
}

static struct json_object *text_list(const kd_list *list)
{
    struct json_object *array = json_object_new_array();
    for (uint32_t i = 0; i < list->count; i++)
        json_object_array_add(array, kd_json_text(KD_ITEMS(*list, kd_text)[i].v));
    return array;
}

static struct json_object *group_list(const kd_fields *fields, const kd_list *list)
{
    struct json_object *array = json_object_new_array();
    for (uint32_t i = 0; i < list->count; i++) {
        struct json_object *item = json_object_new_object();
        write_fields(item, fields, (const char *)list->items + i * fields->size);
        json_object_array_add(array, item);
    }
    return array;
}

static struct json_object *list_value(const kd_field *row, const kd_list *list)
{
    if (list->count == 0)
        return NULL;
    switch (row->type) {
    case KDF_texts: return text_list(list);
    case KDF_u64s: return number_list(list);
    case KDF_map_u64: return map(list, false);
    case KDF_map_hex: return map(list, true);
    case KDF_map_u64s: return map_of_lists(list);
    default: return group_list(row->group, list);
    }
}

static struct json_object *scalar_value(const kd_field *row, const void *at)
{
    const kd_u64 *number = at;
    switch (row->type) {
    case KDF_i64:
        return ((const kd_i64 *)at)->src ? json_object_new_int64(((const kd_i64 *)at)->v) : NULL;
    case KDF_text:
        return ((const kd_text *)at)->src ? kd_json_text(((const kd_text *)at)->v) : NULL;
    case KDF_bool:
        return ((const kd_bool *)at)->src ? json_object_new_boolean(((const kd_bool *)at)->v)
                                          : NULL;
    case KDF_hex: return number->src ? kd_json_hex(number->v) : NULL;
    default: return number->src ? json_object_new_uint64(number->v) : NULL;
    }
}

/* False when nothing was there to write. */
static bool write_fields(struct json_object *out, const kd_fields *fields, const char *record)
{
    bool any = false;
    for (size_t i = 0; i < fields->count; i++) {
        const kd_field *row = &fields->rows[i];
        const void *at = record + row->at;
        struct json_object *value = NULL;
        if (row->type == KDF_flat) {
            any |= write_fields(out, row->group, at);
        } else if (row->type == KDF_one) {
            value = json_object_new_object();
            if (!write_fields(value, row->group, at)) {
                json_object_put(value);
                value = NULL;
            }
        } else {
            value = row->type >= KDF_texts ? list_value(row, at) : scalar_value(row, at);
        }
        any |= value != NULL;
        add(out, row->name, value);
    }
    return any;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void add_range(struct json_object *array, uint64_t first, uint64_t last)
{
    struct json_object *range = json_object_new_array();
    json_object_array_add(range, json_object_new_uint64(first));
    json_object_array_add(range, json_object_new_uint64(last));
    json_object_array_add(array, range);
}

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

static struct json_object *line_ranges(const kd_event *event)
{
    struct json_object *array = json_object_new_array();
    uint32_t kept = 0, passed = 0;
    kd_range open = { 0, 0 }, piece;
    while (next_piece(event, &kept, &passed, &piece)) {
        if (open.first && piece.first == open.last + 1) {
            open.last = piece.last;
            continue;
        }
        if (open.first)
            add_range(array, open.first, open.last);
        open = piece;
    }
    if (open.first)
        add_range(array, open.first, open.last);
    return array;
}

static struct json_object *repeated(const kd_repeat *repeat)
{
    struct json_object *out = json_object_new_object(), *lines = json_object_new_array();
    add_u64(out, "count", repeat->count);
    if (repeat->has_time) {
        add_u64(out, "first_time_us", repeat->first_time_us);
        add_u64(out, "last_time_us", repeat->last_time_us);
    }
    for (uint32_t i = 0; i < repeat->lines.count; i++) {
        const kd_range *range = &KD_ITEMS(repeat->lines, kd_range)[i];
        add_range(lines, range->first, range->last);
    }
    add(out, "lines", lines);
    if (repeat->lines_left_out)
        add_u64(out, "lines_left_out", repeat->lines_left_out);
    return out;
}

static void add_id(struct json_object *array, char letter, uint64_t id)
{
    char text[24];
    snprintf(text, sizeof text, "%c%llu", letter, KD_LLU(id));
    json_object_array_add(array, json_object_new_string(text));
}

static struct json_object *id_text(char letter, uint64_t id)
{
    char text[24];
    snprintf(text, sizeof text, "%c%llu", letter, KD_LLU(id));
    return json_object_new_string(text);
}

struct json_object *kd_json_event(const kd_event *event)
{
    struct json_object *out = json_object_new_object();
    add(out, "id", id_text('e', event->id));
    add(out, "kind", json_object_new_string(event->kind->name));
    add_u64(out, "boot", event->boot);
    add(out, "lines", line_ranges(event));
    add_u64(out, "offset", event->offset);
    if (event->has_time)
        add_u64(out, "time_us", event->time_us);
    add_text(out, "wall_time", event->wall_time);
    add(out, "complete", json_object_new_boolean(event->complete));
    write_fields(out, event->kind->fields, event->body);
    if (event->repeat.count > 1)
        add(out, "repeated", repeated(&event->repeat));
    return out;
}

/* ---- diagnoses ------------------------------------------------------------------------------- */

static struct json_object *value_of(const kd_value *value)
{
    switch (value->type) {
    case KD_BOOL: return json_object_new_boolean(value->as.b);
    case KD_U64: return json_object_new_uint64(value->as.u);
    case KD_I64: return json_object_new_int64(value->as.i);
    case KD_HEX: return kd_json_hex(value->as.u);
    case KD_TEXT: return kd_json_text(value->as.s);
    default: return NULL;
    }
}

static struct json_object *evidence(const kd_diag *diag)
{
    struct json_object *array = json_object_new_array();
    for (uint32_t i = 0; i < diag->evidence.count; i++) {
        const kd_evidence *piece = &KD_ITEMS(diag->evidence, kd_evidence)[i];
        struct json_object *item = json_object_new_object();
        if (piece->before)
            add(item, "source", json_object_new_string("before"));
        add_u64(item, "line", piece->line);
        add_u64(item, "offset", piece->offset);
        add_u64(item, "length", piece->length);
        add_text(item, "text", piece->text);
        add_text(item, "says", piece->says);
        json_object_array_add(array, item);
    }
    return array;
}

static struct json_object *proofs(const kd_diag *diag)
{
    struct json_object *array = json_object_new_array();
    for (uint32_t i = 0; i < diag->proof.count; i++) {
        const kd_proof *proof = &KD_ITEMS(diag->proof, kd_proof)[i];
        struct json_object *item = json_object_new_object();
        add(item, "claim", kd_json_text(proof->claim));
        add(item, "equation", kd_json_text(proof->equation));
        json_object_array_add(array, item);
    }
    return array;
}

static struct json_object *texts(const kd_list *list)
{
    struct json_object *array = json_object_new_array();
    for (uint32_t i = 0; i < list->count; i++)
        json_object_array_add(array, kd_json_text(KD_ITEMS(*list, kd_str)[i]));
    return array;
}

static struct json_object *ids(const kd_list *list, char letter)
{
    struct json_object *array = json_object_new_array();
    for (uint32_t i = 0; i < list->count; i++)
        add_id(array, letter, KD_ITEMS(*list, uint64_t)[i]);
    return array;
}

struct json_object *kd_json_diag(const kd_diag *diag)
{
    static const char *const roles[] = { "primary", "contributing", "effect" };
    struct json_object *out = json_object_new_object(), *facts = json_object_new_object();
    add(out, "id", id_text('d', diag->id));
    add(out, "rule", json_object_new_string(diag->rule->id));
    add(out, "severity", json_object_new_string(kd_severity_name(diag->severity)));
    add(out, "confidence", json_object_new_string(kd_confidence_name(diag->confidence)));
    add(out, "role", json_object_new_string(roles[diag->role]));
    add(out, "title", json_object_new_string(diag->rule->title));
    add(out, "explanation", kd_json_text(diag->explanation));
    add(out, "events", ids(&diag->events, 'e'));
    add(out, "evidence", evidence(diag));
    if (diag->evidence_left_out)
        add_u64(out, "evidence_left_out", diag->evidence_left_out);
    add(out, "proof", proofs(diag));
    for (uint32_t i = 0; i < diag->facts.count; i++) {
        const kd_fact *fact = &KD_ITEMS(diag->facts, kd_fact)[i];
        add_named(facts, fact->name, value_of(&fact->value));
    }
    add(out, "facts", facts);
    add(out, "remedies", texts(&diag->remedies));
    add(out, "caused_by", ids(&diag->caused_by, 'd'));
    add(out, "assumes", texts(&diag->assumes));
    return out;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void add_known(struct json_object *out, const char *name, kd_known known)
{
    if (!kd_by_name(known.by))
        return;
    struct json_object *item = json_object_new_object();
    add(item, "by", json_object_new_string(kd_by_name(known.by)));
    if (known.by == KD_BY_READ && known.line)
        add_u64(item, "line", known.line);
    add(out, name, item);
}

struct json_object *kd_json_boot(const kd_context *boot)
{
    struct json_object *out = json_object_new_object(), *lines = json_object_new_array();
    struct json_object *known = json_object_new_object();
    add_u64(out, "boot", boot->boot);
    if (boot->last_line)
        add_range(lines, boot->first_line, boot->last_line);
    add(out, "lines", lines);
    add_text(out, "arch", boot->arch);
    add_text(out, "kernel_release", boot->release);
    add_text(out, "kernel_version", boot->version_text);
    add_text(out, "hardware", boot->hardware);
    if (boot->page_size)
        add_u64(out, "page_size", boot->page_size);
    if (boot->conflicts)
        add_u64(out, "conflicts", boot->conflicts);
    add_known(known, "arch", boot->arch_known);
    add_known(known, "kernel_release", boot->release_known);
    add_known(known, "kernel_version", boot->version_known);
    add_known(known, "hardware", boot->hardware_known);
    add_known(known, "page_size", boot->page_size_known);
    add(out, "how_known", known);
    return out;
}

struct json_object *kd_json_stats(const kd_stats *stats)
{
    static const char *const names[] = { "line-length", "event-lines", "history", "diagnoses",
                                         "memory" };
    struct json_object *out = json_object_new_object(), *limits = json_object_new_array();
    add_u64(out, "lines", stats->lines);
    add_u64(out, "lines_in_events", stats->lines_in_events);
    add_u64(out, "lines_not_understood", stats->lines_not_understood);
    add_u64(out, "lines_cut", stats->lines_cut);
    add_u64(out, "events_cut", stats->events_cut);
    add_u64(out, "repairs", stats->repairs);
    add_u64(out, "bytes_not_utf8", stats->bytes_not_utf8);
    add_u64(out, "events_left_out", stats->events_left_out);
    add_u64(out, "diagnoses_left_out", stats->diags_left_out);
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (stats->limits >> i & 1)
            json_object_array_add(limits, json_object_new_string(names[i]));
    add(out, "limits", limits);
    return out;
}

struct json_object *kd_json_source(const kd_report *report)
{
    static const char *const names[] = { "dmesg", "level",   "caller", "syslog", "iso", "ctime",
                                         "mail",  "decoded", "delta",  "kmsg",   "json" };
    struct json_object *out = json_object_new_object(), *forms = json_object_new_array();
    add(out, "name", kd_json_text(report->source_name));
    add_u64(out, "bytes", report->stats.bytes);
    add_u64(out, "lines", report->stats.lines);
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (report->forms >> i & 1)
            json_object_array_add(forms, json_object_new_string(names[i]));
    add(out, "forms", forms);
    return out;
}

/* members.c - the members of events, boots and diagnoses by name. Layer: report. */
#include "report/members.h"

/* ---- events ---------------------------------------------------------------------------------- */

static kd_value name_value(const char *name)
{
    return name ? (kd_value){ .type = KD_TEXT, .as.s = kd_str_of(name) }
                : (kd_value){ .type = KD_NONE };
}

static kd_value kind_of(const void *object)
{
    return name_value(((const kd_event *)object)->kind->name);
}

static bool has_time(const void *object)
{
    return ((const kd_event *)object)->has_time;
}

static bool is_repeated(const void *object)
{
    return ((const kd_event *)object)->repeat.count > 1;
}

static bool has_repeat_time(const void *object)
{
    return ((const kd_repeat *)object)->has_time;
}

static bool range_at(const kd_list *ranges, uint32_t index, kd_range *out)
{
    if (index >= ranges->count)
        return false;
    *out = KD_ITEMS(*ranges, kd_range)[index];
    return true;
}

static bool repeat_range(const void *object, uint32_t index, kd_range *out)
{
    return range_at(&((const kd_repeat *)object)->lines, index, out);
}

/* The next piece of the event's lines, of those kept and those only counted; both are in order. */
static bool next_piece(const kd_event *event, uint32_t *kept, uint32_t *passed, kd_range *out)
{
    const kd_line_ref *lines = event->lines.items;
    while (*kept < event->lines.count && lines[*kept].aside)
        ++*kept;
    bool more = *kept < event->lines.count;
    if (range_at(&event->passed, *passed, out) && (!more || out->first < lines[*kept].number)) {
        ++*passed;
        return true;
    }
    if (more)
        out->first = out->last = lines[(*kept)++].number;
    return more;
}

static bool event_range(const void *object, uint32_t index, kd_range *out)
{
    uint32_t kept = 0, passed = 0, count = 0;
    kd_range piece;
    while (next_piece(object, &kept, &passed, &piece)) {
        if (count > 0 && piece.first == out->last + 1) {
            out->last = piece.last;
            continue;
        }
        if (count++ > index)
            return true; /* the next one began: this one is whole */
        *out = piece;
    }
    return count > index;
}

/* clang-format off */
#define ROW(owner, type_, name_, member) \
    .name = name_, .type = KDM_##type_, .at = offsetof(owner, member)
/* clang-format on */

static const kd_member repeat_rows[] = {
    { ROW(kd_repeat, u64, "count", count) },
    { ROW(kd_repeat, u64, "first_time_us", first_time_us), .present = has_repeat_time },
    { ROW(kd_repeat, u64, "last_time_us", last_time_us), .present = has_repeat_time },
    { .name = "lines", .type = KDM_ranges, .range = repeat_range },
    { ROW(kd_repeat, some, "lines_left_out", lines_left_out) },
};
static const kd_members repeat_members = { repeat_rows, KD_COUNT(repeat_rows), sizeof(kd_repeat) };

static const kd_member event_rows[] = {
    { ROW(kd_event, u64, "id", id) },
    { .name = "kind", .type = KDM_call, .call = kind_of },
    { ROW(kd_event, u64, "boot", boot) },
    { .name = "lines", .type = KDM_ranges, .range = event_range },
    { ROW(kd_event, u64, "offset", offset) },
    { ROW(kd_event, u64, "time_us", time_us), .present = has_time },
    { ROW(kd_event, text, "wall_time", wall_time) },
    { ROW(kd_event, bool, "complete", complete) },
    { ROW(kd_event, group, "repeated", repeat), .of = &repeat_members, .present = is_repeated },
};
const kd_members kd_event_members = { event_rows, KD_COUNT(event_rows), sizeof(kd_event) };

/* ---- boots ----------------------------------------------------------------------------------- */

static kd_value by_of(const void *object)
{
    return name_value(kd_by_name(((const kd_known *)object)->by));
}

static bool was_read(const void *object)
{
    return ((const kd_known *)object)->by == KD_BY_READ;
}

static bool boot_range(const void *object, uint32_t index, kd_range *out)
{
    const kd_context *boot = object;
    *out = (kd_range){ boot->first_line, boot->last_line };
    return index == 0 && boot->last_line > 0;
}

static const kd_member known_rows[] = {
    { .name = "by", .type = KDM_call, .call = by_of },
    { ROW(kd_known, some, "line", line), .present = was_read },
};
static const kd_members known_members = { known_rows, KD_COUNT(known_rows), sizeof(kd_known) };

static const kd_member how_known_rows[] = {
    { ROW(kd_context, group, "arch", arch_known), .of = &known_members },
    { ROW(kd_context, group, "kernel_release", release_known), .of = &known_members },
    { ROW(kd_context, group, "kernel_version", version_known), .of = &known_members },
    { ROW(kd_context, group, "hardware", hardware_known), .of = &known_members },
    { ROW(kd_context, group, "page_size", page_size_known), .of = &known_members },
    { ROW(kd_context, group, "ram_kb", ram_known), .of = &known_members },
};
static const kd_members how_known = { how_known_rows, KD_COUNT(how_known_rows), 0 };

#define KNOWN(member) .known = offsetof(kd_context, member)
static const kd_member boot_rows[] = {
    { ROW(kd_context, u64, "boot", boot) },
    { .name = "lines", .type = KDM_ranges, .range = boot_range },
    { ROW(kd_context, text, "arch", arch), KNOWN(arch_known) },
    { ROW(kd_context, text, "kernel_release", release), KNOWN(release_known) },
    { ROW(kd_context, text, "kernel_version", version_text), KNOWN(version_known) },
    { ROW(kd_context, text, "hardware", hardware), KNOWN(hardware_known) },
    { ROW(kd_context, u32, "page_size", page_size), KNOWN(page_size_known) },
    { ROW(kd_context, some, "ram_kb", ram_kb), KNOWN(ram_known) },
    { ROW(kd_context, some, "conflicts", conflicts) },
    { .name = "how_known", .type = KDM_group, .of = &how_known },
};
const kd_members kd_boot_members = { boot_rows, KD_COUNT(boot_rows), sizeof(kd_context) };

/* ---- diagnoses ------------------------------------------------------------------------------- */

static kd_value source_of(const void *object)
{
    return name_value(((const kd_evidence *)object)->before ? "before" : NULL);
}

static kd_value rule_of(const void *object)
{
    return name_value(((const kd_diag *)object)->rule->id);
}

static kd_value title_of(const void *object)
{
    return name_value(((const kd_diag *)object)->rule->title);
}

static kd_value severity_of(const void *object)
{
    return name_value(kd_severity_name(((const kd_diag *)object)->severity));
}

static kd_value confidence_of(const void *object)
{
    return name_value(kd_confidence_name(((const kd_diag *)object)->confidence));
}

static kd_value role_of(const void *object)
{
    static const char *const names[] = {
        [KD_PRIMARY] = "primary", [KD_CONTRIBUTING] = "contributing", [KD_EFFECT] = "effect"
    };
    return name_value(names[((const kd_diag *)object)->role]);
}

static kd_value impact_of(const void *object)
{
    static const char *const names[] = {
        [KD_IMPACT_NONE] = "none",
        [KD_IMPACT_DEGRADED] = "degraded",
        [KD_IMPACT_REQUEST_FAILED] = "request-failed",
        [KD_IMPACT_TASK_KILLED] = "task-killed",
        [KD_IMPACT_MACHINE_DOWN] = "machine-down",
    };
    return name_value(names[((const kd_diag *)object)->impact]);
}

static kd_value suspect_class(const void *object)
{
    static const char *const names[] = {
        [KD_SUSPECT_HARDWARE] = "hardware",
        [KD_SUSPECT_FIRMWARE] = "firmware",
        [KD_SUSPECT_DRIVER] = "driver",
        [KD_SUSPECT_KERNEL] = "kernel",
        [KD_SUSPECT_CONFIGURATION] = "configuration",
        [KD_SUSPECT_WORKLOAD] = "workload",
        [KD_SUSPECT_TEST] = "test",
        [KD_SUSPECT_UNKNOWN] = "unknown",
    };
    return name_value(names[((const kd_diag *)object)->suspect]);
}

static bool is_deliberate(const void *object)
{
    return ((const kd_diag *)object)->deliberate;
}

static const kd_member suspect_rows[] = {
    { .name = "class", .type = KDM_call, .call = suspect_class },
    { ROW(kd_diag, text, "name", suspect_name) },
    { ROW(kd_diag, text, "why", suspect_why) },
};
static const kd_members suspect_members = { suspect_rows, KD_COUNT(suspect_rows), 0 };

static const kd_member evidence_rows[] = {
    { .name = "source", .type = KDM_call, .call = source_of },
    { ROW(kd_evidence, u64, "line", line) },
    { ROW(kd_evidence, u64, "offset", offset) },
    { ROW(kd_evidence, u64, "length", length) },
    { ROW(kd_evidence, text, "text", text) },
    { ROW(kd_evidence, text, "says", says) },
};
static const kd_members evidence_members = { evidence_rows, KD_COUNT(evidence_rows),
                                             sizeof(kd_evidence) };

static const kd_member proof_rows[] = {
    { ROW(kd_proof, text, "claim", claim) },
    { ROW(kd_proof, text, "equation", equation) },
};
static const kd_members proof_members = { proof_rows, KD_COUNT(proof_rows), sizeof(kd_proof) };

static const kd_member diag_rows[] = {
    { ROW(kd_diag, u64, "id", id) },
    { .name = "rule", .type = KDM_call, .call = rule_of },
    { .name = "severity", .type = KDM_call, .call = severity_of },
    { .name = "confidence", .type = KDM_call, .call = confidence_of },
    { .name = "role", .type = KDM_call, .call = role_of },
    { .name = "title", .type = KDM_call, .call = title_of },
    { ROW(kd_diag, text, "explanation", explanation) },
    { ROW(kd_diag, ids, "events", events) },
    { ROW(kd_diag, groups, "evidence", evidence), .of = &evidence_members },
    { ROW(kd_diag, some, "evidence_left_out", evidence_left_out) },
    { ROW(kd_diag, groups, "proof", proof), .of = &proof_members },
    { ROW(kd_diag, facts, "facts", facts) },
    { ROW(kd_diag, texts, "remedies", remedies) },
    { ROW(kd_diag, ids, "caused_by", caused_by) },
    { ROW(kd_diag, texts, "assumes", assumes) },
    { .name = "impact", .type = KDM_call, .call = impact_of },
    { .name = "suspect", .type = KDM_group, .of = &suspect_members },
    { ROW(kd_diag, texts, "missing", missing) },
    { ROW(kd_diag, bool, "deliberate", deliberate), .present = is_deliberate },
};
const kd_members kd_diag_members = { diag_rows, KD_COUNT(diag_rows), sizeof(kd_diag) };

/* ---- by path --------------------------------------------------------------------------------- */

static const kd_member *find(const kd_members *members, kd_str name)
{
    for (size_t i = 0; i < members->count; i++)
        if (kd_str_is(name, members->rows[i].name))
            return &members->rows[i];
    return NULL;
}

static kd_value u64_value(uint64_t value)
{
    return (kd_value){ .type = KD_U64, .as.u = value };
}

static kd_value scalar(const kd_member *row, const void *object, const void *at)
{
    const kd_value none = { .type = KD_NONE };
    switch (row->type) {
    case KDM_u64: return u64_value(*(const uint64_t *)at);
    case KDM_u32: return *(const uint32_t *)at ? u64_value(*(const uint32_t *)at) : none;
    case KDM_some: return *(const uint64_t *)at ? u64_value(*(const uint64_t *)at) : none;
    case KDM_bool: return (kd_value){ .type = KD_BOOL, .as.b = *(const bool *)at };
    case KDM_text:
        return ((const kd_str *)at)->len > 0
                   ? (kd_value){ .type = KD_TEXT, .as.s = *(const kd_str *)at }
                   : none;
    case KDM_call: return row->call(object);
    default: return none;
    }
}

/* "[2]" behind a list's name */
static bool take_index(kd_scan *in, uint64_t *index)
{
    return kd_scan_char(in, '[') && kd_scan_u64(in, index) && kd_scan_char(in, ']');
}

/* "lines", "lines[0]", "lines[0][1]" */
static kd_status get_range(const kd_member *row, const void *object, kd_scan in, kd_value *out)
{
    uint64_t index, end = 0;
    kd_range range = { 0, 0 };
    if (kd_scan_at_end(&in)) {
        uint32_t count = 0;
        while (row->range(object, count, &range))
            count++;
        *out = (kd_value){ .type = KD_LIST, .as.count = count };
        return KD_OK;
    }
    if (!take_index(&in, &index))
        return KD_E_INVAL;
    bool pair = kd_scan_at_end(&in);
    if (!pair && (!take_index(&in, &end) || !kd_scan_at_end(&in)))
        return KD_E_INVAL;
    *out = (kd_value){ .type = KD_NONE };
    if (index <= UINT32_MAX && row->range(object, (uint32_t)index, &range) && end < 2)
        *out = pair ? (kd_value){ .type = KD_LIST, .as.count = 2 }
                    : u64_value(end == 0 ? range.first : range.last);
    return KD_OK;
}

static kd_status get_item(const kd_member *row, const kd_list *list, kd_scan in, kd_value *out)
{
    uint64_t index;
    kd_str rest;
    if (kd_scan_at_end(&in)) {
        *out = (kd_value){ .type = KD_LIST, .as.count = list->count };
        return KD_OK;
    }
    if (!take_index(&in, &index))
        return KD_E_INVAL;
    if (row->type == KDM_groups) {
        if (!kd_scan_char(&in, '.') || !kd_scan_rest(&in, &rest))
            return KD_E_INVAL;
        /* a name that is none is one in any item */
        static const char nothing[sizeof(kd_evidence)];
        const char *item =
            index < list->count ? (const char *)list->items + index * row->of->size : nothing;
        kd_status status = kd_members_get(row->of, item, rest, out);
        if (index >= list->count)
            *out = (kd_value){ .type = KD_NONE };
        return status;
    }
    if (!kd_scan_at_end(&in))
        return KD_E_INVAL;
    if (index >= list->count)
        *out = (kd_value){ .type = KD_NONE };
    else if (row->type == KDM_texts)
        *out = (kd_value){ .type = KD_TEXT, .as.s = KD_ITEMS(*list, kd_str)[index] };
    else
        *out = u64_value(KD_ITEMS(*list, uint64_t)[index]);
    return KD_OK;
}

static kd_status get_fact(const kd_list *facts, kd_scan in, kd_value *out)
{
    kd_str name;
    *out = (kd_value){ .type = KD_LIST, .as.count = facts->count };
    if (kd_scan_at_end(&in))
        return KD_OK;
    *out = (kd_value){ .type = KD_NONE };
    if (!kd_scan_char(&in, '.') || !kd_scan_rest(&in, &name))
        return KD_E_INVAL;
    for (uint32_t i = 0; i < facts->count; i++)
        if (kd_str_eq(KD_ITEMS(*facts, kd_fact)[i].name, name))
            *out = KD_ITEMS(*facts, kd_fact)[i].value;
    return KD_OK;
}

static kd_status get_group(const kd_member *row, const void *object, const void *at, kd_scan in,
                           kd_value *out)
{
    kd_str rest;
    if (!kd_scan_char(&in, '.') || !kd_scan_rest(&in, &rest))
        return KD_E_INVAL;
    kd_status status = kd_members_get(row->of, at, rest, out);
    if (row->present && !row->present(object))
        *out = (kd_value){ .type = KD_NONE };
    return status;
}

kd_status kd_members_get(const kd_members *members, const void *object, kd_str path, kd_value *out)
{
    kd_scan in = kd_scan_of(path);
    kd_str name;
    *out = (kd_value){ .type = KD_NONE };
    const kd_member *row = kd_scan_name(&in, &name) ? find(members, name) : NULL;
    if (!row)
        return KD_E_INVAL;
    const void *at = (const char *)object + row->at;
    switch (row->type) {
    case KDM_ranges: return get_range(row, object, in, out);
    case KDM_facts: return get_fact(at, in, out);
    case KDM_group: return get_group(row, object, at, in, out);
    case KDM_texts:
    case KDM_ids:
    case KDM_groups: return get_item(row, at, in, out);
    default: break;
    }
    if (!kd_scan_at_end(&in))
        return KD_E_INVAL;
    if (!row->present || row->present(object))
        *out = scalar(row, object, at);
    if (row->known && out->type != KD_NONE)
        out->line = ((const kd_known *)(const void *)((const char *)object + row->known))->line;
    return KD_OK;
}

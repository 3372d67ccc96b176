/* members.c - the members of events, boots and diagnoses by name. Layer: report. */
#include "report/members.h"

#include "problem/problem.h"
#include "problem/signature.h"

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

static bool next_in(const kd_list *ranges, uint32_t *at, kd_range *out)
{
    if (*at >= ranges->count)
        return false;
    *out = KD_ITEMS(*ranges, kd_range)[(*at)++];
    return true;
}

static bool repeat_range(const void *object, kd_walk *walk, kd_range *out)
{
    return next_in(&((const kd_repeat *)object)->lines, &walk->at, out);
}

/* The next piece of the event's lines, of those kept and those only counted; both are in order. */
static bool next_piece(const kd_event *event, kd_walk *walk, kd_range *out)
{
    const kd_line_ref *lines = event->lines.items;
    const kd_range *passed = event->passed.items;
    while (walk->at < event->lines.count && lines[walk->at].aside)
        walk->at++;
    bool more = walk->at < event->lines.count;
    if (walk->passed < event->passed.count &&
        (!more || passed[walk->passed].first < lines[walk->at].number))
        return next_in(&event->passed, &walk->passed, out);
    if (more)
        out->first = out->last = lines[walk->at++].number;
    return more;
}

/* Pieces that touch are one range. */
static bool event_range(const void *object, kd_walk *walk, kd_range *out)
{
    kd_range piece;
    if (!next_piece(object, walk, out))
        return false;
    for (kd_walk ahead = *walk; next_piece(object, &ahead, &piece) && piece.first <= out->last + 1;
         *walk = ahead)
        out->last = piece.last;
    return true;
}

/* clang-format off */
#define NAME(name_) .name = name_, .key = KD_JSON_KEY(name_)
#define ROW(owner, type_, name_, member) \
    NAME(name_), .type = KDM_##type_, .at = offsetof(owner, member)
/* clang-format on */

static const kd_member repeat_rows[] = {
    { ROW(kd_repeat, u64, "count", count) },
    { ROW(kd_repeat, u64, "first_time_us", first_time_us), .present = has_repeat_time },
    { ROW(kd_repeat, u64, "last_time_us", last_time_us), .present = has_repeat_time },
    { NAME("lines"), .type = KDM_ranges, .range = repeat_range },
    { ROW(kd_repeat, some, "lines_left_out", lines_left_out) },
};
static const kd_members repeat_members = { repeat_rows, KD_COUNT(repeat_rows), sizeof(kd_repeat) };

static kd_value bug_of(const void *object)
{
    return name_value(((const kd_event *)object)->bug_id);
}

static kd_value recipe_number(bool has_reason)
{
    return (kd_value){ .type = KD_U64,
                       .as.u = has_reason ? KD_SIGNATURE_WITH_REASON : KD_SIGNATURE_VERSION };
}

static kd_value signature_version(const void *object)
{
    return recipe_number(((const kd_event *)object)->bug_reason != NULL);
}

static bool has_signature(const void *object)
{
    return ((const kd_event *)object)->bug_title.len > 0;
}

static const kd_member signature_rows[] = {
    { NAME("id"), .type = KDM_call, .call = bug_of },
    { ROW(kd_event, words, "title", bug_title) },
    { NAME("version"), .type = KDM_call, .call = signature_version },
};
static const kd_members signature_members = { signature_rows, KD_COUNT(signature_rows), 0 };
static const kd_member event_rows[] = {
    { ROW(kd_event, id, "id", id), .letter = 'e' },
    { NAME("kind"), .type = KDM_call, .call = kind_of },
    { ROW(kd_event, u64, "boot", boot) },
    { NAME("lines"), .type = KDM_ranges, .range = event_range },
    { ROW(kd_event, u64, "offset", offset) },
    { ROW(kd_event, u64, "time_us", time_us), .present = has_time },
    { ROW(kd_event, words, "wall_time", wall_time) },
    { ROW(kd_event, bool, "complete", complete) },
    { .name = "", .type = KDM_fields },
    { ROW(kd_event, group, "repeated", repeat), .of = &repeat_members, .present = is_repeated },
    { NAME("signature"), .type = KDM_group, .of = &signature_members, .present = has_signature },
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

static bool boot_range(const void *object, kd_walk *walk, kd_range *out)
{
    const kd_context *boot = object;
    *out = (kd_range){ boot->first_line, boot->last_line };
    return walk->at++ == 0 && boot->last_line > 0;
}

static kd_value stage_of(const void *object)
{
    return (kd_value){ .type = KD_TEXT, .as.s = kd_stage_name(object) };
}

static bool has_stage(const void *object)
{
    return ((const kd_context *)object)->stage != KD_STAGE_UNKNOWN;
}

static const kd_member known_rows[] = {
    { NAME("by"), .type = KDM_call, .call = by_of },
    { ROW(kd_known, some, "line", line), .present = was_read },
};
static const kd_members known_members = { known_rows, KD_COUNT(known_rows), sizeof(kd_known) };

static const kd_member how_known_rows[] = {
    { ROW(kd_context, known, "arch", arch_known), .of = &known_members },
    { ROW(kd_context, known, "kernel_release", release_known), .of = &known_members },
    { ROW(kd_context, known, "kernel_version", version_known), .of = &known_members },
    { ROW(kd_context, known, "hardware", hardware_known), .of = &known_members },
    { ROW(kd_context, known, "page_size", page_size_known), .of = &known_members },
};
static const kd_members how_known = { how_known_rows, KD_COUNT(how_known_rows), 0 };

#define KNOWN(member) .known = offsetof(kd_context, member)
static const kd_member boot_rows[] = {
    { ROW(kd_context, u64, "boot", boot) },
    { NAME("lines"), .type = KDM_ranges, .range = boot_range },
    { ROW(kd_context, words, "arch", arch), KNOWN(arch_known) },
    { ROW(kd_context, words, "kernel_release", release), KNOWN(release_known) },
    { ROW(kd_context, words, "kernel_version", version_text), KNOWN(version_known) },
    { ROW(kd_context, words, "hardware", hardware), KNOWN(hardware_known) },
    { ROW(kd_context, u32, "page_size", page_size), KNOWN(page_size_known) },
    { NAME("stage"), .type = KDM_call, .call = stage_of, .present = has_stage },
    { ROW(kd_context, some, "conflicts", conflicts) },
    { NAME("how_known"), .type = KDM_group, .of = &how_known },
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
    return name_value(kd_diag_named(object));
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

static kd_value optional_name(const char *name)
{
    return name_value(name[0] ? name : NULL);
}

static kd_value impact_of(const void *object)
{
    return optional_name(kd_impact_name(((const kd_diag *)object)->impact));
}

static kd_value suspect_class(const void *object)
{
    return optional_name(kd_suspect_name(((const kd_diag *)object)->suspect));
}

static bool has_suspect(const void *object)
{
    return ((const kd_diag *)object)->suspect != KD_SUSPECT_NONE;
}

static bool is_something_missing(const void *object)
{
    return ((const kd_diag *)object)->missing.count > 0;
}

static bool is_deliberate(const void *object)
{
    return ((const kd_diag *)object)->deliberate;
}

static bool is_withdrawn(const void *object)
{
    return ((const kd_diag *)object)->withdrawn;
}

static const kd_member suspect_rows[] = {
    { NAME("class"), .type = KDM_call, .call = suspect_class },
    { ROW(kd_diag, words, "name", suspect_name) },
    { ROW(kd_diag, words, "why", suspect_why) },
};
static const kd_members suspect_members = { suspect_rows, KD_COUNT(suspect_rows), 0 };

static const kd_member evidence_rows[] = {
    { NAME("source"), .type = KDM_call, .call = source_of },
    { ROW(kd_evidence, u64, "line", line) },
    { ROW(kd_evidence, u64, "offset", offset) },
    { ROW(kd_evidence, u64, "length", length) },
    { ROW(kd_evidence, words, "text", text) },
    { ROW(kd_evidence, words, "says", says) },
};
static const kd_members evidence_members = { evidence_rows, KD_COUNT(evidence_rows),
                                             sizeof(kd_evidence) };

static const kd_member proof_rows[] = {
    { ROW(kd_proof, text, "claim", claim) },
    { ROW(kd_proof, text, "equation", equation) },
};
static const kd_members proof_members = { proof_rows, KD_COUNT(proof_rows), sizeof(kd_proof) };

static const kd_member diag_rows[] = {
    { ROW(kd_diag, id, "id", id), .letter = 'd' },
    { NAME("rule"), .type = KDM_call, .call = rule_of },
    { NAME("severity"), .type = KDM_call, .call = severity_of },
    { NAME("confidence"), .type = KDM_call, .call = confidence_of },
    { NAME("role"), .type = KDM_call, .call = role_of },
    { NAME("title"), .type = KDM_call, .call = title_of },
    { ROW(kd_diag, text, "explanation", explanation) },
    { ROW(kd_diag, ids, "events", events), .letter = 'e' },
    { ROW(kd_diag, groups, "evidence", evidence), .of = &evidence_members },
    { ROW(kd_diag, some, "evidence_left_out", evidence_left_out) },
    { ROW(kd_diag, groups, "proof", proof), .of = &proof_members },
    { ROW(kd_diag, facts, "facts", facts) },
    { ROW(kd_diag, texts, "remedies", remedies) },
    { ROW(kd_diag, ids, "caused_by", caused_by), .letter = 'd' },
    { ROW(kd_diag, texts, "assumes", assumes) },
    { NAME("impact"), .type = KDM_call, .call = impact_of },
    { NAME("suspect"), .type = KDM_group, .of = &suspect_members, .present = has_suspect },
    { ROW(kd_diag, texts, "missing", missing), .present = is_something_missing },
    { ROW(kd_diag, bool, "deliberate", deliberate), .present = is_deliberate },
    { ROW(kd_diag, bool, "withdrawn", withdrawn), .present = is_withdrawn },
};
const kd_members kd_diag_members = { diag_rows, KD_COUNT(diag_rows), sizeof(kd_diag) };

/* ---- problems -------------------------------------------------------------------------------- */

#define PROBLEM(object) ((const kd_problem *)(object))

static bool is_diagnosed(const void *object)
{
    return PROBLEM(object)->root_diag != 0;
}

static bool is_undiagnosed(const void *object)
{
    return PROBLEM(object)->root_diag == 0;
}

static bool has_problem_time(const void *object)
{
    return PROBLEM(object)->has_time;
}

static kd_value problem_impact(const void *object)
{
    return optional_name(kd_impact_name(PROBLEM(object)->impact));
}

static kd_value problem_suspect(const void *object)
{
    return optional_name(kd_suspect_name(PROBLEM(object)->suspect));
}

static bool has_problem_suspect(const void *object)
{
    return PROBLEM(object)->suspect != KD_SUSPECT_NONE;
}

static kd_value problem_bug(const void *object)
{
    return name_value(PROBLEM(object)->bug_id);
}

static kd_value problem_bug_version(const void *object)
{
    return recipe_number(PROBLEM(object)->bug_has_reason);
}

static const kd_member problem_suspect_rows[] = {
    { NAME("class"), .type = KDM_call, .call = problem_suspect },
    { ROW(kd_problem, words, "name", suspect_name) },
    { ROW(kd_problem, words, "why", suspect_why) },
};
static const kd_members problem_suspect_members = { problem_suspect_rows,
                                                    KD_COUNT(problem_suspect_rows), 0 };

static const kd_member problem_signature_rows[] = {
    { NAME("id"), .type = KDM_call, .call = problem_bug },
    { ROW(kd_problem, text, "title", bug_title) },
    { NAME("version"), .type = KDM_call, .call = problem_bug_version },
};
static const kd_members problem_signature = { problem_signature_rows,
                                              KD_COUNT(problem_signature_rows), 0 };

static bool is_withdrawn_problem(const void *object)
{
    return PROBLEM(object)->withdrawn;
}

static const kd_member problem_rows[] = {
    { ROW(kd_problem, id, "id", id), .letter = 'p' },
    { ROW(kd_problem, text, "title", title) },
    { ROW(kd_problem, id, "root", root_diag), .letter = 'd', .present = is_diagnosed },
    { ROW(kd_problem, id, "root", root_event), .letter = 'e', .present = is_undiagnosed },
    { ROW(kd_problem, ids, "diagnoses", diags), .letter = 'd' },
    { ROW(kd_problem, some, "diagnoses_left_out", diags_left_out) },
    { ROW(kd_problem, ids, "events", events), .letter = 'e' },
    { ROW(kd_problem, some, "events_left_out", events_left_out) },
    { ROW(kd_problem, u64, "count", count) },
    { ROW(kd_problem, u64, "first_time_us", first_time_us), .present = has_problem_time },
    { ROW(kd_problem, u64, "last_time_us", last_time_us), .present = has_problem_time },
    { NAME("impact"), .type = KDM_call, .call = problem_impact },
    { NAME("suspect"), .type = KDM_group, .of = &problem_suspect_members,
      .present = has_problem_suspect },
    { NAME("signature"), .type = KDM_group, .of = &problem_signature },
    { ROW(kd_problem, bool, "withdrawn", withdrawn), .present = is_withdrawn_problem },
};
const kd_members kd_problem_members = { problem_rows, KD_COUNT(problem_rows), sizeof(kd_problem) };

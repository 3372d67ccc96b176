/* pack.c - packs of an engine: taking them in, and running their own examples. Layer: api. */
#include <stdio.h>
#include <string.h>

#include "api/engine.h"
#include "family/fields.h"

/* ---- taking in ------------------------------------------------------------------------------- */

/* The old ones stay where the new ones find no memory. They are too large for a stack. */
static kd_status replace_anchors(kd_engine *engine, const kd_list *all)
{
    kd_anchors *made = kd_mem_resize(&engine->mem, NULL, 0, sizeof *made);
    if (!made)
        return KD_E_NOMEM;
    kd_status status = kd_anchors_init(made, &engine->mem, all);
    if (status == KD_OK) {
        kd_anchors_free(&engine->anchors, &engine->mem);
        engine->anchors = *made;
    } else {
        kd_anchors_free(made, &engine->mem);
    }
    kd_mem_free(&engine->mem, made, sizeof *made);
    return status;
}

/* The matcher anew, with the anchors of all packs. The old one stays where that fails. */
static kd_status join_anchors(kd_engine *engine)
{
    kd_packs *packs = &engine->packs;
    kd_list all = { .count = 0 }, owners = { .count = 0 };
    for (uint32_t i = 0; i < packs->entries.count; i++) {
        const kd_pack_entry *entry = kd_packs_at(packs, i);
        for (uint32_t k = 0; k < entry->anchors.count; k++) {
            kd_str *text = KD_LIST_ADD(&engine->arena, &all, kd_str);
            kd_pack_owner *owner = KD_LIST_ADD(&engine->arena, &owners, kd_pack_owner);
            if (!text || !owner)
                return KD_E_NOMEM;
            *text = KD_ITEMS(entry->anchors, kd_str)[k];
            *owner = (kd_pack_owner){ entry, i };
        }
    }
    kd_status status = replace_anchors(engine, &all);
    if (status == KD_OK)
        packs->owners = owners;
    return status;
}

/* Of what is built in the tests see that each id is the only one. */
static kd_status add_rule(kd_engine *engine, const kd_rule *rule, bool is_trusted,
                          kd_pack_error error)
{
    kd_status status =
        is_trusted ? kd_engine_put_rule(engine, rule) : kd_engine_add_rule(engine, rule);
    if (status == KD_E_INVAL && error.room > 0)
        snprintf(error.text, error.room, "a rule has this id, or it names no kind: %s", rule->id);
    return status;
}

/* Those of what came later. */
static kd_status add_rules(kd_engine *engine, kd_packs_mark from, bool is_trusted,
                           kd_pack_error error)
{
    const kd_packs *packs = &engine->packs;
    kd_status status = KD_OK;
    for (uint32_t i = from.entries; status == KD_OK && i < packs->entries.count; i++) {
        kd_rule rule = kd_pack_rule(kd_packs_at(packs, i));
        status = add_rule(engine, &rule, is_trusted, error);
    }
    for (uint32_t i = from.known; status == KD_OK && i < packs->known.count; i++) {
        kd_rule rule = kd_pack_known_rule(kd_packs_known(packs, i));
        status = add_rule(engine, &rule, is_trusted, error);
    }
    return status;
}

/* What is added later is asked first: a site knows better than what is built in. */
static void move_to_front(kd_packs *packs, uint32_t before)
{
    const kd_pack_entry **entries = packs->entries.items;
    kd_pack_owner *owners = packs->owners.items;
    uint32_t added = packs->entries.count - before;
    for (uint32_t i = 0; i < added; i++) {
        const kd_pack_entry *entry = entries[before + i];
        memmove(entries + i + 1, entries + i, before * sizeof *entries);
        entries[i] = entry;
    }
    packs->own += added;
    for (uint32_t i = 0; i < packs->owners.count; i++) {
        uint32_t was = owners[i].order;
        owners[i].order = was < before ? was + added : was - before;
    }
}

/* Of all that came since. */
static kd_status take_in(kd_engine *engine, kd_packs_mark from, bool is_trusted,
                         kd_pack_error error)
{
    kd_status status = KD_OK;
    if (!is_trusted && !kd_packs_check_names(&engine->packs, from, error))
        status = KD_E_INVAL;
    if (status == KD_OK)
        status = add_rules(engine, from, is_trusted, error);
    if (status == KD_OK)
        status = join_anchors(engine);
    return status;
}

kd_status kd_engine_add_pack(kd_engine *engine, kd_str json, char *why, size_t room)
{
    kd_pack_error error = { why, why ? room : 0 };
    if (error.room > 0)
        why[0] = '\0';
    if (!engine || !json.ptr || atomic_load(&engine->used))
        return KD_E_INVAL;
    kd_packs *packs = &engine->packs;
    kd_packs_mark before = kd_packs_here(packs);
    size_t rules = engine->rules.len;
    packs->mem = &engine->mem;
    kd_status status = kd_packs_add(packs, json, error);
    if (status == KD_OK)
        status = take_in(engine, before, false, error);
    if (status != KD_OK) {
        kd_engine_cut_rules(engine, rules);
        kd_packs_cut(packs, before);
        return status;
    }
    move_to_front(packs, before.entries);
    return KD_OK;
}

kd_status kd_engine_builtin_packs(kd_engine *engine)
{
    kd_packs *packs = &engine->packs;
    kd_pack_error error = { NULL, 0 };
    kd_packs_mark start = kd_packs_here(packs);
    packs->mem = &engine->mem;
    kd_status status = kd_packs_add_builtin(packs);
    return status == KD_OK ? take_in(engine, start, true, error) : status;
}

/* ---- its own examples ------------------------------------------------------------------------ */

typedef struct trial {
    kd_engine *engine;
    const char *id; /* of the rule that must speak, or must not */
    kd_pack_error error;
    size_t count; /* of the logs that were tried */
} trial;

/* Always KD_E_INVAL. */
static kd_status fail(const trial *of, const char *what, kd_str word, kd_str log)
{
    const char *end = memchr(log.ptr, '\n', log.len);
    kd_str first = { log.ptr, end ? (size_t)(end - log.ptr) : log.len };
    if (of->error.room > 0)
        snprintf(of->error.text, of->error.room, "%.80s: %s%.*s: %.*s", of->id, what, KD_FMT(word),
                 KD_FMT(first));
    return KD_E_INVAL;
}

/* The event of which the rule speaks; NULL: it does not. */
static const kd_event *find_event(const kd_report *report, const char *id)
{
    for (size_t i = 0; i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        if (!strcmp(diag->rule->id, id))
            return kd_report_event_by_id(report, diag->woken_by);
    }
    return NULL;
}

static bool has_value(const kd_event *event, const kd_pack_value *expected)
{
    const kdf_pack_message *message = KD_BODY(event, pack_message);
    const kdf_message_value *values = message ? message->values.items : NULL;
    for (uint32_t i = 0; message && i < message->values.count; i++)
        if (kd_str_eq(values[i].name.v, expected->name))
            return kd_str_eq(values[i].text.v, expected->value);
    return false;
}

static kd_status try_log(trial *of, const kd_pack_example *example, bool fires)
{
    kd_report *report = NULL;
    kd_options options;
    kd_options_init(&options, sizeof options);
    of->count++;
    kd_status status = kd_analyze(of->engine, example->log, &options, &report);
    if (status != KD_OK && status != KD_E_LIMIT)
        return status;
    const kd_event *event = find_event(report, of->id);
    status = KD_OK;
    if (fires && !event)
        status = fail(of, "does not fire on its example", (kd_str){ "", 0 }, example->log);
    if (!fires && event)
        status = fail(of, "fires on its near miss", (kd_str){ "", 0 }, example->log);
    const kd_pack_value *values = example->values.items;
    for (uint32_t i = 0; status == KD_OK && fires && i < example->values.count; i++)
        if (!has_value(event, &values[i]))
            status = fail(of, "reads another value for ", values[i].name, example->log);
    kd_report_free(report);
    return status;
}

static kd_status try_logs(trial *of, const char *id, const kd_list *fires, const kd_list *near)
{
    kd_status status = KD_OK;
    of->id = id;
    for (uint32_t k = 0; status == KD_OK && k < fires->count; k++)
        status = try_log(of, &KD_ITEMS(*fires, kd_pack_example)[k], true);
    for (uint32_t k = 0; status == KD_OK && k < near->count; k++)
        status = try_log(of, &KD_ITEMS(*near, kd_pack_example)[k], false);
    return status;
}

/* Entries from `packs`, and known issues from that one on. */
static kd_status try_all(trial *of, const kd_packs *packs, uint32_t entries, uint32_t known)
{
    kd_status status = KD_OK;
    for (uint32_t i = 0; status == KD_OK && i < entries; i++) {
        const kd_pack_entry *entry = kd_packs_at(packs, i);
        status = try_logs(of, entry->id.ptr, &entry->examples, &entry->near_misses);
    }
    for (uint32_t i = known; status == KD_OK && i < packs->known.count; i++) {
        const kd_pack_known *issue = kd_packs_known(packs, i);
        status = try_logs(of, issue->id.ptr, &issue->examples, &issue->near_misses);
    }
    return status;
}

static kd_status try_builtin(trial *of)
{
    kd_packs whole = { .mem = &of->engine->mem };
    kd_status status = KD_OK;
    for (size_t i = 0; status == KD_OK && i < kd_builtin_pack_count; i++)
        status = kd_packs_add(&whole, kd_builtin_packs[i], of->error);
    if (status == KD_OK && !kd_packs_check_names(&whole, (kd_packs_mark){ 0, 0 }, of->error))
        status = KD_E_INVAL;
    if (status == KD_OK)
        status = try_all(of, &whole, whole.entries.count, 0);
    kd_packs_free(&whole);
    return status;
}

kd_status kd_engine_try_packs(kd_engine *engine, char *why, size_t room, size_t *tried)
{
    if (!engine)
        return KD_E_INVAL;
    const kd_packs *packs = &engine->packs;
    trial of = { .engine = engine, .error = { why, why ? room : 0 } };
    const uint32_t builtin = (uint32_t)kd_builtin_known_count;
    bool own = packs->own > 0 || packs->known.count > builtin;
    kd_status status = own ? try_all(&of, packs, packs->own, builtin) : try_builtin(&of);
    if (tried)
        *tried = of.count;
    return status;
}

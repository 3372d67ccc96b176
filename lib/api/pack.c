/* pack.c - packs of an engine: taking them in, and running their own examples. Layer: api. */
#include <stdio.h>
#include <string.h>

#include "api/engine.h"
#include "family/fields.h"

/* ---- taking in ------------------------------------------------------------------------------- */

/* The matcher anew, with the anchors of all packs. The old one stays where that fails. */
static kd_status join_anchors(kd_engine *engine)
{
    kd_anchors anchors;
    kd_list all = { .count = 0 };
    for (uint32_t i = 0; i < engine->packs.entries.count; i++) {
        const kd_pack_entry *entry = kd_packs_at(&engine->packs, i);
        for (uint32_t k = 0; k < entry->anchors.count; k++) {
            kd_str *item = KD_LIST_ADD(&engine->arena, &all, kd_str);
            if (!item)
                return KD_E_NOMEM;
            *item = KD_ITEMS(entry->anchors, kd_str)[k];
        }
    }
    kd_status status = kd_anchors_init(&anchors, &engine->mem, &all);
    if (status != KD_OK) {
        kd_anchors_free(&anchors, &engine->mem);
        return status;
    }
    kd_anchors_free(&engine->anchors, &engine->mem);
    engine->anchors = anchors;
    return KD_OK;
}

/* Those of the entries from that one on. */
static kd_status add_rules(kd_engine *engine, uint32_t from, kd_pack_error error)
{
    kd_status status = KD_OK;
    for (uint32_t i = from; status == KD_OK && i < engine->packs.entries.count; i++) {
        kd_rule rule = kd_pack_rule(kd_packs_at(&engine->packs, i));
        status = kd_engine_add_rule(engine, &rule);
        if (status == KD_E_INVAL && error.room > 0)
            snprintf(error.text, error.room, "a rule has this id: %s", rule.id);
    }
    return status;
}

/* What is added later is asked first: a site knows better than what is built in. */
static void move_to_front(kd_packs *packs, uint32_t before)
{
    kd_pack_entry **entries = packs->entries.items;
    uint32_t added = packs->entries.count - before;
    for (uint32_t i = 0; i < added; i++) {
        kd_pack_entry *entry = entries[before + i];
        memmove(entries + i + 1, entries + i, before * sizeof *entries);
        entries[i] = entry;
    }
    packs->own += added;
}

kd_status kd_engine_add_pack(kd_engine *engine, kd_str json, char *why, size_t room)
{
    kd_pack_error error = { why, why ? room : 0 };
    if (error.room > 0)
        why[0] = '\0';
    if (!engine || !json.ptr || atomic_load(&engine->used))
        return KD_E_INVAL;
    kd_packs *packs = &engine->packs;
    uint32_t before = packs->entries.count;
    size_t rules = engine->rules.len;
    packs->mem = &engine->mem;
    kd_status status = kd_packs_add(packs, json, error);
    if (status == KD_OK)
        status = add_rules(engine, before, error);
    if (status == KD_OK)
        status = join_anchors(engine);
    if (status != KD_OK) {
        kd_engine_cut_rules(engine, rules);
        kd_packs_cut(packs, before);
        return status;
    }
    move_to_front(packs, before);
    return KD_OK;
}

kd_status kd_engine_builtin_packs(kd_engine *engine)
{
    kd_packs *packs = &engine->packs;
    kd_status status = KD_OK;
    packs->mem = &engine->mem;
    for (size_t i = 0; status == KD_OK && i < kd_builtin_pack_count; i++)
        status = kd_packs_add(packs, kd_builtin_packs[i], (kd_pack_error){ NULL, 0 });
    if (status == KD_OK)
        status = add_rules(engine, 0, (kd_pack_error){ NULL, 0 });
    return status == KD_OK ? join_anchors(engine) : status;
}

/* ---- its own examples ------------------------------------------------------------------------ */

typedef struct trial {
    kd_engine *engine;
    const kd_pack_entry *entry;
    kd_pack_error error;
} trial;

/* Always KD_E_INVAL. */
static kd_status fail(const trial *of, const char *what, kd_str word, kd_str log)
{
    const char *end = memchr(log.ptr, '\n', log.len);
    kd_str first = { log.ptr, end ? (size_t)(end - log.ptr) : log.len };
    if (of->error.room > 0)
        snprintf(of->error.text, of->error.room, "%.80s: %s%.*s: %.*s", of->entry->id.ptr, what,
                 KD_FMT(word), KD_FMT(first));
    return KD_E_INVAL;
}

static const kdf_pack_message *find_message(const kd_report *report, kd_str id)
{
    for (size_t i = 0; i < kd_report_event_count(report); i++) {
        const kd_event *event = kd_report_event(report, i);
        const kdf_pack_message *message = KD_BODY(event, pack_message);
        if (message && kd_str_eq(message->entry.v, id))
            return message;
    }
    return NULL;
}

static bool has_value(const kdf_pack_message *message, const kd_pack_value *expected)
{
    const kdf_message_value *values = message->values.items;
    for (uint32_t i = 0; i < message->values.count; i++)
        if (kd_str_eq(values[i].name.v, expected->name))
            return kd_str_eq(values[i].text.v, expected->value);
    return false;
}

static kd_status try_log(const trial *of, const kd_pack_example *example, bool fires)
{
    kd_report *report = NULL;
    kd_options options;
    kd_options_init(&options, sizeof options);
    kd_status status = kd_analyze(of->engine, example->log, &options, &report);
    if (status != KD_OK && status != KD_E_LIMIT)
        return status;
    const kdf_pack_message *message = find_message(report, of->entry->id);
    status = KD_OK;
    if (fires && !message)
        status = fail(of, "does not fire on its example", (kd_str){ "", 0 }, example->log);
    if (!fires && message)
        status = fail(of, "fires on its near miss", (kd_str){ "", 0 }, example->log);
    const kd_pack_value *values = example->values.items;
    for (uint32_t i = 0; status == KD_OK && fires && i < example->values.count; i++)
        if (!has_value(message, &values[i]))
            status = fail(of, "reads another value for ", values[i].name, example->log);
    kd_report_free(report);
    return status;
}

kd_status kd_engine_try_packs(kd_engine *engine, char *why, size_t room, size_t *tried)
{
    kd_status status = KD_OK;
    size_t count = 0;
    if (!engine)
        return KD_E_INVAL;
    uint32_t last = engine->packs.own ? engine->packs.own : engine->packs.entries.count;
    for (uint32_t i = 0; status == KD_OK && i < last; i++) {
        const kd_pack_entry *entry = kd_packs_at(&engine->packs, i);
        trial of = { engine, entry, { why, why ? room : 0 } };
        const kd_pack_example *fires = entry->examples.items, *near = entry->near_misses.items;
        for (uint32_t k = 0; status == KD_OK && k < entry->examples.count; k++, count++)
            status = try_log(&of, &fires[k], true);
        for (uint32_t k = 0; status == KD_OK && k < entry->near_misses.count; k++, count++)
            status = try_log(&of, &near[k], false);
    }
    if (tried)
        *tried = count;
    return status;
}

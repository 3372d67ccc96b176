/* engine.c - building and sharing an engine. Layer: api. */
#include "api/engine.h"

#include <stdlib.h>
#include <string.h>

static void *resize_by_libc(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

uint32_t kd_version(void)
{
    return KD_KERNEL(KD_VERSION_MAJOR, KD_VERSION_MINOR, KD_VERSION_PATCH);
}

const char *kd_status_name(kd_status status)
{
    switch (status) {
    case KD_OK: return "ok";
    case KD_END: return "nothing more now";
    case KD_E_NOMEM: return "out of memory";
    case KD_E_INVAL: return "wrong call";
    case KD_E_LIMIT: return "a limit was reached";
    case KD_E_SINK: return "write failed";
    }
    return "unknown status";
}

const char *kd_severity_name(kd_severity severity)
{
    static const char *const names[] = { "info", "notice", "warning", "error", "fatal" };
    return (unsigned)severity < KD_COUNT(names) ? names[severity] : "info";
}

const char *kd_confidence_name(kd_confidence confidence)
{
    static const char *const names[] = { "possible", "likely", "certain" };
    return (unsigned)confidence < KD_COUNT(names) ? names[confidence] : "possible";
}

static kd_status add_rule(kd_engine *engine, const kd_rule *rule)
{
    if (!KD_VEC_ROOM(&engine->mem, &engine->rules))
        return KD_E_NOMEM;
    kd_rule *copy = &engine->rules.items[engine->rules.len++];
    memset(copy, 0, sizeof *copy);
    memcpy(copy, rule, rule->size < sizeof *copy ? rule->size : sizeof *copy);
    return KD_OK;
}

static kd_status add_identity(kd_engine *engine, const kd_kind *kind)
{
    if (!KD_VEC_ROOM(&engine->mem, &engine->identities))
        return KD_E_NOMEM;
    return kd_identity_resolve(&engine->identities.items[engine->identities.len++], kind);
}

kd_status kd_engine_new(kd_engine **out, const kd_allocator *alloc)
{
    kd_allocator allocator = alloc ? *alloc : (kd_allocator){ resize_by_libc, NULL };
    if (!out || !allocator.resize)
        return KD_E_INVAL;
    *out = NULL;
    kd_engine *engine = allocator.resize(allocator.user, NULL, 0, sizeof *engine);
    if (!engine)
        return KD_E_NOMEM;
    memset(engine, 0, sizeof *engine);
    engine->allocator = allocator;
    engine->mem = (kd_mem){ .allocator = &engine->allocator, .limit = SIZE_MAX };
    atomic_init(&engine->references, 1);
    atomic_init(&engine->used, false);
    kd_status status = kd_anchors_init(&engine->anchors, &engine->mem);
    for (size_t i = 0; status == KD_OK && i < kd_kind_count; i++)
        status = add_identity(engine, kd_kinds[i]);
    for (size_t i = 0; status == KD_OK && i < kd_builtin_rule_count; i++)
        status = add_rule(engine, &kd_builtin_rules[i]);
    if (status != KD_OK) {
        kd_engine_free(engine);
        return status;
    }
    *out = engine;
    return KD_OK;
}

kd_engine *kd_engine_hold(kd_engine *engine)
{
    atomic_fetch_add(&engine->references, 1);
    atomic_store(&engine->used, true);
    return engine;
}

void kd_engine_free(kd_engine *engine)
{
    if (!engine || atomic_fetch_sub(&engine->references, 1) != 1)
        return;
    kd_allocator allocator = engine->allocator;
    kd_anchors_free(&engine->anchors, &engine->mem);
    KD_VEC_FREE(&engine->mem, &engine->identities);
    KD_VEC_FREE(&engine->mem, &engine->rules);
    allocator.resize(allocator.user, engine, sizeof *engine, 0);
}

kd_status kd_engine_add_rule(kd_engine *engine, const kd_rule *rule)
{
    if (!engine || !rule || rule->size < offsetof(kd_rule, user) || !rule->id || !rule->title ||
        !rule->wakes_on || !rule->check || atomic_load(&engine->used))
        return KD_E_INVAL;
    for (size_t i = 0; i < engine->rules.len; i++)
        if (!strcmp(engine->rules.items[i].id, rule->id))
            return KD_E_INVAL;
    return add_rule(engine, rule);
}

size_t kd_engine_rule_count(const kd_engine *engine)
{
    return engine ? engine->rules.len : 0;
}

const kd_rule *kd_engine_rule(const kd_engine *engine, size_t index)
{
    return engine && index < engine->rules.len ? &engine->rules.items[index] : NULL;
}

void kd_options_init(kd_options *options, size_t size)
{
    kd_options all = {
        .size = sizeof all,
        .source_name = { "", 0 },
        .max_line = 16 * 1024,
        .max_event_lines = 4096,
        .max_history = 20000,
        .max_diags = 10000,
        .max_memory = (size_t)256 * 1024 * 1024,
    };
    if (!options)
        return;
    memcpy(options, &all, size < sizeof all ? size : sizeof all);
    options->size = size;
}

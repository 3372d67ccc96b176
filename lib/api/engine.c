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
    static const char *const names[] = {
        [KD_INFO] = "info",   [KD_NOTICE] = "notice", [KD_WARNING] = "warning",
        [KD_ERROR] = "error", [KD_FATAL] = "fatal",
    };
    return (unsigned)severity < KD_COUNT(names) ? names[severity] : "info";
}

const char *kd_confidence_name(kd_confidence confidence)
{
    static const char *const names[] = {
        [KD_POSSIBLE] = "possible", [KD_LIKELY] = "likely", [KD_CERTAIN] = "certain"
    };
    return (unsigned)confidence < KD_COUNT(names) ? names[confidence] : "possible";
}

/* ---- rules ----------------------------------------------------------------------------------- */

static const kd_kind *kind_of(kd_str name)
{
    for (size_t i = 0; i < kd_kind_count; i++)
        if (!kd_kinds[i]->is_fact && kd_str_is(name, kd_kinds[i]->name))
            return kd_kinds[i];
    return NULL;
}

/* Notes the rule, which is the last one, with each kind that wakes it. KD_E_INVAL: a word is no
 * kind, or there is none. */
static kd_status add_wakes(kd_engine *engine, const char *wakes_on)
{
    uint32_t number = (uint32_t)engine->rules.len - 1;
    kd_scan in = kd_scan_of(kd_str_of(wakes_on));
    kd_str word;
    bool any = false;
    for (; kd_scan_blanks(&in) && kd_scan_word(&in, &word); any = true) {
        const kd_kind *kind = kind_of(word);
        if (!kind)
            return KD_E_INVAL;
        kd_list *list = &engine->wakes[kind->index];
        if (list->count > 0 && KD_ITEMS(*list, uint32_t)[list->count - 1] == number)
            continue;
        uint32_t *item = KD_LIST_ADD(&engine->arena, list, uint32_t);
        if (!item)
            return KD_E_NOMEM;
        *item = number;
    }
    return any ? KD_OK : KD_E_INVAL;
}

static void take_back_wakes(kd_engine *engine)
{
    for (size_t i = 0; i < kd_kind_count; i++) {
        kd_list *list = &engine->wakes[i];
        if (list->count > 0 && KD_ITEMS(*list, uint32_t)[list->count - 1] == engine->rules.len)
            list->count--;
    }
}

const char *kd_impact_name(kd_impact impact)
{
    static const char *const names[] = {
        [KD_IMPACT_UNKNOWN] = "",
        [KD_IMPACT_NONE] = "none",
        [KD_IMPACT_DEGRADED] = "degraded",
        [KD_IMPACT_REQUEST_FAILED] = "request-failed",
        [KD_IMPACT_TASK_KILLED] = "task-killed",
        [KD_IMPACT_MACHINE_DOWN] = "machine-down",
    };
    return (unsigned)impact < KD_COUNT(names) ? names[impact] : "";
}

const char *kd_suspect_name(kd_suspect suspect)
{
    static const char *const names[] = {
        [KD_SUSPECT_NONE] = "",
        [KD_SUSPECT_HARDWARE] = "hardware",
        [KD_SUSPECT_FIRMWARE] = "firmware",
        [KD_SUSPECT_DRIVER] = "driver",
        [KD_SUSPECT_KERNEL] = "kernel",
        [KD_SUSPECT_CONFIGURATION] = "configuration",
        [KD_SUSPECT_WORKLOAD] = "workload",
        [KD_SUSPECT_TEST] = "test",
        [KD_SUSPECT_UNKNOWN] = "unknown",
    };
    return (unsigned)suspect < KD_COUNT(names) ? names[suspect] : "";
}

kd_status kd_engine_put_rule(kd_engine *engine, const kd_rule *rule)
{
    if (!KD_VEC_ROOM(&engine->mem, &engine->rules))
        return KD_E_NOMEM;
    kd_rule *copy = &engine->rules.items[engine->rules.len++];
    memset(copy, 0, sizeof *copy);
    memcpy(copy, rule, rule->size < sizeof *copy ? rule->size : sizeof *copy);
    kd_status status = add_wakes(engine, copy->wakes_on);
    if (status == KD_OK)
        return KD_OK;
    engine->rules.len--;
    take_back_wakes(engine);
    return status;
}

/* ---- the engine ------------------------------------------------------------------------------ */

static kd_status add_identity(kd_engine *engine, const kd_kind *kind)
{
    if (!KD_VEC_ROOM(&engine->mem, &engine->identities))
        return KD_E_NOMEM;
    kd_identity *identity = &engine->identities.items[engine->identities.len++];
    return kd_identity_resolve(identity, kind, &engine->arena);
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
    engine->arena.mem = &engine->mem;
    kd_grammars_init(&engine->grammars);
    engine->wakes = kd_arena_alloc(&engine->arena, kd_kind_count * sizeof *engine->wakes);
    kd_status status = KD_E_NOMEM;
    if (engine->wakes)
        status = kd_heads_init(&engine->heads, &engine->mem);
    for (size_t i = 0; status == KD_OK && i < kd_kind_count; i++)
        status = add_identity(engine, kd_kinds[i]);
    for (size_t i = 0; status == KD_OK && i < kd_builtin_rule_count; i++)
        status = kd_engine_put_rule(engine, &kd_builtin_rules[i]);
    if (status == KD_OK)
        status = kd_engine_builtin_packs(engine);
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
    if (engine->packs.mem)
        kd_packs_free(&engine->packs);
    kd_anchors_free(&engine->anchors, &engine->mem);
    kd_matcher_free(&engine->heads, &engine->mem);
    KD_VEC_FREE(&engine->mem, &engine->identities);
    KD_VEC_FREE(&engine->mem, &engine->rules);
    kd_arena_free(&engine->arena);
    allocator.resize(allocator.user, engine, sizeof *engine, 0);
}

void kd_engine_cut_rules(kd_engine *engine, size_t count)
{
    while (engine->rules.len > count) {
        engine->rules.len--;
        take_back_wakes(engine);
    }
}

kd_status kd_engine_add_rule(kd_engine *engine, const kd_rule *rule)
{
    if (!engine || !rule || rule->size < offsetof(kd_rule, user) || !rule->id || !rule->title ||
        !rule->wakes_on || !rule->check || (unsigned)rule->severity > KD_FATAL ||
        atomic_load(&engine->used))
        return KD_E_INVAL;
    for (size_t i = 0; i < engine->rules.len; i++)
        if (!strcmp(engine->rules.items[i].id, rule->id))
            return KD_E_INVAL;
    return kd_engine_put_rule(engine, rule);
}

size_t kd_engine_rule_count(const kd_engine *engine)
{
    return engine ? engine->rules.len : 0;
}

const kd_rule *kd_engine_rule(const kd_engine *engine, size_t index)
{
    return engine && index < engine->rules.len ? &engine->rules.items[index] : NULL;
}

/* ---- options --------------------------------------------------------------------------------- */

#define ALL_FLAGS (uint32_t)(KD_COPY_INPUT | KD_NO_REPAIR | KD_NO_TEXT | KD_COUNTS)
#define LARGEST_PAGE ((uint32_t)1 << 20)
#define LONGEST_LINE ((uint32_t)1 << 24)

static bool is_text(kd_str text)
{
    return text.ptr || text.len == 0;
}

static bool is_page_size(uint32_t size)
{
    return size == 0 || (size >= 1024 && size <= LARGEST_PAGE && !(size & (size - 1)));
}

static bool is_machine(const kd_options *options)
{
    uint32_t major = options->kernel_version >> 24;
    if (options->arch && !kd_arch_known(kd_str_of(options->arch)))
        return false;
    if (options->kernel_release && kd_kernel_parse(kd_str_of(options->kernel_release)) == 0)
        return false;
    return is_page_size(options->page_size) &&
           (options->kernel_version == 0 || (major >= 2 && major <= 99));
}

kd_status kd_options_take(kd_options *out, const kd_options *given)
{
    kd_options_init(out, sizeof *out);
    if (given && given->size < offsetof(kd_options, kernel_version))
        return KD_E_INVAL;
    if (given)
        memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    out->size = sizeof *out;
    if (!is_machine(out) || out->flags & ~ALL_FLAGS || !is_text(out->source_name) ||
        !is_text(out->kconfig) || !is_text(out->before) || !is_text(out->command_line))
        return KD_E_INVAL;
    return out->max_line < 256 || out->max_line > LONGEST_LINE || out->max_event_lines < 16
               ? KD_E_INVAL
               : KD_OK;
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

/* decode.c - the decoders on their own: kd_decode(). Layer: api. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "api/engine.h"
#include "core/decode.h"
#include "core/fields.h"
#include "core/version.h"
#include "family/fields.h"
#include "family/gfp/decode_gfp.h"
#include "family/shared/decode_taint.h"

/* The same objects that events carry, through the same writer. */
static kd_status write_group(kd_event event, const char *member, const kd_context *context,
                             kd_write_fn write, void *user)
{
    kd_decode_event(&event, context);
    struct json_object *all = kd_json_event(&event), *inner;
    kd_sink sink = { write, user, KD_OK };
    if (!json_object_object_get_ex(all, member, &inner)) {
        json_object_put(all);
        return KD_E_INVAL;
    }
    kd_json_put(&sink, json_object_get(inner), KD_PRETTY, 0);
    kd_sink_put(&sink, KD_STR("\n"));
    json_object_put(all);
    return sink.status;
}

typedef struct meanings {
    struct json_object *list;
} meanings;

static void add_names(struct json_object *out, const kd_gfp_meaning *meaning)
{
    struct json_object *names = json_object_new_array();
    for (size_t i = 0; i < meaning->name_count; i++)
        json_object_array_add(names, json_object_new_string(meaning->names[i]));
    if (meaning->unnamed_bits)
        json_object_array_add(names, kd_json_hex(meaning->unnamed_bits));
    json_object_object_add(out, "names", names);
}

static void add_flags(struct json_object *out, const kd_gfp_meaning *meaning)
{
    struct json_object *flags = json_object_new_array();
    for (size_t i = 0; i < meaning->flag_count; i++)
        json_object_array_add(flags, json_object_new_string(meaning->flags[i]));
    json_object_object_add(out, "flags", flags);
}

static bool add_meaning(const kd_gfp_meaning *meaning, uint32_t from, uint32_t until,
                        const char *condition, void *user)
{
    meanings *all = user;
    struct json_object *out = json_object_new_object();
    char text[32];
    snprintf(text, sizeof text, from >> 24 == 2 ? "%u.%u.%u" : "%u.%u", from >> 24,
             from >> 16 & 255, from & 65535);
    json_object_object_add(out, "from", json_object_new_string(text));
    if (until != KD_NEWEST) {
        snprintf(text, sizeof text, until >> 24 == 2 ? "%u.%u.%u" : "%u.%u", until >> 24,
                 until >> 16 & 255, until & 65535);
        json_object_object_add(out, "until", json_object_new_string(text));
    }
    if (condition[0])
        json_object_object_add(out, "condition", json_object_new_string(condition));
    add_names(out, meaning);
    add_flags(out, meaning);
    json_object_object_add(out, "migratetype", json_object_new_string(meaning->migratetype_name));
    json_object_object_add(out, "zone", json_object_new_string(meaning->zone_name));
    if (meaning->unknown_bits)
        json_object_object_add(out, "unknown_bits", kd_json_hex(meaning->unknown_bits));
    json_object_array_add(all->list, out);
    return true;
}

static kd_status write_all_versions(uint64_t value, kd_write_fn write, void *user)
{
    struct json_object *out = json_object_new_object();
    meanings all = { json_object_new_array() };
    kd_sink sink = { write, user, KD_OK };
    json_object_object_add(out, "value", kd_json_hex(value));
    kd_gfp_each_version(value, add_meaning, &all);
    json_object_object_add(out, "meanings", all.list);
    kd_json_put(&sink, out, KD_PRETTY, 0);
    kd_sink_put(&sink, KD_STR("\n"));
    return sink.status;
}

static void fill_taint(kdf_task *task, uint64_t value, uint32_t version, kd_arena *arena)
{
    kd_taint taint;
    char raw[KD_TAINT_MAX];
    kd_taint_number(value, version, &taint);
    for (size_t i = 0; i < taint.count; i++) {
        kdf_taint_flag *flag = KD_LIST_ADD(arena, &task->taint.flags, kdf_taint_flag);
        if (!flag)
            return;
        raw[i] = taint.flags[i].letter;
        flag->letter = (kd_text){ kd_arena_str(arena, (kd_str){ &raw[i], 1 }), KD_DERIVED };
        flag->name = (kd_text){ kd_str_of(taint.flags[i].name), KD_DERIVED };
    }
    task->taint.raw = (kd_text){ kd_arena_str(arena, (kd_str){ raw, taint.count }), KD_DERIVED };
}

kd_status kd_decode(kd_engine *engine, const char *what, uint64_t value, bool all_versions,
                    const kd_options *options, kd_write_fn write, void *user)
{
    kd_options all;
    if (!engine || !what || !write)
        return KD_E_INVAL;
    if (kd_options_take(&all, options) != KD_OK)
        return KD_E_INVAL;
    kd_mem mem = { .allocator = &engine->allocator, .limit = (size_t)1 << 20 };
    kd_arena arena = { .mem = &mem };
    kd_context context;
    kd_context_init(&context, 0, &all, &arena);
    if (context.version == 0)
        context.version = KD_NEWEST_KNOWN;
    kdf_page_alloc failure = { .order = { 0, 0 } };
    kdf_oops oops = { .headline = { { NULL, 0 }, 0 } };
    kd_str name = kd_str_of(what);
    kd_status status = KD_E_INVAL;
    if (kd_str_is(name, "gfp") && all_versions) {
        status = write_all_versions(value, write, user);
    } else if (kd_str_is(name, "gfp")) {
        failure.gfp.value = (kd_hex){ value, KD_DERIVED };
        status = write_group(
            (kd_event){ .arena = arena, .kind = &kd_kind_page_alloc_failure, .body = &failure },
            "gfp", &context, write, user);
    } else if (kd_str_is(name, "esr")) {
        oops.esr.value = (kd_hex){ value, KD_DERIVED };
        status =
            write_group((kd_event){ .arena = arena, .kind = &kd_kind_paging_fault, .body = &oops },
                        "esr", &context, write, user);
    } else if (kd_str_is(name, "x86-fault")) {
        oops.error_code.value = (kd_hex){ value, KD_DERIVED };
        status =
            write_group((kd_event){ .arena = arena, .kind = &kd_kind_paging_fault, .body = &oops },
                        "error_code", &context, write, user);
    } else if (kd_str_is(name, "taint")) {
        fill_taint(&failure.task, value, context.version, &arena);
        status = write_group(
            (kd_event){ .arena = arena, .kind = &kd_kind_page_alloc_failure, .body = &failure },
            "taint", &context, write, user);
    }
    kd_arena_free(&arena);
    return status;
}

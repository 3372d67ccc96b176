/* decode.c - the decoders on their own: kd_decode(). Layer: api. */
#include <stdio.h>
#include <string.h>

#include "api/engine.h"
#include "core/decode.h"
#include "core/lists.h"
#include "core/version.h"
#include "family/gfp/decode_gfp.h"

/* What one number needs. */
#define DECODE_MEMORY ((size_t)1 << 20)

static const kd_number *number_of(kd_str word)
{
    for (size_t i = 0; i < kd_number_count; i++)
        if (kd_str_is(word, kd_numbers[i].word))
            return &kd_numbers[i];
    return NULL;
}

/* An event of the kind that holds such numbers, with nothing else in it; `group`: the group of the
 * number in its body. */
static kd_status make_event(kd_event *event, const kd_number *number, uint64_t value,
                            const kd_context *context, void **group, const kd_fields **fields)
{
    size_t at, inner;
    const kd_field *row = kd_fields_find(number->kind->fields, kd_str_of(number->group), &at);
    if (!row || row->type != KDF_one)
        return KD_E_INVAL;
    event->kind = number->kind;
    event->body = kd_arena_alloc(&event->arena, number->kind->fields->size);
    if (!event->body)
        return event->arena.mem->failed;
    *group = (char *)event->body + at;
    *fields = row->group;
    if (number->put) {
        number->put(*group, value, context, &event->arena);
        return event->arena.mem->failed;
    }
    row = kd_fields_find(*fields, KD_STR("value"), &inner);
    if (!row || row->type != KDF_hex)
        return KD_E_INVAL;
    kd_hex *hex = (kd_hex *)(void *)((char *)*group + inner);
    *hex = (kd_hex){ value, KD_DERIVED };
    return KD_OK;
}

static kd_status write_number(const kd_number *number, uint64_t value, const kd_options *options,
                              kd_json *out, kd_mem *mem)
{
    kd_event event = { .arena = { .mem = mem } };
    const kd_fields *fields = NULL;
    kd_context context = { .arena = { .mem = mem } };
    void *group = NULL;
    kd_context_init(&context, 0, options);
    if (context.version == 0)
        context.version = KD_NEWEST_KNOWN;
    kd_status status = make_event(&event, number, value, &context, &group, &fields);
    if (status == KD_OK) {
        kd_decode_event(&event, &context);
        status = mem->failed;
    }
    if (status == KD_OK) {
        kd_json_open(out, '{');
        kd_put_fields(out, fields, group);
        kd_json_close(out, '}');
    }
    kd_arena_free(&event.arena);
    kd_arena_free(&context.arena);
    return status;
}

/* ---- each meaning that a mask ever had ------------------------------------------------------- */

static void add_text(kd_json *out, kd_str name, const char *text)
{
    kd_json_key(out, name);
    kd_json_text(out, kd_str_of(text));
}

static void add_version(kd_json *out, kd_str name, uint32_t version)
{
    char text[32];
    snprintf(text, sizeof text, version >> 24 == 2 ? "%u.%u.%u" : "%u.%u", version >> 24,
             version >> 16 & 255, version & 65535);
    add_text(out, name, text);
}

static void put_names(kd_json *out, const char *const *names, size_t count, uint64_t unnamed)
{
    kd_json_open(out, '[');
    for (size_t i = 0; i < count; i++)
        kd_json_text(out, kd_str_of(names[i]));
    if (unnamed)
        kd_json_hex(out, unnamed);
    kd_json_close(out, ']');
}

static bool put_meaning(const kd_gfp_meaning *meaning, uint32_t from, uint32_t until,
                        const char *condition, void *user)
{
    kd_json *out = user;
    kd_json_open(out, '{');
    add_version(out, KD_STR("from"), from);
    if (until != KD_NEWEST)
        add_version(out, KD_STR("until"), until);
    if (condition[0])
        add_text(out, KD_STR("condition"), condition);
    kd_json_key(out, KD_STR("names"));
    put_names(out, meaning->names, meaning->name_count, meaning->unnamed_bits);
    kd_json_key(out, KD_STR("flags"));
    put_names(out, meaning->flags, meaning->flag_count, 0);
    add_text(out, KD_STR("migratetype"), meaning->migratetype_name);
    add_text(out, KD_STR("zone"), meaning->zone_name);
    if (meaning->unknown_bits) {
        kd_json_key(out, KD_STR("unknown_bits"));
        kd_json_hex(out, meaning->unknown_bits);
    }
    kd_json_close(out, '}');
    return true;
}

static void write_meanings(uint64_t value, kd_json *out)
{
    kd_json_open(out, '{');
    kd_json_key(out, KD_STR("value"));
    kd_json_hex(out, value);
    kd_json_key(out, KD_STR("meanings"));
    kd_json_open(out, '[');
    kd_gfp_each_version(value, put_meaning, out);
    kd_json_close(out, ']');
    kd_json_close(out, '}');
}

kd_status kd_decode(kd_engine *engine, const char *what, uint64_t value, bool all_versions,
                    const kd_options *options, kd_write_fn write, void *user)
{
    kd_options all;
    kd_json out;
    const kd_number *number = what ? number_of(kd_str_of(what)) : NULL;
    if (!engine || !write || !number)
        return KD_E_INVAL;
    if (kd_options_take(&all, options) != KD_OK)
        return KD_E_INVAL;
    kd_mem mem = { .allocator = &engine->allocator, .limit = DECODE_MEMORY };
    kd_json_init(&out, KD_PRETTY, write, user);
    kd_status status = KD_OK;
    if (all_versions && !strcmp(what, "gfp"))
        write_meanings(value, &out);
    else
        status = write_number(number, value, &all, &out, &mem);
    if (status != KD_OK)
        return status;
    kd_json_line(&out);
    return kd_json_end(&out);
}

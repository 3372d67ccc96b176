/* json_write.c - JSON objects as text: compact, or opened up for people. Layer: report. */
#include <json-c/json.h>
#include <stdio.h>

#include "report/store.h"

#define FORMAT_NAME "kdiag-report/1"

static void add(struct json_object *object, const char *name, struct json_object *value)
{
    json_object_object_add(object, name, value);
}

/* ---- text out of objects --------------------------------------------------------------------- */

void kd_sink_put(kd_sink *sink, kd_str text)
{
    if (sink->status == KD_OK && text.len > 0 && sink->write(text.ptr, text.len, sink->user))
        sink->status = KD_E_SINK;
}

static void put_blanks(kd_sink *sink, int count)
{
    static const char blanks[] = "                                ";
    for (; count > 32; count -= 32)
        kd_sink_put(sink, (kd_str){ blanks, 32 });
    kd_sink_put(sink, (kd_str){ blanks, (size_t)count });
}

static kd_str flat_text(struct json_object *object)
{
    size_t len;
    const char *text = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    return (kd_str){ text ? text : "", text ? len : 0 };
}

static void put_pretty(kd_sink *sink, struct json_object *object, int indent);

static void put_members(kd_sink *sink, struct json_object *object, int indent)
{
    bool first = true;
    json_object_object_foreach(object, key, value)
    {
        struct json_object *name = json_object_new_string(key);
        kd_sink_put(sink, first ? KD_STR("\n") : KD_STR(",\n"));
        put_blanks(sink, indent + 2);
        kd_sink_put(sink, flat_text(name));
        kd_sink_put(sink, KD_STR(": "));
        put_pretty(sink, value, indent + 2);
        json_object_put(name);
        first = false;
    }
}

static void put_items(kd_sink *sink, struct json_object *array, int indent)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        kd_sink_put(sink, i == 0 ? KD_STR("\n") : KD_STR(",\n"));
        put_blanks(sink, indent + 2);
        put_pretty(sink, json_object_array_get_idx(array, i), indent + 2);
    }
}

/* What fits stands on one line, the rest is opened up. */
static void put_pretty(kd_sink *sink, struct json_object *object, int indent)
{
    bool list = json_object_is_type(object, json_type_array);
    kd_str flat = flat_text(object);
    if ((!list && !json_object_is_type(object, json_type_object)) ||
        flat.len + (size_t)indent <= 110) {
        kd_sink_put(sink, flat);
        return;
    }
    kd_sink_put(sink, list ? KD_STR("[") : KD_STR("{"));
    if (list)
        put_items(sink, object, indent);
    else
        put_members(sink, object, indent);
    kd_sink_put(sink, KD_STR("\n"));
    put_blanks(sink, indent);
    kd_sink_put(sink, list ? KD_STR("]") : KD_STR("}"));
}

void kd_json_put(kd_sink *sink, struct json_object *object, uint32_t flags, int indent)
{
    if (!object) {
        sink->status = sink->status ? sink->status : KD_E_NOMEM;
        return;
    }
    if (flags & KD_PRETTY) {
        put_pretty(sink, object, indent);
    } else {
        size_t len;
        const char *text = json_object_to_json_string_length(
            object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
        if (text)
            kd_sink_put(sink, (kd_str){ text, len });
        else
            sink->status = sink->status ? sink->status : KD_E_NOMEM;
    }
    json_object_put(object);
}

/* ---- the report ------------------------------------------------------------------------------ */

static void put_key(kd_sink *sink, const char *key, uint32_t flags, bool first)
{
    bool pretty = flags & KD_PRETTY;
    kd_sink_put(sink, first ? KD_STR("{") : KD_STR(","));
    kd_sink_put(sink, pretty ? KD_STR("\n  \"") : KD_STR("\""));
    kd_sink_put(sink, kd_str_of(key));
    kd_sink_put(sink, pretty ? KD_STR("\": ") : KD_STR("\":"));
}

static void put_separator(kd_sink *sink, size_t index, uint32_t flags)
{
    if (index > 0)
        kd_sink_put(sink, KD_STR(","));
    if (flags & KD_PRETTY)
        kd_sink_put(sink, KD_STR("\n    "));
}

static void put_list_end(kd_sink *sink, size_t count, uint32_t flags)
{
    kd_sink_put(sink, flags & KD_PRETTY && count > 0 ? KD_STR("\n  ]") : KD_STR("]"));
}

static struct json_object *tool(const kd_report *report)
{
    struct json_object *out = json_object_new_object();
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", KD_VERSION_MAJOR, KD_VERSION_MINOR,
             KD_VERSION_PATCH);
    add(out, "name", kd_json_text(report->tool_name));
    add(out, "version", json_object_new_string(version));
    add(out, "rules", json_object_new_uint64(report->rules));
    return out;
}

kd_status kd_json_write(const kd_report *report, uint32_t flags, kd_write_fn write, void *user)
{
    kd_sink sink = { write, user, KD_OK };
    put_key(&sink, "format", flags, true);
    kd_sink_put(&sink, KD_STR("\"" FORMAT_NAME "\""));
    put_key(&sink, "tool", flags, false);
    kd_json_put(&sink, tool(report), flags, 2);
    put_key(&sink, "source", flags, false);
    kd_json_put(&sink, kd_json_source(report), flags, 2);
    put_key(&sink, "boots", flags, false);
    kd_sink_put(&sink, KD_STR("["));
    for (size_t i = 0; i < report->boots.len; i++) {
        put_separator(&sink, i, flags);
        kd_json_put(&sink, kd_json_boot(report->boots.items[i]), flags, 4);
    }
    put_list_end(&sink, report->boots.len, flags);
    put_key(&sink, "events", flags, false);
    kd_sink_put(&sink, KD_STR("["));
    for (size_t i = 0; i < report->events.len; i++) {
        put_separator(&sink, i, flags);
        kd_json_put(&sink, kd_json_event(report->events.items[i]), flags, 4);
    }
    put_list_end(&sink, report->events.len, flags);
    put_key(&sink, "diagnoses", flags, false);
    kd_sink_put(&sink, KD_STR("["));
    for (size_t i = 0; i < report->diags.len; i++) {
        put_separator(&sink, i, flags);
        kd_json_put(&sink, kd_json_diag(report->diags.items[i]), flags, 4);
    }
    put_list_end(&sink, report->diags.len, flags);
    put_key(&sink, "stats", flags, false);
    kd_json_put(&sink, kd_json_stats(&report->stats), flags, 2);
    kd_sink_put(&sink, flags & KD_PRETTY ? KD_STR("\n}\n") : KD_STR("}\n"));
    return sink.status;
}

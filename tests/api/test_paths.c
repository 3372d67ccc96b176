/* test_paths.c - every name of the report is a path: for each log, the JSON of each event, boot and
 * diagnosis is walked, and the path to each value must give that value through kd_..._get(). */
#include <dirent.h>
#include <json-c/json.h>

#include "api/stage.h"

typedef kd_status (*getter)(const void *object, const char *path, kd_value *out);

static kd_status get_event(const void *object, const char *path, kd_value *out)
{
    return kd_event_get(object, path, out);
}

static kd_status get_boot(const void *object, const char *path, kd_value *out)
{
    return kd_context_get(object, path, out);
}

static kd_status get_diag(const void *object, const char *path, kd_value *out)
{
    return kd_diag_get(object, path, out);
}

typedef struct walk {
    getter get;
    const void *object;
    const char *log;
    size_t values, names, unlike;
} walk;

/* U+FFFD stands for bytes that the path still gives as they are. */
static bool was_repaired(const char *text)
{
    return strstr(text, "\xef\xbf\xbd") != NULL;
}

static bool same_text(const kd_value *value, const char *path, const char *text)
{
    bool id = strcmp(path, "id") == 0 || strncmp(path, "events[", 7) == 0 ||
              strncmp(path, "caused_by[", 10) == 0;
    if (value->type == KD_HEX)
        return strncmp(text, "0x", 2) == 0 && strtoull(text, NULL, 16) == value->as.u;
    if (value->type == KD_U64) /* "e3" is 3 */
        return id && strtoull(text + 1, NULL, 10) == value->as.u;
    return value->type == KD_TEXT && (was_repaired(text) || text_is(value->as.s, text));
}

static bool same(const kd_value *value, const char *path, struct json_object *json)
{
    switch (json_object_get_type(json)) {
    case json_type_boolean:
        return value->type == KD_BOOL && value->as.b == json_object_get_boolean(json);
    case json_type_int:
        return value->type == KD_I64
                   ? value->as.i == json_object_get_int64(json)
                   : value->type == KD_U64 && value->as.u == json_object_get_uint64(json);
    case json_type_string: return same_text(value, path, json_object_get_string(json));
    case json_type_array:
        return value->type == KD_LIST && value->as.count == json_object_array_length(json);
    default: return false;
    }
}

static void check(walk *w, const char *path, struct json_object *json)
{
    kd_value value;
    kd_status status = w->get(w->object, path, &value);
    w->values++;
    if (status == KD_OK && same(&value, path, json))
        return;
    if (w->unlike++ < 20)
        printf("%s: %s: status %d, type %d, not %s\n", w->log, path, status, value.type,
               json_object_to_json_string(json));
}

/* Of a map each name of the report can be asked for. */
static void check_name(walk *w, const char *path, const char *key)
{
    char inner[1040];
    kd_value value;
    for (size_t i = 0;; i++) {
        snprintf(inner, sizeof inner, "%s[%zu]", path, i);
        if (*path == 0 || w->get(w->object, inner, &value) != KD_OK)
            return; /* an object */
        w->names += value.type == KD_TEXT;
        if (value.type == KD_TEXT && text_is(value.as.s, key))
            return;
        if (value.type != KD_TEXT)
            break;
    }
    if (w->unlike++ < 20)
        printf("%s: %s has no name %s\n", w->log, path, key);
}

static void walk_value(walk *w, const char *path, struct json_object *json)
{
    char inner[1024];
    if (json_object_is_type(json, json_type_object)) {
        json_object_object_foreach(json, key, member)
        {
            if (was_repaired(key))
                continue;
            check_name(w, path, key);
            snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", key);
            walk_value(w, inner, member);
        }
        return;
    }
    check(w, path, json);
    for (size_t i = 0;
         json_object_is_type(json, json_type_array) && i < json_object_array_length(json); i++) {
        snprintf(inner, sizeof inner, "%s[%zu]", path, i);
        walk_value(w, inner, json_object_array_get_idx(json, i));
    }
}

static void walk_object(walk *w, getter get, const void *object, text *json)
{
    ck_assert_int_eq(text_put("", 1, json), 0);
    struct json_object *root = json_tokener_parse(json->ptr);
    ck_assert_ptr_nonnull(root);
    w->get = get;
    w->object = object;
    walk_value(w, "", root);
    json_object_put(root);
    json->len = 0;
}

static void walk_log(kd_engine *engine, walk *w, kd_str log)
{
    kd_report *report;
    text json = { NULL, 0, 0 };
    must(kd_analyze(engine, log, NULL, &report), "kd_analyze");
    for (size_t i = 0; i < kd_report_boot_count(report); i++) {
        const kd_context *boot = kd_report_context(report, i);
        ck_assert_int_eq(kd_boot_write(boot, text_put, &json), KD_OK);
        walk_object(w, get_boot, boot, &json);
    }
    for (size_t i = 0; i < kd_report_event_count(report); i++) {
        const kd_event *event = kd_report_event(report, i);
        ck_assert_int_eq(kd_event_write(event, text_put, &json), KD_OK);
        walk_object(w, get_event, event, &json);
    }
    for (size_t i = 0; i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        ck_assert_int_eq(kd_diag_write(diag, text_put, &json), KD_OK);
        walk_object(w, get_diag, diag, &json);
    }
    free(json.ptr);
    kd_report_free(report);
}

static void walk_folder(kd_engine *engine, walk *w, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char path[512];
        size_t len = strlen(entry->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && !strchr(entry->d_name, '.'))
            walk_folder(engine, w, path);
        if (len < 4 || strcmp(entry->d_name + len - 4, ".log") != 0)
            continue;
        text log = load_file(path);
        w->log = path;
        walk_log(engine, w, (kd_str){ log.ptr, log.len });
        free(log.ptr);
    }
    if (dir)
        closedir(dir);
}

START_TEST(each_value_of_each_report)
{
    kd_engine *engine = new_engine();
    walk w = { .log = "" };
    walk_folder(engine, &w, "tests/logs");
    printf("%zu values\n", w.values);
    ck_assert_uint_gt(w.values, 50000);
    ck_assert_uint_gt(w.names, 5000);
    ck_assert_uint_eq(w.unlike, 0);
    kd_engine_free(engine);
}
END_TEST

START_TEST(repetitions_and_given_facts)
{
    kd_engine *engine = new_engine();
    kd_options options = defaults();
    kd_report *report;
    kd_value value;
    options.arch = "arm64";
    ck_assert_int_eq(kd_analyze(engine, str(VMAP "\n\n" VMAP VMAP), &options, &report), KD_OK);
    const kd_event *event = kd_report_event(report, 0);
    ck_assert_uint_eq(kd_report_event_count(report), 1);
    static const struct {
        const char *path;
        uint64_t wanted;
    } numbers[] = { { "id", 1 },
                    { "repeated.count", 3 },
                    { "repeated.first_time_us", 1000000 },
                    { "repeated.lines[1][0]", 4 },
                    { "lines[0][1]", 1 },
                    { "offset", 0 } };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        ck_assert_int_eq(kd_event_get(event, numbers[i].path, &value), KD_OK);
        ck_assert_msg(value.type == KD_U64 && value.as.u == numbers[i].wanted, "%s",
                      numbers[i].path);
    }
    const kd_context *boot = kd_report_context(report, 0);
    ck_assert_int_eq(kd_context_get(boot, "how_known.arch.by", &value), KD_OK);
    ck_assert(text_is(value.as.s, "given"));
    ck_assert_int_eq(kd_context_get(boot, "how_known.arch.line", &value), KD_OK);
    ck_assert_int_eq(value.type, KD_NONE);
    ck_assert_int_eq(kd_context_get(boot, "conflicts", &value), KD_OK);
    ck_assert_int_eq(value.type, KD_NONE);
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

START_TEST(paths_that_are_none)
{
    static const char *const nowhere[] = { "",           "nothing",       "evidence[0]",
                                           "evidence[",  "evidence[x]",   "evidence[0].nothing",
                                           "rule.id",    "remedies[0].x", "events[0]x",
                                           "proof[9].x", "facts[0]",      "[0]" };
    static const char *const absent[] = { "evidence[99].line", "remedies[99]", "facts.nothing",
                                          "caused_by[99]", "proof[99].claim" };
    kd_engine *engine = new_engine();
    kd_report *report;
    kd_value value;
    ck_assert_int_eq(kd_analyze(engine, str(VMAP), NULL, &report), KD_OK);
    const kd_diag *diag = kd_report_diag(report, 0);
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        ck_assert_msg(kd_diag_get(diag, nowhere[i], &value) == KD_E_INVAL, "%s", nowhere[i]);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        ck_assert_msg(kd_diag_get(diag, absent[i], &value) == KD_OK && value.type == KD_NONE, "%s",
                      absent[i]);
    const kd_event *event = kd_report_event(report, 0);
    static const char *const lines[] = { "lines[0][2]", "lines[7]", "lines[7][0]",
                                         "repeated.count" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(kd_event_get(event, lines[i], &value) == KD_OK && value.type == KD_NONE, "%s",
                      lines[i]);
    ck_assert_int_eq(kd_event_get(event, "lines[0][1][2]", &value), KD_E_INVAL);
    ck_assert_int_eq(kd_event_get(event, "repeated.nothing", &value), KD_E_INVAL);
    ck_assert_int_eq(kd_event_get(event, "nothing", &value), KD_E_INVAL);
    ck_assert_int_eq(kd_context_get(kd_report_context(report, 0), "nothing", &value), KD_E_INVAL);
    ck_assert_int_eq(kd_event_get(NULL, "id", &value), KD_E_INVAL);
    ck_assert_int_eq(kd_event_get(event, NULL, &value), KD_E_INVAL);
    ck_assert_int_eq(kd_event_get(event, "id", NULL), KD_E_INVAL);
    ck_assert_int_eq(kd_diag_get(NULL, "id", &value), KD_E_INVAL);
    ck_assert_int_eq(kd_context_get(NULL, "boot", &value), KD_E_INVAL);
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("paths");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, each_value_of_each_report);
    tcase_add_test(all, repetitions_and_given_facts);
    tcase_add_test(all, paths_that_are_none);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

/* test_formats.c - the formats beside the report: the end of a stream, the stats, the brief; and
 * that all memory is given back whatever was asked for. */
#include <json-c/json.h>

#include "api/stage.h"

#define BOOT "[    0.000000] Linux version 4.19.0 (gcc)\n"
/* A failure with a dump, so that the last one of those that are alike is kept. */
#define DUMPED                                                                                \
    ALLOC                                                                                     \
    "[    2.000002] Mem-Info:\n"                                                              \
    "[    2.000003] Normal free:4000kB min:400kB low:500kB high:600kB managed:400000kB "      \
    "free_cma:0kB\n"                                                                          \
    "[    2.000004] lowmem_reserve[]: 0 0 0\n"                                                \
    "[    2.000005] Normal: 1000*4kB (U) 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB " \
    "0*1024kB 0*2048kB 0*4096kB = 4000kB\n"                                                   \
    "[    2.000006] 100000 pages RAM\n"

static text write_as(const kd_report *report, kd_format format)
{
    text out = { NULL, 0, 0 };
    ck_assert_int_eq(kd_report_write(report, format, 0, text_put, &out), KD_OK);
    ck_assert_int_eq(text_put("", 1, &out), 0);
    return out;
}

static kd_report *analyze(kd_engine *engine, const char *log)
{
    kd_options options = defaults();
    kd_report *report;
    options.source_name = str("ttyS0");
    ck_assert_int_eq(kd_analyze(engine, str(log), &options, &report), KD_OK);
    return report;
}

/* The member of an object that has so many. */
static json_object *member(json_object *of, const char *name, int count)
{
    json_object *found = NULL;
    ck_assert(json_object_is_type(of, json_type_object));
    ck_assert_int_eq(json_object_object_length(of), count);
    ck_assert(json_object_object_get_ex(of, name, &found));
    return found;
}

START_TEST(end_of_a_stream)
{
    kd_engine *engine = new_engine();
    kd_report *report = analyze(engine, BOOT VMAP ALLOC);
    text end = write_as(report, KD_FORMAT_END), stats = write_as(report, KD_FORMAT_STATS);
    json_object *all = json_tokener_parse(end.ptr), *alone = json_tokener_parse(stats.ptr), *name;
    json_object *inner = member(all, "end", 1);
    ck_assert(json_object_object_get_ex(member(inner, "source", 2), "name", &name));
    ck_assert_str_eq(json_object_get_string(name), "ttyS0");
    ck_assert(json_object_equal(member(inner, "stats", 2), alone));
    ck_assert(json_object_object_get_ex(alone, "lines", &name));
    ck_assert_int_eq(json_object_get_int(name), 4);
    ck_assert_ptr_eq(strchr(end.ptr, '\n'), end.ptr + strlen(end.ptr) - 1);
    json_object_put(all);
    json_object_put(alone);
    free(end.ptr);
    free(stats.ptr);
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

START_TEST(brief_of_few)
{
    kd_engine *engine = new_engine();
    kd_report *report = analyze(engine, BOOT);
    text out = write_as(report, KD_FORMAT_BRIEF);
    ck_assert_str_eq(out.ptr, "OK: no problem in 1 lines\n");
    free(out.ptr);
    kd_report_free(report);
    report = analyze(engine, BOOT ALLOC ALLOC "[ 2.1] other\n" VMAP);
    out = write_as(report, KD_FORMAT_BRIEF);
    ck_assert_msg(!strncmp(out.ptr, "error: 2 problems: ", 19), "%s", out.ptr);
    ck_assert_ptr_nonnull(strstr(out.ptr, ", 2 times, line 2: "));
    ck_assert_ptr_nonnull(strstr(out.ptr, ", line 7: "));
    ck_assert_ptr_null(strstr(out.ptr, "more problems"));
    free(out.ptr);
    kd_report_free(report);
    kd_engine_free(engine);
}
END_TEST

/* So many warnings, each a problem; the name of the last function is longer by so much. */
static void write_warnings(char *to, size_t size, int count, int more)
{
    size_t at = 0;
    for (int i = 0; i < count; i++)
        at += (size_t)snprintf(
            to + at, size - at,
            "[    2.0] WARNING: CPU: 1 PID: 77 at a/b.c:%d function_%02d%.*s+0x1/0x2\n", i + 1, i,
            i + 1 == count ? more : 0,
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

/* At most 2000 bytes, each problem told or counted: a line is told where it leaves 40 bytes. */
static void check_brief(kd_engine *engine, int count, int more)
{
    static char log[8000];
    write_warnings(log, sizeof log, count, more);
    kd_report *report = analyze(engine, log);
    text out = write_as(report, KD_FORMAT_BRIEF);
    char *line = strchr(out.ptr, '\n') + 1, wanted[400];
    for (int i = 0; i < count; i++) {
        size_t len =
            (size_t)snprintf(wanted, sizeof wanted,
                             "p%d warning bug.warning likely, line %d: warning in "
                             "function_%02d%.*s\n",
                             i + 1, i + 1, i, i + 1 == count ? more : 0,
                             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        bool fits = (size_t)(line - out.ptr) + len - 1 + 40 <= 2000;
        if (!fits)
            snprintf(wanted, sizeof wanted, "and %d more problems\n", count - i);
        ck_assert_msg(!strncmp(line, wanted, strlen(wanted)), "%d, %d: %sis not\n%s", count, more,
                      line, wanted);
        line += strlen(wanted);
        if (!fits)
            break;
    }
    ck_assert_str_eq(line, "");
    free(out.ptr);
    kd_report_free(report);
}

START_TEST(brief_of_many)
{
    kd_engine *engine = new_engine();
    check_brief(engine, 1, 0);
    check_brief(engine, 2, 7);
    for (int count = 29; count < 33; count++)
        for (int more = 0; more < 60; more++)
            check_brief(engine, count, more);
    kd_engine_free(engine);
}
END_TEST

/* ---- memory ---------------------------------------------------------------------------------- */

typedef struct account {
    size_t used, most;
} account;

static void *count(void *user, void *ptr, size_t old_size, size_t new_size)
{
    account *a = user;
    void *moved = new_size ? realloc(ptr, new_size) : (free(ptr), NULL);
    if (moved || !new_size)
        a->used += new_size - old_size;
    a->most = a->used > a->most ? a->used : a->most;
    return moved;
}

/* So many failures that are alike; what was used at most. */
static size_t stream(int rounds, bool pull)
{
    account a = { 0, 0 };
    kd_allocator allocator = { count, &a };
    kd_engine *engine;
    kd_session *session;
    kd_item item;
    ck_assert_int_eq(kd_engine_new(&engine, &allocator), KD_OK);
    ck_assert_int_eq(kd_session_new(&session, engine, NULL), KD_OK);
    for (int i = 0; i < rounds; i++) {
        ck_assert_int_eq(kd_session_feed(session, str(DUMPED)), KD_OK);
        while (pull && kd_session_next(session, &item) == KD_OK)
            continue;
    }
    kd_report *report;
    ck_assert_int_eq(kd_session_report(session, &report), KD_OK);
    text out = write_as(report, KD_FORMAT_JSON);
    free(out.ptr);
    kd_report_free(report);
    kd_session_free(session);
    kd_engine_free(engine);
    ck_assert_uint_eq(a.used, 0);
    return a.most;
}

/* All is given back, and what repeats takes room once. */
START_TEST(memory)
{
    for (int pull = 0; pull < 2; pull++) {
        size_t few = stream(40, pull), many = stream(400, pull);
        ck_assert_msg(many < few + few / 4 + 65536, "%zu, then %zu bytes", few, many);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("formats");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120); /* sanitizers on a busy machine */
    tcase_add_test(all, end_of_a_stream);
    tcase_add_test(all, brief_of_few);
    tcase_add_test(all, brief_of_many);
    tcase_add_test(all, memory);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

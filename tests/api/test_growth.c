/* test_growth.c - what grows from dump to dump: its steps, its rate and how long the rest lasts. */
#include "api/stage.h"

/* The first lines of a log tell the boot and one dump, in which all free memory but 2352 kB is in
 * blocks of 4 MiB; the slabs take some of them from dump to dump. */
#define LOG "tests/logs/leak/arm64-slab-grows.log"
#define BOOT_LINES 6u
#define DUMP_LINES 22u
#define STAMP 15u
#define BLOCK_KB 4096u
#define FIRST_BLOCKS 142u

typedef struct leak {
    unsigned dumps, blocks; /* taken between two dumps */
    uint64_t us;            /* between two dumps; 0: no times are printed */
    const char *rate, *lasts, *steps;
} leak;

static void put(text *log, const char *line, size_t len)
{
    ck_assert_int_eq(text_put(line, len, log), 0);
}

/* The line with the numbers of the dump in the place of its own. */
static void put_line(text *log, const char *line, size_t len, const leak *l, unsigned at)
{
    static const char free_pages[] = " free:145996", free_kb[] = " free:583984kB";
    static const char slab[] = "slab_unreclaimable:7500", list[] = "142*4096kB (M) = 583984kB";
    unsigned taken = at * l->blocks, kb = 583984 - taken * BLOCK_KB;
    uint64_t us = UINT64_C(500000000) + at * l->us;
    char room[1024], own[64];
    snprintf(room, sizeof room, "%.*s", (int)(len - STAMP), line + STAMP);
    const struct {
        const char *was;
        unsigned is, second;
        const char *form;
    } numbers[] = {
        { free_kb, kb, 0, " free:%ukB" },
        { free_pages, kb / 4, 0, " free:%u" },
        { slab, 7500 + taken * BLOCK_KB / 4, 0, "slab_unreclaimable:%u" },
        { list, FIRST_BLOCKS - taken, kb, "%u*4096kB (M) = %ukB" },
    };
    if (l->us > 0) {
        int n = snprintf(own, sizeof own, "[%5llu.%06llu] ", (unsigned long long)(us / 1000000),
                         (unsigned long long)(us % 1000000));
        put(log, own, (size_t)n);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char *found = strstr(room, numbers[i].was);
        if (!found)
            continue;
        int n = snprintf(own, sizeof own, numbers[i].form, numbers[i].is, numbers[i].second);
        put(log, room, (size_t)(found - room));
        put(log, own, (size_t)n);
        found += strlen(numbers[i].was);
        put(log, found, strlen(found));
        return;
    }
    put(log, room, strlen(room));
}

static text make_log(const leak *l)
{
    text whole = load_file(LOG), log = { NULL, 0, 0 };
    const char *dump = whole.ptr, *end = whole.ptr;
    for (unsigned line = 0; line < BOOT_LINES; line++)
        dump = (const char *)memchr(dump, '\n', 256) + 1;
    put(&log, whole.ptr, (size_t)(dump - whole.ptr));
    for (unsigned at = 0; at < l->dumps; at++) {
        const char *line = dump;
        for (unsigned i = 0; i < DUMP_LINES; i++, line = end) {
            end = (const char *)memchr(line, '\n', 1024) + 1;
            put_line(&log, line, (size_t)(end - line), l, at);
        }
    }
    free(whole.ptr);
    return log;
}

static void check(kd_engine *engine, const leak *l)
{
    kd_report *report;
    text log = make_log(l), said = { NULL, 0, 0 };
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, NULL, &report), KD_OK);
    ck_assert_int_eq(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, &said), KD_OK);
    put(&said, "", 1);
    const char *const words[] = { "\"leak.slab-growth\"", l->rate, l->lasts, l->steps };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(!words[i] || strstr(said.ptr, words[i]), "no %s", words[i]);
    kd_report_free(report);
    free(log.ptr);
    free(said.ptr);
}

static void check_all(const leak *leaks, size_t count)
{
    kd_engine *engine = new_engine();
    for (size_t i = 0; i < count; i++)
        check(engine, &leaks[i]);
    kd_engine_free(engine);
}

#define CHECK(leaks) check_all(leaks, sizeof leaks / sizeof leaks[0])
#define SECOND UINT64_C(1000000)
#define HOUR (3600 * SECOND)

/* 583984 kB are free at first and 224000 kB are of files and slabs that can be reclaimed; two steps
 * of 8 blocks leave 742448 kB, two of 40 blocks 480304 kB. */
START_TEST(rates_and_what_is_left)
{
    static const leak leaks[] = {
        { 3, 8, 32 * SECOND, "That is 1024 kB per second; at this rate the 742448 kB",
          "last to about 12 minutes", "65536 kB * 1 s / 64.000000 s = 1024 kB" },
        { 3, 8, 33 * SECOND, "That is 59578 kB per minute;", "last to about 12 minutes",
          "65536 kB * 60 s / 66.000000 s = 59578 kB" },
        { 3, 8, 1920 * SECOND, "That is 1024 kB per minute;", "last to about 12 hours", NULL },
        { 3, 8, 1980 * SECOND, "That is 59578 kB per hour;", "last to about 12 hours",
          "65536 kB * 3600 s / 3960.000000 s = 59578 kB" },
        { 3, 40, 40930000, NULL, "last to about 119 seconds", NULL },
        { 3, 40, 40940000, NULL, "last to about 2 minutes", NULL },
        { 3, 40, 2455 * SECOND, NULL, "last to about 119 minutes", NULL },
        { 3, 40, 2456500000, NULL, "last to about 2 hours", NULL },
        { 3, 40, 58930 * SECOND, NULL, "last to about 47 hours", NULL },
        { 3, 40, 58950 * SECOND, NULL, "last to about 2 days", NULL },
    };
    CHECK(leaks);
}
END_TEST

START_TEST(steps_are_added_up)
{
    static const leak leaks[] = {
        { 3, 8, HOUR, NULL, NULL, "95536 - 30000 = 32768 + 32768 = 65536 kB" },
        { 4, 8, HOUR, NULL, NULL, "128304 - 30000 = 32768 + 32768 + 32768 = 98304 kB" },
        /* more than eight steps are put together to eight */
        { 17, 8, HOUR, NULL, NULL,
          "554288 - 30000 = 65536 + 65536 + 65536 + 65536 + 65536 + 65536 + 65536 + 65536 = "
          "524288 kB" },
        { 3, 8, 0, NULL, "The dumps have no times that could be compared: 32768 kB per dump.",
          NULL },
    };
    CHECK(leaks);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("growth");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, rates_and_what_is_left);
    tcase_add_test(all, steps_are_added_up);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

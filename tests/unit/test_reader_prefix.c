/* test_reader_prefix.c - bytes to lines, whatever the portions; prefixes off, and nothing else. */
#include "plain.h"
#include "suite.h"
#include <string.h>

#include "input/grammar.h"
#include "input/line.h"
#include "input/reader.h"

/* ---- prefixes -------------------------------------------------------------------------------- */

typedef struct prefix_case {
    const char *raw, *text;
    unsigned forms;
    int level;       /* -1: none */
    int64_t time_us; /* -1: none */
    const char *wall, *caller;
    bool prefixed;
} prefix_case;

static bool is_view_of(kd_str part, kd_str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static bool is_part_of(kd_str part, const kd_line *line)
{
    return is_view_of(part, line->raw) || (line->clean.ptr && is_view_of(part, line->clean));
}

static void check_views(const kd_line *line)
{
    ck_assert(is_part_of(line->text, line) && is_part_of(line->wall_time, line) &&
              is_part_of(line->caller, line));
}

/* With the rows that a text may fit looked up, or with all of them tried. */
static void check_with(const prefix_case *c, const kd_grammars *grammars)
{
    char room[512];
    kd_dress dress = { .room = room, .size = sizeof room, .grammars = grammars };
    kd_line line = { .raw = kd_str_of(c->raw) };
    kd_line_read(&line, &dress);
    if (!kd_str_is(line.text, c->text))
        ck_abort_msg("\"%s\" gave \"%.*s\"", c->raw, KD_FMT(line.text));
    if (line.forms != c->forms || line.level != c->level || line.prefixed != c->prefixed)
        ck_abort_msg("\"%s\": forms %x level %d prefixed %d", c->raw, line.forms, line.level,
                     line.prefixed);
    ck_assert_int_eq(line.has_time, c->time_us >= 0);
    if (c->time_us >= 0)
        ck_assert_uint_eq(line.time_us, (uint64_t)c->time_us);
    ck_assert(kd_str_is(line.wall_time, c->wall ? c->wall : ""));
    ck_assert(kd_str_is(line.caller, c->caller ? c->caller : ""));
    check_views(&line);
}

static void check_case(const prefix_case *c)
{
    kd_grammars grammars;
    kd_grammars_init(&grammars);
    check_with(c, NULL);
    check_with(c, &grammars);
}

#define CASES(...)                                              \
    static const prefix_case cases[] = { __VA_ARGS__ };         \
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) \
    check_case(&cases[i])

START_TEST(dmesg_and_level)
{
    CASES({ "[    3.097748] Mem-Info:", "Mem-Info:", KD_FORM_DMESG, -1, 3097748, NULL, NULL, true },
          { "[12345678.000001] x", "x", KD_FORM_DMESG, -1, 12345678000001, NULL, NULL, true },
          { "[    0.000000]  indented", "indented", KD_FORM_DMESG, -1, 0, NULL, NULL, true },
          { "[    1.000000]", "", KD_FORM_DMESG, -1, 1000000, NULL, NULL, true },
          { "<4>[    6.378221] Mem-Info:", "Mem-Info:", KD_FORM_DMESG | KD_FORM_LEVEL, 4, 6378221,
            NULL, NULL, true },
          { "[    6.378221] <1>BUG: x", "BUG: x", KD_FORM_DMESG | KD_FORM_LEVEL, 1, 6378221, NULL,
            NULL, true },
          { "<14>user text", "user text", KD_FORM_LEVEL, 6, -1, NULL, NULL, true });
}
END_TEST

START_TEST(caller_ids)
{
    CASES({ "[  247.528232][ T1778] Mem-Info:", "Mem-Info:", KD_FORM_DMESG | KD_FORM_CALLER, -1,
            247528232, NULL, "T1778", true },
          { "[    1.000002] [    C0] x", "x", KD_FORM_DMESG | KD_FORM_CALLER, -1, 1000002, NULL,
            "C0", true },
          { "<6>[    1.000002][   T1] x", "x", KD_FORM_DMESG | KD_FORM_CALLER | KD_FORM_LEVEL, 6,
            1000002, NULL, "T1", true });
}
END_TEST

START_TEST(wall_clock_forms)
{
    CASES({ "Sep  8 06:47:11 host kernel: [ 2072.000717] vmap", "vmap",
            KD_FORM_SYSLOG | KD_FORM_DMESG, -1, 2072000717, "Sep  8 06:47:11", NULL, true },
          { "Nov 22 13:12:50 host kernel: BUG: x", "BUG: x", KD_FORM_SYSLOG, -1, -1,
            "Nov 22 13:12:50", NULL, true },
          { "Nov 22 13:12:50 host kernel: <4>[    1.500000] x", "x",
            KD_FORM_SYSLOG | KD_FORM_DMESG | KD_FORM_LEVEL, 4, 1500000, "Nov 22 13:12:50", NULL,
            true },
          { "Jan  1 00:00:12 kern.alert kernel: [   12.345678] x", "x",
            KD_FORM_SYSLOG | KD_FORM_DMESG, 1, 12345678, "Jan  1 00:00:12", NULL, true },
          { "Jan  1 00:00:12 board kern.alert kernel: x", "x", KD_FORM_SYSLOG, 1, -1,
            "Jan  1 00:00:12", NULL, true },
          { "2026-11-22T13:12:50,378221+00:00 Mem-Info:", "Mem-Info:", KD_FORM_ISO, -1, -1,
            "2026-11-22T13:12:50,378221+00:00", NULL, true },
          { "2026-11-22T13:12:50.378221Z host kernel: x", "x", KD_FORM_ISO, -1, -1,
            "2026-11-22T13:12:50.378221Z", NULL, true },
          { "[Sun Nov 22 13:12:50 2026] Mem-Info:", "Mem-Info:", KD_FORM_CTIME, -1, -1,
            "Sun Nov 22 13:12:50 2026", NULL, true },
          { "kern  :warn  : [    6.378221] Mem-Info:", "Mem-Info:", KD_FORM_DECODED | KD_FORM_DMESG,
            4, 6378221, NULL, NULL, true },
          { "kern  :warn  : [Sun Nov 22 13:12:50 2026] Mem-Info:", "Mem-Info:",
            KD_FORM_DECODED | KD_FORM_CTIME, 4, -1, "Sun Nov 22 13:12:50 2026", NULL, true });
}
END_TEST

START_TEST(captures_of_util_linux)
{
    CASES(
        { "[    6.378221 <    0.002202>] Mem-Info:", "Mem-Info:", KD_FORM_DELTA, -1, 6378221, NULL,
          NULL, true },
        { "[<    0.002202>] Mem-Info:", "Mem-Info:", KD_FORM_DELTA, -1, -1, NULL, NULL, true },
        { "[  +0.000306] Mem-Info:", "Mem-Info:", KD_FORM_DELTA, -1, -1, NULL, NULL, true },
        { "[Nov22 13:12] Mem-Info:", "Mem-Info:", KD_FORM_DELTA, -1, -1, "Nov22 13:12", NULL,
          true },
        { "4,397,6378221,-;Mem-Info:", "Mem-Info:", KD_FORM_KMSG, 4, 6378221, NULL, NULL, true },
        { "6,9,1,-,caller=T12;x", "x", KD_FORM_KMSG, 6, 1, NULL, "T12", true },
        { "         \"msg\": \"Mem-Info:\"", "Mem-Info:", KD_FORM_JSON, -1, -1, NULL, NULL, true },
        { "         \"pri\": 4,", "", 0, -1, -1, NULL, NULL, false },
        { "      },{", "", 0, -1, -1, NULL, NULL, false },
        { " SUBSYSTEM=acpi", "", 0, -1, -1, NULL, NULL, false },
        /* none of them */
        { "[<c0101234>] foo", "[<c0101234>] foo", 0, -1, -1, NULL, NULL, false },
        { "[Foo22 13:12] x", "[Foo22 13:12] x", 0, -1, -1, NULL, NULL, false },
        { "1,2,3 x;y", "1,2,3 x;y", 0, -1, -1, NULL, NULL, false },
        { "\"msg\": \"cut", "\"msg\": \"cut", 0, -1, -1, NULL, NULL, false });
}
END_TEST

START_TEST(carried_messages)
{
    CASES({ "{\"log\":\"[    5.123456] a \\\"b\\\"\\u003c\\n\",\"time\":\"2025-01-21T04:41:44Z\"}",
            "a \"b\"<", KD_FORM_JSON | KD_FORM_DMESG, -1, 5123456, "2025-01-21T04:41:44Z", NULL,
            true },
          { "{ \"PRIORITY\" : \"4\", \"_SOURCE_MONOTONIC_TIMESTAMP\":\"77\", \"MESSAGE\" : [ 77, "
            "101,109 ] }",
            "Mem", KD_FORM_JSON, 4, 77, NULL, NULL, true },
          { "{\"kubernetes\":{\"pod\":\"x\",\"l\":[1,2]},\"message\":\"Mem-Info:\"}",
            "Mem-Info:", KD_FORM_JSON, -1, -1, NULL, NULL, true },
          { "- {dt: 2025-01-21T04:41:44, lvl: target, msg: 'Mem-Info:'}", "Mem-Info:", KD_FORM_JSON,
            -1, -1, "2025-01-21T04:41:44", NULL, true },
          { "{\"log\":\"Mem-Inf", "Mem-Inf", KD_FORM_JSON, -1, -1, NULL, NULL, true },
          { "{\"a\":\"Mem-Info:\"}", "{\"a\":\"Mem-Info:\"}", 0, -1, -1, NULL, NULL, false },
          { "\x1b[32m[    5.123456] \x1b[0m\x1b[33mMem-Info:\x1b[0m",
            "Mem-Info:", KD_FORM_COLOUR | KD_FORM_DMESG, -1, 5123456, NULL, NULL, true },
          { "&lt;4&gt;[\xc2\xa0\xc2\xa0 5.123456] 0\xc3\x97"
            "83<br />",
            "0x83", KD_FORM_HTML | KD_FORM_DMESG | KD_FORM_LEVEL, 4, 5123456, NULL, NULL, true });
}
END_TEST

START_TEST(quotes)
{
    CASES({ "> Mem-Info:", "Mem-Info:", KD_FORM_MAIL, -1, -1, NULL, NULL, false },
          { ">>> Mem-Info:", "Mem-Info:", KD_FORM_MAIL, -1, -1, NULL, NULL, false },
          { "> > > [   30.370036] Mem-Info:", "Mem-Info:", KD_FORM_MAIL | KD_FORM_DMESG, -1,
            30370036, NULL, NULL, true });
    /* nothing is repaired when that is not wanted */
    kd_line line = { .raw = KD_STR("> [    1.000000] x") };
    kd_line_read(&line, &(kd_dress){ .plain = true });
    ck_assert(kd_str_is(line.text, "> [    1.000000] x"));
    ck_assert_uint_eq(line.forms, 0);
}
END_TEST

START_TEST(no_prefix_at_all)
{
    static const char *const lines[] = {
        "[ffffffc0200eb240+ 64][<ffffffc0100c63b4>] dump_backtrace+0x0/0x18c",
        "[<c0101234>] foo",
        "[<ffffffff856bd4be>] dump_stack+0x8a/0xbc",
        "[ 12.5] x",
        "[ 1.2345678] x",
        "[1.234567",
        "[    T123",
        "[c1c55fc0] [c006aae4] kthread+0xe4/0xe8",
        "[0000000000000000] pgd=080000004807a003",
        "[#1] SMP",
        "[cma] driver:1",
        "[  pid  ]   uid",
        "[    100]     0   100    26170",
        "[ 18446744073709551615.000000] x",
        "<IRQ>",
        "<TASK>",
        "</TASK>",
        "<192>x",
        "<>x",
        "<-1>x",
        "<4x",
        "Sep  8 06:47:11 host systemd[1]: Started",
        "Sep 08",
        "Sep  8 06:47:61 host kernel: x",
        "Sep  8 24:47:11 host kernel: x",
        "2026-11-22 is a day",
        "1234-11-22T13:12:50 x",
        "2026-13-22T13:12:50 x",
        "[Sun Nov 22 13:12:50] x",
        "[Sun Nov 22 13:12:50 2026 x",
        "kern: warn: x",
        "kern  :loud  : x",
        "x > y",
        "Mem-Info:",
        "",
        "CPU    0: hi:   90, btch:  15 usd:  27",
        "#0:  (",
        "|> x",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        prefix_case c = { lines[i], lines[i], 0, -1, -1, NULL, NULL, false };
        check_case(&c);
    }
}
END_TEST

START_TEST(outer_blanks_and_cr)
{
    CASES({ "  x y \t", "x y", 0, -1, -1, NULL, NULL, false },
          { "[    1.000000] x\r", "x", KD_FORM_DMESG, -1, 1000000, NULL, NULL, true },
          { "\r", "", 0, -1, -1, NULL, NULL, false },
          { "                 active_file:0", "active_file:0", 0, -1, -1, NULL, NULL, false });
}
END_TEST

/* Nothing beyond the line is read, and views stay inside it: any bytes, in an exact buffer. */
START_TEST(any_bytes)
{
    static const char *const parts[] = {
        "[",    "]",        "<",     ">",        " ",       "1",           "999999", ".",
        ":",    "T",        "C",     "Sep ",     "Sun ",    "Nov ",        "22",     "13:12:50",
        "2026", "-",        "host ", "kernel:",  "kern  :", "warn",        "Z",      "+",
        "\r",   "\xc2\xa0", "{\"",   "msg\":\"", "\\u00",   "MESSAGE\":[", ",",      "\x1b[3",
        "m",    "&lt;",     "|",     "@",        "kern.",   "%",           "_",      "\\",
    };
    seed = 42;
    for (unsigned round = 0; round < 20000; round++) {
        char built[256];
        size_t len = 0;
        for (unsigned k = next_random(14); k > 0; k--) {
            const char *part = parts[next_random(sizeof parts / sizeof parts[0])];
            size_t size = strlen(part);
            memcpy(built + len, part, size);
            len += size;
        }
        char *exact = malloc(len ? len : 1);
        memcpy(exact, built, len);
        char *room = malloc(len ? len : 1);
        kd_dress dress = { .plain = round % 2, .room = room, .size = len };
        kd_line line = { .raw = { exact, len } };
        kd_line_read(&line, &dress);
        check_views(&line);
        free(exact);
        free(room);
    }
}
END_TEST

/* ---- lines from portions --------------------------------------------------------------------- */

#define MAX_LINE 64u
#define MOST_LINES 4000u

typedef struct seen_line {
    uint64_t number, offset, length;
    size_t kept;
    char bytes[MAX_LINE];
} seen_line;

typedef struct seen {
    seen_line lines[MOST_LINES];
    size_t count;
} seen;

static void add_seen(seen *all, uint64_t number, uint64_t offset, kd_str bytes, uint64_t dropped)
{
    ck_assert_uint_lt(all->count, MOST_LINES);
    seen_line *line = &all->lines[all->count++];
    memset(line, 0, sizeof *line);
    line->number = number;
    line->offset = offset;
    line->length = bytes.len + dropped;
    line->kept = bytes.len < MAX_LINE ? bytes.len : MAX_LINE;
    memcpy(line->bytes, bytes.ptr, line->kept);
}

static void on_block(void *user, const kd_blockview *block)
{
    const char *at = block->data.ptr, *end = at + block->data.len;
    uint64_t number = block->line, offset = block->offset;
    if (block->data.len == 0 || block->dropped > 0) {
        add_seen(user, number, offset, block->data, block->dropped);
        return;
    }
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
        add_seen(user, number++, offset, (kd_str){ at, len }, 0);
        offset += len + 1;
        at += len + (newline ? 1 : 0);
    }
}

/* What the lines are, worked out from the bytes alone. */
static void split_plainly(seen *all, const char *data, size_t len)
{
    uint64_t number = 1;
    all->count = 0;
    for (size_t at = 0; at < len; number++) {
        size_t end = at;
        while (end < len && data[end] != '\n')
            end++;
        add_seen(all, number, at, (kd_str){ data + at, end - at }, 0);
        at = end + 1;
    }
}

/* Portions of at most `most` bytes; each is a buffer of its own that is gone afterwards. */
static void read_in_portions(seen *all, const char *data, size_t len, unsigned most)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_reader reader;
    kd_reader_init(&reader, &mem, MAX_LINE);
    all->count = 0;
    for (size_t at = 0; at < len;) {
        size_t size = 1 + next_random(most);
        if (most == 1 || most >= len)
            size = most;
        size = size < len - at ? size : len - at;
        char *portion = malloc(size);
        memcpy(portion, data + at, size);
        ck_assert_int_eq(kd_reader_feed(&reader, (kd_str){ portion, size }, on_block, all), KD_OK);
        free(portion);
        at += size;
    }
    kd_reader_flush(&reader, on_block, all);
    kd_reader_free(&reader);
    ck_assert_uint_eq(mem.used, 0);
}

static void check_same(const seen *a, const seen *b)
{
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        ck_assert_uint_eq(a->lines[i].number, b->lines[i].number);
        ck_assert_uint_eq(a->lines[i].offset, b->lines[i].offset);
        ck_assert_uint_eq(a->lines[i].length, b->lines[i].length);
        ck_assert_uint_eq(a->lines[i].kept, b->lines[i].kept);
        ck_assert_mem_eq(a->lines[i].bytes, b->lines[i].bytes, MAX_LINE);
    }
}

static size_t random_log(char *data, size_t room)
{
    size_t len = 0;
    while (len + 300 < room) {
        unsigned kind = next_random(10);
        size_t size = kind < 3 ? next_random(3) : kind < 9 ? next_random(70) : next_random(250);
        for (size_t i = 0; i < size; i++)
            data[len++] = (char)(next_random(20) ? 'a' + next_random(26) : next_random(10));
        for (size_t i = len - size; i < len; i++)
            data[i] = data[i] == '\n' ? 'n' : data[i];
        if (next_random(3) == 0)
            data[len++] = '\r';
        data[len++] = '\n';
    }
    return len - next_random(3); /* sometimes without the last newline */
}

START_TEST(portions_do_not_matter)
{
    static const unsigned most[] = { 1, 2, 7, 64, 65, 300, 1u << 20 };
    static char data[20000];
    seen *expected = malloc(sizeof *expected), *got = malloc(sizeof *got);
    for (unsigned round = 0; round < 30; round++) {
        seed = 77 + round;
        size_t len = random_log(data, 1000 + 600 * round);
        split_plainly(expected, data, len);
        for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
            read_in_portions(got, data, len, most[i]);
            check_same(expected, got);
        }
    }
    free(expected);
    free(got);
}
END_TEST

/* A line of exactly the limit, one more, one less, and the newline in the next portion. */
START_TEST(lines_about_the_limit)
{
    seen *expected = malloc(sizeof *expected), *got = malloc(sizeof *got);
    char data[3 * MAX_LINE];
    for (size_t size = MAX_LINE - 2; size <= MAX_LINE + 2; size++)
        for (unsigned most = 1; most < MAX_LINE + 8; most++) {
            memset(data, 'x', sizeof data);
            data[size] = '\n';
            memcpy(data + size + 1, "\n\nend", 5);
            seed = most;
            split_plainly(expected, data, size + 6);
            ck_assert_uint_eq(expected->count, 4);
            read_in_portions(got, data, size + 6, most);
            check_same(expected, got);
        }
    free(expected);
    free(got);
}
END_TEST

/* A line that a flush handed on is finished: its rest is skipped, and later lines keep their
 * numbers and offsets. */
START_TEST(flush_inside_a_line)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    seen *got = calloc(1, sizeof *got);
    kd_reader reader;
    kd_reader_init(&reader, &mem, MAX_LINE);
    kd_reader_feed(&reader, KD_STR("one\ntw"), on_block, got);
    kd_reader_flush(&reader, on_block, got);
    kd_reader_flush(&reader, on_block, got);
    kd_reader_feed(&reader, KD_STR("o, the "), on_block, got);
    kd_reader_feed(&reader, KD_STR("rest\nthree\n"), on_block, got);
    kd_reader_flush(&reader, on_block, got);
    ck_assert_uint_eq(got->count, 3);
    ck_assert_mem_eq(got->lines[1].bytes, "tw", 3);
    ck_assert_uint_eq(got->lines[1].number, 2);
    ck_assert_uint_eq(got->lines[1].offset, 4);
    ck_assert_mem_eq(got->lines[2].bytes, "three", 6);
    ck_assert_uint_eq(got->lines[2].number, 3);
    ck_assert_uint_eq(got->lines[2].offset, 18);
    kd_reader_free(&reader);
    free(got);
}
END_TEST

START_TEST(no_memory_is_said)
{
    kd_mem mem = { .allocator = &allocator, .limit = 10 };
    seen *got = calloc(1, sizeof *got);
    kd_reader reader;
    kd_reader_init(&reader, &mem, MAX_LINE);
    /* whole lines need no memory */
    ck_assert_int_eq(kd_reader_feed(&reader, KD_STR("one\ntwo\n"), on_block, got), KD_OK);
    ck_assert_int_eq(kd_reader_feed(&reader, KD_STR("three"), on_block, got), KD_E_LIMIT);
    ck_assert_uint_eq(got->count, 2);
    kd_reader_free(&reader);
    free(got);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader_prefix");
    TCase *tests = tcase_create("reader_prefix");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, dmesg_and_level);
    tcase_add_test(tests, caller_ids);
    tcase_add_test(tests, wall_clock_forms);
    tcase_add_test(tests, captures_of_util_linux);
    tcase_add_test(tests, carried_messages);
    tcase_add_test(tests, quotes);
    tcase_add_test(tests, no_prefix_at_all);
    tcase_add_test(tests, outer_blanks_and_cr);
    tcase_add_test(tests, any_bytes);
    tcase_add_test(tests, portions_do_not_matter);
    tcase_add_test(tests, lines_about_the_limit);
    tcase_add_test(tests, flush_inside_a_line);
    tcase_add_test(tests, no_memory_is_said);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

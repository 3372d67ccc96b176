/* test_json.c - the JSON writer against json-c's parser: random values of any bytes, sizes and
 * depths come back as they were, in both layouts. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "suite.h"

typedef struct buffer {
    char *text;
    size_t len, room, refuse_after;
} buffer;

static int keep(const char *data, size_t len, void *user)
{
    buffer *b = user;
    if (b->refuse_after && b->len + len > b->refuse_after)
        return 1;
    if (b->len + len + 1 > b->room) {
        b->room = (b->len + len + 1) * 2;
        b->text = realloc(b->text, b->room);
        ck_assert_ptr_nonnull(b->text);
    }
    memcpy(b->text + b->len, data, len);
    b->len += len;
    b->text[b->len] = 0;
    return 0;
}

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* What a text must be when it comes back: each byte of no sequence is U+FFFD. */
static size_t expected_text(kd_str text, char *out)
{
    size_t len = 0;
    while (text.len > 0) {
        size_t step = kd_utf8_step(text);
        memcpy(out + len, step ? text.ptr : "\xef\xbf\xbd", step ? step : 3);
        len += step ? step : 3;
        text = kd_str_from(text, step ? step : 1);
    }
    return len;
}

static kd_str random_text(char *out, size_t room)
{
    static const char *const pieces[] = { "\"",
                                          "\\",
                                          "/",
                                          "\n",
                                          "\t",
                                          "\x01",
                                          "\x1f",
                                          "\x7f",
                                          "{",
                                          "}",
                                          "[",
                                          "]",
                                          ", ",
                                          ": ",
                                          "\xc3\xa9",
                                          "\xe2\x82\xac",
                                          "\xf0\x9f\x98\x80",
                                          "\xff",
                                          "\xc3",
                                          "\xe2\x82" };
    size_t len = 0, want = draw(4) ? draw(20) : draw(room - 8);
    while (len < want) {
        if (draw(3) == 0) {
            const char *piece = pieces[draw(KD_COUNT(pieces))];
            memcpy(out + len, piece, strlen(piece));
            len += strlen(piece);
        } else {
            out[len++] = draw(8) ? (char)('a' + draw(26)) : (char)draw(256);
        }
    }
    return (kd_str){ out, len };
}

static void check_text(struct json_object *got, kd_str text)
{
    static char want[3 * 4096];
    size_t len = expected_text(text, want);
    ck_assert(json_object_is_type(got, json_type_string));
    ck_assert_uint_eq((size_t)json_object_get_string_len(got), len);
    ck_assert(memcmp(json_object_get_string(got), want, len) == 0);
}

/* One value, written when `out` is there, compared when `got` is: the same seed draws the same. */
static void value(kd_json *out, struct json_object *got, unsigned depth);

static void members(kd_json *out, struct json_object *got, unsigned depth)
{
    static char name[8192], want[3 * 8192];
    size_t count = draw(depth == 0 ? 1 : 6);
    for (size_t i = 0; i < count; i++) {
        int head = snprintf(name, sizeof name, "%zu", i); /* keys of one object differ */
        size_t len = (size_t)head + random_text(name + head, 2000).len;
        struct json_object *member = NULL;
        if (out)
            kd_json_key(out, (kd_str){ name, len });
        if (got) {
            len = expected_text((kd_str){ name, len }, want);
            want[len] = 0;
            /* json-c compares keys up to their first NUL */
            ck_assert(json_object_object_get_ex(got, want, &member));
        }
        value(out, member, depth - 1);
    }
    if (got)
        ck_assert_uint_eq((size_t)json_object_object_length(got), count);
}

static void items(kd_json *out, struct json_object *got, unsigned depth)
{
    size_t count = draw(depth == 0 ? 1 : 7);
    if (got)
        ck_assert_uint_eq(json_object_array_length(got), count);
    for (size_t i = 0; i < count; i++)
        value(out, got ? json_object_array_get_idx(got, i) : NULL, depth - 1);
}

static void number(kd_json *out, struct json_object *got)
{
    uint64_t n = draw(3) ? draw(1000) : draw(UINT32_MAX) << 33 | draw(UINT32_MAX);
    char want[32];
    switch (draw(4)) {
    case 0:
        if (out)
            kd_json_u64(out, n);
        if (got)
            ck_assert_uint_eq(json_object_get_uint64(got), n);
        break;
    case 1:
        if (out)
            kd_json_i64(out, 1 - (int64_t)(n >> 1));
        if (got)
            ck_assert_int_eq(json_object_get_int64(got), 1 - (int64_t)(n >> 1));
        break;
    case 2:
        if (out)
            kd_json_hex(out, n);
        snprintf(want, sizeof want, "0x%llx", (unsigned long long)n);
        if (got)
            check_text(got, kd_str_of(want));
        break;
    default:
        if (out)
            kd_json_bool(out, n & 1);
        if (got)
            ck_assert(json_object_is_type(got, json_type_boolean) &&
                      json_object_get_boolean(got) == (int)(n & 1));
    }
}

static void value(kd_json *out, struct json_object *got, unsigned depth)
{
    char text[4096];
    uint64_t kind = draw(depth == 0 ? 4 : 8);
    if (kind < 2) {
        number(out, got);
    } else if (kind < 4) {
        kd_str drawn = random_text(text, sizeof text);
        if (out)
            kd_json_text(out, drawn);
        if (got)
            check_text(got, drawn);
    } else {
        bool object = kind < 6, lines = draw(10) == 0;
        if (got)
            ck_assert(json_object_is_type(got, object ? json_type_object : json_type_array));
        if (out && lines)
            kd_json_open_lines(out, object ? '{' : '[');
        else if (out)
            kd_json_open(out, object ? '{' : '[');
        (object ? members : items)(out, got, depth);
        if (out)
            kd_json_close(out, object ? '}' : ']');
    }
}

static void check_random(uint64_t number, uint32_t flags)
{
    buffer b = { NULL, 0, 0, 0 };
    kd_json out;
    kd_json_init(&out, flags, keep, &b);
    seed = number;
    unsigned depth = (unsigned)(2 + number % 6);
    value(&out, NULL, depth);
    ck_assert_int_eq(kd_json_end(&out), KD_OK);
    struct json_tokener *parser = json_tokener_new_ex(64);
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
    struct json_object *got = json_tokener_parse_ex(parser, b.text, (int)b.len + 1);
    ck_assert_msg(json_tokener_get_error(parser) == json_tokener_success, "seed %llu: %s",
                  (unsigned long long)number, b.text);
    seed = number;
    value(NULL, got, depth);
    json_object_put(got);
    json_tokener_free(parser);
    free(b.text);
}

START_TEST(random_values_come_back)
{
    for (uint64_t i = 0; i < 3000; i++)
        check_random(i, i & 1 ? KD_PRETTY : 0);
}
END_TEST

/* How json-c would lay it out on one line. */
static void check_layout(uint32_t flags, const char *want, void (*write)(kd_json *out))
{
    buffer b = { NULL, 0, 0, 0 };
    kd_json out;
    kd_json_init(&out, flags, keep, &b);
    write(&out);
    ck_assert_int_eq(kd_json_end(&out), KD_OK);
    ck_assert_str_eq(b.text, want);
    free(b.text);
}

static void small(kd_json *out)
{
    kd_json_open(out, '{');
    kd_json_key(out, KD_STR("a"));
    kd_json_u64(out, UINT64_MAX);
    kd_json_key(out, KD_STR("b"));
    kd_json_open(out, '[');
    kd_json_i64(out, INT64_MIN);
    kd_json_bool(out, true);
    kd_json_open(out, '{');
    kd_json_close(out, '}');
    kd_json_close(out, ']');
    kd_json_close(out, '}');
}

/* 108 columns between the quotes fill the line, one more does not fit. */
static void list_of(kd_json *out, size_t len)
{
    static const char letters[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    kd_json_open(out, '[');
    kd_json_text(out, (kd_str){ letters, len });
    kd_json_close(out, ']');
}

static void full_line(kd_json *out)
{
    list_of(out, KD_JSON_WIDTH - 6);
}

static void full_line_and_one(kd_json *out)
{
    list_of(out, KD_JSON_WIDTH - 5);
}

START_TEST(layout)
{
    char want[256], letters[256];
    memset(letters, 'x', sizeof letters);
    check_layout(0, "{\"a\":18446744073709551615,\"b\":[-9223372036854775808,true,{}]}", small);
    check_layout(KD_PRETTY,
                 "{ \"a\": 18446744073709551615, \"b\": [ -9223372036854775808, true, { } ] }",
                 small);
    snprintf(want, sizeof want, "[ \"%.*s\" ]", (int)KD_JSON_WIDTH - 6, letters);
    check_layout(KD_PRETTY, want, full_line);
    snprintf(want, sizeof want, "[\n  \"%.*s\"\n]", (int)KD_JSON_WIDTH - 5, letters);
    check_layout(KD_PRETTY, want, full_line_and_one);
}
END_TEST

static void deep(kd_json *out)
{
    for (int i = 0; i < 500; i++)
        kd_json_open(out, '[');
    for (int i = 0; i < 500; i++)
        kd_json_close(out, ']');
}

START_TEST(deeper_than_a_line_is_wide)
{
    for (uint32_t flags = 0; flags <= KD_PRETTY; flags++) {
        buffer b = { NULL, 0, 0, 0 };
        kd_json out;
        kd_json_init(&out, flags, keep, &b);
        deep(&out);
        ck_assert_int_eq(kd_json_end(&out), KD_OK);
        size_t open = 0, closed = 0;
        for (size_t i = 0; i < b.len; i++) {
            open += b.text[i] == '[';
            closed += b.text[i] == ']';
        }
        ck_assert_uint_eq(open, 500);
        ck_assert_uint_eq(closed, 500);
        free(b.text);
    }
}
END_TEST

/* What goes out is what was put in, in portions of at most 4096 bytes unless one text is longer. */
static size_t longest;

static int keep_portion(const char *data, size_t len, void *user)
{
    longest = len > longest ? len : longest;
    return keep(data, len, user);
}

START_TEST(texts_around_a_portion)
{
    static const size_t lengths[] = { 0, 1, KD_SINK_PORTION - 1, KD_SINK_PORTION,
                                      KD_SINK_PORTION + 1 };
    char *bytes = malloc(3 * KD_SINK_PORTION);
    for (size_t i = 0; i < 3 * KD_SINK_PORTION; i++)
        bytes[i] = (char)(i % 251);
    for (size_t i = 0; i < KD_COUNT(lengths) * KD_COUNT(lengths); i++) {
        size_t first = lengths[i % KD_COUNT(lengths)], second = lengths[i / KD_COUNT(lengths)];
        buffer got = { 0 };
        kd_sink sink;
        longest = 0;
        kd_sink_init(&sink, keep_portion, &got);
        kd_sink_put(&sink, (kd_str){ bytes, first });
        kd_sink_put(&sink, (kd_str){ bytes + first, second });
        kd_sink_put(&sink, (kd_str){ bytes + first + second, 3 });
        ck_assert_int_eq(kd_sink_end(&sink), KD_OK);
        ck_assert_uint_eq(got.len, first + second + 3);
        ck_assert_mem_eq(got.text, bytes, got.len);
        free(got.text);
        ck_assert_uint_le(longest, KD_SINK_PORTION + 1);
    }
    free(bytes);
}
END_TEST

START_TEST(a_refusal_is_told_once)
{
    for (size_t limit = 1; limit < 30000; limit += 1111) {
        buffer b = { NULL, 0, 0, limit };
        kd_json out;
        kd_json_init(&out, KD_PRETTY, keep, &b);
        kd_json_open(&out, '[');
        for (int i = 0; i < 10000; i++)
            kd_json_u64(&out, (uint64_t)i);
        kd_json_close(&out, ']');
        ck_assert_int_eq(kd_json_end(&out), KD_E_SINK);
        ck_assert_uint_le(b.len, limit);
        free(b.text);
    }
}
END_TEST

START_TEST(same_once_repaired)
{
    ck_assert(kd_utf8_same(KD_STR("a\xff"), KD_STR("a\xc3")));
    ck_assert(kd_utf8_same(KD_STR(""), KD_STR("")));
    ck_assert(!kd_utf8_same(KD_STR("a\xff"), KD_STR("a\xff\xff")));
    ck_assert(!kd_utf8_same(KD_STR("\xc3\xa9"), KD_STR("\xc3\xaa")));
    ck_assert(!kd_utf8_same(KD_STR("\xc3\xa9"), KD_STR("\xff\xff")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");

    tcase_set_timeout(tests, 120); /* sanitizers on a busy machine */
    tcase_add_test(tests, random_values_come_back);
    tcase_add_test(tests, layout);
    tcase_add_test(tests, deeper_than_a_line_is_wide);
    tcase_add_test(tests, texts_around_a_portion);
    tcase_add_test(tests, a_refusal_is_told_once);
    tcase_add_test(tests, same_once_repaired);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

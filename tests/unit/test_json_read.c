/* test_json_read.c - the JSON reader: what it takes and refuses, and json-c's trees of random
 * texts. */
#include "base/json_read.h"
#include "plain.h"
#include "suite.h"
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static kd_mem mem;
static kd_arena arena;

static const char *read_text(kd_str text, const kd_json_value **root)
{
    mem = (kd_mem){ .allocator = &allocator, .limit = SIZE_MAX };
    arena = (kd_arena){ .mem = &mem };
    return kd_json_read(&arena, text, root);
}

START_TEST(test_refused)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        { "", "too early" },
        { " \n", "too early" },
        { "{", "too early" },
        { "{\"a\"", "too early" },
        { "{\"a\": ", "too early" },
        { "[1,", "too early" },
        { "\"abc", "too early" },
        { "\"abc\\", "too early" },
        { "{} {}", "more than one" },
        { "1 x", "more than one" },
        { "[1,]", "no JSON value" },
        { "{\"a\": 1,}", "text is missing" },
        { "{a: 1}", "text is missing" },
        { "{\"a\" 1}", "colon" },
        { "[1 2]", "comma" },
        { "[1}", "comma" },
        { "tru", "no JSON value" },
        { "nonsense", "no JSON value" },
        { "'a'", "no JSON value" },
        { "// a\n1", "no JSON value" },
        { "01", "more than one" },
        { "-", "too early" },
        { "-x", "number" },
        { "1.x", "number" },
        { "1ex", "number" },
        { "\"\\x\"", "backslash" },
        { "\"\\u12g4\"", "backslash" },
        { "\"\\u123\"", "backslash" },
        { "\"a\nb\"", "control byte" },
        { "\"\xff\"", "UTF-8" },
        { "{\"a\": 1, \"a\": 2}", "twice" },
        { "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "deep" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const kd_json_value *root;
        const char *why = read_text(kd_str_of(rows[i].text), &root);
        ck_assert_msg(why && strstr(why, rows[i].why), "%s: %s", rows[i].text, why ? why : "taken");
        ck_assert_ptr_null(root);
        kd_arena_free(&arena);
    }
    char many[2000] = "{";
    for (int i = 0; i <= 64; i++)
        sprintf(many + strlen(many), "%s\"k%d\": 0", i ? ", " : "", i);
    strcat(many, "}");
    const kd_json_value *root;
    ck_assert_str_eq(read_text(kd_str_of(many), &root), "an object has more than 64 members");
    kd_arena_free(&arena);
}
END_TEST

START_TEST(test_taken)
{
    const kd_json_value *root, *item;
    ck_assert_ptr_null(
        read_text(KD_STR(" {\"s\": \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC"
                         "\\ud83d\\ude00\\ud800x\\u0000\", \"n\": -12, \"l\": [true, "
                         "false, null, 0, 1.5, 1e3, 9223372036854775808, []], \"o\": {}}\r\n"),
                  &root));
    ck_assert_uint_eq(root->count, 4);
    item = kd_json_member(root, "s", KD_JSON_TEXT);
    kd_str expected =
        KD_STR("a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbdx\0");
    ck_assert(kd_str_eq(item->text, expected));
    ck_assert_int_eq(item->text.ptr[item->text.len], 0);
    ck_assert_int_eq(kd_json_member(root, "n", KD_JSON_NUMBER)->number, -12);
    ck_assert_ptr_null(kd_json_member(root, "n", KD_JSON_TEXT));
    ck_assert_ptr_null(kd_json_member(item, "n", KD_JSON_TEXT));
    ck_assert_ptr_null(kd_json_find(root, "x"));
    ck_assert_uint_eq(kd_json_find(root, "o")->count, 0);
    static const kd_json_type types[] = {
        KD_JSON_FLAG,     KD_JSON_FLAG,     KD_JSON_NULL,     KD_JSON_NUMBER,
        KD_JSON_FRACTION, KD_JSON_FRACTION, KD_JSON_FRACTION, KD_JSON_LIST,
    };
    item = kd_json_find(root, "l")->first;
    ck_assert(item->flag && !item->next->flag);
    for (size_t i = 0; i < 8; i++, item = item->next)
        ck_assert_int_eq(item->type, types[i]);
    ck_assert_ptr_null(item);
    kd_arena_free(&arena);
}
END_TEST

/* ---- against json-c -------------------------------------------------------------------------- */

static void same(const kd_json_value *ours, json_object *theirs)
{
    static const json_type types[] = { json_type_null,   json_type_boolean, json_type_int,
                                       json_type_double, json_type_string,  json_type_array,
                                       json_type_object };
    if (ours->type == KD_JSON_FRACTION && json_object_is_type(theirs, json_type_int))
        return; /* out of range: json-c takes the nearest */
    ck_assert(json_object_is_type(theirs, types[ours->type]));
    if (ours->type == KD_JSON_NUMBER)
        ck_assert_int_eq(ours->number, json_object_get_int64(theirs));
    if (ours->type == KD_JSON_TEXT) {
        kd_str text = { json_object_get_string(theirs), json_object_get_string_len(theirs) };
        ck_assert(kd_str_eq(ours->text, text));
    }
    if (ours->type == KD_JSON_LIST)
        ck_assert_uint_eq(ours->count, json_object_array_length(theirs));
    size_t i = 0;
    for (const kd_json_value *item = ours->first; item; item = item->next) {
        json_object *other = NULL;
        if (ours->type == KD_JSON_LIST)
            other = json_object_array_get_idx(theirs, i++);
        else /* json-c knows names up to their first NUL */
            ck_assert(json_object_object_get_ex(theirs, item->key.ptr, &other));
        if (ours->type == KD_JSON_LIST || memchr(item->key.ptr, 0, item->key.len) == NULL)
            same(item, other);
    }
}

START_TEST(test_against_json_c)
{
    static const char *const pieces[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"b",
        "\\n",
        "\\u00e9",
        "1",
        "-2",
        "3.5",
        "1e9",
        "true",
        "null",
        " ",
        "\n",
        "0",
        "\\\\",
        "\"\": ",
        "\"k\": \"v\"",
        "[1, 2]",
        "{}",
        "\\ud800",
        "\\ud83d\\ude00",
        "\xc3\xa9",
        "\xc3",
        "\"x\": {\"y\": [\"z\"]}",
    };
    size_t taken = 0;
    srand(1);
    for (int round = 0; round < 200000; round++) {
        char text[400] = "";
        int depth = rand() % 4;
        strcat(text, depth == 1 ? "{" : depth == 2 ? "[" : "");
        for (int i = rand() % 7; i >= 0; i--)
            strcat(text, pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
        strcat(text, depth == 1 ? "}" : depth == 2 ? "]" : "");
        const kd_json_value *root;
        if (!read_text(kd_str_of(text), &root)) {
            json_object *theirs = json_tokener_parse(text);
            taken++;
            same(root, theirs);
            json_object_put(theirs);
        }
        kd_arena_free(&arena);
    }
    ck_assert_uint_gt(taken, 5000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_read");
    TCase *one = tcase_create("one");
    tcase_set_timeout(one, 60);
    suite_add_tcase(suite, one);
    tcase_add_test(one, test_refused);
    tcase_add_test(one, test_taken);
    tcase_add_test(one, test_against_json_c);
    return run_suite(suite);
}

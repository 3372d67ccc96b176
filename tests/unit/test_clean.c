/* test_clean.c - what terminals and web pages did to a line is undone, and nothing else is. */
#include "suite.h"
#include <stdio.h>
#include <string.h>

#include "input/clean.h"
#include "input/line.h"

typedef struct row {
    const char *raw, *text; /* NULL: nothing is undone */
    unsigned forms;
} row;

static void check(const row *r)
{
    char room[256];
    kd_str out;
    unsigned forms = 0;
    bool undone = kd_clean(kd_str_of(r->raw), room, &out, &forms);
    ck_assert_msg(undone == (r->text != NULL), "\"%s\"", r->raw);
    ck_assert_msg(!undone || kd_str_is(out, r->text), "\"%s\": \"%.*s\"", r->raw, KD_FMT(out));
    ck_assert_uint_eq(forms, r->forms);
}

static void check_all(const row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(&rows[i]);
}

#define CHECK(rows) check_all(rows, sizeof rows / sizeof rows[0])

START_TEST(signs_of_pages)
{
    static const row rows[] = {
        { "a\xc2\xa0z", "a z", KD_FORM_HTML },
        { "a\xc3\x82\xc2\xa0z", "a z", KD_FORM_HTML },
        { "\xef\xbb\xbf"
          "az",
          "az", KD_FORM_HTML },
        { "a\xe2\x80\x8bz", "az", KD_FORM_HTML },
        { "0\xc3\x97z", "0xz", KD_FORM_HTML },
        { "a\xe2\x80\x93z", "a-z", KD_FORM_HTML },
        { "a\xe2\x80\x94z", "a--z", KD_FORM_HTML },
        { "a\xe2\x80\x98z\xe2\x80\x99", "a'z'", KD_FORM_HTML },
        { "a\xe2\x80\x9cz\xe2\x80\x9d", "a\"z\"", KD_FORM_HTML },
        { "a&lt;4&gt;z", "a<4>z", KD_FORM_HTML },
        { "a&#60;4&#62;z", "a<4>z", KD_FORM_HTML },
        { "a&amp;&quot;z", "a&\"z", KD_FORM_HTML },
        { "a&#39;&#x27;z", "a''z", KD_FORM_HTML },
        { "a&nbsp;&#160;z", "a  z", KD_FORM_HTML },
        { "a<br>b<br/>c<br />z", "abcz", KD_FORM_HTML },
        { "<p>a</p>", "a", KD_FORM_HTML },
        { "<pre>a</pre>", "a", KD_FORM_HTML },
        { "<code>a</code>", "a", KD_FORM_HTML },
        { "a</span></div>", "a", KD_FORM_HTML },
        /* other letters, tags and entities are the text's own */
        { "a\xc2\xb5s \xc3\xa4 \xe2\x82\xac \xe4\xb8\xad \xef\xbc\x9a \xf0\x9f\x98\x80 z", NULL,
          0 },
        { "a &xyz; & z <IRQ> </TASK> <4>", NULL, 0 },
        { "a <pc> z", NULL, 0 },
    };
    CHECK(rows);
}
END_TEST

/* What the text of a message may hold is undone where a stamp stands, and not behind it. */
START_TEST(only_at_the_start)
{
    char raw[64], text[64];
    for (size_t at = 38; at <= 42; at++) {
        row r = { raw, at < 40 ? text : NULL, at < 40 ? KD_FORM_HTML : 0 };
        snprintf(raw, sizeof raw, "%.*s\xef\xbf\xbdz", (int)at,
                 "[    1.234567] 0123456789012345678901234567");
        snprintf(text, sizeof text, "%.*s z", (int)at,
                 "[    1.234567] 0123456789012345678901234567");
        check(&r);
    }
    static const row rows[] = {
        { "[\xc3\xaf\xc2\xbf\xc2\xbd 1.234567] z", "[  1.234567] z", KD_FORM_HTML },
        { "[    1.234567] 0123456789012345678901234567<p>", NULL, 0 },
        { "[    1.234567] 0123456789012345678901234567<pre>", NULL, 0 },
        { "[    1.234567] 0123456789012345678901234567<code>", NULL, 0 },
        { "[    1.234567] 0123456789012345678901234567</p>",
          "[    1.234567] 0123456789012345678901234567", KD_FORM_HTML },
    };
    CHECK(rows);
}
END_TEST

START_TEST(terminals)
{
    static const row rows[] = {
        { "\x1b[32ma\x1b[0mz", "az", KD_FORM_COLOUR },
        { "\x1b[1;31ma\x1b[m", "a", KD_FORM_COLOUR },
        { "a\x1b[Kz", "az", KD_FORM_COLOUR },
        { "\x1b]0;title\az", "z", KD_FORM_COLOUR },
        { "a\x1b]0;no end", "a", KD_FORM_COLOUR },
        { "a\x1b[32", "a", KD_FORM_COLOUR },
        { "a\x1b(z", "az", KD_FORM_COLOUR },
        { "a\x1b", NULL, 0 },
        { "a^M", "a", 0 },
        { "^M", "", 0 },
        { "a^Mz", NULL, 0 },
        { "\x1b[32ma&lt;z", "a<z", KD_FORM_COLOUR | KD_FORM_HTML },
    };
    CHECK(rows);
}
END_TEST

/* Lines that were joined: with a blank, or inside a word; marks of a quotation and CR go with it.
 */
START_TEST(breaks)
{
    static const row rows[] = {
        { "a\vz", "a z", 0 },
        { "a\fz", "az", 0 },
        { "a\r\vz", "a z", 0 },
        { "a\v   z", "a z", 0 },
        { "a\f   z", "a   z", 0 },
        { "> a\v> z", "> a z", 0 },
        { "> > a\f> > z", "> > az", 0 },
        { "a\v", "a ", 0 },
    };
    CHECK(rows);
    ck_assert_uint_eq(kd_count_breaks(KD_STR("a\vb\fc\v")), 3);
    ck_assert_uint_eq(kd_count_breaks(KD_STR("abc")), 0);
    char text[] = "a\vb\fc";
    kd_hide_breaks(text, 5);
    ck_assert_str_eq(text, "a b c");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clean");
    TCase *tests = tcase_create("clean");
    tcase_add_test(tests, signs_of_pages);
    tcase_add_test(tests, only_at_the_start);
    tcase_add_test(tests, terminals);
    tcase_add_test(tests, breaks);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

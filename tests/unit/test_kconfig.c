/* test_kconfig.c - values out of the text of a kernel .config. */
#include "base/str.h"
#include "core/kconfig.h"
#include "suite.h"

static const char text[] = "# Linux/x86 6.1.0 Kernel Configuration\n"
                           "CONFIG_A=y\n"
                           "CONFIG_MOD=m\n"
                           "# CONFIG_OFF is not set\n"
                           "CONFIG_NO=n\n"
                           "CONFIG_TEXT=\"-generic\"\n"
                           "CONFIG_EMPTY=\"\"\n"
                           "CONFIG_HZ=250\n"
                           "CONFIG_BELOW=-5\n"
                           "CONFIG_START=0x1000000\n"
                           "CONFIG_BAD=12oops\n"
                           "CONFIG_HALF=\"cut\n"
                           "CONFIG_LONGER=1\n"
                           "# CONFIG_TALK is discussed here\n"
                           "#CONFIG_TIGHT=y\n"
                           "CONFIG_TWICE=1\r\n"
                           "CONFIG_TWICE=2\r\n";

static kd_config_value get(const char *name)
{
    kd_config_value value;
    bool there = kd_config_get(kd_str_of(text), name, &value);
    ck_assert_msg(there == (value.kind != KD_CONFIG_ABSENT), "%s", name);
    return value;
}

START_TEST(kinds)
{
    static const struct {
        const char *name;
        kd_config_kind kind;
    } rows[] = {
        { "CONFIG_A", KD_CONFIG_Y },         { "CONFIG_MOD", KD_CONFIG_M },
        { "CONFIG_OFF", KD_CONFIG_N },       { "CONFIG_NO", KD_CONFIG_N },
        { "CONFIG_TEXT", KD_CONFIG_TEXT },   { "CONFIG_EMPTY", KD_CONFIG_TEXT },
        { "CONFIG_HZ", KD_CONFIG_NUMBER },   { "CONFIG_BELOW", KD_CONFIG_NUMBER },
        { "CONFIG_BAD", KD_CONFIG_BAD },     { "CONFIG_HALF", KD_CONFIG_BAD },
        { "CONFIG_LONG", KD_CONFIG_ABSENT }, { "CONFIG_TALK", KD_CONFIG_ABSENT },
        { "CONFIG_B", KD_CONFIG_ABSENT },    { "CONFIG_TIGHT", KD_CONFIG_ABSENT },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        ck_assert_msg(get(rows[i].name).kind == rows[i].kind, "%s: %d", rows[i].name,
                      (int)get(rows[i].name).kind);
}
END_TEST

START_TEST(values)
{
    ck_assert(kd_str_is(get("CONFIG_TEXT").text, "-generic"));
    ck_assert_uint_eq(get("CONFIG_EMPTY").text.len, 0);
    ck_assert_uint_eq(get("CONFIG_HZ").number, 250);
    ck_assert_uint_eq(get("CONFIG_START").number, 0x1000000);
    ck_assert(get("CONFIG_BELOW").negative);
    ck_assert_int_eq((int64_t)get("CONFIG_BELOW").number, -5);
    ck_assert_uint_eq(get("CONFIG_HZ").line, 8);
    ck_assert_uint_eq(get("CONFIG_TWICE").number, 2); /* the last one holds, as for the kernel */
    ck_assert_uint_eq(get("CONFIG_TWICE").line, 17);
    ck_assert(kd_config_on(kd_str_of(text), "CONFIG_A"));
    ck_assert(!kd_config_on(kd_str_of(text), "CONFIG_OFF"));
    ck_assert(!kd_config_on(kd_str_of(text), "CONFIG_B"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kconfig");
    TCase *tests = tcase_create("kconfig");
    tcase_add_test(tests, kinds);
    tcase_add_test(tests, values);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_decode.c - kd_decode(): each answer is one JSON object with the names that the docs promise.
 */
#include <json-c/json.h>

#include "api/stage.h"

static uint32_t version(const char *release)
{
    return kd_kernel_parse(str(release));
}

static json_object *decode(kd_engine *engine, const char *what, uint64_t value, bool all,
                           uint32_t version)
{
    kd_options options = defaults();
    text out = { NULL, 0, 0 };
    options.kernel_version = version;
    ck_assert_int_eq(kd_decode(engine, what, value, all, &options, text_put, &out), KD_OK);
    text_put("", 1, &out);
    json_object *json = json_tokener_parse(out.ptr);
    ck_assert_msg(json != NULL, "%s 0x%llx: %s", what, (unsigned long long)value, out.ptr);
    free(out.ptr);
    return json;
}

static json_object *member(json_object *json, const char *name)
{
    json_object *found = NULL;
    ck_assert_msg(json_object_object_get_ex(json, name, &found), "no \"%s\" in %s", name,
                  json_object_to_json_string(json));
    return found;
}

static bool has(json_object *list, const char *name)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
            return true;
    return false;
}

START_TEST(a_mask_in_one_version)
{
    kd_engine *engine = new_engine();
    json_object *gfp = decode(engine, "gfp", 0xa20, false, version("5.4"));
    ck_assert(has(member(gfp, "names"), "GFP_ATOMIC"));
    ck_assert(has(member(gfp, "flags"), "__GFP_KSWAPD_RECLAIM"));
    ck_assert_str_eq(json_object_get_string(member(gfp, "migratetype")), "unmovable");
    json_object_put(gfp);
    kd_engine_free(engine);
}
END_TEST

START_TEST(a_mask_in_all_versions)
{
    kd_engine *engine = new_engine();
    json_object *gfp = decode(engine, "gfp", 0x20, true, 0);
    json_object *all = member(gfp, "meanings");
    bool old = false, fresh = false;
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        json_object *one = json_object_array_get_idx(all, i);
        old |= has(member(one, "names"), "GFP_ATOMIC"); /* __GFP_HIGH alone, to 4.3 */
        fresh |= has(member(one, "flags"), "__GFP_HIGH");
        member(one, "zone");
        member(one, "migratetype");
    }
    ck_assert(old && fresh);
    json_object_put(gfp);
    kd_engine_free(engine);
}
END_TEST

START_TEST(any_value_is_an_object)
{
    static const char *const whats[] = { "gfp", "esr", "x86-fault", "taint", "arm-fsr" };
    const uint32_t versions[] = { 0, version("2.6.32"), version("4.4"), version("6.12") };
    kd_engine *engine = new_engine();
    for (size_t w = 0; w < sizeof whats / sizeof *whats; w++)
        for (size_t v = 0; v < sizeof versions / sizeof *versions; v++)
            for (unsigned bit = 0; bit <= 64; bit++) {
                uint64_t value = bit < 64 ? UINT64_C(1) << bit : UINT64_MAX;
                json_object *json = decode(engine, whats[w], value, v == 0, versions[v]);
                ck_assert(json_object_is_type(json, json_type_object));
                json_object_put(json);
            }
    kd_engine_free(engine);
}
END_TEST

START_TEST(what_no_decoder_has)
{
    kd_engine *engine = new_engine();
    text out = { NULL, 0, 0 };
    ck_assert_int_eq(kd_decode(engine, "no-such", 1, false, NULL, text_put, &out), KD_E_INVAL);
    ck_assert_uint_eq(out.len, 0);
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode");
    TCase *tests = tcase_create("decode");
    tcase_set_timeout(tests, 60); /* of a busy machine, under sanitizers */
    tcase_add_test(tests, a_mask_in_one_version);
    tcase_add_test(tests, a_mask_in_all_versions);
    tcase_add_test(tests, any_value_is_an_object);
    tcase_add_test(tests, what_no_decoder_has);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

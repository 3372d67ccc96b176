/* test_identity.c - the identity of a kind's row: as many paths as it wants, each one that there
 * is.
 */
#include "core/identity.h"
#include "family/fields.h"
#include "suite.h"

static void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (new_size > 0)
        return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

static const kd_allocator allocator = { resize, NULL };

static kd_status resolve(const char *paths, kd_identity *out, kd_arena *arena)
{
    kd_kind kind = kd_kind_warning;
    kind.identity = paths;
    return kd_identity_resolve(out, &kind, arena);
}

START_TEST(many_paths)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_arena arena = { .mem = &mem };
    kd_identity identity;
    ck_assert_int_eq(
        resolve("comm pid cpu kernel_release hardware workqueue headline-numbers address "
                "file line_number blame.function message",
                &identity, &arena),
        KD_OK);
    ck_assert_uint_eq(identity.parts.count, 12);
    /* the last one counts too */
    kdf_warning bodies[2] = { { .message = { KD_STR("one"), 1 } },
                              { .message = { KD_STR("two"), 1 } } };
    kd_str texts[2];
    for (size_t i = 0; i < 2; i++) {
        kd_event event = { .arena = arena, .kind = &kd_kind_warning, .body = &bodies[i] };
        texts[i] = kd_identity_of(&identity, &event);
        arena = event.arena;
        ck_assert_uint_gt(texts[i].len, 0);
    }
    ck_assert(!kd_str_eq(texts[0], texts[1]));
    kd_arena_free(&arena);
    ck_assert_uint_eq(mem.used, 0);
}
END_TEST

START_TEST(no_such_path)
{
    static const char *const paths[] = { "headline nothing", "backtrace", "pid-numbers", "blame" };
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_arena arena = { .mem = &mem };
    kd_identity identity;
    for (size_t i = 0; i < KD_COUNT(paths); i++)
        ck_assert_int_eq(resolve(paths[i], &identity, &arena), KD_E_INVAL);
    ck_assert_int_eq(resolve("", &identity, &arena), KD_OK);
    ck_assert_uint_eq(identity.parts.count, 0);
    kd_arena_free(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("identity");
    TCase *tests = tcase_create("identity");
    tcase_add_test(tests, many_paths);
    tcase_add_test(tests, no_such_path);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

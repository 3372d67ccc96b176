/* test_arena.c - memory that dies together: what is left in it is used, what is taken back is gone.
 */
#include "base/mem.h"
#include "plain.h"
#include "suite.h"

static char *fill(kd_arena *arena, size_t size, char with)
{
    char *at = kd_arena_room(arena, size);
    ck_assert_ptr_nonnull(at);
    return memset(at, with, size);
}

static void holds(const char *at, size_t size, char what)
{
    for (size_t i = 0; i < size; i++)
        ck_assert_int_eq(at[i], what);
}

static void done(kd_arena *arena)
{
    kd_mem *mem = arena->mem;
    kd_arena_free(arena);
    ck_assert_uint_eq(mem->used, 0);
}

START_TEST(room_below)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_arena arena = { .mem = &mem };
    char *first = fill(&arena, 512, 'a');
    char *large = fill(&arena, 4096, 'b'); /* does not fit behind it */
    size_t used = mem.used;
    char *small = fill(&arena, 256, 'c');
    ck_assert_uint_eq(mem.used, used);
    ck_assert(small > first && small < first + 1024);
    holds(first, 512, 'a');
    holds(large, 4096, 'b');
    done(&arena);
}
END_TEST

/* What was there before the mark stays, also where room below the top was used since. */
START_TEST(taken_back)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_arena arena = { .mem = &mem };
    char *kept = fill(&arena, 512, 'a');
    size_t used = mem.used;
    for (int i = 0; i < 40; i++) {
        kd_mark mark = kd_arena_mark(&arena);
        char *large = fill(&arena, 4096, 'b'), *small = fill(&arena, 128, 'c');
        ck_assert(small + 128 <= kept || small >= kept + 512);
        ck_assert(small + 128 <= large || small >= large + 4096);
        kd_arena_rollback(&arena, mark);
        ck_assert_uint_eq(mem.used, used);
    }
    holds(kept, 512, 'a');
    done(&arena);
}
END_TEST

/* What stood in it comes back, also in chunks that were added to below the top one. */
START_TEST(restored)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_arena arena = { .mem = &mem };
    char *first = fill(&arena, 512, 'a'), *large = fill(&arena, 4096, 'b');
    kd_saved *saved = kd_arena_save(&arena);
    ck_assert_ptr_nonnull(saved);
    char *since = fill(&arena, 128, 'c');
    memset(first, 'd', 512);
    memset(large, 'd', 4096);
    kd_arena_restore(&arena, saved);
    ck_assert_int_eq(first[511], 'a');
    ck_assert_int_eq(large[4095], 'b');
    ck_assert_ptr_eq(fill(&arena, 128, 'e'), since); /* free again */
    kd_saved_free(&mem, saved);
    done(&arena);
}
END_TEST

START_TEST(joined)
{
    kd_mem mem = { .allocator = &allocator, .limit = 4096 };
    kd_arena arena = { .mem = &mem };
    const kd_str none = { NULL, 0 };
    kd_str text = kd_arena_join(&arena, KD_STR("first"), KD_STR(" "), KD_STR("second"));
    ck_assert(kd_str_eq(text, KD_STR("first second")));
    ck_assert(kd_str_eq(kd_arena_join(&arena, none, none, text), text));
    ck_assert(kd_str_eq(kd_arena_join(&arena, text, none, none), text));
    mem.limit = mem.used;
    char more[4096];
    memset(more, 'x', sizeof more);
    ck_assert(
        kd_str_eq(kd_arena_join(&arena, text, KD_STR(" "), (kd_str){ more, sizeof more }), text));
    ck_assert_int_eq(mem.failed, KD_E_LIMIT);
    kd_arena_free(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arena");
    TCase *tests = tcase_create("arena");
    tcase_add_test(tests, room_below);
    tcase_add_test(tests, taken_back);
    tcase_add_test(tests, restored);
    tcase_add_test(tests, joined);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

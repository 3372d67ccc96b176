/* test_match.c - the matcher against a search that cannot be wrong, vector and portable. */
#include "plain.h"
#include "suite.h"
#include <string.h>

#include "base/match.h"

#define PATTERNS 400u
#define LONGEST 24u

typedef struct scene {
    kd_mem mem;
    kd_matcher matcher;
    char texts[PATTERNS][LONGEST + 1];
    const char *list[PATTERNS];
    size_t count;
    char *data; /* exactly `len` bytes, so that reading past them is seen */
    size_t len;
} scene;

/* Few letters make near misses and overlaps likely; `letters` above 250 uses all bytes. */
static char random_byte(unsigned letters)
{
    if (letters > 250)
        return (char)(1 + next_random(255));
    return (char)('a' + next_random(letters));
}

static void plant(scene *s)
{
    for (unsigned i = 0; i < s->len / 50; i++) {
        const char *text = s->list[next_random((unsigned)s->count)];
        size_t len = strlen(text), at = next_random((unsigned)s->len);
        /* at the very end some do not fit: they are cut there and must not be found */
        memcpy(s->data + at, text, len < s->len - at ? len : s->len - at);
    }
}

static void scene_begin(scene *s, unsigned letters, size_t len)
{
    memset(s, 0, sizeof *s);
    s->mem = (kd_mem){ .allocator = &allocator, .limit = (size_t)1 << 28 };
    /* now and then as many as a product has */
    s->count = 1 + next_random(next_random(8) ? 64 : PATTERNS);
    for (size_t i = 0; i < s->count; i++) {
        size_t size = 4 + next_random(LONGEST - 3);
        for (size_t k = 0; k < size; k++)
            do
                s->texts[i][k] = random_byte(letters);
            while (s->texts[i][k] == '\n');
        s->list[i] = s->texts[i];
    }
    s->len = len;
    s->data = malloc(len ? len : 1);
    for (size_t i = 0; i < len; i++)
        s->data[i] = next_random(60) ? random_byte(letters) : '\n';
    if (len > 0)
        plant(s);
    ck_assert_int_eq(kd_matcher_init(&s->matcher, &s->mem, s->list, s->count), KD_OK);
}

static void scene_end(scene *s)
{
    kd_matcher_free(&s->matcher, &s->mem);
    ck_assert_uint_eq(s->mem.used, 0);
    free(s->data);
}

static bool stands_at(const scene *s, size_t at, size_t pattern)
{
    size_t len = strlen(s->list[pattern]);
    return s->len - at >= len && memcmp(s->data + at, s->list[pattern], len) == 0;
}

static bool any_at(const scene *s, size_t at)
{
    for (size_t i = 0; i < s->count; i++)
        if (stands_at(s, at, i))
            return true;
    return false;
}

static size_t end_of_line(const scene *s, size_t at)
{
    while (at < s->len && s->data[at] != '\n')
        at++;
    return at;
}

/* The first line that holds a pattern that starts at or after `from`: its end, or SIZE_MAX. */
static size_t line_with_pattern(const scene *s, size_t from)
{
    for (size_t at = from; at < s->len; at++)
        if (any_at(s, at))
            return end_of_line(s, at);
    return SIZE_MAX;
}

static void check_find(scene *s)
{
    size_t from = 0, expected;
    while ((expected = line_with_pattern(s, from)) != SIZE_MAX) {
        size_t which = SIZE_MAX;
        const char *found = kd_matcher_find(&s->matcher, s->data + from, s->data + s->len, &which);
        ck_assert_ptr_nonnull(found);
        ck_assert_uint_lt(which, s->count);
        ck_assert(stands_at(s, (size_t)(found - s->data), which));
        ck_assert_uint_eq(end_of_line(s, (size_t)(found - s->data)), expected);
        from = expected;
    }
    size_t which;
    ck_assert_ptr_null(kd_matcher_find(&s->matcher, s->data + from, s->data + s->len, &which));
}

/* Both ways give the same place from wherever they start. */
static void check_both_ways(scene *s)
{
    kd_matcher portable = s->matcher;
    const char *end = s->data + s->len;
    portable.vector = false;
    for (size_t from = 0; from < s->len; from += 1 + next_random(40)) {
        size_t a = SIZE_MAX, b = SIZE_MAX;
        const char *vector = kd_matcher_find(&s->matcher, s->data + from, end, &a);
        ck_assert_ptr_eq(vector, kd_matcher_find(&portable, s->data + from, end, &b));
        ck_assert_uint_eq(a, b);
    }
}

START_TEST(finds_what_a_plain_search_finds)
{
    static const unsigned letters[] = { 2, 3, 5, 26, 255 };
    for (unsigned round = 0; round < 200; round++) {
        scene s;
        seed = 1000 + round;
        scene_begin(&s, letters[round % KD_COUNT(letters)], next_random(3000));
        check_find(&s);
        s.matcher.vector = false;
        check_find(&s);
        scene_end(&s);
    }
}
END_TEST

START_TEST(vector_and_portable_agree)
{
    static const unsigned letters[] = { 2, 4, 26, 255 };
    for (unsigned round = 0; round < 100; round++) {
        scene s;
        seed = 9000 + round;
        scene_begin(&s, letters[round % KD_COUNT(letters)], next_random(4000));
        check_both_ways(&s);
        scene_end(&s);
    }
}
END_TEST

/* Lengths about those of a vector, where the last bytes are searched another way. */
START_TEST(short_texts)
{
    for (size_t len = 0; len < 80; len++)
        for (unsigned round = 0; round < 20; round++) {
            scene s;
            seed = len * 100 + round;
            scene_begin(&s, 2, len);
            check_find(&s);
            check_both_ways(&s);
            scene_end(&s);
        }
}
END_TEST

START_TEST(marks_each_group_that_is_there)
{
    for (unsigned round = 0; round < 100; round++) {
        scene s;
        uint8_t group[PATTERNS];
        uint64_t set[4] = { 0 }, expected[4] = { 0 };
        seed = 500 + round;
        scene_begin(&s, 3 + round % 20, 1 + next_random(300));
        for (size_t i = 0; i < s.count; i++)
            group[i] = (uint8_t)next_random(256);
        for (size_t i = 0; i < s.count; i++)
            for (size_t at = 0; at < s.len; at++)
                if (stands_at(&s, at, i))
                    expected[group[i] / 64] |= (uint64_t)1 << (group[i] % 64);
        kd_matcher_mark(&s.matcher, (kd_str){ s.data, s.len }, group, set);
        ck_assert_mem_eq(set, expected, sizeof set);
        scene_end(&s);
    }
}
END_TEST

START_TEST(anchor_at_each_end)
{
    static const char *const texts[] = { "Mem-Info:", "Oops" };
    static const char log[] = "Oops: 0000\n[    1.000000] x\nMem-Info:";
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_matcher matcher;
    size_t which = 9;
    ck_assert_int_eq(kd_matcher_init(&matcher, &mem, texts, 2), KD_OK);
    ck_assert_ptr_eq(kd_matcher_find(&matcher, log, log + sizeof log - 1, &which), log);
    ck_assert_uint_eq(which, 1);
    const char *found = kd_matcher_find(&matcher, log + 1, log + sizeof log - 1, &which);
    ck_assert_ptr_eq(found, strstr(log, "Mem-Info:"));
    ck_assert_uint_eq(which, 0);
    /* the last byte is beyond the end: not there */
    ck_assert_ptr_null(kd_matcher_find(&matcher, log + 1, log + sizeof log - 2, &which));
    kd_matcher_free(&matcher, &mem);
}
END_TEST

static void *refuse(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)ptr, (void)old_size, (void)new_size;
    return NULL;
}

START_TEST(refusals)
{
    static const char *const too_short[] = { "Mem-Info:", "Oop" };
    static const char *const good[] = { "Oops" };
    static const kd_allocator none = { .resize = refuse };
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_mem poor = { .allocator = &none, .limit = 1 << 20 };
    kd_matcher matcher;
    ck_assert_int_eq(kd_matcher_init(&matcher, &mem, too_short, 2), KD_E_INVAL);
    ck_assert_uint_eq(mem.used, 0);
    ck_assert_int_eq(kd_matcher_init(&matcher, &poor, good, 1), KD_E_NOMEM);
    kd_matcher_free(&matcher, &poor);
}
END_TEST

START_TEST(counts_newlines)
{
    /* more blocks than a byte can count, all of them full */
    size_t sizes[] = { 0, 1, 31, 32, 33, 63, 64, 65, 8159, 8160, 8161, 8192, 20000 };
    for (size_t i = 0; i < KD_COUNT(sizes); i++) {
        for (unsigned every = 1; every < 5; every++) {
            char *data = malloc(sizes[i] ? sizes[i] : 1);
            uint64_t expected = 0;
            seed = i * 7 + every;
            for (size_t k = 0; k < sizes[i]; k++) {
                data[k] = next_random(every) == 0 ? '\n' : (char)next_random(256);
                expected += data[k] == '\n';
            }
            ck_assert_uint_eq(kd_count_newlines(data, data + sizes[i]), expected);
            if (sizes[i] > 3) { /* not aligned */
                uint64_t three = (data[0] == '\n') + (data[1] == '\n') + (data[2] == '\n');
                ck_assert_uint_eq(kd_count_newlines(data + 3, data + sizes[i]), expected - three);
            }
            free(data);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("match");
    TCase *tests = tcase_create("match");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, finds_what_a_plain_search_finds);
    tcase_add_test(tests, vector_and_portable_agree);
    tcase_add_test(tests, short_texts);
    tcase_add_test(tests, marks_each_group_that_is_there);
    tcase_add_test(tests, anchor_at_each_end);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, counts_newlines);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_look_back.c - the lines before an event, all at once and one after another. */
#include "base/match.h"
#include "core/parser.h"
#include "suite.h"

#include <string.h>

#define ROOM 24000u

/* Always the same numbers. */
static unsigned next_number(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 16;
}

/* Lines of up to so many bytes, each with its newline. */
static kd_str make_lines(char *out, size_t size, size_t longest, unsigned *state)
{
    size_t len = 0;
    for (;;) {
        size_t line = next_number(state) % longest;
        if (len + line + 1 > size)
            return (kd_str){ out, len };
        memset(out + len, 'a', line);
        out[len + line] = '\n';
        len += line + 1;
    }
}

/* What the walk gives, from its last line on, is what is given at once. */
static void compare(const kd_before *before)
{
    kd_parse parse = { .before = before };
    kd_back back = kd_back_from(&parse);
    kd_str texts[2];
    kd_line line;
    size_t bytes = 0;
    uint64_t number = before->line, offset = before->offset, first, start;
    while (kd_back_line(&back, &line)) {
        bytes += line.raw.len + 1;
        number = line.number;
        offset = line.offset;
    }
    kd_back_texts(&parse, texts);
    kd_back_place(&parse, texts, &first, &start);
    ck_assert_uint_eq(texts[0].len + texts[1].len, bytes);
    ck_assert_uint_eq(first, number);
    ck_assert_uint_eq(start, offset);
    ck_assert_uint_eq(texts[0].len, back.near.len ? 0 : before->far.len - back.far.len);
}

START_TEST(at_once)
{
    static char near[ROOM], far[ROOM];
    static const size_t sizes[] = { 0, 1, 40, 600, 8191, 8193, 9300, ROOM };
    static const size_t lengths[] = { 1, 20, 250, 255, 256, 300, 1500 };
    unsigned state = 1;
    for (size_t i = 0; i < KD_COUNT(sizes) * KD_COUNT(sizes) * KD_COUNT(lengths) * 4; i++) {
        size_t longest = lengths[i / 4 % KD_COUNT(lengths)];
        kd_before before = { .longest = 256, .line = 100000, .offset = 1000000 };
        before.near =
            make_lines(near, sizes[next_number(&state) % KD_COUNT(sizes)], longest, &state);
        before.far = make_lines(far, sizes[next_number(&state) % KD_COUNT(sizes)], longest, &state);
        before.from_the_start = i & 1;
        compare(&before);
    }
}
END_TEST

/* Those with a word are those of the walk that have it, up to as many lines. */
static void compare_words(const kd_before *before, unsigned most)
{
    static const char *const words[] = { "b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
    kd_parse parse = { .before = before };
    kd_back walk = kd_back_from(&parse), back = walk;
    kd_line line, with;
    unsigned left = most;
    for (unsigned i = 0; i < most && kd_back_line(&walk, &line); i++) {
        if (line.raw.len < strlen(words[1]))
            continue;
        ck_assert(kd_back_line_with(&back, &left, words, KD_COUNT(words), &with));
        ck_assert_uint_eq(with.number, line.number);
        ck_assert_uint_eq(with.offset, line.offset);
        ck_assert_ptr_eq(with.raw.ptr, line.raw.ptr);
        ck_assert_uint_eq(left, most - i - 1);
    }
    ck_assert(!kd_back_line_with(&back, &left, words, KD_COUNT(words), &with));
}

START_TEST(with_a_word)
{
    static char near[ROOM], far[ROOM];
    unsigned state = 7;
    for (unsigned i = 0; i < 400; i++) {
        kd_before before = { .longest = 256, .line = 100000, .offset = 1000000 };
        before.near = make_lines(near, next_number(&state) % 3000, 64, &state);
        before.far = make_lines(far, next_number(&state) % 3000, 64, &state);
        compare_words(&before, next_number(&state) % 200);
    }
}
END_TEST

/* Without lines before the event, nothing is looked at. */
START_TEST(nothing)
{
    kd_parse parse = { .before = NULL };
    kd_str texts[2];
    kd_back_texts(&parse, texts);
    ck_assert_uint_eq(texts[0].len + texts[1].len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("look_back");
    TCase *tests = tcase_create("look_back");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, at_once);
    tcase_add_test(tests, with_a_word);
    tcase_add_test(tests, nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_again.c - what was handed out early and is judged again: nothing is said twice in the same
 * words, and what does not hold any more is taken back, also when it changed in between unheard. */
#include "api/stage.h"

#define OTHER_VMAP(size) \
    "[    3.000000] vmap allocation for size " size " failed: use vmalloc=<size>\n"

/* A rule that changes its mind: index of what it says of every event; NULL: nothing. */
static const char *const moods[] = { "first", "second", NULL };

static kd_status say_mood(const kd_view *view, kd_emit *out, void *user)
{
    const char *words = moods[*(const size_t *)user];
    (void)view;
    return words ? kd_emit_diag(out, KD_LIKELY, str(words)) : KD_OK;
}

/* What was said last, by the number of the diagnosis. */
typedef struct words {
    kd_str text; /* of moods */
    bool withdrawn;
} words;

typedef struct listener {
    kd_session *session;
    words last[64];
    size_t heard; /* of the rule's diagnoses, each time */
} listener;

static void listen_to(listener *to, const kd_diag *diag)
{
    kd_value withdrawn;
    kd_str text = kd_diag_explanation(diag);
    if (strcmp(kd_diag_id(diag), "acme.mood") != 0)
        return;
    ck_assert_uint_lt(kd_diag_number(diag), 64);
    words *last = &to->last[kd_diag_number(diag)];
    ck_assert_int_eq(kd_diag_get(diag, "withdrawn", &withdrawn), KD_OK);
    if (withdrawn.type == KD_BOOL) {
        ck_assert(last->text.ptr && !last->withdrawn);
        last->withdrawn = true;
    } else {
        const char *words = text_is(text, moods[0]) ? moods[0] : moods[1];
        ck_assert(text_is(text, words));
        ck_assert(!last->text.ptr || !text_is(last->text, words));
        last->text = str(words);
        last->withdrawn = false;
    }
    to->heard++;
}

/* @param most  of the rule's diagnoses; then the others wait */
static void pull(listener *to, size_t most)
{
    kd_item item;
    kd_status status = KD_OK;
    size_t until = to->heard + most;
    while (to->heard < until && (status = kd_session_next(to->session, &item)) == KD_OK)
        if (item.diag)
            listen_to(to, item.diag);
    ck_assert(status == KD_OK || status == KD_END);
}

/* Says "first" of two events; "second", of which only one is heard; then the last mood. */
static listener play(size_t last_mood)
{
    size_t mood = 0;
    listener to = { .heard = 0 };
    kd_rule rule = {
        sizeof rule, "acme.mood", "t", KD_INFO, "vmap_failure", NULL, say_mood, &mood
    };
    kd_engine *engine = new_engine();
    ck_assert_int_eq(kd_engine_add_rule(engine, &rule), KD_OK);
    ck_assert_int_eq(kd_session_new(&to.session, engine, NULL), KD_OK);
    ck_assert_int_eq(kd_session_feed(to.session, str(VMAP OTHER_VMAP("12288"))), KD_OK);
    ck_assert_int_eq(kd_session_flush(to.session), KD_OK);
    pull(&to, SIZE_MAX / 2);
    ck_assert_uint_eq(to.heard, 2);
    mood = 1;
    ck_assert_int_eq(kd_session_feed(to.session, str(OTHER_VMAP("16384"))), KD_OK);
    ck_assert_int_eq(kd_session_flush(to.session), KD_OK);
    pull(&to, 1);
    ck_assert_uint_eq(to.heard, 3);
    mood = last_mood;
    ck_assert_int_eq(kd_session_feed(to.session, str(OTHER_VMAP("20480"))), KD_OK);
    ck_assert_int_eq(kd_session_finish(to.session), KD_OK);
    pull(&to, SIZE_MAX / 2);
    kd_session_free(to.session);
    kd_engine_free(engine);
    return to;
}

START_TEST(nothing_is_said_twice_in_the_same_words)
{
    listener to = play(0);
    size_t ids = 0;
    for (size_t i = 0; i < sizeof to.last / sizeof *to.last; i++) {
        ids += to.last[i].text.ptr != NULL;
        ck_assert(!to.last[i].text.ptr || text_is(to.last[i].text, moods[0]));
        ck_assert(!to.last[i].withdrawn);
    }
    ck_assert_uint_eq(ids, 4);
}
END_TEST

START_TEST(what_was_heard_is_taken_back)
{
    listener to = play(2);
    size_t ids = 0;
    for (size_t i = 0; i < sizeof to.last / sizeof *to.last; i++) {
        ids += to.last[i].text.ptr != NULL;
        ck_assert(!to.last[i].text.ptr || to.last[i].withdrawn);
    }
    ck_assert_uint_eq(ids, 2);
}
END_TEST

static kd_status give_up(const kd_view *view, kd_emit *out, void *user)
{
    size_t *calls = user;
    (void)view, (void)out;
    ++*calls;
    return KD_E_INVAL;
}

/* The events are judged again for the later ones: a rule that fails then too is counted once. */
START_TEST(a_failure_is_counted_once)
{
    size_t calls = 0;
    kd_session *session;
    kd_item item;
    kd_stats stats;
    kd_rule rule = {
        sizeof rule, "acme.fails", "t", KD_INFO, "vmap_failure", NULL, give_up, &calls
    };
    kd_engine *engine = new_engine();
    ck_assert_int_eq(kd_engine_add_rule(engine, &rule), KD_OK);
    ck_assert_int_eq(kd_session_new(&session, engine, NULL), KD_OK);
    static const char *const portions[] = { VMAP OTHER_VMAP("12288"), OTHER_VMAP("16384") };
    for (size_t i = 0; i < sizeof portions / sizeof portions[0]; i++) {
        ck_assert_int_eq(kd_session_feed(session, str(portions[i])), KD_OK);
        ck_assert_int_eq(kd_session_flush(session), KD_OK);
        while (kd_session_next(session, &item) == KD_OK)
            continue;
    }
    kd_session_stats(session, &stats, sizeof stats);
    ck_assert_uint_gt(calls, 3);
    ck_assert_uint_eq(stats.rules_failed, 3);
    kd_session_free(session);
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("again");
    TCase *tests = tcase_create("again");
    tcase_add_test(tests, nothing_is_said_twice_in_the_same_words);
    tcase_add_test(tests, what_was_heard_is_taken_back);
    tcase_add_test(tests, a_failure_is_counted_once);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

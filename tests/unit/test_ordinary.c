/* test_ordinary.c - ordinary lines are scanned for anchors and not looked at any further. */
#include "api/session.h"
#include "suite.h"

#define ORDINARY                                                                               \
    "[    1.234567] usb 1-1: New USB device found, idVendor=1d6b, idProduct=0002, bcdDevice= " \
    "5.10\n"

static kd_session *session_with(size_t lines)
{
    kd_engine *engine;
    kd_session *session;
    ck_assert_int_eq(kd_engine_new(&engine, NULL), KD_OK);
    ck_assert_int_eq(kd_session_new(&session, engine, NULL), KD_OK);
    kd_engine_free(engine);
    for (size_t i = 0; i < lines; i++)
        ck_assert_int_eq(kd_session_feed(session, KD_STR(ORDINARY)), KD_OK);
    return session;
}

START_TEST(near_the_beginning_each_line_may_go_on)
{
    kd_session *session = session_with(FIRST_LINES);
    ck_assert(session->mend.waits);
    kd_session_free(session);
}
END_TEST

START_TEST(further_on_none_waits)
{
    kd_session *session = session_with(FIRST_LINES + 1);
    ck_assert(!session->mend.waits);
    ck_assert_ptr_null(session->dress.room); /* none was read */
    kd_session_free(session);
}
END_TEST

START_TEST(an_anchor_waits_for_its_rest)
{
    kd_session *session = session_with(2 * FIRST_LINES);
    kd_report *report;
    kd_value value;
    kd_session_feed(session,
                    KD_STR("[   21.683077] BUG: unable to handle page fault for address:\n"));
    ck_assert(session->mend.waits);
    kd_session_feed(session, KD_STR("ffffffff8d4b9dc0\n" ORDINARY));
    ck_assert_int_eq(kd_session_report(session, &report), KD_OK);
    ck_assert_uint_eq(kd_report_event_count(report), 1);
    ck_assert_int_eq(kd_event_get(kd_report_event(report, 0), "address", &value), KD_OK);
    ck_assert_uint_eq(value.as.u, UINT64_C(0xffffffff8d4b9dc0));
    kd_report_free(report);
    kd_session_free(session);
}
END_TEST

START_TEST(nothing_waits_once_an_event_is_over)
{
    kd_session *session = session_with(2 * FIRST_LINES);
    kd_session_feed(session, KD_STR("[   21.683077] vmap allocation for size 12288 failed: use "
                                    "vmalloc=<size> to increase size\n"));
    for (size_t i = 0; i < FIRST_LINES; i++)
        kd_session_feed(session, KD_STR(ORDINARY));
    ck_assert(!session->mend.waits);
    kd_session_free(session);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ordinary");
    TCase *tests = tcase_create("ordinary");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, near_the_beginning_each_line_may_go_on);
    tcase_add_test(tests, further_on_none_waits);
    tcase_add_test(tests, an_anchor_waits_for_its_rest);
    tcase_add_test(tests, nothing_waits_once_an_event_is_over);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_frame.c - which messages are a frame of a stack and nothing else. */
#include "core/frame.h"
#include "suite.h"

START_TEST(frames)
{
    static const char *const texts[] = {
        "kf_run+0xf4/0x120 [kfault]",     "? kf_run+0xf4/0x120",
        "kf_run.constprop.0+0x0/0x5",     "[<ffffffff8111ea14>] free_pages+0x44/0x50",
        "[<c0101234>] ? f+0x1/0x2 [mod]",
    };
    for (size_t i = 0; i < KD_COUNT(texts); i++)
        ck_assert_msg(kd_is_frame(kd_str_of(texts[i])), "%s", texts[i]);
}
END_TEST

START_TEST(others)
{
    static const char *const texts[] = {
        "",
        "[<",
        "?",
        "kf_run",
        "kf_run+0xf4",
        "kf_run+0xf4/0x",
        "kf_run+0xf4/0x120 ",
        "kf_run+0xf4/0x120 [",
        "kf_run+0xf4/0x120 []",
        "kf_run+0xf4/0x120 [kfault] (unreliable)",
        "0x12+0x4/0x8",
        "pc : kf_run+0xf4/0x120",
        "RIP: 0010:kf_run+0xf4/0x120",
        ":mod:kf_run+0xf4/0x120",
        "[<>] kf_run+0xf4/0x120",
        "[<ffffffff8111ea14>]kf_run+0xf4/0x120",
        "kf_run+0x11111111111111111/0x120",
        "show_stack from dump_stack_lvl+0x40/0x4c",
    };
    for (size_t i = 0; i < KD_COUNT(texts); i++)
        ck_assert_msg(!kd_is_frame(kd_str_of(texts[i])), "%s", texts[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frame");
    TCase *tests = tcase_create("frame");
    tcase_add_test(tests, frames);
    tcase_add_test(tests, others);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

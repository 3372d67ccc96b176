/* test_user_registers.c - the registers of user space below a trace: taken, and nothing else is. */
#include "suite.h"

#include "family/shared/parse_user_registers.h"

static bool take(uint32_t *rows, const char *text)
{
    return kd_take_user_registers(rows, kd_str_of(text));
}

START_TEST(rows_of_arm)
{
    static const struct {
        const char *text;
        bool taken;
    } rows[] = {
        { "r7:ffffe000 r6:60000013 r5:00000000 r4:c14ce154", true },
        { "r10:c14ce154", true },
        { "r12:00000000", true },
        { "r13:00000000", false }, /* the stack pointer is not among them */
        { "7:ffffe000", false },
        { "r:ffffe000", false },
        { "r7 ffffe000", false },
        { "r7:ffffe00", false },
        { "r7:ffffe0000", false },
        { "r7:ffffe000 and more", false },
        { "r7:ffffe000 x6:60000013", false },
        { "", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t left = 0;
        ck_assert_msg(take(&left, rows[i].text) == rows[i].taken, "\"%s\"", rows[i].text);
        ck_assert_uint_eq(left, 0);
    }
}
END_TEST

/* Ten rows at most, and only what such a dump has. */
START_TEST(rows_of_x86)
{
    static const char *const heads[] = { "RIP: 0033:0x47fbe9", "RIP: 0023:0xf7f3c549",
                                         "EIP: 0073:[<b7fa1424>]", "EIP: 0xb7fa1424" };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        uint32_t left = 0;
        ck_assert(!take(&left, "RAX: ffffffffffffffda RBX: 0000000001f110d0"));
        ck_assert(take(&left, heads[i]));
        ck_assert(!take(&left, "usb 1-1: new device"));
        ck_assert(!take(&left, "GPR00: 00000161 afa8f060"));
        for (unsigned row = 0; row < 10; row++)
            ck_assert_msg(take(&left, row % 2 ? "RSP: 002b:00007fff05a5f2b8 EFLAGS: 00000246"
                                              : "R08: 0000000000000000 R09: 0000000000000000"),
                          "row %u", row);
        ck_assert(!take(&left, "R13: 0000000000000000"));
    }
    uint32_t left = 0;
    ck_assert(!take(&left, "RIP: 0010:foo+0x1/0x2"));
}
END_TEST

START_TEST(rows_of_powerpc)
{
    static const char *const heads[] = { "--- interrupt: c00 at 0x25df10",
                                         "--- Exception: c01 at 0xff0d7e8", "--- syscall" };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        uint32_t left = 0;
        ck_assert(!take(&left, "GPR00: 00000161 afa8f060"));
        ck_assert(take(&left, heads[i]));
        ck_assert(!take(&left, "RAX: ffffffffffffffda"));
        for (unsigned row = 0; row < 16; row++)
            ck_assert_msg(take(&left, row % 2 ? "GPR00: 00000161 afa8f060 a73a6160"
                                              : "NIP:  0025df10 LR: 00416180 CTR: 00000000"),
                          "row %u", row);
        ck_assert(!take(&left, "GPR28: 00000000"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("user_registers");
    TCase *tests = tcase_create("user_registers");
    tcase_add_test(tests, rows_of_arm);
    tcase_add_test(tests, rows_of_x86);
    tcase_add_test(tests, rows_of_powerpc);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

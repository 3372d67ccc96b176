/* test_told.c - what was handed out is handed out again when anything of it has changed, however
 * far behind its beginning. */
#include <string.h>

#include "report/store.h"
#include "suite.h"

static char long_name[20000];

static kd_context boot(const char *hardware, kd_stage stage)
{
    return (kd_context){ .arch = KD_STR("x86_64"),
                         .release = kd_str_of(long_name),
                         .hardware = kd_str_of(hardware),
                         .stage = stage };
}

START_TEST(changes_are_seen)
{
    memset(long_name, 'x', sizeof long_name - 1);
    kd_context first = boot("Acme", KD_STAGE_KERNEL), same = boot("Acme", KD_STAGE_KERNEL),
               other = boot("Acme", KD_STAGE_LOGIN), board = boot("Acmf", KD_STAGE_KERNEL);
    ck_assert_uint_eq(kd_boot_hash(&first), kd_boot_hash(&same));
    ck_assert_uint_ne(kd_boot_hash(&first), kd_boot_hash(&other));
    ck_assert_uint_ne(kd_boot_hash(&first), kd_boot_hash(&board));
    same.first_line = 7, same.last_line = 9; /* of each item, they say nothing new */
    ck_assert_uint_eq(kd_boot_hash(&first), kd_boot_hash(&same));
    long_name[0] = 'y';
    ck_assert_uint_ne(kd_boot_hash(&first), kd_boot_hash(&other));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("told");
    TCase *tests = tcase_create("told");
    tcase_add_test(tests, changes_are_seen);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_relocations.c - relocations that a loader does not take: names by the ABIs of the machines.
 */
#include "api/stage.h"

typedef struct row {
    const char *arch;
    unsigned type;
    const char *name; /* NULL: nothing is known of it */
} row;

static void check(kd_engine *engine, const row *r)
{
    char log[256], plain[2048];
    kd_report *report;
    snprintf(log, sizeof log,
             "[    0.000000] Linux version 4.4.0 (build@host) (%s-linux-gnu-gcc 5.4.0) #1 SMP\n"
             "[   12.100000] foo: Unknown rela relocation: %u\n",
             r->arch, r->type);
    ck_assert_int_eq(kd_analyze(engine, str(log), NULL, &report), KD_OK);
    ck_assert_uint_eq(kd_report_diag_count(report), 1);
    const kd_diag *diag = kd_report_diag(report, 0);
    kd_str said = kd_diag_explanation(diag);
    snprintf(plain, sizeof plain, "%.*s", (int)said.len, said.ptr);
    ck_assert_str_eq(kd_diag_id(diag), "module.relocation-unknown");
    if (r->name)
        ck_assert_msg(strstr(plain, r->name) != NULL, "%s %u: %s", r->arch, r->type, plain);
    else
        ck_assert_msg(strstr(plain, "R_") == NULL, "%s %u: %s", r->arch, r->type, plain);
    kd_report_free(report);
}

START_TEST(types)
{
    static const row rows[] = {
        { "x86_64", 1, "Type 1 is R_X86_64_64:" },
        { "x86_64", 4, "Type 4 is R_X86_64_PLT32:" },
        { "x86_64", 9, "Type 9 is R_X86_64_GOTPCREL:" },
        { "x86_64", 41, "Type 41 is R_X86_64_GOTPCRELX:" },
        { "x86_64", 42, "Type 42 is R_X86_64_REX_GOTPCRELX:" },
        { "x86_64", 43, NULL },
        { "x86_64", 311, NULL },
        { "aarch64", 311, "Type 311 is R_AARCH64_ADR_GOT_PAGE:" },
        { "aarch64", 312, "Type 312 is R_AARCH64_LD64_GOT_LO12_NC:" },
        { "aarch64", 4, NULL },
        { "aarch64", 310, NULL },
        { "aarch64", 313, NULL },
    };
    kd_engine *engine = new_engine();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(engine, &rows[i]);
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relocations");
    TCase *all = tcase_create("all");
    tcase_add_test(all, types);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

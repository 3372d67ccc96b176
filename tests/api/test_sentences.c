/* test_sentences.c - what the sentences of lists and reference counts mean: each form that kernels
 * print, and what follows from it. */
#include "api/stage.h"

typedef struct row {
    const char *sentence;
    const char *words; /* of the explanation */
} row;

static void check(kd_engine *engine, const char *log, const row *r, const char *rule)
{
    kd_report *report;
    char plain[2048];
    ck_assert_int_eq(kd_analyze(engine, str(log), NULL, &report), KD_OK);
    ck_assert_msg(kd_report_diag_count(report) == 1, "%s", r->sentence);
    const kd_diag *diag = kd_report_diag(report, 0);
    kd_str said = kd_diag_explanation(diag);
    snprintf(plain, sizeof plain, "%.*s", (int)said.len, said.ptr);
    ck_assert_str_eq(kd_diag_id(diag), rule);
    ck_assert_msg(strstr(plain, r->words) != NULL, "%s: %s", r->sentence, plain);
    kd_report_free(report);
}

/* A number that is hashed is none: no poison, and not NULL. */
START_TEST(lists)
{
    static const char deleted[] = "the poison that list_del() leaves: the entry was deleted before",
                      twice[] = "its own neighbour already", unset[] = "The neighbour is NULL:",
                      poison[] = "The neighbour holds the poison", null[] = "its pointer is NULL:",
                      elsewhere[] = "The neighbour points elsewhere";
    static const row rows[] = {
        { "list_del corruption, ffff88810b1a3c40->next is LIST_POISON1 (dead000000000100)",
          deleted },
        { "list_del corruption, ffff88810b1a3c40->prev is LIST_POISON2 (dead000000000122)",
          deleted },
        { "list_add double add: new=ffff88810b1a3c40, prev=ffff88810b1a3c40, "
          "next=ffff888104f10a00.",
          twice },
        { "list_add corruption. prev is NULL.", unset },
        { "list_del corruption, ffff88810b1a3c40->next is NULL", unset },
        { "list_del corruption. prev->next should be ffff88810b1a3c40, but was dead000000000100. "
          "(prev=ffff888104f10a00)",
          poison },
        { "list_del corruption. next->prev should be ffff88810b1a3c40, but was dead000000000122",
          poison },
        { "list_del corruption. next->prev should be ffff88010b1a3c40, but was dead000000000200",
          poison },
        { "list_del corruption. next->prev should be ffff88010b1a3c40, but was dead000000200200",
          poison },
        { "list_del corruption. next->prev should be c7a31e40, but was 00000122", poison },
        { "list_del corruption. next->prev should be c7a31e40, but was 00100100", poison },
        { "list_del corruption. next->prev should be c00000010b1a3c40, but was 5deadbeef0000100",
          poison },
        { "list_del corruption. next->prev should be ffff88810b1a3c40, but was dead000000000101",
          elsewhere },
        { "list_add corruption. next->prev should be prev (ffff88810b1a3c40), but was "
          "ffff888104f10a00. (next=ffff888104f10b00).",
          elsewhere },
        { "list_add corruption. next->prev should be prev (ffff88810b1a3c40), but was "
          "0000000000000000. (next=ffff888104f10b00).",
          null },
        { "list_add corruption. prev->next should be next (ffff88010b1a3c40), but was           "
          "(null). (prev=ffff880104f10b00).",
          null },
        { "list_add corruption. prev->next should be next (ffff88010b1a3c40), but was (null). "
          "(prev=ffff880104f10b00).",
          null },
        { "list_add corruption. prev->next should be next (____ptrval____), but was "
          "(____ptrval____). "
          "(prev=____ptrval____).",
          elsewhere },
    };
    kd_engine *engine = new_engine();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char log[1024];
        snprintf(log, sizeof log,
                 "[   52.100000] %s\n"
                 "[   52.100010] ------------[ cut here ]------------\n"
                 "[   52.100020] kernel BUG at lib/list_debug.c:62!\n"
                 "[   52.100030] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
                 "[   52.100040] CPU: 1 PID: 611 Comm: foo_queue Not tainted 6.1.0 #1\n"
                 "[   52.100060] RIP: 0010:__list_del_entry_valid.cold+0x14/0x6f\n"
                 "[   52.100070] Call Trace:\n"
                 "[   52.100090]  foo_dequeue+0x4a/0xc0 [foo]\n"
                 "[   52.100100] ---[ end trace 0000000000000000 ]---\n",
                 rows[i].sentence);
        check(engine, log, &rows[i], "bug.list");
    }
    kd_engine_free(engine);
}
END_TEST

START_TEST(reference_counts)
{
    static const row rows[] = {
        { "refcount_t: addition on 0; use-after-free.", "whose count was 0 already" },
        { "refcount_t: increment on 0; use-after-free.", "whose count was 0 already" },
        { "refcount_t: underflow; use-after-free.", "a reference that it did not have" },
        { "refcount_t: decrement hit 0; leaking memory.", "dropped the last reference" },
        { "refcount_t: saturated; leaking memory.", "made the count overflow" },
    };
    kd_engine *engine = new_engine();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char log[1024];
        snprintf(log, sizeof log,
                 "[   61.204110] ------------[ cut here ]------------\n"
                 "[   61.204120] %s\n"
                 "[   61.204130] WARNING: CPU: 1 PID: 611 at lib/refcount.c:28 "
                 "refcount_warn_saturate+0x110/0x15c\n"
                 "[   61.204140] CPU: 1 PID: 611 Comm: foo_queue Not tainted 6.1.0 #1\n"
                 "[   61.204160] RIP: 0010:refcount_warn_saturate+0x110/0x15c\n"
                 "[   61.204170] Call Trace:\n"
                 "[   61.204190]  foo_put+0x4a/0xc0 [foo]\n"
                 "[   61.204200] ---[ end trace 0000000000000000 ]---\n",
                 rows[i].sentence);
        check(engine, log, &rows[i], "bug.refcount");
    }
    kd_engine_free(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sentences");
    TCase *all = tcase_create("all");
    tcase_add_test(all, lists);
    tcase_add_test(all, reference_counts);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

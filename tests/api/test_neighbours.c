/* test_neighbours.c - a cause is looked for among the 256 events to each side, and no farther: in a
 * flood of reports the work would grow with their square. */
#include "api/stage.h"

/* A CPU that is stuck, and behind it so many blocked tasks: how many it is the cause of. */
static size_t count_effects(size_t tasks)
{
    kd_engine *engine = new_engine();
    kd_report *report;
    kd_value cause;
    char line[160];
    size_t effects = 0;
    text log = { NULL, 0, 0 };
    int len = snprintf(line, sizeof line,
                       "[  100.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! "
                       "[cat:611]\n");
    ck_assert_int_eq(text_put(line, (size_t)len, &log), 0);
    for (size_t i = 1; i <= tasks; i++) {
        len = snprintf(line, sizeof line,
                       "[  150.%06zu] INFO: task foo-%zu:%zu blocked for more than 120 seconds.\n",
                       i, i, 1000 + i);
        ck_assert_int_eq(text_put(line, (size_t)len, &log), 0);
    }
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, NULL, &report), KD_OK);
    ck_assert_uint_eq(kd_report_event_count(report), tasks + 1);
    for (size_t i = 0; i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        effects += strcmp(kd_diag_id(diag), "hang.task-blocked") == 0 &&
                   kd_diag_get(diag, "caused_by", &cause) == KD_OK && cause.as.count > 0;
    }
    kd_report_free(report);
    kd_engine_free(engine);
    free(log.ptr);
    return effects;
}

START_TEST(near_ones_are_found)
{
    ck_assert_uint_eq(count_effects(1), 1);
    ck_assert_uint_eq(count_effects(200), 200);
    ck_assert_uint_eq(count_effects(256), 256);
}
END_TEST

START_TEST(far_ones_are_not_looked_for)
{
    ck_assert_uint_eq(count_effects(257), 256);
    ck_assert_uint_eq(count_effects(300), 256);
}
END_TEST

/* ---- how long one thing may come after another -------------------------------------------------
 */

/* Each line of the text behind a time. */
static void put_lines(text *log, uint64_t us, const char *lines)
{
    char line[256];
    for (const char *end; (end = strchr(lines, '\n')); lines = end + 1) {
        int len =
            snprintf(line, sizeof line, "[%5llu.%06llu] %.*s\n", (unsigned long long)us / 1000000,
                     (unsigned long long)us % 1000000, (int)(end - lines), lines);
        ck_assert_int_eq(text_put(line, (size_t)len, log), 0);
    }
}

/* Two texts, so much time apart. */
static kd_report *analyze_pair(const char *first, const char *second, uint64_t apart_us)
{
    kd_engine *engine = new_engine();
    kd_report *report;
    text log = { NULL, 0, 0 };
    put_lines(&log, 10000000, first);
    put_lines(&log, 10000000 + apart_us, second);
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log.ptr, log.len }, NULL, &report), KD_OK);
    kd_engine_free(engine);
    free(log.ptr);
    return report;
}

static bool is_caused(const char *first, const char *second, const char *rule, uint64_t apart_us)
{
    kd_report *report = analyze_pair(first, second, apart_us);
    kd_value cause;
    bool caused = false;
    for (size_t i = 0; i < kd_report_diag_count(report); i++) {
        const kd_diag *diag = kd_report_diag(report, i);
        caused |= strcmp(kd_diag_id(diag), rule) == 0 &&
                  kd_diag_get(diag, "caused_by", &cause) == KD_OK && cause.as.count > 0;
    }
    kd_report_free(report);
    return caused;
}

#define OOPS(at)                                                                  \
    at "\nOops: 0000 [#1] SMP\nCPU: 0 PID: 88 Comm: acmed Not tainted 6.1.0 #1\n" \
       "RIP: 0010:acme_probe+0x61/0x120 [acme]\n---[ end trace 0000000000000000 ]---\n"

START_TEST(causes_in_time)
{
    static const struct {
        const char *first, *second, *rule;
        uint64_t seconds;
    } rows[] = {
        { "blk_update_request: I/O error, dev sda, sector 10465 op 0x1:(WRITE) flags 0x800\n",
          "EXT4-fs error (device sda1): ext4_journal_check_start:56: Detected aborted journal\n",
          "fs.shut-down", 60 },
        { "mce: [Hardware Error]: CPU 1: Machine Check Exception: 5 Bank 4: be00000000800400\n",
          OOPS("BUG: unable to handle page fault for address: ffff9b2e4c0a1238"),
          "oops.bad-pointer", 300 },
        { "acmed: page allocation failure: order:4, mode:0x40dc0, nodemask=(null)\n"
          "CPU: 0 PID: 88 Comm: acmed Not tainted 6.1.0 #1\nCall Trace:\n <TASK>\n"
          " warn_alloc+0x12c/0x1a0\n __alloc_pages+0x1d0/0x330\n acme_probe+0x55/0x120 [acme]\n "
          "</TASK>\n",
          OOPS("BUG: kernel NULL pointer dereference, address: 0000000000000000"),
          "oops.unchecked-allocation", 60 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t most = rows[i].seconds * 1000000;
        ck_assert_msg(is_caused(rows[i].first, rows[i].second, rows[i].rule, 1), "row %zu", i);
        ck_assert_msg(is_caused(rows[i].first, rows[i].second, rows[i].rule, most), "row %zu", i);
        ck_assert_msg(!is_caused(rows[i].first, rows[i].second, rows[i].rule, most + 1), "row %zu",
                      i);
    }
}
END_TEST

/* What fails once is told by several lines: tenths of a second are told apart. */
START_TEST(lines_of_one_failure)
{
    static const struct {
        const char *first, *second;
        uint64_t seconds;
    } rows[] = {
        { "EXT4-fs error (device sda1): ext4_lookup:1600: inode #2: comm ls: deleted inode\n",
          "EXT4-fs error (device sda1): ext4_find_entry:1400: inode #9: comm cat: reading\n", 120 },
        { "blk_update_request: I/O error, dev sda, sector 10465 op 0x1:(WRITE) flags 0x800\n",
          "Buffer I/O error on dev sda, logical block 99, lost async page write\n", 10 },
        { "ata1.00: exception Emask 0x10 SAct 0xe00000 SErr 0x10180000 action 0x6 frozen\n",
          "ata1.00: failed command: READ FPDMA QUEUED\n", 30 },
        { "nvme nvme0: controller is down; will reset: CSTS=0x3, PCI_STATUS=0x2010\n",
          "nvme nvme0: I/O 12 QID 3 timeout, aborting\n", 10 },
        { "mmc0: Timeout waiting for hardware interrupt.\n",
          "mmc0: error -110 whilst initialising SD card\n", 10 },
        { "usb 1-1: device descriptor read/64, error -71\n",
          "usb 1-1: device not accepting address 5, error -71\n", 30 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint64_t more = 0; more < 2; more++) {
            kd_report *report = analyze_pair(rows[i].first, rows[i].second,
                                             rows[i].seconds * 1000000 + more * 100000);
            kd_value alike = { .type = KD_NONE };
            const kd_event *event = kd_report_event(report, 0);
            ck_assert_int_eq(kd_event_get(event, "lines_alike", &alike), KD_OK);
            ck_assert_msg(alike.as.u == 2 - more, "row %zu", i);
            kd_report_free(report);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("neighbours");
    TCase *all = tcase_create("all");
    tcase_add_test(all, near_ones_are_found);
    tcase_add_test(all, far_ones_are_not_looked_for);
    tcase_add_test(all, causes_in_time);
    tcase_add_test(all, lines_of_one_failure);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

/* fuzz_options.c - a log under any options and limits, with any .config and any earlier capture.
 * The first 16 bytes are the plan; the rest is log, .config and earlier capture, with a line "===="
 * between them. */
#define KD_OWN_ALLOCATOR
#include "engine.h"

typedef struct account {
    size_t held, most;
} account;

static account held;

static void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
    account *a = user;
    a->held += new_size - old_size;
    a->most = a->held > a->most ? a->held : a->most;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const kd_allocator allocator = { resize, &held };
    (void)argc;
    (void)argv;
    return make_engine(&allocator);
}

static kd_str next_part(kd_str *rest)
{
    static const char mark[] = "\n====\n";
    kd_str part = *rest;
    for (size_t i = 0; i + sizeof mark - 1 <= rest->len; i++)
        if (memcmp(rest->ptr + i, mark, sizeof mark - 1) == 0) {
            part.len = i;
            break;
        }
    size_t taken = part.len + sizeof mark - 1 < rest->len ? part.len + sizeof mark - 1 : rest->len;
    rest->ptr += taken;
    rest->len -= taken;
    return part;
}

static void choose(kd_options *o, const uint8_t *plan)
{
    static const char *const archs[] = { NULL,   "x86_64",  "arm64", "arm",
                                         "i386", "riscv64", "ppc64", "s390" };
    static const char *const releases[] = { NULL, "6.1.0-50-amd64", "4.18.0-193.el8", "2.6.32" };
    static const uint32_t sizes[] = { 0, 4096, 65536, 16384 };
    static const uint32_t counts[] = { 0, 1, 2, 3, 20, 20000 };
    static const uint32_t lengths[] = { 0, 256, 1024, 65536 };
    static const uint32_t event_lines[] = { 0, 16, 17, 200 };
    static const size_t memory[] = { 0, 1, 100000, 300000, 1000000, (size_t)256 << 20 };
    o->flags = plan[0] & (KD_NO_REPAIR | KD_NO_TEXT);
    o->arch = archs[plan[1] % 8];
    o->kernel_release = releases[plan[2] % 4];
    o->kernel_version = plan[3] & 1 ? KD_KERNEL(plan[3] >> 4, plan[4] % 32, plan[5]) : 0;
    o->page_size = sizes[plan[6] % 4];
    o->max_line = lengths[plan[7] % 4] ? lengths[plan[7] % 4] : o->max_line;
    o->max_event_lines = event_lines[plan[8] % 4] ? event_lines[plan[8] % 4] : o->max_event_lines;
    o->max_history = counts[plan[9] % 6] ? counts[plan[9] % 6] : o->max_history;
    o->max_diags = counts[plan[10] % 6] ? counts[plan[10] % 6] : o->max_diags;
    o->max_memory = memory[plan[11] % 6] ? memory[plan[11] % 6] + plan[12] * 512u : o->max_memory;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kd_options options;
    kd_report *report = NULL;
    if (size < 16)
        return 0;
    kd_str rest = { (const char *)data + 16, size - 16 };
    kd_options_init(&options, sizeof options);
    choose(&options, data);
    kd_str log = next_part(&rest);
    options.kconfig = next_part(&rest);
    options.command_line = options.kconfig; /* words in either */
    options.before = rest;
    size_t at_rest = held.held;
    kd_status status = kd_analyze(engine, log, &options, &report);
    LAW(status == KD_OK || status == KD_E_LIMIT || status == KD_E_INVAL, "kd_analyze");
    LAW(!report == (status == KD_E_INVAL), "a report, whatever the limit");
    if (report) {
        kd_stats stats;
        kd_report_stats(report, &stats, sizeof stats);
        LAW(status == KD_OK || stats.limits, "the limit that was reached is named");
        law_report(report, log.len);
    }
    kd_report_free(report);
    LAW(held.held == at_rest, "all memory is given back");
    return 0;
}

/* test_vmalloc_forms.c - each printed form of a failed vmalloc() or range search, 2.6.32 to 7.2,
 * and what is not one. Whole logs through the public header. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kdiag.h"
#include "suite.h"

#define NONE UINT64_MAX

typedef struct form {
    const char *log, *kind;
    uint64_t requested, allocated; /* NONE: absent */
    const char *reason;            /* NULL: absent, or no such field */
    const char *path;              /* one more field of its own ... */
    uint64_t number;               /* ... and its value */
} form;

static const form forms[] = {
    /* the range search */
    { "vmap allocation for size 458752 failed: use vmalloc=<size> to increase size.\n",
      "vmap_failure", 458752, NONE, NULL, "hint", 36 },
    { "vmap allocation for size 299008 failed: use vmalloc=<size> to increase size\n",
      "vmap_failure", 299008, NONE, NULL, "hint", 35 },
    { "vmap allocation for size 458752 failed: use vmalloc= to increase size.\n", "vmap_failure",
      458752, NONE, NULL, "hint", 30 },
    { "vmalloc_node_range for size 1052672 failed: Address range restricted to 0xe0800000 - "
      "0xff800000\n",
      "vmap_failure", 1052672, NONE, NULL, "range_start", 0xe0800000 },
    { "vmalloc_node_range for size 1052672 failed: Address range restricted to 0xffffffffc0200000 "
      "- 0xffffffffff000000\n",
      "vmap_failure", 1052672, NONE, NULL, "range_end", 0xffffffffff000000 },
    /* wrapped by a mail program; cut in the middle */
    { "> vmalloc_node_range for size 1052672 failed: Address range restricted to\n"
      "> 0xe0800000 - 0xff800000\n",
      "vmap_failure", 1052672, NONE, NULL, "range_end", 0xff800000 },
    { "> vmalloc_node_range for size 1052672 failed: Address range restricted to 0xe0800000 -\n"
      "> 0xff800000\n",
      "vmap_failure", 1052672, NONE, NULL, "range_start", 0xe0800000 },
    { "> vmap allocation for size 458752 failed: use\n> vmalloc=<size> to increase size.\n",
      "vmap_failure", 458752, NONE, NULL, "hint", 36 },
    { "vmalloc_node_range for size 1052672 failed: Address range restricted to 0xe0800000\n"
      "init: something else\n",
      "vmap_failure", 1052672, NONE, NULL, "hint", 38 },
    { "vmap allocation for size 458752 failed: u", "vmap_failure", 458752, NONE, NULL, "hint", 1 },
    /* 3.0 - 4.8: and the header of order 0 is the same event */
    { "vmalloc: allocation failure: 454123 bytes\n"
      "insmod: page allocation failure: order:0, mode:0xd0\n",
      "vmalloc_failure", 454123, NONE, "no-range", "gfp.value", 0xd0 },
    { "vmalloc: allocation failure: 454123 bytes\n"
      "insmod: page allocation failure: order:0, mode:0x24000c0(GFP_KERNEL)\n",
      "vmalloc_failure", 454123, NONE, "no-range", "gfp.value", 0x24000c0 },
    { "vmalloc: allocation failure, allocated 8192 of 458752 bytes\n"
      "insmod: page allocation failure: order:0, mode:0xd2\n",
      "vmalloc_failure", 458752, 8192, "no-pages", "gfp.value", 0xd2 },
    { "vmalloc: allocation failure: 0 bytes\n"
      "kworker/u4:0: page allocation failure: order:0, mode:0x80d2\n",
      "vmalloc_failure", 0, NONE, "zero-size", "gfp.value", 0x80d2 },
    /* 4.9 - 5.12 */
    { "insmod: vmalloc: allocation failure: 1048576 bytes, mode:0x24000c0(GFP_KERNEL)\n",
      "vmalloc_failure", 1048576, NONE, "no-range", "gfp.value", 0x24000c0 },
    { "insmod: vmalloc: allocation failure: 1048576 bytes, mode:0x14000c0(GFP_KERNEL), "
      "nodemask=(null)\ninsmod cpuset=/ mems_allowed=0\n",
      "vmalloc_failure", 1048576, NONE, "no-range", "mems_allowed", 1 },
    { "my: comm: vmalloc: allocation failure, allocated 4096 of 1052672 bytes, "
      "mode:0xcc0(GFP_KERNEL), nodemask=(null),cpuset=/,mems_allowed=0\n",
      "vmalloc_failure", 1052672, 4096, "no-pages", "comm", 8 },
    /* 5.13 and later */
    { "insmod: vmalloc error: size 294912, vm_struct allocation failed, mode:0xcc0(GFP_KERNEL), "
      "nodemask=(null),cpuset=/,mems_allowed=0\n",
      "vmalloc_failure", 294912, NONE, "no-range", "gfp.value", 0xcc0 },
    { "xfsaild: vmalloc error: size 294912, vm_struct allocation failed. Retrying., "
      "mode:0x8cc0(GFP_KERNEL|__GFP_NOFAIL), nodemask=(null)\n",
      "vmalloc_failure", 294912, NONE, "no-range", "retrying", 1 },
    { "x: vmalloc error: size 294912, align 0x1000, vm_struct allocation failed. Retrying., "
      "mode:0x8cc0(GFP_KERNEL|__GFP_NOFAIL), nodemask=(null)\n",
      "vmalloc_failure", 294912, NONE, "no-range", "retrying", 1 },
    { "a: vmalloc error: size 18446744073709551615, exceeds total pages, mode:0xcc0(GFP_KERNEL)\n",
      "vmalloc_failure", UINT64_MAX, NONE, "too-large", "gfp.value", 0xcc0 },
    { "a: vmalloc error: size 8388608, failed to allocated page array size 16384, mode:0xcc0\n",
      "vmalloc_failure", 8388608, NONE, "page-array", "page_array_bytes", 16384 },
    { "a: vmalloc error: size 8192, page order 9, failed to allocate pages, mode:0xdc0\n",
      "vmalloc_failure", NONE, 8192, "no-pages", "page_order", 9 },
    { "a: vmalloc error: size 0, failed to allocate pages, mode:0x4dc2(GFP_KERNEL)\n",
      "vmalloc_failure", NONE, 0, "no-pages", "gfp.value", 0x4dc2 },
    { "a: vmalloc error: size 8192, failed to map pages, mode:0xcc0(GFP_KERNEL)\n",
      "vmalloc_failure", 8192, NONE, "map", "gfp.value", 0xcc0 },
    { "a: vmalloc error: size 8192, a text of the future, mode:0xcc0(GFP_KERNEL)\n",
      "vmalloc_failure", 8192, NONE, NULL, "gfp.value", 0xcc0 },
    /* wrapped before the text, before the mode; cut behind the text */
    { "> systemd-udevd: vmalloc error: size 2395133,\n> vm_struct allocation failed, "
      "mode:0xcc0(GFP_KERNEL)\n",
      "vmalloc_failure", 2395133, NONE, "no-range", "gfp.value", 0xcc0 },
    { "> systemd-udevd: vmalloc error: size 2395133, vm_struct allocation failed,\n"
      "> mode:0xcc0(GFP_KERNEL), nodemask=(null)\n",
      "vmalloc_failure", 2395133, NONE, "no-range", "gfp.value", 0xcc0 },
    { "> a: vmalloc error: size 8192, failed to allocate\n> pages, mode:0xcc0(GFP_KERNEL)\n",
      "vmalloc_failure", NONE, 8192, "no-pages", "gfp.value", 0xcc0 },
    { "a: vmalloc error: size 2395133, vm_struct allocation failed", "vmalloc_failure", 2395133,
      NONE, "no-range", "comm", 1 },
    { "execmem: unable to allocate memory\n", "vmalloc_failure", NONE, NONE, NULL, "text", 34 },
};

static kd_engine *engine;

static kd_report *analyze(const char *log)
{
    kd_report *report;
    ck_assert_int_eq(kd_analyze(engine, (kd_str){ log, strlen(log) }, NULL, &report), KD_OK);
    return report;
}

/* A number, or the length of a text; NONE when absent. */
static uint64_t number_of(const kd_event *event, const char *path)
{
    kd_value value;
    if (kd_event_get(event, path, &value) != KD_OK || value.type == KD_NONE)
        return NONE;
    if (value.type == KD_TEXT)
        return value.as.s.len;
    return value.type == KD_BOOL ? value.as.b : value.as.u;
}

START_TEST(printed_form)
{
    const form *f = &forms[_i];
    kd_report *report = analyze(f->log);
    kd_value value;
    ck_assert_msg(kd_report_event_count(report) == 1, "%s: %zu events", f->log,
                  kd_report_event_count(report));
    const kd_event *event = kd_report_event(report, 0);
    ck_assert_str_eq(kd_event_kind(event), f->kind);
    uint64_t requested = number_of(event, "requested_bytes");
    ck_assert_msg(requested == f->requested, "%s: requested %" PRIu64, f->log, requested);
    if (strcmp(f->kind, "vmalloc_failure") == 0) {
        uint64_t allocated = number_of(event, "allocated_bytes");
        ck_assert_msg(allocated == f->allocated, "%s: allocated %" PRIu64, f->log, allocated);
        ck_assert_int_eq(kd_event_get(event, "reason", &value), KD_OK);
        if (!f->reason)
            ck_assert_msg(value.type == KD_NONE, "%s", f->log);
        else
            ck_assert_msg(value.type == KD_TEXT && value.as.s.len == strlen(f->reason) &&
                              memcmp(value.as.s.ptr, f->reason, value.as.s.len) == 0,
                          "%s: another reason", f->log);
    }
    ck_assert_msg(number_of(event, f->path) == f->number, "%s: %s is %" PRIu64, f->log, f->path,
                  number_of(event, f->path));
    kd_report_free(report);
}
END_TEST

/* Numbers that overflow, texts that only look like one. */
static const char *const others[] = {
    "Trying to vfree() nonexistent vm area (00000000f1000000)\n",
    "vmap allocation for size  failed: use vmalloc=<size> to increase size\n",
    "vmap allocation for size 99999999999999999999 failed: use vmalloc=<size> to increase size\n",
    "vmap allocation for size 4096 succeeded\n",
    "insmod: vmalloc error: size 99999999999999999999, exceeds total pages, mode:0xcc0\n",
    "insmod: vmalloc error: size -1, exceeds total pages, mode:0xcc0\n",
    "vmalloc: allocation failure, allocated 4096 bytes\n",
    "see execmem: unable to allocate memory\n",
    "[    0.000000] Memory: 480700K/524288K available (11264K kernel code, 0K highmem)\n",
    "[    0.000000] Virtual kernel memory layout:\n"
    "[    0.000000]     vmalloc : 0xf0800000 - 0xff800000   ( 240 MB)\n",
};

START_TEST(not_a_failure)
{
    kd_report *report = analyze(others[_i]);
    ck_assert_msg(kd_report_event_count(report) == 0, "%s", others[_i]);
    kd_report_free(report);
}
END_TEST

/* The line that the next one cannot finish does not swallow it. */
START_TEST(part_of_a_line_takes_nothing)
{
    kd_report *report = analyze("vmalloc_node_range for size 1196032 failed: Address range "
                                "restricted to 0xf1000000\n"
                                "modprobe: vmalloc error: size 1189956, vm_struct allocation "
                                "failed, mode:0xcc0(GFP_KERNEL)\n");
    ck_assert_uint_eq(kd_report_event_count(report), 2);
    ck_assert_str_eq(kd_event_kind(kd_report_event(report, 1)), "vmalloc_failure");
    ck_assert_uint_eq(number_of(kd_report_event(report, 0), "range_start"), NONE);
    kd_report_free(report);
}
END_TEST

int main(void)
{
    if (kd_engine_new(&engine, NULL) != KD_OK)
        return EXIT_FAILURE;
    Suite *suite = suite_create("vmalloc_forms");
    TCase *tests = tcase_create("vmalloc_forms");
    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_loop_test(tests, printed_form, 0, (int)(sizeof forms / sizeof *forms));
    tcase_add_loop_test(tests, not_a_failure, 0, (int)(sizeof others / sizeof *others));
    tcase_add_test(tests, part_of_a_line_takes_nothing);
    suite_add_tcase(suite, tests);
    int status = run_suite(suite);
    kd_engine_free(engine);
    return status;
}

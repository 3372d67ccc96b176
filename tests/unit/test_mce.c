/* test_mce.c - the status of a machine check bank, by the processor manuals. */
#include "plain.h"
#include "suite.h"

#include "family/fault/decode_mce.h"

/* A row of the family's .def; its list declares it. */
bool kd_decode_mce_status(kd_event *event, void *part, const kd_context *context);

typedef struct row {
    uint64_t status;
    const char *class, *text; /* NULL: the code is not known */
} row;

static void check(const row *r)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_event event = { .arena = { .mem = &mem } };
    kdf_mce_status status = { .value = { r->status, 1 } };
    ck_assert(kd_decode_mce_status(&event, &status, NULL));
    ck_assert_uint_eq(status.code.v, r->status & 0xffff);
    ck_assert_msg(kd_str_is(status.class.v, r->class ? r->class : ""), "0x%llx: %.*s",
                  (unsigned long long)r->status, KD_FMT(status.class.v));
    ck_assert_msg(kd_str_is(status.text.v, r->text ? r->text : ""), "0x%llx: %.*s",
                  (unsigned long long)r->status, KD_FMT(status.text.v));
    kd_arena_free(&event.arena);
}

START_TEST(codes)
{
    static const row rows[] = {
        { 0x0000, "none", "none" },
        { 0x0001, "unclassified", "unclassified" },
        { 0x0005, "internal parity", "internal parity" },
        { 0x0007, NULL, NULL },
        { 0x000c, "cache", "cache, level 0" },
        { 0x000f, "cache", "cache, any level" },
        { 0x0010, "TLB", "TLB, level 0" },
        { 0x0015, "TLB", "TLB, level 1" },
        { 0x0020, NULL, NULL },
        { 0x0080, "memory", "memory controller, any request, channel 0" },
        { 0x009e, "memory", "memory controller, read, channel 14" },
        { 0x009f, "memory", "memory controller, read" },
        { 0x10af, "memory", "memory controller, write" }, /* bit 12: filtered */
        { 0x00b3, "memory", "memory controller, address or command, channel 3" },
        { 0x00c2, "memory", "memory controller, scrub, channel 2" },
        { 0x00df, "memory", "memory controller, reserved" },
        { 0x0090, "memory", "memory controller, read, channel 0" },
        { 0x0290, "memory", "memory controller, read, channel 0" },
        { 0x0135, "cache", "cache, data read, level 1" },
        { 0x0146, "cache", "cache, data write, level 2" },
        { 0x0150, "cache", "cache, instruction fetch, level 0" },
        { 0x0183, "cache", "cache, snoop, any level" },
        { 0x0194, "cache", "cache, reserved, level 0" },
        { 0x0400, "internal timer", "internal timer" },
        { 0x0401, "internal", "internal" },
        { 0x0800, "bus", "bus, source, any request" },
        { 0x0a13, "bus", "bus, responder, read" },
        { 0x0d2f, "bus", "bus, observer, write, timed out" },
        { 0x0e0b, "I/O", "I/O" },
        { 0x0f0f, "bus", "bus, any party, any request, timed out" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        check(&rows[i]);
}
END_TEST

START_TEST(bits)
{
    for (unsigned bit = 56; bit < 64; bit++) {
        kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
        kd_event event = { .arena = { .mem = &mem } };
        kdf_mce_status status = { .value = { UINT64_C(1) << bit, 1 } };
        ck_assert(kd_decode_mce_status(&event, &status, NULL));
        ck_assert_int_eq(status.valid.v, bit == 63);
        ck_assert_int_eq(status.overflow.v, bit == 62);
        ck_assert_int_eq(status.uncorrected.v, bit == 61);
        ck_assert_int_eq(status.enabled.v, bit == 60);
        ck_assert_int_eq(status.address_valid.v, bit == 58);
        ck_assert_int_eq(status.context_corrupt.v, bit == 57);
        kd_arena_free(&event.arena);
    }
    kdf_mce_status none = { .value = { 0, 0 } };
    ck_assert(kd_decode_mce_status(NULL, &none, NULL));
    ck_assert(!none.valid.src && !none.code.src && !none.class.src);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mce");
    TCase *tests = tcase_create("mce");
    tcase_add_test(tests, codes);
    tcase_add_test(tests, bits);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

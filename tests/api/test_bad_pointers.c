/* test_bad_pointers.c - what a bad pointer is told to be: values at both sides of each limit, all
 * in one oops of x86-64, where RAX is the pointer and RBX holds another value. */
#include "api/stage.h"

#ifdef KD_CAPSTONE /* the code tells which register was used */
/* What a pointer of the linear map looks like. */
#define WHOLE UINT64_C(0xffff8d9c57fec660)

typedef struct row {
    uint64_t rax, rbx;
    const char *rule;  /* "-RULE": anything but that */
    const char *words; /* of its explanation */
} row;

typedef struct scene {
    const char *function;
    unsigned code;   /* of the page fault */
    unsigned offset; /* of the member that is read: 0 or 16 */
    const char *unloaded;
} scene;

static const scene usual = { "foo_close", 0, 16, "" };

static bool is_canonical(uint64_t address)
{
    return address >> 47 == 0 || address >> 47 == 0x1ffff;
}

static void write_head(char *out, size_t size, const scene *s, uint64_t address)
{
    unsigned long long at = address;
    if (!is_canonical(address))
        snprintf(out, size,
                 "[   40.5] general protection fault, probably for non-canonical address 0x%llx: "
                 "0000 [#1] PREEMPT SMP NOPTI\n",
                 at);
    else
        snprintf(out, size,
                 "[   40.500000] BUG: %s: %016llx\n"
                 "[   40.500000] #PF: supervisor read access in kernel mode\n"
                 "[   40.500000] #PF: error_code(0x%04x) - %s\n"
                 "[   40.500000] PGD 0 P4D 0 \n"
                 "[   40.500000] Oops: %04x [#1] PREEMPT SMP NOPTI\n",
                 address < 4096 ? "kernel NULL pointer dereference, address"
                                : "unable to handle page fault for address",
                 at, s->code, s->code & 1 ? "permissions violation" : "not-present page", s->code);
}

/* mov rcx, [rax + 16] or mov rcx, [rax] */
static void write_log(char *out, size_t size, const scene *s, const row *r)
{
    char head[512];
    write_head(head, sizeof head, s, r->rax + s->offset);
    snprintf(out, size,
             "[    0.000000] Linux version 6.1.0-amd64 (build@host) (gcc-12) #1 SMP\n"
             "%s"
             "[   40.500000] CPU: 0 PID: 84 Comm: worker Not tainted 6.1.0-amd64 #1\n"
             "[   40.500000] RIP: 0010:%s+0x32/0x60\n"
             "[   40.500000] Code: 48 85 c0 <48> 8b %s 48 85 c9 74 05 5b 41 5c 5d c3 0f 1f 00\n"
             "[   40.500000] RSP: 0018:ffffd32c0058bcf0 EFLAGS: 00010293\n"
             "[   40.500000] RAX: %016llx RBX: %016llx RCX: 0000000000000000\n"
             "[   40.500000] RDX: 0000000000000000 RSI: 0000000000000000 RDI: 0000000000000000\n"
             "[   40.500000] CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033\n"
             "[   40.500000] Call Trace:\n"
             "[   40.500000]  foo_work+0x20/0x60\n"
             "[   40.500000] Modules linked in: foo(OE)%s\n"
             "[   40.500000] ---[ end trace 0000000000000000 ]---\n",
             head, s->function, s->offset ? "48 10" : "08", (unsigned long long)r->rax,
             (unsigned long long)r->rbx, s->unloaded);
}

static void check_row(kd_engine *engine, const scene *s, const row *r, size_t number)
{
    char log[4096];
    kd_report *report;
    const char *rule = r->rule + (*r->rule == '-');
    const kd_diag *found = NULL;
    write_log(log, sizeof log, s, r);
    ck_assert_int_eq(kd_analyze(engine, str(log), NULL, &report), KD_OK);
    ck_assert_uint_eq(kd_report_diag_count(report), 1);
    const kd_diag *diag = kd_report_diag(report, 0);
    found = strcmp(kd_diag_id(diag), rule) == 0 ? diag : NULL;
    ck_assert_msg((*r->rule == '-') == !found, "row %zu: %s, not %s", number, kd_diag_id(diag),
                  r->rule);
    if (found && r->words) {
        kd_value said;
        char plain[1024];
        ck_assert_int_eq(kd_diag_get(found, "explanation", &said), KD_OK);
        snprintf(plain, sizeof plain, "%.*s", (int)said.as.s.len, said.as.s.ptr);
        ck_assert_msg(strstr(plain, r->words), "row %zu: no \"%s\" in: %s", number, r->words,
                      plain);
    }
    kd_report_free(report);
}

static void check(const scene *s, const row *rows, size_t count)
{
    kd_engine *engine = new_engine();
    for (size_t i = 0; i < count; i++)
        check_row(engine, s, &rows[i], i);
    kd_engine_free(engine);
}

#define CHECK(scene, rows) check(scene, rows, sizeof rows / sizeof *rows)

START_TEST(moved)
{
    static const row rows[] = {
        { UINT64_C(0x57fec660ffff8d9c), WHOLE, "oops.half-pointer", "halves swapped" },
        { UINT64_C(0x57fec660ffff8d9d), WHOLE, "oops.non-canonical", NULL },
        { UINT64_C(0x57fec661ffff8d9c), WHOLE, "oops.non-canonical", NULL },
        { UINT64_C(0xff8d9c57fec66000), WHOLE, "oops.half-pointer", "moved up by 1 byte:" },
        { UINT64_C(0x8d9c57fec6600000), WHOLE, "oops.half-pointer", "moved up by 2 bytes:" },
        { UINT64_C(0x9c57fec660000000), WHOLE, "oops.half-pointer", "moved up by 3 bytes:" },
        { UINT64_C(0x57fec66000000000), WHOLE, "oops.non-canonical", NULL },
        { UINT64_C(0x9c57fec660000001), WHOLE, "oops.non-canonical", NULL },
        { UINT64_C(0x00ffff8d9c57fec6), WHOLE, "oops.half-pointer", "moved down by 1 byte:" },
        { UINT64_C(0x0000ffff8d9c57fe), WHOLE, "oops.half-pointer", "moved down by 2 bytes:" },
        { UINT64_C(0x000000ffff8d9c57), WHOLE, "oops.half-pointer", "moved down by 3 bytes:" },
        { UINT64_C(0x00000000ffff8d9c), WHOLE, "-oops.half-pointer", NULL },
        /* what is left of it tells too little */
        { UINT64_C(0x00ffff8d9c000000), UINT64_C(0xffff8d9c00000000), "oops.non-canonical", NULL },
        /* the whole one is none of the kernel */
        { UINT64_C(0x57fec660feff8d9c), UINT64_C(0xfeff8d9c57fec660), "oops.non-canonical", NULL },
        { UINT64_C(0x57fec660ff008d9c), UINT64_C(0xff008d9c57fec660), "oops.half-pointer", NULL },
    };
    CHECK(&usual, rows);
}
END_TEST

START_TEST(half)
{
    static const row rows[] = {
        { 0x57fec660, WHOLE, "oops.half-pointer", "lower half" },
        { 0x57fec661, WHOLE, "-oops.half-pointer", NULL },
        { UINT64_C(0x157fec660), WHOLE, "-oops.half-pointer", NULL },
        { 0x57fec660, UINT64_C(0xff008d9c57fec660), "oops.half-pointer", NULL },
        { 0x57fec660, UINT64_C(0xfeff8d9c57fec660), "-oops.half-pointer", NULL },
        { 0x57fec660, UINT64_C(0x00007d9c57fec660), "-oops.half-pointer", NULL },
        /* it was an int: the sign was extended */
        { UINT64_C(0xffffffffd7fec660), UINT64_C(0xffff8d9cd7fec660), "oops.half-pointer", NULL },
        { UINT64_C(0xffffffff57fec660), WHOLE, "-oops.half-pointer", NULL },
        { UINT64_C(0xfffffffed7fec660), UINT64_C(0xffff8d9cd7fec660), "-oops.half-pointer", NULL },
        { UINT64_C(0xffffffffd7fec660), UINT64_C(0xffffffffd7fec660), "-oops.half-pointer", NULL },
        /* small numbers are numbers */
        { 0x10000, UINT64_C(0xffff8d9c00010000), "oops.half-pointer", NULL },
        { 0xfff8, UINT64_C(0xffff8d9c0000fff8), "-oops.half-pointer", NULL },
    };
    CHECK(&usual, rows);
}
END_TEST

START_TEST(flipped)
{
    static const row rows[] = {
        { WHOLE ^ UINT64_C(1) << 30, WHOLE, "oops.bit-flip", "but for bit 30:" },
        { WHOLE ^ UINT64_C(1) << 29, WHOLE, "-oops.bit-flip", NULL },
        { WHOLE ^ UINT64_C(1) << 62, WHOLE, "oops.bit-flip", "but for bit 62:" },
        { WHOLE ^ UINT64_C(1) << 63, WHOLE, "oops.bit-flip", "but for bit 63:" },
        { WHOLE, WHOLE, "-oops.bit-flip", NULL },
        { WHOLE ^ UINT64_C(0x4000000040000000), WHOLE, "oops.bit-flip", "but for bits 30 and 62:" },
        { WHOLE ^ UINT64_C(0x4000000020000000), WHOLE, "-oops.bit-flip", NULL },
        { WHOLE ^ UINT64_C(0x6000000040000000), WHOLE, "-oops.bit-flip", NULL },
        /* both may be addresses: two neighbours */
        { WHOLE ^ UINT64_C(0x00000000c0000000), WHOLE, "-oops.bit-flip", NULL },
        { UINT64_C(0x00007c9c57fec660), UINT64_C(0x00007d9c57fec660), "-oops.bit-flip", NULL },
        { UINT64_C(1) << 30, 0, "oops.bit-flip", "NULL but for bit 30:" },
        { UINT64_C(1) << 29, 0, "-oops.bit-flip", NULL },
        { UINT64_C(1) << 47, 0, "oops.bit-flip", "NULL but for bit 47:" },
        { UINT64_C(0x40000800), 0x800, "-oops.bit-flip", NULL },
    };
    CHECK(&usual, rows);
}
END_TEST

START_TEST(values)
{
    static const row rows[] = {
        { UINT64_C(0x6f77206f6c6c6568), 0, "oops.text-as-pointer", "\"hello wo\"" },
        { UINT64_C(0x00000006f6c6c65), 0, "-oops.text-as-pointer", NULL },
        { UINT64_C(0x6b6b6b6b6b6b6b6b), 0, "oops.use-after-free", NULL },
        { UINT64_C(0x5a5a5a5a5a5a5a5a), 0, "oops.non-canonical", "made of 0x5a" },
        { UINT64_C(0x00006b6b6b6b0000), 0, "-oops.use-after-free", NULL },
        { UINT64_C(0xdead000000000100), 0, "oops.list-poison", NULL },
        { UINT64_C(0xdead000000000080), 0, "oops.non-canonical", NULL },
        { UINT64_C(0xdead000000000208), 0, "oops.non-canonical", NULL },
        { UINT64_C(0xdead000000000400), 0, "oops.non-canonical", "TAIL_MAPPING" },
        { UINT64_C(0xdead000000000040), 0, "oops.non-canonical", "page_pool" },
        { UINT64_C(0xfefefefefefefeff), 0, "oops.non-canonical", "no poison" },
        { UINT64_C(0xffffffffc0712330), 0, "oops.module-gone", NULL },
        { UINT64_C(0xffffffffbffffff0), 0, "oops.module-gone", NULL },
        { UINT64_C(0xffffffffbfffffe8), 0, "-oops.module-gone", NULL },
        { 0, 0, "oops.null-deref", NULL },
        { 0xfe8, 0, "oops.null-deref", NULL },
        { 0xff0, 0, "-oops.null-deref", NULL },
        { UINT64_C(0x00007f0012345000), 0, "-oops.user-pointer", NULL },
    };
    CHECK(&usual, rows);
}
END_TEST

START_TEST(pages_that_are_there)
{
    static const scene present = { "foo_close", 1, 16, "" };
    static const row rows[] = {
        { UINT64_C(0x00007f0012345000), 0, "oops.user-pointer", NULL },
        { UINT64_C(0xffffffffc0712330), 0, "-oops.module-gone", NULL },
        { UINT64_C(0xfffffffffffffe01), 0, "-oops.err-ptr", NULL },
    };
    CHECK(&present, rows);
}
END_TEST

START_TEST(errors)
{
    static const scene first = { "foo_close", 0, 0, "" };
    static const row rows[] = {
        { UINT64_C(0xfffffffffffffff4), 0, "oops.err-ptr", "-12 (-ENOMEM): an error number used" },
        { UINT64_C(0xffffffffffffffea), 0, "oops.err-ptr", "not checked with IS_ERR()" },
        { UINT64_C(0xfffffffffffffff0), 0, "oops.err-ptr", "or NULL minus" },
        { UINT64_C(0xfffffffffffffff8), 0, "oops.err-ptr", "or NULL minus" },
        { UINT64_C(0xffffffffffffffff), 0, "oops.err-ptr", "all bits set" },
        { UINT64_C(0xfffffffffffff001), 0, "oops.err-ptr", "or NULL minus" },
        { UINT64_C(0xfffffffffffff000), 0, "-oops.err-ptr", NULL },
    };
    CHECK(&first, rows);
}
END_TEST

/* A link of the free list of a slab, or another pointer. */
START_TEST(allocator)
{
    static const char *const follow[] = { "kmem_cache_alloc",   "kmem_cache_alloc_lru",
                                          "__kmalloc",          "___slab_alloc",
                                          "__slab_free",        "kmem_cache_free_bulk",
                                          "deactivate_slab",    "get_partial_node",
                                          "setup_object.isra.0" };
    static const char *const others[] = { "kfree",    "kmem_cache_free", "kmem_cache_destroy",
                                          "krealloc", "vmalloc",         "my_kmalloc" };
    static const row found = { WHOLE, 0, "oops.freelist-corrupt", NULL },
                     not = { WHOLE, 0, "-oops.freelist-corrupt", NULL };
    kd_engine *engine = new_engine();
    for (size_t i = 0; i < sizeof follow / sizeof *follow; i++)
        check_row(engine, &(scene){ follow[i], 0, 16, "" }, &found, i);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_row(engine, &(scene){ others[i], 0, 16, "" }, &not, 100 + i);
    kd_engine_free(engine);
}
END_TEST

START_TEST(module_that_left)
{
    static const scene left = { "foo_close", 0, 16, " [last unloaded: bar(OE)]" };
    static const row rows[] = {
        { UINT64_C(0xffffffffc0712330), 0, "oops.module-gone",
          "The last one that was removed is bar" },
        { UINT64_C(0xffff8d9c57fec660), 0, "-oops.module-gone", NULL },
    };
    CHECK(&left, rows);
}
END_TEST

#endif

int main(void)
{
    Suite *suite = suite_create("bad pointers");
    TCase *tests = tcase_create("bad pointers");
#ifdef KD_CAPSTONE
    tcase_add_test(tests, moved);
    tcase_add_test(tests, half);
    tcase_add_test(tests, flipped);
    tcase_add_test(tests, values);
    tcase_add_test(tests, pages_that_are_there);
    tcase_add_test(tests, errors);
    tcase_add_test(tests, allocator);
    tcase_add_test(tests, module_that_left);
#endif
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

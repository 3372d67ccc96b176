/* test_samples.c - what is read out of a dump for the re-play of a request: when its samples of the
 * free memory differ by more than drift, what of the CMA pages a cut zone line may hold. */
#include "core/version.h"
#include "family/alloc/replay/event.h"
#include "suite.h"

static kdf_page_alloc body;
static kdf_zone zones[2];
static kd_pair counters[2];
static kd_alloc_case c;

static void begin(void)
{
    body = (kdf_page_alloc){ .order = { 0, 1 }, .gfp.value = { 0xcc0, 1 } };
    body.meminfo.zones = (kd_list){ zones, 1, 2 };
    body.meminfo.counters_pages = (kd_list){ counters, 0, 2 };
    for (size_t i = 0; i < 2; i++)
        zones[i] = (kdf_zone){ .name = { KD_STR("Normal"), 2 },
                               .free_kb = { 4000, 2 },
                               .min_kb = { 400, 2 },
                               .low_kb = { 500, 2 },
                               .high_kb = { 600, 2 },
                               .buddy_kb = { 4000, 3 },
                               .buddy_adds_up = { true, 3 } };
}

static void look(void)
{
    kd_event event = { .kind = &kd_kind_page_alloc_failure, .body = &body };
    kd_context context = { .arch = KD_STR("x86_64"), .version = V(6, 1), .page_size = 4096 };
    kd_alloc_case_of(&event, 0, &context, &c);
    ck_assert(c.usable);
}

/* More than 256 pages, and more than 1/64. */
START_TEST(samples)
{
    static const struct {
        uint64_t zone_pages, buddy_pages;
        bool rises, falls;
    } rows[] = {
        { 10000, 10000, false, false }, { 10000, 10256, false, false },
        { 10000, 10257, true, false },  { 32000, 32500, false, false },
        { 32000, 32501, true, false },  { 10256, 10000, false, false },
        { 10257, 10000, false, true },  { 32500, 32000, false, false },
        { 32501, 32000, false, true },  { 0, 257, true, false },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        zones[0].free_kb.v = rows[i].zone_pages * 4;
        zones[0].buddy_kb.v = rows[i].buddy_pages * 4;
        look();
        ck_assert_uint_eq(c.samples.zone_pages, rows[i].zone_pages);
        ck_assert_uint_eq(c.samples.buddy_pages, rows[i].buddy_pages);
        ck_assert_msg(c.samples.rises == rows[i].rises && c.samples.falls == rows[i].falls,
                      "row %zu", i);
    }
    zones[0].buddy_adds_up.v = false; /* a torn line tells nothing */
    zones[0].free_kb.v = 40000;
    look();
    ck_assert(!c.samples.rises && !c.samples.falls && !c.samples.buddy_known);
}
END_TEST

/* What all zones have and no line tells may be in the one that is cut, up to what is free there. */
START_TEST(cma_pages_of_a_cut_line)
{
    static const struct {
        uint64_t all, told, unprinted;
        bool printed;
    } rows[] = {
        { 700, 0, 700, false }, { 700, 100, 600, false }, { 1500, 100, 1000, false },
        { 100, 100, 0, false }, { 90, 100, 0, false },    { 700, 100, 0, true },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        begin();
        body.meminfo.zones.count = 2;
        body.meminfo.counters_pages.count = 1;
        counters[0] = (kd_pair){ KD_STR("free_cma"), rows[i].all, 1 };
        zones[0].free_cma_kb = (kd_u64){ rows[i].told * 4, 2 };
        zones[1].free_cma_kb.src = rows[i].printed ? 2 : 0;
        look();
        ck_assert_uint_eq(c.zones[0].unprinted_cma_pages, 0);
        ck_assert_msg(c.zones[1].unprinted_cma_pages == rows[i].unprinted, "row %zu", i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("samples");
    TCase *tests = tcase_create("samples");
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, samples);
    tcase_add_test(tests, cma_pages_of_a_cut_line);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

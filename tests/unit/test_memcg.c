/* test_memcg.c - a memory control group: which of its limits was hit, and what it is used for. */
#include <stdio.h>
#include <string.h>

#include "family/oom/decode_oom.h"
#include "suite.h"

static kdf_memcg memcg;
static kd_pair stats[12];
static kdf_memcg_group groups[2];
static kd_pair of_groups[2][4];

static void begin(void)
{
    memcg = (kdf_memcg){ .stats_bytes = { stats, 0, KD_COUNT(stats) }, .groups = { groups, 0, 2 } };
    for (size_t i = 0; i < 2; i++)
        groups[i] = (kdf_memcg_group){ .stats_kb = { of_groups[i], 0, 4 } };
}

static void add(kd_list *list, const char *name, uint64_t value)
{
    ((kd_pair *)list->items)[list->count++] = (kd_pair){ kd_str_of(name), value, 3 };
}

/* The parts with what they hold, the largest first. */
static const char *parts(void)
{
    static char text[400];
    kd_memcg_part found[KD_MEMCG_PARTS];
    size_t count = kd_oom_memcg_parts(&memcg, found), at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s=%llu", i ? " " : "",
                               found[i].name, (unsigned long long)found[i].kb);
    return text;
}

/* Whatever the order that they are printed in; shared memory is a part of the files. */
START_TEST(parts_in_order)
{
    add(&memcg.stats_bytes, "anon", 100 * 1024);
    add(&memcg.stats_bytes, "file", 350 * 1024);
    add(&memcg.stats_bytes, "kernel_stack", 300 * 1024);
    add(&memcg.stats_bytes, "slab", 200 * 1024 + 1023);
    add(&memcg.stats_bytes, "sock", 0);
    add(&memcg.stats_bytes, "shmem", 100 * 1024);
    add(&memcg.stats_bytes, "percpu", 400 * 1024);
    ck_assert_str_eq(parts(), "percpu=400 kernel_stack=300 file=250 slab=200 anon=100 shmem=100");
}
END_TEST

START_TEST(version_1)
{
    add(&memcg.stats_bytes, "cache", 50 * 1024);
    add(&memcg.stats_bytes, "rss", 70 * 1024);
    add(&memcg.stats_bytes, "shmem", 60 * 1024); /* more than the cache: nothing is left of that */
    ck_assert_str_eq(parts(), "rss=70 shmem=60");
}
END_TEST

START_TEST(groups_below)
{
    memcg.groups.count = 2;
    for (size_t i = 0; i < 2; i++) {
        add(&groups[i].stats_kb, "cache", 40);
        add(&groups[i].stats_kb, "rss", 10 + i);
        add(&groups[i].stats_kb, "shmem", i ? 15 : 10);
    }
    ck_assert_str_eq(parts(), "cache=55 shmem=25 rss=21");
    of_groups[1][1].v = UINT64_MAX / 1024 + 1; /* no number of kilobytes */
    ck_assert_str_eq(parts(), "cache=55 shmem=25 rss=10");
    of_groups[1][1].v = UINT64_MAX / 1024;
    ck_assert_ptr_nonnull(strstr(parts(), "rss="));
}
END_TEST

static const char *limit_of(uint64_t memory, uint64_t memsw, uint64_t kmem)
{
    memcg.memory = (kdf_memcg_counter){ .usage_kb = { memory, 1 }, .limit_kb = { 100000, 1 } };
    memcg.memsw = (kdf_memcg_counter){ .usage_kb = { memsw, 1 }, .limit_kb = { 200000, 1 } };
    memcg.kmem = (kdf_memcg_counter){ .usage_kb = { kmem, 1 }, .limit_kb = { 50000, 1 } };
    kd_memcg_limit limit = kd_oom_memcg_limit(&memcg);
    return limit.name ? limit.name : "";
}

/* The one with the least room, which is less than 2 MiB. */
START_TEST(limits)
{
    ck_assert_str_eq(limit_of(100000, 150000, 10000), "memory");
    ck_assert_str_eq(limit_of(100004, 150000, 10000), "memory");
    ck_assert_str_eq(limit_of(98000, 199000, 10000), "memory+swap");
    ck_assert_str_eq(limit_of(98000, 199000, 49001), "kmem");
    ck_assert_str_eq(limit_of(97953, 0, 0), "memory");
    ck_assert_str_eq(limit_of(97952, 0, 0), "");
    memcg.memory.limit_kb.v = memcg.memory.usage_kb.v = UINT64_C(1) << 40;
    ck_assert_ptr_null(kd_oom_memcg_limit(&memcg).counter);
    ck_assert(!kd_oom_is_unlimited((UINT64_C(1) << 40) - 1));
    ck_assert(kd_oom_is_unlimited(UINT64_C(9007199254740988)));
    ck_assert(kd_oom_is_unlimited(UINT64_C(8589934588)));
    ck_assert(!kd_oom_is_unlimited(UINT64_C(8589934584)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memcg");
    TCase *tests = tcase_create("memcg");
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, parts_in_order);
    tcase_add_test(tests, version_1);
    tcase_add_test(tests, groups_below);
    tcase_add_test(tests, limits);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_version_signs.c - what banners and memory dumps tell of the kernel's version. */
#include "core/stable.h"
#include "core/version.h"
#include "family/fields.h"
#include "family/gfp/decode_version_signs.h"
#include "meminfo_stage.h"
#include "suite.h"

/* ---- banners --------------------------------------------------------------------------------- */

static const char *stable_of(const char *text)
{
    static char out[64];
    kd_str found = kd_stable_version(kd_str_of(text));
    snprintf(out, sizeof out, "%.*s", KD_FMT(found));
    return out;
}

START_TEST(banners_with_the_stable_release)
{
    ck_assert_str_eq(stable_of("(gcc-12) #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)"),
                     "6.1.176-1");
    ck_assert_str_eq(stable_of("#1 SMP PREEMPT Debian 1:6.1.63-1+rpt1 (2023-11-24)"),
                     "6.1.63-1+rpt1");
    ck_assert_str_eq(stable_of("#1  Debian 6.12.107-1"), "6.12.107-1");
    ck_assert_str_eq(stable_of("#1 SMP PREEMPT_DYNAMIC Kali 6.6.15-2kali1"), "6.6.15-2kali1");
    ck_assert_str_eq(stable_of("#1 SMP PREEMPT_DYNAMIC PMX 6.8.12-4 (2024-11-06T15:04Z)"),
                     "6.8.12-4");
    ck_assert_str_eq(stable_of("#1 SMP PVE 5.4.73-1 (Mon, 16 Nov 2020 10:52:16 +0100)"),
                     "5.4.73-1");
    ck_assert_str_eq(
        stable_of("(buildd@x) #101-Ubuntu SMP (Ubuntu 5.15.0-91.101-generic 5.15.131)"),
        "5.15.131");
}
END_TEST

START_TEST(banners_without_it)
{
    ck_assert_str_eq(
        stable_of("(mockbuild@x) (gcc version 8.5.0 20210514 (Red Hat 8.5.0-18)) #1 SMP"), "");
    ck_assert_str_eq(stable_of("(debian-kernel@lists.debian.org) (gcc version 6.3.0 (Debian )"),
                     "");
    ck_assert_str_eq(stable_of("#1 SMP Debian 1:"), "");
    ck_assert_str_eq(stable_of("(Ubuntu 5.15.0"), "");
    ck_assert_str_eq(stable_of(""), "");
}
END_TEST

/* ---- dumps ----------------------------------------------------------------------------------- */

typedef struct told {
    kd_version_bounds bounds;
    kdf_gfp gfp;
    kd_version_text_of text;
} told;

static void tell(told *t, const char *lines)
{
    stage s;
    give_all(&s, lines);
    t->text.meminfo = &s.dump;
    t->bounds = kd_version_signs(&t->text);
    stage_end(&s);
}

static void check(const char *lines, uint32_t from, uint32_t until)
{
    told t = { .text = { NULL, NULL, 0, 0 } };
    tell(&t, lines);
    ck_assert_uint_eq(t.bounds.from, from);
    ck_assert_uint_eq(t.bounds.until, until);
}

START_TEST(dumps_by_their_counters)
{
    check("Mem-Info:\n", KD_OLDEST, KD_NEWEST);
    check("Mem-Info:\nfree:5 unstable:0\n", KD_OLDEST, V(5, 8));
    check("Mem-Info:\nDMA free:4kB min:4kB low:4kB high:4kB isolated(anon):0kB present:16kB\n"
          "DMA: 1*4kB 0*8kB = 4kB\n",
          KD_OLDEST, V(4, 8));
    check("Mem-Info:\nDMA free:4kB min:4kB low:4kB high:4kB isolated(anon):0kB managed:16kB\n"
          "DMA: 1*4kB (R) 0*8kB = 4kB\n",
          V(3, 8), V(4, 4));
    check("Mem-Info:\nDMA free:4kB boost:0kB min:4kB low:4kB high:4kB reserved_highatomic:0KB\n",
          V(5, 16), KD_NEWEST);
    check("Mem-Info:\nNode 0 active_anon:4kB inactive_anon:4kB kernel_stack:5kB writeback_tmp:0kB\n"
          "Node 0 DMA free:4kB min:4kB low:4kB high:4kB reserved_highatomic:0KB pagetables:4kB\n",
          V(5, 9), V(5, 11));
    check("Mem-Info:\nNode 0 active_anon:4kB inactive_anon:4kB all_unreclaimable? no Balloon:0kB "
          "gpu_active:0kB gpu_reclaim:0kB\n",
          V(7, 0), KD_NEWEST);
}
END_TEST

START_TEST(dumps_by_their_letters)
{
    check("Mem-Info:\nDMA: 1*4kB (UEM) 0*8kB = 4kB\n", V(3, 8), V(4, 4));
    check("Mem-Info:\nDMA: 1*4kB (UM) 1*8kB (UME) = 12kB\n", V(4, 4), KD_NEWEST);
    check("Mem-Info:\nDMA: 1*4kB (UC) 1*8kB (H) = 12kB\n", V(4, 4), KD_NEWEST);
    check("Mem-Info:\nDMA: 1*4kB (U) 0*8kB = 4kB\n", V(3, 8), KD_NEWEST);
}
END_TEST

START_TEST(header_on_the_line_of_the_mask)
{
    told t = { .text = { NULL, NULL, 0, 0 } };
    t.gfp.value.src = t.gfp.printed.src = 1;
    t.text.gfp = &t.gfp;
    tell(&t, "Mem-Info:\n");
    ck_assert_uint_eq(t.bounds.from, V(4, 6));
    t.text.nodemask = 1;
    t.text.cpuset = 2; /* an own line: to 4.20 */
    tell(&t, "Mem-Info:\n");
    ck_assert_uint_eq(t.bounds.from, V(4, 9));
    t.text.cpuset = 1;
    tell(&t, "Mem-Info:\nfree:5 unstable:0\n");
    ck_assert_uint_eq(t.bounds.from, V(5, 0));
    ck_assert_uint_eq(t.bounds.until, V(5, 8));
    ck_assert_str_eq(t.bounds.from_sign, "cpuset=");
    ck_assert_str_eq(t.bounds.until_sign, "unstable");
}
END_TEST

static kd_version_bounds bounds_of(uint32_t from, uint32_t until)
{
    return (kd_version_bounds){ from, until, "a", "b" };
}

START_TEST(newest_inside)
{
    kd_version_bounds none = { KD_OLDEST, KD_NEWEST, "", "" };
    kd_version_bounds all[] = { bounds_of(V(5, 0), V(5, 8)), bounds_of(V(3, 8), V(4, 0)),
                                bounds_of(KD_OLDEST, V(3, 0)), bounds_of(V(6, 1), KD_NEWEST),
                                bounds_of(V(5, 0), V(4, 8)) };
    ck_assert_uint_eq(kd_version_guess(&none), 0);
    ck_assert_uint_eq(kd_version_guess(&all[0]), V(5, 7));
    ck_assert_uint_eq(kd_version_guess(&all[1]), V(3, 19));
    ck_assert_uint_eq(kd_version_guess(&all[2]), V26(39));
    ck_assert_uint_eq(kd_version_guess(&all[3]), KD_NEWEST_KNOWN);
    ck_assert_uint_eq(kd_version_guess(&all[4]), 0);
    static const uint32_t before[][2] = {
        { V26(33), V26(32) }, { V(3, 0), V26(39) },  { V(3, 1), V(3, 0) }, { V(4, 0), V(3, 19) },
        { V(4, 1), V(4, 0) }, { V(5, 0), V(4, 20) }, { V(5, 1), V(5, 0) }, { V(6, 0), V(5, 19) },
        { V(6, 1), V(6, 0) }, { V(7, 0), V(6, 19) }, { V(7, 1), V(7, 0) },
    };
    for (size_t i = 0; i < KD_COUNT(before); i++) {
        kd_version_bounds until = bounds_of(KD_OLDEST, before[i][0]);
        ck_assert_uint_eq(kd_version_guess(&until), before[i][1]);
    }
    /* one sign is enough, an empty range is none */
    kd_version_bounds one = { V(5, 0), V(5, 8), "", "b" }, other = { V(5, 0), V(5, 8), "a", "" };
    kd_version_bounds empty = bounds_of(V(5, 0), V(5, 0));
    ck_assert_uint_eq(kd_version_guess(&one), V(5, 7));
    ck_assert_uint_eq(kd_version_guess(&other), V(5, 7));
    ck_assert_uint_eq(kd_version_guess(&empty), 0);
}
END_TEST

START_TEST(possible_with_that_version)
{
    kd_version_bounds b = bounds_of(V(5, 0), V(5, 8));
    ck_assert(kd_version_possible(&b, KD_STR("5.4.3"), KD_KERNEL(5, 4, 3)));
    ck_assert(!kd_version_possible(&b, KD_STR("4.19.3"), KD_KERNEL(4, 19, 3)));
    ck_assert(!kd_version_possible(&b, KD_STR("5.10.3"), KD_KERNEL(5, 10, 3)));
    ck_assert(kd_version_possible(&b, KD_STR("4.20.0-rc7-next"), V(4, 20)));
    ck_assert(!kd_version_possible(&b, KD_STR("4.19.0-rc7"), V(4, 19)));
    ck_assert(kd_version_possible(&b, KD_STR("4.18.0-339.el8.x86_64"), V(4, 18)));
    ck_assert(!kd_version_possible(&b, KD_STR("5.14.0-70.el9.x86_64"), V(5, 14)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("version_signs");
    TCase *tests = tcase_create("version_signs");

    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, banners_with_the_stable_release);
    tcase_add_test(tests, banners_without_it);
    tcase_add_test(tests, dumps_by_their_counters);
    tcase_add_test(tests, dumps_by_their_letters);
    tcase_add_test(tests, header_on_the_line_of_the_mask);
    tcase_add_test(tests, newest_inside);
    tcase_add_test(tests, possible_with_that_version);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* test_limit_check.c - the compare before a WARN(), in code lines made by hand. */
#include "base/mem.h"
#include "base/str.h"
#include "family/fields.h"
#include "family/warn/decode_limit_check.h"
#include "suite.h"

typedef struct scene {
    kdf_oops oops;
    kd_context context;
    kd_pair registers[3];
} scene;

static void set(scene *s, const char *arch, const char *bytes, uint64_t marker)
{
    *s = (scene){ .context = { .arch = kd_str_of(arch) } };
    s->oops.code.bytes = (kd_text){ kd_str_of(bytes), 1 };
    s->oops.code.marker = (kd_u64){ marker, 1 };
    s->registers[0] = (kd_pair){ KD_STR("rbp"), 0xb, 2 };
    s->registers[1] = (kd_pair){ KD_STR("rdi"), 0x550001, 3 };
    s->registers[2] = (kd_pair){ KD_STR("ebp"), 0xc, 4 };
    s->oops.registers = (kd_list){ s->registers, 3, 3 };
}

#define ONCE "80 3d 99 07 91 01 00 0f 85 5b fe ff ff c6 05 8c 07 91 01 01 "

#ifdef KD_CAPSTONE
START_TEST(test_jbe)
{
    scene s;
    kd_limit_check found;
    /* 6.1: cmp ebp, 0xa; jbe away; once-flag; ud2 */
    set(&s, "x86_64", "e9 5f fe ff ff 83 fd 0a 0f 86 d3 fd ff ff " ONCE "<0f> 0b e9 4d", 34);
    ck_assert(kd_limit_check_find(&s.oops, &s.context, &found));
    ck_assert_uint_eq(found.limit, 10);
    ck_assert_uint_eq(found.value, 11);
    ck_assert_uint_eq(found.src, 2);
    ck_assert_str_eq(found.reg, "rbp");
    ck_assert_str_eq(found.compare, "cmp ebp, 0xa");
}
END_TEST

START_TEST(test_jb)
{
    scene s;
    kd_limit_check found;
    /* cmp ebp, 0xb; jb away: ten at most */
    set(&s, "x86_64", "83 fd 0b 72 80 <0f> 0b", 5);
    ck_assert(kd_limit_check_find(&s.oops, &s.context, &found));
    ck_assert_uint_eq(found.limit, 10);
}
END_TEST

START_TEST(test_size)
{
    scene s;
    kd_limit_check found;
    /* cmp rdi, 0x400000; jbe away; test esi, 0x200; jne away; ud2 */
    set(&s, "x86_64", "48 81 ff 00 00 40 00 76 c0 81 e6 00 02 00 00 75 db <0f> 0b 5d c3", 17);
    ck_assert(kd_limit_check_find(&s.oops, &s.context, &found));
    ck_assert_uint_eq(found.limit, 0x400000);
    ck_assert_uint_eq(found.value, 0x550001);
}
END_TEST

START_TEST(test_i386)
{
    scene s;
    kd_limit_check found;
    set(&s, "i386", "83 fd 0a 76 80 <0f> 0b", 5);
    ck_assert(kd_limit_check_find(&s.oops, &s.context, &found));
    ck_assert_str_eq(found.reg, "ebp");
    ck_assert_uint_eq(found.value, 12);
}
END_TEST

START_TEST(test_unknown_trap)
{
    scene s;
    kd_limit_check found;
    /* ud1 as 7.x has it */
    set(&s, "x86_64", "83 fd 0a 76 80 <67> 48 0f b9 3a", 5);
    ck_assert(kd_limit_check_find(&s.oops, &s.context, &found));
}
END_TEST

START_TEST(test_refused)
{
    static const struct {
        const char *bytes;
        uint64_t marker;
    } rows[] = {
        { "83 fd 0a 77 80 <0f> 0b", 5 },                 /* ja: the way on is not above */
        { "83 fd 0a 76 02 90 90 <0f> 0b", 7 },           /* jbe to the mark itself */
        { "83 fd 0a 76 80 bd 0b 00 00 00 <0f> 0b", 10 }, /* mov ebp, 0xb between */
        { "83 fd 0a 76 80 40 b5 0b <0f> 0b", 8 },        /* mov bpl, 0xb between */
        { "83 fd 0a 76 80 e8 00 00 00 00 <0f> 0b", 10 }, /* a call between */
        { "83 fd 0a 76 80 eb 80 <0f> 0b", 7 },           /* jmp: nobody arrives from there */
        { "80 fa 0a 76 80 <0f> 0b", 5 },                 /* cmp dl, 0xa */
        { "90 90 <0f> 0b", 2 },                          /* no compare at all */
        { "<0f> 0b", 0 },
        { "83 fd 0a 76 80", 9 }, /* the marker is not among the bytes */
        { "", 0 },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        scene s;
        kd_limit_check found;
        set(&s, "x86_64", rows[i].bytes, rows[i].marker);
        ck_assert_msg(!kd_limit_check_find(&s.oops, &s.context, &found), "row %zu", i);
        ck_assert(!found.contradicts);
    }
}
END_TEST

START_TEST(test_contradiction)
{
    scene s;
    kd_limit_check found;
    set(&s, "x86_64", "83 fd 0a 76 80 <0f> 0b", 5);
    s.registers[0].v = 10;
    ck_assert(!kd_limit_check_find(&s.oops, &s.context, &found));
    ck_assert(found.contradicts);
    s.oops.registers.count = 0;
    ck_assert(!kd_limit_check_find(&s.oops, &s.context, &found));
    ck_assert(!found.contradicts);
}
END_TEST
#endif

START_TEST(test_other_arch)
{
    scene s;
    kd_limit_check found;
    set(&s, "arm64", "83 fd 0a 76 80 <0f> 0b", 5);
    ck_assert(!kd_limit_check_find(&s.oops, &s.context, &found));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limit_check");

    TCase *all = tcase_create("all");
#ifdef KD_CAPSTONE
    tcase_set_timeout(all, 60); /* sanitizers on a busy machine */
    tcase_add_test(all, test_jbe);
    tcase_add_test(all, test_jb);
    tcase_add_test(all, test_size);
    tcase_add_test(all, test_i386);
    tcase_add_test(all, test_unknown_trap);
    tcase_add_test(all, test_refused);
    tcase_add_test(all, test_contradiction);
#endif
    tcase_add_test(all, test_other_arch);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}

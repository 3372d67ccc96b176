/* test_origin_word.c - which instruction loaded the pointer, where code is made of plain words:
 * arm64, powerpc, mips, riscv, loongarch. Assembled with llvm-mc 14, loongarch by hand;
 * the register with number n holds (n + 1) * 0x100000. */
#include <stdio.h>

#include "family/fault/decode_code.h"
#include "family/fault/decode_origin.h"
#include "plain.h"
#include "suite.h"

typedef struct row {
    const char *code;
    uint64_t marker, address;
    const char *how; /* NULL: nothing is proven */
    uint64_t before, slot;
    const char *text;
} row;

static void check(const char *arch, const kd_pair *registers, const row *r)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_event event = { .arena = { .mem = &mem } };
    kd_context context = { .arch = kd_str_of(arch) };
    kdf_oops oops = { .registers = { (void *)(uintptr_t)registers, 32, 32 } };
    oops.code.bytes = (kd_text){ kd_str_of(r->code), 1 };
    oops.code.marker = (kd_u64){ r->marker, 1 };
    oops.address = (kd_hex){ r->address, 1 };
    kd_decode_code(&event, &oops, &context);
    ck_assert_msg(oops.code.memory.agrees.v, "%s: 0x%llx", r->text,
                  (unsigned long long)oops.code.memory.effective.v);
    kd_decode_origin(&event, &oops, &context);
    kd_decode_origin_word(&event, &oops, &context);
    const kdf_origin *from = &oops.code.origin;
    ck_assert_msg(!r->how == !from->how.src, "%s", r->text);
    if (r->how) {
        ck_assert_msg(kd_str_is(from->how.v, r->how), "%s", r->text);
        ck_assert_msg(from->instructions_before.v == r->before, "%s", r->text);
        ck_assert_msg(from->slot.v == r->slot, "%s: 0x%llx", r->text,
                      (unsigned long long)from->slot.v);
    }
    kd_arena_free(&event.arena);
}

static void check_rows(const char *arch, const char *const *names, const row *rows, size_t count)
{
    kd_pair registers[32];
    for (uint32_t i = 0; i < 32; i++)
        registers[i] = (kd_pair){ .name = kd_str_of(names[i]), .v = (i + 1) * 0x100000u, .src = 1 };
    for (size_t i = 0; i < count; i++)
        check(arch, registers, &rows[i]);
}

static void number_names(char room[32][8], const char *prefix, const char *names[32])
{
    for (unsigned i = 0; i < 32; i++) {
        snprintf(room[i], 8, "%s%u", prefix, i & 31);
        names[i] = room[i];
    }
}

#ifdef KD_CAPSTONE
START_TEST(arm64)
{
    static const row rows[] = {
        { "f9400a60 aa0003e1 (f9400422)", 8, 0x200008, "loaded", 2, 0x1400010,
          "ldr x0,[x19,#16]; mov x1,x0; ldr x2,[x1,#8]" },
        { "d2a00401 (f9400422)", 4, 0x200008, "set", 1, 0, "mov x1,#0x200000; ldr x2,[x1,#8]" },
        { "b9401261 (f9400422)", 4, 0x200008, "loaded in 32 bits", 1, 0,
          "ldr w1,[x19,#16]; ldr x2,[x1,#8]" },
        { "f9400a60 2a0003e1 (f9400422)", 8, 0x200008, "written", 1, 0, "mov w1,w0" },
        { "8b020021 (f9400422)", 4, 0x200008, "written", 1, 0, "add x1,x1,x2" },
        { "f9400a61 54000041 (f9400422)", 8, 0x200008, "loaded", 2, 0x1400010, "over b.ne" },
        { "f9400a61 b4000043 (f9400422)", 8, 0x200008, "loaded", 2, 0x1400010, "over cbz x3" },
        { "f9400a61 b5000043 (f9400422)", 8, 0x200008, "loaded", 2, 0x1400010, "over cbnz x3" },
        { "f9400a61 36000043 (f9400422)", 8, 0x200008, "loaded", 2, 0x1400010, "over tbz w3,#0" },
        { "f9400a61 37000043 (f9400422)", 8, 0x200008, "loaded", 2, 0x1400010, "over tbnz w3,#0" },
        { "f9400a61 14000001 (f9400422)", 8, 0x200008, NULL, 0, 0, "behind b" },
        { "f9400a61 d65f03c0 (f9400422)", 8, 0x200008, NULL, 0, 0, "behind ret" },
        { "f9400a61 d4000001 (f9400422)", 8, 0x200008, NULL, 0, 0, "svc may write anything" },
        { "f9400a61 94000000 (f9400422)", 8, 0x200008, NULL, 0, 0, "behind bl" },
        { "94000000 (f9400402)", 4, 0x100008, "returned", 1, 0, "bl; ldr x2,[x0,#8]" },
        { "d63f0060 (f9400402)", 4, 0x100008, "returned", 1, 0, "blr x3; ldr x2,[x0,#8]" },
        { "f9400a61 aa0303f3 (f9400422)", 8, 0x200008, "loaded", 2, 0,
          "mov x19,x3: its base is gone" },
        { "f8408661 (f9400422)", 4, 0x200008, "loaded", 1, 0, "ldr x1,[x19],#8 moves its base" },
        { "f9400a61 f9000274 (f9400422)", 8, 0x200008, "loaded", 2, 0x1400010,
          "over str x20,[x19]" },
    };
    char room[32][8];
    const char *names[32];
    number_names(room, "x", names);
    check_rows("arm64", names, rows, KD_COUNT(rows));
}
END_TEST

/* Whatever the decoding begins with, it is in step behind so many. */
#define NOPS "90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 "

/* Where the bytes could begin elsewhere too, nothing is proven. */
START_TEST(x86)
{
    static const row rows[] = {
        { "8b 43 10 <8b> 48 08", 3, 0x100008, "loaded", 1, 0x400010,
          "mov eax,[ebx+16]; mov ecx,[eax+8]" },
        { "31 c0 <8b> 48 08", 2, 0x100008, "set", 1, 0, "xor eax,eax" },
        { "01 d8 <8b> 48 08", 2, 0x100008, "written", 1, 0, "add eax,ebx" },
        { "0f b6 43 10 <8b> 48 08", 4, 0x100008, "written", 1, 0, "movzx eax,byte [ebx+16]" },
        { "e8 00 00 00 00 <8b> 4b 08", 5, 0x400008, NULL, 0, 0, "call; mov ecx,[ebx+8]" },
        { NOPS "8b 43 10 74 00 <8b> 48 08", 20, 0x100008, "loaded", 2, 0x400010, "over je" },
        { NOPS "8b 43 10 eb 00 <8b> 48 08", 20, 0x100008, NULL, 0, 0, "behind jmp" },
        { NOPS "8b 43 10 ea 00 00 00 00 10 00 <8b> 48 08", 25, 0x100008, NULL, 0, 0, "ljmp" },
        { NOPS "8b 43 10 cd 80 <8b> 48 08", 20, 0x100008, NULL, 0, 0, "int may write anything" },
        { NOPS "8b 43 10 0f a2 <8b> 48 08", 20, 0x100008, NULL, 0, 0, "cpuid" },
        { NOPS "e8 00 00 00 00 <8b> 48 08", 20, 0x100008, "returned", 1, 0, "call; [eax+8]" },
        { NOPS "8b 43 10 89 cb <8b> 48 08", 20, 0x100008, "loaded", 2, 0,
          "mov ebx,ecx: its base is gone" },
        { NOPS "8b 43 10 89 c2 <8b> 4a 08", 20, 0x300008, "loaded", 2, 0x400010, "mov edx,eax" },
        { NOPS "8b 43 10 f7 e1 <8b> 48 08", 20, 0x100008, "written", 1, 0, "mul ecx" },
        { NOPS "8b 43 10 f7 e1 <8b> 4a 08", 20, 0x300008, "written", 1, 0, "mul ecx sets edx" },
        { NOPS "8b 43 10 58 <8b> 48 08", 19, 0x100008, "written", 1, 0, "pop eax" },
        { NOPS "8b 43 10 50 <8b> 48 08", 19, 0x100008, "loaded", 2, 0x400010, "push eax" },
        { NOPS "8b 43 10 39 c8 <8b> 48 08", 20, 0x100008, "loaded", 2, 0x400010, "cmp eax,ecx" },
        { NOPS "8b 43 10 0f 45 c1 <8b> 48 08", 21, 0x100008, "written", 1, 0, "cmovne eax,ecx" },
        { NOPS "8b 43 10 93 <8b> 48 08", 19, 0x100008, "written", 1, 0, "xchg eax,ebx" },
        { NOPS "8b 43 10 f3 a4 <8b> 48 08", 20, 0x100008, "written", 1, 0, "rep movsb" },
    };
    static const char *const names[32] = {
        "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "y0", "y1", "y2",
        "y3",  "y4",  "y5",  "y6",  "y7",  "y8",  "y9",  "ya",  "yb", "yc", "yd",
        "ye",  "yf",  "z0",  "z1",  "z2",  "z3",  "z4",  "z5",  "z6", "z7",
    };
    check_rows("i386", names, rows, KD_COUNT(rows));
}
END_TEST

#define NOPS16 "bf00 bf00 bf00 bf00 bf00 bf00 bf00 bf00 "

START_TEST(arm)
{
    static const row rows[] = {
        { "e5930010 (e5901008)", 4, 0x100008, "loaded", 1, 0x400010,
          "ldr r0,[r3,#16]; ldr r1,[r0,#8]" },
        { "e5930010 e1a02000 (e5921008)", 8, 0x300008, "loaded", 2, 0x400010,
          "ldr r0,[r3,#16]; mov r2,r0; ldr r1,[r2,#8]" },
        { "e3a00601 (e5901008)", 4, 0x100008, "set", 1, 0, "mov r0,#0x100000" },
        { "e0800001 (e5901008)", 4, 0x100008, "written", 1, 0, "add r0,r0,r1" },
        { "e1a00101 (e5901008)", 4, 0x100008, "written", 1, 0, "lsl r0,r1,#2" },
        { "e5930010 0a000000 (e5901008)", 8, 0x100008, "loaded", 2, 0x400010, "over beq" },
        { "e5930010 ea000000 (e5901008)", 8, 0x100008, NULL, 0, 0, "behind b" },
        { "e5930010 ef000000 (e5901008)", 8, 0x100008, NULL, 0, 0, "svc may write anything" },
        { "e5930010 13a00000 (e5901008)", 8, 0x100008, NULL, 0, 0,
          "movne r0,#0: whether it wrote is not known" },
        { "e5930010 13a04000 (e5901008)", 8, 0x100008, "loaded", 2, 0x400010, "movne r4,#0" },
        { "eb000000 (e5901008)", 4, 0x100008, "returned", 1, 0, "bl; ldr r1,[r0,#8]" },
        { "e12fff33 (e5901008)", 4, 0x100008, "returned", 1, 0, "blx r3; ldr r1,[r0,#8]" },
        { "eb000000 (e5921008)", 4, 0x300008, NULL, 0, 0, "bl; ldr r1,[r2,#8]" },
        { "e5930010 1b000000 (e5901008)", 8, 0x100008, NULL, 0, 0, "behind blne" },
        { "e8930003 (e5901008)", 4, 0x100008, "written", 1, 0, "ldm r3,{r0,r1}" },
        { "e5930010 e1a03001 (e5901008)", 8, 0x100008, "loaded", 2, 0, "its base is gone" },
        { "e4930004 (e5901008)", 4, 0x100008, "loaded", 1, 0, "ldr r0,[r3],#4 moves its base" },
        { "e5930010 e8bd8000 (e5901008)", 8, 0x100008, NULL, 0, 0, "behind pop {pc}" },
    };
    static const row thumb[] = {
        { NOPS16 "6918 (6881)", 18, 0x100008, "loaded", 1, 0x400010,
          "ldr r0,[r3,#16]; ldr r1,[r0,#8]" },
        { NOPS16 "6918 d000 (6881)", 20, 0x100008, "loaded", 2, 0x400010, "over beq.n" },
        { NOPS16 "6918 b102 (6881)", 20, 0x100008, "loaded", 2, 0x400010, "over cbz r2" },
        { NOPS16 "6918 b902 (6881)", 20, 0x100008, "loaded", 2, 0x400010, "over cbnz r2" },
        { NOPS16 "6918 e000 (6881)", 20, 0x100008, NULL, 0, 0, "behind b" },
        { NOPS16 "6918 bf18 2000 (6881)", 22, 0x100008, NULL, 0, 0, "it ne; movne r0,#0" },
    };
    static const char *const names[32] = {
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10",
        "fp", "ip", "sp", "lr", "pc", "y0", "y1", "y2", "y3", "y4", "y5",
        "y6", "y7", "y8", "y9", "ya", "yb", "yc", "yd", "ye", "yf",
    };
    check_rows("arm", names, rows, KD_COUNT(rows));
    check_rows("arm", names, thumb, KD_COUNT(thumb));
}
END_TEST
#endif

START_TEST(powerpc)
{
    static const row wide[] = {
        { "e93f0018 7d2a4b78 <806a0010>", 8, 0xb00010, "loaded", 2, 0x2000018,
          "ld 9,24(31); mr 10,9; lwz 3,16(10)" },
        { "e93f0018 7d2a4b78 60000000 4082000c <806a0010>", 16, 0xb00010, "loaded", 4, 0x2000018,
          "the same over nop and a branch that was not taken" },
        { "48000001 <e8830000>", 4, 0x400000, "returned", 1, 0, "bl; ld 4,0(3)" },
        { "48000001 38a30008 <e8830000>", 8, 0x400000, "returned", 2, 0,
          "bl; addi 5,3,8; ld 4,0(3)" },
        { "48000001 <e88a0000>", 4, 0xb00000, NULL, 0, 0, "bl; ld 4,0(10)" },
        { "81230004 <90890000>", 4, 0xa00000, "loaded in 32 bits", 1, 0,
          "lwz 9,4(3); stw 4,0(9) on 64 bits" },
        { "e9290018 <90890000>", 4, 0xa00000, "loaded", 1, 0, "ld 9,24(9): its base is gone" },
        { "e93f0018 39290008 <90890000>", 8, 0xa00000, NULL, 0, 0, "addi 9,9,8 made it" },
        { "e93f0018 00000000 <90890000>", 8, 0xa00000, NULL, 0, 0, "a word that is not known" },
        { "e93f0018 4e800020 <90890000>", 8, 0xa00000, NULL, 0, 0, "behind blr" },
    };
    static const row narrow[] = {
        { "81230004 <90890000>", 4, 0xa00000, "loaded", 1, 0x400004, "lwz 9,4(3); stw 4,0(9)" },
    };
    const char *names[32];
    char room[32][8];
    number_names(room, "r", names);
    check_rows("ppc64", names, wide, KD_COUNT(wide));
    check_rows("ppc", names, narrow, KD_COUNT(narrow));
}
END_TEST

START_TEST(mips)
{
    static const row narrow[] = {
        { "8e020010 00000000 <8c430004>", 8, 0x300004, "loaded", 2, 0x1100010,
          "lw $2,16($16); nop; lw $3,4($2)" },
        { "0c000000 02002025 <8c450008>", 8, 0x300008, "returned", 2, 0,
          "jal; move $4,$16 behind it; lw $5,8($2)" },
        { "8e020010 00808825 00408825 <96260002>", 12, 0x1200002, "loaded", 3, 0x1100010,
          "lw $2; move $17,$2; lhu $6,2($17)" },
        { "8e020010 10000002 00000000 <8c430004>", 12, 0x300004, NULL, 0, 0, "behind b" },
        { "0c000000 8e110010 <96260002>", 8, 0x1200002, NULL, 0, 0,
          "jal; what stands behind it ran before the call" },
    };
    static const row wide[] = {
        { "de020010 <8c430004>", 4, 0x300004, "loaded", 1, 0x1100010, "ld $2,16($16)" },
        { "8e230018 <fc640000>", 4, 0x400000, "loaded in 32 bits", 1, 0, "lw $3,24($17)" },
    };
    const char *names[32];
    char room[32][8];
    number_names(room, "$", names);
    check_rows("mips", names, narrow, KD_COUNT(narrow));
    check_rows("mips64", names, wide, KD_COUNT(wide));
}
END_TEST

START_TEST(riscv)
{
    static const char *const names[32] = { "zero", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
                                           "s0",   "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
                                           "a6",   "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
                                           "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6" };
    static const row rows[] = {
        { "0001 0001 b783 0284 8713 0007 (2503) 0107", 12, 0xf00010, "loaded", 2, 0xa00028,
          "nop; nop; ld a5,40(s1); mv a4,a5; lw a0,16(a4)" },
        { "b783 0284 8713 0007 (2503) 0107", 8, 0xf00010, NULL, 0, 0,
          "where the line begins may be the middle of an instruction" },
        { "0001 609c 843e (4683) 0034", 6, 0x900003, "loaded", 2, 0xa00000,
          "c.ld a5,0(s1); c.mv s0,a5; lbu a3,3(s0)" },
        { "0001 9282 (650c)", 4, 0xb00008, "returned", 1, 0, "c.jalr t0; c.ld a1,8(a0)" },
        { "0001 a603 0009 8833 00d6 (3023) 0106", 10, 0xd00000, "loaded in 32 bits", 2, 0,
          "lw a2,0(s3); add a6,a2,a3; sd a6,0(a2)" },
        { "0000 (650c)", 2, 0xb00008, NULL, 0, 0, "behind what is no instruction" },
    };
    check_rows("riscv64", names, rows, KD_COUNT(rows));
}
END_TEST

START_TEST(loongarch)
{
    static const row rows[] = {
        { "28c0a08c 0015018d <28c021ae>", 8, 0xe00008, "loaded", 2, 0x500028,
          "ld.d $12,$4,40; move $13,$12; ld.d $14,$13,8" },
        { "54000000 <28c0208c>", 4, 0x500008, "returned", 1, 0, "bl; ld.d $12,$4,8" },
        { "50000000 <28c0208c>", 4, 0x500008, NULL, 0, 0, "behind b" },
    };
    const char *names[32];
    char room[32][8];
    number_names(room, "$", names);
    check_rows("loongarch64", names, rows, KD_COUNT(rows));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("origin_word");
    TCase *tests = tcase_create("words");
#ifdef KD_CAPSTONE
    tcase_add_test(tests, arm64);
    tcase_add_test(tests, x86);
    tcase_add_test(tests, arm);
#endif
    tcase_add_test(tests, powerpc);
    tcase_add_test(tests, mips);
    tcase_add_test(tests, riscv);
    tcase_add_test(tests, loongarch);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

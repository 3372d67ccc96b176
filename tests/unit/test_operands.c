/* test_operands.c - which bytes of memory an instruction goes to, form by form: string
 * instructions, stacks, segments, bit strings, vectors, pairs, lists, literals. Assembled with
 * llvm-mc 14; the register with number n holds (n + 1) * 0x100000. */
#include <stdio.h>

#include "family/fault/decode_code.h"
#include "plain.h"
#include "suite.h"

typedef struct row {
    const char *bytes;
    uint64_t address; /* 0: no memory is accessed */
    uint64_t size;    /* 0: not looked at */
    const char *text;
} row;

#ifdef KD_CAPSTONE

#define COUNTER 0x40000000

static void check(const char *arch, const kd_pair *registers, uint32_t count, const row *r)
{
    kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
    kd_event event = { .arena = { .mem = &mem } };
    kd_context context = { .arch = kd_str_of(arch) };
    kdf_oops oops = { .registers = { (void *)(uintptr_t)registers, count, count } };
    oops.ip.address = (kd_hex){ COUNTER, 1 };
    oops.code.bytes = (kd_text){ kd_str_of(r->bytes), 1 };
    oops.code.marker = (kd_u64){ 0, 1 };
    if (r->address)
        oops.address = (kd_hex){ r->address, 1 };
    kd_decode_code(&event, &oops, &context);
    const kdf_operand *at = &oops.code.memory;
    ck_assert_msg(oops.code.instruction.src, "%s is not decoded", r->text);
    ck_assert_msg(at->effective.v == r->address, "%s: 0x%llx, not 0x%llx", r->text,
                  (unsigned long long)at->effective.v, (unsigned long long)r->address);
    ck_assert_msg(!r->address || at->agrees.v, "%s", r->text);
    ck_assert_msg(!r->size || at->size.v == r->size, "%s: %llu bytes", r->text,
                  (unsigned long long)at->size.v);
    kd_arena_free(&event.arena);
}

static void check_rows(const char *arch, const char *const *names, uint32_t named, const row *rows,
                       size_t count)
{
    kd_pair registers[40];
    for (uint32_t i = 0; i < named; i++)
        registers[i] = (kd_pair){ .name = kd_str_of(names[i]), .v = (i + 1) * 0x100000u, .src = 1 };
    registers[named] = (kd_pair){ .name = KD_STR("gs"), .v = 0x7000000, .src = 1 };
    registers[named + 1] = (kd_pair){ .name = KD_STR("fs"), .v = 0x8000000, .src = 1 };
    for (size_t i = 0; i < count; i++)
        check(arch, registers, named + 2, &rows[i]);
}

START_TEST(x86_64)
{
    static const char *const names[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                         "r08", "r09", "r10", "r11", "r12", "r13", "r14", "r15" };
    static const row rows[] = {
        { "<48> 0f a3 07", 0x820000, 8, "bt qword ptr [rdi], rax" },
        { "<0f> ab 4f 04", 0x840004, 4, "bts dword ptr [rdi + 4], ecx" },
        { "<f0> 48 0f b3 16", 0x760000, 8, "lock btr qword ptr [rsi], rdx" },
        { "<0f> ba 27 03", 0x800000, 4, "bt dword ptr [rdi], 3" },
        { "<c9>", 0x600000, 8, "leave" },
        { "<48> 8b 05 10 00 00 00", 0x40000017, 8, "mov rax, qword ptr [rip + 16]" },
        { "<80> 3d 10 00 00 00 00", 0x40000017, 1, "cmp byte ptr [rip + 16], 0" },
        { "<f3> a4", 0x700000, 1, "rep movsb byte ptr es:[rdi], byte ptr [rsi]" },
        { "<f3> 48 ab", 0x800000, 8, "rep stosq qword ptr es:[rdi], rax" },
        { "<a6>", 0x700000, 1, "cmpsb byte ptr [rsi], byte ptr es:[rdi]" },
        { "<48> ad", 0x700000, 8, "lodsq rax, qword ptr [rsi]" },
        { "<ae>", 0x800000, 1, "scasb al, byte ptr es:[rdi]" },
        { "<50>", 0x4ffff8, 8, "push rax" },
        { "<5b>", 0x500000, 8, "pop rbx" },
        { "<ff> d0", 0x4ffff8, 8, "call rax" },
        { "<c3>", 0x500000, 8, "ret" },
        { "<ff> 70 08", 0x100008, 8, "push qword ptr [rax+8]" },
        { "<ff> 50 18", 0x100018, 8, "call qword ptr [rax+0x18]" },
        { "<ff> 24 cd 00 01 00 00", 0x1000100, 8, "jmp qword ptr [rcx*8+0x100]" },
        { "<9c>", 0x4ffff8, 8, "pushfq" },
        { "<65> 48 8b 43 08", 0x7400008, 8, "mov rax, qword ptr gs:[rbx+8]" },
        { "<64> 48 8b 04 25 28 00 00 00", 0x8000028, 8, "mov rax, qword ptr fs:[0x28]" },
        { "<65> 48 01 05 08 00 00 00", 0x47000010, 8, "add qword ptr gs:[rip+8], rax" },
        { "<c5> fe 6f 46 20", 0x700020, 32, "vmovdqu ymm0, ymmword ptr [rsi+0x20]" },
        { "<0f> 29 4c 24 10", 0x500010, 16, "movaps xmmword ptr [rsp+0x10], xmm1" },
        { "<c4> e2 7d 78 0f", 0x800000, 1, "vpbroadcastb ymm1, byte ptr [rdi]" },
        { "<0f> c3 07", 0x800000, 4, "movnti dword ptr [rdi], eax" },
        { "<48> 0f c7 0e", 0x700000, 16, "cmpxchg16b xmmword ptr [rsi]" },
        { "<0f> c1 02", 0x300000, 4, "xadd dword ptr [rdx], eax" },
        { "<0f> ae 00", 0x100000, 512, "fxsave [rax]" },
        { "<0f> ae 38", 0x100000, 1, "clflush byte ptr [rax]" },
        { "<0f> ae 27", 0x800000, 0, "xsave [rdi]" },
        { "<48> cf", 0x500000, 0, "iretq" },
        { "<43> 0f b7 44 48 fe", 0x1cffffe, 2, "movzx eax, word ptr [r8+r9*2-2]" },
    };
    check_rows("x86_64", names, KD_COUNT(names), rows, KD_COUNT(rows));
}
END_TEST

START_TEST(i386)
{
    static const char *const names[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };
    static const row rows[] = {
        { "<8b> 43 08", 0x400008, 4, "mov eax, dword ptr [ebx + 8]" },
        { "<c9>", 0x600000, 4, "leave" },
        { "<50>", 0x4ffffc, 4, "push eax" },
        { "<5b>", 0x500000, 4, "pop ebx" },
        { "<ff> d0", 0x4ffffc, 4, "call eax" },
        { "<c3>", 0x500000, 4, "ret" },
        { "<cf>", 0x500000, 0, "iretd: of three words, or five" },
        { "<65> 8b 43 08", 0x0, 0, "mov eax, dword ptr gs:[ebx + 8]: a selector is no base" },
        { "<64> a1 28 00 00 00", 0x0, 0, "mov eax, dword ptr fs:[0x28]" },
        { "<f3> 0f b8 01", 0x200000, 4, "popcnt eax, dword ptr [ecx]" },
        { "<0f> 1f 00", 0x0, 0, "nop dword ptr [eax]" },
        { "<8d> 43 08", 0x0, 0, "lea eax, [ebx + 8]" },
        { "<0f> 18 0b", 0x0, 0, "prefetcht0 [ebx]" },
        { "<0f> a3 0b", 0x440000, 4, "bt dword ptr [ebx], ecx" },
        { "<8b> 84 8b 10 00 00 00", 0xc00010, 4, "mov eax, dword ptr [ebx + ecx*4 + 16]" },
        { "<0f> c7 0e", 0x700000, 8, "cmpxchg8b qword ptr [esi]" },
    };
    check_rows("i386", names, KD_COUNT(names), rows, KD_COUNT(rows));
}
END_TEST

START_TEST(arm64)
{
    static const char *const names[] = { "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",
                                         "x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15",
                                         "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
                                         "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp" };
    static const row rows[] = {
        { "(ad400420)", 0x200000, 32, "ldp q0, q1, [x1]" },
        { "(a9410c22)", 0x200010, 16, "ldp x2, x3, [x1, #16]" },
        { "(3dc00420)", 0x200010, 16, "ldr q0, [x1, #16]" },
        { "(fd000440)", 0x300008, 8, "str d0, [x2, #8]" },
        { "(4c40a020)", 0x200000, 32, "ld1 {v0.16b, v1.16b}, [x1]" },
        { "(4cdf7020)", 0x200000, 16, "ld1 {v0.16b}, [x1], #16" },
        { "(0d40c020)", 0x200000, 0, "ld1r {v0.8b}, [x1]" },
        { "(0d000c20)", 0x200000, 0, "st1 {v0.b}[3], [x1]" },
        { "(f8408420)", 0x200000, 8, "ldr x0, [x1], #8" },
        { "(f81f0c20)", 0x1ffff0, 8, "str x0, [x1, #-16]!" },
        { "(c85f7c20)", 0x200000, 8, "ldxr x0, [x1]" },
        { "(c8027c20)", 0x200000, 0, "stxr w2, x0, [x1]" },
        { "(085ffc20)", 0x200000, 1, "ldaxrb w0, [x1]" },
        { "(889ffc20)", 0x200000, 4, "stlr w0, [x1]" },
        { "(58000200)", 0x40000040, 8, "ldr x0, . + 64" },
        { "(b8a2d820)", 0xe00000, 4, "ldrsw x0, [x1, w2, sxtw #2]" },
        { "(f8408820)", 0x200008, 8, "ldtr x0, [x1, #8]" },
        { "(38000820)", 0x200000, 1, "sttrb w0, [x1]" },
        { "(d50b7421)", 0x200000, 0, "dc zva, x1" },
        { "(d50b7a21)", 0x200000, 0, "dc cvac, x1" },
        { "(d50b7521)", 0x200000, 0, "ic ivau, x1" },
        { "(b8200022)", 0x200000, 4, "ldadd w0, w2, [x1]" },
        { "(f8e08022)", 0x200000, 8, "swpal x0, x2, [x1]" },
        { "(88e0fc22)", 0x200000, 4, "casal w0, w2, [x1]" },
        { "(48207c82)", 0x500000, 16, "casp x0, x1, x2, x3, [x4]" },
        { "(69400820)", 0x200000, 8, "ldpsw x0, x2, [x1]" },
        { "(29810820)", 0x200008, 8, "stp w0, w2, [x1, #8]!" },
        { "(a9be7bfd)", 0x1ffffe0, 16, "stp x29, x30, [sp, #-32]!" },
        { "(38bfc020)", 0x200000, 1, "ldaprb w0, [x1]" },
        { "(38e01022)", 0x200000, 1, "ldclralb w0, w2, [x1]" },
        { "(a8000820)", 0x200000, 16, "stnp x0, x2, [x1]" },
        { "(ac400420)", 0x200000, 32, "ldnp q0, q1, [x1]" },
        { "(f9800020)", 0x0, 0, "prfm pldl1keep, [x1]" },
        { "(7d400020)", 0x200000, 2, "ldr h0, [x1]" },
        { "(bc5fc020)", 0x1ffffc, 4, "ldur s0, [x1, #-4]" },
        { "(79400020)", 0x200000, 2, "ldrh w0, [x1]" },
        { "(79000420)", 0x200002, 2, "strh w0, [x1, #2]" },
        { "(79800020)", 0x200000, 2, "ldrsh x0, [x1]" },
        { "(485f7c20)", 0x200000, 2, "ldxrh w0, [x1]" },
        { "(39400020)", 0x200000, 1, "ldrb w0, [x1]" },
        { "(39800020)", 0x200000, 1, "ldrsb x0, [x1]" },
        { "(b9400020)", 0x200000, 4, "ldr w0, [x1]" },
        { "(b9800020)", 0x200000, 4, "ldrsw x0, [x1]" },
        { "(3d400020)", 0x200000, 1, "ldr b0, [x1]" },
        { "(c87f0c22)", 0x200000, 16, "ldxp x2, x3, [x1]" },
        { "(887f0c22)", 0x200000, 8, "ldxp w2, w3, [x1]" },
        { "(6d400420)", 0x200000, 16, "ldp d0, d1, [x1]" },
        { "(2d400420)", 0x200000, 8, "ldp s0, s1, [x1]" },
        { "(0c407020)", 0x200000, 8, "ld1 {v0.8b}, [x1]" },
        { "(0c40a420)", 0x200000, 16, "ld1 {v0.4h, v1.4h}, [x1]" },
        { "(0c40a820)", 0x200000, 16, "ld1 {v0.2s, v1.2s}, [x1]" },
        { "(0c40ac20)", 0x200000, 16, "ld1 {v0.1d, v1.1d}, [x1]" },
    };
    check_rows("arm64", names, KD_COUNT(names), rows, KD_COUNT(rows));
}
END_TEST

START_TEST(arm)
{
    static const char *const names[] = { "r0", "r1", "r2",  "r3", "r4", "r5", "r6", "r7",
                                         "r8", "r9", "r10", "fp", "ip", "sp", "lr" };
    static const row rows[] = {
        { "(e891000c)", 0x200000, 8, "ldm r1, {r2, r3}" },
        { "(e92d4010)", 0xdffff8, 8, "stmdb sp!, {r4, lr}" },
        { "(e92d4010)", 0xdffff8, 8, "push {r4, lr}" },
        { "(e8bd8010)", 0xe00000, 8, "pop {r4, pc}" },
        { "(e1c120d8)", 0x200008, 8, "ldrd r2, r3, [r1, #8]" },
        { "(e1910f9f)", 0x200000, 4, "ldrex r0, [r1]" },
        { "(e1c10f92)", 0x200000, 1, "strexb r0, r2, [r1]" },
        { "(ed910b02)", 0x200008, 8, "vldr d0, [r1, #8]" },
        { "(ed810a00)", 0x200000, 4, "vstr s0, [r1]" },
        { "(ecb10b04)", 0x200000, 16, "vldm r1!, {d0, d1}" },
        { "(ed2d8b04)", 0xdffff0, 16, "vpush {d8, d9}" },
        { "(f4210acd)", 0x200000, 16, "vld1.64 {d0, d1}, [r1]!" },
        { "(f481002f)", 0x200000, 0, "vst1.8 {d0[1]}, [r1]" },
        { "(f481000f)", 0x200000, 0, "vst1.8 {d0[0]}, [r1]" },
        { "(f4a1080f)", 0x200000, 0, "vld1.32 {d0[0]}, [r1]" },
        { "(e1010092)", 0x200000, 4, "swp r0, r2, [r1]" },
        { "(e4910004)", 0x200000, 4, "ldr r0, [r1], #4" },
        { "(e7110102)", 0xff600000, 4, "ldr r0, [r1, -r2, lsl #2]" },
        { "(e19100b2)", 0x500000, 2, "ldrh r0, [r1, r2]" },
        { "(e15100d1)", 0x1fffff, 1, "ldrsb r0, [r1, #-1]" },
        { "(e59f0008)", 0x40000010, 4, "ldr r0, [pc, #8]" },
        { "(e1e100b2)", 0x200002, 2, "strh r0, [r1, #2]!" },
        { "(e4b10004)", 0x200000, 4, "ldrt r0, [r1], #4" },
        { "(f5d1f000)", 0x0, 0, "pld [r1]" },
        { "(e79101a2)", 0x0, 0, "ldr r0, [r1, r2, lsr #3]: no scale" },
        { "(e991000c)", 0x200004, 8, "ldmib r1, {r2, r3}" },
        { "(e811000c)", 0x1ffffc, 8, "ldmda r1, {r2, r3}" },
    };
    check_rows("arm", names, KD_COUNT(names), rows, KD_COUNT(rows));
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("operands");
    TCase *tests = tcase_create("forms");
#ifdef KD_CAPSTONE
    tcase_add_test(tests, x86_64);
    tcase_add_test(tests, i386);
    tcase_add_test(tests, arm64);
    tcase_add_test(tests, arm);
#endif
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

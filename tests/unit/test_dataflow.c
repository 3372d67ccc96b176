/* test_dataflow.c - from the bytes between a call's return and the fault to the verdict: does the
 * result reach the access? */
#include "base/str.h"
#include "family/fault/decode_code.h"
#include "family/fault/decode_dataflow.h"
#include "plain.h"
#include "suite.h"

typedef struct row {
    const char *bytes;
    uint64_t distance, address;
    bool reaches;
    const char *meaning;
} row;

#ifdef KD_CAPSTONE
static void check_rows(const char *arch, const row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kd_context context = { .arch = kd_str_of(arch) };
        kdf_oops oops = { .address = { rows[i].address, 1 } };
        oops.code.bytes = (kd_text){ kd_str_of(rows[i].bytes), 1 };
        oops.code.marker = (kd_u64){ rows[i].distance, 1 };
        bool reaches = kd_result_reaches_fault(&oops, &context, rows[i].distance);
        ck_assert_msg(reaches == rows[i].reaches, "%s: %s", arch, rows[i].meaning);
    }
}

START_TEST(x86_64)
{
    static const row rows[] = {
        { "<8b> 08", 0, 0, true, "mov ecx,[rax]" },
        { "<8b> 48 08", 0, 8, true, "mov ecx,[rax+8]" },
        { "<8b> 48 08", 0, 0x10, false, "the address is not that of a base of 0" },
        { "49 89 c0 <41> 8b 08", 3, 0, true, "mov r8,rax; mov ecx,[r8]" },
        { "49 89 c0 41 89 d0 <49> 8b 08", 6, 0, false, "mov r8,rax; mov r8d,edx; mov rcx,[r8]" },
        { "49 89 c0 66 41 89 d0 <49> 8b 08", 7, 0, false, "mov r8w,dx" },
        { "49 89 c0 41 b0 05 <49> 8b 08", 6, 0, false, "mov r8b,5" },
        { "b0 05 <8b> 08", 2, 0, false, "mov al,5" },
        { "b4 05 <8b> 08", 2, 0, false, "mov ah,5" },
        { "66 b8 05 00 <8b> 08", 4, 0, false, "mov ax,5" },
        { "31 c0 <8b> 08", 2, 0, false, "xor eax,eax" },
        { "89 c3 <8b> 0b", 2, 0, false, "mov ebx,eax copies a half" },
        { "48 89 c3 b3 05 <8b> 0b", 5, 0, false, "mov rbx,rax; mov bl,5" },
        { "48 89 c3 40 b5 05 <8b> 0b", 6, 0, true, "mov bpl,5 is another register" },
        { "48 89 c5 40 b5 05 <8b> 4d 00", 6, 0, false, "mov rbp,rax; mov bpl,5" },
        { "48 89 c3 48 89 d8 <8b> 08", 6, 0, true, "there and back again" },
        { "48 89 c3 31 c0 <8b> 0b", 5, 0, true, "the copy outlives the original" },
        { "48 93 <8b> 08", 2, 0, false, "xchg rbx,rax" },
        { "48 0f 44 c3 <8b> 08", 4, 0, false, "cmove rax,rbx" },
        { "48 f7 e3 <8b> 08", 3, 0, false, "mul rbx writes rax and rdx" },
        { "48 89 c2 48 f7 e3 <8b> 0a", 6, 0, false, "mov rdx,rax; mul rbx" },
        { "48 89 c2 48 99 <8b> 0a", 5, 0, false, "mov rdx,rax; cqo" },
        { "48 89 c7 48 ab <8b> 0f", 5, 0, false, "mov rdi,rax; stosq" },
        { "48 89 c7 f3 a4 <8b> 0f", 5, 0, false, "mov rdi,rax; rep movsb" },
        { "48 89 c1 f3 ab <8b> 09", 5, 0, false, "mov rcx,rax; rep stosd" },
        { "48 0f b1 1a <8b> 08", 4, 0, false, "cmpxchg [rdx],rbx writes rax" },
        { "48 0f c1 03 <8b> 08", 4, 0, false, "xadd [rbx],rax" },
        { "0f a2 <8b> 08", 2, 0, false, "cpuid" },
        { "0f 31 <8b> 08", 2, 0, false, "rdtsc" },
        { "58 <8b> 08", 1, 0, false, "pop rax" },
        { "50 <8b> 08", 1, 0, true, "push rax" },
        { "48 85 c0 <8b> 08", 3, 0, true, "test rax,rax without a branch" },
        { "48 85 c0 74 10 <8b> 08", 5, 0, false, "a branch may have come from anywhere" },
        { "eb 00 <8b> 08", 2, 0, false, "jmp" },
        { "48 89 c3 e8 00 00 00 00 <8b> 0b", 8, 0, false, "a call" },
        { "48 89 c3 ff d2 <8b> 0b", 5, 0, false, "a call through a register" },
        { "cc <8b> 08", 1, 0, false, "int3" },
        { "50 06 <8b> 08", 2, 0, false, "push rax, and what is no instruction" },
        { "50 <8b>", 1, 0, false, "the line was cut in the instruction" },
        { "<8b>", 0, 0, false, "the same at once" },
        { "0f 05 <8b> 08", 2, 0, false, "syscall" },
        { "48 c7 03 00 00 00 00 <8b> 08", 7, 0, true, "mov [rbx],0 writes no register" },
        { "<48> 8d 08", 0, 0, false, "lea accesses nothing" },
        { "<0f> 1f 00", 0, 0, false, "nor does a long nop" },
        { "<65> 48 8b 08", 0, 0, false, "gs: the base is an offset into the per-CPU area" },
        { "<8b> 0c 18", 0, 0, false, "[rax+rbx]: the index may be the wrong one" },
        { "<67> 8b 08", 0, 0, false, "[eax] is a part" },
        { "<48> a5", 0, 0, false, "movsq accesses two addresses" },
        { "<8b> 0b", 0, 0, false, "another base" },
        { "48 8b <08> 90", 2, 0, false, "the fault is inside an instruction" },
        { "<ff> d0", 0, 0, false, "call rax has no memory operand" },
        { "<ff> 50 08", 0, 8, true, "call [rax+8]" },
        { "48", 0, 0, false, "cut" },
        { "", 0, 0, false, "nothing" },
    };
    check_rows("x86_64", rows, KD_COUNT(rows));
}
END_TEST

START_TEST(i386)
{
    static const row rows[] = {
        { "<8b> 08", 0, 0, true, "mov ecx,[eax]" },
        { "89 c3 <8b> 4b 04", 2, 4, true, "mov ebx,eax; mov ecx,[ebx+4]" },
        { "89 c3 b3 05 <8b> 0b", 4, 0, false, "mov ebx,eax; mov bl,5" },
        { "89 c3 b7 05 <8b> 0b", 4, 0, false, "mov ebx,eax; mov bh,5" },
        { "66 89 c3 <8b> 0b", 3, 0, false, "mov bx,ax copies a half" },
        { "89 c3 40 <8b> 08", 3, 0, false, "inc eax" },
        { "89 c2 f7 e3 <8b> 0a", 4, 0, false, "mov edx,eax; mul ebx" },
        { "93 <8b> 08", 1, 0, false, "xchg ebx,eax" },
        { "61 <8b> 08", 1, 0, false, "popa" },
    };
    check_rows("i386", rows, KD_COUNT(rows));
}
END_TEST

START_TEST(arm64)
{
    static const row rows[] = {
        { "(f9400001)", 0, 0, true, "ldr x1,[x0]" },
        { "(b9000401)", 0, 4, true, "str w1,[x0,#4]" },
        { "aa0003f3 (f9400261)", 4, 0, true, "mov x19,x0; ldr x1,[x19]" },
        { "aa0003f3 2a0103f3 (f9400261)", 8, 0, false, "mov x19,x0; mov w19,w1" },
        { "2a0003f3 (f9400261)", 4, 0, false, "mov w19,w0 copies a half" },
        { "aa0003f3 52800020 (f9400261)", 8, 0, true, "mov w0,#1 leaves the copy" },
        { "52800020 (f9400001)", 4, 0, false, "mov w0,#1" },
        { "91000400 (f9400001)", 4, 0, false, "add x0,x0,#1" },
        { "9a820020 (f9400001)", 4, 0, false, "csel x0,x1,x2,eq" },
        { "f8408401 (f9400001)", 4, 0, false, "ldr x1,[x0],#8 writes the base back" },
        { "(f8408401)", 0, 0, true, "ldr x1,[x0],#8: the access is at the base" },
        { "f8408c01 (f9400001)", 4, 0, false, "ldr x1,[x0,#8]!" },
        { "a9400443 (f9400001)", 4, 0, true, "ldp x3,x1,[x2] leaves x0" },
        { "a9400041 (f9400001)", 4, 0, false, "ldp x1,x0,[x2]" },
        { "aa0003f3 94000001 (f9400261)", 8, 0, false, "bl" },
        { "aa0003f3 d63f0020 (f9400261)", 8, 0, false, "blr x1" },
        { "b4000040 (f9400001)", 4, 0, false, "cbz x0" },
        { "14000001 (f9400001)", 4, 0, false, "b" },
        { "d4000001 (f9400001)", 4, 0, false, "svc" },
        { "(f8626801)", 0, 0, false, "ldr x1,[x0,x2]: the index may be the wrong one" },
        { "(f9400021)", 0, 0, false, "ldr x1,[x1]" },
    };
    check_rows("arm64", rows, KD_COUNT(rows));
}
END_TEST

/* Capstone's versions differ: ud2b, ud1 and operands. */
START_TEST(traps_have_one_name)
{
    static const struct {
        const char *arch, *bytes, *name;
    } rows[] = {
        { "x86_64", "<0f> 0b e9", "ud2" },
        { "x86_64", "<0f> b9 40 04", "ud1" },
        { "x86_64", "<67> 48 0f b9 3a", "ud1" },
        { "x86_64", "<0f> ff c0", "ud0" },
        { "i386", "<0f> 0b", "ud2" },
        { "i386", "<0f> b9 02", "ud1" },
        { "i386", "<48> 0f 0b", "dec eax" },
        { "x86_64", "<0f> af c3", "imul eax, ebx" },
        { "arm64", "(d4210000)", "brk #0x800" },
        { "arm64", "(00000000)", "udf" },
        { "arm64", "(00000000) aa0003f3", "udf" },
        { "riscv64", "(9002) 7139", "c.ebreak" },
        { "loongarch64", "<002a0001>", "break" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
        kd_event event = { .arena = { .mem = &mem } };
        kd_context context = { .arch = kd_str_of(rows[i].arch) };
        kdf_oops oops = { .code.marker = { 0, 1 } };
        oops.code.bytes = (kd_text){ kd_str_of(rows[i].bytes), 1 };
        kd_decode_code(&event, &oops, &context);
        ck_assert_msg(kd_str_is(oops.code.instruction.v, rows[i].name), "%s: %.*s", rows[i].bytes,
                      KD_FMT(oops.code.instruction.v));
        ck_assert(!oops.code.memory.base.src);
        kd_arena_free(&event.arena);
    }
}
END_TEST
#endif

START_TEST(elsewhere)
{
    kd_context context = { .arch = KD_STR("riscv64") };
    kdf_oops oops = { .address = { 0, 1 } };
    oops.code.bytes = (kd_text){ KD_STR("<8b> 08"), 1 };
    oops.code.marker = (kd_u64){ 0, 1 };
    ck_assert(!kd_result_reaches_fault(&oops, &context, 0));
    context.arch = (kd_str){ "", 0 };
    ck_assert(!kd_result_reaches_fault(&oops, &context, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataflow");
    TCase *tests = tcase_create("rows");
#ifdef KD_CAPSTONE
    tcase_set_timeout(tests, 60); /* sanitizers on a busy machine */
    tcase_add_test(tests, x86_64);
    tcase_add_test(tests, i386);
    tcase_add_test(tests, arm64);
    tcase_add_test(tests, traps_have_one_name);
#endif
    tcase_add_test(tests, elsewhere);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

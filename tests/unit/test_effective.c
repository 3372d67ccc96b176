/* test_effective.c - the address that an instruction goes to, from random registers: what the
 * decoder makes of the bytes against what the fields say that the bytes were put together from. */
#include <stdio.h>
#include <string.h>

#include "family/fault/decode_code.h"
#include "plain.h"
#include "suite.h"

#define ROUNDS 10000

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t dice(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Mostly addresses as they occur, now and then small numbers. */
static uint64_t some_value(bool wide)
{
    uint64_t value = dice();
    if (value % 7 == 0)
        value &= 0xffff;
    return wide ? value : value & UINT32_MAX;
}

typedef struct machine {
    const char *arch;
    bool wide;
    const char *names[32]; /* by number; NULL: there is none, or it is no register there */
    unsigned count;
} machine;

static const machine x86_64 = { "x86_64",
                                true,
                                { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r08",
                                  "r09", "r10", "r11", "r12", "r13", "r14", "r15" },
                                16 };
static const machine i386 = {
    "i386", false, { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" }, 8
};
static const machine arm = { "arm",
                             false,
                             { "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10",
                               "fp", "ip", "sp", "lr" },
                             15 };
static const machine arm64 = { "arm64",
                               true,
                               { "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",
                                 "x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15",
                                 "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
                                 "x24", "x25", "x26", "x27", "x28", "x29", "x30" },
                               31 };
static const machine riscv = { "riscv64",
                               true,
                               { NULL, "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                 "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                 "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6" },
                               32 };

typedef struct sample {
    const machine *on;
    uint64_t values[32];
    char bytes[64];
    uint64_t expected;
} sample;

static void put_word(sample *s, uint32_t word)
{
    snprintf(s->bytes, sizeof s->bytes, "(%08x)", word);
}

/* mov reg, [base + index * scale + disp32] */
static void make_x86(sample *s)
{
    bool wide = s->on->wide;
    unsigned base = (unsigned)(dice() % s->on->count), index = (unsigned)(dice() % s->on->count);
    unsigned scale = (unsigned)(dice() & 3);
    uint32_t disp = (uint32_t)dice();
    unsigned sib = scale << 6 | (index & 7) << 3 | (base & 7);
    char rex[16] = "";
    if (wide)
        snprintf(rex, sizeof rex, "<%02x> ", 0x48u | (index >> 3) << 1 | base >> 3);
    snprintf(s->bytes, sizeof s->bytes, "%s%s8b%s 84 %02x %02x %02x %02x %02x", rex,
             wide ? "" : "<", wide ? "" : ">", sib, disp & 255, disp >> 8 & 255, disp >> 16 & 255,
             disp >> 24);
    s->expected = s->values[base] + (uint64_t)(int64_t)(int32_t)disp;
    if (index != 4) /* the stack pointer is no index */
        s->expected += s->values[index] << scale;
}

/* ldr/str, by immediate or by a shifted register, up or down */
static void make_arm(sample *s)
{
    unsigned base = (unsigned)(dice() % 15), to = (unsigned)(dice() % 12),
             up = (unsigned)(dice() & 1);
    unsigned load = (unsigned)(dice() & 1), byte = (unsigned)(dice() & 1);
    uint32_t word = 0xe5000000u | up << 23 | byte << 22 | load << 20 | base << 16 | to << 12;
    uint64_t by;
    if (dice() & 1) {
        by = dice() & 0xfff;
        word |= (uint32_t)by;
    } else {
        unsigned index = (unsigned)(dice() % 13), shift = (unsigned)(dice() & 31);
        word |= 0x02000000u | shift << 7 | index;
        by = s->values[index] << shift;
    }
    put_word(s, word);
    s->expected = up ? s->values[base] + by : s->values[base] - by;
}

static void make_arm64(sample *s)
{
    unsigned base = (unsigned)(dice() % 31), to = (unsigned)(dice() % 31),
             size = (unsigned)(dice() & 3);
    uint32_t common = size << 30 | base << 5 | to | (uint32_t)(dice() & 1) << 22;
    uint32_t offset;
    unsigned index, scaled;
    switch (dice() % 4) {
    case 0: /* scaled immediate */
        offset = (uint32_t)dice() & 0xfff;
        put_word(s, common | 0x39000000u | offset << 10);
        s->expected = s->values[base] + ((uint64_t)offset << size);
        break;
    case 1: /* unscaled */
        offset = (uint32_t)dice() & 0x1ff;
        put_word(s, common | 0x38000000u | offset << 12);
        s->expected = s->values[base] + (uint64_t)((int64_t)(offset ^ 0x100) - 0x100);
        break;
    case 2: /* a whole index */
        index = (unsigned)(dice() % 31);
        scaled = (unsigned)(dice() & 1);
        put_word(s, common | 0x38206800u | index << 16 | scaled << 12);
        s->expected = s->values[base] + (s->values[index] << (scaled ? size : 0));
        break;
    default: /* the lower half of an index, sign or zero extended */
        index = (unsigned)(dice() % 31);
        scaled = (unsigned)(dice() & 1);
        bool sign = dice() & 1;
        uint64_t low = s->values[index] & UINT32_MAX;
        put_word(s, common | (sign ? 0x3820c800u : 0x38204800u) | index << 16 | scaled << 12);
        if (sign)
            low = (low ^ 0x80000000u) - 0x80000000u;
        s->expected = s->values[base] + (low << (scaled ? size : 0));
    }
}

/* ld and sd */
static void make_riscv(sample *s)
{
    unsigned base = 1 + (unsigned)(dice() % 31), other = (unsigned)(dice() % 32);
    uint32_t disp = (uint32_t)dice() & 0xfff;
    uint32_t word = dice() & 1 ? disp << 20 | base << 15 | 3u << 12 | other << 7 | 3u
                               : (disp >> 5) << 25 | other << 20 | base << 15 | 3u << 12 |
                                     (disp & 31) << 7 | 0x23u;
    snprintf(s->bytes, sizeof s->bytes, "(%04x) %04x", word & 0xffff, word >> 16);
    s->expected = s->values[base] + (uint64_t)((int64_t)(disp ^ 0x800) - 0x800);
}

static void check_machine(const machine *on, void (*make)(sample *), int rounds)
{
    for (int round = 0; round < rounds; round++) {
        kd_mem mem = { .allocator = &allocator, .limit = 1 << 20 };
        kd_event event = { .arena = { .mem = &mem } };
        kd_context context = { .arch = kd_str_of(on->arch) };
        sample s = { .on = on };
        kd_pair pairs[32];
        uint32_t count = 0;
        for (unsigned i = 0; i < on->count; i++) {
            s.values[i] = some_value(on->wide);
            if (on->names[i])
                pairs[count++] =
                    (kd_pair){ .name = kd_str_of(on->names[i]), .v = s.values[i], .src = 1 };
        }
        make(&s);
        if (!on->wide)
            s.expected &= UINT32_MAX;
        kdf_oops oops = { .registers = { pairs, count, count }, .address = { s.expected, 1 } };
        oops.code.bytes = (kd_text){ kd_str_of(s.bytes), 1 };
        oops.code.marker = (kd_u64){ 0, 1 };
        kd_decode_code(&event, &oops, &context);
        ck_assert_msg(
            oops.code.memory.effective.src && oops.code.memory.effective.v == s.expected,
            "%s %s (%.*s): %llx, not %llx", on->arch, s.bytes, KD_FMT(oops.code.instruction.v),
            (unsigned long long)oops.code.memory.effective.v, (unsigned long long)s.expected);
        ck_assert_msg(oops.code.memory.agrees.v, "%s %s does not agree", on->arch, s.bytes);
        kd_arena_free(&event.arena);
    }
}

#ifdef KD_CAPSTONE
START_TEST(x86)
{
    check_machine(&x86_64, make_x86, ROUNDS / 4);
    check_machine(&i386, make_x86, ROUNDS / 8);
}
END_TEST

START_TEST(arms)
{
    check_machine(&arm, make_arm, ROUNDS / 4);
    check_machine(&arm64, make_arm64, ROUNDS / 4);
}
END_TEST
#endif

START_TEST(words)
{
    check_machine(&riscv, make_riscv, ROUNDS / 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("effective");
    TCase *tests = tcase_create("random");
    tcase_set_timeout(tests, 120); /* sanitizers on a busy machine */
#ifdef KD_CAPSTONE
    tcase_add_test(tests, x86);
    tcase_add_test(tests, arms);
#else
    (void)x86_64, (void)i386, (void)arm, (void)arm64;
    (void)make_x86, (void)make_arm, (void)make_arm64;
#endif
    tcase_add_test(tests, words);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

/* decode_code.c - the faulting instruction and the address it accessed.
 *
 * Only from the marked byte on: what stands before it need not be aligned to instructions.
 */
#include "family/fault/decode_code.h"

#include <string.h>

#include "base/scan.h"
#include "family/fault/decode_executed.h"
#include "family/fault/decode_krnl_code.h"
#include "family/fault/decode_word.h"
#include "family/fields.h"

#define MAX_BYTES 128u   /* the code lines of x86 hold 64 bytes, of arm64 20 */
#define LONGEST_INSN 15u /* of x86 */
#define BYTES_BEFORE 42u /* that x86 prints before the mark, by default; from 4.18 on one less */

static bool is_x86(const kd_context *context)
{
    return kd_arch_is(context, "x86_64") || kd_arch_is(context, "i386");
}

/* The line ends inside the instruction. */
static bool is_torn(const kdf_code *code, const kd_context *context)
{
    uint8_t bytes[MAX_BYTES];
    return !code->instruction.src && kd_arch_is(context, "x86_64") &&
           kd_code_bytes(code, bytes, sizeof bytes) < code->marker.v + LONGEST_INSN;
}

bool kd_code_is_torn(const kdf_code *code, const kd_context *context)
{
    uint8_t bytes[MAX_BYTES];
    if (code->marker.src)
        return is_torn(code, context);
    return is_x86(context) && kd_code_bytes(code, bytes, sizeof bytes) <= BYTES_BEFORE;
}

bool kd_code_is_lost(const kd_event *event, const kdf_oops *oops, const kd_context *context)
{
    if (oops->code.marker.src)
        return is_torn(&oops->code, context);
    return oops->code.bytes.src || !event->complete ||
           (oops->registers.count > 0 &&
            (kd_arch_is(context, "x86_64") || kd_arch_is(context, "arm64")));
}

size_t kd_code_bytes(const kdf_code *code, uint8_t *out, size_t room)
{
    kd_scan in = kd_scan_of(code->bytes.v);
    kd_str word;
    uint64_t value;
    size_t len = 0;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        if (word.ptr[0] == '<' || word.ptr[0] == '(')
            word = (kd_str){ word.ptr + 1, word.len > 1 ? word.len - 2 : 0 };
        kd_scan hex = kd_scan_of(word);
        if (!kd_scan_hex(&hex, &value) || !kd_scan_at_end(&hex) || len + word.len / 2 > room)
            break;
        for (size_t i = 0; i < word.len / 2; i++)
            out[len++] = (uint8_t)(value >> (8 * i));
    }
    return len;
}

/* Digits of the marked word. */
static size_t word_digits(const kdf_code *code)
{
    kd_str text = code->bytes.v;
    const char *mark = kd_str_find(text, "<");
    mark = mark ? mark : kd_str_find(text, "(");
    size_t count = 0;
    while (mark && mark + 1 + count < text.ptr + text.len && kd_is_hex(mark[1 + count]))
        count++;
    return count;
}

kd_isa kd_isa_of_code(const kdf_oops *oops, const kd_context *context)
{
    static const struct {
        const char *arch;
        kd_isa isa;
        size_t digits;
    } rows[] = {
        { "x86_64", KD_ISA_X86_64, 2 },
        { "i386", KD_ISA_I386, 2 },
        { "arm64", KD_ISA_ARM64, 8 },
        { "arm", KD_ISA_ARM, 8 },
        { "arm", KD_ISA_THUMB, 4 },
        { "ppc64", KD_ISA_PPC, 8 },
        { "ppc", KD_ISA_PPC, 8 },
        { "mips", KD_ISA_MIPS, 8 },
        { "mips64", KD_ISA_MIPS, 8 },
        { "riscv64", KD_ISA_RISCV, 4 },
        { "loongarch64", KD_ISA_LOONGARCH, 8 },
        { "sparc64", KD_ISA_SPARC, 8 },
        { "sparc", KD_ISA_SPARC, 8 },
        { "parisc64", KD_ISA_PARISC, 8 },
        { "parisc", KD_ISA_PARISC, 8 },
        { "s390", KD_ISA_S390, 2 },
    };
    size_t digits = word_digits(&oops->code);
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_arch_is(context, rows[i].arch) && rows[i].digits == digits)
            return rows[i].isa;
    return KD_ISA_NONE;
}

static bool is_narrow(kd_isa isa)
{
    return isa == KD_ISA_I386 || isa == KD_ISA_ARM || isa == KD_ISA_THUMB;
}

const kd_pair *kd_find_register(const kdf_oops *oops, kd_isa isa, const char *name)
{
    const kd_pair *pair = kd_map_find(&oops->registers, name);
    char number[8];
    if (pair)
        return pair;
    if (!strcmp(name, "r8") || !strcmp(name, "r9")) /* x86 dumps write r08, r09 */
        return kd_map_find(&oops->registers, name[1] == '8' ? "r08" : "r09");
    if (isa == KD_ISA_SPARC) /* the stack pointer, and where it was called from */
        return !strcmp(name, "o6")   ? kd_map_find(&oops->registers, "sp")
               : !strcmp(name, "o7") ? kd_map_find(&oops->registers, "ret_pc")
                                     : NULL;
    if (isa == KD_ISA_LOONGARCH && kd_loongarch_number(name) >= 0) { /* to 6.11 */
        kd_str_print(number, sizeof number, "$%d", kd_loongarch_number(name));
        return kd_map_find(&oops->registers, number);
    }
    return NULL;
}

bool kd_register_value(const kdf_oops *oops, kd_isa isa, const char *name, uint64_t *value)
{
    const kd_pair *pair = kd_find_register(oops, isa, name);
    bool counter = !strcmp(name, "pc") || !strcmp(name, "rip") || !strcmp(name, "eip");
    if (!pair && (!strcmp(name, "zero") || !strcmp(name, "$0"))) {
        *value = 0;
        return true;
    }
    if (!pair && (!counter || !oops->ip.address.src))
        return false;
    *value = pair ? pair->v : oops->ip.address.v;
    if (isa == KD_ISA_ARM && !strcmp(name, "pc"))
        *value += 8;
    if (isa == KD_ISA_THUMB && !strcmp(name, "pc"))
        *value = (*value & ~UINT64_C(3)) + 4;
    return true;
}

static uint64_t extended(const kd_access *access, uint64_t index)
{
    if (access->extend == 'u')
        index &= UINT32_MAX;
    else if (access->extend == 's')
        index = (uint64_t)(int64_t)(int32_t)(uint32_t)index;
    return access->negative ? 0 - index * access->scale : index * access->scale;
}

/* bt with a register goes to the word that holds the bit, before or behind the operand. */
static bool bits_away(const kdf_oops *oops, kd_isa isa, const kd_access *access, uint64_t *away)
{
    uint64_t bits = 0, shift = access->size == 8 ? 6 : access->size == 4 ? 5 : 4;
    if (access->bits[0] && !kd_register_value(oops, isa, access->bits, &bits))
        return false;
    int64_t count = access->size == 8   ? (int64_t)bits
                    : access->size == 4 ? (int32_t)(uint32_t)bits
                                        : (int16_t)(uint16_t)bits;
    uint64_t words = (uint64_t)count >> shift;
    *away = (count < 0 ? words | ~(UINT64_MAX >> shift) : words) * access->size;
    return true;
}

bool kd_access_effective(const kdf_oops *oops, kd_isa isa, const kd_access *access,
                         uint64_t *effective)
{
    uint64_t base = 0, index = 0, segment = 0, away = 0;
    if (access->base[0] && !kd_register_value(oops, isa, access->base, &base))
        return false;
    if (access->index[0] && !kd_register_value(oops, isa, access->index, &index))
        return false;
    if (access->segment && !kd_register_value(oops, isa, access->segment, &segment))
        return false;
    /* the selector of i386 is no base */
    if (access->segment && isa != KD_ISA_X86_64)
        return false;
    /* there register 0 is none, or holds 0 */
    bool no_base = isa == KD_ISA_PPC || isa == KD_ISA_SPARC || isa == KD_ISA_PARISC;
    if (!access->base[0] && !access->index[0] && !access->segment && !no_base)
        return false;
    if (access->bits[0] && !bits_away(oops, isa, access, &away))
        return false;
    *effective = segment + base + extended(access, index) + (uint64_t)access->displacement + away;
    if (is_narrow(isa))
        *effective &= UINT32_MAX;
    return true;
}

bool kd_access_hits(kd_isa isa, uint64_t effective, uint64_t size, uint64_t address)
{
    if (isa == KD_ISA_ARM64) { /* the CPU reports copies of bit 55 above it, or the tag */
        effective &= UINT64_MAX >> 8;
        address &= UINT64_MAX >> 8;
    }
    if (isa == KD_ISA_S390 && size && address >> 12 == (effective + size - 1) >> 12)
        return true;
    /* the page alone is reported; of sparc where that had no translation */
    if (address % 4096 == 0 && ((isa == KD_ISA_S390 && address >> 12 == effective >> 12) ||
                                (isa == KD_ISA_SPARC && address == (effective & ~UINT64_C(8191)))))
        return true;
    if (isa == KD_ISA_PPC && size == 16 && address == (effective & ~UINT64_C(15)))
        return true; /* lvx and stvx round down */
    /* an access over the end of a page is reported at the page that is missing */
    return address == effective ||
           (address > effective && address - effective < size && address % 4096 == 0);
}

uint64_t kd_fault_at(const kdf_oops *oops)
{
    const kdf_operand *mem = &oops->code.memory;
    if (mem->printed_bare.v)
        return mem->effective.v;
    bool within = mem->agrees.v && mem->effective.src && oops->address.v % 4096 == 0 &&
                  mem->effective.v - oops->address.v < 8192;
    return within ? mem->effective.v : oops->address.v;
}

/* A 32-bit mips or powerpc kernel computes in 32 bits. */
static uint64_t as_address(const kdf_oops *oops, const kd_context *context, uint64_t value)
{
    bool narrow = (kd_arch_is(context, "mips") || kd_arch_is(context, "ppc") ||
                   kd_arch_is(context, "parisc") || kd_arch_is(context, "sparc")) &&
                  oops->address.v <= UINT32_MAX;
    return narrow ? value & UINT32_MAX : value;
}

/* Of several operands, the one that the fault is at; else the first. */
static const kd_access *choose(kdf_oops *oops, const kd_context *context, kd_isa isa,
                               const kd_access *all, size_t count)
{
    for (size_t i = 0; i < count && oops->address.src; i++) {
        uint64_t at;
        if (kd_access_effective(oops, isa, &all[i], &at) &&
            kd_access_hits(isa, as_address(oops, context, at), all[i].size, oops->address.v))
            return &all[i];
    }
    return count ? &all[0] : NULL;
}

static void put_operand(kdf_oops *oops, const kd_context *context, kd_isa isa,
                        const kd_access *from, kd_arena *arena)
{
    kdf_operand *to = &oops->code.memory;
    uint64_t effective;
    if (from->base[0])
        kd_derive(&to->base, kd_arena_str(arena, kd_str_of(from->base)));
    if (from->index[0]) {
        kd_derive(&to->index, kd_arena_str(arena, kd_str_of(from->index)));
        if (!from->negative)
            kd_derive(&to->scale, from->scale);
    }
    kd_derive(&to->displacement, from->displacement);
    /* there the word is the instruction of the fault in any case */
    if (isa == KD_ISA_PARISC && oops->parisc_trap.value.v > 5 && !oops->access.src &&
        from->load != from->store)
        kd_derive(&oops->access, kd_str_of(from->store ? "write" : "read"));
    if (from->size)
        kd_derive(&to->size, from->size);
    if (from->load || from->store)
        kd_derive(&to->does, kd_str_of(!from->store ? "read"
                                       : from->load ? "read-write"
                                                    : "write"));
    if (!kd_access_effective(oops, isa, from, &effective))
        return;
    effective = as_address(oops, context, effective);
    kd_derive(&to->effective, effective);
    if (oops->address.src)
        kd_derive(&to->agrees, kd_access_hits(isa, effective, from->size, oops->address.v));
}

static const char *x86_trap(kd_isa isa, const uint8_t *bytes, size_t len)
{
    while (len > 0 && (bytes[0] == 0x66 || bytes[0] == 0x67 ||
                       (isa == KD_ISA_X86_64 && (bytes[0] & 0xf0) == 0x40)))
        bytes++, len--;
    if (len < 2 || bytes[0] != 0x0f)
        return NULL;
    return bytes[1] == 0x0b ? "ud2" : bytes[1] == 0xb9 ? "ud1" : bytes[1] == 0xff ? "ud0" : NULL;
}

/* Traps, which capstone's versions spell and read differently or not at all: by their bytes,
 * without operands. */
static const char *trap_name(kd_isa isa, const uint8_t *bytes, size_t len)
{
    static const struct {
        kd_isa isa;
        uint32_t mask, value;
        const char *name;
    } rows[] = {
#define KD_TRAP(isa, mask, value, name) { KD_ISA_##isa, mask, value, name },
#include "family/fault/access.def"
    };
    if (isa == KD_ISA_X86_64 || isa == KD_ISA_I386)
        return x86_trap(isa, bytes, len);
    bool half = isa == KD_ISA_RISCV;
    uint32_t word = 0;
    for (size_t i = 0; i < (half ? 2u : 4u) && i < len; i++)
        word |= (uint32_t)bytes[i] << (8 * i);
    for (size_t i = 0; i < KD_COUNT(rows) && len >= (half ? 2u : 4u); i++)
        if (rows[i].isa == isa && (word & rows[i].mask) == rows[i].value)
            return rows[i].name;
    return NULL;
}

/* What is to be read of a code line. */
typedef struct reading {
    const kd_context *context;
    kd_isa isa;
    const uint8_t *bytes;
    size_t len;
    kd_arena *arena;
} reading;

static size_t decode_at(kdf_oops *oops, const reading *r, kd_access *out, size_t room)
{
    size_t count = 0;
#ifdef KD_CAPSTONE
    csh handle;
    cs_insn *insn;
    if (!kd_isa_use(r->context, r->isa, &handle))
        return 0;
    kd_code_part part = { r->bytes, r->len, oops->ip.address.v, 1 };
    if (kd_isa_read(r->arena->mem, handle, part, &insn) == 1) {
        kd_derive(&oops->code.instruction,
                  kd_arena_format(r->arena, "%s%s%s", insn->mnemonic, insn->op_str[0] ? " " : "",
                                  insn->op_str));
        count = kd_insn_accesses(r->isa, handle, insn, out, room);
        cs_free(insn, 1);
    }
    kd_isa_leave(r->context, &handle);
#else
    (void)oops, (void)r, (void)out, (void)room;
#endif
    return count;
}

/* The instruction that stands so many bytes before the marked one, or behind it. */
static void decode_from(kdf_oops *oops, const kd_context *context, kd_isa isa, int64_t away,
                        kd_arena *arena)
{
    uint8_t bytes[MAX_BYTES];
    kd_access all[4];
    char text[64];
    size_t count = 1, len = kd_code_bytes(&oops->code, bytes, sizeof bytes);
    size_t at = (size_t)(oops->code.marker.v + (uint64_t)away);
    if (oops->code.marker.v >= len || at >= len)
        return;
    const char *trap = trap_name(isa, bytes + at, len - at);
    if (trap) {
        kd_derive(&oops->code.instruction, kd_str_of(trap));
        count = 0;
    } else if (kd_word_access(isa, bytes + at, len - at, &all[0], text))
        kd_derive(&oops->code.instruction, kd_arena_str(arena, kd_str_of(text)));
    else
        count = decode_at(oops, &(reading){ context, isa, bytes + at, len - at, arena }, all,
                          KD_COUNT(all));
    const kd_access *chosen = choose(oops, context, isa, all, count);
    if (chosen)
        put_operand(oops, context, isa, chosen, arena);
}

/* The text of an instruction that s390 printed. */
static void decode_text(kdf_oops *oops, const kd_context *context, kd_text text, kd_arena *arena)
{
    kd_access all[2];
    oops->code.memory = (kdf_operand){ .base = { .src = 0 } };
    oops->code.instruction = text;
    size_t count = kd_str_starts(text.v, "ex") ? kd_executed_accesses(oops, arena, all)
                                               : kd_krnl_code_accesses(text.v, all);
    const kd_access *chosen = choose(oops, context, KD_ISA_S390, all, count);
    if (chosen)
        put_operand(oops, context, KD_ISA_S390, chosen, arena);
}

/* Of refused accesses the program counter is put back to the instruction, by kernels of late also
 * where the CPU went on; of others it stands behind it. */
static void decode_s390(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    kdf_code *code = &oops->code;
    uint64_t pic = oops->s390_pic.code.v;
    bool access = !oops->s390_pic.code.src || pic == 4 || pic == 0x10 || pic == 0x11 ||
                  (pic >= 0x38 && pic <= 0x3f);
    kd_text at = code->instruction, before = code->previous;
    bool traps = before.src && (!access || kd_str_starts(before.v, "mc "));
    if (at.src || traps)
        decode_text(oops, context, traps ? before : at, arena);
    kdf_code found = *code;
    if (!traps && before.src && oops->address.src && !code->memory.agrees.v) {
        decode_text(oops, context, before, arena);
        if (!code->memory.agrees.v)
            *code = found;
    }
}

/* parisc prints the word alone, in a register. */
static void take_iir(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    const kd_pair *iir = kd_map_find(&oops->registers, "iir");
    if (oops->code.bytes.src || !iir || !iir->v ||
        (!kd_arch_is(context, "parisc") && !kd_arch_is(context, "parisc64")))
        return;
    kd_derive(&oops->code.bytes, kd_arena_format(arena, "<%08llx>", KD_LLU(iir->v & UINT32_MAX)));
    kd_derive(&oops->code.marker, 0);
}

/* parisc prints what the CPU kept of the operand, also where it prints no general registers. */
static void take_ior(kdf_oops *oops, kd_isa isa)
{
    kdf_operand *mem = &oops->code.memory;
    const kd_pair *ior = kd_map_find(&oops->registers, "ior");
    if (isa != KD_ISA_PARISC || !ior || !mem->base.src || mem->effective.src || !oops->address.src)
        return;
    kd_derive(&mem->effective, ior->v);
    kd_derive(&mem->agrees, kd_access_hits(isa, ior->v, mem->size.v, oops->address.v));
    kd_derive(&mem->kept, true);
}

/* Why nothing is known of the instruction, though there are bytes. */
static const char *undecoded(const kdf_oops *oops, kd_isa isa, const kd_context *context)
{
    if (!oops->code.marker.src && kd_code_is_torn(&oops->code, context))
        return "the line was cut before the instruction: 42 bytes stand before that, or 43";
    if (!oops->code.marker.src)
        return "no byte of the line is marked: it was cut, or the marks were lost";
    if (isa == KD_ISA_NONE)
        return "instructions of this machine are not decoded here";
#ifdef KD_CAPSTONE
    return "the bytes at the mark are no instruction that is known here";
#else
    return "this build has no disassembler";
#endif
}

/* Where the bytes were cut: BUG() of x86 is ud2, and the kernel found that there before it said
 * which BUG() it was. */
static void take_bug(const kd_event *event, kdf_oops *oops, const kd_context *context)
{
    if (!oops->code.instruction.src && kd_event_is(event, &kd_kind_kernel_bug) && is_x86(context) &&
        kd_str_starts(oops->headline.v, "kernel BUG at ") &&
        kd_str_has(oops->die.text.v, "invalid opcode"))
        kd_derive(&oops->code.instruction, KD_STR("ud2"));
}

/* arm's handler of alignment faults steps over the instruction before it gives up. */
static void decode_before(kdf_oops *oops, const kd_context *context, kd_arena *arena)
{
    kdf_code at_marker = oops->code;
    oops->code.memory = (kdf_operand){ .base = { .src = 0 } };
    oops->code.instruction = (kd_text){ .src = 0 };
    decode_from(oops, context, KD_ISA_ARM, -4, arena);
    if (!oops->code.memory.agrees.v)
        oops->code = at_marker;
}

/* sparc calls it a NULL pointer and does not say the address: the operand tells it. */
static void find_small(const kd_event *event, kdf_oops *oops, kd_isa isa)
{
    kdf_operand *mem = &oops->code.memory;
    if (isa != KD_ISA_SPARC || oops->address.src || !mem->effective.src ||
        mem->effective.v >= 4096 || !kd_event_is(event, &kd_kind_null_deref))
        return;
    kd_derive(&oops->address, mem->effective.v);
    kd_derive(&mem->agrees, true);
}

void kd_decode_code(kd_event *event, kdf_oops *oops, const kd_context *context)
{
    take_iir(oops, context, &event->arena);
    kd_isa isa = kd_isa_of_code(oops, context);
    /* mips: the program counter is that of the branch before the instruction */
    int64_t away = isa == KD_ISA_MIPS && oops->mips_cause.branch_delay.v ? 4 : 0;
    if (!oops->code.bytes.src)
        return;
    if (isa == KD_ISA_S390)
        decode_s390(oops, context, &event->arena);
    else if (oops->code.marker.src && isa != KD_ISA_NONE)
        decode_from(oops, context, isa, away, &event->arena);
    if (isa == KD_ISA_ARM && !oops->code.memory.agrees.v && kd_str_has(oops->fsr.name.v, "align"))
        decode_before(oops, context, &event->arena);
    find_small(event, oops, isa);
    take_ior(oops, isa);
    take_bug(event, oops, context);
    if (!oops->code.instruction.src)
        kd_derive(&oops->code.undecoded, kd_str_of(undecoded(oops, isa, context)));
    kd_decode_disagreement(event, oops, context);
}

/* decode_pointer.c - which pointer the faulting instruction used. */
#include "family/pointer/decode_pointer.h"

#include "family/fault/decode_code.h"
#include "family/shared/parse_shared.h"

bool kd_is_64_bit(const kd_context *context, const kdf_oops *oops)
{
    static const char *const narrow[] = { "i386", "arm",   "mips",       "ppc",     "parisc",
                                          "m68k", "sparc", "riscv32",    "xtensa",  "arc",
                                          "csky", "nios2", "microblaze", "openrisc" };
    for (size_t i = 0; i < KD_COUNT(narrow); i++)
        if (kd_arch_is(context, narrow[i]))
            return oops->address.v > UINT32_MAX;
    if (context->arch.len > 0)
        return true;
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (KD_ITEMS(oops->registers, kd_pair)[i].v > UINT32_MAX)
            return true;
    return oops->address.v > UINT32_MAX;
}

/* The register that the operand takes for its base. */
static const kd_pair *base_of(const kdf_oops *oops, const kd_context *context)
{
    char name[8];
    kd_str base = oops->code.memory.base.v;
    if (!oops->code.memory.base.src || base.len >= sizeof name)
        return NULL;
    kd_str_print(name, sizeof name, "%.*s", KD_FMT(base));
    return kd_find_register(oops, kd_isa_of_code(oops, context), name);
}

bool kd_pointer_of(const kdf_oops *oops, const kd_context *context, kd_pointer *out)
{
    const kdf_operand *mem = &oops->code.memory;
    const kd_pair *pair = mem->agrees.v ? base_of(oops, context) : NULL;
    *out = (kd_pointer){ .value = 0 };
    if (!pair)
        return false;
    *out = (kd_pointer){ .reg = pair->name,
                         .src = pair->src,
                         .value = pair->v,
                         .displacement = mem->displacement.v,
                         .indexed = mem->index.src != 0 };
    return true;
}

static bool is_canonical(uint64_t value)
{
    uint64_t top = value >> 47;
    return top == 0 || top == 0x1ffff;
}

/* Where KASAN's shadow begins on x86-64: one byte for each eight (Kconfig, 4.0 to 7.2). */
#define KASAN_SHADOW UINT64_C(0xdffffc0000000000)

static bool has_flag(const kdf_die *die, const char *flag)
{
    for (uint32_t i = 0; i < die->flags.count; i++)
        if (kd_str_is(KD_ITEMS(die->flags, kd_text)[i].v, flag))
            return true;
    return false;
}

/* A kernel with KASAN looks at the shadow of an address before it uses that: the fault is at the
 * shadow byte, and tells the address to eight bytes. */
static bool shadowed(const kd_event *event, const kdf_oops *oops, const kd_context *context,
                     kd_pointer *out)
{
    uint64_t real = (oops->address.v - KASAN_SHADOW) << 3;
    bool low = oops->address.v >= KASAN_SHADOW && real < UINT64_C(1) << 47;
    bool wild = oops->address.v >> 47 != 0 && oops->address.v >> 47 != 0x1ffff;
    if (!oops->address.src || !kd_event_is(event, &kd_kind_general_protection) ||
        !has_flag(&oops->die, "KASAN") || !kd_arch_is(context, "x86_64") || !(low || wild))
        return false;
    *out = (kd_pointer){ .src = oops->address.src, .value = real, .shadow = oops->address.v };
    return true;
}

bool kd_bad_value(const kd_event *event, const kdf_oops *oops, const kd_context *context,
                  kd_pointer *out)
{
    const kdf_operand *mem = &oops->code.memory;
    if (shadowed(event, oops, context, out) || (kd_pointer_of(oops, context, out) && !out->indexed))
        return true;
    *out = (kd_pointer){ .src = oops->address.src, .value = oops->address.v };
    if (oops->address.src)
        return true;
    if (!kd_event_is(event, &kd_kind_general_protection) || !mem->effective.src ||
        is_canonical(mem->effective.v) || !kd_arch_is(context, "x86_64") || mem->index.src)
        return false;
    const kd_pair *pair = base_of(oops, context);
    if (pair)
        *out = (kd_pointer){ .reg = pair->name,
                             .src = pair->src,
                             .value = pair->v,
                             .displacement = mem->displacement.v };
    return out->src != 0;
}

uint8_t kd_poison_byte(uint64_t value, bool wide)
{
    unsigned bytes = wide ? 8 : 4, same = 0;
    uint8_t byte = (uint8_t)(value >> (wide ? 32 : 16));
    bool freed;
    for (unsigned i = 0; i < bytes; i++)
        same += (uint8_t)(value >> (8 * i)) == byte;
    /* arm64 clears the uppermost byte; an offset changes the two lowest */
    bool middle = wide ? (value >> 16 & UINT32_MAX) == byte * UINT64_C(0x01010101)
                       : (value >> 16 & 0xffff) == byte * UINT64_C(0x0101);
    return kd_poison_words(byte, &freed) && middle && same + (wide ? 3u : 2u) >= bytes ? byte : 0;
}

const char *kd_poison_words(uint8_t byte, bool *freed)
{
    static const struct {
        uint8_t byte;
        bool freed;
        const char *words;
    } rows[] = {
#define KD_POISON(byte, freed, words) { byte, freed, words },
#include "family/pointer/poison.def"
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (rows[i].byte == byte) {
            *freed = rows[i].freed;
            return rows[i].words;
        }
    return NULL;
}

uint64_t kd_list_poison(const kd_context *context, uint64_t value, bool exact)
{
    static const struct {
        const char *arch;
        uint64_t move;
    } moves[] = {
        { "x86_64", UINT64_C(0xdead000000000000) },  { "arm64", UINT64_C(0xdead000000000000) },
        { "riscv64", UINT64_C(0xdead000000000000) }, { "ppc64", UINT64_C(0x5deadbeef0000000) },
        { "s390", UINT64_C(0xdead000000000000) },    { "", UINT64_C(0xdead000000000000) }
    };
    static const uint64_t marks[] = { 0x100, 0x122, 0x200, 0x100100, 0x200200 };
    for (size_t i = 0; i < KD_COUNT(moves); i++) {
        if (!kd_str_is(context->arch, moves[i].arch))
            continue;
        for (size_t k = KD_COUNT(marks); k-- > 0;) {
            uint64_t mark = moves[i].move + marks[k];
            /* the pointer itself, or a container of it; else an offset may have been added */
            if (exact ? mark - value < 0x80 : value - mark < 0x100 || mark - value < 0x80)
                return mark;
        }
        /* s390 has moved them only lately */
        if (!kd_str_is(context->arch, "s390"))
            return 0;
    }
    for (size_t k = 0; exact && context->arch.len && k < KD_COUNT(marks); k++)
        if (value == marks[k])
            return marks[k];
    return 0;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_of_word(uint8_t c)
{
    return is_letter(c) || (c >= '0' && c <= '9') ||
           (c && kd_str_find((kd_str){ "_-./: ,=%", 9 }, (char[]){ (char)c, 0 }));
}

size_t kd_text_in(uint64_t value, bool wide, char out[9])
{
    size_t bytes = wide ? 8 : 4, count = 0, letters = 0, least = wide ? 5 : 4;
    bool alike = true;
    for (; count < bytes; count++) {
        uint8_t c = (uint8_t)(value >> (8 * count));
        if (!is_of_word(c))
            break;
        out[count] = (char)c;
        letters += is_letter(c);
        alike &= out[count] == out[0];
    }
    out[count] = 0;
    bool rest = count == bytes || value >> (8 * count) == 0;
    return rest && count >= least && letters + 1 >= least - 1 && letters * 2 > count && !alike
               ? count
               : 0;
}

bool kd_follows_freelist(kd_str function)
{
    static const char *const names[] = {
#define KD_FREELIST(name) name,
#include "family/pointer/allocator.def"
    };
    kd_str bare = kd_bare_name(function);
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_name_fits(bare, names[i]))
            return true;
    return false;
}

uint64_t kd_pointer_error(uint64_t value, bool wide)
{
    uint64_t negative = wide ? 0 - value : (0 - value) & UINT32_MAX;
    bool fits = wide || value <= UINT32_MAX;
    return fits && negative >= 1 && negative <= 4095 ? negative : 0;
}

const char *kd_errno_name(const kd_context *context, uint64_t number)
{
    static const char *const own[] = { "mips",  "mips64",  "parisc", "parisc64",
                                       "sparc", "sparc64", "alpha" };
    static const struct {
        uint64_t number;
        const char *name;
    } rows[] = {
#define KD_ERRNO(number, name) { number, name },
#include "family/pointer/errno.def"
    };
    for (size_t i = 0; i < KD_COUNT(own); i++)
        if (number > 34 && kd_arch_is(context, own[i]))
            return NULL;
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (rows[i].number == number)
            return rows[i].name;
    return NULL;
}

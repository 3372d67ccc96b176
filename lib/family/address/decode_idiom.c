/* decode_idiom.c - values that are no addresses, and what they are instead. */
#include "family/address/decode_idiom.h"

#include <string.h>

#include "core/version.h"

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
#include "family/address/poison.def"
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
        for (size_t k = 0; k < KD_COUNT(marks); k++)
            if (value == moves[i].move + marks[k])
                return value;
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
    return is_letter(c) || (c >= '0' && c <= '9') || (c && strchr("_-./: ,=%", c));
}

/* mips and powerpc of 64 bits come in both orders: only a release that names it tells. */
static bool is_big_endian(const kd_context *context)
{
    static const char *const names[] = { "s390",     "sparc", "sparc64", "parisc",
                                         "parisc64", "m68k",  "ppc",     "openrisc" };
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_arch_is(context, names[i]))
            return true;
    return kd_arch_is(context, "ppc64") && kd_str_ends(context->release, "-powerpc64");
}

static uint64_t swapped(uint64_t value, unsigned bytes)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < bytes; i++)
        out = out << 8 | (value >> (8 * i) & 0xff);
    return out;
}

size_t kd_text_in(const kd_context *context, uint64_t value, bool wide, char out[9])
{
    size_t bytes = wide ? 8 : 4, count = 0, letters = 0, least = wide ? 5 : 4;
    bool little = is_of_word((uint8_t)value);
    bool big = is_of_word((uint8_t)(value >> (8 * bytes - 8)));
    out[0] = 0;
    if (!little && !big) /* most values: which of the two counts need not be known */
        return 0;
    if (is_big_endian(context))
        value = swapped(value, (unsigned)bytes);
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
#include "family/address/errno.def"
    };
    for (size_t i = 0; i < KD_COUNT(own); i++)
        if (number > 34 && kd_arch_is(context, own[i]))
            return NULL;
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (rows[i].number == number)
            return rows[i].name;
    return NULL;
}

kd_magic kd_magic_of(const kd_context *context, uint64_t value, bool wide, const char **words)
{
    static const struct {
        unsigned width;
        uint64_t value;
        uint32_t from, until;
        kd_magic kind;
        const char *words;
    } rows[] = {
#define KD_MAGIC(width, value, from, until, kind, words) \
    { width, value, from, until, KD_MAGIC_##kind, words },
#include "family/address/magic.def"
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (rows[i].value == value && (!rows[i].width || rows[i].width == (wide ? 64u : 32u)) &&
            (!context->version || kd_version_in(context->version, rows[i].from, rows[i].until))) {
            *words = rows[i].words;
            return rows[i].kind;
        }
    return KD_MAGIC_NONE;
}

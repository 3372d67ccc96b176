/* decode_executed.c - what the "ex" and "exrl" of s390 execute.
 *
 *   larl %r5,00000000009c3ad2
 *   ex %r4,0(%r5)                  executes "mvc 0(1,%r1),0(%r3)" there, with the length of r4
 *   exrl %r4,00000000009c3ad2
 *
 * The target is printed with the code around, or it is one of mem.S: there the address of the fault
 * must lie in a page that its operands touch.
 */
#include "family/fault/decode_executed.h"

#include "base/scan.h"
#include "family/fault/decode_code.h"
#include "family/fault/decode_krnl_code.h"
#include "family/shared/parse_shared.h"

/* arch/s390/lib/mem.S, 4.1 to 7.0: memset() to 0 and to others differ in the second operand alone.
 */
static const struct {
    const char *functions, *text;
} known[] = {
    { "memcpy memmove", "mvc 0(1,%r1),0(%r3)" },
    { "memset", "xc 0(1,%r1),0(%r1)" },
};

/* "%r4," of "ex %r4,0(%r5)": the number whose lowest byte is put over the second of the target. */
static bool scan_over(kd_scan *in, uint64_t *number)
{
    kd_str name;
    return kd_scan_word(in, &name) && kd_scan_blanks(in) && kd_scan_literal(in, "%r") &&
           kd_scan_u64(in, number) && kd_scan_char(in, ',');
}

/* Where the target stands. */
static bool find_target(const kdf_oops *oops, kd_scan in, uint64_t *target)
{
    int64_t displacement;
    uint64_t base;
    kd_scan whole = in;
    char name[8];
    const kd_pair *pair;
    if (kd_scan_i64(&in, &displacement) && kd_scan_literal(&in, "(%r") && kd_scan_u64(&in, &base) &&
        kd_scan_char(&in, ')')) {
        kd_str_print(name, sizeof name, "r%llu", KD_LLU(base & 15));
        pair = kd_map_find(&oops->registers, name);
        *target = pair ? pair->v + (uint64_t)displacement : 0;
        return pair != NULL;
    }
    return kd_scan_hex(&whole, target);
}

static kd_str printed_at(const kdf_code *code, uint64_t target)
{
    for (uint32_t i = 0; i < code->rows.count; i++)
        if (KD_ITEMS(code->rows, kd_pair)[i].v == target)
            return KD_ITEMS(code->rows, kd_pair)[i].name;
    return (kd_str){ NULL, 0 };
}

static kd_str known_of(kd_str function)
{
    kd_str bare = kd_bare_name(function);
    for (size_t i = 0; i < KD_COUNT(known); i++)
        if (kd_str_in_words(bare, known[i].functions))
            return kd_str_of(known[i].text);
    return (kd_str){ NULL, 0 };
}

/* The length that the register gives. */
static void put_lengths(const kdf_oops *oops, uint64_t over, kd_access *all, size_t count)
{
    char name[8];
    kd_str_print(name, sizeof name, "r%llu", KD_LLU(over & 15));
    const kd_pair *pair = over ? kd_map_find(&oops->registers, name) : NULL;
    for (size_t i = 0; pair && i < count; i++)
        if (all[i].size)
            all[i].size = ((all[i].size - 1) | (pair->v & 0xff)) + 1;
}

static bool hits(const kdf_oops *oops, const kd_access *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t at;
        if (oops->address.src && kd_access_effective(oops, KD_ISA_S390, &all[i], &at) &&
            kd_access_hits(KD_ISA_S390, at, all[i].size, oops->address.v))
            return true;
    }
    return false;
}

size_t kd_executed_accesses(kdf_oops *oops, kd_arena *arena, kd_access out[2])
{
    kdf_code *code = &oops->code;
    kd_scan in = kd_scan_of(code->instruction.v);
    uint64_t over, target;
    if (!scan_over(&in, &over))
        return 0;
    kd_str text = find_target(oops, in, &target) ? printed_at(code, target) : (kd_str){ NULL, 0 };
    bool printed = text.len > 0;
    if (!printed)
        text = known_of(oops->ip.function.v);
    size_t count = text.len ? kd_krnl_code_accesses(text, out) : 0;
    put_lengths(oops, over, out, count);
    if (!count || (!printed && !hits(oops, out, count)))
        return 0;
    kd_derive(&code->executed, kd_arena_str(arena, text));
    return count;
}

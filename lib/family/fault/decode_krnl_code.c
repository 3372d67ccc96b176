/* decode_krnl_code.c - memory operands of s390, by the text of the kernel's own disassembler.
 *
 *   st %r2,0(%r1)    lg %r1,8(%r2,%r3)    mvc 0(256,%r1),8(%r2)    stmg %r11,%r15,112(%r15)
 */
#include "family/fault/decode_krnl_code.h"

#include <stdio.h>

#include "base/scan.h"

typedef enum use { LOAD = 1, STORE = 2, BOTH = 3, MOVE, PAIR, REGISTERS } use;

/* How the instruction of that name uses memory; false: it does not. */
static bool find_use(kd_str name, use *out, uint64_t *size)
{
    static const struct {
        uint64_t size;
        use use;
        const char *names;
    } rows[] = {
#define KD_S390(size, use, names) { size, use, names },
#include "family/fault/s390_access.def"
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_str_in_words(name, rows[i].names)) {
            *out = rows[i].use;
            *size = rows[i].size;
            return true;
        }
    return false;
}

/* "%r12": its number. */
static bool scan_register(kd_scan *in, uint64_t *number)
{
    return kd_scan_literal(in, "%r") && kd_scan_blanks(in) && /* as a 3270 breaks its lines */
           kd_scan_u64(in, number) && *number < 16;
}

/* Register 0 stands for no register. */
static void set(char to[8], uint64_t number)
{
    if (number)
        snprintf(to, 8, "r%u", (unsigned)number & 15);
}

/* "8(%r1)", "8(%r2,%r1)" with the index first, "0(256,%r1)" with a length first. */
static bool scan_operand(kd_scan *in, kd_access *out)
{
    uint64_t first = 0, second = 0;
    *out = (kd_access){ .scale = 1 };
    if (!kd_scan_i64(in, &out->displacement) || !kd_scan_char(in, '('))
        return false;
    if (kd_scan_u64(in, &out->size))
        return kd_scan_literal(in, ",") && scan_register(in, &first) && kd_scan_char(in, ')') &&
               (set(out->base, first), true);
    if (!scan_register(in, &first))
        return false;
    if (kd_scan_char(in, ',')) {
        if (!scan_register(in, &second))
            return false;
        set(out->index, first);
        first = second;
    }
    set(out->base, first);
    return kd_scan_char(in, ')');
}

/* The two registers that "stmg %r11,%r15,112(%r15)" begins with: so many words. */
static uint64_t range(kd_str name, const uint64_t numbers[2])
{
    uint64_t count = ((numbers[1] - numbers[0]) & 15) + 1;
    if (kd_str_in_words(name, "lm lmy stm stmy"))
        return 4 * count;
    return kd_str_in_words(name, "lmg stmg") ? 8 * count : 0;
}

/* "srst %r1,%r4" looks from r4 on; r1 is the end. "mvst %r2,%r3" copies to r2 from r3. */
static size_t by_registers(kd_str name, const uint64_t numbers[2], size_t registers,
                           kd_access out[2])
{
    bool only_second = kd_str_in_words(name, "srst cksm"), moves = kd_str_starts(name, "mv");
    size_t count = 0;
    for (size_t i = only_second ? 1 : 0; i < registers; i++) {
        out[count] = (kd_access){ .scale = 1, .load = !moves || i == 1, .store = moves && i == 0 };
        set(out[count++].base, numbers[i]);
    }
    return count;
}

size_t kd_krnl_code_accesses(kd_str text, kd_access out[2])
{
    kd_scan in = kd_scan_of(text);
    kd_str name;
    use how;
    uint64_t size, numbers[2] = { 0, 0 };
    size_t count = 0, registers = 0;
    if (!kd_scan_word(&in, &name) || !find_use(name, &how, &size) || !kd_scan_blanks(&in))
        return 0;
    while (count < 2 && !kd_scan_at_end(&in)) {
        kd_scan try = in;
        kd_str skipped;
        if (scan_operand(&try, &out[count]))
            count++;
        else {
            try = in;
            if (registers < 2 && scan_register(&try, &numbers[registers]))
                registers++;
            else if (!kd_scan_until(&try, ',', &skipped))
                break;
        }
        in = try;
        kd_scan_char(&in, ',');
    }
    if (how == REGISTERS)
        return by_registers(name, numbers, registers, out);
    for (size_t i = 0; i < count; i++) {
        bool moves = how == MOVE;
        out[i].load = moves ? i == 1 : how == PAIR || (how & LOAD);
        out[i].store = moves ? i == 0 : how != PAIR && (how & STORE);
        if (size)
            out[i].size = size;
        else if (registers == 2)
            out[i].size = range(name, numbers);
    }
    return count;
}

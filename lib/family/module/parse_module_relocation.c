/* parse_module_relocation.c - the module loader could not patch an address into its field.
 *
 *   module xfs relocation of symbol f is out of range (0x3ffefffe in 17 bits)            parisc
 *   overflow in relocation type 11 val 123456789a [sec 10 idx 0]                          x86
 *     `kfault_reloc' likely not compiled with -mcmodel=kernel
 *   module kfault_reloc: overflow in relocation type 280 val 1000                         arm64
 *   M: section 19 reloc 0 sym 'kf_far': relocation 42 out of range (0xbf002000 -> 0x1000) arm 3.14+
 *   M: relocation out of range, section 3 reloc 12 sym 'printk'                          arm to 3.2
 *   module_64: M: REL24 4609434218610364416 out of range!                                 powerpc
 *   M: target 0000123456789abc can not be addressed by the 32-bit offset from PC = 0...  riscv
 *   module M: relocation error for symbol kf_far (r_type 5, value 0xfffffc12b486389a)     s390
 *
 * apply_relocate(), apply_relocate_add() of each architecture. The value stays as printed.
 */
#include "core/parser.h"
#include "family/fields.h"

/* Puts the module name that stands before a colon, or after "module ". */
static void put_module(kd_parse *parse, kdf_module_reloc *reloc, kd_str name)
{
    name = kd_str_trim(name);
    if (kd_str_starts(name, "module_64: "))
        name = kd_str_from(name, sizeof "module_64: " - 1);
    if (kd_str_starts(name, "Modules: "))
        name = kd_str_from(name, sizeof "Modules: " - 1);
    if (kd_str_starts(name, "module "))
        name = kd_str_from(name, sizeof "module " - 1);
    if (name.len > 0 && name.len < 64 && !kd_str_is(name, "module"))
        kd_put(parse, &reloc->module, name);
}

static kd_verdict read_parisc(kd_parse *parse, kdf_module_reloc *reloc, kd_scan in)
{
    kd_str module, symbol;
    uint64_t value, bits;
    if (!kd_scan_literal(&in, "module ") || !kd_scan_past(&in, " relocation of symbol ", &module) ||
        !kd_scan_past(&in, " is out of range", &symbol) || !kd_scan_blanks(&in) ||
        !kd_scan_char(&in, '(') || !kd_scan_hex(&in, &value) || !kd_scan_literal(&in, " in ") ||
        !kd_scan_u64(&in, &bits) || !kd_scan_literal(&in, " bits)"))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    put_module(parse, reloc, module);
    kd_put(parse, &reloc->symbol, symbol);
    kd_put(parse, &reloc->value, value);
    kd_put(parse, &reloc->bits, bits);
    kd_put(parse, &reloc->form, KD_STR("parisc"));
    return KD_LAST;
}

/* x86 names no module in this line (the next one does), arm64 does. */
static kd_verdict read_overflow(kd_parse *parse, kdf_module_reloc *reloc, kd_scan in)
{
    kd_str before;
    uint64_t type, value;
    if (!kd_scan_past(&in, "overflow in relocation type ", &before) || before.len > 80 ||
        !kd_scan_u64(&in, &type) || !kd_scan_literal(&in, " val ") || !kd_scan_hex(&in, &value))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    bool arm64 = kd_str_starts(before, "module ") || kd_str_starts(before, "Modules: ");
    if (arm64 && before.len > 2)
        put_module(parse, reloc, (kd_str){ before.ptr, before.len - 2 });
    kd_put(parse, &reloc->type, type);
    kd_put(parse, &reloc->value, value);
    kd_put(parse, &reloc->form, arm64 ? KD_STR("arm64") : KD_STR("x86"));
    return arm64 ? KD_LAST : KD_TAKEN;
}

/* "section 19 reloc 0 sym 'kf_far': relocation 42 out of range (0xbf002000 -> 0x1000)" */
static kd_verdict read_arm(kd_parse *parse, kdf_module_reloc *reloc, kd_scan in)
{
    kd_str module, symbol, skipped;
    uint64_t type, place, target;
    if (!kd_scan_past(&in, ": section ", &module) || !kd_scan_past(&in, " sym '", &skipped) ||
        !kd_scan_past(&in, "': relocation ", &symbol) || !kd_scan_u64(&in, &type) ||
        !kd_scan_literal(&in, " out of range (") || !kd_scan_hex(&in, &place) ||
        !kd_scan_literal(&in, " -> ") || !kd_scan_hex(&in, &target))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    put_module(parse, reloc, module);
    kd_put(parse, &reloc->symbol, symbol);
    kd_put(parse, &reloc->type, type);
    kd_put(parse, &reloc->place, place);
    kd_put(parse, &reloc->target, target);
    kd_put(parse, &reloc->form, KD_STR("arm"));
    return KD_LAST;
}

static kd_verdict read_old_arm(kd_parse *parse, kdf_module_reloc *reloc, kd_scan in)
{
    kd_str module, symbol, skipped;
    if (!kd_scan_past(&in, ": relocation out of range, section ", &module) ||
        !kd_scan_past(&in, " sym '", &skipped) || !kd_scan_until(&in, '\'', &symbol))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    put_module(parse, reloc, module);
    kd_put(parse, &reloc->symbol, symbol);
    kd_put(parse, &reloc->form, KD_STR("arm-old"));
    return KD_LAST;
}

static kd_verdict read_powerpc(kd_parse *parse, kdf_module_reloc *reloc, kd_scan in)
{
    static const char *const names[] = { ": REL24 ", ": REL32 ", ": REL34 " };
    kd_str module;
    int64_t value;
    for (size_t i = 0; i < KD_COUNT(names); i++) {
        kd_scan try = in;
        if (!kd_scan_past(&try, names[i], &module) || !kd_scan_i64(&try, &value) ||
            !kd_scan_literal(&try, " out of range!"))
            continue;
        put_module(parse, reloc, module);
        kd_put(parse, &reloc->value, (uint64_t)value);
        kd_put(parse, &reloc->relocation, kd_str_trim(kd_str_from(kd_str_of(names[i]), 2)));
        kd_put(parse, &reloc->form, KD_STR("powerpc"));
        return KD_LAST;
    }
    return KD_NOT_MINE;
}

static kd_verdict read_riscv(kd_parse *parse, kdf_module_reloc *reloc, kd_scan in)
{
    kd_str module;
    uint64_t target, place;
    if (!kd_scan_past(&in, ": target ", &module) || !kd_scan_hex(&in, &target) ||
        !kd_scan_literal(&in, " can not be addressed by the 32-bit offset from PC = ") ||
        !kd_scan_hex(&in, &place))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    put_module(parse, reloc, module);
    kd_put(parse, &reloc->target, target);
    kd_put(parse, &reloc->place, place);
    kd_put(parse, &reloc->bits, 32);
    kd_put(parse, &reloc->form, KD_STR("riscv"));
    return KD_LAST;
}

static kd_verdict read_s390(kd_parse *parse, kdf_module_reloc *reloc, kd_scan in)
{
    kd_str module, symbol;
    uint64_t type, value;
    if (!kd_scan_past(&in, ": relocation error for symbol ", &module) ||
        !kd_scan_past(&in, " (r_type ", &symbol) || !kd_scan_u64(&in, &type) ||
        !kd_scan_literal(&in, ", value ") || !kd_scan_hex(&in, &value))
        return in.short_ ? KD_UNFINISHED : KD_NOT_MINE;
    put_module(parse, reloc, module);
    kd_put(parse, &reloc->symbol, symbol);
    kd_put(parse, &reloc->type, type);
    kd_put(parse, &reloc->value, value);
    kd_put(parse, &reloc->form, KD_STR("s390"));
    return KD_LAST;
}

static const struct {
    const char *anchor;
    kd_verdict (*read)(kd_parse *parse, kdf_module_reloc *reloc, kd_scan in);
} forms[] = {
    { " relocation of symbol ", read_parisc },
    { "overflow in relocation type ", read_overflow },
    { "': relocation ", read_arm },
    { ": relocation out of range, section ", read_old_arm },
    { ": REL", read_powerpc },
    { " can not be addressed by the 32-bit offset", read_riscv },
    { ": relocation error for symbol ", read_s390 },
};

static kd_verdict open_relocation(kd_parse *parse, const kd_line *line)
{
    kdf_module_reloc *reloc = parse->body;
    kd_verdict verdict = KD_NOT_MINE;
    for (size_t i = 0; i < KD_COUNT(forms) && verdict == KD_NOT_MINE; i++)
        if (kd_str_has(line->text, forms[i].anchor))
            verdict = forms[i].read(parse, reloc, kd_scan_of(line->text));
    kd_put(parse, &reloc->headline, line->text);
    return verdict;
}

/* x86: "module: `kfault_reloc' likely not compiled with -mcmodel=kernel" */
static kd_verdict more_relocation(kd_parse *parse, const kd_line *line)
{
    kdf_module_reloc *reloc = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str skipped, module;
    if (!kd_scan_past(&in, "`", &skipped) ||
        !kd_scan_past(&in, "' likely not compiled with -mcmodel=kernel", &module))
        return KD_NOT_MINE;
    kd_put(parse, &reloc->module, module);
    return KD_LAST;
}

static const char *const anchors[] = { " relocation of symbol ",
                                       "overflow in relocation type ",
                                       "': relocation ",
                                       ": relocation out of range, section ",
                                       " can not be addressed by the 32-bit offset",
                                       ": relocation error for symbol ",
                                       ": REL24 ",
                                       ": REL32 ",
                                       ": REL34 ",
                                       NULL };

const kd_parser kd_parser_module_relocation = {
    .name = "module_relocation",
    .anchors = anchors,
    .kind = &kd_kind_module_relocation,
    .patience = 4,
    .open = open_relocation,
    .more = more_relocation,
};

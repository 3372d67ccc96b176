/* parse_registers.c - register dumps of x86, arm64, arm, riscv and powerpc.
 *
 *   RIP: 0010:[<ffffffff8111e999>]  [<ffffffff8111e999>] __free_pages+0x9/0x40     x86 to 4.10
 *   RIP: 0010:__free_pages+0xe/0xd0                                                x86 4.11+
 *   RAX: 0000000000000000 RBX: fffff49b80408600 RCX: c0000000ffffefff
 *   pc : kf_tx_setup.constprop.0+0x2c/0x40 [kfault]                                arm64 4.19+
 *   x29: ffff8000080b3d50 x28: ffff00000ff3f940
 *   PC is at kf_tx_setup+0x2c/0x34 [kfault]                                        arm, old arm64
 *   GPR00: c008000000381754 c00000000465f7e0 c000000001148100 c00c030000000040     powerpc
 *   epc   : 8005d844 kthread_data+0x4/0xc                                          mips
 *   ERA: 90000000851b5ac0 __qdisc_run+0xc8/0x8d8                                   loongarch
 *   TPC: <foo_init+0x10/0x20 [foo]>                                                sparc
 *
 * show_regs(). The first dump of an event is the one of the fault: a user-mode block and the
 * repetition after the end of the trace are taken but not read.
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

/* Names of registers of all machines, by their first letter. */
static const char *const names[26] = {
    ['a' - 'a'] = "a0 a1 a2 a3 a4 a5 a6 a7",
    ['b' - 'a'] = "badaddr badva badv bta",
    ['c' - 'a'] = "cr0 cr2 cr3 cr4 cs cause ctr cr cfar crmd cr30 cr31",
    ['d' - 'a'] = "dr0 dr1 dr2 dr3 dr6 dr7 ds dar dsisr dear d0 d1 d2 d3 d4 d5 d6 d7 depc",
    ['e' - 'a'] = "eflags eax ebx ecx edx esi edi ebp esp es epc esr estat excvaddr ecr efa eret "
                  "euen ecfg ear",
    ['f' - 'a'] = "fs fp fsr",
    ['g' - 'a'] = "gs gp g0 g1 g2 g3 g4 g5 g6 g7",
    ['h' - 'a'] = "hi",
    ['i' - 'a'] = "ip irqmask iir isr ior i0 i1 i2 i3 i4 i5 i6 i7",
    ['k' - 'a'] = "knlgs",
    ['l' - 'a'] = "lr lo l0 l1 l2 l3 l4 l5 l6 l7 lbeg lend lcount lps lpe "
                  "lpc",
    ['m' - 'a'] = "msr",
    ['n' - 'a'] = "nip npc",
    ['o' - 'a'] = "orig_rax orig_r28 o0 o1 o2 o3 o4 o5 ogpr11",
    ['p' - 'a'] = "pkru pc pstate pmr_save pmr psr prmd ps",
    ['r' - 'a'] = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 r08 r09 rflags r0 "
                  "r1 r2 r3 r4 r5 r6 r7 ra ret_pc res",
    ['s' - 'a'] = "ss sp s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 status softe sepc sstatus sbadaddr "
                  "scause ssp sr sar stat32",
    ['t' - 'a'] = "tp t0 t1 t2 t3 t4 t5 t6 tstate tpc tnpc",
    ['x' - 'a'] = "x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 "
                  "x22 x23 x24 x25 x26 x27 x28 x29 x30 xer",
    ['y' - 'a'] = "y",
};

#define LONGEST 16u

/* In `out`, unless it is longer than any name. */
static kd_str lower(char out[LONGEST], kd_str name)
{
    if (name.len > LONGEST)
        return name;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return (kd_str){ out, name.len };
}

static bool known(kd_str name)
{
    const char *words =
        name.len > 0 && name.ptr[0] >= 'a' && name.ptr[0] <= 'z' ? names[name.ptr[0] - 'a'] : NULL;
    return words && kd_str_in_words(name, words);
}

void kd_put_register(kd_parse *parse, kdf_oops *oops, kd_str name, uint64_t value)
{
    if (oops->registers.count >= 128 || kd_map_get(&oops->registers, name))
        return;
    kd_pair *pair = KD_LIST_ADD(parse->arena, &oops->registers, kd_pair);
    if (pair)
        *pair = (kd_pair){ kd_arena_str(parse->arena, name), value, parse->src };
}

void kd_put_numbered(kd_parse *parse, kdf_oops *oops, const char *prefix, uint64_t value,
                     unsigned number)
{
    char room[LONGEST + KD_DIGITS], digits[KD_DIGITS];
    size_t len = 0;
    while (prefix[len] && len < LONGEST) {
        room[len] = prefix[len];
        len++;
    }
    kd_str text = kd_str_digits(digits, number);
    memcpy(room + len, text.ptr, text.len);
    kd_put_register(parse, oops, (kd_str){ room, len + text.len }, value);
}

/* "MSR:  8000000000009033 <SF,EE,ME,IR,DR,RI,LE>  CR: ...": the names of the bits */
static void skip_words(kd_scan *in)
{
    kd_scan try = *in;
    kd_str words;
    if (kd_scan_blanks(&try) && kd_scan_char(&try, '<') && kd_scan_past(&try, ">", &words) &&
        words.len < 80 && !kd_str_has(words, "+0x"))
        *in = try;
}

/* "RSP: 0018:ffff88002c5b5e78", "GS:ffff88005f400000(0000)", "pc : [<c0101234>]", "x9 : 0012" */
static bool scan_register(kd_scan *in, kd_str *name, uint64_t *value)
{
    kd_scan try = *in;
    uint64_t selector;
    if (!kd_scan_blanks(&try) || !kd_scan_name(&try, name) || name->len > 9 ||
        !kd_scan_blanks(&try) || !kd_scan_char(&try, ':') || !kd_scan_blanks(&try))
        return false;
    if (kd_scan_literal(&try, "[<") || kd_scan_literal(&try, "<"))
        selector = 0;
    if (!kd_scan_hex(&try, value))
        return false;
    if (kd_scan_char(&try, ':') && !kd_scan_hex(&try, value))
        return false;
    if (kd_scan_char(&try, '(') && (!kd_scan_hex(&try, &selector) || !kd_scan_char(&try, ')')))
        return false;
    kd_scan_literal(&try, ">]");
    kd_scan_char(&try, '>');
    kd_scan_char(&try, ',');
    skip_words(&try);
    /* "lr : free_pages+0x34": a name that begins like a number */
    if (!kd_scan_at_end(&try) && (kd_is_alpha(*try.at) || *try.at == '_' || *try.at == '+'))
        return false;
    *in = try;
    return true;
}

/* Digits of the number that ends the text. */
static size_t last_digits(kd_str text)
{
    size_t count = 0;
    while (count < text.len && kd_is_hex(text.ptr[text.len - 1 - count]))
        count++;
    return count;
}

/* Registers are printed in full width, of 8 or 16 digits: a shorter number that ends the line was
 * cut. `widest` is that of the registers before it; the first ones are known by name. */
static bool is_cut(kd_str text, kd_str name, size_t widest)
{
    size_t digits = last_digits(text);
    if (digits == 0 || digits >= 16 ||
        kd_str_in_words(name, "cs ds es fs gs ss flags eflags trap irqmask"))
        return false;
    if (digits > 8 || kd_str_in_words(name, "rax rbx rcx rdx rsi rdi rbp rsp rip"))
        return true;
    return digits < (kd_str_in_words(name, "eax ebx ecx edx esi edi ebp esp eip") ? 8 : widest);
}

/* A row of NAME: VALUE pairs; false when the line does not begin with one. */
static bool take_pairs(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str name;
    uint64_t value;
    size_t count = 0, widest = 0;
    bool arc = kd_str_starts(text, "r0") && kd_str_has(text, ": 0x"); /* "r00: 0x..." */
    while (scan_register(&in, &name, &value)) {
        char room[LONGEST];
        kd_str low = lower(room, name);
        if (arc && low.len == 3 && low.ptr[0] == 'r' && low.ptr[1] == '0') {
            room[1] = room[2];
            low.len = 2;
        }
        if (!known(low))
            return count > 0;
        size_t digits = last_digits(kd_scan_since(&in, text.ptr));
        bool cut = kd_scan_at_end(&in) && is_cut(text, low, widest);
        widest = digits > widest && digits >= 8 ? digits : widest;
        if (!cut && !parse->state->closed && !parse->state->at)
            kd_put_register(parse, oops, low, value);
        count++;
    }
    return count > 0;
}

static bool scan_gpr(kd_scan *in, uint64_t *number)
{
    kd_scan try = *in;
    if (!kd_scan_literal(&try, "GPR") || !kd_scan_u64(&try, number) || !kd_scan_char(&try, ':'))
        return false;
    *in = try;
    return true;
}

/* A syslog daemon writes "#012" for the end of a row. */
static void skip_row_end(kd_scan *in)
{
    kd_scan_blanks(in);
    if (kd_scan_literal(in, "#012"))
        kd_scan_blanks(in);
}

/* kd_block_state.more: a row of powerpc may go on in the next line, with the register of that
 * number, less this */
#define GOES_ON 100u

static void put_gprs(kd_parse *parse, kdf_oops *oops, kd_scan in, uint64_t first)
{
    uint64_t value;
    const char *from;
    for (skip_row_end(&in); (scan_gpr(&in, &first), kd_scan_blanks(&in)) && first < 32 &&
                            (from = in.at, kd_scan_hex(&in, &value));
         first++, skip_row_end(&in))
        if (!parse->state->at && in.at - from >= 8)
            kd_put_numbered(parse, oops, "r", value, (unsigned)first);
    parse->state->more = kd_scan_at_end(&in) && first < 32 ? GOES_ON + (uint32_t)first : 0;
}

/* "GPR04: 0000000000000003 c00000000465f620 ..."; openrisc: "GPR04: 00000004 GPR05: ...". A row may
 * stand behind other registers, where lines were joined. */
static bool take_gpr_row(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t first;
    if (!scan_gpr(&in, &first))
        return false;
    put_gprs(parse, oops, in, first);
    return true;
}

/* What a mail program broke off a row of powerpc: values of 64 bits alone. */
static bool take_rest_of_row(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t value;
    if (parse->state->more < GOES_ON)
        return false;
    for (const char *from; kd_scan_blanks(&in) && !kd_scan_at_end(&in);) {
        if (kd_scan_literal(&in, "#012"))
            break;
        from = in.at;
        if (!kd_scan_hex(&in, &value) || in.at - from != 16)
            return false;
    }
    put_gprs(parse, oops, kd_scan_of(text), parse->state->more - GOES_ON);
    return true;
}

/* "CFAR: ... IRQMASK: 0 #012GPR00: ...", "#012GPR04: ..." */
static kd_str without_gprs(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    const char *row = kd_str_find(text, "GPR");
    if (row && row > text.ptr && !kd_is_blank(row[-1]) && !kd_is_digit(row[-1]))
        return text; /* "oGPR11:" of openrisc */
    if (!row || !take_gpr_row(parse, oops, kd_str_from(text, (size_t)(row - text.ptr))))
        return text;
    kd_str before = kd_str_trim((kd_str){ text.ptr, (size_t)(row - text.ptr) });
    if (kd_str_ends(before, "#012"))
        before = kd_str_trim((kd_str){ before.ptr, before.len - 4 });
    return before;
}

bool kd_scan_code_address(kd_scan *in, kdf_symbol *out, kd_src src)
{
    kdf_symbol found = { .size = { 0, 0 } };
    uint64_t address;
    for (;;) {
        kd_scan try = *in;
        kd_scan_blanks(&try);
        while (!kd_scan_at_end(&try) && (*try.at == '[' || *try.at == '<' || *try.at == '('))
            try.at++;
        const char *from = try.at;
        /* "83178634 0x83178634 [mt76_usb@83178000+0x2290]": instead of a name */
        if (found.address.src && kd_str_starts((kd_str){ from, kd_scan_left(&try) }, "0x"))
            break;
        if (!kd_scan_hex(&try, &address) || try.at - from < 8 ||
            (!kd_scan_at_end(&try) &&
             (kd_is_alpha(*try.at) || *try.at == '_' || *try.at == '+' || *try.at == '.')))
            break;
        while (!kd_scan_at_end(&try) && (*try.at == ']' || *try.at == '>' || *try.at == ':'))
            try.at++;
        found.address = (kd_hex){ address, src };
        *in = try;
    }
    kd_scan_blanks(in);
    if (kd_scan_literal(in, "(null)")) { /* a jump to 0, x86 to 4.19 */
        found.address = (kd_hex){ 0, src };
        *out = found;
        return true;
    }
    if (!kd_scan_char(in, '<'))
        kd_scan_char(in, '(');
    /* behind an address "EFLAGS: 00010246" or "Not tainted" may stand */
    if (kd_scan_symbol(in, &found, src) && !found.offset.src && !kd_scan_at_end(in) &&
        *in->at != ')' && *in->at != '>')
        found.function = found.module = (kd_text){ .src = 0 };
    if (!found.function.src && !found.address.src)
        return false;
    *out = found;
    return true;
}

/* The symbol of a code address; the raw address where it is printed too. */
static bool take_symbol(kd_parse *parse, kdf_symbol *symbol, kd_scan in)
{
    kdf_symbol found = { .size = { 0, 0 } };
    if (parse->state->at || symbol->function.src)
        return true;
    if (!kd_scan_code_address(&in, &found, parse->src))
        return true;
    if (!found.address.src)
        found.address = symbol->address;
    *symbol = found;
    return true;
}

/* "RIP: 0010:...": kernel mode; any other code segment is the user's block. */
static bool take_rip(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t segment;
    if (!kd_scan_literal(&in, "RIP:") && !kd_scan_literal(&in, "EIP:"))
        return false;
    kd_scan_blanks(&in);
    kd_scan try = in;
    if (kd_scan_hex(&try, &segment) && kd_scan_char(&try, ':')) {
        in = try;
        if (segment & 3)
            parse->state->at = 1;
    }
    kd_str rest = { in.at, kd_scan_left(&in) };
    const char *flags = kd_str_find(rest, "EFLAGS:");
    if (flags)
        in.end = flags; /* i386 names the function in the next line */
    take_symbol(parse, &oops->ip, in);
    if (flags)
        take_pairs(parse, oops, kd_str_from(rest, (size_t)(flags - rest.ptr)));
    return true;
}

/* "EFLAGS: 00010202   (2.6.16-git20 #3)": i386 to 2.6.24 names its release there */
static bool take_flags(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t flags;
    kd_str release, build;
    if (!kd_scan_literal(&in, "EFLAGS: ") || !kd_scan_hex(&in, &flags) || !kd_scan_blanks(&in) ||
        !kd_scan_char(&in, '(') || kd_scan_at_end(&in) || !kd_is_digit(*in.at) ||
        !kd_scan_until(&in, ')', &release))
        return false;
    const char *mark = kd_str_find(release, " #");
    if (mark) {
        build = kd_str_from(release, (size_t)(mark + 1 - release.ptr));
        release.len = (size_t)(mark - release.ptr);
        kd_put(parse, &oops->task.build, build);
    }
    kd_put(parse, &oops->task.kernel_release, release);
    if (!parse->state->at)
        kd_put_register(parse, oops, KD_STR("eflags"), flags);
    return true;
}

/* What stands before a code address: that of the fault, that of the caller. The value is a register
 * too where it is a number. */
static const char *const ip_labels[] = {
    "EIP is at ", "ERA: ",     "ERET: ",    "IAOQ[0]: ", "IP is at ", "IP: ",   "NIP [",
    "PC  : ",     "PC is at ", "PC: ",      "TPC: ",     "epc   : ",  "epc : ", "epc: ",
    "era   : ",   "pc : ",     "pc is at ", "pc: ",      "sepc: "
};
static const char *const lr_labels[] = { "BLK: ",    "LR [",      "LR is at ", "LR: ", "PR is at ",
                                         "RP(r2): ", "RPC: ",     "lr : ",     "lr: ", "ra    : ",
                                         "ra : ",    "ra is at ", "ra: " };

/* "IAOQ[1]: name": the next instruction, of no use */
static bool is_second(kd_str text)
{
    return kd_str_starts(text, "IAOQ[1]: ") || kd_str_starts(text, "I7: <");
}

/* A kernel without symbols names at most the module. */
static void take_place(kdf_symbol *symbol, const kdf_symbol *found)
{
    if (!symbol->address.src)
        symbol->address = found->address;
    if (!symbol->module.src)
        symbol->module = found->module;
}

/* "IP: " of x86 is a symbol, not the register of arm. */
static bool is_register(const char *label, kd_str text)
{
    return label[2] != ':' || kd_str_has(text, " ra ") || kd_str_has(text, "SP: ") ||
           kd_str_has(text, ", ps: ");
}

/* "epc : ffffffff8028d9fc ra : ...", "pc : [<c0101234>]" */
static void put_named_value(kd_parse *parse, kdf_symbol *symbol, kd_scan in)
{
    kdf_symbol found = { .size = { 0, 0 } };
    if (parse->state->at || symbol->function.src || !kd_scan_code_address(&in, &found, parse->src))
        return;
    if (found.function.src)
        *symbol = found;
    else
        take_place(symbol, &found);
}

static bool take_named_symbol(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    size_t ip = kd_str_which(text, ip_labels, KD_COUNT(ip_labels));
    size_t lr = kd_str_which(text, lr_labels, KD_COUNT(lr_labels));
    const char *label = ip < KD_COUNT(ip_labels)   ? ip_labels[ip]
                        : lr < KD_COUNT(lr_labels) ? lr_labels[lr]
                                                   : NULL;
    if (!label)
        return is_second(text);
    kd_scan in = kd_scan_of(kd_str_from(text, kd_str_of(label).len));
    if (in.at[-1] == '[')
        in.at--;
    kdf_symbol *symbol = ip < KD_COUNT(ip_labels) ? &oops->ip : &oops->lr;
    if (!is_register(label, text) || !take_pairs(parse, oops, text))
        return take_symbol(parse, symbol, in);
    put_named_value(parse, symbol, in);
    return true;
}

/* Lines that belong to the dump but carry nothing that is not elsewhere. */
static bool is_company(kd_str text)
{
    static const char *const lines[] = {
        "Control: ",       "EIP: [<", "Flags: ", "LR = 0x",
        "PACATMSCRATCH [", "RIP  [<", "RSP <",   "pointer offset ",
    };
    return kd_str_starts_any(text, lines, KD_COUNT(lines)) ||
           (kd_str_starts(text, "Register ") && kd_str_has(text, " information:"));
}

/* kd_block_state.at: the rest is not the dump of the fault */
static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_oops *oops = group;
    kd_str text = line->text;
    if (line->frame && parse->state->more == 0) /* one may be the place of a last branch */
        return KD_NOT_MINE;
    if (kd_str_starts(text, "--- interrupt") || kd_str_starts(text, "---- interrupt")) {
        parse->state->at = 1;
        return KD_TAKEN;
    }
    if (kd_str_starts(text, "CSR ")) /* loongarch 6.1 */
        text = kd_str_from(text, sizeof "CSR " - 1);
    const char *control = kd_str_starts(text, "CPU: ") ? kd_str_find(text, "CR30: ") : NULL;
    if (control) /* parisc: "CPU:        1   CR30: ... CR31: ..." */
        text = kd_str_from(text, (size_t)(control - text.ptr));
    if (take_gpr_row(parse, oops, text) || take_rest_of_row(parse, oops, text))
        return KD_TAKEN;
    kd_str rest = without_gprs(parse, oops, text);
    bool had_rows = rest.len < text.len;
    text = rest;
    if (had_rows && text.len == 0)
        return KD_TAKEN;
    if (is_company(text) || take_flags(parse, oops, text) || take_rip(parse, oops, text) ||
        take_named_symbol(parse, oops, text) || kd_take_other_registers(parse, oops, text) ||
        kd_take_stack(parse, oops, text))
        return KD_TAKEN;
    return take_pairs(parse, oops, text) || had_rows ? KD_TAKEN : KD_NOT_MINE;
}

const kd_block kd_block_registers = { .name = "registers", .take = take };

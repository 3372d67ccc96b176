/* parse_oops.c - the kernel faulted.
 *
 *   BUG: unable to handle kernel paging request at ffffeb880002c5dc            x86 to 5.0
 *   BUG: unable to handle page fault for address: fffff63eac010200             x86 5.1+
 *   BUG: kernel NULL pointer dereference, address: 0000000000000008            x86 5.1+
 *   general protection fault, probably for non-canonical address 0xdead...: 0000 [#1] SMP
 *   kernel BUG at mm/slub.c:435!
 *   skbuff: skb_over_panic: text:... len:2048 put:2048 ...                     and the BUG follows
 *   Unable to handle kernel paging request at virtual address fffffff000008540 arm64, arm, riscv
 *   CPU 0 Unable to handle kernel paging request at virtual address 00000004, epc == ...   mips
 *   Unhandled fault: page domain fault (0x01b) at 0x00000008                   arm
 *   Kernel Fault: Code=26 (Data memory access rights trap) at addr 113c5f90    parisc
 *   Invalid Read @ 0x00000008 by insn @ foo+0x8/0x20                           arc
 *   cpu 0x2f: Vector: 400 (Instruction Access) at [c000001ff43ab6a0]           powerpc, xmon
 *   SError Interrupt on CPU7, code 0x00000000be000411 -- SError                arm64
 *   Internal error: Oops: 96000006 [#1] PREEMPT SMP                            arm64, arm
 *   Oops: 0000 [#1] SMP, Oops: general protection fault: 0000 [#1]             x86, 6.10+
 *   Oops[#1]:, Reserved instruction in kernel code[#1]:                        mips, loongarch
 *   Oops: Kernel access of bad area, sig: 11 [#1]                              powerpc
 *   illegal operation: 0001 ilc:1 [#1] SMP                                     s390
 *   insmod(1234): Oops [#1]                                                    sparc
 *
 * One event from the headline to "---[ end trace". Where the headline is lost, the line with "[#1]"
 * begins it.
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

typedef struct headline {
    const char *begins;
    const kd_kind *kind; /* NULL: null_deref or paging_fault by the address */
    const char *address; /* the address follows this, or follows `begins` where it is "" */
} headline;

static const headline headlines[] = {
#define KD_OOPS_HEADLINE(begins, kind, address) { begins, kind, address },
#include "family/fault/oops_form.def"
};

/* They announce the headline proper. */
static const char *const announcers[] = {
#define KD_OOPS_FEW(begins) begins,
#include "family/fault/oops_form.def"
};

static const char *const anchors[] = {
#define KD_OOPS_HEADLINE(begins, kind, address) begins,
#define KD_OOPS_DIE(begins) begins,
#define KD_OOPS_TORN(begins) begins,
#include "family/fault/oops_form.def"
    "Vector: ",
    NULL,
};

/* So much of "BUG: NAME stack guard page was hit" may stand before the words. */
#define MOST_BEFORE 24

/* ---- headlines ------------------------------------------------------------------------------- */

/* Printed in full width, 8 or 16 digits: others, where the text ends behind them, were cut. */
static bool is_cut_address(kd_str digits, const kd_scan *in)
{
    return kd_scan_at_end(in) && !kd_str_starts(digits, "0x") && digits.len != 8 &&
           digits.len != 16;
}

/* What is left of "address" behind "addr", which csky alone writes; a mail program or a terminal
 * broke it anywhere: "addre ss". */
static void skip_ess(kd_scan *in)
{
    kd_scan try = *in;
    for (const char *c = "ess"; *c; c++)
        if (!kd_scan_blanks(&try) || !kd_scan_char(&try, *c))
            return;
    *in = try;
}

static void put_address(kd_parse *parse, kdf_oops *oops, const headline *form, kd_str rest)
{
    kd_scan in = kd_scan_of(rest);
    kd_str skipped;
    uint64_t address;
    if (!form->address)
        return;
    if (form->address[0] && !kd_scan_past(&in, form->address, &skipped) &&
        !kd_scan_literal(&in, " at ")) /* x86_64 to 2.6.24: "at 0000000000000018 RIP: " */
        return;
    skip_ess(&in);
    kd_scan_blanks(&in);
    kd_scan_literal(&in, "virtual address "); /* i386 to 2.6.24 */
    kd_scan_char(&in, '=');                   /* parisc: "(Addr=...)" */
    kd_scan_char(&in, '<');                   /* "<00000000>" */
    const char *from = in.at;
    if (kd_scan_hex(&in, &address)) {
        if (!kd_scan_at_end(&in) && kd_is_alpha(*in.at))
            return; /* a word */
        if (!is_cut_address(kd_scan_since(&in, from), &in))
            kd_put(parse, &oops->address, address);
    } else if (kd_scan_literal(&in, "(null)"))
        kd_put(parse, &oops->address, 0);
}

/* "kernel BUG at mm/slub.c:435!" */
static void put_location(kd_parse *parse, kdf_oops *oops, kd_str rest)
{
    kd_scan in = kd_scan_of(rest);
    kd_str file;
    uint64_t number;
    if (kd_scan_until(&in, ':', &file) && kd_scan_char(&in, ':') && kd_scan_u64(&in, &number)) {
        kd_put(parse, &oops->file, file);
        kd_put(parse, &oops->line_number, number);
    }
}

/* "CPU 1 Unable to handle ...": mips, loongarch; "Unhandled fault" needs nothing off. */
static kd_str without_cpu(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu;
    kd_str rest;
    if (!kd_scan_literal(&in, "CPU ") || !kd_scan_u64(&in, &cpu) || !kd_scan_char(&in, ' ') ||
        !kd_scan_rest(&in, &rest) || !kd_str_starts(rest, "Unable to handle kernel"))
        return text;
    return rest;
}

static const headline *find_headline(kd_str text, kd_str *rest)
{
    bool bug = kd_str_starts(text, "BUG: ");
    for (size_t i = 0; i < KD_COUNT(headlines); i++) {
        const headline *form = &headlines[i];
        if (!bug && (text.len == 0 || form->begins[0] != text.ptr[0])) /* nearly all */
            continue;
        bool guard = bug && form->kind == &kd_kind_stack_overflow;
        const char *at = kd_str_starts(text, form->begins) ? text.ptr
                         : guard                           ? kd_str_find(text, form->begins)
                                                           : NULL;
        if (!at || at - text.ptr > MOST_BEFORE)
            continue;
        *rest = kd_str_from(text, (size_t)(at - text.ptr) + kd_str_of(form->begins).len);
        return form;
    }
    return NULL;
}

static bool announces(const char *begins)
{
    for (size_t i = 0; i < KD_COUNT(announcers); i++)
        if (kd_str_is(kd_str_of(announcers[i]), begins))
            return true;
    return false;
}

static void put_access(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    static const struct {
        const char *words, *access;
    } table[] = {
        { " on read", "read" },         { " on write", "write" },
        { "execute", "execute" },       { "instruction fetch", "execute" },
        { "Invalid Read", "read" },     { "Invalid Write", "write" },
        { " when read", "read" },       { " when write", "write" },
        { " when execute", "execute" },
    };
    for (size_t i = 0; i < KD_COUNT(table); i++)
        if (kd_str_has(text, table[i].words)) {
            kd_put(parse, &oops->access, kd_str_of(table[i].access));
            return;
        }
}

/* "SError Interrupt on CPU7, code 0xbe000411 -- SError",
 * "Unhandled 64-bit el1t sync exception on CPU0, ESR 0x96000004 -- DABT (current EL)" */
static void put_serror(kd_parse *parse, kdf_oops *oops, kd_str rest)
{
    kd_scan in = kd_scan_of(rest);
    kd_str skipped;
    uint64_t code;
    if ((kd_scan_past(&in, ", code 0x", &skipped) || kd_scan_past(&in, ", ESR 0x", &skipped)) &&
        kd_scan_hex(&in, &code))
        kd_put(parse, &oops->esr.value, code);
}

/* "foo+0x8/0x20" of "... by insn @ foo+0x8/0x20" */
static void put_insn(kd_parse *parse, kdf_oops *oops, kd_str rest)
{
    kd_scan in = kd_scan_of(rest);
    kd_str skipped;
    if (kd_scan_past(&in, "by insn @ ", &skipped))
        kd_scan_symbol(&in, &oops->ip, parse->src);
}

/* "Kernel Fault: Code=26 (Data memory access rights trap) at addr 113c5f90"; or digits are lost */
static void put_parisc(kd_parse *parse, kdf_oops *oops, const char *begins, kd_str rest)
{
    kd_scan in = kd_scan_of(rest);
    uint64_t code;
    if (kd_str_ends(kd_str_of(begins), ": Code=") && kd_scan_u64(&in, &code) && in.at < in.end)
        kd_put(parse, &oops->parisc_trap.value, code);
}

static bool take_headline(kd_parse *parse, kdf_oops *oops, const kd_line *line)
{
    bool told = parse->own[KD_OOPS_HEADLINE], bug = parse->event->kind == &kd_kind_kernel_bug;
    if (parse->own[KD_OOPS_DIE] || (told && bug))
        return false;
    kd_str rest, text = without_cpu(line->text);
    const headline *form = find_headline(text, &rest);
    if (!form)
        return false;
    if (told) { /* the BUG() that stands for a fault the kernel told already */
        if (form->kind != &kd_kind_kernel_bug)
            return false;
        put_location(parse, oops, rest);
        return true;
    }
    /* "kernel tried to execute NX-protected page" announces the headline proper */
    if (!announces(form->begins))
        parse->own[KD_OOPS_HEADLINE] = 1;
    kd_put_again(parse, &oops->headline, line->text);
    /* what an announcement said of the kind gives way to the headline proper */
    parse->event->kind = form->kind ? form->kind : &kd_kind_oops_other;
    if (kd_str_ends(kd_str_of(form->begins), "_panic: text:"))
        kd_oops_put_skb(parse, oops, text);
    else if (form->kind == &kd_kind_kernel_bug)
        put_location(parse, oops, rest);
    put_address(parse, oops, form, rest);
    if (form->address && !oops->address.src)
        parse->own[KD_OOPS_LATE] = (uint32_t)line->number + 1;
    put_access(parse, oops, text);
    put_serror(parse, oops, rest);
    put_insn(parse, oops, rest);
    put_parisc(parse, oops, form->begins, rest);
    return true;
}

/* "at virtual address 0x00000008": openrisc, xtensa, or a mail program broke the line there */
static bool take_late_address(kd_parse *parse, kdf_oops *oops, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text), word;
    kd_str skipped;
    uint64_t address;
    if (!parse->own[KD_OOPS_LATE] || parse->own[KD_OOPS_LATE] < (uint32_t)line->number)
        return false;
    for (int i = 0; i < 4; i++) {
        word = in;
        kd_scan_blanks(&word);
        if (!kd_scan_word(&word, &skipped) ||
            !kd_str_in_words(skipped, "at virtual address addr address:"))
            break;
        in = word;
    }
    kd_scan_blanks(&in);
    const char *from = in.at;
    if (!kd_scan_hex(&in, &address) || (!kd_scan_at_end(&in) && *in.at != ' ' && *in.at != ','))
        return false;
    kd_str digits = kd_scan_since(&in, from);
    if (kd_str_starts(digits, "0x") || digits.len == 8 || digits.len == 16)
        kd_put(parse, &oops->address, address);
    parse->own[KD_OOPS_LATE] = 0;
    return true;
}

/* "cpu 0x2f: Vector: 400 (Instruction Access) at [c000001ff43ab6a0]": xmon */
static bool take_xmon(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    uint64_t vector, cpu;
    if (!kd_scan_past(&in, "Vector: ", &before) || before.len > 16 || !kd_scan_hex(&in, &vector) ||
        !kd_scan_literal(&in, " ("))
        return false;
    kd_scan head = kd_scan_of(before);
    if (kd_scan_literal(&head, "cpu 0x") && kd_scan_hex(&head, &cpu))
        kd_put(parse, &oops->task.cpu, cpu);
    kd_put(parse, &oops->ppc_trap.value, vector);
    if (!oops->headline.src)
        kd_put(parse, &oops->headline, text);
    parse->own[KD_OOPS_DIE] = 1;
    if (!parse->own[KD_OOPS_HEADLINE])
        parse->event->kind = vector == 0x200                      ? &kd_kind_machine_check
                             : vector == 0x600                    ? &kd_kind_alignment_fault
                             : vector >= 0x300 && vector <= 0x480 ? &kd_kind_paging_fault
                                                                  : &kd_kind_oops_other;
    return true;
}

static const char torn_headline[] = "BUG: unable to handle kernel";

/* "paging request at ffffffff761cd3a8": the other half of a headline, where a console put each part
 * of a line on a line of its own */
static bool take_second_half(kd_parse *parse, kdf_oops *oops, const kd_line *line)
{
    kd_line whole = *line;
    if (parse->own[KD_OOPS_HEADLINE] || !parse->own[KD_OOPS_TORN] ||
        !(kd_str_starts(line->text, "paging request at ") ||
          kd_str_starts(line->text, "NULL pointer dereference at ")))
        return false;
    whole.text = kd_arena_format(parse->arena, "%s %.*s", torn_headline, KD_FMT(line->text));
    return take_headline(parse, oops, &whole);
}

/* " [<ffffffff88123044>] :toy:toy_poll+0x14/0x60" behind "... RIP: ": x86_64 to 2.6.24 */
static bool take_early_ip(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kdf_symbol ip = { .size = { 0, 0 } };
    uint64_t address;
    if (!kd_str_ends(kd_str_trim(oops->headline.v), " RIP:") || oops->ip.function.src ||
        oops->registers.count > 0 || !kd_scan_literal(&in, "[<") || !kd_scan_hex(&in, &address) ||
        !kd_scan_literal(&in, ">]") || (kd_scan_blanks(&in), !kd_scan_symbol(&in, &ip, parse->src)))
        return false;
    ip.address = (kd_hex){ address, parse->src };
    oops->ip = ip;
    return true;
}

static kd_verdict more_oops(kd_parse *parse, const kd_line *line)
{
    kdf_oops *oops = parse->body;
    kd_str text = line->text;
    if (take_early_ip(parse, oops, text))
        return KD_TAKEN;
    if (take_second_half(parse, oops, line))
        return KD_TAKEN;
    if (line->frame)
        return KD_NOT_MINE;
    if (kd_str_starts(text, "---[ end trace "))
        return KD_LAST;
    if (take_late_address(parse, oops, line) || kd_oops_take_fault(parse, oops, text))
        return KD_TAKEN;
    /* the trace ended: a new header is a new oops */
    if (oops->backtrace.count == 0 &&
        (take_headline(parse, oops, line) || kd_oops_take_die(parse, oops, text) ||
         (!parse->own[KD_OOPS_DIE] && take_xmon(parse, oops, text))))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

/* ---- frame ----------------------------------------------------------------------------------- */

static kd_verdict open_oops(kd_parse *parse, const kd_line *line)
{
    kdf_oops *oops = parse->body;
    parse->event->kind = &kd_kind_oops_other;
    if (kd_str_is(line->text, torn_headline)) {
        parse->own[KD_OOPS_TORN] = 1;
        kd_put(parse, &oops->headline, line->text);
        return KD_TAKEN;
    }
    /* wrapped by a mail program: "probably for" and the address, or the count, in the next line */
    if ((kd_str_starts(line->text, "general protection fault, ") ||
         kd_str_starts(line->text, "Oops: general protection fault, ")) &&
        !kd_str_has(line->text, "[#"))
        return KD_UNFINISHED;
    if (!take_headline(parse, oops, line) && !kd_oops_take_die(parse, oops, line->text) &&
        !take_xmon(parse, oops, line->text))
        return KD_NOT_MINE;
    if (!parse->counts)
        kd_oops_read_notes(parse, oops);
    kd_oops_look_back_for_task(parse, oops);
    return KD_TAKEN;
}

static void close_oops(kd_parse *parse)
{
    kd_oops_settle(parse, parse->own[KD_OOPS_HEADLINE] != 0);
}

const kd_block_use kd_oops_blocks[] = {
    { &kd_block_page_table, 0 },
    { &kd_block_task, offsetof(kdf_oops, task) },
    { &kd_block_registers, 0 },
    { &kd_block_code, offsetof(kdf_oops, code) },
    { &kd_block_trace, offsetof(kdf_oops, backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_oops = {
    .name = "oops",
    .anchors = anchors,
    .kind = &kd_kind_machine_check, /* has the most room; it begins as another one */
    .blocks = kd_oops_blocks,
    .patience = 40,
    .alike = true,
    .open = open_oops,
    .more = more_oops,
    .close = close_oops,
};

/* parse_headless.c - registers and a stack whose headline the log does not hold.
 *
 *   CPU: 1 PID: 161 Comm: systemd-journal Tainted: G        W          6.9.6-rc1 #1
 *   Hardware name: ARM Juno development board (r2) (DT)
 *   pc : xprt_alloc_slot+0x54/0x1c8
 *   ...
 *   Code: d280200b f2fbd5ab 5280044c d1032115 (f9000549)
 *   ---[ end trace 0000000000000000 ]---
 *   note: systemd-journal[161] exited with preempt_count 1
 *
 * Whether it was an exception or a warning stands in the head. Some lines are printed by die()
 * alone, and prove an exception: arm, arm64 and riscv dump instructions only there; x86 lists the
 * modules behind the stack only there, and repeats CR2 for a page fault; a task exits only after
 * one (make_task_dead()).
 *
 * It begins with the instruction pointer: what stands above it is looked for. A complete report
 * takes that line before it gets here. Where even that is lost, it begins with the instructions of
 * die(), behind a trace; of x86 to 4.13 with the line that die() ends with, which names it again;
 * of x86_64 with the control registers, which are printed for the kernel's own registers alone.
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include "family/shared/parse_trace.h"

/* Lines above the instruction pointer that belong to the dump, and how far a report is looked for
 * above them. */
#define MOST_ABOVE 24
#define MOST_BACK 40
#define MOST_TRACE 64

/* parse->own: what die() alone prints was seen; the stack was, so that the modules come behind it;
 * powerpc prints the instructions for a warning too; the log begins within the trace */
enum { OWN_DIED, OWN_STACK, OWN_POWERPC, OWN_TOPLESS };

/* The instruction pointer in the forms of the architectures; a user's one is none of these, or has
 * no symbol. */
static const char *const anchors[] = {
    "RIP: 0010:", "RIP: e030:", "EIP: 0060:", "EIP: ",       "EIP is at ", "PC is at ",
    "pc : ",      "epc : ",     "epc   : ",   "Krnl PSW : ", "NIP: ",      "NIP [",
    "IAOQ[0]: ",  "TPC: <",     "Code: ",     "RIP  [<",     "CR2: ",      NULL,
};

/* Lines that dump_stack_print_info(), print_modules() and the architectures print above it. */
static const char *const above[] = {
    "CPU: ",
    "CPU",
    "Pid: ",
    "Hardware name:",
    "Workqueue: ",
    "Modules linked in:",
    "Tainted: ",
    "task: ",
    "pstate: ",
    "Stopper: ",
    "Process ",
    "EIP: 0060:[<",
    "RAX: ", /* x86_64, from here */
    "RDX: ",
    "RBP: ",
    "R10: ",
    "R13: ",
    "FS: ",
    "CS: ",
    "IASQ: ", /* parisc, from here */
    "IIR: ",
    "ORIG_R28: ",
    "PSW: ",
    "r00-03 ",
    "r04-07 ",
    "r08-11 ",
    "r12-15 ",
    "r16-19 ",
    "r20-23 ",
    "r24-27 ",
    "r28-31 ",
    "sr00-03 ",
    "sr04-07 ",
    "TSTATE: ", /* sparc */
    "irq event stamp: ",
    "hardirqs last ",
    "softirqs last ",
    "Comm: ",
    "last sysfs file:",
    "INFO: lockdep is turned off.",
    "no locks held by ",
    "caller is ", /* the debugging of locks, preemption and RCU, from here */
    "preempt_count: ",
    "RCU nest depth: ",
    "Preemption disabled at:",
    "All QSes seen",
    "rcu: All QSes seen",
    "last function: ",
    "turning off the locking correctness validator.",
    "GPR", /* powerpc, from here */
    "CFAR: ",
    "MSR: ",
    "LR: ",
};

/* They tell that the dump belongs to a report, to a request, or to nobody's fault. */
static const char *const belongs[] = {
    "BUG: ",
    "BUG at",
    "WARNING: ",
    "INFO: ",
    "Unable to handle",
    "Oops",
    "general protection",
    "[#",
    "Trace:",
    "trace:",
    "NMI",
    "sysrq",
    "end trace",
    "cut here",
    "RIP: ",
    "EIP: ",
    "pc : ",
    "Backtrace:",
    "lockup",
    "Kernel panic",
    "exited ",
    "page allocation stalls",
    "unhandled level",
    "segfault",
    "+0x",
};

bool kd_headless_belongs(kd_str text)
{
    return kd_str_has_any(text, belongs, KD_COUNT(belongs));
}

/* "2 locks held by cat/2211:" and its rows "#0:  (&pipe->mutex/1){+.+.+.}, at: ..." */
static bool is_held_lock(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t number;
    if (kd_scan_char(&in, '#'))
        return kd_scan_u64(&in, &number) && kd_scan_char(&in, ':');
    return kd_scan_u64(&in, &number) &&
           (kd_scan_literal(&in, " lock held by ") || kd_scan_literal(&in, " locks held by "));
}

bool kd_headless_is_above(kd_str text)
{
    if (is_held_lock(text))
        return true;
    for (size_t i = 0; i < KD_COUNT(above); i++)
        if (kd_str_starts(text, above[i]))
            return true;
    return false;
}

bool kd_headless_keep(kd_parse *parse, kd_list *lines, const kd_line *line)
{
    kd_line *kept = KD_LIST_ADD(parse->arena, lines, kd_line);
    if (!kept)
        return false;
    *kept = *line;
    kept->text = kd_arena_str(parse->arena, line->text); /* it outlives the portion */
    kept->raw = kd_arena_str(parse->arena, line->raw);
    return true;
}

void kd_headless_replay(kd_parse *parse, const kd_list *lines, const kd_block *block, void *group,
                        kd_block_state state)
{
    kd_src own = parse->src;
    kd_block_state *before = parse->state;
    parse->state = &state;
    for (uint32_t i = lines->count; i-- > 0;) {
        kd_line *line = &KD_ITEMS(*lines, kd_line)[i];
        parse->src = kd_back_keep(parse, line);
        if (parse->src)
            block->take(parse, group, line);
    }
    parse->state = before;
    parse->src = own;
}

/* Registers, of which powerpc prints some above, and who ran. */
static kd_verdict take_above(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_oops *oops = group;
    kd_verdict verdict = kd_block_registers.take(parse, oops, line);
    return verdict == KD_TAKEN ? verdict : kd_block_task.take(parse, &oops->task, line);
}

static const kd_block block_above = { .name = "above", .take = take_above };

/* Reads the lines above, the first one first; false where a report stands there that this dump is a
 * part of. The mark that ends a report of which the log holds nothing else is no report: what
 * follows it is the summary with which die() repeats the registers. */
static bool read_above(kd_parse *parse, kdf_oops *oops)
{
    kd_list lines = { .count = 0 };
    kd_line line;
    kd_back back = kd_back_from(parse);
    bool direct = true;
    for (int i = 0; i < MOST_BACK && kd_back_line(&back, &line); i++) {
        direct = direct && lines.count < MOST_ABOVE && kd_headless_is_above(line.text);
        bool mark = i == 0 && kd_str_starts(line.text, "---[ end trace ");
        if (!direct && !mark && kd_headless_belongs(line.text))
            return false;
        parse->own[OWN_DIED] |= mark;
        if (direct && !kd_headless_keep(parse, &lines, &line))
            break;
    }
    kd_headless_replay(parse, &lines, &block_above, oops, (kd_block_state){ .at = 0 });
    return true;
}

/* A symbol with its size; powerpc names it some lines below its address. */
static bool is_kernels(const kdf_oops *oops)
{
    const kd_pair *nip = kd_map_find(&oops->registers, "nip");
    bool high = nip && (nip->v >> 60 == 0xc || nip->v >> 28 == 0xc);
    return high || (oops->ip.function.src && oops->ip.size.src);
}

/* "Code: d280200b f2fbd5ab (f9000549)", "Code: 14400002  2402ffed <88430003>": words with the one
 * at fault marked, of those who print them in die() alone */
static bool is_code_of_die(kd_str text)
{
    if (!kd_str_starts(text, "Code: "))
        return false;
    const char *mark = memchr(text.ptr, '(', text.len);
    mark = mark ? mark : memchr(text.ptr, '<', text.len);
    kd_scan in = mark ? (kd_scan){ mark + 1, text.ptr + text.len, false } : kd_scan_of(KD_STR(""));
    const char *from = in.at;
    uint64_t word;
    return kd_scan_hex(&in, &word) && in.at - from == 8;
}

/* The lines from the head of the trace on, the last first. False: there is none, or a report stands
 * above that it is part of. */
static bool collect_trace(kd_parse *parse, kd_list *lines)
{
    kd_back back = kd_back_from(parse);
    bool headed = false, more = true, frames = true;
    kd_line line;
    for (int i = 0; i < MOST_TRACE && !headed && (more = kd_back_line(&back, &line)); i++) {
        if (kd_str_starts(line.text, "Code: ") || kd_str_has(line.text, "end trace"))
            return false; /* of another report */
        if (!kd_headless_keep(parse, lines, &line))
            return false;
        headed = kd_str_is(line.text, "Call Trace:") || kd_str_is(line.text, "Call trace:");
        frames = frames && kd_str_has(line.text, "+0x");
    }
    if (!more && frames && lines->count > 1) /* the log begins in the trace */
        return true;
    for (int i = 0; i < MOST_BACK && headed && kd_back_line(&back, &line); i++)
        if (kd_headless_belongs(line.text))
            return false;
    return headed;
}

static bool read_trace_above(kd_parse *parse, kdf_oops *oops)
{
    kd_list lines = { .count = 0 };
    if (!collect_trace(parse, &lines))
        return false;
    /* 1: behind its head */
    parse->own[OWN_TOPLESS] = kd_str_has(KD_ITEMS(lines, kd_line)[lines.count - 1].text, "+0x");
    kd_headless_replay(parse, &lines, &kd_block_trace, &oops->backtrace,
                       (kd_block_state){ .at = parse->own[OWN_TOPLESS] });
    return oops->backtrace.count > 1;
}

/* It begins with the instructions. */
static kd_verdict open_code(kd_parse *parse, kdf_oops *oops, const kd_line *line)
{
    kd_block_state state = { .at = 0 }, *before = parse->state;
    if (!is_code_of_die(line->text))
        return KD_NOT_MINE;
    /* without memory the trace cannot be read: the event is counted as lost then */
    if (!read_trace_above(parse, oops) && !parse->arena->mem->failed)
        return KD_NOT_MINE;
    parse->event->kind = &kd_kind_stack_dump;
    parse->own[OWN_DIED] = 1;
    parse->state = &state;
    kd_block_code.take(parse, &oops->code, line);
    parse->state = before;
    return KD_TAKEN;
}

/* Lines of a trace, the last first, behind the instructions. False: a report stands above that it
 * may be the end of. */
static bool collect_frames(kd_parse *parse, kd_list *lines)
{
    static const char *const heads[] = {
        "BUG: ", "BUG at", "WARNING: ", "Unable to handle",   "Oops",         "[#",
        "RIP: ", "EIP: ",  "EIP is at", "general protection", "Kernel panic", "end trace",
    };
    kd_back back = kd_back_from(parse);
    bool frames = true;
    kd_line line;
    for (int i = 0; i < MOST_TRACE && kd_back_line(&back, &line); i++) {
        if (kd_str_has_any(line.text, heads, KD_COUNT(heads)))
            return false;
        if (kd_str_starts(line.text, "Code: "))
            continue;
        frames = frames && kd_str_has(line.text, "+0x") && kd_str_has(line.text, "/0x");
        if (frames && !kd_headless_keep(parse, lines, &line))
            return false;
    }
    return true;
}

/* "RIP  [<ffffffff8132998>] f+0x8/0x20 [mod]", "EIP: [<c0132998>] f+0x8/0x20 SS:ESP 0068:efc" */
static bool scan_end(kd_parse *parse, kd_str text, kdf_symbol *ip)
{
    kd_scan in = kd_scan_of(text);
    if (!kd_scan_literal(&in, "RIP  ") &&
        !(kd_str_has(text, " SS:ESP ") && kd_scan_literal(&in, "EIP: ")))
        return false;
    return kd_trace_scan_address(&in, &ip->address, parse->src) && kd_scan_blanks(&in) &&
           kd_scan_symbol(&in, ip, parse->src) && ip->size.src;
}

/* It begins with the line that die() of x86 ends with. */
static kd_verdict open_end(kd_parse *parse, kdf_oops *oops, const kdf_symbol *ip)
{
    kd_list lines = { .count = 0 };
    if (!collect_frames(parse, &lines))
        return KD_NOT_MINE;
    kd_headless_replay(parse, &lines, &kd_block_trace, &oops->backtrace,
                       (kd_block_state){ .at = 0 });
    oops->ip = *ip;
    parse->event->kind = &kd_kind_stack_dump;
    parse->own[OWN_DIED] = 1;
    return KD_TAKEN;
}

/* "CR2: 000055a508bc8d98 CR3: 000000012646a002 CR4: 00000000003706f0" */
static bool is_control(kd_str text)
{
    return kd_str_starts(text, "CR2: ") && kd_str_has(text, " CR3: ") && kd_str_has(text, " CR4: ");
}

static kd_verdict open_headless(kd_parse *parse, const kd_line *line)
{
    kdf_symbol end = { .size = { 0, 0 } };
    kdf_oops *oops = parse->body;
    kd_block_state state = { .at = 0 }, *before = parse->state;
    bool begins = false;
    for (size_t i = 0; anchors[i] && !begins; i++)
        begins = kd_str_starts(line->text, anchors[i]);
    if (begins && scan_end(parse, line->text, &end))
        return open_end(parse, oops, &end);
    if (!begins || kd_str_starts(line->text, "Code: "))
        return begins ? open_code(parse, oops, line) : KD_NOT_MINE;
    parse->event->kind = &kd_kind_stack_dump;
    parse->own[OWN_POWERPC] = kd_str_starts(line->text, "NIP");
    parse->state = &state;
    kd_verdict verdict = kd_block_registers.take(parse, oops, line);
    parse->state = before;
    bool kernels = is_kernels(oops) || is_control(line->text);
    if (verdict != KD_TAKEN || !kernels || !read_above(parse, oops))
        return KD_NOT_MINE;
    return KD_TAKEN;
}

/* "CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033": in a dump it stands before "CR2: ". */
static bool is_in_dump(const kd_parse *parse)
{
    const kd_event *event = parse->event;
    return kd_str_has(kd_event_line(event, parse->src - 1)->raw, " CR0: ");
}

/* "CR2: 0000000000000008": the address alone, behind the body of a page fault */
static bool take_cr2(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t address;
    if (is_in_dump(parse) || !kd_scan_literal(&in, "CR2: ") || !kd_scan_hex(&in, &address) ||
        !kd_scan_at_end(&in) || (text.len != 13 && text.len != 21))
        return false;
    kd_put(parse, &oops->address, address);
    return true;
}

static kd_verdict more_headless(kd_parse *parse, const kd_line *line)
{
    kdf_oops *oops = parse->body;
    kd_str text = line->text;
    if (kd_str_starts(text, "note: ") && kd_str_has(text, "] exited with ")) {
        parse->own[OWN_DIED] = 1;
        return KD_LAST;
    }
    if (kd_str_starts(text, "---[ end trace "))
        return KD_TAKEN;
    if (oops->backtrace.count > 0)
        parse->own[OWN_STACK] = 1;
    bool x86 = kd_map_find(&oops->registers, "rax") || kd_map_find(&oops->registers, "eax");
    if ((oops->ip.function.src && !parse->own[OWN_POWERPC] && is_code_of_die(text)) ||
        (x86 && parse->own[OWN_STACK] && kd_str_starts(text, "Modules linked in:")))
        parse->own[OWN_DIED] = 1;
    if (parse->own[OWN_DIED] && take_cr2(parse, oops, text))
        return KD_TAKEN;
    return kd_oops_take_fault(parse, oops, text) ? KD_TAKEN : KD_NOT_MINE;
}

/* A register says which exception it was: of powerpc a storage or alignment interrupt, of riscv and
 * mips an access or a page fault. What BUG() and WARN() use is none of these. */
static bool is_fault_by_register(kdf_oops *oops)
{
    const kd_pair *cause = kd_map_find(&oops->registers, "cause");
    const kd_pair *address = NULL;
    uint64_t trap = oops->ppc_trap.value.v;
    bool fault = false;
    if (oops->ppc_trap.value.src) {
        fault = trap == 0x400 || trap == 0x480 || trap == 0x600;
        if (trap == 0x300 || trap == 0x380)
            address = kd_map_find(&oops->registers, "dar");
    } else if (cause && kd_map_find(&oops->registers, "epc")) {
        static const char *const names[] = { "badaddr", "sbadaddr", "badva" };
        bool riscv = !kd_map_find(&oops->registers, "badva");
        uint64_t code = riscv ? cause->v : cause->v >> 2 & 31;
        fault =
            riscv ? (code >= 4 && code <= 7) || (code >= 12 && code <= 15) : code >= 1 && code <= 5;
        for (size_t i = 0; fault && !address && i < KD_COUNT(names); i++)
            address = kd_map_find(&oops->registers, names[i]);
    }
    if (address)
        oops->address = (kd_hex){ address->v, address->src };
    return fault || address;
}

static void close_headless(kd_parse *parse)
{
    kdf_oops *oops = parse->body;
    parse->event->complete = false; /* its head is not there */
    if (is_fault_by_register(oops) || parse->own[OWN_DIED])
        parse->event->kind = &kd_kind_oops_other; /* or what its address says */
    kd_oops_settle(parse, false);
    if (parse->own[OWN_TOPLESS])
        oops->blame =
            (kdf_blame){ .why = { KD_STR("nobody: the log begins within the trace"), KD_DERIVED } };
    else if (kd_str_starts(oops->blame.function.v, "rewind_stack_"))
        oops->blame =
            (kdf_blame){ .why = { KD_STR("nobody: the stack of a task that died"), KD_DERIVED } };
}

const kd_parser kd_parser_headless = {
    .name = "headless",
    .anchors = anchors,
    .kind = &kd_kind_stack_dump,
    .blocks = kd_oops_blocks,
    .patience = 8,
    .open = open_headless,
    .more = more_headless,
    .close = close_headless,
};

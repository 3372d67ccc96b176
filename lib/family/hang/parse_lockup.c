/* parse_lockup.c - a CPU that is stuck.
 *
 *   BUG: soft lockup detected on CPU#1!                                            to 2.6.31
 *   BUG: soft lockup - CPU#1 stuck for 61s! [kbd:3360]                             2.6.32 - 3.16
 *   NMI watchdog: BUG: soft lockup - CPU#1 stuck for 11s! [syz-executor7:16813]    3.18 - 4.9
 *   watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [CPU 0/KVM:31664]            4.14+
 *   BUG: NMI Watchdog detected LOCKUP on CPU1, ip ffffffff8104c1a0, registers:     2.6
 *   Watchdog detected hard LOCKUP on cpu 0                                         3.1+, prefixes
 * vary watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3                         6.14+
 *   watchdog: CPU 0 self-detected hard LOCKUP @ __del_page_from_free_list+0x40/0x220     powerpc
 *   watchdog: CPU 1 detected hard LOCKUP on other CPUs 3                           powerpc
 *   watchdog: CPU 3 Hard LOCKUP                                                    powerpc
 *
 * watchdog_timer_fn(), watchdog_overflow_callback(), watchdog_hardlockup_check(). Modules, irq
 * events, registers and the stack follow: of the stuck CPU, but for the buddy detector, where the
 * printing CPU is another one and asks the stuck one for its stack.
 */
#include "family/fault/parse_fault.h"
#include "family/hang/parse_hang.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

/* parse->own[KD_OWN_FREE]: a name in brackets may still follow the header */

static kd_stacks stacks_of(kd_parse *parse)
{
    kdf_lockup *lockup = parse->body;
    return (kd_stacks){ &lockup->oops.backtrace, &lockup->cpus, NULL, &lockup->oops.task };
}

/* "[CPU 0/KVM:31664]": the name may hold anything */
static bool read_name(kd_parse *parse, kdf_task *task, kd_str text)
{
    const char *colon = kd_str_find_last(text, ":");
    if (text.len < 4 || text.ptr[0] != '[' || !colon)
        return false;
    kd_scan in = { colon + 1, text.ptr + text.len, false };
    uint64_t pid;
    if (!kd_scan_u64(&in, &pid) || !kd_scan_char(&in, ']'))
        return false;
    kd_put(parse, &task->comm, ((kd_str){ text.ptr + 1, (size_t)(colon - text.ptr) - 1 }));
    kd_put(parse, &task->pid, pid);
    return true;
}

/* "soft lockup - CPU#1 stuck for 23s! [swapper/0:1]", "soft lockup detected on CPU#1!" */
static kd_verdict open_soft(kd_parse *parse, kdf_lockup *lockup, kd_scan in)
{
    uint64_t cpu, seconds;
    kd_str rest;
    if (kd_scan_literal(&in, "detected on CPU#") && kd_scan_u64(&in, &cpu)) {
        kd_put(parse, &lockup->oops.task.cpu, cpu);
        return KD_TAKEN;
    }
    if (!kd_scan_literal(&in, "- CPU#") || !kd_scan_u64(&in, &cpu) || !kd_scan_blanks(&in) ||
        !kd_scan_literal(&in, "stuck") || !kd_scan_blanks(&in) || !kd_scan_literal(&in, "for") ||
        !kd_scan_blanks(&in) || !kd_scan_u64(&in, &seconds) || !kd_scan_char(&in, 's'))
        return in.short_ || kd_scan_at_end(&in) ? KD_UNFINISHED : KD_NOT_MINE;
    kd_put(parse, &lockup->oops.task.cpu, cpu);
    kd_put(parse, &lockup->seconds, seconds);
    kd_scan_char(&in, '!');
    kd_scan_blanks(&in);
    kd_scan_rest(&in, &rest);
    parse->own[KD_OWN_FREE] = !read_name(parse, &lockup->oops.task, rest);
    return KD_TAKEN;
}

/* "CPU3: Watchdog detected hard LOCKUP on cpu 3", "... on cpu 3Modules linked in:" */
static kd_verdict open_hard(kd_parse *parse, kdf_lockup *lockup, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu, reporter;
    if (kd_scan_literal(&in, "CPU") && kd_scan_u64(&in, &reporter) && kd_scan_literal(&in, ": ")) {
        if (!kd_str_starts(kd_str_from(text, (size_t)(in.at - text.ptr)), "Watchdog detected hard"))
            return KD_NOT_MINE;
        kd_put(parse, &lockup->reporter, reporter);
    } else {
        in = kd_scan_of(text);
    }
    if (!kd_scan_literal(&in, "Watchdog detected hard LOCKUP on cpu ") || !kd_scan_u64(&in, &cpu))
        return KD_NOT_MINE;
    kd_put(parse, &lockup->oops.task.cpu, cpu);
    return KD_TAKEN;
}

/* "CPU 0 self-detected hard LOCKUP @ SYM", "CPU 1 detected hard LOCKUP on other CPUs 3,5" */
static kd_verdict open_powerpc(kd_parse *parse, kdf_lockup *lockup, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu, stuck;
    if (!kd_scan_literal(&in, "CPU ") || !kd_scan_u64(&in, &cpu))
        return KD_NOT_MINE;
    if (kd_scan_literal(&in, " detected hard LOCKUP on other CPUs ") && kd_scan_u64(&in, &stuck)) {
        kd_put(parse, &lockup->reporter, cpu);
        kd_put(parse, &lockup->oops.task.cpu, stuck);
        return KD_TAKEN;
    }
    bool itself = kd_scan_literal(&in, " self-detected hard LOCKUP @ ");
    if (!itself && !kd_scan_literal(&in, " Hard LOCKUP"))
        return KD_NOT_MINE;
    kd_put(parse, &lockup->oops.task.cpu, cpu);
    if (itself)
        kd_scan_symbol(&in, &lockup->oops.ip, parse->src);
    return KD_TAKEN;
}

/* "BUG: NMI Watchdog detected LOCKUP on CPU1, ip ffffffff8104c1a0, registers:" */
static kd_verdict open_ancient(kd_parse *parse, kdf_lockup *lockup, kd_scan in)
{
    uint64_t cpu;
    if (!kd_scan_u64(&in, &cpu))
        return KD_NOT_MINE;
    kd_put(parse, &lockup->oops.task.cpu, cpu);
    return KD_TAKEN;
}

/* "WARNING: at kernel/watchdog.c:245 watchdog_overflow_callback+0x9c/0xd0()": to 3.18 the report is
 * a WARN(), whose text, on the next lines, names the CPU */
static bool is_warning(kd_str text)
{
    return kd_str_has(text, "WARNING: ") && kd_str_has(text, "kernel/watchdog.c:") &&
           kd_str_has(text, "watchdog_overflow_callback");
}

static kd_verdict open_lockup(kd_parse *parse, const kd_line *line)
{
    kdf_lockup *lockup = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str before;
    kd_verdict verdict = KD_NOT_MINE;
    bool soft = kd_scan_past(&in, "BUG: soft lockup", &before);
    if (soft) {
        kd_scan_char(&in, '.'); /* read from a photo */
        kd_scan_blanks(&in);
        verdict = open_soft(parse, lockup, in);
    } else if (kd_scan_past(&in, "BUG: NMI Watchdog detected LOCKUP on CPU", &before)) {
        verdict = open_ancient(parse, lockup, in);
    } else {
        kd_str text = line->text;
        in = kd_scan_of(text);
        if (kd_scan_literal(&in, "NMI watchdog: ") || kd_scan_literal(&in, "watchdog: "))
            kd_scan_rest(&in, &text);
        verdict = is_warning(text) ? KD_TAKEN : open_hard(parse, lockup, text);
        if (verdict == KD_NOT_MINE)
            verdict = open_powerpc(parse, lockup, text);
    }
    if (verdict != KD_TAKEN)
        return verdict;
    kd_put(parse, &lockup->oops.headline, line->text);
    if (!soft)
        parse->event->kind = &kd_kind_hard_lockup;
    return KD_TAKEN;
}

/* ---- what follows ---------------------------------------------------------------------------- */

/* The five lines of print_irqtrace_events(); of the printing CPU's task. */
static bool take_irq_events(kd_parse *parse, kdf_lockup *lockup, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    if (kd_str_starts(text, "irq event stamp: "))
        return true;
    bool hard = kd_str_starts(text, "hardirqs last "), soft = kd_str_starts(text, "softirqs last ");
    if (!hard && !soft)
        return false;
    if (hard && kd_scan_past(&in, "disabled at (", &skipped) &&
        kd_scan_past(&in, "): ", &skipped)) {
        if (kd_scan_literal(&in, "[<"))
            kd_scan_past(&in, ">] ", &skipped);
        kd_scan_symbol(&in, &lockup->irqs_off_at, parse->src);
    }
    return true;
}

/* The table of 6.11+, the heartbeats of powerpc. */
static bool is_company(kd_str text)
{
    return (kd_str_starts(text, "CPU#") && kd_str_has(text, " during lockup:")) ||
           kd_str_has(text, "% system,") || kd_str_has(text, "heartbeat TB:") ||
           kd_str_has(text, "HardIRQ Time exceeds") || kd_str_has(text, "Most frequent HardIRQs") ||
           (kd_str_starts(text, "#") && kd_str_has(text, "irq#"));
}

/* "watchdog: CPU 3 Hard LOCKUP": powerpc's stuck CPU, asked by the one that reported it. */
static bool is_answer(const kdf_lockup *lockup, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu;
    return lockup->reporter.src && kd_scan_literal(&in, "watchdog: CPU ") &&
           kd_scan_u64(&in, &cpu) && cpu == lockup->oops.task.cpu.v &&
           kd_scan_literal(&in, " Hard LOCKUP");
}

static kd_verdict more_lockup(kd_parse *parse, const kd_line *line)
{
    kdf_lockup *lockup = parse->body;
    kd_stacks stacks = stacks_of(parse);
    kd_str text = line->text;
    if (parse->own[KD_OWN_FREE]) {
        parse->own[KD_OWN_FREE] = 0;
        if (read_name(parse, &lockup->oops.task, text))
            return KD_TAKEN;
    }
    if (is_answer(lockup, text))
        return KD_TAKEN;
    if (kd_other_report_begins(text))
        return KD_OVER;
    if (!lockup->oops.task.cpu.src && kd_str_starts(text, "Watchdog detected hard") &&
        open_hard(parse, lockup, text) == KD_TAKEN) {
        kd_put_again(parse, &lockup->oops.headline, text);
        return KD_TAKEN;
    }
    if (take_irq_events(parse, lockup, text) || is_company(text))
        return KD_TAKEN;
    /* a dump that somebody else asked for */
    if (kd_str_starts(text, "NMI backtrace for cpu ") && !kd_stacks_asked(parse))
        return KD_NOT_MINE;
    return kd_stacks_take(parse, &stacks, line);
}

/* The stack of the stuck CPU stands among the others where another CPU printed the report. */
static void settle_stack(kdf_lockup *lockup)
{
    kdf_hang_cpu *cpus = lockup->cpus.items;
    for (uint32_t i = 0; i < lockup->cpus.count; i++) {
        if (cpus[i].cpu.v != lockup->oops.task.cpu.v || lockup->oops.backtrace.count > 0)
            continue;
        lockup->oops.backtrace = cpus[i].backtrace;
        if (!lockup->oops.ip.function.src)
            lockup->oops.ip = cpus[i].ip;
        if (!lockup->oops.task.comm.src) {
            lockup->oops.task.comm = cpus[i].comm;
            lockup->oops.task.pid = cpus[i].pid;
        }
    }
}

static void close_lockup(kd_parse *parse)
{
    kdf_lockup *lockup = parse->body;
    settle_stack(lockup);
    kd_blame_cpu(&lockup->oops.blame, &lockup->oops.ip, &lockup->oops.backtrace);
    if (lockup->oops.backtrace.count > 0 || lockup->oops.ip.function.src)
        parse->event->complete = true;
}

static const char *const anchors[] = { "BUG: soft lockup",   "hard LOCKUP",
                                       "Hard LOCKUP",        "Watchdog detected LOCKUP",
                                       "kernel/watchdog.c:", NULL };

static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_lockup, oops.task) },
    { &kd_block_registers, offsetof(kdf_lockup, oops) },
    { &kd_block_code, offsetof(kdf_lockup, oops.code) },
    { &kd_block_trace, offsetof(kdf_lockup, oops.backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_lockup = {
    .name = "lockup",
    .anchors = anchors,
    .kind = &kd_kind_soft_lockup,
    .blocks = blocks,
    .open = open_lockup,
    .more = more_lockup,
    .close = close_lockup,
};

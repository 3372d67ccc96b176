/* parse_rcu_stall.c - a grace period of RCU that does not end.
 *
 *   INFO: RCU detected CPU 1 stall (t=1000 jiffies)                                        2.6
 *   INFO: rcu_sched detected stalls on CPUs/tasks: { 2} (detected by 0, t=65008 jiffies, g=48068,
 * c=48067, q=7339) INFO: rcu_sched self-detected stall on CPU { 1}  (t=65000 jiffies g=1 c=0 q=7)
 * 3.1 - 3.18 rcu: INFO: rcu_preempt detected stalls on
 * CPUs/tasks:                                  4.19+ rcu:     3-...0: (201 ticks this GP)
 * idle=e33c/1/0x4000000000000000 softirq=5844/5846 fqs=4984 rcu:     Tasks blocked on level-0
 * rcu_node (CPUs 0-1): P30749/1:b..l P22934/1:b..l rcu:     (detected by 2, t=21016 jiffies,
 * g=7753, q=296 ncpus=4) (t=5254 jiffies g=45 q=5500 ncpus=4)                                self
 * detected rcu: INFO: rcu_preempt self-detected stall on CPU rcu: INFO: rcu_preempt detected
 * expedited stalls on CPUs/tasks: { 2-.... } 21 jiffies s: 973 root: 0x4/. INFO: rcu_tasks detected
 * stalls on tasks:                                              3.18+ rcu: rcu_preempt kthread
 * starved for 2503 jiffies! g-1139 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402 ->cpu=3
 *
 * print_other_cpu_stall(), print_cpu_stall(), synchronize_rcu_expedited_wait(). Stacks of the CPUs
 * and tasks that are waited for follow; the detecting CPU and the grace-period thread are innocent.
 * Where the headline is not in the log, the first of the lines behind it begins the report.
 */
#include "family/fault/parse_fault.h"
#include "family/hang/parse_hang.h"
#include "family/hang/parse_rcu_status.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

/* parse->own[KD_OWN_FREE] */
enum { TOTALS_SEEN = 1, LAST_RAN = 2, HEAD_LOST = 4 };

static kd_stacks stacks_of(kd_parse *parse)
{
    kdf_rcu_stall *stall = parse->body;
    return (kd_stacks){ NULL, &stall->cpus, &stall->tasks, &stall->oops.task };
}

/* ---- the header ------------------------------------------------------------------------------ */

static void put_detected(kd_parse *parse, kdf_rcu_stall *stall, const char *how)
{
    kd_put(parse, &stall->detected, kd_str_of(how));
}

/* A CPU that noticed by itself and is named on the headline: the stack may follow without a line
 * that names it again. */
static void turn_to_itself(kd_parse *parse, kdf_rcu_stall *stall)
{
    kd_stacks stacks = stacks_of(parse);
    const kdf_hang_cpu *cpus = stall->cpus.items;
    if (kd_str_is(stall->detected.v, "self") && stall->cpus.count == 1)
        kd_stacks_turn_to_cpu(parse, &stacks, cpus[0].cpu.v);
}

/* "RCU detected CPU 1 stall (t=1000 jiffies)", "RCU detected CPU stalls: 1 2 (detected by 0, ...)"
 */
static bool scan_ancient(kd_parse *parse, kdf_rcu_stall *stall, kd_scan in)
{
    kd_stacks stacks = stacks_of(parse);
    uint64_t cpu;
    if (kd_scan_literal(&in, "RCU detected CPU stalls:")) {
        put_detected(parse, stall, "other");
    } else {
        if (!kd_scan_literal(&in, "RCU detected CPU ") || !kd_scan_u64(&in, &cpu) ||
            !kd_scan_literal(&in, " stall"))
            return false;
        put_detected(parse, stall, "self");
        kdf_hang_cpu *item = kd_stacks_cpu(parse, &stacks, cpu);
        if (item)
            kd_put(parse, &item->stalled, true);
    }
    kd_put(parse, &stall->flavour, KD_STR("rcu"));
    kd_str rest;
    kd_scan_rest(&in, &rest);
    kd_rcu_listed(parse, &stacks, rest);
    kd_rcu_totals(parse, stall, rest);
    turn_to_itself(parse, stall);
    return true;
}

/* "rcu_sched detected stalls on CPUs/tasks: ..." */
static bool scan_header(kd_parse *parse, kdf_rcu_stall *stall, kd_scan in)
{
    static const struct {
        const char *text, *how;
    } forms[] = {
        { "self-detected stall on CPU", "self" },
        { "detected stall on CPU ", "self" },
        { "detected stalls on CPUs/tasks:", "other" },
        { "detected expedited stalls on CPUs/tasks:", "expedited" },
        { "detected expedited stalls", "expedited" },
        { "detected stalls on tasks:", "tasks" },
        { "detected stalls? ", "tasks" },
        { "detected stall, but suppressed", "other" },
    };
    kd_stacks stacks = stacks_of(parse);
    kd_str flavour, rest;
    if (!kd_scan_name(&in, &flavour) || !kd_str_starts(flavour, "rcu") || !kd_scan_char(&in, ' '))
        return false;
    kd_scan_rest(&in, &rest);
    for (size_t i = 0; i < KD_COUNT(forms); i++) {
        if (!kd_str_starts(rest, forms[i].text))
            continue;
        kd_put(parse, &stall->flavour, flavour);
        put_detected(parse, stall, forms[i].how);
        rest = kd_str_from(rest, kd_str_of(forms[i].text).len);
        kd_rcu_listed(parse, &stacks, rest);
        turn_to_itself(parse, stall);
        if (kd_rcu_totals(parse, stall, rest))
            parse->own[KD_OWN_FREE] |= TOTALS_SEEN;
        return true;
    }
    return false;
}

/* "rcu: \t..." and "\t...": the prefix came with 4.19, and is missing on continuations */
static kd_str without_prefix(kd_str text)
{
    return kd_str_starts(text, "rcu:") ? kd_str_trim(kd_str_from(text, 4)) : text;
}

/* A line that stands behind the headline, and no headline near above. */
static bool scan_tail(kd_parse *parse, kdf_rcu_stall *stall, kd_str text)
{
    static const char *const heads[] = { "detected stall", "RCU detected CPU",
                                         "detected expedited stalls" };
    kd_stacks stacks = stacks_of(parse);
    bool by = kd_str_starts(text, "(detected by ") && kd_str_has(text, ", t=");
    bool totals = by || (kd_str_starts(text, "(t=") && kd_str_has(text, " jiffies g="));
    if (!totals && !kd_str_has(text, " this GP)") && !kd_str_has(text, " GPs behind)") &&
        !kd_str_has(text, " kthread starved for ") && !kd_str_starts(text, "All QSes seen, last "))
        return false;
    if (kd_back_has(parse, heads, KD_COUNT(heads)))
        return false;
    if (totals ? !kd_rcu_totals(parse, stall, text)
               : !kd_rcu_status(parse, &stacks, text) && !kd_rcu_kthread(parse, stall, text))
        return false;
    parse->own[KD_OWN_FREE] |= (totals ? TOTALS_SEEN : 0) | HEAD_LOST;
    return true;
}

static kd_verdict open_stall(kd_parse *parse, const kd_line *line)
{
    kdf_rcu_stall *stall = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str before;
    bool info = kd_scan_past(&in, "INFO: ", &before) && before.len <= 64;
    if (!(info && (scan_ancient(parse, stall, in) || scan_header(parse, stall, in))) &&
        !scan_tail(parse, stall, without_prefix(line->text)))
        return KD_NOT_MINE;
    kd_put(parse, &stall->oops.headline, line->text);
    return KD_TAKEN;
}

/* ---- what follows ---------------------------------------------------------------------------- */

/* The line behind it names the CPU: see note_last_ran(). */
static bool take_last_ran(kd_parse *parse, kd_str text)
{
    if (!kd_str_starts(text, "Stack dump where RCU GP kthread last ran"))
        return false;
    parse->own[KD_OWN_FREE] |= LAST_RAN;
    return true;
}

/* "CPU: 1 PID: ...", or without an NMI "Task dump for CPU 3:" */
static void note_last_ran(kd_parse *parse, kdf_rcu_stall *stall, kd_str text)
{
    if (!kd_str_starts(text, "CPU: ") && !kd_str_starts(text, "Task dump for CPU "))
        return;
    uint32_t index = parse->own[KD_OWN_INDEX];
    if (index < stall->cpus.count) {
        kdf_hang_cpu *last = &KD_ITEMS(stall->cpus, kdf_hang_cpu)[index];
        kd_put(parse, &last->last_ran_kthread, true);
    }
    parse->own[KD_OWN_FREE] &= ~(uint32_t)LAST_RAN;
}

static kd_verdict more_stall(kd_parse *parse, const kd_line *line)
{
    kdf_rcu_stall *stall = parse->body;
    kd_stacks stacks = stacks_of(parse);
    kd_str text = without_prefix(line->text);
    kd_scan in = kd_scan_of(text);
    kd_str before;
    if (kd_other_report_begins(text))
        return KD_OVER;
    if (kd_str_starts(text, "INFO: ")) {
        if (!kd_scan_literal(&in, "INFO: Stall ended") &&
            !kd_scan_literal(&in, "INFO: Expedited stall ended"))
            return KD_NOT_MINE;
        kd_put(parse, &stall->ended, true);
        return KD_TAKEN;
    }
    if (kd_rcu_totals(parse, stall, text)) {
        parse->own[KD_OWN_FREE] |= TOTALS_SEEN;
        return KD_TAKEN;
    }
    if (kd_rcu_status(parse, &stacks, text) || kd_rcu_kthread(parse, stall, text))
        return KD_TAKEN;
    if (kd_str_starts(text, "Tasks blocked on level-") && kd_scan_past(&in, "):", &before)) {
        kd_scan_rest(&in, &before);
        kd_rcu_listed(parse, &stacks, before);
        return KD_TAKEN;
    }
    if (kd_str_starts(text, "RCU grace-period kthread stack dump")) {
        kd_stacks_task(parse, &stacks, "grace-period thread");
        return KD_TAKEN;
    }
    if (take_last_ran(parse, text) || kd_str_starts(text, "blocking rcu_node structures") ||
        kd_str_starts(text, "RCU GP kthread last ran on offline") ||
        kd_str_starts(text, "Offline CPU "))
        return KD_TAKEN;
    kd_verdict verdict = kd_stacks_take(parse, &stacks, line);
    if (verdict == KD_TAKEN && parse->own[KD_OWN_FREE] & LAST_RAN)
        note_last_ran(parse, stall, text);
    return verdict;
}

/* ---- at the end ------------------------------------------------------------------------------ */

static void add_words(kd_parse *parse, kd_str *out, const char *name, uint64_t number)
{
    if (out->len < 400)
        *out = kd_arena_format(parse->arena, "%.*s%s%s %llu", KD_FMT(*out), out->len ? ", " : "",
                               name, KD_LLU(number));
}

static void settle_waits_for(kd_parse *parse, kdf_rcu_stall *stall)
{
    kd_str out = { NULL, 0 };
    const kdf_hang_cpu *cpus = stall->cpus.items;
    const kdf_hang_task *tasks = stall->tasks.items;
    for (uint32_t i = 0; i < stall->cpus.count; i++)
        if (cpus[i].stalled.src)
            add_words(parse, &out, "CPU", cpus[i].cpu.v);
    for (uint32_t i = 0; i < stall->tasks.count; i++)
        if (kd_str_is(tasks[i].role.v, "reader") && tasks[i].pid.src)
            add_words(parse, &out, "task", tasks[i].pid.v);
    if (out.len > 0)
        kd_put(parse, &stall->waits_for, out);
}

/* A reader is named twice: in the list by its number, before its stack by its task line. */
static void settle_readers(kdf_rcu_stall *stall)
{
    kdf_hang_task *tasks = stall->tasks.items;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < stall->tasks.count; i++) {
        uint32_t k = 0;
        while (k < kept && !(tasks[k].pid.src && tasks[i].pid.src &&
                             tasks[k].pid.v == tasks[i].pid.v && tasks[k].backtrace.count == 0))
            k++;
        if (k == kept) {
            tasks[kept++] = tasks[i];
            continue;
        }
        tasks[k].comm = tasks[i].comm;
        tasks[k].state = tasks[i].state;
        tasks[k].backtrace = tasks[i].backtrace;
        tasks[k].ip = tasks[i].ip;
    }
    stall->tasks.count = kept;
}

/* The CPU whose stack is meant: a listed one, or the one that detected itself. */
static const kdf_hang_cpu *culprit(const kdf_rcu_stall *stall)
{
    const kdf_hang_cpu *cpus = stall->cpus.items, *listed = kd_stall_cpu(stall);
    if (listed && kd_stall_cpu_is_shown(listed))
        return listed;
    for (uint32_t i = 0; i < stall->cpus.count && kd_str_is(stall->detected.v, "self"); i++)
        if (kd_stall_cpu_is_shown(&cpus[i]))
            return &cpus[i];
    return NULL;
}

/* Without a CPU that is waited for: the first stack of a task that the report shows. */
static void show_task(kdf_rcu_stall *stall)
{
    const kdf_hang_task *tasks = stall->tasks.items;
    for (uint32_t i = 0; i < stall->tasks.count && stall->oops.backtrace.count == 0; i++) {
        if (kd_str_is(tasks[i].role.v, "grace-period thread"))
            continue;
        stall->oops.backtrace = tasks[i].backtrace;
        stall->oops.ip = tasks[i].ip;
    }
}

static void close_self(kdf_rcu_stall *stall, const kdf_hang_cpu *cpu)
{
    kdf_oops *oops = &stall->oops;
    if (!cpu) {
        kd_blame_none(&oops->blame, "no stack of a CPU that is waited for is printed");
        show_task(stall);
        return;
    }
    oops->backtrace = cpu->backtrace;
    oops->ip = cpu->ip;
    if (kd_str_is(stall->detected.v, "self")) {
        oops->task.cpu = cpu->cpu;
        oops->task.comm = cpu->comm;
        oops->task.pid = cpu->pid;
    }
    if (cpu->idling_at.src)
        kd_blame_none(&oops->blame, KD_WHY_IDLE);
    else
        kd_blame_cpu(&oops->blame, &oops->ip, &oops->backtrace);
}

static void close_stall(kd_parse *parse)
{
    kdf_rcu_stall *stall = parse->body;
    const kdf_hang_cpu *cpus = stall->cpus.items;
    settle_readers(stall);
    settle_waits_for(parse, stall);
    for (uint32_t i = 0; i < stall->cpus.count && stall->all_reported.src; i++)
        if (cpus[i].last_ran_kthread.src) {
            stall->oops.ip = cpus[i].ip;
            stall->oops.backtrace = cpus[i].backtrace;
            if (cpus[i].ip.function.src || cpus[i].ip.address.src)
                kd_blame_cpu(&stall->oops.blame, &cpus[i].ip, &cpus[i].backtrace);
            else /* of a task that runs elsewhere: where it was switched to, not where it is */
                kd_blame_none(&stall->oops.blame,
                              "the stack is that of a task dump, without the CPU's registers");
        }
    if (stall->all_reported.src && !stall->oops.ip.function.src) {
        show_task(stall);
        kd_blame_none(&stall->oops.blame,
                      "all CPUs have reported: what is shown is the CPU that noticed");
    } else if (!stall->all_reported.src) {
        close_self(stall, culprit(stall));
    }
    if (parse->own[KD_OWN_FREE] & TOTALS_SEEN)
        parse->event->complete = true;
    if (parse->own[KD_OWN_FREE] & HEAD_LOST)
        parse->event->complete = false;
}

static const char *const anchors[] = {
    "detected stall",
    "RCU detected CPU",
    "detected expedited stalls",
    " this GP) ",
    " GPs behind) ",
    "(detected by ",
    " jiffies g=",
    " kthread starved for ",
    "All QSes seen, last ",
    NULL,
};

const kd_parser kd_parser_rcu_stall = {
    .name = "rcu_stall",
    .anchors = anchors,
    .kind = &kd_kind_rcu_stall,
    .open = open_stall,
    .more = more_stall,
    .close = close_stall,
};

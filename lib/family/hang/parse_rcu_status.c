/* parse_rcu_status.c - the lines of an RCU stall that carry numbers: see parse_rcu_stall.c.
 *
 *   1: (1 GPs behind) idle=d09/140000000000001/0 softirq=1302/3861                  3.10 - 3.18
 *   0-...: (1 GPs behind) idle=d09/1/0 softirq=1302/3861 fqs=20997                  4.4 - 4.14
 *   9-...!: (0 ticks this GP) idle=850/0/0x0 softirq=354327/354327 fqs=1 (false positive?)
 *   All QSes seen, last rcu_sched kthread activity 254300 (4322046580-4321792280), ...
 *   rcu_sched kthread timer wakeup didn't happen for 254299 jiffies! g8370033 f0x2 ...
 * ->state=0x200 Possible timer handling issue on cpu=1 timer-softirq=2492648
 */
#include "family/hang/parse_rcu_status.h"

/* ---- one CPU --------------------------------------------------------------------------------- */

/* "idle=e33c/1/0x4000000000000000": counter, task nesting, interrupt nesting */
static void read_idle(kd_parse *parse, kdf_hang_cpu *cpu, kd_scan in)
{
    kd_str skipped;
    uint64_t task, interrupt;
    if (!kd_scan_past(&in, "idle=", &skipped) || !kd_scan_until(&in, '/', &skipped) ||
        !kd_scan_char(&in, '/') || !kd_scan_hex(&in, &task) || !kd_scan_char(&in, '/') ||
        !kd_scan_hex(&in, &interrupt))
        return;
    kd_put(parse, &cpu->task_nesting, task);
    kd_put(parse, &cpu->interrupt_nesting, interrupt);
}

static void read_fqs(kd_parse *parse, kdf_hang_cpu *cpu, kd_scan in)
{
    kd_str skipped;
    uint64_t fqs;
    if (kd_scan_past(&in, "fqs=", &skipped) && kd_scan_u64(&in, &fqs))
        kd_put(parse, &cpu->fqs, fqs);
}

bool kd_rcu_status(kd_parse *parse, const kd_stacks *stacks, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu, count;
    kd_str flags = { NULL, 0 };
    if (kd_str_starts(text, "idle=") && stacks->cpus->count > 0) { /* wrapped off */
        kdf_hang_cpu *last = &KD_ITEMS(*stacks->cpus, kdf_hang_cpu)[stacks->cpus->count - 1];
        read_idle(parse, last, in);
        read_fqs(parse, last, in);
        return true;
    }
    if (!kd_scan_u64(&in, &cpu))
        return false;
    if (kd_scan_char(&in, '-') && (!kd_scan_until(&in, ':', &flags) || flags.len > 6))
        return false;
    if (!kd_scan_literal(&in, ": (") || !kd_scan_u64(&in, &count) || !kd_scan_char(&in, ' '))
        return false;
    bool ticks = kd_scan_literal(&in, "ticks this GP");
    if (!ticks && !kd_scan_literal(&in, "GPs behind"))
        return false;
    kdf_hang_cpu *item = kd_stacks_cpu(parse, stacks, cpu);
    if (!item)
        return true;
    kd_put(parse, &item->stalled, true);
    if (flags.len > 0)
        kd_put(parse, &item->flags, flags);
    if (ticks)
        kd_put(parse, &item->ticks, count);
    else
        kd_put(parse, &item->gps_behind, count);
    read_idle(parse, item, in);
    read_fqs(parse, item, in);
    return true;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* "P30749/1:b..l" */
static bool list_task(kd_parse *parse, const kd_stacks *stacks, kd_str word)
{
    kd_scan in = kd_scan_of(word);
    uint64_t pid;
    kd_str flags;
    if (!kd_scan_char(&in, 'P') || !kd_scan_u64(&in, &pid))
        return false;
    kdf_hang_task *task =
        stacks->tasks->count < 64 ? KD_LIST_ADD(parse->arena, stacks->tasks, kdf_hang_task) : NULL;
    if (!task)
        return true;
    task->pid = (kd_u64){ pid, parse->src };
    task->role = (kd_text){ KD_STR("reader"), parse->src };
    if (kd_scan_char(&in, '/') && kd_scan_rest(&in, &flags))
        task->flags = (kd_text){ flags, parse->src };
    return true;
}

/* "2-....", "2" */
static bool list_cpu(kd_parse *parse, const kd_stacks *stacks, kd_str word)
{
    kd_scan in = kd_scan_of(word);
    uint64_t cpu;
    kd_str flags;
    if (!kd_scan_u64(&in, &cpu))
        return false;
    bool flagged = kd_scan_char(&in, '-') && kd_scan_rest(&in, &flags);
    if (!flagged && !kd_scan_at_end(&in))
        return false;
    kdf_hang_cpu *item = kd_stacks_cpu(parse, stacks, cpu);
    if (!item)
        return true;
    kd_put(parse, &item->stalled, true);
    if (flagged)
        kd_put(parse, &item->flags, flags);
    return true;
}

void kd_rcu_listed(kd_parse *parse, const kd_stacks *stacks, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    kd_scan_blanks(&in);
    kd_scan_char(&in, '{');
    for (bool last = false; !last && kd_scan_blanks(&in) && kd_scan_word(&in, &word);) {
        last = word.ptr[word.len - 1] == '}'; /* "1}": what follows are totals */
        word.len -= last;
        if (word.len == 0 || (!list_task(parse, stacks, word) && !list_cpu(parse, stacks, word)))
            return;
    }
}

/* ---- totals ---------------------------------------------------------------------------------- */

static bool read_number(kd_str text, const char *label, int64_t *out)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    return kd_scan_past(&in, label, &skipped) && kd_scan_i64(&in, out);
}

/* "} 21 jiffies s: 973 root: 0x4/." */
static bool read_expedited(kd_parse *parse, kdf_rcu_stall *stall, kd_str text)
{
    const char *mark = kd_str_find(text, " jiffies s: "), *brace = kd_str_find(text, "}");
    int64_t number;
    if (!mark)
        return false;
    kd_scan in = kd_scan_of(
        brace && brace < mark ? kd_str_from(text, (size_t)(brace + 1 - text.ptr)) : text);
    uint64_t jiffies;
    if (!kd_scan_blanks(&in) || !kd_scan_u64(&in, &jiffies))
        return false;
    kd_put(parse, &stall->stalled_jiffies, jiffies);
    if (read_number(text, " s: ", &number))
        kd_put(parse, &stall->grace_period, number);
    return true;
}

bool kd_rcu_totals(kd_parse *parse, kdf_rcu_stall *stall, kd_str text)
{
    int64_t number;
    const char *at = kd_str_find(text, "(detected by ");
    bool by = at && read_number(text, "(detected by ", &number) && number >= 0;
    if (by)
        kd_put(parse, &stall->detected_by, (uint64_t)number);
    if (!at)
        at = kd_str_find(text, "(t=");
    if (!at)
        return read_expedited(parse, stall, text);
    kd_str rest = kd_str_from(text, (size_t)(at - text.ptr));
    bool timed = read_number(rest, "t=", &number) && number >= 0;
    if (!by && !timed && !stall->stalled_jiffies.src)
        return false;
    if (timed)
        kd_put(parse, &stall->stalled_jiffies, (uint64_t)number);
    if (read_number(rest, " g=", &number))
        kd_put(parse, &stall->grace_period, number);
    if (read_number(rest, " q=", &number) && number >= 0)
        kd_put(parse, &stall->callbacks, (uint64_t)number);
    return true;
}

/* ---- the grace-period thread ----------------------------------------------------------------- */

bool kd_rcu_kthread(kd_parse *parse, kdf_rcu_stall *stall, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped, state;
    int64_t number;
    if (kd_str_starts(text, "All QSes seen")) {
        kd_put(parse, &stall->all_reported, true);
        return true;
    }
    if (kd_str_starts(text, "Possible timer handling issue on cpu=")) {
        if (read_number(text, "cpu=", &number) && number >= 0)
            kd_put(parse, &stall->timer_cpu, (uint64_t)number);
        return true;
    }
    if (read_number(text, " kthread timer wakeup didn't happen for ", &number) && number >= 0) {
        kd_put(parse, &stall->timer_jiffies, (uint64_t)number);
        return true;
    }
    if (!read_number(text, " kthread starved for ", &number) || number < 0)
        return kd_str_starts(text, "Unless ") || kd_str_has(text, "hardirqs   softirqs   csw") ||
               kd_str_starts(text, "cputime: ") || kd_str_starts(text, "number: ");
    kd_put(parse, &stall->starved_jiffies, (uint64_t)number);
    if (kd_scan_past(&in, "->state=", &skipped) && kd_scan_word(&in, &state))
        kd_put(parse, &stall->kthread_state, state);
    if (read_number(text, "->cpu=", &number) && number >= 0)
        kd_put(parse, &stall->kthread_cpu, (uint64_t)number);
    return true;
}

/* ---- the CPU whose place is told ------------------------------------------------------------- */

bool kd_stall_cpu_is_shown(const kdf_hang_cpu *cpu)
{
    return cpu->backtrace.count > 0 || cpu->ip.function.src;
}

const kdf_hang_cpu *kd_stall_cpu(const kdf_rcu_stall *stall)
{
    const kdf_hang_cpu *cpus = stall->cpus.items, *first = NULL;
    for (uint32_t i = 0; i < stall->cpus.count; i++) {
        if (cpus[i].stalled.src && kd_stall_cpu_is_shown(&cpus[i]))
            return &cpus[i];
        if (cpus[i].stalled.src && !first)
            first = &cpus[i];
    }
    return first;
}

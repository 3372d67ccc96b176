/* parse_stacks.c - the stacks of other CPUs and tasks in one report.
 *
 *   Sending NMI from CPU 3 to CPUs 0:
 *   NMI backtrace for cpu 0                                     registers and a stack follow
 *   NMI backtrace for cpu 9 skipped: idling at native_safe_halt+0xe/0x10
 *   Task dump for CPU 3:                                        a task line and a stack follow
 *   task:bash            state:R  running task     stack:0     pid:205   ppid:1 flags:0x00000202
 *   bash            R  running task        0   205      1 0x00000202                to 5.9
 *   rsyslogd        D ffff88003d3b1a80     0   161      2 0x00000000                to 4.8
 *
 * nmi_trigger_cpumask_backtrace(), dump_cpu_task(), sched_show_task(). There is no end marker: what
 * follows is of the CPU or task that was named last.
 */
#include "family/fault/parse_fault.h"
#include "family/hang/parse_hang.h"
#include "family/shared/parse_shared.h"

#define MAX_CPUS 512u
#define MAX_TASKS 128u

/* own[KD_OWN_WHOSE]: the low byte says of whom the next frames are, above it are marks */
enum { OF_MAIN, OF_CPU, OF_TASK, WHOSE = 0xff, ASKED = 0x100, REGISTERS_DONE = 0x200 };

static void turn_to(kd_parse *parse, uint32_t whose, uint32_t index)
{
    parse->own[KD_OWN_WHOSE] = (parse->own[KD_OWN_WHOSE] & ASKED) | whose;
    parse->own[KD_OWN_INDEX] = index;
    parse->own[KD_OWN_TRACE] = 0;
}

bool kd_stacks_asked(const kd_parse *parse)
{
    return parse->own[KD_OWN_WHOSE] & ASKED;
}

/* ---- entries --------------------------------------------------------------------------------- */

kdf_hang_cpu *kd_stacks_cpu(kd_parse *parse, const kd_stacks *stacks, uint64_t cpu)
{
    kdf_hang_cpu *items = stacks->cpus->items;
    for (uint32_t i = 0; i < stacks->cpus->count; i++)
        if (items[i].cpu.v == cpu)
            return &items[i];
    kdf_hang_cpu *item = stacks->cpus->count < MAX_CPUS
                             ? KD_LIST_ADD(parse->arena, stacks->cpus, kdf_hang_cpu)
                             : NULL;
    if (item)
        item->cpu = (kd_u64){ cpu, parse->src };
    return item;
}

void kd_stacks_turn_to_cpu(kd_parse *parse, const kd_stacks *stacks, uint64_t cpu)
{
    kdf_hang_cpu *item = kd_stacks_cpu(parse, stacks, cpu);
    if (item)
        turn_to(parse, OF_CPU, (uint32_t)(item - KD_ITEMS(*stacks->cpus, kdf_hang_cpu)));
}

static kdf_hang_cpu *cpu_at_hand(const kd_parse *parse, const kd_stacks *stacks)
{
    bool is_cpu = (parse->own[KD_OWN_WHOSE] & WHOSE) == OF_CPU;
    return is_cpu ? &KD_ITEMS(*stacks->cpus, kdf_hang_cpu)[parse->own[KD_OWN_INDEX]] : NULL;
}

static kdf_hang_task *task_at_hand(const kd_parse *parse, const kd_stacks *stacks)
{
    bool is_task = (parse->own[KD_OWN_WHOSE] & WHOSE) == OF_TASK;
    return is_task ? &KD_ITEMS(*stacks->tasks, kdf_hang_task)[parse->own[KD_OWN_INDEX]] : NULL;
}

void kd_stacks_task(kd_parse *parse, const kd_stacks *stacks, const char *role)
{
    kdf_hang_task *item = stacks->tasks && stacks->tasks->count < MAX_TASKS
                              ? KD_LIST_ADD(parse->arena, stacks->tasks, kdf_hang_task)
                              : NULL;
    if (!item)
        return;
    item->role = (kd_text){ kd_str_of(role), parse->src };
    turn_to(parse, OF_TASK, stacks->tasks->count - 1);
}

/* ---- task lines ------------------------------------------------------------------------------ */

/* "task:%-15.15s state:%c ... pid:%5d ... ppid:%6d" */
static bool scan_new_task_line(kd_str text, kd_task_line *out)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    if (!kd_scan_literal(&in, "task:") || !kd_scan_past(&in, " state:", &out->comm) ||
        kd_scan_left(&in) == 0)
        return false;
    out->comm = kd_str_trim(out->comm);
    out->state = (kd_str){ in.at++, 1 };
    out->running = kd_str_has(text, "running task");
    if (!kd_scan_past(&in, " pid:", &skipped) || !kd_scan_blanks(&in) ||
        !kd_scan_u64(&in, &out->pid))
        return false;
    out->has_ppid = kd_scan_past(&in, " ppid:", &skipped) && kd_scan_blanks(&in) &&
                    kd_scan_u64(&in, &out->ppid);
    return true;
}

/* Behind the state: "[running task [on cpu N]] [pc] free-stack pid ppid 0xflags" */
static bool scan_old_numbers(kd_scan in, kd_task_line *out)
{
    uint64_t numbers[2] = { 0, 0 };
    size_t count = 0;
    kd_str word;
    for (size_t words = 0; words < 9 && kd_scan_blanks(&in) && kd_scan_word(&in, &word); words++) {
        kd_scan digits = kd_scan_of(word);
        uint64_t number;
        if (kd_str_in_words(word, "running task on cpu")) {
            out->running = true;
            continue;
        }
        if (kd_str_starts(word, "0x")) {
            out->pid = numbers[0];
            out->ppid = numbers[1];
            out->has_ppid = true;
            return count >= 2;
        }
        bool decimal = kd_scan_u64(&digits, &number) && kd_scan_at_end(&digits);
        digits = kd_scan_of(word);
        if (!decimal && (!kd_scan_hex(&digits, &number) || !kd_scan_at_end(&digits)))
            return false;
        numbers[0] = numbers[1];
        numbers[1] = number;
        count++;
    }
    return false;
}

/* "%-15.15s %c ...": the name may hold blanks, so each lone state letter is tried. */
static bool scan_old_task_line(kd_str text, kd_task_line *out)
{
    for (size_t i = 2; i < text.len && i < 24; i++) {
        char after = i + 1 < text.len ? text.ptr[i + 1] : '\0';
        if (text.ptr[i - 1] != ' ' || (after != ' ' && !kd_is_digit(after)) ||
            !kd_str_in_words((kd_str){ text.ptr + i, 1 }, "R S D T t X Z x K W P N n I"))
            continue;
        kd_scan in = kd_scan_of(kd_str_from(text, i + 1));
        out->running = false;
        if (!scan_old_numbers(in, out))
            continue;
        out->comm = kd_str_trim((kd_str){ text.ptr, i });
        out->state = (kd_str){ text.ptr + i, 1 };
        return true;
    }
    return false;
}

bool kd_scan_task_line(kd_str text, kd_task_line *out)
{
    *out = (kd_task_line){ .pid = 0 };
    return scan_new_task_line(text, out) || scan_old_task_line(text, out);
}

/* Fills the entry at hand, or opens one for a task of its own. */
static void put_task_line(kd_parse *parse, const kd_stacks *stacks, const kd_task_line *line)
{
    kdf_hang_cpu *cpu = cpu_at_hand(parse, stacks);
    kdf_hang_task *task = stacks->tasks ? task_at_hand(parse, stacks) : NULL;
    if (cpu && !cpu->state.src && cpu->backtrace.count == 0) {
        kd_put(parse, &cpu->comm, line->comm);
        kd_put(parse, &cpu->pid, line->pid);
        kd_put(parse, &cpu->state, line->state);
        return;
    }
    if (!task || task->pid.src) {
        kd_stacks_task(parse, stacks, "current");
        task = stacks->tasks ? task_at_hand(parse, stacks) : NULL;
    }
    if (!task)
        return;
    kd_put(parse, &task->comm, line->comm);
    kd_put(parse, &task->pid, line->pid);
    kd_put(parse, &task->state, line->state);
}

/* ---- headers of a CPU ------------------------------------------------------------------------ */

/* "NMI backtrace for cpu 9", "... skipped: idling at SYM" */
static bool take_nmi(kd_parse *parse, const kd_stacks *stacks, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu;
    kd_str place;
    if (!kd_scan_literal(&in, "NMI backtrace for cpu ") || !kd_scan_u64(&in, &cpu))
        return false;
    kd_stacks_turn_to_cpu(parse, stacks, cpu);
    kdf_hang_cpu *item = cpu_at_hand(parse, stacks);
    if (item && kd_scan_literal(&in, " skipped: idling at ") && kd_scan_rest(&in, &place))
        kd_put(parse, &item->idling_at, place);
    return true;
}

static void note_asked(kd_parse *parse, const kd_stacks *stacks, kd_scan in)
{
    uint64_t first, last;
    while (kd_scan_u64(&in, &first)) {
        last = first;
        if (kd_scan_char(&in, '-') && !kd_scan_u64(&in, &last))
            return;
        for (uint64_t cpu = first; cpu <= last && cpu - first < MAX_CPUS; cpu++) {
            kdf_hang_cpu *item = kd_stacks_cpu(parse, stacks, cpu);
            if (item)
                kd_put(parse, &item->asked, true);
        }
        if (!kd_scan_char(&in, ','))
            return;
    }
}

/* "Sending NMI from CPU 3 to CPUs 0,2-3:", "sending NMI to all CPUs:" */
static bool take_sending(kd_parse *parse, const kd_stacks *stacks, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t from;
    bool to_all = kd_str_starts(text, "sending NMI to ") || kd_str_starts(text, "Sending NMI to ");
    if (!to_all && (!kd_scan_literal(&in, "Sending NMI from CPU ") || !kd_scan_u64(&in, &from) ||
                    !kd_scan_literal(&in, " to CPUs ")))
        return false;
    parse->own[KD_OWN_WHOSE] |= ASKED;
    if (!to_all)
        note_asked(parse, stacks, in);
    return true;
}

static bool take_task_dump(kd_parse *parse, const kd_stacks *stacks, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t cpu;
    if (!kd_scan_literal(&in, "Task dump for CPU ") || !kd_scan_u64(&in, &cpu))
        return false;
    kd_stacks_turn_to_cpu(parse, stacks, cpu);
    return true;
}

/* "CPU: 2 PID: 1049 Comm: NetworkManager ...": release and machine for the report, the task for
 * the CPU. A line of another CPU than that at hand begins that one's dump. */
static bool take_cpu_line(kd_parse *parse, const kd_stacks *stacks, const kd_line *line)
{
    kdf_task task = { .cpu = { 0, 0 } };
    kd_block_state own = { 0, 0, false, false }, *state = parse->state;
    parse->state = &own;
    bool taken = kd_block_task.take(parse, &task, line) == KD_TAKEN;
    parse->state = state;
    if (!taken)
        return false;
    kdf_hang_cpu *item = cpu_at_hand(parse, stacks);
    if (task.cpu.src && (!item || item->cpu.v != task.cpu.v)) {
        kd_stacks_turn_to_cpu(parse, stacks, task.cpu.v);
        item = cpu_at_hand(parse, stacks);
    }
    if (item && task.comm.src)
        kd_put(parse, &item->comm, task.comm.v);
    if (item && task.pid.src)
        kd_put(parse, &item->pid, task.pid.v);
    if (!stacks->task)
        return true;
    if (!stacks->task->kernel_release.src && task.kernel_release.src) {
        stacks->task->kernel_release = task.kernel_release;
        stacks->task->build = task.build;
        stacks->task->taint = task.taint;
    }
    if (!stacks->task->hardware.src)
        stacks->task->hardware = task.hardware;
    if (stacks->task->modules.count == 0)
        stacks->task->modules = task.modules;
    return true;
}

/* ---- registers and frames -------------------------------------------------------------------- */

static kd_list *frames_at_hand(const kd_parse *parse, const kd_stacks *stacks)
{
    kdf_hang_cpu *cpu = cpu_at_hand(parse, stacks);
    if (cpu)
        return &cpu->backtrace;
    kdf_hang_task *task = stacks->tasks ? task_at_hand(parse, stacks) : NULL;
    return task ? &task->backtrace : NULL;
}

static kdf_symbol *ip_at_hand(const kd_parse *parse, const kd_stacks *stacks)
{
    kdf_hang_cpu *cpu = cpu_at_hand(parse, stacks);
    kdf_hang_task *task = stacks->tasks ? task_at_hand(parse, stacks) : NULL;
    return cpu ? &cpu->ip : task ? &task->ip : NULL;
}

/* "--- interrupt: 901 at SYM" of powerpc, "TPC: <SYM>" of sparc */
static bool take_other_ip(kd_parse *parse, const kd_stacks *stacks, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kdf_symbol symbol = { .size = { 0, 0 } }, *ip = ip_at_hand(parse, stacks);
    kd_str skipped;
    bool interrupt = kd_str_starts(text, "--- interrupt: ") && kd_scan_past(&in, " at ", &skipped);
    if (!interrupt && !kd_scan_literal(&in, "TPC: <"))
        return false;
    if (ip && !ip->function.src && kd_scan_symbol(&in, &symbol, parse->src) && symbol.size.src)
        *ip = symbol;
    return true;
}

/* The registers of sparc; "LR = SYM" of powerpc. */
static bool is_register_row(kd_str text)
{
    static const char *const begins[] = {
        "I7: <", "LR = ", "RPC: <", "TSTATE: ", "g0: ", "g4: ",
        "i0: ",  "i4: ",  "l0: ",   "l4: ",     "o0: ", "o4: ",
    };
    return kd_str_starts_any(text, begins, KD_COUNT(begins));
}

/* Registers are taken for the instruction pointer alone. */
static bool take_registers(kd_parse *parse, const kd_stacks *stacks, const kd_line *line)
{
    kdf_oops scratch = { .headline = { { NULL, 0 }, 0 } };
    kd_block_state own = { 0, 0, false, false }, *state = parse->state;
    bool done = parse->own[KD_OWN_WHOSE] & REGISTERS_DONE;
    own.at = done;
    if (take_other_ip(parse, stacks, line->text) || is_register_row(line->text))
        return true;
    parse->state = &own;
    bool taken = kd_block_registers.take(parse, &scratch, line) == KD_TAKEN ||
                 kd_block_code.take(parse, &scratch.code, line) == KD_TAKEN;
    parse->state = state;
    if (own.at)
        parse->own[KD_OWN_WHOSE] |= REGISTERS_DONE;
    kdf_symbol *ip = ip_at_hand(parse, stacks);
    if (taken && ip && !ip->function.src && !done && !own.at)
        *ip = scratch.ip;
    return taken;
}

/* The state of the trace block, in one word of ours. */
static bool take_frame(kd_parse *parse, const kd_stacks *stacks, const kd_line *line)
{
    uint32_t word = parse->own[KD_OWN_TRACE];
    kd_block_state own = { word & 0xffff, word >> 16, false, false }, *state = parse->state;
    kd_list *frames = frames_at_hand(parse, stacks);
    if (!frames)
        return false;
    parse->state = &own;
    bool taken = kd_block_trace.take(parse, frames, line) == KD_TAKEN;
    parse->state = state;
    if (taken)
        parse->own[KD_OWN_TRACE] = (own.at & 0xffff) | own.more << 16;
    return taken;
}

kd_verdict kd_stacks_take(kd_parse *parse, const kd_stacks *stacks, const kd_line *line)
{
    kd_task_line task;
    kd_str text = line->text;
    bool of_main = (parse->own[KD_OWN_WHOSE] & WHOSE) == OF_MAIN;
    if (take_sending(parse, stacks, text) || take_task_dump(parse, stacks, text) ||
        take_nmi(parse, stacks, text))
        return KD_TAKEN;
    if (of_main && stacks->main && stacks->main->count == 0)
        return KD_NOT_MINE;
    bool any = !stacks->main || !of_main || kd_str_starts(text, "CPU: ");
    if (any && take_cpu_line(parse, stacks, line))
        return KD_TAKEN;
    if (of_main && stacks->main)
        return KD_NOT_MINE;
    if (kd_scan_task_line(text, &task)) {
        put_task_line(parse, stacks, &task);
        return KD_TAKEN;
    }
    return take_registers(parse, stacks, line) || take_frame(parse, stacks, line) ? KD_TAKEN
                                                                                  : KD_NOT_MINE;
}

/* parse_atomic.c - a sleep where none is allowed.
 *
 *   BUG: scheduling while atomic: wpa_supplicant/903/0x00000202
 *   BUG: sleeping function called from invalid context at kernel/locking/mutex.c:271
 *   in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 710, name: ip
 *   preempt_count: ffffffff, expected: 0                                              5.17+
 *   RCU nest depth: 1, expected: 0                                                    5.17+
 *   Preemption disabled at:
 *   [<ffffffff81234567>] f+0x1/0x2
 *
 * __schedule_bug(), __might_resched(). FILE:LINE is the place of the check, not of the mistake.
 */
#include "family/lock/parse_lock.h"
#include "family/lock/preempt_count.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

/* It is printed as 0x%08x. */
#define COUNT_DIGITS 8

/* parse->own[0]: the next line may name where preemption was disabled */

/* "wpa_supplicant/903/0x00000202": numbers from the right */
static kd_verdict open_scheduling(kd_parse *parse, kdf_atomic *atomic, kd_str text)
{
    const char *slash = kd_str_find_last(text, "/0x");
    kd_str who, comm;
    uint64_t count, pid;
    if (!slash)
        return kd_str_has(text, "/") ? KD_NOT_MINE : KD_UNFINISHED;
    kd_scan in = { slash + 1, text.ptr + text.len, false };
    who = (kd_str){ text.ptr, (size_t)(slash - text.ptr) };
    const char *digits = slash + 3;
    if (!kd_scan_hex(&in, &count) || !kd_scan_comm_pid(who, &comm, &pid))
        return KD_NOT_MINE;
    kd_put(parse, &atomic->task.comm, comm);
    kd_put(parse, &atomic->task.pid, pid);
    if (in.at - digits >= COUNT_DIGITS) /* else it was cut */
        kd_put(parse, &atomic->preempt_count, count & UINT32_MAX);
    parse->event->kind = &kd_kind_scheduling_while_atomic;
    return KD_TAKEN;
}

static bool read_number(kd_str text, const char *label, uint64_t *out, bool hex)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    return kd_scan_past(&in, label, &skipped) &&
           (hex ? kd_scan_hex(&in, out) : kd_scan_u64(&in, out));
}

/* "in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 710, name: ip" */
static bool take_state(kd_parse *parse, kdf_atomic *atomic, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t number;
    kd_str skipped, name;
    if (!kd_str_starts(text, "in_atomic(): "))
        return false;
    if (read_number(text, "in_atomic(): ", &number, false))
        kd_put(parse, &atomic->in_atomic, number);
    if (read_number(text, "irqs_disabled(): ", &number, false))
        kd_put(parse, &atomic->irqs_disabled, number);
    if (read_number(text, "non_block: ", &number, false))
        kd_put(parse, &atomic->non_block, number);
    if (read_number(text, ", pid: ", &number, false))
        kd_put(parse, &atomic->task.pid, number);
    if (kd_scan_past(&in, ", name: ", &skipped) && kd_scan_rest(&in, &name) && name.len > 0)
        kd_put(parse, &atomic->task.comm, name);
    return true;
}

/* The line behind a headline that is lost. */
static bool open_tail(kd_parse *parse, kdf_atomic *atomic, kd_str text)
{
    static const char *const heads[] = { "sleeping function called from invalid context" };
    return kd_str_starts(text, "in_atomic(): ") && kd_str_has(text, ", irqs_disabled(): ") &&
           kd_str_has(text, ", name: ") && !kd_back_has(parse, heads, KD_COUNT(heads)) &&
           take_state(parse, atomic, text);
}

static kd_verdict open_atomic(kd_parse *parse, const kd_line *line)
{
    kdf_atomic *atomic = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str before, rest;
    kd_verdict verdict = KD_NOT_MINE;
    if (kd_scan_past(&in, "BUG: scheduling while atomic: ", &before) && before.len <= 64) {
        kd_scan_rest(&in, &rest);
        verdict = open_scheduling(parse, atomic, rest);
    } else if (kd_scan_past(&in, "BUG: sleeping function called from invalid context at",
                            &before) &&
               before.len <= 64) {
        kd_scan_rest(&in, &rest);
        rest = kd_str_trim(rest);
        if (rest.len == 0)
            return KD_UNFINISHED;
        kd_put(parse, &atomic->place, rest);
        verdict = KD_TAKEN;
    } else if (open_tail(parse, atomic, line->text)) {
        verdict = KD_TAKEN;
    }
    if (verdict == KD_TAKEN)
        kd_put(parse, &atomic->headline, line->text);
    return verdict;
}

static bool take_counts(kd_parse *parse, kdf_atomic *atomic, kd_str text)
{
    uint64_t number;
    if (kd_str_starts(text, "preempt_count: ") &&
        read_number(text, "preempt_count: ", &number, true)) {
        if (kd_str_has(text, ", ")) /* else it was cut */
            kd_put(parse, &atomic->preempt_count, number & UINT32_MAX);
    } else if (kd_str_starts(text, "RCU nest depth: ") &&
               read_number(text, "RCU nest depth: ", &number, false))
        kd_put(parse, &atomic->rcu_depth, number);
    else
        return false;
    return true;
}

static void read_place(kd_parse *parse, kdf_atomic *atomic, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    kdf_symbol symbol = { .size = { 0, 0 } };
    if (kd_scan_literal(&in, "[<") && !kd_scan_past(&in, ">]", &skipped))
        return;
    kd_scan_blanks(&in);
    if (kd_scan_symbol(&in, &symbol, parse->src) && symbol.size.src)
        atomic->disabled_at = symbol;
}

static bool take_disabled_at(kd_parse *parse, kdf_atomic *atomic, kd_str text)
{
    static const kd_str label = { "Preemption disabled at:", 23 };
    if (kd_str_starts(text, label.ptr)) {
        kd_str rest = kd_str_trim(kd_str_from(text, label.len));
        parse->own[0] = rest.len == 0;
        read_place(parse, atomic, rest);
        return true;
    }
    bool next = parse->own[0];
    parse->own[0] = 0;
    if (!next || !kd_str_has(text, "+0x"))
        return next && kd_str_starts(text, "[<");
    read_place(parse, atomic, text);
    return true;
}

static kd_verdict more_atomic(kd_parse *parse, const kd_line *line)
{
    kdf_atomic *atomic = parse->body;
    kd_str text = line->text;
    if (atomic->backtrace.count == 0 && kd_str_starts(text, "Kernel panic - not syncing: "))
        return KD_NOT_MINE; /* its stack may be of this report */
    if (kd_other_report_begins(text))
        return KD_OVER;
    if (text.len > 0 && take_disabled_at(parse, atomic, text))
        return KD_TAKEN;
    if (take_state(parse, atomic, text) || take_counts(parse, atomic, text) ||
        kd_str_starts(text, "irq event stamp: ") || kd_str_starts(text, "hardirqs last ") ||
        kd_str_starts(text, "softirqs last ") || kd_str_starts(text, "Thread overran stack"))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

/* The task only came by: it returns to user space, or goes to sleep as it may. */
static bool only_came_by(const kd_list *backtrace)
{
    const kdf_frame *frames = backtrace->items;
    for (uint32_t i = 0; i < backtrace->count; i++) {
        if (!kd_frame_is_sure(&frames[i]))
            continue;
        kd_str bare = kd_bare_name(frames[i].function.v);
        if (kd_wait_passes(frames[i].function.v) || kd_blame_skips(frames[i].function.v))
            continue;
        return kd_bare_is(bare, "exit_to_user_mode*") || kd_bare_is(bare, "work_resched") ||
               kd_bare_is(bare, "work_pending") || kd_bare_is(bare, "do_work_pending") ||
               kd_bare_is(bare, "prepare_exit_to_usermode") || kd_bare_is(bare, "syscall_exit_*") ||
               kd_bare_is(bare, "irqentry_exit_to_user*") || kd_bare_is(bare, "do_idle") ||
               kd_bare_is(bare, "cpu_startup_entry") || kd_bare_is(bare, "cpu_idle*") ||
               kd_bare_is(bare, "retint_*") || kd_bare_is(bare, "do_notify_resume");
    }
    return backtrace->count > 0;
}

static void close_atomic(kd_parse *parse)
{
    kdf_atomic *atomic = parse->body;
    bool scheduling = kd_event_is(parse->event, &kd_kind_scheduling_while_atomic);
    kd_preempt preempt;
    kd_preempt_read((uint32_t)atomic->preempt_count.v, scheduling, &preempt);
    if (preempt.negative)
        kd_blame_none(&atomic->blame,
                      "the count is negative: somebody enabled once too often before, "
                      "this call is innocent");
    else if (scheduling && preempt.value == 0)
        kd_blame_none(&atomic->blame,
                      "the count is one too low: somebody enabled once too often before, "
                      "this call is innocent");
    else if (scheduling && only_came_by(&atomic->backtrace))
        kd_blame_none(&atomic->blame,
                      "the task only came by the scheduler: who left the count raised "
                      "ran before");
    else
        kd_blame_waiter(&atomic->blame, &atomic->backtrace, NULL, NULL);
    if (atomic->backtrace.count > 0)
        parse->event->complete = true;
}

static void beside_atomic(kd_parse *parse, const kd_event *other)
{
    kdf_atomic *atomic = parse->body;
    kd_trace_borrow(parse, &atomic->backtrace, other);
}

static const char *const anchors[] = { "scheduling while atomic: ", "sleeping function called from",
                                       "in_atomic(): ", NULL };

static const kd_block_use blocks[] = {
    { &kd_block_held_locks, offsetof(kdf_atomic, held) },
    { &kd_block_task, offsetof(kdf_atomic, task) },
    { &kd_block_trace, offsetof(kdf_atomic, backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_atomic = {
    .name = "atomic",
    .anchors = anchors,
    .kind = &kd_kind_atomic_sleep,
    .blocks = blocks,
    .open = open_atomic,
    .more = more_atomic,
    .close = close_atomic,
    .beside = beside_atomic,
};

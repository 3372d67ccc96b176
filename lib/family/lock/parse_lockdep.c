/* parse_lockdep.c - what lockdep and the debugging locks report.
 *
 *   ======================================================
 *   WARNING: possible circular locking dependency detected                            4.12+
 *   [ INFO: possible circular locking dependency detected ]                           to 4.11
 *   4.15.0+ #221 Not tainted
 *   syz-executor5/5807 is trying to acquire lock:
 *    (sk_lock-AF_INET){+.+.}, at: [<00000000d5a2c5ad>] do_ip_setsockopt+0x1d3/0x2f0
 *   but task is already holding lock:
 *   -> #2 (rtnl_mutex){+.+.}:                                  a stack follows
 *   inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage.
 *   stack backtrace:
 *   INFO: trying to register non-static key.
 *   BUG: spinlock lockup suspected on CPU#2, syz-executor/12636
 *   BUG: using __this_cpu_read() in preemptible [00000000] code: syz-executor7/6729
 *   BUG: workqueue leaked lock or atomic: kworker/u2:2/0x00000001/127
 *
 * print_circular_bug() and its like in kernel/locking/lockdep.c, lockdep_rcu_suspicious(),
 * spin_dump(), check_preemption_disabled(), process_one_work(). Line breaks inside a record are
 * shown as "#012", or as lines without a prefix of their own.
 */
#include "family/lock/parse_lock.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

#define MAX_STACKS 64u

/* parse->own: which stack the next frames are of; the state of the trace block there; which lock
 * comes next; 1 + number of the stack */
enum { OWN_WHERE, OWN_TRACE, OWN_LOCK };
enum { NOWHERE, OF_EARLIER, OF_TASK };
enum { NO_LOCK, WANTED, HOLDING };

static const struct {
    const char *words, *report;
} titles[] = {
#define KD_TITLE(words, report) { words, report },
#include "family/lock/lockdep_title.def"
#undef KD_TITLE
};

static const char *const machinery[] = {
#define KD_LOCKDEP(name) name,
#include "family/lock/lockdep.def"
#undef KD_LOCKDEP
};

/* ---- the header ------------------------------------------------------------------------------ */

/* "..., COMM/PID" and "code: COMM/PID" of the one-line headers */
static void read_task(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    const char *at = kd_str_find(text, "code: "), *comma = kd_str_find_last(text, ", ");
    kd_str who = at      ? kd_str_from(text, (size_t)(at + 6 - text.ptr))
                 : comma ? kd_str_from(text, (size_t)(comma + 2 - text.ptr))
                         : (kd_str){ NULL, 0 };
    kd_str comm;
    uint64_t pid;
    if (who.len == 0 || !kd_scan_comm_pid(who, &comm, &pid))
        return;
    kd_put(parse, &lockdep->task.comm, comm);
    kd_put(parse, &lockdep->task.pid, pid);
}

/* The words before the title that make it a header. */
static bool is_header(kd_str before)
{
    return before.len <= 160 && (kd_str_has(before, "WARNING: ") || kd_str_has(before, "INFO: ") ||
                                 kd_str_has(before, "BUG: "));
}

/* ---- lines between --------------------------------------------------------------------------- */

/* "4.15.0+ #221 Not tainted", "3.4.0-wl+ #4 Tainted: G W" */
static bool take_ident(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    const char *mark = kd_str_find(text, " #"), *taint = kd_str_find(text, "Tainted: ");
    if (lockdep->task.kernel_release.src || !mark || text.len == 0 || !kd_is_digit(text.ptr[0]) ||
        (!taint && !kd_str_has(text, "Not tainted")))
        return false;
    kd_str release = { text.ptr, (size_t)(mark - text.ptr) };
    if (!kd_str_has(release, ".") || kd_str_has(release, " "))
        return false;
    kd_put(parse, &lockdep->task.kernel_release, release);
    kd_put(parse, &lockdep->task.taint.raw,
           taint ? kd_str_trim(kd_str_from(text, (size_t)(taint + 9 - text.ptr))) : KD_STR(""));
    return true;
}

/* "syz-executor5/5807 is trying to acquire lock:", "kworker/u:2/30374 [HC0[0]:SC0[0]:HE1:SE1]
 * takes:" */
static bool take_actor(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    static const char *const verbs[] = { " is trying to ", " is freeing ", " is leaving ",
                                         " just changed ", " is exiting ", " [HC" };
    for (size_t i = 0; i < KD_COUNT(verbs); i++) {
        kd_scan in = kd_scan_of(text);
        kd_str who, comm, rest;
        uint64_t pid;
        if (!kd_scan_past(&in, verbs[i], &who) || !kd_scan_comm_pid(who, &comm, &pid))
            continue;
        kd_put(parse, &lockdep->task.comm, comm);
        kd_put(parse, &lockdep->task.pid, pid);
        parse->own[OWN_LOCK] = WANTED;
        kd_scan_rest(&in, &rest);
        const char *name = kd_str_find(rest, " lock (");
        const char *end = name ? kd_str_find(rest, ") at:") : NULL;
        if (end && end > name + 7) { /* "release lock (CLASS) at:", "contend lock (CLASS) at:" */
            kd_put(parse, &lockdep->wanted.name, ((kd_str){ name + 7, (size_t)(end - name) - 7 }));
            parse->own[OWN_LOCK] = NO_LOCK;
        }
        return true;
    }
    return false;
}

/* Where the title is lost, a sentence below it says the same. */
static bool take_sentence(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    static const struct {
        const char *begins, *report;
    } sentences[] = {
        { "which lock already depends on the new lock", "circular" },
        { "May be due to missing lock nesting notation", "recursive" },
        { "inconsistent {", "inconsistent" },
    };
    for (size_t i = 0; i < KD_COUNT(sentences); i++)
        if (!lockdep->report.src && kd_str_starts(text, sentences[i].begins)) {
            kd_put(parse, &lockdep->report, kd_str_of(sentences[i].report));
            return true;
        }
    return false;
}

/* "rcu_scheduler_active = 2, debug_locks = 1": no other report has that line. */
#define RCU_STATE "rcu_scheduler_active = "
#define RELEASES " is trying to release lock ("

static bool open_rcu_or_balance(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    static const char *const heads[] = { "suspicious RCU usage",
                                         "suspicious rcu_dereference_check() usage.",
                                         "bad unlock balance", "bad contention detected" };
    bool rcu = kd_str_starts(text, RCU_STATE);
    if ((!rcu && !kd_str_has(text, RELEASES)) || kd_back_has(parse, heads, KD_COUNT(heads)) ||
        (!rcu && !take_actor(parse, lockdep, text)))
        return false;
    kd_put(parse, &lockdep->report, kd_str_of(rcu ? "rcu" : "unlock"));
    return true;
}

/* "COMM/PID is freeing memory ...-..., with a lock still held there!": each of one report alone */
static bool open_by_actor(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    static const struct {
        const char *words, *report, *title;
    } rows[] = {
        { " is trying to acquire:", "order", "lock order detected" },
        { " is freeing memory ", "freed", "held lock freed" },
        { " is trying to lock:", "nested", "Nested lock was not taken" },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_str_has(text, rows[i].words) && !kd_back_has(parse, &rows[i].title, 1) &&
            take_actor(parse, lockdep, text)) {
            kd_put(parse, &lockdep->report, kd_str_of(rows[i].report));
            return true;
        }
    return false;
}

/* "syz-executor5/5807 is trying to acquire lock:", "inconsistent {IN-SOFTIRQ-W} -> ... usage." */
static bool open_without_title(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    if (open_rcu_or_balance(parse, lockdep, text) || open_by_actor(parse, lockdep, text))
        return true;
    if (kd_str_ends(text, " is trying to acquire lock:"))
        return take_actor(parse, lockdep, text);
    if (!kd_str_starts(text, "inconsistent {") || !kd_str_ends(text, "} usage."))
        return false;
    kd_put(parse, &lockdep->usage, text);
    return take_sentence(parse, lockdep, text);
}

static kd_verdict open_lockdep(kd_parse *parse, const kd_line *line)
{
    kdf_lockdep *lockdep = parse->body;
    for (size_t i = 0; i < KD_COUNT(titles); i++) {
        kd_scan in = kd_scan_of(line->text);
        kd_str before;
        if (!kd_scan_past(&in, titles[i].words, &before) || !is_header(before))
            continue;
        kd_put(parse, &lockdep->headline, line->text);
        kd_put(parse, &lockdep->report, kd_str_of(titles[i].report));
        read_task(parse, lockdep, line->text);
        return KD_TAKEN;
    }
    return open_without_title(parse, lockdep, line->text) ? KD_TAKEN : KD_NOT_MINE;
}

static bool skips(kd_str function)
{
    kd_str bare = kd_bare_name(function);
    for (size_t i = 0; i < KD_COUNT(machinery); i++)
        if (kd_bare_is(bare, machinery[i]))
            return true;
    return kd_wait_passes(function) || kd_blame_skips(function);
}

/* A decoder of stacks prints a row for each function that is compiled into the taker, the innermost
 * first: "at: spin_lock include/linux/spinlock.h:349 [inline]". */
static void prefer_taker(kdf_held_lock *to, const kdf_held_lock *lock)
{
    if (to->at.function.src && lock->at.function.src && to->address.src &&
        to->address.v == lock->address.v && skips(to->at.function.v))
        to->at = lock->at;
}

static bool take_lock(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    kdf_held_lock lock;
    if (text.len == 0 || text.ptr[0] == '#' || !kd_scan_lock(parse, text, &lock))
        return false;
    if (parse->own[OWN_LOCK] == WANTED && !lockdep->wanted.name.src)
        lockdep->wanted = lock;
    else if (parse->own[OWN_LOCK] == HOLDING && !lockdep->holding.name.src)
        lockdep->holding = lock;
    else if (parse->own[OWN_LOCK] == NO_LOCK)
        prefer_taker(lockdep->holding.name.src ? &lockdep->holding : &lockdep->wanted, &lock);
    parse->own[OWN_LOCK] = NO_LOCK;
    return true;
}

/* A line above a stack of another time. */
static bool is_stack_title(kd_str text)
{
    return kd_str_starts(text, "-> #") || kd_str_starts(text, "... which became ") ||
           kd_str_has(text, "} state was registered at:") || kd_str_ends(text, " at:") ||
           kd_str_starts(text, "... key      at:") || kd_str_starts(text, "... acquired at:");
}

static bool take_stack_title(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    if (!is_stack_title(text))
        return false;
    kdf_lock_stack *stack = lockdep->stacks.count < MAX_STACKS
                                ? KD_LIST_ADD(parse->arena, &lockdep->stacks, kdf_lock_stack)
                                : NULL;
    parse->own[OWN_WHERE] = stack ? OF_EARLIER : NOWHERE;
    parse->own[OWN_TRACE] = 1;
    if (stack)
        stack->role = (kd_text){ text, parse->src };
    return true;
}

/* "./include/linux/rcupdate.h:302 Illegal context switch in RCU read-side critical section!" */
static bool take_place(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    if (!kd_str_is(lockdep->report.v, "rcu") || lockdep->place.src || !kd_scan_word(&in, &word) ||
        (!kd_str_has(word, ".c:") && !kd_str_has(word, ".h:")))
        return false;
    kd_put(parse, &lockdep->place, text);
    return true;
}

static bool take_caller(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kdf_symbol symbol = { .size = { 0, 0 } };
    kd_str counts; /* "preempt=0x00000000 lock=0->1 RCU=0->0 workfn=foo_work [foo]": 6.11+ */
    if (!kd_scan_literal(&in, "caller is ") && !kd_scan_literal(&in, "last function: ") &&
        !(kd_str_starts(text, "preempt=0x") && kd_scan_past(&in, " workfn=", &counts)))
        return false;
    if (kd_scan_symbol(&in, &symbol, parse->src) && symbol.function.src && !lockdep->caller.src) {
        lockdep->caller = symbol.function;
        lockdep->blame.module = symbol.module;
    }
    return true;
}

/* The words around scenario, chain and lists; they carry nothing that is not elsewhere. */
static bool is_company(kd_str text)
{
    static const char *const begins[] = {
#define KD_COMPANY(begins) begins,
#include "family/lock/lockdep_company.def"
#undef KD_COMPANY
    };
    return kd_str_starts_any(text, begins, KD_COUNT(begins)) || kd_str_has(text, " --> ") ||
           kd_str_has(text, "} -> (") || kd_str_has(text, "{ [") || kd_str_ends(text, "ops: 1 {") ||
           kd_str_ends(text, "{");
}

static bool turns(kd_parse *parse, kdf_lockdep *lockdep, kd_str text)
{
    if (kd_str_starts(text, "stack backtrace:")) {
        parse->own[OWN_WHERE] = OF_TASK;
        parse->own[OWN_TRACE] = 0;
        return true;
    }
    if (kd_str_has(text, "already holding")) {
        parse->own[OWN_LOCK] = HOLDING;
        return true;
    }
    if (kd_str_starts(text, "inconsistent {")) {
        kd_put(parse, &lockdep->usage, text);
        take_sentence(parse, lockdep, text);
        return true;
    }
    return take_sentence(parse, lockdep, text);
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* Frames of an earlier stack have no header of their own. */
static bool take_earlier_frame(kd_parse *parse, kdf_lockdep *lockdep, const kd_line *line)
{
    if (parse->own[OWN_WHERE] != OF_EARLIER || lockdep->stacks.count == 0)
        return false;
    kd_list *frames = &KD_ITEMS(lockdep->stacks, kdf_lock_stack)[lockdep->stacks.count - 1].frames;
    kd_block_state own = { parse->own[OWN_TRACE] & 0xffff, parse->own[OWN_TRACE] >> 16, false,
                           false };
    kd_block_state *state = parse->state;
    parse->state = &own;
    bool taken = kd_block_trace.take(parse, frames, line) == KD_TAKEN;
    parse->state = state;
    if (taken)
        parse->own[OWN_TRACE] = (own.at & 0xffff) | own.more << 16;
    return taken;
}

static kd_verdict more_lockdep(kd_parse *parse, const kd_line *line)
{
    kdf_lockdep *lockdep = parse->body;
    kd_line own = *line;
    if (kd_str_starts(own.text, "#012"))
        own.text = kd_str_trim(kd_str_from(own.text, 4));
    kd_str text = own.text;
    if (text.len == 0)
        return KD_NOT_MINE;
    if (kd_str_starts(text, "=====") && lockdep->backtrace.count == 0 && lockdep->stacks.count == 0)
        return KD_TAKEN;
    if (kd_other_report_begins(text) || kd_str_starts(text, "[ INFO: ") ||
        kd_str_starts(text, "[ BUG: "))
        return KD_OVER;
    if (kd_str_starts(text, "CPU: ") || kd_str_starts(text, "Call Trace:") ||
        kd_str_starts(text, "Call trace:") || kd_str_starts(text, "Pid: "))
        parse->own[OWN_WHERE] = OF_TASK;
    if (take_ident(parse, lockdep, text) || take_actor(parse, lockdep, text) ||
        turns(parse, lockdep, text) || take_place(parse, lockdep, text) ||
        take_caller(parse, lockdep, text) || take_lock(parse, lockdep, text) ||
        take_stack_title(parse, lockdep, text) || take_earlier_frame(parse, lockdep, &own))
        return KD_TAKEN;
    if (parse->own[OWN_WHERE] != OF_TASK || lockdep->backtrace.count == 0)
        return is_company(text) ? KD_TAKEN : KD_NOT_MINE;
    return KD_NOT_MINE;
}

/* ---- blame ----------------------------------------------------------------------------------- */

static const kdf_frame *own_frame(const kd_list *frames, uint32_t *index)
{
    const kdf_frame *items = frames->items;
    for (uint32_t i = 0; i < frames->count; i++)
        if (kd_frame_is_sure(&items[i]) && !skips(items[i].function.v)) {
            *index = i;
            return &items[i];
        }
    return NULL;
}

/* "{SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W}": who took it without disabling is in the earlier stack. */
static const kd_list *meant_stack(const kdf_lockdep *lockdep)
{
    const kdf_lock_stack *stacks = lockdep->stacks.items;
    const char *arrow = lockdep->usage.src ? kd_str_find(lockdep->usage.v, " -> ") : NULL;
    if (!arrow || lockdep->stacks.count == 0)
        return NULL;
    kd_str before = { lockdep->usage.v.ptr, (size_t)(arrow - lockdep->usage.v.ptr) };
    return kd_str_has(before, "-ON-") ? &stacks[0].frames : NULL;
}

static void put_blame(kdf_blame *blame, kd_text function, kd_text module, const char *why)
{
    blame->function = function;
    blame->module = module;
    blame->why = (kd_text){ kd_str_of(why), KD_DERIVED };
}

/* A lock that is held too long: where it was taken tells more than where that was seen. */
static bool blame_taker(kdf_lockdep *lockdep)
{
    const kdf_symbol *at = &lockdep->wanted.at;
    const kdf_lock_holder *holder = lockdep->held.items;
    if (!kd_str_in_words(lockdep->report.v, "held freed"))
        return false;
    if (!at->function.src && lockdep->held.count > 0 && holder->locks.count > 0)
        at = &KD_ITEMS(holder->locks, kdf_held_lock)[holder->locks.count - 1].at;
    if (!at->function.src || skips(at->function.v))
        return false;
    put_blame(&lockdep->blame, at->function, at->module, "it took the lock that is still held");
    return true;
}

static void settle_blame(kdf_lockdep *lockdep)
{
    const kd_list *meant = meant_stack(lockdep);
    uint32_t index = 0;
    const kdf_frame *frame = meant ? own_frame(meant, &index) : NULL;
    if (lockdep->caller.src && !skips(lockdep->caller.v)) {
        put_blame(&lockdep->blame, lockdep->caller, lockdep->blame.module,
                  "the function that the message names");
        return;
    }
    if (frame) {
        put_blame(&lockdep->blame, frame->function, frame->module,
                  "it took the lock before without disabling interrupts");
        return;
    }
    if (blame_taker(lockdep))
        return;
    frame = own_frame(&lockdep->backtrace, &index);
    if (frame) {
        put_blame(&lockdep->blame, frame->function, frame->module,
                  "innermost frame that is not lockdep, the scheduler or a lock");
        lockdep->blame.frame = (kd_u64){ index, KD_DERIVED };
        return;
    }
    const kdf_symbol *at = &lockdep->wanted.at;
    const kdf_lock_holder *holders = lockdep->held.items;
    if (!at->function.src && lockdep->held.count > 0 && holders[0].locks.count > 0)
        at = &KD_ITEMS(holders[0].locks, kdf_held_lock)[0].at;
    if (at->function.src && !skips(at->function.v))
        put_blame(&lockdep->blame, at->function, at->module, "where the lock was taken");
    else
        kd_blame_none(&lockdep->blame, "no stack of the task is printed");
}

static void close_lockdep(kd_parse *parse)
{
    kdf_lockdep *lockdep = parse->body;
    if (!lockdep->report.src && lockdep->wanted.name.src &&
        kd_str_eq(lockdep->wanted.name.v, lockdep->holding.name.v))
        lockdep->report = (kd_text){ KD_STR("recursive"), KD_DERIVED };
    settle_blame(lockdep);
    if (lockdep->backtrace.count > 0)
        parse->event->complete = lockdep->headline.src != 0;
}

static const char *const anchors[] = {
    "possible circular locking", "circular locking deadlock", "possible recursive locking",
    "inconsistent lock state", "lock order detected", "irq lock inversion dependency",
    "bad unlock balance", "bad contention detected", "held lock freed", "Nested lock was not taken",
    "lock held when returning", "lock held at task exit", "still has locks held",
    "suspicious RCU usage", "suspicious rcu_dereference_check() usage", "Invalid wait context",
    "chain_key collision", "to register non-static key", "has not been registered!",
    "looking up invalid subclass", "MAX_STACK_TRACE_ENTRIES", "MAX_LOCKDEP_", "MAX_LOCK_DEPTH",
    "BUG: spinlock ", "BUG: rwlock ", "BUG: read-lock ", "BUG: write-lock ", "workqueue leaked ",
    "in preemptible [",
    /* behind a title that is lost */
    " is trying to acquire lock:", " is trying to acquire:", " is trying to lock:",
    " is freeing memory ", "inconsistent {", RCU_STATE, RELEASES, NULL
};

static const kd_block_use blocks[] = {
    { &kd_block_held_locks, offsetof(kdf_lockdep, held) },
    { &kd_block_task, offsetof(kdf_lockdep, task) },
    { &kd_block_trace, offsetof(kdf_lockdep, backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_lockdep = {
    .name = "lockdep",
    .anchors = anchors,
    .kind = &kd_kind_lockdep,
    .blocks = blocks,
    .open = open_lockdep,
    .more = more_lockdep,
    .close = close_lockdep,
};

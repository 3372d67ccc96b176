/* rule_blocked.c - tasks and workers that wait without end. */
#include "family/hang/decode_stall.h"
#include "family/hang/parse_hang.h"
#include "family/hang/rule_hang.h"

const char kd_doc_task_blocked[] = "A task is in uninterruptible sleep for longer than "
                                   "hung_task_timeout_secs. Names what it waits for: nearly always "
                                   "it is a victim, and storage, a server, or the holder of a lock "
                                   "is the cause. Names the holder where the kernel or "
                                   "the list of held locks does.";
const char kd_doc_workqueue_stuck[] =
    "A pool of workers made no progress. The work in flight on it is the culprit, the pending ones "
    "are its victims; "
    "with none in flight the workers cannot run, and the CPU is the matter.";

#define EFFECT_LATER 200u

/* ---- a task ---------------------------------------------------------------------------------- */

/* The lock that it waits for is the last one listed for it; others that list the same may hold it.
 */
static const kdf_held_lock *awaited(const kdf_hung_task *hung)
{
    const kdf_lock_holder *holders = hung->held.items;
    for (uint32_t i = 0; i < hung->held.count; i++)
        if (holders[i].pid.v == hung->victim.pid.v && holders[i].locks.count > 0)
            return &KD_ITEMS(holders[i].locks, kdf_held_lock)[holders[i].locks.count - 1];
    return NULL;
}

static bool lists(const kdf_lock_holder *holder, const kdf_held_lock *lock)
{
    const kdf_held_lock *locks = holder->locks.items;
    for (uint32_t i = 0; i < holder->locks.count; i++)
        if (kd_str_eq(locks[i].name.v, lock->name.v) &&
            (!lock->address.src || locks[i].address.v == lock->address.v))
            return true;
    return false;
}

static void say_listed(const kd_view *view, kd_emit *out, const kdf_hung_task *hung)
{
    const kdf_held_lock *lock = awaited(hung);
    const kdf_lock_holder *holders = hung->held.items;
    uint32_t said = 0;
    bool is_lock = hung->victim.waits_in.src && lock;
    for (uint32_t i = 0; i < hung->held.count && is_lock && said < 4; i++) {
        if (holders[i].pid.v == hung->victim.pid.v || !lists(&holders[i], lock))
            continue;
        kd_say_more(out,
                    said++
                        ? "So does %.*s (%llu)."
                        : "The same lock is listed for %.*s (%llu), which holds it or waits too.",
                    KD_FMT(holders[i].comm.v), KD_LLU(holders[i].pid.v));
        kd_say_evidence(out, view->event, holders[i].comm.src, "may hold %.*s",
                        KD_FMT(lock->name.v));
    }
    if (is_lock)
        kd_say_text(out, "lock", lock->name.v);
}

static bool waits_for_lock(const kdf_hung_task *hung)
{
    return kd_wait_ends_by(hung->victim.waits_for.v) == KD_WAIT_HOLDER;
}

/* A blocked task of the same module that waits for something else than a lock. */
static void say_candidate(const kd_view *view, kd_emit *out, const kdf_hung_task *hung)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = span.from; i < span.to && waits_for_lock(hung); i++) {
        const kd_event *event = wide->events[i];
        const kdf_hung_task *other = KD_BODY(event, hung_task);
        if (!other || other == hung || !kd_stall_is_near(event, view->event, EFFECT_LATER) ||
            waits_for_lock(other) || !other->blame.module.src || !hung->blame.module.src ||
            !kd_str_eq(other->blame.module.v, hung->blame.module.v))
            continue;
        kd_say_more(out,
                    "%.*s (%llu) is blocked in the same module %.*s and waits for no lock: it may "
                    "be the holder.",
                    KD_FMT(other->victim.comm.v), KD_LLU(other->victim.pid.v),
                    KD_FMT(hung->blame.module.v));
        kd_say_evidence(out, event, other->headline.src, "may be the holder");
        kd_say_text(out, "holder_candidate", other->victim.comm.v);
        return;
    }
}

static void say_owner(const kd_view *view, kd_emit *out, const kdf_hung_task *hung)
{
    const kdf_hung_owner *owner = &hung->owner;
    if (owner->pid.src) {
        kd_say_more(out,
                    "The kernel names the %.*s of the %.*s: %.*s (%llu); what that task waits for "
                    "is the cause.",
                    KD_FMT(owner->role.v), KD_FMT(owner->lock.v), KD_FMT(owner->comm.v),
                    KD_LLU(owner->pid.v));
        kd_say_evidence(out, view->event, owner->pid.src, "who holds it");
        kd_say_text(out, "owner", owner->comm.v);
        kd_say_u64(out, "owner_pid", owner->pid.v);
        kd_say_remedy(out,
                      "Look at %.*s (%llu) first: its stack tells why the lock is not given back.",
                      KD_FMT(owner->comm.v), KD_LLU(owner->pid.v));
    } else {
        say_listed(view, out, hung);
        say_candidate(view, out, hung);
    }
}

static void say_wait(const kd_view *view, kd_emit *out, const kdf_hung_task *hung)
{
    const kdf_hung_victim *victim = &hung->victim;
    if (victim->waits_for.src)
        kd_say_more(out, "It waits for %.*s", KD_FMT(victim->waits_for.v));
    if (hung->blame.function.src) {
        kd_say_more(out, "%s %.*s%s.", victim->waits_for.src ? "in" : "It waits in",
                    KD_FMT(hung->blame.function.v),
                    victim->waits_for.src && kd_wait_ends_by(victim->waits_for.v) != KD_WAIT_ALARM
                        ? ": it is a victim of who does not end that"
                        : "");
        kd_say_evidence(out, view->event, hung->blame.function.src, "where it waits");
        kd_say_text(out, "function", hung->blame.function.v);
    } else {
        kd_say_more(out, "%sNo function is to blame: %.*s.", victim->waits_for.src ? ". " : "",
                    KD_FMT(hung->blame.why.v));
    }
    if (victim->waits_for.src)
        kd_say_text(out, "waits_for", victim->waits_for.v);
    if (victim->io_wait.src)
        kd_say_more(out, "The kernel itself says that it waits for I/O.");
}

/* How many others about it wait in the same place. */
static uint64_t alike(const kd_view *view, const kdf_hung_task *hung)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    uint64_t count = 0;
    for (size_t i = span.from; i < span.to; i++) {
        const kdf_hung_task *other = KD_BODY(wide->events[i], hung_task);
        count += other && other != hung && wide->events[i]->boot == view->event->boot &&
                 hung->blame.function.src &&
                 kd_str_eq(other->blame.function.v, hung->blame.function.v);
    }
    return count;
}

/* The diagnosis of the task that holds what this one waits for. */
static bool say_owner_diag(const kd_view *view, kd_emit *out, const kdf_hung_task *hung)
{
    const kd_wide_view *wide = kd_wide(view);
    for (size_t i = kd_neighbours(wide).from; i < wide->index && hung->owner.pid.src; i++) {
        const kdf_hung_task *other = KD_BODY(wide->events[i], hung_task);
        const kd_diag *diag = other && other->victim.pid.v == hung->owner.pid.v
                                  ? kd_diag_of("hang.task-blocked", wide->events[i])
                                  : NULL;
        if (!diag)
            continue;
        kd_say_caused_by(out, diag);
        kd_emit_role(out, KD_EFFECT);
        return true;
    }
    return false;
}

static void say_task_remedies(kd_emit *out, const kdf_hung_task *hung)
{
    kd_wait_end by = kd_wait_ends_by(hung->victim.waits_for.v);
    if (by == KD_WAIT_STORAGE)
        kd_say_remedy(out, "Look for time-outs, resets and errors of the storage before this line; "
                           "without any, the device "
                           "is overloaded or silent.");
    if (by == KD_WAIT_SERVER || hung->server.src)
        kd_say_remedy(out, "Look at the file server and the network between.");
    if (by == KD_WAIT_DAEMON)
        kd_say_remedy(out, "Look at the process that serves the file system: whether it lives, and "
                           "what it waits for.");
    if (!hung->owner.pid.src && by == KD_WAIT_HOLDER)
        kd_say_remedy(out, "Find the holder among the tasks in state D or R that are not in a lock "
                           "themselves (sysrq-w, "
                           "sysrq-t); 6.18 and later name it.");
    kd_say_remedy(out, "See whether it recovers: the report comes at a threshold "
                       "(kernel.hung_task_timeout_secs), and the "
                       "kernel stops after kernel.hung_task_warnings of them.");
}

static void say_victim(kd_emit *out, const kdf_hung_task *hung)
{
    kd_confidence how = hung->victim.waits_for.src || hung->owner.pid.src ? KD_LIKELY : KD_POSSIBLE;
    if (hung->seconds.src)
        kd_say_diag(out, how, "The task %.*s (%llu) is blocked for more than %llu s.",
                    KD_FMT(hung->victim.comm.v), KD_LLU(hung->victim.pid.v),
                    KD_LLU(hung->seconds.v));
    else if (hung->victim.comm.src)
        kd_say_diag(out, how,
                    "The task %.*s (%llu) is blocked; for how long, a line said that is not in "
                    "the log.",
                    KD_FMT(hung->victim.comm.v), KD_LLU(hung->victim.pid.v));
    else
        kd_say_diag(out, KD_POSSIBLE,
                    "A task is blocked; the lines that name it are not in the log.");
}

kd_status kd_check_task_blocked(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_hung_task *hung = KD_BODY(view->event, hung_task);
    (void)user;
    if (!hung)
        return KD_OK;
    say_victim(out, hung);
    kd_say_evidence(out, view->event, hung->headline.src, "the task that is blocked");
    if (kd_str_is(hung->blame.why.v, KD_WHY_UNWOKEN)) {
        kd_say_more(
            out,
            "It is a kernel thread that was never woken: it does nothing and holds nothing up.");
        kd_say_severity(out, KD_NOTICE);
    } else {
        say_wait(view, out, hung);
    }
    say_owner(view, out, hung);
    if (hung->server.src) {
        kd_say_more(out, "Shortly before, the server %.*s is named in the log.",
                    KD_FMT(hung->server.v));
        kd_say_evidence(out, view->event, hung->server.src, "the server %.*s",
                        KD_FMT(hung->server.v));
        kd_say_text(out, "server", hung->server.v);
    }
    uint64_t others = alike(view, hung);
    if (others > 0) {
        kd_say_more(out, "%llu more blocked tasks wait in the same function.", KD_LLU(others));
        kd_say_u64(out, "others_alike", others);
    }
    kd_say_text(out, "task", hung->victim.comm.v);
    kd_say_u64(out, "pid", hung->victim.pid.v);
    if (!say_owner_diag(view, out, hung))
        kd_hang_say_root(view, out, EFFECT_LATER);
    say_task_remedies(out, hung);
    return KD_OK;
}

/* ---- a pool of workers ----------------------------------------------------------------------- */

static uint64_t say_in_flight(const kd_view *view, kd_emit *out, const kdf_workqueue_lockup *lockup)
{
    const kdf_wq_work *works = lockup->works.items;
    uint64_t count = 0;
    for (uint32_t i = 0; i < lockup->works.count; i++) {
        if (!kd_str_is(works[i].state.v, "in-flight"))
            continue;
        if (count++ < 6) {
            kd_say_more(out, "In flight is %.*s%s%.*s%s of workqueue %.*s",
                        KD_FMT(works[i].function.v), works[i].module.src ? " [" : "",
                        KD_FMT(works[i].module.v), works[i].module.src ? "]" : "",
                        KD_FMT(works[i].queue.v));
            if (works[i].pid.src)
                kd_say_more(out, "(worker %llu).", KD_LLU(works[i].pid.v));
            else
                kd_say_more(out, "(in a softirq, without a worker).");
            kd_say_evidence(out, view->event, works[i].function.src, "in flight");
        }
    }
    return count;
}

static uint64_t count_pending(const kdf_workqueue_lockup *lockup)
{
    const kdf_wq_work *works = lockup->works.items;
    uint64_t count = 0;
    for (uint32_t i = 0; i < lockup->works.count; i++)
        count += kd_str_is(works[i].state.v, "pending") || kd_str_is(works[i].state.v, "inactive");
    return count;
}

kd_status kd_check_workqueue_stuck(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_workqueue_lockup *lockup = KD_BODY(view->event, workqueue_lockup);
    (void)user;
    if (!lockup)
        return KD_OK;
    kd_say_diag(out, lockup->blame.function.src ? KD_LIKELY : KD_POSSIBLE,
                "The workers of %s%.*s make no progress.",
                lockup->pools.count > 1 ? "the pools of CPUs " : "the pool of CPU ",
                KD_FMT(lockup->stuck_pools.v));
    kd_say_evidence(out, view->event, lockup->headline.src, "the watchdog's words");
    if (lockup->seconds.src) {
        kd_say_more(out, "The last progress was %llu s before.", KD_LLU(lockup->seconds.v));
        kd_say_u64(out, "seconds", lockup->seconds.v);
    }
    uint64_t flying = say_in_flight(view, out, lockup), pending = count_pending(lockup);
    if (flying == 0)
        kd_say_more(out, "No work is shown in flight: the workers cannot run, so something else "
                         "has the CPU, or its timer "
                         "or interrupts are dead.");
    if (pending > 0)
        kd_say_more(out, "%llu different works wait behind: they are victims.", KD_LLU(pending));
    if (lockup->blame.function.src)
        kd_say_text(out, "function", lockup->blame.function.v);
    kd_say_u64(out, "in_flight", flying);
    kd_say_u64(out, "pending", pending);
    kd_hang_say_root(view, out, EFFECT_LATER);
    if (flying > 0)
        kd_say_remedy(out, "Get the stack of the worker in flight (/proc/PID/stack, sysrq-t; 6.6 "
                           "and later print it).");
    else
        kd_say_remedy(out, "Look at what runs on that CPU: soft lockups, RCU stalls, real-time "
                           "tasks, an interrupt storm.");
    return KD_OK;
}

/* rule_lock.c - sleeping where none is allowed, and locks used wrongly. */
#include "core/diag.h"
#include "core/version.h"
#include "family/fields.h"
#include "family/lock/preempt_count.h"

const char kd_doc_sleep_in_atomic[] = "A task slept, or called a function that may sleep, with "
                                      "preemption, interrupts or bh disabled. Decodes the preempt "
                                      "count: a negative one says that somebody enabled once too "
                                      "often before, and then this call is innocent.";
const char kd_doc_locking[] = "Lockdep or a debugging lock found a use of locks that can dead-lock "
                              "or is wrong. Names the locks and who took them. "
                              "What lockdep finds is a possibility; which of the places is wrong "
                              "is a matter of design, so never certain.";

/* ---- sleep in atomic context ----------------------------------------------------------------- */

static void say_count(const kd_view *view, kd_emit *out, const kdf_atomic *atomic,
                      const kd_preempt *preempt)
{
    uint32_t count = (uint32_t)atomic->preempt_count.v;
    kd_say_more(out, "The preempt count is 0x%x: %.*s.", (unsigned)count,
                KD_FMT(atomic->preempt_means.v));
    kd_say_evidence(out, view->event, atomic->preempt_count.src, "the preempt count");
    kd_say_hex(out, "preempt_count", count);
    if (preempt->negative && count < 0x80000000u)
        kd_say_proof(out, KD_STR("as a signed number of 31 bits: x86 keeps bit 31 for itself"),
                     "0x%x - 0x80000000 = %d", (unsigned)count, (int)preempt->value);
    else if (preempt->negative)
        kd_say_proof(out, KD_STR("as a signed number of 32 bits"), "0x%x - 0x100000000 = %d",
                     (unsigned)count, (int)preempt->value);
    else if (preempt->bh_disabled > 0)
        kd_say_proof(out, KD_STR("bh is disabled in steps of 0x200"), "0x%x & 0xfe00 = 0x%x",
                     (unsigned)count, (unsigned)(preempt->bh_disabled << 9));
}

static void say_why(kd_emit *out, const kdf_atomic *atomic)
{
    if (atomic->irqs_disabled.src && atomic->irqs_disabled.v)
        kd_say_more(out, "Interrupts are off.");
    if (atomic->non_block.src && atomic->non_block.v)
        kd_say_more(out, "It is inside a notifier that must not block.");
    if (atomic->rcu_depth.src && atomic->rcu_depth.v)
        kd_say_more(out, "It is inside rcu_read_lock() (depth %llu).", KD_LLU(atomic->rcu_depth.v));
    const kdf_lock_holder *holder = atomic->held.items;
    if (atomic->held.count > 0 && holder->locks.count > 0) {
        const kdf_held_lock *lock =
            &KD_ITEMS(holder->locks, kdf_held_lock)[holder->locks.count - 1];
        kd_say_more(out, "The innermost lock that it holds is %.*s.", KD_FMT(lock->name.v));
    }
    if (atomic->disabled_at.function.src)
        kd_say_more(out, "Preemption was disabled in %.*s.",
                    KD_FMT(atomic->disabled_at.function.v));
}

/* An earlier event of this kind: the first one tells most. */
static bool say_first(const kd_view *view, kd_emit *out)
{
    const kd_wide_view *wide = kd_wide(view);
    for (size_t i = kd_neighbours(wide).from; i < wide->index; i++) {
        const kd_diag *diag = wide->events[i]->boot == view->event->boot
                                  ? kd_diag_of("bug.sleep-in-atomic", wide->events[i])
                                  : NULL;
        if (!diag || diag->caused_by.count > 0)
            continue;
        kd_say_more(out, "It may be the trace that an earlier one left.");
        kd_say_caused_by(out, diag);
        kd_emit_role(out, KD_EFFECT);
        return true;
    }
    return false;
}

/* A count that this kernel prints and the log lost may be one below zero, and then the call is
 * innocent. Of a kernel without a name, "non_block: " tells that it is of 5.4 or later. */
static bool is_count_lost(const kd_view *view, const kdf_atomic *atomic, bool scheduling)
{
    if (atomic->preempt_count.src || scheduling)
        return !atomic->preempt_count.src;
    if (view->context->version)
        return view->context->version >= V(5, 17);
    return atomic->non_block.src || !atomic->irqs_disabled.src || !atomic->task.pid.src;
}

kd_status kd_check_sleep_in_atomic(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_atomic *atomic = KD_BODY(view->event, atomic);
    kd_preempt preempt = { .value = 0 };
    (void)user;
    if (!atomic)
        return KD_OK;
    bool scheduling = kd_event_is(view->event, &kd_kind_scheduling_while_atomic);
    if (atomic->preempt_count.src)
        kd_preempt_read((uint32_t)atomic->preempt_count.v, scheduling, &preempt);
    bool guilty = atomic->blame.function.src;
    kd_confidence confidence =
        guilty && !is_count_lost(view, atomic, scheduling) ? KD_LIKELY : KD_POSSIBLE;
    const char *did = scheduling ? "went to sleep" : "called a function that may sleep";
    if (atomic->task.comm.src && atomic->task.pid.src)
        kd_say_diag(out, confidence, "The task %.*s (%llu) %s where it must not.",
                    KD_FMT(atomic->task.comm.v), KD_LLU(atomic->task.pid.v), did);
    else
        kd_say_diag(out, confidence, "A task %s where it must not.", did);
    kd_say_evidence(out, view->event, atomic->headline.src, "the kernel's words");
    if (atomic->preempt_count.src)
        say_count(view, out, atomic, &preempt);
    say_why(out, atomic);
    if (guilty) {
        kd_say_more(out,
                    "%.*s is the innermost function above the sleep: it, or a caller of it, has "
                    "both the atomic "
                    "section and the call.",
                    KD_FMT(atomic->blame.function.v));
        kd_say_evidence(out, view->event, atomic->blame.function.src, "who calls what sleeps");
        kd_say_text(out, "function", atomic->blame.function.v);
        kd_say_remedy(out,
                      "In %.*s and its callers, sleep outside the section, or use what does not "
                      "sleep (GFP_ATOMIC, "
                      "mdelay, a work item).",
                      KD_FMT(atomic->blame.function.v));
    } else {
        kd_say_more(out, "No function is to blame: %.*s.", KD_FMT(atomic->blame.why.v));
        kd_say_remedy(
            out, "Look for the first report of this boot, and for an unlock, local_bh_enable() or "
                 "preempt_enable() without its partner in code that ran before "
                 "(CONFIG_DEBUG_PREEMPT names it).");
    }
    if (!guilty)
        say_first(view, out);
    return KD_OK;
}

/* ---- locks ----------------------------------------------------------------------------------- */

typedef struct locking_case {
    const char *report, *place, *says, *remedy;
} locking_case;

/* The first row that fits. */
static const locking_case *case_of(const kdf_lockdep *lockdep)
{
    static const locking_case cases[] = {
#define KD_LOCKING(report, place, says, remedy) { report, place, says, remedy },
#include "family/lock/locking.def"
#undef KD_LOCKING
    };
    for (size_t i = 0; i < KD_COUNT(cases); i++)
        if (kd_str_is(lockdep->report.v, cases[i].report) &&
            (!cases[i].place[0] || kd_str_has(lockdep->place.v, cases[i].place)))
            return &cases[i];
    return NULL;
}

static void say_locks(const kd_view *view, kd_emit *out, const kdf_lockdep *lockdep)
{
    if (lockdep->wanted.name.src) {
        kd_say_more(out, "It concerns %.*s", KD_FMT(lockdep->wanted.name.v));
        kd_say_evidence(out, view->event, lockdep->wanted.name.src, "the lock that is wanted");
        kd_say_text(out, "lock", lockdep->wanted.name.v);
    }
    if (lockdep->holding.name.src) {
        kd_say_more(out, "while %.*s is held", KD_FMT(lockdep->holding.name.v));
        kd_say_evidence(out, view->event, lockdep->holding.name.src, "the lock that it has");
        kd_say_text(out, "held", lockdep->holding.name.v);
    }
    if (lockdep->wanted.name.src && lockdep->task.comm.src && lockdep->task.pid.src)
        kd_say_more(out, "(task %.*s, %llu).", KD_FMT(lockdep->task.comm.v),
                    KD_LLU(lockdep->task.pid.v));
    if (lockdep->place.src) {
        kd_say_more(out, "%.*s", KD_FMT(lockdep->place.v));
        kd_say_evidence(out, view->event, lockdep->place.src, "the access");
    }
    if (lockdep->usage.src)
        kd_say_evidence(out, view->event, lockdep->usage.src, "the two contexts");
}

kd_status kd_check_locking(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_lockdep *lockdep = KD_BODY(view->event, lockdep);
    (void)user;
    if (!lockdep)
        return KD_OK;
    const locking_case *found = case_of(lockdep);
    if (!found)
        return KD_OK;
    kd_say_diag(out, lockdep->blame.function.src ? KD_LIKELY : KD_POSSIBLE, "%s", found->says);
    kd_say_evidence(out, view->event, lockdep->headline.src, "the title");
    say_locks(view, out, lockdep);
    if (lockdep->blame.function.src) {
        kd_say_more(out, "The place to look at first is %.*s - %.*s.",
                    KD_FMT(lockdep->blame.function.v), KD_FMT(lockdep->blame.why.v));
        kd_say_evidence(out, view->event, lockdep->blame.function.src,
                        "the place to look at first");
        kd_say_text(out, "function", lockdep->blame.function.v);
    }
    bool one = kd_str_is(lockdep->report.v, "recursive") && lockdep->wanted.address.src &&
               lockdep->holding.address.src &&
               lockdep->wanted.address.v == lockdep->holding.address.v;
    if (one) {
        kd_say_more(out, "Both are the same lock: the task waits for itself.");
        kd_say_proof(out, KD_STR("the lock that is wanted is the one that is held"),
                     "0x%llx = 0x%llx", KD_LLU(lockdep->wanted.address.v),
                     KD_LLU(lockdep->holding.address.v));
    }
    if (kd_str_is(lockdep->report.v, "tables"))
        kd_say_severity(out, KD_NOTICE);
    kd_say_remedy(out, "%s", found->remedy);
    if (kd_str_is(lockdep->report.v, "circular"))
        kd_say_remedy(out,
                      "Read the edges: each \"-> #n\" stack shows who takes lock n while it has "
                      "lock n-1; one of them "
                      "is wrong. To 4.13 lockdep stops after this report: later ones are missing.");
    return KD_OK;
}

/* rule_stall.c - a CPU that is stuck, a machine that was paused. */
#include "family/hang/decode_stall.h"
#include "family/hang/parse_hang.h"
#include "family/hang/rule_hang.h"

const char kd_doc_paused[] = "Several reports of one moment say that CPUs stood still which had "
                             "nothing in common: more than two CPUs at "
                             "once in unrelated places, idle CPUs, or a CPU that only enabled "
                             "interrupts, for far longer than the threshold. Then nothing "
                             "ran at all: a virtual machine that was suspended, migrated or got no "
                             "CPU time. Never certain: the log of a "
                             "guest cannot show its host.";
const char kd_doc_cpu_stuck[] =
    "A CPU ran one task in the kernel for longer than the watchdog allows, or took no interrupt. "
    "Names the function "
    "that it stood in, and says where that function is a victim: of a lock, of another CPU.";

/* Reports of one stall stand so close, in seconds. */
#define ONE_STALL 10u
#define EFFECT_LATER 200u
/* A first report comes at 2 x 10 s (2 x 60 s at most in usual set-ups). */
#define FAR_ABOVE 150u
/* NR_CPUS of the largest configuration (CONFIG_MAXSMP). */
#define CPUS_MOST 8192u

/* ---- shared ---------------------------------------------------------------------------------- */

/* The first of its diagnoses that names a stall as a whole; `own`: of the event in hand. */
static const kd_diag *root_of(const kd_event *event, bool own)
{
    const kd_diag *root = NULL;
    for (const kd_diag *diag = event->diags; diag; diag = diag->older) {
        kd_str id = kd_str_of(diag->rule->id);
        if (diag->caused_by.count > 0 || !kd_str_starts(id, "hang."))
            continue;
        bool pause = kd_str_is(id, "hang.machine-was-paused");
        if (pause || (!own && kd_str_in_words(id, "hang.cpu-stuck hang.rcu-stall "
                                                  "hang.workqueue-stuck")))
            root = diag;
    }
    return root;
}

bool kd_hang_say_root(const kd_view *view, kd_emit *out, uint64_t seconds)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = span.from; i < span.to; i++) {
        const kd_event *event = wide->events[i];
        const kd_diag *diag = root_of(event, event == view->event);
        if (!diag || !kd_stall_is_near(event, view->event, seconds))
            continue;
        kd_say_caused_by(out, diag);
        kd_emit_role(out, KD_EFFECT);
        return true;
    }
    return false;
}

kd_str kd_hang_cpu_text(kd_emit *out, const kdf_hang_cpu *cpu)
{
    if (cpu->comm.src && cpu->pid.src)
        return kd_text_of(out, "CPU %llu, in task %.*s (%llu)", KD_LLU(cpu->cpu.v),
                          KD_FMT(cpu->comm.v), KD_LLU(cpu->pid.v));
    return kd_text_of(out, "CPU %llu", KD_LLU(cpu->cpu.v));
}

/* The one CPU beside the stuck one that does something else than wait or idle, and where; NULL
 * where there is none, or more than one. */
static const kdf_hang_cpu *find_busy(const kd_list *cpus, uint64_t stuck, kdf_blame *blame)
{
    const kdf_hang_cpu *busy = NULL;
    for (uint32_t i = 0; i < cpus->count; i++) {
        const kdf_hang_cpu *cpu = &KD_ITEMS(*cpus, kdf_hang_cpu)[i];
        kdf_blame at = { .function = { .src = 0 } };
        if (!cpu->cpu.src || cpu->cpu.v == stuck)
            continue;
        kd_blame_cpu(&at, &cpu->ip, &cpu->backtrace);
        if (!at.function.src || kd_str_is(at.why.v, KD_WHY_LOCK))
            continue;
        if (busy)
            return NULL;
        busy = cpu;
        *blame = at;
    }
    return busy;
}

void kd_hang_say_waits(const kd_view *view, kd_emit *out, const kd_list *cpus, uint64_t stuck)
{
    kdf_blame at = { .function = { .src = 0 } };
    const kdf_hang_cpu *busy = find_busy(cpus, stuck, &at);
    if (busy) {
        kd_say_more(out,
                    "Of the other CPUs whose stacks are printed only %.*s is at work, in %.*s(): "
                    "it may hold that lock.",
                    KD_FMT(kd_hang_cpu_text(out, busy)), KD_FMT(at.function.v));
        kd_say_evidence(out, view->event, at.function.src, "the other CPU, which does not wait");
        kd_say_remedy(out,
                      "Look at %.*s() and its callers first: do they hold the lock, and why "
                      "so long?",
                      KD_FMT(at.function.v));
    }
    kd_say_remedy(out,
                  "Find the holder: the CPU whose stack is inside the section of the same lock "
                  "(kernel.softlockup_all_cpu_backtrace=1, or sysrq-l), or an oops before.");
}

/* ---- a machine that was paused --------------------------------------------------------------- */

typedef struct pause_signs {
    uint64_t cpus;    /* that stood still at once, by soft lockups */
    uint64_t idle;    /* CPUs that RCU lists and that idle */
    uint64_t longest; /* seconds */
    uint64_t sti;     /* CPUs that stood right behind the enabling of interrupts, or idled */
    bool same_place;  /* two CPUs in one function, or one that waits for a lock */
    bool busy;        /* RCU lists a CPU that does not idle, or names a timer */
    kd_str hypervisor;
    const kd_event *first;    /* report of the stall */
    const kd_event *soft[16]; /* the first of them, one a CPU */
    size_t soft_count;
    uint64_t seen[CPUS_MOST / 64]; /* CPUs, by number */
} pause_signs;

static void add_soft(pause_signs *out, const kd_event *event, const kdf_lockup *lockup)
{
    const kdf_blame *blame = &lockup->oops.blame;
    uint64_t cpu = lockup->oops.task.cpu.v;
    if (cpu >= CPUS_MOST || out->seen[cpu / 64] >> cpu % 64 & 1)
        return;
    out->seen[cpu / 64] |= (uint64_t)1 << cpu % 64;
    for (size_t i = 0; i < out->soft_count; i++) {
        const kdf_lockup *other = out->soft[i]->body;
        out->same_place |=
            blame->function.src && kd_str_eq(blame->function.v, other->oops.blame.function.v);
    }
    out->cpus++;
    if (out->soft_count < KD_COUNT(out->soft))
        out->soft[out->soft_count++] = event;
    if (lockup->seconds.src && lockup->seconds.v > out->longest)
        out->longest = lockup->seconds.v;
    out->same_place |= kd_str_is(blame->why.v, KD_WHY_LOCK) || kd_str_is(blame->why.v, KD_WHY_PEER);
    if (kd_str_is(blame->why.v, KD_WHY_AFTER) || kd_str_is(blame->why.v, KD_WHY_IDLE))
        out->sti++;
}

static void add_rcu(pause_signs *out, const kdf_rcu_stall *stall)
{
    const kdf_hang_cpu *cpus = stall->cpus.items;
    for (uint32_t i = 0; i < stall->cpus.count; i++) {
        if (!cpus[i].stalled.src)
            continue;
        bool still = kd_stall_cpu_idles(&cpus[i]) && cpus[i].ticks.src && cpus[i].ticks.v == 0;
        out->idle += still;
        out->busy |= !still;
    }
    out->busy |= stall->timer_cpu.src && !out->idle;
}

static void gather_signs(const kd_view *view, pause_signs *out)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = span.from; i < span.to; i++) {
        const kd_event *event = wide->events[i];
        if (!kd_stall_is_near(event, view->event, ONE_STALL))
            continue;
        const kdf_lockup *lockup = KD_BODY(event, lockup);
        const kdf_rcu_stall *stall = KD_BODY(event, rcu_stall);
        if (lockup && kd_event_is(event, &kd_kind_soft_lockup))
            add_soft(out, event, lockup);
        if (stall)
            add_rcu(out, stall);
        if ((lockup || stall) && !out->first)
            out->first = event;
        const kdf_task *task = kd_event_task(event);
        if ((lockup || stall) && out->hypervisor.len == 0 && task)
            out->hypervisor = kd_stall_hypervisor(task->hardware.v);
    }
    if (out->hypervisor.len == 0)
        out->hypervisor = kd_stall_hypervisor(view->context->hardware);
}

/* NULL: no memory for them. */
static const pause_signs *signs_of(const kd_view *view)
{
    static const char key;
    bool fresh;
    pause_signs *signs = kd_memo_get(kd_wide(view)->memo, &key, sizeof *signs, &fresh);
    if (signs && fresh)
        gather_signs(view, signs);
    return signs;
}

static bool was_paused(const pause_signs *signs)
{
    bool far = signs->longest >= FAR_ABOVE, many = signs->cpus >= 3 && !signs->same_place;
    bool guest = signs->hypervisor.len > 0;
    if (signs->busy)
        return false;
    return many || (signs->idle > 0 && (far || guest)) ||
           (guest && far && signs->sti > 0 && signs->sti == signs->cpus) ||
           (guest && signs->cpus >= 2 && signs->sti == signs->cpus);
}

bool kd_hang_is_paused(const kd_view *view)
{
    const pause_signs *signs = signs_of(view);
    return signs && was_paused(signs);
}

static void say_paused(kd_emit *out, const pause_signs *signs)
{
    if (signs->cpus > 1)
        kd_say_more(out,
                    "%llu CPUs were stuck at the same moment, in places that have nothing to do "
                    "with one another.",
                    KD_LLU(signs->cpus));
    if (signs->idle > 0)
        kd_say_more(
            out,
            "RCU waits for %llu CPUs that idle and got no timer tick: an idle CPU holds nobody up.",
            KD_LLU(signs->idle));
    if (signs->longest >= FAR_ABOVE)
        kd_say_more(out,
                    "%llu s is far above the threshold of 20 s (2 x watchdog_thresh): the watchdog "
                    "itself did not run either.",
                    KD_LLU(signs->longest));
    if (signs->hypervisor.len > 0)
        kd_say_more(out, "The machine is a virtual one (%.*s).", KD_FMT(signs->hypervisor));
    for (size_t i = 0; i < signs->soft_count; i++) {
        const kdf_lockup *lockup = signs->soft[i]->body;
        kd_say_evidence(out, signs->soft[i], lockup->oops.headline.src, "CPU %llu stood still",
                        KD_LLU(lockup->oops.task.cpu.v));
        if (signs->soft[i] != out->event)
            kd_say_event(out, signs->soft[i]);
    }
}

kd_status kd_check_paused(const kd_view *view, kd_emit *out, void *user)
{
    const pause_signs *signs = signs_of(view);
    (void)user;
    if (!signs || !was_paused(signs) || signs->first != view->event)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "Nothing ran on this machine for a while: the clock went on and no CPU did.");
    say_paused(out, signs);
    kd_emit_role(out, KD_PRIMARY);
    kd_say_u64(out, "cpus_stuck", signs->cpus);
    if (signs->idle > 0)
        kd_say_u64(out, "cpus_idle", signs->idle);
    if (signs->longest > 0)
        kd_say_u64(out, "seconds", signs->longest);
    if (signs->hypervisor.len > 0)
        kd_say_text(out, "hypervisor", signs->hypervisor);
    kd_say_remedy(
        out, "Look at the host, not at the task that is named: was the virtual machine suspended, "
             "snapshot, "
             "migrated, or did it get no CPU time (steal time, overcommitted CPUs or memory)?");
    kd_say_remedy(out, "Where such pauses are normal, raise kernel.watchdog_thresh in the guest, "
                       "and let it use the "
                       "clock of its hypervisor (kvm-clock, hyperv_clocksource).");
    kd_say_assume(out, "the machine is a virtual one, or was suspended; on bare metal the same "
                       "picture means firmware "
                       "(SMI) or a stopped clock");
    return KD_OK;
}

/* ---- a CPU that is stuck --------------------------------------------------------------------- */

/* An oops before: who died there may have died with the lock. */
static bool say_oops_before(const kd_view *view, kd_emit *out)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = wide->index; i-- > span.from;) {
        const kd_event *event = wide->events[i];
        const kdf_oops *oops = KD_BODY(event, oops);
        if (!oops || event->boot != view->event->boot)
            continue;
        kd_say_more(
            out,
            "The kernel faulted before (%.*s): a task that dies with a lock never gives it back.",
            KD_FMT(oops->headline.v));
        kd_say_evidence(out, event, oops->headline.src, "the fault that came first");
        const kd_diag *first = event->diags;
        while (first && first->older)
            first = first->older;
        if (first)
            kd_say_caused_by(out, first);
        kd_emit_role(out, KD_EFFECT);
        return true;
    }
    return false;
}

static void say_place(kd_emit *out, const kd_event *event, const kdf_lockup *lockup)
{
    const kdf_blame *blame = &lockup->oops.blame;
    if (!blame->function.src) {
        kd_say_more(out, "No function is to blame: %.*s.", KD_FMT(blame->why.v));
        return;
    }
    kd_say_more(out, "It stood in %.*s", KD_FMT(blame->function.v));
    if (blame->module.src)
        kd_say_more(out, "(module %.*s)", KD_FMT(blame->module.v));
    kd_say_more(out, "- %.*s.", KD_FMT(blame->why.v));
    kd_say_evidence(out, event, blame->function.src, "where it stood");
    kd_say_text(out, "function", blame->function.v);
    if (blame->module.src)
        kd_say_text(out, "module", blame->module.v);
}

/* The irq events are of the task that printed the report: of the stuck one where its own CPU did.
 * (That of a soft lockup prints from the timer interrupt, whose entry disabled them.) */
static void say_irqs_off(kd_emit *out, const kd_event *event, const kdf_lockup *lockup)
{
    const kdf_symbol *at = &lockup->irqs_off_at;
    const kdf_hang_cpu *cpus = lockup->cpus.items;
    uint64_t stuck = lockup->oops.task.cpu.v;
    bool by_another = lockup->reporter.src && lockup->reporter.v != stuck;
    for (uint32_t i = 0; i < lockup->cpus.count; i++)
        by_another |= cpus[i].asked.src && cpus[i].cpu.v == stuck;
    if (!at->function.src || by_another)
        return;
    kd_say_more(out, "Interrupts were last disabled in %.*s.", KD_FMT(at->function.v));
    kd_say_evidence(out, event, at->function.src, "who turned them off");
}

static void say_remedies(const kd_view *view, kd_emit *out, const kdf_lockup *lockup, bool hard)
{
    const kdf_blame *blame = &lockup->oops.blame;
    if (kd_str_is(blame->why.v, KD_WHY_LOCK))
        kd_hang_say_waits(view, out, &lockup->cpus, lockup->oops.task.cpu.v);
    else if (kd_str_is(blame->why.v, KD_WHY_PEER))
        kd_say_remedy(out, "Look at the other CPUs: one of them takes no interrupt "
                           "(kernel.softlockup_all_cpu_backtrace=1, sysrq-l).");
    else if (blame->function.src)
        kd_say_remedy(
            out,
            "Look for the loop in %.*s or its callers: it needs an end, or cond_resched() in it.",
            KD_FMT(blame->function.v));
    if (hard && !blame->function.src)
        kd_say_remedy(out, "Let the stuck CPU answer an NMI: on arm64 boot with "
                           "irqchip.gicv3_pseudo_nmi=1; then its "
                           "stack is printed.");
    kd_say_remedy(out, "One stack is one sample: compare it with the next reports; frames that all "
                       "of them share hold the loop.");
}

kd_status kd_check_cpu_stuck(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_lockup *lockup = KD_BODY(view->event, lockup);
    (void)user;
    if (!lockup || !lockup->oops.task.cpu.src)
        return KD_OK;
    const kdf_task *task = &lockup->oops.task;
    bool hard = kd_event_is(view->event, &kd_kind_hard_lockup), paused = kd_hang_is_paused(view);
    kd_say_diag(out, paused ? KD_POSSIBLE : KD_LIKELY,
                hard ? "CPU %llu took no interrupt for longer than the watchdog allows."
                     : "CPU %llu ran one task in the kernel and let no other run.",
                KD_LLU(task->cpu.v));
    kd_say_evidence(out, view->event, lockup->oops.headline.src, "the watchdog's words");
    if (lockup->seconds.src)
        kd_say_more(out, "It had shown no life for %llu s.", KD_LLU(lockup->seconds.v));
    if (task->comm.src)
        kd_say_more(out, "On it was the task %.*s (%llu).", KD_FMT(task->comm.v),
                    KD_LLU(task->pid.v));
    say_place(out, view->event, lockup);
    if (hard)
        say_irqs_off(out, view->event, lockup);
    kd_say_u64(out, "cpu", task->cpu.v);
    if (lockup->seconds.src)
        kd_say_u64(out, "seconds", lockup->seconds.v);
    if (task->comm.src)
        kd_say_text(out, "task", task->comm.v);
    bool lock = kd_str_is(lockup->oops.blame.why.v, KD_WHY_LOCK);
    if (!kd_hang_say_root(view, out, EFFECT_LATER) && lock)
        say_oops_before(view, out);
    say_remedies(view, out, lockup, hard);
    return KD_OK;
}

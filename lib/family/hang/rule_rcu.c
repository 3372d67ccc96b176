/* rule_rcu.c - why a grace period of RCU does not end. */
#include "family/hang/decode_stall.h"
#include "family/hang/parse_hang.h"
#include "family/hang/parse_rcu_status.h"
#include "family/hang/rule_hang.h"
#include "family/shared/parse_shared.h"

const char kd_doc_rcu_stall[] = "RCU waits for CPUs or tasks to pass a quiescent state. Tells from "
                                "the listed CPUs, their flags and stacks "
                                "whether one loops in the kernel, keeps interrupts off, only "
                                "prints to a slow console, idles without a timer, or "
                                "whether a preempted reader or the grace-period thread itself gets "
                                "no CPU. The CPU that noticed is innocent.";

#define EFFECT_LATER 200u

/* Functions of a CPU that is busy printing. */
static const char printing[] = "vsnprintf number format_decode string_nocheck console_unlock "
                               "console_flush_all vprintk_emit msg_print_text "
                               "put_dec serial8250_console_write serial8250_console_putchar "
                               "wait_for_xmitr uart_console_write fbcon_redraw "
                               "univ8250_console_write vt_console_print pl011_console_write";

/* Those of them that stand in any driver of a console, and below it. */
static const char console[] = "console_unlock console_flush_all vprintk_emit "
                              "serial8250_console_write univ8250_console_write "
                              "uart_console_write vt_console_print pl011_console_write";
#define NEAR_FRAMES 8u /* so deep a driver writes a character */

static bool is_printing(const kdf_oops *oops)
{
    const kdf_frame *frames = oops->backtrace.items;
    bool ends_inside;
    uint32_t from = kd_below_detector(&oops->backtrace, &ends_inside);
    for (uint32_t i = from; i < oops->backtrace.count && i < from + NEAR_FRAMES; i++)
        if (kd_frame_is_sure(&frames[i]) && kd_str_in_words(frames[i].function.v, console))
            return true;
    return kd_str_in_words(oops->ip.function.v, printing) ||
           kd_str_in_words(oops->blame.function.v, printing);
}

/* The fourth flag, from 4.19 on: a digit: the probe interrupt was sent and is not taken. */
static bool has_irqs_off(const kdf_hang_cpu *cpu)
{
    kd_str flags = cpu->flags.v;
    return cpu->flags.src && flags.len >= 4 && kd_is_digit(flags.ptr[flags.len - 1]);
}

/* ---- the cases ------------------------------------------------------------------------------- */

/* The idle task reads nothing under RCU. A CPU that noticed it by itself had its tick. */
static void say_idle_task(kd_emit *out, const kdf_rcu_stall *stall, const kdf_hang_cpu *cpu)
{
    if (kd_str_is(stall->detected.v, "self")) {
        kd_say_more(out,
                    "The CPU noticed it in its own timer tick. The task on it is %.*s, the idle "
                    "task, which holds RCU up by nothing: interrupts or softirqs ran on that CPU "
                    "all the time, or its ticks came back only then.",
                    KD_FMT(cpu->comm.v));
        kd_say_remedy(out, "Compare /proc/interrupts and /proc/softirqs over a second: a storm of "
                           "interrupts, packets or timers on that CPU?");
    } else {
        kd_say_more(out,
                    "The task on it is %.*s, the idle task: it runs no code that could hold RCU "
                    "up, so its timer tick or an interrupt from another CPU was lost.",
                    KD_FMT(cpu->comm.v));
    }
    kd_say_remedy(out, "Check timer, interrupt controller and CPU power states of this board or "
                       "machine (boot with cpuidle.off=1 or nohz=off to see whether it goes "
                       "away).");
}

/* Whose ticks stand still, whose timers fail: a machine that was stopped as a whole looks so. */
static void say_idle_cpu(const kd_view *view, kd_emit *out, const kdf_rcu_stall *stall)
{
    kd_say_more(out, "That CPU idles: nobody on it holds RCU up; ticks do not reach it, or it "
                     "did not run at all.");
    if (stall->timer_cpu.src) {
        kd_say_more(out,
                    "The timer that wakes the grace-period thread did not fire either, on CPU "
                    "%llu.",
                    KD_LLU(stall->timer_cpu.v));
        kd_say_evidence(out, view->event, stall->timer_cpu.src, "the kernel's own hint");
        kd_say_u64(out, "timer_cpu", stall->timer_cpu.v);
    }
    kd_say_remedy(out, "Was this machine, or its host, paused, asleep or overloaded just then? "
                       "Then this report tells of that, and of no fault here.");
    kd_say_remedy(out, "Otherwise check timer, interrupt controller and CPU power states (boot "
                       "with cpuidle.off=1 or nohz=off to see whether it goes away).");
}

static kd_confidence say_cpu(const kd_view *view, kd_emit *out, const kdf_rcu_stall *stall,
                             const kdf_hang_cpu *cpu)
{
    const kdf_blame *blame = &stall->oops.blame;
    kd_str text = kd_hang_cpu_text(out, cpu);
    if (kd_str_has(stall->waits_for.v, ","))
        kd_say_more(out, "It waits for %.*s; what follows is of %.*s.", KD_FMT(stall->waits_for.v),
                    KD_FMT(text));
    else
        kd_say_more(out, "It waits for %.*s.", KD_FMT(text));
    kd_say_evidence(out, view->event, cpu->cpu.src, "the CPU that RCU waits for");
    if (kd_str_starts(cpu->comm.v, "swapper/") && !blame->function.src && cpu->pid.v == 0) {
        say_idle_task(out, stall, cpu);
        return KD_POSSIBLE;
    }
    if (kd_stall_cpu_idles(cpu)) {
        say_idle_cpu(view, out, stall);
        return KD_POSSIBLE;
    }
    if (has_irqs_off(cpu))
        kd_say_more(out, "It did not take the probe interrupt (flag %c): its interrupts are off.",
                    cpu->flags.v.ptr[cpu->flags.v.len - 1]);
    if (cpu->asked.src && cpu->backtrace.count == 0 && !cpu->ip.function.src)
        kd_say_more(out, "It was asked for its stack and did not answer; what is said of the "
                         "grace-period thread and its "
                         "timer comes from the wait for that answer.");
    if (is_printing(&stall->oops)) {
        kd_say_more(
            out, "It is busy printing (%.*s): a slow console holds it.",
            KD_FMT(stall->oops.ip.function.src ? stall->oops.ip.function.v : blame->function.v));
        kd_say_remedy(out, "Print less or faster: lower the console log level (quiet, loglevel=4), "
                           "a faster baud rate, "
                           "no console on a slow framebuffer.");
        return KD_LIKELY;
    }
    if (!blame->function.src) {
        kd_say_more(out, "No function is to blame: %.*s.", KD_FMT(blame->why.v));
        if (kd_str_starts(blame->why.v, "the stack ends"))
            kd_say_remedy(out, "Look for the rest of the stack: the first frame below the "
                               "interrupt tells where that CPU was.");
        else
            kd_say_remedy(out, "Get the stack of that CPU: an NMI (on arm64 "
                               "irqchip.gicv3_pseudo_nmi=1), sysrq-l, or a "
                               "hardware debugger.");
        return cpu->comm.src || cpu->asked.src ? KD_LIKELY : KD_POSSIBLE;
    }
    kd_say_more(out, "It stood in %.*s - %.*s.", KD_FMT(blame->function.v), KD_FMT(blame->why.v));
    kd_say_evidence(out, view->event, blame->function.src, "where it stood");
    kd_say_text(out, "function", blame->function.v);
    if (kd_str_is(blame->why.v, KD_WHY_LOCK)) {
        kd_hang_say_waits(view, out, &stall->cpus, cpu->cpu.v);
        return KD_LIKELY;
    }
    kd_say_remedy(
        out,
        "Look for the loop around %.*s: it needs an end or cond_resched() in it, or less time with "
        "interrupts off.",
        KD_FMT(blame->function.v));
    return KD_LIKELY;
}

static void say_readers(kd_emit *out, const kdf_rcu_stall *stall)
{
    const kdf_hang_task *tasks = stall->tasks.items;
    for (uint32_t i = 0; i < stall->tasks.count && i < 8; i++)
        if (kd_str_is(tasks[i].role.v, "reader"))
            kd_say_more(
                out,
                "Task %llu%s%.*s was preempted inside a read-side section and did not come back.",
                KD_LLU(tasks[i].pid.v), tasks[i].comm.src ? " " : "", KD_FMT(tasks[i].comm.v));
    kd_say_remedy(out, "Look for what keeps those tasks from running: a real-time task or "
                       "interrupts that take all CPUs "
                       "(or boot with rcutree.kthread_prio / CONFIG_RCU_BOOST).");
}

/* Nobody is listed: the thread that ends grace periods did not run. */
static kd_confidence say_thread(const kd_view *view, kd_emit *out, const kdf_rcu_stall *stall)
{
    if (stall->timer_cpu.src) {
        /* the kernel says "All QSes seen" then: without it the list may be what is missing */
        bool nobody = stall->all_reported.src != 0;
        kd_say_more(out,
                    "%s timer that wakes the grace-period thread did not fire on CPU "
                    "%llu.",
                    nobody ? "No CPU is waited for: the" : "The", KD_LLU(stall->timer_cpu.v));
        kd_say_evidence(out, view->event, stall->timer_cpu.src, "the kernel's own hint");
        kd_say_u64(out, "timer_cpu", stall->timer_cpu.v);
        kd_say_remedy(out,
                      "Check the clock event device of CPU %llu, and whether that CPU was busy "
                      "with interrupts off.",
                      KD_LLU(stall->timer_cpu.v));
        return nobody ? KD_LIKELY : KD_POSSIBLE;
    }
    if (stall->all_reported.src) {
        kd_say_more(out, "All CPUs have reported; the grace-period thread does not run to see it. "
                         "The stack that is shown "
                         "is of the CPU that noticed.");
        kd_say_evidence(out, view->event, stall->all_reported.src, "no CPU is waited for");
    }
    if (stall->starved_jiffies.src) {
        kd_say_more(out, "The thread got no CPU for %llu jiffies.",
                    KD_LLU(stall->starved_jiffies.v));
        kd_say_evidence(out, view->event, stall->starved_jiffies.src, "the thread is starved");
        kd_say_remedy(out,
                      "Look for real-time tasks or an interrupt storm on the CPU of that thread.");
    }
    const kdf_blame *blame = &stall->oops.blame;
    const kdf_hang_cpu *cpus = stall->cpus.items;
    for (uint32_t i = 0; i < stall->cpus.count; i++)
        if (cpus[i].last_ran_kthread.src)
            kd_say_more(out, "It last ran on %.*s.", KD_FMT(kd_hang_cpu_text(out, &cpus[i])));
    if (blame->function.src) {
        kd_say_more(out, "The CPU where it last ran stood in %.*s.", KD_FMT(blame->function.v));
        kd_say_text(out, "function", blame->function.v);
        return KD_LIKELY;
    }
    kd_say_remedy(
        out,
        "Look at the load of the machine at that time: nothing in this report names a culprit.");
    return KD_POSSIBLE;
}

static bool has_readers(const kdf_rcu_stall *stall)
{
    const kdf_hang_task *tasks = stall->tasks.items;
    for (uint32_t i = 0; i < stall->tasks.count; i++)
        if (kd_str_is(tasks[i].role.v, "reader") && tasks[i].pid.src)
            return true;
    return false;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void say_length(kd_emit *out, const kdf_rcu_stall *stall)
{
    if (!stall->stalled_jiffies.src)
        return;
    kd_say_u64(out, "stalled_jiffies", stall->stalled_jiffies.v);
    if (!stall->hz.src) {
        kd_say_more(out, "The grace period had lasted %llu jiffies.",
                    KD_LLU(stall->stalled_jiffies.v));
        return;
    }
    kd_say_more(out, "The grace period had lasted %llu jiffies, which is %llu s at HZ=%llu.",
                KD_LLU(stall->stalled_jiffies.v), KD_LLU(stall->seconds.v), KD_LLU(stall->hz.v));
    kd_say_proof(out, KD_STR("how long, in whole seconds"), "%llu / %llu = %llu",
                 KD_LLU(stall->stalled_jiffies.v), KD_LLU(stall->hz.v), KD_LLU(stall->seconds.v));
    kd_say_u64(out, "hz", stall->hz.v);
    kd_say_u64(out, "seconds", stall->seconds.v);
    kd_say_assume(
        out,
        "HZ=%llu: a first report comes after 21, 26, 60 or 65 s; only the length depends on it",
        KD_LLU(stall->hz.v));
}

kd_status kd_check_rcu_stall(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_rcu_stall *stall = KD_BODY(view->event, rcu_stall);
    (void)user;
    if (!stall)
        return KD_OK;
    const kdf_hang_cpu *cpu = kd_stall_cpu(stall);
    kd_say_diag(out, KD_LIKELY,
                "A grace period of %.*s does not end: memory that waits for it is never freed.",
                KD_FMT(stall->flavour.src ? stall->flavour.v : KD_STR("RCU")));
    kd_say_evidence(out, view->event, stall->oops.headline.src, "RCU's words");
    kd_confidence confidence = KD_LIKELY;
    if (cpu) {
        confidence = say_cpu(view, out, stall, cpu);
        kd_say_u64(out, "cpu", cpu->cpu.v);
    }
    if (has_readers(stall))
        say_readers(out, stall);
    else if (!cpu)
        confidence = say_thread(view, out, stall);
    if (stall->ended.src) {
        kd_say_more(out, "It ended before the dump was made: the stacks are of later.");
        confidence = KD_POSSIBLE;
    }
    say_length(out, stall);
    if (stall->grace_period.src) {
        kd_say_i64(out, "grace_period", stall->grace_period.v);
        if (view->event->repeat.count > 1)
            kd_say_more(out,
                        "It is one stall, reported %llu times: the grace period is %lld each time.",
                        KD_LLU(view->event->repeat.count), KD_LLD(stall->grace_period.v));
    }
    if (kd_hang_is_paused(view))
        confidence = KD_POSSIBLE;
    kd_hang_say_root(view, out, EFFECT_LATER);
    kd_say_confidence(out, confidence);
    return KD_OK;
}

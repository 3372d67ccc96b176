/* rule_panic.c - why the kernel gave up: one diagnosis for each panic, by its text. */
#include "base/scan.h"
#include "core/diag.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include "family/warn/panic_reason.h"

const char kd_doc_panic_after_oops[] =
    "The panic is the consequence of an oops. Certain where the panic follows the report of "
    "that oops at once; likely where others stand between, and where only the text of the panic "
    "says so.";
const char kd_doc_panic_no_init[] =
    "The kernel found no program to run as process 1. The lines before it say which were tried.";
const char kd_doc_panic_init_died[] =
    "Process 1 ended. The exit code of the text is a wait "
    "status: which exit value or signal it was is "
    "certain. Where process 1 oopsed directly before, that ended it; else "
    "what made it end is not in the kernel's text.";
const char kd_doc_panic_no_root[] = "The root file system could not be mounted: the device is "
                                    "missing, or its file system is not known.";
const char kd_doc_panic_oom[] = "Memory ran out, and no task could be killed to free some.";
const char kd_doc_panic_watchdog[] =
    "A watchdog that user space feeds ran out. What hung is not in its text: look before it.";
const char kd_doc_panic_policy[] = "A sysctl or boot option turned a report that the kernel "
                                   "survives into a panic. The finding is the "
                                   "report before it; the panic says nothing more.";
const char kd_doc_panic_stack[] =
    "The stack protector's canary, or the mark at the end of a task's stack, was overwritten. The "
    "function that the "
    "stack protector names is the one whose frame was overrun, or that returned through it.";
const char kd_doc_panic_other[] = "A panic whose text belongs to none of the other rules; what the "
                                  "text itself says is explained where it "
                                  "is known.";

/* An event this far back in the history may be what a panic ends. */
#define LOOK_BACK 32u
/* An oops and the panic that ends it are printed in one go: behind the trace only a summary stands,
 * and a slow console takes its time. */
#define MOST_LINES 40u
#define MOST_SECONDS 60u

/* A checker's report that ends in a BUG() is one too. */
static bool can_end_in_panic(const kd_event *event, const kd_panic_reason *reason)
{
    const kdf_oops *oops = kd_event_part(event, &kd_fields_oops, NULL);
    return kd_str_in_words(kd_str_of(event->kind->name), reason->causes) ||
           (oops && oops->ends_in_bug &&
            kd_str_in_words(kd_str_of(kd_kind_kernel_bug.name), reason->causes));
}

/* The kernel says that both are of one task, or of one CPU outside of tasks. Each CPU has a task 0.
 */
static bool is_own(const kd_event *panic, const kd_event *event)
{
    const kdf_task *a = kd_event_task(panic), *b = kd_event_task(event);
    bool named = a && b && a->pid.src && b->pid.src && a->pid.v == b->pid.v;
    return (named && (a->pid.v > 0 || (a->cpu.src && b->cpu.src && a->cpu.v == b->cpu.v))) ||
           (panic->caller.len > 0 && kd_str_eq(panic->caller, event->caller));
}

static uint64_t last_line(const kd_event *event)
{
    const kd_list *again = &event->repeat.lines;
    uint32_t at = event->lines.count - 1;
    while (at > 0 && kd_event_lines(event)[at].aside)
        at--;
    return again->count > 0 ? KD_ITEMS(*again, kd_range)[again->count - 1].last
                            : kd_event_lines(event)[at].number;
}

/* The last event of the boot before the panic that can have led to it; one of the same task is
 * preferred, for other CPUs report in between, and one that was whole by then. */
static const kd_event *find_cause(const kd_view *view, const kd_panic_reason *reason)
{
    size_t most = view->history_len < LOOK_BACK ? view->history_len : LOOK_BACK;
    uint64_t line = kd_event_lines(view->event)[0].number;
    const kd_event *last = NULL, *whole = NULL;
    for (size_t i = 0; i < most; i++) {
        const kd_event *event = view->history[view->history_len - 1 - i];
        if (event->before || event->boot != view->event->boot)
            break;
        if (!can_end_in_panic(event, reason))
            continue;
        bool over = last_line(event) < line;
        if (is_own(view->event, event) || (over && kd_panic_is_of(view->event, event)))
            return event;
        last = last ? last : event;
        whole = whole || !over ? whole : event;
    }
    return whole ? whole : last;
}

/* Else another report may have stood between, and be lost. */
static bool follows_at_once(const kd_event *cause, const kd_event *panic)
{
    if (cause->has_time && panic->has_time &&
        panic->time_us > kd_event_last_us(cause) + MOST_SECONDS * UINT64_C(1000000))
        return false;
    return kd_event_lines(panic)[0].number <= last_line(cause) + MOST_LINES;
}

/* What is assumed where nothing says which of two reports the panic ends: the lines of the other
 * one stand among those of this one, or that one is whole and this one, by then, is not. One that
 * was whole long before did not end in it. NULL: there is no such other one. */
static const char *find_rival(const kd_view *view, const kd_panic_reason *reason,
                              const kd_event *cause)
{
    static const char among[] =
        "it ends this report, not the one whose lines stand among its lines";
    static const char whole[] = "it ends this report, whose end is not in the log, not the whole "
                                "one before it";
    size_t most = view->history_len < LOOK_BACK ? view->history_len : LOOK_BACK;
    if (is_own(view->event, cause))
        return NULL;
    if (cause->full)
        return among;
    for (size_t i = 0; i < most; i++) {
        const kd_event *event = view->history[view->history_len - 1 - i];
        if (event->before || event->boot != view->event->boot)
            return NULL;
        if (event == cause || !can_end_in_panic(event, reason))
            continue;
        if (event->full || last_line(event) > kd_event_lines(cause)[0].number)
            return among;
        if (!cause->complete && event->complete && follows_at_once(event, view->event))
            return whole;
    }
    return NULL;
}

static void say_start(const kd_view *view, kd_emit *out, kd_confidence confidence,
                      const kd_panic_reason *reason)
{
    const kdf_panic *panic = KD_BODY(view->event, panic);
    kd_say_diag(out, confidence, "The kernel gave up: \"%.*s\". That means: %s.",
                KD_FMT(panic->reason.v), reason->meaning);
    kd_say_evidence(out, view->event, panic->reason.src, "the panic");
    kd_say_impact(out, KD_IMPACT_MACHINE_DOWN);
}

/* ---- the end of something else --------------------------------------------------------------- */

/* The line that the event begins with, in the words of its headline where it has one. */
static void say_cause(const kd_view *view, kd_emit *out, const kd_event *cause)
{
    kd_value headline;
    const kdf_panic *panic = KD_BODY(view->event, panic);
    uint64_t first = kd_event_lines(cause)[0].number;
    kd_status status = kd_event_get(cause, "headline", &headline);
    kd_say_event(out, cause);
    if (status == KD_OK && headline.line)
        kd_emit_evidence(out, cause, "headline", KD_STR("the event that it ends"));
    kd_say_proof(
        out, kd_text_of(out, "the %s stands before the panic in the same boot", cause->kind->name),
        "line %llu < line %llu", KD_LLU(first),
        KD_LLU(kd_event_line(view->event, panic->reason.src)->number));
    const kd_diag *diag = kd_primary_of(cause);
    if (diag)
        kd_say_caused_by(out, diag);
    kd_say_remedy(out, "Look at the %s before it: the panic only ends it.", cause->kind->name);
}

/* False: the log does not hold what led to it. */
static bool say_what_led(const kd_view *view, kd_emit *out, const kd_panic_reason *reason,
                         kd_confidence confidence)
{
    const kd_event *cause = find_cause(view, reason);
    say_start(view, out, cause ? confidence : KD_LIKELY, reason);
    if (cause) {
        kd_emit_role(out, KD_EFFECT);
        say_cause(view, out, cause);
        return true;
    }
    kd_say_missing(out, "the report before the panic that led to it: the log does not hold it");
    kd_say_assume(out, "the text of the panic is the kernel's own");
    return false;
}

static void say_after_oops(const kd_view *view, kd_emit *out, const kd_panic_reason *reason)
{
    const kd_event *cause = find_cause(view, reason);
    bool at_once = cause && follows_at_once(cause, view->event);
    const char *rival = at_once ? find_rival(view, reason, cause) : NULL;
    say_what_led(view, out, reason, at_once && !rival ? KD_CERTAIN : KD_LIKELY);
    if (rival)
        kd_say_assume(out, "%s", rival);
    else if (cause && !at_once)
        kd_say_assume(out, "no later oops led to it, of which the log does not hold the report");
    else if (cause)
        kd_say_proof(out, KD_STR("only what ends an oops prints these words"), "\"%.*s\"",
                     KD_FMT(KD_BODY(view->event, panic)->reason.v));
}

/* ---- what went wrong before a boot failed ---------------------------------------------------- */

static void say_before(const kd_view *view, kd_emit *out)
{
    const kdf_panic *panic = KD_BODY(view->event, panic);
    if (!panic->before.src)
        return;
    kd_say_more(out, "Shortly before it the log says: \"%.*s\".", KD_FMT(panic->before.v));
    kd_say_evidence(out, view->event, panic->before.src, "what went wrong before");
    kd_say_text(out, "before", panic->before.v);
    kd_say_remedy(out,
                  "Begin with the line before it (\"%.*s\"): what cannot be read or executed "
                  "cannot be started.",
                  KD_FMT(panic->before.v));
}

/* ---- process 1 ended ------------------------------------------------------------------------- */

static const char *usual_cause(uint64_t status)
{
    static const struct {
        uint64_t status;
        const char *cause;
    } causes[] = {
        { 0x0000, "a script or shell ran as init and came to its end" },
        { 0x0100, "init gave up: its last lines say why" },
        { 0x0200, "a shell as init: a syntax error or a missing script" },
        { 0x7e00, "init was found but is not executable" },
        { 0x7f00, "a command or a shared library was not found" },
    };
    for (size_t i = 0; i < KD_COUNT(causes); i++)
        if (causes[i].status == status)
            return causes[i].cause;
    return NULL;
}

static const char *signal_name(uint64_t number)
{
    static const char *const names[] = {
        [4] = "SIGILL",  [5] = "SIGTRAP",  [6] = "SIGABRT",  [7] = "SIGBUS",  [8] = "SIGFPE",
        [9] = "SIGKILL", [11] = "SIGSEGV", [15] = "SIGTERM", [31] = "SIGSYS",
    };
    return number < KD_COUNT(names) && names[number] ? names[number] : NULL;
}

static bool read_exit_code(kd_str reason, uint64_t *status)
{
    kd_scan in = kd_scan_of(reason);
    kd_str before;
    if (!kd_scan_past(&in, "exitcode=0x", &before))
        return false;
    const char *from = in.at;
    /* always of 8 digits: a shorter one was cut */
    return kd_scan_hex(&in, status) && in.at - from == 8;
}

static void say_status(kd_emit *out, uint64_t status)
{
    uint64_t signal = status & 0x7f;
    const char *name = signal_name(signal), *cause = usual_cause(status & 0xff7f);
    if (signal) {
        kd_say_more(out, "It was killed by signal %llu%s%s%s.", KD_LLU(signal), name ? " (" : "",
                    name ? name : "", name ? ")" : "");
        kd_say_u64(out, "signal", signal);
        kd_say_proof(out,
                     KD_STR("the exit code is a wait status; its low seven bits are the signal"),
                     "0x%llx & 0x7f = %llu", KD_LLU(status), KD_LLU(signal));
    } else {
        kd_say_more(out, "It ended by itself with exit status %llu.", KD_LLU(status >> 8 & 0xff));
        kd_say_u64(out, "exit_status", status >> 8 & 0xff);
        kd_say_proof(out,
                     KD_STR("the exit code is a wait status; bits 8 to 15 are the exit status"),
                     "(0x%llx >> 8) & 0xff = %llu", KD_LLU(status), KD_LLU(status >> 8 & 0xff));
    }
    if (cause)
        kd_say_more(out, "The usual cause: %s.", cause);
}

/* The oops of process 1 that the panic follows: the kernel ends the task of an oops. */
static const kd_event *oops_of_init(const kd_view *view, const kd_panic_reason *reason)
{
    const kd_event *cause = find_cause(view, reason);
    const kdf_oops *oops = cause ? KD_BODY(cause, oops) : NULL;
    bool own = oops && oops->task.pid.src && oops->task.pid.v == 1;
    return own && follows_at_once(cause, view->event) ? cause : NULL;
}

static void say_init_itself(kd_emit *out)
{
    kd_say_remedy(out, "Read what init and the programs it starts printed last, and lines such as "
                       "\"init[1]: segfault\" or \"error while loading shared libraries\".");
    kd_say_remedy(out, "Boot with init=/bin/sh (or rd.break) and start the real init by hand.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, KD_STR("init"),
                   "process 1 ended, not the kernel");
    kd_say_missing(out, "the console output of user space before the panic");
}

static void say_init_died(const kd_view *view, kd_emit *out, const kd_panic_reason *reason)
{
    const kdf_panic *panic = KD_BODY(view->event, panic);
    const kd_event *oops = oops_of_init(view, reason);
    uint64_t status;
    bool known = read_exit_code(panic->reason.v, &status);
    say_start(view, out, known ? KD_CERTAIN : KD_LIKELY, reason);
    if (known)
        say_status(out, status);
    else
        kd_say_assume(out, "the text of the panic is the kernel's own");
    if (!oops) {
        say_before(view, out);
        say_init_itself(out);
        return;
    }
    kd_say_more(out, "The kernel ended it: it faulted in the kernel (%s).", oops->kind->name);
    kd_emit_role(out, KD_EFFECT);
    kd_say_evidence(out, oops, KD_BODY(oops, oops)->task.pid.src, "process 1 faulted");
    say_cause(view, out, oops);
}

/* ---- no root, no init ------------------------------------------------------------------------ */

static void say_no_root(const kd_view *view, kd_emit *out, const kd_panic_reason *reason)
{
    const kdf_panic *panic = KD_BODY(view->event, panic);
    kd_scan in = kd_scan_of(panic->reason.v);
    kd_str before, device;
    bool named = kd_scan_past(&in, "unknown-block(", &before) && kd_scan_until(&in, ')', &device);
    say_start(view, out, KD_LIKELY, reason);
    if (named) {
        bool nothing = kd_str_is(device, "0,0");
        kd_say_more(
            out,
            nothing ? "unknown-block(%.*s): the name that root= gives could not be resolved to a "
                      "device at all."
                    : "unknown-block(%.*s): the device number was known, so the device or its file "
                      "system is what is missing.",
            KD_FMT(device));
        kd_say_text(out, "device", device);
    }
    if (panic->root_device.src) {
        kd_say_evidence(out, view->event, panic->root_device.src, "root= names \"%.*s\"",
                        KD_FMT(panic->root_device.v));
        kd_say_text(out, "root", panic->root_device.v);
    }
    say_before(view, out);
    kd_say_remedy(
        out, "Compare root= of the command line with the list of partitions that the kernel prints "
             "before the panic: an empty list means that the driver of the disk is missing.");
    kd_say_remedy(
        out, "Build the drivers of disk, bus and file system into the kernel or the initramfs; "
             "make the initramfs anew; use root=UUID=... or rootwait.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, KD_STR("root="), "boot configuration");
    kd_say_missing(out, "the kernel command line and the lines before the panic");
    if (!panic->before.src)
        kd_say_assume(out,
                      "the disk itself is not broken: I/O errors before the panic would say so");
}

static void say_no_init(const kd_view *view, kd_emit *out, const kd_panic_reason *reason)
{
    say_start(view, out, KD_LIKELY, reason);
    say_before(view, out);
    kd_say_remedy(
        out, "Lines \"Failed to execute\" before it name the program and the error: -2 not there, "
             "-8 built for another machine, -13 not executable, -5 the medium cannot be read.");
    kd_say_remedy(
        out, "Look whether the root file system is the right one and whole: /sbin/init and the "
             "loader that it names must exist.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, KD_STR("init"), "root file system or init=");
    kd_say_missing(out, "the lines before the panic");
    kd_say_assume(out, "the root file system that was mounted is the intended one");
}

/* ---- the others ------------------------------------------------------------------------------ */

static void say_policy(const kd_view *view, kd_emit *out, const kd_panic_reason *reason)
{
    if (!say_what_led(view, out, reason, KD_LIKELY))
        kd_say_remedy(out, "Look for the report before the panic: that is the finding.");
    if (reason->remedy[0])
        kd_say_remedy(out, "To let the machine go on in such a case: %s.", reason->remedy);
}

static void say_plain(const kd_view *view, kd_emit *out, const kd_panic_reason *reason)
{
    if (reason->causes[0]) {
        say_what_led(view, out, reason, KD_LIKELY);
    } else {
        say_start(view, out, KD_LIKELY, reason);
        kd_say_assume(out, "the text of the panic is the kernel's own");
        kd_say_remedy(out, "Look at the lines before the panic: what led to it is printed there.");
    }
    if (reason->class == KD_PANIC_HARDWARE)
        kd_say_suspect(out, KD_SUSPECT_HARDWARE, KD_STR(""), "%s", reason->meaning);
}

static void say_stack(const kd_view *view, kd_emit *out, const kd_panic_reason *reason)
{
    const kdf_panic *panic = KD_BODY(view->event, panic);
    kd_scan in = kd_scan_of(panic->reason.v);
    kd_str before, function;
    say_start(view, out, KD_LIKELY, reason);
    if (kd_scan_past(&in, "corrupted in: ", &before) && kd_scan_rest(&in, &function) &&
        function.len > 0)
        kd_say_text(out, "function", function);
    kd_say_remedy(
        out, "Look for large or indexed local arrays in that function and for deep call chains; "
             "CONFIG_VMAP_STACK and KASAN name the access itself.");
    kd_say_assume(out,
                  "the stack was overrun by its own task, not by a stray write from elsewhere");
}

/* A text that no row knows is told all the same. */
static const kd_panic_reason unknown = {
    .words = "",
    .class = KD_PANIC_OTHER,
    .causes = "",
    .meaning = "a check of the kernel or of a driver failed in a way that it does not survive",
    .remedy = "",
};

/* What it is for is lost: only that the kernel gave up is left. */
static void say_cut(const kd_view *view, kd_emit *out)
{
    const kdf_panic *panic = KD_BODY(view->event, panic);
    kd_say_diag(out, KD_POSSIBLE,
                "The kernel gave up: \"%.*s\". Of the reason, the log holds the beginning.",
                KD_FMT(panic->reason.v));
    kd_say_evidence(out, view->event, panic->reason.src, "the panic, cut");
    kd_say_impact(out, KD_IMPACT_MACHINE_DOWN);
    kd_say_missing(out, "the rest of the panic's text");
}

static void say_then(kd_emit *out, const kdf_panic *panic)
{
    if (panic->reboot_seconds.src)
        kd_say_more(out, " The machine reboots after %llu s.", KD_LLU(panic->reboot_seconds.v));
    else if (kd_str_is(panic->then.v, "crash-kernel"))
        kd_say_more(out, " The crash kernel was started: a dump of the memory may be there.");
    else if (kd_str_is(panic->then.v, "halt"))
        kd_say_more(out, " The machine stands still until it is reset: panic= sets no time to "
                         "reboot after.");
}

typedef void (*say_fn)(const kd_view *view, kd_emit *out, const kd_panic_reason *reason);

static kd_status check(const kd_view *view, kd_emit *out, kd_panic_class class, say_fn say)
{
    const kdf_panic *panic = KD_BODY(view->event, panic);
    if (!panic || !panic->reason.src)
        return KD_OK;
    const kd_panic_reason *reason = kd_panic_reason_of(panic->reason.v);
    if (!reason && kd_panic_reason_is_cut(panic->reason.v)) {
        if (class == KD_PANIC_OTHER)
            say_cut(view, out);
        return KD_OK;
    }
    reason = reason ? reason : &unknown;
    kd_panic_class of = reason->class == KD_PANIC_HARDWARE ? KD_PANIC_OTHER : reason->class;
    if (of == class) {
        say(view, out, reason);
        say_then(out, panic);
    }
    return KD_OK;
}

#define KD_CHECK(name, class, say)                                                 \
    kd_status kd_check_panic_##name(const kd_view *view, kd_emit *out, void *user) \
    {                                                                              \
        (void)user;                                                                \
        return check(view, out, KD_PANIC_##class, say);                            \
    }
KD_CHECK(after_oops, AFTER_OOPS, say_after_oops)
KD_CHECK(no_init, NO_INIT, say_no_init)
KD_CHECK(init_died, INIT_DIED, say_init_died)
KD_CHECK(no_root, NO_ROOT, say_no_root)
KD_CHECK(oom, OOM, say_plain)
KD_CHECK(watchdog, WATCHDOG, say_plain)
KD_CHECK(policy, POLICY, say_policy)
KD_CHECK(other, OTHER, say_plain)
KD_CHECK(stack, STACK, say_stack)

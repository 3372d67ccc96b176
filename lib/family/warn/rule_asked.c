/* rule_asked.c - crashes and reports that somebody asked for are no bugs. */
#include "core/diag.h"
#include "family/fields.h"
#include "family/warn/asked.h"
#include "family/warn/panic_reason.h"

const char kd_doc_panic_requested[] =
    "The crash or report was asked for: sysrq-c, sysrq-b, LKDTM, the tests of the checkers, fault "
    "injection, a management controller. No bug. A function or module of the trace gives it away, "
    "the text of the panic, or a line closely before it.";

/* The panic's own text says it. */
static bool say_panic(const kd_view *view, kd_emit *out)
{
    const kdf_panic *panic = KD_BODY(view->event, panic);
    const kd_panic_reason *reason =
        panic && panic->reason.src ? kd_panic_reason_of(panic->reason.v) : NULL;
    if (!reason || reason->class != KD_PANIC_REQUESTED)
        return false;
    kd_say_diag(out, KD_LIKELY, "The kernel gave up: \"%.*s\". That means: %s.",
                KD_FMT(panic->reason.v), reason->meaning);
    kd_say_evidence(out, view->event, panic->reason.src, "the panic");
    kd_say_suspect(out, KD_SUSPECT_TEST, KD_STR(""), "asked for");
    kd_say_assume(out, "the text of the panic is the kernel's own");
    return true;
}

/* The panic only ends another report, which may have been asked for. */
static bool ends_another(const kd_event *event)
{
    const kdf_panic *panic = KD_BODY(event, panic);
    const kd_panic_reason *reason = panic ? kd_panic_reason_of(panic->reason.v) : NULL;
    return reason && reason->causes[0];
}

/* sysrq-c: by which way it was asked. */
static void say_way(const kd_view *view, kd_emit *out)
{
    const kd_list *stack = kd_event_backtrace(view->event);
    for (uint32_t i = 0; stack && i < stack->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*stack, kdf_frame)[i];
        if (kd_str_is(frame->function.v, "write_sysrq_trigger")) {
            kd_say_more(out, "Somebody wrote to /proc/sysrq-trigger.");
            kd_say_evidence(out, view->event, frame->function.src, "written to by a program");
            return;
        }
        if (kd_str_in_words(frame->function.v, "sysrq_filter uart_handle_break handle_sysrq")) {
            kd_say_more(out, "It came from a keyboard, or by a break on a serial line.");
            kd_say_evidence(out, view->event, frame->function.src, "keyboard or serial line");
            return;
        }
    }
}

/* A test that fails may have found a bug; and of a fault whose stack is lost only a line before it
 * tells that it is the one that was asked for. */
static bool is_doubtful(const kd_asked *asked)
{
    return asked->by == KD_BY_KUNIT ||
           (asked->announce && (asked->by == KD_BY_SYSRQ || asked->by == KD_BY_LKDTM));
}

static void say_why(const kd_view *view, kd_emit *out, const kd_asked *asked)
{
    bool doubt = is_doubtful(asked);
    kd_say_diag(out, doubt ? KD_POSSIBLE : KD_LIKELY, "This %s asked for: %s.",
                doubt ? "may have been" : "was", kd_asked_what(asked->by));
    if (asked->announce)
        kd_say_evidence(out, view->event, asked->src, "announced before it");
    else
        kd_say_evidence(out, view->event, asked->src, "%.*s()%s%.*s%s", KD_FMT(asked->function),
                        asked->module.len ? " [" : "", KD_FMT(asked->module),
                        asked->module.len ? "]" : "");
    if (asked->by == KD_BY_SYSRQ)
        say_way(view, out);
    kd_say_suspect(out, KD_SUSPECT_TEST, kd_str_of(kd_asked_name(asked->by)), "asked for");
    if (asked->announce)
        kd_say_assume(out, "what the line before it announces is what happened; if both only stand "
                           "close together, this is a fault of its own");
    else if (doubt)
        kd_say_assume(out, "the test case provokes it; a test that fails may have found a bug");
    else
        kd_say_assume(out, "functions and modules of these names are the kernel's own tests");
}

kd_status kd_check_panic_requested(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_log_end *end = KD_BODY(view->event, log_end);
    const kdf_log_end *reboot = end && end->headline.src ? end : NULL;
    kd_asked asked = { .by = KD_BY_RESET };
    (void)user;
    if (reboot) {
        kd_say_diag(out, KD_LIKELY, "The machine was reset by %s.", kd_asked_what(KD_BY_RESET));
        kd_say_evidence(out, view->event, reboot->headline.src, "the last thing it said");
        kd_say_suspect(out, KD_SUSPECT_TEST, KD_STR("sysrq"), "asked for");
    } else if (end) {
        return KD_OK;
    } else if (!say_panic(view, out)) {
        if (ends_another(view->event) || !kd_asked_for(view->event, &asked))
            return KD_OK;
        say_why(view, out, &asked);
    }
    if (is_doubtful(&asked)) {
        kd_emit_role(out, KD_CONTRIBUTING);
        return KD_OK;
    }
    kd_say_deliberate(out);
    kd_say_remedy(out, "Nothing to mend: find out who asked, if it was not you.");
    if (reboot || kd_event_is(view->event, &kd_kind_panic) ||
        kd_event_is(view->event, &kd_kind_stack_corruption))
        kd_say_impact(out, KD_IMPACT_MACHINE_DOWN);
    else if (view->event->kind->severity == KD_FATAL)
        kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    /* the fault is but the means */
    if (asked.by == KD_BY_SYSRQ || asked.by == KD_BY_LKDTM)
        kd_say_settled(out);
    return KD_OK;
}

/* rule_boot.c - a boot that ends without a word. */
#include "core/diag.h"
#include "family/fields.h"

const char kd_doc_ends_without_a_word[] =
    "The lines of one boot end, and nothing says why: no shutdown, no panic, no oops. Said only of "
    "captures of a console (lines of a boot loader or a login prompt stand in them), where another "
    "boot follows, or where the kernel never came to init. A watchdog, the power, the firmware, a "
    "triple fault; or somebody pressed reset or stopped the capture.";

const char kd_doc_unknown_prefix[] =
    "The log holds beginnings of kernel messages behind other text, in several lines close "
    "together, "
    "and that text has no form that is known or could be learnt: little or nothing was read from "
    "them.";

kd_status kd_check_unknown_prefix(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_log_end *lines = KD_BODY(view->event, log_end);
    (void)user;
    if (!lines)
        return KD_OK;
    kd_say_diag(
        out, KD_LIKELY,
        "Lines from here on look like messages of a kernel behind a prefix of no known form; "
        "nothing was read from them.");
    kd_say_evidence(out, view->event, lines->last.src, "the first of them");
    kd_say_remedy(out, "Send the log as dmesg prints it, or cut the prefix off.");
    kd_say_missing(out, "the log without the text before each message");
    kd_say_assume(out, "these are lines of a kernel, not words about them");
    return KD_OK;
}

/* What comes after the last line hung, or reset the machine. */
static void say_last(const kd_view *view, kd_emit *out, const kdf_log_end *end)
{
    kd_say_evidence(out, view->event, end->last.src, "the last line");
    kd_say_text(out, "last_line", end->last.v);
    if (view->event->has_time)
        kd_say_u64(out, "last_time_us", view->event->time_us);
    if (view->context->stage != KD_STAGE_UNKNOWN) {
        kd_say_more(out, "How far it came: %.*s.", KD_FMT(kd_stage_name(view->context)));
        kd_say_text(out, "stage", kd_stage_name(view->context));
    }
}

static const kd_context *next_boot(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    for (size_t i = 0; i < wide->boot_count; i++)
        if (wide->boots[i]->boot == view->context->boot + 1)
            return wide->boots[i];
    return NULL;
}

static void say_reset(const kd_view *view, kd_emit *out, const kdf_log_end *end)
{
    const kd_context *next = next_boot(view);
    kd_say_diag(
        out, KD_POSSIBLE,
        "The machine began anew without a shutdown, a panic or an oops: something reset it.");
    say_last(view, out, end);
    kd_say_impact(out, KD_IMPACT_MACHINE_DOWN);
    if (next && next->reset_line.number) {
        kd_say_confidence(out, KD_LIKELY);
        kd_say_line(out, &next->reset_line, "the next boot tells why");
        kd_say_remedy(out, "Begin with the reason that the next boot tells.");
    } else {
        kd_say_missing(out, "the reset reason (registers of the board, BMC log, the boot loader's "
                            "\"Reset cause\")");
    }
    kd_say_remedy(out, "Look at what stands shortly before the last line, and at the watchdog, the "
                       "power supply and the temperature.");
    kd_say_remedy(out, "Keep the end: pstore/ramoops, netconsole, ignore_loglevel.");
    kd_say_assume(out, "nobody pressed reset or cut the power, and no lines were lost");
}

static void say_hang(const kd_view *view, kd_emit *out, const kdf_log_end *end)
{
    kd_say_diag(out, KD_POSSIBLE,
                "The log ends while the kernel boots: it never came to init. What follows the last "
                "line may hang.");
    say_last(view, out, end);
    kd_say_impact(out, KD_IMPACT_MACHINE_DOWN);
    kd_say_remedy(out, "Boot with initcall_debug ignore_loglevel: the last \"calling\" without "
                       "\"returned\" is what hangs.");
    kd_say_remedy(out, "Does the console go on elsewhere? Compare console= of the command line.");
    kd_say_assume(out, "the capture was not stopped, and the console did not move to another port");
}

kd_status kd_check_ends_without_a_word(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_log_end *end = KD_BODY(view->event, log_end);
    (void)user;
    if (!end || !end->last.src)
        return KD_OK;
    if (kd_event_is(view->event, &kd_kind_reboot))
        say_reset(view, out, end);
    else
        say_hang(view, out, end);
    return KD_OK;
}

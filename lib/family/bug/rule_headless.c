/* rule_headless.c - a report whose head the log does not hold. */
#include "base/scan.h"
#include "core/diag.h"
#include "family/fault/printer.h"
#include "family/fields.h"

const char kd_doc_headless[] =
    "Registers and a stack stand in the log, or a stack alone, but not the lines above them that "
    "say what happened. Lines that only an exception prints (the instructions on arm64, the "
    "modules behind the stack on x86, \"exited with\") tell whether it was one; the function that "
    "printed a stack (warn_alloc(), panic(), lockdep's own) tells what it had found.";

/* "`str x9, [x10]`, which accesses the address 0x1". Alone: it was an exception, and no other rule
 * says what was accessed. */
static void say_instruction(kd_emit *out, const kdf_oops *oops, bool alone)
{
    const kdf_code *code = &oops->code;
    if (code->instruction.src && code->memory.effective.src)
        kd_say_more(out,
                    " The instruction there is `%.*s`, which accesses the address 0x%llx with the "
                    "registers as printed.",
                    KD_FMT(code->instruction.v), KD_LLU(code->memory.effective.v));
    else if (code->instruction.src)
        kd_say_more(out, " The instruction there is `%.*s`.", KD_FMT(code->instruction.v));
    /* the base was 0: what is accessed is the displacement */
    bool null = code->memory.base.src && !code->memory.index.src &&
                code->memory.effective.v == (uint64_t)code->memory.displacement.v;
    if (alone && null && code->memory.effective.src && code->memory.effective.v < 4096) {
        kd_say_more(out, " Nothing is mapped there: most likely a NULL pointer was dereferenced.");
        kd_say_hex(out, "effective", code->memory.effective.v);
    }
}

/* "nop dword ptr [rax + rax]", "test eax, eax": what computes in registers, or nothing at all */
static bool hardly_faults(kd_str instruction)
{
    static const char *const special[] = { "cr", "dr", "ds", "es", "fs", "gs", "ss" };
    kd_scan in = kd_scan_of(instruction);
    kd_str word, rest = { NULL, 0 };
    if (!kd_scan_word(&in, &word))
        return false;
    if (kd_str_in_words(word, "nop pause endbr64"))
        return true;
    kd_scan_rest(&in, &rest);
    for (size_t i = 0; i < KD_COUNT(special); i++)
        if (kd_str_has(rest, special[i]))
            return false;
    return !kd_str_has(rest, "[") &&
           kd_str_in_words(word,
                           "add and cmp dec inc je jne mov movsxd movzx neg not or sub test xor");
}

/* Nothing else tells whether it was an exception. */
static void say_no_fault(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    bool x86 = kd_arch_is(view->context, "x86_64") || kd_arch_is(view->context, "i386");
    if (x86 && oops->code.instruction.src && hardly_faults(oops->code.instruction.v))
        kd_say_more(out, " It can hardly fault: the CPU was interrupted in it, as for the report "
                         "of a stall.");
}

/* "The stack was printed by warn_alloc(): an allocation of pages failed." */
static void say_printer(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    uint32_t at = 0;
    const kd_printer *printer = kd_printer_of(&oops->backtrace, &at);
    if (!printer)
        return;
    const kdf_frame *frame = &KD_ITEMS(oops->backtrace, kdf_frame)[at];
    kd_say_more(out, " The stack was printed by %.*s(): %s.", KD_FMT(frame->function.v),
                printer->found);
    kd_say_evidence(out, view->event, frame->function.src, "who printed the stack");
    kd_say_text(out, "printed_by", frame->function.v);
    kd_say_impact(out, printer->impact);
    if (printer->impact == KD_IMPACT_MACHINE_DOWN)
        kd_say_severity(out, KD_FATAL);
}

/* Where the registers are lost too: "It went through f() [m]." */
static void say_trace(kd_emit *out, const kdf_blame *blame)
{
    bool named = blame->function.src != 0, module = blame->module.src != 0;
    if (!named && !module)
        return;
    kd_say_more(out, " Its trace goes through %.*s%s%s%.*s%s.", KD_FMT(blame->function.v),
                named ? "()" : "", module ? named ? " [" : "code of the module " : "",
                KD_FMT(blame->module.v), module && named ? "]" : "");
}

static void say_who(kd_emit *out, const kdf_oops *oops)
{
    bool module = oops->ip.module.src != 0, task = oops->task.comm.src != 0;
    kd_say_more(out, " It stood in %.*s()%s%.*s%s%s%.*s.", KD_FMT(oops->ip.function.v),
                module ? " [" : "", KD_FMT(oops->ip.module.v), module ? "]" : "",
                task ? ", in the task " : "", KD_FMT(oops->task.comm.v));
}

kd_status kd_check_headless(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || oops->headline.src || (!oops->ip.function.src && oops->backtrace.count == 0))
        return KD_OK;
    bool died = !kd_event_is(view->event, &kd_kind_stack_dump);
    bool printed = !died && kd_printer_of(&oops->backtrace, NULL);
    kd_say_diag(out, KD_LIKELY, "The lines above %s, which say what happened, are not in the log.",
                oops->ip.function.src ? "these registers" : "this trace");
    if (died)
        kd_say_more(out,
                    " It was an exception: only for one the kernel prints all of these lines.");
    else if (printed)
        say_printer(view, out, oops);
    else
        kd_say_more(out, " Whether it was a warning, a stall or an exception stood there.");
    if (oops->ip.function.src && !printed)
        say_who(out, oops);
    else
        say_trace(out, &oops->blame);
    say_instruction(out, oops, died && !view->event->diags);
    if (!died && !printed)
        say_no_fault(view, out, oops);
    kd_say_evidence(out, view->event, oops->ip.function.src, "where it stood");
    if (!oops->ip.function.src && oops->code.bytes.src)
        kd_say_evidence(out, view->event, oops->code.bytes.src, "what only an exception prints");
    if (view->event->diags) /* what is there was enough for a verdict */
        kd_say_severity(out, KD_NOTICE);
    else if (died) {
        kd_say_severity(out, KD_FATAL);
        kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    }
    if (oops->blame.function.src)
        kd_say_remedy(out, "Look at %.*s() first.", KD_FMT(oops->blame.function.v));
    if (oops->blame.module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, oops->blame.module.v,
                       "its code is the first to look at");
    kd_say_missing(out, "the lines before line %llu",
                   KD_LLU(kd_event_lines(view->event)[0].number));
    return KD_OK;
}

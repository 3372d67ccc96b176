/* learn_trace.c - the architecture, by functions that only one has. */
#include "core/lists.h"
#include "family/fields.h"

/* system_call_exception() is powerpc's alone; the addresses beside it tell the width. */
static const char *powerpc_of(const kdf_frame *frame)
{
    if (!kd_str_is(frame->function.v, "system_call_exception") || !frame->address.src)
        return "";
    return frame->address.v > UINT32_MAX ? "ppc64" : "ppc";
}

/* "[<80a87848>] (__schedule) from [<80a88018>] (schedule+0x3c/0xa0)": only arm prints a name alone
 * beside an address of 32 bits. */
static bool is_arm_pair(const kdf_frame *frame)
{
    return frame->address.src && frame->address.v <= UINT32_MAX && frame->address.v > UINT16_MAX &&
           frame->function.src && !frame->size.src && !frame->module.src;
}

/* The arm unwinder calls its first function by a name of its own. */
void kd_learn_trace(kd_context *context, const kd_event *event, const void *part, kd_arena *arena)
{
    const kd_list *trace = part;
    (void)arena;
    for (uint32_t i = 0; i < trace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        const char *arch =
            i == 0 && is_arm_pair(frame) ? "arm"
            : kd_str_in_words(frame->function.v, "unwind_backtrace ret_fast_syscall __irq_svc")
                ? "arm"
            : frame->frame_pointer.src                             ? "arm64"
            : kd_str_starts(frame->function.v, "el0t_64_sync")     ? "arm64"
            : kd_str_starts(frame->function.v, "entry_SYSCALL_64") ? "x86_64"
                                                                   : powerpc_of(frame);
        kd_learn(context, &context->arch, &context->arch_known, kd_str_of(arch),
                 kd_line_of(event, frame->function.src));
    }
}

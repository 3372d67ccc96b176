/* learn_trace.c - the architecture, by functions that only one has, and by the form of frames. */
#include "base/scan.h"
#include "core/evidence.h"
#include "core/lists.h"
#include "family/fields.h"

/* Frames whose form is looked at. */
#define FORM_FRAMES 8u

/* "[<80a87848>] (__schedule) from [<80a88018>] (schedule+0x3c/0xa0)": only arm prints a name alone
 * beside an address of 32 bits. */
static bool is_arm_pair(const kdf_frame *frame, kd_str raw)
{
    return frame->address.src && frame->address.v <= UINT32_MAX && frame->address.v > UINT16_MAX &&
           frame->function.src && !frame->size.src && !frame->module.src && kd_str_has(raw, ">] (");
}

/* "show_stack from dump_stack_lvl+0x40/0x4c": arm from 5.15 on */
static bool is_from(const kdf_frame *frame, kd_str raw)
{
    return !frame->address.src && frame->size.src && kd_str_has(raw, " from ");
}

/* The number that ends at, or begins behind, a bracket. */
static size_t digits_at(kd_str raw, const char *at, int step)
{
    size_t count = 0;
    while (at >= raw.ptr && at < raw.ptr + raw.len && kd_is_hex(*at)) {
        count++;
        at += step;
    }
    return count;
}

/* "[c00000000465f7e0] [c0000000001e0b44] vprintk+0x74/0x90": powerpc puts the stack pointer first
 */
static kd_str powerpc_of(kd_str raw)
{
    const char *at = kd_str_find(raw, "] [c");
    for (; at; at = kd_str_find(kd_str_from(raw, (size_t)(at + 1 - raw.ptr)), "] [c")) {
        size_t digits = digits_at(raw, at + 3, 1);
        const char *end = at + 3 + digits;
        if (digits != digits_at(raw, at - 1, -1) || end == raw.ptr + raw.len || *end != ']')
            continue;
        return digits == 16 ? KD_STR("ppc64") : digits == 8 ? KD_STR("ppc") : KD_STR("");
    }
    return KD_STR("");
}

/* Only x86 (and few others, whose kernels lie elsewhere) mark frames by "? ". */
static kd_str x86_of(const kdf_frame *frame, kd_str raw)
{
    uint64_t at = frame->address.v;
    if (!frame->address.src || !kd_str_has(raw, "] ? "))
        return KD_STR("");
    if (at >= 0xffffffff81000000 && at < 0xffffffffff000000)
        return KD_STR("x86_64");
    return at >= 0xc0000000 && at <= UINT32_MAX ? KD_STR("i386") : KD_STR("");
}

static void learn_form(kd_context *context, const kd_event *event, const kdf_frame *frame,
                       bool first)
{
    const kd_line_ref *line = kd_event_line(event, frame->function.src);
    if (!line)
        return;
    if ((first && is_arm_pair(frame, line->raw)) || is_from(frame, line->raw))
        kd_learn_arch(context, KD_STR("arm"), line->number, KD_TELLS_SURE);
    if (frame->frame_pointer.src)
        kd_learn_arch(context, KD_STR("arm64"), line->number, KD_TELLS_SURE);
    if (frame->address.src)
        kd_learn_arch(context, powerpc_of(line->raw), line->number, KD_TELLS_SURE);
    kd_learn_arch(context, x86_of(frame, line->raw), line->number, KD_TELLS_LIKELY);
}

void kd_learn_trace(kd_context *context, const kd_event *event, const void *part, kd_arena *arena)
{
    const kd_list *trace = part;
    (void)arena;
    for (uint32_t i = 0; i < trace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        kd_weight weight = KD_TELLS_NOTHING;
        bool narrow = frame->address.src && frame->address.v <= UINT32_MAX;
        kd_str arch = kd_arch_of_function(frame->function.v, narrow, &weight);
        kd_learn_arch(context, arch, kd_line_of(event, frame->function.src), weight);
        if (i < FORM_FRAMES || context->arch_weight < KD_TELLS_SURE)
            learn_form(context, event, frame, i == 0);
    }
}

/* parse_borrow.c - the stack of a report that stands in the panic behind it.
 *
 *   WARNING: CPU: 1 PID: 22 at lib/kobject_uevent.c:670 add_uevent_var+0x2e7/0x310
 *   Kernel panic - not syncing: panic_on_warn set ...
 *   Call Trace:
 *    dump_stack, panic, __warn, report_bug, do_invalid_op: of the report; what follows is of the
 * caller
 *
 * __warn() and __schedule_bug() panic before they print a stack of their own.
 */
#include "core/lists.h"
#include "core/parser.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

#define MOST_FRAMES 64u

static kd_text copy_text(kd_parse *parse, kd_text text, kd_src src)
{
    return text.src ? (kd_text){ kd_arena_str(parse->arena, text.v), src } : text;
}

static void copy_frame(kd_parse *parse, kd_list *backtrace, const kd_event *other,
                       const kdf_frame *from)
{
    const kd_line_ref *line = kd_event_line(other, from->line.src);
    kd_src src = line ? kd_parse_keep(parse, line) : 0;
    kdf_frame *frame = src ? KD_LIST_ADD(parse->arena, backtrace, kdf_frame) : NULL;
    if (!frame)
        return;
    *frame = *from;
    frame->function = copy_text(parse, from->function, src);
    frame->module = copy_text(parse, from->module, src);
    kd_src *sources[] = { &frame->offset.src,        &frame->size.src,     &frame->address.src,
                          &frame->frame_pointer.src, &frame->reliable.src, &frame->frame_bytes.src,
                          &frame->line.src };
    for (size_t i = 0; i < KD_COUNT(sources); i++)
        *sources[i] = *sources[i] ? src : 0;
}

/* The first confirmed frame that is not of the report itself. */
static uint32_t below_report(const kd_list *frames)
{
    const kdf_frame *frame = frames->items;
    for (uint32_t i = 0; i < frames->count; i++) {
        bool sure = !frame[i].reliable.src || frame[i].reliable.v;
        if (sure && frame[i].function.src && !kd_blame_never(frame[i].function.v))
            return i;
    }
    return frames->count;
}

bool kd_panic_is_of(const kd_event *panic, const kd_event *report)
{
    if (panic->id <= report->id || !kd_str_eq(panic->caller, report->caller))
        return false;
    const kdf_task *a = kd_event_task(panic), *b = kd_event_task(report);
    if (a && b && a->pid.src && b->pid.src)
        return a->pid.v == b->pid.v && (!a->cpu.src || !b->cpu.src || a->cpu.v == b->cpu.v);
    return panic->id == report->id + 1;
}

void kd_trace_borrow(kd_parse *parse, kd_list *backtrace, const kd_event *other)
{
    if (backtrace->count > 0 || !kd_panic_is_of(other, parse->event))
        return;
    kd_str reason = kd_event_text(other, "reason");
    if (!(kd_str_has(reason, "panic_on_warn set") || kd_str_has(reason, "scheduling while atomic")))
        return;
    const kd_list *frames = kd_event_backtrace(other);
    for (uint32_t i = frames ? below_report(frames) : 0;
         frames && i < frames->count && backtrace->count < MOST_FRAMES; i++)
        copy_frame(parse, backtrace, other, &KD_ITEMS(*frames, kdf_frame)[i]);
}

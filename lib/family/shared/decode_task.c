/* decode_task.c - taint letters to flags. */
#include "core/context.h"
#include "core/lists.h"
#include "family/fields.h"
#include "family/shared/decode_taint.h"

bool kd_decode_task(kd_event *event, void *part, const kd_context *context)
{
    kdf_task *task = part;
    kd_arena *arena = &event->arena;
    kd_taint taint;
    if (!task->taint.raw.src)
        return true;
    kd_taint_letters(task->taint.raw.v, context->version, &taint);
    for (size_t i = 0; i < taint.count; i++) {
        kdf_taint_flag *flag = KD_LIST_ADD(arena, &task->taint.flags, kdf_taint_flag);
        if (!flag)
            return true;
        flag->letter =
            (kd_text){ kd_arena_str(arena, (kd_str){ &taint.flags[i].letter, 1 }), KD_DERIVED };
        flag->name = (kd_text){ kd_str_of(taint.flags[i].name), KD_DERIVED };
    }
    return true;
}

/* decode_task.c - taint letters to flags. */
#include "core/context.h"
#include "core/lists.h"
#include "family/fields.h"
#include "family/shared/decode_taint.h"

static void add_flags(kdf_taint *to, const kd_taint *taint, kd_arena *arena)
{
    for (size_t i = 0; i < taint->count; i++) {
        kdf_taint_flag *flag = KD_LIST_ADD(arena, &to->flags, kdf_taint_flag);
        if (!flag)
            return;
        flag->letter =
            (kd_text){ kd_arena_str(arena, (kd_str){ &taint->flags[i].letter, 1 }), KD_DERIVED };
        flag->name = (kd_text){ kd_str_of(taint->flags[i].name), KD_DERIVED };
    }
}

void kd_put_taint(void *group, uint64_t value, const kd_context *context, kd_arena *arena)
{
    kdf_taint *to = group;
    kd_taint taint;
    char raw[KD_TAINT_MAX];
    kd_taint_number(value, context->version, &taint);
    for (size_t i = 0; i < taint.count; i++)
        raw[i] = taint.flags[i].letter;
    add_flags(to, &taint, arena);
    to->raw = (kd_text){ kd_arena_str(arena, (kd_str){ raw, taint.count }), KD_DERIVED };
}

bool kd_decode_task(kd_event *event, void *part, const kd_context *context)
{
    kdf_task *task = part;
    kd_arena *arena = &event->arena;
    kd_taint taint;
    if (!task->taint.raw.src || task->taint.flags.count > 0)
        return true;
    kd_taint_letters(task->taint.raw.v, context->version, &taint);
    add_flags(&task->taint, &taint, arena);
    return true;
}

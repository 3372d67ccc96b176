/* learn_task.c - kernel and machine from the task line. */
#include "core/lists.h"
#include "family/fields.h"

void kd_learn_task(kd_context *context, const kd_event *event, const void *part, kd_arena *arena)
{
    const kdf_task *task = part;
    if (task->kernel_release.src)
        kd_learn_release(context, task->kernel_release.v,
                         kd_line_of(event, task->kernel_release.src), arena);
    if (task->build.src)
        kd_learn_build(context, task->build.v, kd_line_of(event, task->build.src), arena);
    if (task->hardware.src)
        kd_learn(context, &context->hardware, &context->hardware_known,
                 kd_arena_str(arena, task->hardware.v), kd_line_of(event, task->hardware.src));
}

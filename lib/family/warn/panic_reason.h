/* panic_reason.h - what the text of a panic says of its cause. */
#ifndef KD_WARN_PANIC_REASON_H
#define KD_WARN_PANIC_REASON_H

#include "base/str.h"

typedef enum kd_panic_class {
    KD_PANIC_OTHER,
    KD_PANIC_AFTER_OOPS,
    KD_PANIC_INIT_DIED,
    KD_PANIC_NO_INIT,
    KD_PANIC_NO_ROOT,
    KD_PANIC_OOM,
    KD_PANIC_WATCHDOG,
    KD_PANIC_POLICY,
    KD_PANIC_REQUESTED,
    KD_PANIC_HARDWARE,
    KD_PANIC_STACK /* an event of its own kind: stack_corruption */
} kd_panic_class;

typedef struct kd_panic_reason {
    const char *words;
    kd_panic_class class;
    bool innocent;      /* the stack is that of a detector, or of whoever was interrupted */
    const char *causes; /* kinds of the events that lead to it */
    const char *meaning, *remedy; /* remedy: the setting that takes the policy back; may be empty */
} kd_panic_reason;

/* NULL: a text that no row knows. */
const kd_panic_reason *kd_panic_reason_of(kd_str text);
/* No row knows it, and it ends inside the words of one: its rest may be lost. */
bool kd_panic_reason_is_cut(kd_str text);

#endif

/* parse_lock.h - the lines by which lockdep names locks, and who waits for them. */
#ifndef KD_LOCK_PARSE_LOCK_H
#define KD_LOCK_PARSE_LOCK_H

#include "core/parser.h"
#include "family/fields.h"

extern const kd_block kd_block_held_locks; /* kd_list of kdf_lock_holder */

/* "ffff888012345678 (&dev->mutex){+.+.}-{3:3}, at: f+0x1/0x2": false when it is no lock. */
bool kd_scan_lock(kd_parse *parse, kd_str text, kdf_held_lock *out);
/* "kworker/0:1/353": the name may hold slashes. */
bool kd_scan_comm_pid(kd_str text, kd_str *comm, uint64_t *pid);

/* A line that begins a report of another family: an open one ends before it. */
bool kd_other_report_begins(kd_str text);

/* ---- who waits ------------------------------------------------------------------------------- */

#define KD_WHY_UNWOKEN "a kernel thread that waits to be woken"

/* Is it that bare name (kd_bare_name())? A '*' at the end of `name` stands for any tail. */
bool kd_bare_is(kd_str bare, const char *name);
/* Is that a frame that the unwinder confirmed, with a name? */
bool kd_frame_is_sure(const kdf_frame *frame);

/* The scheduler, a lock, a completion: how it is waited, never who. */
bool kd_wait_passes(kd_str function);
/* The waiter above the scheduler and the lock. `waits_for`: what it waits for, in words; NULL: not
 * asked. */
void kd_blame_waiter(kdf_blame *blame, const kd_list *backtrace, kd_text *waits_in,
                     kd_text *waits_for);
/* Who ends a wait for that (a text of `waits_for`): rows of waited.def. */
typedef enum kd_wait_end {
    KD_WAIT_ANYBODY,
    KD_WAIT_HOLDER,
    KD_WAIT_STORAGE,
    KD_WAIT_SERVER,
    KD_WAIT_DAEMON,
    KD_WAIT_ALARM
} kd_wait_end;
kd_wait_end kd_wait_ends_by(kd_str waits_for);
/* No name, and this reason. */
void kd_blame_none(kdf_blame *blame, const char *why);

#endif

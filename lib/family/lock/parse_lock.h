/* parse_lock.h - the lines by which lockdep names locks. */
#ifndef KD_LOCK_PARSE_LOCK_H
#define KD_LOCK_PARSE_LOCK_H

#include "core/parser.h"
#include "family/fields.h"

extern const kd_block kd_block_held_locks; /* kd_list of kdf_lock_holder */

/* "ffff888012345678 (&dev->mutex){+.+.}-{3:3}, at: f+0x1/0x2": false when it is no lock. */
bool kd_scan_lock(kd_parse *parse, kd_str text, kdf_held_lock *out);
/* "kworker/0:1/353": the name may hold slashes. */
bool kd_scan_comm_pid(kd_str text, kd_str *comm, uint64_t *pid);

#endif

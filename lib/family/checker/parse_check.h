/* parse_check.h - what the recognisers of this family share. */
#ifndef KD_CHECKER_PARSE_CHECK_H
#define KD_CHECKER_PARSE_CHECK_H

#include <stddef.h>

#include "core/parser.h"
#include "family/fault/parse_fault.h"
#include "family/fields.h"
#include "family/lock/parse_lock.h"
#include "family/shared/parse_shared.h"

/* Task line, registers, code and the first stack. */
extern const kd_block_use kd_check_blocks[];

/* parse->own of the recognisers here. STACK: 1 + index of the stack that frames go to; 0: the main
 * one. */
enum { KD_CHECK_STACK, KD_CHECK_TRACE, KD_CHECK_SEEN, KD_CHECK_EXTRA };

/* The frames that follow are of a further stack. */
void kd_check_turn(kd_parse *parse, kdf_check *check, const char *role);
/* A frame of the further stack at hand; KD_NOT_MINE while the main stack is read. */
kd_verdict kd_check_frame(kd_parse *parse, kdf_check *check, const kd_line *line);
/* Blame: the function of the headline unless it is machinery, else the first frame that is not. */
void kd_check_blame(kd_parse *parse);

#endif

/* parse_shared.h - the parts that messages of many families share. */
#ifndef KD_SHARED_PARSE_SHARED_H
#define KD_SHARED_PARSE_SHARED_H

#include "core/parser.h"
#include "family/fields.h"

extern const kd_block kd_block_task;  /* kdf_task: CPU, hardware, workqueue, modules */
extern const kd_block kd_block_trace; /* kd_list of kdf_frame */

/* "name+0x1c/0x40 [mod]", "name [mod]", "0xffff...": false when it is none of them. */
bool kd_scan_symbol(kd_scan *in, kdf_symbol *out, kd_src src);

/* Sets blame from the trace: the innermost frame that is not the machinery which reports,
 * allocates, copies or locks. @param ip  instruction pointer of a fault, or NULL */
void kd_blame_set(kd_parse *parse, kdf_blame *blame, const kd_list *backtrace,
                  const kdf_symbol *ip);
/* Is that the name of such machinery? */
bool kd_blame_skips(kd_str function);

#endif

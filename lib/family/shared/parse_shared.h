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
 * allocates, copies or locks, nor a helper. @param ip  instruction pointer of a fault, or NULL */
void kd_blame_set(kdf_blame *blame, const kd_list *backtrace, const kdf_symbol *ip);
/* Of a stack that was used up: the first function of the task's own work, where the stack is shown
 * down to what runs it. */
void kd_blame_outermost(kdf_blame *blame, const kd_list *backtrace);
/* Further names that a kind passes over; `bare` is without underscores and compiler suffixes. */
typedef bool kd_blame_pass(kd_str bare);
void kd_blame_past(kdf_blame *blame, const kd_list *backtrace, const kdf_symbol *ip,
                   kd_blame_pass *also);
/* Is that the name of machinery or of a helper? */
bool kd_blame_skips(kd_str function);
/* Of machinery, which is never to blame? */
bool kd_blame_never(kd_str function);
/* The stack of a warning that a setting made fatal is printed by the panic: where `other` is the
 * panic right behind this event, its frames below the report become those of `backtrace`. */
void kd_trace_borrow(kd_parse *parse, kd_list *backtrace, const kd_event *other);

/* Did the same task on the same CPU panic right behind the report? */
bool kd_panic_is_of(const kd_event *panic, const kd_event *report);

/* Without underscores and compiler suffixes, and without the dot that big-endian powerpc puts
 * before the code of a function (".__mutex_lock.isra.0" -> "mutex_lock"): so names are compared. */
kd_str kd_bare_name(kd_str function);
/* A '*' in the pattern stands for any text. */
bool kd_name_fits_all(kd_str bare, const char *pattern);
static inline bool kd_name_fits(kd_str bare, const char *pattern)
{
    bool other = bare.len > 0 && *pattern != '*' && *pattern != bare.ptr[0]; /* nearly always */
    return !other && kd_name_fits_all(bare, pattern);
}

#endif

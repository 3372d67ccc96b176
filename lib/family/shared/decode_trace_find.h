/* decode_trace_find.h - looks for functions in a stack trace. */
#ifndef KD_SHARED_DECODE_TRACE_FIND_H
#define KD_SHARED_DECODE_TRACE_FIND_H

#include "core/event.h"
#include "family/fields.h"

/* The name of its function without underscores and compiler suffixes; empty: it is not sure. */
kd_str kd_trace_name(const kdf_frame *frame);
/* The innermost reliable frame whose function is one of the blank-separated `names`, or NULL.
 * Leading underscores, "_noprof" and what a compiler adds behind a dot are left out of account:
 * "kmalloc_large" finds "___kmalloc_large_noprof.isra.0". */
const kdf_frame *kd_trace_find(const kd_list *backtrace, const char *names);

#endif

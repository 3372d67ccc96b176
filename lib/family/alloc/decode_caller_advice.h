/* decode_caller_advice.h - what to do about a failed allocation, by who asked. */
#ifndef KD_ALLOC_DECODE_CALLER_ADVICE_H
#define KD_ALLOC_DECODE_CALLER_ADVICE_H

#include "family/fields.h"
#include "family/shared/decode_trace_find.h"

typedef struct kd_caller_advice {
    const char *text;
    const kdf_frame *frame; /* the function that it is about */
} kd_caller_advice;

/* False: no row fits. */
bool kd_caller_advice_of(const kd_list *backtrace, uint64_t order, kd_caller_advice *out);

#endif

/* parse_trace.h - what the forms of stack traces share. */
#ifndef KD_SHARED_PARSE_TRACE_H
#define KD_SHARED_PARSE_TRACE_H

#include "core/parser.h"
#include "family/fields.h"

/* Adds a frame, on the stack that the trace is on. */
void kd_trace_add(kd_parse *parse, kd_list *frames, const kdf_frame *frame, const kd_line *line);
void kd_trace_put_symbol(kdf_frame *frame, const kdf_symbol *symbol);
/* "[<c0101234>]", "[c00000000465f7e0]", or "[]" where HTML swallowed the address. */
bool kd_trace_scan_address(kd_scan *in, kd_hex *out, kd_src src);

/* A line in one of the old forms: parse_trace_old.c. */
bool kd_trace_take_old(kd_parse *parse, kd_list *frames, const kd_line *line);

#endif

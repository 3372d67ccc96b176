/* parse_inline.h - functions that the compiler put into another, as decoders of stacks show them.
 */
#ifndef KD_SHARED_PARSE_INLINE_H
#define KD_SHARED_PARSE_INLINE_H

#include "core/parser.h"

/* "name FILE:LINE [inline]"? */
bool kd_is_inline(kd_str text);
/* The names of such lines that the event took right before the line at hand. */
void kd_inline_collect(kd_parse *parse, kd_texts *out);

#endif

/* rule_free.h - what the rules of wrong frees share. */
#ifndef KD_FREE_RULE_FREE_H
#define KD_FREE_RULE_FREE_H

#include "core/diag.h"
#include "family/free/decode_page_pointer.h"

/* The access, the bases, and the address that was passed. */
void kd_free_say_case(const kd_view *view, kd_emit *out, const kd_free_case *c);

#endif

/* parse_gfp.h - the mask of a request, and the nodes that it may use. */
#ifndef KD_GFP_PARSE_GFP_H
#define KD_GFP_PARSE_GFP_H

#include "core/parser.h"
#include "family/fields.h"

/* ", mode:0x40a20(GFP_ATOMIC|__GFP_COMP)" from its "0x" on. */
bool kd_scan_gfp(kd_scan *in, kd_parse *parse, kdf_gfp *gfp);

/* ", nodemask=(null),cpuset=/,mems_allowed=0", any part of it; values are left as printed. */
void kd_scan_scope(kd_scan *in, kd_parse *parse, kdf_scope *scope);

#endif

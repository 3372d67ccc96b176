/* last_line.h - the last line of the boot before. */
#ifndef KD_BOOT_LAST_LINE_H
#define KD_BOOT_LAST_LINE_H

#include "core/parser.h"
#include "family/fields.h"

/* The nearest line above that has a time of the kernel: boot loaders print none. */
void kd_put_last_line(kd_parse *parse, kd_text *out);

#endif

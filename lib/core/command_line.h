/* command_line.h - values out of a kernel's command line. Layer: core. */
#ifndef KD_CORE_COMMAND_LINE_H
#define KD_CORE_COMMAND_LINE_H

#include "base/str.h"

/* The size in bytes that NAME= gives, as memparse() takes it: "512M", "0x20000000". When it stands
 * twice, the last one counts. False: none that can be read. */
bool kd_command_line_size(kd_str line, const char *name, uint64_t *out);

#endif

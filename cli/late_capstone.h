/* late_capstone.h - capstone, opened where instructions may have to be read. */
#ifndef OOPSDOC_LATE_CAPSTONE_H
#define OOPSDOC_LATE_CAPSTONE_H

#include "cli.h"

/* Before the sandbox, which lets no code in; the first instruction opens it, too. Where it cannot
 * be loaded a message says so, instructions are not decoded, and the command must end so. */
void open_capstone(void);
bool was_no_capstone(void);

/* False: a small file that holds no bytes of instructions, in whatever form; only looked through,
 * not read as a log. */
bool may_show_code(const char *path);

#endif

/* packs.h - --pack FILE|DIR. */
#ifndef OOPSDOC_PACKS_H
#define OOPSDOC_PACKS_H

#include "cli.h"

#define MOST_PACKS 32

int cmd_pack(int argc, char **argv);
/* Adds the pack, or each *.json of the folder in the order of their names; 0, or EXIT_TROUBLE after
 * a message. */
int add_packs(kd_engine *engine, const char *path);

#endif

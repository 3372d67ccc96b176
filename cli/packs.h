/* packs.h - --pack FILE|DIR. */
#ifndef OOPSDOC_PACKS_H
#define OOPSDOC_PACKS_H

#include "cli.h"

#define MOST_PACKS 32

int cmd_pack(int argc, char **argv);
/* Adds the pack, or each *.json of the folder in the order of their names; 0, or EXIT_TROUBLE after
 * a message. */
int add_packs(kd_engine *engine, const char *path);

/* Those of a call, in their order. */
typedef struct pack_list {
    const char *paths[MOST_PACKS];
    int count;
} pack_list;
int note_pack(pack_list *to, const char *path);
int add_pack_list(kd_engine *engine, const pack_list *list);
/* Of the texts of all packs that were added: other packs find other things. */
uint64_t packs_hash(void);

#endif

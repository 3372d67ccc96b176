/* parse_oom.h - what the parts of an OOM report share.
 *
 * Their group is the whole kdf_oom. They stand in the order of the report: control group, slab
 * table, task table, the choice and the kill.
 */
#ifndef KD_OOM_PARSE_OOM_H
#define KD_OOM_PARSE_OOM_H

#include "core/parser.h"

extern const kd_block kd_block_oom_memcg;  /* limit, usage and counters of a control group */
extern const kd_block kd_block_oom_slabs;  /* Unreclaimable slab info */
extern const kd_block kd_block_oom_tasks;  /* Tasks state */
extern const kd_block kd_block_oom_victim; /* oom-kill:, Killed process, oom_reaper: */

/* kd_parse.own of the recognisers that use these blocks. Not kd_block_state: a report without its
 * header is opened by a line of a block. */
enum {
    KD_OOM_COLUMNS = 0, /* and 1: columns of the task table, four bits each */
    KD_OOM_FLAGS = 2,
    KD_OOM_TABLE = 3 /* where in the task table: see oom_tasks.c */
};

enum {
    KD_OOM_CHOSEN = 1,         /* "Kill process ..." was read: the kill follows */
    KD_OOM_KILLED = 2,         /* the victim's kill was read */
    KD_OOM_TORN_KILL = 4,      /* its line ended in the middle */
    KD_OOM_TORN_PATH = 8,      /* "limit of" ended the line: the path follows */
    KD_OOM_STATS_BY_LINE = 16, /* "anon 535658496" may follow */
    KD_OOM_STATS_IN_LINE = 32  /* "cache:80KB rss:516948KB" may go on */
};

#endif

/* decode_node_list.h - lists of NUMA nodes as the kernel prints them: "0", "0-1,3", "(null)".
 * */
#ifndef KD_ALLOC_DECODE_NODE_LIST_H
#define KD_ALLOC_DECODE_NODE_LIST_H

#include "base/str.h"

typedef enum kd_node_list { KD_NODES_UNREADABLE, KD_NODES_ALL, KD_NODES_SOME } kd_node_list;

/* KD_NODES_ALL: "(null)", no list was given. KD_NODES_SOME: ask kd_node_list_has(). */
kd_node_list kd_node_list_read(kd_str text);

bool kd_node_list_has(kd_str text, uint64_t node);

#endif

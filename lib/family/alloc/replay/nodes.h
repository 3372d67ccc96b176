/* nodes.h - which NUMA nodes a failed request was bound to. */
#ifndef KD_ALLOC_REPLAY_NODES_H
#define KD_ALLOC_REPLAY_NODES_H

#include "family/alloc/replay/event.h"

/* Marks the zones that the request could not use for their node, and says what bound it. The
 * request's mask, the zones and the hints of the case are filled in. */
void kd_alloc_bind_nodes(const kd_event *event, kd_alloc_case *c);

/* __GFP_THISNODE without a list: the log does not say which node. Takes the only one that fails
 * by itself; where several do, the request stays bound to all of them. After kd_alloc_replay()
 * was run for all nodes. */
void kd_alloc_find_this_node(kd_alloc_case *c);

#endif

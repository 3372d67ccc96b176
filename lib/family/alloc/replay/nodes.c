/* nodes.c - which NUMA nodes a failed request was bound to.
 *
 * Three things bind: a node mask (`nodemask=`, a memory policy or the caller's choice), the
 * cpuset (`mems_allowed=`, only for masks with __GFP_HARDWALL that may wait, and not in
 * interrupts: others may leave it), and __GFP_THISNODE.
 */
#include "family/alloc/replay/nodes.h"
#include "family/fields.h"

#include "family/alloc/decode_node_list.h"

/* Marks the zones of nodes that the list lacks; true when it binds to some of those printed. */
static bool bind(kd_alloc_case *c, const kd_text *list, kd_bound_by by)
{
    if (kd_node_list_read(list->v) != KD_NODES_SOME)
        return false;
    for (size_t i = 0; i < c->zone_count; i++)
        if (!kd_node_list_has(list->v, c->zones[i].node))
            c->zones[i].excluded = true;
    c->bound_by = by;
    c->bound_src = list->src;
    c->request.node_bound = true;
    return true;
}

static bool has_many_nodes(const kd_alloc_case *c)
{
    for (size_t i = 1; i < c->zone_count; i++)
        if (c->zones[i].node != c->zones[0].node)
            return true;
    return false;
}

void kd_alloc_bind_nodes(const kd_event *event, kd_alloc_case *c)
{
    const kdf_scope *scope = kd_event_part(event, &kd_fields_scope, NULL);
    if (scope && bind(c, &scope->nodemask, KD_BOUND_NODEMASK))
        return;
    /* the root cpuset allows every node there is, and lists many that are not */
    bool own_cpuset = scope && scope->cpuset.v.len > 0 && !kd_str_is(scope->cpuset.v, "/");
    if (own_cpuset && c->gfp.hardwall && c->gfp.may_sleep &&
        c->request.in_interrupt != KD_HINT_YES && bind(c, &scope->mems_allowed, KD_BOUND_CPUSET))
        return;
    if (c->gfp.thisnode && has_many_nodes(c)) {
        c->bound_by = KD_BOUND_THISNODE;
        c->request.node_bound = true;
    }
}

static void exclude_all_but(kd_alloc_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->zone_count; i++)
        c->zones[i].excluded = c->zones[i].node != node;
}

void kd_alloc_find_this_node(kd_alloc_case *c)
{
    uint32_t failing = 0;
    size_t count = 0;
    if (c->bound_by != KD_BOUND_THISNODE || c->result.verdict != KD_ALLOC_WOULD_SUCCEED)
        return;
    for (size_t i = 0; i < c->zone_count; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen |= c->zones[k].node == c->zones[i].node;
        if (seen)
            continue;
        exclude_all_but(c, c->zones[i].node);
        kd_alloc_replay(&c->request, c->zones, c->zone_count, c->results, &c->result);
        if (c->result.verdict == KD_ALLOC_WOULD_SUCCEED)
            continue;
        failing = c->zones[i].node;
        count++;
    }
    if (count == 1)
        exclude_all_but(c, failing);
    for (size_t i = 0; count != 1 && i < c->zone_count; i++)
        c->zones[i].excluded = false;
    c->this_node_assumed = true;
    kd_alloc_replay(&c->request, c->zones, c->zone_count, c->results, &c->result);
}

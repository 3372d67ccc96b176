/* rule_oom_node.c - an OOM kill although memory was free: on nodes that the request may not use.
 *
 *
 * constrained_alloc() names what bound the request: CONSTRAINT_MEMORY_POLICY (a node mask that
 * leaves nodes out) or CONSTRAINT_CPUSET. The dump leaves out the nodes that the mask leaves out;
 * its global counter does not.
 */
#include "family/alloc/decode_node_list.h"
#include "family/fields.h"
#include "family/memdump/decode_whole.h"
#include "family/oom/rule_oom.h"

const char kd_doc_node_short[] =
    "The nodes that a node mask, a cpuset or __GFP_THISNODE binds the request to cannot serve it, "
    "while other nodes have memory. For a failed request their watermark test is taken again; for "
    "an OOM kill the kernel itself names the constraint, and the free memory of the nodes that it "
    "may use is compared with that of all.";

/* Less than this on other nodes is no memory to speak of. */
#define LEAST_ELSEWHERE_KB 4096u

typedef struct node_case {
    kd_str nodes; /* that the request may use */
    kd_src src;
    bool by_policy;
    uint64_t free_kb, all_free_kb; /* of these nodes, and of all */
    kd_src free_src, all_src;
} node_case;

static bool find_nodes(const kdf_oom *oom, node_case *n)
{
    n->by_policy = kd_str_is(oom->constraint.v, "CONSTRAINT_MEMORY_POLICY");
    const kd_text *list = n->by_policy ? &oom->scope.nodemask : &oom->scope.mems_allowed;
    if (!n->by_policy && !kd_str_is(oom->constraint.v, "CONSTRAINT_CPUSET"))
        return false;
    n->nodes = list->v;
    n->src = list->src;
    return list->src && kd_node_list_read(list->v) == KD_NODES_SOME;
}

static bool weigh(const kdf_oom *oom, uint64_t page_kb, node_case *n)
{
    const uint64_t limit = UINT64_C(1) << 44;
    const kd_pair *all = kd_map_find(&oom->meminfo.counters_pages, "free");
    const kdf_zone *zones = oom->meminfo.zones.items;
    if (!all || all->v > limit / page_kb)
        return false;
    n->all_free_kb = all->v * page_kb;
    n->all_src = all->src;
    for (uint32_t i = 0; i < oom->meminfo.zones.count; i++) {
        if (!zones[i].free_kb.src || !kd_node_list_has(n->nodes, zones[i].node.v))
            continue;
        if (zones[i].free_kb.v > limit)
            return false;
        n->free_kb += zones[i].free_kb.v;
        n->free_src = zones[i].free_kb.src;
    }
    return n->free_src && n->all_free_kb > n->free_kb + LEAST_ELSEWHERE_KB &&
           n->all_free_kb - n->free_kb > 2 * n->free_kb;
}

bool kd_oom_is_node_bound(const kd_view *view, const kdf_oom *oom)
{
    node_case n = { .free_kb = 0 };
    return find_nodes(oom, &n) && weigh(oom, kd_context_page_size(view->context) / 1024, &n);
}

static kd_status check_kill(const kd_view *view, kd_emit *out, const kdf_oom *oom)
{
    node_case n = { .free_kb = 0 };
    kd_oom_picture p;
    uint64_t page_kb = kd_context_page_size(view->context) / 1024;
    if (!find_nodes(oom, &n) || !weigh(oom, page_kb, &n) || kd_oom_memcg_sign(oom) != KD_MEMCG_NO)
        return KD_OK;
    uint64_t elsewhere_kb = n.all_free_kb - n.free_kb;
    kd_oom_look(oom, page_kb, view->context->version, &p);
    kd_say_diag(out, kd_dump_zones_are_whole(&oom->meminfo) ? KD_CERTAIN : KD_LIKELY,
                "Node %.*s ran out, not the machine: %.*s is bound to it by %s, while %s are free "
                "on other nodes and %s here.",
                KD_FMT(n.nodes), KD_FMT(oom->task.comm.v),
                n.by_policy ? "a memory policy (a node mask)" : "its cpuset",
                kd_size_of(elsewhere_kb).text, kd_size_of(n.free_kb).text);
    kd_say_oom_who(out, &p);
    kd_say_oom_victim(out, oom, &p, true);
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, oom->constraint.src, "the kernel names what bound it");
    kd_say_evidence(out, view->event, n.all_src, "free memory of all nodes");
    kd_say_evidence(out, view->event, n.free_src, "free memory of a node that it may use");
    kd_say_proof(out, KD_STR("the kernel itself says that the request was bound to some nodes"),
                 "constraint=%.*s, nodes %.*s", KD_FMT(oom->constraint.v), KD_FMT(n.nodes));
    kd_say_proof(out, KD_STR("free memory on the other nodes"), "%llu - %llu = %llu kB",
                 KD_LLU(n.all_free_kb), KD_LLU(n.free_kb), KD_LLU(elsewhere_kb));
    kd_say_text(out, "bound_by", n.by_policy ? KD_STR("memory policy") : KD_STR("cpuset"));
    kd_say_text(out, "nodes_allowed", n.nodes);
    kd_say_u64(out, "free_on_allowed_nodes_kb", n.free_kb);
    kd_say_u64(out, "free_on_other_nodes_kb", elsewhere_kb);
    kd_say_oom_processes(out, view->event, oom, &p);
    kd_say_remedy(out, n.by_policy ? "Prefer the node instead of binding to it (numactl "
                                     "--preferred, MPOL_PREFERRED_MANY), or bind to more nodes."
                                   : "Give the cpuset more nodes (cpuset.mems), or move tasks out "
                                     "of it.");
    kd_say_remedy(out, "See with numastat -m and numastat -p PID who fills the node.");
    return KD_OK;
}

kd_status kd_check_node_bound(const kd_view *view, kd_emit *out, void *user);

kd_status kd_check_node_short(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oom *oom = KD_BODY(view->event, oom);
    return oom ? check_kill(view, out, oom) : kd_check_node_bound(view, out, user);
}

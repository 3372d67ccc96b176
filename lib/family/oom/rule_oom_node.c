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
    enum { NOT_BOUND, WEIGHED, ALL_ABOVE, BY_WORD } how;
    const kdf_zone *zone; /* ALL_ABOVE: the zone with most that the mask does not allow */
    const kd_alloc_case *c;
} node_case;

/* How it is known: WEIGHED, the dump shows memory on other nodes; ALL_ABOVE, the nodes have only
 * zones that the mask does not allow; BY_WORD, only the kernel's word of the constraint is there.
 */

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

/* All versions print further counters behind it: at the end of a line its last digits are lost. */
static bool ends_its_line(const kd_list *counters, const kd_pair *pair)
{
    const kd_pair *next = pair + 1, *end = KD_ITEMS(*counters, kd_pair) + counters->count;
    return next >= end || next->src != pair->src;
}

static bool weigh(const kdf_oom *oom, uint64_t page_kb, node_case *n)
{
    const uint64_t limit = UINT64_C(1) << 44;
    const kd_pair *all = kd_map_find(&oom->meminfo.counters_pages, "free");
    const kdf_zone *zones = oom->meminfo.zones.items;
    if (!all || all->v > limit / page_kb || ends_its_line(&oom->meminfo.counters_pages, all))
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

/* Every zone of the nodes is above what the mask allows: memory that is only for movable pages. */
static bool are_all_above(node_case *n)
{
    const kd_alloc_case *c = n->c;
    for (size_t i = 0; c && i < c->zone_count; i++) {
        if (!kd_node_list_has(n->nodes, c->zones[i].node))
            continue;
        if (c->results[i].listed != KD_LISTED_NOT_ABOVE_ASKED)
            return false;
        if (!n->zone || c->printed[i]->free_kb.v > n->zone->free_kb.v)
            n->zone = c->printed[i];
    }
    return n->zone != NULL;
}

static bool find_case(const kd_view *view, const kdf_oom *oom, node_case *n)
{
    *n = (node_case){ .how = NOT_BOUND };
    if (!find_nodes(oom, n) || kd_oom_memcg_sign(oom) != KD_MEMCG_NO)
        return false;
    n->c = kd_oom_request(view, oom);
    if (are_all_above(n))
        n->how = ALL_ABOVE;
    else if (weigh(oom, kd_context_page_size(view->context) / 1024, n))
        n->how = WEIGHED;
    else if (oom->meminfo.zones.count == 0 || !n->c) /* or what it asked for is lost */
        n->how = BY_WORD;
    return n->how != NOT_BOUND;
}

bool kd_oom_is_node_bound(const kd_view *view, const kdf_oom *oom)
{
    node_case n;
    return find_case(view, oom, &n);
}

static const char *binding_of(const node_case *n)
{
    return n->by_policy ? "a memory policy (a node mask)" : "its cpuset";
}

static void advise_nodes(kd_emit *out, const node_case *n)
{
    kd_say_remedy(out, n->by_policy ? "Prefer the node instead of binding to it (numactl "
                                      "--preferred, MPOL_PREFERRED_MANY), or bind to more nodes."
                                    : "Give the cpuset more nodes (cpuset.mems), or move tasks out "
                                      "of it.");
}

static void say_constraint(kd_emit *out, const kd_event *event, const kdf_oom *oom,
                           const node_case *n)
{
    kd_say_evidence(out, event, oom->constraint.src, "the kernel names what bound it");
    kd_say_proof(out, KD_STR("the kernel itself says that the request was bound to some nodes"),
                 "constraint = %.*s, nodes = \"%.*s\"", KD_FMT(oom->constraint.v),
                 KD_FMT(n->nodes));
    kd_say_text(out, "bound_by", n->by_policy ? KD_STR("memory policy") : KD_STR("cpuset"));
    kd_say_text(out, "nodes_allowed", n->nodes);
}

/* Nodes without a zone that the request may use: any amount free there changes nothing. */
static void check_above(const kd_view *view, kd_emit *out, const kdf_oom *oom, const node_case *n)
{
    const kdf_zone *zone = n->zone;
    kd_say_diag(
        out, n->c->gfp.unknown_bits || n->c->version_assumed ? KD_LIKELY : KD_CERTAIN,
        "%.*s is bound to node %.*s by %s, and that node has only zone %.*s, where "
        "only movable pages may go. Its mask allows zone %s and below: no page of the %llu kB "
        "free there can serve it, and no kill changes that.",
        KD_FMT(oom->task.comm.v), KD_FMT(n->nodes), binding_of(n), KD_FMT(zone->name.v),
        n->c->gfp.zone_name, KD_LLU(zone->free_kb.v));
    say_constraint(out, view->event, oom, n);
    kd_say_evidence(out, view->event, zone->free_kb.src, "the only zone of the node");
    kd_say_evidence(out, view->event, oom->gfp.value.src, "the mask");
    kd_say_proof(out,
                 kd_text_of(out, "the low bits of the mask name the highest zone allowed: %s",
                            n->c->gfp.zone_name),
                 "0x%llx & 0xf = 0x%llx", KD_LLU(n->c->gfp.mask), KD_LLU(n->c->gfp.mask & 0xf));
    kd_say_u64(out, "free_on_allowed_nodes_kb", zone->free_kb.v);
    kd_say_remedy(out, "Add a node with ordinary memory to %s (for docker: --cpuset-mems).",
                  n->by_policy ? "the node mask" : "cpuset.mems of the group");
    kd_say_remedy(out, "Or put the node's memory online as kernel memory (online_kernel, daxctl "
                       "--no-movable).");
    kd_say_remedy(out,
                  "From 5.16 on the kernel lets such a request fail instead of killing tasks.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION,
                   n->by_policy ? KD_STR("mempolicy") : KD_STR("cpuset"),
                   "it names a node that ordinary requests cannot use");
}

/* The kill line alone. */
static void check_word(const kd_view *view, kd_emit *out, const kdf_oom *oom, const node_case *n)
{
    kd_say_diag(
        out, KD_LIKELY,
        "The request was bound to node %.*s by %s, and that could not serve it: it need not "
        "be a shortage of the whole machine.",
        KD_FMT(n->nodes), binding_of(n));
    say_constraint(out, view->event, oom, n);
    advise_nodes(out, n);
    kd_say_remedy(out, "See with numastat -m and numastat -p PID who fills the node.");
    kd_say_missing(out, oom->meminfo.zones.count == 0
                            ? "the memory dump of the same report: what was free on those nodes "
                              "and on the others"
                            : "the mask and the order of the request");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION,
                   n->by_policy ? KD_STR("mempolicy") : KD_STR("cpuset"),
                   "it binds the task to nodes that cannot hold what runs there");
}

static void check_weighed(const kd_view *view, kd_emit *out, const kdf_oom *oom, const node_case *n)
{
    uint64_t elsewhere_kb = n->all_free_kb - n->free_kb;
    /* without its mask and order the request may be one that no zone of the node can serve */
    bool whole = n->c && kd_dump_zones_are_whole(&oom->meminfo);
    kd_say_diag(out, whole ? KD_CERTAIN : KD_LIKELY,
                "Node %.*s ran out, not the machine: %.*s is bound to it by %s, while %s are free "
                "on other nodes and %s here.",
                KD_FMT(n->nodes), KD_FMT(oom->task.comm.v), binding_of(n),
                kd_size_of(elsewhere_kb).text, kd_size_of(n->free_kb).text);
    kd_say_evidence(out, view->event, n->all_src, "free memory of all nodes");
    kd_say_evidence(out, view->event, n->free_src, "free memory of a node that it may use");
    say_constraint(out, view->event, oom, n);
    kd_say_proof(out, KD_STR("free memory on the other nodes"), "%llu - %llu = %llu kB",
                 KD_LLU(n->all_free_kb), KD_LLU(n->free_kb), KD_LLU(elsewhere_kb));
    kd_say_u64(out, "free_on_allowed_nodes_kb", n->free_kb);
    kd_say_u64(out, "free_on_other_nodes_kb", elsewhere_kb);
    advise_nodes(out, n);
    kd_say_remedy(out, "See with numastat -m and numastat -p PID who fills the node.");
}

static kd_status check_kill(const kd_view *view, kd_emit *out, const kdf_oom *oom)
{
    node_case n;
    kd_oom_picture p;
    if (!find_case(view, oom, &n))
        return KD_OK;
    kd_oom_look(oom, kd_context_page_size(view->context) / 1024, view->context->version, &p);
    if (n.how == ALL_ABOVE)
        check_above(view, out, oom, &n);
    else if (n.how == WEIGHED)
        check_weighed(view, out, oom, &n);
    else
        check_word(view, out, oom, &n);
    kd_emit_role(out, KD_PRIMARY);
    if (n.how != ALL_ABOVE)
        kd_say_oom_who(out, &p);
    kd_say_oom_victim(out, oom, &p, n.how != ALL_ABOVE);
    kd_say_oom_processes(out, view->event, oom, &p);
    kd_say_oom_outcome(view, out, oom, &p);
    return KD_OK;
}

kd_status kd_check_node_bound(const kd_view *view, kd_emit *out, void *user);

kd_status kd_check_node_short(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oom *oom = KD_BODY(view->event, oom);
    return oom ? check_kill(view, out, oom) : kd_check_node_bound(view, out, user);
}

/* rule_oom.c - the machine ran out of memory: who took it, who was killed. */
#include "family/oom/rule_oom.h"
#include "family/fields.h"

#include "base/scan.h"
#include "core/version.h"
#include "family/alloc/rule_alloc.h"
#include "family/shared/decode_trace_find.h"

const char kd_doc_out_of_memory[] =
    "The OOM killer ran for the whole machine. The counters of the dump are shared out (each page "
    "once), and what holds more than half of the managed memory is proved to have taken it; the "
    "task table names the processes, and whether the victim was the largest. Without the dump only "
    "the kill itself is known. Pages that processes share are counted for each of them, so sums "
    "over several processes are upper bounds.";

typedef struct oom_case {
    const kdf_oom *oom;
    kd_oom_picture p;
    const kd_alloc_case *alloc; /* NULL: no request is known, or the zones are not printed */
    uint32_t version;           /* 0: unknown */
    bool no_block;              /* enough is free, but not in one piece that the request may use */
    bool constrained;           /* a cpuset or memory policy kept the request on some nodes */
    const kd_oom_share *main;   /* NULL: the dump does not tell */
    bool proved;                /* it is more than half of the memory */
} oom_case;

static bool has_panicked(const kd_view *view);

static void prepare(const kd_view *view, oom_case *o)
{
    const kdf_oom *oom = o->oom;
    kd_oom_look(oom, kd_context_page_size(view->context) / 1024, view->context->version, &o->p);
    o->version = view->context->version;
    o->alloc = kd_oom_request(view, oom);
    o->p.table_whole |= !oom->tasks_torn && has_panicked(view);
    kd_alloc_verdict verdict = o->alloc ? o->alloc->result.verdict : KD_ALLOC_UNKNOWN;
    o->no_block = verdict == KD_ALLOC_FRAGMENTED || verdict == KD_ALLOC_ONLY_CMA ||
                  verdict == KD_ALLOC_ONLY_HIGHATOMIC;
    if (o->p.share_count == 0 || !o->p.accounting.known)
        return;
    o->main = &o->p.shares[0];
    o->constrained = kd_str_is(oom->constraint.v, "CONSTRAINT_CPUSET") ||
                     kd_str_is(oom->constraint.v, "CONSTRAINT_MEMORY_POLICY");
    /* with much memory free the largest use is not yet the reason */
    o->proved = o->main->kb > o->p.accounting.managed_kb / 2 && o->p.accounting.complete &&
                o->main->use != KD_OOM_UNACCOUNTED && !o->constrained &&
                o->p.free_kb <= o->p.accounting.managed_kb / 8;
}

/* ---- what ran out ---------------------------------------------------------------------------- */

static void say_use(kd_emit *out, const oom_case *o)
{
    uint64_t managed = o->p.accounting.managed_kb;
    if (o->main->use == KD_OOM_PROCESSES || o->main->use == KD_OOM_SHMEM)
        kd_say_oom_who(out, &o->p);
    else if (o->p.process_count > 0)
        kd_say_more(out, "No process is to blame: all %u together map %s of %s.",
                    o->p.process_count, kd_size_of(o->p.rss_kb).text, kd_size_of(managed).text);
    if (o->main->use == KD_OOM_SLAB && o->p.slab)
        kd_say_more(out, "The largest slab cache is %.*s with %s.", KD_FMT(o->p.slab->name.v),
                    kd_size_of(o->p.slab->total_kb.v).text);
    if (o->p.hugetlb_free_kb > managed / 20)
        kd_say_more(out, "%s of the huge-page pools are free, but nothing else may use them.",
                    kd_size_of(o->p.hugetlb_free_kb).text);
}

static void say_swap(kd_emit *out, const kd_oom_picture *p)
{
    if (!p->swap_known)
        return;
    if (p->swap_total_kb == 0)
        kd_say_more(out, "There is no swap.");
    else if (p->swap_full)
        kd_say_more(out, "Swap (%s) is full too.", kd_size_of(p->swap_total_kb).text);
    else
        kd_say_more(out,
                    "Of %s swap %s are free: what fills the memory could not be swapped out, "
                    "or not fast enough.",
                    kd_size_of(p->swap_total_kb).text, kd_size_of(p->swap_free_kb).text);
}

/* Order 1 to 3: the amount was there, the piece was not. */
static void open_no_block(kd_emit *out, const oom_case *o)
{
    const kd_alloc_case *c = o->alloc;
    bool cma = c->result.verdict == KD_ALLOC_ONLY_CMA;
    kd_say_diag(out,
                c->result.proved && c->lists_whole && !c->version_assumed && !c->gfp.unknown_bits
                    ? KD_CERTAIN
                    : KD_LIKELY,
                "%.*s needed %llu kB in one piece (order %u). %s are free, but %s.",
                KD_FMT(o->oom->task.comm.v), KD_LLU(c->page_kb << (c->request.order & 15)),
                c->request.order, kd_size_of(o->p.free_kb).text,
                cma ? "what is large enough is CMA, which this request may not use"
                    : "not in pieces of that size that it may use: the memory is fragmented");
    if (o->main)
        kd_say_more(out, "Most of the memory, %u %% of %s, is %s.",
                    kd_percent_of(o->main->kb, o->p.accounting.managed_kb),
                    kd_size_of(o->p.accounting.managed_kb).text, kd_oom_use_name(o->main->use));
}

/* Counters are there, and their sum is not to be had: the largest are told all the same. */
static bool open_by_counters(kd_emit *out, const kd_event *event, const oom_case *o)
{
    const kd_oom_picture *p = &o->p;
    if (p->share_count == 0)
        return false;
    kd_say_diag(out, KD_LIKELY,
                "The machine ran out of memory%s. The largest counters of its dump:",
                p->swap_full ? " and swap" : "");
    for (size_t i = 0; i < p->share_count && i < 3; i++) {
        kd_say_more(out, "%s %s%s", kd_size_of(p->shares[i].kb).text,
                    kd_oom_use_name(p->shares[i].use), i + 1 < p->share_count && i < 2 ? "," : ".");
        kd_say_evidence(out, event, p->shares[i].src, "%s", kd_oom_use_name(p->shares[i].use));
    }
    kd_say_more(out,
                "How much there is in all cannot be added up: the dump lacks what that needs.");
    return true;
}

/* Is there more than the headline and a piece of a trace? They are the same for a group's kill:
 * mem_cgroup_out_of_memory() calls out_of_memory() too, and may be what was lost below it. */
static bool is_of_machine(const kdf_oom *oom)
{
    return oom->global_oom.src || oom->kill_reason.src || oom->constraint.src ||
           oom->meminfo.zones.count > 0 || oom->meminfo.counters_pages.count > 0 ||
           kd_trace_find(&oom->backtrace,
                         "alloc_pages_slowpath alloc_pages_may_oom pagefault_out_of_memory");
}

static void open_untold(kd_emit *out, const kd_event *event, const oom_case *o)
{
    if (open_by_counters(out, event, o))
        return;
    if (!is_of_machine(o->oom)) {
        kd_say_diag(out, KD_POSSIBLE,
                    "The OOM killer ran, and the report is cut before it tells whether the machine "
                    "or a control group ran out.");
        kd_say_missing(out, "the whole report, down to the line \"Killed process\"");
        return;
    }
    kd_say_diag(out, KD_LIKELY, "The kernel ran out of memory%s.",
                o->p.process_count > 0
                    ? "; of the report only a part is in the log"
                    : "; the part of the report that tells who holds the memory is not in "
                      "the log");
    kd_say_missing(out,
                   "the memory dump (from Mem-Info: to \"pages RAM\") and the task table of the "
                   "same report");
}

static void open_shortage(kd_emit *out, const kd_event *event, const oom_case *o)
{
    uint64_t managed = o->p.accounting.managed_kb;
    if (!o->main) {
        open_untold(out, event, o);
        return;
    }
    kd_say_diag(out, o->proved ? KD_CERTAIN : KD_LIKELY,
                "The machine ran out of memory%s: %s of %s (%u %%) %s %s.",
                o->p.swap_full ? " and swap" : "", kd_size_of(o->main->kb).text,
                kd_size_of(managed).text, kd_percent_of(o->main->kb, managed),
                o->main->kb > managed / 2 || o->main->use == KD_OOM_UNACCOUNTED
                    ? "are"
                    : "are the largest share,",
                kd_oom_use_name(o->main->use));
}

/* panic_on_oom: the report is printed, then the kernel panics. */
static bool has_panicked(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    for (size_t i = wide->index + 1; i < wide->event_count && i <= wide->index + 2; i++) {
        const kdf_panic *panic = KD_BODY(wide->events[i], panic);
        if (panic && wide->events[i]->boot == view->event->boot &&
            kd_str_has(panic->reason.v, "panic_on_oom"))
            return true;
    }
    return false;
}

static void say_kill(kd_emit *out, const kd_view *view, const oom_case *o)
{
    if (!o->oom->victim.pid.src && has_panicked(view))
        kd_say_more(out, "The kernel panicked instead of killing a process: vm.panic_on_oom "
                         "is set.");
    else
        kd_say_oom_victim(out, o->oom, &o->p, !o->main || o->main->use == KD_OOM_PROCESSES);
}

/* ---- proof and facts ------------------------------------------------------------------------- */

static void say_shares(kd_emit *out, const kd_view *view, const oom_case *o)
{
    const kd_oom_picture *p = &o->p;
    uint64_t managed = p->accounting.managed_kb;
    if (!o->main)
        return;
    kd_say_oom_share(out, view->event, p, o->main);
    if (o->proved)
        kd_say_proof(out,
                     KD_STR("that is more than half of the memory: more than all other uses "
                            "together"),
                     "%llu kB > %llu kB / 2", KD_LLU(o->main->kb), KD_LLU(managed));
    for (size_t i = 1; i < p->share_count && i < 4; i++)
        if (kd_percent_of(p->shares[i].kb, managed) >= 5)
            kd_say_oom_share(out, view->event, p, &p->shares[i]);
    kd_say_u64(out, "managed_kb", managed);
    kd_say_u64(out, "free_kb", p->free_kb);
    kd_say_text(out, "largest_use", kd_str_of(kd_oom_use_name(o->main->use)));
    kd_say_u64(out, "largest_use_kb", o->main->kb);
    kd_say_u64(out, "largest_use_percent", kd_percent_of(o->main->kb, managed));
    if (p->hugetlb_kb)
        kd_say_u64(out, "hugetlb_kb", p->hugetlb_kb);
    if (p->slab) {
        kd_say_evidence(out, view->event, p->slab->name.src, "the largest slab cache");
        kd_say_text(out, "largest_slab", p->slab->name.v);
        kd_say_u64(out, "largest_slab_kb", p->slab->total_kb.v);
    }
}

static void say_swap_facts(kd_emit *out, const kd_view *view, const kd_oom_picture *p)
{
    if (!p->swap_known)
        return;
    kd_say_evidence(out, view->event, kd_event_meminfo(view->event)->swap.free_kb.src, "free swap");
    kd_say_u64(out, "swap_total_kb", p->swap_total_kb);
    kd_say_u64(out, "swap_free_kb", p->swap_free_kb);
}

static void say_blocks(kd_emit *out, const kd_view *view, const kd_alloc_case *c)
{
    for (size_t i = 0, said = 0; i < c->zone_count && said < 3; i++) {
        if (c->results[i].listed != KD_LISTED || !c->results[i].decides)
            continue;
        kd_say_zone_blocks(out, view->event, c, i);
        kd_say_zone_amount(out, view->event, c, i);
        said++;
    }
    kd_say_u64(out, "needed_order", c->request.order);
}

/* ---- remedies -------------------------------------------------------------------------------- */

/* memory.max came with 4.5; oom_adj was printed to 3.6. */
static bool is_before_cgroup2(const oom_case *o)
{
    return (o->version && o->version < KD_KERNEL(4, 5, 0)) || o->oom->oom_adj.src;
}

static void say_process_remedies(kd_emit *out, const oom_case *o)
{
    const kd_oom_picture *p = &o->p;
    if (p->top_count > 0)
        kd_say_remedy(out,
                      "Find out why %.*s needs that much (a leak, or more load than the "
                      "machine is sized for)%s.",
                      KD_FMT(kd_oom_name_counts(p) ? p->name.comm : p->top[0].row->comm.v),
                      is_before_cgroup2(o) ? ", and limit it (ulimit -v of what starts it)"
                                           : ", and put it into a control group with memory.max "
                                             "(MemoryMax= of its unit): then it is limited, not "
                                             "the machine");
    if (p->swap_known && p->swap_total_kb == 0)
        kd_say_remedy(out, "Some swap (or zram) keeps idle pages out of the way and gives time.");
    kd_say_remedy(out, "Run less on this machine, or add RAM.");
    if (p->victim_rank > 1)
        kd_say_remedy(out, "Set oom_score_adj so that the right process is chosen: higher for the "
                           "one that may die, lower for the one that must not.");
}

static void say_use_remedy(kd_emit *out, const oom_case *o)
{
    static const char *const texts[] = {
        [KD_OOM_SHMEM] = "Look for the files: df -t tmpfs, ipcs -m, memfds in /proc/*/fd. Bound "
                         "each tmpfs with size=; its pages stay when the writer is killed.",
        [KD_OOM_CACHE] = "File pages should have been reclaimed: look at dirty and writeback pages "
                         "and at a device that does not finish its writes.",
        [KD_OOM_UNEVICTABLE] = "VmLck in /proc/*/status names who locks memory; limit it with "
                               "ulimit -l (LimitMEMLOCK=).",
        [KD_OOM_SLAB] = "slabtop -s c or /proc/slabinfo names the cache; if it only grows, the "
                        "kernel leaks: kmemleak, or slab_nomerge and slub_debug=U on that cache.",
        [KD_OOM_RECLAIMABLE] = "Many files were looked at and are pinned; a higher "
                               "vm.vfs_cache_pressure reclaims dentries and inodes sooner.",
        [KD_OOM_PAGETABLES] = "Many processes map the same large memory: use huge pages for it, or "
                              "fewer processes.",
        [KD_OOM_STACKS] = "Count threads (ps -eLf): each takes a kernel stack; limit them with "
                          "pids.max.",
        [KD_OOM_HUGETLB] = "Make the pools smaller (vm.nr_hugepages, hugepages= on the command "
                           "line): their pages serve nothing else, used or not.",
        [KD_OOM_UNACCOUNTED] = "See the leak finding of this report: a driver, graphics or zram "
                               "holds pages that no counter names, or they are leaked.",
    };
    if (!o->main && o->p.share_count == 0)
        kd_say_remedy(out, "Look for the rest of the report (dmesg, journalctl -k, the console): "
                           "its memory dump and task table tell who took the memory.");
    if (!o->main || o->main->use == KD_OOM_PROCESSES)
        say_process_remedies(out, o);
    else
        kd_say_remedy(out, "%s", texts[o->main->use]);
    if (o->no_block)
        kd_say_remedy(out,
                      "Requests of order 1 and more suffer from fragmentation: a higher "
                      "vm.min_free_kbytes or vm.compaction_proactiveness keeps larger pieces.");
}

/* ---- kills that no request of the log explains ----------------------------------------------- */

static void check_sysrq(kd_emit *out, const kd_view *view, const oom_case *o)
{
    const kdf_oom *oom = o->oom;
    kd_src src = oom->order.src ? oom->order.src : oom->task.comm.src;
    kd_say_diag(out, oom->order.src && oom->order.v < 0 ? KD_CERTAIN : KD_LIKELY,
                "Somebody asked for this kill with sysrq-f: no request for memory failed.");
    kd_say_oom_victim(out, oom, &o->p, true);
    if (o->p.accounting.known)
        kd_say_more(out, "%s of %s were free.", kd_size_of(o->p.free_kb).text,
                    kd_size_of(o->p.accounting.managed_kb).text);
    kd_say_evidence(out, view->event, src, "order=-1 is printed for sysrq-f alone");
    if (oom->order.src && oom->order.v < 0)
        kd_say_proof(out, KD_STR("only sysrq-f calls the OOM killer with this order"),
                     "order = %lld", KD_LLD(oom->order.v));
    kd_say_remedy(out, "Find out who pressed it: a person at the console, or a watchdog that "
                       "writes f to /proc/sysrq-trigger.");
}

static void check_page_fault(kd_emit *out, const kd_view *view, const oom_case *o)
{
    const kdf_oom *oom = o->oom;
    uint64_t managed = o->p.accounting.managed_kb;
    kd_say_diag(out, KD_LIKELY,
                "A page fault of %.*s ended in \"out of memory\", and the kernel "
                "called the OOM killer without a request for pages.",
                KD_FMT(oom->task.comm.v));
    if (o->p.accounting.known && o->p.free_kb > managed / 20)
        kd_say_more(out, "The machine was not short: %s of %s were free.",
                    kd_size_of(o->p.free_kb).text, kd_size_of(managed).text);
    kd_say_oom_who(out, &o->p);
    kd_say_oom_victim(out, oom, &o->p, true);
    kd_say_evidence(out, view->event, oom->gfp.value.src,
                    "no mask: no page request stands behind "
                    "this report");
    kd_say_proof(out, KD_STR("the page-fault path passes neither mask nor order"),
                 "gfp_mask = 0x%llx, order = %lld", KD_LLU(oom->gfp.value.v), KD_LLD(oom->order.v));
    kd_say_remedy(out, "Look for what failed just before: a control group at its limit, a fault "
                       "handler of a driver or file system that returned VM_FAULT_OOM.");
    kd_say_assume(out, "what the fault needed is not printed: the state of the zones neither "
                       "proves nor refutes a shortage");
}

/* ---- the rule -------------------------------------------------------------------------------- */

static void check_shortage(kd_emit *out, const kd_view *view, const oom_case *o)
{
    if (o->no_block)
        open_no_block(out, o);
    else
        open_shortage(out, view->event, o);
    if (o->main)
        say_use(out, o);
    else
        kd_say_oom_who(out, &o->p);
    say_kill(out, view, o);
    say_swap(out, &o->p);
    if (o->no_block)
        say_blocks(out, view, o->alloc);
    say_use_remedy(out, o);
    if (!o->no_block && !o->constrained && kd_oom_has_recovered(o->alloc))
        kd_say_assume(out, "a zone of the dump is above its high mark: memory came free between "
                           "the decision and the dump");
    if (o->p.process_count > 1 && o->main && o->main->use == KD_OOM_PROCESSES)
        kd_say_assume(out, "pages that processes share are counted for each of them; where they "
                           "share much, the sums by name are too large");
    if (o->no_block)
        kd_say_alloc_assumes(out, o->alloc);
}

kd_status kd_check_out_of_memory(const kd_view *view, kd_emit *out, void *user)
{
    oom_case o = { .oom = KD_BODY(view->event, oom) };
    (void)user;
    if (!o.oom || kd_oom_memcg_sign(o.oom) != KD_MEMCG_NO || kd_oom_is_zone_bound(view, o.oom) ||
        kd_oom_is_node_bound(view, o.oom))
        return KD_OK;
    prepare(view, &o);
    if (kd_oom_is_sysrq(o.oom))
        check_sysrq(out, view, &o);
    else if (kd_oom_is_page_fault(o.oom))
        check_page_fault(out, view, &o);
    else
        check_shortage(out, view, &o);
    kd_emit_role(out, KD_PRIMARY);
    say_shares(out, view, &o);
    say_swap_facts(out, view, &o.p);
    kd_say_oom_processes(out, view->event, o.oom, &o.p);
    kd_say_oom_outcome(view, out, o.oom, &o.p);
    return KD_OK;
}

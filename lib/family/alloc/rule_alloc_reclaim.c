/* rule_alloc_reclaim.c - what the mask, or the task, kept a failed request from doing to get
 * memory.
 * */
#include "core/version.h"
#include "family/alloc/rule_alloc_request.h"
#include "family/fields.h"

const char kd_doc_cannot_reclaim[] =
    "Beside the verdict on a failed allocation: the mask forbade to sleep, to start I/O, to call "
    "file systems or to retry, or the task was itself freeing memory. That it was forbidden is "
    "certain from the mask; that it would have helped is likely where the dump has memory to "
    "reclaim, else possible.";

/* The narrowest ban: who may not sleep need not be told about I/O. */
bool kd_ban_find(const kd_alloc_case *c, kd_ban *out)
{
    const kd_gfp_meaning *gfp = &c->gfp;
    bool old = c->gfp.version_used < V(4, 4);
    if (!gfp->may_sleep)
        *out =
            (kd_ban){ "may not sleep: the kernel could neither reclaim nor compact memory for it",
                      old ? "__GFP_WAIT" : "__GFP_DIRECT_RECLAIM", false };
    else if (!gfp->may_io)
        *out =
            (kd_ban){ "may not start I/O: dirty and swapped pages could not be written out for it",
                      "__GFP_IO", false };
    else if (!gfp->may_fs)
        *out =
            (kd_ban){ "may not call file systems: their pages and caches could not be freed for it",
                      "__GFP_FS", false };
    else if (gfp->noretry)
        *out =
            (kd_ban){ "gives up after one round of reclaim and compaction", "__GFP_NORETRY", true };
    else
        return false;
    return true;
}

static uint64_t pages_of(const kdf_meminfo *meminfo, const char *name, uint64_t limit)
{
    const kd_pair *pair = kd_map_find(&meminfo->counters_pages, name);
    return pair && pair->v < limit ? pair->v : 0;
}

/* Page cache and reclaimable slab, in kB: what reclaim could get without swap. */
static uint64_t reclaimable_kb(const kd_alloc_case *c)
{
    const uint64_t limit = UINT64_C(1) << 44;
    return (pages_of(c->meminfo, "active_file", limit) +
            pages_of(c->meminfo, "inactive_file", limit) +
            pages_of(c->meminfo, "slab_reclaimable", limit)) *
           c->page_kb;
}

static void say_ban(const kd_view *view, kd_emit *out, const kd_request *r, const kd_ban *b)
{
    uint64_t bit = 0;
    (void)kd_gfp_by_name(b->flag, r->c.gfp.version_used, &bit);
    kd_say_evidence(out, view->event, r->order_src, "the mask");
    kd_say_proof(out, kd_text_of(out, "the mask %s %s", b->set ? "has" : "lacks", b->flag),
                 "0x%llx & 0x%llx = 0x%llx", KD_LLU(r->c.gfp.mask), KD_LLU(bit),
                 KD_LLU(r->c.gfp.mask & bit));
    kd_say_text(out, "flag", kd_str_of(b->flag));
    kd_say_bool(out, "may_sleep", r->c.gfp.may_sleep);
    kd_say_bool(out, "may_io", r->c.gfp.may_io);
    kd_say_bool(out, "may_fs", r->c.gfp.may_fs);
}

static void say_freeing_task(const kd_view *view, kd_emit *out)
{
    const kdf_frame *frame = kd_trace_find(kd_event_backtrace(view->event), kd_reclaim_functions);
    if (frame)
        kd_say_evidence(out, view->event, frame->function.src, "the task was freeing memory");
    kd_say_more(out, "The task was itself freeing memory (PF_MEMALLOC): such a task does not "
                     "reclaim again.");
    kd_say_proof(out, KD_STR("the task was in reclaim"), "\"%.*s\"",
                 KD_FMT(frame ? frame->function.v : KD_STR("kswapd")));
}

static bool concerns(const kd_view *view, const kd_request *r)
{
    const kdf_vmalloc *vmalloc = KD_BODY(view->event, vmalloc);
    /* addresses are not reclaimed */
    if (vmalloc && !kd_str_is(vmalloc->reason.v, "no-pages"))
        return false;
    switch (r->c.result.verdict) {
    case KD_ALLOC_ORDER_TOO_LARGE:
    case KD_ALLOC_UNKNOWN: return false;
    default: return true;
    }
}

static void advise(kd_emit *out, const kd_request *r, bool banned)
{
    const kd_gfp_meaning *gfp = &r->c.gfp;
    if (!banned)
        kd_say_remedy(out,
                      "Keep more free before reclaim needs memory for its own work: raise "
                      "vm.min_free_kbytes; look for what fills memory faster than it is freed.");
    else if (!gfp->may_sleep)
        kd_say_remedy(out, "Allocate where the code may sleep (GFP_KERNEL in process context, a "
                           "work item, a mempool filled before), not under a spinlock or in an "
                           "interrupt.");
    else if (!gfp->may_io || !gfp->may_fs)
        kd_say_remedy(out, "Use memalloc_noio_save()/memalloc_nofs_save() only around code that "
                           "really would deadlock, and GFP_KERNEL elsewhere.");
    else
        kd_say_remedy(out, "Without __GFP_NORETRY (or with __GFP_RETRY_MAYFAIL) the kernel tries "
                           "harder; use it where there is no cheap fallback.");
}

kd_status kd_check_cannot_reclaim(const kd_view *view, kd_emit *out, void *user)
{
    const kd_request *rest = kd_request_rest(view);
    const kd_request *r = rest ? rest : kd_request_of(view);
    kd_ban b = { NULL, NULL, false };
    (void)user;
    if (!r || (!rest && !concerns(view, r)))
        return KD_OK;
    bool banned = kd_ban_find(&r->c, &b), freeing = r->c.request.reclaiming == KD_HINT_YES;
    if (!banned && !freeing)
        return KD_OK;
    uint64_t kb = reclaimable_kb(&r->c);
    bool helps = banned && kb >= 4 * r->request_kb && kb > 1024;
    /* of a rest nobody knows what the zones would have said */
    kd_say_diag(out, helps && !rest ? KD_LIKELY : KD_POSSIBLE, "The request of %.*s",
                KD_FMT(r->comm));
    if (banned)
        kd_say_more(out, "%s (%.*s).", b.what, KD_FMT(kd_request_mask(r)));
    else
        kd_say_more(out, "was made below reclaim.");
    kd_emit_role(out, KD_CONTRIBUTING);
    if (helps)
        kd_say_more(out, "%llu kB of page cache and reclaimable slab were there to be reclaimed.",
                    KD_LLU(kb));
    if (banned)
        say_ban(view, out, r, &b);
    if (freeing)
        say_freeing_task(view, out);
    if (r->c.meminfo->counters_pages.count > 0)
        kd_say_u64(out, "reclaimable_kb", kb);
    advise(out, r, banned);
    kd_say_assume(out, "reclaim or compaction would have found the memory (if not, the request "
                       "would have failed all the same)");
    return KD_OK;
}

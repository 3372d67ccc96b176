/* rule_alloc_advice.c - remedies for failed allocations: what fits the mask, the size, the caller
 * and the version. */
#include "core/version.h"
#include "family/alloc/decode_caller_advice.h"
#include "family/alloc/rule_alloc_request.h"
#include "family/fields.h"

void kd_advise_caller(const kd_view *view, kd_emit *out, const kd_request *request)
{
    const kdf_blame *blame = kd_event_blame(view->event);
    kd_caller_advice advice;
    if (kd_caller_advice_of(kd_event_backtrace(view->event), request->order, &advice)) {
        kd_say_evidence(out, view->event, advice.frame->function.src, "who asked");
        kd_say_remedy(out, "%s", advice.text);
    }
    if (blame && blame->function.src && blame->module.src)
        kd_say_remedy(out,
                      "Make %.*s() [%.*s] check the result for NULL: a failed allocation is "
                      "no reason to crash.",
                      KD_FMT(blame->function.v), KD_FMT(blame->module.v));
    else if (blame && blame->function.src && (request->order > 0 || !request->c.gfp.may_sleep))
        kd_say_remedy(out,
                      "Check that %.*s() and its callers handle the failure (a NULL result): "
                      "it is no reason to crash.",
                      KD_FMT(blame->function.v));
    else if (!blame || !blame->function.src)
        kd_say_remedy(out, "Check the result for NULL in the caller.");
}

void kd_advise_smaller(const kd_view *view, kd_emit *out, const kd_request *request)
{
    uint32_t version = view->context->version;
    if (request->order == 0)
        return;
    kd_say_remedy(out,
                  "Allocate the buffer once at boot or probe time and keep it: %llu kB in one "
                  "piece are hard to find on a machine that has been running.",
                  KD_LLU(request->request_kb));
    /* kvmalloc() may sleep, and is there from 4.12 on */
    if (!request->c.request.can_wait)
        kd_say_remedy(out, "Use smaller buffers (order 0): in this context nothing else is sure.");
    else if (version == 0 || version >= V(4, 12))
        kd_say_remedy(out, "Use smaller buffers, or kvmalloc() where the hardware does not need "
                           "one physical piece.");
    else
        kd_say_remedy(out, "Use smaller buffers, or vmalloc() where the hardware does not need one "
                           "physical piece.");
}

void kd_advise_sleeping(kd_emit *out, const kd_request *request)
{
    if (!request->c.request.can_wait && request->order > 0)
        kd_say_remedy(out,
                      "Where the context may sleep, GFP_KERNEL lets the kernel reclaim and "
                      "compact first; %.*s may not wait.",
                      KD_FMT(kd_request_mask(request)));
}

void kd_advise_reserve(kd_emit *out, const kd_request *request)
{
    uint32_t version = request->c.version;
    if (request->c.request.can_wait)
        return;
    kd_say_remedy(out, "Raise vm.min_free_kbytes: requests that may not wait live from the reserve "
                       "below the min mark.");
    if (version >= V(4, 6))
        kd_say_remedy(out, "Raise vm.watermark_scale_factor: kswapd then starts earlier, before "
                           "the reserve is touched.");
}

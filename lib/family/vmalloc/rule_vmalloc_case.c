/* rule_vmalloc_case.c - which lines are one failed request, and which range had no hole for it.
 * */
#include "core/version.h"
#include "family/fields.h"
#include "family/vmalloc/rule_vmalloc.h"

/* Lines of one failure stand together; other CPUs and consoles may put some between. */
#define NEAR_LINES 64u
/* So many events apart they are two requests, whatever their sizes. */
#define NEAR_EVENTS 256u
/* No machine of the time has so much more than its RAM that this is a slip. */
#define SURELY_MUCH ((uint64_t)1 << 30)

static uint64_t first_line(const kd_event *event)
{
    return event->lines.count ? kd_event_lines(event)[0].number : 0;
}

/* Is the range search, or one of its repetitions, just before the failure? */
static bool is_near(const kd_event *vmap, const kd_event *failure)
{
    uint64_t at = first_line(failure), from = first_line(vmap);
    if (from < at && at - from <= NEAR_LINES)
        return true;
    for (uint32_t i = 0; i < vmap->repeat.lines.count; i++) {
        const kd_range *range = &KD_ITEMS(vmap->repeat.lines, kd_range)[i];
        if (range->last < at && at - range->last <= NEAR_LINES)
            return true;
    }
    return false;
}

/* The range search that belongs to the request: same boot, before it, and the same size; the
 * closest first. */
static void find_vmap(const kd_view *view, kd_space_case *s)
{
    if (!s->failure->requested_bytes.src)
        return;
    size_t end = view->history_len > NEAR_EVENTS ? view->history_len - NEAR_EVENTS : 0;
    for (size_t i = view->history_len; i-- > end;) {
        const kd_event *event = view->history[i];
        const kdf_vmap *hole = KD_BODY(event, vmap);
        if (event->before || event->boot != view->event->boot)
            return;
        if (!hole)
            continue;
        kd_hole_fit fit = kd_vmalloc_fits(s->failure->requested_bytes.v, hole->requested_bytes.v,
                                          view->context->page_size);
        if (!fit.fits)
            continue;
        s->vmap = event;
        s->hole = hole;
        s->fit = fit;
        s->near = is_near(event, view->event);
        return;
    }
}

/* Is there a later vmalloc failure that this range search belongs to? It speaks for both. */
static bool has_partner(const kd_view *view, const kdf_vmap *hole)
{
    const kd_wide_view *wide = kd_wide(view);
    size_t end = wide->index + 1 + NEAR_EVENTS;
    for (size_t i = wide->index + 1; i < wide->event_count && i < end; i++) {
        const kdf_vmalloc *failure = KD_BODY(wide->events[i], vmalloc);
        if (wide->events[i]->boot != view->event->boot || !failure)
            continue;
        if (failure->requested_bytes.src && kd_str_is(failure->reason.v, "no-range") &&
            kd_vmalloc_fits(failure->requested_bytes.v, hole->requested_bytes.v,
                            view->context->page_size)
                .fits)
            return true;
    }
    return false;
}

/* ---- which range ----------------------------------------------------------------------------- */

static bool is_wide(const kd_view *view, const kd_space_case *s)
{
    const kd_list *trace = kd_event_backtrace(view->event);
    if (view->context->arch.len > 0)
        return kd_arch_is_wide(view->context);
    if (s->bytes > UINT32_MAX || (s->hole && s->hole->range_end.v > UINT32_MAX))
        return true;
    for (uint32_t i = 0; trace && i < trace->count; i++)
        if (KD_ITEMS(*trace, kdf_frame)[i].address.v > UINT32_MAX)
            return true;
    return false;
}

/* By the range that the message names; false when it names none, or none that is known. */
static bool by_range(kd_space_case *s)
{
    const kd_area *modules, *vmalloc;
    if (!s->hole || !s->hole->range_start.src)
        return false;
    uint64_t start = s->hole->range_start.v, end = s->hole->range_end.v;
    modules = kd_area_match(&s->modules.list, start, end);
    vmalloc = kd_area_match(&s->area.list, start, end);
    if (vmalloc && (vmalloc->kind != KD_AREA_AT_MOST || !modules)) {
        s->by = vmalloc->start ? KD_BY_PLACE : KD_BY_SIZE;
        s->searched =
            s->caller.module_frame && s->modules.own_area ? KD_SEARCHED_BOTH : KD_SEARCHED_VMALLOC;
        return true;
    }
    if (!modules)
        return false;
    s->searched = KD_SEARCHED_MODULES;
    s->by = modules->kind == KD_AREA_FIXED ? KD_BY_PLACE : KD_BY_SIZE;
    return true;
}

/* No stack, or one whose end was not seen: who asked may have stood below. */
static bool is_caller_lost(const kd_event *event)
{
    const kd_list *trace = kd_event_backtrace(event);
    return !trace || trace->count == 0 || !event->complete;
}

static void settle_range(const kd_view *view, kd_space_case *s)
{
    bool jit_apart = s->caller.purpose == KD_VMALLOC_JIT && s->modules.jit_apart;
    if (s->is_execmem) {
        s->searched = KD_SEARCHED_MODULES;
        s->by = KD_BY_EXECMEM;
    } else if (by_range(s)) {
        return;
    } else if (s->caller.module_frame && !jit_apart) {
        s->by = KD_BY_TRACE;
        s->searched = KD_SEARCHED_MODULES;
        /* the first range fails in silence: what is printed is the second */
        if (s->modules.plts == KD_FALLBACK_ALWAYS && kd_arch_is(view->context, "arm") &&
            view->context->version >= V(4, 19))
            s->searched = KD_SEARCHED_BOTH;
    } else if (s->caller.is_plain || jit_apart) {
        s->by = KD_BY_TRACE;
    } else if (s->wide && s->modules.own_area && is_caller_lost(view->event) && s->hole &&
               !s->hole->range_start.src &&
               s->hole->requested_bytes.v <= kd_area_most(&s->modules.list)) {
        s->searched = KD_SEARCHED_MODULES;
        s->by = KD_BY_WIDTH;
    }
}

/* Addresses of modules in the trace tell which of the areas this kernel has. */
static void narrow(const kd_view *view, kd_module_area *area)
{
    const kd_list *trace = kd_event_backtrace(view->event);
    for (uint32_t i = 0; trace && i < trace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        if (frame->module.src && frame->address.src)
            kd_module_area_narrow(area, frame->address.v);
    }
}

static bool read_case(const kd_view *view, kd_space_case *s)
{
    *s = (kd_space_case){ .failure = KD_BODY(view->event, vmalloc) };
    s->page = kd_context_page_size(view->context);
    kd_vmalloc_caller_of(kd_event_backtrace(view->event), &s->caller);
    kd_module_area_of(view->context, &s->modules);
    kd_vmalloc_area_of(view->context, &s->area);
    narrow(view, &s->modules);
    if (s->failure) {
        s->bytes = s->failure->requested_bytes.v;
        s->is_execmem = kd_str_starts(s->failure->text.v, "execmem:");
        find_vmap(view, s);
        if (s->fit.fits)
            s->page = s->fit.page;
    } else {
        s->vmap = view->event;
        s->hole = KD_BODY(view->event, vmap);
        if (!s->hole || !s->hole->requested_bytes.src || has_partner(view, s->hole))
            return false;
        s->bytes = s->hole->requested_bytes.v;
    }
    s->pages = s->bytes / s->page + (s->bytes % s->page != 0);
    s->wide = is_wide(view, s);
    settle_range(view, s);
    return !s->failure || s->is_execmem || kd_str_is(s->failure->reason.v, "no-range");
}

const kd_space_case *kd_space_case_of(const kd_view *view)
{
    static const char key;
    bool fresh;
    kd_space_case *s = kd_memo_get(kd_wide(view)->memo, &key, sizeof *s, &fresh);
    if (s && fresh)
        s->usable = read_case(view, s);
    return s && s->usable ? s : NULL;
}

bool kd_space_is_too_large(const kd_view *view, const kd_space_case *s)
{
    kd_src src;
    return s->failure && !s->is_execmem && !s->vmap && s->wide && !s->caller.module_frame &&
           s->bytes >= SURELY_MUCH && kd_str_starts(s->failure->text.v, "vmalloc: allocation") &&
           kd_ram_bytes(&s->failure->meminfo, view->context, &src) == 0;
}

/* ---- what all of them say -------------------------------------------------------------------- */

void kd_say_wanted(kd_emit *out, const kd_space_case *s, kd_confidence confidence,
                   const char *for_what, const char *range)
{
    kd_str who = kd_who_wanted(s->failure);
    if (s->failure)
        kd_say_diag(out, confidence,
                    "%.*s wanted %llu bytes (%llu page%s)%s, and the %s has no "
                    "hole of that size. It is addresses that are missing, not RAM.",
                    KD_FMT(who), KD_LLU(s->bytes), KD_LLU(s->pages), s->pages == 1 ? "" : "s",
                    for_what, range);
    else
        kd_say_diag(out, confidence,
                    "Something wanted a hole of %llu bytes (%llu pages, the guard "
                    "page among them)%s, and the %s has none of that size. It is addresses that "
                    "are missing, not RAM.",
                    KD_LLU(s->bytes), KD_LLU(s->pages), for_what, range);
}

kd_str kd_who_wanted(const kdf_vmalloc *failure)
{
    return failure && failure->task.comm.v.len ? failure->task.comm.v : KD_STR("Something");
}

static void say_hole(kd_emit *out, const kd_space_case *s)
{
    kd_say_event(out, s->vmap);
    kd_say_evidence(out, s->vmap, s->hole->requested_bytes.src,
                    "printed only when the range has no hole of that size");
    kd_say_proof(out,
                 KD_STR("the range search failed: the message is printed only when no hole "
                        "of the size is left"),
                 "size = %llu bytes", KD_LLU(s->hole->requested_bytes.v));
}

void kd_say_request(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    if (s->vmap)
        say_hole(out, s);
    if (s->failure && s->failure->requested_bytes.src) {
        kd_say_evidence(out, view->event, s->failure->requested_bytes.src, "the request itself");
        kd_say_u64(out, "requested_bytes", s->bytes);
        kd_say_u64(out, "requested_pages", s->pages);
    }
    if (s->fit.fits && s->fit.unit == s->page)
        kd_say_proof(out,
                     kd_text_of(out,
                                "both lines are one request: %llu bytes are %llu page%s, "
                                "plus the guard page",
                                KD_LLU(s->bytes), KD_LLU(s->pages), s->pages == 1 ? "" : "s"),
                     "(%llu + 1) * %llu = %llu", KD_LLU(s->pages), KD_LLU(s->page),
                     KD_LLU(s->hole->requested_bytes.v));
    else if (s->fit.fits)
        kd_say_proof(out,
                     kd_text_of(out,
                                "both lines are one request: %llu bytes, rounded up to "
                                "huge pages, plus the guard page",
                                KD_LLU(s->bytes)),
                     "%llu * %llu + %llu = %llu",
                     KD_LLU((s->bytes + s->fit.unit - 1) / s->fit.unit), KD_LLU(s->fit.unit),
                     KD_LLU(s->page), KD_LLU(s->hole->requested_bytes.v));
    if (s->vmap)
        kd_say_u64(out, "hole_bytes", s->hole->requested_bytes.v);
}

void kd_say_searched(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    if (s->hole && s->hole->range_start.src) {
        uint64_t start = s->hole->range_start.v, end = s->hole->range_end.v;
        uint64_t bytes = end > start ? end - start : 0;
        kd_say_evidence(out, s->vmap, s->hole->range_start.src, "the range that was searched");
        if (bytes)
            kd_say_proof(out, KD_STR("the range that was searched"), "0x%llx - 0x%llx %s %llu MiB",
                         KD_LLU(end), KD_LLU(start), bytes & 0xfffff ? ">=" : "=",
                         KD_LLU(bytes >> 20));
        kd_say_hex(out, "range_start", start);
        kd_say_hex(out, "range_end", end);
        if (bytes && s->hole->requested_bytes.v > bytes)
            kd_say_proof(out,
                         KD_STR("the request is larger than the whole range: it can never "
                                "fit"),
                         "%llu > %llu", KD_LLU(s->hole->requested_bytes.v), KD_LLU(bytes));
    }
    if (s->caller.module_frame && s->by == KD_BY_TRACE) {
        kd_say_evidence(out, view->event, s->caller.module_frame->function.src,
                        "asks for addresses of the module area");
        kd_say_proof(out,
                     KD_STR("the stack goes through the module loader's allocator, so the "
                            "range is that of modules"),
                     "\"%.*s\"", KD_FMT(s->caller.module_frame->function.v));
    }
    if (s->caller.frame && s->caller.frame != s->caller.module_frame)
        kd_say_evidence(out, view->event, s->caller.frame->function.src, "%s", s->caller.what);
}

/* RAM was there: the dump that the kernel prints with such a failure says nothing about its
 * cause. */
void kd_say_free_ram(const kd_view *view, kd_emit *out)
{
    const kdf_meminfo *meminfo = kd_event_meminfo(view->event);
    for (uint32_t i = 0; meminfo && i < meminfo->zones.count && i < 4; i++) {
        const kdf_zone *zone = &KD_ITEMS(meminfo->zones, kdf_zone)[i];
        if (!zone->free_kb.src || !zone->min_kb.src || zone->free_kb.v <= zone->high_kb.v)
            continue;
        kd_say_evidence(out, view->event, zone->free_kb.src, "RAM was free");
        kd_say_proof(out,
                     kd_text_of(out, "zone %.*s had free memory: pages were not missing",
                                KD_FMT(zone->name.v)),
                     "free %llu kB > min %llu kB", KD_LLU(zone->free_kb.v), KD_LLU(zone->min_kb.v));
        kd_say_buddy_sum(out, view->event, zone);
    }
}

void kd_say_purpose(kd_emit *out, const kd_view *view, const kd_vmalloc_caller *caller)
{
    const kdf_blame *blame = kd_event_blame(view->event);
    if (caller->frame && caller->purpose != KD_VMALLOC_MODULE) {
        kd_say_more(out, "It was for %s (%.*s()).", caller->what,
                    KD_FMT(caller->frame->function.v));
        kd_say_text(out, "asked_by", caller->frame->function.v);
    } else if (!caller->frame && blame && blame->function.src) {
        kd_say_more(out, "%.*s()%s%.*s%s asked.", KD_FMT(blame->function.v),
                    blame->module.src ? " [" : "", KD_FMT(blame->module.v),
                    blame->module.src ? "]" : "");
        kd_say_text(out, "asked_by", blame->function.v);
    }
}

void kd_say_retrying(kd_emit *out, const kd_space_case *s)
{
    if (s->fit.fits && s->fit.unit != s->page) {
        kd_say_severity(out, KD_WARNING);
        kd_say_more(out, "This was the try with huge pages; the kernel tries single pages next, so "
                         "it need not be final.");
    }
    if (!s->failure || !s->failure->retrying.v)
        return;
    kd_say_severity(out, KD_WARNING);
    kd_say_more(out,
                "The request may not fail (__GFP_NOFAIL): the kernel waits a tick and tries "
                "again until there is room, so this is not final, but the task hangs until then.");
    kd_say_bool(out, "retrying", true);
}

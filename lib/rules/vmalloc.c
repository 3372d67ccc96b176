/* vmalloc.c - why vmalloc() or a module's memory failed: addresses or pages? Layer: rules. */
#include "decode/alloc_event.h"
#include "decode/module_area.h"
#include "rules/alloc.h"

const char kd_doc_module_space[] =
    "The kernel found no hole of the size in the address range of modules. Certain when the "
    "message "
    "of the range search and the failed request agree to the byte (pages plus guard page) and the "
    "stack goes through the module loader. RAM has nothing to do with it.";
const char kd_doc_vmalloc_space[] =
    "The kernel found no hole of the size in the vmalloc range: addresses ran out, not memory.";
const char kd_doc_vmalloc_pages[] =
    "The addresses were found, but the pages to put behind them ran out.";
const char kd_doc_vmalloc_too_large[] =
    "The request is larger than all memory of the machine: the size itself is wrong.";

/* Not load_module(): it is also below everything that a module's init function does. */
static const char module_functions[] =
    "module_alloc module_alloc_update_bounds layout_and_allocate move_module execmem_alloc "
    "execmem_alloc_rw module_memory_alloc execmem_vmalloc";

typedef struct space_case {
    const kd_event *vmap;         /* the message of the range search, or NULL */
    const kdf_vmap *hole;
    const kdf_vmalloc *failure;   /* NULL: only the range search spoke */
    const kdf_frame *loader;      /* frame of the module loader */
    bool is_execmem;
    bool same_request;            /* both sizes agree */
    uint64_t page, pages;
} space_case;

static bool says_execmem(const kdf_vmalloc *failure)
{
    return failure && kd_str_starts(failure->text.v, "execmem:");
}

/* PAGE_ALIGN(N) plus the guard page. */
static uint64_t with_guard(uint64_t bytes, uint64_t page)
{
    return bytes > UINT64_MAX / 2 ? UINT64_MAX : (bytes + page - 1) / page * page + page;
}

/* The range search that belongs to the request: same boot, before it, and the same size. */
static void find_vmap(const kd_view *view, space_case *s)
{
    for (size_t i = view->history_len; i-- > 0;) {
        const kd_event *event = view->history[i];
        const kdf_vmap *hole = KD_BODY(event, vmap);
        if (event->before || event->boot != view->event->boot)
            return;
        if (!hole)
            continue;
        bool same = s->failure->requested_bytes.src &&
                    with_guard(s->failure->requested_bytes.v, s->page) == hole->requested_bytes.v;
        if (!same)
            continue;
        s->vmap = event;
        s->hole = hole;
        s->same_request = true;
        return;
    }
}

/* Is there a later vmalloc failure that this range search belongs to? It speaks for both. */
static bool has_partner(const kd_view *view, const kdf_vmap *hole, uint64_t page)
{
    const kd_wide_view *wide = kd_wide(view);
    for (size_t i = wide->index + 1; i < wide->event_count; i++) {
        const kdf_vmalloc *failure = KD_BODY(wide->events[i], vmalloc);
        if (wide->events[i]->boot != view->event->boot || !failure)
            continue;
        if (with_guard(failure->requested_bytes.v, page) == hole->requested_bytes.v)
            return true;
    }
    return false;
}

static bool prepare(const kd_view *view, space_case *s)
{
    *s = (space_case){ .failure = KD_BODY(view->event, vmalloc) };
    s->page = kd_context_page_size(view->context);
    if (!s->failure) {
        s->vmap = view->event;
        s->hole = KD_BODY(view->event, vmap);
        return s->hole && s->hole->requested_bytes.src && !has_partner(view, s->hole, s->page);
    }
    s->is_execmem = says_execmem(s->failure);
    s->loader = kd_trace_find(kd_event_backtrace(view->event), module_functions);
    s->pages = (s->failure->requested_bytes.v + s->page - 1) / s->page;
    find_vmap(view, s);
    return s->is_execmem || kd_str_is(s->failure->reason.v, "no-range");
}

static void say_pair(const kd_view *view, kd_emit *out, const space_case *s)
{
    if (s->vmap) {
        kd_say_event(out, s->vmap);
        kd_say_evidence(out, s->vmap, s->hole->requested_bytes.src,
                        "printed only when the range has no hole of that size");
        kd_say_proof(out, KD_STR("the range search failed: the message is printed only when no "
                                 "hole "
                                 "of the size is left"),
                     "size %llu bytes", (unsigned long long)s->hole->requested_bytes.v);
    }
    if (s->failure && s->failure->requested_bytes.src) {
        kd_say_evidence(out, view->event, s->failure->requested_bytes.src, "the request itself");
        kd_say_u64(out, "requested_bytes", s->failure->requested_bytes.v);
        kd_say_u64(out, "requested_pages", s->pages);
    }
    if (s->same_request)
        kd_say_proof(out, kd_text_of(out, "both lines are one request: %llu bytes are %llu pages, "
                                     "plus the guard page",
                                     (unsigned long long)s->failure->requested_bytes.v,
                                     (unsigned long long)s->pages),
                     "(%llu + 1) * %llu = %llu", (unsigned long long)s->pages,
                     (unsigned long long)s->page, (unsigned long long)s->hole->requested_bytes.v);
    if (s->vmap)
        kd_say_u64(out, "hole_bytes", s->hole->requested_bytes.v);
}

/* RAM was there: the dump that the kernel prints with such a failure says nothing about its
 * cause. */
static void say_ram(const kd_view *view, kd_emit *out)
{
    const kdf_meminfo *meminfo = kd_event_meminfo(view->event);
    for (uint32_t i = 0; meminfo && i < meminfo->zones.count && i < 4; i++) {
        const kdf_zone *zone = &KD_ITEMS(meminfo->zones, kdf_zone)[i];
        if (!zone->free_kb.src || !zone->min_kb.src || zone->free_kb.v <= zone->high_kb.v)
            continue;
        kd_say_evidence(out, view->event, zone->free_kb.src, "RAM was free");
        kd_say_proof(out, kd_text_of(out, "zone %.*s had free memory: pages were not missing",
                                     KD_FMT(zone->name.v)),
                     "free %llu kB > min %llu kB", (unsigned long long)zone->free_kb.v,
                     (unsigned long long)zone->min_kb.v);
        kd_say_buddy_sum(out, view->event, zone);
    }
}

/* ---- module space ---------------------------------------------------------------------------- */

static void say_area(kd_emit *out, const kd_module_area *area, const space_case *s)
{
    uint64_t most = 0;
    for (size_t i = 0; i < area->count; i++) {
        const kd_area *a = &area->areas[i];
        uint64_t size = a->end - a->start;
        most = size > most ? size : most;
        if (a->start)
            kd_say_proof(out, kd_text_of(out, "the module area%s%s", a->condition[0] ? ": " : "",
                                         a->condition),
                         "0x%llx - 0x%llx = %llu MiB", (unsigned long long)a->start,
                         (unsigned long long)a->end, (unsigned long long)(size >> 20));
        else
            kd_say_proof(out, kd_text_of(out, "size of the module area: %s", a->condition),
                         "%llu MiB", (unsigned long long)(size >> 20));
    }
    if (area->count > 0 && area->areas[0].start) {
        kd_say_hex(out, "area_start", area->areas[0].start);
        kd_say_hex(out, "area_end", area->areas[0].end);
    }
    if (most)
        kd_say_u64(out, "area_bytes_at_most", most);
    if (s->hole && most && s->hole->requested_bytes.v > most)
        kd_say_proof(out, KD_STR("the request is larger than the whole area: it can never fit"),
                     "%llu > %llu", (unsigned long long)s->hole->requested_bytes.v,
                     (unsigned long long)most);
    for (size_t i = 0; i < area->assumed_count; i++)
        kd_say_assume(out, "%s", area->assumed[i]);
}

static void say_module_remedies(kd_emit *out, const kd_module_area *area, const kd_view *view)
{
    kd_say_remedy(out, "Make the module smaller: only its allocated sections count, so strip "
                       "--strip"
                  "-debug does not help, but leaving out debug code and options does; or split "
                  "it.");
    kd_say_remedy(out, "Build the driver into the kernel: then it takes no module space.");
    kd_say_remedy(out, "Unload modules that are not needed (lsmod): each takes its pages and a "
                       "guard "
                  "page of the area.");
    if (kd_arch_is(view->context, "arm")) {
        kd_arm_branch branch;
        kd_arm_branch_of(area->page_offset, &branch);
        kd_say_remedy(out, "CONFIG_ARM_MODULE_PLTS=y (Linux 4.4 and later%s) lets modules spill "
                      "into the vmalloc area; cost: calls into the kernel go through veneers.",
                      area->plts_from_later ? ": not in this kernel" : "");
        kd_say_proof(out, KD_STR("moving the area's bottom to PAGE_OFFSET - 32 MiB is no remedy by "
                                 "itself: a branch from there misses the kernel text by this much "
                                 "and more"),
                     "0x%llx - 8 - 0x%llx = 0x%llx; 0x%llx - 0x%llx = 0x%llx",
                     (unsigned long long)branch.text, (unsigned long long)branch.bottom,
                     (unsigned long long)branch.needed, (unsigned long long)branch.needed,
                     (unsigned long long)branch.limit, (unsigned long long)branch.misses);
        kd_say_remedy(out, "Patching MODULES_VADDR and TASK_SIZE down to PAGE_OFFSET - 32 MiB, as "
                      "found on the web, is no remedy alone: branches from the bottom of that area "
                      "miss the kernel text by 0x%llx bytes and more.",
                      (unsigned long long)branch.misses);
    } else if (kd_arch_is(view->context, "arm64") && view->context->version &&
               view->context->version < KD_KERNEL(6, 5, 0)) {
        kd_say_remedy(out, "CONFIG_ARM64_MODULE_PLTS=y widens the area from 128 MiB to 2 GiB "
                           "(always "
                      "on from 6.5).");
    }
}

static void say_hint(kd_emit *out, const space_case *s, const kd_module_area *area)
{
    if (!area->own_area || !s->hole || !kd_str_has(s->hole->hint.v, "vmalloc="))
        return;
    kd_say_more(out, "The kernel's own hint (vmalloc=) does not help: it moves the start of the "
                "vmalloc area, not the module area.");
}

kd_status kd_check_module_space(const kd_view *view, kd_emit *out, void *user)
{
    space_case s;
    kd_module_area area;
    (void)user;
    if (!prepare(view, &s) || (!s.loader && !s.is_execmem))
        return KD_OK;
    kd_module_area_of(view->context, &area);
    bool sure = s.vmap && s.same_request && s.loader && area.own_area;
    uint64_t bytes = s.failure->requested_bytes.v;
    if (s.is_execmem)
        kd_say_diag(out, KD_LIKELY, "The module loader got no memory for a module: execmem_alloc() "
                    "failed. The kernel does not say whether addresses or pages were missing.");
    else
        kd_say_diag(out, sure ? KD_CERTAIN : KD_LIKELY,
                    "%.*s wanted %llu bytes (%llu pages) for a module, and the address range of "
                    "modules has no hole of that size. It is addresses that are missing, not RAM.",
                    KD_FMT(s.failure->task.comm.v), (unsigned long long)bytes,
                    (unsigned long long)s.pages);
    kd_emit_role(out, KD_PRIMARY);
    say_hint(out, &s, &area);
    say_pair(view, out, &s);
    if (s.is_execmem)
        kd_say_evidence(out, view->event, s.failure->text.src, "execmem serves modules only");
    if (s.loader) {
        kd_say_evidence(out, view->event, s.loader->function.src, "the module loader asked");
        kd_say_proof(out, KD_STR("the stack goes through the module loader, so the range is the "
                                 "module area"),
                     "%.*s()", KD_FMT(s.loader->function.v));
    }
    say_area(out, &area, &s);
    say_ram(view, out);
    say_module_remedies(out, &area, view);
    if (!s.vmap)
        kd_say_assume(out, "the line of the range search is missing (it is rate-limited): without "
                      "it the kernel could also have failed to allocate its own descriptor");
    return KD_OK;
}

/* ---- vmalloc space --------------------------------------------------------------------------- */

kd_status kd_check_vmalloc_space(const kd_view *view, kd_emit *out, void *user)
{
    space_case s;
    kd_module_area area;
    (void)user;
    if (!prepare(view, &s) || s.is_execmem)
        return KD_OK;
    kd_module_area_of(view->context, &area);
    /* i386 keeps modules in the vmalloc area */
    if (s.loader && (area.own_area || view->context->arch.len == 0 || !s.failure))
        return KD_OK;
    bool sure = s.vmap && (s.same_request || s.hole->range_start.src);
    uint64_t bytes = s.failure ? s.failure->requested_bytes.v : s.hole->requested_bytes.v;
    kd_say_diag(out, sure ? KD_CERTAIN : KD_LIKELY,
                "%.*s%s %llu bytes of kernel addresses, and the vmalloc range has no hole of that "
                "size. It is addresses that are missing, not RAM.",
                KD_FMT(s.failure ? s.failure->task.comm.v : KD_STR("Something")), " wanted",
                (unsigned long long)bytes);
    kd_emit_role(out, KD_PRIMARY);
    say_pair(view, out, &s);
    if (s.hole && s.hole->range_start.src) {
        kd_say_proof(out, KD_STR("the range that was searched"), "0x%llx - 0x%llx = %llu MiB",
                     (unsigned long long)s.hole->range_start.v,
                     (unsigned long long)s.hole->range_end.v,
                     (unsigned long long)(s.hole->range_end.v - s.hole->range_start.v) >> 20);
        kd_say_hex(out, "range_start", s.hole->range_start.v);
        kd_say_hex(out, "range_end", s.hole->range_end.v);
    }
    say_ram(view, out);
    bool narrow = kd_arch_is(view->context, "arm") || kd_arch_is(view->context, "i386");
    if (narrow)
        kd_say_remedy(out, "Boot with a larger vmalloc= (for example vmalloc=512M); it takes the "
                      "addresses from lowmem. A 64-bit kernel has no such limit.");
    kd_say_remedy(out, "/proc/vmallocinfo lists who holds the addresses, by caller and size: look "
                  "for a driver that maps much or never unmaps.");
    if (!s.failure)
        kd_say_assume(out, "the log does not show who asked; a module load would mean the module "
                      "area instead");
    return KD_OK;
}

/* ---- pages ----------------------------------------------------------------------------------- */

kd_status kd_check_vmalloc_pages(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_vmalloc *failure = KD_BODY(view->event, vmalloc);
    (void)user;
    if (!failure || (!kd_str_is(failure->reason.v, "no-pages") &&
                     !kd_str_is(failure->reason.v, "page-array")))
        return KD_OK;
    bool counted = failure->allocated_bytes.src &&
                   failure->allocated_bytes.v < failure->requested_bytes.v;
    kd_say_diag(out, counted ? KD_CERTAIN : KD_LIKELY,
                "%.*s asked vmalloc() for %llu bytes. The addresses were found, but the pages ran "
                "out", KD_FMT(failure->task.comm.v),
                (unsigned long long)failure->requested_bytes.v);
    if (counted)
        kd_say_more(out, "after %llu bytes.", (unsigned long long)failure->allocated_bytes.v);
    else
        kd_say_more(out, "before all of them were filled.");
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, failure->text.src, "the kernel's own reason");
    if (counted)
        kd_say_proof(out, KD_STR("pages ran out before the request was filled"), "%llu < %llu",
                     (unsigned long long)failure->allocated_bytes.v,
                     (unsigned long long)failure->requested_bytes.v);
    kd_say_u64(out, "requested_bytes", failure->requested_bytes.v);
    if (failure->allocated_bytes.src)
        kd_say_u64(out, "allocated_bytes", failure->allocated_bytes.v);
    kd_say_remedy(out, "Look at the memory dump and the leak findings: this is a shortage of RAM "
                  "(or a limit), not of addresses.");
    kd_say_remedy(out, "Is the size right? A size that comes from user space or from a device must "
                  "be checked before it is allocated.");
    return KD_OK;
}

kd_status kd_check_vmalloc_too_large(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_vmalloc *failure = KD_BODY(view->event, vmalloc);
    (void)user;
    if (!failure || !kd_str_is(failure->reason.v, "too-large"))
        return KD_OK;
    const kdf_meminfo *meminfo = kd_event_meminfo(view->event);
    uint64_t page = kd_context_page_size(view->context), ram = 0;
    if (meminfo && meminfo->ram_pages.src && meminfo->ram_pages.v < UINT64_MAX / page)
        ram = meminfo->ram_pages.v * page;
    bool sure = ram && failure->requested_bytes.v > ram;
    kd_say_diag(out, sure ? KD_CERTAIN : KD_LIKELY,
                "%.*s asked vmalloc() for %llu bytes: more than all pages of the machine. Such a "
                "size is a bug of the caller.", KD_FMT(failure->task.comm.v),
                (unsigned long long)failure->requested_bytes.v);
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, failure->text.src, "the kernel's own reason");
    if (sure) {
        kd_say_evidence(out, view->event, meminfo->ram_pages.src, "all pages of the machine");
        kd_say_proof(out, KD_STR("the request is larger than the RAM"), "%llu > %llu pages * "
                                                                        "%llu = %llu",
                     (unsigned long long)failure->requested_bytes.v,
                     (unsigned long long)meminfo->ram_pages.v, (unsigned long long)page,
                     (unsigned long long)ram);
    }
    kd_say_remedy(out, "Check the size in the caller: an unchecked length from user space or a "
                  "negative number that became unsigned looks like this.");
    return KD_OK;
}

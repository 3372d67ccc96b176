/* decode_vmalloc_request.c - what a failed vmalloc() asked for, who asked, and why it may have
 * failed.
 * */
#include "family/vmalloc/decode_vmalloc_request.h"
#include "core/version.h"
#include "family/fields.h"

#include "family/alloc/replay/event.h"

uint64_t kd_vmalloc_hole(uint64_t bytes, uint64_t page)
{
    return bytes > UINT64_MAX / 2 ? UINT64_MAX : (bytes + page - 1) / page * page + page;
}

kd_hole_fit kd_vmalloc_fits(uint64_t bytes, uint64_t hole, uint64_t page)
{
    static const uint64_t sizes[] = { 4096, 65536, 16384, 8192 };
    size_t count = page ? 1 : KD_COUNT(sizes);
    if (bytes == 0 || bytes > UINT64_MAX / 4)
        return (kd_hole_fit){ .fits = false };
    for (size_t i = 0; i < count; i++) {
        uint64_t one = page ? page : sizes[i];
        if (kd_vmalloc_hole(bytes, one) == hole)
            return (kd_hole_fit){ true, one, one };
        uint64_t huge = one * one / 8; /* what one page of page-table entries maps */
        if (bytes >= huge && (bytes + huge - 1) / huge * huge + one == hole)
            return (kd_hole_fit){ true, one, huge };
    }
    return (kd_hole_fit){ .fits = false };
}

bool kd_vmalloc_negative(uint64_t bytes, int64_t *out)
{
    const uint64_t least = (uint64_t)1 << 20;
    if (bytes > UINT64_MAX - least)
        *out = -(int64_t)(UINT64_MAX - bytes) - 1;
    else if (bytes <= UINT32_MAX && bytes > UINT32_MAX - least)
        *out = -(int64_t)(UINT32_MAX - bytes) - 1;
    else
        return false;
    return true;
}

/* ---- who asked ------------------------------------------------------------------------------- */

/* These search the module area, and call __vmalloc_node_range() themselves. */
static const char module_functions[] = "module_alloc module_alloc_update_bounds execmem_alloc "
                                       "execmem_alloc_rw execmem_vmalloc module_map "
                                       "module_memory_alloc layout_and_allocate move_module";
/* These search the vmalloc area, whoever called them. */
static const char plain_functions[] =
    "vmalloc vzalloc vmalloc_node vzalloc_node vmalloc_user vmalloc_32 vmalloc_32_user "
    "vmalloc_huge kvmalloc_node kvmalloc kvzalloc vmalloc_node_flags_caller vmalloc_array vcalloc "
    "vmap ioremap ioremap_caller ioremap_prot arm_ioremap_caller vm_map_ram vb_alloc";

typedef struct caller_row {
    const char *function;
    kd_vmalloc_purpose purpose;
    const char *what;
} caller_row;

static const caller_row callers[] = {
#define KD_VMALLOC_CALLER(function, purpose, what) { function, KD_VMALLOC_##purpose, what },
#include "family/vmalloc/vmalloc_caller.def"
#undef KD_VMALLOC_CALLER
};

/* @param placed  does the trace place a module? load_module() is also below everything that a
 * module's own init function does */
static const caller_row *find_caller(kd_str name, bool placed)
{
    for (size_t i = 0; name.len > 0 && i < KD_COUNT(callers); i++)
        if (kd_str_is(name, callers[i].function) &&
            (placed || callers[i].purpose != KD_VMALLOC_MODULE))
            return &callers[i];
    return NULL;
}

void kd_vmalloc_caller_of(const kd_list *backtrace, kd_vmalloc_caller *out)
{
    const kdf_frame *plain = kd_trace_find(backtrace, plain_functions);
    const kdf_frame *module = kd_trace_find(backtrace, module_functions);
    *out = (kd_vmalloc_caller){ .what = "" };
    /* frames stand innermost first in one array; vmalloc_exec() is plain vmalloc() below a
     * module_alloc() that has no area of its own */
    if (module && (!plain || module < plain || kd_trace_find(backtrace, "vmalloc_exec")))
        out->module_frame = module;
    out->is_plain = plain && !out->module_frame;
    for (uint32_t i = 0; backtrace && i < backtrace->count && !out->frame; i++) {
        const kdf_frame *frame = &KD_ITEMS(*backtrace, kdf_frame)[i];
        const caller_row *row = find_caller(kd_trace_name(frame), out->module_frame != NULL);
        if (!row)
            continue;
        out->frame = frame;
        out->purpose = row->purpose;
        out->what = row->what;
    }
    /* a known caller far below others is not who asked */
    const kdf_frame *base = out->module_frame ? out->module_frame : plain;
    if (out->frame && base && out->frame - base > 6) {
        out->frame = NULL;
        out->purpose = KD_VMALLOC_UNKNOWN;
        out->what = "";
    }
}

/* ---- why ------------------------------------------------------------------------------------- */

uint64_t kd_ram_bytes(const kdf_meminfo *meminfo, const kd_context *context, kd_src *src)
{
    uint64_t page = kd_context_page_size(context);
    *src = 0;
    if (meminfo && meminfo->ram_pages.src && meminfo->ram_pages.v < UINT64_MAX / page) {
        *src = meminfo->ram_pages.src;
        return meminfo->ram_pages.v * page;
    }
    return context->ram_kb < UINT64_MAX / 1024 ? context->ram_kb * 1024 : 0;
}

uint64_t kd_total_bytes(const kdf_meminfo *meminfo, const kd_context *context)
{
    kd_src src;
    uint64_t ram = kd_ram_bytes(meminfo, context, &src);
    if (!src || !meminfo->reserved_pages.src || meminfo->reserved_pages.v > meminfo->ram_pages.v)
        return ram;
    return ram - meminfo->reserved_pages.v * kd_context_page_size(context);
}

/* "size N, failed to allocate pages": of the pages that were had, read up to 6.12; of the request,
 * read from 7.2 on. Between them nothing was read: N is neither. */
static void settle_size(kdf_vmalloc *failure, uint32_t version)
{
    if (!failure->allocated_bytes.src || failure->requested_bytes.src || version < V(6, 13))
        return;
    if (version >= V(7, 2))
        failure->requested_bytes = failure->allocated_bytes;
    failure->allocated_bytes.src = 0;
    failure->allocated_bytes.v = 0;
}

bool kd_decode_vmalloc(kd_event *event, void *part, const kd_context *context)
{
    kdf_vmalloc *failure = part;
    (void)event;
    settle_size(failure, context->version);
    uint64_t ram = kd_total_bytes(&failure->meminfo, context);
    if (!kd_str_starts(failure->text.v, "vmalloc: allocation failure: ") ||
        !failure->requested_bytes.src)
        return true;
    if (failure->requested_bytes.v == 0)
        failure->reason = (kd_text){ KD_STR("zero-size"), KD_DERIVED };
    else if (ram && failure->requested_bytes.v > ram)
        failure->reason = (kd_text){ KD_STR("too-large"), KD_DERIVED };
    return true;
}

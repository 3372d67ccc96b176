/* decode_page_pointer.c - which address was handed to free_pages()? */
#include "family/free/decode_page_pointer.h"
#include "family/fields.h"

#include "core/version.h"

#define STRUCT_PAGE 64u /* bytes, on 64-bit distribution kernels from 3.2 on */
#define PAGE_SHIFT 12u
#define GIB ((uint64_t)1 << 30)
/* More RAM than this behind one vmemmap GiB would move the recovered base. */
#define MOST_RAM ((uint64_t)60 << 30)

typedef struct layout {
    const char *arch;
    uint64_t va_bits;
    uint32_t from, until;
    uint64_t linear, vmemmap, vmemmap_bytes, vmalloc, vmalloc_end;
} layout;

static const layout layouts[] = {
#define KD_LAYOUT(arch, va_bits, from, until, linear, vmemmap, bytes, vmalloc, vmalloc_end) \
    { arch, va_bits, from, until, linear, vmemmap, bytes, vmalloc, vmalloc_end },
#include "family/vmalloc/layout.def"
#undef KD_LAYOUT
};

static const layout *find_layout(const kd_context *context)
{
    for (size_t i = 0; i < KD_COUNT(layouts); i++)
        if (kd_str_is(context->arch, layouts[i].arch) &&
            (!layouts[i].va_bits || layouts[i].va_bits == context->va_bits) &&
            kd_version_in(context->version, layouts[i].from, layouts[i].until))
            return &layouts[i];
    return NULL;
}

static bool frees_pages(kd_str function)
{
    while (function.len > 0 && function.ptr[0] == '_')
        function = kd_str_from(function, 1);
    const char *dot = kd_str_find(function, ".");
    if (dot)
        function.len = (size_t)(dot - function.ptr);
    return kd_str_in_words(function, "free_pages free_pages_ok free_the_page free_unref_page "
                                     "put_page_testzero free_frozen_pages");
}

/* The register that holds the page argument: the base of the faulting access, or the first
 * argument when the fault lies within one struct page of it. */
static bool find_page(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    const kdf_operand *mem = &oops->code.memory;
    const char *first = kd_arch_is(context, "x86_64") ? "rdi" : "x0";
    const kd_pair *pairs = oops->registers.items;
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        bool based = mem->base.src && mem->effective.src && !mem->index.src &&
                     kd_str_eq(pairs[i].name, mem->base.v);
        bool argument = !mem->base.src && kd_str_is(pairs[i].name, first);
        if ((!based && !argument) || oops->address.v - pairs[i].v >= STRUCT_PAGE)
            continue;
        out->page_register = pairs[i].name;
        out->page = pairs[i].v;
        out->member = oops->address.v - pairs[i].v;
        return pairs[i].v % STRUCT_PAGE == 0;
    }
    return false;
}

static void compute(kd_free_case *out, uint64_t linear, uint64_t vmemmap, uint64_t bytes)
{
    out->linear = linear;
    out->vmemmap = vmemmap;
    out->vmemmap_end = vmemmap + bytes;
    out->pfn = (out->page - vmemmap) / STRUCT_PAGE;
    out->argument = linear + (out->pfn << PAGE_SHIFT);
}

/* Is some register the very argument? Then it is known to the byte. */
static void find_exact(const kdf_oops *oops, kd_free_case *out)
{
    const kd_pair *pairs = oops->registers.items;
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        if (pairs[i].v >> PAGE_SHIFT != out->argument >> PAGE_SHIFT)
            continue;
        out->exact_register = pairs[i].name;
        out->exact = pairs[i].v;
        if (out->class != KD_FREE_STRUCT_PAGE || pairs[i].v % STRUCT_PAGE != 0)
            continue;
        out->exact_pfn = (pairs[i].v - out->vmemmap) / STRUCT_PAGE;
        out->exact_address = out->linear + (out->exact_pfn << PAGE_SHIFT);
        return;
    }
}

static void find_order(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    const kd_pair *order =
        kd_map_find(&oops->registers, kd_arch_is(context, "x86_64") ? "rsi" : "x1");
    out->has_order = order && order->v <= 20;
    out->order = out->has_order ? order->v : 0;
}

static bool inside(uint64_t value, uint64_t start, uint64_t end)
{
    return value >= start && value < end;
}

static void classify(kd_free_case *out, const layout *map, uint64_t user_end)
{
    uint64_t a = out->argument;
    if (inside(a, out->vmemmap, out->vmemmap_end))
        out->class = KD_FREE_STRUCT_PAGE;
    else if (inside(a, map->vmalloc, map->vmalloc_end))
        out->class = KD_FREE_VMALLOC;
    else if (a < user_end)
        out->class = KD_FREE_USER;
    else if (inside(a, out->linear, map->vmalloc) ||
             inside(out->page, out->vmemmap, out->vmemmap_end))
        out->class = KD_FREE_LINEAR;
}

static uint64_t vmemmap_span(const kd_context *context)
{
    uint64_t ram = context->ram_kb ? context->ram_kb * 1024 * 2 : MOST_RAM;
    return ram / 4096 * STRUCT_PAGE;
}

/* A register in the linear map that was found: the per-CPU base, slab objects. */
static void find_witness(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    uint64_t ram = context->ram_kb ? context->ram_kb * 1024 * 2 : MOST_RAM;
    const kd_pair *pairs = oops->registers.items;
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (inside(pairs[i].v, out->linear, out->linear + ram) &&
            !kd_str_eq(pairs[i].name, out->exact_register)) {
            out->witness_register = pairs[i].name;
            out->witness = pairs[i].v;
            out->confirmed = true;
            return;
        }
}

/*
 * x86-64 with randomised bases: both are multiples of 1 GiB. A register V that is the struct page
 * pointer gives vmemmap (RAM takes less than 1 GiB of it); then P gives the linear map. That it
 * comes out as a multiple of 1 GiB below vmemmap, and that other registers lie in it, proves it.
 */
static bool recover(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    const kd_pair *pairs = oops->registers.items;
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        uint64_t value = pairs[i].v, vmemmap = value & ~(GIB - 1);
        if (value % STRUCT_PAGE != 0 || value < 0xffff888000000000 || value == out->page ||
            value - vmemmap >= vmemmap_span(context))
            continue;
        uint64_t pfn = (out->page - vmemmap) / STRUCT_PAGE;
        uint64_t linear = (value & ~(uint64_t)0xfff) - (pfn << PAGE_SHIFT);
        if (linear % GIB != 0 || linear < 0xffff880000000000 || linear >= vmemmap)
            continue;
        compute(out, linear, vmemmap, vmemmap_span(context));
        out->class = KD_FREE_STRUCT_PAGE;
        out->recovered = true;
        find_exact(oops, out);
        find_witness(oops, context, out);
        return true;
    }
    return false;
}

/* Are the bases of the layout constants of this kernel? */
static bool is_fixed(const kd_context *context)
{
    return kd_arch_is(context, "arm64") || context->version < V(4, 8);
}

/* 32-bit arm with PAGE_OFFSET 0xC0000000: P = mem_map + ((addr - PAGE_OFFSET) >> 12) * size, all
 * modulo 2^32. Some register still holds mem_map; the pkmap area of kmap() is the 2 MiB below
 * PAGE_OFFSET, so the index comes out as one of its last 512 pages. */
static bool fits_kmap(const kd_pair *map, uint32_t size, kd_free_case *out)
{
    uint32_t distance = (uint32_t)(out->page - map->v);
    if (map->v % 4096 != 0 || map->v < 0xC0000000 || distance % size != 0 ||
        distance / size < 0xffe00 || distance / size > 0xfffff)
        return false;
    out->class = KD_FREE_KMAP;
    out->pfn = distance / size;
    out->vmemmap = map->v;
    out->struct_size = size;
    out->witness_register = map->name;
    out->argument = (uint32_t)(0xC0000000 + (out->pfn << PAGE_SHIFT));
    return true;
}

/* The register through which the fault came, where instruction and registers prove it. */
static const kd_pair *find_base(const kdf_oops *oops)
{
    const kdf_operand *mem = &oops->code.memory;
    const kd_pair *pairs = oops->registers.items;
    if (!mem->agrees.v || !mem->base.src || mem->index.src)
        return NULL;
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (kd_str_eq(pairs[i].name, mem->base.v))
            return &pairs[i];
    return NULL;
}

static void look_for_kmap(const kdf_oops *oops, kd_free_case *out)
{
    static const uint32_t sizes[] = { 32, 36, 40 }; /* of struct page, by configuration */
    const kd_pair *pairs = oops->registers.items, *page = find_base(oops);
    out->linear = 0xC0000000;
    if (!page)
        page = kd_map_find(&oops->registers, "r0");
    if (!page || oops->address.v - page->v >= STRUCT_PAGE)
        return;
    out->page_register = page->name;
    out->page = page->v;
    out->member = oops->address.v - page->v;
    for (uint32_t i = 0; i < oops->registers.count; i++)
        for (size_t k = 0; k < KD_COUNT(sizes); k++)
            if (fits_kmap(&pairs[i], sizes[k], out))
                return;
}

void kd_free_case_of(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    *out = (kd_free_case){ .class = KD_FREE_UNKNOWN };
    if (!frees_pages(oops->ip.function.v) || !oops->address.src)
        return;
    if (kd_arch_is(context, "arm")) {
        look_for_kmap(oops, out);
        return;
    }
    const layout *map = find_layout(context);
    if (!map || !find_page(oops, context, out))
        return;
    find_order(oops, context, out);
    if (is_fixed(context)) {
        compute(out, map->linear, map->vmemmap, map->vmemmap_bytes);
        out->vmalloc = map->vmalloc;
        out->vmalloc_end = map->vmalloc_end;
        classify(out, map, (uint64_t)1 << 47);
        find_exact(oops, out);
        out->proved = out->class != KD_FREE_UNKNOWN && out->class != KD_FREE_LINEAR;
        return;
    }
    if (recover(oops, context, out))
        out->proved = out->confirmed;
}

/* decode_page_pointer.c - which address was handed to free_pages()? */
#include "family/free/decode_page_pointer.h"
#include "family/fault/decode_code.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

#include "core/version.h"

#define STRUCT_PAGE 64u /* bytes, on 64-bit distribution kernels from 3.2 on */
/* of all but powerpc */
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
#include "family/free/layout_more.def"
#include "family/vmalloc/layout.def"
#undef KD_LAYOUT
};

static const layout *find_layout(const kd_context *context)
{
    /* the bases of arm64 depend on the size of a page: those of 4 KiB are in the table */
    if (kd_arch_is(context, "arm64") && kd_context_page_size(context) != 4096)
        return NULL;
    for (size_t i = 0; i < KD_COUNT(layouts); i++)
        if (kd_str_is(context->arch, layouts[i].arch) &&
            (!layouts[i].va_bits || layouts[i].va_bits == context->va_bits) &&
            kd_version_in(context->version, layouts[i].from, layouts[i].until))
            return &layouts[i];
    return NULL;
}

static bool frees_pages(kd_str function)
{
    return kd_str_in_words(kd_bare_name(function),
                           "free_pages free_pages_ok free_the_page free_unref_page "
                           "put_page_testzero free_frozen_pages");
}

/* They make the page pointer by virt_to_page() too. */
static bool frees_objects(kd_str function)
{
    return kd_str_in_words(kd_bare_name(function),
                           "kfree kfree_sensitive kzfree ksize kfree_const");
}

/* The register that holds the page argument: the base of the faulting access, or the first
 * argument when the fault lies within one struct page of it. */
static bool find_page(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    const kdf_operand *mem = &oops->code.memory;
    const char *first = kd_arch_is(context, "x86_64")  ? "rdi"
                        : kd_arch_is(context, "arm64") ? "x0"
                        : kd_arch_is(context, "ppc64") ? "r3"
                        : kd_arch_is(context, "s390")  ? "r2"
                                                       : "a0";
    const kd_pair *pairs = oops->registers.items;
    uint64_t at = kd_fault_at(oops); /* s390 prints the address of the page */
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        bool named = mem->base.src && !mem->implicit.src;
        bool based =
            named && mem->effective.src && !mem->index.src && kd_str_eq(pairs[i].name, mem->base.v);
        bool argument = !named && kd_str_is(pairs[i].name, first);
        if ((!based && !argument) || at - pairs[i].v >= STRUCT_PAGE)
            continue;
        out->page_register = pairs[i].name;
        out->page = pairs[i].v;
        out->member = at - pairs[i].v;
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
    out->argument = linear + (out->pfn << out->page_shift);
}

/* Is some register the very argument? Then it is known to the byte. */
static void find_exact(const kdf_oops *oops, kd_free_case *out)
{
    const kd_pair *pairs = oops->registers.items;
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        if (pairs[i].v >> out->page_shift != out->argument >> out->page_shift)
            continue;
        out->exact_register = pairs[i].name;
        out->exact = pairs[i].v;
        if (out->class != KD_FREE_STRUCT_PAGE || pairs[i].v % STRUCT_PAGE != 0)
            continue;
        out->exact_pfn = (pairs[i].v - out->vmemmap) / STRUCT_PAGE;
        out->exact_address = out->linear + (out->exact_pfn << out->page_shift);
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

/* arm64 from 5.4 on: the linear map has the lower half of the kernel's addresses. */
static uint64_t linear_end(const layout *map)
{
    return kd_str_is(KD_STR("arm64"), map->arch) ? 0 - (UINT64_C(1) << (map->va_bits - 1))
                                                 : map->vmalloc;
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
    else if (inside(a, linear_end(map), map->vmalloc))
        out->class = KD_FREE_IMAGE;
    else if (inside(a, out->linear, linear_end(map)) ||
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

/* The lowest that the linear map of x86-64 may begin: with page tables of 5 levels, which CR4
 * tells, or of 4. */
static bool has_5_levels(const kdf_oops *oops)
{
    const kd_pair *cr4 = kd_map_find(&oops->registers, "cr4");
    return cr4 && cr4->v >> 12 & 1;
}

static uint64_t lowest_linear(const kdf_oops *oops)
{
    return has_5_levels(oops) ? UINT64_C(0xff11000000000000) : UINT64_C(0xffff880000000000);
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
        if (value % STRUCT_PAGE != 0 || value <= lowest_linear(oops) || value == out->page ||
            value - vmemmap >= vmemmap_span(context))
            continue;
        uint64_t pfn = (out->page - vmemmap) / STRUCT_PAGE;
        uint64_t linear = (value & ~(uint64_t)0xfff) - (pfn << PAGE_SHIFT);
        if (linear % GIB != 0 || linear < lowest_linear(oops) || linear >= vmemmap)
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

/*
 * x86-64 with randomised bases, and some register still holds the address that was passed: the
 * per-CPU base in GS lies in the linear map and tells its start to a few GiB; then P gives vmemmap.
 * That it comes out as a multiple of 1 GiB above both proves all three. The stack lies in the
 * vmalloc range too.
 */
#define VMALLOC_SPAN (UINT64_C(32) << 40)
#define VMALLOC_SPAN_5 (UINT64_C(12800) << 40)
static bool recover_argument(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    const kd_pair *pairs = oops->registers.items, *gs = kd_map_find(&oops->registers, "gs");
    const kd_pair *stack = kd_map_find(&oops->registers, "rsp");
    uint64_t ram = context->ram_kb ? context->ram_kb * 1024 * 2 : MOST_RAM;
    uint64_t span = has_5_levels(oops) ? VMALLOC_SPAN_5 : VMALLOC_SPAN;
    if (!gs || !stack || gs->v < lowest_linear(oops) || gs->v > 0xfffffe0000000000)
        return false;
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        uint64_t value = pairs[i].v;
        bool near_stack = value - stack->v < span || stack->v - value < span;
        if (value < gs->v - ram || !near_stack || value % 4096 != 0 || value == out->page)
            continue;
        for (uint64_t back = 0; back <= ram / GIB; back++) {
            uint64_t linear = (gs->v & ~(GIB - 1)) - back * GIB;
            uint64_t vmemmap = out->page - ((value - linear) >> PAGE_SHIFT) * STRUCT_PAGE;
            if (vmemmap % GIB != 0 || vmemmap <= linear || vmemmap > 0xfffffe0000000000 ||
                (value - linear < ram) || value >= vmemmap)
                continue;
            compute(out, linear, vmemmap, vmemmap_span(context));
            out->class = KD_FREE_VMALLOC;
            out->vmalloc = linear + ram;
            out->vmalloc_end = vmemmap;
            out->recovered = true;
            out->exact_register = pairs[i].name;
            out->exact = value;
            out->witness_register = gs->name;
            out->witness = gs->v;
            out->confirmed = context->ram_kb != 0;
            return true;
        }
    }
    return false;
}

/* Where the image of riscv kernels is linked, and where RAM begins on most boards. */
#define RISCV_IMAGE UINT64_C(0xffffffff80000000)
#define RISCV_MODULES UINT64_C(0xffffffff00000000)
static const uint64_t riscv_ram[] = { 0x80000000, 0x40000000, 0x100000000, 0 };

/*
 * riscv takes what lies outside the linear map for an address of the kernel's image: P = vmemmap +
 * ((addr - image + load) >> 12) * 64, less the frames below RAM. The difference of a register and
 * the frame so found is that of image and load address: a multiple of 2 MiB that brings the
 * program counter into RAM.
 */
static bool fits_riscv(const kdf_oops *oops, const layout *map, uint64_t ram, const kd_pair *held,
                       kd_free_case *out)
{
    const kd_pair *epc = kd_map_find(&oops->registers, "epc");
    uint64_t first = map->vmemmap - ram / STRUCT_PAGE;
    uint64_t physical = (out->page - first) / STRUCT_PAGE << PAGE_SHIFT;
    uint64_t offset = (held->v & ~UINT64_C(0xfff)) - physical;
    uint64_t code = epc ? epc->v - offset : 0;
    if (!epc || epc->v < RISCV_IMAGE || offset % (UINT64_C(2) << 20) != 0 || code < ram ||
        code - ram >= MOST_RAM)
        return false;
    out->pfn = physical >> PAGE_SHIFT;
    out->argument = physical + offset;
    out->by_image = true;
    out->code = epc->v;
    out->vmemmap = first;
    out->linear = offset;
    out->exact_register = held->name;
    out->exact = held->v;
    return true;
}

static bool recover_riscv(const kdf_oops *oops, const layout *maps, size_t count,
                          const kd_context *context, kd_free_case *out)
{
    const kd_pair *pairs = oops->registers.items;
    for (size_t m = 0; m < count; m++) {
        const layout *map = &maps[m];
        if (!kd_str_is(context->arch, map->arch) ||
            !kd_version_in(context->version, map->from, map->until))
            continue;
        for (uint32_t i = 0; i < oops->registers.count; i++) {
            bool page = inside(pairs[i].v, map->vmemmap, map->vmemmap + map->vmemmap_bytes) &&
                        pairs[i].v % STRUCT_PAGE == 0;
            bool area = inside(pairs[i].v, map->vmalloc, map->vmalloc_end);
            bool image = out->kfree && pairs[i].v >= RISCV_MODULES &&
                         !kd_str_in_words(pairs[i].name, "epc ra gp");
            for (size_t k = 0; (page || area || image) && k < KD_COUNT(riscv_ram); k++)
                if (fits_riscv(oops, map, riscv_ram[k], &pairs[i], out)) {
                    out->class = page   ? KD_FREE_STRUCT_PAGE
                                 : area ? KD_FREE_VMALLOC
                                        : KD_FREE_IMAGE;
                    out->vmemmap_end = map->vmemmap + map->vmemmap_bytes;
                    out->vmalloc = map->vmalloc;
                    out->vmalloc_end = map->vmalloc_end;
                    out->assumed = "RAM begins where most boards of this architecture have it";
                    return true;
                }
        }
    }
    return false;
}

/*
 * s390 to 6.9 maps RAM from address 0 on: P = vmemmap + (addr >> 12) * 64, where vmemmap begins at
 * a multiple of 2 GiB (a region-third table's entry) that depends on RAM and configuration. A
 * register that still holds the address gives it.
 */
#define S390_STEP (UINT64_C(2) << 30)
#define S390_MODULES UINT64_C(0x3ff80000000)
static bool recover_s390(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    const kd_pair *pairs = oops->registers.items;
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        uint64_t value = pairs[i].v;
        uint64_t vmemmap = out->page - (value >> PAGE_SHIFT) * STRUCT_PAGE;
        if (value < S390_STEP || value == out->page || vmemmap == 0 || vmemmap % S390_STEP != 0 ||
            vmemmap >= S390_MODULES || !kd_str_starts(pairs[i].name, "r"))
            continue;
        bool page =
            value % STRUCT_PAGE == 0 && inside(value, vmemmap, vmemmap + vmemmap_span(context));
        bool area = inside(value, vmemmap + vmemmap_span(context), S390_MODULES);
        if (!page && !area)
            continue;
        compute(out, 0, vmemmap, vmemmap_span(context));
        out->class = page ? KD_FREE_STRUCT_PAGE : KD_FREE_VMALLOC;
        out->vmalloc = out->vmemmap_end;
        out->vmalloc_end = S390_MODULES;
        out->recovered = true;
        find_exact(oops, out);
        out->assumed = "the array of struct page begins at a multiple of 2 GiB, and RAM is mapped "
                       "from address 0 on";
        return true;
    }
    return false;
}

/* Are the bases of the layout constants of this kernel? */
static bool is_fixed(const kd_context *context)
{
    return kd_arch_is(context, "arm64") || kd_arch_is(context, "ppc64") ||
           context->version < V(4, 8);
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
    if (!mem->agrees.v || mem->implicit.src || !mem->base.src || mem->index.src)
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

/* Made by virt_to_page() out of the address that was passed, not read from memory or passed as it
 * is: the very address is in some register, free_pages() itself made the call, or kfree() computed
 * it. */
static bool is_made(const kdf_oops *oops, const kd_free_case *c)
{
    const kd_pair *pairs = oops->registers.items;
    if (c->exact_register.len)
        return true;
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (pairs[i].v == c->page - c->vmemmap) /* what virt_to_page() adds to vmemmap */
            return true;
    if (c->kfree)
        return kd_str_is(oops->code.origin.how.v, "written");
    for (uint32_t i = 0; i < oops->backtrace.count; i++) {
        const kdf_frame *frame = &KD_ITEMS(oops->backtrace, kdf_frame)[i];
        bool sure = !frame->reliable.src || frame->reliable.v;
        if (sure && kd_str_is(frame->function.v, "free_pages"))
            return true;
    }
    return kd_str_is(oops->lr.function.v, "free_pages");
}

/* kfree() looks at the cache of the page, too: a cache that was overwritten is no page pointer. */
static bool is_cache(const kdf_oops *oops, const kd_free_case *c)
{
    return c->kfree && kd_str_starts(oops->code.origin.how.v, "loaded");
}

static void take_fixed(const kdf_oops *oops, const kd_context *context, const layout *map,
                       kd_free_case *out)
{
    compute(out, map->linear, map->vmemmap, map->vmemmap_bytes);
    out->vmalloc = map->vmalloc;
    out->vmalloc_end = map->vmalloc_end;
    classify(out, map, (uint64_t)1 << 47);
    find_exact(oops, out);
    out->proved = out->class != KD_FREE_UNKNOWN && out->class != KD_FREE_LINEAR;
    if (out->proved && !is_made(oops, out)) {
        out->proved = false;
        out->assumed = "the page pointer was made from an address, and was good as such";
    }
    /* powerpc has other layouts for hash tables with small pages */
    if (kd_arch_is(context, "ppc64") && !out->exact_register.len) {
        out->proved = false;
        out->assumed = "a radix MMU, or pages of 64 KiB";
    }
}

void kd_free_case_of(const kdf_oops *oops, const kd_context *context, kd_free_case *out)
{
    *out = (kd_free_case){ .class = KD_FREE_UNKNOWN, .page_shift = PAGE_SHIFT };
    out->kfree = frees_objects(oops->ip.function.v);
    if ((!frees_pages(oops->ip.function.v) && !out->kfree) || !oops->address.src)
        return;
    if (kd_arch_is(context, "arm")) {
        if (!out->kfree)
            look_for_kmap(oops, out);
        return;
    }
    uint32_t bytes = kd_context_page_size(context);
    if (!context->page_size && kd_arch_is(context, "ppc64"))
        bytes = 65536; /* of the distributions that build for servers */
    for (bytes >>= PAGE_SHIFT + 1; bytes; bytes >>= 1)
        out->page_shift++;
    const layout *map = find_layout(context);
    bool s390 = kd_arch_is(context, "s390") && context->version && context->version < V(6, 10) &&
                !out->kfree;
    if ((!map && !s390) || !find_page(oops, context, out) || is_cache(oops, out))
        return;
    if (!out->kfree)
        find_order(oops, context, out);
    if (s390)
        recover_s390(oops, context, out);
    else if (kd_arch_is(context, "riscv64"))
        recover_riscv(oops, layouts, KD_COUNT(layouts), context, out);
    else if (is_fixed(context))
        take_fixed(oops, context, map, out);
    else if (recover(oops, context, out) || recover_argument(oops, context, out))
        out->proved = out->confirmed;
}

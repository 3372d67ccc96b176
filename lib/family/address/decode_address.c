/* decode_address.c - what kind of address a number is.
 *
 * Bases that a kernel randomises are taken from the log: the per-CPU base of x86-64 lies in the
 * linear map, a stack with a guard page in the vmalloc range, code of the image tells the split of
 * i386 and arm.
 */
#include "family/address/decode_address.h"

#include <string.h>

#include "core/version.h"
#include "family/fields.h"

typedef enum base { FIXED, MOVED, SPLIT, ABOVE, DEFAULT } base;

typedef struct region {
    const char *arch;
    uint64_t va_bits, page_kb;
    uint32_t from, until;
    uint64_t start, last;
    kd_address_class class;
    base base;
} region;

static const region regions[] = {
#define KD_REGION(arch, va_bits, page_kb, from, until, start, last, class, base) \
    { arch, va_bits, page_kb, from, until, start, last, KD_AT_##class, base },
#include "family/address/layout.def"
};

static const struct {
    const char *word, *words;
} classes[KD_ADDRESS_CLASSES] = {
    { "", "" },
#define KD_CLASS(name, word, words) { word, words },
#include "family/address/layout.def"
};

/* The split that the rows of i386 and arm are written for. */
#define COMMON_SPLIT UINT64_C(0xc0000000)
/* The static part of each CPU's data is larger in each build for more than one CPU. */
#define PER_CPU_BYTES 0x10000u
#define ONE_GIB (UINT64_C(1) << 30)
/* Where RANDOMIZE_MEMORY may put the three areas. */
#define MOVE_LOW UINT64_C(0xffff880000000000)
#define MOVE_HIGH UINT64_C(0xfffffe0000000000)
#define MOST_RAM (60 * ONE_GIB)

const char *kd_address_word(kd_address_class class)
{
    return class < KD_ADDRESS_CLASSES ? classes[class].word : "";
}

const char *kd_address_words(kd_address_class class)
{
    return class < KD_ADDRESS_CLASSES ? classes[class].words : "";
}

static uint64_t held(const kd_list *registers, const char *name)
{
    const kd_pair *pair = kd_map_find(registers, name);
    return pair ? pair->v : 0;
}

/* ---- what the log tells of the layout -------------------------------------------------------- */

/* Rows of one architecture stand together, and nearly all of them have one literal. */
static bool is_of(size_t i, const char *arch)
{
    return i < KD_COUNT(regions) && (regions[i].arch == arch || !strcmp(regions[i].arch, arch));
}

static void find_arch(kd_address_map *map)
{
    const char *other = NULL;
    for (size_t i = 0; i < KD_COUNT(regions); i++) {
        if (regions[i].arch == other)
            continue;
        other = regions[i].arch;
        if (!kd_arch_is(map->context, other))
            continue;
        map->arch = other;
        map->first_region = i;
        return;
    }
}

uint64_t kd_most_ram(const kd_context *context)
{
    return context->ram_kb ? context->ram_kb * 1024 : MOST_RAM;
}

static void find_x86_bits(kd_address_map *map, const kd_list *registers)
{
    const kd_pair *cr4 = kd_map_find(registers, "cr4");
    map->va_assumed = !cr4;
    map->va_bits = cr4 && cr4->v >> 12 & 1 ? 57 : 48;
    if (!cr4 && map->stack >> 60 == 0xf && map->stack >> 47 != 0x1ffff)
        map->va_bits = 57;
}

/* The smallest address space that holds the stack, of those that such machines have. */
static void find_bits(kd_address_map *map, const uint64_t *sizes, size_t count)
{
    map->va_bits = map->context->va_bits;
    if (map->va_bits || !map->stack)
        return;
    map->va_assumed = true;
    for (size_t i = 0; i < count && !map->va_bits; i++)
        if (map->stack >= 0 - (UINT64_C(1) << sizes[i]))
            map->va_bits = sizes[i];
}

/* The linear map was moved up for the LDT in 4.20; stable releases of 4.19 took it over one by one.
 */
static void find_old_linear(kd_address_map *map, const kd_list *registers)
{
    const uint64_t witness[] = { held(registers, "gs"), map->stack };
    for (size_t i = 0; i < KD_COUNT(witness); i++)
        if (witness[i] - UINT64_C(0xffff880000000000) < UINT64_C(0x8000000000) &&
            kd_version_in(map->version, V(4, 19), V(5, 0)))
            map->version = V(4, 18);
}

/* Did RANDOMIZE_MEMORY move the bases? The per-CPU base says so: it lies in the linear map, less
 * than all RAM above its start. */
static void find_move(kd_address_map *map, const kd_list *registers, bool kasan)
{
    uint64_t gs = held(registers, "gs"), ram = kd_most_ram(map->context);
    uint64_t start = map->va_bits == 57        ? UINT64_C(0xff11000000000000)
                     : map->version < V(4, 19) ? UINT64_C(0xffff880000000000)
                                               : UINT64_C(0xffff888000000000);
    bool known = map->context->text_offset_known.by >= KD_BY_READ;
    if (map->version < V(4, 8) || kasan || (known && map->context->text_offset == 0))
        return;
    uint64_t near = gs ? gs : map->stack;
    map->base_assumed = true;
    if (!near || near < (map->va_bits == 57 ? start : MOVE_LOW) || near >= MOVE_HIGH)
        return;
    bool vmalloc = !gs && near - UINT64_C(0xffffc90000000000) < (UINT64_C(1) << 40);
    if (near - start < 2 * ram || vmalloc)
        return;
    map->moved = true;
    map->base_assumed = false;
    /* from 6.15 on less the address where the kernel links its per-CPU data */
    uint64_t far = ram + (map->version >= V(6, 15) ? 4 * ONE_GIB : 0);
    map->linear_low = gs ? gs - far : near;
    map->linear_high = gs ? gs + ram : near;
}

/* GS of x86-64 is where the variables of this CPU begin; from 6.15 on it is their distance. */
static void find_per_cpu(kd_address_map *map, const kd_list *registers)
{
    uint64_t gs = held(registers, "gs");
    if (map->version < V(6, 15) && map->version >= V26(30) && gs >= MOVE_LOW && gs % 4096 == 0)
        map->per_cpu = gs;
}

/* PAGE_OFFSET: printed, or where the image is, which stands at its start. */
static void find_split(kd_address_map *map, uint64_t code)
{
    static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000, 0x78000000, 0x40000000 };
    const kd_read_area *lowmem = kd_context_area(map->context, "lowmem", 0);
    map->split = lowmem ? lowmem->start : COMMON_SPLIT;
    map->split_assumed = !lowmem;
    /* modules of arm stand in the 16 MiB below */
    uint64_t below = kd_arch_is(map->context, "arm") ? UINT64_C(0x1000000) : 0;
    for (size_t i = 0; i < KD_COUNT(splits) && !lowmem; i++)
        if (code - (splits[i] - below) < below + UINT64_C(0x4000000)) {
            map->split = splits[i];
            map->split_assumed = false;
            return;
        }
}

static uint64_t stack_bytes(const kd_address_map *map, bool kasan)
{
    kd_str arch = kd_str_of(map->arch);
    uint64_t bytes = kd_str_is(arch, "x86_64")    ? (map->version < V(3, 15) ? 8192 : 16384)
                     : kd_str_is(arch, "arm64")   ? 16384
                     : kd_str_is(arch, "arm")     ? 8192
                     : kd_str_is(arch, "i386")    ? 8192
                     : kd_str_is(arch, "riscv64") ? 16384
                     : kd_str_is(arch, "ppc64")   ? 16384
                                                  : 0;
    return kasan ? bytes * 2 : bytes;
}

static void find_stack(kd_address_map *map, const kd_list *registers, bool kasan)
{
    static const char *const names[] = { "rsp", "esp", "sp", "r1", "r15", "$29", "$3" };
    bool narrow = kd_arch_is(map->context, "ppc") || kd_arch_is(map->context, "ppc64");
    for (size_t i = 0; i < KD_COUNT(names) && !map->stack; i++)
        if ((i < 3 || (i == 3 && narrow)))
            map->stack = held(registers, names[i]);
    uint64_t bytes = map->stack ? stack_bytes(map, kasan) : 0;
    if (!bytes || map->stack < 0x10000)
        return;
    map->stack_low = map->stack & ~(bytes - 1);
    map->stack_high = map->stack_low + bytes - 1;
}

void kd_address_map_of(const kd_context *context, const kd_list *registers, uint64_t code,
                       bool kasan, kd_address_map *out)
{
    static const uint64_t arm64_bits[] = { 39, 48, 52 }, riscv_bits[] = { 39, 48, 57 };
    *out = (kd_address_map){ .context = context,
                             .version = context->version,
                             .page_kb = kd_context_page_size(context) / 1024 };
    find_arch(out);
    if (!out->arch)
        return;
    find_stack(out, registers, kasan);
    if (kd_arch_is(context, "x86_64")) {
        find_x86_bits(out, registers);
        find_old_linear(out, registers);
        find_move(out, registers, kasan);
        kd_address_find_starts(out, registers);
        find_per_cpu(out, registers);
    } else if (kd_arch_is(context, "arm64"))
        find_bits(out, arm64_bits, KD_COUNT(arm64_bits));
    else if (kd_arch_is(context, "riscv64"))
        find_bits(out, riscv_bits, KD_COUNT(riscv_bits));
    else if (kd_arch_is(context, "i386") || kd_arch_is(context, "arm"))
        find_split(out, code);
}

/* ---- one address ----------------------------------------------------------------------------- */

/* The rows of the boot log's memory layout beat what the sources say. */
static kd_address_class printed(const kd_context *context, uint64_t value)
{
    static const struct {
        const char *name;
        kd_address_class class;
    } rows[] = { { "modules", KD_AT_MODULE },  { "pkmap", KD_AT_PKMAP },
                 { "fixmap", KD_AT_FIXMAP },   { "vmemmap", KD_AT_VMEMMAP },
                 { "lowmem", KD_AT_LINEAR },   { "memory", KD_AT_LINEAR },
                 { "vmalloc", KD_AT_VMALLOC }, { "vector", KD_AT_VECTORS },
                 { "PCI", KD_AT_IO } };
    for (size_t i = 0; i < KD_COUNT(rows) && context->areas.count > 0; i++) {
        const kd_read_area *area = kd_context_area(context, rows[i].name, 0);
        if (area && value >= area->start && value < area->end)
            return rows[i].class;
    }
    return KD_AT_UNKNOWN;
}

static bool holds(const kd_address_map *map, const region *r)
{
    bool sized = !r->va_bits || r->va_bits == map->va_bits;
    bool paged = !r->page_kb || r->page_kb == map->page_kb;
    bool dated = map->version ? kd_version_in(map->version, r->from, r->until)
                              : r->from == 0 && r->until == KD_NEWEST;
    return sized && paged && dated;
}

/* With another PAGE_OFFSET than the rows are written for. */
static bool contains(const kd_address_map *map, const region *r, uint64_t value)
{
    uint64_t by = COMMON_SPLIT - map->split, top = map->split + map->context->ram_kb * 1024;
    uint64_t start = r->start, last = r->last;
    /* 32 bits: RAM that is known tells where the linear map ends, and vmalloc begins */
    if (map->context->ram_kb && map->split && top < UINT64_C(0xf0000000)) {
        if (r->base == ABOVE)
            last = (top | 0xfffff);
        if (r->base == DEFAULT && r->class == KD_AT_VMALLOC)
            start = (top | 0x7fffff) + 1;
    }
    if ((r->base == SPLIT || r->base == ABOVE) && start > 0x1000)
        start -= by;
    if (r->base == SPLIT)
        last -= by;
    return value >= start && value <= last;
}

/* Whatever the size of addresses is: the smallest and the largest that such machines have agree. */
static bool is_alike(const kd_address_map *map, const region *r, uint64_t value)
{
    bool x86 = kd_str_is(kd_str_of(map->arch), "x86_64");
    unsigned least = x86 ? 47 : 38, most = kd_str_is(kd_str_of(map->arch), "arm64") ? 52 : 56;
    return (r->class == KD_AT_USER && value < UINT64_C(1) << least) ||
           (r->class == KD_AT_NON_CANONICAL && value >= UINT64_C(1) << most &&
            value < 0 - (UINT64_C(1) << most));
}

static bool is_assumed(const kd_address_map *map, const region *r, uint64_t value)
{
    switch (r->base) {
    case MOVED: return map->base_assumed;
    case SPLIT:
    case ABOVE: return map->split_assumed;
    case DEFAULT: return true;
    case FIXED: break;
    }
    return r->va_bits != 0 && map->va_assumed && !is_alike(map, r, value);
}

/* With moved bases: what lies near what is known. */
static kd_address moved(const kd_address_map *map, uint64_t value)
{
    const uint64_t span = UINT64_C(1) << 40;
    if (map->vmemmap_start && value - map->vmemmap_start < kd_most_ram(map->context) / 4096 * 64)
        return (kd_address){ KD_AT_VMEMMAP, false };
    bool stack_apart =
        map->stack && (map->stack < map->linear_low || map->stack > map->linear_high);
    if (value >= map->linear_low && value <= map->linear_high)
        return (kd_address){ KD_AT_LINEAR, false };
    if (stack_apart && (value - map->stack < span || map->stack - value < span))
        return (kd_address){ KD_AT_VMALLOC, false };
    return (kd_address){ KD_AT_RANDOM, false };
}

/* arm64 ignores the uppermost byte: tags stand there. */
static uint64_t without_tag(const kd_address_map *map, uint64_t value)
{
    bool kernel = value >> 55 & 1;
    return kd_str_is(kd_str_of(map->arch), "arm64") && kernel && value >> 60 == 0xf
               ? value | UINT64_C(0xff) << 56
               : value;
}

/* Of an unknown version the one that is nearest below the value. 0: it is not known. */
static uint64_t shadow_offset(const kd_address_map *map, uint64_t value)
{
    static const struct {
        const char *arch;
        uint64_t va_bits;
        uint32_t from, until;
        uint64_t offset;
    } rows[] = {
#define KD_SHADOW(arch, va_bits, from, until, offset) { arch, va_bits, from, until, offset },
#include "family/address/layout.def"
    };
    uint64_t best = 0;
    for (size_t i = 0; map->arch && i < KD_COUNT(rows); i++)
        if (kd_str_is(kd_str_of(map->arch), rows[i].arch) &&
            (!rows[i].va_bits || rows[i].va_bits == map->va_bits) &&
            (!map->version || kd_version_in(map->version, rows[i].from, rows[i].until)) &&
            (!best || value - rows[i].offset < value - best))
            best = rows[i].offset;
    return best;
}

bool kd_shadow_of_low(const kd_address_map *map, uint64_t value, uint64_t *offset, uint64_t *low)
{
    unsigned bits = map->va_bits && map->va_bits < 48 ? (unsigned)map->va_bits - 1 : 47;
    *offset = shadow_offset(map, value);
    *low = (value - *offset) << 3;
    return *offset && value - *offset < UINT64_C(1) << (bits - 3);
}

uint64_t kd_shadowed_address(const kd_address_map *map, uint64_t value)
{
    uint64_t offset = shadow_offset(map, value);
    return offset && kd_address_at(map, value).class == KD_AT_SHADOW ? (value - offset) << 3 : 0;
}

/* Where the linear map begins, and array of struct page; 0: not known. */
static uint64_t linear_start(const kd_address_map *map)
{
    kd_str arch = kd_str_of(map->arch ? map->arch : "");
    if (map->moved)
        return map->linear_start;
    if (kd_str_is(arch, "x86_64") && map->va_bits == 48)
        return map->version < V(4, 19) ? UINT64_C(0xffff880000000000)
                                       : UINT64_C(0xffff888000000000);
    if (kd_str_is(arch, "arm64") && map->va_bits && map->version)
        return 0 - (UINT64_C(1) << (map->version < V(5, 4) ? map->va_bits - 1 : map->va_bits));
    return kd_str_is(arch, "ppc64")  ? UINT64_C(0xc000000000000000)
           : kd_str_is(arch, "mips") ? UINT64_C(0x80000000)
           : kd_str_is(arch, "i386") ? map->split
                                     : 0;
}

/* Of arm64 RAM begins anywhere; powerpc is built for pages of 4 KiB and of 64. */
static bool is_physical_known(const kd_address_map *map)
{
    kd_str arch = kd_str_of(map->arch ? map->arch : "");
    return kd_str_is(arch, "arm64")   ? map->context->ram_start_known
           : kd_str_is(arch, "ppc64") ? map->context->page_size_known.by >= KD_BY_READ
                                      : true;
}

bool kd_linear_frame(const kd_address_map *map, uint64_t value, uint64_t *frame)
{
    kd_address at = kd_address_at(map, value);
    uint64_t start = linear_start(map);
    value = without_tag(map, value);
    *frame = map->page_kb ? (value - start + map->context->ram_start) / (map->page_kb * 1024) : 0;
    return at.class == KD_AT_LINEAR && !at.assumed && start && is_physical_known(map);
}

/* The struct page of the first page of the linear map. Not asked where it is not sure. */
static uint64_t first_page(const kd_address_map *map, uint64_t value)
{
    if (kd_str_is(kd_str_of(map->arch), "x86_64"))
        return map->moved                                 ? map->vmemmap_start
               : !map->base_assumed && map->va_bits == 48 ? UINT64_C(0xffffea0000000000)
                                                          : 0;
    for (size_t i = 0; kd_str_is(kd_str_of(map->arch), "arm64") && i < KD_COUNT(regions); i++)
        if (regions[i].class == KD_AT_VMEMMAP && holds(map, &regions[i]) &&
            contains(map, &regions[i], value))
            return map->version >= V(4, 6) && !map->va_assumed ? regions[i].start : 0;
    return 0;
}

bool kd_page_linear(const kd_address_map *map, uint64_t value, uint64_t *linear)
{
    const uint64_t bytes = 64;
    uint64_t start = map->arch ? linear_start(map) : 0;
    uint64_t first = start ? first_page(map, value) : 0;
    if (!first || map->version < V(3, 2) || value % bytes != 0 ||
        kd_address_at(map, value).class != KD_AT_VMEMMAP)
        return false;
    *linear = start + (value - first) / bytes * (map->page_kb * 1024);
    return true;
}

bool kd_page_frame(const kd_address_map *map, uint64_t value, uint64_t *frame, uint64_t *linear)
{
    if (!kd_page_linear(map, value, linear) || !is_physical_known(map))
        return false;
    *frame = (*linear - linear_start(map) + map->context->ram_start) / (map->page_kb * 1024);
    return true;
}

kd_address kd_address_at(const kd_address_map *map, uint64_t value)
{
    if (!map->arch)
        return (kd_address){ KD_AT_UNKNOWN, false };
    value = without_tag(map, value);
    kd_address_class read = printed(map->context, value);
    if (read)
        return (kd_address){ read, false };
    if (map->per_cpu && value - map->per_cpu < PER_CPU_BYTES)
        return (kd_address){ KD_AT_PER_CPU, false };
    if (map->moved && value >= MOVE_LOW && value < MOVE_HIGH && map->va_bits != 57)
        return moved(map, value);
    bool sized = false;
    for (size_t i = map->first_region; is_of(i, map->arch); i++) {
        const region *r = &regions[i];
        if (!holds(map, r))
            continue;
        sized |= r->va_bits != 0 || r->start > 0x1000;
        if (contains(map, r, value))
            return (kd_address){ r->class, is_assumed(map, r, value) };
    }
    bool known = sized && map->version && !kd_arch_is(map->context, "s390");
    return (kd_address){ known ? KD_AT_HOLE : KD_AT_UNKNOWN, false };
}

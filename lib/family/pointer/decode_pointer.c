/* decode_pointer.c - which pointer the faulting instruction used. */
#include "family/pointer/decode_pointer.h"

#include "family/fault/decode_code.h"
#include "family/shared/parse_shared.h"

/* The register that the operand takes for its base. */
static const kd_pair *base_of(const kdf_oops *oops, const kd_context *context)
{
    char name[8] = "";
    kd_str base = oops->code.memory.base.v;
    if (!oops->code.memory.base.src || oops->code.memory.implicit.src || base.len >= sizeof name)
        return NULL;
    if (base.len > 0)
        memcpy(name, base.ptr, base.len);
    return kd_find_register(oops, kd_isa_of_code(oops, context), name);
}

bool kd_pointer_of(const kdf_oops *oops, const kd_context *context, kd_pointer *out)
{
    const kdf_operand *mem = &oops->code.memory;
    bool other_way = kd_str_is(oops->code.direction.v, "differs");
    const kd_pair *pair = mem->agrees.v && !other_way ? base_of(oops, context) : NULL;
    *out = (kd_pointer){ .value = 0 };
    if (!pair)
        return false;
    *out = (kd_pointer){ .reg = pair->name,
                         .src = pair->src,
                         .value = pair->v,
                         .displacement = mem->displacement.v,
                         .indexed = mem->index.src != 0 };
    return true;
}

static bool is_canonical(uint64_t value)
{
    uint64_t top = value >> 47;
    return top == 0 || top == 0x1ffff;
}

static bool has_flag(const kdf_die *die, const char *flag)
{
    for (uint32_t i = 0; i < die->flags.count; i++)
        if (kd_str_is(KD_ITEMS(die->flags, kd_text)[i].v, flag))
            return true;
    return false;
}

static void put_shadow(kd_pointer *out, const kdf_oops *oops, uint64_t real, uint64_t offset)
{
    *out = (kd_pointer){
        .src = oops->address.src, .value = real, .shadow = oops->address.v, .shadow_offset = offset
    };
}

/* A kernel with KASAN looks at the shadow of an address before it uses that: the fault is at the
 * shadow byte, and tells the address to eight bytes. */
static bool shadowed(const kd_event *event, const kdf_oops *oops, const kd_context *context,
                     kd_pointer *out)
{
    kd_address_map map;
    uint64_t offset, real;
    if (!oops->address.src || !kd_event_is(event, &kd_kind_general_protection) ||
        !has_flag(&oops->die, "KASAN") || !kd_arch_is(context, "x86_64"))
        return false;
    kd_oops_map(oops, context, &map);
    bool low = kd_shadow_of_low(&map, oops->address.v, &offset, &real);
    if (!offset || !(low || !is_canonical(oops->address.v)))
        return false;
    put_shadow(out, oops, real, offset);
    return true;
}

/* arm64 and riscv have no page there: the same, without a word of KASAN in the line of the oops. */
static bool shadowed_page(const kd_event *event, const kdf_oops *oops, const kd_context *context,
                          kd_pointer *out)
{
    kd_address_map map;
    uint64_t offset, low;
    if (!oops->address.src || kd_arch_is(context, "x86_64") ||
        kd_str_is(oops->access.v, "execute") || !kd_event_is(event, &kd_kind_paging_fault))
        return false;
    kd_oops_map(oops, context, &map);
    if (!kd_shadow_of_low(&map, oops->address.v, &offset, &low))
        return false;
    put_shadow(out, oops, low, offset);
    return true;
}

bool kd_bad_value(const kd_event *event, const kdf_oops *oops, const kd_context *context,
                  kd_pointer *out)
{
    const kdf_operand *mem = &oops->code.memory;
    if (shadowed(event, oops, context, out) || shadowed_page(event, oops, context, out) ||
        (kd_pointer_of(oops, context, out) && !out->indexed))
        return true;
    *out = (kd_pointer){ .src = oops->address.src, .value = oops->address.v };
    if (oops->address.src)
        return true;
    if (!kd_event_is(event, &kd_kind_general_protection) || !mem->effective.src ||
        is_canonical(mem->effective.v) || !kd_arch_is(context, "x86_64") || mem->index.src)
        return false;
    const kd_pair *pair = base_of(oops, context);
    if (pair)
        *out = (kd_pointer){ .reg = pair->name,
                             .src = pair->src,
                             .value = pair->v,
                             .displacement = mem->displacement.v };
    return out->src != 0;
}

bool kd_follows_freelist(kd_str function)
{
    static const char *const names[] = {
#define KD_FREELIST(name) name,
#include "family/pointer/allocator.def"
    };
    kd_str bare = kd_bare_name(function);
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_name_fits(bare, names[i]))
            return true;
    return false;
}

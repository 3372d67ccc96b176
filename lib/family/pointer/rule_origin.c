/* rule_origin.c - where the address lies, and where the pointer came from. */
#include "family/fault/decode_pointed.h"
#include "family/fields.h"
#include "family/pointer/rule_pointer.h"

/* Whose code it is, where the report prints that function. */
static void say_symbol(kd_emit *out, const kdf_oops *oops)
{
    kd_symbol_place place;
    if (kd_str_is(oops->access.v, "execute") || !kd_symbol_at(oops, oops->address.v, &place))
        return;
    kd_say_more(out, "It is %.*s+0x%llx.", KD_FMT(place.function), KD_LLU(place.offset));
    kd_say_text(out, "address_symbol",
                kd_text_of(out, "%.*s+0x%llx", KD_FMT(place.function), KD_LLU(place.offset)));
}

void kd_pointer_say_bases(const kd_view *view, kd_emit *out, const kd_address_map *map)
{
    uint64_t gib = UINT64_C(1) << 30;
    const kd_context *context = view->context;
    if (kd_arch_is(context, "arm64") && context->ram_start_known)
        kd_say_proof(out, KD_STR("the linear map begins with the physical address PHYS_OFFSET"),
                     "ram = 0x%llx", KD_LLU(context->ram_start));
    if (!map->moved || !map->linear_start)
        return;
    if (!map->page) {
        const kd_pair *gs = kd_map_find(&KD_BODY(view->event, oops)->registers, "gs");
        kd_say_proof(out,
                     KD_STR("gs lies in the linear map, which begins at a multiple of 1 GiB, and "
                            "has less than that of RAM"),
                     "0x%llx & ~0x3fffffff = 0x%llx", KD_LLU(gs->v), KD_LLU(map->linear_start));
        return;
    }
    uint64_t pfn = (map->page->v - map->vmemmap_start) / 64;
    kd_say_proof(out,
                 kd_text_of(out, "vmemmap begins at a multiple of 1 GiB, and %.*s lies in it",
                            KD_FMT(map->page->name)),
                 "0x%llx & ~0x%llx = 0x%llx", KD_LLU(map->page->v), KD_LLU(gib - 1),
                 KD_LLU(map->vmemmap_start));
    kd_say_proof(out,
                 kd_text_of(out,
                            "%.*s lies in that page: then the linear map begins at a multiple of "
                            "1 GiB, as it must",
                            KD_FMT(map->paged->name)),
                 "0x%llx - (0x%llx << 12) = 0x%llx", KD_LLU(map->paged->v & ~UINT64_C(0xfff)),
                 KD_LLU(pfn), KD_LLU(map->linear_start));
    kd_say_hex(out, "linear_map_start", map->linear_start);
    kd_say_hex(out, "vmemmap_start", map->vmemmap_start);
}

/* Which page of RAM that is, where the bases are known. */
static void say_frame(const kd_view *view, kd_emit *out, const kd_address_map *map,
                      uint64_t address)
{
    uint64_t frame, linear, bytes = map->page_kb * 1024, page = address & ~UINT64_C(63);
    if (kd_page_frame(map, page, &frame, &linear)) {
        kd_say_more(out,
                    "It is in the struct page of frame 0x%llx (physical address 0x%llx), which the "
                    "linear map has at 0x%llx.",
                    KD_LLU(frame), KD_LLU(frame * bytes), KD_LLU(linear));
        kd_say_hex(out, "page_frame", frame);
        kd_say_hex(out, "page_address", linear);
    } else if (kd_page_linear(map, page, &linear)) {
        kd_say_more(out, "It is in the struct page of what the linear map has at 0x%llx.",
                    KD_LLU(linear));
        kd_say_hex(out, "page_address", linear);
    } else if (kd_linear_frame(map, address, &frame)) {
        kd_say_more(out, "Behind it is the physical address 0x%llx.",
                    KD_LLU(frame * bytes + address % bytes));
        kd_say_hex(out, "page_frame", frame);
    } else {
        return;
    }
    kd_pointer_say_bases(view, out, map);
}

/* What several rules ask of the event in hand. */
typedef struct seen {
    kd_address_map map;
    kd_pointer pointer;
    bool bad;
} seen;

static const seen *look(const kd_view *view, const kdf_oops *oops, seen *room)
{
    static const char key;
    bool fresh = true;
    seen *out = kd_memo_get(kd_wide(view)->memo, &key, sizeof *out, &fresh);
    if (!out) { /* no memory to keep it in */
        out = room;
        fresh = true;
    }
    if (fresh) {
        kd_oops_map(oops, view->context, &out->map);
        out->bad = kd_bad_value(view->event, oops, view->context, &out->pointer);
    }
    return out;
}

bool kd_view_bad_value(const kd_view *view, const kdf_oops *oops, kd_pointer *out)
{
    seen room;
    const seen *found = look(view, oops, &room);
    *out = found->pointer;
    return found->bad;
}

void kd_view_map(const kd_view *view, const kdf_oops *oops, kd_address_map *out)
{
    seen room;
    *out = look(view, oops, &room)->map;
}

void kd_pointer_say_class(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_address_map map;
    if (!oops->address.src)
        return;
    kd_view_map(view, oops, &map);
    kd_address at = kd_address_at(&map, oops->address.v);
    bool guard = map.stack_low && map.stack_low - 1 - oops->address.v < 4096;
    if (map.stack_low && oops->address.v - map.stack_low <= map.stack_high - map.stack_low)
        at = (kd_address){ KD_AT_STACK, false };
    if (at.class == KD_AT_UNKNOWN)
        return;
    kd_say_text(out, "address_class", kd_str_of(kd_address_word(at.class)));
    bool wide = kd_is_64_bit(view->context, oops);
    if (at.class == KD_AT_NULL_PAGE || at.class == KD_AT_NON_CANONICAL || at.class == KD_AT_USER ||
        kd_pointer_error(oops->address.v, wide))
        return; /* the rule says so in its own words */
    const char *words = kd_address_words(at.class);
    const char *verb = at.class == KD_AT_HOLE ? "lies" : "lies in";
    kd_say_more(out, "The address %s %s%s%s.", verb, words,
                guard ? ", right below the stack that was in use" : "",
                at.assumed ? ", by the default layout" : "");
    say_symbol(out, oops);
    say_frame(view, out, &map, oops->address.v);
}

/* "rcx was loaded from rbx + 0x10, 0xffff9649019e32f0, 3 instructions before" */
static void say_loaded(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    const kdf_origin *from = &oops->code.origin;
    kd_address_map map;
    kd_view_map(view, oops, &map);
    kd_address at = kd_address_at(&map, from->slot.v);
    uint64_t distance = from->displacement.v < 0 ? 0 - (uint64_t)from->displacement.v
                                                 : (uint64_t)from->displacement.v;
    kd_say_more(out,
                "By \"%.*s\", %llu instruction%s before, the pointer was loaded from 0x%llx%s%s.",
                KD_FMT(from->instruction.v), KD_LLU(from->instructions_before.v),
                from->instructions_before.v == 1 ? "" : "s", KD_LLU(from->slot.v),
                at.class ? ": " : "", kd_address_words(at.class));
    kd_say_proof(
        out, kd_text_of(out, "\"%.*s\" loaded the pointer from there", KD_FMT(from->instruction.v)),
        "0x%llx %c 0x%llx = 0x%llx%s", KD_LLU(from->base_value.v),
        from->displacement.v < 0 ? '-' : '+', KD_LLU(distance), KD_LLU(from->slot.v),
        from->slot.v != from->base_value.v + (uint64_t)from->displacement.v ? " (mod 2^32)"
        : (from->displacement.v < 0) != (from->slot.v < from->base_value.v) && from->displacement.v
            ? " (mod 2^64)"
            : "");
    kd_say_hex(out, "pointer_slot", from->slot.v);
}

void kd_pointer_say_origin(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    const kdf_origin *from = &oops->code.origin;
    unsigned long long back = KD_LLU(from->instructions_before.v);
    const char *many = back == 1 ? "" : "s";
    if (!from->how.src)
        return;
    if (from->slot.src)
        say_loaded(view, out, oops);
    else if (kd_str_is(from->how.v, "loaded"))
        kd_say_more(out, "\"%.*s\", %llu instruction%s before, loaded the pointer.",
                    KD_FMT(from->instruction.v), back, many);
    else if (kd_str_is(from->how.v, "loaded in 32 bits"))
        kd_say_more(out, "Only 32 bits of it were loaded: \"%.*s\", %llu instruction%s before.",
                    KD_FMT(from->instruction.v), back, many);
    else if (kd_str_is(from->how.v, "returned"))
        kd_say_more(out, "It is what the call returned that stands %llu instruction%s before.",
                    back, many);
    else
        kd_say_more(out, "\"%.*s\", %llu instruction%s before, made it.",
                    KD_FMT(from->instruction.v), back, many);
    kd_say_text(out, "pointer_origin", from->how.v);
}

/* rule_pointer_kind.c - pointers that are something else: text, half of another, another with a
 * flipped bit, a link of the slab's free list, an address of a module that left. */
#include "base/scan.h"
#include "family/fault/decode_code.h"
#include "family/pointer/rule_pointer.h"

const char kd_doc_text_pointer[] =
    "The bytes of the pointer are readable text: a string was written over it, or a structure is "
    "laid out otherwise than the code believes.";
const char kd_doc_half_pointer[] =
    "The pointer is the lower half of another pointer of the same report: it was kept in 32 bits "
    "on its way (an int, a missing prototype, a u32 member).";
const char kd_doc_bit_flip[] =
    "The pointer is another pointer of the same report, or NULL, but for one bit. Most often the "
    "memory (or a bus, or a CPU) flipped it.";
const char kd_doc_freelist[] =
    "The slab allocator itself faulted while it followed its list of free objects: the link that "
    "stands in a free object was overwritten, by a write after free or beyond the object before "
    "it.";
const char kd_doc_module_gone[] =
    "The address lies where modules are loaded, and nothing is mapped there: most often code or "
    "data of a module that was removed.";

static const char *because(const kd_pointer *p)
{
    return p->reg.len ? "pointer" : "address";
}

static void say_proof(const kd_view *view, kd_emit *out, const kdf_oops *oops, const kd_pointer *p)
{
    kd_pointer_say_fault(view, out, oops);
    kd_pointer_say_shadow(out, p);
    if (p->reg.len && oops->address.src)
        kd_pointer_say(view, out, oops, p);
    else if (p->reg.len)
        kd_say_hex(out, "pointer", p->value);
}

/* A pointer that is worth a look: the log tells it, and nobody said what it is. */
static bool find(const kd_view *view, const kdf_oops *oops, kd_pointer *p)
{
    return oops && !view->event->diags && kd_bad_value(view->event, oops, view->context, p) &&
           p->value >= 4096 && !(oops->address.src && oops->address.v < 4096);
}

kd_status kd_check_text_pointer(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    char text[9];
    (void)user;
    if (!find(view, oops, &p))
        return KD_OK;
    bool wide = kd_is_64_bit(view->context, oops);
    size_t count = kd_text_in(p.value, wide, text);
    if (!count)
        return KD_OK;
    bool sure = p.reg.len ? count > 5 || !wide : count > 5;
    kd_say_diag(out, sure ? KD_LIKELY : KD_POSSIBLE,
                "The %s 0x%llx is the text \"%s\" in memory order: a string stands where a pointer "
                "should. It was written over it, or the structure is laid out otherwise than the "
                "code believes.",
                because(&p), KD_LLU(p.value), text);
    say_proof(view, out, oops, &p);
    kd_say_text(out, "text", kd_text_of(out, "%s", text));
    kd_say_remedy(out, "Search the sources and the configuration for a string that holds \"%s\".",
                  text);
    if (!sure)
        kd_say_assume(out, "the bytes are text by intention, not by chance");
    return KD_OK;
}

/* ---- half a pointer, one bit ----------------------------------------------------------------- */

/* Of the kernel's half of the addresses. */
static bool is_kernel_pointer(const kd_view *view, uint64_t value)
{
    uint64_t top = value >> 48;
    return kd_arch_is(view->context, "ppc64")         ? value >> 60 == 0xc || value >> 60 == 0xd
           : kd_arch_is(view->context, "loongarch64") ? value >> 60 == 9 || value >> 60 == 8
           : kd_arch_is(view->context, "arm64")       ? top >= 0xff00
           : kd_arch_is(view->context, "s390")        ? false
                                                      : top >= 0xff00;
}

/* The register whose lower half it is. */
static const kd_pair *whole_of(const kd_view *view, const kdf_oops *oops, uint64_t half)
{
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        if ((pair->v & UINT32_MAX) == (half & UINT32_MAX) && pair->v != half &&
            is_kernel_pointer(view, pair->v))
            return pair;
    }
    return NULL;
}

kd_status kd_check_half_pointer(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (!find(view, oops, &p) || !kd_is_64_bit(view->context, oops) || !p.reg.len)
        return KD_OK;
    bool extended = p.value >> 32 == UINT32_MAX && p.value >> 31 & 1;
    if ((p.value > UINT32_MAX && !extended) || (p.value & UINT32_MAX) < 0x10000)
        return KD_OK;
    const kd_pair *whole = whole_of(view, oops, p.value);
    if (!whole || (extended && whole->v >> 32 == UINT32_MAX))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "The pointer 0x%llx is the lower half of 0x%llx, which %.*s holds: a pointer was "
                "kept in 32 bits on its way.",
                KD_LLU(p.value), KD_LLU(whole->v), KD_FMT(whole->name));
    say_proof(view, out, oops, &p);
    kd_say_evidence(out, view->event, whole->src, "%.*s holds the whole pointer",
                    KD_FMT(whole->name));
    kd_say_proof(out, KD_STR("the lower halves are the same"),
                 "0x%llx & 0xffffffff = 0x%llx, 0x%llx & 0xffffffff = 0x%llx", KD_LLU(whole->v),
                 KD_LLU(whole->v & UINT32_MAX), KD_LLU(p.value), KD_LLU(p.value & UINT32_MAX));
    kd_say_hex(out, "whole_pointer", whole->v);
    kd_say_remedy(out,
                  "Look for an int or u32 that carries the pointer, and for a function without "
                  "prototype that returns it.");
    return KD_OK;
}

static unsigned bits_in(uint64_t value)
{
    unsigned count = 0;
    for (; value; value &= value - 1)
        count++;
    return count;
}

static unsigned lowest_bit(uint64_t value)
{
    unsigned at = 0;
    for (; value && !(value & 1); value >>= 1)
        at++;
    return at;
}

/* A bit so high that neighbours in memory do not differ in it. */
#define LOWEST_TELLING_BIT 30u

static const kd_pair *twin_of(const kdf_oops *oops, const kd_pointer *p)
{
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        uint64_t differs = pair->v ^ p->value;
        if (bits_in(differs) == 1 && lowest_bit(differs) >= LOWEST_TELLING_BIT && pair->v >= 4096)
            return pair;
    }
    return NULL;
}

/* A NULL with one bit set may be the neighbour's half that was read with it, too. */
static void say_flipped_null(const kd_view *view, kd_emit *out, const kdf_oops *oops,
                             const kd_pointer *p)
{
    kd_say_diag(out, KD_POSSIBLE,
                "The pointer 0x%llx is NULL but for bit %u: that bit was flipped, or the number 1 "
                "was written over half of the pointer.",
                KD_LLU(p->value), lowest_bit(p->value));
    say_proof(view, out, oops, p);
    kd_say_proof(out, KD_STR("one bit is set"), "0x%llx = 2^%u", KD_LLU(p->value),
                 lowest_bit(p->value));
    kd_say_u64(out, "bit", lowest_bit(p->value));
    kd_say_remedy(out, "Test the memory (memtest86+), and look for a 32-bit store beside the "
                       "pointer.");
}

kd_status kd_check_bit_flip(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (!find(view, oops, &p) || !kd_is_64_bit(view->context, oops) || !p.reg.len)
        return KD_OK;
    if (bits_in(p.value) == 1 && lowest_bit(p.value) >= LOWEST_TELLING_BIT) {
        say_flipped_null(view, out, oops, &p);
        return KD_OK;
    }
    const kd_pair *twin = twin_of(oops, &p);
    if (!twin || !is_kernel_pointer(view, twin->v))
        return KD_OK;
    unsigned bit = lowest_bit(twin->v ^ p.value);
    kd_say_diag(out, KD_LIKELY,
                "The pointer 0x%llx is 0x%llx, which %.*s holds, but for bit %u: most often the "
                "memory flipped it.",
                KD_LLU(p.value), KD_LLU(twin->v), KD_FMT(twin->name), bit);
    say_proof(view, out, oops, &p);
    kd_say_evidence(out, view->event, twin->src, "%.*s holds the other", KD_FMT(twin->name));
    kd_say_proof(out, KD_STR("they differ in one bit"), "0x%llx - 0x%llx = 2^%u",
                 KD_LLU(twin->v > p.value ? twin->v : p.value),
                 KD_LLU(twin->v > p.value ? p.value : twin->v), bit);
    kd_say_u64(out, "bit", bit);
    kd_say_suspect(out, KD_SUSPECT_HARDWARE, KD_STR("memory"), "one bit of a pointer is wrong");
    kd_say_remedy(out, "Test the memory (memtest86+); does the same bit flip in other reports?");
    return KD_OK;
}

/* ---- the allocator, modules ------------------------------------------------------------------ */

kd_status kd_check_freelist(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (!find(view, oops, &p) || !kd_follows_freelist(oops->ip.function.v) ||
        kd_str_is(oops->access.v, "execute"))
        return KD_OK;
    /* a table is indexed; the link stands at a fixed offset of the object */
    if (oops->code.memory.index.src && oops->code.memory.scale.v > 1)
        return KD_OK;
    kd_say_diag(out, kd_code_is_lost(view->event, oops, view->context) ? KD_POSSIBLE : KD_LIKELY,
                "The slab allocator faulted in %.*s() on the %s 0x%llx: the link that it read out "
                "of a free object is no address. Somebody wrote to the object after it was freed, "
                "or beyond the object before it. Who allocates here is innocent.",
                KD_FMT(oops->ip.function.v), because(&p), KD_LLU(p.value));
    kd_say_evidence(out, view->event, oops->ip.function.src, "the allocator itself");
    say_proof(view, out, oops, &p);
    kd_say_remedy(out, "Boot with slub_debug=FZPU: it finds the object and names who had it; "
                       "CONFIG_KASAN names who wrote.");
    kd_say_suspect(out, KD_SUSPECT_UNKNOWN, KD_STR(""), "whoever wrote to a freed object");
    kd_say_assume(out, "the bad pointer is the link and not the cache that was passed");
    return KD_OK;
}

/* Where modules are loaded, apart from everything else. */
static bool is_module_area(const kd_view *view, const kdf_oops *oops, uint64_t value)
{
    static const struct {
        const char *arch;
        uint64_t start, end;
    } rows[] = {
        { "x86_64", UINT64_C(0xffffffffc0000000), UINT64_C(0xffffffffff000000) },
        { "arm", UINT64_C(0xbf000000), UINT64_C(0xbfe00000) },
        { "riscv64", UINT64_C(0xffffffff00000000), UINT64_C(0xffffffff80000000) },
    };
    (void)oops;
    const kd_read_area *area = kd_context_area(view->context, "modules", 0);
    if (area)
        return value >= area->start && value < area->end;
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_arch_is(view->context, rows[i].arch))
            return value >= rows[i].start && value < rows[i].end;
    return false;
}

kd_status kd_check_module_gone(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (!find(view, oops, &p) || !oops->address.src ||
        !is_module_area(view, oops, oops->address.v) || oops->error_code.present.v ||
        kd_str_has(oops->fsr.name.v, "permission"))
        return KD_OK;
    const kd_text *left = oops->task.last_unloaded.src ? &oops->task.last_unloaded : NULL;
    kd_say_diag(out, left ? KD_LIKELY : KD_POSSIBLE,
                "The address 0x%llx lies where modules are loaded, and nothing is mapped there: "
                "most often code or data of a module that was removed%s%.*s.",
                KD_LLU(oops->address.v), left ? ". The last one that was removed is " : "",
                KD_FMT(left ? left->v : KD_STR("")));
    if (left)
        kd_say_evidence(out, view->event, left->src, "the module that left last");
    say_proof(view, out, oops, &p);
    kd_say_remedy(out, "What does the module register (driver, timer, work, notifier) and not take "
                       "back when it is removed?");
    kd_say_assume(out, "the address was good once");
    return KD_OK;
}

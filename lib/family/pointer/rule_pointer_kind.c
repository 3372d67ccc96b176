/* rule_pointer_kind.c - pointers that are something else: text, half of another, another with a
 * flipped bit, a link of the slab's free list, an address of a module that left. */
#include "base/scan.h"
#include "family/fault/decode_code.h"
#include "family/fault/decode_pointed.h"
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

static void say_values(const kd_view *view, kd_emit *out, const kdf_oops *oops, const kd_pointer *p)
{
    kd_pointer_say_shadow(out, p);
    if (p->reg.len && oops->address.src)
        kd_pointer_say(view, out, oops, p);
    else if (p->reg.len)
        kd_say_hex(out, "pointer", p->value);
}

static void say_proof(const kd_view *view, kd_emit *out, const kdf_oops *oops, const kd_pointer *p)
{
    kd_pointer_say_fault(view, out, oops);
    say_values(view, out, oops, p);
}

/* Of a pointer that somebody else or the hardware spoiled: who met it is innocent. */
static void say_innocent(const kd_view *view, kd_emit *out, const kdf_oops *oops,
                         const kd_pointer *p)
{
    kd_pointer_say_place(view, out, oops);
    say_values(view, out, oops, p);
}

/* A pointer that is worth a look: the log tells it, and nobody said what it is. */
static bool find(const kd_view *view, const kdf_oops *oops, kd_pointer *p)
{
    return oops && !view->event->diags && kd_view_bad_value(view, oops, p) && p->value >= 4096 &&
           !(oops->address.src && oops->address.v < 4096);
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
    size_t count = kd_text_in(view->context, p.value, wide, text);
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

/* The same bytes in another place: halves swapped, or moved by whole bytes. */
static const kd_pair *moved_of(const kd_view *view, const kdf_oops *oops, uint64_t value,
                               int *bytes)
{
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        if (!is_kernel_pointer(view, pair->v) || pair->v == value || (pair->v & UINT32_MAX) == 0)
            continue;
        *bytes = 0;
        if ((value >> 32 | value << 32) == pair->v && value >> 32 != (value & UINT32_MAX))
            return pair;
        for (*bytes = 1; *bytes <= 3; ++*bytes) {
            if (pair->v << (8 * *bytes) == value)
                return pair;
            if (pair->v >> (8 * *bytes) == value) {
                *bytes = -*bytes;
                return pair;
            }
        }
    }
    return NULL;
}

static void say_moved(const kd_view *view, kd_emit *out, const kdf_oops *oops, const kd_pointer *p,
                      const kd_pair *whole, int bytes)
{
    char how[64];
    if (bytes)
        kd_str_print(how, sizeof how, "moved %s by %d byte%s", bytes > 0 ? "up" : "down",
                     bytes > 0 ? bytes : -bytes, bytes == 1 || bytes == -1 ? "" : "s");
    else
        kd_str_print(how, sizeof how, "with its halves swapped");
    kd_say_diag(out, KD_LIKELY,
                "The pointer 0x%llx is 0x%llx, which %.*s holds, %s: it was read from a place that "
                "is not where it was written, or in another byte order.",
                KD_LLU(p->value), KD_LLU(whole->v), KD_FMT(whole->name), how);
    say_proof(view, out, oops, p);
    kd_say_evidence(out, view->event, whole->src, "%.*s holds the whole pointer",
                    KD_FMT(whole->name));
    if (bytes > 0)
        kd_say_proof(out, KD_STR("the same bytes"), "0x%llx << %d = 0x%llx (mod 2^64)",
                     KD_LLU(whole->v), 8 * bytes, KD_LLU(p->value));
    else if (bytes < 0)
        kd_say_proof(out, KD_STR("the same bytes"), "0x%llx >> %d = 0x%llx", KD_LLU(whole->v),
                     -8 * bytes, KD_LLU(p->value));
    else
        kd_say_proof(out, KD_STR("the same halves"),
                     "0x%llx >> 32 = 0x%llx & 0xffffffff, 0x%llx >> 32 = 0x%llx & 0xffffffff",
                     KD_LLU(whole->v), KD_LLU(p->value), KD_LLU(p->value), KD_LLU(whole->v));
    kd_say_hex(out, "whole_pointer", whole->v);
    kd_say_remedy(out, "Compare the layout of the structure on both sides: packing, and members of "
                       "another size.");
}

kd_status kd_check_half_pointer(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (!find(view, oops, &p) || !kd_is_64_bit(view->context, oops) || !p.reg.len)
        return KD_OK;
    int bytes;
    const kd_pair *moved = moved_of(view, oops, p.value, &bytes);
    if (moved) {
        say_moved(view, out, oops, &p, moved, bytes);
        return KD_OK;
    }
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

/* Another value of the report: a register, or a word of the stack. */
typedef struct twin {
    kd_str where;
    kd_src src;
    uint64_t value;
    unsigned bits; /* in which it differs; 0: there is none */
} twin;

/* The CPU can reach something there. */
static bool is_mapped_class(kd_address_class class)
{
    return class == KD_AT_LINEAR || class == KD_AT_PER_CPU || class == KD_AT_VMALLOC ||
           class == KD_AT_VMALLOC_IMAGE || class == KD_AT_MODULE || class == KD_AT_IMAGE ||
           class == KD_AT_VMEMMAP || class == KD_AT_RANDOM;
}

/* Two of them differ in one telling bit, or in two where the value is no address of the kernel at
 * all. With 32 bits each bit is in use: there the flip must have taken the pointer out of the
 * kernel's half. */
static unsigned telling_bits(const kd_address_map *map, bool wide, uint64_t value, uint64_t other)
{
    uint64_t differs = value ^ other;
    unsigned bits = bits_in(differs);
    if (bits == 0 || bits > 2 || other < 4096 ||
        lowest_bit(differs) < (wide ? LOWEST_TELLING_BIT : 16))
        return 0;
    if (wide && bits == 1)
        return 1;
    bool lost = !is_mapped_class(kd_address_at(map, value).class) &&
                is_mapped_class(kd_address_at(map, other).class);
    return lost && (wide || bits == 1) ? bits : 0;
}

static twin twin_of(const kd_view *view, const kdf_oops *oops, const kd_pointer *p)
{
    kd_address_map map;
    bool wide = kd_is_64_bit(view->context, oops);
    twin best = { .bits = 0 };
    kd_view_map(view, oops, &map);
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        unsigned bits = telling_bits(&map, wide, p->value, pair->v);
        if (bits && (!best.bits || bits < best.bits))
            best = (twin){ pair->name, pair->src, pair->v, bits };
    }
    for (uint32_t i = 0; i < oops->stack.count && !best.bits; i++) {
        const kd_u64 *word = &KD_ITEMS(oops->stack, kd_u64)[i];
        unsigned bits = telling_bits(&map, wide, p->value, word->v);
        if (bits == 1)
            best = (twin){ KD_STR("the stack"), word->src, word->v, bits };
    }
    return best;
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
    kd_say_bad_memory(view, out);
    kd_say_remedy(out, "Test the memory (memtest86+), and look for a 32-bit store beside the "
                       "pointer.");
}

/* Where in RAM the pointer stood: what a test of the memory is to look at. */
static void say_physical(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    uint64_t slot = oops->code.origin.slot.v, frame, bytes = kd_context_page_size(view->context);
    kd_address_map map;
    kd_view_map(view, oops, &map);
    if (!oops->code.origin.slot.src || !kd_linear_frame(&map, slot, &frame) ||
        kd_diag_fact(out->diag, "physical_address"))
        return;
    kd_say_more(out, "It stood at physical address 0x%llx.", KD_LLU(frame * bytes + slot % bytes));
    kd_say_hex(out, "physical_address", frame * bytes + slot % bytes);
    if (!kd_diag_fact(out->diag, "page_frame")) /* said with the address of the fault */
        kd_pointer_say_bases(view, out, &map);
}

static void say_flipped(const kd_view *view, kd_emit *out, const kdf_oops *oops,
                        const kd_pointer *p, const twin *other)
{
    uint64_t differs = other->value ^ p->value;
    unsigned bit = lowest_bit(differs), high = bit;
    while (differs >> high > 1)
        high++;
    char bits[32];
    kd_str_print(bits, sizeof bits, other->bits == 1 ? "bit %u" : "bits %u and %u", bit, high);
    kd_say_diag(out, other->bits == 1 ? KD_LIKELY : KD_POSSIBLE,
                "The %s 0x%llx is 0x%llx, which %.*s holds, but for %s: most often the "
                "memory flipped it.",
                p->reg.len ? "pointer" : "target of the jump", KD_LLU(p->value),
                KD_LLU(other->value), KD_FMT(other->where), bits);
    say_innocent(view, out, oops, p);
    kd_say_evidence(out, view->event, other->src, "%.*s holds the other", KD_FMT(other->where));
    uint64_t more = other->value > p->value ? other->value : p->value;
    uint64_t less = other->value > p->value ? p->value : other->value;
    if (other->bits == 1)
        kd_say_proof(out, KD_STR("they differ in one bit"), "0x%llx - 0x%llx = 2^%u", KD_LLU(more),
                     KD_LLU(less), bit);
    else
        kd_say_proof(out, KD_STR("they differ in two bits"),
                     "(0x%llx | 0x%llx) - (0x%llx & 0x%llx) = 2^%u + 2^%u", KD_LLU(more),
                     KD_LLU(less), KD_LLU(more), KD_LLU(less), high, bit);
    kd_say_u64(out, "bit", bit);
    say_physical(view, out, oops);
    kd_say_bad_memory(view, out);
    bool again = other->bits == 1 && kd_say_flipped_before(view, out, bit);
    kd_say_suspect(out, KD_SUSPECT_HARDWARE, KD_STR("memory"), "%s",
                   again              ? "the same bit of a pointer is wrong again"
                   : other->bits == 1 ? "one bit of a pointer is wrong"
                                      : "two bits of a pointer are wrong");
    kd_say_remedy(out, "Test the memory (memtest86+)%s",
                  again ? ": the same bit flips again."
                        : "; does the same bit flip in other "
                          "reports?");
}

/* The CPU went there to execute, and nothing is there: the pointer is the address itself. */
static bool is_jump(const kdf_oops *oops)
{
    return kd_str_is(oops->access.v, "execute") ||
           kd_str_starts(oops->code.memory.implicit.v, "the jump");
}

/* Code is there: what a function pointer or a return address should be. */
static bool is_of_code(const kd_view *view, const kdf_oops *oops, uint64_t value)
{
    kd_address_map map;
    kd_view_map(view, oops, &map);
    kd_address_class class = kd_address_at(&map, value).class;
    return class == KD_AT_IMAGE || class == KD_AT_MODULE || class == KD_AT_VMALLOC_IMAGE;
}

/* The address that a jump went to: a code address of the report but for one bit. */
static void check_target(const kd_view *view, kd_emit *out, const kdf_oops *oops,
                         const kd_pointer *p)
{
    twin other = twin_of(view, oops, p);
    if (other.bits == 1 && is_of_code(view, oops, other.value) && !is_of_code(view, oops, p->value))
        say_flipped(view, out, oops, p, &other);
}

kd_status kd_check_bit_flip(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (!find(view, oops, &p))
        return KD_OK;
    if (!p.reg.len && is_jump(oops) && oops->address.src)
        check_target(view, out, oops, &p);
    if (!p.reg.len)
        return KD_OK;
    bool wide = kd_is_64_bit(view->context, oops);
    if (wide && bits_in(p.value) == 1 && lowest_bit(p.value) >= LOWEST_TELLING_BIT) {
        say_flipped_null(view, out, oops, &p);
        return KD_OK;
    }
    twin other = twin_of(view, oops, &p);
    if (!other.bits || (wide && !is_kernel_pointer(view, other.value)))
        return KD_OK;
    say_flipped(view, out, oops, &p, &other);
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
    bool lost = kd_code_is_lost(view->event, oops, view->context);
    uint64_t value;
    if (lost && kd_event_is(view->event, &kd_kind_general_protection) &&
        kd_is_non_canonical(oops, &p, &value))
        return KD_OK; /* what the address itself tells is surer */
    kd_say_diag(out, lost ? KD_POSSIBLE : KD_LIKELY,
                "The slab allocator faulted in %.*s() on the %s 0x%llx: the link that it read out "
                "of a free object is no address. Somebody wrote to the object after it was freed, "
                "or beyond the object before it. Who allocates here is innocent.",
                KD_FMT(oops->ip.function.v), because(&p), KD_LLU(p.value));
    kd_say_evidence(out, view->event, oops->ip.function.src, "the allocator itself");
    say_innocent(view, out, oops, &p);
    kd_say_remedy(out, "Boot with slub_debug=FZPU: it finds the object and names who had it; "
                       "CONFIG_KASAN names who wrote.");
    kd_say_suspect(out, KD_SUSPECT_UNKNOWN, KD_STR(""), "whoever wrote to a freed object");
    kd_say_assume(out, "the bad pointer is the link and not the cache that was passed");
    return KD_OK;
}

/* Where modules are loaded, apart from everything else. */
static bool is_module_area(const kd_view *view, const kdf_oops *oops, uint64_t value)
{
    kd_address_map map;
    kd_view_map(view, oops, &map);
    return kd_address_at(&map, value).class == KD_AT_MODULE;
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

/* decode_pointed.c - registers and stack words that are recognisable pointers.
 *
 * Small numbers, flags and control registers are left out: what remains is what an expert would
 * mark.
 */
#include "family/fault/decode_pointed.h"

#include <stdlib.h>
#include <string.h>

#include "family/address/decode_idiom.h"

/* A report is to be read: no more than these. */
#define MOST_NOTES 48u
/* Whatever is recognised is larger. */
#define LEAST_VALUE 0x1000u
/* No pointers: flags, selectors, control and fault registers, program counters (they have a
 * symbol). */
static const char *const others[] = {
    "badaddr",  "badv",  "badva",    "cause",  "cfar",    "control", "cr",  "cr0",    "cr2",
    "cr3",      "cr4",   "crmd",     "cs",     "ctr",     "dac",     "dar", "dear",   "ds",
    "dsisr",    "ecfg",  "eflags",   "eip",    "epc",     "era",     "es",  "esr",    "estat",
    "euen",     "flags", "fs",       "hi",     "irqmask", "lo",      "msr", "nip",    "orig_eax",
    "orig_rax", "pc",    "pkru",     "prid",   "prmd",    "ps",      "psr", "pstate", "psw",
    "psw_mask", "rip",   "sbadaddr", "scause", "sepc",    "spsr",    "sr",  "ss",     "sstatus",
    "status",   "table", "tnpc",     "tpc",    "trap",    "tstate",  "xer", "y"
};

static int by_name(const void *name, const void *row)
{
    const kd_str a = *(const kd_str *)name, b = kd_str_of(*(const char *const *)row);
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* In the order of their bytes. */
static bool is_other(kd_str name)
{
    return name.len > 0 && bsearch(&name, others, KD_COUNT(others), sizeof *others, by_name);
}

bool kd_is_64_bit(const kd_context *context, const kdf_oops *oops)
{
    static const char *const narrow[] = { "i386", "arm",   "mips",       "ppc",     "parisc",
                                          "m68k", "sparc", "riscv32",    "xtensa",  "arc",
                                          "csky", "nios2", "microblaze", "openrisc" };
    for (size_t i = 0; i < KD_COUNT(narrow); i++)
        if (kd_arch_is(context, narrow[i]))
            return oops->address.v > UINT32_MAX;
    if (context->arch.len > 0)
        return true;
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (KD_ITEMS(oops->registers, kd_pair)[i].v > UINT32_MAX)
            return true;
    return oops->address.v > UINT32_MAX;
}

static bool has_flag(const kdf_die *die, const char *flag)
{
    for (uint32_t i = 0; i < die->flags.count; i++)
        if (kd_str_is(KD_ITEMS(die->flags, kd_text)[i].v, flag))
            return true;
    return false;
}

/* Where it stands; arm prints symbol and address on lines of their own. */
static uint64_t address_of(const kdf_oops *oops, const kdf_symbol *symbol, const char *name)
{
    const kd_pair *pair = symbol->address.src ? NULL : kd_map_find(&oops->registers, name);
    return pair ? pair->v : symbol->address.v;
}

/* An instruction whose address is printed: of the kernel image, or else of a module. */
static uint64_t printed_code(const kdf_oops *oops)
{
    const kdf_symbol *known[] = { &oops->ip, &oops->lr };
    static const char *const names[] = { "pc", "lr" };
    uint64_t of_module = 0;
    for (size_t i = 0; i < KD_COUNT(known); i++) {
        uint64_t address = address_of(oops, known[i], names[i]);
        if (address && known[i]->function.src && !known[i]->module.src)
            return address;
        if (address && known[i]->module.src)
            of_module = address;
    }
    for (uint32_t i = 0; i < oops->backtrace.count; i++) {
        const kdf_frame *frame = &KD_ITEMS(oops->backtrace, kdf_frame)[i];
        if (frame->address.src && frame->function.src && !frame->module.src)
            return frame->address.v;
    }
    return of_module;
}

void kd_oops_map(const kdf_oops *oops, const kd_context *context, kd_address_map *out)
{
    kd_address_map_of(context, &oops->registers, printed_code(oops), has_flag(&oops->die, "KASAN"),
                      out);
}

typedef struct notes {
    kd_event *event;
    kdf_oops *oops;
    const kd_context *context;
    kd_address_map map;
    bool wide;
    size_t words; /* of the stack that were kept */
} notes;

typedef struct finding {
    const char *class;
    kd_str what;
    bool assumed;
} finding;

/* ---- symbols that the log prints ------------------------------------------------------------- */

static bool within(kd_str function, uint64_t start, uint64_t size, uint64_t value,
                   kd_symbol_place *out)
{
    if (function.len == 0 || size == 0 || value - start >= size)
        return false;
    *out = (kd_symbol_place){ function, value - start, size };
    return true;
}

bool kd_symbol_at(const kdf_oops *oops, uint64_t value, kd_symbol_place *out)
{
    const kdf_symbol *known[] = { &oops->ip, &oops->lr };
    static const char *const names[] = { "pc", "lr" };
    for (size_t i = 0; i < KD_COUNT(known); i++) {
        if (!known[i]->size.v)
            continue;
        uint64_t address = address_of(oops, known[i], names[i]);
        if (address && within(known[i]->function.v, address - known[i]->offset.v, known[i]->size.v,
                              value, out))
            return true;
    }
    for (uint32_t i = 0; i < oops->backtrace.count; i++) {
        const kdf_frame *frame = &KD_ITEMS(oops->backtrace, kdf_frame)[i];
        if (frame->address.src && within(frame->function.v, frame->address.v - frame->offset.v,
                                         frame->size.v, value, out))
            return true;
    }
    return false;
}

static kd_str symbol_of(const notes *n, uint64_t value)
{
    kd_symbol_place at;
    if (!kd_symbol_at(n->oops, value, &at))
        return (kd_str){ NULL, 0 };
    return kd_arena_format(&n->event->arena, "%.*s+0x%llx/0x%llx", KD_FMT(at.function),
                           KD_LLU(at.offset), KD_LLU(at.size));
}

/* ---- what a value is ------------------------------------------------------------------------- */

static bool find_idiom(const notes *n, uint64_t value, finding *out)
{
    kd_arena *arena = &n->event->arena;
    const char *words;
    char text[9];
    bool freed;
    kd_magic magic = kd_magic_of(n->context, value, n->wide, &words);
    uint64_t poison = kd_list_poison(n->context, value, !n->wide);
    uint64_t error = kd_pointer_error(value, n->wide);
    uint8_t byte = kd_poison_byte(value, n->wide);
    if (magic)
        *out = (finding){ magic == KD_MAGIC_MARK ? "mark" : "constant", kd_str_of(words), false };
    else if (poison && value >= 0x10000)
        *out = (finding){ "list-poison",
                          kd_arena_format(arena, "list poison 0x%llx: of an entry that was removed",
                                          KD_LLU(poison)),
                          false };
    else if (byte)
        *out = (finding){
            "poison",
            kd_arena_format(arena, "made of 0x%x, %s", byte, kd_poison_words(byte, &freed)), false
        };
    else if (error == 1)
        *out = (finding){ "ones", KD_STR("all bits set: -1"), false };
    else if (error && error <= 133 && kd_errno_name(n->context, error))
        *out = (finding){ "error",
                          kd_arena_format(arena, "-%llu (-%s), as an error number", KD_LLU(error),
                                          kd_errno_name(n->context, error)),
                          false };
    else if (kd_text_in(n->context, value, n->wide, text) > (n->wide ? 5u : 3u))
        *out = (finding){ "text", kd_arena_format(arena, "the text \"%s\"", text), false };
    else
        return false;
    return true;
}

/* A shadow byte and a struct page stand for something else. */
static void say_more(const notes *n, kd_address_class class, uint64_t value, finding *out)
{
    kd_arena *arena = &n->event->arena;
    uint64_t shadowed = class == KD_AT_SHADOW ? kd_shadowed_address(&n->map, value) : 0, frame,
             linear;
    if (shadowed)
        out->what = kd_arena_format(arena, "KASAN shadow of 0x%llx", KD_LLU(shadowed));
    if (class != KD_AT_VMEMMAP || !kd_page_linear(&n->map, value, &linear))
        return;
    if (kd_page_frame(&n->map, value, &frame, &linear))
        out->what = kd_arena_format(
            arena, "struct page of frame 0x%llx, which the linear map has at 0x%llx", KD_LLU(frame),
            KD_LLU(linear));
    else
        out->what = kd_arena_format(arena, "struct page of what the linear map has at 0x%llx",
                                    KD_LLU(linear));
}

/* There the kernel has code and vmalloc among the small numbers: only a symbol is news. */
static bool is_small_region(const notes *n, uint64_t value)
{
    return (kd_arch_is(n->context, "sparc64") && value <= UINT32_MAX) ||
           (kd_arch_is(n->context, "parisc") && value < 0x10000000) ||
           (kd_arch_is(n->context, "parisc64") && value < 0x40000000);
}

/* What is worth a note; the lowest and the uppermost values are numbers most often. */
static bool find_region(const notes *n, uint64_t value, finding *out)
{
    if (value < 0x10000 || (!n->wide && value > UINT64_C(0xffffefff)) ||
        (n->wide && value > UINT64_C(0xffffffffffff0000)))
        return false;
    if (is_small_region(n, value) && !symbol_of(n, value).len)
        return false;
    kd_address at = kd_address_at(&n->map, value);
    kd_address_class class = at.class;
    if (n->map.stack_high && value >= n->map.stack_low && value <= n->map.stack_high)
        at = (kd_address){ KD_AT_STACK, false };
    switch (at.class) {
    case KD_AT_UNKNOWN:
    case KD_AT_NULL_PAGE:
    case KD_AT_USER:
    case KD_AT_NON_CANONICAL:
    case KD_AT_HYPERVISOR:
    case KD_AT_HOLE: return false;
    default: break;
    }
    *out =
        (finding){ kd_address_word(at.class), kd_str_of(kd_address_words(at.class)), at.assumed };
    say_more(n, class, value, out);
    return true;
}

/* Of the words of a stack numbers are no news. */
static bool find(const notes *n, uint64_t value, bool word, finding *out)
{
    static const char plain[] = "error ones constant fixmap vectors io";
    return (find_idiom(n, value, out) || find_region(n, value, out)) &&
           !(word && kd_str_in_words(kd_str_of(out->class), plain));
}

static bool note(notes *n, kd_str where, uint64_t value, bool word)
{
    kd_list *list = &n->oops->pointers;
    finding found;
    if (list->count >= MOST_NOTES || !find(n, value, word, &found) || (!word && is_other(where)))
        return false;
    kd_str symbol = symbol_of(n, value);
    if (word && !symbol.len && n->words >= MOST_NOTES / 2)
        return false;
    kdf_pointed *to = KD_LIST_ADD(&n->event->arena, list, kdf_pointed);
    if (!to)
        return false;
    kd_derive(&to->where, where);
    kd_derive(&to->value, value);
    kd_derive(&to->class, kd_str_of(found.class));
    kd_derive(&to->what, found.what);
    if (symbol.len)
        kd_derive(&to->symbol, symbol);
    if (found.assumed)
        kd_derive(&to->assumed, true);
    return true;
}

void kd_decode_pointed(kd_event *event, kdf_oops *oops, const kd_context *context)
{
    notes n = { .event = event, .oops = oops, .context = context };
    n.wide = kd_is_64_bit(context, oops);
    kd_oops_map(oops, context, &n.map);
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        if (pair->v >= LEAST_VALUE)
            note(&n, pair->name, pair->v, false);
    }
    unsigned size = n.wide ? 8 : 4;
    for (uint32_t i = 0; i < oops->stack.count; i++) {
        uint64_t value = KD_ITEMS(oops->stack, kd_u64)[i].v;
        if (value >= LEAST_VALUE)
            n.words += note(&n, kd_arena_format(&event->arena, "stack+0x%llx", KD_LLU(size * i)),
                            value, true);
    }
}

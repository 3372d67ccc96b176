/* parse_oops_settle.c - an oops is whole: its kind, and whom to ask first. */
#include "base/scan.h"
#include "family/fault/parse_fault.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

/* ---- what it was ----------------------------------------------------------------------------- */

/* Where the headline is lost, a register of the dump holds the address. */
static void address_of_registers(kdf_oops *oops)
{
    static const char *const names[] = { "cr2",  "badaddr",  "sbadaddr", "badva",
                                         "badv", "excvaddr", "ear",      "efa" };
    if (!oops->address.src)
        oops->address = oops->walked;
    if (oops->address.src)
        return;
    for (size_t i = 0; i < KD_COUNT(names); i++) {
        const kd_pair *pair = kd_map_find(&oops->registers, names[i]);
        if (pair)
            oops->address = (kd_hex){ pair->v, pair->src };
    }
}

/* 32-bit mips and arm have no page 0 either; parisc and s390 tell the page alone. */
static const kd_kind *kind_by_address(const kdf_oops *oops)
{
    return oops->address.src && oops->address.v < 4096 ? &kd_kind_null_deref
                                                       : &kd_kind_paging_fault;
}

static const kd_kind *kind_of_parisc(uint64_t code, const kdf_oops *oops)
{
    switch (code) {
    case 1:
    case 5: return &kd_kind_machine_check;
    case 8:
    case 10:
    case 11: return &kd_kind_undefined_instruction;
    case 9: return &kd_kind_kernel_bug;
    case 28: return &kd_kind_alignment_fault;
    default:
        return (code >= 6 && code <= 7) || (code >= 15 && code <= 27) ? kind_by_address(oops)
                                                                      : &kd_kind_oops_other;
    }
}

/* Qualcomm's kernels print "Oops - BUG" for a data abort: its code is a syndrome. */
static bool is_abort_as_bug(const kdf_oops *oops)
{
    unsigned class = (unsigned)(oops->die.code.v >> 26 & 63);
    return kd_str_is(oops->die.text.v, "Oops - BUG") && oops->die.code.v > 0xffffff &&
           (class == 0x25 || class == 0x21);
}

/* The words alone tell that memory was accessed in vain, wherever the address is. */
static bool is_plain_fault(const kdf_oops *oops)
{
    static const char *const headlines[] = { "BUG: Unable to handle ", "BUG: unable to handle ",
                                             "Oops: kernel access of bad area",
                                             "Unable to handle kernel " };
    return kd_str_is(oops->die.text.v, "Oops") ||
           kd_str_starts(oops->die.text.v, "Kernel access of bad area") ||
           kd_str_starts_any(oops->headline.v, headlines, KD_COUNT(headlines));
}

/* powerpc's name for a trap instruction that is no warning, where the line of the BUG() is lost. */
static bool is_trap_as_exception(const kdf_oops *oops)
{
    return kd_str_is(oops->die.text.v, "Exception in kernel mode, sig: 5") &&
           oops->ppc_trap.value.src && oops->ppc_trap.value.v == 0x700;
}

/* arm64, whose headline calls it a paging request: ESR says "alignment fault" (a data abort, 0x21)
 */
static bool is_unaligned(const kd_event *event, const kdf_oops *oops)
{
    uint64_t esr = oops->esr.value.src ? oops->esr.value.v : oops->die.code.v;
    return event->kind == &kd_kind_paging_fault && esr >> 26 == 0x25 && (esr & 0x3f) == 0x21;
}

static void settle_kind(kd_parse *parse, kdf_oops *oops, bool headline_seen)
{
    kd_event *event = parse->event;
    bool plain = is_plain_fault(oops);
    bool other = event->kind == &kd_kind_oops_other && !headline_seen;
    if (event->kind == &kd_kind_null_deref || event->kind == &kd_kind_paging_fault)
        address_of_registers(oops);
    if (event->kind == &kd_kind_oops_other && (plain || oops->address.src) &&
        !kd_str_has(oops->headline.v, "CFI") && !kd_str_has(oops->headline.v, "ENDBR")) {
        address_of_registers(oops);
        event->kind = oops->address.src || other || plain ? kind_by_address(oops) : event->kind;
    }
    if (event->kind == &kd_kind_paging_fault && plain) {
        address_of_registers(oops);
        event->kind = kind_by_address(oops);
    }
    if (is_abort_as_bug(oops))
        event->kind = kind_by_address(oops);
    if (event->kind == &kd_kind_oops_other && is_trap_as_exception(oops))
        event->kind = &kd_kind_kernel_bug;
    if (oops->parisc_trap.value.src)
        event->kind = kind_of_parisc(oops->parisc_trap.value.v, oops);
    if (kd_str_has(oops->headline.v, "lignment") || kd_str_has(oops->headline.v, "unaligned") ||
        is_unaligned(event, oops))
        event->kind = &kd_kind_alignment_fault;
    /* arm64's headline says the same of each data abort: its syndrome tells, EC 0x25, DFSC 0x21 */
    if (oops->esr.value.src && (oops->esr.value.v >> 26 & 63) == 0x25 &&
        (oops->esr.value.v & 63) == 0x21)
        event->kind = &kd_kind_alignment_fault;
    if (kd_str_has(oops->headline.v, "external abort") ||
        kd_str_has(oops->die.text.v, "external abort"))
        event->kind = &kd_kind_external_abort;
}

/* ---- whom to ask ----------------------------------------------------------------------------- */

/* The CPU was told of it late: whoever ran then is innocent. */
static bool is_late(const kd_event *event, const kdf_oops *oops)
{
    static const char *const words[] = { "imprecise", "asynchronous", "Asynchronous", "SError",
                                         "Error handler" };
    for (size_t i = 0; i < KD_COUNT(words); i++)
        if (kd_str_has(oops->headline.v, words[i]))
            return true;
    return event->kind == &kd_kind_machine_check;
}

/* The fault was the fetch of an instruction: there is no code where the instruction pointer stands.
 */
static bool is_fetch(const kd_event *event, const kdf_oops *oops)
{
    /* "Oops: 0011 [#1]" of x86 is its error code; arm's "Internal error: Oops: 17" and s390's
     * "Oops: 0038 ilc:2" are none */
    const kd_line_ref *die = kd_event_line(event, oops->die.code.src);
    bool x86 = die && !oops->s390_pic.value.src && !kd_str_has(die->raw, "Internal error:");
    const kd_pair *cause = kd_map_find(&oops->registers, "cause");
    return kd_str_is(oops->access.v, "execute") ||
           (oops->error_code.value.src && oops->error_code.value.v & 0x10) ||
           (x86 && kd_str_is(oops->die.text.v, "Oops") && oops->die.code.v & 0x10) ||
           (oops->esr.value.src && (oops->esr.value.v >> 26 & 63) == 0x21) ||
           (cause && cause->v == 12 && kd_map_find(&oops->registers, "badaddr"));
}

/* Through a bad jump the unwinder finds no way: it confirms no frame, and the innermost one that it
 * found on the stack is the caller all the same. */
static void blame_unconfirmed(kdf_oops *oops, const kd_list *callers)
{
    const kdf_frame *frames = callers->items;
    uint32_t first = callers->count;
    for (uint32_t i = callers->count; i-- > 0;) {
        if (frames[i].reliable.src && frames[i].reliable.v)
            return;
        if (frames[i].function.src && !kd_blame_skips(frames[i].function.v))
            first = i;
    }
    if (first == callers->count)
        return;
    oops->blame.function = frames[first].function;
    oops->blame.module = frames[first].module;
    oops->blame.frame = (kd_u64){ first, KD_DERIVED };
}

/* The innermost frame that is neither machinery nor the place where no code is. */
static void blame_caller(kdf_oops *oops)
{
    kd_list callers = oops->backtrace;
    uint32_t skipped = 0;
    kdf_frame *frames = callers.items;
    while (skipped < callers.count && oops->ip.function.src &&
           kd_str_eq(frames[skipped].function.v, oops->ip.function.v) &&
           frames[skipped].offset.v == oops->ip.offset.v)
        skipped++;
    callers.items = frames ? frames + skipped : NULL;
    callers.count -= skipped;
    if (callers.count > 0)
        kd_blame_set(&oops->blame, &callers, NULL);
    if (!oops->blame.function.src)
        blame_unconfirmed(oops, &callers);
    if (oops->blame.frame.src)
        oops->blame.frame.v += skipped;
    /* the unwinder cannot start there, and what was pushed last is where the call returns to */
    bool called = oops->ip.function.src || (oops->address.src && oops->address.v == 0);
    if (!oops->blame.function.src && !oops->lr.function.src && called && callers.count > 0 &&
        ((kdf_frame *)callers.items)->function.src) {
        const kdf_frame *first = callers.items;
        oops->blame.function = first->function;
        oops->blame.module = first->module;
        oops->blame.frame = (kd_u64){ skipped, KD_DERIVED };
    }
    if (!oops->blame.function.src && oops->lr.function.src) {
        oops->blame.function = oops->lr.function;
        oops->blame.module = oops->lr.module;
    }
    if (oops->blame.function.src)
        oops->blame.why =
            (kd_text){ KD_STR("no code is where the CPU jumped to: this is the caller"),
                       KD_DERIVED };
}

static bool is_memory_helper(kd_str function)
{
    static const char names[] = "memcpy memset memmove memcmp memchr memscan strlen strnlen strcpy "
                                "strncpy strcmp strncmp strcat strchr strstr strscpy strlcpy";
    return kd_str_in_words(kd_bare_name(function), names);
}

/* arm64 finds callers by the frames that functions lay, and memcpy() lays none: who called it
 * stands in "lr : " alone, not in the stack. */
static bool is_caller_left_out(const kd_event *event, const kdf_oops *oops)
{
    const kdf_frame *frames = oops->backtrace.items;
    const kd_line_ref *line = kd_event_line(event, oops->lr.function.src);
    if (!line || !kd_str_has(line->raw, "lr : ") || oops->backtrace.count < 2 ||
        !is_memory_helper(oops->ip.function.v) || kd_blame_skips(oops->lr.function.v) ||
        !kd_str_eq(frames[0].function.v, oops->ip.function.v))
        return false;
    for (uint32_t i = 0; i < oops->backtrace.count; i++)
        if (kd_str_eq(frames[i].function.v, oops->lr.function.v))
            return false;
    return true;
}

/* A copying or locking function with no trace: the return address tells who called it. */
static void blame_return_address(const kd_event *event, kdf_oops *oops)
{
    bool helper = is_memory_helper(oops->blame.function.v);
    bool left_out = is_caller_left_out(event, oops);
    if ((oops->blame.function.src && !helper && !left_out) ||
        kd_str_has(oops->ip.function.v, "panic"))
        return;
    bool nameless = !oops->ip.function.src && !oops->lr.function.src;
    if (nameless && !oops->blame.module.src && oops->lr.module.src) {
        oops->blame.module = oops->lr.module;
        oops->blame.why =
            (kd_text){ KD_STR("the return address lies in it; the kernel names no functions"),
                       KD_DERIVED };
        return;
    }
    if (!oops->lr.function.src || kd_blame_skips(oops->lr.function.v)) {
        /* it did as it was told, and nothing says by whom */
        if (helper)
            oops->blame = (kdf_blame){ .function = { .src = 0 } };
        return;
    }
    oops->blame.function = oops->lr.function;
    oops->blame.module = oops->lr.module;
    oops->blame.frame = (kd_u64){ 0, 0 };
    oops->blame.why =
        (kd_text){ KD_STR("the return address of the helper that faulted"), KD_DERIVED };
}

/* Where addresses are not printed in full width, one that ends its line may have lost digits: a
 * register that begins with those that are left tells. */
static bool is_address_cut(const kdf_oops *oops)
{
    kd_str text = oops->headline.v;
    uint32_t digits = 0;
    while (digits < text.len && kd_is_hex(text.ptr[text.len - 1 - digits]))
        digits++;
    if (!oops->address.src || oops->address.src != oops->headline.src || digits < 8 ||
        digits > 15 || oops->address.v >> (4 * digits - 4) == 0)
        return false;
    for (uint32_t i = 0; i < oops->registers.count; i++)
        if (KD_ITEMS(oops->registers, kd_pair)[i].v >> (64 - 4 * digits) == oops->address.v)
            return true;
    return false;
}

/* The name beside the address is damaged, and the stack begins with the same address. */
static void name_by_stack(kdf_oops *oops)
{
    const kdf_frame *first = oops->backtrace.items;
    if (oops->ip.function.src || !oops->ip.address.src || oops->backtrace.count == 0 ||
        !first->function.src || !first->address.src || first->address.v != oops->ip.address.v)
        return;
    oops->ip.function = first->function;
    oops->ip.offset = first->offset;
    oops->ip.size = first->size;
    oops->ip.module = first->module;
}

void kd_oops_settle(kd_parse *parse, bool headline_seen)
{
    kdf_oops *oops = parse->body;
    if (is_address_cut(oops))
        oops->address.src = 0;
    name_by_stack(oops);
    settle_kind(parse, oops, headline_seen);
    if (is_late(parse->event, oops)) {
        oops->blame.why = (kd_text){ KD_STR("nobody: the hardware reported it late, whatever ran "
                                            "then need not have caused it"),
                                     KD_DERIVED };
        return;
    }
    if (is_fetch(parse->event, oops)) {
        blame_caller(oops);
        return;
    }
    kd_blame_set(&oops->blame, &oops->backtrace, &oops->ip);
    blame_return_address(parse->event, oops);
}

void kd_oops_look_back_for_task(kd_parse *parse, kdf_oops *oops)
{
    kd_block_state state = { .at = 0 }, *own = parse->state;
    kd_back back = kd_back_from(parse);
    kd_line line;
    if (!kd_str_has(oops->headline.v, " by insn @ ") || !kd_back_line(&back, &line) ||
        !kd_str_has(line.text, " Comm: "))
        return;
    kd_src src = parse->src;
    parse->src = kd_back_keep(parse, &line);
    line.text = kd_arena_str(parse->arena, line.text); /* it outlives the portion */
    parse->state = &state;
    if (parse->src)
        kd_block_task.take(parse, &oops->task, &line);
    parse->state = own;
    parse->src = src;
}

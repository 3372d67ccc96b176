/* rule_bug.c - what a fault means where no narrower rule spoke. */
#include "core/diag.h"
#include "family/fault/decode_code.h"
#include "family/fields.h"
#include "family/pointer/rule_pointer.h"

const char kd_doc_stack_overflow[] = "The kernel stack was used up: too deep a call chain, a "
                                     "recursion or too large local variables. A double fault "
                                     "most often is that too.";
const char kd_doc_bus_error[] =
    "The bus refused an access: a device register without clock or power, an address where nothing "
    "answers, or a "
    "memory error. Where it is reported late, the code that ran then need not have caused it.";
const char kd_doc_assertion[] = "BUG() or BUG_ON(): a check in the code failed.";
const char kd_doc_invalid_opcode[] = "The CPU met an instruction or exception that the kernel's "
                                     "code does not hold by intention: code that was "
                                     "overwritten, a wrong jump, or code built for another CPU.";
const char kd_doc_bad_pointer[] =
    "A memory fault of which the log does not tell more narrowly what the pointer was.";
const char kd_doc_warning[] = "WARN() or WARN_ON(): the kernel goes on after it.";

typedef struct exception {
    const char *words;
    bool code;
    const char *says; /* or NULL */
} exception;

static const exception *find_exception(const kdf_oops *oops)
{
    static const exception rows[] = {
#define KD_EXCEPTION(words, code, says) { words, code, says },
#include "family/bug/exception.def"
#undef KD_EXCEPTION
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_str_has(oops->headline.v, rows[i].words))
            return &rows[i];
    return NULL;
}

static bool is_spoken_of(const kd_view *view)
{
    return view->event->diags != NULL;
}

static void say_where(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_say_evidence(out, view->event, oops->headline.src, "what the kernel said");
    if (oops->ip.function.src)
        kd_say_evidence(out, view->event, oops->ip.function.src, "where it happened");
    if (oops->blame.function.src)
        kd_say_remedy(out, "Look at %.*s()%s%.*s%s first.", KD_FMT(oops->blame.function.v),
                      oops->blame.module.src ? " [" : "", KD_FMT(oops->blame.module.v),
                      oops->blame.module.src ? "]" : "");
    if (oops->blame.module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, oops->blame.module.v,
                       "its code is the first to look at");
}

/* x86-64 pushes the frame of an exception from the stack pointer, rounded down to 16 bytes, on. */
static void say_frame_push(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    const kd_pair *stack = kd_map_find(&oops->registers, "rsp");
    if (!stack || !oops->address.src || !kd_arch_is(view->context, "x86_64") ||
        (stack->v & ~UINT64_C(15)) - 8 != oops->address.v)
        return;
    kd_say_evidence(out, view->event, stack->src, "the stack pointer");
    kd_say_proof(
        out,
        KD_STR("the CPU could not push the frame of an exception: the address is below the "
               "stack pointer, rounded down to 16 bytes"),
        "(0x%llx & 0xfffffffffffffff0) - 8 = 0x%llx", KD_LLU(stack->v), KD_LLU(oops->address.v));
    kd_say_hex(out, "address", oops->address.v);
}

kd_status kd_check_stack_overflow(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops)
        return KD_OK;
    bool sure = kd_event_is(view->event, &kd_kind_stack_overflow);
    kd_say_diag(
        out, sure ? KD_LIKELY : KD_POSSIBLE, "%s",
        sure ? "The kernel stack was used up: too deep a call chain, a recursion, or too large "
               "local variables."
             : "A fault while a fault was handled: most often the kernel stack was used up.");
    say_where(view, out, oops);
    say_frame_push(view, out, oops);
    kd_say_impact(out, KD_IMPACT_MACHINE_DOWN);
    kd_say_remedy(out, "Look in the trace for functions that repeat, and for large frames "
                       "(scripts/checkstack.pl).");
    return KD_OK;
}

/* What the bits of an SError say, and that nobody who ran then is to blame. */
static void say_late(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_say_more(out,
                " Such an abort may be imprecise: it comes late, and the code that ran then need "
                "not have caused it.");
    if (oops->address.src)
        kd_say_more(out, "The address 0x%llx that was printed may be left from an earlier fault.",
                    KD_LLU(oops->address.v));
    if (oops->esr.aet_name.src)
        kd_say_more(out, "The error is %.*s (AET %llu).", KD_FMT(oops->esr.aet_name.v),
                    KD_LLU(oops->esr.aet.v));
    else if (oops->esr.serror.src)
        kd_say_more(out, "The syndrome 0x%llx: %.*s.", KD_LLU(oops->esr.value.v),
                    KD_FMT(oops->esr.serror.v));
    if (oops->esr.serror.src)
        kd_say_evidence(out, view->event, oops->esr.value.src, "the syndrome: %.*s",
                        KD_FMT(oops->esr.serror.v));
    kd_say_missing(out, "which access it was: a trace of the driver's last register accesses "
                        "(rwmmio, dev_dbg), or a barrier behind each of them");
}

/* The access that the bus refused: the address, what is mapped there, whose code it is. */
static void say_precise(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_pointer p;
    if (oops->address.src)
        kd_say_more(out, " The address was 0x%llx.", KD_LLU(oops->address.v));
    kd_pointer_say_class(view, out, oops);
    if (oops->esr.dfsc_name.src)
        kd_say_evidence(out, view->event, oops->esr.value.src, "%.*s: %.*s",
                        KD_FMT(oops->esr.ec_name.v), KD_FMT(oops->esr.dfsc_name.v));
    if (oops->address.src && kd_pointer_of(oops, view->context, &p))
        kd_pointer_say(view, out, oops, &p);
    if (oops->blame.module.src)
        kd_say_more(out, "The device is most likely one that %.*s drives.",
                    KD_FMT(oops->blame.module.v));
}

kd_status kd_check_bus_error(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY, "The bus refused an access (%.*s)%s%.*s.", KD_FMT(oops->headline.v),
                oops->ip.function.src ? "; the CPU was in " : "", KD_FMT(oops->ip.function.v));
    if (!oops->blame.function.src)
        say_late(view, out, oops);
    else
        say_precise(view, out, oops);
    if (oops->esr.value.src)
        kd_say_hex(out, "esr", oops->esr.value.v);
    kd_say_suspect(out, KD_SUSPECT_UNKNOWN, KD_STR(""),
                   "a driver that touches a device without clock or power, or hardware");
    say_where(view, out, oops);
    kd_say_remedy(out, "Is the device's clock running, its power domain on and its reset released "
                       "when the driver reads its registers? Does anything answer at that address "
                       "(device tree, BAR)?");
    return KD_OK;
}

/* "mm/slub.c:4240", or nothing; of a diagnosis that is begun. */
static kd_str place_of(kd_emit *out, const kdf_oops *oops)
{
    if (!oops->file.src || !oops->line_number.src)
        return KD_STR("");
    return kd_text_of(out, "%.*s:%llu", KD_FMT(oops->file.v), KD_LLU(oops->line_number.v));
}

kd_status kd_check_assertion(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || is_spoken_of(view))
        return KD_OK;
    if (oops->file.src && oops->line_number.src)
        kd_say_diag(out, KD_LIKELY,
                    "The check at %.*s:%llu failed: the kernel stopped itself there.",
                    KD_FMT(oops->file.v), KD_LLU(oops->line_number.v));
    else
        kd_say_diag(out, KD_LIKELY, "A check of the kernel's own failed: it stopped itself.");
    kd_str place = place_of(out, oops);
    say_where(view, out, oops);
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    kd_say_remedy(out,
                  "Read the condition of the BUG_ON()%s%.*s in the source of this kernel: it "
                  "tells what was wrong.",
                  place.len ? " at " : "", KD_FMT(place));
    return KD_OK;
}

kd_status kd_check_invalid_opcode(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || is_spoken_of(view))
        return KD_OK;
    bool other = kd_event_is(view->event, &kd_kind_oops_other);
    const exception *named = other ? find_exception(oops) : NULL;
    if (other && (!named || !named->code))
        return KD_OK;
    const char *says =
        named && named->says ? named->says
        : kd_event_is(view->event, &kd_kind_divide_error)
            ? "The kernel divided by zero, or the quotient was too large"
            : "The CPU met an instruction or exception that the kernel does not expect there";
    kd_say_diag(out, KD_POSSIBLE, "%s (%.*s).", says, KD_FMT(oops->headline.v));
    say_where(view, out, oops);
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    kd_say_missing(out, "the disassembly of the function, from the vmlinux of this build");
    return KD_OK;
}

/* What a fault in that region most often means, and what would catch it. */
static void say_region(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    static const struct {
        kd_address_class class;
        const char *meaning, *remedy;
    } rows[] = {
        { KD_AT_VMALLOC,
          "Nothing is mapped there now: the area was given back (vfree(), vunmap(), iounmap()), or "
          "the access went beyond the end of one, where a guard page follows.",
          "A kernel with CONFIG_KASAN_VMALLOC tells the two apart, and names who made the area." },
        { KD_AT_VMALLOC_IMAGE,
          "Nothing is mapped there now: an area or a module was given back, or the access went "
          "beyond the end of one, where a guard page follows.",
          "A kernel with CONFIG_KASAN_VMALLOC tells the two apart, and names who made the area." },
        { KD_AT_LINEAR,
          "No RAM is there, or its page was taken away: the pointer is damaged, or points into "
          "memory "
          "that was given back (debug_pagealloc unmaps it).",
          "debug_pagealloc=on and page_owner=on, or CONFIG_KASAN, show who gave the page back." },
        { KD_AT_VMEMMAP,
          "The struct page there is of no RAM: it was made from an address that is no page's.",
          "Look at what was passed to virt_to_page(), pfn_to_page() or the function that frees." },
        { KD_AT_HOLE, "The pointer is damaged: no address of that kernel looks so.",
          "slub_debug=FZPU or CONFIG_KASAN catches who wrote over it." },
    };
    kd_address_map map;
    if (!oops->address.src)
        return;
    kd_oops_map(oops, view->context, &map);
    kd_address at = kd_address_at(&map, oops->address.v);
    bool there = oops->error_code.present.v || kd_str_has(oops->esr.dfsc_name.v, "permission") ||
                 kd_str_has(oops->fsr.name.v, "permission") || oops->dsisr.protection.v;
    for (size_t i = 0; i < KD_COUNT(rows) && !there; i++)
        if (rows[i].class == at.class) {
            kd_say_more(out, "%s", rows[i].meaning);
            kd_say_remedy(out, "%s", rows[i].remedy);
        }
    uint64_t shadowed = kd_shadowed_address(&map, oops->address.v);
    if (!shadowed)
        return;
    kd_say_more(out, "KASAN looked there for the shadow of 0x%llx.", KD_LLU(shadowed));
    kd_say_hex(out, "shadowed_address", shadowed);
}

/* Who waits for a queued spinlock finds his predecessor by the lock's own word: a CPU, of which the
 * address is computed. */
static void say_lock_word(kd_emit *out, const kdf_oops *oops)
{
    if (!kd_str_has(oops->ip.function.v, "queued_spin_lock_slowpath") ||
        !kd_str_is(oops->access.v, "write"))
        return;
    kd_say_more(out, " The address was computed from the word of the lock, which names no CPU: "
                     "what was locked is no lock any more (its object was freed or overwritten), "
                     "or was never initialised.");
    kd_say_remedy(out, "Which object holds the lock? CONFIG_DEBUG_SPINLOCK tells a bad one at "
                       "once, CONFIG_KASAN who freed it.");
}

/* The page may be there: the CPU, or the kind of memory, wants another alignment. */
static void say_misaligned(kd_emit *out, const kdf_oops *oops)
{
    uint64_t at = kd_fault_at(oops),
             size = oops->code.memory.agrees.v ? oops->code.memory.size.v : 0;
    bool uneven = size > 1 && (size & (size - 1)) == 0 && at % size != 0;
    kd_say_diag(out, uneven ? KD_LIKELY : KD_POSSIBLE,
                "The kernel accessed the address 0x%llx, which is not aligned as the CPU wants it "
                "there: a bad cast, packed data, a damaged pointer, or memory of a device that "
                "allows aligned accesses alone.",
                KD_LLU(at));
    kd_say_title(out, "The kernel accessed an address that is not aligned");
    if (uneven)
        kd_say_proof(out, kd_text_of(out, "an access of %llu bytes", KD_LLU(size)),
                     "0x%llx & 0x%llx = 0x%llx", KD_LLU(at), KD_LLU(size - 1), KD_LLU(at % size));
    kd_say_remedy(out,
                  "Use get_unaligned() and put_unaligned(), or memcpy_fromio() for memory of a "
                  "device, where such an address is meant.");
}

/* "maybe for address": the kernel found it canonical, and then no missing page raises that fault.
 */
static bool is_refused(const kd_view *view, const kdf_oops *oops)
{
    return kd_event_is(view->event, &kd_kind_general_protection) && oops->address.src &&
           kd_str_has(oops->headline.v, "maybe for address");
}

static void say_refused(kd_emit *out, const kdf_oops *oops)
{
    kd_say_diag(out, KD_POSSIBLE,
                "The CPU refused an instruction that uses the address 0x%llx. The address is "
                "canonical, and a page that is not mapped raises a page fault: so not the place is "
                "wrong but the access, as an operand of SSE or AVX that is not aligned, a "
                "reserved bit, a segment.",
                KD_LLU(kd_fault_at(oops)));
    kd_say_title(out, "The CPU refused an instruction, at an address that is canonical");
    kd_say_remedy(out, "Disassemble the function at the instruction pointer: what does that "
                       "instruction ask of its operands?");
}

kd_status kd_check_bad_pointer(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || is_spoken_of(view))
        return KD_OK;
    if (!oops->headline.src && !oops->address.src)
        return KD_OK; /* its head is lost: rule_headless.c speaks */
    bool misaligned = kd_event_is(view->event, &kd_kind_alignment_fault) && oops->address.src;
    const exception *named =
        kd_event_is(view->event, &kd_kind_oops_other) ? find_exception(oops) : NULL;
    if (kd_event_is(view->event, &kd_kind_oops_other))
        kd_say_diag(out, KD_POSSIBLE, "%s (%.*s).",
                    named && named->says
                        ? named->says
                        : "An exception that a wrong jump, a broken pointer or overwritten code "
                          "causes",
                    KD_FMT(oops->headline.v));
    else if (oops->address.src && kd_str_is(oops->access.v, "execute") && !oops->ip.function.src)
        kd_say_diag(out, KD_POSSIBLE,
                    "The kernel jumped to the address 0x%llx, where it finds no code: a function "
                    "pointer, or a return address on the stack, was wrong.",
                    KD_LLU(kd_fault_at(oops)));
    else if (misaligned)
        say_misaligned(out, oops);
    else if (is_refused(view, oops))
        say_refused(out, oops);
    else if (oops->address.src)
        kd_say_diag(out, KD_POSSIBLE,
                    "The kernel used the address 0x%llx, which is not mapped or does not allow the "
                    "access.",
                    KD_LLU(kd_fault_at(oops)));
    else
        kd_say_diag(out, KD_POSSIBLE,
                    "The kernel used a pointer that points nowhere; the log does not say the "
                    "address.");
    say_where(view, out, oops);
    if (oops->address.src)
        kd_say_hex(out, "address", oops->address.v);
    kd_pointer_say_class(view, out, oops);
    if (!misaligned && !is_refused(view, oops))
        say_region(view, out, oops);
    kd_pointer_say_links(view, out, oops);
    kd_pointer p;
    if (kd_bad_value(view->event, oops, view->context, &p) && p.shadow) {
        kd_say_more(out, " KASAN looked there for the shadow of 0x%llx, which is the pointer.",
                    KD_LLU(p.value));
        kd_pointer_say_shadow(out, &p);
    }
    say_lock_word(out, oops);
    if (kd_pointer_of(oops, view->context, &p))
        kd_pointer_say(view, out, oops, &p);
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    return KD_OK;
}

/* RHEL 7 prints what the checker found behind the header: that is an event of its own. */
static bool is_told_behind(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    if (wide->index + 1 >= wide->event_count)
        return false;
    const kd_event *next = wide->events[wide->index + 1];
    return (kd_event_is(next, &kd_kind_list_corruption) || kd_event_is(next, &kd_kind_refcount)) &&
           next->boot == view->event->boot && kd_str_eq(next->caller, view->event->caller) &&
           kd_event_lines(next)[0].number == kd_event_lines(view->event)[0].number + 1;
}

static void say_warned(kd_emit *out, const kdf_warning *warning)
{
    const kdf_oops *oops = &warning->oops;
    if (warning->message.src)
        kd_say_diag(out, KD_LIKELY, "The kernel warned: \"%.*s\".", KD_FMT(warning->message.v));
    else
        kd_say_diag(out, KD_LIKELY, "A WARN_ON() of the kernel's own fired.");
    kd_str place = place_of(out, oops);
    if (place.len && oops->ip.function.src)
        kd_say_more(out, "It stands at %.*s, in %.*s().", KD_FMT(place),
                    KD_FMT(oops->ip.function.v));
    else if (place.len)
        kd_say_more(out, "It stands at %.*s.", KD_FMT(place));
}

kd_status kd_check_warning(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_warning *warning = KD_BODY(view->event, warning);
    (void)user;
    if (!warning || is_spoken_of(view) || is_told_behind(view))
        return KD_OK;
    say_warned(out, warning);
    say_where(view, out, &warning->oops);
    kd_str place = place_of(out, &warning->oops);
    if (place.len)
        kd_say_remedy(out,
                      "Read the condition at %.*s in the source of this kernel: it tells what "
                      "was wrong.",
                      KD_FMT(place));
    else
        kd_say_remedy(out, "Read the condition at the place that the headline names.");
    return KD_OK;
}

/* rule_oops.c - NULL dereferences. */
#include "base/scan.h"
#include "family/fault/decode_code.h"
#include "family/fields.h"
#include "family/pointer/rule_pointer.h"

const char kd_doc_null_deref[] =
    "The kernel accessed an address in the first page: a NULL pointer plus the offset of a member. "
    "Certain where the code bytes and registers show which pointer was NULL, and where the CPU was "
    "to "
    "execute address 0.";

void kd_null_say_fault(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_say_evidence(out, view->event, oops->address.src ? oops->address.src : oops->headline.src,
                    "address 0x%llx%s%.*s", KD_LLU(oops->address.v), oops->access.src ? ", " : "",
                    KD_FMT(oops->access.v));
    if (oops->esr.dfsc.src) {
        kd_say_evidence(out, view->event, oops->esr.value.src, "%.*s, %.*s",
                        KD_FMT(oops->esr.ec_name.v), KD_FMT(oops->esr.dfsc_name.v));
        kd_say_proof(out,
                     kd_text_of(out, "ESR 0x%llx: %.*s, %.*s, %.*s", KD_LLU(oops->esr.value.v),
                                KD_FMT(oops->esr.ec_name.v), KD_FMT(oops->esr.dfsc_name.v),
                                KD_FMT(oops->access.v)),
                     "EC = 0x%llx >> 26 & 0x3f = 0x%llx, DFSC = 0x%llx & 0x3f = 0x%llx, WnR = %llu",
                     KD_LLU(oops->esr.value.v), KD_LLU(oops->esr.ec.v), KD_LLU(oops->esr.iss.v),
                     KD_LLU(oops->esr.dfsc.v), KD_LLU(oops->esr.wnr.v));
    }
    if (oops->error_code.value.src && oops->error_code.text.src)
        kd_say_proof(
            out,
            kd_text_of(out, "the page-fault error code: %.*s", KD_FMT(oops->error_code.text.v)),
            "error_code = 0x%llx", KD_LLU(oops->error_code.value.v));
}

void kd_null_say_operand(kd_emit *out, const kdf_oops *oops)
{
    const kdf_operand *mem = &oops->code.memory;
    if (!mem->effective.src || !mem->base.src || mem->index.src || mem->implicit.src ||
        mem->effective.v != kd_fault_at(oops) || kd_str_is(oops->code.direction.v, "differs"))
        return;
    uint64_t base = mem->effective.v - (uint64_t)mem->displacement.v;
    kd_str claim = kd_text_of(out, "the instruction \"%.*s\" accessed it through %.*s",
                              KD_FMT(oops->code.instruction.v), KD_FMT(mem->base.v));
    if (kd_str_starts(mem->base.v, "$")) /* mips: a number, not a name */
        kd_say_proof(out, claim, "0x%llx + %lld = 0x%llx", KD_LLU(base),
                     KD_LLD(mem->displacement.v), KD_LLU(mem->effective.v));
    else
        kd_say_proof(out, claim, "%.*s = 0x%llx, %.*s + %lld = 0x%llx", KD_FMT(mem->base.v),
                     KD_LLU(base), KD_FMT(mem->base.v), KD_LLD(mem->displacement.v),
                     KD_LLU(mem->effective.v));
    if (mem->effective.v != oops->address.v)
        kd_say_proof(out, KD_STR("the kernel prints the address of the page"),
                     "0x%llx - 0x%llx = 0x%llx < 8192", KD_LLU(mem->effective.v),
                     KD_LLU(oops->address.v), KD_LLU(mem->effective.v - oops->address.v));
}

/* ---- oops.null-deref ------------------------------------------------------------------------- */

/* sparc says NULL without a number; elsewhere the number was lost. */
static void say_unknown_offset(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_say_diag(out, KD_LIKELY, "The kernel used a NULL pointer; the log does not say the offset.");
    kd_say_evidence(out, view->event, oops->headline.src, "what the kernel said");
    if (oops->blame.function.src)
        kd_say_remedy(out, "Look at %.*s() first: which pointer can be NULL there?",
                      KD_FMT(oops->blame.function.v));
    kd_say_missing(out, "the address that was accessed");
}

/* The CPU was to execute an address of the first page. A return through an overwritten stack looks
 * like a call through a bad function pointer. */
static void say_jump(kd_emit *out, const kdf_oops *oops)
{
    if (oops->address.v == 0) {
        /* an address that was cut may read as 0: the program counter tells */
        bool seen = !oops->ip.function.src && oops->ip.address.src && oops->ip.address.v == 0;
        kd_say_diag(out, seen ? KD_CERTAIN : KD_LIKELY,
                    "The kernel jumped to address 0x0: a function pointer was NULL, or a return "
                    "address on the stack was overwritten with 0.");
        return;
    }
    kd_say_diag(out, KD_POSSIBLE,
                "The kernel jumped to address 0x%llx, where no code is: a function pointer or a "
                "return address on the stack held a small number.",
                KD_LLU(oops->address.v));
    kd_say_assume(out, "the pointer was overwritten, or read from an object that is not what the "
                       "code took it for");
}

static void say_access(kd_emit *out, const kdf_oops *oops, bool exact)
{
    uint64_t at = kd_fault_at(oops);
    kd_say_diag(out, exact ? KD_CERTAIN : KD_LIKELY,
                "The kernel accessed address 0x%llx: a NULL pointer%s%s%.*s.", KD_LLU(at),
                at ? " plus the offset of a member" : "", oops->ip.function.src ? ", in " : "",
                KD_FMT(oops->ip.function.v));
    if (!exact)
        kd_say_assume(out,
                      "the pointer was NULL itself; an index or a wrong small value would give "
                      "such an address too");
}

/* The registers prove that the pointer was a small number other than 0. */
static void say_small(const kd_view *view, kd_emit *out, const kdf_oops *oops, const kd_pointer *p)
{
    bool odd = p->value % 2 != 0;
    kd_say_diag(
        out, odd ? KD_POSSIBLE : KD_LIKELY,
        "The kernel accessed address 0x%llx through %.*s, which held 0x%llx: not NULL itself, "
        "but %s%s%.*s.",
        KD_LLU(kd_fault_at(oops)), KD_FMT(p->reg), KD_LLU(p->value),
        odd ? "a byte pointer that was counted up from NULL, or a number (a flag, a length, "
              "a reference count) in its place"
            : "a NULL pointer plus the offset of a member, added before, or a number (a "
              "length, a reference count) in its place",
        oops->ip.function.src ? ", in " : "", KD_FMT(oops->ip.function.v));
    kd_pointer_say(view, out, oops, p);
}

/* The one module whose init function runs ("foo(O+)"), where it is one. */
static const kdf_module_ref *loading_module(const kdf_oops *oops)
{
    const kdf_module_ref *found = NULL;
    for (uint32_t i = 0; i < oops->task.modules.count; i++) {
        const kdf_module_ref *module = &KD_ITEMS(oops->task.modules, kdf_module_ref)[i];
        if (!kd_str_has(module->flags.v, "+"))
            continue;
        if (found)
            return NULL;
        found = module;
    }
    return found;
}

static void say_where_to_look(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    if (oops->ip.function.src)
        kd_say_evidence(out, view->event, oops->ip.function.src, "where it happened");
    if (oops->blame.function.src)
        kd_say_remedy(out, "Look at %.*s()%s%.*s%s first: which pointer can be NULL there?",
                      KD_FMT(oops->blame.function.v), oops->blame.module.src ? " [" : "",
                      KD_FMT(oops->blame.module.v), oops->blame.module.src ? "]" : "");
    else if (oops->blame.module.src)
        kd_say_remedy(out, "The kernel was built without symbols: resolve the addresses with the "
                           "vmlinux and the modules of that build (addr2line), or build it with "
                           "CONFIG_KALLSYMS.");
    const kdf_module_ref *loading = oops->blame.module.src ? NULL : loading_module(oops);
    /* the kernel's own code that is blamed by name is no news of a module of the kernel's own */
    bool own = loading && oops->blame.function.src && !kd_str_has(loading->flags.v, "O");
    if (oops->blame.module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, oops->blame.module.v,
                       "its code is the first to look at");
    else if (loading) {
        kd_say_more(out, " The module %.*s was being loaded then.", KD_FMT(loading->name.v));
        kd_say_evidence(out, view->event, loading->name.src, "%.*s(%.*s) was being loaded",
                        KD_FMT(loading->name.v), KD_FMT(loading->flags.v));
        if (!own)
            kd_say_suspect(out, KD_SUSPECT_DRIVER, loading->name.v, "it was being loaded");
    }
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    kd_say_counted(view, out, oops);
    if (oops->code.origin.slot.src) /* a NULL pointer itself is the same everywhere */
        kd_pointer_say_links(view, out, oops);
}

/* s390 has its low core at address 0, which no fault guards: the zeros there are no instruction.
 * The program status word stands behind it. False: the CPU was elsewhere. */
static bool say_jump_to_low_core(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_scan in = kd_scan_of(oops->headline.v);
    kd_str skipped;
    uint64_t halves;
    if (!kd_arch_is(view->context, "s390") || !oops->ip.address.src ||
        !kd_scan_past(&in, "ilc:", &skipped) || !kd_scan_u64(&in, &halves) ||
        oops->ip.address.v != 2 * halves)
        return false;
    kd_say_diag(out, KD_CERTAIN,
                "The kernel jumped to address 0x0: a function pointer was NULL, or a return "
                "address on the stack was overwritten with 0.");
    kd_say_evidence(out, view->event, oops->headline.src, "no instruction stands there");
    kd_say_evidence(out, view->event, oops->ip.address.src, "the PSW is behind the instruction");
    kd_say_proof(out, KD_STR("the PSW, less the length of the instruction, is where it stood"),
                 "0x%llx - 2 * %llu = 0x0", KD_LLU(oops->ip.address.v), KD_LLU(halves));
    kd_say_hex(out, "address", 0);
    return true;
}

/* With KASAN the fault is at the shadow byte of the small address. */
static void say_shadow(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_pointer p;
    if (!kd_view_bad_value(view, oops, &p) || !p.shadow || p.value >= 4096)
        return;
    kd_say_diag(out, KD_LIKELY,
                "The kernel used address 0x%llx (to 0x%llx): a NULL pointer plus the offset of a "
                "member%s%.*s. KASAN met it first, at its shadow byte.",
                KD_LLU(p.value), KD_LLU(p.value + 7), oops->ip.function.src ? ", in " : "",
                KD_FMT(oops->ip.function.v));
    kd_say_evidence(out, view->event, oops->address.src, "the address of the shadow byte");
    kd_pointer_say_shadow(out, &p);
    say_where_to_look(view, out, oops);
    kd_say_assume(out, "the pointer was NULL itself; an index or a wrong small value would give "
                       "such an address too");
}

/* The registers prove a NULL pointer, and the member stands before it (of a container that was
 * sought from NULL) or beyond the first page. */
static bool say_far_member(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_pointer p;
    if (!oops->address.src || oops->error_code.present.v || kd_str_is(oops->access.v, "execute") ||
        !kd_pointer_of(oops, view->context, &p) || p.value != 0 || p.indexed)
        return false;
    uint64_t distance = (uint64_t)p.displacement, at = kd_fault_at(oops);
    bool before = p.displacement < 0;
    if ((distance != at && (distance & UINT32_MAX) != at) || kd_primary_of(view->event))
        return false; /* a segment has a base of its own */
    kd_say_diag(out, KD_CERTAIN, "The kernel accessed address 0x%llx: a NULL pointer %s 0x%llx%s.",
                KD_LLU(at), before ? "less" : "plus", KD_LLU(before ? 0 - distance : distance),
                before ? ", as where a container is sought from a member that is NULL"
                       : ", the offset of a member or of an element");
    if (oops->ip.function.src)
        kd_say_more(out, " It stood in %.*s.", KD_FMT(oops->ip.function.v));
    kd_null_say_fault(view, out, oops);
    kd_pointer_say(view, out, oops, &p);
    say_where_to_look(view, out, oops);
    kd_say_hex(out, "address", oops->address.v);
    kd_say_i64(out, "member_offset", p.displacement);
    return true;
}

kd_status kd_check_null_deref(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (oops && !oops->address.src && kd_event_is(view->event, &kd_kind_null_deref)) {
        say_unknown_offset(view, out, oops);
        return KD_OK;
    }
    bool faulted = kd_event_is(view->event, &kd_kind_null_deref);
    const kd_diag *unchecked = kd_diag_of("oops.unchecked-allocation", view->event);
    if (oops && kd_event_is(view->event, &kd_kind_paging_fault)) {
        say_shadow(view, out, oops);
        say_far_member(view, out, oops);
        return KD_OK;
    }
    if (oops && kd_event_is(view->event, &kd_kind_general_protection)) {
        say_shadow(view, out, oops);
        return KD_OK;
    }
    if (oops && !faulted && say_jump_to_low_core(view, out, oops))
        say_where_to_look(view, out, oops);
    /* a kernel with large pages calls all of its first page NULL */
    if (oops && faulted && oops->address.v >= 4096 && !view->event->diags &&
        !say_far_member(view, out, oops) && !kd_pointer_of(oops, view->context, &p)) {
        say_access(out, oops, false);
        kd_null_say_fault(view, out, oops);
        say_where_to_look(view, out, oops);
        kd_say_hex(out, "address", oops->address.v);
    }
    if (!oops || !faulted || !oops->address.src || oops->address.v >= 4096 ||
        (unchecked && unchecked->confidence > KD_POSSIBLE) ||
        kd_diag_of("oops.list-poison", view->event))
        return KD_OK;
    bool known = kd_pointer_of(oops, view->context, &p),
         jump = kd_str_is(oops->access.v, "execute");
    bool exact = known && p.value == 0 && !p.indexed;
    /* an ERR_PTR plus an offset wraps to a small address: not a NULL pointer */
    if (known && kd_pointer_error(p.value, kd_is_64_bit(view->context, oops)))
        return KD_OK;
    bool small = known && !jump && p.value != 0 && !p.indexed;
    if (jump)
        say_jump(out, oops);
    else if (small)
        say_small(view, out, oops, &p);
    else
        say_access(out, oops, exact);
    kd_null_say_fault(view, out, oops);
    kd_pointer_say_class(view, out, oops);
    if (!small)
        kd_null_say_operand(out, oops);
    if (jump)
        kd_say_proof(out, KD_STR("an instruction fetch from the first page"), "0x%llx < 0x1000",
                     KD_LLU(oops->address.v));
    say_where_to_look(view, out, oops);
    kd_say_hex(out, "address", oops->address.v);
    if (!exact || jump)
        return KD_OK;
    kd_say_i64(out, "member_offset", oops->code.memory.displacement.v);
    kd_pointer_say_origin(view, out, oops);
    kd_say_remedy(out, "pahole or gdb's \"ptype /o\" name the member at offset %lld.",
                  KD_LLD(oops->code.memory.displacement.v));
    return KD_OK;
}

/* rule_pointer_value.c - bad pointers whose value, or how it was used, tells what they are. */
#include "core/version.h"
#include "family/fault/decode_code.h"
#include "family/fields.h"
#include "family/pointer/rule_pointer.h"
#include "family/shared/parse_shared.h"

const char kd_doc_list_poison[] = "The address lies at one of the two values that list_del() "
                                  "writes into an entry that it removed. Likely: "
                                  "the entry was removed twice, or used after its removal.";
const char kd_doc_err_ptr[] = "The address lies in the last page: an error number that was "
                              "returned as a pointer and not checked with "
                              "IS_ERR(), or NULL minus the offset of a member.";
const char kd_doc_use_after_free[] =
    "The address is made of the bytes that the slab allocator writes into freed objects (0x6b).";
const char kd_doc_executes_data[] =
    "The CPU was to execute a page of the kernel that is mapped, but not for execution: the "
    "function pointer "
    "points at data, most often because the object that holds it was freed.";
const char kd_doc_writes_read_only[] =
    "The kernel wrote to a page that is mapped read-only: its own text or constant data.";
const char kd_doc_user_pointer[] = "The kernel accessed or executed a user-space address without "
                                   "the functions that are meant for it.";
const char kd_doc_non_canonical[] =
    "The upper bits of an address must be all alike: x86-64 refuses others, arm64 and riscv have "
    "no page tables for them. The pointer holds something else, or was overwritten.";

void kd_say_counted(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    if (oops->die.count.src && oops->die.count.v > 1)
        kd_say_evidence(out, view->event, oops->die.count.src,
                        "oops #%llu of this boot: the first one comes before all that follows it",
                        KD_LLU(oops->die.count.v));
}

static void say_code(kd_emit *out, const kdf_oops *oops)
{
    if (oops->blame.function.src)
        kd_say_remedy(out, "Look at %.*s() first.", KD_FMT(oops->blame.function.v));
    if (oops->blame.module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, oops->blame.module.v,
                       "its code is the first to look at");
}

void kd_pointer_say_fault(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_pointer_say_place(view, out, oops);
    say_code(out, oops);
}

void kd_pointer_say_place(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_say_evidence(out, view->event, oops->address.src, "the address 0x%llx",
                    KD_LLU(oops->address.v));
    if (oops->ip.function.src)
        kd_say_evidence(out, view->event, oops->ip.function.src, "where it happened");
    if (oops->address.src)
        kd_say_hex(out, "address", oops->address.v);
    kd_pointer_say_class(view, out, oops);
    kd_pointer_say_links(view, out, oops);
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    kd_say_counted(view, out, oops);
}

void kd_pointer_say(const kd_view *view, kd_emit *out, const kdf_oops *oops, const kd_pointer *p)
{
    uint64_t effective = oops->code.memory.effective.v, sum = p->value + (uint64_t)p->displacement;
    uint64_t distance =
        p->displacement < 0 ? 0 - (uint64_t)p->displacement : (uint64_t)p->displacement;
    char sign = p->displacement < 0 ? '-' : '+';
    kd_str claim = kd_text_of(out, "\"%.*s\" accessed it through %.*s",
                              KD_FMT(oops->code.instruction.v), KD_FMT(p->reg));
    kd_say_evidence(out, view->event, p->src, "%.*s holds 0x%llx", KD_FMT(p->reg),
                    KD_LLU(p->value));
    bool wide = sum == effective, wraps = p->displacement < 0 ? sum > p->value : sum < p->value;
    if (!p->indexed && (wide || (sum & UINT32_MAX) == effective))
        kd_say_proof(out, claim, "0x%llx %c 0x%llx = 0x%llx%s", KD_LLU(p->value), sign,
                     KD_LLU(distance), KD_LLU(effective),
                     !wide   ? " (mod 2^32)"
                     : wraps ? " (mod 2^64)"
                             : "");
    if (oops->code.memory.printed_bare.v)
        kd_say_proof(out, KD_STR("kernels 5.5 to 5.12 print it without the displacement"),
                     "0x%llx %c 0x%llx = 0x%llx", KD_LLU(effective), sign == '-' ? '+' : '-',
                     KD_LLU(distance), KD_LLU(oops->address.v));
    kd_say_text(out, "pointer_register", p->reg);
    kd_say_hex(out, "pointer", p->value);
    kd_pointer_say_origin(view, out, oops);
}

kd_status kd_check_list_poison(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (!oops)
        return KD_OK;
    bool known = kd_view_bad_value(view, oops, &p);
    bool exact = known && p.reg.len && !kd_str_is(oops->access.v, "execute");
    uint64_t poison = known ? kd_list_poison(view->context, p.value, exact) : 0;
    /* older kernels do not say the address of a general protection fault */
    bool guess = !known && !oops->code.instruction.src;
    uint32_t count =
        guess && kd_event_is(view->event, &kd_kind_general_protection) ? oops->registers.count : 0;
    for (uint32_t i = 0; !poison && i < count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        p = (kd_pointer){ .src = pair->src, .value = pair->v };
        poison = kd_list_poison(view->context, pair->v, false);
    }
    if (!poison)
        return KD_OK;
    kd_str user_of = oops->ip.function.src ? oops->ip.function.v : KD_STR("the kernel");
    kd_say_diag(out, KD_LIKELY,
                "The pointer 0x%llx is list poison: %.*s%s used an entry that was already removed "
                "from its list.",
                KD_LLU(p.value), KD_FMT(user_of), oops->ip.function.src ? "()" : "");
    kd_say_evidence(out, view->event, p.src, "0x%llx is what list_del() leaves behind",
                    KD_LLU(p.value));
    kd_pointer_say_fault(view, out, oops);
    kd_pointer_say_shadow(out, &p);
    if (p.reg.len && oops->address.src)
        kd_pointer_say(view, out, oops, &p);
    kd_say_remedy(
        out, "Find who removes the entry twice, or goes on with it: a missing lock, or a missing "
             "list_for_each_entry_safe().");
    return KD_OK;
}

void kd_pointer_say_shadow(kd_emit *out, const kd_pointer *p)
{
    if (!p->shadow)
        return;
    kd_say_proof(out,
                 KD_STR("KASAN looked at the shadow byte of the address, which tells it to eight "
                        "bytes"),
                 "(0x%llx - 0x%llx) << 3 = 0x%llx (mod 2^64)", KD_LLU(p->shadow),
                 KD_LLU(p->shadow_offset), KD_LLU(p->value));
    kd_say_hex(out, "shadowed_address", p->value);
}

/* -8, -16: where a member at such an offset was looked for in a container of NULL, too. */
static bool is_offset_too(uint64_t error, bool wide)
{
    return error % (wide ? 8 : 4) == 0;
}

static void say_error(const kd_view *view, kd_emit *out, const kdf_oops *oops, uint64_t error,
                      const kd_pointer *p)
{
    const char *name = kd_errno_name(view->context, error);
    bool wide = kd_is_64_bit(view->context, oops);
    bool sure = p && name && error > 1 && !is_offset_too(error, wide);
    if (error == 1) {
        kd_say_diag(
            out, KD_POSSIBLE,
            "%s 0x%llx has all bits set: the error number -1 (-EPERM) used as a pointer, "
            "memory that was filled with ones, or what a device that does not answer gives.",
            p ? "The pointer" : "The address", KD_LLU(p ? p->value : oops->address.v));
        return;
    }
    kd_say_diag(out, sure ? KD_LIKELY : KD_POSSIBLE, "%s 0x%llx is -%llu%s%s%s: %s.",
                p ? "The pointer" : "The address", KD_LLU(p ? p->value : oops->address.v),
                KD_LLU(error), name ? " (-" : "", name ? name : "", name ? ")" : "",
                sure ? "an error number used as a pointer, not checked with IS_ERR()"
                     : "an error number used as a pointer, or NULL minus the offset of a member");
    if (p)
        kd_say_more(out,
                    " With the offset of the member that was accessed it gives the address "
                    "0x%llx.",
                    KD_LLU(oops->address.v));
}

kd_status kd_check_err_ptr(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    (void)user;
    if (!oops || !oops->address.src || kd_str_is(oops->access.v, "execute"))
        return KD_OK;
    bool wide = kd_is_64_bit(view->context, oops);
    bool known = kd_pointer_of(oops, view->context, &p);
    uint64_t error = kd_pointer_error(known ? p.value : oops->address.v, wide);
    if (!error || (known && p.indexed) || oops->error_code.present.v)
        return KD_OK; /* a page that is there is an address, whatever number that is */
    say_error(view, out, oops, error, known ? &p : NULL);
    kd_pointer_say_fault(view, out, oops);
    if (known)
        kd_pointer_say(view, out, oops, &p);
    kd_say_i64(out, "value", -(int64_t)error);
    kd_say_remedy(out, "Check the pointer with IS_ERR() where the function returns it.");
    if (is_offset_too(error, wide))
        kd_say_assume(out, "it is no list entry or container of NULL whose member stands at that "
                           "offset");
    return KD_OK;
}

kd_status kd_check_use_after_free(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    kd_pointer p;
    bool freed = false;
    (void)user;
    if (!oops || !kd_view_bad_value(view, oops, &p))
        return KD_OK;
    bool wide = kd_is_64_bit(view->context, oops);
    uint8_t byte = kd_poison_byte(p.value, wide);
    const char *words = byte ? kd_poison_words(byte, &freed) : NULL;
    if (!freed || (oops->address.src && oops->address.v < 4096))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "The %s 0x%llx is made of 0x%x, %s: a pointer was read out of freed memory.",
                p.reg.len ? "pointer" : "address", KD_LLU(p.value), byte, words);
    kd_pointer_say_fault(view, out, oops);
    kd_pointer_say_shadow(out, &p);
    if (p.reg.len && oops->address.src)
        kd_pointer_say(view, out, oops, &p);
    kd_say_remedy(out, "A kernel with CONFIG_KASAN names who freed the object.");
    return KD_OK;
}

static bool is_permission(const kdf_oops *oops)
{
    return (oops->error_code.present.src && oops->error_code.present.v &&
            !(oops->error_code.reserved.src && oops->error_code.reserved.v)) ||
           kd_str_has(oops->esr.dfsc_name.v, "permission") ||
           kd_str_has(oops->fsr.name.v, "permission") ||
           (oops->dsisr.protection.src && oops->dsisr.protection.v) ||
           (oops->s390_pic.code.src && oops->s390_pic.code.v == 4) ||
           (oops->mips_cause.exc_code.src && oops->mips_cause.exc_code.v == 1) ||
           (oops->parisc_trap.value.src && oops->parisc_trap.value.v == 26) ||
           (oops->estat.ecode.src && oops->estat.ecode.v == 4) ||
           kd_str_has(oops->headline.v, "exec-protected");
}

/* Where user space may end at most, below all of the kernel's addresses. */
static uint64_t user_end(const kd_view *view)
{
    static const struct {
        const char *arch;
        uint64_t end;
    } rows[] = {
        { "x86_64", UINT64_C(0x800000000000) }, { "arm64", UINT64_C(1) << 52 },
        { "ppc64", UINT64_C(1) << 52 },         { "riscv64", UINT64_C(1) << 56 },
        { "loongarch64", UINT64_C(1) << 47 },   { "mips", UINT64_C(0x80000000) },
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_arch_is(view->context, rows[i].arch))
            return rows[i].end;
    if (!kd_arch_is(view->context, "i386") && !kd_arch_is(view->context, "arm"))
        return 0;
    const kd_read_area *lowmem = kd_context_area(view->context, "lowmem", 0);
    uint64_t end = lowmem ? lowmem->start : UINT64_C(0xc0000000);
    /* arm: modules and pkmap stand in the 16 MiB below */
    return kd_arch_is(view->context, "arm") ? end - (UINT64_C(16) << 20) : end;
}

/* The kernel says so itself, or the address lies in the half that user space has. */
static bool is_user_address(const kd_view *view, const kdf_oops *oops)
{
    if (!oops->address.src || oops->address.v < 4096)
        return false;
    return kd_str_has(oops->headline.v, "user memory") ||
           kd_str_has(oops->headline.v, "user page") || oops->address.v < user_end(view);
}

/* The page is there, and the CPU keeps the kernel out of it: SMAP, SMEP, PAN, domains, KUAP. */
static bool is_kept_out(const kdf_oops *oops)
{
    return is_permission(oops) || kd_str_has(oops->headline.v, "user memory") ||
           kd_str_has(oops->headline.v, "user page") || kd_str_has(oops->fsr.name.v, "domain");
}

/* powerpc from 5.2 on refuses each access of the kernel's to user space that is not a copy, before
 * it looks for a page. */
static bool is_refused(const kd_view *view)
{
    return kd_arch_is(view->context, "ppc64") && view->context->version >= V(5, 2) &&
           !view->event->diags;
}

/* riscv and loongarch tell a fetch apart, but not whether the page was there. */
static bool is_fetch_fault(const kdf_oops *oops)
{
    return (oops->scause.code.src && oops->scause.code.v == 12 && !oops->scause.interrupt.v) ||
           (oops->estat.ecode.src && oops->estat.ecode.v == 3);
}

/* s390 reports the page of the fault: the program status word stands in it. */
static bool is_s390_fetch(const kd_view *view, const kdf_oops *oops)
{
    return kd_arch_is(view->context, "s390") && oops->ip.address.src && oops->address.src &&
           !kd_str_is(oops->access.v, "write") && oops->ip.address.v >> 12 == oops->address.v >> 12;
}

/* The register that the call went through, where one holds the address still. */
static const kd_pair *jumped_through(const kdf_oops *oops)
{
    for (uint32_t i = 0; i < oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(oops->registers, kd_pair)[i];
        if (pair->v == oops->address.v && oops->address.src &&
            !kd_str_in_words(pair->name,
                             "cr2 pc rip eip nip epc sepc era badaddr badva badv dar psw"))
            return pair;
    }
    return NULL;
}

static void say_jump_to_data(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    char to[128];
    const kd_pair *through = jumped_through(oops);
    if (oops->address.src)
        kd_str_print(to, sizeof to, "0x%llx", KD_LLU(oops->address.v));
    else
        kd_str_print(to, sizeof to, "%.*s+0x%llx", KD_FMT(oops->ip.function.v),
                     KD_LLU(oops->ip.offset.v));
    kd_say_diag(
        out, KD_LIKELY, "The CPU jumped to %s, which %s: a function pointer points at data%s%.*s.",
        to, is_permission(oops) ? "is mapped but holds no code" : "holds no code",
        oops->blame.function.src ? "; it was called by " : "", KD_FMT(oops->blame.function.v));
    if (through)
        kd_say_evidence(out, view->event, through->src, "%.*s holds the address that was called",
                        KD_FMT(through->name));
    if (oops->address.src && oops->ip.function.src && oops->ip.offset.src)
        kd_say_more(out, "%.*s stands there, which is data and innocent.",
                    KD_FMT(oops->ip.function.v));
}

/* Where modules are loaded, and no page is there: code of one that left. */
static bool is_module_gone(const kd_view *view, const kdf_oops *oops)
{
    kd_address_map map;
    kd_view_map(view, oops, &map);
    return oops->address.src && !is_permission(oops) &&
           kd_address_at(&map, oops->address.v).class == KD_AT_MODULE;
}

kd_status kd_check_executes_data(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    bool symbol = oops && oops->ip.function.src && oops->error_code.present.v;
    bool fetch = oops && (kd_str_is(oops->access.v, "execute") || is_s390_fetch(view, oops));
    bool denied = oops && (is_permission(oops) || is_fetch_fault(oops) ||
                           (oops->ppc_trap.value.src && oops->ppc_trap.value.v == 0x400));
    if (!fetch || !denied || (!oops->address.src && !symbol) || is_module_gone(view, oops) ||
        (oops->address.src && oops->address.v < 4096) || is_user_address(view, oops))
        return KD_OK;
    say_jump_to_data(view, out, oops);
    if (oops->lr.function.src)
        kd_say_evidence(out, view->event, oops->lr.function.src, "the return address, in %.*s",
                        KD_FMT(oops->lr.function.v));
    kd_pointer_say_fault(view, out, oops);
    kd_say_remedy(
        out, "Look for the object that holds the function pointer: was it freed, or overwritten?");
    return KD_OK;
}

kd_status kd_check_writes_read_only(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    bool said = oops && kd_str_has(oops->headline.v, "write to read-only memory"); /* arm64 */
    if (!oops || !oops->address.src || oops->address.v < 4096 || is_user_address(view, oops) ||
        (!is_permission(oops) && !said))
        return KD_OK;
    bool parisc = oops->parisc_trap.value.src && !oops->access.src;
    if (!kd_str_is(oops->access.v, "write") && !parisc && !said)
        return KD_OK;
    kd_say_diag(out, parisc ? KD_POSSIBLE : KD_LIKELY,
                "%.*s wrote to 0x%llx, a page that is mapped but read-only: kernel text, constant "
                "data, or memory "
                "that was made read-only after start.",
                KD_FMT(oops->ip.function.src ? oops->ip.function.v : KD_STR("The kernel")),
                KD_LLU(kd_fault_at(oops)));
    kd_pointer_say_fault(view, out, oops);
    kd_say_remedy(
        out,
        "Find out which symbol holds the address: a const or __ro_after_init object must not be "
        "written to after start.");
    return KD_OK;
}

/* powerpc prints "at 0x%lx": where nothing else of the report has the address, it may have lost its
 * last digits. */
static bool may_be_cut(const kdf_oops *oops)
{
    kd_str text = oops->headline.v;
    const kd_pair *dar = kd_map_find(&oops->registers, "dar");
    const char *at = kd_str_find_last(text, " 0x");
    if (!at || oops->address.src != oops->headline.src || (dar && dar->v == oops->address.v))
        return false;
    kd_scan in = kd_scan_of(kd_str_from(text, (size_t)(at + 3 - text.ptr)));
    size_t digits = kd_scan_left(&in);
    uint64_t value;
    return kd_scan_hex(&in, &value) && kd_scan_at_end(&in) && digits < 16;
}

kd_status kd_check_user_pointer(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    kd_pointer p;
    if (!oops || !is_user_address(view, oops) || (!is_kept_out(oops) && !is_refused(view)))
        return KD_OK;
    bool known = oops->access.src;
    kd_say_diag(out, may_be_cut(oops) ? KD_POSSIBLE : KD_LIKELY,
                "The kernel used the user-space address 0x%llx directly%s%.*s%s.",
                KD_LLU(oops->address.v), known ? " (" : "", KD_FMT(oops->access.v),
                known ? ")" : "");
    kd_pointer_say_fault(view, out, oops);
    if (kd_pointer_of(oops, view->context, &p))
        kd_pointer_say(view, out, oops, &p);
    kd_say_remedy(
        out,
        "Use copy_from_user() and copy_to_user(); where no user pointer is meant, the pointer was "
        "overwritten.");
    return KD_OK;
}

bool kd_is_non_canonical(const kdf_oops *oops, const kd_pointer *p, uint64_t *value)
{
    *value = p->shadow           ? p->value
             : oops->address.src ? oops->address.v
                                 : p->value + (uint64_t)p->displacement;
    return *value >> 47 != 0 && *value >> 47 != 0x1ffff;
}

/* What the kernel puts where a pointer would stand, or a constant that only looks like damage. */
static void say_mark(const kd_view *view, kd_emit *out, uint64_t value)
{
    const char *words;
    kd_magic magic = kd_magic_of(view->context, value, true, &words);
    if (!magic)
        return;
    kd_say_more(out, " It is %s%s.", words,
                magic == KD_MAGIC_CONSTANT ? ": a number that code computes with, no poison" : "");
    kd_say_text(out, magic == KD_MAGIC_MARK ? "mark" : "constant", kd_str_of(words));
}

/* Of machines that tell it as any other page fault. */
static void say_between(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_pointer p;
    kd_address_map map;
    kd_view_map(view, oops, &map);
    kd_address at = kd_address_at(&map, oops->address.v);
    if (!oops->address.src || at.class != KD_AT_NON_CANONICAL || at.assumed ||
        kd_arch_is(view->context, "x86_64") || view->event->diags)
        return;
    kd_say_diag(out, KD_LIKELY,
                "The address 0x%llx is no address at all: its upper bits differ, it is neither of "
                "user space nor of the kernel. The pointer holds something else, or was "
                "overwritten.",
                KD_LLU(oops->address.v));
    bool known = kd_pointer_of(oops, view->context, &p);
    say_mark(view, out, known ? p.value : oops->address.v);
    if (known)
        kd_pointer_say(view, out, oops, &p);
    kd_pointer_say_fault(view, out, oops);
    kd_say_remedy(out, "CONFIG_KASAN or slub_debug=FZPU catches who wrote over the pointer.");
}

kd_status kd_check_non_canonical(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    kd_pointer p;
    uint64_t value;
    if (oops && kd_event_is(view->event, &kd_kind_paging_fault)) {
        say_between(view, out, oops);
        return KD_OK;
    }
    if (!oops || view->event->diags || !kd_view_bad_value(view, oops, &p) ||
        !kd_is_non_canonical(oops, &p, &value))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "The address 0x%llx is no address at all for x86-64 (its upper bits differ): the "
                "pointer holds "
                "something else, or was overwritten.",
                KD_LLU(value));
    say_mark(view, out, p.value);
    bool freed;
    uint8_t byte = kd_poison_byte(p.value, true);
    if (byte)
        kd_say_more(out, " It is made of 0x%x, %s.", byte, kd_poison_words(byte, &freed));
    if (p.reg.len && oops->address.src)
        kd_pointer_say(view, out, oops, &p);
    kd_pointer_say_fault(view, out, oops);
    kd_pointer_say_shadow(out, &p);
    kd_say_remedy(out, "CONFIG_KASAN or slub_debug=FZPU catches who wrote over the pointer.");
    return KD_OK;
}

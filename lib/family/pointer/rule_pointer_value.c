/* rule_pointer_value.c - bad pointers whose value, or how it was used, tells what they are. */
#include "core/diag.h"
#include "family/fields.h"
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
const char kd_doc_non_canonical[] = "x86-64 refuses an address whose upper bits are not all alike: "
                                    "the pointer holds something else, or was "
                                    "overwritten.";

static void say_common(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_say_evidence(out, view->event, oops->address.src, "the address 0x%llx",
                    KD_LLU(oops->address.v));
    if (oops->ip.function.src)
        kd_say_evidence(out, view->event, oops->ip.function.src, "where it happened");
    if (oops->address.src)
        kd_say_hex(out, "address", oops->address.v);
    if (oops->blame.function.src)
        kd_say_remedy(out, "Look at %.*s() first.", KD_FMT(oops->blame.function.v));
    if (oops->blame.module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, oops->blame.module.v,
                       "its code is the first to look at");
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
}

static bool is_poison(uint64_t value)
{
    return value >= UINT64_C(0xdead000000000000) && value < UINT64_C(0xdead000000001000);
}

kd_status kd_check_list_poison(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops)
        return KD_OK;
    uint64_t value = oops->address.v;
    kd_src src = oops->address.src;
    /* older kernels do not say the address of a general protection fault */
    uint32_t count =
        kd_event_is(view->event, &kd_kind_general_protection) ? oops->registers.count : 0;
    for (uint32_t i = 0; !(src && is_poison(value)) && i < count; i++) {
        value = KD_ITEMS(oops->registers, kd_pair)[i].v;
        src = KD_ITEMS(oops->registers, kd_pair)[i].src;
    }
    if (!src || !is_poison(value))
        return KD_OK;
    kd_str user_of = oops->ip.function.src ? oops->ip.function.v : KD_STR("the kernel");
    kd_say_diag(out, KD_LIKELY,
                "The pointer 0x%llx is list poison: %.*s%s used an entry that was already removed "
                "from its list.",
                KD_LLU(value), KD_FMT(user_of), oops->ip.function.src ? "()" : "");
    kd_say_evidence(out, view->event, src, "0x%llx is what list_del() leaves behind",
                    KD_LLU(value));
    say_common(view, out, oops);
    kd_say_remedy(
        out, "Find who removes the entry twice, or goes on with it: a missing lock, or a missing "
             "list_for_each_entry_safe().");
    return KD_OK;
}

kd_status kd_check_err_ptr(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || !oops->address.src)
        return KD_OK;
    bool narrow = oops->address.v <= UINT32_MAX;
    uint64_t low = narrow ? UINT64_C(0xfffff001) : UINT64_C(0xfffffffffffff001);
    if (oops->address.v < low ||
        (narrow && (kd_arch_is(view->context, "x86_64") || kd_arch_is(view->context, "arm64"))))
        return KD_OK;
    uint64_t error = (narrow ? UINT64_C(0x100000000) : 0) - oops->address.v;
    kd_say_diag(out, KD_POSSIBLE,
                "The address 0x%llx is -%llu: an error number used as a pointer, or NULL minus the "
                "offset of a "
                "member.",
                KD_LLU(oops->address.v), KD_LLU(error));
    say_common(view, out, oops);
    kd_say_i64(out, "value", -(int64_t)error);
    kd_say_remedy(out, "Check the pointer with IS_ERR() where the function returns it.");
    return KD_OK;
}

kd_status kd_check_use_after_free(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || !oops->address.src)
        return KD_OK;
    uint64_t high =
        oops->address.v > UINT32_MAX ? oops->address.v >> 16 & 0xffffffff : oops->address.v >> 16;
    if (high != 0x6b6b6b6b && !(oops->address.v <= UINT32_MAX && high == 0x6b6b))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "The address 0x%llx is made of 0x6b, which the slab allocator writes into freed "
                "objects: a pointer "
                "was read out of freed memory.",
                KD_LLU(oops->address.v));
    say_common(view, out, oops);
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

static bool is_user_address(const kd_view *view, const kdf_oops *oops)
{
    if (!oops->address.src || oops->address.v < 4096)
        return false;
    return kd_str_has(oops->headline.v, "user memory") ||
           (kd_arch_is(view->context, "x86_64") && oops->address.v < UINT64_C(0x800000000000));
}

kd_status kd_check_executes_data(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    bool fetch = oops && kd_str_is(oops->access.v, "execute");
    bool denied = oops && (is_permission(oops) ||
                           (oops->ppc_trap.value.src && oops->ppc_trap.value.v == 0x400));
    if (!fetch || !denied || !oops->address.src || oops->address.v < 4096 ||
        is_user_address(view, oops))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "The CPU jumped to 0x%llx, which is mapped but holds no code: a function pointer "
                "points at data%s%.*s.",
                KD_LLU(oops->address.v), oops->blame.function.src ? "; it was called by " : "",
                KD_FMT(oops->blame.function.v));
    if (oops->lr.function.src)
        kd_say_evidence(out, view->event, oops->lr.function.src, "the return address, in %.*s",
                        KD_FMT(oops->lr.function.v));
    say_common(view, out, oops);
    kd_say_remedy(
        out, "Look for the object that holds the function pointer: was it freed, or overwritten?");
    return KD_OK;
}

kd_status kd_check_writes_read_only(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || !oops->address.src || oops->address.v < 4096 || is_user_address(view, oops) ||
        !is_permission(oops))
        return KD_OK;
    bool parisc = oops->parisc_trap.value.src && !oops->access.src;
    if (!kd_str_is(oops->access.v, "write") && !parisc)
        return KD_OK;
    kd_say_diag(out, parisc ? KD_POSSIBLE : KD_LIKELY,
                "%.*s wrote to 0x%llx, a page that is mapped but read-only: kernel text, constant "
                "data, or memory "
                "that was made read-only after start.",
                KD_FMT(oops->ip.function.src ? oops->ip.function.v : KD_STR("The kernel")),
                KD_LLU(oops->address.v));
    say_common(view, out, oops);
    kd_say_remedy(
        out,
        "Find out which symbol holds the address: a const or __ro_after_init object must not be "
        "written to after start.");
    return KD_OK;
}

kd_status kd_check_user_pointer(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || !is_user_address(view, oops) ||
        (kd_arch_is(view->context, "x86_64") && !is_permission(oops)))
        return KD_OK;
    bool known = oops->access.src;
    kd_say_diag(out, KD_LIKELY, "The kernel used the user-space address 0x%llx directly%s%.*s%s.",
                KD_LLU(oops->address.v), known ? " (" : "", KD_FMT(oops->access.v),
                known ? ")" : "");
    say_common(view, out, oops);
    kd_say_remedy(
        out,
        "Use copy_from_user() and copy_to_user(); where no user pointer is meant, the pointer was "
        "overwritten.");
    return KD_OK;
}

static bool has_flag(const kdf_die *die, const char *flag)
{
    for (uint32_t i = 0; i < die->flags.count; i++)
        if (kd_str_is(KD_ITEMS(die->flags, kd_text)[i].v, flag))
            return true;
    return false;
}

kd_status kd_check_non_canonical(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || !oops->address.src || is_poison(oops->address.v))
        return KD_OK;
    uint64_t high = oops->address.v >> 47;
    if (high == 0 || high == 0x1ffff)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "The address 0x%llx is no address at all for x86-64 (its upper bits differ): the "
                "pointer holds "
                "something else, or was overwritten.",
                KD_LLU(oops->address.v));
    say_common(view, out, oops);
    if (has_flag(&oops->die, "KASAN") || oops->address.v >> 44 == 0xdffff)
        kd_say_assume(
            out,
            "with KASAN the address is that of the shadow byte; the KASAN line names the real one");
    return KD_OK;
}

/* rule_wrong_free.c - kfree() of what is no slab object, and the same object freed twice. */
#include "family/fields.h"
#include "family/free/rule_free.h"
#include "family/shared/parse_shared.h"

const char kd_doc_not_slab[] =
    "kfree() was handed an address that the slab allocator did not give out: a page, a struct page "
    "pointer, an address of the vmalloc range. The allocator's own check says so, or the address "
    "is computed back from the registers of the fault.";
const char kd_doc_double_kfree[] =
    "SLUB's check of its free list stopped: the object that is freed is the head of the list of "
    "free objects already.";

/* Of mm/slub.c, the functions that keep the free list stand in its first thousand lines (2.6.32 to
 * 7.2), kfree() behind its two thousandth. */
#define LAST_OF_FREELIST 1000u

static bool is_kfree(kd_str function)
{
    return kd_str_in_words(kd_bare_name(function), "kfree free_large_kmalloc free_nonslab_page "
                                                   "do_kfree kfree_large cache_free");
}

/* kernel BUG or WARNING in kfree(): neither slab nor a large allocation. */
static const kdf_oops *refused(const kd_view *view)
{
    const kdf_warning *warning = KD_BODY(view->event, warning);
    const kdf_oops *oops = warning ? &warning->oops : KD_BODY(view->event, oops);
    if (!oops || !is_kfree(oops->ip.function.v))
        return NULL;
    bool bug = kd_event_is(view->event, &kd_kind_kernel_bug) &&
               (kd_str_ends(oops->file.v, "mm/slub.c") || kd_str_ends(oops->file.v, "mm/slab.c")) &&
               oops->line_number.src && oops->line_number.v > LAST_OF_FREELIST;
    return warning || bug ? oops : NULL;
}

static void say_caller(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_say_evidence(out, view->event, oops->headline.src, "what the kernel said");
    if (oops->ip.function.src)
        kd_say_evidence(out, view->event, oops->ip.function.src, "where it noticed");
    if (oops->blame.function.src)
        kd_say_remedy(out,
                      "Look at %.*s()%s%.*s%s first: where does the pointer that it frees "
                      "come from?",
                      KD_FMT(oops->blame.function.v), oops->blame.module.src ? " [" : "",
                      KD_FMT(oops->blame.module.v), oops->blame.module.src ? "]" : "");
    if (oops->blame.module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, oops->blame.module.v, "it freed the pointer");
}

static void say_refused(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    kd_say_diag(
        out, KD_LIKELY,
        "%.*s%s called kfree() with a pointer that is no slab object and no large kmalloc() "
        "allocation: most often a page of alloc_pages(), or an address that was freed "
        "before.",
        KD_FMT(oops->blame.function.src ? oops->blame.function.v : KD_STR("Something")),
        oops->blame.function.src ? "()" : "");
    say_caller(view, out, oops);
    kd_say_impact(out, kd_event_is(view->event, &kd_kind_kernel_bug) ? KD_IMPACT_TASK_KILLED
                                                                     : KD_IMPACT_DEGRADED);
    kd_say_remedy(out, "Free it as it was made: free_pages() or __free_pages() for pages, vfree() "
                       "for vmalloc(), kvfree() for kvmalloc().");
}

static const char *class_words(kd_free_class class)
{
    switch (class) {
    case KD_FREE_STRUCT_PAGE: return "a struct page pointer";
    case KD_FREE_USER: return "a user-space address";
    case KD_FREE_VMALLOC: return "an address of the vmalloc range or of a module";
    case KD_FREE_IMAGE: return "an address of the kernel's image or of a module";
    default: return NULL;
    }
}

/* The fault is in kfree() itself: what it was given leads to no slab. */
static void say_faulted(const kd_view *view, kd_emit *out, const kdf_oops *oops,
                        const kd_free_case *c)
{
    const char *words = class_words(c->class);
    if (words)
        kd_say_diag(out, c->proved ? KD_CERTAIN : KD_LIKELY,
                    "kfree() was given %s, 0x%llx: it is no slab object.", words,
                    KD_LLU(c->argument));
    else if (kd_str_starts(oops->code.origin.how.v, "loaded"))
        kd_say_diag(out, KD_POSSIBLE,
                    "kfree() faulted at 0x%llx on a pointer that it read from memory: what it was "
                    "given is no slab object, or the allocator's own data was overwritten.",
                    KD_LLU(oops->address.v));
    else
        kd_say_diag(out, kd_str_is(oops->code.origin.how.v, "written") ? KD_LIKELY : KD_POSSIBLE,
                    "kfree() faulted at 0x%llx while it looked for the slab of the object: what it "
                    "was given is no slab object.",
                    KD_LLU(oops->address.v));
    if (words)
        kd_free_say_case(view, out, c);
    else if (oops->code.origin.slot.src)
        kd_say_hex(out, "pointer_slot", oops->code.origin.slot.v);
    say_caller(view, out, oops);
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    kd_say_remedy(out, "Free it as it was made: __free_pages() for pages, vfree() for vmalloc(), "
                       "nothing for what was never allocated.");
    if (!words)
        kd_say_assume(out, "the slab's own data was not overwritten");
}

kd_status kd_check_not_slab(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = refused(view);
    kd_free_case c;
    (void)user;
    if (oops) {
        say_refused(view, out, oops);
        return KD_OK;
    }
    oops = KD_BODY(view->event, oops);
    if (!oops || view->event->diags || !kd_event_is(view->event, &kd_kind_paging_fault))
        return KD_OK;
    kd_free_case_of(oops, view->context, &c);
    if (c.kfree && oops->address.src && !kd_str_is(oops->access.v, "execute"))
        say_faulted(view, out, oops, &c);
    return KD_OK;
}

kd_status kd_check_double_kfree(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oops *oops = KD_BODY(view->event, oops);
    (void)user;
    if (!oops || !kd_str_ends(oops->file.v, "mm/slub.c") || !oops->line_number.src ||
        oops->line_number.v > LAST_OF_FREELIST)
        return KD_OK;
    kd_say_diag(
        out, KD_LIKELY,
        "SLUB stopped at mm/slub.c:%llu, in its free list: the object that was freed is the "
        "first free object already. %.*s%s freed it a second time.",
        KD_LLU(oops->line_number.v),
        KD_FMT(oops->blame.function.src ? oops->blame.function.v : KD_STR("Somebody")),
        oops->blame.function.src ? "()" : "");
    say_caller(view, out, oops);
    kd_say_impact(out, KD_IMPACT_TASK_KILLED);
    kd_say_remedy(out, "Boot with slub_debug=FZU: it names who freed the object first.");
    kd_say_assume(out, "the check that failed is BUG_ON(object == fp), the only one that "
                       "distributions build into that part of mm/slub.c");
    return KD_OK;
}

/* rule_vmalloc_pages.c - vmalloc() found the addresses but not the pages, or was asked for a size
 * that cannot be. */
#include "family/fields.h"
#include "family/vmalloc/rule_vmalloc.h"

const char kd_doc_vmalloc_pages[] =
    "The addresses were found, but the pages to put behind them ran out (or the memory for page "
    "tables or for the array of page pointers). A request that is charged to a memory cgroup may "
    "also have met the group's limit.";
const char kd_doc_vmalloc_too_large[] =
    "The request is larger than all memory of the machine: the size itself is wrong, or user space "
    "asked for it. Certain when the kernel says so (5.13 and later) or when the dump names less "
    "RAM.";
const char kd_doc_vmalloc_zero[] =
    "vmalloc() was asked for 0 bytes, which it refuses; up to 5.12 it says so with the text of an "
    "allocation failure. Memory and addresses have nothing to do with it.";

/* ---- pages ----------------------------------------------------------------------------------- */

/* How far it came: of how many bytes how many were had. */
static void say_progress(kd_emit *out, const kdf_vmalloc *failure, uint64_t page)
{
    uint64_t had = failure->allocated_bytes.v, wanted = failure->requested_bytes.v;
    if (failure->allocated_bytes.src && failure->requested_bytes.src && had < wanted) {
        kd_say_more(out, "after %llu bytes.", KD_LLU(had));
        kd_say_proof(out, KD_STR("pages ran out before the request was filled"), "%llu < %llu",
                     KD_LLU(had), KD_LLU(wanted));
        kd_say_u64(out, "pages_had", had / page);
    } else if (failure->allocated_bytes.src && !failure->requested_bytes.src) {
        kd_say_more(out,
                    "after %llu bytes; how many were wanted, this message does not say (its "
                    "size is that of the pages which were had).",
                    KD_LLU(had));
        kd_say_u64(out, "pages_had", had / page);
    } else if (failure->page_array_bytes.src) {
        kd_say_more(out,
                    "before the first of them: even the array of %llu bytes for their "
                    "pointers was not to be had.",
                    KD_LLU(failure->page_array_bytes.v));
        kd_say_proof(out, KD_STR("the array has a pointer for each page"),
                     "%llu / %llu = %llu pages, array = %llu bytes", KD_LLU(wanted), KD_LLU(page),
                     KD_LLU(wanted / page), KD_LLU(failure->page_array_bytes.v));
    } else {
        kd_say_more(out, "before all of them were filled.");
    }
}

/* Memory was free, and yet pages were refused: what else refuses them? */
static void say_other_limits(kd_emit *out, const kdf_vmalloc *failure)
{
    bool account = false;
    for (uint32_t i = 0; i < failure->gfp.flags.count; i++)
        account |= kd_str_is(KD_ITEMS(failure->gfp.flags, kd_text)[i].v, "__GFP_ACCOUNT");
    if (account)
        kd_say_assume(out, "the machine ran short, not a memory cgroup (the mask has "
                           "__GFP_ACCOUNT: a group at its limit gives the same message)");
}

/* "allocated N of M bytes": M counts the guard page, so N may be all that was wanted. */
static bool page_tables_failed(const kdf_vmalloc *failure, uint64_t page)
{
    return kd_str_is(failure->reason.v, "map") ||
           (failure->allocated_bytes.src && failure->requested_bytes.src &&
            failure->allocated_bytes.v >= page &&
            failure->allocated_bytes.v + page >= failure->requested_bytes.v);
}

static bool ran_out(const kdf_vmalloc *failure)
{
    return failure &&
           (kd_str_is(failure->reason.v, "no-pages") ||
            kd_str_is(failure->reason.v, "page-array") || kd_str_is(failure->reason.v, "map"));
}

/* How much of the machine the request is. */
static void say_share(const kd_view *view, kd_emit *out, const kdf_vmalloc *failure)
{
    kd_src src;
    uint64_t ram = kd_ram_bytes(&failure->meminfo, view->context, &src);
    uint64_t bytes = failure->requested_bytes.v;
    if (ram < 100 || !failure->requested_bytes.src || bytes > ram || bytes / (ram / 100) < 10)
        return;
    kd_say_more(out, "That is %llu %% of all RAM.", KD_LLU(bytes / (ram / 100)));
    kd_say_evidence(out, view->event, src, "all pages of the machine");
    kd_say_u64(out, "ram_bytes", ram);
}

static void say_shortage(kd_emit *out, const kdf_vmalloc *failure, uint64_t page)
{
    bool counted = failure->allocated_bytes.src && failure->requested_bytes.src &&
                   failure->allocated_bytes.v < failure->requested_bytes.v;
    bool pages = !page_tables_failed(failure, page);
    kd_str who = kd_who_wanted(failure);
    const char *what =
        pages ? "the pages ran out" : "the memory for page tables ran out: all pages were there.";
    if (failure->requested_bytes.src)
        kd_say_diag(out, counted ? KD_CERTAIN : KD_LIKELY,
                    "%.*s asked vmalloc() for %llu bytes. "
                    "The addresses were found, but %s",
                    KD_FMT(who), KD_LLU(failure->requested_bytes.v), what);
    else
        kd_say_diag(out, KD_LIKELY,
                    "%.*s asked vmalloc() for memory. The addresses were found, "
                    "but %s",
                    KD_FMT(who), what);
    if (pages)
        say_progress(out, failure, page);
    if (failure->page_order.v > 0)
        kd_say_more(out,
                    "This was the try with huge pages (order %llu); the kernel tries single "
                    "pages next, so it need not be final.",
                    KD_LLU(failure->page_order.v));
}

kd_status kd_check_vmalloc_pages(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_vmalloc *failure = KD_BODY(view->event, vmalloc);
    kd_vmalloc_caller caller;
    (void)user;
    if (!ran_out(failure))
        return KD_OK;
    kd_vmalloc_caller_of(&failure->backtrace, &caller);
    say_shortage(out, failure, kd_context_page_size(view->context));
    kd_emit_role(out, KD_PRIMARY);
    if (failure->page_order.v > 0)
        kd_say_severity(out, KD_WARNING);
    kd_say_purpose(out, view, &caller);
    kd_say_evidence(out, view->event, failure->text.src, "the kernel's own reason");
    if (failure->requested_bytes.src)
        kd_say_u64(out, "requested_bytes", failure->requested_bytes.v);
    if (failure->allocated_bytes.src)
        kd_say_u64(out, "allocated_bytes", failure->allocated_bytes.v);
    if (caller.frame)
        kd_say_evidence(out, view->event, caller.frame->function.src, "%s", caller.what);
    say_share(view, out, failure);
    say_other_limits(out, failure);
    kd_say_remedy(out, "Look at the memory dump and the leak findings: this is a shortage of RAM "
                       "(or a limit), not of addresses.");
    if (caller.purpose == KD_VMALLOC_USER)
        kd_say_remedy(out, "The size is what a process asked for: look at what it configures "
                           "before looking at the kernel.");
    else
        kd_say_remedy(out, "Is the size right? A size that comes from user space or from a device "
                           "must be checked before it is allocated.");
    return KD_OK;
}

/* ---- sizes that cannot be -------------------------------------------------------------------- */

static void say_ram(const kd_view *view, kd_emit *out, const kdf_vmalloc *failure)
{
    kd_src src;
    uint64_t ram = kd_ram_bytes(&failure->meminfo, view->context, &src);
    uint64_t page = kd_context_page_size(view->context);
    if (ram == 0 || failure->requested_bytes.v <= kd_total_bytes(&failure->meminfo, view->context))
        return;
    kd_say_u64(out, "ram_bytes", ram);
    if (failure->requested_bytes.v <= ram) {
        kd_say_evidence(out, view->event, src, "all pages of the machine");
        kd_say_evidence(out, view->event, failure->meminfo.reserved_pages.src,
                        "pages that the kernel does not hand out");
        kd_say_proof(out, KD_STR("the request is larger than what is handed out (totalram_pages)"),
                     "%llu > (%llu - %llu) * %llu", KD_LLU(failure->requested_bytes.v),
                     KD_LLU(failure->meminfo.ram_pages.v),
                     KD_LLU(failure->meminfo.reserved_pages.v), KD_LLU(page));
        return;
    }
    if (!src) {
        kd_say_proof(out, KD_STR("the request is larger than the RAM that the boot log names"),
                     "%llu > %llu", KD_LLU(failure->requested_bytes.v), KD_LLU(ram));
        return;
    }
    kd_say_evidence(out, view->event, src, "all pages of the machine");
    kd_say_proof(out, KD_STR("the request is larger than the RAM"),
                 "%llu > %llu pages * "
                 "%llu = %llu",
                 KD_LLU(failure->requested_bytes.v), KD_LLU(failure->meminfo.ram_pages.v),
                 KD_LLU(page), KD_LLU(ram));
}

static void say_size_remedies(kd_emit *out, const kd_vmalloc_caller *caller)
{
    if (caller->purpose == KD_VMALLOC_USER)
        kd_say_remedy(out,
                      "The size is user-requested: look at the process that asked, or limit "
                      "who may ask (capabilities, user namespaces). The kernel refused it cleanly; "
                      "__GFP_NOWARN in that caller would silence the report.");
    kd_say_remedy(out, "Check the size in the caller: an unchecked length from user space or a "
                       "negative number that became unsigned looks like this.");
}

kd_status kd_check_vmalloc_too_large(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_vmalloc *failure = KD_BODY(view->event, vmalloc);
    kd_src src;
    int64_t negative;
    (void)user;
    if (!failure)
        return KD_OK;
    bool said = kd_str_is(failure->reason.v, "too-large");
    const kd_space_case *s = said ? NULL : kd_space_case_of(view);
    bool guess = s && kd_space_is_too_large(view, s);
    if (!said && !guess)
        return KD_OK;
    kd_vmalloc_caller caller;
    kd_vmalloc_caller_of(&failure->backtrace, &caller);
    uint64_t bytes = failure->requested_bytes.v;
    uint64_t ram = kd_ram_bytes(&failure->meminfo, view->context, &src);
    bool by_kernel = kd_str_has(failure->text.v, "exceeds total pages");
    kd_str who = kd_who_wanted(failure);
    kd_say_diag(out, by_kernel || (ram && bytes > ram) ? KD_CERTAIN : KD_LIKELY,
                "%.*s asked vmalloc() for %llu bytes: more than all pages of the machine.%s",
                KD_FMT(who), KD_LLU(bytes),
                caller.purpose == KD_VMALLOC_USER ? "" : " Such a size is a bug of the caller.");
    kd_emit_role(out, KD_PRIMARY);
    kd_say_purpose(out, view, &caller);
    if (caller.purpose == KD_VMALLOC_USER) {
        kd_say_severity(out, KD_WARNING); /* refused as it should be */
        kd_say_more(out, "The size is user-requested.");
    }
    kd_say_evidence(out, view->event, failure->text.src, "the kernel's own reason");
    if (by_kernel)
        kd_say_proof(out, KD_STR("the message is printed only for more pages than the machine has"),
                     "%llu / %u > totalram_pages", KD_LLU(bytes),
                     kd_context_page_size(view->context));
    if (caller.frame)
        kd_say_evidence(out, view->event, caller.frame->function.src, "%s", caller.what);
    if (kd_vmalloc_negative(bytes, &negative)) {
        kd_say_proof(out,
                     KD_STR("as a signed number the size is negative: an error code or an "
                            "underflow was used as a size"),
                     "%llu - 2^%d = %lld", KD_LLU(bytes), bytes > UINT32_MAX ? 64 : 32,
                     KD_LLD(negative));
        kd_say_i64(out, "size_as_signed", negative);
    }
    say_ram(view, out, failure);
    kd_say_u64(out, "requested_bytes", bytes);
    if (guess)
        kd_say_assume(out,
                      "the machine has less than %llu MiB of RAM (the log does not tell; with "
                      "more, a hole of that size was missing in the vmalloc range)",
                      KD_LLU(bytes >> 20));
    say_size_remedies(out, &caller);
    return KD_OK;
}

kd_status kd_check_vmalloc_zero(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_vmalloc *failure = KD_BODY(view->event, vmalloc);
    kd_vmalloc_caller caller;
    (void)user;
    if (!failure || !kd_str_is(failure->reason.v, "zero-size"))
        return KD_OK;
    kd_str who = kd_who_wanted(failure);
    kd_vmalloc_caller_of(&failure->backtrace, &caller);
    kd_say_diag(out, KD_CERTAIN,
                "%.*s asked vmalloc() for 0 bytes. vmalloc() refuses that, and "
                "this kernel says so as if memory were missing: nothing was short.",
                KD_FMT(who));
    kd_emit_role(out, KD_PRIMARY);
    kd_say_purpose(out, view, &caller);
    kd_say_evidence(out, view->event, failure->text.src, "a size of 0");
    kd_say_proof(out, KD_STR("a size of 0 fails before memory or addresses are looked for"),
                 "size %llu = 0", KD_LLU(failure->requested_bytes.v));
    kd_say_u64(out, "requested_bytes", 0);
    kd_say_remedy(out, "Make the caller handle an empty request itself. The caller gets NULL: it "
                       "must not take that for a shortage, nor use it.");
    return KD_OK;
}

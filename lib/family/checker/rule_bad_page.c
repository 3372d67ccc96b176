/* rule_bad_page.c - a page in a wrong state, where the report tells how it came to be freed
 * wrongly. */
#include "core/diag.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

const char kd_doc_page_twice[] =
    "A page is to be handed out, or is freed, and its reference count is negative: a reference was "
    "dropped that nobody held. Most often the pages were freed twice.";
const char kd_doc_page_vmalloc[] =
    "free_pages() met a descriptor that belongs to no page of this machine's RAM. On 32-bit "
    "machines an address of the vmalloc range gives one such, without a fault.";
const char kd_doc_page_struct[] =
    "free_pages() met a page that the kernel keeps for itself (reserved): on 32-bit machines a "
    "struct page pointer, taken for an address, lies in the pages that hold the array of struct "
    "page.";

/* Fewer references than that are a damaged counter, no second free. */
#define FEWEST_REFERENCES (-8)

static const kdf_check *bad_state(const kd_view *view)
{
    const kdf_check *check = KD_BODY(view->event, check);
    return check && kd_str_is(check->what.v, "Bad page state") ? check : NULL;
}

static void say_end(const kd_view *view, kd_emit *out, const kdf_check *check)
{
    const kdf_blame *blame = &check->oops.blame;
    kd_say_evidence(out, view->event, check->oops.headline.src, "the page frame");
    if (check->message.src)
        kd_say_evidence(out, view->event, check->message.src, "what was wrong with it");
    if (check->pfn.src)
        kd_say_hex(out, "pfn", check->pfn.v);
    if (blame->function.src)
        kd_say_remedy(out, "Look at %.*s()%s%.*s%s first.", KD_FMT(blame->function.v),
                      blame->module.src ? " [" : "", KD_FMT(blame->module.v),
                      blame->module.src ? "]" : "");
    if (blame->module.src)
        kd_say_suspect(out, KD_SUSPECT_DRIVER, blame->module.v, "it stands in the trace");
    kd_say_impact(out, KD_IMPACT_DEGRADED);
}

/* Was it found by whom frees the page, who so is the one that frees it wrongly? */
static bool is_freeing(const kdf_check *check)
{
    const kd_list *trace = &check->oops.backtrace;
    for (uint32_t i = 0; i < trace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*trace, kdf_frame)[i];
        kd_str name = kd_bare_name(frame->function.v);
        if (frame->reliable.src && !frame->reliable.v)
            continue;
        if (kd_str_starts(name, "free_pages") || kd_str_starts(name, "free_unref_page") ||
            kd_str_starts(name, "free_the_page") || kd_str_starts(name, "free_pcp_prepare") ||
            kd_str_starts(name, "free_frozen_pages"))
            return true;
    }
    return false;
}

/* A caller that frees pages by their address, not a teardown of user memory or of the page cache.
 */
static bool is_freed_by_address(const kdf_check *check)
{
    static const char *const others[] = { "unmap",    "exit_mmap", "truncate", "release_pages",
                                          "put_page", "folio",     "vfree",    "reclaim" };
    const kd_list *trace = &check->oops.backtrace;
    for (uint32_t i = 0; i < trace->count; i++)
        for (size_t k = 0; k < KD_COUNT(others); k++)
            if (kd_str_has(KD_ITEMS(*trace, kdf_frame)[i].function.v, others[k]))
                return false;
    return is_freeing(check);
}

kd_status kd_check_page_twice(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_check *check = bad_state(view);
    (void)user;
    if (!check || !check->refcount.src || check->refcount.v >= 0 ||
        check->refcount.v < FEWEST_REFERENCES || check->page_zeroed.v)
        return KD_OK;
    bool freeing = is_freeing(check);
    kd_say_diag(out, KD_LIKELY,
                "The reference count of a page is %lld: a reference was dropped that nobody held. "
                "Most often its pages were freed twice.",
                KD_LLD(check->refcount.v));
    kd_say_more(out, freeing ? " Who frees it now is in the trace."
                             : " It was noticed when the pages were to be handed out again: the "
                               "second free came before.");
    say_end(view, out, check);
    kd_say_evidence(out, view->event, check->refcount.src, "refcount %lld",
                    KD_LLD(check->refcount.v));
    kd_say_proof(out, KD_STR("a free page has no references"), "%lld < 0",
                 KD_LLD(check->refcount.v));
    kd_say_remedy(out, "Boot with page_owner=on and debug_pagealloc=on: the next report names who "
                       "freed the page before.");
    kd_say_assume(out, "the counter was not overwritten");
    return KD_OK;
}

/* The ends of RAM by the zones of the boot log. */
static bool is_ram(const kd_view *view, uint64_t address, bool *known)
{
    const kd_read_area *zone;
    *known = false;
    for (size_t i = 0; (zone = kd_context_area(view->context, "RAM", i)); i++) {
        *known = true;
        if (address >= zone->start && address < zone->end)
            return true;
    }
    return false;
}

static bool is_32_bit(const kd_view *view)
{
    return kd_arch_is(view->context, "arm") || kd_arch_is(view->context, "i386");
}

kd_status kd_check_page_vmalloc(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_check *check = bad_state(view);
    bool known;
    (void)user;
    if (!check || !check->pfn.src || !is_32_bit(view) || !is_freed_by_address(check))
        return KD_OK;
    uint64_t address = check->pfn.v * kd_context_page_size(view->context);
    if (is_ram(view, address, &known) || (!known && !check->page_zeroed.v))
        return KD_OK;
    kd_say_diag(
        out, known ? KD_LIKELY : KD_POSSIBLE,
        "%.*s%s freed page frame 0x%llx, %s. An address of the vmalloc range gives such a "
        "frame when free_pages() takes it for one of the linear map.",
        KD_FMT(check->oops.blame.function.src ? check->oops.blame.function.v : KD_STR("Something")),
        check->oops.blame.function.src ? "()" : "", KD_LLU(check->pfn.v),
        known ? "where this machine has no RAM" : "whose descriptor was never set up");
    say_end(view, out, check);
    const kd_read_area *ram = kd_context_area(view->context, "RAM", 0);
    if (ram)
        kd_say_line(out, &ram->line, "RAM of this machine");
    if (known)
        kd_say_proof(out, KD_STR("the physical address of that frame lies in no zone"),
                     "0x%llx * %u = 0x%llx", KD_LLU(check->pfn.v),
                     kd_context_page_size(view->context), KD_LLU(address));
    kd_say_remedy(out, "Free it as it was made: vfree() for vmalloc(), vunmap() for vmap(), "
                       "iounmap() for ioremap(); __free_pages() with kunmap() for kmap().");
    kd_say_assume(out, "the address was one of the vmalloc range; another wrong address gives such "
                       "a frame too");
    return KD_OK;
}

kd_status kd_check_page_struct(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_check *check = bad_state(view);
    (void)user;
    if (!check || !is_32_bit(view) || !kd_str_has(check->message.v, "AT_FREE") ||
        !kd_str_has(check->page_flags.v, "reserved") || !is_freed_by_address(check))
        return KD_OK;
    kd_say_diag(
        out, KD_LIKELY,
        "%.*s%s freed page frame 0x%llx, which the kernel keeps for itself (reserved). "
        "free_pages() with a struct page pointer gives such a frame: the pointer lies in "
        "the pages that hold the array of struct page.",
        KD_FMT(check->oops.blame.function.src ? check->oops.blame.function.v : KD_STR("Something")),
        check->oops.blame.function.src ? "()" : "", KD_LLU(check->pfn.v));
    say_end(view, out, check);
    kd_say_evidence(out, view->event, check->page_flags.src, "reserved: never the allocator's");
    kd_say_remedy(out, "Use __free_pages(page, order), which takes the struct page pointer.");
    kd_say_assume(out, "the address was a struct page pointer; any address of the kernel's own "
                       "image or early memory gives such a page too");
    return KD_OK;
}

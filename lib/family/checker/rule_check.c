/* rule_check.c - what a checker's report means, and what to do next. */
#include "base/scan.h"
#include "core/diag.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

const char kd_doc_check_freed[] =
    "KASAN or KFENCE saw an access to memory that was freed before. That the access happened is "
    "the checker's own "
    "observation; whose mistake it is (who freed too early, who used too late) is not.";
const char kd_doc_check_bounds[] = "A checker saw an access beyond the object: KASAN, KFENCE, or "
                                   "the check of copies to and from user space.";
const char kd_doc_check_uninitialized[] =
    "KMSAN saw a value used, or copied out, that was never set since its memory was allocated.";
const char kd_doc_check_race[] = "KCSAN saw two accesses to the same data at once, at least one a "
                                 "write. Whether it does harm it cannot tell.";
const char kd_doc_check_undefined[] =
    "UBSAN saw an operation that the C language leaves undefined. Array-index reports on arrays "
    "declared with one "
    "element are often only an old way to write a flexible array.";
const char kd_doc_check_leak[] = "kmemleak found memory that no pointer in memory leads to. A "
                                 "pointer that is kept in a changed form gives the "
                                 "same report.";
const char kd_doc_check_list[] = "The checks of list_add() and list_del() found neighbours that do "
                                 "not point back: an entry was deleted twice, "
                                 "freed while it was on the list, or overwritten.";
const char kd_doc_check_refcount[] = "refcount_t noticed a step that must not be: the object was "
                                     "freed or is about to be, or references are never "
                                     "given back.";
const char kd_doc_check_page[] = "A page was freed, mapped or accounted in a state that "
                                 "contradicts its use: flags or counters say somebody still "
                                 "has it, or its descriptor was overwritten.";
const char kd_doc_check_heap[] = "SLUB, KASAN or KFENCE found slab memory overwritten outside an "
                                 "access of its owner, or freed wrongly (twice, or "
                                 "an address that is no object).";

/* ---- small steps ----------------------------------------------------------------------------- */

static const kdf_check_stack *stack_of(const kdf_check *check, const char *role)
{
    for (uint32_t i = 0; i < check->stacks.count; i++) {
        const kdf_check_stack *stack = &KD_ITEMS(check->stacks, kdf_check_stack)[i];
        if (kd_str_is(stack->role.v, role) && stack->frames.count > 0)
            return stack;
    }
    return NULL;
}

/* The first frame of a further stack that is not the allocator's. */
static const kdf_frame *who(const kdf_check_stack *stack)
{
    for (uint32_t i = 0; stack && i < stack->frames.count; i++) {
        const kdf_frame *frame = &KD_ITEMS(stack->frames, kdf_frame)[i];
        if (frame->function.src && !kd_blame_skips(frame->function.v))
            return frame;
    }
    return NULL;
}

static void say_who(const kd_view *view, kd_emit *out, const char *role, const char *words)
{
    const kdf_frame *frame = who(stack_of(KD_BODY(view->event, check), role));
    if (!frame)
        return;
    kd_say_more(out, "%s %.*s()%s%.*s%s.", words, KD_FMT(frame->function.v),
                frame->module.src ? " [" : "", KD_FMT(frame->module.v),
                frame->module.src ? "]" : "");
    kd_say_evidence(out, view->event, frame->function.src, "%s", words);
}

static bool is_test(kd_str module)
{
    return kd_str_in_words(module,
                           "lkdtm kasan_test test_kasan kasan_test_module kmsan_test kcsan_test "
                           "kfence_test test_ubsan kmemleak_test kmemleak-test");
}

static void say_end(const kd_view *view, kd_emit *out)
{
    const kdf_check *check = KD_BODY(view->event, check);
    kd_str module = check->oops.blame.module.v;
    kd_say_evidence(out, view->event, check->oops.headline.src, "the checker's words");
    if (check->oops.blame.function.src)
        kd_say_text(out, "function", check->oops.blame.function.v);
    if (is_test(module)) {
        kd_say_deliberate(out);
        kd_say_suspect(out, KD_SUSPECT_TEST, module, "a test module did it on purpose");
    } else if (module.len > 0) {
        kd_say_suspect(out, KD_SUSPECT_DRIVER, module, "its function stands first in the report");
    } else if (check->oops.blame.function.src) {
        kd_say_suspect(out, KD_SUSPECT_KERNEL, check->oops.blame.function.v,
                       "it stands first in the report");
    }
}

/* A report, and "foo() [mod]" for whose it is, or words for nobody. */
typedef struct finding {
    const kdf_check *check;
    kd_str place;
    char room[160];
} finding;

static bool find(const kd_view *view, finding *out)
{
    out->check = KD_BODY(view->event, check);
    if (!out->check)
        return false;
    const kdf_blame *blame = &out->check->oops.blame;
    out->place = blame->function.src
                     ? kd_str_print(out->room, sizeof out->room, "%.*s()%s%.*s%s",
                                    KD_FMT(blame->function.v), blame->module.src ? " [" : "",
                                    KD_FMT(blame->module.v), blame->module.src ? "]" : "")
                     : KD_STR("a function that the log does not name");
    return true;
}

static void say_access(kd_emit *out, const kdf_check *check)
{
    if (check->size.src && check->oops.access.src)
        kd_say_more(out, "It was a %.*s of %llu byte%s.", KD_FMT(check->oops.access.v),
                    KD_LLU(check->size.v), check->size.v == 1 ? "" : "s");
    if (check->cache.src && check->object_size.src)
        kd_say_more(out, "The object is of cache %.*s, %llu bytes.", KD_FMT(check->cache.v),
                    KD_LLU(check->object_size.v));
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool says(const kdf_check *check, const char *words)
{
    return kd_str_has(check->what.v, words);
}

static bool is_wrong_free(const kdf_check *check)
{
    return says(check, "double-free") || says(check, "invalid-free") || says(check, "invalid free");
}

kd_status kd_check_check_freed(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    if (!find(view, &f) || !says(f.check, "use-after"))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY, "%.*s used memory that had been freed before.", KD_FMT(f.place));
    say_access(out, f.check);
    say_who(view, out, "alloc", "It had been allocated in");
    say_who(view, out, "free", "It had been freed in");
    say_end(view, out);
    kd_say_remedy(out, "Compare the free stack with the use: which reference should have kept the "
                       "object, or which "
                       "work, timer or callback should have been stopped before the free?");
    kd_say_missing(out,
                   "the source at both places (scripts/faddr2line with a vmlinux of this build)");
    kd_say_assume(out, "the checker's report is not itself the result of an earlier corruption");
    return KD_OK;
}

kd_status kd_check_check_bounds(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    bool copy = kd_event_is(view->event, &kd_kind_usercopy);
    if (!find(view, &f) || (!copy && (says(f.check, "use-after") || is_wrong_free(f.check) ||
                                      says(f.check, "memory corruption"))))
        return KD_OK;
    if (copy)
        kd_say_diag(out, KD_LIKELY,
                    "%.*s copied between user space and kernel memory beyond what it may.",
                    KD_FMT(f.place));
    else
        kd_say_diag(out, KD_LIKELY, "%.*s accessed memory that it must not (%.*s).",
                    KD_FMT(f.place), KD_FMT(f.check->what.v));
    say_access(out, f.check);
    say_who(view, out, "alloc", "The object was allocated in");
    say_end(view, out);
    if (says(f.check, "null-ptr-deref"))
        kd_say_remedy(out, "A NULL pointer plus an offset: which pointer can be NULL there?");
    else if (says(f.check, "wild") || says(f.check, "invalid read") ||
             says(f.check, "invalid write"))
        kd_say_remedy(out, "The pointer itself is bad: look where it was loaded from.");
    else
        kd_say_remedy(out,
                      "Check the length or index at that access against the size of the object.");
    kd_say_assume(out, "the checker's report is not itself the result of an earlier corruption");
    return KD_OK;
}

/* "cache_from_obj: Wrong slab cache. A but object is from B" */
static kd_status check_wrong_cache(const kd_view *view, kd_emit *out, const kdf_warning *warning)
{
    kd_scan in = kd_scan_of(warning->message.v);
    kd_str before, given, real;
    if (!kd_scan_past(&in, "Wrong slab cache. ", &before) ||
        !kd_scan_past(&in, " but object is from ", &given) || !kd_scan_word(&in, &real))
        return KD_OK;
    kd_say_diag(
        out, KD_LIKELY,
        "An object of the slab cache %.*s was freed to the cache %.*s: a wrong pointer or a "
        "wrong free. Who frees only noticed.",
        KD_FMT(real), KD_FMT(given));
    kd_say_evidence(out, view->event, warning->message.src, "both caches");
    kd_say_text(out, "cache", real);
    kd_say_text(out, "freed_to", given);
    kd_say_suspect(out, KD_SUSPECT_UNKNOWN, given, "whoever owns this cache freed the object");
    kd_say_remedy(out,
                  "Look where the owner of %.*s frees objects that it did not allocate from "
                  "it.",
                  KD_FMT(given));
    kd_say_assume(out, "RAM is sound");
    return KD_OK;
}

kd_status kd_check_check_heap(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    const kdf_warning *warning = KD_BODY(view->event, warning);
    (void)user;
    if (warning)
        return check_wrong_cache(view, out, warning);
    bool slub = kd_event_is(view->event, &kd_kind_slab_corruption);
    if (!find(view, &f) ||
        (!slub && !is_wrong_free(f.check) && !says(f.check, "memory corruption")))
        return KD_OK;
    if (slub)
        kd_say_diag(out, KD_LIKELY,
                    "An object or slab of cache %.*s was overwritten (%.*s). The stack is that of "
                    "whoever touched "
                    "the slab next, not of who wrote.",
                    KD_FMT(f.check->cache.v), KD_FMT(f.check->what.v));
    else
        kd_say_diag(out, KD_LIKELY, "%.*s: %.*s.", KD_FMT(f.place), KD_FMT(f.check->what.v));
    say_access(out, f.check);
    say_who(view, out, "alloc", "The object was allocated in");
    say_who(view, out, "free", "It was last freed in");
    say_end(view, out);
    if (is_wrong_free(f.check))
        kd_say_remedy(out,
                      "Find the two owners: who frees it first, and who believes it is still his?");
    else
        kd_say_remedy(
            out,
            "Find the writer: boot with slub_debug=FZPU (or use KASAN or KFENCE), and look at the "
            "owners of this object and of its neighbours.");
    kd_say_assume(out, "RAM is sound: a single flipped bit asks for a memory test");
    return KD_OK;
}

kd_status kd_check_check_uninitialized(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    if (!find(view, &f))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                says(f.check, "infoleak") ? "%.*s hands out memory that was never set (%.*s)."
                                          : "%.*s uses memory that was never set (%.*s).",
                KD_FMT(f.place), KD_FMT(f.check->what.v));
    say_who(view, out, "origin", "The memory came from");
    say_who(view, out, "stored", "It was stored in");
    say_end(view, out);
    kd_say_remedy(out, "Initialise it where it is allocated (kzalloc(), memset(), = { }), or check "
                       "the length that "
                       "was really received before it is used.");
    kd_say_assume(out, "no assembly or device writes that memory unseen by KMSAN");
    return KD_OK;
}

kd_status kd_check_check_race(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    if (!find(view, &f))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "%.*s and %.*s access the same data at once, at least one of them writes.",
                KD_FMT(f.place),
                KD_FMT(f.check->other_function.src ? f.check->other_function.v
                                                   : KD_STR("another that is not known")));
    say_end(view, out);
    kd_say_remedy(
        out,
        "Take the same lock on both sides, or mark both accesses (READ_ONCE, WRITE_ONCE, atomic_t) "
        "where the race is meant.");
    kd_say_assume(out, "both accesses are not already ordered by something that KCSAN cannot see");
    return KD_OK;
}

kd_status kd_check_check_leak(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    if (!find(view, &f))
        return KD_OK;
    kd_say_diag(out, KD_POSSIBLE, "Memory that %.*s allocated has no pointer to it any more.",
                KD_FMT(f.place));
    if (f.check->object_size.src) {
        kd_say_more(out, "It is %llu bytes.", KD_LLU(f.check->object_size.v));
        kd_say_u64(out, "bytes", f.check->object_size.v);
    }
    say_end(view, out);
    kd_say_impact(out, KD_IMPACT_DEGRADED);
    kd_say_remedy(
        out,
        "Look at the error paths after that allocation: which one returns without freeing it?");
    kd_say_remedy(out, "Scan again (echo scan > /sys/kernel/debug/kmemleak): a real leak stays.");
    kd_say_assume(out,
                  "the pointer is not kept in a changed form or in memory that is not scanned");
    return KD_OK;
}

/* ---- other checks ---------------------------------------------------------------------------- */

kd_status kd_check_check_undefined(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    if (!find(view, &f))
        return KD_OK;
    bool array = says(f.check, "array-index") || kd_str_has(f.check->message.v, "index");
    kd_say_diag(out, KD_LIKELY, "%.*s, %.*s line %llu: %.*s.", KD_FMT(f.place),
                KD_FMT(f.check->oops.file.v), KD_LLU(f.check->oops.line_number.v),
                KD_FMT(f.check->message.src ? f.check->message.v : f.check->what.v));
    say_end(view, out);
    if (array && kd_str_has(f.check->message.v, "[1]")) {
        kd_say_severity(out, KD_NOTICE);
        kd_say_impact(out, KD_IMPACT_NONE);
        kd_say_more(
            out,
            "An array of one element at the end of a structure is an old way to write a flexible "
            "array: then the report is harmless.");
        kd_say_remedy(out, "Declare it as a flexible array member ([]).");
    } else {
        kd_say_remedy(out, "Check the value against its range before that operation.");
    }
    kd_say_assume(out, "the compiler did not move the operation");
    return KD_OK;
}

typedef enum list_form {
#define KD_LIST_FORM(form, says, remedy) FORM_##form,
#include "family/checker/sentence.def"
} list_form;

static const struct {
    const char *says, *remedy;
} list_forms[] = {
#define KD_LIST_FORM(form, says, remedy) { says, remedy },
#include "family/checker/sentence.def"
};

/* What list_del() leaves: 0x100 or 0x122 (0x200 to 4.16), and the values of 4.1 and older, each
 * moved on 64-bit machines to where nothing is mapped. */
static bool is_list_poison(uint64_t value)
{
    static const uint64_t moves[] = { 0, UINT64_C(0xdead000000000000),
                                      UINT64_C(0x5deadbeef0000000) };
    static const uint64_t marks[] = { 0x100, 0x122, 0x200, 0x100100, 0x200200 };
    for (size_t i = 0; i < KD_COUNT(moves); i++)
        for (size_t k = 0; k < KD_COUNT(marks); k++)
            if (value == moves[i] + marks[k])
                return true;
    return false;
}

static list_form form_of(kd_str sentence)
{
    kd_scan in = kd_scan_of(sentence);
    kd_str before;
    uint64_t was;
    if (kd_str_has(sentence, " is LIST_POISON"))
        return FORM_DELETED;
    if (kd_str_has(sentence, "double add"))
        return FORM_TWICE;
    if (kd_str_has(sentence, " is NULL"))
        return FORM_UNSET;
    if (!kd_scan_past(&in, "but was ", &before))
        return FORM_ELSEWHERE;
    kd_scan_blanks(&in); /* "  (null)" */
    if (kd_scan_literal(&in, "(null)"))
        return FORM_WAS_NULL;
    if (!kd_scan_hex(&in, &was))
        return FORM_ELSEWHERE;
    return was == 0 ? FORM_WAS_NULL : is_list_poison(was) ? FORM_WAS_POISON : FORM_ELSEWHERE;
}

kd_status kd_check_check_list(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    if (!find(view, &f))
        return KD_OK;
    list_form form = form_of(f.check->oops.headline.v);
    kd_say_diag(out, KD_LIKELY, "A linked list is corrupt: %.*s found it.", KD_FMT(f.place));
    kd_say_more(out, "%s", list_forms[form].says);
    say_end(view, out);
    kd_say_remedy(out, "%s", list_forms[form].remedy);
    kd_say_assume(out, "the first report counts: later ones may be its consequence");
    return KD_OK;
}

static const char *refcount_step(kd_str sentence)
{
    static const struct {
        const char *words, *says;
    } steps[] = {
#define KD_REFCOUNT(words, says) { words, says },
#include "family/checker/sentence.def"
    };
    size_t i = 0;
    while (i + 1 < KD_COUNT(steps) && !kd_str_has(sentence, steps[i].words))
        i++;
    return steps[i].says;
}

kd_status kd_check_check_refcount(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    if (!find(view, &f))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY, "%.*s %s.", KD_FMT(f.place),
                refcount_step(f.check->oops.headline.v));
    say_end(view, out);
    kd_say_remedy(
        out, "Count gets and puts on each path of that object; error paths put twice most often.");
    kd_say_assume(out, "the counter itself was not overwritten");
    return KD_OK;
}

kd_status kd_check_check_page(const kd_view *view, kd_emit *out, void *user)
{
    finding f;
    (void)user;
    if (view->event->diags || !find(view, &f))
        return KD_OK;
    kd_say_diag(
        out, KD_LIKELY, "%.*s: the kernel met a page or counter that contradicts its use%s%.*s.",
        KD_FMT(f.check->what.v), f.check->message.src ? ": " : "", KD_FMT(f.check->message.v));
    kd_say_more(out, "The stack is that of who noticed; the mistake was made before.");
    say_end(view, out);
    kd_say_remedy(out,
                  "Boot with page_owner=on and debug_pagealloc=on: they name who had the page.");
    kd_say_remedy(out, "Where the values differ by single bits, test the memory.");
    kd_say_missing(out, "the last owner of the page (page_owner=on)");
    kd_say_assume(out, "RAM is sound");
    return KD_OK;
}

/* rule_check.c - what a checker's report means, and what to do next. */
#include "base/scan.h"
#include "family/checker/rule_say.h"

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
/* ---- memory ---------------------------------------------------------------------------------- */

/* The headline was cut off. */
static void say_tail(const kd_view *view, kd_emit *out, const kd_finding *f)
{
    kd_say_diag(out, KD_POSSIBLE,
                "%.*s accessed memory that it must not: a checker reported it, and the line that "
                "says how is not in the log.",
                KD_FMT(f->place));
    kd_say_line(out, kd_event_lines(view->event), "only that checker prints this");
    kd_say_missing(out, "the headline of the report, from \"BUG: K\" on");
}

kd_status kd_check_check_freed(const kd_view *view, kd_emit *out, void *user)
{
    kd_finding f;
    (void)user;
    if (!kd_check_find(view, &f) || !kd_check_was_freed(f.check))
        return KD_OK;
    if (f.check->what.src)
        kd_say_diag(out, KD_LIKELY, "%.*s used memory that had been freed before.",
                    KD_FMT(f.place));
    else
        say_tail(view, out, &f);
    kd_check_say_access(out, f.check);
    kd_check_say_who(view, out, "alloc", "It had been allocated in");
    kd_check_say_who(view, out, "free", "It had been freed in");
    kd_check_say_end(view, out);
    kd_say_remedy(out, "Compare the free stack with the use: which reference should have kept the "
                       "object, or which "
                       "work, timer or callback should have been stopped before the free?");
    kd_say_missing(out,
                   "the source at both places (scripts/faddr2line with a vmlinux of this build)");
    kd_say_assume(out, "the checker's report is not itself the result of an earlier corruption");
    return KD_OK;
}

/* A place or an address follows the word in each headline: the rest of "use-after-free" may be
 * lost. */
static bool is_torn(const kdf_check *check)
{
    kd_str line = check->oops.headline.v, what = check->what.v;
    return what.len > 0 && what.len <= line.len &&
           kd_str_eq(kd_str_from(line, line.len - what.len), what);
}

kd_status kd_check_check_bounds(const kd_view *view, kd_emit *out, void *user)
{
    kd_finding f;
    (void)user;
    bool copy = kd_event_is(view->event, &kd_kind_usercopy);
    if (!kd_check_find(view, &f) ||
        (!copy && (kd_check_was_freed(f.check) || kd_check_wrong_free(f.check) ||
                   kd_check_says(f.check, "memory corruption"))))
        return KD_OK;
    if (copy)
        kd_say_diag(out, KD_LIKELY,
                    "%.*s copied between user space and kernel memory beyond what it may.",
                    KD_FMT(f.place));
    else if (f.check->what.src)
        kd_say_diag(out, is_torn(f.check) ? KD_POSSIBLE : KD_LIKELY,
                    "%.*s accessed memory that it must not (%.*s).", KD_FMT(f.place),
                    KD_FMT(f.check->what.v));
    else
        say_tail(view, out, &f);
    kd_check_say_access(out, f.check);
    kd_check_say_who(view, out, "alloc", "The object was allocated in");
    kd_check_say_end(view, out);
    if (kd_check_says(f.check, "null-ptr-deref"))
        kd_say_remedy(out, "A NULL pointer plus an offset: which pointer can be NULL there?");
    else if (kd_check_says(f.check, "wild") || kd_check_says(f.check, "invalid read") ||
             kd_check_says(f.check, "invalid write"))
        kd_say_remedy(out, "The pointer itself is bad: look where it was loaded from.");
    else
        kd_say_remedy(out,
                      "Check the length or index at that access against the size of the object.");
    kd_say_assume(out, "the checker's report is not itself the result of an earlier corruption");
    return KD_OK;
}

kd_status kd_check_check_uninitialized(const kd_view *view, kd_emit *out, void *user)
{
    kd_finding f;
    (void)user;
    if (!kd_check_find(view, &f))
        return KD_OK;
    kd_str what = f.check->what.src ? f.check->what.v : KD_STR("the headline is not in the log");
    kd_say_diag(out, KD_LIKELY,
                kd_check_says(f.check, "infoleak")
                    ? "%.*s hands out memory that was never set (%.*s)."
                    : "%.*s uses memory that was never set (%.*s).",
                KD_FMT(f.place), KD_FMT(what));
    kd_check_say_who(view, out, "origin", "The memory came from");
    kd_check_say_who(view, out, "stored", "It was stored in");
    kd_check_say_end(view, out);
    kd_say_remedy(out, "Initialise it where it is allocated (kzalloc(), memset(), = { }), or check "
                       "the length that "
                       "was really received before it is used.");
    kd_say_assume(out, "no assembly or device writes that memory unseen by KMSAN");
    return KD_OK;
}

kd_status kd_check_check_race(const kd_view *view, kd_emit *out, void *user)
{
    kd_finding f;
    (void)user;
    if (!kd_check_find(view, &f))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "%.*s and %.*s access the same data at once, at least one of them writes.",
                KD_FMT(f.place),
                KD_FMT(f.check->other_function.src ? f.check->other_function.v
                                                   : KD_STR("another that is not known")));
    kd_check_say_end(view, out);
    kd_say_remedy(
        out,
        "Take the same lock on both sides, or mark both accesses (READ_ONCE, WRITE_ONCE, atomic_t) "
        "where the race is meant.");
    kd_say_assume(out, "both accesses are not already ordered by something that KCSAN cannot see");
    return KD_OK;
}

kd_status kd_check_check_leak(const kd_view *view, kd_emit *out, void *user)
{
    kd_finding f;
    (void)user;
    if (!kd_check_find(view, &f))
        return KD_OK;
    kd_say_diag(out, KD_POSSIBLE, "Memory that %.*s allocated has no pointer to it any more.",
                KD_FMT(f.place));
    if (f.check->object_size.src) {
        kd_say_more(out, "It is %llu bytes.", KD_LLU(f.check->object_size.v));
        kd_say_u64(out, "bytes", f.check->object_size.v);
    }
    kd_check_say_end(view, out);
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
    kd_finding f;
    (void)user;
    if (!kd_check_find(view, &f))
        return KD_OK;
    bool array = kd_check_says(f.check, "array-index") || kd_str_has(f.check->message.v, "index");
    kd_str says = f.check->message.src ? f.check->message.v
                  : f.check->what.src  ? f.check->what.v
                                       : KD_STR("what it was is not in the log");
    if (f.check->oops.file.src)
        kd_say_diag(out, KD_LIKELY, "%.*s, %.*s line %llu: %.*s.", KD_FMT(f.place),
                    KD_FMT(f.check->oops.file.v), KD_LLU(f.check->oops.line_number.v),
                    KD_FMT(says));
    else
        kd_say_diag(out, KD_LIKELY, "%.*s: %.*s.", KD_FMT(f.place), KD_FMT(says));
    kd_check_say_end(view, out);
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
    kd_finding f;
    (void)user;
    if (!kd_check_find(view, &f))
        return KD_OK;
    list_form form = form_of(f.check->oops.headline.v);
    kd_say_diag(out, KD_LIKELY, "%.*s found a corrupt linked list.", KD_FMT(f.place));
    kd_say_more(out, "%s", list_forms[form].says);
    kd_check_say_end(view, out);
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
    kd_finding f;
    (void)user;
    if (!kd_check_find(view, &f))
        return KD_OK;
    kd_say_diag(out, KD_LIKELY, "%.*s %s.", KD_FMT(f.place),
                refcount_step(f.check->oops.headline.v));
    kd_check_say_end(view, out);
    kd_say_remedy(
        out, "Count gets and puts on each path of that object; error paths put twice most often.");
    kd_say_assume(out, "the counter itself was not overwritten");
    return KD_OK;
}

kd_status kd_check_check_page(const kd_view *view, kd_emit *out, void *user)
{
    kd_finding f;
    (void)user;
    if (view->event->diags || !kd_check_find(view, &f))
        return KD_OK;
    kd_say_diag(
        out, KD_LIKELY, "%.*s: the kernel met a page or counter that contradicts its use%s%.*s.",
        KD_FMT(f.check->what.v), f.check->message.src ? ": " : "", KD_FMT(f.check->message.v));
    kd_say_more(out, "The stack is that of who noticed; the mistake was made before.");
    kd_check_say_end(view, out);
    kd_say_remedy(out,
                  "Boot with page_owner=on and debug_pagealloc=on: they name who had the page.");
    kd_say_remedy(out, "Where the values differ by single bits, test the memory.");
    kd_say_missing(out, "the last owner of the page (page_owner=on)");
    kd_say_assume(out, "RAM is sound");
    return KD_OK;
}

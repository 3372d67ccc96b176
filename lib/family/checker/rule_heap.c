/* rule_heap.c - slab memory that was overwritten or freed wrongly. */
#include "base/scan.h"
#include "family/checker/rule_say.h"

const char kd_doc_check_heap[] = "SLUB, KASAN or KFENCE found slab memory overwritten outside an "
                                 "access of its owner, or freed wrongly (twice, or "
                                 "an address that is no object).";

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

/* Which bytes, and how far from the object. */
static void say_range(const kd_view *view, kd_emit *out, const kdf_check *check)
{
    uint64_t first = check->bad_first.v, last = check->bad_last.v, object = check->object.v;
    if (!check->bad_first.src || !check->bad_last.src)
        return;
    kd_say_evidence(out, view->event, check->bad_first.src, "the bytes that were overwritten");
    kd_say_more(out, "Overwritten are %llu bytes, 0x%llx to 0x%llx.", KD_LLU(last - first + 1),
                KD_LLU(first), KD_LLU(last));
    kd_say_proof(out, KD_STR("how many bytes are not what they should be, at least"),
                 "0x%llx - 0x%llx + 1 = %llu", KD_LLU(last), KD_LLU(first),
                 KD_LLU(last - first + 1));
    kd_say_hex(out, "first_byte", first);
    if (!check->object.src)
        return;
    kd_say_evidence(out, view->event, check->object.src, "the object");
    if (first < object) {
        kd_say_more(out,
                    "They begin %llu bytes before the object: whoever owns the object before it "
                    "wrote beyond its end, or an index of this one went below 0.",
                    KD_LLU(object - first));
        kd_say_proof(out, KD_STR("the start of the object less the first byte"),
                     "0x%llx - 0x%llx = %llu", KD_LLU(object), KD_LLU(first),
                     KD_LLU(object - first));
    } else {
        kd_say_more(out, "They begin %llu bytes behind the start of the object.",
                    KD_LLU(first - object));
        kd_say_proof(out, KD_STR("the first byte less the start of the object"),
                     "0x%llx - 0x%llx = %llu", KD_LLU(first), KD_LLU(object),
                     KD_LLU(first - object));
    }
}

/* The head was cut off: what is known of the object. */
static void say_headless(const kd_view *view, kd_emit *out, const kdf_check *check)
{
    const kd_line_ref *line = kd_event_lines(view->event);
    kd_say_diag(out, KD_POSSIBLE,
                "SLUB reported an object that was overwritten or freed wrongly: the log holds who "
                "allocated and freed it, and not what was wrong.");
    kd_say_line(out, line, "only SLUB prints this, in such a report");
    if (check->object.src) {
        kd_say_evidence(out, view->event, check->object.src, "the object");
        kd_say_hex(out, "object", check->object.v);
        kd_say_more(out, "The object is at 0x%llx.", KD_LLU(check->object.v));
    }
    kd_say_missing(out, "the lines before it, from \"BUG kmalloc-...\" on");
}

kd_status kd_check_check_heap(const kd_view *view, kd_emit *out, void *user)
{
    kd_finding f;
    const kdf_warning *warning = KD_BODY(view->event, warning);
    (void)user;
    if (warning)
        return check_wrong_cache(view, out, warning);
    bool slub = kd_event_is(view->event, &kd_kind_slab_corruption);
    if (!kd_check_find(view, &f) ||
        (!slub && !kd_check_wrong_free(f.check) && !kd_check_says(f.check, "memory corruption")))
        return KD_OK;
    if (slub && !f.check->what.src)
        say_headless(view, out, f.check);
    else if (slub && kd_check_says(f.check, "Objects remaining"))
        kd_say_diag(
            out, KD_LIKELY,
            "The cache %.*s was destroyed while objects of it were still allocated: whoever "
            "destroys it did not give all of them back.",
            KD_FMT(f.check->cache.v));
    else if (slub)
        kd_say_diag(out, KD_LIKELY,
                    "An object or slab of cache %.*s was overwritten (%.*s). The stack is that of "
                    "whoever touched "
                    "the slab next, not of who wrote.",
                    KD_FMT(f.check->cache.v), KD_FMT(f.check->what.v));
    else
        kd_say_diag(out, KD_LIKELY, "%.*s: %.*s.", KD_FMT(f.place), KD_FMT(f.check->what.v));
    kd_check_say_access(out, f.check);
    say_range(view, out, f.check);
    kd_check_say_who(view, out, "alloc", "The object was allocated in");
    kd_check_say_who(view, out, "free", "It was last freed in");
    kd_check_say_end(view, out);
    if (kd_check_says(f.check, "Objects remaining"))
        kd_say_remedy(out,
                      "Free the objects before kmem_cache_destroy(), also those that callbacks "
                      "of RCU still free (rcu_barrier()).");
    else if (kd_check_wrong_free(f.check))
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

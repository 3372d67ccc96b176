/* rule_alloc_order.c - requests that are refused as too large with a WARN(), before any search and
 * so without a failure report.
 *
 * The functions that check have other WARN()s too, all about __GFP_NOFAIL or a wrong mix of flags.
 * Only the code before the mark tells them apart for certain: a compare with the limit. */
#include "core/parser.h"
#include "core/version.h"
#include "family/alloc/replay/event.h"
#include "family/alloc/rule_alloc.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include "family/warn/decode_limit_check.h"

typedef enum what { ORDER, SIZE, VSIZE } what;

static const struct size_check {
    const char *file, *function;
    what what;
    uint32_t from, until;
} size_checks[] = {
#define KD_SIZE_CHECK(file, function, what, from, until) { file, function, what, from, until },
#include "family/warn/size_check.def"
#undef KD_SIZE_CHECK
};

/* The smallest configurations: 256 KiB pages with five orders, kmalloc() of two pages of 4 KiB. The
 * WARN()s about __GFP_NOFAIL compare the order with 1 and 3. */
#define LEAST_ORDER 4u
#define LEAST_BYTES 8192u
#define MOST_ORDER 52u

typedef struct refused {
    const kdf_oops *oops;
    what what;
    bool proved;          /* the compare is in the code, the register above it */
    kd_limit_check check; /* when proved */
    uint64_t guess;       /* what registers hold that can only be the order or size; 0: none */
    const kd_pair *guess_in;
    const kdf_frame *kmalloc;
} refused;

/* ---- is it that check? ----------------------------------------------------------------------- */

/* "/build/linux-6.1/mm/page_alloc.c" ends in "mm/page_alloc.c". */
static bool is_file(kd_str path, const char *file)
{
    size_t len = kd_str_of(file).len;
    return kd_str_ends(path, file) && (path.len == len || path.ptr[path.len - len - 1] == '/');
}

/* Without what the compiler put behind it: ".constprop.0". */
static bool is_function(kd_str name, const char *function)
{
    const char *dot = kd_str_find(name, ".");
    if (dot && dot > name.ptr)
        name.len = (size_t)(dot - name.ptr);
    return kd_str_is(name, function);
}

static bool find_size_check(const kdf_oops *oops, uint32_t version, what *out)
{
    for (size_t i = 0; i < KD_COUNT(size_checks); i++) {
        const struct size_check *row = &size_checks[i];
        if (!is_file(oops->file.v, row->file) || !is_function(oops->ip.function.v, row->function) ||
            (version && !kd_version_in(version, row->from, row->until)))
            continue;
        *out = row->what;
        return true;
    }
    return false;
}

/* Registers that hold an argument, or survive calls. */
static const char kept[] =
    "rsi rdi rbx rbp r12 r13 r14 r15 esi edi ebx ebp x0 x1 x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 "
    "a0 a1 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11";

/* A mask with a name of its own in it: a number by chance has none. */
static bool is_nofail_mask(uint64_t value, uint32_t version)
{
    kd_gfp_meaning meaning;
    if (value < 0x10 || value > UINT32_MAX)
        return false;
    kd_gfp_decode(value, version, KD_GFP_CONFIG_DEFAULT, &meaning);
    return !meaning.unknown_bits && meaning.nofail && meaning.name_count > 0 &&
           kd_str_starts(kd_str_of(meaning.names[0]), "GFP_");
}

static bool can_be(const refused *r, uint64_t value)
{
    return r->what == ORDER ? value > 10 && value <= MOST_ORDER
                            : value > LEAST_BYTES && value < UINT64_C(1) << 47;
}

/* The order or size, where all such registers that can hold one agree. False: a register holds a
 * mask with __GFP_NOFAIL, so it may be one of the other WARN()s. */
static bool guess(refused *r, uint32_t version)
{
    bool several = false;
    for (uint32_t i = 0; i < r->oops->registers.count; i++) {
        const kd_pair *pair = &KD_ITEMS(r->oops->registers, kd_pair)[i];
        if (!kd_str_in_words(pair->name, kept))
            continue;
        if (is_nofail_mask(pair->v, version))
            return false;
        /* the size is the first argument; a large number elsewhere can be anything */
        if (r->what != ORDER && !kd_str_is(pair->name, "rdi"))
            continue;
        if (!can_be(r, pair->v))
            continue;
        several |= r->guess && r->guess != pair->v;
        r->guess = pair->v;
        r->guess_in = pair;
    }
    if (several)
        r->guess = 0;
    return true;
}

static bool is_refused(const kd_view *view, refused *r)
{
    const kdf_warning *warning = KD_BODY(view->event, warning);
    uint32_t version = view->context->version;
    *r = (refused){ .oops = warning ? &warning->oops : NULL };
    if (!warning || !find_size_check(r->oops, version, &r->what))
        return false;
    r->kmalloc = kd_trace_find(&r->oops->backtrace,
                               "kmalloc_order kmalloc_large kmalloc_large_node "
                               "kmalloc_large_node_noprof kmalloc kmalloc_noprof kmalloc_node "
                               "kmalloc_track_caller kmalloc_node_track_caller_noprof");
    if (kd_limit_check_find(r->oops, view->context, &r->check)) {
        r->proved = r->check.limit >= (r->what == ORDER ? LEAST_ORDER : LEAST_BYTES) &&
                    (r->what != VSIZE || r->check.limit == INT32_MAX);
        return r->proved;
    }
    return !r->check.contradicts && guess(r, version);
}

/* ---- what is said ---------------------------------------------------------------------------- */

static const char *const checks[] = {
    "the page allocator for a block of a higher order than it has",
    "kmalloc() for more than its largest cache holds",
    "kvmalloc() for more than INT_MAX bytes",
};

static kd_str asker(const refused *r)
{
    return r->oops->task.comm.src ? r->oops->task.comm.v : KD_STR("A task");
}

/* Both in kB where the page size is known: always for x86. */
static void say_proof(const kd_view *view, kd_emit *out, const refused *r)
{
    const kd_limit_check *check = &r->check;
    uint64_t page = kd_context_page_size(view->context);
    kd_say_evidence(out, view->event, r->oops->code.bytes.src, "the compare before the mark");
    kd_say_evidence(out, view->event, check->src, "%s = 0x%llx", check->reg, KD_LLU(check->value));
    kd_say_proof(out,
                 kd_text_of(out, "the code goes on to the WARN only when \"%s\" finds it above",
                            check->compare),
                 "%s = %llu > %llu", check->reg, KD_LLU(check->value), KD_LLU(check->limit));
    if (r->what != ORDER) {
        kd_say_u64(out, "requested_bytes", check->value);
        kd_say_u64(out, "largest_bytes", check->limit);
        return;
    }
    kd_say_u64(out, "needed_order", check->value);
    kd_say_u64(out, "largest_order", check->limit);
    if (check->value > MOST_ORDER - 12)
        return;
    kd_say_proof(out, KD_STR("bytes asked for in one piece"), "2^%llu * %llu = %llu",
                 KD_LLU(check->value), KD_LLU(page), KD_LLU(page << check->value));
    kd_say_u64(out, "needed_kb", (page << check->value) / 1024);
    kd_say_u64(out, "largest_kb", (page << check->limit) / 1024);
}

static void say_guess(const kd_view *view, kd_emit *out, const refused *r)
{
    if (r->guess) {
        kd_say_more(out, "Register %.*s holds %llu, which can be the %s.",
                    KD_FMT(r->guess_in->name), KD_LLU(r->guess),
                    r->what == ORDER ? "order" : "size");
        kd_say_evidence(out, view->event, r->guess_in->src, "%.*s = 0x%llx",
                        KD_FMT(r->guess_in->name), KD_LLU(r->guess));
    }
    if (r->what == ORDER)
        kd_say_assume(out,
                      "the WARN is the check of the order: the function's other WARNs are "
                      "about __GFP_NOFAIL or flags that exclude each other, and nothing here shows "
                      "such a mask; if it were one of them, the size would be no fault");
    else
        kd_say_assume(out, "the WARN is the check of the size, the only one that this function is "
                           "known to have");
    if (!view->context->version)
        kd_say_assume(out, "a kernel that checks there: the log does not tell its version");
}

/* The DMA layer asks the page allocator when the CMA area refused: the failure before tells how
 * much it wanted. */
static const kd_event *find_cma(const kd_view *view, const refused *r)
{
    static const char dma[] = "dma_direct_alloc_pages dma_direct_alloc dma_alloc_attrs "
                              "dma_alloc_contiguous dma_alloc_from_contiguous";
    kd_str caller = kd_bare_name(r->oops->lr.function.v);
    if (r->what != ORDER || view->history_len == 0 ||
        (!kd_trace_find(&r->oops->backtrace, dma) && !kd_str_in_words(caller, dma)))
        return NULL;
    const kd_event *last = view->history[view->history_len - 1];
    const kdf_cma *cma = KD_BODY(last, cma);
    bool same = cma && last->boot == view->event->boot && cma->requested_pages.v > 1 &&
                cma->requested_pages.v < UINT64_C(1) << 40;
    return same ? last : NULL;
}

static void say_after_cma(kd_emit *out, const kd_event *event)
{
    static const char *const rules[] = { "cma.no-free-range", "cma.pages-busy" };
    const kdf_cma *cma = KD_BODY(event, cma);
    uint64_t pages = cma->requested_pages.v;
    unsigned order = 1;
    while (UINT64_C(1) << order < pages)
        order++;
    kd_say_more(
        out,
        "Just before, the CMA area had no room for %llu pages; the DMA layer then asked the page "
        "allocator for them: order %u. It is an effect of that, and as harmless as the driver "
        "that goes without.",
        KD_LLU(pages), order);
    kd_say_evidence(out, event, cma->requested_pages.src, "the CMA area refused");
    kd_say_proof(out, kd_text_of(out, "%llu pages in one piece are order %u", KD_LLU(pages), order),
                 "%llu < %llu <= %llu", KD_LLU(UINT64_C(1) << (order - 1)), KD_LLU(pages),
                 KD_LLU(UINT64_C(1) << order));
    kd_say_u64(out, "needed_order", order);
    kd_say_event(out, event);
    for (size_t i = 0; i < KD_COUNT(rules); i++) {
        const kd_diag *cause = kd_diag_of(rules[i], event);
        if (cause)
            kd_say_caused_by(out, cause);
    }
    kd_say_remedy(out,
                  "Make the CMA area large enough (cma=): then this request is not made. A driver "
                  "that can go without should pass __GFP_NOWARN.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, KD_STR("cma="),
                   "the area was too small for what the driver asked");
}

static void say_remedies(kd_emit *out, const refused *r)
{
    const kdf_blame *blame = &r->oops->blame;
    /* with panic_on_warn the trace is that of the panic */
    if (blame->function.src && !kd_blame_skips(blame->function.v))
        kd_say_remedy(out,
                      "Check in %.*s()%s%.*s%s where the size comes from: a length from user "
                      "space, a device or a file must be limited before it is allocated.",
                      KD_FMT(blame->function.v), blame->module.src ? " [" : "",
                      KD_FMT(blame->module.v), blame->module.src ? "]" : "");
    else
        kd_say_remedy(out, "Check where the size comes from: a length from user space, a device or "
                           "a file must be limited before it is allocated.");
    kd_say_remedy(out, r->what == VSIZE
                           ? "Split the request; no single buffer may be larger than INT_MAX bytes."
                           : "Use smaller blocks, or kvmalloc() where the hardware does not need "
                             "one physical piece; for DMA, memory reserved at boot (CMA).");
    kd_say_remedy(out, "A caller that falls back when it gets NULL may pass __GFP_NOWARN.");
}

/* A register that the log lost may be the one that was compared, or hold the mask of another WARN:
 * some of those that survive calls are there, and not all. */
static bool registers_lost(const refused *r)
{
    static const char *const dumps[][10] = {
        { "rbx", "rsi", "rdi", "rbp", "r12", "r13", "r14", "r15" },
        { "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28" },
    };
    bool lost = false;
    for (size_t i = 0; i < KD_COUNT(dumps); i++) {
        size_t names = 0, found = 0;
        for (; names < KD_COUNT(dumps[i]) && dumps[i][names]; names++)
            found += kd_map_find(&r->oops->registers, dumps[i][names]) != NULL;
        lost |= found > 0 && found < names;
    }
    return lost;
}

static kd_confidence confidence_of(const kd_view *view, const refused *r)
{
    if (r->proved)
        return KD_CERTAIN;
    /* without registers the trace must do; with them, one of them should hold the order */
    bool whole =
        r->oops->registers.count == 0 && r->oops->code.bytes.src == 0 && view->event->complete;
    bool hint = r->guess || r->kmalloc || whole;
    const kdf_code *code = &r->oops->code;
    bool torn = code->bytes.src && !code->marker.src;
    /* registers that stand in a trace come without their code */
    bool lost = !r->guess && r->oops->registers.count > 0 && !code->marker.src;
    bool known = r->guess && r->what != ORDER; /* by the one register that the size is passed in */
    if ((!known && registers_lost(r)) || torn || lost)
        hint = false; /* what speaks against it may be what was cut off */
    return hint && view->context->version ? KD_LIKELY : KD_POSSIBLE;
}

kd_status kd_check_order_warning(const kd_view *view, kd_emit *out)
{
    refused r;
    if (!is_refused(view, &r))
        return KD_OK;
    kd_say_diag(out, confidence_of(view, &r),
                "%.*s asked %s. The kernel refused at once, with a warning in %.*s() and without "
                "looking for memory: such a request can never succeed.",
                KD_FMT(asker(&r)), checks[r.what], KD_FMT(r.oops->ip.function.v));
    if (r.proved && r.what == ORDER)
        kd_say_more(out, "Order %llu was asked for, the largest is %llu.", KD_LLU(r.check.value),
                    KD_LLU(r.check.limit));
    else if (r.proved)
        kd_say_more(out, "%llu bytes were asked for, the most is %llu.", KD_LLU(r.check.value),
                    KD_LLU(r.check.limit));
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, r.oops->headline.src, "the check that refused");
    if (r.kmalloc)
        kd_say_evidence(out, view->event, r.kmalloc->function.src, "the caller used kmalloc()");
    if (r.proved)
        say_proof(view, out, &r);
    else
        say_guess(view, out, &r);
    const kd_event *cma = find_cma(view, &r);
    if (cma)
        say_after_cma(out, cma);
    else
        say_remedies(out, &r);
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    return KD_OK;
}

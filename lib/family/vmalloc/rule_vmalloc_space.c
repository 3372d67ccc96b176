/* rule_vmalloc_space.c - kernel addresses ran out: of the module area, or of the vmalloc area.
 * */
#include "core/version.h"
#include "family/fields.h"
#include "family/vmalloc/rule_vmalloc.h"

const char kd_doc_module_space[] =
    "The kernel found no hole of the size in the address range of modules, which BPF programs, "
    "kprobes and ftrace use too on most architectures. Known by the stack (module_alloc(), "
    "execmem_alloc()), by the range that the message names, or by execmem's own message. Certain "
    "when the message of the range search and the failed request stand together and agree to the "
    "byte (pages plus guard page). RAM has nothing to do with it.";
const char kd_doc_vmalloc_space[] =
    "The kernel found no hole of the size in the vmalloc range: addresses ran out, not memory. A "
    "64-bit range is too large to fill up: there it is the size that is absurd, or a leak of "
    "mappings, or the range was a smaller one that the log does not name.";

#define MIB ((uint64_t)1 << 20)

/* ---- the area -------------------------------------------------------------------------------- */

static void say_area(kd_emit *out, const kd_area *area, const char *name)
{
    uint64_t bytes = kd_area_bytes(area);
    const char *colon = area->condition[0] ? ": " : "";
    if (area->line)
        kd_say_line(out, area->line, "the %s, as this kernel printed it at boot", name);
    if (area->start)
        kd_say_proof(out, kd_text_of(out, "the %s%s%s", name, colon, area->condition),
                     "%s0x%llx - 0x%llx %s %llu MiB",
                     area->kind == KD_AREA_AT_LEAST ? "size >= " : "", KD_LLU(area->start + bytes),
                     KD_LLU(area->start), bytes % MIB ? ">=" : "=", KD_LLU(bytes / MIB));
    else
        kd_say_proof(out, kd_text_of(out, "size of the %s%s%s", name, colon, area->condition),
                     "size %s %llu MiB",
                     area->kind == KD_AREA_AT_MOST    ? "<="
                     : area->kind == KD_AREA_AT_LEAST ? ">="
                                                      : "=",
                     KD_LLU(bytes / MIB));
}

/* The candidates, what they assume, and whether the request could ever fit. */
static void say_areas(kd_emit *out, const kd_area_list *list, const kd_space_case *s,
                      const char *name)
{
    uint64_t most = kd_area_most(list);
    uint64_t hole = s->hole ? s->hole->requested_bytes.v : kd_vmalloc_hole(s->bytes, s->page);
    for (size_t i = 0; i < list->count; i++)
        say_area(out, &list->items[i], name);
    if (list->count > 0 && list->items[0].start) {
        kd_say_hex(out, "area_start", list->items[0].start);
        kd_say_hex(out, "area_end", list->items[0].end);
    }
    if (most)
        kd_say_u64(out, "area_bytes_at_most", most);
    if (most && hole > most) {
        kd_say_proof(out, KD_STR("the request is larger than the whole area: it can never fit"),
                     "%llu > %llu", KD_LLU(hole), KD_LLU(most));
        kd_say_more(out, "The %s %llu MiB: such a request can never fit.",
                    list->count == 1 ? "whole area has" : "area has at most, in one piece,",
                    KD_LLU(most / MIB));
    }
    for (size_t i = 0; i < list->assumed_count; i++)
        kd_say_assume(out, "%s", list->assumed[i]);
}

/* arm64: the window holds the kernel text, so it lies within its own size of it. */
static void say_window(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    uint64_t text = kd_text_address(view->context), reach = kd_area_most(&s->modules.list);
    if (!kd_arch_is(view->context, "arm64") || !text || !reach || text < reach ||
        text > UINT64_MAX - reach)
        return;
    kd_say_proof(out,
                 kd_text_of(out,
                            "the window of modules holds the kernel text at 0x%llx "
                            "(Kernel Offset)",
                            KD_LLU(text)),
                 "0x%llx - 0x%llx = 0x%llx <= window <= 0x%llx + 0x%llx = 0x%llx", KD_LLU(text),
                 KD_LLU(reach), KD_LLU(text - reach), KD_LLU(text), KD_LLU(reach),
                 KD_LLU(text + reach));
    kd_say_hex(out, "text_start", text);
}

/* ---- vmalloc= -------------------------------------------------------------------------------- */

/* What the area has now: as the message or the boot log names it, or as far as the table tells. */
static uint64_t bytes_now(const kd_space_case *s, bool *sure)
{
    *sure = true;
    if (s->hole && s->hole->range_start.src && s->hole->range_end.v > s->hole->range_start.v)
        return s->hole->range_end.v - s->hole->range_start.v;
    *sure = kd_area_is_read(&s->area.list);
    return s->area.list.count ? kd_area_bytes(&s->area.list.items[0]) : 0;
}

static void say_vmalloc_option(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    const uint64_t limit = kd_arch_is(view->context, "s390") ? UINT64_MAX / 4 : 896 * MIB;
    bool sure;
    uint64_t now = bytes_now(s, &sure);
    uint64_t hole = s->hole ? s->hole->requested_bytes.v : s->bytes;
    uint64_t more = hole < 64 * MIB ? 64 * MIB : hole < limit ? (hole / MIB + 64) * MIB : 0;
    uint64_t better =
        now && more && now < limit ? (now + more + 16 * MIB - 1) & ~(16 * MIB - 1) : 0;
    if (s->area.option_bytes) {
        kd_say_line(out, &view->context->vmalloc_line, "vmalloc= was given: %llu MiB",
                    KD_LLU(s->area.option_bytes / MIB));
        kd_say_u64(out, "vmalloc_option_bytes", s->area.option_bytes);
        if (sure && now > s->area.option_bytes + 8 * MIB)
            kd_say_proof(out,
                         KD_STR("vmalloc= is not what bounds the area: it is larger, as "
                                "where RAM ends below it"),
                         "%llu MiB > %llu MiB", KD_LLU(now / MIB),
                         KD_LLU(s->area.option_bytes / MIB));
    }
    if (better && better <= limit)
        kd_say_remedy(out,
                      "Boot with a larger vmalloc=, for example vmalloc=%lluM: more than the "
                      "%s%llu MiB of now; it takes the addresses from lowmem. A 64-bit kernel has "
                      "no such limit.",
                      KD_LLU(better / MIB), sure ? "" : "about ", KD_LLU(now / MIB));
    else
        kd_say_remedy(out, "Boot with a larger vmalloc= (for example vmalloc=512M); it takes the "
                           "addresses from lowmem. A 64-bit kernel has no such limit.");
}

/* How the vmalloc area is made larger on this architecture. */
static void say_larger_area(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    if (s->area.has_option)
        say_vmalloc_option(view, out, s);
    else if (kd_arch_is(view->context, "ppc"))
        kd_say_remedy(out, "Build with a smaller CONFIG_LOWMEM_SIZE (CONFIG_ADVANCED_OPTIONS=y): "
                           "the vmalloc area begins 16 MiB above lowmem. This architecture has no "
                           "vmalloc= option.");
    else if (!s->wide)
        kd_say_remedy(out, "A 32-bit kernel has few addresses; only arm and i386 let vmalloc= move "
                           "the bound. A 64-bit kernel has no such limit.");
}

static void say_hint(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    if (!s->hole || !kd_str_has(s->hole->hint.v, "vmalloc="))
        return;
    if (s->searched == KD_SEARCHED_MODULES && s->modules.own_area)
        kd_say_more(out, "The kernel's own hint (vmalloc=) does not help: it moves the start of "
                         "the vmalloc area, not the module area.");
    else if (view->context->arch.len > 0 && !s->area.has_option)
        kd_say_more(out, "The kernel's own hint (vmalloc=) does not help: this architecture has no "
                         "such option.");
}

/* ---- module space ---------------------------------------------------------------------------- */

static void say_arm_remedies(kd_emit *out, const kd_module_area *area)
{
    kd_arm_branch branch;
    kd_arm_branch_of(area->page_offset, &branch);
    if (area->plts != KD_FALLBACK_ALWAYS)
        kd_say_remedy(out,
                      "CONFIG_ARM_MODULE_PLTS=y (Linux 4.4 and later%s) lets modules spill "
                      "into the vmalloc area; cost: calls into the kernel go through veneers.",
                      area->plts_from_later ? ": not in this kernel" : "");
    kd_say_proof(out,
                 KD_STR("moving the area's bottom to PAGE_OFFSET - 32 MiB is no remedy by "
                        "itself: a branch from there misses the kernel text by this much "
                        "and more"),
                 "0x%llx - 8 - 0x%llx = 0x%llx; 0x%llx - 0x%llx = 0x%llx", KD_LLU(branch.text),
                 KD_LLU(branch.bottom), KD_LLU(branch.needed), KD_LLU(branch.needed),
                 KD_LLU(branch.limit), KD_LLU(branch.misses));
    kd_say_remedy(out,
                  "Patching MODULES_VADDR and TASK_SIZE down to PAGE_OFFSET - 32 MiB, as "
                  "found on the web, is no remedy alone: branches from the bottom of that area "
                  "miss the kernel text by 0x%llx bytes and more.",
                  KD_LLU(branch.misses));
}

static void say_module_remedies(kd_emit *out, const kd_space_case *s, const kd_view *view)
{
    kd_vmalloc_purpose purpose = s->caller.purpose;
    uint32_t version = view->context->version;
    if (purpose == KD_VMALLOC_JIT)
        kd_say_remedy(out, "Look for what loads so many BPF programs (bpftool prog); "
                           "net.core.bpf_jit_limit bounds what unprivileged users may take.");
    else if (purpose == KD_VMALLOC_PROBE)
        kd_say_remedy(out, "Remove probes that are not needed: each page of their instruction "
                           "slots and each ftrace trampoline takes room of the area.");
    else
        kd_say_remedy(out,
                      "Make the module smaller: only its allocated sections count, so strip "
                      "--strip-debug does not help, but leaving out debug code and options does; "
                      "or split it.");
    if (purpose != KD_VMALLOC_JIT && purpose != KD_VMALLOC_PROBE)
        kd_say_remedy(out, "Build the driver into the kernel: then it takes no module space.");
    kd_say_remedy(out, "Unload modules that are not needed (lsmod): each takes its pages and a "
                       "guard page of the area.");
    if (kd_arch_is(view->context, "arm"))
        say_arm_remedies(out, &s->modules);
    else if (kd_arch_is(view->context, "arm64") && version && version < V(6, 5) &&
             s->modules.plts != KD_FALLBACK_ALWAYS)
        kd_say_remedy(out,
                      "CONFIG_ARM64_MODULE_PLTS=y (Linux 4.6 and later%s) widens the area "
                      "from 128 MiB to 2 GiB (always on from 6.5).",
                      version < V(4, 6) ? ": not in this kernel" : "");
    else if (kd_arch_is(view->context, "x86_64") && s->modules.list.count == 1 &&
             s->modules.list.items[0].start == 0xffffffffc0000000)
        kd_say_remedy(out, "A kernel built with CONFIG_RANDOMIZE_BASE=n has 512 MiB more for "
                           "modules (and no KASLR).");
    if ((!s->modules.own_area && view->context->arch.len > 0) || s->searched == KD_SEARCHED_BOTH)
        say_larger_area(view, out, s);
}

static kd_confidence module_confidence(const kd_space_case *s)
{
    if (s->by == KD_BY_EXECMEM || s->by == KD_BY_WIDTH || s->by == KD_BY_SIZE)
        return KD_LIKELY;
    if (s->by == KD_BY_PLACE)
        return !s->failure || (s->fit.fits && s->near) ? KD_CERTAIN : KD_LIKELY;
    return s->fit.fits && s->near ? KD_CERTAIN : KD_LIKELY;
}

static void say_module_headline(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    if (s->is_execmem) {
        kd_say_diag(out, KD_LIKELY,
                    "There was no room for code, most likely a module: "
                    "execmem_alloc() failed. The kernel does not say whether addresses or pages "
                    "were missing.");
        return;
    }
    bool guess = s->by == KD_BY_WIDTH;
    bool module = s->caller.purpose == KD_VMALLOC_MODULE || s->caller.purpose == KD_VMALLOC_UNKNOWN;
    kd_say_wanted(out, s, module_confidence(s),
                  module && s->caller.module_frame ? " for a module" : "",
                  "address range of modules");
    if (!module)
        kd_say_purpose(out, view, &s->caller);
    if (s->caller.purpose == KD_VMALLOC_JIT || s->caller.purpose == KD_VMALLOC_PROBE)
        kd_say_more(out, "Such code shares the range with modules.");
    if (guess)
        kd_say_more(out, "The range is not named; the vmalloc area of a 64-bit kernel is too large "
                         "to fill up, so it is most likely the module area.");
    if (s->searched == KD_SEARCHED_BOTH)
        kd_say_more(out, "The module area was searched first, in silence, and was full; the "
                         "vmalloc area, into which modules may overflow, is full too.");
    if (!s->modules.own_area && view->context->arch.len > 0)
        kd_say_more(out, "On this architecture modules live in the vmalloc area.");
}

static void say_module_assumptions(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    uint32_t version = view->context->version;
    if (s->is_execmem)
        kd_say_assume(out, "a module was being loaded, and addresses were missing (BPF programs, "
                           "kprobes and ftrace use execmem too, and too little RAM gives the same "
                           "line)");
    else if (!s->vmap)
        kd_say_assume(out, "the line of the range search is missing (it is rate-limited): without "
                           "it the kernel could also have failed to allocate its own descriptor");
    else if (s->failure && !s->near)
        kd_say_assume(out, "the line of the range search, which stands far above, tells of the "
                           "same shortage");
    if (s->modules.plts == KD_FALLBACK_BY_CONFIG && kd_arch_is(view->context, "arm") &&
        !s->is_execmem)
        kd_say_assume(out, version && version < V(4, 19)
                               ? "CONFIG_ARM_MODULE_PLTS=n (with it this kernel tried the vmalloc "
                                 "area next, and the module may have been loaded there)"
                               : "CONFIG_ARM_MODULE_PLTS=n (with it the module area failed in "
                                 "silence, and this is the vmalloc area, full too)");
    if (s->by == KD_BY_WIDTH)
        kd_say_assume(out, "the range was the module area (the log does not show who asked)");
}

/* execmem keeps quiet about the range, but another request may have named it just before. */
static void say_earlier_search(const kd_view *view, kd_emit *out)
{
    for (size_t i = view->history_len; i-- > 0;) {
        const kd_event *event = view->history[i];
        const kdf_vmap *hole = KD_BODY(event, vmap);
        if (event->before || event->boot != view->event->boot)
            return;
        if (!hole || !hole->range_start.src)
            continue;
        kd_say_line(out, kd_event_line(event, hole->range_start.src),
                    "an earlier request found no hole of %llu bytes in this range",
                    KD_LLU(hole->requested_bytes.v));
        return;
    }
}

kd_status kd_check_module_space(const kd_view *view, kd_emit *out, void *user)
{
    const kd_space_case *s = kd_space_case_of(view);
    (void)user;
    if (!s || s->searched == KD_SEARCHED_VMALLOC)
        return KD_OK;
    say_module_headline(view, out, s);
    kd_emit_role(out, KD_PRIMARY);
    say_hint(view, out, s);
    kd_say_retrying(out, s);
    kd_say_request(view, out, s);
    if (s->is_execmem) {
        kd_say_evidence(out, view->event, s->failure->text.src,
                        "execmem serves modules and other code that the kernel makes");
        say_earlier_search(view, out);
    }
    kd_say_searched(view, out, s);
    if (s->modules.own_area)
        say_areas(out, &s->modules.list, s, "module area");
    else
        say_areas(out, &s->area.list, s, "vmalloc area");
    say_window(view, out, s);
    kd_say_free_ram(view, out);
    say_module_remedies(out, s, view);
    say_module_assumptions(view, out, s);
    return KD_OK;
}

/* ---- vmalloc space --------------------------------------------------------------------------- */

/* No machine has as much memory to map: a size that was computed wrongly, or read from a device. */
#define ABSURD_BYTES (UINT64_C(1) << 40)
/* A range that lacks a hole of so little, though it has this many, is eaten up by mappings. */
#define SMALL_HOLE 65536u
#define SMALL_SHARE 1024u

static uint64_t hole_of(const kd_space_case *s)
{
    return s->hole ? s->hole->requested_bytes.v : kd_vmalloc_hole(s->bytes, s->page);
}

static bool is_absurd(const kd_space_case *s)
{
    return hole_of(s) >= ABSURD_BYTES;
}

static void say_absurd(kd_emit *out, const kd_space_case *s)
{
    kd_say_more(out, "That is more than a machine has memory to map: the size itself is wrong, not "
                     "the range too small.");
    kd_say_proof(out, KD_STR("more than a TiB"), "%llu >= %llu", KD_LLU(hole_of(s)),
                 KD_LLU(ABSURD_BYTES));
    kd_say_remedy(out, "Look where the caller has the size from: a length computed below zero, or "
                       "the size of a device's BAR that must not be mapped whole.");
}

/* A small hole that is not there in a large range: the addresses were given out and not back. */
static bool say_leak(kd_emit *out, const kd_space_case *s)
{
    uint64_t hole = hole_of(s), most = kd_area_most(&s->area.list);
    if (hole > SMALL_HOLE || (most && most / SMALL_SHARE < hole))
        return false;
    kd_say_more(out,
                "So small a hole is missing only when nearly all of the range is given out: "
                "mappings leak (somebody maps again and again and does not unmap), or many small "
                "ones are strewn over it. A larger range would only delay it.");
    if (most)
        kd_say_proof(out, KD_STR("the hole is a small part of the range"), "%llu < %llu / %u",
                     KD_LLU(hole), KD_LLU(most), SMALL_SHARE);
    return true;
}

static kd_confidence vmalloc_confidence(const kd_view *view, const kd_space_case *s)
{
    bool named = s->hole && s->hole->range_start.src;
    /* here every search is one of the vmalloc area */
    named |= !s->wide && view->context->arch.len > 0 && !s->modules.own_area;
    if (s->failure && (!s->fit.fits || !s->near))
        return s->wide && !s->vmap ? KD_POSSIBLE : KD_LIKELY;
    if (named || s->by == KD_BY_TRACE)
        return s->vmap ? KD_CERTAIN : KD_LIKELY;
    return KD_LIKELY;
}

static void say_vmalloc_assumptions(const kd_view *view, kd_emit *out, const kd_space_case *s)
{
    if (s->failure && !s->vmap)
        kd_say_assume(out, "the line of the range search is missing (it is rate-limited): without "
                           "it the kernel could also have failed to allocate its own descriptor");
    if (s->by == KD_BY_NOTHING && (s->modules.own_area || view->context->arch.len == 0))
        kd_say_assume(out, "the log does not show who asked; a module load would mean the module "
                           "area instead");
    if (view->context->arch.len == 0 && s->by != KD_BY_PLACE)
        kd_say_assume(out, "the architecture (it is not known from the log; it decides how large "
                           "the area is and whether vmalloc= exists)");
}

kd_status kd_check_vmalloc_space(const kd_view *view, kd_emit *out, void *user)
{
    const kd_space_case *s = kd_space_case_of(view);
    (void)user;
    if (!s || s->searched != KD_SEARCHED_VMALLOC || kd_space_is_too_large(view, s))
        return KD_OK;
    bool jit = s->caller.purpose == KD_VMALLOC_JIT && s->modules.jit_apart;
    kd_say_wanted(out, s, vmalloc_confidence(view, s), " of kernel addresses",
                  jit ? "BPF JIT range" : "vmalloc range");
    kd_emit_role(out, KD_PRIMARY);
    kd_say_purpose(out, view, &s->caller);
    say_hint(view, out, s);
    kd_say_retrying(out, s);
    if (s->wide && !jit && s->area.list.count > 0 && !is_absurd(s))
        kd_say_more(out,
                    "A 64-bit vmalloc range (%llu GiB here) hardly fills up: look for a leak "
                    "of mappings.",
                    KD_LLU(kd_area_bytes(&s->area.list.items[0]) >> 30));
    kd_say_request(view, out, s);
    kd_say_searched(view, out, s);
    if (!jit && !(s->hole && s->hole->range_start.src))
        say_areas(out, &s->area.list, s, "vmalloc area");
    kd_say_free_ram(view, out);
    if (is_absurd(s)) {
        say_absurd(out, s);
        say_vmalloc_assumptions(view, out, s);
        return KD_OK;
    }
    bool leak = !jit && say_leak(out, s);
    if (!leak)
        say_larger_area(view, out, s);
    if (jit)
        kd_say_remedy(out, "Look for what loads so many BPF programs (bpftool prog).");
    kd_say_remedy(out, "/proc/vmallocinfo lists who holds the addresses, by caller and size: look "
                       "for a driver that maps much or never unmaps.");
    if (leak)
        say_larger_area(view, out, s);
    say_vmalloc_assumptions(view, out, s);
    return KD_OK;
}

/* rule_module.c - modules that were not loaded: relocations out of reach, and the tools' words.
 * */
#include "core/diag.h"
#include "family/fields.h"
#include "family/module/decode_reloc.h"

const char kd_doc_relocation[] =
    "Computes the distance that the relocation would have to bridge from the numbers of the "
    "message "
    "and compares it with the reach of its field. Certain when it is out of reach; when the number "
    "lies inside the reach the arithmetic does not bear the message out, and that is said.";
const char kd_doc_load_failed[] =
    "A tool reported that a module was not loaded (or not removed) and the kernel's own reason is "
    "not in the log.";
const char kd_doc_version_mismatch[] =
    "The module was built for another kernel: its version magic or the version of a symbol "
    "differs.";
const char kd_doc_unknown_symbol[] =
    "The module needs a symbol that neither the kernel nor a loaded module exports to it.";

/* The tools complain right after the kernel: so many events further it is another failure. */
#define TOOL_EVENTS 64u

/* The words of the tools for the same failure, before or after it. */
static void say_tools(const kd_view *view, kd_emit *out, kd_str module, const char *words)
{
    const kd_wide_view *wide = kd_wide(view);
    size_t i = wide->index > TOOL_EVENTS ? wide->index - TOOL_EVENTS : 0;
    for (; i < wide->event_count && i <= wide->index + TOOL_EVENTS; i++) {
        const kd_event *event = wide->events[i];
        const kdf_module_load *load = KD_BODY(event, module_load);
        if (!load || event->boot != view->event->boot || !load->error.src ||
            !kd_str_eq(load->module.v, module))
            continue;
        kd_say_evidence(out, event, load->error.src, "%s", words);
        kd_say_more(out, "\"%.*s\" of %.*s is this same failure.", KD_FMT(load->error.v),
                    KD_FMT(load->tool.v));
        return;
    }
}

static void say_parisc(kd_emit *out, const kdf_module_reloc *reloc, const kd_reloc_verdict *v)
{
    bool wide = reloc->value.v >= (uint64_t)1 << 30;
    kd_say_proof(out,
                 kd_text_of(out, "0x%llx is a negative number of words, wrapped at 2^%d",
                            KD_LLU(reloc->value.v), wide ? 62 : 30),
                 v->units < 0 ? "0x%llx - 2^%d = %lld words"
                              : "0x%llx (no wrap at 2^%d) = %lld "
                                "words",
                 KD_LLU(reloc->value.v), wide ? 62 : 30, KD_LLD(v->units));
    kd_say_proof(out, KD_STR("in bytes (a word is 4)"), "%lld * 4 = %lld bytes", KD_LLD(v->units),
                 KD_LLD(v->distance));
    kd_say_i64(out, "distance_words", v->units);
}

static void say_reach(kd_emit *out, const kd_reloc_verdict *v)
{
    kd_say_proof(out,
                 kd_text_of(out, "reach of %s: %u bits%s", v->type->name, v->type->bits,
                            v->type->scale == 2 ? " of words"
                            : v->type->scale    ? " of scaled units"
                                                : ""),
                 "%lld .. %+lld%s", KD_LLD(v->least), KD_LLD(v->most),
                 v->type->kind == KD_RELOC_S ? " bytes" : "");
    kd_say_text(out, "relocation", kd_str_of(v->type->name));
    kd_say_i64(out, "reach_least_bytes", v->least);
    kd_say_i64(out, "reach_most_bytes", v->most);
    if (v->has_distance) {
        kd_say_i64(out, "distance_bytes", v->distance);
        if (v->answer == KD_RELOC_OUT)
            kd_say_proof(out, KD_STR("it misses the reach"), "%lld %s %lld: by %llu bytes",
                         KD_LLD(v->distance), v->distance < v->least ? "<" : ">",
                         KD_LLD(v->distance < v->least ? v->least : v->most), KD_LLU(v->misses));
        else
            kd_say_proof(out, KD_STR("it lies inside the reach"), "%lld <= %lld <= %lld",
                         KD_LLD(v->least), KD_LLD(v->distance), KD_LLD(v->most));
    }
    if (v->answer == KD_RELOC_OUT && v->has_distance)
        kd_say_u64(out, "misses_by_bytes", v->misses);
}

static void say_remedies(kd_emit *out, const kd_reloc_verdict *v)
{
    if (kd_str_is(v->arch, "parisc")) {
        kd_say_more(out, "This kernel puts the stubs for all sections of a module in one place, so "
                         "in a big module a branch cannot reach its stub.");
        kd_say_remedy(out,
                      "Use a kernel that places stubs in front of each code section (2.6.29 "
                      "and later): then only a single section larger than the reach can fail.");
        kd_say_remedy(out, "Make the module smaller: split it, build it with -ffunction-sections, "
                           "or leave out debug options.");
        kd_say_remedy(out, "Build the driver into the kernel instead of as a module; or use a PA "
                           "2.0 (64-bit) kernel, whose branches reach 8 MiB (22 bits).");
        return;
    }
    if (v->has_distance && v->misses < (uint64_t)64 << 20) {
        kd_say_remedy(out, "Make the module smaller or split it, or build the driver into the "
                           "kernel.");
        kd_say_remedy(out, "Use a kernel built with module PLTs, which reach farther than a "
                           "branch.");
        return;
    }
    kd_say_remedy(out,
                  "The distance is not that of a module that is a little too big: rebuild the "
                  "module with the kernel's own build system (make M=...) and its compiler flags.");
    kd_say_remedy(out, "Check the symbol: an undefined weak symbol resolves to 0, and an absolute "
                       "or wrong address cannot be reached from module code.");
}

kd_status kd_check_relocation(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_reloc *reloc = KD_BODY(view->event, module_reloc);
    kd_reloc_verdict v;
    (void)user;
    if (!reloc)
        return KD_OK;
    kd_reloc_judge(reloc, view->context, &v);
    kd_str symbol = reloc->symbol.src ? reloc->symbol.v : KD_STR("(not named)");
    kd_confidence confidence = v.answer == KD_RELOC_OUT      ? KD_CERTAIN
                               : v.answer == KD_RELOC_INSIDE ? KD_POSSIBLE
                                                             : KD_LIKELY;
    kd_say_diag(out, confidence,
                "Module %.*s was refused because a reference to symbol %.*s does not fit into its "
                "relocation field (%s).",
                KD_FMT(reloc->module.src ? reloc->module.v : KD_STR("(not named)")), KD_FMT(symbol),
                v.type ? v.type->name : "type not known");
    if (v.answer == KD_RELOC_OUT && v.has_distance)
        kd_say_more(out,
                    "It would have to bridge %lld bytes and reaches %lld to %+lld: it misses "
                    "by %llu bytes.",
                    KD_LLD(v.distance), KD_LLD(v.least), KD_LLD(v.most), KD_LLU(v.misses));
    else if (v.answer == KD_RELOC_OUT)
        kd_say_more(out, "The target lies outside the kernel's half of the address space: no place "
                         "in a module can reach it.");
    else if (v.answer == KD_RELOC_INSIDE)
        kd_say_more(out, "But by its numbers it would fit: the arithmetic does not bear the "
                         "message "
                         "out, so the line was damaged or the loader differs.");
    kd_say_evidence(out, view->event, reloc->headline.src, "the module loader's message");
    if (kd_str_is(v.arch, "parisc") && v.has_distance)
        say_parisc(out, reloc, &v);
    if (v.any_place)
        kd_say_proof(out, KD_STR("the target is outside the kernel half, module code is inside it"),
                     "0x%llx < 2^63 <= place",
                     KD_LLU(reloc->target.src ? reloc->target.v : reloc->value.v));
    if (v.type)
        say_reach(out, &v);
    if (reloc->value.src)
        kd_say_hex(out, "value", reloc->value.v);
    if (reloc->bits.src)
        kd_say_u64(out, "bits", reloc->bits.v);
    say_tools(view, out, reloc->module.v, "the tool's words for this failure (ENOEXEC)");
    say_remedies(out, &v);
    return KD_OK;
}

/* ---- the kernel's other reasons -------------------------------------------------------------- */

kd_status kd_check_version_mismatch(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = KD_BODY(view->event, module_load);
    (void)user;
    if (!load || (!kd_str_is(load->reason.v, "version-magic") &&
                  !kd_str_is(load->reason.v, "symbol-version")))
        return KD_OK;
    bool magic = load->has.src != 0;
    if (magic)
        kd_say_diag(out, KD_CERTAIN,
                    "Module %.*s was built for another kernel: its version magic "
                    "is \"%.*s\", this kernel wants \"%.*s\".",
                    KD_FMT(load->module.v), KD_FMT(load->has.v), KD_FMT(load->wants.v));
    else
        kd_say_diag(out, KD_CERTAIN,
                    "Module %.*s was built against another kernel: the "
                    "checksum of "
                    "symbol %.*s differs.",
                    KD_FMT(load->module.v), KD_FMT(load->symbol.v));
    kd_say_evidence(out, view->event, load->headline.src, "the kernel's message");
    if (magic)
        kd_say_proof(out, KD_STR("the two version magics differ"), "\"%.*s\" != \"%.*s\"",
                     KD_FMT(load->has.v), KD_FMT(load->wants.v));
    else
        kd_say_proof(out, KD_STR("the kernel compared the checksum of the symbol and refused"),
                     "CRC(%.*s) in %.*s != CRC in the kernel", KD_FMT(load->symbol.v),
                     KD_FMT(load->module.v));
    say_tools(view, out, load->module.v, "the tool's words for this failure");
    kd_say_remedy(out, "Rebuild the module against the headers of the running kernel, or install "
                       "the module package that belongs to it.");
    return KD_OK;
}

kd_status kd_check_unknown_symbol(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = KD_BODY(view->event, module_load);
    (void)user;
    if (!load || !kd_str_is(load->reason.v, "unknown-symbol"))
        return KD_OK;
    kd_say_diag(out, KD_CERTAIN,
                "Module %.*s needs symbol %.*s, which nothing that is loaded "
                "exports to it.",
                KD_FMT(load->module.v), KD_FMT(load->symbol.v));
    kd_say_evidence(out, view->event, load->headline.src, "the kernel's message");
    kd_say_proof(out, KD_STR("the kernel looked the symbol up and did not find it usable"),
                 "find_symbol(%.*s) failed, err %lld", KD_FMT(load->symbol.v),
                 KD_LLD(load->error_number.v));
    say_tools(view, out, load->module.v, "the tool's words for this failure");
    kd_say_remedy(out, "Load the module that exports it first (modprobe does, insmod does not), or "
                       "enable it in the kernel's configuration.");
    kd_say_remedy(out, "A symbol exported with EXPORT_SYMBOL_GPL is hidden from modules whose "
                       "licence is not GPL-compatible.");
    return KD_OK;
}

/* Did the kernel say why, or did a fault keep the module from going? Then that is the finding. */
static bool explained(const kd_view *view, const kdf_module_load *load)
{
    const kd_wide_view *wide = kd_wide(view);
    for (size_t i = 0; i < wide->event_count; i++) {
        const kd_event *event = wide->events[i];
        const kdf_module_reloc *reloc = KD_BODY(event, module_reloc);
        const kdf_module_load *other = KD_BODY(event, module_load);
        if (event->boot != view->event->boot)
            continue;
        if (reloc && (!reloc->module.src || kd_str_eq(reloc->module.v, load->module.v)))
            return true;
        if (other && !other->error.src && kd_str_eq(other->module.v, load->module.v))
            return true;
        if (kd_event_is(event, &kd_kind_vmap_failure) ||
            kd_event_is(event, &kd_kind_vmalloc_failure) || KD_BODY(event, oops))
            return true;
    }
    return false;
}

kd_status kd_check_load_failed(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = KD_BODY(view->event, module_load);
    (void)user;
    if (!load || !load->error.src || explained(view, load))
        return KD_OK;
    bool removal = kd_str_is(load->tool.v, "rmmod");
    kd_say_diag(out, KD_LIKELY,
                "%.*s could not %s module %.*s: %.*s. The log holds no line of the "
                "kernel that says why.",
                KD_FMT(load->tool.v), removal ? "remove" : "load", KD_FMT(load->module.v),
                KD_FMT(load->error.v));
    kd_say_evidence(out, view->event, load->headline.src, "the tool's message");
    kd_say_text(out, "error", load->error.v);
    if (removal)
        kd_say_remedy(out, "lsmod shows who uses the module; after an oops in its exit function "
                           "only a reboot removes it.");
    else
        kd_say_remedy(out, "Compare `modinfo` of the file with `uname -rm`: a module for another "
                           "architecture or a truncated file is refused without a kernel message.");
    return KD_OK;
}

/* rule_module.c - modules that were not loaded: relocations out of reach, and the tools' words.
 * */
#include "family/module/rule_module.h"
#include "core/diag.h"
#include "family/fields.h"
#include "family/module/decode_reloc.h"

const char kd_doc_relocation[] =
    "Computes the distance that the relocation would have to bridge from the numbers of the "
    "message "
    "and compares it with the reach of its field. Certain when it is out of reach; when the number "
    "lies inside the reach the arithmetic does not bear the message out, and that is said.";

const char kd_doc_unknown_relocation[] =
    "The kernel's loader does not know a relocation type that the module uses, or found a target "
    "that was "
    "patched before: the module was built by a compiler or binutils, or with flags, that this "
    "kernel does not expect.";

static void say_parisc(kd_emit *out, const kdf_module_reloc *reloc, const kd_reloc_verdict *v)
{
    bool wide = reloc->value.v >= (uint64_t)1 << 30;
    kd_say_proof(out,
                 kd_text_of(out, "0x%llx is a negative number of words, wrapped at 2^%d",
                            KD_LLU(reloc->value.v), wide ? 62 : 30),
                 v->units < 0 ? "0x%llx - 2^%d = %lld words" : "0x%llx < 2^%d, words = %lld",
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
            kd_say_proof(out, KD_STR("it misses the reach"), "%lld %s %lld, by = %llu bytes",
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
    kd_say_module_tools(view, out, reloc->module.v, "the tool's words for this failure (ENOEXEC)");
    say_remedies(out, &v);
    return KD_OK;
}

/* ---- the kernel's other reasons -------------------------------------------------------------- */

/* ---- relocations that the loader does not take ----------------------------------------------- */

typedef struct relocation_hint {
    const char *arch;
    int64_t type;
    const char *name, *why;
} relocation_hint;

static const relocation_hint *relocation_of(const kd_context *context, int64_t type)
{
    static const relocation_hint hints[] = {
        { "x86_64", 4, "R_X86_64_PLT32",
          "binutils 2.31 and later write it where older ones wrote R_X86_64_PC32; kernels before "
          "4.16.3 do not take it" },
        { "x86_64", 41, "R_X86_64_GOTPCRELX",
          "binutils 2.26 and later write it unless told -mrelax-relocations=no" },
        { "x86_64", 42, "R_X86_64_REX_GOTPCRELX",
          "binutils 2.26 and later write it unless told -mrelax-relocations=no" },
        { "x86_64", 9, "R_X86_64_GOTPCREL",
          "the module was compiled as position-independent code (PIC)" },
        { "arm64", 311, "R_AARCH64_ADR_GOT_PAGE",
          "the module was compiled as position-independent code (PIC); build it with -fno-pic" },
        { "arm64", 312, "R_AARCH64_LD64_GOT_LO12_NC",
          "the module was compiled as position-independent code (PIC); build it with -fno-pic" },
        { "x86_64", 1, "R_X86_64_64", "the place was patched before, or the file is damaged" },
    };
    for (size_t i = 0; i < KD_COUNT(hints); i++)
        if (hints[i].type == type && (context->arch.len == 0 || kd_arch_is(context, hints[i].arch)))
            return &hints[i];
    return NULL;
}

kd_status kd_check_unknown_relocation(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = kd_module_load_of(view, "unknown-relocation relocation-target");
    (void)user;
    if (!load)
        return KD_OK;
    const relocation_hint *hint = relocation_of(view->context, load->error_number.v);
    kd_say_diag(out, KD_LIKELY,
                "%.*s holds a relocation (type %lld) that this kernel's loader does not take.",
                KD_FMT(load->module.src ? load->module.v : KD_STR("A module")),
                KD_LLD(load->error_number.v));
    if (hint && view->context->arch.len == 0)
        kd_say_more(out, "The log does not tell the architecture; on %s type %lld is %s: %s.",
                    hint->arch, KD_LLD(load->error_number.v), hint->name, hint->why);
    else if (hint)
        kd_say_more(out, "Type %lld is %s: %s.", KD_LLD(load->error_number.v), hint->name,
                    hint->why);
    kd_say_module_end(view, out, load);
    kd_say_i64(out, "relocation_type", load->error_number.v);
    kd_say_remedy(out, "Rebuild the module with the compiler, binutils and headers that belong to "
                       "this kernel, by its "
                       "own build system.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, load->module.v, "compiler, binutils or flags");
    kd_say_assume(out, "the file is whole");
    return KD_OK;
}

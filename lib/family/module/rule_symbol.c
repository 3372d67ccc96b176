/* rule_symbol.c - a module needs symbols that are not there, or that are refused to it. */
#include "base/scan.h"
#include "core/version.h"
#include "family/fields.h"
#include "family/module/rule_module.h"

const char kd_doc_unknown_symbol[] = "The module needs a symbol that neither the kernel nor a "
                                     "loaded module exports to it. All symbols that one "
                                     "module lacks are one diagnosis; symbols that the compiler "
                                     "asked for have a cause of their own.";

/* ---- refused symbols ------------------------------------------------------------------------- */

#define REFUSED (-22)

bool kd_is_symbol_refused(const kdf_module_load *load)
{
    return load->error_number.src && load->error_number.v == REFUSED;
}

/* Why the symbol was refused: the line of the kernel that says so. */
static const kd_event *refusal_of(const kd_view *view, const kdf_module_load *load)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = span.from; kd_is_symbol_refused(load) && i < span.to; i++) {
        const kdf_module_load *other = KD_BODY(wide->events[i], module_load);
        if (other && wide->events[i]->boot == view->event->boot &&
            kd_str_in_words(other->reason.v, "symbol-version licence namespace") &&
            kd_str_eq(other->module.v, load->module.v) &&
            (!other->symbol.src || kd_str_eq(other->symbol.v, load->symbol.v)))
            return wide->events[i];
    }
    return NULL;
}

/* ---- symbols --------------------------------------------------------------------------------- */

typedef struct symbol_hint {
    const char *beginning, *what, *remedy;
} symbol_hint;

static const symbol_hint *hint_of(kd_str symbol)
{
    static const symbol_hint hints[] = {
#define KD_SYMBOL(beginning, what, remedy) { beginning, what, remedy },
#include "family/module/symbol_hint.def"
#undef KD_SYMBOL
    };
    for (size_t i = 0; i < KD_COUNT(hints); i++)
        if (kd_str_starts(symbol, hints[i].beginning))
            return &hints[i];
    return NULL;
}

static bool lacks_for(const kd_event *event, const kd_event *first, const kdf_module_load *load)
{
    const kdf_module_load *other = KD_BODY(event, module_load);
    return other && event->boot == first->boot && kd_str_is(other->reason.v, "unknown-symbol") &&
           kd_is_symbol_refused(other) == kd_is_symbol_refused(load) &&
           kd_str_eq(other->module.v, load->module.v);
}

/* An earlier event of the same module speaks for this one. */
static bool is_told(const kd_view *view, const kdf_module_load *load)
{
    for (size_t i = view->history_len; i-- > 0 && view->history_len - i <= KD_MODULE_EVENTS;)
        if (!view->history[i]->before && lacks_for(view->history[i], view->event, load))
            return true;
    return false;
}

#define MOST_NAMED 8u

static void say_other_symbols(const kd_view *view, kd_emit *out, const kdf_module_load *load)
{
    const kd_wide_view *wide = kd_wide(view);
    uint64_t more = 0;
    for (size_t i = wide->index + 1; i < wide->event_count && i <= wide->index + KD_MODULE_EVENTS;
         i++) {
        const kd_event *event = wide->events[i];
        if (!lacks_for(event, view->event, load))
            continue;
        const kdf_module_load *other = KD_BODY(event, module_load);
        if (++more < MOST_NAMED)
            kd_say_more(out, "%s %.*s.", more == 1 ? "It lacks too:" : "And",
                        KD_FMT(other->symbol.v));
        kd_say_event(out, event);
        kd_say_evidence(out, event, other->headline.src, "another symbol that it lacks");
    }
    if (more)
        kd_say_u64(out, "symbols", more + 1);
}

/* From 2.6.37 on the error stands behind the symbol; one that a cut took off may have been a
 * refusal. */
static bool is_error_lost(const kd_view *view, const kdf_module_load *load)
{
    uint32_t version = view->context->version;
    return !load->error_number.src && (version == 0 || version >= V26(37));
}

kd_status kd_check_unknown_symbol(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = kd_module_load_of(view, "unknown-symbol");
    (void)user;
    if (!load || refusal_of(view, load) || is_told(view, load))
        return KD_OK;
    const symbol_hint *hint = kd_is_symbol_refused(load) ? NULL : hint_of(load->symbol.v);
    if (kd_is_symbol_refused(load))
        kd_say_diag(out, KD_LIKELY,
                    "Symbol %.*s, which module %.*s needs, was refused to it (error -22): its "
                    "version, its namespace or its licence does not fit.",
                    KD_FMT(load->symbol.v), KD_FMT(load->module.v));
    else
        kd_say_diag(out, is_error_lost(view, load) ? KD_LIKELY : KD_CERTAIN,
                    "Module %.*s needs symbol %.*s, which nothing that is loaded exports to it.",
                    KD_FMT(load->module.v), KD_FMT(load->symbol.v));
    if (hint)
        kd_say_more(out, "About that symbol: %s.", hint->what);
    if (load->error_number.src)
        kd_say_proof(out, KD_STR("the kernel looked the symbol up and did not find it usable"),
                     "error = %lld", KD_LLD(load->error_number.v));
    else
        kd_say_proof(out, KD_STR("the kernel looked the symbol up and did not find it usable"),
                     "\"%.*s\"", KD_FMT(load->headline.v));
    say_other_symbols(view, out, load);
    kd_say_module_end(view, out, load);
    kd_say_text(out, "symbol", load->symbol.v);
    if (kd_is_symbol_refused(load)) {
        kd_say_missing(out, "the line of the kernel above it, which says why");
        kd_say_remedy(out, "Build the module against the headers and the Module.symvers of the "
                           "running kernel.");
    } else if (hint) {
        kd_say_remedy(out, "%s", hint->remedy);
    } else {
        kd_say_remedy(out, "Load the module that exports it first (modprobe does after depmod, "
                           "insmod does not), or "
                           "enable it in the kernel's configuration (CONFIG_...).");
        kd_say_remedy(
            out,
            "A symbol exported with EXPORT_SYMBOL_GPL is hidden from modules whose licence is not "
            "GPL-compatible.");
    }
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, load->module.v,
                   kd_is_symbol_refused(load) ? "a symbol was refused" : "a symbol is missing");
    return KD_OK;
}

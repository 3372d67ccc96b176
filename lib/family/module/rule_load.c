/* rule_load.c - why a module was not loaded, by the kernel's words or else by the tools'. */
#include "base/scan.h"
#include "family/fields.h"
#include "family/module/rule_module.h"

const char kd_doc_load_failed[] = "A tool reported that a module was not loaded (or not removed), "
                                  "and the kernel's own reason is not in the "
                                  "log; or the kernel's reason has no rule of its own.";
const char kd_doc_version_mismatch[] = "The module was built for another kernel: its version "
                                       "magic, the version of a symbol or the size of struct "
                                       "module differs. The words that differ are named.";
const char kd_doc_duplicate_symbol[] =
    "Another module, or the kernel, exports a symbol of the same name already.";
const char kd_doc_not_signed[] = "The kernel takes only modules with a valid signature, and this "
                                 "one has none, or one by a key or hash that it "
                                 "does not have.";
const char kd_doc_locked_down[] =
    "Kernel lockdown (Secure Boot, or lockdown=) forbids modules without a valid signature.";
const char kd_doc_btf_mismatch[] =
    "The module's BTF type information does not fit the one of the running kernel.";
const char kd_doc_parameter[] = "A module parameter was given a value that it does not take.";

bool kd_is_same_module(kd_str a, kd_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        char x = a.ptr[i] == '-' ? '_' : a.ptr[i], y = b.ptr[i] == '-' ? '_' : b.ptr[i];
        if (x != y)
            return false;
    }
    return true;
}

void kd_say_module_tools(const kd_view *view, kd_emit *out, kd_str module, const char *words)
{
    const kd_wide_view *wide = kd_wide(view);
    size_t i = wide->index > KD_MODULE_EVENTS ? wide->index - KD_MODULE_EVENTS : 0;
    for (; i < wide->event_count && i <= wide->index + KD_MODULE_EVENTS; i++) {
        const kd_event *event = wide->events[i];
        const kdf_module_load *load = KD_BODY(event, module_load);
        if (!load || event->boot != view->event->boot || !load->error.src ||
            !kd_is_same_module(load->module.v, module))
            continue;
        kd_say_evidence(out, event, load->error.src, "%s", words);
        kd_say_more(out, "\"%.*s\" of %.*s is this same failure.", KD_FMT(load->error.v),
                    KD_FMT(load->tool.v));
        return;
    }
}

/* ---- small steps ----------------------------------------------------------------------------- */

const kdf_module_load *kd_module_load_of(const kd_view *view, const char *reasons)
{
    const kdf_module_load *load = KD_BODY(view->event, module_load);
    return load && kd_str_in_words(load->reason.v, reasons) ? load : NULL;
}

/* "Module foo" or "A module", where the message names none. */
typedef struct name_room {
    char bytes[96];
} name_room;

static kd_str who(const kdf_module_load *load, name_room *room)
{
    return load->module.src ? kd_str_print(room->bytes, sizeof room->bytes, "Module %.*s",
                                           KD_FMT(load->module.v))
                            : KD_STR("A module (the message does not name it)");
}

void kd_say_module_end(const kd_view *view, kd_emit *out, const kdf_module_load *load)
{
    kd_say_evidence(out, view->event, load->headline.src, "the message");
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    kd_say_module_tools(view, out, load->module.v, "the tool's words for this failure");
}

/* ---- built for another kernel ---------------------------------------------------------------- */

/* The words that only one of the two has: "preempt" says CONFIG_PREEMPT. */
static void say_words(kd_emit *out, kd_str has, kd_str wants, const char *side)
{
    kd_scan in = kd_scan_of(wants);
    kd_str word, rest;
    bool first = true;
    while (kd_scan_blanks(&in), kd_scan_word(&in, &word)) {
        kd_scan other = kd_scan_of(has);
        bool found = false;
        while (kd_scan_blanks(&other), !found && kd_scan_word(&other, &rest))
            found = kd_str_eq(word, rest);
        if (found || (first && kd_is_digit(word.ptr[0]))) {
            first = false;
            continue;
        }
        first = false;
        if (kd_str_is(word, "preempt") || kd_str_is(word, "preempt_rt"))
            kd_say_more(out, "Only the %s has \"%.*s\": CONFIG_PREEMPT differs.", side,
                        KD_FMT(word));
        else if (kd_str_is(word, "SMP"))
            kd_say_more(out, "Only the %s has \"SMP\": CONFIG_SMP differs.", side);
        else if (kd_str_is(word, "retpoline"))
            kd_say_more(
                out,
                "Only the %s has \"retpoline\": the compiler of the other does not know it, or "
                "CONFIG_RETPOLINE differs.",
                side);
        else
            kd_say_more(out, "Only the %s has \"%.*s\".", side, KD_FMT(word));
    }
}

static void say_magic(kd_emit *out, const kdf_module_load *load)
{
    kd_say_diag(out, KD_CERTAIN,
                "Module %.*s was built for another kernel: its version magic is \"%.*s\", this "
                "kernel wants "
                "\"%.*s\".",
                KD_FMT(load->module.v), KD_FMT(load->has.v), KD_FMT(load->wants.v));
    say_words(out, load->has.v, load->wants.v, "kernel");
    say_words(out, load->wants.v, load->has.v, "module");
    kd_say_proof(out, KD_STR("the two version magics differ"), "\"%.*s\" != \"%.*s\"",
                 KD_FMT(load->has.v), KD_FMT(load->wants.v));
}

static void say_checksum(kd_emit *out, const kdf_module_load *load)
{
    bool compared = kd_str_has(load->headline.v, "disagrees about version");
    kd_say_diag(out, compared ? KD_CERTAIN : KD_LIKELY,
                "Module %.*s was built against another kernel: %s symbol %.*s%s.",
                KD_FMT(load->module.v), compared ? "the checksum of" : "it has no checksum of",
                KD_FMT(load->symbol.v), compared ? " differs" : "");
    if (compared)
        kd_say_proof(out, KD_STR("the kernel compared the checksum of the symbol and refused"),
                     "\"%.*s\"", KD_FMT(load->headline.v));
    else
        kd_say_assume(out, "the message is that of the running kernel");
}

/* One diagnosis a module: an earlier symbol speaks for the later ones. */
static bool is_checksum_told(const kd_view *view, const kdf_module_load *load)
{
    for (size_t i = view->history_len; i-- > 0 && view->history_len - i <= KD_MODULE_EVENTS;) {
        const kdf_module_load *other = KD_BODY(view->history[i], module_load);
        if (other && !view->history[i]->before && view->history[i]->boot == view->event->boot &&
            kd_str_is(other->reason.v, "symbol-version") && load->symbol.src &&
            kd_str_eq(other->module.v, load->module.v))
            return true;
    }
    return false;
}

/* Of the symbols that differ, and of those that were refused for it. */
static void say_checksums(const kd_view *view, kd_emit *out, const kdf_module_load *load)
{
    const kd_wide_view *wide = kd_wide(view);
    uint64_t more = 0;
    for (size_t i = wide->index + 1;
         load->symbol.src && i < wide->event_count && i <= wide->index + KD_MODULE_EVENTS; i++) {
        const kd_event *event = wide->events[i];
        const kdf_module_load *other = KD_BODY(event, module_load);
        if (!other || event->boot != view->event->boot ||
            !kd_str_eq(other->module.v, load->module.v))
            continue;
        bool differs = kd_str_is(other->reason.v, "symbol-version");
        if (!differs &&
            !(kd_str_is(other->reason.v, "unknown-symbol") && kd_is_symbol_refused(other)))
            continue;
        kd_say_event(out, event);
        if (differs)
            kd_say_evidence(out, event, other->headline.src, "another symbol that differs");
        else
            kd_say_evidence(out, event, other->headline.src, "refused for it");
        more += differs;
    }
    if (more)
        kd_say_u64(out, "symbols", more + 1);
}

kd_status kd_check_version_mismatch(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load =
        kd_module_load_of(view, "version-magic symbol-version struct-module-size");
    (void)user;
    if (!load || is_checksum_told(view, load))
        return KD_OK;
    if (load->has.src)
        say_magic(out, load);
    else if (load->symbol.src)
        say_checksum(out, load);
    else
        kd_say_diag(out, KD_LIKELY,
                    "Module %.*s was built with another configuration or compiler: its struct "
                    "module has another "
                    "size than the kernel's.",
                    KD_FMT(load->module.v));
    kd_say_module_end(view, out, load);
    say_checksums(view, out, load);
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, load->module.v, "built for another kernel");
    kd_say_remedy(
        out,
        "Rebuild the module against the headers, the .config and with the compiler of the running "
        "kernel, or install the module package that belongs to it.");
    if (load->symbol.src)
        kd_say_remedy(out, "With CONFIG_MODVERSIONS the build needs the kernel's Module.symvers.");
    if (!load->has.src && !load->symbol.src)
        kd_say_assume(out, "the message is that of the running kernel");
    return KD_OK;
}

kd_status kd_check_duplicate_symbol(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = kd_module_load_of(view, "duplicate-symbol");
    (void)user;
    if (!load)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "Module %.*s exports symbol %.*s, which something that is loaded exports already.",
                KD_FMT(load->module.v), KD_FMT(load->symbol.v));
    kd_say_module_end(view, out, load);
    kd_say_remedy(out, "Unload the other provider (the message names its owner), or build the "
                       "module out of one of "
                       "them: often the driver is there twice, in the kernel and as a package.");
    kd_say_assume(out, "the message is that of the running kernel");
    return KD_OK;
}

/* ---- signatures, lockdown, BTF, parameters --------------------------------------------------- */

static bool is_key_error(const kdf_module_load *load)
{
    return kd_str_is(load->reason.v, "tool") && (kd_str_has(load->error.v, "Key was rejected") ||
                                                 kd_str_has(load->error.v, "Required key not"));
}

kd_status kd_check_not_signed(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = KD_BODY(view->event, module_load);
    (void)user;
    if (!load || (!kd_module_load_of(view, "not-signed signature-algorithm signature-key") &&
                  !is_key_error(load)))
        return KD_OK;
    bool algorithm = kd_str_is(load->reason.v, "signature-algorithm");
    bool none = kd_str_is(load->reason.v, "not-signed");
    kd_say_diag(
        out, KD_LIKELY, "%.*s was refused: %s.", KD_FMT(who(load, &(name_room){ { 0 } })),
        algorithm ? "its signature uses a hash or algorithm that this kernel was built without"
        : none    ? "it has no signature, and this kernel takes only signed modules"
                  : "its signature is missing, or made with a key that this kernel does not have");
    kd_say_module_end(view, out, load);
    if (algorithm)
        kd_say_remedy(out, "Sign it with a hash that the kernel has (CONFIG_MODULE_SIG_HASH, "
                           "CONFIG_CRYPTO_SHA512).");
    kd_say_remedy(out, "Sign the module with a key of the kernel's keyring (scripts/sign-file), "
                       "and enroll the key "
                       "(mokutil --import) where Secure Boot is on.");
    kd_say_remedy(out, "Or install the distribution's signed package of the module.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, load->module.v, "module signature");
    kd_say_assume(
        out,
        "CONFIG_MODULE_SIG_FORCE, module.sig_enforce or lockdown is on: without it the kernel only "
        "taints itself");
    return KD_OK;
}

kd_status kd_check_locked_down(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = kd_module_load_of(view, "locked-down");
    (void)user;
    if (!load)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "Kernel lockdown forbade %.*s to load a module without a valid signature.",
                KD_FMT(load->tool.v));
    kd_say_module_end(view, out, load);
    kd_say_remedy(out, "Sign the module and enroll the key (mokutil --import); or turn Secure Boot "
                       "(or lockdown=) off.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, KD_STR("lockdown"), "Secure Boot or lockdown=");
    kd_say_assume(out,
                  "lockdown is on because of Secure Boot, or by lockdown= on the command line");
    return KD_OK;
}

kd_status kd_check_btf_mismatch(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = kd_module_load_of(view, "btf");
    (void)user;
    if (!load)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "The BTF type information of module %.*s does not fit this kernel's (error %lld).",
                KD_FMT(load->module.v), KD_LLD(load->error_number.v));
    kd_say_module_end(view, out, load);
    kd_say_remedy(
        out,
        "Rebuild the module against the very vmlinux that runs, with its pahole version; or boot a "
        "kernel with CONFIG_MODULE_ALLOW_BTF_MISMATCH.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, load->module.v, "built against another vmlinux");
    kd_say_assume(out, "the module was not damaged");
    return KD_OK;
}

kd_status kd_check_parameter(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = kd_module_load_of(view, "parameter");
    (void)user;
    if (!load)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY,
                "Module %.*s was refused because of the value that parameter %.*s was given.",
                KD_FMT(load->module.v), KD_FMT(load->parameter.v));
    kd_say_module_end(view, out, load);
    kd_say_remedy(out,
                  "Look at the options for %.*s in /etc/modprobe.d and on the command line; "
                  "modinfo -p tells what "
                  "%.*s takes.",
                  KD_FMT(load->module.v), KD_FMT(load->parameter.v));
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, load->module.v, "module parameter");
    kd_say_assume(out, "the message is that of the running kernel");
    return KD_OK;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool is_tool(const kdf_module_load *load)
{
    return kd_str_in_words(load->reason.v, "tool removal");
}

/* Did the kernel say why, or did a fault keep the module from going? Then that is the finding. */
static bool explained(const kd_view *view, const kdf_module_load *load)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = span.from; i < span.to; i++) {
        const kd_event *event = wide->events[i];
        const kdf_module_reloc *reloc = KD_BODY(event, module_reloc);
        const kdf_module_load *other = KD_BODY(event, module_load);
        if (event->boot != view->event->boot)
            continue;
        if (reloc && (!reloc->module.src || kd_is_same_module(reloc->module.v, load->module.v)))
            return true;
        if (other && !is_tool(other) &&
            (!other->module.src || kd_is_same_module(other->module.v, load->module.v)))
            return true;
        if (kd_event_is(event, &kd_kind_vmap_failure) ||
            kd_event_is(event, &kd_kind_vmalloc_failure) || KD_BODY(event, oops))
            return true;
    }
    return false;
}

static void say_tool(kd_emit *out, const kdf_module_load *load)
{
    bool removal = kd_str_is(load->reason.v, "removal");
    kd_say_diag(
        out, KD_LIKELY,
        "%.*s could not %s %s%.*s: %.*s. The log holds no line of the kernel that says why.",
        KD_FMT(load->tool.v), removal ? "remove" : "load",
        load->module.src ? "module " : "a module", KD_FMT(load->module.v), KD_FMT(load->error.v));
    kd_say_text(out, "error", load->error.v);
    kd_say_missing(out, "the kernel log (dmesg) of that moment");
    if (removal) {
        kd_say_remedy(
            out,
            "lsmod shows who uses the module; after an oops in its exit function only a reboot "
            "removes it.");
        return;
    }
    kd_say_remedy(
        out,
        "Read the kernel log right after the attempt (dmesg | tail): the kernel says there why.");
    kd_say_remedy(
        out,
        "Compare `modinfo` of the file with `uname -rm`: a module for another architecture or a "
        "truncated file is refused without a kernel message.");
}

static void say_other(kd_emit *out, const kdf_module_load *load)
{
    kd_say_diag(out, KD_LIKELY, "%.*s was refused: %.*s.", KD_FMT(who(load, &(name_room){ { 0 } })),
                KD_FMT(load->headline.v));
    if (kd_str_is(load->reason.v, "licence"))
        kd_say_remedy(
            out,
            "A module that uses GPL-only symbols may not use symbols of a proprietary module: the "
            "licence of one of them must change.");
    else if (kd_str_is(load->reason.v, "namespace"))
        kd_say_remedy(out, "Add MODULE_IMPORT_NS() for that namespace to the module's source.");
    else if (kd_str_is(load->reason.v, "percpu"))
        kd_say_remedy(
            out,
            "The reserve for per-CPU data of modules is full (PERCPU_MODULE_RESERVE, 8 KiB): load "
            "fewer such modules, or build one into the kernel.");
    else
        kd_say_remedy(out, "Look at /etc/modprobe.d and the command line for what forbids it.");
}

kd_status kd_check_load_failed(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_module_load *load = KD_BODY(view->event, module_load);
    (void)user;
    if (!load || is_key_error(load))
        return KD_OK;
    bool tool = is_tool(load);
    if (tool && explained(view, load))
        return KD_OK;
    if (!tool && !kd_module_load_of(view, "licence namespace percpu denied"))
        return KD_OK;
    if (tool)
        say_tool(out, load);
    else
        say_other(out, load);
    kd_say_evidence(out, view->event, load->headline.src, "the message");
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    return KD_OK;
}

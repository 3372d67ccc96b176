/* rule_ras.c - machine checks, memory errors, PCIe errors. */
#include "core/diag.h"
#include "family/fault/decode_mce.h"
#include "family/fields.h"

const char kd_doc_memory_error[] =
    "ECC, scrubbing or the firmware found a memory error: EDAC, a firmware record (GHES) or a "
    "machine check whose code is that of a memory controller. Corrected ones cost nothing until "
    "they grow; the module that is named is what to replace.";
const char kd_doc_machine_check[] =
    "The processor reported an error of the hardware. The code that ran then is innocent. A record "
    "of the first seconds with TSC 0, or from the BERT table, is of the boot before.";
const char kd_doc_pcie_error[] =
    "AER or the firmware tells of an error on PCI Express: corrected ones of the physical or data "
    "link layer speak of the quality of the link; uncorrected ones may cost the device.";

static bool says(kd_str text, const char *words)
{
    return kd_str_has(text, words);
}

static bool is_corrected(const kdf_hardware_error *error)
{
    return kd_mce_grade_of(error) == KD_MCE_CORRECTED;
}

static bool is_memory(const kd_view *view, const kdf_hardware_error *error)
{
    return kd_event_is(view->event, &kd_kind_memory_error) ||
           kd_str_is(error->status.class.v, "memory") || says(error->unit.v, "Unified Memory") ||
           says(error->oops.headline.v, "MEMORY ERROR");
}

/* "corrected" of what the log or the status says; empty: neither does */
static kd_str grade_of(const kdf_hardware_error *error)
{
    if (error->severity.src)
        return error->severity.v;
    if (!error->status.value.src || error->bits.count > 0 || error->layer.src) /* PCIe's status */
        return KD_STR("");
    return error->status.context_corrupt.v ? KD_STR("fatal")
           : error->status.uncorrected.v   ? KD_STR("uncorrected")
                                           : KD_STR("corrected");
}

static void say_status(const kd_view *view, kd_emit *out, const kdf_hardware_error *error)
{
    const kdf_mce_status *status = &error->status;
    if (!status->value.src)
        return;
    if (error->bank.src)
        kd_say_more(out, "Bank %llu", KD_LLU(error->bank.v));
    kd_say_more(out, "%s 0x%llx: %s, %s%s%s%.*s.", error->bank.src ? "holds" : "The status is",
                KD_LLU(status->value.v), status->valid.v ? "valid" : "not valid",
                status->uncorrected.v ? "uncorrected" : "corrected",
                status->context_corrupt.v ? ", the processor could not go on" : "",
                status->overflow.v ? ", earlier records lost; " : "; ", KD_FMT(status->text.v));
    kd_say_hex(out, "status", status->value.v);
    kd_say_evidence(out, view->event, status->value.src, "the status of the bank");
}

static void say_where(const kd_view *view, kd_emit *out, const kdf_hardware_error *error)
{
    const struct {
        const char *name;
        const kd_text *text;
    } texts[] = {
        { "Device", &error->device },  { "Memory module", &error->dimm }, { "Part", &error->fru },
        { "Place", &error->location }, { "Error", &error->error_type },   { "Unit", &error->unit },
    };
    kd_say_evidence(out, view->event, error->oops.headline.src, "the first line of the record");
    for (size_t i = 0; i < KD_COUNT(texts); i++) {
        if (!texts[i].text->src)
            continue;
        kd_say_more(out, "%s: %.*s%s", texts[i].name, KD_FMT(texts[i].text->v),
                    kd_str_ends(texts[i].text->v, ".") ? "" : ".");
        kd_say_evidence(out, view->event, texts[i].text->src, "%s", texts[i].name);
    }
    if (error->oops.address.src)
        kd_say_more(out, "Address 0x%llx.", KD_LLU(error->oops.address.v));
    if (error->page.src && error->page.v != 0)
        kd_say_more(out, "Page frame 0x%llx.", KD_LLU(error->page.v));
    if (error->record.src && error->record.v > 1)
        kd_say_more(out, "It is record %llu of the firmware since this boot.",
                    KD_LLU(error->record.v));
    if (error->previous_boot.v)
        kd_say_more(out, "It is left from the previous boot: it tells how that one ended, or of "
                         "what the firmware logs at each start.");
}

static void say_harm(kd_emit *out, const kdf_hardware_error *error)
{
    kd_str grade = grade_of(error);
    if (error->previous_boot.v && !error->severity.src) {
        kd_say_severity(out, KD_WARNING);
    } else if (is_corrected(error)) {
        kd_say_severity(out, KD_WARNING);
        kd_say_impact(out, KD_IMPACT_NONE);
    } else if (says(grade, "atal") && !says(grade, "Non-Fatal")) {
        kd_say_impact(out, KD_IMPACT_MACHINE_DOWN);
    } else if (grade.len == 0) {
        kd_say_severity(out, KD_WARNING);
    }
}

/* EDAC has words of its own for a module that it cannot tell. */
static bool is_nameless(const kdf_hardware_error *error)
{
    kd_str device = error->device.v;
    return !error->dimm.src && !error->fru.src &&
           (device.len == 0 || kd_str_is(device, "unknown memory") ||
            kd_str_is(device, "any memory") || kd_str_is(device, "unknown label"));
}

static void say_memory_remedy(kd_emit *out, const kdf_hardware_error *error)
{
    if (is_corrected(error))
        kd_say_remedy(out, "One corrected error asks for nothing. Count them for each module: "
                           "replace the one that repeats.");
    else if (is_nameless(error))
        kd_say_remedy(out,
                      "No module is named%s: the board's manual or the log of its management "
                      "controller says which one that is. Replace it, or swap it with another "
                      "and see whether the error moves with it.",
                      error->location.src ? ", only its place" : "");
    else
        kd_say_remedy(out, "Replace the module that is named, or swap it with another and see "
                           "whether the error moves with it.");
}

kd_status kd_check_memory_error(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_hardware_error *error = KD_BODY(view->event, hardware_error);
    (void)user;
    if (!error || !is_memory(view, error))
        return KD_OK;
    kd_str grade = grade_of(error);
    kd_say_diag(out, KD_LIKELY, "The memory reported an error%s%.*s.", grade.len ? ": " : "",
                KD_FMT(grade));
    say_where(view, out, error);
    say_status(view, out, error);
    say_harm(out, error);
    kd_say_suspect(out, KD_SUSPECT_HARDWARE,
                   error->dimm.src      ? error->dimm.v
                   : error->fru.src     ? error->fru.v
                   : is_nameless(error) ? error->location.v
                                        : error->device.v,
                   "the record names it");
    say_memory_remedy(out, error);
    return KD_OK;
}

/* What reads and writes registers of devices. */
static bool is_accessor(kd_str function)
{
    return kd_str_in_words(function,
                           "ioread8 ioread16 ioread16be ioread32 ioread32be ioread64 iowrite8 "
                           "iowrite16 iowrite16be iowrite32 iowrite32be iowrite64 ioread8_rep "
                           "ioread16_rep ioread32_rep readb readw readl readq writeb writew "
                           "writel writeq __raw_readb __raw_readw __raw_readl __raw_readq "
                           "gsc_readb gsc_readw gsc_readl gsc_writeb gsc_writew gsc_writel "
                           "memcpy_fromio memcpy_toio memset_io _memcpy_fromio _memcpy_toio");
}

/* parisc and powerpc get a machine check where a bus does not answer. */
static void say_accessor(const kd_view *view, kd_emit *out, const kdf_oops *oops)
{
    if (!is_accessor(oops->ip.function.v))
        return;
    kd_say_more(
        out,
        "The processor was in %.*s(), which accesses a register of a device: most often that "
        "device did not answer (no clock, no power, held in reset, or nothing at that "
        "address).",
        KD_FMT(oops->ip.function.v));
    if (oops->lr.function.src)
        kd_say_evidence(out, view->event, oops->lr.function.src, "who accessed the device");
    kd_say_remedy(out, "Look at who called %.*s()%s%.*s: which device did it ask?",
                  KD_FMT(oops->ip.function.v), oops->lr.function.src ? ", in " : "",
                  KD_FMT(oops->lr.function.v));
}

kd_status kd_check_machine_check(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_hardware_error *error = KD_BODY(view->event, hardware_error);
    (void)user;
    if (!error || is_memory(view, error))
        return KD_OK;
    kd_str grade = grade_of(error);
    bool bare = !error->status.value.src && grade.len == 0 && error->lines_alike.src;
    kd_say_diag(out, bare ? KD_POSSIBLE : KD_LIKELY,
                "The processor reported an error of the hardware%s%.*s.%s", grade.len ? ": " : "",
                KD_FMT(grade),
                is_accessor(error->oops.ip.function.v) ? ""
                                                       : " The code that ran then is innocent.");
    say_accessor(view, out, &error->oops);
    if (!error->lines_alike.src)
        kd_say_more(out, "The kernel said: %.*s", KD_FMT(error->oops.headline.v));
    say_where(view, out, error);
    say_status(view, out, error);
    if (error->oops.ip.function.src)
        kd_say_evidence(out, view->event, error->oops.ip.function.src, "where the processor was");
    if (error->lines_alike.src)
        say_harm(out, error);
    if (bare)
        kd_say_missing(out, "the record itself (mcelog, rasdaemon, the machine's event log)");
    kd_say_suspect(out, KD_SUSPECT_HARDWARE, error->unit.v,
                   "a machine check comes from the hardware");
    kd_say_remedy(out,
                  "Check cooling, power and clock settings, and the memory; read the machine's "
                  "own error log; update firmware and microcode.");
    return KD_OK;
}

kd_status kd_check_pcie_error(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_hardware_error *error = KD_BODY(view->event, hardware_error);
    (void)user;
    if (!error)
        return KD_OK;
    bool corrected = is_corrected(error);
    kd_str grade = grade_of(error);
    kd_say_diag(out, KD_LIKELY, "PCI Express reported an error%s%.*s.", grade.len ? ": " : "",
                KD_FMT(grade));
    say_where(view, out, error);
    if (error->layer.src)
        kd_say_more(out, "Layer: %.*s; told by the %.*s.", KD_FMT(error->layer.v),
                    KD_FMT(error->agent.v));
    const kd_text *bits = error->bits.items;
    for (uint32_t i = 0; i < error->bits.count; i++)
        kd_say_more(out, "%s%.*s%s", i ? "" : "It says: ", KD_FMT(bits[i].v),
                    i + 1 < error->bits.count ? "," : ".");
    if (error->no_recovery.src) {
        kd_say_more(out, "The driver of %.*s cannot take part in a recovery, so none was tried.",
                    KD_FMT(error->no_recovery.v));
        kd_say_evidence(out, view->event, error->no_recovery.src, "whose driver cannot recover");
    }
    if (error->outcome.src) {
        kd_say_more(out, "In the kernel's words: \"%.*s\".", KD_FMT(error->outcome.v));
        kd_say_evidence(out, view->event, error->outcome.src, "how the recovery went");
    }
    say_harm(out, error);
    kd_say_suspect(out, KD_SUSPECT_HARDWARE, error->device.v, "its registers are shown");
    kd_say_remedy(out, corrected ? "The data is intact. Many of them speak of the link: reseat the "
                                   "card, change riser or cable, try without ASPM."
                                 : "Look whether the device was lost afterwards; slot, power, "
                                   "riser and the driver come into question.");
    return KD_OK;
}

/* rule_device_say.c - numbers of device messages in words, and what stands behind them. */
#include "family/device/rule_device.h"

typedef struct numbered {
    unsigned number;
    const char *words;
} numbered;

static const numbered errnos[] = {
#define KD_ERRNO(number, words) { number, words },
#include "family/device/say.def"
};

static const numbered pci_bits[] = {
#define KD_PCI_STATUS(bit, words) { bit, words },
#include "family/device/say.def"
};

static const numbered sata_bits[] = {
#define KD_SATA_ERROR(bit, words) { bit, words },
#include "family/device/say.def"
};

kd_str kd_device_errno(int64_t number, char *room, size_t size)
{
    for (size_t i = 0; i < KD_COUNT(errnos); i++)
        if (number == -(int64_t)errnos[i].number)
            return kd_str_print(room, size, "%lld (%s)", KD_LLD(number), errnos[i].words);
    return kd_str_print(room, size, "%lld", KD_LLD(number));
}

static void say_bits(kd_emit *out, uint64_t value, const numbered *bits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (value >> bits[i].number & 1)
            kd_say_more(out, "Bit %u: %s.", bits[i].number, bits[i].words);
}

static void say_nvme(const kd_view *view, kd_emit *out, const kdf_device_error *error)
{
    if (error->csts.src) {
        kd_say_more(out, "Its status register (CSTS) reads 0x%llx%s.", KD_LLU(error->csts.v),
                    error->csts.v == 0xffffffff ? ": nothing answers on PCIe"
                    : error->csts.v & 2         ? ": controller fatal status"
                                                : "");
        kd_say_evidence(out, view->event, error->csts.src, "controller status");
        kd_say_hex(out, "csts", error->csts.v);
    }
    if (error->pci_status.src) {
        kd_say_more(out, "PCI_STATUS is 0x%llx.", KD_LLU(error->pci_status.v));
        if (error->pci_status.v != 0xffff)
            say_bits(out, error->pci_status.v, pci_bits, KD_COUNT(pci_bits));
        if (error->pci_status.v != 0xffff && error->pci_status.v & 0x3000)
            kd_say_remedy(out, "The device's own access to memory was refused: look at the address "
                               "map (bridge windows, IOMMU) and at the driver, not at the disk.");
    }
    if (error->status_type.src && error->status_code.src)
        kd_say_more(out, "NVMe status: type 0x%llx, code 0x%llx%s.", KD_LLU(error->status_type.v),
                    KD_LLU(error->status_code.v),
                    error->status_type.v == 3 && error->status_code.v == 0x71
                        ? " (aborted by the host: not the medium)"
                    : error->status_type.v == 2 ? " (media)"
                                                : "");
}

static void say_outcome(const kd_view *view, kd_emit *out, const kdf_device_error *error)
{
    static const struct {
        const char *words, *says;
    } outcomes[] = {
#define KD_GPU_OUTCOME(words, says) { words, says },
#include "family/device/say.def"
    };
    for (size_t i = 0; error->outcome.src && i < KD_COUNT(outcomes); i++) {
        if (!kd_str_has(error->outcome.v, outcomes[i].words))
            continue;
        kd_say_more(out, "%s", outcomes[i].says);
        kd_say_evidence(out, view->event, error->outcome.src, "how the reset went");
        return;
    }
}

static void say_ata(kd_emit *out, const kdf_device_error *error)
{
    if (error->command.src)
        kd_say_more(out, "The command was %.*s.", KD_FMT(error->command.v));
    if (error->serr.src && error->serr.v == 0)
        kd_say_more(out, "The link noticed nothing (SErr 0).");
    else if (error->serr.src) {
        kd_say_more(out, "The link noticed (SErr 0x%llx):", KD_LLU(error->serr.v));
        say_bits(out, error->serr.v, sata_bits, KD_COUNT(sata_bits));
    }
    if (error->class_ == KD_DEVICE_MEDIA)
        kd_say_more(out, "UNC: a sector could not be read.");
}

/* "EXT4-fs error (device sda1): ext4_lookup:1707: inode #271688: iget: checksum invalid": what made
 * the file system go read-only */
static void say_first_words(kd_emit *out, const kdf_device_error *error)
{
    kd_scan in;
    bool later = error->class_ == KD_DEVICE_READ_ONLY || error->class_ == KD_DEVICE_SHUT_DOWN;
    if (later && kd_str_has(error->headline.v, "-fs error (device ") &&
        kd_scan_after(error->headline.v, "): ", &in) && kd_scan_left(&in) > 8)
        kd_say_more(out, "It began with \"%.*s\".", (int)kd_scan_left(&in), in.at);
}

void kd_device_say_details(const kd_view *view, kd_emit *out)
{
    const kdf_device_error *error = KD_BODY(view->event, device_error);
    char room[64];
    kd_say_evidence(out, view->event, error->headline.src, "what the kernel said");
    if (error->device.src)
        kd_say_text(out, "device", error->device.v);
    if (error->lines_alike.v > 1)
        kd_say_more(out, "%llu lines tell of it.", KD_LLU(error->lines_alike.v));
    if (error->others.src) {
        kd_say_more(out,
                    "Other ports (%.*s) say it, too: then it is the supply or the wiring of their "
                    "hub or board, not one device.",
                    KD_FMT(error->others.v));
        kd_say_evidence(out, view->event, error->others.src, "another port");
    }
    if (error->sector.src) {
        kd_say_more(out, "The first sector is %llu.", KD_LLU(error->sector.v));
        kd_say_evidence(out, view->event, error->sector.src, "the sector");
    }
    if (error->errno.src) {
        kd_str words = kd_device_errno(error->errno.v, room, sizeof room);
        kd_say_more(out, "The error number is %.*s.", KD_FMT(words));
        kd_say_evidence(out, view->event, error->errno.src, "the error number");
    }
    if (error->address.src)
        kd_say_more(out, "The address was 0x%llx%s.", KD_LLU(error->address.v),
                    error->address.v == 0 ? ": the device was given none" : "");
    if (error->temperature.src)
        kd_say_more(out, "It says %lld degrees%s.", (long long)error->temperature.v,
                    error->temperature.v > 150
                        ? ", at which no chip works: the sensor, or who reads it, is wrong"
                        : "");
    if (error->ring.src)
        kd_say_more(out, "Ring: %.*s.", KD_FMT(error->ring.v));
    if (kd_event_is(view->event, &kd_kind_gpu_hang) && error->comm.src && error->pid.src)
        kd_say_more(out, "%.*s (pid %llu) submitted it, and need not be at fault.",
                    KD_FMT(error->comm.v), KD_LLU(error->pid.v));
    say_outcome(view, out, error);
    if (error->function.src)
        kd_say_more(out, "It noticed in %.*s().", KD_FMT(error->function.v));
    say_first_words(out, error);
    if (kd_str_has(error->reason.v, "USB disconnect, "))
        kd_say_assume(out, "%.*s is a disk on the USB device that was disconnected",
                      KD_FMT(error->device.v));
    if (error->reason.src) {
        kd_say_more(out, "Before it: \"%.*s\".", KD_FMT(error->reason.v));
        kd_say_evidence(out, view->event, error->reason.src, "the driver's own words");
    }
    say_nvme(view, out, error);
    if (kd_event_is(view->event, &kd_kind_ata_error))
        say_ata(out, error);
}

/* ---- causes ---------------------------------------------------------------------------------- */

#define BELOW "ata_error scsi_error nvme_error mmc_error usb_error"
static const struct {
    const char *effects, *causes;
} links[] = {
    { "io_error", BELOW },
    { "scsi_error", "ata_error usb_error" },
    { "fs_error", "io_error " BELOW },
    { "warning", "fs_error" },
};
#undef BELOW
#define MOST_SECONDS 60

static bool is_cause(const kd_event *event, const kd_event *cause)
{
    for (size_t i = 0; i < KD_COUNT(links); i++)
        if (kd_str_in_words(kd_str_of(event->kind->name), links[i].effects) &&
            kd_str_in_words(kd_str_of(cause->kind->name), links[i].causes))
            return true;
    return false;
}

const kd_event *kd_device_cause(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_span span = kd_neighbours(wide);
    for (size_t i = wide->index; i-- > span.from;) {
        const kd_event *cause = wide->events[i];
        if (cause->boot != view->event->boot || cause->before)
            return NULL;
        if (!is_cause(view->event, cause) || !kd_device_may_explain(view->event, cause))
            continue;
        uint64_t last = kd_event_last_us(cause);
        if (cause->has_time && view->event->has_time && view->event->time_us > last &&
            view->event->time_us - last > MOST_SECONDS * UINT64_C(1000000))
            return NULL;
        return cause;
    }
    return NULL;
}

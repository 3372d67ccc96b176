/* rule_device.c - what failed: the link, the device, its medium, its controller, or what lies on
 * it. */
#include "family/device/rule_device.h"

const char kd_doc_device_link[] =
    "Transmission errors between the machine and a storage device: Emask 0x10, SErr 10B8B, Dispar, "
    "BadCRC, ICRC, transport errors of SCSI. The medium is not in question.";
const char kd_doc_device_timeout[] = "A command got no answer (ATA Emask 0x4, NVMe timeout, -110, "
                                     "DID_TIME_OUT). Device, link, power "
                                     "saving, driver, or the host of a virtual machine.";
const char kd_doc_device_media[] = "The device itself reports that a sector cannot be read or "
                                   "written: UNC, Medium Error, NVMe status type 2.";
const char kd_doc_device_controller[] =
    "The controller reports a fatal error (NVMe CSTS bit 1), or "
    "was given up by its driver (xHCI: HC died).";
const char kd_doc_device_lost[] =
    "Nothing answers any more where the device was: all ones on PCIe (CSTS 0xffffffff), removed "
    "after a failed reset, disabled, DID_NO_CONNECT, its controller died, or a USB device was "
    "disconnected at most 2 s before the errors of an sd disk.";
const char kd_doc_device_io[] =
    "An I/O error of the block layer without a word of what failed below: the capture begins after "
    "it. Errors of empty drives are not told.";
const char kd_doc_fs_corrupt[] = "A file system met data of its own that cannot be right: XFS's "
                                 "corruption messages (-117), EXT4-fs error.";
const char kd_doc_fs_shut_down[] =
    "A journal was aborted or a file system shut down: the consequence of a failed write or of "
    "damage. btrfs tells it in a WARN() (Transaction aborted), which is no bug of the kernel then.";
const char kd_doc_fs_read_only[] =
    "A file system went read-only after an error (errors=remount-ro, forced readonly).";
const char kd_doc_iommu_fault[] =
    "A device accessed an address that the IOMMU has not mapped for it: the driver's mistake most "
    "often; address 0 says that it was given none.";
const char kd_doc_gpu_hang[] =
    "A ring of a GPU timed out, or the GPU left the bus. The process that "
    "is named submitted the work.";
const char kd_doc_suspend[] = "A device's suspend or resume callback returned an error, or tasks "
                              "could not be frozen.";
const char kd_doc_usb_power[] =
    "A USB device cannot be read (-71, -110) or draws too much current.";
const char kd_doc_thermal[] = "A critical temperature was reached: the kernel switches the machine "
                              "off.";
const char kd_doc_nmi[] = "An NMI without a known reason. It is noise unless other errors stand "
                          "beside it.";

typedef struct saying {
    kd_device_class class;
    const char *rule; /* its description: there is one of each */
    kd_confidence confidence;
    kd_suspect suspect;
    kd_impact impact;
    const char *says, *remedy;
} saying;

static const saying sayings[] = {
#define KD_DEVICE_SAY(class, rule, confidence, suspect, impact, says, remedy)   \
    { KD_DEVICE_##class,  kd_doc_##rule, KD_##confidence, KD_SUSPECT_##suspect, \
      KD_IMPACT_##impact, says,          remedy },
#include "family/device/say.def"
};

/* A file system's "error" that tells of what lies below it. */
static bool is_unreadable(const kdf_device_error *error)
{
    static const char *const words[] = {
#define KD_UNREADABLE(words) words,
#include "family/device/say.def"
    };
    for (size_t i = 0; i < KD_COUNT(words); i++)
        if (kd_str_has(error->headline.v, words[i]))
            return true;
    return error->errno.src && error->errno.v == -5;
}

/* An I/O error is what the device below it suffered. */
static kd_device_class class_of(const kd_view *view, const kd_event *cause)
{
    const kdf_device_error *error = KD_BODY(view->event, device_error);
    const kdf_device_error *below = cause ? KD_BODY(cause, device_error) : NULL;
    if (error->class_ == KD_DEVICE_DAMAGED && is_unreadable(error))
        return KD_DEVICE_IO;
    if (!kd_event_is(view->event, &kd_kind_io_error) || error->class_ != KD_DEVICE_IO || !below)
        return error->class_;
    switch (below->class_) {
    case KD_DEVICE_CONTROLLER:
    case KD_DEVICE_LOST:
    case KD_DEVICE_USB_PORT:
    case KD_DEVICE_USB_POWER: return KD_DEVICE_LOST;
    case KD_DEVICE_LINK:
    case KD_DEVICE_MEDIA:
    case KD_DEVICE_TIMEOUT:
    case KD_DEVICE_HOST_ABORT: return below->class_;
    default: return KD_DEVICE_IO;
    }
}

static const saying *find_saying(kd_device_class class, const char *rule)
{
    for (size_t i = 0; i < KD_COUNT(sayings); i++)
        if (sayings[i].class == class && sayings[i].rule == rule)
            return &sayings[i];
    return NULL;
}

/* The file system could not read what lies below it, or was mounted wrongly: that is no damage. */
static bool is_no_damage(const kdf_device_error *error)
{
    static const char *const words[] = {
#define KD_NO_DAMAGE(words) words,
#include "family/device/say.def"
    };
    for (size_t i = 0; i < KD_COUNT(words); i++)
        if (kd_str_has(error->headline.v, words[i]))
            return true;
    return false;
}

static void say_cause(kd_emit *out, const kd_event *cause)
{
    const kdf_device_error *below = KD_BODY(cause, device_error);
    kd_emit_role(out, KD_EFFECT);
    kd_say_event(out, cause);
    if (below)
        kd_say_more(out, "It follows from what happened to %.*s%s%.*s: %.*s.",
                    KD_FMT(below->driver.v), below->driver.src ? " " : "", KD_FMT(below->device.v),
                    KD_FMT(below->what.v));
    if (cause->diags)
        kd_say_caused_by(out, cause->diags);
}

static kd_str name_of(const kdf_device_error *error, kd_device_class class, bool first)
{
    if (error->device.src)
        return error->device.v;
    if (class == KD_DEVICE_FREEZE || class == KD_DEVICE_NMI || class == KD_DEVICE_GPU ||
        class == KD_DEVICE_GPU_LOST)
        return KD_STR(""); /* the words before the name say what it is */
    return first ? KD_STR("A device that is not named") : KD_STR("a device that is not named");
}

/* NVIDIA's number tells what failed: without it the GPU may be at work. */
static kd_confidence confidence_of(const saying *say, const kdf_device_error *error)
{
    bool unknown = kd_str_has(error->headline.v, "NVRM: Xid (") && !error->xid.src;
    return unknown && say->confidence > KD_POSSIBLE ? KD_POSSIBLE : say->confidence;
}

static kd_status speak(const kd_view *view, kd_emit *out, const char *rule)
{
    const kdf_device_error *error = KD_BODY(view->event, device_error);
    if (!error)
        return KD_OK;
    const kd_event *cause = kd_device_cause(view);
    kd_device_class class = class_of(view, cause);
    const saying *say = find_saying(class, rule);
    if (!say || (class == KD_DEVICE_DAMAGED && is_no_damage(error)))
        return KD_OK;
    kd_str device = name_of(error, class, say->says[0] == '@');
    const char *at = kd_str_find(kd_str_of(say->says), "@");
    int before = at ? (int)(at - say->says) : 0;
    if (device.len == 0 && before > 0 && say->says[before - 1] == ' ')
        before--;
    kd_say_diag(out, confidence_of(say, error), "%.*s%.*s%s", before, say->says, KD_FMT(device),
                at ? at + 1 : say->says);
    kd_device_say_details(view, out);
    kd_say_impact(out, say->impact);
    /* what all disks have in common is no suspect */
    bool common = kd_str_in_words(error->driver.v, "sd sr scsi usb hub") && error->device.src;
    kd_str suspect = error->driver.src && !common ? error->driver.v : error->device.v;
    kd_say_suspect(out, say->suspect, suspect,
                   suspect.len ? "the message names it" : "the message names nobody");
    kd_say_remedy(out, "%s", say->remedy);
    if (cause)
        say_cause(out, cause);
    if (say->confidence != KD_CERTAIN && class == KD_DEVICE_IO)
        kd_say_missing(out, "the lines before the first error");
    return KD_OK;
}

#define DEVICE_RULE(name)                                                    \
    kd_status kd_check_##name(const kd_view *view, kd_emit *out, void *user) \
    {                                                                        \
        (void)user;                                                          \
        return speak(view, out, kd_doc_##name);                              \
    }
DEVICE_RULE(device_link)
DEVICE_RULE(device_timeout)
DEVICE_RULE(device_media)
DEVICE_RULE(device_controller)
DEVICE_RULE(device_lost)
DEVICE_RULE(device_io)
DEVICE_RULE(fs_corrupt)
DEVICE_RULE(fs_read_only)
DEVICE_RULE(iommu_fault)
DEVICE_RULE(gpu_hang)
DEVICE_RULE(suspend)
DEVICE_RULE(usb_power)
DEVICE_RULE(thermal)
DEVICE_RULE(nmi)

/* ---- btrfs tells it in a WARN() -------------------------------------------------------------- */

static bool aborted_with(kd_str message, int64_t *error)
{
    kd_scan in = kd_scan_of(message);
    kd_str before;
    return kd_scan_past(&in, "Transaction aborted (error ", &before) && kd_scan_i64(&in, error);
}

kd_status kd_check_fs_shut_down(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_warning *warning = KD_BODY(view->event, warning);
    char room[64];
    int64_t error;
    (void)user;
    if (!warning)
        return speak(view, out, kd_doc_fs_shut_down);
    bool btrfs = kd_str_has(warning->oops.headline.v, "fs/btrfs/");
    const kd_event *cause = btrfs ? kd_device_cause(view) : NULL;
    if (warning->message.src && aborted_with(warning->message.v, &error)) {
        kd_str words = kd_device_errno(error, room, sizeof room);
        kd_say_diag(out, KD_LIKELY,
                    "btrfs aborted a transaction with error %.*s and goes read-only. The WARN() is "
                    "how it tells so: no bug of the kernel by itself.",
                    KD_FMT(words));
        kd_say_evidence(out, view->event, warning->message.src, "the error");
        kd_say_i64(out, "errno", error);
        if (error == -28)
            kd_say_remedy(out, "Free space for metadata: btrfs filesystem usage, then balance or "
                               "delete snapshots.");
        else
            kd_say_remedy(out, "-5: look at the device below; -117: btrfs check; others may be a "
                               "bug of btrfs.");
        kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    } else if (cause) {
        kd_say_diag(out, KD_LIKELY,
                    "This WARN() of btrfs is fallout of the aborted transaction "
                    "before it, no fault of its own.");
        kd_say_evidence(out, view->event, warning->oops.headline.src, "the warning");
    } else {
        return KD_OK;
    }
    if (cause) {
        kd_emit_role(out, KD_EFFECT);
        kd_say_event(out, cause);
    }
    return KD_OK;
}

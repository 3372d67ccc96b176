/* decode_device.c - names of devices. */
#include "family/device/device.h"

#include "base/scan.h"
#include "family/fields.h"

static size_t digits_from(kd_str name, size_t at)
{
    while (at < name.len && kd_is_digit(name.ptr[at]))
        at++;
    return at;
}

/* "usb2-port3" is where "2-3" is plugged in, "1-1-port3" where "1-1.3" is. */
static kd_str of_port(kd_str device, char *room, size_t size)
{
    const char *at = kd_str_find(device, "-port");
    kd_str hub = { device.ptr, (size_t)(at - device.ptr) };
    kd_str port = kd_str_from(device, hub.len + sizeof "-port" - 1);
    bool root = kd_str_starts(hub, "usb");
    if (root)
        hub = kd_str_from(hub, 3);
    return kd_str_print(room, size, "%.*s%c%.*s", KD_FMT(hub), root ? '-' : '.', KD_FMT(port));
}

kd_str kd_device_base(kd_str device, char *room, size_t size)
{
    static const char mmc[] = "mmcblk", nvme[] = "nvme";
    if (kd_str_starts(device, mmc)) {
        size_t end = digits_from(device, sizeof mmc - 1);
        return kd_str_print(room, size, "mmc%.*s", (int)(end - (sizeof mmc - 1)),
                            device.ptr + sizeof mmc - 1);
    }
    if (kd_str_starts(device, nvme))
        return (kd_str){ device.ptr, digits_from(device, sizeof nvme - 1) };
    if (kd_str_starts(device, "ata"))
        return (kd_str){ device.ptr, digits_from(device, 3) };
    if (kd_str_has(device, "-port"))
        return of_port(device, room, size);
    size_t len = device.len;
    if (len > 2 && (kd_str_starts(device, "sd") || kd_str_starts(device, "vd") ||
                    kd_str_starts(device, "xvd") || kd_str_starts(device, "hd")))
        while (len > 2 && kd_is_digit(device.ptr[len - 1]))
            len--;
    return (kd_str){ device.ptr, len };
}

static bool is_disk(kd_str base)
{
    static const char *const names[] = {
        "hd",
        "sd",
        "sr",
    };
    return kd_str_starts_any(base, names, KD_COUNT(names)) && base.len > 2;
}

/* Made of others: names do not tell of which. */
static bool is_stacked(kd_str base)
{
    static const char *const names[] = {
        "bcache", "dm-", "drbd", "loop", "md",
    };
    return kd_str_starts_any(base, names, KD_COUNT(names));
}

/* "sd 2:0:0:0: [sda]": the host, which libata numbers from 0 and its ports from 1. */
static bool host_of(kd_str headline, uint64_t *out)
{
    kd_scan in;
    uint64_t number;
    if (!kd_scan_after(headline, "sd ", &in) && !kd_scan_after(headline, "scsi ", &in))
        return false;
    return kd_scan_u64(&in, out) && kd_scan_char(&in, ':') && kd_scan_u64(&in, &number) &&
           kd_scan_char(&in, ':');
}

/* A SCSI message that names its host, and an ATA port: they belong together by number, where no
 * other host was found before the ports. */
static bool is_port_of(const kd_event *event, kd_str port)
{
    kd_scan in = kd_scan_of(port);
    uint64_t host, number;
    if (!host_of(kd_event_text(event, "headline"), &host) || !kd_scan_literal(&in, "ata") ||
        !kd_scan_u64(&in, &number))
        return true;
    return number == host + 1;
}

bool kd_device_may_explain(const kd_event *event, const kd_event *cause)
{
    char rooms[2][80];
    kd_str a = kd_event_text(event, "device"), b = kd_event_text(cause, "device");
    if (a.len == 0 || b.len == 0)
        return true;
    kd_str mine = kd_device_base(a, rooms[0], sizeof rooms[0]);
    kd_str its = kd_device_base(b, rooms[1], sizeof rooms[1]);
    if (kd_str_eq(mine, its) || is_stacked(mine))
        return true;
    /* the one goes by its PCI address, the other by the name of its driver */
    if (kd_event_is(event, &kd_kind_suspend_failure) && kd_event_is(cause, &kd_kind_nvme_error))
        return kd_str_is(kd_event_text(event, "driver"), "nvme");
    if (!is_disk(mine) || is_disk(its) || is_stacked(its))
        return false;
    return kd_event_is(cause, &kd_kind_usb_error) || kd_event_is(cause, &kd_kind_scsi_error) ||
           (kd_event_is(cause, &kd_kind_ata_error) && is_port_of(event, its));
}

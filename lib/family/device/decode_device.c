/* decode_device.c - names of devices. */
#include "family/device/device.h"

static size_t digits_from(kd_str name, size_t at)
{
    while (at < name.len && kd_is_digit(name.ptr[at]))
        at++;
    return at;
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
    size_t len = device.len;
    if (len > 2 && (kd_str_starts(device, "sd") || kd_str_starts(device, "vd") ||
                    kd_str_starts(device, "xvd") || kd_str_starts(device, "hd")))
        while (len > 2 && kd_is_digit(device.ptr[len - 1]))
            len--;
    return (kd_str){ device.ptr, len };
}

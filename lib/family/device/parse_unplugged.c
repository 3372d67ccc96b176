/* parse_unplugged.c - a disk on USB that was pulled: only the hub tells of it, right before the
 * requests fail.
 *
 *   usb 2-1.2: USB disconnect, device number 7                                       any
 *   I/O error, dev sdb, sector 2312 op 0x1:(WRITE) ...
 */
#include "family/device/parse_device.h"

#include "family/device/device.h"

enum { UNPLUGGED_LINES = 8, UNPLUGGED_US = 2000000 };

void kd_device_look_for_unplugging(kd_parse *parse, kdf_device_error *error, const kd_line *line)
{
    kd_back back = kd_back_from(parse);
    kd_line before;
    if (error->class_ != KD_DEVICE_IO || !kd_str_starts(error->device.v, "sd"))
        return;
    for (int i = 0; i < UNPLUGGED_LINES && kd_back_line(&back, &before); i++) {
        if (!kd_str_has(before.text, "USB disconnect, ") || !before.has_time || !line->has_time ||
            line->time_us - before.time_us > UNPLUGGED_US)
            continue;
        kd_src src = kd_back_keep(parse, &before);
        kd_str text = src ? kd_arena_str(parse->arena, before.text) : (kd_str){ NULL, 0 };
        if (text.len == 0)
            return;
        error->reason = (kd_text){ text, src };
        error->class_ = KD_DEVICE_LOST;
        return;
    }
}

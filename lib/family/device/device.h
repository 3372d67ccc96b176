/* device.h - what a line of a driver says. Layer: family. */
#ifndef KD_DEVICE_DEVICE_H
#define KD_DEVICE_DEVICE_H

#include "core/event.h"

typedef enum kd_device_class {
#define KD_DEVICE_CLASS(name, what) KD_DEVICE_##name,
#include "family/device/class.def"
#undef KD_DEVICE_CLASS
} kd_device_class;

/* The disk, controller or port that the name belongs to: "sda" of "sda1", "nvme0" of "nvme0n1p2",
 * "ata1" of "ata1.00", "mmc0" of "mmcblk0p1". */
kd_str kd_device_base(kd_str device, char *room, size_t size);

/* Can what `cause` tells have to do with what `event` does? Another disk, or a controller that the
 * name of the disk does not belong to, cannot. True where the names do not tell. */
bool kd_device_may_explain(const kd_event *event, const kd_event *cause);

#endif

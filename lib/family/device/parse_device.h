/* parse_device.h - what stands before a line of a driver. Layer: family. */
#ifndef KD_DEVICE_PARSE_DEVICE_H
#define KD_DEVICE_PARSE_DEVICE_H

#include "core/parser.h"
#include "family/fields.h"

/* A disk whose USB device is gone is lost; the hub's line is the reason. */
void kd_device_look_for_unplugging(kd_parse *parse, kdf_device_error *error, const kd_line *line);

#endif

/* rule_device.h - what the rules on devices share. Layer: family. */
#ifndef KD_DEVICE_RULE_DEVICE_H
#define KD_DEVICE_RULE_DEVICE_H

#include "base/scan.h"
#include "core/diag.h"
#include "family/device/device.h"
#include "family/fields.h"

/* "-5 (I/O error)" in room */
kd_str kd_device_errno(int64_t number, char *room, size_t size);
/* The numbers of the message, and what their bits say. */
void kd_device_say_details(const kd_view *view, kd_emit *out);
/* What failed below or before, of the same machine within a minute; NULL: nothing is known. */
const kd_event *kd_device_cause(const kd_view *view);

#endif

/* decode_version_signs.h - what the text of a report tells of its kernel's version. */
#ifndef KD_GFP_DECODE_VERSION_SIGNS_H
#define KD_GFP_DECODE_VERSION_SIGNS_H

#include "core/event.h"
#include "family/fields.h"

/* from <= version < until, packed; the signs say where each end comes from ("" when no sign does).
 * from >= until: the signs contradict each other. */
typedef struct kd_version_bounds {
    uint32_t from, until;
    const char *from_sign, *until_sign;
} kd_version_bounds;

/* What of the report, when it was printed, tells of the version. Each part may be NULL. */
typedef struct kd_version_text_of {
    const kdf_meminfo *meminfo;
    const kdf_gfp *gfp;
    kd_src nodemask, cpuset; /* lines of the header's parts; 0: not there */
} kd_version_text_of;

kd_version_bounds kd_version_signs(const kd_version_text_of *text);
kd_version_bounds kd_version_signs_of(const kd_event *event);

/* The newest release inside the bounds; 0: no signs, or they contradict each other. */
uint32_t kd_version_guess(const kd_version_bounds *bounds);

/* Does a kernel of that release and version print such a text? Kernels between two releases and
 * distributions with back-ports may be ahead of their version. */
bool kd_version_possible(const kd_version_bounds *bounds, kd_str release, uint32_t version);

#endif

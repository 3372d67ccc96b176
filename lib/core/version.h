/* version.h - how fact rows name kernel versions. Layer: core.
 *
 * Versions are packed 8.8.16 (KD_KERNEL). A row holds for from <= version < until.
 */
#ifndef KD_CORE_VERSION_H
#define KD_CORE_VERSION_H

#include "kdiag.h"

#define V(major, minor) KD_KERNEL(major, minor, 0)
/* 2.6.x: the third number counts. */
#define V26(patch) KD_KERNEL(2, 6, patch)
#define KD_OLDEST KD_KERNEL(2, 6, 32)
#define KD_NEWEST UINT32_MAX
/* The newest release whose sources the tables were read from: docs/new-kernel.md. */
#define KD_NEWEST_KNOWN KD_KERNEL(7, 3, 0)

static inline bool kd_version_in(uint32_t version, uint32_t from, uint32_t until)
{
    return version >= from && version < until;
}

#endif

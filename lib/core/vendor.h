/* vendor.h - kernels whose release does not tell their memory management. Layer: core. */
#ifndef KD_CORE_VENDOR_H
#define KD_CORE_VENDOR_H

#include "base/str.h"

/* Name of the distribution or vendor tree that the release shows, or NULL: by the version. */
const char *kd_vendor_of(kd_str release);

#endif

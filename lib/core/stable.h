/* stable.h - the stable release that a banner or task line names. Layer: core. */
#ifndef KD_CORE_STABLE_H
#define KD_CORE_STABLE_H

#include "base/str.h"

/* "6.1.176-1" of "#1 SMP Debian 6.1.176-1 (2026-07-02)"; empty when the text names none. */
kd_str kd_stable_version(kd_str text);

#endif

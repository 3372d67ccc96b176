/* arch.h - names of architectures. Layer: core. */
#ifndef KD_CORE_ARCH_H
#define KD_CORE_ARCH_H

#include "base/str.h"

/* Our name for it ("amd64" gives "x86_64"); empty when unknown. */
kd_str kd_arch_name(kd_str any);

#endif

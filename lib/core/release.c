/* release.c - releases to versions, and what tells an architecture. Layer: core. */
#include "base/scan.h"
#include "core/context.h"

uint32_t kd_kernel_parse(kd_str release)
{
    kd_scan in = kd_scan_of(release);
    uint64_t major, minor, patch = 0;
    if (!kd_scan_u64(&in, &major) || !kd_scan_char(&in, '.') || !kd_scan_u64(&in, &minor) ||
        major < 2 || major > 99 || minor > 255)
        return 0;
    if (!kd_scan_at_end(&in) && !kd_str_in_words((kd_str){ in.at, 1 }, ". - + _ ~"))
        return 0;
    if (kd_scan_char(&in, '.') && (!kd_scan_u64(&in, &patch) || patch > 65535))
        patch = 0;
    return KD_KERNEL(major, minor, patch);
}

kd_str kd_arch_of_release(kd_str release)
{
    static const struct {
        const char *part, *name;
    } parts[] = {
#define KD_ARCH_RELEASE(part, name) { part, name },
#include "core/arch.def"
    };
    for (size_t i = 0; i < KD_COUNT(parts); i++)
        if (kd_str_has(release, parts[i].part))
            return kd_str_of(parts[i].name);
    return (kd_str){ "", 0 };
}

/* vendor.c - look-up in vendor.def. Layer: core. */
#include "core/vendor.h"

const char *kd_vendor_of(kd_str release)
{
    static const struct {
        const char *part, *name;
    } rows[] = {
#define KD_VENDOR(part, name, meaning) { part, name },
#include "core/vendor.def"
#undef KD_VENDOR
    };
    for (size_t i = 0; i < KD_COUNT(rows); i++)
        if (kd_str_has(release, rows[i].part))
            return rows[i].name;
    return NULL;
}

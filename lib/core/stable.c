/* stable.c - the stable release that a banner or task line names. Layer: core. */
#include "core/stable.h"

#include "base/scan.h"

static const char *const marks[] = {
#define KD_STABLE_MARK(mark) mark,
#include "core/stable.def"
};

/* "1:" of "1:6.1.63-1" */
static void skip_epoch(kd_scan *in)
{
    kd_scan try = *in;
    uint64_t epoch;
    if (kd_scan_u64(&try, &epoch) && kd_scan_char(&try, ':'))
        *in = try;
}

static kd_str ubuntu_version(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped, last;
    if (kd_scan_past(&in, "(Ubuntu ", &skipped) && kd_scan_past(&in, " ", &skipped) &&
        kd_scan_until(&in, ')', &last))
        return last;
    return (kd_str){ "", 0 };
}

kd_str kd_stable_version(kd_str text)
{
    kd_str skipped, version;
    for (size_t i = 0; i < KD_COUNT(marks); i++) {
        kd_scan in = kd_scan_of(text);
        if (!kd_scan_past(&in, marks[i], &skipped))
            continue;
        skip_epoch(&in);
        if (!kd_scan_at_end(&in) && kd_is_digit(*in.at) && kd_scan_word(&in, &version))
            return version;
    }
    return ubuntu_version(text);
}

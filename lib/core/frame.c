/* frame.c - is a message a frame of a stack and nothing else? Layer: core. */
#include "core/frame.h"

#include "base/scan.h"

#define LONGEST_NUMBER 16u /* hex digits */

static bool take_digits(kd_scan *in)
{
    const char *from = in->at;
    while (in->at < in->end && kd_is_hex(*in->at))
        in->at++;
    return in->at > from && (size_t)(in->at - from) <= LONGEST_NUMBER;
}

static bool take_name(kd_scan *in)
{
    const char *from = in->at;
    while (in->at < in->end && kd_in_symbol(*in->at))
        in->at++;
    return in->at > from && !kd_is_digit(*from);
}

/* " [mod]" */
static bool take_module(kd_scan *in)
{
    return kd_scan_literal(in, " [") && take_name(in) && kd_scan_char(in, ']');
}

bool kd_is_frame(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    if (kd_scan_literal(&in, "[<") && (!take_digits(&in) || !kd_scan_literal(&in, ">] ")))
        return false;
    kd_scan_literal(&in, "? ");
    return take_name(&in) && kd_scan_literal(&in, "+0x") && take_digits(&in) &&
           kd_scan_literal(&in, "/0x") && take_digits(&in) &&
           (kd_scan_at_end(&in) || take_module(&in)) && kd_scan_at_end(&in);
}

/* parse_gfp.c - the mask of a request, and the nodes that it may use. */
#include "family/gfp/parse_gfp.h"
#include "family/fields.h"

bool kd_scan_gfp(kd_scan *in, kd_parse *parse, kdf_gfp *gfp)
{
    uint64_t value;
    kd_str names;
    if (!kd_scan_hex(in, &value))
        return false;
    kd_put(parse, &gfp->value, value);
    gfp->ends_line = kd_scan_at_end(in);
    kd_scan try = *in;
    if (kd_scan_char(&try, '(') && kd_scan_until(&try, ')', &names) && kd_scan_char(&try, ')')) {
        kd_put(parse, &gfp->printed, names);
        *in = try;
    }
    return true;
}

/* Up to a comma that begins the next key, or the end. */
static kd_str scan_scope_value(kd_scan *in, const char *next_key)
{
    kd_str value;
    kd_scan try = *in;
    if (kd_scan_past(&try, next_key, &value)) {
        in->at = value.ptr + value.len;
        return value;
    }
    kd_scan_rest(in, &value);
    return value;
}

void kd_scan_scope(kd_scan *in, kd_parse *parse, kdf_scope *scope)
{
    kd_str before, value;
    kd_scan at = *in;
    if (kd_scan_past(&at, "nodemask=", &before)) {
        value = kd_str_trim(scan_scope_value(&at, ",cpuset="));
        kd_put(parse, &scope->nodemask, value);
        *in = at;
    }
    at = *in;
    if (kd_scan_past(&at, "cpuset=", &before)) {
        kd_scan old = at; /* to 4.20 a blank stands between the two */
        value = kd_str_has((kd_str){ at.at, kd_scan_left(&at) }, ",mems_allowed=")
                    ? scan_scope_value(&at, ",mems_allowed=")
                    : scan_scope_value(&old, " mems_allowed=");
        kd_put(parse, &scope->cpuset, kd_str_trim(value));
        *in = at;
    }
    if (kd_scan_past(in, "mems_allowed=", &before) && kd_scan_rest(in, &value))
        kd_put(parse, &scope->mems_allowed, kd_str_trim(value));
}

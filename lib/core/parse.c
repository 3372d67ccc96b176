/* parse.c - small steps that recognisers share: symbols, masks, cpusets. Layer: event. */
#include "core/parser.h"

kd_src kd_parse_keep(kd_parse *parse, const kd_line_ref *line)
{
    kd_line_ref *ref = KD_LIST_ADD(parse->arena, &parse->event->lines, kd_line_ref);
    if (!ref)
        return 0;
    *ref = *line;
    ref->aside = true;
    ref->raw = kd_arena_str(parse->arena, line->raw);
    return parse->event->lines.count;
}

static bool symbol_char(char c)
{
    return kd_is_alpha(c) || kd_is_digit(c) || c == '_' || c == '.' || c == '$' || c == '@';
}

/* "+0x1c/0x40" */
static bool scan_offset(kd_scan *in, uint64_t *offset, uint64_t *size)
{
    kd_scan try = *in;
    if (!kd_scan_literal(&try, "+0x") || !kd_scan_hex(&try, offset) ||
        !kd_scan_literal(&try, "/0x") || !kd_scan_hex(&try, size))
        return false;
    *in = try;
    return true;
}

/* " [mod]" or " [mod 0123abcd]" (build id) */
static bool scan_module(kd_scan *in, kd_str *out)
{
    kd_scan try = *in;
    const char *from;
    kd_str build;
    uint64_t number;
    if (!kd_scan_literal(&try, " ["))
        return false;
    for (from = try.at; try.at < try.end && (symbol_char(*try.at) || *try.at == '-');)
        try.at++;
    kd_str name = kd_scan_since(&try, from);
    kd_scan hex = kd_scan_of(name);
    if (kd_scan_char(&try, ' ') && !kd_scan_until(&try, ']', &build))
        return false;
    if (name.len == 0 || !kd_scan_char(&try, ']'))
        return false;
    if (name.len >= 8 && kd_scan_hex(&hex, &number) && kd_scan_at_end(&hex))
        return false; /* "[c0101234]": an address */
    *out = name;
    *in = try;
    return true;
}

bool kd_scan_symbol(kd_scan *in, kdf_symbol *out, kd_src src)
{
    kd_scan try = *in;
    const char *from = try.at;
    uint64_t offset, size, address;
    kd_str module;
    if (kd_scan_left(&try) > 2 && try.at[0] == '0' && try.at[1] == 'x') {
        if (!kd_scan_hex(&try, &address))
            return false;
        out->address = (kd_hex){ address, src };
        *in = try;
        return true;
    }
    while (try.at < try.end && symbol_char(*try.at))
        try.at++;
    kd_str name = kd_scan_since(&try, from);
    if (name.len == 0 || kd_is_digit(name.ptr[0]))
        return false;
    out->function = (kd_text){ name, src };
    if (scan_offset(&try, &offset, &size)) {
        out->offset = (kd_u64){ offset, src };
        out->size = (kd_u64){ size, src };
    }
    if (scan_module(&try, &module))
        out->module = (kd_text){ module, src };
    *in = try;
    return true;
}

bool kd_scan_gfp(kd_scan *in, kd_parse *parse, kdf_gfp *gfp)
{
    uint64_t value;
    kd_str names;
    if (!kd_scan_hex(in, &value))
        return false;
    kd_put(parse, &gfp->value, value);
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

void kd_scan_scope(kd_scan *in, kd_parse *parse, const kd_scope *scope)
{
    kd_str before, value;
    kd_scan at = *in;
    if (kd_scan_past(&at, "nodemask=", &before)) {
        value = kd_str_trim(scan_scope_value(&at, ",cpuset="));
        kd_put(parse, scope->nodemask, value);
        *in = at;
    }
    at = *in;
    if (kd_scan_past(&at, "cpuset=", &before)) {
        kd_scan old = at; /* to 4.20 a blank stands between the two */
        value = kd_str_has((kd_str){ at.at, kd_scan_left(&at) }, ",mems_allowed=")
                    ? scan_scope_value(&at, ",mems_allowed=")
                    : scan_scope_value(&old, " mems_allowed=");
        kd_put(parse, scope->cpuset, kd_str_trim(value));
        *in = at;
    }
    if (kd_scan_past(in, "mems_allowed=", &before) && kd_scan_rest(in, &value))
        kd_put(parse, scope->mems_allowed, kd_str_trim(value));
}

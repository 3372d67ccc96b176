/* parse_symbol.c - code addresses: "name+0x1c/0x40 [mod]", of x86_64 to 2.6.24
 * ":mod:name+0x1c/0x40". */
#include "family/fields.h"
#include "family/shared/parse_shared.h"

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

/* "mod@83178000+0x2290": where it lies and how far it reaches, of kernels without symbols
 * (OpenWrt) */
static void scan_place(kd_scan *in, kd_str *name)
{
    const char *at = name->len > 0 ? memchr(name->ptr, '@', name->len) : NULL;
    uint64_t size;
    if (at && kd_scan_literal(in, "+0x") && kd_scan_hex(in, &size))
        name->len = (size_t)(at - name->ptr);
}

/* " [mod]", " [mod 0123abcd]" (build id), " [mod@83178000+0x2290]" */
static bool scan_module(kd_scan *in, kd_str *out)
{
    kd_scan try = *in;
    const char *from;
    kd_str build;
    uint64_t number;
    if (!kd_scan_literal(&try, " ["))
        return false;
    for (from = try.at; try.at < try.end && (kd_in_symbol(*try.at) || *try.at == '-');)
        try.at++;
    kd_str name = kd_scan_since(&try, from);
    kd_scan hex = kd_scan_of(name);
    if (kd_scan_char(&try, ' ') && !kd_scan_until(&try, ']', &build))
        return false;
    scan_place(&try, &name);
    if (name.len == 0 || !kd_scan_char(&try, ']'))
        return false;
    if (name.len >= 8 && kd_scan_hex(&hex, &number) && kd_scan_at_end(&hex))
        return false; /* "[c0101234]": an address */
    *out = name;
    *in = try;
    return true;
}

/* ":mod:" */
static bool scan_module_before(kd_scan *in, kd_str *out)
{
    kd_scan try = *in;
    if (!kd_scan_char(&try, ':'))
        return false;
    const char *from = try.at;
    while (try.at < try.end && (kd_in_symbol(*try.at) || *try.at == '-'))
        try.at++;
    *out = kd_scan_since(&try, from);
    if (out->len == 0 || !kd_scan_char(&try, ':'))
        return false;
    *in = try;
    return true;
}

/* "ffff800": the rest of an address that a cut left */
static bool is_cut_number(kd_str name)
{
    kd_scan in = kd_scan_of(name);
    uint64_t number;
    bool has_digit = false;
    for (size_t i = 0; i < name.len; i++)
        has_digit |= kd_is_digit(name.ptr[i]);
    return has_digit && kd_scan_hex(&in, &number) && kd_scan_at_end(&in);
}

bool kd_scan_symbol(kd_scan *in, kdf_symbol *out, kd_src src)
{
    kd_scan try = *in;
    uint64_t offset, size, address;
    kd_str module = { NULL, 0 };
    bool before = scan_module_before(&try, &module);
    const char *from = try.at;
    if (kd_scan_left(&try) > 2 && try.at[0] == '0' && try.at[1] == 'x') {
        if (!kd_scan_hex(&try, &address))
            return false;
        out->address = (kd_hex){ address, src };
        if (scan_module(&try, &module))
            out->module = (kd_text){ module, src };
        *in = try;
        return true;
    }
    while (try.at < try.end && kd_in_symbol(*try.at))
        try.at++;
    kd_str name = kd_scan_since(&try, from);
    if (name.len == 0 || kd_is_digit(name.ptr[0]))
        return false;
    bool placed = scan_offset(&try, &offset, &size);
    if (!placed && is_cut_number(name))
        return false;
    if (before)
        out->module = (kd_text){ module, src };
    out->function = (kd_text){ name, src };
    if (placed) {
        out->offset = (kd_u64){ offset, src };
        out->size = (kd_u64){ size, src };
    }
    if (scan_module(&try, &module))
        out->module = (kd_text){ module, src };
    *in = try;
    return true;
}

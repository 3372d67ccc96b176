/* kconfig.c - values out of the text of a kernel .config. Layer: core. */
#include "core/kconfig.h"

#include "base/scan.h"

static bool take_number(kd_str text, kd_config_value *out)
{
    kd_scan in = kd_scan_of(text);
    uint64_t number;
    bool negative = kd_scan_char(&in, '-');
    bool hex = text.len > 2 && kd_str_starts(kd_str_from(text, negative), "0x");
    if (!(hex ? kd_scan_hex(&in, &number) : kd_scan_u64(&in, &number)) || !kd_scan_at_end(&in))
        return false;
    out->kind = KD_CONFIG_NUMBER;
    out->negative = negative;
    out->number = negative ? 0 - number : number;
    return true;
}

static void take_value(kd_str text, kd_config_value *out)
{
    out->text = text;
    out->negative = false;
    out->number = 0;
    if (kd_str_is(text, "y")) {
        out->kind = KD_CONFIG_Y;
    } else if (kd_str_is(text, "m")) {
        out->kind = KD_CONFIG_M;
    } else if (kd_str_is(text, "n")) {
        out->kind = KD_CONFIG_N;
    } else if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"') {
        out->kind = KD_CONFIG_TEXT;
        out->text = (kd_str){ text.ptr + 1, text.len - 2 };
    } else if (!take_number(text, out)) {
        out->kind = KD_CONFIG_BAD;
    }
}

/* "CONFIG_X=value" or "# CONFIG_X is not set"; false: about something else. */
static bool read_line(kd_str line, kd_str name, kd_config_value *out)
{
    kd_scan in = kd_scan_of(kd_str_trim(line));
    kd_str rest;
    bool comment = kd_scan_char(&in, '#') && kd_scan_blanks(&in);
    if (!kd_scan_bytes(&in, name.ptr, name.len))
        return false;
    if (comment) {
        if (!kd_scan_rest(&in, &rest) || !kd_str_is(rest, " is not set"))
            return false;
        take_value(KD_STR("n"), out);
        return true;
    }
    if (!kd_scan_char(&in, '=') || !kd_scan_rest(&in, &rest))
        return false;
    take_value(rest, out);
    return true;
}

bool kd_config_get(kd_str kconfig, const char *name, kd_config_value *out)
{
    kd_str wanted = kd_str_of(name), line;
    *out = (kd_config_value){ .text = KD_STR("") };
    for (uint64_t number = 1; kd_str_split(&kconfig, '\n', &line); number++)
        if (read_line(line, wanted, out))
            out->line = number;
    return out->kind != KD_CONFIG_ABSENT;
}

bool kd_config_on(kd_str kconfig, const char *name)
{
    kd_config_value value;
    kd_config_get(kconfig, name, &value);
    return value.kind == KD_CONFIG_Y || value.kind == KD_CONFIG_M;
}

uint64_t kd_config_number(kd_str kconfig, const char *name, uint64_t otherwise)
{
    kd_config_value value;
    kd_config_get(kconfig, name, &value);
    return value.kind == KD_CONFIG_NUMBER ? value.number : otherwise;
}

/* parse_trace_old.c - stack traces in the forms of old kernels, and of those without symbols.
 *
 *   <c020bb5d> block_uevent+0x10d/0x210   <c020ba50> ...    i386 about 2.6.16, several in a line
 *   [warn_on_slowpath+71/115] warn_on_slowpath+0x47/0x73    i386 to 2.6.25 through klogd
 *   Function entered at [<c0011738>] from [<c03019b8>]      arm without symbols
 */
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include "family/shared/parse_trace.h"

/* "<c020bb5d> " before a symbol; bare, as i386 printed it for some releases about 2.6.16 */
static bool scan_bare_address(kd_scan *in, kd_hex *out, kd_src src)
{
    kd_scan try = *in;
    uint64_t address;
    kd_scan_blanks(&try);
    if (!kd_scan_char(&try, '<'))
        return false;
    const char *from = try.at;
    if (!kd_scan_hex(&try, &address) || (try.at - from != 8 && try.at - from != 16) ||
        !kd_scan_char(&try, '>') || !kd_scan_char(&try, ' '))
        return false;
    *out = (kd_hex){ address, src };
    *in = try;
    return true;
}

/* "<c020bb5d> block_uevent+0x10d/0x210   <c020ba50> block_uevent+0x0/0x210": several in a line */
static bool take_bare(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    kdf_frame frame = { .line = { 0, 0 } };
    bool any = false;
    while (scan_bare_address(&in, &frame.address, parse->src)) {
        kdf_symbol symbol = { .size = { 0, 0 } };
        if (!kd_scan_symbol(&in, &symbol, parse->src) || !symbol.size.src)
            return any;
        kd_trace_put_symbol(&frame, &symbol);
        frame.reliable = (kd_bool){ true, parse->src };
        kd_trace_add(parse, frames, &frame, line);
        any = true;
    }
    return any;
}

/* "[sys_open+52/80] ": klogd wrote the name in place of the address */
static bool scan_klogd(kd_scan *in, kdf_symbol *out, kd_src src)
{
    kd_scan try = *in;
    kdf_symbol symbol = { .size = { 0, 0 } };
    uint64_t offset, size;
    if (!kd_scan_char(&try, '[') || kd_scan_left(&try) == 0 || *try.at == '<' ||
        !kd_scan_symbol(&try, &symbol, src) || !symbol.function.src || symbol.size.src ||
        !kd_scan_char(&try, '+') || !kd_scan_u64(&try, &offset) || !kd_scan_char(&try, '/') ||
        !kd_scan_u64(&try, &size) || !kd_scan_char(&try, ']') || offset > size)
        return false;
    symbol.offset = (kd_u64){ offset, src };
    symbol.size = (kd_u64){ size, src };
    *out = symbol;
    *in = try;
    return true;
}

/* Names in place of addresses, with those of the kernel behind them or not. */
static bool take_klogd(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    kdf_frame frame = { .line = { 0, 0 } };
    kdf_symbol symbol = { .size = { 0, 0 } }, named = { .size = { 0, 0 } };
    if (!scan_klogd(&in, &symbol, parse->src))
        return false;
    kd_scan_blanks(&in);
    bool guess = kd_scan_literal(&in, "? ");
    if (kd_scan_symbol(&in, &named, parse->src) && named.size.src)
        symbol = named;
    kd_trace_put_symbol(&frame, &symbol);
    frame.reliable = (kd_bool){ !guess, parse->src };
    kd_trace_add(parse, frames, &frame, line);
    return true;
}

/* "Function entered at [<c0011738>] from [<c03019b8>]": arm without symbols; the row of saved
 * registers behind it is passed over. */
static bool take_entered(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    kd_scan in = kd_scan_of(line->text);
    kdf_frame callee = { .line = { 0, 0 } }, caller = { .line = { 0, 0 } };
    uint64_t value;
    if (kd_scan_char(&in, 'r') && parse->state->at && frames->count > 0)
        return kd_scan_u64(&in, &value) && value < 16 && kd_scan_char(&in, ':') &&
               kd_scan_hex(&in, &value) && (kd_scan_at_end(&in) || *in.at == ' ');
    in = kd_scan_of(line->text);
    if (!kd_scan_literal(&in, "Function entered at ") ||
        !kd_trace_scan_address(&in, &callee.address, parse->src) ||
        !kd_scan_literal(&in, " from ") || !kd_trace_scan_address(&in, &caller.address, parse->src))
        return false;
    if (frames->count == 0)
        kd_trace_add(parse, frames, &callee, line);
    kd_trace_add(parse, frames, &caller, line);
    return true;
}

bool kd_trace_take_old(kd_parse *parse, kd_list *frames, const kd_line *line)
{
    switch (line->text.len > 0 ? line->text.ptr[0] : '\0') {
    case '[': return take_klogd(parse, frames, line);
    case 'F':
    case 'r': return take_entered(parse, frames, line);
    case '<': return parse->state->at && take_bare(parse, frames, line);
    default: return false;
    }
}

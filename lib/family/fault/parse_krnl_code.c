/* parse_krnl_code.c - the code around the fault as s390 prints it: disassembled.
 *
 *   Krnl Code: 000003ff7fd024ee: c02912345678	iilf	%r2,305419896
 *             #000003ff7fd024f4: e31010000004	lg	%r1,0(%r1)
 *             >000003ff7fd024fa: 50201000		st	%r2,0(%r1)
 *              000003ff7fd024fe: 07fe		bcr	15,%r14
 *
 * show_code() of arch/s390/kernel/dis.c. ">": at the program counter; "#", and "*" from 7.0 on: the
 * instruction that ended there.
 */
#include "family/fault/parse_fault.h"
#include "family/fields.h"

/* An instruction has at most 6 bytes. */
#define MOST_DIGITS 12u
/* Characters: the kernel prints some 64 bytes. */
#define MOST_BYTES 512u
/* So many instructions fit into what it prints. */
#define MOST_ROWS 32u

/* Tabs, which syslog daemons write as "#011". */
static void skip_tabs(kd_scan *in)
{
    do
        kd_scan_blanks(in);
    while (kd_scan_literal(in, "#011"));
}

/* Its bytes, behind those of the rows above; the marked one in angles. */
static void put_bytes(kd_parse *parse, kdf_code *code, kd_str digits, bool marked)
{
    char row[3 * MOST_DIGITS / 2 + 3];
    size_t len = 0;
    kd_str before = code->bytes.v;
    if (before.len > MOST_BYTES)
        return;
    for (size_t i = 0; i + 2 <= digits.len; i += 2) {
        if (before.len || i)
            row[len++] = ' ';
        if (marked && i == 0)
            row[len++] = '<';
        row[len++] = digits.ptr[i];
        row[len++] = digits.ptr[i + 1];
        if (marked && i == 0)
            row[len++] = '>';
    }
    if (marked)
        kd_derive(&code->marker, (before.len + 1) / 3);
    kd_str whole = kd_arena_format(parse->arena, "%.*s%.*s", KD_FMT(before), (int)len, row);
    if (whole.len)
        code->bytes = (kd_text){ whole, KD_DERIVED }; /* it stands in no line as a whole */
}

/* "st	%r2,0(%r1)" with one blank */
static kd_str with_one_blank(kd_parse *parse, kd_scan in)
{
    kd_str name, operands;
    if (!kd_scan_name(&in, &name))
        return (kd_str){ NULL, 0 };
    skip_tabs(&in);
    if (!kd_scan_rest(&in, &operands) || kd_str_trim(operands).len == 0)
        return name;
    return kd_arena_format(parse->arena, "%.*s %.*s", KD_FMT(name), KD_FMT(kd_str_trim(operands)));
}

static void put_text(kd_parse *parse, kdf_code *code, char mark, kd_scan in)
{
    kd_text *to = mark == '>' ? &code->instruction : &code->previous;
    kd_str text = to->src ? (kd_str){ NULL, 0 } : with_one_blank(parse, in);
    bool as_printed = !kd_str_has((kd_str){ in.at, kd_scan_left(&in) }, "#011");
    if (text.len)
        *to = (kd_text){ text, as_printed ? parse->src : KD_DERIVED };
}

/* For those that execute one of the others. */
static void put_row(kd_parse *parse, kdf_code *code, uint64_t address, kd_scan in)
{
    kd_pair *row =
        code->rows.count < MOST_ROWS ? KD_LIST_ADD(parse->arena, &code->rows, kd_pair) : NULL;
    if (row)
        *row = (kd_pair){ .name = with_one_blank(parse, in), .v = address, .src = parse->src };
}

bool kd_take_krnl_code(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    char mark = ' ';
    uint64_t address, value;
    if (kd_scan_literal(&in, "Krnl Code:"))
        kd_scan_blanks(&in);
    if (!kd_scan_at_end(&in) && (*in.at == '#' || *in.at == '>' || *in.at == '*'))
        mark = *in.at++;
    const char *from = in.at;
    if (!kd_scan_hex(&in, &address) || in.at - from != 16 || !kd_scan_literal(&in, ": "))
        return false;
    from = in.at;
    /* a mail may have taken ">" for the mark of a quotation */
    if (mark == ' ' && oops->ip.address.src && address == oops->ip.address.v)
        mark = '>';
    if (!kd_scan_hex(&in, &value))
        return true;
    kd_str digits = { from, (size_t)(in.at - from) };
    skip_tabs(&in);
    bool again = mark == '>' && oops->code.marker.src;
    if (parse->state->at || again || (digits.len != 4 && digits.len != 8 && digits.len != 12))
        return true;
    put_bytes(parse, &oops->code, digits, mark == '>');
    put_row(parse, &oops->code, address, in);
    if (mark != ' ')
        put_text(parse, &oops->code, mark, in);
    return true;
}

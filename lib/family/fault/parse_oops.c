/* parse_oops.c - the kernel faulted: x86, arm64, arm, riscv, powerpc.
 *
 *   BUG: unable to handle kernel paging request at ffffeb880002c5dc            x86 to 5.0
 *   BUG: unable to handle page fault for address: fffff63eac010200             x86 5.1+
 *   BUG: kernel NULL pointer dereference, address: 0000000000000008            x86 5.1+
 *   general protection fault, probably for non-canonical address 0xdead...: 0000 [#1] SMP
 *   kernel BUG at mm/slub.c:435!
 *   Unable to handle kernel paging request at virtual address fffffff000008540 arm64, arm, riscv
 *   Unhandled fault: page domain fault (0x01b) at 0x00000008                   arm
 *   Internal error: Oops: 96000006 [#1] PREEMPT SMP                            arm64, arm
 *   Oops: 0000 [#1] SMP                                                        x86
 *
 * One event from the headline to "---[ end trace". Where the headline is lost, the line with "[#1]"
 * begins it.
 */
#include "base/match.h"
#include "family/fault/parse_fault.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

/* Lines before the header that name an address. */
#define MAX_NOTES 32u

typedef struct headline {
    const char *begins;
    const kd_kind *kind; /* NULL: null_deref or paging_fault by the address */
    const char *address; /* the address follows this, or follows `begins` where it is "" */
} headline;

static const headline headlines[] = {
#define KD_OOPS_HEADLINE(begins, kind, address) { begins, kind, address },
#include "family/fault/oops_form.def"
};

static const char *const die_begins[] = {
#define KD_OOPS_DIE(begins) begins,
#include "family/fault/oops_form.def"
};

/* What stands before " [#1]" when there was no headline, or beside it. */
static const struct {
    const char *word;
    const kd_kind *kind;
} dies[] = {
#define KD_OOPS_NAME(words, kind) { words, kind },
#include "family/fault/oops_form.def"
};

static const char *const anchors[] = {
#define KD_OOPS_HEADLINE(begins, kind, address) begins,
#define KD_OOPS_DIE(begins) begins,
#define KD_OOPS_TORN(begins) begins,
#include "family/fault/oops_form.def"
    NULL,
};

/* So much of "BUG: NAME stack guard page was hit" may stand before the words. */
#define MOST_BEFORE 24

/* parse->own[0]: the kind that the headline settled, index + 1; own[1]: die line seen */
enum { OWN_HEADLINE, OWN_DIE, OWN_WEAK };

/* ---- headlines ------------------------------------------------------------------------------- */

/* Printed in full width, 8 or 16 digits: others, where the text ends behind them, were cut. */
static bool is_cut_address(kd_str digits, const kd_scan *in)
{
    return kd_scan_at_end(in) && !kd_str_starts(digits, "0x") && digits.len != 8 &&
           digits.len != 16;
}

static void put_address(kd_parse *parse, kdf_oops *oops, const headline *form, kd_str rest)
{
    kd_scan in = kd_scan_of(rest);
    kd_str skipped;
    uint64_t address;
    if (!form->address)
        return;
    if (form->address[0] && !kd_scan_past(&in, form->address, &skipped))
        return;
    kd_scan_blanks(&in);
    const char *from = in.at;
    if (kd_scan_hex(&in, &address)) {
        if (!is_cut_address(kd_scan_since(&in, from), &in))
            kd_put(parse, &oops->address, address);
    } else if (kd_scan_literal(&in, "(null)"))
        kd_put(parse, &oops->address, 0);
}

/* "kernel BUG at mm/slub.c:435!" */
static void put_location(kd_parse *parse, kdf_oops *oops, kd_str rest)
{
    kd_scan in = kd_scan_of(rest);
    kd_str file;
    uint64_t number;
    if (kd_scan_until(&in, ':', &file) && kd_scan_char(&in, ':') && kd_scan_u64(&in, &number)) {
        kd_put(parse, &oops->file, file);
        kd_put(parse, &oops->line_number, number);
    }
}

static const headline *find_headline(kd_str text, kd_str *rest)
{
    bool bug = kd_str_starts(text, "BUG: ");
    for (size_t i = 0; i < KD_COUNT(headlines); i++) {
        const headline *form = &headlines[i];
        bool guard = bug && form->kind == &kd_kind_stack_overflow;
        const char *at = kd_str_starts(text, form->begins) ? text.ptr
                         : guard                           ? kd_str_find(text, form->begins)
                                                           : NULL;
        if (!at || at - text.ptr > MOST_BEFORE)
            continue;
        *rest = kd_str_from(text, (size_t)(at - text.ptr) + kd_str_of(form->begins).len);
        return form;
    }
    return NULL;
}

static bool take_headline(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_str rest;
    const headline *form = find_headline(text, &rest);
    if (!form || parse->own[OWN_HEADLINE] || parse->own[OWN_DIE])
        return false;
    /* "kernel tried to execute NX-protected page" announces the headline proper */
    if (form->kind || form->address)
        parse->own[OWN_HEADLINE] = 1;
    kd_put_again(parse, &oops->headline, text);
    if (form->kind)
        parse->event->kind = form->kind;
    if (form->kind == &kd_kind_kernel_bug)
        put_location(parse, oops, rest);
    put_address(parse, oops, form, rest);
    if (kd_str_has(text, " on read"))
        kd_put(parse, &oops->access, KD_STR("read"));
    else if (kd_str_has(text, " on write"))
        kd_put(parse, &oops->access, KD_STR("write"));
    else if (!form->address && form->kind == NULL && kd_str_has(text, "execute"))
        kd_put(parse, &oops->access, KD_STR("execute"));
    return true;
}

/* ---- the line with "[#1]" -------------------------------------------------------------------- */

static void put_flags(kd_parse *parse, kdf_oops *oops, kd_scan in)
{
    kd_str word;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word) && oops->die.flags.count < 16) {
        kd_text *flag = KD_LIST_ADD(parse->arena, &oops->die.flags, kd_text);
        if (!flag)
            return;
        *flag = (kd_text){ word, parse->src };
    }
}

/* "Oops: 0000", "Oops - BUG: 0", "synchronous external abort: 96000010", "Oops": text and code */
static void split_die(kd_parse *parse, kdf_oops *oops, kd_str before)
{
    const char *colon = kd_str_find_last(before, ": ");
    kd_str name = before;
    uint64_t code;
    if (colon) {
        kd_scan in = kd_scan_of(kd_str_from(before, (size_t)(colon + 2 - before.ptr)));
        if (kd_scan_hex(&in, &code) && kd_scan_at_end(&in) &&
            !kd_str_ends((kd_str){ before.ptr, (size_t)(colon - before.ptr) }, "sig")) {
            kd_put(parse, &oops->die.code, code);
            name.len = (size_t)(colon - before.ptr);
        }
    }
    kd_put(parse, &oops->die.text, kd_str_trim(name));
}

/* "..., probably for non-canonical address 0xdffffc0000000000" */
static void put_gpf_address(kd_parse *parse, kdf_oops *oops, kd_str name)
{
    kd_scan in = kd_scan_of(name);
    kd_str skipped;
    uint64_t address;
    if (kd_scan_past(&in, "address 0x", &skipped) && kd_scan_hex(&in, &address))
        kd_put(parse, &oops->address, address);
}

static bool take_die(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before;
    uint64_t count;
    if (parse->own[OWN_DIE] || !kd_scan_past(&in, " [#", &before) || !kd_scan_u64(&in, &count) ||
        !kd_scan_char(&in, ']'))
        return false;
    if (kd_str_starts(before, "Internal error: "))
        before = kd_str_from(before, sizeof "Internal error: " - 1);
    else if (kd_str_starts(before, "Oops: ") && kd_str_has(kd_str_from(before, 6), ": "))
        before = kd_str_from(before, 6); /* 6.10+ puts it before every name */
    split_die(parse, oops, before);
    kd_put(parse, &oops->die.count, count);
    put_flags(parse, oops, in);
    parse->own[OWN_DIE] = 1;
    kd_str name = oops->die.text.v;
    if (!oops->headline.src)
        kd_put(parse, &oops->headline, text);
    for (size_t i = 0; i < KD_COUNT(dies) && !parse->own[OWN_HEADLINE]; i++)
        if (kd_str_has(name, dies[i].word)) {
            parse->event->kind = dies[i].kind;
            parse->own[OWN_HEADLINE] = 1;
        }
    put_gpf_address(parse, oops, name);
    return true;
}

/* ---- lines between --------------------------------------------------------------------------- */

/* "#PF: supervisor read access in kernel mode", "#PF: error_code(0x0000) - not-present page" */
static bool take_pf(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t code;
    if (!kd_str_starts(text, "#PF"))
        return false;
    if (kd_scan_literal(&in, "#PF: error_code(") && kd_scan_hex(&in, &code))
        kd_put(parse, &oops->error_code.value, code);
    else if (kd_str_has(text, "instruction fetch"))
        kd_put(parse, &oops->access, KD_STR("execute"));
    else if (kd_str_has(text, "write access"))
        kd_put(parse, &oops->access, KD_STR("write"));
    else if (kd_str_has(text, "read access"))
        kd_put(parse, &oops->access, KD_STR("read"));
    return true;
}

/* The "Mem abort info:" block of arm64. What it says beyond the ESR is decoded from the ESR. */
static bool take_abort_info(kd_parse *parse, kdf_oops *oops, kd_str text)
{
    static const char *const lines[] = {
        "Mem abort info:", "Data abort info:",
        "EC = 0x",         "Exception class = ",
        "SET = ",          "EA = ",
        "FSC = 0x",        "ISV = ",
        "CM = ",           "Access size = ",
        "SSE = ",          "SF = ",
        "GCS = ",          "8<--- cut here ---",
        "KASAN: ",         "------------[ cut here ]",
    };
    kd_scan in = kd_scan_of(text);
    uint64_t value;
    if (kd_scan_literal(&in, "ESR = ") && kd_scan_hex(&in, &value)) {
        kd_put(parse, &oops->esr.value, value);
        return true;
    }
    for (size_t i = 0; i < KD_COUNT(lines); i++)
        if (kd_str_starts(text, lines[i]))
            return true;
    return false;
}

static kd_verdict more_oops(kd_parse *parse, const kd_line *line)
{
    kdf_oops *oops = parse->body;
    kd_str text = line->text;
    if (kd_str_starts(text, "---[ end trace "))
        return KD_LAST;
    if (take_pf(parse, oops, text) || take_abort_info(parse, oops, text))
        return KD_TAKEN;
    /* the trace ended: a new header is a new oops */
    if (oops->backtrace.count == 0 &&
        (take_headline(parse, oops, text) || take_die(parse, oops, text)))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

/* ---- what the log said about addresses shortly before ---------------------------------------- */

/* The first 16-digit kernel address of the line; lines of traces and dumps do not count. */
static bool scan_note(kd_str text, uint64_t *address, uint64_t *order, bool *has_order)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    *has_order = false;
    if (kd_str_has(text, "+0x") || kd_str_has(text, "[<") || kd_str_has(text, "[mem "))
        return false;
    const char *at = kd_str_find(text, "ffff");
    for (; at; at = kd_str_find((kd_str){ at + 1, (size_t)(in.end - at - 1) }, "ffff")) {
        kd_scan hex = { at, in.end, false };
        bool alone = at == text.ptr || !kd_is_hex(at[-1]);
        if (alone && kd_scan_hex(&hex, address) && hex.at - at == 16)
            break;
    }
    if (!at)
        return false;
    if (kd_scan_past(&in, "rder", &skipped)) {
        for (int i = 0; i < 3 && in.at < in.end && !kd_is_digit(*in.at); i++)
            in.at++;
        *has_order = kd_scan_u64(&in, order);
    }
    return true;
}

/* False when memory ran out. */
static bool read_note(kd_parse *parse, kdf_oops *oops, kd_line *line)
{
    uint64_t address, order;
    bool has_order;
    kd_line_read(line, parse->dress);
    if (!scan_note(line->text, &address, &order, &has_order))
        return true;
    kd_src src = kd_back_keep(parse, line);
    kdf_note *note = src ? KD_LIST_ADD(parse->arena, &oops->notes, kdf_note) : NULL;
    if (!note)
        return false;
    note->address = (kd_hex){ address, src };
    if (has_order)
        note->order = (kd_u64){ order, src };
    return true;
}

/* Only lines that hold "ffff" are read: a header may be one of a flood. */
static void read_notes(kd_parse *parse, kdf_oops *oops)
{
    kd_str texts[2];
    uint64_t number, offset;
    kd_back_texts(parse, texts, &number, &offset);
    for (size_t i = 0; i < KD_COUNT(texts); i++) {
        kd_str rest = texts[i];
        const char *hit;
        while (oops->notes.count < MAX_NOTES && (hit = kd_str_find(rest, "ffff")) != NULL) {
            kd_str line = kd_str_line_at(rest, hit);
            kd_line read = { .raw = line,
                             .number = number + kd_count_newlines(rest.ptr, line.ptr),
                             .offset = offset + (uint64_t)(line.ptr - rest.ptr),
                             .length = line.len };
            if (!read_note(parse, oops, &read))
                return;
            number = read.number + 1;
            offset = read.offset + line.len + 1;
            rest = kd_str_from(rest, (size_t)(line.ptr + line.len - rest.ptr) + 1);
        }
        number += kd_count_newlines(rest.ptr, rest.ptr + rest.len);
        offset += rest.len;
    }
}

/* ---- frame ----------------------------------------------------------------------------------- */

static kd_verdict open_oops(kd_parse *parse, const kd_line *line)
{
    kdf_oops *oops = parse->body;
    kd_str text = line->text;
    bool header = take_headline(parse, oops, text);
    for (size_t i = 0; i < KD_COUNT(die_begins) && !header; i++)
        header = kd_str_starts(text, die_begins[i]) && take_die(parse, oops, text);
    if (!header)
        return KD_NOT_MINE;
    read_notes(parse, oops);
    return KD_TAKEN;
}

static void close_oops(kd_parse *parse)
{
    kdf_oops *oops = parse->body;
    kd_event *event = parse->event;
    if (event->kind == &kd_kind_oops_other && oops->address.src)
        event->kind = oops->address.v < 4096 ? &kd_kind_null_deref : &kd_kind_paging_fault;
    else if (event->kind == &kd_kind_oops_other && kd_str_is(oops->die.text.v, "Oops") &&
             oops->headline.src)
        event->kind = &kd_kind_paging_fault;
    if (kd_str_has(oops->headline.v, "alignment"))
        event->kind = &kd_kind_alignment_fault;
    if (kd_str_has(oops->headline.v, "external abort"))
        event->kind = &kd_kind_external_abort;
    kd_blame_set(parse, &oops->blame, &oops->backtrace, &oops->ip);
}

static const kd_block_use blocks[] = {
    { &kd_block_page_table, 0 },
    { &kd_block_task, offsetof(kdf_oops, task) },
    { &kd_block_registers, 0 },
    { &kd_block_code, offsetof(kdf_oops, code) },
    { &kd_block_trace, offsetof(kdf_oops, backtrace) },
    { NULL, 0 },
};

const kd_parser kd_parser_oops = {
    .name = "oops",
    .anchors = anchors,
    .kind = &kd_kind_oops_other,
    .blocks = blocks,
    .patience = 40,
    .open = open_oops,
    .more = more_oops,
    .close = close_oops,
};

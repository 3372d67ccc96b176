/* parse_oops_notes.c - lines shortly before an oops that name a kernel address. */
#include "base/match.h"
#include "family/fault/parse_fault.h"
#include "family/fields.h"

/* So many such lines are kept. */
#define MAX_NOTES 32u

/* The first kernel address of 16 digits, or NULL. */
static const char *find_address(kd_str text, uint64_t *address)
{
    const char *end = text.ptr + text.len, *at = kd_str_find(text, "ffff");
    for (; at; at = kd_str_find((kd_str){ at + 1, (size_t)(end - at - 1) }, "ffff")) {
        kd_scan hex = { at, end, false };
        bool alone = at == text.ptr || !kd_is_hex(at[-1]);
        if (alone && kd_scan_hex(&hex, address) && hex.at - at == 16)
            break;
    }
    return at;
}

/* "ffff8000db950000: f8 f8 f8 f8": memory. */
static bool is_dump(kd_str text, const char *address)
{
    const char *end = address + 16;
    return text.ptr + text.len - end > 4 && end[0] == ':' && end[1] == ' ' && kd_is_hex(end[2]) &&
           kd_is_hex(end[3]) && end[4] == ' ';
}

/* The first 16-digit kernel address of the line; lines of traces and dumps do not count. */
static bool scan_note(kd_str text, uint64_t *address, uint64_t *order, bool *has_order)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    *has_order = false;
    if (kd_str_has(text, "+0x") || kd_str_has(text, "[<") || kd_str_has(text, "[mem "))
        return false;
    const char *at = find_address(text, address);
    if (!at || is_dump(text, at))
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
    if (kd_str_has(line->raw, "+0x")) /* most of them: frames */
        return true;
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
void kd_oops_read_notes(kd_parse *parse, kdf_oops *oops)
{
    kd_str texts[2];
    uint64_t number, offset;
    kd_back_texts(parse, texts);
    if ((!kd_str_has(texts[0], "ffff") && !kd_str_has(texts[1], "ffff")) ||
        !kd_back_place(parse, texts, &number, &offset))
        return;
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
        if (rest.len > 0)
            number += kd_count_newlines(rest.ptr, rest.ptr + rest.len);
        offset += rest.len;
    }
}

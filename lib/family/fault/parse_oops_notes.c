/* parse_oops_notes.c - lines shortly before an oops that name a kernel address.
 *
 *   foo: buffer at ffff88002c5d0000, order 3          64 bits: 16 digits
 *   foo: ring c7a31e40                                32 bits, where the headline's address has 8
 * digits
 */
#include "base/match.h"
#include "family/fault/parse_fault.h"
#include "family/fields.h"

/* So many such lines are kept. */
#define MAX_NOTES 32u
/* A line with more addresses is of a dump. */
#define MOST_IN_LINE 2u

/* What addresses look like, by how the headline is worded. */
typedef struct look {
    const char *begins; /* kernel addresses of 64 bits; NULL: 8 digits, of the upper half */
} look;

/* Digits of the address that the headline ends in; 0: it has none. */
static size_t headline_digits(kd_str text)
{
    size_t end = text.len, count = 0;
    while (end > 0 && !kd_is_hex(text.ptr[end - 1]))
        end--;
    while (count < end && kd_is_hex(text.ptr[end - 1 - count]))
        count++;
    return count;
}

/* "ffff8000db950000: f8 f8 f8 f8": memory. */
static bool is_dump(kd_str text, const char *end)
{
    return text.ptr + text.len - end > 4 && end[0] == ':' && end[1] == ' ' && kd_is_hex(end[2]) &&
           kd_is_hex(end[3]) && end[4] == ' ';
}

static look look_of(const kdf_oops *oops)
{
    kd_str text = oops->headline.v;
    bool power = kd_str_starts(text, "BUG: Kernel ") || kd_str_starts(text, "BUG: Unable ") ||
                 kd_str_starts(text, "Kernel attempted ") || kd_str_has(text, " for data at ") ||
                 kd_str_has(text, "for instruction fetch");
    if (oops->address.src && headline_digits(text) == 8)
        return (look){ NULL };
    return (look){ power ? "c0" : kd_str_starts(text, "CPU ") ? "9000" : "ffff" };
}

/* Of the upper half of the addresses of 32 bits, no counter. */
static bool is_address(kd_str word, look like)
{
    return like.begins ? word.len == 16 && kd_str_starts(word, like.begins)
                       : word.len == 8 && word.ptr[0] >= '8';
}

/* The first kernel address, and how many there are. */
static size_t find_addresses(kd_str text, look like, uint64_t *address, const char **behind)
{
    size_t found = 0;
    for (size_t at = 0; at < text.len; at++) {
        size_t from = at;
        uint64_t value = 0;
        for (; at < text.len && kd_is_hex(text.ptr[at]); at++)
            value = value << 4 |
                    (uint64_t)(kd_is_digit(text.ptr[at]) ? text.ptr[at] - '0'
                                                         : (text.ptr[at] | 0x20) - 'a' + 10);
        if (!is_address((kd_str){ text.ptr + from, at - from }, like) || found++)
            continue;
        *address = value;
        *behind = text.ptr + at;
    }
    return found;
}

/* Of traces and dumps. The line is read where its prefix could be mistaken, "[<    0.000434>] ":
 * of a flood each header would read the same lines again. */
static bool is_of_dump(const kd_parse *parse, kd_line *line)
{
    if (kd_str_has(line->raw, "+0x") || kd_str_has(line->raw, "[mem "))
        return true;
    if (!kd_str_has(line->raw, "[<"))
        return false;
    kd_line_read(line, parse->dress);
    return kd_str_has(line->text, "[<");
}

/* The first kernel address of the line; lines of traces and dumps do not count. */
static bool scan_note(const kd_parse *parse, kd_line *line, look like, uint64_t *address)
{
    const char *behind = NULL;
    size_t found = find_addresses(line->raw, like, address, &behind);
    return found && (found <= MOST_IN_LINE || (like.begins && like.begins[0] == 'f')) &&
           !is_dump(line->raw, behind) && !is_of_dump(parse, line);
}

/* The number behind "order" or "Order"; a host may be called "border1". */
static bool scan_order(const kd_parse *parse, kd_line *line, uint64_t *order)
{
    kd_scan in;
    if (!kd_str_has(line->raw, "rder"))
        return false;
    kd_line_read(line, parse->dress);
    if (!kd_scan_after(line->text, "rder", &in))
        return false;
    for (int i = 0; i < 3 && in.at < in.end && !kd_is_digit(*in.at); i++)
        in.at++;
    return kd_scan_u64(&in, order);
}

/* False when memory ran out. */
static bool read_note(kd_parse *parse, kdf_oops *oops, kd_line *line, look like)
{
    uint64_t address = 0, order;
    if (!scan_note(parse, line, like, &address))
        return true;
    kd_src src = kd_back_keep(parse, line);
    kdf_note *note = src ? KD_LIST_ADD(parse->arena, &oops->notes, kdf_note) : NULL;
    if (!note)
        return false;
    note->address = (kd_hex){ address, src };
    if (scan_order(parse, line, &order))
        note->order = (kd_u64){ order, src };
    return true;
}

static const char *first_narrow(kd_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t from = i;
        while (i < text.len && kd_is_hex(text.ptr[i]))
            i++;
        if (is_address((kd_str){ text.ptr + from, i - from }, (look){ NULL }))
            return text.ptr + from;
    }
    return NULL;
}

/* What may begin an address: only lines that hold one are read, for a header may be one of a flood.
 */
static const char *find_hit(kd_str text, look like)
{
    return like.begins ? kd_str_find(text, like.begins) : first_narrow(text);
}

void kd_oops_read_notes(kd_parse *parse, kdf_oops *oops)
{
    kd_str texts[2];
    uint64_t number, offset;
    look like = look_of(oops);
    kd_back_texts(parse, texts);
    if ((!find_hit(texts[0], like) && !find_hit(texts[1], like)) ||
        !kd_back_place(parse, texts, &number, &offset))
        return;
    for (size_t i = 0; i < KD_COUNT(texts); i++) {
        kd_str rest = texts[i];
        const char *hit;
        while (oops->notes.count < MAX_NOTES && (hit = find_hit(rest, like)) != NULL) {
            kd_str line = kd_str_line_at(rest, hit);
            kd_line read = { .raw = line,
                             .number = number + kd_count_newlines(rest.ptr, line.ptr),
                             .offset = offset + (uint64_t)(line.ptr - rest.ptr),
                             .length = line.len };
            if (!read_note(parse, oops, &read, like))
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

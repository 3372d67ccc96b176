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

static size_t hex_digits(kd_str text)
{
    size_t count = 0;
    while (count < text.len && kd_is_hex(text.ptr[count]))
        count++;
    return count;
}

/* Of 64 bits: what begins so and has 16 digits. */
static kd_str next_wide(kd_str text, const char *begins)
{
    kd_str rest = text;
    for (const char *at; (at = kd_str_find(rest, begins)) != NULL;) {
        kd_str word = kd_str_from(text, (size_t)(at - text.ptr));
        bool inside = at > text.ptr && kd_is_hex(at[-1]);
        word.len = hex_digits(word);
        if (!inside && word.len == 16)
            return word;
        rest = kd_str_from(text, (size_t)(at + word.len - text.ptr));
    }
    return (kd_str){ NULL, 0 };
}

/* Of 32 bits: 8 digits, of the upper half of the addresses, no counter. Where the last one would
 * be stands another character nearly everywhere. */
static kd_str next_narrow(kd_str text)
{
    for (size_t at = 0; at + 8 <= text.len;) {
        size_t from = at + 8;
        while (from > at && kd_is_hex(text.ptr[from - 1]))
            from--;
        if (from > at) {
            at = from;
            continue;
        }
        kd_str word = kd_str_from(text, at);
        word.len = hex_digits(word);
        if (word.len == 8 && word.ptr[0] >= '8')
            return word;
        at += word.len;
    }
    return (kd_str){ NULL, 0 };
}

/* The first such address of a text that does not begin inside a number; no text: there is none. */
static kd_str next_address(kd_str text, look like)
{
    return like.begins ? next_wide(text, like.begins) : next_narrow(text);
}

/* How many there are. */
static size_t count_addresses(kd_str text, look like)
{
    size_t found = 0;
    for (kd_str word; (word = next_address(text, like)).ptr; found++)
        text = kd_str_from(text, (size_t)(word.ptr + word.len - text.ptr));
    return found;
}

/* Of traces and dumps. The line is read where its prefix could be mistaken, "[<    0.000434>] ":
 * of a flood each header would read the same lines again. */
static bool is_of_dump(const kd_parse *parse, kd_line *line)
{
    kd_str raw = line->raw;
    if (memchr(raw.ptr, '+', raw.len) && kd_str_has(raw, "+0x"))
        return true;
    if (!memchr(raw.ptr, '[', raw.len))
        return false;
    if (kd_str_has(raw, "[mem "))
        return true;
    if (!kd_str_has(raw, "[<"))
        return false;
    kd_line_read(line, parse->dress);
    return kd_str_has(line->text, "[<");
}

/* Lines of traces and dumps do not count. */
static bool is_note(const kd_parse *parse, kd_line *line, look like, kd_str first)
{
    const char *behind = first.ptr + first.len;
    bool few = !like.begins || like.begins[0] != 'f';
    kd_str rest = kd_str_from(line->raw, (size_t)(behind - line->raw.ptr));
    return (!few || count_addresses(rest, like) < MOST_IN_LINE) && !is_dump(line->raw, behind) &&
           !is_of_dump(parse, line);
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

/* How far the two texts above were counted: lines are, where a note stands. */
typedef struct place {
    bool known;
    size_t text;
    kd_str rest; /* of that text */
    uint64_t number, offset;
} place;

/* False: the texts have no place of their own in the log. */
static bool go_to(const kd_parse *parse, const kd_str texts[2], place *at, size_t text,
                  const char *to)
{
    if (!at->known && !kd_back_place(parse, texts, &at->number, &at->offset))
        return false;
    at->rest = at->known ? at->rest : texts[0];
    at->known = true;
    for (;; at->rest = texts[++at->text]) {
        kd_str gone = at->rest;
        if (at->text == text)
            gone.len = (size_t)(to - gone.ptr);
        at->number += kd_back_count(parse, at->text == 1, gone);
        at->offset += gone.len;
        at->rest = kd_str_from(at->rest, gone.len);
        if (at->text == text)
            return true;
    }
}

/* False when memory ran out. */
static bool keep_note(kd_parse *parse, kdf_oops *oops, kd_line *line, kd_str word)
{
    uint64_t address, order;
    kd_scan in = kd_scan_of(word);
    if (!kd_scan_hex(&in, &address))
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

void kd_oops_read_notes(kd_parse *parse, kdf_oops *oops)
{
    kd_str texts[2];
    place at = { .known = false };
    look like = look_of(oops);
    kd_back_texts(parse, texts);
    for (size_t i = 0; i < KD_COUNT(texts); i++) {
        kd_str rest = texts[i], word;
        while (oops->notes.count < MAX_NOTES && (word = next_address(rest, like)).ptr) {
            kd_line line = { .raw = kd_str_line_at(rest, word.ptr) };
            line.length = line.raw.len;
            rest = kd_str_from(rest, (size_t)(line.raw.ptr - rest.ptr) + line.length);
            rest = kd_str_from(rest, rest.len > 0); /* its newline */
            if (!is_note(parse, &line, like, word))
                continue;
            if (!go_to(parse, texts, &at, i, line.raw.ptr))
                return;
            line.number = at.number;
            line.offset = at.offset;
            if (!keep_note(parse, oops, &line, word))
                return;
        }
    }
}

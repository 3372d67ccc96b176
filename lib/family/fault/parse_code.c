/* parse_code.c - the bytes around the faulting instruction.
 *
 *   Code: 48 89 e5 66 66 66 66 90 <8b> 47 1c f0 ff 4f 1c     x86: bytes
 *   Code: 52814401 b9002260 94000691 f9000e60 (b9400000)     arm64, arm: words in host order
 *   7c7e1b78 7c9f2378 39230034 f821ffc1 <e9430000> 7c0004ac  powerpc: "Instruction dump:" before
 *   Instruction DUMP: c25b2014  92102000 <c4584000> 8088a001                   sparc
 *
 * show_code(), dump_kernel_instr(). The first line of an event is the one of the fault, also where
 * it says that the bytes could not be read: a later one is of whom the fault interrupted.
 */
#include <string.h>

#include "family/fault/parse_fault.h"
#include "family/fields.h"

/* kd_block_state.at: rows below "Instruction dump:" that were taken, and one; from SPARC on: words
 * below "Instruction DUMP:" of sparc that were taken; more: number of the
 * last line of the fault's bytes */

#define SPARC 16u
#define SPARC_WORDS 9u

/* x86 prints 64 bytes: a line that has them goes on nowhere. */
#define WHOLE 64u

/* What another message put behind the bytes is none of them; half a byte is a wrapped line's. */
static kd_str bytes_alone(kd_str text, kd_str word)
{
    kd_str before = { text.ptr, (size_t)(word.ptr - text.ptr) };
    bool half = word.len == 1 && kd_is_hex(word.ptr[0]);
    return half ? text : kd_str_trim(before);
}

/* A line without any marker says nothing: HTML swallowed it, or the bytes were unreadable. */
static void read_code(kd_parse *parse, kdf_code *code, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    uint64_t at = 0;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        bool marked = word.ptr[0] == '<' || word.ptr[0] == '(';
        char last = word.ptr[word.len - 1];
        if (marked && last != '>' && last != ')') /* torn inside it */
            break;
        size_t digits = 0;
        for (size_t i = 0; i < word.len; i++)
            digits += kd_is_hex(word.ptr[i]);
        if (digits % 2 != 0 || digits == 0 || digits > 8 || word.len > digits + 2) {
            text = bytes_alone(text, word);
            break;
        }
        if (marked)
            kd_put(parse, &code->marker, at);
        at += digits / 2;
    }
    if (at > 0)
        kd_put(parse, &code->bytes, text);
}

/* Digits of the first word: 2 of bytes, 4 or 8 of what other machines print. */
static size_t digits_of(kd_str text)
{
    size_t count = 0;
    while (count < text.len && kd_is_hex(text.ptr[count]))
        count++;
    return count;
}

static kd_str without_mark(kd_str word)
{
    char first = word.ptr[0], last = word.ptr[word.len - 1];
    bool marked = word.len > 2 && ((first == '<' && last == '>') || (first == '(' && last == ')'));
    return marked ? (kd_str){ word.ptr + 1, word.len - 2 } : word;
}

/* Words of so many digits, the marked one among them or not; where a byte was broken in two, its
 * other half first. */
static bool is_bytes(kd_str text, bool half, size_t wanted)
{
    kd_scan in = kd_scan_of(text);
    kd_str word;
    size_t words = 0, least = wanted == 2 ? 2 : 1;
    for (; kd_scan_blanks(&in) && kd_scan_word(&in, &word); words++) {
        size_t digits = half && words == 0 ? 1 : wanted;
        word = without_mark(word);
        if (word.len != digits || digits_of(word) != digits)
            return words >= least && wanted == 2;
    }
    return words >= least;
}

/* A mail program or a terminal wrapped the line, maybe within a byte. */
static bool take_wrapped(kd_parse *parse, kdf_code *code, const kd_line *line)
{
    kd_str before = code->bytes.v;
    bool half = before.len > 1 && before.ptr[before.len - 2] == ' ';
    uint32_t away = (uint32_t)line->number - parse->state->more;
    if (!code->bytes.src || before.len >= 3 * (size_t)WHOLE || away == 0 || away > 2 ||
        !is_bytes(line->text, half, digits_of(before)))
        return false;
    kd_str whole = kd_arena_format(parse->arena, "%.*s%s%.*s", KD_FMT(before), half ? "" : " ",
                                   KD_FMT(line->text));
    *code = (kdf_code){ .marker = { 0, 0 } };
    read_code(parse, code, whole);
    code->bytes.src = KD_DERIVED; /* it stands in no line as a whole */
    code->marker.src = code->marker.src ? KD_DERIVED : 0;
    parse->state->more = (uint32_t)line->number;
    return true;
}

static bool names(kd_str text, kd_str function)
{
    for (size_t i = 0; i + function.len <= text.len; i++)
        if (memcmp(text.ptr + i, function.ptr, function.len) == 0)
            return true;
    return false;
}

/* Of user space, or of the oops before this one, which x86 names again below the trace: their
 * instruction pointer stands on the line before. Where the fault's own bytes are lost they would be
 * taken for it. */
static bool is_of_another(const kd_parse *parse)
{
    const kd_event *event = parse->event;
    const kdf_oops *oops = kd_event_oops(event);
    kd_str skipped, rip;
    if (event->lines.count < 2)
        return false;
    kd_scan in = kd_scan_of(kd_event_lines(event)[event->lines.count - 2].raw);
    if (!kd_scan_past(&in, "RIP: ", &skipped) || !kd_scan_rest(&in, &rip))
        return false;
    if (kd_str_starts(rip, "0033:") || kd_str_starts(rip, "0023:"))
        return true;
    const kd_line_ref *own = oops ? kd_event_line(event, oops->ip.function.src) : NULL;
    return own && kd_str_has(own->raw, "RIP: ") && !names(rip, oops->ip.function.v);
}

/* "Instruction DUMP: w w w <w> w w w w w"; from 4.9 on each word stands in a line of its own */
static bool take_sparc(kd_parse *parse, kdf_code *code, kd_str text)
{
    static const char title[] = "Instruction DUMP:";
    kd_str words = kd_str_trim(text);
    if (kd_str_starts(text, title)) {
        words = kd_str_trim(kd_str_from(text, sizeof title - 1));
        if (!code->bytes.src)
            parse->state->at = SPARC;
        if (!code->bytes.src && words.len)
            read_code(parse, code, words);
        return true;
    }
    size_t digits = words.len == 10 && words.ptr[0] == '<' && words.ptr[9] == '>' ? 1 : 0;
    kd_scan in = kd_scan_of((kd_str){ words.ptr + digits, words.len - 2 * digits });
    uint64_t value;
    if (parse->state->at < SPARC || parse->state->at >= SPARC + SPARC_WORDS ||
        words.len - 2 * digits != 8 || !kd_scan_hex(&in, &value) || !kd_scan_at_end(&in))
        return false;
    kd_str before = code->bytes.v;
    kd_str whole = kd_arena_format(parse->arena, "%.*s%s%.*s", KD_FMT(before),
                                   before.len ? " " : "", KD_FMT(words));
    *code = (kdf_code){ .marker = { 0, 0 } };
    read_code(parse, code, whole);
    code->bytes.src = code->bytes.v.len ? KD_DERIVED : 0;
    code->marker.src = code->marker.src ? KD_DERIVED : 0;
    parse->state->at++;
    return true;
}

static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kdf_code *code = group;
    kd_str text = line->text;
    if (kd_str_starts(text, "Code: ")) {
        if (is_of_another(parse))
            return KD_TAKEN;
        if (!parse->state->more)
            read_code(parse, code, kd_str_trim(kd_str_from(text, sizeof "Code: " - 1)));
        parse->state->more = (uint32_t)line->number;
        return KD_TAKEN;
    }
    if (take_sparc(parse, code, text))
        return KD_TAKEN;
    if (kd_str_is(text, "Instruction dump:")) {
        parse->state->at = 1;
        return KD_TAKEN;
    }
    if (parse->state->more && take_wrapped(parse, code, line))
        return KD_TAKEN;
    if (parse->state->at == 0 || parse->state->at > 3 || !kd_str_has(text, " ") || text.len < 17 ||
        !kd_is_hex(text.ptr[0]) || text.ptr[8] != ' ')
        return KD_NOT_MINE;
    parse->state->at++;
    if (kd_str_has(text, "<"))
        read_code(parse, code, text);
    return KD_TAKEN;
}

const kd_block kd_block_code = { .name = "code", .take = take };

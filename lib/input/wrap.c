/* wrap.c - messages that mail programs and terminals broke into lines. Layer: input.
 *
 *   [   21.683077] BUG: unable to handle page fault for address:
 *   ffffffff8d4b9dc0
 *
 * The kernel prints its prefix before each line: one without, after one with, goes on with it where
 * it reads like the middle of a message and would not have fitted on the line before.
 */
#include "input/wrap.h"

#include <string.h>

#include "input/mail.h"
#include "input/shape.h"

#define WIDTH_LEAST 50u
#define WIDTH_MOST 132u
#define MAIL_MOST 84u
#define REST_MOST 24u
/* Terminals break at their last column, whatever stands there. */
#define TERMINAL 80u
#define EARLY 72u
#define EARLY_LEAST 70u
#define ROOM 1024u
#define BUILD_ID 32u
/* Lines that the log itself indents stand below a message, not behind it. */
#define INDENT_MOST 8u

bool kd_wrap_may_go_on(kd_str line)
{
    return line.len >= WIDTH_LEAST && line.len <= WIDTH_MOST + 1 && line.ptr[0] != '{';
}

static int sort_of(char c)
{
    return kd_is_digit(c) || c == ' ' ? 0 : c;
}

bool kd_wrap_alike(kd_str a, kd_str b)
{
    a = kd_mail_unquoted(a);
    b = kd_mail_unquoted(b);
    if (a.len < 3 || b.len < 3)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (sort_of(a.ptr[i]) != sort_of(b.ptr[i]))
            return false;
    return true;
}

/* ---- does it read like the middle of a message? ---------------------------------------------- */

static kd_str first_word(kd_str s)
{
    size_t n = 0;
    while (n < s.len && !kd_is_blank(s.ptr[n]))
        n++;
    return (kd_str){ s.ptr, n };
}

static kd_str last_word(kd_str s)
{
    size_t n = s.len;
    while (n > 0 && !kd_is_blank(s.ptr[n - 1]))
        n--;
    return kd_str_from(s, n);
}

/* "insmod: can't insert", "22:45:50 executing", "# ok 1": what stands between lines of the kernel
 * on a console. */
static bool is_of_program(kd_str text, kd_str first)
{
    size_t name = 0, numbers = 0;
    while (name < first.len && first.ptr[name] != ':' &&
           !(first.ptr[name] >= 'A' && first.ptr[name] <= 'Z'))
        name++;
    for (size_t i = 0; i + 1 < first.len; i++)
        numbers += (first.ptr[i] == ':' || first.ptr[i] == '/') && kd_is_digit(first.ptr[i + 1]);
    bool tag = name + 1 == first.len && first.ptr[name] == ':' && first.ptr[0] >= 'a';
    return tag || (numbers == 2 && kd_is_digit(first.ptr[0])) || kd_str_starts(text, "# ") ||
           kd_str_starts(text, "cpu 0x");
}

/* Lines torn by another CPU hold its stamp: "... futex[  347.411307] ----" */
static bool holds_stamp(kd_str text)
{
    for (size_t i = 0; i + 8 < text.len; i++) {
        kd_scan in = kd_scan_of(kd_str_from(text, i + 1));
        uint64_t n;
        const char *dot;
        if (text.ptr[i] == '[' && kd_scan_blanks(&in) && kd_scan_u64(&in, &n) &&
            (dot = in.at, kd_scan_char(&in, '.')) && kd_scan_u64(&in, &n) && in.at - dot == 7 &&
            kd_scan_char(&in, ']'))
            return true;
    }
    return false;
}

/* Sentences of programs begin with a capital: "Starting udev"; flags of the kernel are capitals. */
static bool begins_a_sentence(kd_str text)
{
    static const char *const middles[] = { "Not tainted", "Tainted:", "Comm:" };
    for (size_t i = 0; i < KD_COUNT(middles); i++)
        if (kd_str_starts(text, middles[i]))
            return false;
    return text.len > 1 && text.ptr[0] >= 'A' && text.ptr[0] <= 'Z' && text.ptr[1] >= 'a' &&
           text.ptr[1] <= 'z';
}

static bool is_complete(kd_str text)
{
    return kd_str_ends(text, "!") || kd_str_ends(text, "---");
}

static bool expects_more(kd_str text)
{
    return text.len > 0 &&
           (memchr(":,=([<-/+", text.ptr[text.len - 1], 9) || kd_str_ends(text, " at") ||
            kd_str_ends(text, " for") || kd_str_starts(text, "Hardware name:"));
}

/* ---- where was it broken? -------------------------------------------------------------------- */

static size_t hex_run_at_end(kd_str word)
{
    size_t n = 0;
    while (n < word.len && kd_is_hex(word.ptr[word.len - 1 - n]))
        n++;
    return n;
}

static size_t hex_run(kd_str word)
{
    size_t n = 0;
    while (n < word.len && kd_is_hex(word.ptr[n]))
        n++;
    return n;
}

/* "+0x10/0x2" "0/0x20": an offset or a size that goes on. */
static bool is_broken_offset(kd_str last, kd_str first)
{
    const char *plus = kd_str_find_last(last, "+");
    size_t digits = hex_run(first), run = hex_run_at_end(last);
    bool slash = digits < first.len && first.ptr[digits] == '/';
    if (!plus)
        return false;
    if (kd_str_ends(last, "+") || kd_str_ends(last, "/") || kd_str_ends(last, "+0") ||
        kd_str_ends(last, "/0") || kd_str_ends(last, "0x"))
        return true;
    bool offset = last.len > run + 2 && memcmp(last.ptr + last.len - run - 3, "+0x", 3) == 0;
    bool size = last.len > run + 2 && memcmp(last.ptr + last.len - run - 3, "/0x", 3) == 0;
    return (offset && (slash || kd_str_starts(first, "/0x"))) ||
           (size && digits > 0 && digits == first.len && digits <= 4);
}

/* Two parts that make a whole pointer, which neither is. */
static bool is_broken_pointer(kd_str last, kd_str first)
{
    size_t a = hex_run_at_end(last), b = hex_run(first);
    bool apart = a == last.len || !kd_is_alpha(last.ptr[last.len - 1 - a]) ||
                 (a + 2 <= last.len && last.ptr[last.len - 1 - a] == 'x');
    return a > 0 && b > 0 && a != 8 && b != 8 && a + b == 16 && apart &&
           (b == first.len || !kd_is_alpha(first.ptr[b]));
}

/* "[<ffffffff81" "23>]", "[brcm" "fmac]" */
static bool is_broken_bracket(kd_str last, kd_str first)
{
    static const char pairs[] = "[]<>()";
    for (size_t i = 0; pairs[i]; i += 2) {
        /* "(f+0x8/0x10" "[mod])": a module is a word of its own */
        if (pairs[i] == '(' && first.ptr[0] == '[')
            continue;
        const char *open = last.len ? memchr(last.ptr, pairs[i], last.len) : NULL;
        size_t left = open ? (size_t)(last.ptr + last.len - open) : 0;
        /* "[mod" "4a604ba8...]": the build id of the module is a word of its own too */
        if (pairs[i] == '[' && hex_run(first) >= BUILD_ID)
            continue;
        if (open && !memchr(open, pairs[i + 1], left) && first.ptr[0] != pairs[i] &&
            memchr(first.ptr, pairs[i + 1], first.len) && !memchr(":,|", open[left - 1], 3))
            return true;
    }
    return false;
}

static bool is_inside(const kd_wrap *wrap, kd_str last, kd_str first)
{
    return is_broken_offset(last, first) || is_broken_pointer(last, first) ||
           is_broken_bracket(last, first) ||
           (wrap->width == TERMINAL && (wrap->column == 0 || wrap->column == TERMINAL));
}

/* What a terminal had broken before a mail program did: its short rest has a short rest. */
static bool is_rest_of_rest(const kd_wrap *wrap, kd_str text)
{
    size_t n = 0;
    while (n < text.len && text.len <= REST_MOST &&
           (kd_is_digit(text.ptr[n]) || text.ptr[n] == '_' ||
            (text.ptr[n] >= 'a' && text.ptr[n] <= 'z')))
        n++;
    char end = wrap->first.len ? wrap->first.ptr[wrap->first.len - 1] : ' ';
    return wrap->broken && wrap->width < WIDTH_LEAST && n > 0 &&
           (n == text.len || kd_is_blank(text.ptr[n])) &&
           (end == '_' || (end >= 'a' && end <= 'z'));
}

/* Mail programs break lines that are longer than they show; quote marks may come later. */
static size_t mail_width(const kd_wrap *wrap)
{
    return MAIL_MOST + (wrap->first.len - kd_mail_unquoted(wrap->first).len);
}

/* Some mail programs leave a line alone as long as it fits on a terminal, and break a longer one
 * well before. */
static bool is_broken_early(const kd_wrap *wrap, kd_str word)
{
    size_t quote = wrap->first.len - kd_mail_unquoted(wrap->first).len;
    size_t next = wrap->width + 1 + word.len;
    bool before = wrap->width <= EARLY && next > EARLY_LEAST;
    bool then = wrap->width <= EARLY + quote && next > EARLY_LEAST + quote;
    return wrap->longest <= TERMINAL + quote && (before || then) &&
           wrap->first.len + 1 + wrap->next.len > wrap->longest;
}

/* The next word would have fitted on the line, or other lines were broken elsewhere. */
static bool has_room(const kd_wrap *wrap, kd_str word)
{
    if (wrap->width < WIDTH_LEAST)
        return true;
    return !kd_str_ends(wrap->first, " ") &&
           ((wrap->width + 1 + word.len <= wrap->longest && !is_broken_early(wrap, word)) ||
            (wrap->width > mail_width(wrap) && wrap->column != wrap->width));
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool has_stamp(const kd_line *line)
{
    return line->prefixed && (line->has_time || line->wall_time.len || line->level >= 0 ||
                              line->forms & (KD_FORM_LEARNT | KD_FORM_DELTA));
}

kd_wrapping kd_wrap_goes_on(const kd_wrap *wrap)
{
    if (wrap->alike) /* nearly all */
        return KD_WRAP_NOT;
    kd_str next = kd_mail_unquoted(wrap->next), text = kd_str_trim(next);
    bool blank_end = kd_str_ends(wrap->first, " ");
    size_t indent = text.len ? (size_t)(text.ptr - next.ptr) : 0;
    if (text.len == 0 || indent > INDENT_MOST || kd_head_starts(text))
        return KD_WRAP_NOT;
    kd_str first = first_word(text);
    bool flows = wrap->flowed && blank_end, roomy = has_room(wrap, first);
    if (roomy && !flows && !wrap->broken) /* nearly all: no prefix need be read */
        return KD_WRAP_NOT;
    char room[ROOM]; /* for the blanks of web pages, which may stand in a prefix */
    kd_dress dress = { .shape = wrap->dress->shape,
                       .grammars = wrap->dress->grammars,
                       .room = room,
                       .size = sizeof room };
    kd_line before = { .raw = wrap->first }, after = { .raw = wrap->next };
    kd_line_read(&after, &dress);
    if (after.prefixed)
        return KD_WRAP_NOT;
    kd_line_read(&before, &dress);
    if (flows)
        return KD_WRAP_BLANK;
    kd_str last = last_word(before.text);
    if (!has_stamp(&before) || before.text.len == 0)
        return KD_WRAP_NOT;
    if (is_rest_of_rest(wrap, text))
        return KD_WRAP_INSIDE;
    if (roomy)
        return KD_WRAP_NOT;
    if ((begins_a_sentence(text) || is_of_program(text, first)) && !expects_more(before.text))
        return KD_WRAP_NOT;
    if (holds_stamp(text) || is_complete(before.text))
        return KD_WRAP_NOT;
    return !blank_end && indent == 0 && is_inside(wrap, last, first) ? KD_WRAP_INSIDE
                                                                     : KD_WRAP_BLANK;
}

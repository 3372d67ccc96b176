/* grammar.c - known prefixes by the rows of grammars.def. Layer: input.
 *
 *   Sep  8 06:47:11 host kernel: <4>[ 2072.000717] [   T123] vmap allocation for size ...
 */
#include "input/grammar.h"

#include <string.h>

#include "input/directive.h"

enum { ALWAYS, STAMP, BEFORE, AFTER };

/* What a line may begin with; most rows end here. */
enum {
    SQUARE = 1,
    ANGLE = 2,
    DIGIT = 4,
    MONTH = 8,
    LOWER = 16,
    OTHER = 32,
    LETTER = MONTH | LOWER | OTHER,
    ANY = ANGLE | DIGIT | LETTER
};

/* What ends its first number or word. */
enum {
    DOT = 1,
    DASH = 2,
    COLON = 4,
    COMMA = 8,
    SLASH = 16,
    SPACE = 32,
    SIGN = 64,
    DATE = 128,
    DAY = 256,
    HOST = 512,
    BAR = 1024,
    LIST = 2048,
    OPEN = 4096,
    TITLE = 8192,
    WHATEVER = 16384
};

typedef struct grammar {
    unsigned char first, when;
    unsigned short then;
    unsigned form;
    const char *pattern;
} grammar;

static const grammar grammars[] = {
#define KD_GRAMMAR(form, when, first, then, pattern) { first, when, then, KD_FORM_##form, pattern },
#include "input/grammars.def"
};
_Static_assert(KD_COUNT(grammars) <= 64 * KD_GRAMMAR_WORDS, "sets of rows are too small");

/* ---- what a text may begin with -------------------------------------------------------------- */

typedef struct beginning {
    unsigned first, then;
    char c, inside; /* its first two characters */
} beginning;

typedef struct rows_set {
    uint64_t set[KD_GRAMMAR_WORDS];
} rows_set;

static bool is_month(const kd_scan *in)
{
    kd_scan try = *in;
    return memchr("JFMASOND", *in->at, 8) && kd_take_month(&try);
}

static unsigned first_of(const kd_scan *in)
{
    char c = *in->at;
    if (c == '[')
        return SQUARE;
    if (c == '<')
        return ANGLE;
    if (kd_is_digit(c))
        return DIGIT;
    if (c >= 'a' && c <= 'z')
        return LOWER;
    return is_month(in) ? MONTH : OTHER;
}

static unsigned end_of_number(const char *at, const char *end)
{
    while (at < end && kd_is_digit(*at))
        at++;
    switch (at == end ? '\0' : *at) {
    case '.': return DOT;
    case '-': return DASH;
    case ':': return COLON;
    case ',': return COMMA;
    case '/': return SLASH;
    case ' ': return SPACE;
    default: return SIGN;
    }
}

/* What the names of facilities begin with. */
static bool begins_facility(char c)
{
#define BIT(letter) UINT32_C(1) << ((letter) - 'a')
    const uint32_t letters = BIT('a') | BIT('c') | BIT('d') | BIT('f') | BIT('k') | BIT('l') |
                             BIT('m') | BIT('n') | BIT('s') | BIT('u');
#undef BIT
    return c >= 'a' && c <= 'z' && letters >> (c - 'a') & 1;
}

static const char *past_blanks(const char *at, const char *end)
{
    while (at < end && kd_is_blank(*at))
        at++;
    return at;
}

static const char *past_word(const char *at, const char *end, int sort)
{
    while (at < end && kd_in_word(sort, *at))
        at++;
    return at;
}

/* Is it the name of a facility, with one of these behind it? The end is looked at first: it is
 * rarely there. */
static bool is_facility(const char *at, const char *end, bool dot, bool blanks)
{
    const char *behind = at;
    if (at == end || !begins_facility(*at))
        return false;
    while (behind < end && ((*behind >= 'a' && *behind <= 'z') || kd_is_digit(*behind)))
        behind++;
    if (!dot || behind == end || *behind != '.') {
        if (blanks)
            behind = past_blanks(behind, end);
        if (behind == end || *behind != ':')
            return false;
    }
    return kd_take_facility(&(kd_scan){ at, end, false });
}

/* "22 13:", "2022-": a day and a clock, a year and a month */
static bool date_follows(const char *at, const char *end)
{
    uint64_t n;
    kd_scan in = { at, end, false };
    if (at == end || !kd_is_digit(*at) || !kd_scan_u64(&in, &n))
        return false;
    return kd_scan_char(&in, '-') ||
           (kd_scan_char(&in, ' ') && !kd_scan_at_end(&in) && kd_is_digit(*in.at));
}

/* What stands behind the first word: nearly always another one, and nothing of these. */
static unsigned behind_word(const char *at, const char *end, bool name)
{
    const char *next = past_blanks(at, end);
    if (next == end)
        return 0;
    if (*next == '|')
        return BAR;
    bool facility = next == at + 1 && *at == ' ' && is_facility(next, end, false, false);
    unsigned then = facility ? (unsigned)HOST : 0;
    if (!name)
        return then;
    /* "Nov 22 13:": behind one more word */
    const char *third = past_blanks(past_word(next, end, KD_NAME), end);
    return then | (date_follows(next, end) ? (unsigned)DATE : 0) |
           (date_follows(third, end) ? (unsigned)DAY : 0);
}

static unsigned end_of_word(const char *from, const char *end)
{
    unsigned then = end - from > 1 && from[1] == '[' ? OPEN : 0;
    const char *at = past_word(from, end, KD_NAME);
    bool name = at > from && at - from <= (ptrdiff_t)KD_WORD_MAX && (at == end || kd_is_blank(*at));
    if (!name)
        at = past_word(at, end, KD_HOST);
    if (at == end)
        return then;
    return then | (*at == ',' ? (unsigned)LIST : behind_word(at, end, name));
}

static beginning beginning_of(const kd_scan *in)
{
    beginning out = { 0, WHATEVER, '\0', '\0' };
    if (kd_scan_at_end(in))
        return out;
    out.first = first_of(in);
    out.c = *in->at;
    out.inside = kd_scan_left(in) > 1 ? in->at[1] : '\0';
    return out;
}

/* What ends its first number or word. */
static unsigned end_of(const beginning *text, const char *at, const char *end)
{
    if (text->first == SQUARE) {
        at = past_blanks(at + 1, end);
        return at < end && kd_is_digit(*at) ? end_of_number(at, end) : (unsigned)SIGN;
    }
    unsigned then = end_of_word(at, end);
    if (text->first == DIGIT)
        then |= end_of_number(at, end);
    else if (text->first == LOWER && is_facility(at, end, true, true))
        then |= (unsigned)TITLE;
    return then;
}

/* What the directive may begin with: a digit, a small letter, one of these, or anything. */
static bool directive_begins(char directive, char c)
{
    switch (directive) {
    case 'S':
    case 's':
    case 'U':
    case 'I':
    case 'T':
    case 'H':
    case 'd':
    case 'Y':
    case 'n':
    case 'L': return kd_is_digit(c);
    case 'f':
    case 'l': return (c >= 'a' && c <= 'z') || kd_is_digit(c);
    case 'b': return memchr("JFMASOND", c, 8) != NULL;
    case 'c': return c == 'T' || c == 'C';
    case 'k': return c == 'k';
    case 'm': return kd_in_word(KD_NAME, c);
    case 'h': return kd_in_word(KD_HOST, c);
    default: return true;
    }
}

/* May what fits the pattern begin with this character? */
static bool pattern_begins(const char *p, char c)
{
    while (*p == '%' && (p[1] == '(' || p[1] == ')'))
        p += 2;
    if (*p == '~')
        return kd_is_blank(c) || pattern_begins(p + 1, c);
    return *p == '%' ? directive_begins(p[1], c) : !*p || *p == c;
}

static void set_row(uint64_t *rows, size_t row)
{
    rows[row / 64] |= (uint64_t)1 << (row % 64);
}

/* Notes the row with each character that the pattern may begin with. */
static void set_begins(uint64_t (*out)[KD_GRAMMAR_WORDS], const char *p, size_t row)
{
    if (*p && *p != '%' && *p != '~') { /* that one alone */
        set_row(out[(unsigned char)*p], row);
        return;
    }
    for (unsigned c = 0; c < 256; c++)
        if (!*p || pattern_begins(p, (char)c))
            set_row(out[c], row);
}

void kd_grammars_init(kd_grammars *out)
{
    memset(out, 0, sizeof *out);
    for (size_t row = 0; row < KD_COUNT(grammars); row++) {
        const char *p = grammars[row].pattern;
        for (unsigned i = 0; i < KD_GRAMMAR_THENS; i++) {
            if (i < KD_GRAMMAR_FIRSTS && grammars[row].first >> i & 1)
                set_row(out->first[i], row);
            if (grammars[row].then >> i & 1)
                set_row(out->then[i], row);
        }
        set_begins(out->begins, p, row);
        if (*p == '[')
            set_begins(out->inside, p + 1, row);
        else
            set_row(out->bare, row);
    }
}

static void find_slowly(beginning text, rows_set *out)
{
    for (size_t row = 0; row < KD_COUNT(grammars); row++)
        if (grammars[row].first & text.first && grammars[row].then & text.then)
            set_row(out->set, row);
}

/* Of the rows those for a text whose first number or word ends so. */
static void keep_ending(const kd_grammars *all, unsigned then, rows_set *rows)
{
    for (size_t i = 0; i < KD_GRAMMAR_WORDS; i++) {
        uint64_t fit = 0;
        for (unsigned set = then; set; set &= set - 1)
            fit |= all->then[__builtin_ctz(set)][i];
        rows->set[i] &= fit;
    }
}

/* The rows that the text may fit, by what it begins with; how its first word ends is only looked at
 * where rows ask for that. */
static rows_set may_fit(const kd_grammars *all, const kd_scan *in)
{
    rows_set rows = { { 0 } };
    beginning text = beginning_of(in);
    if (text.first == 0)
        return rows;
    if (!all) {
        text.then |= end_of(&text, in->at, in->end);
        find_slowly(text, &rows);
        return rows;
    }
    const uint64_t *first = all->first[__builtin_ctz(text.first)];
    uint64_t asking = 0;
    for (size_t i = 0; i < KD_GRAMMAR_WORDS; i++) {
        rows.set[i] = first[i] & all->begins[(unsigned char)text.c][i] &
                      (all->inside[(unsigned char)text.inside][i] | all->bare[i]);
        asking |= rows.set[i] & ~all->then[__builtin_ctz(WHATEVER)][i];
    }
    if (asking)
        keep_ending(all, text.then | end_of(&text, in->at, in->end), &rows);
    return rows;
}

/* The first of the rows, which is taken out; false: there is none. */
static bool next_row(rows_set *rows, size_t *out)
{
    for (size_t i = 0; i < KD_GRAMMAR_WORDS; i++)
        if (rows->set[i]) {
            *out = i * 64 + (size_t)__builtin_ctzll(rows->set[i]);
            rows->set[i] &= rows->set[i] - 1;
            return true;
        }
    return false;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool fits(kd_attempt *a, const char *pattern)
{
    for (const char *p = pattern; *p; p++) {
        if (*p == '~')
            kd_scan_blanks(&a->in);
        else if (*p != '%' ? !kd_scan_char(&a->in, *p) : !kd_take_directive(a, p[1], p[2]))
            return false;
        p += *p == '%';
    }
    return true;
}

static bool stamp_follows(const kd_grammars *all, const kd_scan *in)
{
    kd_scan rest = *in;
    kd_scan_blanks(&rest);
    rows_set rows = may_fit(all, &rest);
    for (size_t i; next_row(&rows, &i);) {
        kd_attempt a = { .in = rest };
        if (grammars[i].when == STAMP && fits(&a, grammars[i].pattern))
            return true;
    }
    return false;
}

/* "12:50,394rker_thread": the line was torn there, and this is no prefix. */
static bool is_inside_word(const char *start, const kd_scan *in)
{
    if (in->at == start || kd_scan_at_end(in))
        return false;
    char last = in->at[-1], next = *in->at;
    return (kd_is_alpha(last) || kd_is_digit(last)) && (kd_is_alpha(next) || kd_is_digit(next));
}

static bool take_row(const kd_grammars *all, const grammar *row, kd_scan *in, kd_line *line)
{
    kd_attempt a = { .in = *in };
    if (!fits(&a, row->pattern) || is_inside_word(in->at, &a.in))
        return false;
    kd_scan_char(&a.in, ' ');
    if (row->when == BEFORE && !stamp_follows(all, &a.in))
        return false;
    *in = a.in;
    if (a.has_time) {
        line->time_us = a.time_us;
        line->has_time = true;
    }
    if (a.wall_time.ptr)
        line->wall_time = a.wall_time;
    if (a.caller.ptr)
        line->caller = a.caller;
    if (a.has_level)
        line->level = a.level;
    line->forms |= row->form;
    return true;
}

typedef struct rows_used {
    rows_set rows;
    bool stamped, dmesg;
} rows_used;

/* The row of journalctl stands before that of dmesg: a host and then "kernel" may follow. */
static bool host_follows(kd_scan in)
{
    kd_str host;
    return kd_scan_char(&in, ' ') && kd_take_word(&in, KD_HOST, KD_WORD_MAX, &host) &&
           kd_scan_literal(&in, " k");
}

/* Nearly every line: the row of dmesg without asking those that stand before it. */
static bool take_dmesg(kd_scan *in, kd_line *line, rows_used *used)
{
    kd_scan try = *in;
    uint64_t us;
    kd_scan_blanks(&try);
    if (!kd_scan_char(&try, '[') || !kd_scan_blanks(&try) || !kd_take_seconds(&try, &us) ||
        !kd_scan_char(&try, ']') || host_follows(try))
        return false;
    kd_scan_char(&try, ' ');
    *in = try;
    line->time_us = us;
    line->has_time = true;
    line->forms |= KD_FORM_DMESG;
    used->stamped = used->dmesg = true;
    return true;
}

static bool is_used(const rows_used *used, size_t row)
{
    return used->rows.set[row / 64] >> (row % 64) & 1 ||
           (used->dmesg && grammars[row].form == KD_FORM_DMESG);
}

/* The first row that fits and was not used yet. */
static bool take_prefix(const kd_grammars *all, kd_scan *in, kd_line *line, rows_used *used)
{
    if (!used->dmesg && take_dmesg(in, line, used))
        return true;
    kd_scan try = *in; /* captures and syslog put blanks before "<4>[" */
    kd_scan_blanks(&try);
    rows_set rows = may_fit(all, &try);
    for (size_t i; next_row(&rows, &i);) {
        const grammar *row = &grammars[i];
        if (is_used(used, i) || (row->when == AFTER && !used->stamped) ||
            !take_row(all, row, &try, line))
            continue;
        *in = try;
        used->stamped |= row->when == STAMP;
        used->dmesg |= row->form == KD_FORM_DMESG;
        set_row(used->rows.set, i);
        return true;
    }
    return false;
}

void kd_grammar_take(const kd_grammars *all, kd_scan *in, kd_line *line)
{
    rows_used used = { .stamped = false };
    while (take_prefix(all, in, line, &used))
        continue;
}

/* directive.c - what the directives of grammars.def take. Layer: input. */
#include "input/directive.h"

#include <string.h>

#define FREE_MAX 48u

/* ---- what the directives take ---------------------------------------------------------------- */

#define MICROS 6 /* digits */

/* "1.234567": seconds with six digits behind the dot, no more. */
bool kd_take_seconds(kd_scan *in, uint64_t *us)
{
    uint64_t seconds, micros = 0;
    if (!kd_scan_u64(in, &seconds) || kd_scan_left(in) <= MICROS || *in->at != '.' ||
        seconds > UINT64_MAX / 2000000)
        return false;
    const char *at = in->at + 1, *end = at + MICROS;
    for (; at < end && kd_is_digit(*at); at++)
        micros = micros * 10 + (uint64_t)(*at - '0');
    if (at < end || (at < in->end && kd_is_digit(*at)))
        return false;
    in->at = at;
    *us = seconds * 1000000 + micros;
    return true;
}

const char *kd_find_stamp(kd_str text, size_t *len)
{
    const char *end = text.ptr + text.len, *at = text.ptr;
    for (; at < end && (at = memchr(at, '[', (size_t)(end - at))); at++) {
        kd_scan in = { at + 1, end, false };
        uint64_t us;
        kd_scan_blanks(&in);
        if (!kd_take_seconds(&in, &us) || !kd_scan_char(&in, ']') || kd_scan_at_end(&in) ||
            (*in.at != ' ' && *in.at != '['))
            continue;
        *len = (size_t)(in.at - at);
        return at;
    }
    return NULL;
}

static bool take_number(kd_scan *in, uint64_t least, uint64_t most)
{
    uint64_t n;
    return kd_scan_u64(in, &n) && n >= least && n <= most;
}

bool kd_take_month(kd_scan *in)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (kd_scan_left(in) < 3)
        return false;
    for (size_t i = 0; i < 12; i++)
        if (memcmp(names + 3 * i, in->at, 3) == 0) {
            in->at += 3;
            return true;
        }
    return false;
}

#define BLANK (KD_HOST | KD_NAME | KD_LEVEL | KD_FACILITY | KD_ANY_WORD)
#define EIGHT(c)                                                                             \
    [c] = BLANK, [(c) + 1] = BLANK, [(c) + 2] = BLANK, [(c) + 3] = BLANK, [(c) + 4] = BLANK, \
    [(c) + 5] = BLANK, [(c) + 6] = BLANK, [(c) + 7] = BLANK
const unsigned char kd_word_stops[256] = {
    EIGHT(0),
    EIGHT(8),
    EIGHT(16),
    EIGHT(24),
    [' '] = BLANK,
    ['['] = KD_HOST | KD_NAME | KD_FACILITY,
    [']'] = KD_NAME | KD_LEVEL | KD_FACILITY,
    [':'] = KD_NAME | KD_LEVEL | KD_FACILITY,
    [','] = KD_HOST | KD_NAME | KD_LEVEL | KD_FACILITY,
    ['.'] = KD_LEVEL | KD_FACILITY,
    ['|'] = KD_HOST | KD_NAME,
    ['<'] = KD_NAME,
    ['>'] = KD_NAME,
    ['('] = KD_NAME,
    [')'] = KD_NAME,
    ['{'] = KD_NAME,
    ['}'] = KD_NAME,
    [';'] = KD_NAME,
    ['='] = KD_NAME,
    ['/'] = KD_NAME,
};
#undef EIGHT
#undef BLANK

/* A month or weekday of any language: "ven.", "Nov", "11月". */
static bool take_name(kd_scan *in)
{
    kd_str word;
    bool letter = false;
    if (!kd_take_word(in, KD_NAME, 16, &word))
        return false;
    for (size_t i = 0; i < word.len; i++)
        letter |= kd_is_alpha(word.ptr[i]) || (unsigned char)word.ptr[i] >= 0x80;
    return letter;
}

/* 06:47:11 with or without a fraction. */
static bool take_clock(kd_scan *in, bool seconds)
{
    uint64_t n;
    if (!take_number(in, 0, 23) || !kd_scan_char(in, ':') || !take_number(in, 0, 59))
        return false;
    if (!seconds)
        return true;
    if (!kd_scan_char(in, ':') || !take_number(in, 0, 60))
        return false;
    if (kd_scan_left(in) > 1 && (*in->at == '.' || *in->at == ',') && kd_is_digit(in->at[1])) {
        in->at++;
        return kd_scan_u64(in, &n);
    }
    return true;
}

static bool take_zone(kd_scan *in)
{
    if (kd_scan_char(in, 'Z'))
        return true;
    if (!kd_scan_char(in, '+') && !kd_scan_char(in, '-'))
        return true;
    return take_number(in, 0, 9999) && (!kd_scan_char(in, ':') || take_number(in, 0, 59));
}

static bool take_iso(kd_attempt *a)
{
    kd_scan *in = &a->in;
    const char *from = in->at;
    if (!take_number(in, 1970, 2999) || !kd_scan_char(in, '-') || !take_number(in, 1, 12) ||
        !kd_scan_char(in, '-') || !take_number(in, 1, 31) ||
        (!kd_scan_char(in, 'T') && !kd_scan_char(in, ' ')) || !take_clock(in, true) ||
        !take_zone(in))
        return false;
    /* cut inside its digits: what follows is the rest of some word */
    if (!kd_scan_at_end(in) && (kd_is_alpha(*in->at) || kd_is_digit(*in->at) || *in->at == '_'))
        return false;
    a->wall_time = kd_scan_since(in, from);
    return true;
}

static bool take_priority(kd_attempt *a)
{
    uint64_t priority;
    if (!kd_scan_u64(&a->in, &priority) || priority > 191)
        return false;
    a->has_level = true;
    a->level = (int)(priority & 7);
    return true;
}

static int level_of(kd_str name)
{
    static const char *const names[][3] = {
        { "emerg", "panic", "emergency" },
        { "alert" },
        { "crit", "critical" },
        { "err", "error" },
        { "warn", "warning" },
        { "notice" },
        { "info" },
        { "debug" },
    };
    for (size_t i = 0; i < KD_COUNT(names); i++)
        for (size_t k = 0; k < 3 && names[i][k]; k++)
            if (kd_str_is(name, names[i][k]))
                return (int)i;
    return -1;
}

static bool take_level_name(kd_attempt *a)
{
    kd_str name;
    if (!kd_take_word(&a->in, KD_LEVEL, 9, &name) || level_of(name) < 0)
        return false;
    a->has_level = true;
    a->level = level_of(name);
    return true;
}

bool kd_take_facility(kd_scan *in)
{
    static const char *const names[] = {
        "kern",   "kernel", "user",   "mail",   "daemon", "auth",     "syslog",
        "lpr",    "news",   "uucp",   "cron",   "ftp",    "authpriv", "local0",
        "local1", "local2", "local3", "local4", "local5", "local6",   "local7",
    };
    kd_str name;
    if (!kd_take_word(in, KD_FACILITY, 8, &name))
        return false;
    for (size_t i = 0; i < KD_COUNT(names); i++)
        if (kd_str_is(name, names[i]))
            return true;
    return false;
}

static bool take_level_letter(kd_attempt *a)
{
    static const char letters[] = "FEWIDV";
    static const int levels[] = { 2, 3, 4, 6, 7, 7 };
    const char *found = kd_scan_at_end(&a->in) ? NULL : memchr(letters, *a->in.at, 6);
    if (!found)
        return false;
    a->has_level = true;
    a->level = levels[found - letters];
    a->in.at++;
    return true;
}

static bool take_caller(kd_attempt *a)
{
    kd_scan *in = &a->in;
    const char *from = in->at;
    uint64_t id;
    if ((!kd_scan_char(in, 'T') && !kd_scan_char(in, 'C')) || !kd_scan_u64(in, &id))
        return false;
    a->caller = kd_scan_since(in, from);
    return true;
}

/* "kernel:", "kernel[1]:" */
static bool take_kernel_tag(kd_scan *in)
{
    uint64_t n;
    if (!kd_scan_literal(in, "kernel"))
        return false;
    if (kd_scan_char(in, '[') && (!kd_scan_u64(in, &n) || !kd_scan_char(in, ']')))
        return false;
    return kd_scan_char(in, ':');
}

/* "-" or "c", and ",caller=T1" */
static bool take_flags(kd_attempt *a)
{
    kd_str flags;
    if (!kd_scan_until(&a->in, ';', &flags) || flags.len > FREE_MAX)
        return false;
    const char *caller = kd_str_find(flags, ",caller=");
    if (caller)
        a->caller = kd_str_from(flags, (size_t)(caller + sizeof ",caller=" - 1 - flags.ptr));
    return true;
}

static bool take_free(kd_scan *in, char stop)
{
    const char *from = in->at;
    while (in->at < in->end && *in->at != stop && (size_t)(in->at - from) < FREE_MAX)
        in->at++;
    return in->at < in->end && *in->at == stop;
}

static bool take_time(kd_attempt *a, char directive)
{
    uint64_t us;
    if (directive == 'U' ? !kd_scan_u64(&a->in, &us) : !kd_take_seconds(&a->in, &us))
        return false;
    if (directive != 's') {
        a->time_us = us;
        a->has_time = true;
    }
    return true;
}

static bool take_wall(kd_attempt *a, char directive)
{
    if (directive == '(')
        a->wall = a->in.at;
    else
        a->wall_time = kd_scan_since(&a->in, a->wall);
    return true;
}

bool kd_take_directive(kd_attempt *a, char directive, char next)
{
    kd_str skipped;
    switch (directive) {
    case 'S':
    case 's':
    case 'U': return take_time(a, directive);
    case '(':
    case ')': return take_wall(a, directive);
    case 'I': return take_iso(a);
    case 'T':
    case 'H': return take_clock(&a->in, directive == 'T');
    case 'd': return take_number(&a->in, 1, 31);
    case 'Y': return take_number(&a->in, 1970, 2999);
    case 'n': return take_number(&a->in, 0, UINT64_MAX);
    case 'b': return kd_take_month(&a->in);
    case 'm': return take_name(&a->in);
    case 'L': return take_priority(a);
    case 'l': return take_level_name(a);
    case 'f': return kd_take_facility(&a->in);
    case 'A': return take_level_letter(a);
    case 'c': return take_caller(a);
    case 'w': return kd_take_word(&a->in, KD_ANY_WORD, KD_WORD_MAX, &skipped);
    case 'h': return kd_take_word(&a->in, KD_HOST, KD_WORD_MAX, &skipped);
    case 'k': return take_kernel_tag(&a->in);
    case 'F': return take_flags(a);
    case 'r': return take_free(&a->in, next);
    default: return false;
    }
}

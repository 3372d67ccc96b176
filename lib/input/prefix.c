/* prefix.c - what stands before the message: quote marks, syslog, time stamps, levels, caller ids.
 * Layer: input.
 *
 *   >> Sep  8 06:47:11 host kernel: <4>[ 2072.000717] [   T123] vmap allocation for size ...
 *
 * Each step takes one kind of prefix off and leaves the scanner where it was when it finds none.
 */
#include <string.h>

#include "base/scan.h"
#include "input/line.h"

/* "> " and ">> " of quoted mail. "<" and "|" are not quote marks in logs. */
static bool take_quotes(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    bool any = false;
    while (kd_scan_blanks(&try) && kd_scan_char(&try, '>')) {
        any = true;
        *in = try;
    }
    if (any) {
        line->forms |= KD_FORM_MAIL;
        kd_scan_char(in, ' ');
    }
    return any;
}

/* <4> or <14>: priority, level in the low three bits. */
static bool take_level(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    uint64_t priority;
    if (!kd_scan_char(&try, '<') || !kd_scan_u64(&try, &priority) || !kd_scan_char(&try, '>') ||
        priority > 191)
        return false;
    line->level = (int)(priority & 7);
    line->forms |= KD_FORM_LEVEL;
    *in = try;
    return true;
}

/* "1.234567": seconds with six digits behind the dot. */
static bool scan_seconds(kd_scan *in, uint64_t *us)
{
    uint64_t seconds, micros;
    kd_scan_blanks(in);
    if (!kd_scan_u64(in, &seconds) || !kd_scan_char(in, '.'))
        return false;
    const char *digits = in->at;
    if (!kd_scan_u64(in, &micros) || in->at - digits != 6 || seconds > UINT64_MAX / 2000000)
        return false;
    *us = seconds * 1000000 + micros;
    return true;
}

/* [    1.234567] */
static bool take_time(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    uint64_t us;
    if (!kd_scan_char(&try, '[') || !scan_seconds(&try, &us) || !kd_scan_char(&try, ']'))
        return false;
    line->time_us = us;
    line->has_time = true;
    line->forms |= KD_FORM_DMESG;
    kd_scan_char(&try, ' ');
    *in = try;
    return true;
}

/* [    6.366509 <    0.000649>] of dmesg -d, [<    0.000649>] of --time-format=delta: what went by
 * since the line before is no time of its own. */
static bool take_delta(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    uint64_t us = 0, since;
    if (!kd_scan_char(&try, '['))
        return false;
    kd_scan first = try;
    bool timed = scan_seconds(&first, &us) && kd_scan_char(&first, ' ');
    if (timed)
        try = first;
    if (!kd_scan_char(&try, '<') || !scan_seconds(&try, &since) || !kd_scan_literal(&try, ">]"))
        return false;
    if (timed)
        line->time_us = us;
    line->has_time |= timed;
    line->forms |= KD_FORM_DELTA;
    kd_scan_char(&try, ' ');
    *in = try;
    return true;
}

static bool scan_month_name(kd_scan *in)
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

/* "Nov " */
static bool take_month(kd_scan *in)
{
    kd_scan try = *in;
    if (!scan_month_name(&try) || !kd_scan_char(&try, ' '))
        return false;
    *in = try;
    return true;
}

/* [  +0.000649] and, at each new minute, [Nov22 13:12]: dmesg -e. */
static bool take_relative(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    uint64_t n;
    if (!kd_scan_char(&try, '['))
        return false;
    const char *from = try.at;
    if (scan_month_name(&try)) {
        if (!kd_scan_u64(&try, &n) || n > 31 || !kd_scan_char(&try, ' ') ||
            !kd_scan_u64(&try, &n) || n > 23 || !kd_scan_char(&try, ':') ||
            !kd_scan_u64(&try, &n) || n > 59)
            return false;
        line->wall_time = kd_scan_since(&try, from);
    } else if (!kd_scan_blanks(&try) || !kd_scan_char(&try, '+') || !scan_seconds(&try, &n)) {
        return false;
    }
    if (!kd_scan_char(&try, ']'))
        return false;
    line->forms |= KD_FORM_DELTA;
    kd_scan_char(&try, ' ');
    *in = try;
    return true;
}

/* 4,370,6366509,-;text and 6,371,6366600,-,caller=T1;text: a record of /dev/kmsg. */
static bool take_kmsg(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    uint64_t priority, sequence, us;
    kd_str flags;
    if (!kd_scan_u64(&try, &priority) || priority > 191 || !kd_scan_char(&try, ',') ||
        !kd_scan_u64(&try, &sequence) || !kd_scan_char(&try, ',') || !kd_scan_u64(&try, &us) ||
        !kd_scan_char(&try, ',') || !kd_scan_until(&try, ';', &flags) || flags.len > 40)
        return false;
    kd_scan_char(&try, ';');
    line->level = (int)(priority & 7);
    line->time_us = us;
    line->has_time = true;
    const char *caller = kd_str_find(flags, ",caller=");
    if (caller)
        line->caller = kd_str_from(flags, (size_t)(caller + sizeof ",caller=" - 1 - flags.ptr));
    line->forms |= KD_FORM_KMSG;
    *in = try;
    return true;
}

/* "msg": "text": dmesg -J. Escapes stay as they are. */
static bool take_json(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    if (!kd_scan_literal(&try, "\"msg\": \""))
        return false;
    if (try.end > try.at && try.end[-1] == ',')
        try.end--;
    if (try.end == try.at || try.end[-1] != '"')
        return false;
    try.end--;
    line->forms |= KD_FORM_JSON;
    *in = try;
    return true;
}

/* What stands between the messages of dmesg -J and of /dev/kmsg. */
static bool is_scaffold(kd_str text)
{
    static const char *const heads[] = { "\"pri\": ", "\"time\": ", "\"caller\": ", "SUBSYSTEM=",
                                         "DEVICE=" };
    if (kd_str_is(text, "},{"))
        return true;
    for (size_t i = 0; i < KD_COUNT(heads); i++)
        if (kd_str_starts(text, heads[i]))
            return true;
    return false;
}

/* [    T123] or [    C0]: printk's caller id. */
static bool take_caller(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    uint64_t id;
    if (!kd_scan_char(&try, '[') || !kd_scan_blanks(&try))
        return false;
    const char *from = try.at;
    if ((!kd_scan_char(&try, 'T') && !kd_scan_char(&try, 'C')) || !kd_scan_u64(&try, &id))
        return false;
    kd_str caller = kd_scan_since(&try, from);
    if (!kd_scan_char(&try, ']'))
        return false;
    line->caller = caller;
    line->forms |= KD_FORM_CALLER;
    kd_scan_char(&try, ' ');
    *in = try;
    return true;
}

/* 06:47:11 with or without a fraction. */
static bool take_clock(kd_scan *in)
{
    kd_scan try = *in;
    uint64_t n;
    if (!kd_scan_u64(&try, &n) || n > 23 || !kd_scan_char(&try, ':') || !kd_scan_u64(&try, &n) ||
        n > 59 || !kd_scan_char(&try, ':') || !kd_scan_u64(&try, &n) || n > 60)
        return false;
    if (kd_scan_left(&try) > 1 && (*try.at == '.' || *try.at == ',') && kd_is_digit(try.at[1])) {
        try.at++;
        kd_scan_u64(&try, &n);
    }
    *in = try;
    return true;
}

/* After the stamp of syslog: "host kernel: ", "host kernel[1]: " or, as busybox writes it, "host
 * kern.warn kernel: ". Without it: no line of the kernel. */
static bool take_host_and_tag(kd_scan *in)
{
    kd_scan try = *in;
    kd_str host, tag;
    if (!kd_scan_word(&try, &host) || !kd_scan_char(&try, ' ') || !kd_scan_word(&try, &tag))
        return false;
    if (kd_str_starts(tag, "kern.") && (!kd_scan_char(&try, ' ') || !kd_scan_word(&try, &tag)))
        return false;
    if (!kd_str_starts(tag, "kernel") || !kd_str_ends(tag, ":"))
        return false;
    kd_scan_char(&try, ' ');
    *in = try;
    return true;
}

/* Sep  8 06:47:11 host kernel: */
static bool take_syslog(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    uint64_t day;
    const char *from = try.at;
    if (!take_month(&try) || !kd_scan_blanks(&try) || !kd_scan_u64(&try, &day) || day > 31 ||
        !kd_scan_char(&try, ' ') || !take_clock(&try))
        return false;
    kd_str stamp = kd_scan_since(&try, from);
    if (!kd_scan_char(&try, ' ') || !take_host_and_tag(&try))
        return false;
    line->wall_time = stamp;
    line->forms |= KD_FORM_SYSLOG;
    *in = try;
    return true;
}

static bool take_zone(kd_scan *in)
{
    uint64_t n;
    if (kd_scan_char(in, 'Z'))
        return true;
    if (!kd_scan_char(in, '+') && !kd_scan_char(in, '-'))
        return true;
    if (!kd_scan_u64(in, &n))
        return false;
    return !kd_scan_char(in, ':') || kd_scan_u64(in, &n);
}

/* 2026-11-22T13:22:46,123456+00:00, alone (dmesg) or with "host kernel:" (syslog). */
static bool take_iso(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    const char *from = try.at;
    uint64_t year, month, day;
    if (!kd_scan_u64(&try, &year) || year < 1970 || year > 2999 || !kd_scan_char(&try, '-') ||
        !kd_scan_u64(&try, &month) || month > 12 || !kd_scan_char(&try, '-') ||
        !kd_scan_u64(&try, &day) || day > 31)
        return false;
    if ((!kd_scan_char(&try, 'T') && !kd_scan_char(&try, ' ')) || !take_clock(&try) ||
        !take_zone(&try))
        return false;
    line->wall_time = kd_scan_since(&try, from);
    line->forms |= KD_FORM_ISO;
    kd_scan_char(&try, ' ');
    take_host_and_tag(&try);
    *in = try;
    return true;
}

/* [Sun Nov 22 13:22:46 2026]: dmesg -T. */
static bool take_ctime(kd_scan *in, kd_line *line)
{
    kd_scan try = *in;
    kd_str weekday;
    uint64_t day, year;
    if (!kd_scan_char(&try, '['))
        return false;
    const char *from = try.at;
    if (!kd_scan_name(&try, &weekday) || weekday.len != 3 || !kd_scan_char(&try, ' ') ||
        !take_month(&try) || !kd_scan_blanks(&try) || !kd_scan_u64(&try, &day) ||
        !kd_scan_char(&try, ' ') || !take_clock(&try) || !kd_scan_char(&try, ' ') ||
        !kd_scan_u64(&try, &year))
        return false;
    kd_str stamp = kd_scan_since(&try, from);
    if (!kd_scan_char(&try, ']'))
        return false;
    line->wall_time = stamp;
    line->forms |= KD_FORM_CTIME;
    kd_scan_char(&try, ' ');
    *in = try;
    return true;
}

/* "kern  :warn  : ": dmesg -x. */
static bool take_decoded(kd_scan *in, kd_line *line)
{
    static const char levels[] = "emerg alert crit err warn notice info debug";
    kd_scan try = *in;
    kd_str facility, level;
    if (!kd_scan_name(&try, &facility) || !kd_scan_blanks(&try) || !kd_scan_char(&try, ':') ||
        !kd_str_in_words(facility, "kern user mail daemon auth syslog lpr news local0 local7") ||
        !kd_scan_name(&try, &level) || !kd_scan_blanks(&try) || !kd_scan_char(&try, ':') ||
        !kd_str_in_words(level, levels))
        return false;
    line->forms |= KD_FORM_DECODED;
    kd_scan_char(&try, ' ');
    *in = try;
    return true;
}

void kd_line_read(kd_line *line, bool repair)
{
    kd_scan in = kd_scan_of(line->raw);
    bool (*const steps[])(kd_scan *, kd_line *) = {
        take_syslog, take_iso,   take_decoded,  take_level, take_time, take_ctime,
        take_caller, take_delta, take_relative, take_kmsg,  take_json,
    };
    line->level = -1;
    if (repair)
        take_quotes(&in, line);
    const char *start = in.at;
    for (size_t i = 0; i < KD_COUNT(steps); i++) {
        kd_scan try = in; /* captures and syslog put blanks before "<4>[" */
        kd_scan_blanks(&try);
        bool taken = steps[i](&try, line);
        if (taken)
            in = try;
        if (taken && i == 4)
            take_level(&in, line); /* both orders of level and time exist */
    }
    line->prefixed = in.at != start && line->forms & ~(unsigned)KD_FORM_MAIL;
    kd_str text = { in.at, kd_scan_left(&in) };
    line->text = kd_str_trim(text);
    if (is_scaffold(line->text))
        line->text.len = 0;
}

/* carrier.c - messages inside JSON lines and flow mappings of YAML. Layer: input.
 *
 *   {"log":"[    5.123456] Mem-Info:\n","stream":"stdout","time":"2025-01-21T04:41:44.283302Z"}
 *   {"MESSAGE":[77,101,109],"PRIORITY":"4","_SOURCE_MONOTONIC_TIMESTAMP":"5123456"}
 *   - {"dt": "2025-01-21T04:41:44", "lvl": "target", "msg": "[    5.123456] Mem-Info:"}
 *            "msg": "Mem-Info:"          dmesg -J spreads a record over lines
 *     "message": "Mem-Info:",          kubectl get events -o json
 *
 * Read by hand: a line may be cut anywhere, nothing is allocated, and all depths count alike.
 */
#include <string.h>

#include "base/scan.h"
#include "input/clean.h"

const char *const kd_carrier_anchors[] = { "\"MESSAGE\":[", "\"MESSAGE\" : [", NULL };

typedef struct carrier {
    kd_scan in;
    kd_line *line;
    char *room;
    bool found;
} carrier;

static void skip_blanks(kd_scan *in)
{
    while (in->at < in->end && (kd_is_blank(*in->at) || *in->at == '\r'))
        in->at++;
}

/* The text between quotes; the end of the line ends it too. */
static bool take_quoted(kd_scan *in, kd_str *out)
{
    char quote = kd_scan_at_end(in) ? '\0' : *in->at;
    if (quote != '"' && quote != '\'')
        return false;
    const char *from = ++in->at;
    while (in->at < in->end && *in->at != quote)
        in->at += *in->at == '\\' && quote == '"' && in->at + 1 < in->end ? 2 : 1;
    *out = kd_scan_since(in, from);
    if (in->at < in->end)
        in->at++;
    return true;
}

static unsigned hex4(const char *p)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        if (!kd_is_hex(c))
            return 0;
        value = value * 16 + (unsigned)(kd_is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static size_t put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    to[0] = (char)(0xe0 | code >> 12);
    to[1] = (char)(0x80 | (code >> 6 & 0x3f));
    to[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

/* Never longer than the text. A newline inside becomes a blank: a message is one line here. */
static kd_str unescape(kd_str text, char *room)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        static const char from[] = "nrtbf", to[] = "  \t  ";
        char c = text.ptr[i];
        if (c != '\\' || i + 1 >= text.len) {
            room[n++] = c;
            continue;
        }
        c = text.ptr[++i];
        const char *known = memchr(from, c, sizeof from - 1);
        unsigned code = c == 'u' && i + 4 < text.len ? hex4(text.ptr + i + 1) : 0;
        if (code) {
            n += put_utf8(room + n, code);
            i += 4;
        } else {
            room[n++] = known ? to[known - from] : c;
        }
    }
    return (kd_str){ room, n };
}

/* [77,101,109]: how the journal writes bytes that are not UTF-8. */
static bool take_bytes(kd_scan *in, char *room, kd_str *out)
{
    size_t n = 0;
    uint64_t byte;
    if (!kd_scan_char(in, '['))
        return false;
    for (skip_blanks(in); kd_scan_u64(in, &byte) && byte < 256; skip_blanks(in)) {
        room[n++] = (char)(byte == '\n' ? ' ' : byte);
        skip_blanks(in);
        if (!kd_scan_char(in, ','))
            break;
    }
    kd_scan_char(in, ']');
    *out = (kd_str){ room, n };
    return n > 0;
}

/* Of a flow mapping: up to the next comma or the end of the mapping. */
static kd_str take_bare(kd_scan *in)
{
    const char *from = in->at;
    while (in->at < in->end && *in->at != ',' && *in->at != '}' && *in->at != ']')
        in->at++;
    return kd_str_trim(kd_scan_since(in, from));
}

static void note_time(kd_line *line, kd_str value)
{
    uint64_t us;
    kd_scan in = kd_scan_of(value);
    if (kd_scan_u64(&in, &us) && kd_scan_at_end(&in)) {
        line->time_us = us;
        line->has_time = true;
    }
}

static void note_member(carrier *c, kd_str key, kd_str value, bool quoted)
{
    uint64_t level;
    kd_scan in = kd_scan_of(value);
    if (kd_str_in_words(key, "MESSAGE message msg log text") && quoted && !c->found) {
        c->line->clean = unescape(value, c->room);
        c->found = true;
    } else if (kd_str_is(key, "_SOURCE_MONOTONIC_TIMESTAMP")) {
        note_time(c->line, value);
    } else if (kd_str_is(key, "PRIORITY") && kd_scan_u64(&in, &level) && level < 8) {
        c->line->level = (int)level;
    } else if (kd_str_in_words(key, "time dt @timestamp timestamp") && value.len >= 19 &&
               kd_str_starts(value, "2") && value.ptr[4] == '-') {
        c->line->wall_time = value;
    }
}

/* A key, a colon and what stands behind it; objects inside are walked like the one around them. */
static bool take_member(carrier *c)
{
    kd_scan *in = &c->in;
    kd_str key, value;
    bool quoted;
    skip_blanks(in);
    if (!take_quoted(in, &key) && !kd_scan_name(in, &key))
        return false;
    skip_blanks(in);
    if (!kd_scan_char(in, ':'))
        return false;
    skip_blanks(in);
    if (kd_str_is(key, "MESSAGE") && !c->found && take_bytes(in, c->room, &c->line->clean))
        c->found = true;
    else if (!kd_scan_at_end(in) && (*in->at == '{' || *in->at == '['))
        return true;
    else {
        quoted = take_quoted(in, &value);
        if (!quoted)
            value = take_bare(in);
        note_member(c, key, value, quoted || key.ptr[-1] != '"');
    }
    return true;
}

/* dmesg -J, journalctl -o json-pretty, events of Kubernetes: a member alone on its line. */
static bool take_record_line(carrier *c)
{
    kd_str key, value;
    if (!take_quoted(&c->in, &key) || !kd_str_in_words(key, "MESSAGE msg message"))
        return false;
    skip_blanks(&c->in);
    if (!kd_scan_char(&c->in, ':'))
        return false;
    skip_blanks(&c->in);
    if (!kd_scan_char(&c->in, '"') || kd_scan_at_end(&c->in))
        return false;
    if (c->in.end[-1] == ',')
        c->in.end--;
    if (c->in.end == c->in.at || c->in.end[-1] != '"')
        return false;
    value = (kd_str){ c->in.at, kd_scan_left(&c->in) - 1 };
    c->line->clean = unescape(value, c->room);
    return true;
}

bool kd_carried(kd_str raw, char *room, kd_line *line)
{
    carrier c = { .in = kd_scan_of(raw), .line = line, .room = room };
    kd_scan_blanks(&c.in);
    if (kd_scan_at_end(&c.in) || !memchr("\"-{", *c.in.at, 3))
        return false;
    if (take_record_line(&c)) {
        line->forms |= KD_FORM_JSON;
        return true;
    }
    c.in = kd_scan_of(raw);
    kd_scan_blanks(&c.in);
    if (kd_scan_char(&c.in, '-'))
        kd_scan_blanks(&c.in);
    if (kd_scan_at_end(&c.in) || *c.in.at != '{')
        return false;
    kd_line before = *line;
    while (!kd_scan_at_end(&c.in)) {
        c.in.at++; /* what separates members */
        while (take_member(&c))
            continue;
    }
    if (!c.found) {
        *line = before;
        return false;
    }
    line->forms |= KD_FORM_JSON;
    return true;
}

/* prefix.c - from a line of the log to the message of the kernel on it. Layer: input.
 *
 * First what carries the line is undone (JSON, web pages, colours), then quote marks, known
 * prefixes and the one that was learnt come off.
 */
#include <string.h>

#include "base/scan.h"
#include "input/clean.h"
#include "input/directive.h"
#include "input/grammar.h"
#include "input/mail.h"
#include "input/shape.h"

const char *kd_form_name(unsigned bit)
{
    static const char *const names[KD_FORMS] = {
        "dmesg",    "level",
        "caller",   "syslog",
        "iso",      "ctime",
        "mail",     "decoded",
        "delta",    "kmsg",
        "json",     "journal",
        "logread",  "rfc5424",
        "logcat",   "container",
        "talos",    "vmware",
        "console",  "vendor",
        "numbered", "csv",
        "colour",   "html",
        "learnt",   "quoted-printable",
        "base64",   "flowed",
        "wrapped",  "doubled",
        "reversed", "unordered",
    };
    return bit < KD_FORMS ? names[bit] : "";
}

/* "> " and ">> " of quoted mail. "<" and "|" are not quote marks in logs. */
static void take_quotes(kd_scan *in, kd_line *line)
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
}

/* What stands between the messages of dmesg -J, of /dev/kmsg, of the journal's export, of the
 * broadcasts of syslogd. */
static bool is_scaffold(kd_str text)
{
    static const char *const heads[] = {
        "\"caller\": ",
        "\"pri\": ",
        "\"time\": ",
        "DEVICE=",
        "Message from syslogd@",
        "PRIORITY=",
        "SUBSYSTEM=",
        "SYSLOG_",
        "_BOOT_ID=",
        "_HOSTNAME=",
        "_KERNEL_",
        "_MACHINE_ID=",
        "_RUNTIME_SCOPE=",
        "_SOURCE_",
        "_TRANSPORT=",
        "__CURSOR=",
        "__MONOTONIC_TIMESTAMP=",
        "__REALTIME_TIMESTAMP=",
    };
    if (text.len == 0 || !memchr("\"SDP_M}", text.ptr[0], 7)) /* no head begins otherwise */
        return false;
    if (kd_str_is(text, "},{"))
        return true;
    return kd_str_starts_any(text, heads, KD_COUNT(heads));
}

/* "05/09/2024 15:38:26": consoles of web pages print the time of a message on a line of its own. */
static bool is_time_alone(kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t part;
    if (text.len < 14 || text.len > 32 || !kd_is_digit(text.ptr[0]) || !kd_is_digit(text.ptr[3]))
        return false;
    for (int i = 0; i < 3; i++)
        if (!kd_scan_u64(&in, &part) || (i < 2 && !kd_scan_char(&in, '/') &&
                                         !kd_scan_char(&in, '-') && !kd_scan_char(&in, '.')))
            return false;
    if (!kd_scan_char(&in, 'T') && !kd_scan_blanks(&in))
        return false;
    for (int i = 0; i < 3; i++)
        if (!kd_scan_u64(&in, &part) || (i < 2 && !kd_scan_char(&in, ':')))
            return false;
    if (kd_scan_char(&in, '.') || kd_scan_char(&in, ','))
        kd_scan_u64(&in, &part);
    kd_scan_char(&in, 'Z');
    return kd_scan_at_end(&in);
}

/* Few lines begin like those of carriers. */
static bool may_be_carried(kd_str raw)
{
    size_t at = 0;
    while (at < raw.len && kd_is_blank(raw.ptr[at]))
        at++;
    return at < raw.len && (raw.ptr[at] == '"' || raw.ptr[at] == '{' || raw.ptr[at] == '-');
}

static kd_str content_of(kd_line *line, kd_dress *dress)
{
    if (!dress || dress->plain || !dress->room || line->raw.len > dress->size)
        return line->raw;
    if (line->raw.len > dress->size - dress->used)
        dress->used = 0;
    char *room = dress->room + dress->used;
    if (dress->qp && memchr(line->raw.ptr, '=', line->raw.len)) {
        line->clean = (kd_str){ room, kd_qp_decode(line->raw, room) };
        kd_clean(line->clean, room, &line->clean, &line->forms);
    } else if (may_be_carried(line->raw) && kd_carried(line->raw, room, line)) {
        kd_clean(line->clean, room, &line->clean, &line->forms);
    } else if (kd_is_clean(line->raw)) {
        line->plain = true;
        return line->raw;
    } else if (!kd_clean(line->raw, room, &line->clean, &line->forms)) {
        return line->raw;
    }
    dress->used += line->clean.len;
    return line->clean;
}

void kd_line_read(kd_line *line, kd_dress *dress)
{
    line->level = -1;
    kd_scan in = kd_scan_of(content_of(line, dress));
    if (!dress || !dress->plain)
        take_quotes(&in, line);
    const char *start = in.at;
    const kd_grammars *all = dress ? dress->grammars : NULL;
    kd_grammar_take(all, &in, line);
    if (kd_scan_literal(&in, "MESSAGE="))
        line->forms |= KD_FORM_JOURNAL;
    if (dress && dress->shape && kd_shape_take(dress->shape, &in, line))
        kd_grammar_take(all, &in, line);
    /* "/init: 384: .: [  271.403835] Kernel panic": what another program wrote to the console
     * stands before the kernel's own prefix */
    size_t len;
    const char *inner = in.at == start && dress && !dress->plain
                            ? kd_find_stamp((kd_str){ in.at, kd_scan_left(&in) }, &len)
                            : NULL;
    if (inner) {
        in.at = inner;
        kd_grammar_take(all, &in, line);
    }
    line->prefixed =
        (in.at != start && line->forms & ~(unsigned)KD_FORM_MAIL) || line->forms & KD_FORM_JSON;
    line->text = kd_str_trim((kd_str){ in.at, kd_scan_left(&in) });
    if (line->forms & KD_FORM_CSV && kd_str_ends(line->text, "\""))
        line->text.len--;
    if (is_scaffold(line->text) || is_time_alone(line->text))
        line->text.len = 0;
}

static kd_str put(char **to, kd_str text)
{
    kd_str copy = { *to, text.len };
    if (text.len > 0)
        memcpy(*to, text.ptr, text.len);
    *to += text.len;
    return copy;
}

bool kd_line_squeeze(const kd_line *line, kd_dress *dress, kd_line *out)
{
    size_t runs = 0, need = line->text.len + line->wall_time.len + line->caller.len;
    for (size_t i = 1; i < line->text.len; i++)
        runs += line->text.ptr[i] == ' ' && line->text.ptr[i - 1] == ' ';
    if (runs == 0 || !dress || !dress->room || need > dress->size)
        return false;
    if (need > dress->size - dress->used)
        dress->used = 0;
    char *from = dress->room + dress->used, *to = from;
    *out = *line;
    out->wall_time = put(&to, line->wall_time);
    out->caller = put(&to, line->caller);
    char *text = to;
    for (size_t i = 0; i < line->text.len; i++)
        if (i == 0 || line->text.ptr[i] != ' ' || line->text.ptr[i - 1] != ' ')
            *to++ = line->text.ptr[i];
    out->text = (kd_str){ text, (size_t)(to - text) };
    out->clean = (kd_str){ from, (size_t)(to - from) };
    dress->used += out->clean.len;
    return true;
}

static bool within(kd_str view, kd_str whole)
{
    return view.ptr && whole.ptr && view.ptr >= whole.ptr && view.ptr <= whole.ptr + whole.len;
}

/* Where memory ran out, the copy is empty, and so is what stood in it. */
static kd_str moved(kd_str view, kd_str old, kd_str fresh)
{
    if (!within(view, old))
        return view;
    return fresh.len ? (kd_str){ fresh.ptr + (view.ptr - old.ptr), view.len } : fresh;
}

/* The common case: nothing was hidden, and the copy is whole. */
static void shift(kd_str *view, kd_str old, const char *fresh)
{
    if (within(*view, old))
        view->ptr = fresh + (view->ptr - old.ptr);
}

void kd_line_rebase(kd_line *line, kd_str raw, kd_str clean)
{
    if (line->clean.len == 0 && raw.len == line->raw.len) {
        shift(&line->text, line->raw, raw.ptr);
        shift(&line->wall_time, line->raw, raw.ptr);
        shift(&line->caller, line->raw, raw.ptr);
        line->raw = raw;
        line->clean = clean;
        return;
    }
    kd_str *views[] = { &line->text, &line->wall_time, &line->caller };
    for (size_t i = 0; i < KD_COUNT(views); i++)
        *views[i] = line->clean.len && within(*views[i], line->clean)
                        ? moved(*views[i], line->clean, clean)
                        : moved(*views[i], line->raw, raw);
    line->raw = raw;
    line->clean = clean;
}

/* clean.c - what terminals and web pages did to the bytes of a line. Layer: input.
 *
 *   ESC[32m[    5.123456] ESC[0m    colours of dmesg, journalctl, boot loaders
 *   &lt;4&gt;  <br />  U+00A0  0×83  pages and mail programs; U+FFFD or its mojibake for a blank
 */
#include "input/clean.h"

#include <string.h>

#include "input/mail.h"

/* Blanks of a time stamp are replaced by signs only near the start of a line. */
#define STAMP_BYTES 40u

typedef struct swap {
    const char *from, *to;
    bool start_only; /* where text may hold it too */
} swap;

/* Never longer than what it replaces. */
static const swap swaps[] = {
    { "\xc2\xa0", " ", false },
    { "\xc3\x82\xc2\xa0", " ", false },        /* U+00A0 read as Latin-1 */
    { "\xef\xbf\xbd", " ", true },             /* U+FFFD */
    { "\xc3\xaf\xc2\xbf\xc2\xbd", " ", true }, /* U+FFFD read as Latin-1 */
    { "\xe2\x80\x8b", "", false },             /* U+200B */
    { "\xef\xbb\xbf", "", false },             /* byte order mark */
    { "\xc3\x97", "x", false },                /* × */
    { "\xe2\x80\x93", "-", false },
    { "\xe2\x80\x94", "--", false },
    { "\xe2\x80\x98", "'", false },
    { "\xe2\x80\x99", "'", false },
    { "\xe2\x80\x9c", "\"", false },
    { "\xe2\x80\x9d", "\"", false },
    { "&lt;", "<", false },
    { "&gt;", ">", false },
    { "&amp;", "&", false },
    { "&quot;", "\"", false },
    { "&nbsp;", " ", false },
    { "&#39;", "'", false },
    { "&#x27;", "'", false },
    { "&#60;", "<", false },
    { "&#62;", ">", false },
    { "&#160;", " ", false },
    { "<br />", "", false },
    { "<br/>", "", false },
    { "<br>", "", false },
    { "<p>", "", true },
    { "</p>", "", false },
    { "<pre>", "", true },
    { "</pre>", "", false },
    { "<code>", "", true },
    { "</code>", "", false },
    { "</span>", "", false },
    { "</div>", "", false },
};

/* Length of the control sequence that stands there, or 0. */
static size_t escape_len(kd_str s)
{
    size_t n = 2;
    if (s.len < 2 || s.ptr[0] != '\x1b')
        return 0;
    if (s.ptr[1] == ']') { /* up to BEL */
        while (n < s.len && s.ptr[n] != '\a')
            n++;
        return n < s.len ? n + 1 : s.len;
    }
    if (s.ptr[1] != '[')
        return 2;
    while (n < s.len && (unsigned char)s.ptr[n] >= 0x20 && (unsigned char)s.ptr[n] < 0x40)
        n++;
    return n < s.len ? n + 1 : s.len;
}

static const swap *find_swap(kd_str s, size_t at)
{
    for (size_t i = 0; i < KD_COUNT(swaps); i++)
        if (swaps[i].from[0] == s.ptr[0] && kd_str_starts(s, swaps[i].from) &&
            (!swaps[i].start_only || at < STAMP_BYTES))
            return &swaps[i];
    return NULL;
}

/* What may begin something to undo: LOOK only before some other characters. */
enum { PLAIN, UNDO, LOOK };

static const unsigned char signs[256] = {
    [0x1b] = UNDO, ['&'] = UNDO,  ['<'] = LOOK,  ['\v'] = UNDO, ['\f'] = UNDO,
    [0xc2] = UNDO, [0xc3] = UNDO, [0xe2] = UNDO, [0xef] = UNDO,
};

static size_t count_of(kd_str raw, char mark)
{
    size_t count = 0;
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    for (; at < end && (at = memchr(at, mark, (size_t)(end - at))) != NULL; at++)
        count++;
    return count;
}

size_t kd_count_breaks(kd_str raw)
{
    return count_of(raw, KD_BREAK_BLANK) + count_of(raw, KD_BREAK_INSIDE);
}

void kd_hide_breaks(char *text, size_t len)
{
    if (kd_count_breaks((kd_str){ text, len }) == 0)
        return;
    for (size_t i = 0; i < len; i++)
        if (text[i] == KD_BREAK_BLANK || text[i] == KD_BREAK_INSIDE)
            text[i] = ' ';
}

/* A line break inside a message, with what stands around it; its length, or 0. */
static size_t break_len(kd_str s)
{
    size_t n = s.ptr[0] == '\r' && s.len > 1;
    if (s.ptr[n] != KD_BREAK_BLANK && s.ptr[n] != KD_BREAK_INSIDE)
        return 0;
    kd_str after = kd_str_from(s, n + 1), text = kd_mail_unquoted(after);
    while (text.len > 0 && s.ptr[n] == KD_BREAK_BLANK && kd_is_blank(text.ptr[0]))
        text = kd_str_from(text, 1);
    return s.len - text.len;
}

/* May something to undo stand in the text? */
static bool suspicious(kd_str raw)
{
    for (size_t i = kd_str_plain(raw); i < raw.len; i++) {
        unsigned sign = signs[(unsigned char)raw.ptr[i]];
        if (sign == PLAIN)
            continue;
        if (sign == UNDO || (i + 2 < raw.len && strchr("/bpc", raw.ptr[i + 1])))
            return true;
        i += kd_str_plain(kd_str_from(raw, i + 1));
    }
    return raw.len > 1 && memcmp(raw.ptr + raw.len - 2, "^M", 2) == 0;
}

bool kd_clean(kd_str raw, char *room, kd_str *out, unsigned *forms)
{
    size_t n = 0;
    unsigned found = 0;
    bool cut = false;
    if (!suspicious(raw))
        return false;
    for (size_t i = 0; i < raw.len;) {
        if (signs[(unsigned char)raw.ptr[i]] == PLAIN && raw.ptr[i] != '\r') {
            room[n++] = raw.ptr[i++];
            continue;
        }
        kd_str rest = kd_str_from(raw, i);
        size_t escape = escape_len(rest);
        size_t broken = escape ? 0 : break_len(rest);
        const swap *known = escape || broken ? NULL : find_swap(rest, i);
        if (broken) {
            if (memchr(rest.ptr, KD_BREAK_BLANK, broken))
                room[n++] = ' ';
            cut = true;
            i += broken;
        } else if (escape) {
            found |= KD_FORM_COLOUR;
            i += escape;
        } else if (known) {
            kd_str to = kd_str_of(known->to);
            found |= KD_FORM_HTML;
            if (to.len)
                memcpy(room + n, to.ptr, to.len);
            n += to.len;
            i += kd_str_of(known->from).len;
        } else {
            room[n++] = raw.ptr[i++];
        }
    }
    if (n > 1 && memcmp(room + n - 2, "^M", 2) == 0) {
        n -= 2;
        cut = true;
    }
    *out = (kd_str){ room, n };
    *forms |= found;
    return found || cut;
}

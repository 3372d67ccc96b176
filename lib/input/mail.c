/* mail.c - quoted-printable, base64, and the header lines that announce them. Layer: input.
 *
 *   SLUB: Unable to allocate memory on node -1, gfp=3D0x820(GFP_ATOMIC)
 *     cache: skbuff_small_head, object size: 480, buffer size: 544, default=
 *    order: 1, min order: 0
 */
#include "input/mail.h"

#include <string.h>

#include "input/line.h"

/* RFC 2045: at most 76 characters a line; quoting adds to that. */
#define BROKEN_LEAST 72u
#define BROKEN_MOST 76u

kd_str kd_mail_unquote(kd_str text)
{
    size_t at = 0, after = 0;
    for (; at < text.len && (text.ptr[at] == '>' || text.ptr[at] == ' '); at++)
        if (text.ptr[at] == '>')
            after = at + 1;
    after += after > 0 && after < text.len && text.ptr[after] == ' ';
    return kd_str_from(text, after);
}

/* ---- quoted-printable ------------------------------------------------------------------------ */

static int hex_of(char c)
{
    return kd_is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int escape_at(kd_str s, size_t at)
{
    if (at + 2 >= s.len)
        return -1;
    int high = hex_of(s.ptr[at + 1]), low = hex_of(s.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool kd_qp_fits(kd_str line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == '=' && i + 1 < line.len && escape_at(line, i) < 0)
            return false;
    return true;
}

bool kd_qp_proves(kd_str line)
{
    size_t count = 0;
    bool strong = false;
    kd_str value = line;
    if (line.len == 0 || !memchr(line.ptr, '=', line.len)) /* most lines */
        return false;
    for (const char *at; (at = kd_str_find(value, "=3D")); count++) {
        value = kd_str_from(value, (size_t)(at + 3 - value.ptr));
        if (value.len == 0)
            break;
        if (value.len > 2 && kd_str_starts(value, "0x") && kd_qp_fits(line))
            return true; /* the digits of no number go on with an x */
        strong |= memchr("(/\"'<-_", value.ptr[0], 7) != NULL;
    }
    return strong && count > 1 && kd_qp_fits(line);
}

bool kd_qp_broken(kd_str line)
{
    size_t inner = kd_mail_unquoted(line).len;
    if (!kd_str_ends(line, "=") || kd_str_ends(line, "=="))
        return false;
    return ((line.len >= BROKEN_LEAST && line.len <= BROKEN_MOST) ||
            (inner >= BROKEN_LEAST && inner <= BROKEN_MOST)) &&
           kd_qp_fits(line);
}

/* What was quoted before it was encoded has no marks behind its soft breaks. */
static size_t soft_break_len(kd_str whole, size_t at)
{
    kd_str rest = kd_str_from(whole, at);
    size_t len = rest.len > 1 && rest.ptr[1] == '\r' ? 2 : 1;
    if (rest.len <= len || rest.ptr[len] != KD_BREAK_INSIDE)
        return rest.len == len ? len : 0;
    kd_str after = kd_str_from(rest, len + 1);
    bool quoted = kd_mail_unquoted(whole).len < whole.len;
    return rest.len - (quoted ? kd_mail_unquoted(after) : after).len;
}

size_t kd_qp_decode(kd_str text, char *room)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len;) {
        bool escape = text.ptr[i] == '=';
        size_t soft = escape ? soft_break_len(text, i) : 0;
        int byte = escape ? escape_at(text, i) : -1;
        if (soft == 0 && byte < 0)
            room[n++] = text.ptr[i++];
        else if (soft == 0)
            room[n++] = byte == '\n' || byte == '\r' ? ' ' : (char)byte;
        i += soft ? soft : byte < 0 ? 0 : 3;
    }
    return n;
}

/* ---- base64 ---------------------------------------------------------------------------------- */

static int base64_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (kd_is_digit(c))
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Bytes of logs: printable, blanks, ESC, parts of UTF-8. */
static bool is_text(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == 0x7f || (c < 0x20 && !memchr("\t\n\r\x1b", c, 4)))
            return false;
    }
    return true;
}

size_t kd_base64_decode(kd_str line, char *room, bool whole)
{
    size_t n = 0, data = line.len;
    while (data > 0 && line.len - data < 2 && line.ptr[data - 1] == '=')
        data--;
    if (line.len == 0 || line.len % 4 != 0 || line.len > 76 || (whole && line.len < 60))
        return 0;
    unsigned bits = 0;
    for (size_t i = 0; i < data; i++) {
        int value = base64_of(line.ptr[i]);
        if (value < 0)
            return 0;
        bits = bits << 6 | (unsigned)value;
        if (i % 4 != 0)
            room[n++] = (char)(bits >> (6 - 2 * (i % 4)) & 255);
    }
    return is_text(room, n) ? n : 0;
}

/* ---- headers --------------------------------------------------------------------------------- */

/* Does it begin so, whatever the case of the letters? `start` is in small letters. */
static bool begins(kd_str s, const char *start)
{
    for (size_t i = 0; start[i]; i++) {
        char c = i < s.len ? s.ptr[i] : '\0';
        if ((c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c) != start[i])
            return false;
    }
    return true;
}

/* What the headers begin with, and the lines that they go on in. */
static bool begins_header(char c)
{
    return c == 'C' || c == 'c' || c == 'f' || kd_is_blank(c);
}

kd_mail_header kd_mail_header_of(kd_str line)
{
    static const char encoding[] = "content-transfer-encoding:";
    if (line.len < 8 || !begins_header(line.ptr[0]))
        return KD_MAIL_NO_HEADER;
    if (begins(line, encoding)) {
        kd_str value = kd_str_trim(kd_str_from(line, sizeof encoding - 1));
        return begins(value, "quoted-printable") ? KD_MAIL_QP
               : begins(value, "base64")         ? KD_MAIL_BASE64
                                                 : KD_MAIL_AS_IS;
    }
    kd_str rest = kd_str_trim(line);
    return (begins(line, "content-type:") || rest.len < 40) && kd_str_has(rest, "format=flowed")
               ? KD_MAIL_FLOWED
               : KD_MAIL_NO_HEADER;
}

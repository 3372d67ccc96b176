/* output.c - standard output, checked. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static char buffer[65536];
static size_t used;
static int failed; /* errno of the first write that failed */

/* ---- text that came from outside ---------------------------------------------------------------
 */

/* Code points that move, hide or turn the text around them. */
static bool is_hidden(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },
        { 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
        { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

/* Length of the valid UTF-8 sequence at the start of the text, with its code point; 0: none. */
static size_t take_char(const char *text, size_t len, uint32_t *out)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char first = (unsigned char)text[0];
    size_t size = first < 0x80             ? 1
                  : (first & 0xe0) == 0xc0 ? 2
                  : (first & 0xf0) == 0xe0 ? 3
                  : (first & 0xf8) == 0xf0 ? 4
                                           : 0;
    if (size == 0 || size > len)
        return 0;
    *out = size == 1 ? first : first & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
        *out = *out << 6 | ((unsigned char)text[i] & 0x3f);
    }
    return *out < least[size] || *out > 0x10ffff || (*out >> 11) == 0x1b ? 0 : size;
}

/* A file name may hold a newline, an escape sequence, bytes that are no text. */
static size_t make_safe(char *line, size_t len)
{
    size_t kept = 0;
    for (size_t at = 0, step; at < len; at += step) {
        uint32_t c = 0;
        size_t size = take_char(line + at, len - at, &c);
        step = size ? size : 1;
        if (size == 0 || is_hidden(c))
            line[kept++] = '?';
        else
            memmove(line + kept, line + at, size), kept += size;
    }
    return kept;
}

int complain(const char *subject, const char *reason)
{
    char line[1024];
    int len = snprintf(line, sizeof line, "oopsdoc: %s%s%s", subject ? subject : "",
                       subject ? ": " : "", reason);
    size_t size = len < 0 ? 0 : (size_t)len < sizeof line ? (size_t)len : sizeof line - 1;
    fprintf(stderr, "%.*s\n", (int)make_safe(line, size), line);
    return EXIT_TROUBLE;
}

/* ---- standard output ---------------------------------------------------------------------------
 */

void flush_stdout(void)
{
    for (size_t done = 0; done < used && !failed;) {
        ssize_t n = write(STDOUT_FILENO, buffer + done, used - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno == EAGAIN) /* whoever gave it to us made it so: we wait for the reader */
            poll(&(struct pollfd){ STDOUT_FILENO, POLLOUT, 0 }, 1, -1);
        else if (errno != EINTR)
            failed = errno;
    }
    used = 0;
}

int put_stdout(const char *data, size_t len, void *user)
{
    (void)user;
    while (len > 0 && !failed) {
        size_t room = sizeof buffer - used, take = len < room ? len : room;
        memcpy(buffer + used, data, take);
        used += take;
        data += take;
        len -= take;
        if (used == sizeof buffer)
            flush_stdout();
    }
    return failed;
}

bool stdout_failed(void)
{
    return failed != 0;
}

int close_stdout(void)
{
    flush_stdout();
    if (!failed && close(STDOUT_FILENO) != 0 && errno != EBADF)
        failed = errno;
    if (failed && failed != EPIPE)
        return complain("standard output", strerror(failed));
    return 0;
}

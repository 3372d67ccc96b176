/* output.c - standard output, checked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static char buffer[65536];
static size_t used;
static int failed; /* errno of the first write that failed */

int complain(const char *subject, const char *reason)
{
    char line[1024];
    int len = snprintf(line, sizeof line, "oopsdoc: %s%s%s", subject ? subject : "",
                       subject ? ": " : "", reason);
    size_t size = len < 0 ? 0 : (size_t)len < sizeof line ? (size_t)len : sizeof line - 1;
    /* a file name may hold a newline or an escape sequence */
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    fprintf(stderr, "%.*s\n", (int)size, line);
    return EXIT_TROUBLE;
}

static void flush_buffer(void)
{
    for (size_t done = 0; done < used && !failed;) {
        ssize_t n = write(STDOUT_FILENO, buffer + done, used - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            failed = errno;
        else
            done += (size_t)n;
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
            flush_buffer();
    }
    return failed;
}

bool stdout_is_closed(void)
{
    return failed == EPIPE;
}

int close_stdout(void)
{
    flush_buffer();
    if (!failed && close(STDOUT_FILENO) != 0 && errno != EBADF)
        failed = errno;
    if (failed && failed != EPIPE)
        return complain("standard output", strerror(failed));
    return 0;
}

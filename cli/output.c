/* output.c - standard output, checked. */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "text.h"

static char buffer[65536];
static size_t used;
static int failed; /* errno of the first write that failed */

static atomic_bool complained;

bool has_complained(void)
{
    return atomic_load(&complained);
}

int complain(const char *subject, const char *reason)
{
    atomic_store(&complained, true);
    char line[1024];
    int len = snprintf(line, sizeof line, "oopsdoc: %s%s%s", subject ? subject : "",
                       subject ? ": " : "", reason);
    size_t size = len < 0 ? 0 : (size_t)len < sizeof line ? (size_t)len : sizeof line - 1;
    fprintf(stderr, "%.*s\n", (int)make_safe(line, size), line);
    return EXIT_TROUBLE;
}

/* ---- standard output ------------------------------------------------------------------------- */

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

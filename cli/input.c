/* input.c - reading files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define PORTION ((size_t)256 * 1024)
#define MOST_WHOLE ((size_t)64 * 1024 * 1024)

static int open_input(const char *path)
{
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    return open(path, O_RDONLY | O_CLOEXEC);
}

static ssize_t read_some(int fd, char *buffer, size_t room)
{
    ssize_t n;
    do
        n = read(fd, buffer, room);
    while (n < 0 && errno == EINTR);
    return n;
}

int read_portions(const char *path, feed_fn feed, void *user)
{
    static char buffer[256 * 1024];
    int fd = open_input(path), result = 0;
    if (fd < 0)
        return complain(path, strerror(errno));
    for (;;) {
        ssize_t n = read_some(fd, buffer, PORTION);
        if (n < 0)
            result = complain(path, strerror(errno));
        if (n <= 0)
            break;
        kd_status status = feed(user, (kd_str){ buffer, (size_t)n });
        if (status != KD_OK) {
            if (status != KD_E_SINK)
                result = complain(path, kd_status_name(status));
            break;
        }
    }
    if (fd != STDIN_FILENO)
        close(fd);
    return result;
}

bool read_whole(const char *path, kd_str *out)
{
    int fd = open_input(path);
    size_t len = 0, room = 0;
    char *text = NULL;
    if (fd < 0) {
        complain(path, strerror(errno));
        return false;
    }
    for (;;) {
        if (len == room) {
            room = room ? room * 2 : PORTION;
            char *wider = room <= MOST_WHOLE ? realloc(text, room) : NULL;
            if (!wider) {
                complain(path, "too large");
                break;
            }
            text = wider;
        }
        ssize_t n = read_some(fd, text + len, room - len);
        if (n < 0)
            complain(path, strerror(errno));
        if (n < 0)
            break;
        if (n == 0) {
            close(fd);
            *out = (kd_str){ text, len };
            return true;
        }
        len += (size_t)n;
    }
    free(text);
    close(fd);
    return false;
}

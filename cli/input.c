/* input.c - reading files, and waiting for what has not come yet. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "unpack.h"

#define PORTION ((size_t)256 * 1024)
#define MOST_WHOLE ((size_t)64 * 1024 * 1024)

/* ---- being asked to stop --------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;
static int stop_pipe[2] = { -1, -1 }; /* wakes a poll() that had begun, or is about to */

static void note_stop(int number)
{
    int before = errno;
    (void)number;
    stopped = 1;
    if (write(stop_pipe[1], "", 1) < 0)
        errno = before; /* the pipe is full: it wakes all the same */
    errno = before;
}

void stop_on_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_stop;
    action.sa_flags = (int)SA_RESETHAND; /* who asks twice does not want to wait */
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    /* with standard input closed the pipe would take its number */
    for (int i = 0; i < 2; i++) {
        stop_pipe[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(ends[i]);
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

bool is_stopped(void)
{
    return stopped;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Options that name standard input ("--before -") share what was read of it. */
static kd_str standard_input;
static bool has_standard_input;

static int open_input(const char *path)
{
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* False: nothing came for that many milliseconds (-1: wait for ever). */
static bool wait_for(int fd, int timeout_ms)
{
    struct pollfd fds[] = { { fd, POLLIN, 0 }, { stop_pipe[0], POLLIN, 0 } };
    int ready;
    do
        ready = poll(fds, 2, timeout_ms);
    while (ready < 0 && errno == EINTR && !stopped);
    return ready != 0;
}

static ssize_t read_some(int fd, char *buffer, size_t room)
{
    ssize_t n;
    while ((n = read(fd, buffer, room)) < 0 && (errno == EINTR || errno == EAGAIN) && !stopped)
        if (errno == EAGAIN)
            wait_for(fd, -1);
    return n < 0 && stopped ? 0 : n;
}

ssize_t read_waiting(int fd, char *buffer, size_t room)
{
    wait_for(fd, -1);
    return stopped ? 0 : read_some(fd, buffer, room);
}

/* The next portion; a quiet input is told to the taker, once until more comes. */
static ssize_t next_portion(int fd, char *buffer, const taker *to, kd_status *status)
{
    if (to->quiet && !wait_for(fd, to->quiet_ms)) {
        *status = to->quiet(to->user);
        if (*status != KD_OK)
            return 0;
        wait_for(fd, -1);
    } else if (!to->quiet) {
        wait_for(fd, -1);
    }
    return stopped ? 0 : read_some(fd, buffer, PORTION);
}

/* What became of a packed file. */
static int tell_packed(const char *path, const unpack *u, const taker *to)
{
    char how[16];
    if (u->refused)
        return complain(path, "packed in a way that this build cannot unpack");
    if (!unpack_cut(u))
        return 0;
    snprintf(how, sizeof how, "%s-cut", packed_name(u->kind));
    if (to->packed)
        to->packed(to->user, how);
    if (!u->limited)
        return 0;
    complain(path, "unpacks to far more than a log: stopped");
    return EXIT_LIMIT;
}

int read_portions(const char *path, const taker *to)
{
    static char buffer[256 * 1024];
    unpack u = { .feed = to->feed, .packed = to->packed, .user = to->user };
    kd_status status = KD_OK;
    ssize_t n = 0;
    int fd = open_input(path), result = 0;
    if (fd < 0)
        return complain(path, strerror(errno));
    if (fd == STDIN_FILENO && has_standard_input)
        status = unpack_feed(&u, standard_input);
    else
        while (status == KD_OK && !u.done && (n = next_portion(fd, buffer, to, &status)) > 0)
            status = unpack_feed(&u, (kd_str){ buffer, (size_t)n });
    if (status == KD_OK)
        status = unpack_end(&u);
    if (n < 0)
        result = complain(path, strerror(errno));
    else if (status != KD_OK && status != KD_E_SINK)
        result = complain(path, kd_status_name(status));
    else
        result = tell_packed(path, &u, to);
    unpack_free(&u);
    if (fd != STDIN_FILENO)
        close(fd);
    return result;
}

static const char *pour(int fd, const taker *to, bool *limited)
{
    unpack u = { .feed = to->feed, .packed = to->packed, .user = to->user };
    kd_status status = KD_OK;
    ssize_t n = 0;
    char *buffer = resize_noted(NULL, PORTION);
    if (!buffer)
        return "out of memory";
    while (status == KD_OK && !u.done) {
        n = read(fd, buffer, PORTION);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        if (n > 0)
            status = unpack_feed(&u, (kd_str){ buffer, (size_t)n });
    }
    const char *why = n < 0 ? strerrordesc_np(errno) : NULL;
    if (status == KD_OK)
        status = unpack_end(&u);
    if (!why && u.refused)
        why = "packed in a way that this build cannot unpack";
    if (!why && status != KD_OK && status != KD_E_SINK)
        why = kd_status_name(status);
    if (unpack_cut(&u) && to->packed) {
        char how[16];
        snprintf(how, sizeof how, "%s-cut", packed_name(u.kind));
        to->packed(to->user, how);
    }
    *limited = u.limited;
    unpack_free(&u);
    free(buffer);
    return why;
}

const char *pour_file(const char *path, const taker *to, bool *limited)
{
    struct stat info;
    *limited = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return strerrordesc_np(errno);
    const char *why = fstat(fd, &info) != 0    ? strerrordesc_np(errno)
                      : !S_ISREG(info.st_mode) ? "not a regular file"
                                               : pour(fd, to, limited);
    close(fd);
    return why;
}

/* The caller's memory, in which all of it stands; false after a message. */
static bool read_all(const char *path, int fd, kd_str *out)
{
    size_t len = 0, room = 0;
    char *text = NULL;
    for (;;) {
        if (len == room) {
            room = room ? room * 2 : PORTION;
            char *wider = room <= MOST_WHOLE ? resize_noted(text, room) : NULL;
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
            *out = (kd_str){ text, len };
            return true;
        }
        len += (size_t)n;
    }
    free(text);
    return false;
}

static bool copy_text(const char *path, kd_str text, kd_str *out)
{
    char *copy = resize_noted(NULL, text.len + 1);
    if (!copy) {
        complain(path, "out of memory");
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    *out = (kd_str){ copy, text.len };
    return true;
}

/* Text that grows by what is unpacked. */
typedef struct grown {
    char *text;
    size_t len, room;
} grown;

static kd_status grow(void *user, kd_str bytes)
{
    grown *all = user;
    size_t room = all->room ? all->room : PORTION;
    while (room - all->len < bytes.len && room <= MOST_WHOLE)
        room *= 2;
    if (room > MOST_WHOLE)
        return KD_E_LIMIT;
    char *wider = room > all->room ? resize_noted(all->text, room) : all->text;
    if (!wider)
        return KD_E_NOMEM;
    all->text = wider;
    all->room = room;
    memcpy(wider + all->len, bytes.ptr, bytes.len);
    all->len += bytes.len;
    return KD_OK;
}

/* What is not packed stays as it is; false after a message. */
static bool unpack_whole(const char *path, kd_str *text)
{
    grown all = { NULL, 0, 0 };
    unpack u = { .feed = grow, .user = &all };
    kd_status status = unpack_feed(&u, *text);
    if (status == KD_OK)
        status = unpack_end(&u);
    bool fits = status == KD_OK && !u.refused && !u.limited;
    unpack_free(&u);
    free((void *)(uintptr_t)text->ptr);
    *text = (kd_str){ all.text, all.len };
    if (fits)
        return true;
    complain(path, u.refused ? "packed in a way that this build cannot unpack" : "too large");
    free(all.text);
    *text = (kd_str){ NULL, 0 };
    return false;
}

/* By the first byte that a packed file has; logs may begin so too. */
static bool may_be_packed(kd_str text)
{
    return text.len > 2 && memchr("\x1f\xfd\x28", text.ptr[0], 3);
}

bool read_whole(const char *path, kd_str *out)
{
    int fd = open_input(path);
    if (fd < 0) {
        complain(path, strerror(errno));
        return false;
    }
    bool read;
    if (fd == STDIN_FILENO) {
        has_standard_input = has_standard_input || read_all(path, STDIN_FILENO, &standard_input);
        read = has_standard_input && copy_text(path, standard_input, out);
    } else {
        read = read_all(path, fd, out);
        close(fd);
    }
    return read && (!may_be_packed(*out) || unpack_whole(path, out));
}

void free_input(void)
{
    free((void *)(uintptr_t)standard_input.ptr);
    standard_input = (kd_str){ NULL, 0 };
    has_standard_input = false;
}

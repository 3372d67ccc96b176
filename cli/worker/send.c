/* send.c - the logs of folders, each a message. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fleet.h"

static fleet *sending; /* nftw() takes no argument for its callee */

/* A header is plain text: other bytes, and %, become %XX. */
static char *header_of(const char *name)
{
    size_t len = strlen(name), at = 0;
    char *made = resize_noted(NULL, 3 * len + 1);
    for (size_t i = 0; made && i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c > ' ' && c < 127 && c != '%')
            made[at++] = (char)c;
        else
            at += (size_t)snprintf(made + at, 4, "%%%02X", c);
    }
    if (made)
        made[at] = 0;
    return made;
}

static void refuse(const char *path, const char *why)
{
    complain(path, why);
    sending->failed++;
}

/* Until the server has it: it may be starting again. */
static void publish(const char *path, kd_str bytes)
{
    char id[MOST_ID], *name = header_of(path);
    hash key = hash_of(bytes);
    name_id(id, &key, path);
    while (name && !is_stopped() && !fleet_publish(sending, SUBJECT_LOGS, name, id, bytes))
        nats_Sleep(250);
    sending->done += name && !is_stopped();
    free(name);
}

/* As it is, packed or not. */
static bool read_file(const char *path, size_t size, kd_str *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *room = resize_noted(NULL, size + 1);
    ssize_t n = 0;
    size_t len = 0;
    while (fd >= 0 && room && len < size && (n = read(fd, room + len, size - len)) > 0)
        len += (size_t)n;
    if (fd >= 0)
        close(fd);
    *out = (kd_str){ room, len };
    return (fd >= 0 && room && n >= 0) || complain(path, "cannot be read") == 0;
}

static int send_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)where;
    if (kind == FTW_D || kind == FTW_DP)
        return is_stopped();
    if (kind != FTW_F || !S_ISREG(info->st_mode)) {
        if (kind == FTW_DNR || kind == FTW_NS)
            refuse(path, "cannot be read");
        return is_stopped();
    }
    kd_str bytes = { NULL, 0 };
    int64_t most = natsConnection_GetMaxPayload(sending->connection) - 4096; /* its headers */
    if (info->st_size > most)
        refuse(path, "larger than a message may be: see max_payload of the server");
    else if (read_file(path, (size_t)info->st_size, &bytes))
        publish(path, bytes);
    else
        sending->failed++;
    free((char *)(uintptr_t)bytes.ptr);
    return is_stopped();
}

int send_logs(fleet *f, int count, char **paths)
{
    sending = f;
    if (!fleet_open(f, NULL, NULL, 0))
        return EXIT_TROUBLE;
    for (int i = 0; i < count && !is_stopped(); i++)
        if (nftw(paths[i], send_one, 32, FTW_PHYS) < 0)
            refuse(paths[i], "cannot be read");
    fprintf(stderr, "oopsdoc-worker: %llu logs sent, %llu not\n", (unsigned long long)f->done,
            (unsigned long long)f->failed);
    return f->failed > 0 ? EXIT_TROUBLE : is_stopped() ? EXIT_LIMIT : 0;
}

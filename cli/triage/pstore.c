/* pstore.c - a panic that firmware keeps in pieces: dmesg-efi_pstore-TIME.., each with a head such
 * as "Panic#2 Part3". Part 1 is the end of the log. Pieces of one event are one log.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "triage.h"

#define MOST_PIECE ((size_t)1 << 20)
#define MOST_PART 999u

typedef struct piece {
    char event[300]; /* whose it is: reason and count, and what names say beside the part */
    unsigned part;
    char *path;
    text bytes; /* without the head */
} piece;

/* False: no digit stands there. */
static bool take_number(kd_str bytes, size_t *at, unsigned *out)
{
    size_t from = *at;
    *out = 0;
    while (*at < bytes.len && *at < from + 6 && bytes.ptr[*at] >= '0' && bytes.ptr[*at] <= '9')
        *out = *out * 10 + (unsigned)(bytes.ptr[(*at)++] - '0');
    return *at > from;
}

static bool take_words(kd_str bytes, size_t *at, const char *words)
{
    size_t len = strlen(words);
    bool good = bytes.len - *at >= len && memcmp(bytes.ptr + *at, words, len) == 0;
    *at += good ? len : 0;
    return good;
}

/* "Panic#2 Part3\n", and how long that is; 0: it is none. */
static size_t read_head(kd_str bytes, char *event, size_t size, unsigned *part)
{
    size_t at = 0;
    unsigned count;
    while (at < bytes.len && at < 20 && bytes.ptr[at] != '#' && bytes.ptr[at] != '\n')
        at++;
    size_t reason = at;
    if (reason == 0 || !take_words(bytes, &at, "#") || !take_number(bytes, &at, &count) ||
        !take_words(bytes, &at, " Part") || !take_number(bytes, &at, part) || *part == 0 ||
        *part > MOST_PART || at == bytes.len || (bytes.ptr[at] != '\n' && bytes.ptr[at] != '\r'))
        return 0;
    snprintf(event, size, "%.*s#%u ", (int)reason, bytes.ptr, count);
    return at;
}

static bool read_piece(const char *folder, const char *name, piece *out)
{
    text path = { 0 };
    char buffer[4096];
    ssize_t n;
    text_print(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    int fd = path.failed ? -1 : open(path.at, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    text bytes = { 0 };
    while (fd >= 0 && bytes.len < MOST_PIECE && (n = read(fd, buffer, sizeof buffer)) > 0) {
        text_put(buffer, (size_t)n, &bytes);
        if (bytes.len == (size_t)n &&
            read_head(text_str(&bytes), out->event, sizeof out->event, &out->part) == 0)
            break;
    }
    if (fd >= 0)
        close(fd);
    size_t head = read_head(text_str(&bytes), out->event, sizeof out->event, &out->part);
    bool good = fd >= 0 && head > 0 && !bytes.failed && bytes.len < MOST_PIECE;
    if (good) { /* of efi the time stands in the name, before part and count */
        size_t said = strlen(out->event), len = strlen(name);
        bool timed = strstr(name, "-efi") && len > 5;
        const char *dash = strrchr(name, '-');
        snprintf(out->event + said, sizeof out->event - said, "%.*s",
                 (int)(timed ? len - 5 : (size_t)(dash - name)), name);
        out->path = path.at;
        text_put(bytes.at + head, bytes.len - head, &out->bytes);
        good = !out->bytes.failed;
    } else {
        text_free(&path);
    }
    text_free(&bytes);
    return good;
}

static int by_event(const void *one, const void *other)
{
    const piece *a = one, *b = other;
    int order = strcmp(a->event, b->event);
    return order ? order : (a->part < b->part) - (a->part > b->part); /* the last part first */
}

/* One event: its pieces, the oldest lines first, under the name of the piece that holds its end. */
static void add_event(walk *w, const piece *pieces, size_t count)
{
    text whole = { 0 };
    w->files++;
    if (w->counting)
        return;
    for (size_t i = 0; i < count; i++) {
        kd_str bytes = text_str(&pieces[i].bytes);
        while (bytes.len > 0 && (bytes.ptr[0] == '\n' || bytes.ptr[0] == '\r'))
            bytes.ptr++, bytes.len--;
        text_put(bytes.ptr, bytes.len, &whole);
        if (bytes.len > 0 && bytes.ptr[bytes.len - 1] != '\n')
            text_add(&whole, "\n");
    }
    const char *path = pieces[count - 1].path;
    job j = { .name = copy_str((kd_str){ path, strlen(path) }), .len = whole.len };
    if (j.name && whole.at && !whole.failed) {
        j.data = whole.at;
        pool_add(w->pool, &j);
        return;
    }
    free(j.name);
    text_free(&whole);
    w->failed(w->user, path, "out of memory");
}

void walk_pstore(walk *w, const char *folder, struct dirent **items, int count)
{
    piece *pieces = NULL;
    size_t found = 0, first = 0;
    for (int i = 0; i < count; i++) {
        piece *wider, one = { .part = 0 };
        if (strncmp(items[i]->d_name, "dmesg-", 6) != 0 || !folder[0] ||
            !read_piece(folder, items[i]->d_name, &one))
            continue;
        wider = realloc(pieces, (found + 1) * sizeof *pieces);
        if (!wider) {
            free(one.path);
            text_free(&one.bytes);
            continue;
        }
        pieces = wider;
        pieces[found++] = one;
        items[i]->d_name[0] = 0; /* is taken */
    }
    if (found > 0)
        qsort(pieces, found, sizeof *pieces, by_event);
    for (size_t i = 1; i <= found; i++)
        if (i == found || strcmp(pieces[i].event, pieces[first].event) != 0) {
            add_event(w, pieces + first, i - first);
            first = i;
        }
    for (size_t i = 0; i < found; i++) {
        free(pieces[i].path);
        text_free(&pieces[i].bytes);
    }
    free(pieces);
}

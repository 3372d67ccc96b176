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
#define MOST_HELD ((size_t)64 << 20) /* of all pieces of a folder or an archive */
#define MOST_PART 999u

typedef struct piece {
    char event[300]; /* whose it is: reason and count, and what names say beside the part */
    unsigned part;
    char *path;
    text bytes; /* without the head */
} piece;

struct pieces {
    piece *items;
    size_t count, held;
};

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

/* Of efi the time stands in the name, before part and count. */
static void name_event(piece *to, const char *path, const char *name)
{
    size_t said = strlen(to->event), len = strlen(path);
    const char *dash = strrchr(name, '-');
    bool timed = strstr(name, "-efi") && strlen(name) > 5;
    snprintf(to->event + said, sizeof to->event - said, "%.*s",
             (int)(timed ? len - 5 : (size_t)(dash - path)), path);
}

bool pstore_take(pieces **all, const char *path, kd_str bytes)
{
    const char *slash = strrchr(path, '/'), *colon = strrchr(slash ? slash : path, ':');
    const char *name = colon ? colon + 1 : slash ? slash + 1 : path;
    piece one = { .part = 0 }, *wider;
    size_t head = 0;
    if (strncmp(name, "dmesg-", 6) == 0 && bytes.len < MOST_PIECE)
        head = read_head(bytes, one.event, sizeof one.event, &one.part);
    if (head == 0 || (!*all && !(*all = zeroed_noted(1, sizeof **all))) ||
        (*all)->held + bytes.len > MOST_HELD)
        return false;
    name_event(&one, path, name);
    one.path = copy_str((kd_str){ path, strlen(path) });
    text_put(bytes.ptr + head, bytes.len - head, &one.bytes);
    wider = resize_noted((*all)->items, ((*all)->count + 1) * sizeof *wider);
    if (wider)
        (*all)->items = wider;
    if (!wider || !one.path || one.bytes.failed) {
        free(one.path);
        text_free(&one.bytes);
        return false;
    }
    wider[(*all)->count++] = one;
    (*all)->held += bytes.len;
    return true;
}

static int by_event(const void *one, const void *other)
{
    const piece *a = one, *b = other;
    int order = strcmp(a->event, b->event);
    if (order == 0) /* the last part first */
        order = (a->part < b->part) - (a->part > b->part);
    return order ? order : strcmp(a->path, b->path);
}

/* One event: its pieces, the oldest lines first, under the name of the piece that holds its end. */
static void add_event(walk *w, const job *like, const told_by *by, const piece *some, size_t count)
{
    text whole = { 0 };
    w->files++;
    if (w->counting)
        return;
    for (size_t i = 0; i < count; i++) {
        kd_str bytes = text_str(&some[i].bytes);
        while (bytes.len > 0 && (bytes.ptr[0] == '\n' || bytes.ptr[0] == '\r'))
            bytes.ptr++, bytes.len--;
        text_put(bytes.ptr, bytes.len, &whole);
        if (bytes.len > 0 && bytes.ptr[bytes.len - 1] != '\n')
            text_add(&whole, "\n");
    }
    const char *path = some[count - 1].path;
    bool empty = !whole.at && !whole.failed;
    job j = *like;
    j.name = copy_str((kd_str){ path, strlen(path) });
    j.len = whole.len;
    if (j.name && whole.at && !whole.failed) {
        j.data = whole.at;
        j.told = by && strlen(path) > by->skip ? machines_tell(by->machines, path + by->skip)
                                               : facts_hold(like->told);
        if (pool_add(w->pool, &j))
            return;
        facts_drop(j.told);
    }
    free(j.name);
    text_free(&whole);
    w->failed(w->user, path, empty ? "is empty" : "out of memory");
}

/* Two that are called the same part are of two events that names do not tell apart. */
static bool are_one(const piece *some, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (some[i].part == some[i - 1].part)
            return false;
    return true;
}

static void add_events(walk *w, const job *like, const told_by *by, const piece *some, size_t count)
{
    bool one = are_one(some, count);
    for (size_t i = 0; i < count; i += one ? count : 1)
        add_event(w, like, by, some + i, one ? count : 1);
}

void pstore_add(pieces **all, walk *w, const job *like, const told_by *by)
{
    pieces *p = *all;
    size_t first = 0;
    if (!p)
        return;
    if (p->count > 0)
        qsort(p->items, p->count, sizeof *p->items, by_event);
    for (size_t i = 1; i <= p->count; i++)
        if (i == p->count || strcmp(p->items[i].event, p->items[first].event) != 0) {
            add_events(w, like, by, p->items + first, i - first);
            first = i;
        }
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i].path);
        text_free(&p->items[i].bytes);
    }
    free(p->items);
    free(p);
    *all = NULL;
}

/* ---- in folders ------------------------------------------------------------------------------ */

static bool take_file(pieces **all, const char *path)
{
    char buffer[4096], event[64];
    unsigned part;
    ssize_t n;
    text bytes = { 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    while (fd >= 0 && bytes.len < MOST_PIECE && (n = read(fd, buffer, sizeof buffer)) > 0) {
        text_put(buffer, (size_t)n, &bytes);
        if (bytes.len == (size_t)n && read_head(text_str(&bytes), event, sizeof event, &part) == 0)
            break;
    }
    if (fd >= 0)
        close(fd);
    bool taken = bytes.at && !bytes.failed && pstore_take(all, path, text_str(&bytes));
    text_free(&bytes);
    return taken;
}

void walk_pstore(walk *w, const char *folder, struct dirent **items, int count, const facts *told)
{
    pieces *all = NULL;
    for (int i = 0; i < count; i++) {
        text path = { 0 };
        if (strncmp(items[i]->d_name, "dmesg-", 6) != 0 || !folder[0])
            continue;
        text_print(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/",
                   items[i]->d_name);
        if (!path.failed && take_file(&all, path.at))
            items[i]->d_name[0] = 0; /* is taken */
        text_free(&path);
    }
    pstore_add(&all, w, &(job){ .told = told }, NULL);
}

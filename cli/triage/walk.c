/* walk.c - where logs are: files, folders below folders; links are not followed. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "triage.h"

#define MOST_DEPTH 64

static void add_file(walk *w, const char *path)
{
    w->files++;
    if (w->counting)
        return;
    kd_str name = { path, strlen(path) };
    job j = { .name = copy_str(name), .path = copy_str(name) };
    if (j.name && j.path) {
        pool_add(w->pool, &j);
        return;
    }
    free(j.name);
    free(j.path);
    w->failed(w->user, path, "out of memory");
}

static void walk_entry(walk *w, const char *path, int depth, bool named);

/* By name: the same folder gives the same order everywhere. */
static void walk_folder(walk *w, const char *path, int depth)
{
    struct dirent **items = NULL;
    int count = depth < MOST_DEPTH ? scandir(path, &items, NULL, alphasort) : 0;
    if (count < 0 && !w->counting)
        w->failed(w->user, path, strerrordesc_np(errno));
    if (depth >= MOST_DEPTH && !w->counting)
        w->failed(w->user, path, "folders are too deep");
    walk_pstore(w, path, items, count);
    for (int i = 0; i < count; i++) {
        const char *name = items[i]->d_name;
        text whole = { 0 };
        size_t len = strlen(path);
        text_add(&whole, path);
        if (len > 0 && path[len - 1] != '/')
            text_add(&whole, "/");
        text_add(&whole, name);
        if (name[0] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !whole.failed &&
            !is_stopped())
            walk_entry(w, whole.at, depth + 1, false);
        text_free(&whole);
        free(items[i]);
    }
    free(items);
}

static void walk_entry(walk *w, const char *path, int depth, bool named)
{
    struct stat info;
    /* what was named on the command line may be a link */
    if ((named ? stat(path, &info) : lstat(path, &info)) != 0) {
        if (!w->counting)
            w->failed(w->user, path, strerrordesc_np(errno));
    } else if (S_ISDIR(info.st_mode)) {
        walk_folder(w, path, depth);
    } else if (S_ISREG(info.st_mode)) {
        add_file(w, path);
    } else if (named) {
        if (!w->counting)
            w->failed(w->user, path, "neither a file nor a folder");
    } else if (S_ISLNK(info.st_mode)) {
        w->links++;
    } else {
        w->others++;
    }
}

void walk_path(walk *w, const char *path)
{
    walk_entry(w, path, 0, true);
}

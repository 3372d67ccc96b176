/* walk.c - where logs are: files, folders below folders; links are not followed. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "triage.h"

#define MOST_DEPTH 64

static void add_file(walk *w, const char *path, const facts *told)
{
    w->files++;
    if (w->counting)
        return;
    kd_str name = { path, strlen(path) };
    job j = { .name = copy_str(name), .path = copy_str(name), .told = facts_hold(told) };
    if (j.name && j.path && pool_add(w->pool, &j))
        return;
    job_free(&j);
    w->failed(w->user, path, "out of memory");
}

typedef struct step {
    int depth;
    bool named;        /* on the command line */
    const facts *told; /* of the machine whose bundle this is; NULL: nothing */
} step;
static void walk_entry(walk *w, const char *path, step at);

/* What a bundle tells that begins here goes before what is told above it. */
static const facts *learn_folder(const walk *w, const char *path, const facts *above,
                                 struct dirent **items, int count)
{
    machines *all = NULL;
    text within = { 0 };
    const facts *told = NULL;
    if (!w->counting)
        machines_visit(&all, path, items, count, above != NULL);
    text_print(&within, "%s/", path);
    if (!within.failed)
        told = machines_tell(all, within.at);
    text_free(&within);
    machines_free(all);
    return told ? told : facts_hold(above);
}

/* By name: the same folder gives the same order everywhere. */
static void walk_folder(walk *w, const char *path, step at)
{
    struct dirent **items = NULL;
    int count = at.depth < MOST_DEPTH ? scandir(path, &items, NULL, alphasort) : 0;
    if (count < 0 && !w->counting)
        w->failed(w->user, path, strerrordesc_np(errno));
    if (at.depth >= MOST_DEPTH && !w->counting)
        w->failed(w->user, path, "folders are too deep");
    const facts *told = learn_folder(w, path, at.told, items, count);
    walk_pstore(w, path, items, count, told);
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
            walk_entry(w, whole.at, (step){ at.depth + 1, false, told });
        text_free(&whole);
        free(items[i]);
    }
    free(items);
    facts_drop(told);
}

static void walk_entry(walk *w, const char *path, step at)
{
    struct stat info;
    /* what was named on the command line may be a link */
    if ((at.named ? stat(path, &info) : lstat(path, &info)) != 0) {
        if (!w->counting)
            w->failed(w->user, path, strerrordesc_np(errno));
    } else if (S_ISDIR(info.st_mode)) {
        walk_folder(w, path, at);
    } else if (S_ISREG(info.st_mode)) {
        add_file(w, path, at.told);
    } else if (at.named) {
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
    walk_entry(w, path, (step){ .named = true });
}

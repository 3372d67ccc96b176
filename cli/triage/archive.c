/* archive.c - the members of archives, as logs. Nothing is ever written: a name may say what it
 * likes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "triage.h"

#define MOST_HELD ((size_t)8 << 20) /* of a member: a larger one is looked at while it is read */
#define MOST_MEMBERS 1000000u
#define MOST_NAME 1024
#define MOST_DEPTH 3
/* A few bytes can be made to unpack to terabytes. */
#define FREE_BYTES ((uint64_t)256 << 20)
#define MOST_RATIO 400u
#define MOST_BYTES ((uint64_t)256 << 30)
#define PORTION ((size_t)128 << 10)
#define MOST_WAITING 4096u
#define MOST_WAITING_BYTES ((size_t)32 << 20)

typedef struct opened {
    walk *w;
    struct archive *archive;
    struct archive_entry *entry; /* at hand; libarchive's own one may be missing */
    const looked *r;             /* of the archive */
    uint64_t out;                /* bytes that came out of it */
    uint64_t members, links;
    const char *limit; /* why no more of it is read */
    struct sha256_ctx hash;
    uint64_t size; /* of the member */
    char *buffer;
    pieces *pieces;
    machines *machines;
    job *held; /* members that wait for what the rest of the archive tells */
    size_t held_count, held_bytes;
    bool all_held; /* of the members so far */
} opened;

static bool open_archive(opened *o, int fd)
{
    struct archive *a = o->archive = arc.read_new();
    o->entry = arc.entry_new();
    if (!a || !o->entry) {
        note_no_memory();
        return false;
    }
    arc.read_support_filter_gzip(a);
    arc.read_support_filter_bzip2(a);
    arc.read_support_filter_xz(a);
    arc.read_support_filter_zstd(a);
    arc.read_support_filter_lz4(a);
    arc.read_support_format_tar(a);
    arc.read_support_format_zip(a);
    arc.read_support_format_raw(a); /* a packed file that is no archive */
    return (fd >= 0 ? arc.read_open_fd(a, fd, PORTION)
                    : arc.read_open_memory(a, o->r->data, o->r->len)) == ARCHIVE_OK;
}

/* Where the total is far more than what came in, or than any bundle. */
static bool is_bomb(opened *o)
{
    int64_t in = arc.filter_bytes(o->archive, -1);
    if (o->out > FREE_BYTES && in >= 0 && o->out / MOST_RATIO > (uint64_t)in)
        o->limit = "unpacks to far more than logs: stopped";
    else if (o->out > MOST_BYTES)
        o->limit = "unpacks to more than 256 GiB: stopped";
    else if (o->members > MOST_MEMBERS)
        o->limit = "has more than a million members: stopped";
    return o->limit != NULL;
}

static la_ssize_t read_member(opened *o, char *to, size_t room)
{
    la_ssize_t n = arc.read_data(o->archive, to, room);
    if (n > 0)
        o->out += (uint64_t)n;
    return n > 0 && is_bomb(o) ? -1 : n;
}

/* ---- a member that is not held in memory ----------------------------------------------------- */

/* What is in the buffer, then the rest. */
static const char *pour_member(void *user, const taker *to)
{
    opened *o = user;
    size_t len = MOST_HELD;
    la_ssize_t n = (la_ssize_t)len;
    kd_status status = KD_OK;
    for (; n > 0; n = read_member(o, o->buffer, PORTION)) {
        sha.sha256_update(&o->hash, (size_t)n, (uint8_t *)o->buffer);
        o->size += (uint64_t)n;
        if (status == KD_OK)
            status = to->feed(to->user, (kd_str){ o->buffer, (size_t)n });
    }
    if (n < 0)
        return o->limit ? o->limit : "the archive is damaged here";
    return status == KD_OK || status == KD_E_SINK ? NULL : kd_status_name(status);
}

static void look_at_large(opened *o, const char *name)
{
    sha.sha256_init(&o->hash);
    o->size = 0;
    looked *r = pool_look(o->w->pool, name, pour_member, o);
    if (!r) {
        o->w->failed(o->w->user, name, "out of memory");
        return;
    }
    sha.sha256_digest(&o->hash, HASH_BYTES, r->hash.bytes);
    r->bytes = o->size;
    r->archive_len = o->r->archive_len ? o->r->archive_len : strlen(o->r->name);
    if (r->is_archive)
        r->error = "an archive in an archive: too large";
    r->is_archive = false;
    pool_done(o->w->pool, r);
}

/* ---- members --------------------------------------------------------------------------------- */

/* "bundle.tar.gz:var/log/messages"; a packed file that is no archive is its own member. */
static char *name_member(const opened *o, struct archive_entry *entry)
{
    const char *path = arc.entry_pathname(entry);
    text name = { 0 };
    text_add(&name, o->r->name);
    if (!path)
        path = arc.entry_pathname_utf8(entry);
    if ((arc.format(o->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_RAW)
        return name.at;
    text_add(&name, ":");
    if (path && strlen(path) <= MOST_NAME)
        text_add(&name, path);
    else if (path)
        text_print(&name, "%.*s... (a name of %zu bytes, member %llu)", 200, path, strlen(path),
                   (unsigned long long)o->members);
    else
        text_print(&name, "(a name that is no text, member %llu)", (unsigned long long)o->members);
    return name.at;
}

/* The path of a member within its archive. */
static const char *path_within(const opened *o, const char *name)
{
    size_t own = strlen(o->r->name);
    return strlen(name) > own ? name + own + 1 : "";
}

static void add_job(opened *o, job *j)
{
    j->told = machines_tell(o->machines, path_within(o, j->name));
    if (pool_add(o->w->pool, j))
        return;
    o->w->failed(o->w->user, j->name, "out of memory");
    job_free(j);
}

static void add_held(opened *o)
{
    for (size_t i = 0; i < o->held_count; i++)
        add_job(o, &o->held[i]);
    o->held_count = o->held_bytes = 0;
    o->all_held = false;
}

/* Bundles hold their files in any order: the first logs wait for what is told of their machine. */
static void hold_job(opened *o, job *j)
{
    if (o->all_held &&
        (o->held_count == MOST_WAITING || o->held_bytes + j->len > MOST_WAITING_BYTES))
        add_held(o);
    if (!o->all_held) {
        add_job(o, j);
        return;
    }
    o->held[o->held_count++] = *j;
    o->held_bytes += j->len;
}

static void take_member(opened *o, struct archive_entry *entry)
{
    char *name = name_member(o, entry);
    size_t len = 0;
    la_ssize_t n = 1;
    while (name && n > 0 && len < MOST_HELD) {
        n = read_member(o, o->buffer + len, MOST_HELD - len);
        len += n > 0 ? (size_t)n : 0;
    }
    if (!name) {
        o->w->failed(o->w->user, o->r->name, "out of memory");
        return;
    }
    if (n < 0) {
        o->w->failed(o->w->user, name, o->limit ? o->limit : "the archive is damaged here");
    } else if (len == MOST_HELD) {
        look_at_large(o, name);
    } else if (pstore_take(&o->pieces, name, (kd_str){ o->buffer, len })) {
        free(name);
        return;
    } else {
        job j = { .name = name, .data = copy_str((kd_str){ o->buffer, len }), .len = len };
        if (facts_are_many()) {
            add_held(o);
            pool_wait(o->w->pool);
        }
        machines_learn(&o->machines, path_within(o, name), (kd_str){ o->buffer, len });
        j.depth = o->r->depth + 1;
        j.archive_len = o->r->archive_len ? o->r->archive_len : strlen(o->r->name);
        o->w->files++;
        if (j.data) {
            hold_job(o, &j);
            return;
        }
        o->w->failed(o->w->user, name, "out of memory");
    }
    free(name);
}

static void take_members(opened *o)
{
    struct archive_entry *entry = o->entry;
    int found = ARCHIVE_OK;
    while (!o->limit && !is_stopped() &&
           ((found = arc.read_next_header2(o->archive, entry)) == ARCHIVE_OK ||
            found == ARCHIVE_WARN)) {
        o->members++;
        mode_t type = arc.entry_filetype(entry);
        if (arc.entry_hardlink(entry) || type == AE_IFLNK)
            o->w->links++;
        else if (type == AE_IFREG || type == 0)
            take_member(o, entry);
        else if (type != AE_IFDIR)
            o->w->others++;
    }
    add_held(o);
    job like = { .depth = o->r->depth + 1 };
    like.archive_len = o->r->archive_len ? o->r->archive_len : strlen(o->r->name);
    pstore_add(&o->pieces, o->w, &like, &(told_by){ o->machines, strlen(o->r->name) + 1 });
    if (o->limit)
        o->w->failed(o->w->user, o->r->name, o->limit);
    else if (found != ARCHIVE_EOF && !is_stopped())
        o->w->failed(o->w->user, o->r->name, "the archive is cut or damaged");
}

static void read_archive(walk *w, looked *r)
{
    opened o = { .w = w, .r = r, .all_held = true };
    int fd = -1;
    const char *error = NULL;
    if (!has_libarchive())
        error = "an archive, and libarchive is not installed";
    else if (r->depth >= MOST_DEPTH)
        error = "archives in archives are too deep";
    else if (!(o.buffer = resize_noted(NULL, MOST_HELD)) ||
             !(o.held = zeroed_noted(MOST_WAITING, sizeof *o.held)))
        error = "out of memory";
    else if (!r->data && (fd = open(r->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) < 0)
        error = strerrordesc_np(errno);
    else if (!open_archive(&o, fd))
        error = "no archive that can be opened";
    if (error)
        w->failed(w->user, r->name, error);
    else
        take_members(&o);
    if (o.entry)
        arc.entry_free(o.entry);
    if (o.archive)
        arc.read_free(o.archive);
    if (fd >= 0)
        close(fd);
    machines_free(o.machines);
    free(o.held);
    free(o.buffer);
    result_free(r);
}

/* libarchive ends the process where it finds no memory, after a message, as if something had been
 * found. */
static unsigned inside; /* archives in archives */

static void end_as_trouble(void)
{
    if (inside > 0)
        _exit(EXIT_TROUBLE);
}

void walk_archive(walk *w, looked *r)
{
    static bool is_set;
    if (!is_set)
        is_set = atexit(end_as_trouble) == 0;
    inside++;
    read_archive(w, r);
    inside--;
}

/* triage.h - many logs: walk -> pool (threads: look at each) -> store (SQLite) -> groups -> show.
 */
#ifndef OOPSDOC_TRIAGE_H
#define OOPSDOC_TRIAGE_H

#include "../baseline.h"
#include "../json.h"
#include "../look.h"
#include "calls.h"

/* ---- what became of one log ------------------------------------------------------------------ */

typedef struct finding {
    char signature[20], rule[64], confidence[16], severity[16], impact[24], suspect_class[24];
    char suspect[128], title[260], arch[24], kernel[100], wall_time[48];
    uint64_t count, first_line, last_line;
} finding;

typedef enum log_outcome {
    OUTCOME_READ,
    OUTCOME_LIMITED,  /* a limit cut it short */
    OUTCOME_NOT_TEXT, /* looked at, and left */
    OUTCOME_NO_KERNEL /* no line of a kernel */
} log_outcome;

typedef struct looked {
    char *name;
    const char *error; /* static text: it could not be read */
    hash hash;
    bool known;      /* the store has it already: it was not looked at */
    bool is_archive; /* to be opened */
    log_outcome outcome;
    uint64_t bytes, lines;
    char machine[72], arch[24], kernel[100];
    size_t count;
    finding *items;
    char *data; /* of an archive in an archive */
    size_t len;
    int depth;
    size_t archive_len; /* how much of the name is that of the archive it is from */
    struct looked *next;
} looked;

void result_free(looked *r);
/* Copies what is valid UTF-8; a character that does not fit is left out. */
void copy_clean(char *to, size_t size, kd_str from);
/* What stands in a report, into a result; false: no memory. */
bool summarize(const kd_report *report, looked *out);
/* Other rules give another result for the same bytes. */
void tool_name(const kd_engine *engine, text *out);

/* ---- hashes of what is known ----------------------------------------------------------------- */

typedef struct hash_set {
    hash *items; /* open addressing; zeroed: free */
    size_t count, room;
} hash_set;
bool hash_set_has(const hash_set *set, const hash *key);
bool hash_set_add(hash_set *set, const hash *key);

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct facts facts;
typedef struct pool pool;
typedef struct job {
    char *name; /* all of malloc() */
    char *path; /* NULL: data */
    char *data;
    size_t len;
    int depth; /* of archives in archives */
    size_t archive_len;
    const facts *told; /* held; NULL: nothing */
} job;
void job_free(job *j);

typedef struct pool_options {
    kd_engine *engine;
    kd_options options;
    int threads;
    bool sandbox;
    void (*done)(void *user, looked *r); /* called by who adds and waits; owns the looked */
    void *user;
} pool_options;

pool *pool_new(const pool_options *options);
/* Owns the job; hands out what is done meanwhile. False: no memory, the job is still the caller's.
 */
bool pool_add(pool *p, job *j);
void pool_know(pool *p, const hash *key);
/* Until all is done. */
void pool_wait(pool *p);
void pool_stop(pool *p); /* drops what has not begun */
void pool_free(pool *p);
/* In the caller's thread: a log that is fed in portions. */
looked *pool_look(pool *p, const char *name, const char *(*pour)(void *from, const taker *to),
                  void *from);
void pool_done(pool *p, looked *r);

/* ---- SQLite ---------------------------------------------------------------------------------- */

typedef struct store store;
/* NULL after a message. path NULL: in memory. */
store *store_open(const char *path, bool read_only);
/* By which tool and options the logs of this run are looked at. */
bool store_begin(store *s, const char *tool, const char *options);
/* The same for the logs that are put from now on. */
bool store_by(store *s, const char *tool, const char *options);
/* Hashes that others have stored since. */
bool store_learn(store *s, pool *p);
bool store_put(store *s, const looked *r);
bool store_commit(store *s);
/* Groups are made of what was picked: what was put since store_forget_seen(), or everything, of a
 * kernel release or of all (NULL). Side 0 is the old one of two that are compared. */
bool store_pick(store *s, const char *schema, int side, bool all, const char *kernel);
bool store_forget_seen(store *s);
/* Another database, under a name. */
bool store_attach(store *s, const char *path, const char *schema);
/* What a baseline knows is marked in what was picked; how many problems it does not know. */
bool store_mark_known(store *s, baseline *known, uint64_t *unknown);
/* Logs that tell nothing: unreadable, limited, without a line of a kernel. */
bool store_count_doubtful(store *s, uint64_t *out);
void store_close(store *s);
bool store_failed(store *s); /* after a message: told once */

/* ---- what else a bundle tells ---------------------------------------------------------------- */

/* Facts of one machine: for any thread, until dropped. */
const facts *facts_hold(const facts *f);
void facts_drop(const facts *f);
/* So many are held that no more should be learnt before logs that hold them are looked at. */
bool facts_are_many(void);
const char *facts_host(const facts *f); /* empty: not told */
/* The key of a log of which they tell: they change what is found in it. */
void facts_key(const facts *f, hash *key);
/* Into options, as far as they do not say; a log's own kernel and architecture (empty: it does not
 * tell) go before. Their texts live as long as the facts. False: there is nothing to add. */
bool facts_add(const facts *f, const char *kernel, const char *arch, kd_options *to);

/* All machines of an archive or a folder: the paths are those within it. */
typedef struct machines machines;
/* What this file tells, if it is one that tells. */
void machines_learn(machines **all, const char *path, kd_str bytes);
/* The files that tell of a bundle that is this folder. Below another one, only those that show it
 * to be a bundle of its own: proc/version, not a file called uname. */
struct dirent;
void machines_visit(machines **all, const char *folder, struct dirent **items, int count,
                    bool is_below);
/* Of the log at that path; held, or NULL. */
const facts *machines_tell(machines *all, const char *path);
void machines_free(machines *all);

/* ---- where logs are -------------------------------------------------------------------------- */

typedef struct walk {
    pool *pool;
    uint64_t files, links, others; /* links are not followed; others: sockets, devices */
    bool counting;                 /* only count the files */
    looked *archives;              /* found by looking */
    void (*failed)(void *user, const char *name, const char *error);
    void *user;
} walk;
void walk_path(walk *w, const char *path);
/* What pstore keeps in pieces. False: it is none of them, or too much of them is held. */
typedef struct pieces pieces;
bool pstore_take(pieces **all, const char *path, kd_str bytes);
/* Where what is told of them is to be had: of paths, from that byte on. */
typedef struct told_by {
    machines *machines;
    size_t skip;
} told_by;
/* Adds each event as one log; without `by` what `like` is told is told of all. */
void pstore_add(pieces **all, walk *w, const job *like, const told_by *by);
/* Of what a folder holds: the names of pieces become empty. */
void walk_pstore(walk *w, const char *folder, struct dirent **items, int count, const facts *told);
/* The archive of a result; its members are added. */
void walk_archive(walk *w, looked *r);

/* ---- what is shown --------------------------------------------------------------------------- */

typedef enum show_format { SHOW_TEXT, SHOW_JSON, SHOW_NDJSON, SHOW_HTML } show_format;

typedef struct totals {
    uint64_t sources, logs, bytes, unreadable, limited, not_text, no_kernel, without_finding;
} totals;

typedef struct show {
    store *store;
    show_format format;
    unsigned columns;
    bool compare, stopped;
    totals old, now;
    uint64_t links, others; /* not followed; no files */
} show;
int show_all(show *it);

/* A 95 % interval for the ratio of two rates: NEW of new_logs to OLD of old_logs. */
typedef struct interval {
    double low, high; /* high < 0: without bound */
} interval;
interval rate_ratio(uint64_t old, uint64_t old_logs, uint64_t now, uint64_t now_logs);

#endif

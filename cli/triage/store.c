/* store.c - what was found, in SQLite: a killed run goes on where it was, processes may share it.
 *
 * A log and its problems are written in one transaction, so that a log which is there is whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store.h"

#define MOST_PENDING 256
#define MOST_TRIES 500

struct store {
    sqlite3 *db;
    sqlite3_stmt *add_log, *find_log, *add_source, *add_problem, *add_seen, *learn;
    char *tool, *options;
    const char *path; /* NULL: it has none */
    int64_t learnt;   /* the newest log whose hash was handed on */
    int pending;      /* results of the open transaction */
    bool failed, shared;
};

static const char *const outcomes[] = { "read", "limited", "not-text", "no-kernel" };

static bool fail(store *s)
{
    if (!s->failed)
        complain(s->path ? s->path : "database", sql.errmsg(s->db));
    s->failed = true;
    return false;
}

bool store_failed(store *s)
{
    return s->failed;
}

bool store_run(store *s, const char *statement)
{
    return !s->failed && (sql.exec(s->db, statement, NULL, NULL, NULL) == SQLITE_OK || fail(s));
}

bool store_prepare(store *s, sqlite3_stmt **out, const char *statement)
{
    return sql.prepare_v2(s->db, statement, -1, out, NULL) == SQLITE_OK || fail(s);
}

bool store_row(store *s, sqlite3_stmt *it)
{
    int result = sql.step(it);
    return result == SQLITE_ROW || (result != SQLITE_DONE && fail(s));
}

/* Of two processes that make the file at once one is refused without waiting. */
static bool set_wal(store *s)
{
    static const char pragma[] = "PRAGMA journal_mode = WAL";
    struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
    int result = sql.exec(s->db, pragma, NULL, NULL, NULL);
    for (int i = 0; i < MOST_TRIES && (result & 0xff) == SQLITE_BUSY; i++) {
        nanosleep(&pause, NULL);
        result = sql.exec(s->db, pragma, NULL, NULL, NULL);
    }
    return result == SQLITE_OK || fail(s);
}

store *store_open(const char *path, bool read_only)
{
    static const char *const schema[] = {
#define KD_SQL(statement) statement,
#include "schema.def"
#undef KD_SQL
    };
    store *s = zeroed_noted(1, sizeof *s);
    int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (!s) {
        complain(path, "out of memory");
        return NULL;
    }
    s->shared = path != NULL;
    s->path = path;
    bool good = sql.open_v2(path ? path : ":memory:", &s->db, flags, NULL) == SQLITE_OK || fail(s);
    /* the text of statements and of columns may be hostile: no schema of a file that was handed to
     * us may run code of its own */
    if (good)
        sql.db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    good = good && sql.busy_timeout(s->db, 60000) == SQLITE_OK &&
           store_run(s, "PRAGMA temp_store = MEMORY");
    if (good && !read_only)
        good = set_wal(s) && store_run(s, "PRAGMA synchronous = NORMAL") &&
               store_run(s, "BEGIN IMMEDIATE");
    for (size_t i = 0; good && !read_only && i < sizeof schema / sizeof *schema; i++)
        good = store_run(s, schema[i]);
    good = good && (read_only || store_run(s, "COMMIT"));
    if (good)
        return s;
    store_close(s);
    return NULL;
}

kd_str column_str(sqlite3_stmt *row, int column)
{
    const char *words = (const char *)sql.column_text(row, column);
    return (kd_str){ words ? words : "", words ? (size_t)sql.column_bytes(row, column) : 0 };
}

bool store_by(store *s, const char *tool, const char *options)
{
    if (s->tool && s->options && !strcmp(s->tool, tool) && !strcmp(s->options, options))
        return true;
    free(s->tool);
    free(s->options);
    s->tool = copy_str((kd_str){ tool, strlen(tool) });
    s->options = copy_str((kd_str){ options, strlen(options) });
    return s->tool && s->options;
}

bool store_begin(store *s, const char *tool, const char *options)
{
    return store_by(s, tool, options) &&
           store_run(s, "CREATE TEMP TABLE seen (name TEXT PRIMARY KEY) WITHOUT ROWID") &&
           store_prepare(s, &s->add_log,
                         "INSERT OR IGNORE INTO logs (hash, tool, options, outcome, bytes, lines, "
                         "machine, arch, kernel) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)") &&
           store_prepare(s, &s->find_log,
                         "SELECT id FROM logs WHERE hash = ?1 AND tool = ?2 AND options = ?3") &&
           store_prepare(
               s, &s->add_source,
               "INSERT INTO sources (name, log, error, archive) VALUES (?1, ?2, ?3, substr(?1, 1, "
               "?4)) ON CONFLICT (name) DO UPDATE SET log = excluded.log, error = "
               "excluded.error, archive = excluded.archive") &&
           store_prepare(s, &s->add_seen, "INSERT OR IGNORE INTO temp.seen VALUES (?1)") &&
           store_prepare(
               s, &s->learn,
               "SELECT id, hash FROM logs WHERE id > ?1 AND tool = ?2 AND options = ?3 ORDER "
               "BY id") &&
           store_prepare(
               s, &s->add_problem,
               "INSERT INTO problems VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
               "?12, ?13, ?14, ?15, ?16)");
}

void store_close(store *s)
{
    if (!s)
        return;
    sqlite3_stmt *all[] = { s->add_log,     s->find_log, s->add_source,
                            s->add_problem, s->add_seen, s->learn };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sql.finalize(all[i]);
    sql.close_v2(s->db);
    free(s->tool);
    free(s->options);
    free(s);
}

/* ---- one result ------------------------------------------------------------------------------ */

/* An empty text is no value. */
static void bind(sqlite3_stmt *to, int at, const char *words)
{
    if (words && *words)
        sql.bind_text(to, at, words, -1, SQLITE_STATIC);
    else
        sql.bind_null(to, at);
}

static bool run(store *s, sqlite3_stmt *it)
{
    int result = sql.step(it);
    sql.reset(it);
    return result == SQLITE_DONE || fail(s);
}

static void bind_key(const store *s, sqlite3_stmt *to, const hash *key)
{
    sql.bind_blob(to, 1, key->bytes, HASH_BYTES, SQLITE_STATIC);
    bind(to, 2, s->tool);
    sql.bind_text(to, 3, s->options, -1, SQLITE_STATIC);
}

/* 0: it is not there. */
static int64_t find_log(store *s, const hash *key)
{
    bind_key(s, s->find_log, key);
    int64_t id = sql.step(s->find_log) == SQLITE_ROW ? sql.column_int64(s->find_log, 0) : 0;
    sql.reset(s->find_log);
    return id;
}

static bool put_problem(store *s, int64_t log, size_t number, const finding *f)
{
    sqlite3_stmt *to = s->add_problem;
    sql.bind_int64(to, 1, log);
    sql.bind_int64(to, 2, (int64_t)number);
    const char *const words[] = { f->signature, f->title,  f->rule,          f->confidence,
                                  f->severity,  f->impact, f->suspect_class, f->suspect,
                                  f->arch,      f->kernel, f->wall_time };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        bind(to, (int)i + 3, words[i]);
    sql.bind_text(to, 3, f->signature, -1, SQLITE_STATIC);
    sql.bind_int64(to, 14, (int64_t)f->count);
    sql.bind_int64(to, 15, (int64_t)f->first_line);
    sql.bind_int64(to, 16, (int64_t)f->last_line);
    return run(s, to);
}

static int64_t put_log(store *s, const looked *r)
{
    int64_t id = find_log(s, &r->hash);
    if (id || r->known)
        return id;
    sqlite3_stmt *to = s->add_log;
    bind_key(s, to, &r->hash);
    bind(to, 4, outcomes[r->outcome]);
    sql.bind_int64(to, 5, (int64_t)r->bytes);
    sql.bind_int64(to, 6, (int64_t)r->lines);
    bind(to, 7, r->machine);
    bind(to, 8, r->arch);
    bind(to, 9, r->kernel);
    if (!run(s, to))
        return 0;
    id = sql.last_insert_rowid(s->db);
    for (size_t i = 0; i < r->count; i++)
        if (!put_problem(s, id, i + 1, &r->items[i]))
            return 0;
    return id;
}

/* SQLite counts characters, not bytes. */
static size_t characters(const char *at, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)at[i] & 0xc0) != 0x80;
    return count;
}

bool store_put(store *s, const looked *r)
{
    if (s->failed)
        return false;
    if (s->pending == 0 && !store_run(s, "BEGIN IMMEDIATE"))
        return false;
    int64_t log = r->error ? 0 : put_log(s, r);
    if (s->failed)
        return false;
    bind(s->add_source, 1, r->name);
    if (log)
        sql.bind_int64(s->add_source, 2, log);
    else
        sql.bind_null(s->add_source, 2);
    bind(s->add_source, 3, r->error);
    if (r->archive_len)
        sql.bind_int64(s->add_source, 4, (int64_t)characters(r->name, r->archive_len));
    else
        sql.bind_null(s->add_source, 4);
    bind(s->add_seen, 1, r->name);
    if (!run(s, s->add_source) || !run(s, s->add_seen))
        return false;
    return ++s->pending < MOST_PENDING || store_commit(s);
}

bool store_commit(store *s)
{
    if (s->pending == 0)
        return !s->failed;
    s->pending = 0;
    return store_run(s, "COMMIT");
}

bool store_learn(store *s, pool *p)
{
    sql.bind_int64(s->learn, 1, s->learnt);
    bind(s->learn, 2, s->tool);
    sql.bind_text(s->learn, 3, s->options, -1, SQLITE_STATIC);
    while (store_row(s, s->learn)) {
        hash key;
        s->learnt = sql.column_int64(s->learn, 0);
        if (sql.column_bytes(s->learn, 1) != HASH_BYTES)
            continue;
        memcpy(key.bytes, sql.column_blob(s->learn, 1), HASH_BYTES);
        pool_know(p, &key);
    }
    sql.reset(s->learn);
    return !s->failed;
}

/* ---- which logs are meant -------------------------------------------------------------------- */

static bool make_picked(store *s)
{
    return store_run(s,
                     "CREATE TEMP TABLE IF NOT EXISTS picked (side INTEGER, name TEXT, error TEXT, "
                     "log INTEGER, hash BLOB, outcome TEXT, machine TEXT, bytes INTEGER, archive "
                     "TEXT)") &&
           store_run(s,
                     "CREATE TEMP TABLE IF NOT EXISTS found (side INTEGER, log INTEGER, number "
                     "INTEGER, signature TEXT, title TEXT, rule TEXT, confidence TEXT, severity "
                     "TEXT, impact TEXT, suspect_class TEXT, suspect TEXT, arch TEXT, kernel "
                     "TEXT, wall_time TEXT, first_line INTEGER, last_line INTEGER, machine TEXT, "
                     "name TEXT, known TEXT)");
}

static bool run_picking(store *s, const char *statement, int side, const char *kernel)
{
    sqlite3_stmt *it = NULL;
    if (!store_prepare(s, &it, statement))
        return false;
    sql.bind_int64(it, 1, side);
    bind(it, 2, kernel);
    bool good = run(s, it);
    sql.finalize(it);
    return good;
}

bool store_pick(store *s, const char *schema, int side, bool all, const char *kernel)
{
    char statement[1536];
    if (!make_picked(s))
        return false;
    /* "6.1" means 6.1.0-50-amd64 too, and not 6.12 */
    snprintf(statement, sizeof statement,
             "INSERT INTO temp.picked SELECT ?1, name, error, log, hash, outcome, machine, bytes, "
             "archive "
             "FROM %s.sources LEFT JOIN %s.logs ON logs.id = log WHERE (?2 IS NULL OR kernel = ?2 "
             "OR substr(kernel, 1, length(?2) + 1) IN (?2 || '-', ?2 || '.')) %s",
             schema, schema, all ? "" : "AND name IN (SELECT name FROM temp.seen)");
    if (!run_picking(s, statement, side, kernel))
        return false;
    /* a copy of a log is not counted again; its first name stands for it */
    snprintf(statement, sizeof statement,
             "INSERT INTO temp.found SELECT ?1, p.log, number, signature, title, rule, confidence, "
             "severity, impact, suspect_class, suspect, arch, kernel, wall_time, first_line, "
             "last_line, machine, p.name, NULL FROM (SELECT log, min(name) AS name, machine FROM "
             "temp.picked WHERE side = ?1 AND log IS NOT NULL AND ?2 IS ?2 GROUP BY log) AS p JOIN "
             "%s.problems ON problems.log = p.log",
             schema);
    return run_picking(s, statement, side, kernel) &&
           store_run(s, "CREATE INDEX IF NOT EXISTS temp.found_by ON found (signature, side)");
}

bool store_forget_seen(store *s)
{
    return store_run(s, "DELETE FROM temp.seen");
}

bool store_attach(store *s, const char *path, const char *schema)
{
    char statement[64];
    sqlite3_stmt *it = NULL;
    if (!store_prepare(s, &it, "ATTACH ?1 AS ?2"))
        return false;
    bind(it, 1, path);
    bind(it, 2, schema);
    bool good = run(s, it);
    sql.finalize(it);
    snprintf(statement, sizeof statement, "SELECT count(*) FROM %s.sources", schema);
    return good && store_run(s, statement); /* its files are opened now, before the sandbox */
}

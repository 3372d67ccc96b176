/* triage.c - oopsdoc triage: many logs in, groups of problems out. */
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../options.h"
#include "../packs.h"
#include "store.h"

static const char help[] =
    "usage: oopsdoc triage [OPTIONS] PATH...\n"
    "       oopsdoc triage --db FILE [OPTIONS]\n"
    "       oopsdoc triage --compare OLD NEW [OPTIONS] [PATH...]\n"
    "Looks at all logs in files, folders and archives, and groups their problems.\n"
    "\n"
    "  -f, --format F    text (default), json, html, or ndjson: a line a log\n"
    "      --db FILE     keep what was found; a second run looks only at what is new.\n"
    "                    Without a PATH: the groups of all that is kept\n"
    "      --compare     OLD and NEW are paths, databases, or, of the PATHs or the\n"
    "                    --db, kernel releases (6.1: 6.1.0-50-amd64 too)\n"
    "      --baseline F  known problems (oopsdoc baseline) do not count: exit with 1 when\n"
    "                    there is another, with 2 when a log tells nothing\n"
    "      --pack F      messages that this file (or folder) describes\n"
    "  -j, --jobs N      threads (one a CPU)\n"
    "      --no-repair   take lines as they are: no unquoting\n" FACT_HELP
    "      --no-sandbox  keep the rights to other files and system calls\n"
    "\n"
    "^C ends it with what is done. Exit status: 0, 2 a wrong call, something unreadable\n"
    "or a failed write, 3 it was stopped, or a limit cut a log short.\n"
    "\n"
    "examples:\n"
    "  oopsdoc triage /var/crash\n"
    "  oopsdoc triage --db fleet.db -f json logs/ sosreport.tar.xz\n"
    "  oopsdoc triage --db fleet.db --compare 6.1 6.12\n";

enum { OPT_DB = 256, OPT_COMPARE, OPT_BASELINE, OPT_PACK, OPT_NO_REPAIR, OPT_NO_SANDBOX, OPT_HELP };

static const struct option options[] = {
    { "format", required_argument, NULL, 'f' },
    { "db", required_argument, NULL, OPT_DB },
    { "compare", no_argument, NULL, OPT_COMPARE },
    { "baseline", required_argument, NULL, OPT_BASELINE },
    { "pack", required_argument, NULL, OPT_PACK },
    { "jobs", required_argument, NULL, 'j' },
    { "no-repair", no_argument, NULL, OPT_NO_REPAIR },
    { "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
    { "help", no_argument, NULL, OPT_HELP },
    FACT_OPTIONS,
    { NULL, 0, NULL, 0 },
};

typedef struct triage {
    pool_options with;
    pool *pool;
    store *store;
    walk walk;
    show show;
    const char *db;
    baseline *known;
    pack_list packs;
    uint64_t unknown,
        doubtful; /* problems that the baseline does not know; logs that tell nothing */
    bool no_sandbox, bad;
    int jobs;
    uint64_t done, bytes; /* sources */
    uint64_t total;       /* 0: not counted */
    bool progress;
    struct timespec started, told, learnt;
} triage;

/* ---- while it runs --------------------------------------------------------------------------- */

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

static void tell_progress(triage *t, bool last)
{
    if (!t->progress || (!last && seconds_since(&t->told) < 0.2))
        return;
    clock_gettime(CLOCK_MONOTONIC, &t->told);
    double seconds = seconds_since(&t->started), mb = (double)t->bytes / 1e6;
    uint64_t total = t->walk.files > t->total ? t->walk.files : t->total;
    char bar[31];
    size_t full = total ? (size_t)(30 * t->done / total) : 30;
    memset(bar, '.', 30);
    memset(bar, '=', full < 30 ? full : 30);
    bar[30] = 0;
    fprintf(stderr, "\r[%s] %llu of %llu logs, %.0f MB/s \x1b[K%s", bar,
            (unsigned long long)t->done, (unsigned long long)total, seconds > 0 ? mb / seconds : 0,
            last ? "\r\x1b[K" : "");
}

static void tell_error(triage *t, const char *name, const char *error)
{
    t->bad = true;
    if (t->progress)
        fputs("\r\x1b[K", stderr);
    complain(name, error);
}

static void take_result(void *user, looked *r)
{
    triage *t = user;
    if (r->is_archive && !r->error) {
        r->next =
            t->walk.archives; /* opened when the folder is done: this may be a thread's wait */
        t->walk.archives = r;
        return;
    }
    t->done++;
    t->bytes += r->bytes;
    if (r->error)
        tell_error(t, r->name, r->error);
    store_put(t->store, r);
    result_free(r);
    if (seconds_since(&t->learnt) > 1) { /* what others found meanwhile need not be looked at */
        clock_gettime(CLOCK_MONOTONIC, &t->learnt);
        store_commit(t->store);
        store_learn(t->store, t->pool);
    }
    tell_progress(t, false);
    if (is_stopped() || store_failed(t->store))
        pool_stop(t->pool);
}

static void take_failure(void *user, const char *name, const char *error)
{
    triage *t = user;
    looked r = { .name = (char *)(uintptr_t)name, .error = error };
    tell_error(t, name, error);
    store_put(t->store, &r);
}

static void look_at_path(triage *t, const char *path)
{
    walk_path(&t->walk, path);
    pool_wait(t->pool);
    while (t->walk.archives && !is_stopped() && !store_failed(t->store)) {
        looked *r = t->walk.archives;
        t->walk.archives = r->next;
        walk_archive(&t->walk, r);
        pool_wait(t->pool);
    }
    while (t->walk.archives) {
        looked *r = t->walk.archives;
        t->walk.archives = r->next;
        result_free(r);
    }
}

/* ---- what is compared ------------------------------------------------------------------------ */

typedef enum side_kind { SIDE_PATH, SIDE_DATABASE, SIDE_KERNEL } side_kind;

static side_kind kind_of(const char *word)
{
    char head[16] = "";
    int fd = open(word, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return kd_kernel_parse((kd_str){ word, strlen(word) }) ? SIDE_KERNEL : SIDE_PATH;
    ssize_t n = read(fd, head, sizeof head);
    close(fd);
    return n == 16 && memcmp(head, "SQLite format 3", 16) == 0 ? SIDE_DATABASE : SIDE_PATH;
}

typedef struct call {
    int count; /* paths */
    char **paths;
    side_kind kinds[2]; /* of OLD and NEW, the first two paths */
} call;

static bool attach_sides(triage *t, const call *c)
{
    static const char *const schemas[] = { "old", "new" };
    for (int i = 0; t->show.compare && i < 2; i++)
        if (c->kinds[i] == SIDE_DATABASE && !store_attach(t->store, c->paths[i], schemas[i]))
            return false;
    return true;
}

static bool pick_side(triage *t, const call *c, int side)
{
    static const char *const schemas[] = { "old", "new" };
    switch (c->kinds[side]) {
    case SIDE_DATABASE: return store_pick(t->store, schemas[side], side, true, NULL);
    case SIDE_KERNEL: return store_pick(t->store, "main", side, c->count == 2, c->paths[side]);
    default:
        store_forget_seen(t->store);
        look_at_path(t, c->paths[side]);
        return store_commit(t->store) && store_pick(t->store, "main", side, false, NULL);
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

/* By its hash; empty: not at all. */
static void name_text(text *words, const char *name, kd_str bytes)
{
    hash made = hash_of(bytes);
    if (bytes.len > 0)
        text_print(words, " %s=", name);
    for (int i = 0; i < 8 && bytes.len > 0; i++)
        text_print(words, "%02x", made.bytes[i]);
}

/* Other options give another result for the same bytes. */
static void name_options(const triage *t, text *words)
{
    const kd_options *o = &t->with.options;
    text_add(words, o->flags & KD_NO_REPAIR ? "no-repair" : "");
    if (o->kernel_release)
        text_print(words, " kernel=%s", o->kernel_release);
    if (o->arch)
        text_print(words, " arch=%s", o->arch);
    if (o->page_size)
        text_print(words, " page_size=%u", o->page_size);
    if (t->packs.count > 0)
        text_print(words, " packs=%016llx", (unsigned long long)packs_hash());
    name_text(words, "kconfig", o->kconfig);
    name_text(words, "cmdline", o->command_line);
}

static bool open_store(triage *t)
{
    text tool = { 0 }, words = { 0 };
    tool_name(t->with.engine, &tool);
    name_options(t, &words);
    t->store = store_open(t->db, false);
    bool good = t->store && !words.failed && tool.at &&
                store_begin(t->store, tool.at, words.at ? words.at : "");
    text_free(&tool);
    text_free(&words);
    return good;
}

static char *folder_of(const char *file)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    if (!file || !slash)
        return copy_str((kd_str){ ".", 1 });
    return copy_str((kd_str){ file, slash == file ? 1 : (size_t)(slash - file) });
}

static bool start_pool(triage *t, const call *c)
{
    char *folder = folder_of(t->db);
    t->with.threads = t->jobs ? t->jobs : (int)sysconf(_SC_NPROCESSORS_ONLN);
    t->with.threads = t->with.threads < 1 ? 1 : t->with.threads > 256 ? 256 : t->with.threads;
    t->with.sandbox = !t->no_sandbox;
    if (!t->no_sandbox)
        confine_files(c->count, c->paths, t->db ? folder : NULL);
    free(folder);
    t->with.done = take_result;
    t->with.user = t;
    t->pool = pool_new(&t->with);
    t->walk = (walk){ .pool = t->pool, .failed = take_failure, .user = t };
    if (t->pool && !t->no_sandbox)
        confine_calls(true);
    return t->pool != NULL || complain(NULL, "no threads") == 0;
}

static void count_files(triage *t, const call *c)
{
    walk counted = { .counting = true };
    for (int i = 0; t->progress && i < c->count; i++)
        walk_path(&counted, c->paths[i]);
    t->total = counted.files;
}

static bool run_all(triage *t, const call *c)
{
    clock_gettime(CLOCK_MONOTONIC, &t->started);
    t->learnt = t->told = t->started;
    count_files(t, c);
    if (!store_learn(t->store, t->pool))
        return false;
    for (int i = t->show.compare ? 2 : 0; i < c->count && !is_stopped(); i++)
        look_at_path(t, c->paths[i]);
    if (!store_commit(t->store))
        return false;
    bool good = t->show.compare ? pick_side(t, c, 0) && pick_side(t, c, 1)
                                : store_pick(t->store, "main", 1, c->count == 0, NULL);
    if (good && t->known)
        good = store_mark_known(t->store, t->known, &t->unknown) &&
               store_count_doubtful(t->store, &t->doubtful);
    tell_progress(t, true);
    t->show.links = t->walk.links;
    t->show.others = t->walk.others;
    t->show.stopped = is_stopped();
    t->show.store = t->store;
    return good;
}

/* What the baseline makes of it. */
static int judge(triage *t)
{
    char words[96];
    uint64_t none = t->show.now.sources == 0;
    baseline_report(t->known, true);
    if (t->doubtful + none == 0)
        return t->unknown > 0 ? EXIT_FOUND : 0;
    if (none)
        return complain(NULL, "there is no log at all");
    snprintf(words, sizeof words, "%llu logs hold no line of a kernel: they tell nothing",
             (unsigned long long)t->doubtful);
    return complain(NULL, words);
}

static int triage_all(triage *t, const call *c)
{
    int result = EXIT_TROUBLE;
    kd_status made = kd_engine_new(&t->with.engine, NULL);
    if (made != KD_OK)
        return complain(NULL, kd_status_name(made));
    if (add_pack_list(t->with.engine, &t->packs) != 0) {
        kd_engine_free(t->with.engine);
        return EXIT_TROUBLE;
    }
    setlocale(LC_CTYPE, "C.UTF-8"); /* names in archives */
    stop_on_signals();
    if (open_libraries() && open_store(t) && attach_sides(t, c) && start_pool(t, c) &&
        run_all(t, c))
        result = show_all(&t->show);
    pool_free(t->pool);
    store_close(t->store);
    kd_engine_free(t->with.engine);
    int judged = result == 0 && t->known ? judge(t) : 0;
    if (result != 0 || judged == EXIT_TROUBLE || t->bad ||
        (t->show.compare && t->show.old.unreadable > 0))
        return EXIT_TROUBLE;
    return t->show.stopped || t->show.now.limited > 0 || t->show.old.limited > 0 ? EXIT_LIMIT
                                                                                 : judged;
}

static unsigned columns(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 120;
    return size.ws_col < 40 ? 40 : size.ws_col;
}

static int set_option(triage *t, int option, const char *value)
{
    static const char *const formats[] = { "text", "json", "ndjson", "html" };
    int fact = set_fact(&t->with.options, option, value), choice = 0;
    char *end;
    switch (fact >= 0 ? 0 : option) {
    case 0: return fact;
    case 'f':
        if (!parse_choice(value, formats, 4, &choice))
            return complain(value, "--format takes text, json, ndjson or html");
        t->show.format = (show_format)choice;
        return 0;
    case 'j':
        t->jobs = (int)strtol(value, &end, 10);
        return *end || t->jobs < 1 || t->jobs > 256 ? complain(value, "--jobs takes 1 to 256") : 0;
    case OPT_DB: t->db = value; return 0;
    case OPT_BASELINE: t->known = baseline_read(value, NULL); return t->known ? 0 : EXIT_TROUBLE;
    case OPT_PACK: return note_pack(&t->packs, value);
    case OPT_COMPARE: t->show.compare = true; return 0;
    case OPT_NO_REPAIR: t->with.options.flags |= KD_NO_REPAIR; return 0;
    case OPT_NO_SANDBOX: t->no_sandbox = true; return 0;
    default: return complain(NULL, "wrong option; try oopsdoc triage --help");
    }
}

static int check_call(const triage *t, call *c)
{
    if (t->show.compare && c->count < 2)
        return complain(NULL, "--compare takes OLD and NEW");
    if (t->show.compare && t->show.format == SHOW_NDJSON)
        return complain(NULL, "--compare has no lines of single logs: text or json");
    if (c->count == 0 && !t->db)
        return complain(NULL, "triage takes paths, or --db FILE");
    for (int i = 0; i < c->count; i++)
        if (!c->paths[i][0])
            return complain(NULL, "a path is empty");
    for (int i = 0; t->show.compare && i < 2; i++) {
        c->kinds[i] = kind_of(c->paths[i]);
        if (c->kinds[i] == SIDE_KERNEL && c->count == 2 && !t->db)
            return complain(c->paths[i], "of which logs? A PATH or --db is missing");
    }
    return 0;
}

int cmd_triage(int argc, char **argv)
{
    triage t = { .with.options = tool_options(), .show.columns = columns() };
    int option, result = 0;
    opterr = 0;
    while (result == 0 && (option = getopt_long(argc, argv, "f:j:", options, NULL)) != -1) {
        if (option == OPT_HELP)
            return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
        result = set_option(&t, option, optarg);
    }
    call c = { .count = argc - optind, .paths = argv + optind };
    t.progress = isatty(STDERR_FILENO);
    if (result == 0)
        result = check_call(&t, &c);
    if (result == 0)
        result = triage_all(&t, &c);
    baseline_free(t.known);
    free_facts(&t.with.options);
    return result;
}

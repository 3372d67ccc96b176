/* pool.c - threads that look at logs, all on one engine.
 *
 * Who adds jobs also takes what is done: pool_add() and pool_wait() call done(). So that little is
 * held, adding waits while many bytes are queued, and looking while many results are.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unpack.h"
#include "triage.h"

#define MOST_QUEUED ((size_t)24 << 20) /* bytes */
#define MOST_JOBS 512u
#define MOST_HELD ((size_t)8 << 20) /* of a file: a larger one is read twice */
#define PORTION ((size_t)128 << 10)

struct pool {
    pool_options options;
    pthread_mutex_t lock;
    pthread_cond_t work, news; /* for the threads; for who adds */
    struct queued {
        job job;
        struct queued *next;
    } * first, **last;
    size_t jobs, bytes; /* queued */
    size_t busy;        /* queued, being looked at, or not handed out yet */
    looked *results, **results_last;
    size_t result_count;
    bool closing;
    hash_set known;
    pthread_t *threads;
    int count;
};

/* ---- one log --------------------------------------------------------------------------------- */

typedef struct looking {
    kd_session *session;
    looked *r;
    char head[4096]; /* of its text */
    size_t head_len;
    bool judged, host_sought;
} looking;

/* Control bytes that no log has make it something else. */
static bool is_text(kd_str bytes)
{
    size_t odd = 0, len = bytes.len < 4096 ? bytes.len : 4096;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        odd += c == 0 || (c < 32 && !strchr("\t\n\r\b\f\x1b", c));
    }
    return odd * 10 <= len;
}

static bool is_archive(kd_str bytes)
{
    return (bytes.len > 262 && memcmp(bytes.ptr + 257, "ustar", 5) == 0) ||
           (bytes.len > 4 && memcmp(bytes.ptr, "PK\3\4", 4) == 0) ||
           (bytes.len > 10 && memcmp(bytes.ptr, "BZh", 3) == 0 &&
            memcmp(bytes.ptr + 4, "1AY&SY", 6) == 0) ||
           (bytes.len > 4 && memcmp(bytes.ptr, "\x04\x22\x4d\x18", 4) == 0);
}

/* By its head: a log, or something else? */
static void judge(looking *l)
{
    kd_str head = { l->head, l->head_len };
    l->judged = true;
    l->r->is_archive = is_archive(head);
    if (!l->r->is_archive && !is_text(head))
        l->r->outcome = OUTCOME_NOT_TEXT;
}

static kd_status feed(void *user, kd_str bytes)
{
    looking *l = user;
    if (!l->judged) {
        size_t room = sizeof l->head - l->head_len, take = bytes.len < room ? bytes.len : room;
        memcpy(l->head + l->head_len, bytes.ptr, take);
        l->head_len += take;
        if (take == room)
            judge(l);
    }
    if (!l->host_sought && bytes.len > MAGIC_MOST) { /* the first few come alone */
        l->host_sought = true;
        copy_clean(l->r->machine, sizeof l->r->machine,
                   find_host((kd_str){ bytes.ptr, bytes.len < 65536 ? bytes.len : 65536 }));
    }
    if (l->r->is_archive || l->r->outcome == OUTCOME_NOT_TEXT)
        return KD_E_SINK; /* no more of it */
    return kd_session_feed(l->session, bytes);
}

static void packed(void *user, const char *how)
{
    looking *l = user;
    kd_session_packed(l->session, (kd_str){ how, strlen(how) });
}

/* pour() gives all of its text to the taker. */
typedef const char *(*pour_fn)(void *from, const taker *to);

static void look_into(const pool *p, looked *r, pour_fn pour, void *from, const kd_options *told)
{
    looking l = { .r = r };
    kd_options options = told ? *told : p->options.options;
    kd_report *report = NULL;
    kd_status status = kd_session_new(&l.session, p->options.engine, &options);
    if (status != KD_OK) {
        r->error = kd_status_name(status);
        return;
    }
    const taker to = { feed, NULL, packed, 0, &l };
    r->error = pour(from, &to);
    if (!l.judged)
        judge(&l);
    if (!r->error && !r->is_archive && r->outcome != OUTCOME_NOT_TEXT) {
        status = kd_session_report(l.session, &report);
        if (status == KD_E_LIMIT)
            r->outcome = OUTCOME_LIMITED;
        if (!report || !summarize(report, r))
            r->error = "out of memory";
    }
    kd_report_free(report);
    kd_session_free(l.session);
}

typedef struct from_memory {
    kd_str bytes;
    looked *r;
} from_memory;

static const char *pour_memory(void *user, const taker *to)
{
    from_memory *from = user;
    unpack u = { .feed = to->feed, .packed = to->packed, .user = to->user };
    kd_status status = unpack_feed(&u, from->bytes);
    if (status == KD_OK)
        status = unpack_end(&u);
    if (u.limited)
        from->r->outcome = OUTCOME_LIMITED;
    const char *why = status == KD_OK || status == KD_E_SINK ? NULL : kd_status_name(status);
    if (u.refused)
        why = "packed in a way that this build cannot unpack";
    unpack_free(&u);
    return why;
}

typedef struct from_file {
    const char *path;
    looked *r;
} from_file;

static const char *pour_path(void *user, const taker *to)
{
    from_file *from = user;
    bool limited = false;
    const char *why = pour_file(from->path, to, &limited);
    if (limited)
        from->r->outcome = OUTCOME_LIMITED;
    return why;
}

static bool is_known(pool *p, const hash *key)
{
    pthread_mutex_lock(&p->lock);
    bool known = hash_set_has(&p->known, key);
    pthread_mutex_unlock(&p->lock);
    return known;
}

/* What the log itself tells goes before what others tell: those are asked where it is silent. */
static void look_told(const pool *p, looked *r, pour_fn pour, void *from, const facts *told)
{
    kd_options options = p->options.options;
    look_into(p, r, pour, from, NULL);
    if (!r->error && r->count > 0 && facts_add(told, r->kernel, r->arch, &options)) {
        free(r->items);
        r->items = NULL;
        r->count = 0;
        look_into(p, r, pour, from, &options);
    }
    if (r->machine[0] == 0)
        copy_clean(r->machine, sizeof r->machine,
                   (kd_str){ facts_host(told), strlen(facts_host(told)) });
}

static void look_at_memory(pool *p, looked *r, kd_str bytes, const facts *told)
{
    r->hash = hash_of(bytes);
    r->bytes = bytes.len;
    facts_key(told, &r->hash);
    r->known = is_known(p, &r->hash);
    from_memory from = { bytes, r };
    if (!r->known)
        look_told(p, r, pour_memory, &from, told);
}

/* The whole file as it is: its hash first, then, if that is new, its text. */
static void look_at_large(pool *p, looked *r, int fd, const job *j, char *buffer, size_t len)
{
    struct sha256_ctx state;
    ssize_t n;
    sha.sha256_init(&state);
    sha.sha256_update(&state, len, (uint8_t *)buffer);
    r->bytes = len;
    while ((n = read(fd, buffer, PORTION)) > 0 || (n < 0 && errno == EINTR)) {
        sha.sha256_update(&state, n > 0 ? (size_t)n : 0, (uint8_t *)buffer);
        r->bytes += n > 0 ? (uint64_t)n : 0;
    }
    if (n < 0) {
        r->error = strerrordesc_np(errno);
        return;
    }
    sha.sha256_digest(&state, HASH_BYTES, r->hash.bytes);
    facts_key(j->told, &r->hash);
    r->known = is_known(p, &r->hash);
    from_file from = { j->path, r };
    if (!r->known)
        look_told(p, r, pour_path, &from, j->told);
}

/* What a thread keeps from log to log. */
typedef struct own {
    char *buffer;
    size_t room;
} own;

static void look_at_open(pool *p, looked *r, int fd, const job *j, own *mine)
{
    size_t len = 0;
    for (;;) {
        if (len == mine->room) {
            size_t room = mine->room ? mine->room * 2 : 2 * PORTION;
            char *wider = room <= MOST_HELD ? resize_noted(mine->buffer, room) : NULL;
            if (!wider) {
                look_at_large(p, r, fd, j, mine->buffer, len);
                return;
            }
            mine->buffer = wider;
            mine->room = room;
        }
        ssize_t n = read(fd, mine->buffer + len, mine->room - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            r->error = strerrordesc_np(errno);
        if (n < 0)
            return;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    look_at_memory(p, r, (kd_str){ mine->buffer, len }, j->told);
}

static void look_at_file(pool *p, looked *r, const job *j, own *mine)
{
    struct stat info;
    int fd = open(j->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &info) != 0)
        r->error = strerrordesc_np(errno);
    else if (!S_ISREG(info.st_mode))
        r->error = "not a regular file";
    else
        look_at_open(p, r, fd, j, mine);
    if (fd >= 0)
        close(fd);
}

void job_free(job *j)
{
    free(j->name);
    free(j->path);
    free(j->data);
    facts_drop(j->told);
}

static looked *look_at_job(pool *p, job *j, own *mine)
{
    looked *r = zeroed_noted(1, sizeof *r);
    if (r) {
        r->name = j->name;
        j->name = NULL;
        r->depth = j->depth;
        r->archive_len = j->archive_len;
        if (j->path)
            look_at_file(p, r, j, mine);
        else
            look_at_memory(p, r, (kd_str){ j->data, j->len }, j->told);
        if (r->is_archive && !j->path) {
            r->data = j->data;
            r->len = j->len;
            j->data = NULL;
        }
    }
    job_free(j);
    return r;
}

/* ---- the threads ----------------------------------------------------------------------------- */

/* NULL: there will be none any more. */
static struct queued *next_job(pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->closing && (!p->first || p->result_count > MOST_JOBS))
        pthread_cond_wait(&p->work, &p->lock);
    struct queued *q = p->closing ? NULL : p->first;
    if (q) {
        p->first = q->next;
        if (!p->first)
            p->last = &p->first;
        p->jobs--;
        p->bytes -= q->job.len;
        pthread_cond_signal(&p->news);
    }
    pthread_mutex_unlock(&p->lock);
    return q;
}

static void *run(void *user)
{
    pool *p = user;
    own mine = { NULL, 0 };
    struct queued *q;
    if (p->options.sandbox)
        confine_calls(false);
    while ((q = next_job(p))) {
        looked *r = look_at_job(p, &q->job, &mine);
        free(q);
        pthread_mutex_lock(&p->lock);
        if (r) {
            *p->results_last = r;
            p->results_last = &r->next;
            p->result_count++;
        } else {
            p->busy--;
        }
        pthread_cond_signal(&p->news);
        pthread_mutex_unlock(&p->lock);
    }
    free(mine.buffer);
    return NULL;
}

pool *pool_new(const pool_options *options)
{
    pool *p = zeroed_noted(1, sizeof *p);
    int count = options->threads;
    if (!p || !(p->threads = zeroed_noted((size_t)count, sizeof *p->threads))) {
        free(p);
        return NULL;
    }
    p->options = *options;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->news, NULL);
    p->last = &p->first;
    p->results_last = &p->results;
    while (p->count < count && pthread_create(&p->threads[p->count], NULL, run, p) == 0)
        p->count++;
    if (p->count > 0)
        return p;
    pool_free(p);
    return NULL;
}

/* Hands out what is done; the lock is held before and after, not during. */
static void hand_out(pool *p)
{
    looked *list = p->results;
    p->results = NULL;
    p->results_last = &p->results;
    p->busy -= p->result_count;
    p->result_count = 0;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    while (list) {
        looked *r = list;
        list = r->next;
        r->next = NULL;
        p->options.done(p->options.user, r);
    }
    pthread_mutex_lock(&p->lock);
}

bool pool_add(pool *p, job *j)
{
    struct queued *q = zeroed_noted(1, sizeof *q);
    pthread_mutex_lock(&p->lock);
    while (q && p->jobs > 0 && (p->jobs >= MOST_JOBS || p->bytes + j->len > MOST_QUEUED)) {
        if (p->results)
            hand_out(p);
        else
            pthread_cond_wait(&p->news, &p->lock);
    }
    if (q) {
        q->job = *j;
        *p->last = q;
        p->last = &q->next;
        p->jobs++;
        p->busy++;
        p->bytes += j->len;
        pthread_cond_signal(&p->work);
    }
    pthread_mutex_unlock(&p->lock);
    return q != NULL;
}

void pool_know(pool *p, const hash *key)
{
    pthread_mutex_lock(&p->lock);
    hash_set_add(&p->known, key);
    pthread_mutex_unlock(&p->lock);
}

void pool_wait(pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->busy > 0) {
        if (p->results)
            hand_out(p);
        else
            pthread_cond_wait(&p->news, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

void pool_stop(pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->first) {
        struct queued *q = p->first;
        p->first = q->next;
        job_free(&q->job);
        free(q);
        p->busy--;
    }
    p->last = &p->first;
    p->jobs = p->bytes = 0;
    pthread_mutex_unlock(&p->lock);
}

void pool_free(pool *p)
{
    if (!p)
        return;
    pool_stop(p);
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->count; i++)
        pthread_join(p->threads[i], NULL);
    while (p->results) {
        looked *r = p->results;
        p->results = r->next;
        result_free(r);
    }
    free(p->known.items);
    free(p->threads);
    free(p);
}

looked *pool_look(pool *p, const char *name, pour_fn pour, void *from)
{
    looked *r = zeroed_noted(1, sizeof *r);
    if (!r || !(r->name = copy_str((kd_str){ name, strlen(name) }))) {
        free(r);
        return NULL;
    }
    look_into(p, r, pour, from, NULL);
    return r;
}

void pool_done(pool *p, looked *r)
{
    p->options.done(p->options.user, r);
}

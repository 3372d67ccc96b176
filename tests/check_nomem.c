/* check_nomem.c [--pack PACK] LOG...: the N-th allocation fails, for every N, once and from then
 * on. Each call says so or gives the whole: never KD_OK with anything missing, a report never
 * beside an error, nothing leaks, sizes are told right, no crash. Also for sessions in portions
 * that go on after an error, for kd_decode(), and for taking in a pack and trying its examples. */
#include "load.h"

typedef struct budget {
    size_t left, live;
    bool for_ever, failed;
} budget;

/* The size stands before each block: what is said to be freed must be what was taken. */
typedef union head {
    size_t size;
    max_align_t align;
} head;

static void die(const char *what, const char *log, size_t n, bool for_ever)
{
    printf("%s: allocation %zu fails%s: %s\n", log, n, for_ever ? " and all after it" : "", what);
    exit(1);
}

static void *resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
    budget *b = user;
    head *old = ptr ? (head *)ptr - 1 : NULL;
    if ((old ? old->size : 0) != old_size) {
        printf("a block of %zu bytes is called one of %zu\n", old ? old->size : 0, old_size);
        exit(1);
    }
    if (new_size == 0) {
        b->live -= ptr != NULL;
        free(old);
        return NULL;
    }
    if (b->left == 0 && (b->for_ever || !b->failed)) {
        b->failed = true;
        return NULL;
    }
    b->left -= b->left > 0;
    head *fresh = realloc(old, sizeof *fresh + new_size);
    if (!fresh)
        exit(2);
    fresh->size = new_size;
    b->live += !ptr;
    return fresh + 1;
}

/* One way to use the library: writes what came out; KD_OK or KD_E_LIMIT only when all of it came.
 */
typedef kd_status way(kd_engine *engine, text log, text *out);

static kd_status whole(kd_engine *engine, text log, text *out)
{
    kd_report *report = NULL;
    kd_status status = kd_analyze(engine, (kd_str){ log.ptr, log.len }, NULL, &report);
    if ((status == KD_OK || status == KD_E_LIMIT) != (report != NULL)) {
        printf("status %s %s a report\n", kd_status_name(status), report ? "with" : "without");
        exit(1);
    }
    if (report) {
        /* writing takes no memory: it cannot fail now, whatever the allocator says */
        must(kd_report_write(report, KD_FORMAT_JSON, KD_PRETTY, text_put, out), "JSON");
        must(kd_report_write(report, KD_FORMAT_TEXT, 0, text_put, out), "text");
    }
    kd_report_free(report);
    return status;
}

static kd_status pull(kd_session *session, text *out)
{
    kd_item item;
    kd_status status;
    while ((status = kd_session_next(session, &item)) == KD_OK) {
        if (item.boot)
            must(kd_boot_write(item.boot, text_put, out), "boot");
        if (item.event)
            must(kd_event_write(item.event, text_put, out), "event");
        if (item.diag)
            must(kd_diag_write(item.diag, text_put, out), "diagnosis");
    }
    return status == KD_END ? KD_OK : status;
}

static kd_status worse(kd_status a, kd_status b)
{
    return a != KD_OK ? a : b;
}

static kd_status one_report(kd_session *session, text log, text *out)
{
    kd_report *report = NULL;
    kd_status worst = KD_OK;
    for (size_t at = 0; at < log.len; at += 1000) {
        size_t len = log.len - at < 1000 ? log.len - at : 1000;
        worst = worse(worst, kd_session_feed(session, (kd_str){ log.ptr + at, len }));
        worst = worse(worst, pull(session, out));
    }
    worst = worse(worst, kd_session_flush(session));
    worst = worse(worst, pull(session, out));
    worst = worse(worst, kd_session_report(session, &report));
    if (report)
        must(kd_report_write(report, KD_FORMAT_JSON, 0, text_put, out), "JSON");
    kd_report_free(report);
    return worst;
}

/* Twice in one session. After an error it goes on: that must be safe, though not whole. */
static kd_status in_portions(kd_engine *engine, text log, text *out)
{
    kd_session *session;
    kd_status worst = kd_session_new(&session, engine, NULL);
    if (worst != KD_OK)
        return worst;
    worst = worse(worst, one_report(session, log, out));
    worst = worse(worst, one_report(session, log, out));
    kd_session_free(session);
    return worst;
}

static kd_status decoders(kd_engine *engine, text log, text *out)
{
    static const char *const words[] = { "gfp", "esr", "x86-fault", "arm-fsr", "taint" };
    kd_status worst = KD_OK;
    (void)log;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        kd_status status = kd_decode(engine, words[i], 0x1003, false, NULL, text_put, out);
        worst = worse(worst, status);
    }
    return worst;
}

/* The log is a pack. */
static kd_status pack(kd_engine *engine, text log, text *out)
{
    char why[400];
    size_t tried = 0;
    kd_str json = { log.ptr, log.len };
    kd_status status = kd_engine_add_pack(engine, json, why, sizeof why);
    if (status != KD_OK) /* not taken: the engine is as it was, and takes it when there is memory */
        return worse(status, kd_engine_add_pack(engine, json, why, sizeof why));
    for (size_t i = kd_engine_rule_count(engine) - 20; i < kd_engine_rule_count(engine); i++)
        text_put(kd_engine_rule(engine, i)->id, strlen(kd_engine_rule(engine, i)->id), out);
    status = kd_engine_try_packs(engine, why, sizeof why, &tried);
    if (tried == 0)
        exit(1);
    return status;
}

static kd_status run(budget *b, way *use, text log, text *out)
{
    kd_allocator allocator = { resize, b };
    kd_engine *engine = NULL;
    kd_status status = kd_engine_new(&engine, &allocator);
    if (status == KD_OK)
        status = use(engine, log, out);
    kd_engine_free(engine);
    return status;
}

/* How many allocations the engine takes: they are the same for each log. */
static size_t of_engine(void)
{
    budget b = { SIZE_MAX, 0, false, false };
    kd_engine *engine;
    must(kd_engine_new(&engine, &(kd_allocator){ resize, &b }), "engine");
    kd_engine_free(engine);
    return SIZE_MAX - b.left;
}

static size_t fail_each(const char *name, way *use, text log, size_t from, bool for_ever)
{
    text all = { NULL, 0, 0 }, out = { NULL, 0, 0 };
    budget endless = { SIZE_MAX, 0, false, false };
    kd_status right = run(&endless, use, log, &all);
    size_t count = SIZE_MAX - endless.left;
    must(right, name);
    for (size_t n = from; n < count; n++) {
        budget b = { n, 0, for_ever, false };
        out.len = 0;
        kd_status status = run(&b, use, log, &out);
        bool same = out.len == all.len && memcmp(out.ptr, all.ptr, all.len) == 0;
        if (b.live != 0)
            die("blocks leak", name, n, for_ever);
        if (status == right ? !same : status != KD_E_NOMEM)
            die(kd_status_name(status), name, n, for_ever);
    }
    free(all.ptr);
    free(out.ptr);
    return count - from;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    size_t engine = of_engine(), failed = fail_each("decode", decoders, (text){ 0 }, 0, false);
    failed += fail_each("decode", decoders, (text){ 0 }, 0, true);
    int first = argc > 3 && !strcmp(argv[1], "--pack") ? 3 : 1;
    if (first > 1) {
        text json = load_file(argv[2]);
        failed += fail_each(argv[2], pack, json, engine, false);
        failed += fail_each(argv[2], pack, json, engine, true);
        free(json.ptr);
    }
    for (int i = first; i < argc; i++) {
        text log = load_file(argv[i]);
        failed += fail_each(argv[i], whole, log, engine, false);
        failed += fail_each(argv[i], whole, log, engine, true);
        failed += fail_each(argv[i], in_portions, log, engine, false);
        free(log.ptr);
    }
    printf("%zu allocations failed\n", failed);
    return 0;
}

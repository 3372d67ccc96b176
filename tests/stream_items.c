/* stream_items.c PORTION SEED LOG...: what a session hands out when it is fed in portions and
 * pulled at random; one item a line, each log after its name. PORTION 0: of random size. For
 * check_stream.py. */
#include "load.h"

static unsigned long long seed;

static unsigned draw(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

static int put(const char *data, size_t len, void *user)
{
    (void)user;
    return fwrite(data, 1, len, stdout) != len;
}

static void write_item(const kd_item *item)
{
    printf("{\"%s\":", item->boot    ? "boot"
                       : item->event ? "event"
                       : item->diag  ? "diagnosis"
                                     : "problem");
    if (item->boot)
        must(kd_boot_write(item->boot, put, NULL), "boot");
    if (item->event)
        must(kd_event_write(item->event, put, NULL), "event");
    if (item->diag)
        must(kd_diag_write(item->diag, put, NULL), "diagnosis");
    if (item->problem)
        must(kd_problem_write(item->problem, put, NULL), "problem");
    printf("}\n");
}

/* All there is, or as many as chance will have. */
static void pull(kd_session *session, bool all)
{
    kd_item item;
    kd_status status = KD_OK;
    while ((all || draw(8) > 0) && (status = kd_session_next(session, &item)) == KD_OK)
        write_item(&item);
    if (status != KD_OK && status != KD_END)
        must(status, "kd_session_next");
}

static void stream(kd_engine *engine, const char *path, size_t portion)
{
    kd_session *session;
    text log = load_file(path);
    printf("{\"log\":\"%s\"}\n", path);
    must(kd_session_new(&session, engine, NULL), "kd_session_new");
    for (size_t at = 0, size; at < log.len; at += size) {
        size = portion ? portion : 1 + draw(300);
        size = size < log.len - at ? size : log.len - at;
        must(kd_session_feed(session, (kd_str){ log.ptr + at, size }), "kd_session_feed");
        if (draw(portion == 1 ? 40 : 4) == 0)
            pull(session, draw(2));
    }
    must(kd_session_finish(session), "kd_session_finish");
    pull(session, true);
    kd_session_free(session);
    free(log.ptr);
}

int main(int argc, char **argv)
{
    kd_engine *engine;
    if (argc < 4)
        return 2;
    must(kd_engine_new(&engine, NULL), "kd_engine_new");
    seed = strtoull(argv[2], NULL, 10);
    for (int i = 3; i < argc; i++)
        stream(engine, argv[i], strtoull(argv[1], NULL, 10));
    kd_engine_free(engine);
    return 0;
}

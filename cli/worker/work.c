/* work.c - logs in, records out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"

#include "../options.h"

typedef struct worker {
    fleet *fleet;
    pool *pool;     /* of one thread, which may do nothing but look at what it is given */
    looked *result; /* its last */
    text tool;
} worker;

static void take_result(void *user, looked *r)
{
    worker *w = user;
    w->result = r;
}

/* NULL: no memory. */
static looked *look_at_log(worker *w, const char *name, kd_str bytes)
{
    job j = { .name = copy_str((kd_str){ name, strlen(name) }),
              .data = copy_str(bytes),
              .len = bytes.len };
    w->result = NULL;
    if (j.name && j.data) {
        pool_add(w->pool, &j);
        pool_wait(w->pool);
    } else {
        free(j.name);
        free(j.data);
    }
    return w->result;
}

static int digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* What the header of send.c says. */
static char *name_of(natsMsg *message)
{
    const char *from = NULL;
    natsMsgHeader_Get(message, HEADER_NAME, &from);
    if (!from || !*from)
        from = "(without a name)";
    char *name = copy_str((kd_str){ from, strlen(from) });
    size_t at = 0;
    for (size_t i = 0; name && from[i]; i++) {
        int high = from[i] == '%' ? digit(from[i + 1]) : -1,
            low = high < 0 ? -1 : digit(from[i + 2]);
        name[at++] = (char)(low < 0 ? from[i] : high << 4 | low);
        i += low < 0 ? 0 : 2;
    }
    if (name)
        name[at] = 0;
    return name;
}

static uint64_t deliveries(natsMsg *message)
{
    jsMsgMetaData *data = NULL;
    uint64_t count = natsMsg_GetMetaData(&data, message) == NATS_OK ? data->NumDelivered : 1;
    jsMsgMetaData_Destroy(data);
    return count;
}

static bool publish_record(worker *w, const looked *r)
{
    char id[MOST_ID];
    text record = { 0 };
    record_write(&record, r, w->tool.at);
    name_id(id, &r->hash, r->name);
    bool good =
        !record.failed && fleet_publish(w->fleet, SUBJECT_RECORDS, NULL, id, text_str(&record));
    text_free(&record);
    return good;
}

/* The record of a log that was given up. */
static bool give_up(worker *w, natsMsg *message, char *name, kd_str bytes)
{
    looked r = { .name = name, .error = "given up: no worker came to its end", .bytes = bytes.len };
    r.hash = hash_of(bytes);
    bool good = fleet_bury(w->fleet, message, r.error) && publish_record(w, &r);
    w->fleet->buried += good;
    return good;
}

static bool work_on(worker *w, natsMsg *message, char *name, kd_str bytes)
{
    looked *r = look_at_log(w, name, bytes);
    if (r && r->is_archive && !r->error)
        r->error = "an archive: send what is in it";
    bool good = r && publish_record(w, r);
    w->fleet->done += good;
    result_free(r);
    (void)message;
    return good;
}

static void take(worker *w, natsMsg *message)
{
    kd_str bytes = { natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message) };
    char *name = name_of(message);
    bool tried = deliveries(message) > (uint64_t)w->fleet->tries;
    if (name && (tried ? give_up : work_on)(w, message, name, bytes))
        natsMsg_Ack(message, NULL);
    else
        natsMsg_NakWithDelay(message, 1000, NULL);
    free(name);
}

/* A slow machine is at work for longer than the server waits: what stands in line here is not to
 * go to another. */
static void keep(const natsMsgList *list, int from)
{
    for (int i = from; i < list->Count; i++)
        natsMsg_InProgress(list->Msgs[i], NULL);
}

/* Who asked us to stop waits: what is not begun goes to others at once. */
static void work_off(worker *w, natsMsgList *list)
{
    for (int i = 0; i < list->Count; i++) {
        if (is_stopped()) {
            natsMsg_Nak(list->Msgs[i], NULL);
            continue;
        }
        keep(list, i);
        take(w, list->Msgs[i]);
    }
    natsConnection_FlushTimeout(w->fleet->connection, 1000);
}

/* Connected first: the library's threads, which connect again, keep the right to. */
static bool start_worker(worker *w, pool_options *with)
{
    with->done = take_result;
    with->user = w;
    with->sandbox = true;
    tool_name(with->engine, &w->tool);
    if (!w->tool.at || !fleet_open(w->fleet, STREAM_LOGS, "workers", (int)w->fleet->prefetch))
        return false;
    confine_files(0, NULL, NULL);
    w->pool = pool_new(with);
    return w->pool != NULL;
}

int work_on_logs(fleet *f)
{
    pool_options with = { .options = tool_options(), .threads = 1 };
    worker w = { .fleet = f };
    kd_status made = kd_engine_new(&with.engine, NULL);
    if (made != KD_OK)
        return complain(NULL, kd_status_name(made));
    bool good = start_worker(&w, &with);
    while (good && !is_stopped()) {
        natsMsgList list = { NULL, 0 };
        if (fleet_fetch(f, &list, (int)f->prefetch))
            work_off(&w, &list);
        natsMsgList_Destroy(&list);
    }
    fprintf(stderr, "oopsdoc-worker: %llu logs looked at, %llu given up\n",
            (unsigned long long)f->done, (unsigned long long)f->buried);
    pool_free(w.pool);
    kd_engine_free(with.engine);
    text_free(&w.tool);
    return good || is_stopped() ? 0 : EXIT_TROUBLE;
}

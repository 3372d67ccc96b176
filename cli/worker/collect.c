/* collect.c - records into the database of oopsdoc triage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"

#define MOST_AT_ONCE 256

/* False: the database cannot take it. */
static bool put(fleet *f, store *s, natsMsg *message)
{
    char *tool = NULL;
    looked *r = record_read(
        (kd_str){ natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message) }, &tool);
    bool good = true;
    if (r)
        good = store_by(s, tool, "") && store_put(s, r);
    else
        f->buried += fleet_bury(f, message, "no record");
    f->done += r && good;
    record_free(r);
    free(tool);
    return good;
}

/* Acknowledged when it is on the disk. */
static bool put_all(fleet *f, store *s, natsMsgList *list)
{
    for (int i = 0; i < list->Count; i++)
        if (!put(f, s, list->Msgs[i]))
            return false;
    if (!store_commit(s))
        return false;
    for (int i = 0; i < list->Count; i++)
        natsMsg_Ack(list->Msgs[i], NULL);
    return true;
}

int collect_records(fleet *f)
{
    store *s = store_open(f->db, false);
    bool good = s && store_begin(s, "none", "") &&
                fleet_open(f, STREAM_RECORDS, "collectors", MOST_AT_ONCE);
    while (good && !is_stopped()) {
        natsMsgList list = { NULL, 0 };
        if (fleet_fetch(f, &list, MOST_AT_ONCE))
            good = put_all(f, s, &list);
        natsMsgList_Destroy(&list);
    }
    if (f->connection)
        natsConnection_FlushTimeout(f->connection, 1000);
    fprintf(stderr, "oopsdoc-worker: %llu records kept, %llu were none\n",
            (unsigned long long)f->done, (unsigned long long)f->buried);
    store_close(s);
    return good || is_stopped() ? 0 : EXIT_TROUBLE;
}

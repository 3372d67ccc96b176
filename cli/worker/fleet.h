/* fleet.h - logs over NATS JetStream: send -> stream of logs -> work -> stream of records ->
 * collect -> SQLite.
 *
 * Nothing is acknowledged before what follows from it is kept elsewhere: a log when its record is
 * in the stream of records, a record when it is in the database. What is done twice for that has
 * the same name, and counts once.
 */
#ifndef OOPSDOC_FLEET_H
#define OOPSDOC_FLEET_H

#include <nats/nats.h>

#include "../triage/triage.h"

#define SUBJECT_LOGS "oopsdoc.logs"
#define SUBJECT_RECORDS "oopsdoc.records"
#define SUBJECT_DEAD "oopsdoc.dead"
#define STREAM_LOGS "OOPSDOC_LOGS"
#define STREAM_RECORDS "OOPSDOC_RECORDS"
#define HEADER_NAME "Oopsdoc-Name"
#define HEADER_WHY "Oopsdoc-Why"
#define MOST_ID 100

typedef struct fleet {
    const char *server, *db;
    long tries, prefetch, ack_wait; /* deliveries of a log; logs; seconds */
    natsConnection *connection;
    jsCtx *js;
    natsSubscription *from;
    uint64_t done, failed, buried;
} fleet;

/* Connects, makes the streams where they are not there, and, of the stream named, a consumer (both
 * NULL: none). Waits for a server. False after a message, or when asked to stop. */
bool fleet_open(fleet *f, const char *stream, const char *consumer, int prefetch);
void fleet_close(fleet *f);
/* What came within a second; the caller destroys the list. False: nothing. */
bool fleet_fetch(fleet *f, natsMsgList *list, int most);
/* True: the server has it. `id`: what was published under it already is not kept again. */
bool fleet_publish(fleet *f, const char *subject, const char *name, const char *id, kd_str data);
/* To the dead letters, with the reason; it is delivered no more. */
bool fleet_bury(fleet *f, natsMsg *message, const char *why);

/* A message's id: of the bytes, and of the name that they were found under. */
void name_id(char id[MOST_ID], const hash *key, const char *name);

/* A result as JSON on one line, with the tool that made it, and back. */
void record_write(text *out, const looked *r, const char *tool);
/* NULL: it is none. The strings of r->name and r->error are malloc()'s; frees with record_free().
 */
looked *record_read(kd_str from, char **tool);
void record_free(looked *r);

int send_logs(fleet *f, int count, char **paths);
int work_on_logs(fleet *f);
int collect_records(fleet *f);

#endif

/* link.c - the connection: made again whenever it breaks. */
#include <stdio.h>
#include <string.h>

#include "fleet.h"

#define SECOND 1000000000LL
#define PAUSE 250 /* ms */
#define DUPLICATES (600 * SECOND)

static bool is_there(natsStatus status, jsErrCode code)
{
    return status == NATS_OK || code == JSStreamNameExistErr || code == JSConsumerNameExistErr;
}

static bool make_stream(fleet *f, const char *name, const char *subject,
                        jsRetentionPolicy retention)
{
    jsStreamConfig config;
    jsErrCode code = 0;
    jsStreamConfig_Init(&config);
    config.Name = name;
    config.Subjects = &subject;
    config.SubjectsLen = 1;
    config.Retention = retention;
    config.Duplicates = DUPLICATES;
    return is_there(js_AddStream(NULL, f->js, &config, NULL, &code), code);
}

static bool make_consumer(fleet *f, const char *stream, const char *consumer, int prefetch)
{
    jsConsumerConfig config;
    jsErrCode code = 0;
    jsConsumerConfig_Init(&config);
    config.Durable = consumer;
    config.AckPolicy = js_AckExplicit;
    config.AckWait = f->ack_wait * SECOND;
    config.MaxDeliver = -1;                 /* who takes it counts, and buries it */
    config.MaxAckPending = prefetch * 1024; /* of all workers */
    return is_there(js_AddConsumer(NULL, f->js, stream, &config, NULL, &code), code);
}

static bool set_up(fleet *f, const char *stream, const char *consumer, int prefetch)
{
    jsSubOptions options;
    if (!make_stream(f, STREAM_LOGS, SUBJECT_LOGS, js_WorkQueuePolicy) ||
        !make_stream(f, STREAM_RECORDS, SUBJECT_RECORDS, js_WorkQueuePolicy) ||
        !make_stream(f, "OOPSDOC_DEAD", SUBJECT_DEAD, js_LimitsPolicy))
        return false;
    if (!stream)
        return true;
    jsSubOptions_Init(&options);
    options.Stream = stream;
    options.Consumer = consumer;
    return make_consumer(f, stream, consumer, prefetch) &&
           js_PullSubscribe(&f->from, f->js, NULL, consumer, NULL, &options, NULL) == NATS_OK;
}

static natsStatus connect_to(fleet *f)
{
    natsOptions *options = NULL;
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK)
        status = natsOptions_SetURL(options, f->server);
    if (status == NATS_OK)
        status = natsOptions_SetMaxReconnect(options, -1);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectWait(options, PAUSE);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectJitter(options, 10, 10);
    if (status == NATS_OK)
        status = natsConnection_Connect(&f->connection, options);
    natsOptions_Destroy(options);
    return status;
}

bool fleet_open(fleet *f, const char *stream, const char *consumer, int prefetch)
{
    bool told = false;
    jsOptions wait;
    jsOptions_Init(&wait);
    wait.Wait = 5000;
    while (!is_stopped()) {
        natsStatus status = f->connection ? NATS_OK : connect_to(f);
        if (status == NATS_INVALID_ARG || status == NATS_CONNECTION_AUTH_FAILED)
            return complain(f->server, natsStatus_GetText(status)) == 0;
        if (status == NATS_OK && !f->js)
            status = natsConnection_JetStream(&f->js, f->connection, &wait);
        if (status == NATS_OK && set_up(f, stream, consumer, prefetch))
            return true;
        if (!told)
            complain(f->server, status == NATS_OK ? "JetStream does not answer; waiting for it"
                                                  : "no server answers; waiting for one");
        told = true;
        nats_Sleep(PAUSE);
    }
    return false;
}

void fleet_close(fleet *f)
{
    natsSubscription_Destroy(f->from);
    jsCtx_Destroy(f->js);
    natsConnection_Destroy(f->connection);
    nats_Close();
}

bool fleet_fetch(fleet *f, natsMsgList *list, int most)
{
    natsStatus status = natsSubscription_Fetch(list, f->from, most, 1000, NULL);
    if (status != NATS_OK && status != NATS_TIMEOUT)
        nats_Sleep(PAUSE); /* the connection is being made again */
    return status == NATS_OK && list->Count > 0;
}

bool fleet_publish(fleet *f, const char *subject, const char *name, const char *id, kd_str data)
{
    natsMsg *message = NULL;
    jsPubOptions options;
    jsPubOptions_Init(&options);
    options.MsgId = id;
    bool good = natsMsg_Create(&message, subject, NULL, data.ptr, (int)data.len) == NATS_OK &&
                (!name || natsMsgHeader_Set(message, HEADER_NAME, name) == NATS_OK) &&
                js_PublishMsg(NULL, f->js, message, &options, NULL) == NATS_OK;
    natsMsg_Destroy(message);
    return good;
}

bool fleet_bury(fleet *f, natsMsg *message, const char *why)
{
    natsMsg *copy = NULL;
    const char *name = NULL;
    natsMsgHeader_Get(message, HEADER_NAME, &name);
    bool good = natsMsg_Create(&copy, SUBJECT_DEAD, NULL, natsMsg_GetData(message),
                               natsMsg_GetDataLength(message)) == NATS_OK &&
                (!name || natsMsgHeader_Set(copy, HEADER_NAME, name) == NATS_OK) &&
                natsMsgHeader_Set(copy, HEADER_WHY, why) == NATS_OK &&
                js_PublishMsg(NULL, f->js, copy, NULL, NULL) == NATS_OK;
    natsMsg_Destroy(copy);
    return good;
}

void name_id(char id[MOST_ID], const hash *key, const char *name)
{
    hash named = hash_of((kd_str){ name, strlen(name) });
    for (int i = 0; i < HASH_BYTES; i++)
        snprintf(id + 2 * i, 3, "%02x", key->bytes[i]);
    id[2 * HASH_BYTES] = '-';
    for (int i = 0; i < 8; i++)
        snprintf(id + 2 * HASH_BYTES + 1 + 2 * i, 3, "%02x", named.bytes[i]);
}

/* page.c - what the worker of the page calls: one log at a time, in portions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html/html.h"
#include "unpack.h"

#define EXPORT(name) __attribute__((export_name(name)))

enum { ROOM = 1 << 18, LIMITED = 1, FAILED = -1 };
#define MOST_BYTES ((uint64_t)1 << 30) /* of one log, unpacked */
enum { PART_JSON, PART_HTML, PART_TEXT, PARTS };

static char room[ROOM], name[512];
static kd_engine *engine;
static kd_session *session;
static unpack packed;
static text parts[PARTS];

/* What is handed over stands here: page_room_size() bytes. */
EXPORT("page_room") char *page_room(void)
{
    return room;
}

EXPORT("page_room_size") size_t page_room_size(void)
{
    return ROOM;
}

static kd_status feed(void *user, kd_str bytes)
{
    (void)user;
    return packed.out > MOST_BYTES ? KD_E_LIMIT : kd_session_feed(session, bytes);
}

static void tell_packed(void *user, const char *how)
{
    (void)user;
    kd_session_packed(session, (kd_str){ how, strlen(how) });
}

/* A log begins; its name is in the room. */
EXPORT("page_begin") int page_begin(size_t len)
{
    kd_options options;
    if (!engine && kd_engine_new(&engine, NULL) != KD_OK)
        return FAILED;
    kd_session_free(session);
    session = NULL;
    unpack_free(&packed);
    packed = (unpack){ .feed = feed, .packed = tell_packed };
    for (size_t i = 0; i < PARTS; i++)
        text_free(&parts[i]);
    len = len < sizeof name - 1 ? len : sizeof name - 1;
    memcpy(name, room, len);
    name[len] = 0;
    kd_options_init(&options, sizeof options);
    options.tool_name = "oopsdoc";
    options.source_name = (kd_str){ name, len };
    return kd_session_new(&session, engine, &options) == KD_OK ? 0 : FAILED;
}

EXPORT("page_feed") int page_feed(size_t len)
{
    kd_status status = len <= ROOM ? unpack_feed(&packed, (kd_str){ room, len }) : KD_E_INVAL;
    if (packed.refused)
        return FAILED;
    return status == KD_E_LIMIT || packed.limited ? LIMITED : status < KD_OK ? FAILED : 0;
}

/* The log ends: its report is in the parts. */
EXPORT("page_end") int page_end(void)
{
    kd_report *report = NULL;
    char how[16];
    kd_status status = unpack_end(&packed);
    if (unpack_cut(&packed)) {
        snprintf(how, sizeof how, "%s-cut", packed_name(packed.kind));
        tell_packed(NULL, how);
    }
    status = kd_session_report(session, &report);
    kd_session_free(session);
    session = NULL;
    if (!report)
        return FAILED;
    bool limited = status == KD_E_LIMIT || packed.limited;
    bool done =
        kd_report_write(report, KD_FORMAT_JSON, KD_PRETTY, text_put, &parts[PART_JSON]) == KD_OK &&
        kd_report_write(report, KD_FORMAT_TEXT, KD_FULL, text_put, &parts[PART_TEXT]) == KD_OK;
    html_report(&parts[PART_HTML], report, name, limited ? "a limit cut the analysis short" : NULL);
    kd_report_free(report);
    for (size_t i = 0; i < PARTS; i++)
        done &= !parts[i].failed;
    return !done ? FAILED : limited ? LIMITED : 0;
}

EXPORT("page_part") const char *page_part(unsigned part)
{
    return part < PARTS ? parts[part].at : NULL;
}

EXPORT("page_part_size") size_t page_part_size(unsigned part)
{
    return part < PARTS ? parts[part].len : 0;
}

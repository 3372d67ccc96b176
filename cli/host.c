/* host.c - which machine wrote a log: the host of syslog and journal lines. */
#include <string.h>

#include "look.h"

static bool is_stamp(kd_str head)
{
    return (head.len == 16 && head.ptr[3] == ' ' && head.ptr[9] == ':') ||
           (head.len > 16 && memchr(head.ptr, 'T', head.len));
}

static kd_str if_one(kd_str host)
{
    static const char *const none[] = { "localhost", "(none)", "localhost.localdomain" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (host.len == strlen(none[i]) && memcmp(host.ptr, none[i], host.len) == 0)
            return (kd_str){ "", 0 };
    return host;
}

/* A field of the journal: _HOSTNAME=web-7 of an export, "_HOSTNAME" : "web-7" of JSON. */
static kd_str host_of_journal(kd_str log)
{
    static const char name[] = "_HOSTNAME";
    const char *at = memmem(log.ptr, log.len, name, sizeof name - 1), *end = log.ptr + log.len;
    if (!at)
        return (kd_str){ "", 0 };
    at += sizeof name - 1;
    while (at < end && memchr("\"=: ", *at, 4))
        at++;
    const char *word = at;
    while (at < end && at - word < 72 && !memchr("\" \r\n,", *at, 5))
        at++;
    return if_one((kd_str){ word, (size_t)(at - word) });
}

/* "Nov 22 13:12:48 HOST kernel:", "2026-11-22T13:12:48+01:00 HOST kernel:": the word before. */
static kd_str host_before(kd_str log, const char *at)
{
    const kd_str nothing = { "", 0 };
    const char *line = at, *word = at;
    while (line > log.ptr && line[-1] != '\n' && at - line < 200)
        line--;
    while (word > line && word[-1] != ' ')
        word--;
    kd_str host = { word, (size_t)(at - word) };
    return is_stamp((kd_str){ line, (size_t)(word - line) }) ? if_one(host) : nothing;
}

kd_str find_host(kd_str log)
{
    const char *end = log.ptr + log.len, *at = log.ptr;
    kd_str host = { "", 0 };
    /* the first line may lack its beginning */
    for (int tries = 0; host.len == 0 && tries < 16; tries++) {
        at = memmem(at, (size_t)(end - at), " kernel: ", 9);
        if (!at)
            break;
        host = host_before(log, at);
        at += 9;
    }
    return host.len > 0 ? host : host_of_journal(log);
}

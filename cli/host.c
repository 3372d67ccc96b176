/* host.c - which machine wrote a log: the host of syslog and journal lines. */
#include <string.h>

#include "look.h"

static bool is_stamp(kd_str head)
{
    return (head.len == 16 && head.ptr[3] == ' ' && head.ptr[9] == ':') ||
           (head.len > 16 && memchr(head.ptr, 'T', head.len));
}

/* "Nov 22 13:12:48 HOST kernel:", "2026-11-22T13:12:48+01:00 HOST kernel:": the word before. */
static kd_str host_before(kd_str log, const char *at)
{
    static const char *const none[] = { "localhost", "(none)", "localhost.localdomain" };
    const kd_str nothing = { "", 0 };
    const char *line = at, *word = at;
    while (line > log.ptr && line[-1] != '\n' && at - line < 200)
        line--;
    while (word > line && word[-1] != ' ')
        word--;
    kd_str host = { word, (size_t)(at - word) };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (host.len == strlen(none[i]) && memcmp(host.ptr, none[i], host.len) == 0)
            return nothing;
    return is_stamp((kd_str){ line, (size_t)(word - line) }) ? host : nothing;
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
    return host;
}

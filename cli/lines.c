/* lines.c - oopsdoc analyze -f lines: what became of each line, for people who write recognisers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Columns that the answers take before the text of the line. */
#define ANSWER_COLUMNS 44

typedef struct answer {
    char text[160];
    bool settled; /* it was taken: refusals no longer matter */
} answer;

typedef struct answers {
    answer *items;
    size_t count;
} answers;

static const char *const words[] = {
    [KD_FATE_REFUSED] = "not", [KD_FATE_WAITS] = "half",    [KD_FATE_OPENED] = "opens",
    [KD_FATE_TAKEN] = "takes", [KD_FATE_PASSED] = "counts", [KD_FATE_CLOSED] = "ends",
};

static void add_words(answer *to, const char *text)
{
    size_t len = strlen(to->text);
    snprintf(to->text + len, sizeof to->text - len, "%s%s", len ? ", " : "", text);
}

/* "e3 opens: oops", "e3 takes: oops/registers", "not: warning, panic" */
static void note(const kd_line_fate *fate, void *user)
{
    answers *all = user;
    if (fate->line == 0 || fate->line > all->count)
        return;
    answer *to = &all->items[fate->line - 1];
    char text[128], id[24] = "";
    bool taken = fate->fate >= KD_FATE_OPENED && fate->fate != KD_FATE_CLOSED;
    if (to->settled)
        return;
    if (fate->event)
        snprintf(id, sizeof id, "e%llu ", (unsigned long long)fate->event);
    snprintf(text, sizeof text, "%s%s %s%s%s", id, words[fate->fate], fate->recogniser,
             fate->block ? "/" : "", fate->block ? fate->block : "");
    if (taken)
        to->text[0] = 0;
    to->settled = taken;
    add_words(to, text);
}

static size_t count_lines(kd_str log)
{
    size_t count = log.len > 0 && log.ptr[log.len - 1] != '\n';
    for (const char *at = log.ptr, *end = log.ptr + log.len;
         at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    return count;
}

/* Control bytes of the log do not reach the terminal. */
static void put_safely(kd_str line)
{
    char out[256];
    size_t len = 0;
    for (size_t i = 0; i < line.len && len < sizeof out - 1; i++)
        out[len++] = line.ptr[i] >= ' ' && line.ptr[i] <= '~' ? line.ptr[i] : '?';
    out[len++] = '\n';
    put_stdout(out, len, NULL);
}

static void put_lines(kd_str log, const answers *all)
{
    const char *at = log.ptr, *end = log.ptr + log.len;
    for (size_t i = 0; i < all->count; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        char head[256];
        int len =
            snprintf(head, sizeof head, "%6zu  %-*s ", i + 1, ANSWER_COLUMNS, all->items[i].text);
        put_stdout(head, (size_t)len, NULL);
        put_safely((kd_str){ at, (size_t)(stop - at) });
        at = newline ? newline + 1 : end;
    }
}

int show_lines(kd_engine *engine, kd_options *options, const char *path)
{
    kd_str log;
    kd_report *report = NULL;
    if (!read_whole(path, &log))
        return EXIT_TROUBLE;
    answers all = { .count = count_lines(log) };
    all.items = zeroed_noted(all.count + 1, sizeof *all.items);
    kd_status status = all.items ? KD_OK : KD_E_NOMEM;
    options->on_line = note;
    options->on_line_user = &all;
    if (status == KD_OK)
        status = kd_analyze(engine, log, options, &report);
    if (status == KD_OK || status == KD_E_LIMIT)
        put_lines(log, &all);
    kd_report_free(report);
    free(all.items);
    free((void *)(uintptr_t)log.ptr);
    return status == KD_OK || status == KD_E_LIMIT ? 0 : complain(path, kd_status_name(status));
}

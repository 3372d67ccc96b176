/* lose.h - for checks of what a log with less in it still says: each log whole; with each line
 * removed in turn, cut at a place of its own, and with some bytes lost in its middle (of every N-th
 * line when asked). */
#ifndef KD_TESTS_LOSE_H
#define KD_TESTS_LOSE_H

#include "load.h"

typedef struct loser {
    kd_engine *engine;
    size_t every; /* 1: each line */
    unsigned long long state;
    size_t runs;
    /* `how`: "whole", "removed", "cut", "torn"; `line`: which, from 1 */
    void (*look)(const kd_report *report, kd_str log, const char *how, size_t line, void *user);
    void *user;
} loser;

static inline void lose_look(loser *l, kd_str log, const char *how, size_t line)
{
    kd_report *report = NULL;
    must(kd_analyze(l->engine, log, NULL, &report), "kd_analyze");
    l->look(report, log, how, line, l->user);
    l->runs++;
    kd_report_free(report);
}

/* Without the bytes from `from` to `to`. */
static inline void lose_bytes(loser *l, text log, char *copy, size_t range[2], const char *how,
                              size_t line)
{
    memcpy(copy, log.ptr, range[0]);
    memcpy(copy + range[0], log.ptr + range[1], log.len - range[1]);
    lose_look(l, (kd_str){ copy, log.len - (range[1] - range[0]) }, how, line);
}

static inline void lose_log(loser *l, text log)
{
    char *copy = malloc(log.len + 1);
    if (!copy)
        exit(2);
    lose_look(l, (kd_str){ log.ptr, log.len }, "whole", 0);
    size_t turn = random_below(&l->state, l->every), line = 0;
    for (size_t start = 0, end; start < log.len; start = end) {
        const char *newline = memchr(log.ptr + start, '\n', log.len - start);
        end = newline ? (size_t)(newline - log.ptr) + 1 : log.len;
        line++;
        if (turn++ % l->every != 0)
            continue;
        size_t len = end - start - (newline ? 1 : 0), at = start + random_below(&l->state, len);
        size_t rest = at + random_below(&l->state, start + len - at);
        lose_bytes(l, log, copy, (size_t[2]){ start, end }, "removed", line);
        lose_bytes(l, log, copy, (size_t[2]){ at, start + len }, "cut", line);
        lose_bytes(l, log, copy, (size_t[2]){ at, rest }, "torn", line);
    }
    free(copy);
}

/* [--every N] [--seed S] in front of the logs; gives the index of the first log. */
static inline int lose_options(loser *l, int argc, char **argv)
{
    int i = 1;
    l->state = 88172645463325252u;
    l->every = l->every ? l->every : 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        unsigned long value = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--every") == 0)
            l->every = value ? value : 1;
        else
            l->state ^= value << 20;
    }
    return i;
}

#endif

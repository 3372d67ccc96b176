/* load.h - what the test programs on kdiag.h share: reading a file, writing a report to memory. */
#ifndef KD_TESTS_LOAD_H
#define KD_TESTS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kdiag.h"

typedef struct text {
    char *ptr;
    size_t len, cap;
} text;

static inline int text_put(const char *data, size_t len, void *user)
{
    text *t = user;
    if (t->len + len > t->cap) {
        size_t cap = (t->len + len) * 2;
        char *wider = realloc(t->ptr, cap);
        if (!wider)
            return 1;
        t->ptr = wider;
        t->cap = cap;
    }
    memcpy(t->ptr + t->len, data, len);
    t->len += len;
    return 0;
}

static inline text load_file(const char *path)
{
    text t = { NULL, 0, 0 };
    char buffer[65536];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_put(buffer, n, &t);
    fclose(file);
    return t;
}

/* Below `most`; the same numbers in each run. `state` is not 0. */
static inline size_t random_below(unsigned long long *state, size_t most)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return most ? (size_t)(*state % most) : 0;
}

static inline void must(kd_status status, const char *what)
{
    if (status == KD_OK || status == KD_E_LIMIT)
        return;
    fprintf(stderr, "%s: %s\n", what, kd_status_name(status));
    exit(1);
}

#endif

/* open.h - libraries that one command takes, opened when it begins. */
#ifndef OOPSDOC_OPEN_H
#define OOPSDOC_OPEN_H

#include "cli.h"

typedef struct call {
    const char *name;
    void *to; /* a pointer to a function */
} call;

/* Before the sandbox, which lets no code in. False: it is not there, or lacks a call. */
bool open_library(const char *file, const call *calls, size_t count);

#endif

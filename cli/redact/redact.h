/* redact.h - what is personal in a log becomes a stable name. */
#ifndef OOPSDOC_REDACT_H
#define OOPSDOC_REDACT_H

#include "../text.h"

/* ---- names ----------------------------------------------------------------------------------- */

/* "mac-3" for a class and a value: the same value the same name. */
typedef struct names names;
names *names_new(void);
void names_free(names *n);
/* NULL: no memory. */
const char *name_of(names *n, const char *class, kd_str value);
/* Every value of hosts, users and networks that stands for itself wherever it is seen. */
typedef void (*name_fn)(void *user, const char *class, kd_str value);
void each_name(const names *n, name_fn each, void *user);
/* A key file: one name a line. False after a message; one that is not there is empty. */
bool names_read(names *n, const char *path);
void names_print(const names *n, text *out);

/* ---- patterns -------------------------------------------------------------------------------- */

/* A part of a line that gets a name. */
typedef struct part {
    size_t start, end;
    const char *class;
} part;
enum { MOST_PARTS = 512 };
typedef struct parts {
    part items[MOST_PARTS];
    size_t count;
    bool limited; /* a limit was reached: what else is in the line is not known */
} parts;

/* Before the sandbox: compiles all, with JIT. False after a message. */
bool patterns_open(bool addresses);
/* Words of which the context was seen elsewhere. */
bool patterns_add_words(const names *n);
void patterns_find(kd_str line, parts *out);
void patterns_close(void);

#endif

/* groups.h - problems of one signature, and what is said of them. */
#ifndef OOPSDOC_GROUPS_H
#define OOPSDOC_GROUPS_H

#include "triage.h"

typedef enum change { CHANGE_NEW, CHANGE_MORE, CHANGE_GONE, CHANGE_FEWER, CHANGE_SAME } change;

typedef struct group {
    char signature[20];
    uint64_t count, logs, machines, kernels; /* of the new side */
    uint64_t old_count, old_logs;
    change change;
    interval ratio;
} group;

typedef struct groups {
    group *items;
    size_t count, room;
} groups;

/* Largest first; compared: by what changed. False after a message. */
bool read_groups(show *it, groups *out);
const char *change_name(change c);

/* The most frequent value of a column among a group's problems; size bytes. */
typedef struct asker asker;
asker *asker_new(store *s);
void asker_free(asker *a);
void ask_most(asker *a, const group *g, const char *column, char *out, size_t size);
/* Each value with its count, most frequent first. */
typedef bool (*value_fn)(void *user, const char *value, uint64_t count);
void ask_all(asker *a, const group *g, const char *column, value_fn each, void *user);

/* When it was first and last seen, as far as logs tell; size bytes each. */
bool ask_times(show *it, const group *g, char *from, char *until, size_t size);

int show_page(show *it, asker *ask, const groups *all);

#endif

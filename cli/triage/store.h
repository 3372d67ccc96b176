/* store.h - statements on the database, for who reads it. */
#ifndef OOPSDOC_STORE_H
#define OOPSDOC_STORE_H

#include "triage.h"

bool store_run(store *s, const char *statement);
bool store_prepare(store *s, sqlite3_stmt **out, const char *statement);
/* The next row. False: there is none, or, after a message, the database cannot be read. */
bool store_row(store *s, sqlite3_stmt *it);
/* A text of a row, with a NUL behind it; NULL is empty. */
kd_str column_str(sqlite3_stmt *row, int column);

#endif

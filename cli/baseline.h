/* baseline.h - the problems that are known: they do not count. */
#ifndef OOPSDOC_BASELINE_H
#define OOPSDOC_BASELINE_H

#include "json.h"

typedef struct baseline baseline;

/* What is asked about a problem; NULL: not known. */
typedef struct seen {
    const char *signature, *rule, *arch, *kernel, *host;
} seen;

/* NULL after a message. today: "2026-11-27"; NULL: by the clock. */
baseline *baseline_read(const char *path, const char *today);
void baseline_free(baseline *b);
/* Why it is known, or NULL: it counts. Notes that the entry was used. */
const char *baseline_known(baseline *b, const seen *what);
/* Expired and never used entries, a line each on stderr; how many. */
size_t baseline_report(const baseline *b, bool unused_too);
size_t baseline_count(const baseline *b);

bool is_date(const char *word); /* "2026-11-27" */

#endif

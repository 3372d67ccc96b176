/* cli.h - what the subcommands of oopsdoc share. Uses kdiag.h only; owns all I/O. */
#ifndef OOPSDOC_CLI_H
#define OOPSDOC_CLI_H

#include "kdiag.h"

enum { EXIT_FOUND = 1, EXIT_TROUBLE = 2, EXIT_LIMIT = 3 };

int cmd_analyze(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_rules(int argc, char **argv);

/* analyze -f lines: each line with who took or refused it. */
int show_lines(kd_engine *engine, kd_options *options, const char *path);

/* One line on stderr, "oopsdoc: SUBJECT: REASON" (subject may be NULL). Always EXIT_TROUBLE. */
int complain(const char *subject, const char *reason);

/* For the library's writers: standard output, checked. `user` is not used. */
int put_stdout(const char *data, size_t len, void *user);
/* Flushes; EXIT_TROUBLE with a message when something could not be written. A closed pipe is
 * quiet. */
int close_stdout(void);
bool stdout_is_closed(void);

/* Reads a whole file (at most 64 MiB) into memory of malloc(); false after a message. */
bool read_whole(const char *path, kd_str *out);

/* Calls feed() with portions of the file ("-": standard input); 0 or EXIT_TROUBLE after a
 * message. */
typedef kd_status (*feed_fn)(void *user, kd_str bytes);
int read_portions(const char *path, feed_fn feed, void *user);

#endif

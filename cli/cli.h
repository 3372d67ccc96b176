/* cli.h - what the subcommands of oopsdoc share. Uses kdiag.h only; owns all I/O. */
#ifndef OOPSDOC_CLI_H
#define OOPSDOC_CLI_H

#include <sys/types.h>

#include "kdiag.h"

enum { EXIT_FOUND = 1, EXIT_TROUBLE = 2, EXIT_LIMIT = 3 };

int cmd_analyze(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_match(int argc, char **argv);
int cmd_baseline(int argc, char **argv);
int cmd_batch(int argc, char **argv);
int cmd_triage(int argc, char **argv);
int cmd_redact(int argc, char **argv);

/* analyze -f lines: each line with who took or refused it. */
int show_lines(kd_engine *engine, kd_options *options, const char *path);

/* calloc() and realloc(); where there is no memory that is noted (text.h), and the command ends so.
 */
void *zeroed_noted(size_t count, size_t size);
void *resize_noted(void *from, size_t size);

/* One line on stderr, "oopsdoc: SUBJECT: REASON" (subject may be NULL). Always EXIT_TROUBLE. */
int complain(const char *subject, const char *reason);
bool has_complained(void); /* was there such a line? */

/* For the library's writers: standard output, checked. `user` is not used. */
int put_stdout(const char *data, size_t len, void *user);
/* Out with what is held back for larger writes. */
void flush_stdout(void);
/* Flushes; EXIT_TROUBLE with a message when something could not be written. A closed pipe is
 * quiet. */
int close_stdout(void);
/* A write failed, also to a closed pipe: no more of them is tried. */
bool stdout_failed(void);

/* Reads a whole file (at most 64 MiB) into memory of malloc(), unpacked; false after a message. */
bool read_whole(const char *path, kd_str *out);

/* Who takes what is read. quiet() is told when nothing came for quiet_ms; may be NULL. packed() is
 * told how the file is packed, and again when its end is missing: "gzip", "gzip-cut". */
typedef struct taker {
    kd_status (*feed)(void *user, kd_str bytes);
    kd_status (*quiet)(void *user);
    void (*packed)(void *user, const char *how);
    int quiet_ms;
    void *user;
} taker;

/* Calls feed() with portions of the file ("-": standard input), unpacked; 0, or EXIT_TROUBLE or
 * EXIT_LIMIT after a message: what was read before was fed. */
int read_portions(const char *path, const taker *to);

/* From now on SIGTERM and SIGINT end the input: reading stops as if the file ended there. The same
 * signal once more kills. */
void stop_on_signals(void);
bool is_stopped(void);

/* A regular file, whole, whatever signals come; from any thread. NULL, or why it cannot be read
 * (what was read before was fed). */
const char *pour_file(const char *path, const taker *to, bool *limited);

/* What has come by now, once something has; 0 at the end or when asked to stop, -1 with errno. */
ssize_t read_waiting(int fd, char *buffer, size_t room);

/* Lets go of standard input's text, which read_whole() keeps for who names it again. */
void free_input(void);

/* Gives up all that reading `paths` and writing what is open does not take; false: this kernel or
 * build has no way to. */
bool enter_sandbox(int count, char **paths);
/* The two halves of it, for a command with threads: each gives up calls for itself. In a folder
 * (may be NULL) and with `stores` a database can be kept. */
bool confine_files(int count, char **paths, const char *folder);
bool confine_calls(bool stores);

#endif

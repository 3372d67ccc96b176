/* redact.c - oopsdoc redact: a log that can be shared. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redact.h"

static const char help[] =
    "usage: oopsdoc redact [OPTIONS] [FILE]\n"
    "Hosts, users, MAC and IP addresses, UUIDs, serial numbers, SSIDs, mail addresses,\n"
    "home folders, ids of containers and clouds, keys and tokens become names such as\n"
    "host-1 and mac-3: the same value the same name. The report of what is written is\n"
    "that of the log, those names apart. No FILE, or -: standard input.\n"
    "\n"
    "      --key FILE    keeps names over runs; it says what they stand for\n"
    "      --addresses   addresses of the kernel too: reports then know less\n"
    "      --no-sandbox  keep the rights to other files and system calls\n"
    "\n"
    "Exit status: 0, 2 a wrong call, an unreadable file, or one that hides text in\n"
    "base64 or quoted-printable; 3 lines were withheld, for they took too long.\n"
    "\n"
    "example:\n"
    "  dmesg | oopsdoc redact > share.txt\n";

enum { OPT_KEY = 256, OPT_ADDRESSES, OPT_NO_SANDBOX, OPT_HELP };

static const struct option options[] = {
    { "key", required_argument, NULL, OPT_KEY },
    { "addresses", no_argument, NULL, OPT_ADDRESSES },
    { "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

typedef struct redact {
    const char *key;
    text draft; /* of the key file, until it is whole */
    int draft_fd;
    bool addresses, no_sandbox;
    names *names;
    kd_str log;
    uint64_t withheld;
} redact;

typedef bool (*line_fn)(redact *r, kd_str line);

/* Without its newline and what stands before that. */
static bool each_line(redact *r, line_fn each)
{
    for (size_t at = 0; at < r->log.len;) {
        const char *end = memchr(r->log.ptr + at, '\n', r->log.len - at);
        size_t len = end ? (size_t)(end - r->log.ptr) - at : r->log.len - at;
        if (!each(r, (kd_str){ r->log.ptr + at, len }))
            return false;
        at += len + 1;
    }
    return true;
}

/* ---- what cannot be looked into -------------------------------------------------------------- */

static bool is_base64_line(kd_str line)
{
    size_t letters = 0, digits = 0;
    while (line.len > 0 && (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == ' '))
        line.len--;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        if (!upper && !lower && !(c >= '0' && c <= '9') && c != '+' && c != '/' && c != '=')
            return false;
        letters += upper;
        digits += lower;
    }
    return line.len >= 56 && letters > 4 && digits > 4;
}

/* Mail may carry its text so. */
static bool hides_text(kd_str log)
{
    static const char *const heads[] = { "Content-Transfer-Encoding: base64",
                                         "Content-Transfer-Encoding: quoted-printable" };
    size_t run = 0;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (memmem(log.ptr, log.len, heads[i], strlen(heads[i])))
            return true;
    if (memmem(log.ptr, log.len, "PRIVATE KEY-----", 16))
        return false; /* its lines are withheld */
    for (size_t at = 0; at < log.len && run < 4;) {
        const char *end = memchr(log.ptr + at, '\n', log.len - at);
        size_t len = end ? (size_t)(end - log.ptr) - at : log.len - at;
        run = is_base64_line((kd_str){ log.ptr + at, len }) ? run + 1 : 0;
        at += len + 1;
    }
    return run >= 4;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static parts found;

/* First all names are learnt: a host may be named before the line that tells it is one. */
static bool learn_line(redact *r, kd_str line)
{
    patterns_find(line, &found);
    for (size_t i = 0; i < found.count; i++) {
        const part *p = &found.items[i];
        if (!name_of(r->names, p->class, (kd_str){ line.ptr + p->start, p->end - p->start }))
            return complain(NULL, "out of memory") == 0;
    }
    return true;
}

/* Root is everybody's, and so are the user of Android's shell and the own machine. */
static bool is_nobody(kd_str value)
{
    return (value.len == 4 && memcmp(value.ptr, "root", 4) == 0) ||
           (value.len == 5 && memcmp(value.ptr, "shell", 5) == 0) ||
           (value.len == 9 && memcmp(value.ptr, "localhost", 9) == 0);
}

/* A pod's id has underscores in the names of systemd's slices. */
static void put_name(const char *name, kd_str value)
{
    bool slice = name[0] == '0' && memchr(value.ptr, '_', value.len);
    for (const char *at = name; slice && *at; at++)
        put_stdout(*at == '-' ? "_" : at, 1, NULL);
    if (!slice)
        put_stdout(name, strlen(name), NULL);
}

static bool put_line(redact *r, kd_str line)
{
    size_t at = 0;
    patterns_find(line, &found);
    for (size_t i = 0; i < found.count && !found.limited; i++) {
        const part *p = &found.items[i];
        kd_str value = { line.ptr + p->start, p->end - p->start };
        const char *name = is_nobody(value) ? "" : name_of(r->names, p->class, value);
        if (!name)
            return complain(NULL, "out of memory") == 0;
        put_stdout(line.ptr + at, p->start - at, NULL);
        if (*name)
            put_name(name, value);
        else
            put_stdout(value.ptr, value.len, NULL);
        at = p->end;
    }
    if (found.limited) {
        r->withheld++;
        put_stdout("(a line is withheld)", 20, NULL);
    } else {
        put_stdout(line.ptr + at, line.len - at, NULL);
    }
    return true;
}

static bool has(kd_str line, const char *words)
{
    return memmem(line.ptr, line.len, words, strlen(words)) != NULL;
}

/* All between the marks of a private key. */
static bool put_log(redact *r)
{
    bool in_key = false;
    for (size_t at = 0; at < r->log.len && !stdout_failed();) {
        const char *end = memchr(r->log.ptr + at, '\n', r->log.len - at);
        size_t len = end ? (size_t)(end - r->log.ptr) - at : r->log.len - at;
        kd_str line = { r->log.ptr + at, len };
        bool begins = has(line, "-----BEGIN ") && has(line, "PRIVATE KEY-----");
        bool ends = has(line, "-----END ");
        if (begins || in_key)
            put_stdout("(a private key)", 15, NULL);
        else if (!put_line(r, line))
            return false;
        in_key = (in_key || begins) && !ends;
        if (end)
            put_stdout("\n", 1, NULL);
        at += len + 1;
    }
    return true;
}

/* ---- the key file ---------------------------------------------------------------------------- */

static int open_draft(redact *r)
{
    r->draft_fd = -1;
    if (!r->key)
        return 0;
    text_print(&r->draft, "%s.%ld", r->key, (long)getpid());
    r->draft_fd = open(r->draft.at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return r->draft_fd >= 0 ? 0 : complain(r->key, strerrordesc_np(errno));
}

static int close_draft(redact *r, bool keep)
{
    text words = { 0 };
    if (r->draft_fd < 0)
        return 0;
    names_print(r->names, &words);
    bool good = keep && !words.failed;
    for (size_t done = 0; good && done < words.len;) {
        ssize_t n = write(r->draft_fd, words.at + done, words.len - done);
        good = n > 0 || (n < 0 && errno == EINTR);
        done += n > 0 ? (size_t)n : 0;
    }
    good = good && fsync(r->draft_fd) == 0 && rename(r->draft.at, r->key) == 0;
    int why = errno;
    close(r->draft_fd);
    if (!good)
        unlink(r->draft.at);
    text_free(&words);
    return good || !keep ? 0 : complain(r->key, strerrordesc_np(why));
}

static void enter(const redact *r, char *path)
{
    char *paths[] = { path, (char *)(uintptr_t)r->key };
    text folder = { 0 };
    const char *slash = r->key ? strrchr(r->key, '/') : NULL;
    text_put(slash ? r->key : ".", slash ? (size_t)(slash - r->key) + 1 : 1, &folder);
    if (!r->no_sandbox) {
        confine_files(r->key ? 2 : 1, paths, r->key ? folder.at : NULL);
        confine_calls(r->key != NULL);
    }
    text_free(&folder);
}

static int redact_file(redact *r, char *path)
{
    int result = EXIT_TROUBLE;
    r->names = names_new();
    if (!r->names || !patterns_open(r->addresses) || open_draft(r) != 0)
        return EXIT_TROUBLE;
    enter(r, path);
    if ((!r->key || names_read(r->names, r->key)) && read_whole(path, &r->log)) {
        if (hides_text(r->log))
            complain(path, "hides text in base64 or quoted-printable: decode it first");
        else if (each_line(r, learn_line) && patterns_add_words(r->names) && put_log(r))
            result = r->withheld ? EXIT_LIMIT : 0;
    }
    int kept = close_draft(r, result != EXIT_TROUBLE);
    return kept ? kept : result;
}

int cmd_redact(int argc, char **argv)
{
    redact r = { .draft_fd = -1 };
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case OPT_KEY: r.key = optarg; break;
        case OPT_ADDRESSES: r.addresses = true; break;
        case OPT_NO_SANDBOX: r.no_sandbox = true; break;
        case OPT_HELP: return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
        default: return complain(NULL, "wrong option; try oopsdoc redact --help");
        }
    if (argc - optind > 1)
        return complain(argv[optind + 1], "redact takes one file");
    char standard[] = "-";
    int result = redact_file(&r, optind < argc ? argv[optind] : standard);
    free((void *)(uintptr_t)r.log.ptr);
    free_input();
    names_free(r.names);
    text_free(&r.draft);
    patterns_close();
    return result;
}

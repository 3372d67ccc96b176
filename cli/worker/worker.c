/* worker.c - oopsdoc-worker: logs of a fleet over NATS JetStream (docs/fleet.md). */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../late_capstone.h"
#include "fleet.h"

static const char help[] =
    "usage: oopsdoc-worker work    [--server URL] [--tries N] [--prefetch N] [--ack-wait S]\n"
    "       oopsdoc-worker collect [--server URL] --db FILE\n"
    "       oopsdoc-worker send    [--server URL] PATH...\n"
    "Looks at the logs of many machines, on many machines, over NATS JetStream.\n"
    "\n"
    "  work      takes logs, looks at them, publishes a record of each. Start as many as\n"
    "            there are CPUs, on as many machines as you like\n"
    "  collect   writes the records into a database of oopsdoc triage. Start one\n"
    "  send      publishes the files of folders: each is a log, packed or not\n"
    "\n"
    "      --server URL    nats://localhost:4222\n"
    "      --db FILE       read it with: oopsdoc triage --db FILE\n"
    "      --tries N       a log that N workers did not come back from is given up (5)\n"
    "      --prefetch N    logs that a worker holds (4)\n"
    "      --ack-wait S    seconds until a log that is not done goes to another (30)\n"
    "\n"
    "SIGTERM ends it behind the log at hand. Exit status: 0, 2 a wrong call, a log that\n"
    "could not be sent or a database that cannot be written, 3 sending was stopped.\n";

enum { OPT_SERVER = 256, OPT_DB, OPT_TRIES, OPT_PREFETCH, OPT_WAIT, OPT_HELP };

static const struct option options[] = {
    { "server", required_argument, NULL, OPT_SERVER },
    { "db", required_argument, NULL, OPT_DB },
    { "tries", required_argument, NULL, OPT_TRIES },
    { "prefetch", required_argument, NULL, OPT_PREFETCH },
    { "ack-wait", required_argument, NULL, OPT_WAIT },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static int set_number(long *to, const char *value, long most)
{
    char *end;
    *to = strtol(value, &end, 10);
    return *end || *to < 1 || *to > most ? complain(value, "not a number that this takes") : 0;
}

static int set_option(fleet *f, int option, const char *value)
{
    switch (option) {
    case OPT_SERVER: f->server = value; return 0;
    case OPT_DB: f->db = value; return 0;
    case OPT_TRIES: return set_number(&f->tries, value, 1000);
    case OPT_PREFETCH: return set_number(&f->prefetch, value, 256);
    case OPT_WAIT: return set_number(&f->ack_wait, value, 86400);
    default: return complain(NULL, "wrong option; try oopsdoc-worker --help");
    }
}

static int run(fleet *f, const char *command, int count, char **paths)
{
    bool sends = strcmp(command, "send") == 0, collects = strcmp(command, "collect") == 0;
    if (!sends && !collects && strcmp(command, "work") != 0)
        return complain(command, "no such command; try oopsdoc-worker --help");
    if (sends != (count > 0) || collects != (f->db != NULL))
        return complain(NULL, "send takes paths, collect takes --db; try --help");
    stop_on_signals();
    if (collects ? !open_libraries() : !open_nettle())
        return EXIT_TROUBLE;
    int result = sends      ? send_logs(f, count, paths)
                 : collects ? collect_records(f)
                            : work_on_logs(f);
    fleet_close(f);
    return result;
}

int main(int argc, char **argv)
{
    fleet f = { .server = "nats://localhost:4222", .tries = 5, .prefetch = 4, .ack_wait = 30 };
    int option, result = 0;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    open_capstone();
    opterr = 0;
    while (result == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            put_stdout(help, sizeof help - 1, NULL);
            return close_stdout();
        }
        result = set_option(&f, option, optarg);
    }
    if (result == 0 && optind >= argc)
        result = complain(NULL, "a command is missing; try oopsdoc-worker --help");
    return result ? result : run(&f, argv[optind], argc - optind - 1, argv + optind + 1);
}

/* main.c - oopsdoc: finds out why a Linux kernel complained, from its log alone. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "late_capstone.h"
#include "packs.h"
#include "text.h"

static const char help[] =
    "usage: oopsdoc COMMAND\n"
    "Finds out why a Linux kernel complained, from its log alone, with proof.\n"
    "\n"
    "  analyze [FILE...]   diagnose logs; JSON by default, -f text for people\n"
    "  decode WHAT VALUE   one number in the kernel's words: gfp, esr, x86-fault, taint\n"
    "  rules [list|explain ID]   what can be diagnosed, and on what proof\n"
#ifdef KD_TRIAGE
    "  triage PATH...      all logs of files, folders, archives: groups of problems\n"
    "  redact [FILE]       hosts, users, addresses, keys become names: to share a log\n"
#endif
    "  match SIGNATURE|REPORT.json LOG...   is it the same bug? for git bisect run\n"
    "  baseline add|check FILE   problems that are known, and do not count\n"
    "  batch               records in, one record out for each: for pipelines\n"
    "  pack test|new       messages of your own, as data\n"
    "  --version, --help   each command has a --help of its own\n"
    "\n"
    "examples:\n"
    "  dmesg | oopsdoc analyze -f text\n"
    "  oopsdoc analyze dmesg.txt | jq '.diagnoses[] | .title, .confidence'\n"
    "  oopsdoc decode gfp 0xa20 --kernel 5.4\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "analyze", cmd_analyze }, { "decode", cmd_decode }, { "rules", cmd_rules },
    { "match", cmd_match },     { "batch", cmd_batch },   { "baseline", cmd_baseline },
#ifdef KD_TRIAGE
    { "triage", cmd_triage },   { "redact", cmd_redact },
#endif
    { "pack", cmd_pack },
};

static int run(int argc, char **argv)
{
    char version[64];
    if (argc < 2)
        return complain(NULL, "a command is missing, such as analyze; see --help");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            if (commands[i].run != cmd_analyze) /* that one looks first whether it is needed */
                open_capstone();
            return commands[i].run(argc - 1, argv + 1);
        }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
    if (strcmp(argv[1], "--version") == 0) {
        uint32_t v = kd_version();
        int len = snprintf(version, sizeof version, "oopsdoc %u.%u.%u\n", v >> 24, v >> 16 & 255,
                           v & 65535);
        return put_stdout(version, (size_t)len, NULL) ? EXIT_TROUBLE : 0;
    }
    return complain(argv[1], "no such command; see --help");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe ends quietly: see close_stdout() */
    signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a failed write */
    int result = run(argc, argv);
    int closed = close_stdout();
    if (!closed && was_no_memory() && (result != EXIT_TROUBLE || !has_complained()))
        return complain(NULL, "out of memory");
    return closed ? closed : was_no_capstone() ? EXIT_TROUBLE : result;
}

/* options.h - options that several commands take. */
#ifndef OOPSDOC_OPTIONS_H
#define OOPSDOC_OPTIONS_H

#include "cli.h"

/* Facts of the machine; a command's own options have numbers below. */
enum { OPT_KERNEL = 512, OPT_ARCH, OPT_PAGE, OPT_KCONFIG, OPT_CMDLINE };

#define FACT_OPTIONS                                         \
    { "kernel", required_argument, NULL, OPT_KERNEL },       \
        { "arch", required_argument, NULL, OPT_ARCH },       \
        { "page-size", required_argument, NULL, OPT_PAGE },  \
        { "kconfig", required_argument, NULL, OPT_KCONFIG }, \
    {                                                        \
        "cmdline", required_argument, NULL, OPT_CMDLINE      \
    }

#define FACT_HELP                                                                       \
    "      --kernel REL  kernel release, as uname -r prints it (the log's own loses)\n" \
    "      --arch ARCH   x86_64, i386, arm64, arm, riscv64, ppc64, s390, parisc ...\n"  \
    "      --page-size N bytes\n"                                                       \
    "      --kconfig F   the kernel's .config: settles what would be assumed\n"         \
    "      --cmdline F   the kernel's command line, as /proc/cmdline has it\n"

/* 0, EXIT_TROUBLE after a message, or -1: the option is none of these. */
int set_fact(kd_options *options, int option, const char *value);
void free_facts(kd_options *options);

/* kd_options with the defaults of this tool. */
kd_options tool_options(void);

/* False: none of the names. */
bool parse_choice(const char *text, const char *const *names, size_t count, int *out);

#endif

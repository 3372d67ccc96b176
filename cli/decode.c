/* decode.c - oopsdoc decode: one number in the kernel's words. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char help[] =
    "usage: oopsdoc decode gfp MASK | esr VALUE | x86-fault VALUE | arm-fsr VALUE\n"
    "                      | taint VALUE\n"
    "                      [--kernel 5.4] [--arch arm64] [--all-versions]\n"
    "Prints one JSON object. gfp and taint are decimal unless they begin with 0x;\n"
    "esr, x86-fault and arm-fsr are hexadecimal, as an Oops prints them.\n"
    "\n"
    "  --kernel REL      kernel release or version; default: the newest known\n"
    "  --arch ARCH       default: x86_64\n"
    "  --all-versions    gfp: each meaning that the mask ever had, and the options it took\n"
    "\n"
    "examples:\n"
    "  oopsdoc decode gfp 0xa20 --kernel 5.4\n"
    "  oopsdoc decode esr 96000006\n"
    "  oopsdoc decode taint 12289\n";

static bool parse_number(const char *what, const char *text, uint64_t *out)
{
    char *end;
    bool hex = strcmp(what, "gfp") != 0 && strcmp(what, "taint") != 0;
    /* strtoull() would skip blanks and take a sign */
    if (!isxdigit((unsigned char)*text))
        return false;
    errno = 0;
    *out = strtoull(text, &end, hex || strncmp(text, "0x", 2) == 0 ? 16 : 10);
    return errno == 0 && *end == 0;
}

int cmd_decode(int argc, char **argv)
{
    static const struct option options[] = {
        { "kernel", required_argument, NULL, 'k' },
        { "arch", required_argument, NULL, 'a' },
        { "all-versions", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    kd_options opts;
    kd_engine *engine;
    bool all = false;
    uint64_t value;
    int option;
    kd_options_init(&opts, sizeof opts);
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h')
            return put_stdout(help, sizeof help - 1, NULL) ? EXIT_TROUBLE : 0;
        if (option == 'k')
            opts.kernel_release = optarg;
        else if (option == 'a')
            opts.arch = optarg;
        else if (option == 'v')
            all = true;
        else
            return complain(NULL, "wrong option; try oopsdoc decode --help");
    }
    if (argc - optind != 2)
        return complain(NULL, "decode takes what to decode and a number; see --help");
    const char *what = argv[optind], *text = argv[optind + 1];
    if (opts.kernel_release &&
        kd_kernel_parse((kd_str){ opts.kernel_release, strlen(opts.kernel_release) }) == 0)
        return complain(opts.kernel_release, "--kernel takes a kernel release such as 5.4");
    if (opts.arch && !kd_arch_known((kd_str){ opts.arch, strlen(opts.arch) }))
        return complain(opts.arch, "--arch does not know this architecture");
    if (!parse_number(what, text, &value))
        return complain(text, "not a number");
    kd_status made = kd_engine_new(&engine, NULL);
    if (made != KD_OK)
        return complain(NULL, kd_status_name(made));
    kd_status status = kd_decode(engine, what, value, all, &opts, put_stdout, NULL);
    kd_engine_free(engine);
    if (status == KD_E_INVAL)
        return complain(what, "decode knows gfp, esr, x86-fault, arm-fsr and taint");
    return status == KD_OK || status == KD_E_SINK ? 0 : complain(what, kd_status_name(status));
}

/* decode.c - oopsdoc decode: one number in the kernel's words. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char help[] =
    "usage: oopsdoc decode WHAT NUMBER [--kernel 5.4] [--arch arm64] [--all-versions]\n"
    "Prints one JSON object. WHAT is one of:\n"
    "  decimal, unless it begins with 0x: gfp, taint, xid, errno (-110)\n"
    "  hexadecimal, as the kernel prints them:\n"
    "    faults    esr, x86-fault, arm-fsr, scause, dsisr, mips-cause, s390-pic, s390-teid,\n"
    "              loongarch-estat, mce-status, preempt-count\n"
    "    storage   ata-status, ata-error, ata-emask, ata-serr, nvme-csts, mmc-status\n"
    "              scsi-sense (3/11/00 is 31100), nvme-status (sct 0x3 / sc 0x71 is 371)\n"
    "    buses     aer-correctable, aer-uncorrectable, pci-status, amd-vi-flags, dmar-reason\n"
    "\n"
    "  --kernel REL      kernel release or version; default: the newest known\n"
    "  --arch ARCH       default: x86_64\n"
    "  --all-versions    gfp: each meaning that the mask ever had, and the options it took\n"
    "\n"
    "examples:\n"
    "  oopsdoc decode gfp 0xa20 --kernel 5.4\n"
    "  oopsdoc decode esr 96000006\n"
    "  oopsdoc decode scsi-sense 31100\n"
    "  oopsdoc decode xid 79\n";

static bool is_decimal(const char *what)
{
    static const char *const names[] = { "gfp", "taint", "xid", "errno" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(what, names[i]) == 0)
            return true;
    return false;
}

static bool parse_number(const char *what, const char *text, uint64_t *out)
{
    char *end;
    bool decimal = is_decimal(what) && strncmp(text, "0x", 2) != 0;
    /* strtoull() would skip blanks and take a sign */
    if (!isxdigit((unsigned char)*text))
        return false;
    errno = 0;
    *out = strtoull(text, &end, decimal ? 10 : 16);
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
    text += strcmp(what, "errno") == 0 && *text == '-'; /* it is told with its minus */
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
        return complain(what, "decode does not know this; see oopsdoc decode --help");
    return status == KD_OK || status == KD_E_SINK ? 0 : complain(what, kd_status_name(status));
}

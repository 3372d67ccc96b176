/* options.c - options that several commands take. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

bool parse_choice(const char *text, const char *const *names, size_t count, int *out)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (int)i;
            return true;
        }
    return false;
}

kd_options tool_options(void)
{
    kd_options options;
    kd_options_init(&options, sizeof options);
    options.tool_name = "oopsdoc";
    return options;
}

static int set_page_size(kd_options *options, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || value < 1024 || value > 1u << 20 ||
        (value & (value - 1)))
        return complain(text, "--page-size takes a power of two, in bytes");
    options->page_size = (uint32_t)value;
    return 0;
}

int set_fact(kd_options *options, int option, const char *value)
{
    switch (option) {
    case OPT_KERNEL:
        if (kd_kernel_parse((kd_str){ value, strlen(value) }) == 0)
            return complain(value, "--kernel takes a kernel release such as 5.10.0-32-amd64");
        options->kernel_release = value;
        return 0;
    case OPT_ARCH:
        if (!kd_arch_known((kd_str){ value, strlen(value) }))
            return complain(value, "--arch does not know this architecture");
        options->arch = value;
        return 0;
    case OPT_PAGE: return set_page_size(options, value);
    case OPT_KCONFIG: return read_whole(value, &options->kconfig) ? 0 : EXIT_TROUBLE;
    case OPT_CMDLINE: return read_whole(value, &options->command_line) ? 0 : EXIT_TROUBLE;
    default: return -1;
    }
}

void free_facts(kd_options *options)
{
    kd_str *texts[] = { &options->kconfig, &options->command_line };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free((void *)(uintptr_t)texts[i]->ptr);
        *texts[i] = (kd_str){ NULL, 0 };
    }
}

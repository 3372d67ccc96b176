/* parse_meminfo_alone.c - a memory dump that stands alone.
 *
 *   Mem-Info:
 *
 * Printed by show_mem(): by sysrq-m, by drivers, or as what is left of a report whose beginning is
 * cut off. 2.6.32 to 7.2. All lines after the first are read by block/meminfo.c.
 */
#include "family/fields.h"
#include "family/memdump/parse_meminfo.h"

static kd_verdict open(kd_parse *parse, const kd_line *line)
{
    (void)parse;
    if (kd_str_is(line->text, "Mem-Info:") || kd_str_is(line->text, "Mem-info:"))
        return KD_TAKEN;
    return KD_NOT_MINE;
}

/* The number of pages is among the last lines in all versions. */
static void close(kd_parse *parse)
{
    const kdf_meminfo_dump *dump = parse->body;
    parse->event->complete = dump->meminfo.ram_pages.src != 0;
}

static const char *const anchors[] = { "Mem-Info:", "Mem-info:", NULL };

static const kd_block_use blocks[] = {
    { &kd_block_meminfo, offsetof(kdf_meminfo_dump, meminfo) },
    { NULL, 0 },
};

const kd_parser kd_parser_meminfo = {
    .name = "meminfo",
    .anchors = anchors,
    .kind = &kd_kind_meminfo,
    .blocks = blocks,
    .open = open,
    .close = close,
};

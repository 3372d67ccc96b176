/* parse_proc_meminfo.c - a pasted /proc/meminfo.
 *
 *   MemTotal:         229508 kB
 *   Active(anon):        884 kB
 *   HugePages_Total:       0                         a number of huge pages
 *
 * meminfo_proc_show(), all versions; the names differ by version, machine and configuration.
 */
#include "core/parser.h"
#include "family/fields.h"
#include <stddef.h>

#define MAX_LINES 256u

/* "Active(anon):        884 kB" and nothing else */
static bool scan_row(kd_str text, kd_str *name, uint64_t *number, bool *kb)
{
    kd_scan in = kd_scan_of(text);
    kd_str inner;
    const char *from = in.at;
    if (text.len > 80 || text.len == 0 || !kd_is_alpha(*from) || !kd_scan_name(&in, &inner))
        return false;
    if (kd_scan_char(&in, '(') && (!kd_scan_name(&in, &inner) || !kd_scan_char(&in, ')')))
        return false;
    *name = kd_scan_since(&in, from);
    if (!kd_scan_char(&in, ':'))
        return false;
    kd_scan_blanks(&in);
    if (!kd_scan_u64(&in, number))
        return false;
    *kb = kd_scan_literal(&in, " kB");
    return kd_scan_at_end(&in);
}

static bool has(const kd_list *map, kd_str name)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (kd_str_eq(KD_ITEMS(*map, kd_pair)[i].name, name))
            return true;
    return false;
}

/* The first line of the file, or a name that was there before, begins another paste. */
static bool begins_another(const kdf_meminfo_dump *dump, kd_str name)
{
    return (dump->proc_meminfo_kb.count > 0 && kd_str_is(name, "MemTotal")) ||
           has(&dump->proc_meminfo_kb, name) || has(&dump->proc_meminfo_pages, name);
}

static bool take_row(kd_parse *parse, kd_str text)
{
    kdf_meminfo_dump *dump = parse->body;
    kd_str name;
    uint64_t number;
    bool kb;
    if (!scan_row(text, &name, &number, &kb) || (!kb && !kd_str_starts(name, "HugePages_")) ||
        begins_another(dump, name))
        return false;
    kd_list *map = kb ? &dump->proc_meminfo_kb : &dump->proc_meminfo_pages;
    kd_pair *pair = map->count < MAX_LINES ? KD_LIST_ADD(parse->arena, map, kd_pair) : NULL;
    if (pair)
        *pair = (kd_pair){ name, number, parse->src };
    return true;
}

static kd_verdict open(kd_parse *parse, const kd_line *line)
{
    return take_row(parse, line->text) ? KD_TAKEN : KD_NOT_MINE;
}

/* One name alone is no dump, but what is left of one. */
static void close(kd_parse *parse)
{
    const kdf_meminfo_dump *dump = parse->body;
    parse->event->complete = kd_map_find(&dump->proc_meminfo_kb, "MemTotal") &&
                             kd_map_find(&dump->proc_meminfo_kb, "VmallocTotal");
}

static const char *const anchors[] = { "MemTotal:  ",   "MemFree:  ",      "MemAvailable:  ",
                                       "SUnreclaim:  ", "VmallocTotal:  ", NULL };

const kd_parser kd_parser_proc_meminfo = {
    .name = "proc_meminfo",
    .anchors = anchors,
    .kind = &kd_kind_meminfo,
    .patience = 3,
    .open = open,
    .more = open,
    .close = close,
};

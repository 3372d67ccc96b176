/* parse_slabtop.c - a pasted screen of slabtop.
 *
 *     OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME
 *   328160  80830  24%    0.50K  10255       32    164080K kmalloc-512
 *
 * procps, all versions: the caches of /proc/slabinfo, sorted. The size of an object is rounded to
 * 1/100 kB, so it is not kept.
 */
#include "core/parser.h"
#include "family/fields.h"
#include <stddef.h>

#define MAX_ROWS 8192u

/* "24%", "0.50K" */
static bool skip_rounded(kd_scan *in, char unit)
{
    kd_scan try = *in;
    uint64_t whole, part;
    kd_scan_blanks(&try);
    if (!kd_scan_u64(&try, &whole))
        return false;
    if (kd_scan_char(&try, '.') && !kd_scan_u64(&try, &part))
        return false;
    if (!kd_scan_char(&try, unit))
        return false;
    *in = try;
    return true;
}

static bool scan_number(kd_scan *in, uint64_t *out)
{
    kd_scan_blanks(in);
    return kd_scan_u64(in, out);
}

static bool take_row(kd_parse *parse, kd_str text)
{
    kdf_meminfo_dump *dump = parse->body;
    kd_scan in = kd_scan_of(text);
    uint64_t objects, active, slabs, per_slab, kb;
    kd_str name;
    if (!scan_number(&in, &objects) || !scan_number(&in, &active) || !skip_rounded(&in, '%') ||
        !skip_rounded(&in, 'K') || !scan_number(&in, &slabs) || !scan_number(&in, &per_slab) ||
        !scan_number(&in, &kb) || !kd_scan_char(&in, 'K'))
        return false;
    kd_scan_blanks(&in);
    kd_scan_rest(&in, &name);
    name = kd_str_trim(name);
    if (name.len == 0 || name.len > 128)
        return false;
    kdf_slab_cache *cache = dump->slabs.count < MAX_ROWS
                                ? KD_LIST_ADD(parse->arena, &dump->slabs, kdf_slab_cache)
                                : NULL;
    if (!cache)
        return true;
    cache->name = (kd_text){ name, parse->src };
    cache->total_kb = (kd_u64){ kb, parse->src };
    cache->active_objects = (kd_u64){ active, parse->src };
    cache->objects = (kd_u64){ objects, parse->src };
    cache->objects_per_slab = (kd_u64){ per_slab, parse->src };
    cache->slab_count = (kd_u64){ slabs, parse->src };
    return true;
}

static bool is_heading(kd_str text)
{
    return kd_str_has(text, "OBJ/SLAB") && kd_str_has(text, "CACHE SIZE") &&
           kd_str_has(text, "OBJS");
}

static kd_verdict open(kd_parse *parse, const kd_line *line)
{
    (void)parse;
    return is_heading(line->text) ? KD_TAKEN : KD_NOT_MINE;
}

static kd_verdict more(kd_parse *parse, const kd_line *line)
{
    return take_row(parse, line->text) ? KD_TAKEN : KD_NOT_MINE;
}

/* It shows what fits on a screen: whether caches are missing cannot be told. */
static void close(kd_parse *parse)
{
    const kdf_meminfo_dump *dump = parse->body;
    parse->event->complete = dump->slabs.count > 0;
}

static const char *const anchors[] = { "OBJ/SLAB", NULL };

const kd_parser kd_parser_slabtop = {
    .name = "slabtop",
    .anchors = anchors,
    .kind = &kd_kind_meminfo,
    .patience = 3,
    .open = open,
    .more = more,
    .close = close,
};

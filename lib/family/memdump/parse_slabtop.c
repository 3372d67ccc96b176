/* parse_slabtop.c - a pasted screen of slabtop.
 *
 *     OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME
 *   328160  80830  24%    0.50K  10255       32    164080K kmalloc-512
 *
 * procps, all versions: the caches of /proc/slabinfo, sorted; the name is filled up with blanks to
 * 23 columns. The size of an object is rounded to 1/100 kB, so it is not kept.
 */
#include "core/parser.h"
#include "family/fields.h"
#include <stddef.h>

#define MAX_ROWS 8192u

/* "24%", "0.50K" */
static bool scan_rounded(kd_scan *in, char unit, kd_str *text)
{
    kd_scan try = *in;
    uint64_t part;
    kd_scan_blanks(&try);
    const char *from = try.at;
    if (!kd_scan_u64(&try, &part))
        return false;
    if (kd_scan_char(&try, '.') && !kd_scan_u64(&try, &part))
        return false;
    *text = kd_scan_since(&try, from);
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

/* "kmalloc-64" of 0.06K, "kmalloc-cg-2k" of 2.00K: the name ends in the size of the objects. */
static bool names_size(kd_str name, kd_str size)
{
    const char *dash = kd_str_find_last(name, "-");
    kd_scan in, shown = kd_scan_of(size);
    uint64_t bytes, kb, hundredths = 0;
    if (!kd_str_has(name, "kmalloc-") || !dash)
        return false;
    in = kd_scan_of(kd_str_from(name, (size_t)(dash + 1 - name.ptr)));
    if (!kd_scan_u64(&in, &bytes) || bytes > 1048576)
        return false;
    if (kd_scan_char(&in, 'k'))
        bytes *= 1024;
    if (!kd_scan_at_end(&in) || !kd_scan_u64(&shown, &kb) || kb > 1048576 ||
        !kd_scan_char(&shown, '.') || !kd_scan_u64(&shown, &hundredths) || hundredths > 99)
        return false;
    hundredths += kb * 100;
    return bytes * 100 / 1024 <= hundredths && hundredths <= bytes * 100 / 1024 + 1;
}

/* The name stands last: what follows it, or the size that is in it, tells that it is not torn. */
static bool is_name_whole(const kd_line *line, kd_str name, kd_str size)
{
    kd_str raw = line->raw;
    return (raw.len > 0 && raw.ptr[raw.len - 1] == ' ') || names_size(name, size);
}

static bool take_row(kd_parse *parse, const kd_line *line)
{
    kdf_meminfo_dump *dump = parse->body;
    kd_scan in = kd_scan_of(line->text);
    uint64_t objects, active, slabs, per_slab, kb;
    kd_str name, used, size;
    if (!scan_number(&in, &objects) || !scan_number(&in, &active) ||
        !scan_rounded(&in, '%', &used) || !scan_rounded(&in, 'K', &size) ||
        !scan_number(&in, &slabs) || !scan_number(&in, &per_slab) || !scan_number(&in, &kb) ||
        !kd_scan_char(&in, 'K'))
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
    cache->whole = is_name_whole(line, name, size);
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
    return take_row(parse, line) ? KD_TAKEN : KD_NOT_MINE;
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

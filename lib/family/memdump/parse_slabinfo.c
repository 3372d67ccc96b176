/* parse_slabinfo.c - a pasted /proc/slabinfo, whole or grepped.
 *
 *   slabinfo - version: 2.1
 *   # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables ...
 *   kmalloc-64   3584   3584  64  64  1 : tunables    0    0    0 : slabdata     56     56      0
 *
 * s_show(), cache_show(); version 2.1 in 2.6.10 and later, with " : globalstat" or " : cpustat"
 * behind it in kernels with SLAB statistics.
 */
#include "core/parser.h"
#include "family/fields.h"
#include <stddef.h>

#define MAX_CACHES 8192u

/* parse->own: a mail program wrapped the row, its slabs may stand on the next line. */
enum { OWN_NO_SLABS };

/* The last five words before " : tunables" are numbers, what stands before them the name. */
static bool scan_numbers(kd_str head, kd_str *name, uint64_t n[5])
{
    head = kd_str_trim(head);
    for (int i = 4; i >= 0; i--) {
        const char *blank = kd_str_find_last(head, " ");
        if (!blank)
            return false;
        kd_scan in = kd_scan_of(kd_str_from(head, (size_t)(blank + 1 - head.ptr)));
        if (!kd_scan_u64(&in, &n[i]) || !kd_scan_at_end(&in))
            return false;
        head = kd_str_trim((kd_str){ head.ptr, (size_t)(blank - head.ptr) });
    }
    *name = head;
    return head.len > 0 && head.len <= 128;
}

/* " : slabdata     56     56      0": slabs in use, slabs, shared. */
static bool put_slabs(kd_parse *parse, kdf_slab_cache *cache, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str skipped;
    uint64_t active, slabs;
    if (!kd_scan_past(&in, ": slabdata ", &skipped) || !kd_scan_blanks(&in) ||
        !kd_scan_u64(&in, &active) || !kd_scan_blanks(&in) || !kd_scan_u64(&in, &slabs))
        return false;
    if (cache)
        kd_put(parse, &cache->slab_count, slabs);
    return true;
}

static bool take_row(kd_parse *parse, kd_str text)
{
    kdf_meminfo_dump *dump = parse->body;
    const char *tunables = kd_str_find(text, " : tunables");
    uint64_t n[5];
    kd_str name;
    if (!tunables || text.ptr[0] == '#' ||
        !scan_numbers((kd_str){ text.ptr, (size_t)(tunables - text.ptr) }, &name, n))
        return false;
    kdf_slab_cache *cache = dump->slabs.count < MAX_CACHES
                                ? KD_LIST_ADD(parse->arena, &dump->slabs, kdf_slab_cache)
                                : NULL;
    parse->own[OWN_NO_SLABS] = !put_slabs(parse, cache, text);
    if (!cache)
        return true;
    cache->name = (kd_text){ name, parse->src };
    cache->active_objects = (kd_u64){ n[0], parse->src };
    cache->objects = (kd_u64){ n[1], parse->src };
    cache->object_size = (kd_u64){ n[2], parse->src };
    cache->objects_per_slab = (kd_u64){ n[3], parse->src };
    cache->pages_per_slab = (kd_u64){ n[4], parse->src };
    cache->whole = true; /* the name stands first; the decoder looks at the columns */
    return true;
}

/* "0    0 : slabdata     56     56      0" */
static bool take_rest(kd_parse *parse, kd_str text)
{
    kdf_meminfo_dump *dump = parse->body;
    if (!parse->own[OWN_NO_SLABS] || dump->slabs.count == 0 || kd_str_has(text, " : tunables") ||
        !(kd_str_starts(text, ": slabdata ") || (text.len > 0 && kd_is_digit(text.ptr[0]))))
        return false;
    if (!put_slabs(parse, &KD_ITEMS(dump->slabs, kdf_slab_cache)[dump->slabs.count - 1], text))
        return false;
    parse->own[OWN_NO_SLABS] = 0;
    return true;
}

static bool take_heading(kd_parse *parse, kd_str text)
{
    kdf_meminfo_dump *dump = parse->body;
    kd_scan in = kd_scan_of(text);
    kd_str version;
    if (dump->slabs.count > 0)
        return false;
    if (kd_str_starts(text, "# name ") && kd_str_has(text, "<active_objs> <num_objs>"))
        return true;
    if (!kd_scan_literal(&in, "slabinfo - version: ") || !kd_scan_word(&in, &version))
        return false;
    kd_put(parse, &dump->slabinfo_version, version);
    return true;
}

static kd_verdict take(kd_parse *parse, const kd_line *line)
{
    return take_row(parse, line->text) || take_heading(parse, line->text) ||
                   take_rest(parse, line->text)
               ? KD_TAKEN
               : KD_NOT_MINE;
}

static const char *const anchors[] = { "slabinfo - version: ", "<active_objs> <num_objs>",
                                       " : tunables ", NULL };

/* Nothing ends it: whether rows are missing cannot be told. */
static void close(kd_parse *parse)
{
    const kdf_meminfo_dump *dump = parse->body;
    parse->event->complete = dump->slabs.count > 0;
}

const kd_parser kd_parser_slabinfo = {
    .name = "slabinfo",
    .anchors = anchors,
    .kind = &kd_kind_meminfo,
    .patience = 3,
    .open = take,
    .more = take,
    .close = close,
};

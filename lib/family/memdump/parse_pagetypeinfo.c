/* parse_pagetypeinfo.c - a pasted /proc/pagetypeinfo.
 *
 *   Page block order: 10
 *   Pages per block:  1024
 *   Free pages count per migrate type at order       0      1      2 ...
 *   Node    0, zone    DMA32, type    Unmovable    123    149     95 ...
 *   Number of blocks type     Unmovable      Movable  Reclaimable          CMA ...
 *   Node 0, zone    DMA32          150          495           14          237 ...
 *
 * Printed by pagetypeinfo_show(), 2.6.32 to 7.2. The first table counts free blocks, though its
 * heading says pages; from 5.4 on the kernel stops at 100000 and prints ">100000". The columns of
 * the second table are those of its heading. A third table (page_owner) is taken and not kept.
 */
#include "family/fields.h"
#include "family/memdump/parse_zone_row.h"

#define TYPES 16u

/* parse->own */
enum { PART, NAMES, MORE_NAMES, COLUMNS };
enum { PART_HEAD, PART_FREE_HEAD, PART_FREE, PART_BLOCKS, PART_MIXED };

#define BLOCKS_HEAD "Number of blocks type"

/* ---- heading lines --------------------------------------------------------------------------- */

static bool take_number(kd_parse *parse, kd_scan in, kd_u64 *field)
{
    uint64_t n;
    if (!kd_scan_blanks(&in) || !kd_scan_u64(&in, &n) || !kd_scan_at_end(&in) || field->src)
        return false;
    kd_put(parse, field, n);
    return true;
}

static bool take_free_head(kd_parse *parse, kd_scan in)
{
    kd_row_counts orders = { .count = 0 };
    if (!kd_scan_literal(&in, "Free pages count per migrate type at order") ||
        (!kd_scan_at_end(&in) && !kd_scan_row_counts(&in, &orders)))
        return false;
    parse->own[PART] = PART_FREE_HEAD;
    parse->own[COLUMNS] = orders.count;
    return true;
}

static bool take_head(kd_parse *parse, kd_str text)
{
    kdf_pagetypeinfo *body = parse->body;
    kd_scan in = kd_scan_of(text);
    if (parse->own[PART] == PART_HEAD) {
        if (kd_scan_literal(&in, "Page block order:"))
            return take_number(parse, in, &body->block_order);
        if (kd_scan_literal(&in, "Pages per block:"))
            return take_number(parse, in, &body->pages_per_block);
        if (take_free_head(parse, in))
            return true;
    }
    if (kd_str_starts(text, BLOCKS_HEAD) && !parse->own[NAMES]) {
        parse->own[NAMES] = parse->src;
        parse->own[PART] = PART_BLOCKS;
        return true;
    }
    if (kd_str_starts(text, "Number of mixed blocks") && parse->own[PART] != PART_MIXED) {
        parse->own[PART] = PART_MIXED;
        return true;
    }
    return false;
}

/* ---- zones and columns ----------------------------------------------------------------------- */

static kdf_pagetype_zone *last_zone(const kdf_pagetypeinfo *body)
{
    if (body->zones.count == 0)
        return NULL;
    return KD_ITEMS(body->zones, kdf_pagetype_zone) + body->zones.count - 1;
}

static kdf_pagetype_zone *find_zone(const kdf_pagetypeinfo *body, uint64_t node, kd_str name)
{
    kdf_pagetype_zone *zones = body->zones.items;
    for (uint32_t i = 0; i < body->zones.count; i++)
        if (zones[i].node.v == node && kd_str_eq(zones[i].name.v, name))
            return &zones[i];
    return NULL;
}

static kdf_pagetype_zone *add_zone(kd_parse *parse, uint64_t node, kd_str name)
{
    kdf_pagetypeinfo *body = parse->body;
    if (body->zones.count >= KD_ROW_ZONES)
        return NULL;
    kdf_pagetype_zone *zone = KD_LIST_ADD(parse->arena, &body->zones, kdf_pagetype_zone);
    if (zone) {
        kd_put(parse, &zone->node, node);
        kd_put(parse, &zone->name, name);
    }
    return zone;
}

/* Adds the column names of a heading line to `names`: views that may not outlast the next line. */
static uint32_t names_of_line(const kd_parse *parse, kd_src src, kd_str *names, uint32_t count)
{
    const kd_line_ref *ref = kd_event_line(parse->event, src);
    if (!ref)
        return count;
    kd_line line = { .raw = ref->raw };
    kd_line_read(&line, parse->dress);
    kd_scan in = kd_scan_of(line.text);
    kd_scan_literal(&in, BLOCKS_HEAD);
    while (kd_scan_blanks(&in) && count < TYPES && kd_scan_word(&in, &names[count]))
        count++;
    return count;
}

static uint32_t column_names(const kd_parse *parse, kd_str names[TYPES])
{
    uint32_t count = names_of_line(parse, parse->own[NAMES], names, 0);
    return names_of_line(parse, parse->own[MORE_NAMES], names, count);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool has_type(const kdf_pagetype_zone *zone, kd_str type)
{
    const kd_row *rows = zone->free.items;
    for (uint32_t i = 0; i < zone->free.count; i++)
        if (kd_str_eq(rows[i].name, type))
            return true;
    return false;
}

/* "Node    0, zone    DMA32, type    Unmovable    123    149 ..." */
static bool take_free_row(kd_parse *parse, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_row_counts counts;
    kd_str name, type;
    uint64_t node;
    if (parse->own[PART] > PART_FREE || !kd_scan_row_zone(&in, &node, &name) ||
        !kd_scan_literal(&in, ", type ") || !kd_scan_blanks(&in) || !kd_scan_word(&in, &type) ||
        !kd_scan_row_counts(&in, &counts))
        return false;
    kdf_pagetype_zone *zone = find_zone(parse->body, node, name);
    if (zone && has_type(zone, type))
        return false;
    if (!zone)
        zone = add_zone(parse, node, name);
    parse->own[PART] = PART_FREE;
    kd_row *row =
        zone && zone->free.count < TYPES ? KD_LIST_ADD(parse->arena, &zone->free, kd_row) : NULL;
    if (row) {
        row->name = type;
        kd_row_counts_put(parse, &row->values, &counts);
    }
    return true;
}

static bool put_blocks(kd_parse *parse, kdf_pagetype_zone *zone, const kd_row_counts *counts)
{
    kd_str names[TYPES];
    uint32_t columns = column_names(parse, names), from = zone->blocks.count;
    if (from + counts->count > columns)
        return false;
    for (uint32_t i = 0; i < counts->count; i++) {
        kd_pair *pair = KD_LIST_ADD(parse->arena, &zone->blocks, kd_pair);
        if (pair)
            *pair =
                (kd_pair){ kd_arena_str(parse->arena, names[from + i]), counts->n[i], parse->src };
    }
    return true;
}

/* "Node 0, zone    DMA32          150          495 ..." */
static bool take_blocks_row(kd_parse *parse, kd_str text)
{
    kdf_pagetypeinfo *body = parse->body;
    kd_scan in = kd_scan_of(text);
    kd_row_counts counts;
    kd_str name, names[TYPES];
    uint64_t node;
    if (parse->own[PART] < PART_BLOCKS || !kd_scan_row_zone(&in, &node, &name) ||
        !kd_scan_row_counts(&in, &counts) || counts.count > column_names(parse, names))
        return false;
    if (parse->own[PART] == PART_MIXED)
        return true;
    kdf_pagetype_zone *zone = find_zone(body, node, name);
    if (zone && zone->blocks.count > 0)
        return false;
    if (!zone)
        zone = add_zone(parse, node, name);
    return !zone || put_blocks(parse, zone, &counts);
}

/* ---- wrapped lines --------------------------------------------------------------------------- */

static bool take_more_names(kd_parse *parse, kd_str text)
{
    const kdf_pagetype_zone *zone = last_zone(parse->body);
    kd_scan in = kd_scan_of(text);
    kd_str word;
    if (parse->own[PART] != PART_BLOCKS || parse->own[MORE_NAMES] ||
        parse->src != parse->own[NAMES] + 1 || (zone && zone->blocks.count > 0))
        return false;
    while (kd_scan_blanks(&in) && !kd_scan_at_end(&in))
        if (!kd_scan_word(&in, &word) ||
            !kd_str_in_words(word, "Unmovable Reclaimable Movable Reserve HighAtomic CMA Isolate"))
            return false;
    parse->own[MORE_NAMES] = parse->src;
    return true;
}

static bool take_more_free(kd_parse *parse, const kd_row_counts *counts)
{
    kdf_pagetype_zone *zone = last_zone(parse->body);
    if (!zone || zone->free.count == 0)
        return false;
    kd_row *row = KD_ITEMS(zone->free, kd_row) + zone->free.count - 1;
    if (!kd_row_goes_on(row->values.count, counts, parse->own[COLUMNS]))
        return false;
    kd_row_counts_put(parse, &row->values, counts);
    return true;
}

/* Both tables name the zones in the same order. */
static bool take_more_blocks(kd_parse *parse, const kd_row_counts *counts)
{
    kdf_pagetypeinfo *body = parse->body;
    kdf_pagetype_zone *zones = body->zones.items;
    uint32_t i = body->zones.count;
    while (i > 0 && zones[i - 1].blocks.count == 0)
        i--;
    return i > 0 && put_blocks(parse, &zones[i - 1], counts);
}

/* The numbers that did not fit on the line before. */
static bool take_numbers(kd_parse *parse, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_row_counts counts;
    if (!kd_scan_row_counts(&in, &counts))
        return false;
    if (parse->own[PART] == PART_FREE)
        return take_more_free(parse, &counts);
    if (parse->own[PART] == PART_FREE_HEAD) {
        uint32_t columns = parse->own[COLUMNS] + counts.count;
        if (columns > KD_ROW_COLUMNS)
            return false;
        parse->own[COLUMNS] = columns;
        return true;
    }
    return parse->own[PART] == PART_BLOCKS && take_more_blocks(parse, &counts);
}

/* ---- the recogniser -------------------------------------------------------------------------- */

static kd_verdict open(kd_parse *parse, const kd_line *line)
{
    return take_head(parse, line->text) || take_free_row(parse, line->text) ? KD_TAKEN
                                                                            : KD_NOT_MINE;
}

static kd_verdict more(kd_parse *parse, const kd_line *line)
{
    return take_head(parse, line->text) || take_free_row(parse, line->text) ||
                   take_blocks_row(parse, line->text) || take_more_names(parse, line->text) ||
                   take_numbers(parse, line->text)
               ? KD_TAKEN
               : KD_NOT_MINE;
}

/* Both tables, and every row as long as its heading. */
static void close(kd_parse *parse)
{
    const kdf_pagetypeinfo *body = parse->body;
    const kdf_pagetype_zone *zones = body->zones.items;
    kd_str names[TYPES];
    uint32_t columns = column_names(parse, names);
    bool whole = body->zones.count > 0 && columns > 0 && parse->own[COLUMNS] > 0;
    for (uint32_t i = 0; whole && i < body->zones.count; i++) {
        const kd_row *rows = zones[i].free.items;
        whole = zones[i].blocks.count == columns && zones[i].free.count == columns;
        for (uint32_t k = 0; whole && k < zones[i].free.count; k++)
            whole = rows[k].values.count == parse->own[COLUMNS];
    }
    parse->event->complete = whole;
}

static const char *const anchors[] = { "Page block order:",   "Free pages count per migrate type",
                                       ", type    Unmovable", ", type Unmovable",
                                       BLOCKS_HEAD,           NULL };

const kd_parser kd_parser_pagetypeinfo = {
    .name = "pagetypeinfo",
    .anchors = anchors,
    .kind = &kd_kind_pagetypeinfo,
    .patience = 1,
    .open = open,
    .more = more,
    .close = close,
};

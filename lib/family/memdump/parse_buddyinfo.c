/* parse_buddyinfo.c - a pasted /proc/buddyinfo.
 *
 *   Node 0, zone    DMA32    123    149     95     66     45     23     13      5 ...
 *
 * Printed by frag_show_print(); free blocks by order, one row for each populated zone. No heading.
 * The rows of /proc/pagetypeinfo name a type, those of its second table are shorter, and those of
 * /proc/zoneinfo have no numbers.
 */
#include "family/fields.h"
#include "family/memdump/parse_zone_row.h"

/* Fewer columns are a row of another table: there are at most seven migratetypes. A row that a
 * mail program wrapped still has seven. */
#define LEAST_COLUMNS 7u

static bool has_zone(const kdf_buddyinfo *body, uint64_t node, kd_str name)
{
    const kdf_buddyinfo_zone *zones = body->zones.items;
    for (uint32_t i = 0; i < body->zones.count; i++)
        if (zones[i].node.v == node && kd_str_eq(zones[i].name.v, name))
            return true;
    return false;
}

static bool take_row(kd_parse *parse, kd_str text)
{
    kdf_buddyinfo *body = parse->body;
    kd_scan in = kd_scan_of(text);
    kd_row_counts counts;
    kd_str name;
    uint64_t node;
    if (!kd_scan_row_zone(&in, &node, &name) || !kd_scan_row_counts(&in, &counts) ||
        counts.count < LEAST_COLUMNS || has_zone(body, node, name))
        return false;
    if (body->zones.count >= KD_ROW_ZONES)
        return true;
    kdf_buddyinfo_zone *zone = KD_LIST_ADD(parse->arena, &body->zones, kdf_buddyinfo_zone);
    if (!zone)
        return true;
    kd_put(parse, &zone->node, node);
    kd_put(parse, &zone->name, name);
    kd_row_counts_put(parse, &zone->blocks, &counts);
    return true;
}

/* The rest of a wrapped row. */
static bool take_rest(kd_parse *parse, kd_str text)
{
    kdf_buddyinfo *body = parse->body;
    kd_scan in = kd_scan_of(text);
    kd_row_counts counts;
    if (body->zones.count == 0 || !kd_scan_row_counts(&in, &counts))
        return false;
    kdf_buddyinfo_zone *zones = body->zones.items;
    kdf_buddyinfo_zone *last = &zones[body->zones.count - 1];
    uint32_t columns = last == zones ? 0 : zones[0].blocks.count;
    if (!kd_row_goes_on(last->blocks.count, &counts, columns))
        return false;
    kd_row_counts_put(parse, &last->blocks, &counts);
    return true;
}

static kd_verdict open(kd_parse *parse, const kd_line *line)
{
    return take_row(parse, line->text) ? KD_TAKEN : KD_NOT_MINE;
}

static kd_verdict more(kd_parse *parse, const kd_line *line)
{
    return take_row(parse, line->text) || take_rest(parse, line->text) ? KD_TAKEN : KD_NOT_MINE;
}

/* Every zone has the same orders. */
static void close(kd_parse *parse)
{
    const kdf_buddyinfo *body = parse->body;
    const kdf_buddyinfo_zone *zones = body->zones.items;
    bool whole = body->zones.count > 0;
    for (uint32_t i = 0; i < body->zones.count; i++)
        whole = whole && zones[i].blocks.count == zones[0].blocks.count &&
                zones[i].blocks.count >= KD_ROW_ORDERS;
    parse->event->complete = whole;
}

static const char *const anchors[] = { "Node 0, zone", "Node 1, zone", NULL };

const kd_parser kd_parser_buddyinfo = {
    .name = "buddyinfo",
    .anchors = anchors,
    .kind = &kd_kind_buddyinfo,
    .patience = 1,
    .open = open,
    .more = more,
    .close = close,
};

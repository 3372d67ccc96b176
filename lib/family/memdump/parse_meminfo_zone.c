/* parse_meminfo_zone.c - the counters of a memory dump: global, by node, by zone.
 *
 *   active_anon:152878 inactive_anon:92312 isolated_anon:0                             (pages)
 *   Node 0 active_anon:611512kB ... shmem_thp: 0kB ... all_unreclaimable? no
 *   Node 0 DMA32 free:633300kB min:10240kB ... free_cma:583960kB
 *   lowmem_reserve[]: 0 0 0                                                            (pages)
 *
 * Which counters there are changes with the version, and vendors add their own: a name that has
 * no field goes to a map as it is printed.
 */
#include "family/fields.h"
#include "family/memdump/parse_meminfo.h"

/* ---- zones ----------------------------------------------------------------------------------- */

static const struct zone_field {
    const char *name;
    size_t at;
} zone_fields[] = {
    { "free", offsetof(kdf_zone, free_kb) },
    { "boost", offsetof(kdf_zone, boost_kb) },
    { "min", offsetof(kdf_zone, min_kb) },
    { "low", offsetof(kdf_zone, low_kb) },
    { "high", offsetof(kdf_zone, high_kb) },
    { "reserved_highatomic", offsetof(kdf_zone, reserved_highatomic_kb) },
    { "free_highatomic", offsetof(kdf_zone, free_highatomic_kb) },
    { "free_cma", offsetof(kdf_zone, free_cma_kb) },
    { "present", offsetof(kdf_zone, present_kb) },
    { "managed", offsetof(kdf_zone, managed_kb) },
};

static kd_u64 *zone_field(kdf_zone *zone, kd_str name)
{
    for (size_t i = 0; i < KD_COUNT(zone_fields); i++)
        if (kd_str_is(name, zone_fields[i].name))
            return (kd_u64 *)(void *)((char *)zone + zone_fields[i].at);
    return NULL;
}

kdf_zone *kd_mem_zone_here(const kd_mem_dump *dump)
{
    if (dump->place.index >= dump->info->zones.count)
        return NULL;
    return KD_ITEMS(dump->info->zones, kdf_zone) + dump->place.index;
}

uint16_t kd_mem_zone_find(const kd_mem_dump *dump, kd_str name)
{
    const kdf_zone *zones = dump->info->zones.items;
    uint16_t found = KD_MEM_DROPPED;
    unsigned alike = 0;
    for (uint32_t i = 0; i < dump->info->zones.count; i++) {
        if (!kd_str_eq(zones[i].name.v, name))
            continue;
        if (dump->has_node == (zones[i].node.src != 0)) {
            if (!dump->has_node || zones[i].node.v == dump->node)
                return (uint16_t)i;
            continue;
        }
        alike++;
        found = (uint16_t)i;
    }
    return alike == 1 ? found : KD_MEM_DROPPED;
}

uint16_t kd_mem_zone_add(kd_mem_dump *dump, kd_str name)
{
    kd_list *zones = &dump->info->zones;
    if (zones->count >= KD_MEM_ZONES)
        return KD_MEM_DROPPED;
    kdf_zone *zone = KD_LIST_ADD(dump->parse->arena, zones, kdf_zone);
    if (!zone)
        return KD_MEM_DROPPED;
    if (dump->has_node)
        kd_put(dump->parse, &zone->node, dump->node);
    kd_put(dump->parse, &zone->name, name);
    return (uint16_t)(zones->count - 1);
}

bool kd_mem_zone_name_known(const kd_mem_dump *dump, kd_str name)
{
    const kdf_zone *zones = dump->info->zones.items;
    if (!kd_mem_begun(dump))
        return false;
    for (uint32_t i = 0; i < dump->info->zones.count; i++)
        if (kd_str_eq(zones[i].name.v, name))
            return true;
    return kd_str_in_words(name, "DMA DMA32 Normal HighMem Movable Device");
}

/* ---- putting --------------------------------------------------------------------------------- */

static kdf_node *node_here(const kd_mem_dump *dump)
{
    if (dump->place.index >= dump->info->nodes.count)
        return NULL;
    return KD_ITEMS(dump->info->nodes, kdf_node) + dump->place.index;
}

static void put_zone_count(kd_mem_dump *dump, kdf_zone *zone, const kd_count *c)
{
    kd_parse *parse = dump->parse;
    kd_u64 *field = zone_field(zone, c->name);
    if (c->kind == KD_COUNT_YES_NO)
        kd_put(parse, &zone->all_unreclaimable, c->n == 1);
    else if (c->kind == KD_COUNT_KB && field)
        kd_put(parse, field, c->n);
    else if (c->kind == KD_COUNT_KB)
        kd_mem_map_put(parse, &zone->counters_kb, c->name, c->n);
}

static void put_node_count(kd_mem_dump *dump, kdf_node *node, const kd_count *c)
{
    if (c->kind == KD_COUNT_YES_NO)
        kd_put(dump->parse, &node->all_unreclaimable, c->n == 1);
    else if (c->kind == KD_COUNT_KB)
        kd_mem_map_put(dump->parse, &node->counters_kb, c->name, c->n);
}

static void put_count(kd_mem_dump *dump, const kd_count *c)
{
    kdf_zone *zone = dump->place.part == KD_MEM_ZONE ? kd_mem_zone_here(dump) : NULL;
    kdf_node *node = dump->place.part == KD_MEM_NODE ? node_here(dump) : NULL;
    if (dump->place.part == KD_MEM_GLOBAL && c->kind == KD_COUNT_PLAIN)
        kd_mem_map_put(dump->parse, &dump->info->counters_pages, c->name, c->n);
    else if (zone)
        put_zone_count(dump, zone, c);
    else if (node)
        put_node_count(dump, node, c);
    else
        return;
    /* pages among kB: no field has that unit */
    if ((zone || node) && c->kind == KD_COUNT_PLAIN && !kd_str_is(c->name, "pages_scanned"))
        kd_mem_map_put(dump->parse, &dump->info->vendor, c->name, c->n);
}

/* What the line ends with tells whether its end is there: see decode_whole.c. */
static void put_last(kd_mem_dump *dump, const kd_count *c)
{
    kdf_zone *zone = dump->place.part == KD_MEM_ZONE ? kd_mem_zone_here(dump) : NULL;
    kdf_node *node = dump->place.part == KD_MEM_NODE ? node_here(dump) : NULL;
    kd_str name = { NULL, 0 };
    if (c->kind == KD_COUNT_KB)
        name = c->name;
    else if (c->kind == KD_COUNT_YES_NO && c->n != KD_YES_NO_LATER)
        name = KD_STR("all_unreclaimable");
    if (zone)
        zone->last_counter = name;
    else if (node)
        node->last_counter = name;
}

static void put_counts(kd_mem_dump *dump, kd_scan in)
{
    dump->place.pending = KD_MEM_NOTHING;
    for (kd_count c = kd_count_next(&in); c.kind != KD_COUNT_END; c = kd_count_next(&in)) {
        put_last(dump, &c);
        if (c.kind == KD_COUNT_HALF)
            dump->place.pending = KD_MEM_VALUE;
        else if (c.kind == KD_COUNT_YES_NO && c.n == KD_YES_NO_LATER)
            dump->place.pending = kd_scan_at_end(&in) ? KD_MEM_YES_NO : KD_MEM_NOTHING;
        else
            put_count(dump, &c);
    }
}

/* Is the counter there already, in the part at hand? */
static bool has_count(const kd_mem_dump *dump, kd_str name)
{
    if (dump->place.part == KD_MEM_GLOBAL)
        return kd_mem_map_has(&dump->info->counters_pages, name);
    if (dump->place.part == KD_MEM_NODE) {
        const kdf_node *node = node_here(dump);
        return node && kd_mem_map_has(&node->counters_kb, name);
    }
    kdf_zone *zone = kd_mem_zone_here(dump);
    const kd_u64 *field = zone ? zone_field(zone, name) : NULL;
    return zone && (field ? field->src != 0 : kd_mem_map_has(&zone->counters_kb, name));
}

/* ---- lines ----------------------------------------------------------------------------------- */

bool kd_mem_take_zone(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kd_str name;
    if (!kd_scan_name(&in, &name) || !kd_scan_char(&in, ' ') || !kd_scan_blanks(&in))
        return false;
    kd_scan counts = in;
    kd_str text = { in.at, kd_scan_left(&in) };
    if (!kd_scan_literal(&in, "free:"))
        return false;
    kd_counts line = kd_counts_of(counts);
    if (!line.at_once || line.kb == 0)
        return false;
    if (!kd_mem_zone_name_known(dump, name) && !kd_str_has(text, " min:"))
        return false;
    uint16_t index = kd_mem_zone_find(dump, name);
    dump->place.part = KD_MEM_ZONE;
    dump->place.index = index;
    if (index != KD_MEM_DROPPED && has_count(dump, KD_STR("free")))
        return false;
    if (index == KD_MEM_DROPPED)
        dump->place.index = kd_mem_zone_add(dump, name);
    put_counts(dump, counts);
    return true;
}

static uint16_t find_node(const kd_mem_dump *dump)
{
    const kdf_node *nodes = dump->info->nodes.items;
    for (uint32_t i = 0; i < dump->info->nodes.count; i++)
        if (nodes[i].node.v == dump->node)
            return (uint16_t)i;
    return KD_MEM_DROPPED;
}

static uint16_t add_node(kd_mem_dump *dump)
{
    kd_list *nodes = &dump->info->nodes;
    if (nodes->count >= KD_MEM_NODES)
        return KD_MEM_DROPPED;
    kdf_node *node = KD_LIST_ADD(dump->parse->arena, nodes, kdf_node);
    if (!node)
        return KD_MEM_DROPPED;
    kd_put(dump->parse, &node->node, dump->node);
    return (uint16_t)(nodes->count - 1);
}

bool kd_mem_take_node(kd_mem_dump *dump)
{
    if (!kd_mem_begun(dump) || !dump->has_node)
        return false;
    const kd_counts *line = kd_mem_words(dump);
    if (!kd_counts_are_kb(line))
        return false;
    dump->place.part = KD_MEM_NODE;
    dump->place.index = find_node(dump);
    if (dump->place.index == KD_MEM_DROPPED)
        dump->place.index = add_node(dump);
    else if (has_count(dump, line->first))
        return false;
    put_counts(dump, dump->in);
    return true;
}

bool kd_mem_take_global(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    if (kd_mem_node_printed(dump))
        return false;
    const kd_counts *line = kd_mem_words(dump);
    if (!kd_counts_are_plain(line))
        return false;
    if (!kd_mem_begun(dump)) {
        kd_str text = { in.at, kd_scan_left(&in) };
        if (!kd_scan_literal(&in, "active_anon:") || !kd_str_has(text, " inactive_anon:") ||
            !kd_str_has(text, " isolated_anon:"))
            return false;
        dump->place.part = KD_MEM_GLOBAL;
    }
    if (dump->place.part == KD_MEM_CMA)
        dump->place.part = KD_MEM_GLOBAL;
    if (dump->place.part != KD_MEM_GLOBAL || has_count(dump, line->first))
        return false;
    put_counts(dump, dump->in);
    return true;
}

/* ---- counters that go on --------------------------------------------------------------------- */

/* The name that stood at the end of the line before: "shmem_thp:". */
static bool half_name(const kd_mem_dump *dump, kd_str *out)
{
    const kd_line_ref *line = kd_event_line(dump->parse->event, dump->parse->src - 1);
    if (!line)
        return false;
    kd_str text = kd_str_trim(line->raw);
    size_t from = text.len;
    while (from > 0 && !kd_is_blank(text.ptr[from - 1]))
        from--;
    kd_scan in = kd_scan_of(kd_str_from(text, from));
    return kd_count_scan_name(&in, out) && kd_scan_char(&in, ':') && kd_scan_at_end(&in);
}

/* Takes the value that the line before still lacked. */
static bool scan_pending(const kd_mem_dump *dump, kd_scan *in, kd_count *out)
{
    kd_scan try = *in;
    kd_str word;
    if (dump->place.pending == KD_MEM_YES_NO) {
        out->kind = KD_COUNT_YES_NO;
        out->n = kd_count_scan_yes_no(in);
        return out->n != KD_YES_NO_LATER;
    }
    if (dump->place.pending != KD_MEM_VALUE || !kd_scan_word(&try, &word) ||
        !half_name(dump, &out->name))
        return false;
    out->kind = kd_count_scan_value(word, &out->n);
    if (out->kind != KD_COUNT_KB)
        return false;
    *in = try;
    return true;
}

bool kd_mem_take_more(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kd_count late = { .kind = KD_COUNT_END };
    if ((dump->place.part != KD_MEM_NODE && dump->place.part != KD_MEM_ZONE) ||
        kd_mem_node_printed(dump))
        return false;
    bool pending = scan_pending(dump, &in, &late);
    kd_counts line = pending ? kd_counts_of(in) : *kd_mem_words(dump);
    if (line.tokens == 0 ? !pending : !kd_counts_are_kb(&line))
        return false;
    if (line.first.len > 0 && has_count(dump, line.first))
        return false;
    if (pending) {
        put_last(dump, &late);
        put_count(dump, &late);
    }
    put_counts(dump, in);
    return true;
}

static bool is_plain(const kd_count *c)
{
    return c->kind == KD_COUNT_PLAIN || c->kind == KD_COUNT_TOO_BIG;
}

/* "[cma] driver:46165 anon:36301 file:10015 isolate:1939456 total:242688" */
static bool take_cma(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kd_parse *parse = dump->parse;
    bool head = kd_scan_literal(&in, "[cma] ");
    kd_scan check = in;
    if (!head && dump->place.part != KD_MEM_CMA)
        return false;
    if (kd_scan_at_end(&in))
        return false;
    for (kd_count c = kd_count_next(&check); c.kind != KD_COUNT_END; c = kd_count_next(&check))
        if (!is_plain(&c) || !kd_str_in_words(c.name, "driver anon file isolate total"))
            return false;
    for (kd_count c = kd_count_next(&in); c.kind != KD_COUNT_END; c = kd_count_next(&in))
        if (c.kind == KD_COUNT_PLAIN)
            kd_mem_map_put(parse, &dump->info->vendor,
                           kd_arena_format(parse->arena, "cma_%.*s", KD_FMT(c.name)), c.n);
    dump->place.part = KD_MEM_CMA;
    return true;
}

/* "Free_Unmovable:7440": what the zone at hand has free of that type. */
static bool take_free_types(kd_mem_dump *dump)
{
    kd_scan in = dump->in, check = in;
    kd_parse *parse = dump->parse;
    const kdf_zone *zone = kd_mem_zone_here(dump);
    if (!kd_scan_at_end(&in) && !kd_scan_literal(&check, "Free_")) /* nearly all */
        return false;
    check = in;
    for (kd_count c = kd_count_next(&check); c.kind != KD_COUNT_END; c = kd_count_next(&check))
        if (!is_plain(&c) || !kd_str_starts(c.name, "Free_"))
            return false;
    for (kd_count c = kd_count_next(&in); c.kind != KD_COUNT_END; c = kd_count_next(&in)) {
        kd_str name = c.name;
        if (c.kind != KD_COUNT_PLAIN)
            continue;
        if (zone && kd_mem_map_has(&dump->info->vendor, name))
            name = kd_arena_format(parse->arena, "%.*s_%.*s", KD_FMT(zone->name.v), KD_FMT(name));
        kd_mem_map_put(parse, &dump->info->vendor, name, c.n);
    }
    return true;
}

bool kd_mem_take_vendor(kd_mem_dump *dump)
{
    return kd_mem_begun(dump) && !kd_mem_node_printed(dump) &&
           (take_cma(dump) || take_free_types(dump));
}

/* ---- lowmem_reserve -------------------------------------------------------------------------- */

static bool are_numbers(kd_scan in)
{
    while (kd_scan_blanks(&in) && !kd_scan_at_end(&in)) {
        const char *from = in.at;
        while (in.at < in.end && kd_is_digit(*in.at))
            in.at++;
        if (in.at == from || (!kd_scan_at_end(&in) && !kd_is_blank(*in.at)))
            return false;
    }
    return true;
}

static void put_reserve(kd_mem_dump *dump, kdf_zone *zone, kd_scan in)
{
    kd_str word;
    while (kd_scan_blanks(&in) && kd_scan_word(&in, &word)) {
        kd_scan number = kd_scan_of(word);
        uint64_t pages;
        if (!kd_scan_u64(&number, &pages))
            return; /* the columns after it would get wrong zones */
        kd_u64 *item = zone->lowmem_reserve_pages.count < KD_MEM_RESERVES
                           ? KD_LIST_ADD(dump->parse->arena, &zone->lowmem_reserve_pages, kd_u64)
                           : NULL;
        if (item)
            *item = (kd_u64){ pages, dump->parse->src };
    }
}

bool kd_mem_take_reserve(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kdf_zone *zone = kd_mem_zone_here(dump);
    uint8_t part = dump->place.part;
    if (kd_mem_node_printed(dump) || (part != KD_MEM_ZONE && part != KD_MEM_RESERVE))
        return false;
    bool head = kd_scan_literal(&in, "lowmem_reserve[]:");
    if (head != (part == KD_MEM_ZONE) || !are_numbers(in))
        return false;
    if (zone)
        put_reserve(dump, zone, in);
    dump->place.part = KD_MEM_RESERVE;
    return true;
}

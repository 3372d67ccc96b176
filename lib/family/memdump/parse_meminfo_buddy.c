/* parse_meminfo_buddy.c - free blocks by order.
 *
 *   Node 0 DMA32: 1587*4kB (UMEC) 1959*8kB (UMEC) ... 118*4096kB (C) = 633204kB
 *
 * Letters name the migratetypes that have such blocks (3.8 and later, after counts above zero).
 * The order is told by the block's size, so that a torn line does not shift the orders after it.
 */
#include "family/fields.h"
#include "family/memdump/parse_meminfo.h"

typedef enum buddy_kind {
    BUDDY_END,
    BUDDY_BLOCKS, /* 1587*4kB */
    BUDDY_TYPES,  /* (UMEC) */
    BUDDY_EQUALS,
    BUDDY_SUM, /* 633204kB */
    BUDDY_BAD
} buddy_kind;

typedef struct buddy_token {
    buddy_kind kind;
    uint64_t count, kb;
    kd_str types;
    bool too_big; /* the count does not fit */
} buddy_token;

static bool scan_types(kd_scan *in, kd_str *out)
{
    kd_scan try = *in;
    if (!kd_scan_char(&try, '('))
        return false;
    const char *from = try.at;
    while (try.at < try.end && kd_is_alpha(*try.at))
        try.at++;
    *out = kd_scan_since(&try, from);
    if (out->len == 0 || !kd_scan_char(&try, ')'))
        return false;
    *in = try;
    return true;
}

/* "1587*4kB" or "633204kB" */
static bool scan_blocks(kd_scan *in, buddy_token *out)
{
    kd_scan try = *in;
    if (!kd_scan_u64(&try, &out->count)) {
        while (try.at < try.end && kd_is_digit(*try.at))
            try.at++;
        if (try.at == in->at)
            return false;
        out->too_big = true;
    }
    out->kind = kd_scan_char(&try, '*') ? BUDDY_BLOCKS : BUDDY_SUM;
    if (out->kind == BUDDY_BLOCKS && !kd_scan_u64(&try, &out->kb))
        return false;
    if (!kd_scan_literal(&try, "kB") || (try.at < try.end && kd_is_digit(*try.at)))
        return false; /* "16kB86*128kB": torn */
    *in = try;
    return true;
}

static buddy_token next_token(kd_scan *in)
{
    buddy_token token = { .kind = BUDDY_END };
    kd_str word;
    kd_scan_blanks(in);
    if (kd_scan_at_end(in) || scan_blocks(in, &token))
        return token;
    token.kind = BUDDY_TYPES;
    if (scan_types(in, &token.types))
        return token;
    token.kind = BUDDY_EQUALS;
    if (kd_scan_char(in, '='))
        return token;
    token.kind = BUDDY_BAD;
    kd_scan_word(in, &word);
    return token;
}

static unsigned log_of(uint64_t size)
{
    unsigned log = 0;
    while (size >>= 1)
        log++;
    return log;
}

/* All zones have pages of one size: a line that lost its first column takes it from another. */
static uint8_t page_log_of(const kd_mem_dump *dump, unsigned log)
{
    const kdf_zone *zones = dump->info->zones.items;
    uint8_t least = (uint8_t)(log + 1);
    for (uint32_t i = 0; i < dump->info->zones.count; i++)
        if (zones[i].page_kb.src && log_of(zones[i].page_kb.v) + 1 < least)
            least = (uint8_t)(log_of(zones[i].page_kb.v) + 1);
    return least;
}

/* Adds the blocks of one order; NULL when they are not kept. */
static kdf_buddy *add_blocks(kd_mem_dump *dump, kdf_zone *zone, const buddy_token *token)
{
    kd_parse *parse = dump->parse;
    unsigned log = log_of(token->kb);
    if (token->kb == 0 || (token->kb & (token->kb - 1)) != 0)
        return NULL;
    if (dump->place.page_log == 0)
        dump->place.page_log = page_log_of(dump, log);
    unsigned order = log + 1 - dump->place.page_log;
    const kdf_buddy *list = zone->buddy.items;
    uint32_t count = zone->buddy.count;
    if (token->too_big || log + 1 < dump->place.page_log || order >= KD_MEM_ORDERS ||
        (count > 0 && order <= list[count - 1].order.v))
        return NULL;
    kdf_buddy *buddy = KD_LIST_ADD(parse->arena, &zone->buddy, kdf_buddy);
    if (!buddy)
        return NULL;
    if (order == 0)
        kd_put(parse, &zone->page_kb, token->kb);
    else if (!zone->page_kb.src) /* from another zone */
        kd_derive(&zone->page_kb, (uint64_t)1 << (dump->place.page_log - 1));
    kd_put(parse, &buddy->order, order);
    kd_put(parse, &buddy->blocks, token->count);
    return buddy;
}

static bool adds_up(const kd_mem_dump *dump, const kdf_zone *zone, uint64_t printed)
{
    const kdf_buddy *list = zone->buddy.items;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < zone->buddy.count; i++) {
        uint64_t shift = list[i].order.v + dump->place.page_log - 1, blocks = list[i].blocks.v;
        if (shift > 63 || blocks > UINT64_MAX >> shift || blocks << shift > UINT64_MAX - sum)
            return false;
        sum += blocks << shift;
    }
    return sum == printed;
}

static void put_sum(kd_mem_dump *dump, kdf_zone *zone, const buddy_token *token)
{
    kd_parse *parse = dump->parse;
    dump->place.part = KD_MEM_OTHER;
    if (!zone || token->too_big)
        return;
    kd_put(parse, &zone->buddy_kb, token->count);
    kd_put(parse, &zone->buddy_adds_up, adds_up(dump, zone, token->count));
}

static void put_tokens(kd_mem_dump *dump, kd_scan in)
{
    kdf_zone *zone = kd_mem_zone_here(dump);
    kdf_buddy *last = NULL;
    buddy_kind before = BUDDY_EQUALS; /* the line before may have ended in it */
    if (zone && zone->buddy.count > 0)
        last = KD_ITEMS(zone->buddy, kdf_buddy) + zone->buddy.count - 1;
    for (buddy_token token = next_token(&in); token.kind != BUDDY_END; token = next_token(&in)) {
        if (token.kind == BUDDY_BLOCKS && zone)
            last = add_blocks(dump, zone, &token);
        else if (token.kind == BUDDY_TYPES && last)
            kd_put(dump->parse, &last->types, token.types);
        else if (token.kind == BUDDY_SUM) {
            if (before == BUDDY_EQUALS) /* else the rest of a torn number */
                put_sum(dump, zone, &token);
            return;
        }
        before = token.kind;
    }
}

/* Does the line go on where the last one of the zone stopped, and with nothing else? */
static bool take_rest(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    if (dump->place.part != KD_MEM_BUDDY || kd_mem_node_printed(dump))
        return false;
    for (buddy_token token = next_token(&in); token.kind != BUDDY_END; token = next_token(&in))
        if (token.kind == BUDDY_BAD)
            return false;
    put_tokens(dump, dump->in);
    return true;
}

/* Groups whose sizes double: nothing else in a log looks like that. */
static bool is_unmistakable(kd_scan in)
{
    uint64_t kb = 0;
    unsigned groups = 0;
    for (buddy_token token = next_token(&in); token.kind != BUDDY_END; token = next_token(&in)) {
        if (token.kind == BUDDY_BAD || (token.kind == BUDDY_BLOCKS && kb && token.kb / 2 != kb))
            return false;
        if (token.kind == BUDDY_BLOCKS) {
            kb = token.kb;
            groups++;
        }
    }
    return groups >= 4;
}

static bool has_blocks(const kd_mem_dump *dump, uint16_t index)
{
    if (index == KD_MEM_DROPPED)
        return false;
    const kdf_zone *zone = KD_ITEMS(dump->info->zones, kdf_zone) + index;
    return zone->buddy.count > 0 || zone->buddy_kb.src != 0;
}

bool kd_mem_take_buddy(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kd_str name;
    if (!kd_scan_name(&in, &name) || !kd_scan_char(&in, ':') ||
        (!kd_scan_at_end(&in) && !kd_is_blank(*in.at)))
        return take_rest(dump);
    kd_scan first = in;
    buddy_kind kind = next_token(&first).kind;
    if (kind == BUDDY_END ? !kd_mem_zone_name_known(dump, name) : kind != BUDDY_BLOCKS)
        return false;
    if (!kd_mem_begun(dump) && !is_unmistakable(in))
        return false;
    uint16_t index = kd_mem_zone_find(dump, name);
    if (has_blocks(dump, index))
        return false;
    dump->info->zones_ended = true;
    dump->place.index = index == KD_MEM_DROPPED ? kd_mem_zone_add(dump, name) : index;
    dump->place.part = KD_MEM_BUDDY;
    dump->place.page_log = 0;
    put_tokens(dump, in);
    return true;
}

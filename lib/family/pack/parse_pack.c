/* parse_pack.c - messages that the packs of the engine describe.
 *
 *   unregister_netdevice: waiting for eth0 to become free. Usage count = 2
 *
 * The anchors of the entries join the matcher; the first entry that fits counts.
 */
#include "core/parser.h"
#include "family/fields.h"
#include "family/pack/pack.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

#define MOST_FOLLOWERS 64u

static bool has_anchor(const kd_pack_entry *entry, kd_str text)
{
    const kd_str *anchors = entry->anchors.items;
    for (uint32_t i = 0; i < entry->anchors.count; i++)
        if (kd_str_has(text, anchors[i].ptr))
            return true;
    return false;
}

static void put_number(kd_parse *parse, kdf_message_value *value, kd_pack_type type, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    uint64_t number;
    if (type == KD_PACK_NUMBER && kd_scan_u64(&in, &number) && kd_scan_at_end(&in))
        kd_put(parse, &value->number, number);
    if (type == KD_PACK_HEX && kd_scan_hex(&in, &number) && kd_scan_at_end(&in))
        kd_put(parse, &value->hex, number);
}

static void put_values(kd_parse *parse, kdf_pack_message *message, const kd_pack_entry *entry,
                       const kd_pack_hit *hit)
{
    for (uint32_t i = 0; i < entry->field_count; i++) {
        if (!hit->values[i].ptr)
            continue;
        kdf_message_value *value = KD_LIST_ADD(parse->arena, &message->values, kdf_message_value);
        if (!value)
            return;
        value->name = (kd_text){ entry->fields[i].name, KD_DERIVED };
        kd_put(parse, &value->text, hit->values[i]);
        put_number(parse, value, entry->fields[i].type, hit->values[i]);
    }
}

static kd_verdict open_pack(kd_parse *parse, const kd_line *line)
{
    kdf_pack_message *message = parse->body;
    kd_pack_hit hit;
    if (!parse->packs)
        return KD_NOT_MINE;
    const kd_packs *packs = parse->packs->packs;
    for (uint32_t i = 0; i < packs->entries.count; i++) {
        const kd_pack_entry *entry = kd_packs_at(packs, i);
        if (!has_anchor(entry, line->text) ||
            !kd_pack_matches(parse->packs, entry, line->text, &hit))
            continue;
        parse->event->kind = entry->kind;
        message->described_by = entry;
        message->entry = (kd_text){ entry->id, KD_DERIVED };
        message->pack = (kd_text){ entry->pack, KD_DERIVED };
        kd_put(parse, &message->headline, line->text);
        put_values(parse, message, entry, &hit);
        return entry->stack || entry->follows.count > 0 ? KD_TAKEN : KD_LAST;
    }
    return KD_NOT_MINE;
}

static kd_verdict more_pack(kd_parse *parse, const kd_line *line)
{
    const kdf_pack_message *message = parse->body;
    const kd_pack_entry *entry = message->described_by;
    const kd_str *follows = entry->follows.items;
    for (uint32_t i = 0; i < entry->follows.count; i++)
        if (kd_str_starts(line->text, follows[i].ptr))
            return ++parse->own[0] < MOST_FOLLOWERS ? KD_TAKEN : KD_LAST;
    return entry->stack ? KD_NOT_MINE : KD_OVER;
}

/* What follows has no end of its own. */
static void close_pack(kd_parse *parse)
{
    const kdf_pack_message *message = parse->body;
    const kd_pack_entry *entry = message->described_by;
    parse->event->complete = !entry->stack || message->backtrace.count > 0;
}

/* Of those where a stack follows; the others are over with a line that does not follow. */
static const kd_block_use blocks[] = {
    { &kd_block_task, offsetof(kdf_pack_message, task) },
    { &kd_block_trace, offsetof(kdf_pack_message, backtrace) },
    { NULL, 0 },
};

/* Those of the packs join them: kd_anchors_init(). */
static const char *const anchors[] = { NULL };

const kd_parser kd_parser_pack = {
    .name = "pack",
    .anchors = anchors,
    .kind = &kd_kind_pack_message,
    .blocks = blocks,
    .patience = 4,
    .open = open_pack,
    .more = more_pack,
    .close = close_pack,
};

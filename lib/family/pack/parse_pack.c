/* parse_pack.c - messages that the packs of the engine describe.
 *
 *   unregister_netdevice: waiting for eth0 to become free. Usage count = 2
 *
 * The anchors of the entries join the matcher; the first entry that fits counts.
 */
#include "base/match.h"
#include "core/parser.h"
#include "family/device/decode_word.h"
#include "family/pack/pack_event.h"
#include "family/shared/parse_shared.h"
#include <stddef.h>

#define MOST_FOLLOWERS 64u
/* Entries whose anchors stand in one line; a line with more of them was made for it. */
#define MOST_CANDIDATES 32u

/* ---- which entries a line may be of ---------------------------------------------------------- */

typedef struct candidates {
    const kd_pack_use *use;
    const kd_pack_owner *owners[MOST_CANDIDATES]; /* the one that is asked first stands first */
    size_t count;
} candidates;

static void add_candidate(size_t pattern, void *user)
{
    candidates *all = user;
    if (pattern < all->use->first)
        return;
    const kd_list *owners = &all->use->packs->owners;
    size_t at = pattern - all->use->first;
    if (at >= owners->count || all->count == MOST_CANDIDATES)
        return;
    const kd_pack_owner *owner = &KD_ITEMS(*owners, kd_pack_owner)[at];
    size_t place = all->count;
    while (place > 0 && all->owners[place - 1]->order > owner->order)
        place--;
    if (place > 0 && all->owners[place - 1]->order == owner->order)
        return;
    for (size_t i = all->count++; i > place; i--)
        all->owners[i] = all->owners[i - 1];
    all->owners[place] = owner;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool scan_number(kd_str text, bool hex, bool may_be_negative, uint64_t *out)
{
    kd_scan in = kd_scan_of(text);
    if (may_be_negative)
        kd_scan_char(&in, '-');
    return (hex ? kd_scan_hex(&in, out) : kd_scan_u64(&in, out)) && kd_scan_at_end(&in);
}

static void put_number(kd_parse *parse, kdf_message_value *value, const kd_pack_field *field)
{
    char room[400];
    uint64_t number;
    kd_pack_type type;
    const kd_word_decoder *decoder;
    if (!kd_pack_type_of(field, &type, &decoder) || type == KD_PACK_TEXT)
        return;
    bool negative = decoder && decoder->is_negative;
    if (!scan_number(value->text.v, type == KD_PACK_HEX, negative, &number))
        return;
    if (type == KD_PACK_HEX)
        kd_put(parse, &value->hex, number);
    else if (!negative)
        kd_put(parse, &value->number, number);
    kd_str words = decoder ? kd_words_of(decoder, number, room, sizeof room) : (kd_str){ NULL, 0 };
    if (words.len > 0)
        value->words = (kd_text){ kd_arena_str(parse->arena, words), KD_DERIVED };
}

static void put_values(kd_parse *parse, kdf_pack_message *message, const kd_pack_entry *entry,
                       const kd_pack_hit *hit)
{
    const kd_pack_field *fields = entry->fields.items;
    for (uint32_t i = 0; i < entry->fields.count; i++) {
        if (!hit->values[i].ptr)
            continue;
        kdf_message_value *value = KD_LIST_ADD(parse->arena, &message->values, kdf_message_value);
        if (!value)
            return;
        value->name = (kd_text){ fields[i].name, KD_DERIVED };
        kd_put(parse, &value->text, hit->values[i]);
        put_number(parse, value, &fields[i]);
        if (kd_str_eq(fields[i].name, entry->device))
            kd_put(parse, &message->device, hit->values[i]);
    }
}

/* "13 (graphics engine exception)": what makes it another event. */
static void put_which(kd_parse *parse, kdf_pack_message *message, const kd_pack_entry *entry)
{
    kd_str which = { "", 0 };
    for (uint32_t i = 0; i < entry->tells.count; i++) {
        const kdf_message_value *value =
            kd_pack_value_of(message, KD_ITEMS(entry->tells, kd_str)[i]);
        if (!value)
            continue;
        const char *space = which.len ? ", " : "";
        which = value->words.src
                    ? kd_arena_format(parse->arena, "%.*s%s%.*s (%.*s)", KD_FMT(which), space,
                                      KD_FMT(value->text.v), KD_FMT(value->words.v))
                    : kd_arena_format(parse->arena, "%.*s%s%.*s", KD_FMT(which), space,
                                      KD_FMT(value->text.v));
    }
    if (which.len > 0)
        message->which = (kd_text){ which, KD_DERIVED };
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The value that names the device; NULL: none does. */
static kd_str device_of(const kd_pack_entry *entry, const kd_pack_hit *hit)
{
    for (uint32_t i = 0; i < entry->fields.count; i++)
        if (kd_str_eq(KD_ITEMS(entry->fields, kd_pack_field)[i].name, entry->device))
            return hit->values[i];
    return (kd_str){ NULL, 0 };
}

/* Does the line make an event? With `repeat` only the one that is one too many does. */
static bool is_one_too_many(kd_parse *parse, const kd_pack_entry *entry, const kd_pack_hit *hit,
                            const kd_line *line)
{
    kdf_pack_message *message = parse->body;
    uint64_t seconds;
    if (entry->repeat.count == 0)
        return true;
    if (!kd_pack_count(parse->packs, entry, device_of(entry, hit), line, &seconds))
        return false;
    message->times = (kd_u64){ entry->repeat.count, KD_DERIVED };
    if (line->has_time)
        message->within_s = (kd_u64){ seconds, KD_DERIVED };
    return true;
}

static kd_verdict open_pack(kd_parse *parse, const kd_line *line)
{
    kdf_pack_message *message = parse->body;
    kd_pack_hit hit;
    candidates all = { .use = parse->packs };
    if (!parse->packs)
        return KD_NOT_MINE;
    kd_matcher_each(parse->packs->matcher, line->text, add_candidate, &all);
    for (size_t i = 0; i < all.count; i++) {
        const kd_pack_entry *entry = all.owners[i]->entry;
        if (!kd_pack_matches(parse->packs, all.owners[i], line->text, &hit))
            continue;
        if (!is_one_too_many(parse, entry, &hit, line))
            return KD_NOT_MINE;
        parse->event->kind = entry->kind;
        message->described_by = entry;
        message->entry = (kd_text){ entry->id, KD_DERIVED };
        message->pack = (kd_text){ entry->pack, KD_DERIVED };
        kd_put(parse, &message->headline, line->text);
        put_values(parse, message, entry, &hit);
        put_which(parse, message, entry);
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

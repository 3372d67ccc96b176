/* parse_meminfo_rest.c - a memory dump whose head is cut off: what dmesg | tail leaves.
 *
 *    free:329 free_pcp:0 free_cma:0
 *   Normal free:1316kB min:264kB low:328kB high:392kB ...
 *   Normal: 1*4kB (M) 2*8kB (M) ... = 1316kB
 *
 * Its first line is any that is like no other: of counters, of a zone, of free blocks. The lines
 * of a report that is open go to that.
 */
#include "family/fields.h"
#include "family/memdump/parse_meminfo.h"

/* kd_parse.own: where the block stands after the first line */
enum { OWN_AT, OWN_MORE };

static bool is_zone_line(kd_str text)
{
    return kd_str_has(text, " free:") && kd_str_has(text, "kB min:") && kd_str_has(text, "kB low:");
}

static bool is_buddy_line(kd_str text)
{
    return kd_str_has(text, "*64kB") && kd_str_has(text, "*128kB") && kd_str_has(text, "*256kB") &&
           kd_str_has(text, " = ") && kd_str_ends(text, "kB");
}

static bool is_counter_line(kd_str text)
{
    return !kd_str_has(text, "kB") &&
           ((kd_str_starts(text, "free:") && kd_str_has(text, " free_pcp:")) ||
            (kd_str_starts(text, "active_anon:") && kd_str_has(text, " inactive_anon:")));
}

static kd_verdict open(kd_parse *parse, const kd_line *line)
{
    kdf_meminfo_dump *dump = parse->body;
    kd_block_state state = { .at = 0 };
    kd_str text = kd_str_trim(line->text);
    if (!is_zone_line(text) && !is_buddy_line(text) && !is_counter_line(text))
        return KD_NOT_MINE;
    parse->state = &state;
    kd_verdict verdict = kd_block_meminfo.take(parse, &dump->meminfo, line);
    parse->state = NULL;
    parse->own[OWN_AT] = state.at;
    parse->own[OWN_MORE] = state.more;
    return verdict;
}

/* The block goes on where the first line left it. */
static kd_verdict take_rest(kd_parse *parse, void *group, const kd_line *line)
{
    if (!parse->state->begun) {
        parse->state->at = parse->own[OWN_AT];
        parse->state->more = parse->own[OWN_MORE];
    }
    return kd_block_meminfo.take(parse, group, line);
}

static void close(kd_parse *parse)
{
    parse->event->complete = false;
}

static const char *const anchors[] = { "kB min:", " free_pcp:", " inactive_anon:", "*128kB", NULL };

static const kd_block block_rest = { "meminfo", take_rest };

static const kd_block_use blocks[] = {
    { &block_rest, offsetof(kdf_meminfo_dump, meminfo) },
    { NULL, 0 },
};

const kd_parser kd_parser_meminfo_rest = {
    .name = "meminfo_rest",
    .anchors = anchors,
    .kind = &kd_kind_meminfo,
    .blocks = blocks,
    .patience = 3,
    .open = open,
    .close = close,
};

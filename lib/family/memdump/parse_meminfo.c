/* parse_meminfo.c - the kernel's memory dump: which line is which part, and its closing lines.
 *
 *
 *   Mem-Info:
 *   active_anon:152878 inactive_anon:92312 isolated_anon:0
 *   Node 0 active_anon:611512kB ... all_unreclaimable? no
 *   Node 0 DMA32 free:633300kB min:10240kB ...
 *   lowmem_reserve[]: 0 0 0
 *   Node 0 DMA32: 1587*4kB (UMEC) ... = 633204kB
 *   112537 total pagecache pages
 *   917504 pages RAM
 *
 * Printed by show_mem(), before 6.x by show_free_areas() and the architecture's own show_mem();
 * 2.6.32 to 7.2. Its first line is written "Mem-info:" by 32-bit arm to 4.0.
 *
 * A line whose value is there already is not taken: when the dumps of two CPUs are mixed, it
 * belongs to the other event.
 */
#include "family/memdump/parse_meminfo.h"
#include "family/fields.h"

#include <assert.h>
#include <string.h>

/* ---- the place, in the state that the tracker keeps for the block ---------------------------- */

static kd_mem_place place_of(const kd_block_state *state)
{
    return (kd_mem_place){ .part = (uint8_t)state->at,
                           .pending = (uint8_t)(state->at >> 8),
                           .page_log = (uint8_t)(state->at >> 16),
                           .node_alone = state->at >> 24 & 1,
                           .index = (uint16_t)state->more,
                           .node = (uint16_t)(state->more >> 16) };
}

static void keep_place(kd_block_state *state, const kd_mem_place *place)
{
    state->at = place->part | (uint32_t)place->pending << 8 | (uint32_t)place->page_log << 16 |
                (uint32_t)place->node_alone << 24;
    state->more = place->index | (uint32_t)place->node << 16;
}

/* ---- maps ------------------------------------------------------------------------------------ */

bool kd_mem_map_has(const kd_list *map, kd_str name)
{
    const kd_pair *pairs = map->items;
    for (uint32_t i = 0; i < map->count; i++)
        if (kd_str_eq(pairs[i].name, name))
            return true;
    return false;
}

void kd_mem_map_put(kd_parse *parse, kd_list *map, kd_str name, uint64_t n)
{
    if (map->count >= KD_MEM_COUNTERS || kd_mem_map_has(map, name))
        return;
    kd_pair *pair = KD_LIST_ADD(parse->arena, map, kd_pair);
    if (pair)
        *pair = (kd_pair){ name, n, parse->src };
}

/* ---- head, lines without values of ours ------------------------------------------------------ */

static bool take_head(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    if (kd_mem_begun(dump) || dump->has_node ||
        (!kd_scan_literal(&in, "Mem-Info:") && !kd_scan_literal(&in, "Mem-info:")) ||
        !kd_scan_at_end(&in))
        return false;
    dump->place.part = KD_MEM_GLOBAL;
    return true;
}

/* "Node 0 " by itself: printk continuation lost to lines of other CPUs. */
static bool take_node_alone(kd_mem_dump *dump)
{
    if (!kd_mem_begun(dump) || !dump->has_node || !kd_scan_at_end(&dump->in) ||
        dump->node > UINT16_MAX)
        return false;
    dump->place.node = (uint16_t)dump->node;
    dump->place.node_alone = true;
    dump->place.part = KD_MEM_OTHER;
    return true;
}

/* "Normal per-cpu:" */
static bool take_per_cpu_head(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kd_str name;
    return kd_scan_name(&in, &name) && kd_scan_char(&in, ' ') && kd_scan_literal(&in, "per-cpu:");
}

/* "CPU    0: hi:   90, btch:  15 usd:  27" */
static bool take_per_cpu(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    uint64_t cpu;
    return kd_scan_literal(&in, "CPU") && kd_scan_blanks(&in) && kd_scan_u64(&in, &cpu) &&
           kd_scan_char(&in, ':') && kd_scan_blanks(&in) &&
           (kd_scan_literal(&in, "hi:") || kd_scan_literal(&in, "Hot:"));
}

/* "1.1MiB 1234 mm/slub.c:2226 func:alloc_slab_page" */
static bool take_call_site(kd_mem_dump *dump)
{
    kd_str text = { dump->in.at, kd_scan_left(&dump->in) };
    return dump->place.part == KD_MEM_CALLS && text.len > 0 && kd_is_digit(*text.ptr) &&
           kd_str_has(text, " func:");
}

/* "Node 0 hugepages_total=16 hugepages_free=3 hugepages_surp=0 hugepages_size=2048kB" */
static bool take_hugepages(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kd_src src = dump->parse->src;
    uint64_t total, free = 0, surplus = 0, size = 0;
    if (!kd_mem_begun(dump) || !kd_scan_literal(&in, "hugepages_total="))
        return false;
    dump->place.part = KD_MEM_OTHER;
    bool whole = kd_scan_u64(&in, &total) && kd_scan_literal(&in, " hugepages_free=") &&
                 kd_scan_u64(&in, &free) && kd_scan_literal(&in, " hugepages_surp=") &&
                 kd_scan_u64(&in, &surplus) && kd_scan_literal(&in, " hugepages_size=") &&
                 kd_scan_u64(&in, &size) && kd_scan_literal(&in, "kB");
    if (!whole || total == 0 || dump->info->hugepages.count >= KD_MEM_NODES * 4)
        return true;
    kdf_hugepages *pool = KD_LIST_ADD(dump->parse->arena, &dump->info->hugepages, kdf_hugepages);
    if (pool)
        *pool = (kdf_hugepages){ { dump->node, dump->has_node ? src : 0 },
                                 { total, src },
                                 { free, src },
                                 { surplus, src },
                                 { size, src } };
    return true;
}

static bool take_plain(kd_mem_dump *dump)
{
    static const char *const heads[] = {
        "Memory cgroup min protection ",
        "Swap cache stats:",
    };
    kd_str text = { dump->in.at, kd_scan_left(&dump->in) };
    if (!kd_mem_begun(dump))
        return false;
    if (take_per_cpu_head(dump) || take_per_cpu(dump)) {
        dump->place.part = KD_MEM_GLOBAL;
        return true;
    }
    if (take_call_site(dump))
        return true;
    dump->place.part = KD_MEM_OTHER;
    if (kd_str_starts_any(text, heads, KD_COUNT(heads)))
        return true;
    dump->place.part = KD_MEM_CALLS;
    return kd_str_starts(text, "Memory allocations");
}

/* ---- closing lines --------------------------------------------------------------------------- */

typedef struct total {
    const char *text;
    size_t at;        /* offset of the field, or */
    const char *name; /* the counter's name */
} total;

#define TOTAL(text, field)                       \
    {                                            \
        text, offsetof(kdf_meminfo, field), NULL \
    }
#define TOTAL_NAMED(text, name) \
    {                           \
        text, 0, name           \
    }

static const total totals[] = {
    TOTAL("total pagecache pages", pagecache_pages),
    TOTAL("pages in swap cache", swap.cache_pages),
    TOTAL("pages RAM", ram_pages),
    TOTAL("pages of RAM", ram_pages),
    TOTAL("pages HighMem/MovableOnly", highmem_pages),
    TOTAL("pages HighMem", highmem_pages),
    TOTAL("pages of HIGHMEM", highmem_pages),
    TOTAL("pages reserved", reserved_pages),
    TOTAL("reserved pages", reserved_pages),
    TOTAL("pages cma reserved", cma_reserved_pages),
    TOTAL("pages hwpoisoned", hwpoisoned_pages),
    TOTAL_NAMED("free pages", "free_pages"),
    TOTAL_NAMED("slab pages", "slab_pages"),
    TOTAL_NAMED("pages swap cached", "pages_swap_cached"),
    TOTAL_NAMED("pages shared", "pages_shared"),
    TOTAL_NAMED("pages non-shared", "pages_non_shared"),
    TOTAL_NAMED("pages in pagetable cache", "pages_in_pagetable_cache"),
};

static bool put_total(kd_mem_dump *dump, const total *row, uint64_t n)
{
    if (row->name) {
        kd_str name = kd_str_of(row->name);
        if (kd_mem_map_has(&dump->info->counters_pages, name))
            return false;
        kd_mem_map_put(dump->parse, &dump->info->counters_pages, name, n);
        return true;
    }
    kd_u64 *field = (kd_u64 *)(void *)((char *)dump->info + row->at);
    if (field->src)
        return false;
    kd_put(dump->parse, field, n);
    return true;
}

/* "917504 pages RAM" */
static bool take_total(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kd_str text;
    uint64_t n;
    if (!kd_mem_begun(dump) || kd_mem_node_printed(dump) || !kd_scan_u64(&in, &n) ||
        !kd_scan_char(&in, ' '))
        return false;
    kd_scan_blanks(&in);
    kd_scan_rest(&in, &text);
    for (size_t i = 0; i < KD_COUNT(totals); i++)
        if (kd_str_is(text, totals[i].text)) {
            dump->place.part = KD_MEM_OTHER;
            return put_total(dump, &totals[i], n);
        }
    return false;
}

/* "Free swap  = 453884kB", "Total swap = 524284kB" */
static bool take_swap(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    kd_u64 *field = &dump->info->swap.free_kb;
    uint64_t n;
    if (!kd_mem_begun(dump) || kd_mem_node_printed(dump))
        return false;
    if (kd_scan_literal(&in, "Total swap"))
        field = &dump->info->swap.total_kb;
    else if (!kd_scan_literal(&in, "Free swap"))
        return false;
    if (!kd_scan_blanks(&in) || (!kd_scan_char(&in, '=') && !kd_scan_char(&in, ':')) ||
        !kd_scan_blanks(&in) || !kd_scan_u64(&in, &n) || !kd_scan_literal(&in, "kB") ||
        !kd_scan_at_end(&in) || field->src)
        return false;
    kd_put(dump->parse, field, n);
    dump->place.part = KD_MEM_OTHER;
    return true;
}

/* ---- the block ------------------------------------------------------------------------------- */

/* Takes "Node 0 " off, or the one that was a line of its own. */
static void split_node(kd_mem_dump *dump)
{
    kd_scan in = dump->in;
    uint64_t node;
    if (kd_scan_literal(&in, "Node ") && kd_scan_blanks(&in) && kd_scan_u64(&in, &node) &&
        (kd_scan_at_end(&in) || kd_is_blank(*in.at))) {
        kd_scan_blanks(&in);
        dump->in = in;
        dump->has_node = true;
        dump->node = node;
        dump->place.node_alone = false;
    } else if (dump->place.node_alone) {
        dump->has_node = true;
        dump->node = dump->place.node;
    }
}

/* What stands for blanks and line ends: U+00A0 of web pages, the line ends inside the head as
 * rsyslog and /dev/kmsg write them. */
static const char *const blank_texts[] = { "\xc2\xa0", "#012", "\\x0a", "\\n" };

/* Their first bytes are rare. */
static bool may_hold_blanks(kd_str text)
{
    return kd_str_ascii(text) < text.len || memchr(text.ptr, '#', text.len) ||
           memchr(text.ptr, '\\', text.len);
}

static kd_str plain_blanks(kd_arena *arena, kd_str text)
{
    if (!may_hold_blanks(text))
        return text;
    for (size_t i = 0; i < KD_COUNT(blank_texts); i++) {
        size_t len = strlen(blank_texts[i]);
        if (!kd_str_has(text, blank_texts[i]))
            continue;
        kd_str copy = kd_arena_str(arena, text);
        char *at = (char *)(uintptr_t)copy.ptr;
        for (size_t k = 0; k + len <= copy.len; k++)
            if (memcmp(at + k, blank_texts[i], len) == 0)
                memset(at + k, ' ', len);
        text = kd_str_trim(copy);
    }
    return text;
}

/* Most lines that are offered before a dump are of traces. */
static bool may_begin(kd_str text)
{
    return kd_str_has(text, "kB") || kd_str_has(text, "Mem-") || kd_str_has(text, "active_anon:");
}

/* A line of another part tells that the one before it is whole. */
static void note_ends(const kd_mem_dump *before, const kd_mem_dump *now)
{
    kdf_zone *zone = kd_mem_zone_here(before);
    if (before->place.part == KD_MEM_RESERVE && now->place.part != KD_MEM_RESERVE && zone)
        zone->reserve_ended = true;
}

/* What a line begins with: most steps are not worth a try. */
enum { UPPER = 1, LOWER = 2, DIGIT = 4, SIGN = 8, NOTHING = 16, LETTER = UPPER | LOWER };

static int beginning_of(const kd_scan *in)
{
    if (kd_scan_at_end(in))
        return NOTHING;
    char c = *in->at;
    return c >= 'a' && c <= 'z'   ? LOWER
           : c >= 'A' && c <= 'Z' ? UPPER
           : kd_is_digit(c)       ? DIGIT
                                  : SIGN;
}

/* Most lines that are offered behind a dump begin with a word that no step takes. A new step whose
 * lines begin otherwise needs its beginning here; debug builds try such lines nevertheless. */
static bool is_foreign(kd_scan in)
{
    static const char *const heads[] = {
        "allocations", "cache stats:", "cgroup min ", "free:", "per-cpu:", "swap",
    };
    kd_str text = { in.at, kd_scan_left(&in) }, name;
    if (!kd_count_scan_name(&in, &name) || kd_scan_at_end(&in))
        return false;
    char next = *in.at;
    if (next == ':') {
        in.at++;
        kd_scan_blanks(&in);
        return !kd_scan_at_end(&in) && !kd_is_digit(*in.at);
    }
    if (!kd_is_blank(next))
        return !memchr("=-[?", next, 4);
    kd_scan_blanks(&in);
    return !kd_str_starts(text, "CPU") && !kd_str_starts(text, "Node") &&
           !kd_str_in_words(name, "yes no") &&
           !kd_str_starts_any((kd_str){ in.at, kd_scan_left(&in) }, heads, KD_COUNT(heads));
}

static const struct {
    bool (*take)(kd_mem_dump *dump);
    int begins;
} steps[] = {
    { take_head, UPPER },
    { take_node_alone, NOTHING },
    { take_hugepages, LOWER },
    { take_plain, LETTER | DIGIT | SIGN },
    { take_total, DIGIT },
    { take_swap, UPPER },
    { kd_mem_take_zone, LETTER | DIGIT | SIGN },
    { kd_mem_take_buddy, LETTER | DIGIT | SIGN | NOTHING },
    { kd_mem_take_reserve, LOWER | DIGIT | NOTHING },
    { kd_mem_take_vendor, LETTER | SIGN | NOTHING },
    { kd_mem_take_more, LETTER | DIGIT },
    { kd_mem_take_node, LETTER },
    { kd_mem_take_global, LETTER },
};

/* The first step that takes the line; debug builds try those too whose lines begin otherwise. */
static kd_verdict try_steps(const kd_mem_dump *dump)
{
    int begins = beginning_of(&dump->in);
    for (size_t i = 0; i < KD_COUNT(steps); i++) {
        bool may = steps[i].begins & begins;
#ifdef NDEBUG
        if (!may)
            continue;
#endif
        kd_mem_dump tried = *dump;
        if (!steps[i].take(&tried))
            continue;
        assert(may);
        if (steps[i].take != take_node_alone)
            tried.place.node_alone = false;
        note_ends(dump, &tried);
        keep_place(dump->parse->state, &tried.place);
        return KD_TAKEN;
    }
    return KD_NOT_MINE;
}

static kd_verdict take(kd_parse *parse, void *group, const kd_line *line)
{
    kd_counts words = { .counted = false };
    kd_mem_dump dump = {
        .parse = parse, .info = group, .place = place_of(parse->state), .words = &words
    };
    /* of a dump that stands alone the recogniser took the head */
    if (!kd_mem_begun(&dump) && parse->event->kind->fields == &kd_fields_meminfo_dump)
        dump.place.part = KD_MEM_GLOBAL;
    if (!kd_mem_begun(&dump) && !may_begin(line->text))
        return KD_NOT_MINE;
    dump.in = kd_scan_of(plain_blanks(parse->arena, line->text));
    if (kd_scan_at_end(&dump.in))
        return KD_NOT_MINE;
    bool foreign = is_foreign(dump.in);
#ifdef NDEBUG
    if (foreign)
        return KD_NOT_MINE;
#endif
    split_node(&dump);
    kd_verdict verdict = try_steps(&dump);
    assert(verdict == KD_NOT_MINE || !foreign);
    return verdict;
}

const kd_block kd_block_meminfo = { "meminfo", take };

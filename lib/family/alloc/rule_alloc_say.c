/* rule_alloc_say.c - the allocator's arithmetic in words: zones, watermarks, blocks. */
#include <stdio.h>
#include <string.h>

#include "core/version.h"
#include "family/alloc/rule_alloc.h"
#include "family/fields.h"

kd_zone_name kd_name_zone(const kd_alloc_case *c, size_t zone)
{
    kd_zone_name name;
    const kdf_zone *printed = c->printed[zone];
    bool many = c->bound_by != KD_BOUND_NOT;
    for (size_t i = 0; i < c->zone_count; i++)
        many |= c->zones[i].node != c->zones[zone].node;
    if (many)
        snprintf(name.text, sizeof name.text, "Node %llu %.*s", KD_LLU(printed->node.v),
                 KD_FMT(printed->name.v));
    else
        snprintf(name.text, sizeof name.text, "%.*s", KD_FMT(printed->name.v));
    return name;
}

/* "min 2560 pages, halved for __GFP_HIGH: 1280, less a quarter: 960" */
static void describe_mark(const kd_alloc_test *test, char *text, size_t size)
{
    if (test->rights.no_watermarks) {
        snprintf(text, size, "no watermark holds for a task that frees memory (PF_MEMALLOC)");
        return;
    }
    int len = snprintf(text, size, "min %lld pages", KD_LLD(test->min_pages));
    if (test->after_high_pages != test->min_pages && len > 0)
        len += snprintf(text + len, size - (size_t)len, ", halved for __GFP_HIGH = %lld",
                        KD_LLD(test->after_high_pages));
    if (test->mark_pages != test->after_high_pages && len > 0 && (size_t)len < size)
        snprintf(text + len, size - (size_t)len, ", %s = %lld",
                 test->rights.victim ? "halved for an OOM victim" : "less a quarter (ALLOC_HARDER)",
                 KD_LLD(test->mark_pages));
}

/* No mark holds: the lists decide, and the counter of free pages may lag behind them. */
static bool say_lists_decide(kd_emit *out, const kd_alloc_test *test, kd_zone_name name)
{
    bool told = test->amount == KD_ANSWER_YES ? test->usable_pages.low > test->line_pages.high
                                              : test->usable_pages.high <= test->line_pages.low;
    if (!test->rights.no_watermarks || test->amount == KD_ANSWER_DEPENDS || told)
        return false;
    kd_say_proof(out,
                 kd_text_of(out,
                            "no watermark holds for a task that frees memory (PF_MEMALLOC): "
                            "the lists of zone %s decide, not its counter",
                            name.text),
                 "blocks = %llu, free = %lld pages", KD_LLU(test->supply.blocks),
                 KD_LLD(test->free_pages));
    return true;
}

/* The counter of all zones stands for the one that was cut off. */
static void say_all_cma(kd_emit *out, const kd_event *event, const kd_alloc_case *c)
{
    const kd_pair *all = kd_map_find(&c->meminfo->counters_pages, "free_cma");
    if (!all)
        return;
    kd_say_evidence(out, event, all->src,
                    "free CMA of all zones, so at most in this one: %llu pages", KD_LLU(all->v));
    kd_say_u64(out, "free_cma_of_all_zones_kb", all->v * c->page_kb);
}

/* Is the zone's free CMA in the log, or none at all on that kernel? */
bool kd_is_cma_known(const kd_alloc_case *c, size_t zone)
{
    return c->printed[zone]->free_cma_kb.src || c->version < V(3, 7);
}

/* "62086 - 1023 (order) - 60234 (CMA)": what is not in the log is in no equation. */
static kd_str minus(kd_emit *out, const kd_alloc_case *c, size_t zone, const kd_alloc_test *test,
                    bool short_of)
{
    int64_t cma = test->cma_pages + (short_of ? 0 : test->unprinted_cma_pages);
    kd_str text = kd_text_of(out, "free %lld - %lld (order)", KD_LLD(test->free_pages),
                             KD_LLD(test->order_pages));
    if (!kd_is_cma_known(c, zone) && cma == 0)
        return text;
    return kd_text_of(out, "%.*s - %lld (CMA)", KD_FMT(text), KD_LLD(cma));
}

void kd_say_zone_amount(kd_emit *out, const kd_event *event, const kd_alloc_case *c, size_t zone)
{
    const kd_alloc_zone_result *result = &c->results[zone];
    const kd_alloc_test *test = &result->tests[result->best];
    bool short_of = test->amount == KD_ANSWER_NO;
    const char *compare = test->amount == KD_ANSWER_YES ? " >" : short_of ? " <=" : ", line =";
    const char *word = test->amount == KD_ANSWER_YES ? "enough pages by amount"
                       : short_of                    ? "too few pages"
                                                     : "pages near the line";
    /* What is not printed has bounds: those that are worst for the claim prove it. */
    int64_t highatomic = short_of ? test->highatomic_pages.low : test->highatomic_pages.high;
    int64_t usable = short_of ? test->usable_pages.high : test->usable_pages.low;
    int64_t line = short_of ? test->line_pages.low : test->line_pages.high;
    int64_t kept = short_of ? test->reserve_pages.low : test->reserve_pages.high;
    char mark[160], reserve[64] = "";
    kd_zone_name name = kd_name_zone(c, zone);
    kd_say_evidence(out, event, c->printed[zone]->free_kb.src, "zone %s: free memory and marks",
                    name.text);
    if (say_lists_decide(out, test, name))
        return;
    describe_mark(test, mark, sizeof mark);
    if (test->passed_fast_test) { /* counts the HighAtomic pages, against the whole mark */
        snprintf(mark, sizeof mark, "min %lld pages", KD_LLD(test->min_pages));
        highatomic = 0;
        usable = test->free_pages - test->order_pages - test->cma_pages -
                 (short_of ? 0 : test->unprinted_cma_pages);
        line = test->min_pages + kept;
    }
    if (kept > 0)
        snprintf(reserve, sizeof reserve, ", plus lowmem_reserve %lld", KD_LLD(kept));
    if (line >= KD_ALLOC_PAGES_MAX) /* what the zone must keep is not in the log */
        return;
    kd_str terms = minus(out, c, zone, test, short_of);
    kd_say_proof(out, kd_text_of(out, "zone %s has %s (%s%s)", name.text, word, mark, reserve),
                 "%.*s - %lld (highatomic) = %lld%s %lld", KD_FMT(terms), KD_LLD(highatomic),
                 KD_LLD(usable), compare, KD_LLD(line));
    if (test->unprinted_cma_pages && !short_of)
        say_all_cma(out, event, c);
}

void kd_say_buddy_sum(kd_emit *out, const kd_event *event, const kdf_zone *zone)
{
    char text[1024];
    size_t len = 0;
    uint64_t sum = 0;
    const kdf_buddy *items = zone->buddy.items;
    if (zone->buddy.count == 0 || !zone->buddy_kb.src || !zone->page_kb.src)
        return;
    for (uint32_t i = 0; i < zone->buddy.count && len + 40 < sizeof text; i++) {
        uint64_t kb = items[i].order.v < 40 ? zone->page_kb.v << items[i].order.v : 0;
        if (items[i].blocks.v == 0)
            continue;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%llu*%llu", len ? " + " : "",
                                KD_LLU(items[i].blocks.v), KD_LLU(kb));
        sum += items[i].blocks.v * kb;
    }
    bool adds_up = sum == zone->buddy_kb.v;
    kd_say_evidence(out, event, zone->buddy_kb.src, "free blocks by size, with their migratetypes");
    kd_say_proof(out,
                 kd_text_of(out, "the buddy line of zone %.*s %s", KD_FMT(zone->name.v),
                            adds_up ? "adds up" : "does not add up: it was cut or edited"),
                 "%s = %llu kB %s printed %llu kB", len ? text : "0", KD_LLU(sum),
                 adds_up ? "=" : "!=", KD_LLU(zone->buddy_kb.v));
}

static const char *letters_text(uint32_t letters, char *text)
{
    static const char names[] = "UMERHCI";
    size_t len = 0;
    for (size_t i = 0; i < sizeof names - 1; i++)
        if (letters >> i & 1)
            text[len++] = names[i];
    text[len] = 0;
    return text;
}

void kd_say_zone_blocks(kd_emit *out, const kd_event *event, const kd_alloc_case *c, size_t zone)
{
    const kd_alloc_zone *z = &c->zones[zone];
    const kd_alloc_zone_result *result = &c->results[zone];
    const kd_alloc_supply *supply = &result->tests[result->best].supply;
    char text[512] = "", letters[16];
    size_t len = 0;
    if (supply->unlisted)
        return;
    for (uint32_t i = c->request.order; i < z->order_count && len + 24 < sizeof text; i++)
        if (z->blocks[i].count > 0)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%llu", len ? " + " : "",
                                    KD_LLU(z->blocks[i].count));
    kd_zone_name name = kd_name_zone(c, zone);
    kd_say_evidence(out, event, c->printed[zone]->buddy_kb.src,
                    "blocks of order %u and above: %llu", c->request.order, KD_LLU(supply->blocks));
    kd_say_proof(out,
                 kd_text_of(out, "zone %s: free blocks of order >= %u (%llu kB and more)%s%s",
                            name.text, c->request.order, KD_LLU(c->page_kb << c->request.order),
                            supply->blocks ? ", migratetypes " : "",
                            supply->blocks ? letters_text(supply->letters, letters) : ""),
                 "%s = %llu, usable = %lld", len ? text : "blocks", KD_LLU(supply->blocks),
                 KD_LLD(supply->usable.high));
}

void kd_say_alloc_assumes(kd_emit *out, const kd_alloc_case *c)
{
    if (c->version_assumed)
        kd_say_assume(out,
                      "kernel version: the log names none; the rules of %u.%u were used (another "
                      "version may have other reserves)",
                      c->version >> 24, c->version >> 16 & 255);
    if (c->version_contradicted)
        kd_say_assume(out,
                      "the kernel is the version that the log names, although the text is not "
                      "of that version (if it was edited, or has back-ports, its rules differ)");
    if (c->zones_beyond)
        kd_say_assume(out,
                      "%zu further zones of the dump are like those re-played (one that is "
                      "not could have served the request)",
                      c->zones_beyond);
    if (c->gfp.unknown_bits)
        kd_say_assume(out,
                      "the mask has bits 0x%llx that this kernel version does not know: a "
                      "vendor's addition may change what the request may use",
                      KD_LLU(c->gfp.unknown_bits));
}

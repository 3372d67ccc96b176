/* meminfo_stage.h - one event on its stage: lines go in as the tracker gives them, and a refused
 * line must leave everything as it was. For the tests of memory dumps and /proc tables. */
#ifndef KD_TEST_MEMINFO_STAGE_H
#define KD_TEST_MEMINFO_STAGE_H

#include "family/fields.h"
#include "family/memdump/parse_meminfo.h"
#include "plain.h"

extern const kd_parser kd_parser_buddyinfo;
extern const kd_parser kd_parser_pagetypeinfo;
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct stage {
    kd_mem mem;
    kd_event event;
    kdf_meminfo dump;
    kdf_pagetypeinfo types;
    kdf_buddyinfo buddy;
    kd_parse parse;
    kd_block_state state;
    unsigned taken, refused;
    char last_refused[128];
} stage;

static inline void stage_begin(stage *s, const kd_kind *kind, void *body)
{
    memset(s, 0, sizeof *s);
    s->mem = (kd_mem){ .allocator = &allocator, .limit = (size_t)1 << 28 };
    s->event.arena.mem = &s->mem;
    s->event.kind = kind;
    s->event.body = body;
    s->parse = (kd_parse){
        .event = &s->event, .body = body, .arena = &s->event.arena, .state = &s->state
    };
}

static inline void stage_end(stage *s)
{
    kd_arena_free(&s->event.arena);
    ck_assert_uint_eq(s->mem.used, 0);
}

/* All that a refused line must leave as it was. */
static inline uint64_t mix(uint64_t sum, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return sum;
}

static inline uint64_t fingerprint(const stage *s)
{
    uint64_t sum = mix(7, &s->state, sizeof s->state);
    sum = mix(sum, &s->dump, sizeof s->dump);
    sum = mix(sum, &s->types, sizeof s->types);
    sum = mix(sum, &s->buddy, sizeof s->buddy);
    sum = mix(sum, s->parse.own, sizeof s->parse.own);
    sum = mix(sum, s->dump.zones.items, s->dump.zones.count * sizeof(kdf_zone));
    sum = mix(sum, s->dump.nodes.items, s->dump.nodes.count * sizeof(kdf_node));
    sum = mix(sum, s->types.zones.items, s->types.zones.count * sizeof(kdf_pagetype_zone));
    return mix(sum, s->buddy.zones.items, s->buddy.zones.count * sizeof(kdf_buddyinfo_zone));
}

typedef enum asked { BLOCK, OPEN_TYPES, MORE_TYPES, OPEN_BUDDY, MORE_BUDDY } asked;

static inline kd_verdict ask(stage *s, asked who, const kd_line *line)
{
    switch (who) {
    case OPEN_TYPES: return kd_parser_pagetypeinfo.open(&s->parse, line);
    case MORE_TYPES: return kd_parser_pagetypeinfo.more(&s->parse, line);
    case OPEN_BUDDY: return kd_parser_buddyinfo.open(&s->parse, line);
    case MORE_BUDDY: return kd_parser_buddyinfo.more(&s->parse, line);
    default: return kd_block_meminfo.take(&s->parse, &s->dump, line);
    }
}

static inline bool feed(stage *s, asked who, kd_str raw)
{
    kd_mark mark = kd_arena_mark(&s->event.arena);
    kd_list lines = s->event.lines;
    kd_line_ref *ref = KD_LIST_ADD(&s->event.arena, &s->event.lines, kd_line_ref);
    kd_line line = { .raw = kd_arena_str(&s->event.arena, raw), .number = s->taken + 1 };
    ck_assert_ptr_nonnull(ref);
    ref->raw = line.raw;
    ref->number = line.number;
    kd_line_read(&line, NULL);
    s->parse.src = s->event.lines.count;
    uint64_t before = fingerprint(s);
    kd_verdict verdict = ask(s, who, &line);
    if (verdict == KD_TAKEN) {
        s->taken++;
        return true;
    }
    ck_assert_int_eq(verdict, KD_NOT_MINE);
    ck_assert(fingerprint(s) == before);
    s->event.lines = lines;
    kd_arena_rollback(&s->event.arena, mark);
    s->refused += raw.len > 0;
    if (raw.len > 0)
        snprintf(s->last_refused, sizeof s->last_refused, "%.*s", KD_FMT(raw));
    return false;
}

static inline bool give(stage *s, const char *line)
{
    return feed(s, BLOCK, kd_str_of(line));
}

static inline void give_all(stage *s, const char *text)
{
    kd_str rest = kd_str_of(text), line;
    stage_begin(s, &kd_kind_page_alloc_failure, &s->dump);
    while (kd_str_split(&rest, '\n', &line))
        feed(s, BLOCK, line);
    if (s->refused)
        ck_abort_msg("not taken: %s", s->last_refused);
}

static inline const kdf_zone *zone_at(const stage *s, uint32_t i)
{
    ck_assert_uint_lt(i, s->dump.zones.count);
    return KD_ITEMS(s->dump.zones, kdf_zone) + i;
}

static inline const kdf_node *node_at(const stage *s, uint32_t i)
{
    ck_assert_uint_lt(i, s->dump.nodes.count);
    return KD_ITEMS(s->dump.nodes, kdf_node) + i;
}

static inline uint64_t in_map(const kd_list *map, const char *name)
{
    const kd_pair *pair = kd_map_find(map, name);
    if (!pair)
        ck_abort_msg("%s is missing", name);
    ck_assert_uint_ne(pair->src, 0);
    return pair->v;
}

#define ck_assert_field(field, value)          \
    do {                                       \
        ck_assert_uint_ne((field).src, 0);     \
        ck_assert_uint_eq((field).v, (value)); \
    } while (0)
#define ck_assert_absent(field) ck_assert_uint_eq((field).src, 0)

static inline void check_orders(const kdf_zone *zone, const uint64_t *blocks,
                                const char *const *types, uint32_t count)
{
    const kdf_buddy *list = zone->buddy.items;
    ck_assert_uint_eq(zone->buddy.count, count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_field(list[i].order, i);
        ck_assert_field(list[i].blocks, blocks[i]);
        if (types[i])
            ck_assert(kd_str_is(list[i].types.v, types[i]));
        else
            ck_assert_absent(list[i].types);
    }
}

static inline void check_reserve(const kdf_zone *zone, const uint64_t *pages, uint32_t count)
{
    const kd_u64 *list = zone->lowmem_reserve_pages.items;
    ck_assert_uint_eq(zone->lowmem_reserve_pages.count, count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_field(list[i], pages[i]);
}

static inline void check_sum(const kdf_zone *zone, uint64_t kb)
{
    ck_assert_field(zone->buddy_kb, kb);
    ck_assert_uint_ne(zone->buddy_adds_up.src, 0);
    ck_assert(zone->buddy_adds_up.v);
}

#endif

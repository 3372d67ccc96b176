/* alloc_scene.h - one plain zone and one request, for the tests of the allocator's re-play.
 *
 * The plain zone: min 1000, low 1250, high 1500 of 100000 pages, all free pages single and
 * unmovable unless a case says otherwise. Lines: HIGH 500, HARDER 750, both 375.
 */
#ifndef ALLOC_SCENE_H
#define ALLOC_SCENE_H

#include "family/alloc/replay/replay.h"

typedef struct scene {
    kd_alloc_request request;
    kd_alloc_zone zone;
} scene;

enum { PLAIN_ORDERS = 11, U = KD_BLOCK_U, C = KD_BLOCK_C, H = KD_BLOCK_H, R = KD_BLOCK_R };

static inline void set_blocks(scene *s, unsigned order, uint64_t count, uint32_t letters)
{
    s->zone.blocks[order].count = count;
    s->zone.blocks[order].letters = letters;
}

static inline void set_free(scene *s, uint64_t pages)
{
    s->zone.free_pages = pages;
    set_blocks(s, 0, pages, U);
}

static inline scene plain(uint32_t version)
{
    scene s = { 0 };

    s.request.version = version;
    s.request.zone = KD_ZONE_NORMAL;
    s.request.can_wait = true;
    s.request.configured_zones = 1u << KD_ZONE_NORMAL | 1u << KD_ZONE_MOVABLE;
    s.request.cpus = 1;
    s.zone.kind = KD_ZONE_NORMAL;
    s.zone.min_pages = 1000;
    s.zone.low_pages = 1250;
    s.zone.high_pages = 1500;
    s.zone.reserved_highatomic_known = version >= V(5, 6);
    s.zone.boost_known = version >= V(5, 17);
    s.zone.managed_pages = 100000;
    s.zone.letters_known = true;
    s.zone.order_count = PLAIN_ORDERS;
    return s;
}

static inline kd_alloc_result replay(const scene *s, kd_alloc_zone_result *zone)
{
    kd_alloc_result result;

    kd_alloc_replay(&s->request, &s->zone, 1, zone, &result);
    return result;
}

#endif

/* decode_version_signs.c - what the text of a report tells of its kernel's version.
 *
 *   zone line with "boost:"            5.17 and later (5.16 was not read)
 *   letters (UEMR) in a buddy line     3.8 to 4.3
 *   "mode:0xd0" without names          tells nothing: they may be cut off
 */
#include "family/gfp/decode_version_signs.h"
#include "family/fields.h"

#include "core/version.h"

typedef enum place { PLACE_HEADER, PLACE_GLOBAL, PLACE_NODE, PLACE_ZONE, PLACE_BUDDY } place;

static const struct sign {
    place place;
    const char *name;
    uint32_t from, until;
} signs[] = {
#define KD_SIGN(place, name, from, until) { PLACE_##place, name, from, until },
#include "family/gfp/version_signs.def"
};

/* ---- is it there? ---------------------------------------------------------------------------- */

static bool in_header(const kd_version_text_of *text, kd_str name)
{
    kd_src mask = text->gfp ? text->gfp->value.src : 0;
    if (mask == 0)
        return false;
    if (kd_str_is(name, "flag names"))
        return text->gfp->printed.src != 0;
    return (kd_str_is(name, "nodemask=") ? text->nodemask : text->cpuset) == mask;
}

static bool in_nodes(const kdf_meminfo *meminfo, const char *name)
{
    const kdf_node *nodes = meminfo->nodes.items;
    for (uint32_t i = 0; i < meminfo->nodes.count; i++)
        if (*name == '\0' ? nodes[i].counters_kb.count > 0
                          : kd_map_find(&nodes[i].counters_kb, name) != NULL)
            return true;
    return false;
}

static bool zone_has(const kdf_zone *zone, const char *name)
{
    const struct {
        const char *name;
        kd_src src;
    } fields[] = {
        { "managed", zone->managed_kb.src },
        { "free_cma", zone->free_cma_kb.src },
        { "boost", zone->boost_kb.src },
        { "reserved_highatomic", zone->reserved_highatomic_kb.src },
        { "free_highatomic", zone->free_highatomic_kb.src },
    };
    for (size_t i = 0; i < KD_COUNT(fields); i++)
        if (kd_str_is(kd_str_of(name), fields[i].name))
            return fields[i].src != 0;
    return kd_map_find(&zone->counters_kb, name) != NULL;
}

/* Do the letters of "(ME)" stand there in this order, others between them or not? */
static bool letters_in_order(kd_str types, kd_str letters)
{
    size_t next = 1;
    for (size_t i = 0; i < types.len && next + 1 < letters.len; i++)
        if (types.ptr[i] == letters.ptr[next])
            next++;
    return next + 1 >= letters.len;
}

static bool in_buddy(const kdf_zone *zone, const char *letters)
{
    const kdf_buddy *list = zone->buddy.items;
    for (uint32_t i = 0; i < zone->buddy.count; i++)
        if (list[i].types.src && letters_in_order(list[i].types.v, kd_str_of(letters)))
            return true;
    return false;
}

static bool in_zones(const kdf_meminfo *meminfo, const struct sign *sign)
{
    const kdf_zone *zones = meminfo->zones.items;
    for (uint32_t i = 0; i < meminfo->zones.count; i++)
        if (sign->place == PLACE_ZONE ? zone_has(&zones[i], sign->name)
                                      : in_buddy(&zones[i], sign->name))
            return true;
    return false;
}

static bool is_there(const kd_version_text_of *text, const struct sign *sign)
{
    const kdf_meminfo *meminfo = text->meminfo;
    if (sign->place == PLACE_HEADER)
        return in_header(text, kd_str_of(sign->name));
    if (!meminfo)
        return false;
    if (sign->place == PLACE_NODE)
        return in_nodes(meminfo, sign->name);
    if (sign->place != PLACE_GLOBAL)
        return in_zones(meminfo, sign);
    return kd_str_is(kd_str_of(sign->name), "hwpoisoned_pages")
               ? meminfo->hwpoisoned_pages.src != 0
               : kd_map_find(&meminfo->counters_pages, sign->name) != NULL;
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static const char *name_of(const struct sign *sign)
{
    if (sign->name[0])
        return sign->name;
    return sign->place == PLACE_NODE ? "counters of nodes" : "letters of migratetypes";
}

kd_version_bounds kd_version_signs(const kd_version_text_of *text)
{
    kd_version_bounds bounds = { KD_OLDEST, KD_NEWEST, "", "" };
    for (size_t i = 0; i < KD_COUNT(signs); i++) {
        const struct sign *sign = &signs[i];
        if ((sign->from <= bounds.from && sign->until >= bounds.until) || !is_there(text, sign))
            continue;
        if (sign->from > bounds.from) {
            bounds.from = sign->from;
            bounds.from_sign = name_of(sign);
        }
        if (sign->until < bounds.until) {
            bounds.until = sign->until;
            bounds.until_sign = name_of(sign);
        }
    }
    return bounds;
}

kd_version_bounds kd_version_signs_of(const kd_event *event)
{
    const kdf_scope *scope = kd_event_part(event, &kd_fields_scope, NULL);
    kd_version_text_of text = { .meminfo = kd_event_meminfo(event), .gfp = kd_event_gfp(event) };
    if (scope) {
        text.nodemask = scope->nodemask.src;
        text.cpuset = scope->cpuset.src;
    }
    return kd_version_signs(&text);
}

/* The release before: 4.20 before 5.0, 2.6.39 before 3.0. */
static uint32_t before(uint32_t release)
{
    static const uint32_t last[][2] = {
        { V(3, 0), V26(39) },  { V(4, 0), V(3, 19) }, { V(5, 0), V(4, 20) },
        { V(6, 0), V(5, 19) }, { V(7, 0), V(6, 19) },
    };
    for (size_t i = 0; i < KD_COUNT(last); i++)
        if (release == last[i][0])
            return last[i][1];
    return release - (release >= V(3, 0) ? V(0, 1) : 1);
}

uint32_t kd_version_guess(const kd_version_bounds *bounds)
{
    if (bounds->from >= bounds->until || (!bounds->from_sign[0] && !bounds->until_sign[0]))
        return 0;
    return bounds->until == KD_NEWEST ? KD_NEWEST_KNOWN : before(bounds->until);
}

static bool is_ahead(kd_str release)
{
    static const char *const marks[] = {
#define KD_BACKPORTING(mark) mark,
#include "family/gfp/version_signs.def"
    };
    for (size_t i = 0; i < KD_COUNT(marks); i++)
        if (kd_str_has(release, marks[i]))
            return true;
    return false;
}

bool kd_version_possible(const kd_version_bounds *bounds, kd_str release, uint32_t version)
{
    uint32_t least = bounds->from;
    if (is_ahead(release))
        least = KD_OLDEST;
    /* 6.3.0-rc7-next-20230417 has what 6.4 will have */
    else if (kd_str_has(release, "-rc") || kd_str_has(release, "-next") ||
             kd_str_has(release, "-mm"))
        least = before(least);
    return version >= least && version < bounds->until;
}

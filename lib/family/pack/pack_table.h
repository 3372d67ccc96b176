/* pack_table.h - the built-in packs as tables: how a member of their JSON is written down in C.
 *
 * lib/embed.cmake makes them from packs/, as PACK_member(value) each. What pack_read.c, pack_when.c
 * and pack_says.c read of a pack that comes from outside comes to the same here: a test compares.
 * A list is its count and its items. Layer: family.
 */
#ifndef KD_PACK_PACK_TABLE_H
#define KD_PACK_PACK_TABLE_H

#include "family/fields.h"
#include "family/pack/pack.h"

#define PACK_TEXT(text)        \
    {                          \
        text, sizeof(text) - 1 \
    }
#define PACK_LIST(type, many, ...)                     \
    {                                                  \
        (void *)(const type[]){ __VA_ARGS__ }, many, 0 \
    }
/* The count and the items arrive as one argument. */
#define PACK_ITEMS(type, ...) PACK_LIST(type, __VA_ARGS__)

/* ---- entries and known issues ---------------------------------------------------------------- */

#define PACK_pack(...) .pack = __VA_ARGS__,
#define PACK_id(...) .id = __VA_ARGS__,
#define PACK_title(...) .title = __VA_ARGS__,
#define PACK_kind(name) .kind = &kd_kind_##name,
#define PACK_anchors(...) .anchors = PACK_ITEMS(kd_str, __VA_ARGS__),
#define PACK_pattern(...) .pattern = __VA_ARGS__,
#define PACK_fields(...) .fields = PACK_ITEMS(kd_pack_field, __VA_ARGS__),
#define PACK_FIELD(name, type) \
    {                          \
        name, type             \
    }
#define PACK_device(...) .device = __VA_ARGS__,
#define PACK_tells(...) .tells = PACK_ITEMS(kd_str, __VA_ARGS__),
#define PACK_repeat(...) .repeat = __VA_ARGS__,
#define PACK_count(number) .count = number,
#define PACK_stack(flag) .stack = flag,
#define PACK_follows(...) .follows = PACK_ITEMS(kd_str, __VA_ARGS__),
#define PACK_cases(...) .cases = PACK_ITEMS(kd_pack_case, __VA_ARGS__),
#define PACK_caused_by(...) .caused_by = PACK_ITEMS(kd_pack_other, __VA_ARGS__),
#define PACK_explains(...) .explains = PACK_ITEMS(kd_pack_other, __VA_ARGS__),

#define PACK_message(...) .message = __VA_ARGS__,
#define PACK_module(...) .module = __VA_ARGS__,
#define PACK_introduced_in(...) .introduced_in = PACK_ITEMS(kd_str, __VA_ARGS__),
#define PACK_fixed_in(...) .fixed_in = PACK_ITEMS(kd_str, __VA_ARGS__),
#define PACK_commit(...) .commit = __VA_ARGS__,

/* ---- conditions and other events ------------------------------------------------------------- */

#define PACK_when(...) .when = __VA_ARGS__,
#define PACK_arch(...) .archs = __VA_ARGS__,
#define PACK_from(...) .from = __VA_ARGS__,
#define PACK_until(...) .until = __VA_ARGS__,
#define PACK_wanted(...) .fields = PACK_ITEMS(kd_pack_wanted, __VA_ARGS__),
#define PACK_ONE_OF(name, ...)                \
    {                                         \
        name, PACK_ITEMS(kd_str, __VA_ARGS__) \
    }
#define PACK_after(...) .after = PACK_ITEMS(kd_pack_other, __VA_ARGS__),
#define PACK_before(...) .before = PACK_ITEMS(kd_pack_other, __VA_ARGS__),
#define PACK_not_after(...) .not_after = PACK_ITEMS(kd_pack_other, __VA_ARGS__),

#define PACK_event(...) .events = __VA_ARGS__,
#define PACK_within(seconds) .within = seconds,
#define PACK_same_device(flag) .same_device = flag,
#define PACK_has(...) .has = __VA_ARGS__,
#define PACK_frames(...) .frames = PACK_ITEMS(kd_str, __VA_ARGS__),

/* ---- what is said ---------------------------------------------------------------------------- */

#define PACK_severity(word) .says.has_severity = true, .says.severity = KD_##word,
#define PACK_confidence(word) .says.has_confidence = true, .says.confidence = KD_##word,
#define PACK_impact(word) .says.has_impact = true, .says.impact = KD_IMPACT_##word,
#define PACK_class(word) .says.suspect = KD_SUSPECT_##word,
#define PACK_name(...) .says.suspect_name = __VA_ARGS__,
#define PACK_why(...) .says.suspect_why = __VA_ARGS__,
#define PACK_explanation(...) .says.explanation = __VA_ARGS__,
#define PACK_action(...) .says.action = __VA_ARGS__,
#define PACK_remedies(...) .says.remedies = PACK_ITEMS(kd_str, __VA_ARGS__),
#define PACK_links(...) .says.links = PACK_ITEMS(kd_str, __VA_ARGS__),

#endif

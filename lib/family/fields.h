/* fields.h - the structs, descriptions and kinds that the families' rows declare. Layer: family. */
#ifndef KD__FIELDS_H
#define KD__FIELDS_H

#include "core/event.h"

#define KD_GROUP(group, doc) typedef struct kdf_##group {
#define KD_FIELD(group, type, name, doc) kd_##type name;
#define KD_FIELD_AS(group, type, member, name, doc) kd_##type member;
#define KD_ONE(group, other, name, doc) kdf_##other name;
#define KD_MANY(group, other, name, doc) kd_list name;
#define KD_FLAT(group, other) kdf_##other other;
#define KD_INTERNAL(group, type, name, doc) type name;
#define KD_END(group) \
    }                 \
    kdf_##group;
#include "family/families.def"

#define KD_GROUP(group, doc) extern const kd_fields kd_fields_##group;
#define KD_KIND(kind, group, severity, identity, doc) extern const kd_kind kd_kind_##kind;
#define KD_FACT(kind, group) extern const kd_kind kd_kind_##kind;
#include "family/families.def"

/* The body as the struct of that group, or NULL when the event is of another. */
#define KD_BODY(event, group) ((kdf_##group *)kd_event_body((event), &kd_fields_##group))

/* The parts that rules of many kinds look at; NULL when the event has none. */
static inline kdf_task *kd_event_task(const kd_event *event)
{
    return kd_event_part(event, &kd_fields_task, NULL);
}

static inline kdf_gfp *kd_event_gfp(const kd_event *event)
{
    return kd_event_part(event, &kd_fields_gfp, NULL);
}

static inline kdf_meminfo *kd_event_meminfo(const kd_event *event)
{
    return kd_event_part(event, &kd_fields_meminfo, NULL);
}

static inline kdf_blame *kd_event_blame(const kd_event *event)
{
    return kd_event_part(event, &kd_fields_blame, NULL);
}

static inline kd_list *kd_event_backtrace(const kd_event *event)
{
    return kd_event_part(event, &kd_fields_frame, "backtrace");
}

/* Of faults and of warnings: registers, code. */
static inline kdf_oops *kd_event_oops(const kd_event *event)
{
    return kd_event_part(event, &kd_fields_oops, NULL);
}

#endif

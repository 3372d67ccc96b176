/* identity.h - what makes two events of a boot the same: the identity of their kind's row, resolved
 * once. Layer: core.
 *
 * An identity is a list of paths, blank-separated: "blame.function order headline-numbers". Events
 * are the same when all of them have the same values, absent ones included; "-numbers" compares a
 * text with the numbers in it blanked. An empty identity: events of this kind are never the same.
 */
#ifndef KD_CORE_IDENTITY_H
#define KD_CORE_IDENTITY_H

#include "core/event.h"

typedef struct kd_identity_part {
    const kd_field *field;
    size_t at; /* in the body */
    bool blank_numbers;
} kd_identity_part;

typedef struct kd_identity {
    kd_list parts; /* of kd_identity_part; none: events of this kind are never the same */
    /* field "suppressed": what a repetition adds to the first; SIZE_MAX: none */
    size_t suppressed_at;
} kd_identity;

/* KD_E_INVAL: a path that the kind does not have, or that is no single value. The parts live in
 * the arena. */
kd_status kd_identity_resolve(kd_identity *out, const kd_kind *kind, kd_arena *arena);

/* The values as one text in the event's arena; empty: never the same as another. */
kd_str kd_identity_of(const kd_identity *identity, kd_event *event);

/* A repetition goes; the reports that a rate limit kept back before it stay with the first. */
void kd_identity_add_suppressed(const kd_identity *identity, kd_event *first,
                                const kd_event *event);
/* Once more what was added since the event was saved: it was restored. */
void kd_identity_suppress_again(const kd_identity *identity, kd_event *first);

#endif

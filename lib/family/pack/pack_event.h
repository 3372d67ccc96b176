/* pack_event.h - what packs ask of events: which entry, which values, what stands before and
 * behind. Layer: family. */
#ifndef KD_PACK_PACK_EVENT_H
#define KD_PACK_PACK_EVENT_H

#include "core/diag.h"
#include "family/fields.h"
#include "family/pack/pack.h"

/* The entry that made the event; NULL: none did. */
const kd_pack_entry *kd_pack_entry_of(const kd_event *event);
/* The value of that name; NULL: the message has none. */
const kdf_message_value *kd_pack_value_of(const kdf_pack_message *message, kd_str name);

/* Is `event` one of those that are asked for by `of`? Their distance is not looked at. */
bool kd_pack_is_other(const kd_pack_other *other, const kd_event *event, const kd_event *of);
/* The functions that an event names. */
typedef struct kd_pack_stack {
    const kd_list *trace; /* NULL: there is none */
    kd_str ip;
} kd_pack_stack;
kd_pack_stack kd_pack_stack_of(const kd_event *event);
/* Is the function in it? "nfs_*" stands for all that begin so. */
bool kd_pack_has_frame(const kd_pack_stack *stack, kd_str function);

/* Does the entry of `cause` say that it explains the later event, or that of the event that the
 * cause explains it? */
bool kd_pack_explains(const kd_event *cause, const kd_event *event);
/* The last event before that one that does; NULL: there is none. */
const kd_event *kd_pack_cause(const kd_view *view);

/* Does it hold for the event? */
bool kd_pack_holds(const kd_pack_when *when, const kd_view *view);
/* Is the boot one of those? What the log does not tell is no reason against. */
bool kd_pack_is_for(kd_str archs, uint32_t from, uint32_t until, const kd_context *boot);

#endif

/* event.h - fills in what the numbers of an event mean on its kernel. Layer: decode. */
#ifndef KD_DECODE_EVENT_H
#define KD_DECODE_EVENT_H

#include "core/context.h"
#include "family/gfp/decode_version_signs.h"

/* Once per event, when the context is known. Fields it adds are KD_DERIVED. False: the text of the
 * event contradicts the version that the context has. */
bool kd_decode_event(kd_event *event, const kd_context *context);

/* The parts, for kd_decode_event(). */
/* `bounds` may be NULL. False: mask or bounds contradict the version. */
bool kd_decode_gfp(kdf_gfp *gfp, const kd_context *context, const kd_version_bounds *bounds,
                   kd_arena *arena);
void kd_decode_oops(kdf_oops *oops, const kd_context *context, kd_arena *arena);
void kd_decode_code(kdf_oops *oops, const kd_context *context, kd_arena *arena);
void kd_decode_meminfo(kdf_meminfo *meminfo, const kd_context *context, kd_arena *arena);
/* Memory of each cache from the numbers of /proc/slabinfo. */
void kd_decode_slabs(const kd_list *slabs, const kd_context *context);

#endif

/* event.h - fills in what the numbers of an event mean on its kernel. Layer: decode. */
#ifndef KD_DECODE_EVENT_H
#define KD_DECODE_EVENT_H

#include "context/context.h"

/* Once per event, when the context is known. Fields it adds are KD_DERIVED. */
void kd_decode_event(kd_event *event, const kd_context *context);

/* The parts, for kd_decode_event(). */
void kd_decode_gfp(kdf_gfp *gfp, const kd_context *context, kd_arena *arena);
void kd_decode_oops(kdf_oops *oops, const kd_context *context, kd_arena *arena);
void kd_decode_code(kdf_oops *oops, const kd_context *context, kd_arena *arena);
void kd_decode_meminfo(kdf_meminfo *meminfo, const kd_context *context, kd_arena *arena);
/* Memory of each cache from the numbers of /proc/slabinfo. */
void kd_decode_slabs(const kd_list *slabs, const kd_context *context);

/* "5.4" of a packed version. */
kd_str kd_version_text(kd_arena *arena, uint32_t version);

#endif

/* decode.h - fills in what the numbers of an event mean on its kernel. Layer: core. */
#ifndef KD_CORE_DECODE_H
#define KD_CORE_DECODE_H

#include "core/context.h"

/* Once per event, when the context is known. Fields it adds are KD_DERIVED. False: the text of the
 * event contradicts the version that the context has. */
bool kd_decode_event(kd_event *event, const kd_context *context);

#endif

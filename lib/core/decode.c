/* decode.c - fills in what the numbers of an event mean on its kernel. Layer: core. */
#include "core/decode.h"

#include "core/lists.h"

bool kd_decode_event(kd_event *event, const kd_context *context)
{
    bool agrees = true;
    kd_parts parts;
    kd_event_parts(event, &parts);
    for (size_t i = 0; i < kd_decoder_count; i++) {
        void *part = kd_part_of(&parts, kd_decoders[i].group);
        if (part && !kd_decoders[i].decode(event, part, context))
            agrees = false;
    }
    return agrees;
}

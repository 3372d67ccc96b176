/* sink.h - where written text goes: the caller's function, in portions. Layer: base. */
#ifndef KD_BASE_SINK_H
#define KD_BASE_SINK_H

#include "base/str.h"

#define KD_SINK_PORTION 4096u

typedef struct kd_sink {
    kd_write_fn write;
    void *user;
    kd_status status; /* KD_E_SINK once the function refused: it is not asked again */
    size_t len;
    char portion[KD_SINK_PORTION];
} kd_sink;

void kd_sink_init(kd_sink *sink, kd_write_fn write, void *user);
/* What does not fit into the portion. */
void kd_sink_put_long(kd_sink *sink, kd_str text);
static inline void kd_sink_put(kd_sink *sink, kd_str text)
{
    if (text.len > sizeof sink->portion - sink->len) {
        kd_sink_put_long(sink, text);
    } else if (text.len > 0) {
        memcpy(sink->portion + sink->len, text.ptr, text.len);
        sink->len += text.len;
    }
}
/* Hands out what the portion holds. */
void kd_sink_flush(kd_sink *sink);
/* Hands out what is left. KD_OK: everything was taken. */
kd_status kd_sink_end(kd_sink *sink);

#endif

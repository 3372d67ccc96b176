/* sink.c - where written text goes. Layer: base. */
#include "base/sink.h"

#include <string.h>

void kd_sink_init(kd_sink *sink, kd_write_fn write, void *user)
{
    sink->write = write;
    sink->user = user;
    sink->status = KD_OK;
    sink->len = 0;
}

static void hand_out(kd_sink *sink, const char *data, size_t len)
{
    if (sink->status == KD_OK && len > 0 && sink->write(data, len, sink->user))
        sink->status = KD_E_SINK;
}

void kd_sink_flush(kd_sink *sink)
{
    hand_out(sink, sink->portion, sink->len);
    sink->len = 0;
}

void kd_sink_put_long(kd_sink *sink, kd_str text)
{
    kd_sink_flush(sink);
    if (text.len > sizeof sink->portion)
        hand_out(sink, text.ptr, text.len);
    else
        kd_sink_put(sink, text);
}

kd_status kd_sink_end(kd_sink *sink)
{
    kd_sink_flush(sink);
    return sink->status;
}

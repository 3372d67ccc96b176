/* decode_trace_find.c - looks for functions in a stack trace. */
#include "family/shared/decode_trace_find.h"
#include "family/fields.h"
#include "family/shared/parse_shared.h"

kd_str kd_trace_name(const kdf_frame *frame)
{
    if (frame->reliable.src && !frame->reliable.v)
        return KD_STR("");
    kd_str name = kd_bare_name(frame->function.v);
    if (kd_str_ends(name, "_noprof"))
        name.len -= sizeof "_noprof" - 1;
    return name;
}

const kdf_frame *kd_trace_find(const kd_list *backtrace, const char *names)
{
    for (uint32_t i = 0; backtrace && i < backtrace->count; i++) {
        const kdf_frame *frame = &KD_ITEMS(*backtrace, kdf_frame)[i];
        if (kd_str_in_words(kd_trace_name(frame), names))
            return frame;
    }
    return NULL;
}

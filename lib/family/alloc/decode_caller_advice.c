/* decode_caller_advice.c - what to do about a failed allocation, by who asked. */
#include "family/alloc/decode_caller_advice.h"

static const struct {
    const char *functions;
    uint64_t from, until;
    const char *text;
} rows[] = {
#define KD_CALLER(functions, from, until, text) { functions, from, until, text },
#include "family/alloc/caller_advice.def"
#undef KD_CALLER
};

bool kd_caller_advice_of(const kd_list *backtrace, uint64_t order, kd_caller_advice *out)
{
    for (size_t i = 0; i < KD_COUNT(rows); i++) {
        if (order < rows[i].from || order >= rows[i].until)
            continue;
        out->frame = kd_trace_find(backtrace, rows[i].functions);
        out->text = rows[i].text;
        if (out->frame)
            return true;
    }
    return false;
}

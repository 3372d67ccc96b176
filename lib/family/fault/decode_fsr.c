/* decode_fsr.c - the fault status of 32-bit arm. */
#include "family/fault/decode_fsr.h"

#include <stddef.h>
#include <stdio.h>

#define LONG_FORM (1u << 9)
#define STATUS_HIGH (1u << 10)
#define WRITE (1u << 11)
#define FETCH (1u << 31)

static const char *const short_data[32] = {
#define KD_FSR_SHORT(index, data, fetch) [index] = data,
#include "family/fault/fsr.def"
};
static const char *const short_fetch[32] = {
#define KD_FSR_SHORT(index, data, fetch) [index] = fetch,
#include "family/fault/fsr.def"
};
static const char *const long_form[64] = {
#define KD_FSR_LONG(index, name) [index] = name,
#include "family/fault/fsr.def"
};

void kd_fsr_decode(uint64_t value, kd_fsr *out)
{
    *out = (kd_fsr){
        .lpae = value & LONG_FORM,
        .fetch = value & FETCH,
        .write = (value & WRITE) && !(value & FETCH),
    };
    const char *name;
    if (out->lpae) {
        out->status = (unsigned)(value & 63);
        name = long_form[out->status];
    } else {
        out->status = (unsigned)((value & 15) | (value & STATUS_HIGH) >> 6);
        out->domain = (unsigned)(value >> 4 & 15);
        name = out->fetch ? short_fetch[out->status] : short_data[out->status];
    }
    if (name)
        snprintf(out->name, sizeof out->name, "%s", name);
    else
        snprintf(out->name, sizeof out->name, "unknown %u", out->status);
}

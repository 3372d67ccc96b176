/* fuzz_decode.c - the decoders alone: any value, kernel and architecture. */
#include "engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const whats[] = { "gfp", "esr", "x86-fault", "taint", "arm-fsr", "nothing" };
    static const char *const archs[] = { NULL, "x86_64", "arm64", "arm" };
    kd_options options;
    text out = { NULL, 0, 0 };
    uint64_t value;
    if (size < 16)
        return 0;
    memcpy(&value, data, sizeof value);
    kd_options_init(&options, sizeof options);
    options.kernel_version = data[8] & 1 ? KD_KERNEL(2 + data[8] % 8, data[9] % 32, data[10]) : 0;
    options.arch = archs[data[11] % 4];
    if (data[13] & 1) /* most values that are met are small */
        value &= 0xffffffff >> (data[13] >> 4);
    kd_status status =
        kd_decode(engine, whats[data[12] % 6], value, data[14] & 1, &options, text_put, &out);
    LAW(status == KD_OK || (status == KD_E_INVAL && out.len == 0), "kd_decode");
    if (status == KD_OK)
        law_json(&out);
    free(out.ptr);
    return 0;
}

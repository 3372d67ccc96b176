/* fuzz_report.c - one log in one call. */
#include "engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kd_report *report = NULL;
    law_ok(kd_analyze(engine, (kd_str){ (const char *)data, size }, NULL, &report), "kd_analyze");
    law_report(report, size);
    kd_report_free(report);
    return 0;
}

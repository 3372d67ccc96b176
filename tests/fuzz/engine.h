/* engine.h - the one engine of a libFuzzer program: with a pack of its own, whose entries ask their
 * event's boot, follow lines and take a stack. */
#ifndef KD_TESTS_FUZZ_ENGINE_H
#define KD_TESTS_FUZZ_ENGINE_H

#include "laws.h"

static kd_engine *engine;

static inline int make_engine(const kd_allocator *allocator)
{
    static const char pack[] =
        "{\"format\":\"kdiag-pack/1\",\"name\":\"fuzz\",\"entries\":["
        "{\"id\":\"fuzz.from\",\"title\":\"t\",\"anchors\":[\"Linux version \",\"Hardware name\"],"
        "\"pattern\":\"(?<word>\\\\w+) [(:]\",\"fields\":{\"word\":\"text\"},"
        "\"when\":{\"from\":\"4.10\"},\"explanation\":\"{word}\","
        "\"examples\":[{\"lines\":[\"Linux version (\"]}],\"near_misses\":[[\"Linux\"]]},"
        "{\"id\":\"fuzz.until\",\"title\":\"t\",\"anchors\":[\"failed\",\" Link is \",\"usb \"],"
        "\"pattern\":\"(?<n>\\\\d+)\",\"fields\":{\"n\":\"number\"},\"stack\":true,"
        "\"follows\":[\"handlers\",\"[<\",\"Call Trace\"],"
        "\"when\":{\"until\":\"6.2\",\"arch\":\"x86_64\"},\"explanation\":\"{n}\","
        "\"examples\":[{\"lines\":[\"usb 1 failed\"]}],\"near_misses\":[[\"usc\"]]}]}";
    char why[256] = "";
    if (kd_engine_new(&engine, allocator) != KD_OK)
        return 1;
    kd_status status =
        kd_engine_add_pack(engine, (kd_str){ pack, sizeof pack - 1 }, why, sizeof why);
    if (status != KD_OK)
        fprintf(stderr, "the pack: %s\n", why);
    LAW(status == KD_OK, "the pack is taken");
    return 0;
}

#ifndef KD_OWN_ALLOCATOR
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return make_engine(NULL);
}
#endif

#endif

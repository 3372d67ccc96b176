/* engine.h - the one engine of a libFuzzer program. */
#ifndef KD_TESTS_FUZZ_ENGINE_H
#define KD_TESTS_FUZZ_ENGINE_H

#include "laws.h"

static kd_engine *engine;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return kd_engine_new(&engine, NULL) != KD_OK;
}

#endif

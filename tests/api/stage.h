/* stage.h - what the tests of the public header share: engines, logs, texts. */
#ifndef KD_TESTS_STAGE_H
#define KD_TESTS_STAGE_H

#include "load.h"
#include "suite.h"

/* Two events: a failed vmap and, 2 lines, a failed allocation that has no trace. */
#define VMAP \
    "[    1.000000] vmap allocation for size 8192 failed: use vmalloc=<size> to increase size.\n"
#define ALLOC                                                                            \
    "[    2.000000] cat: page allocation failure: order:4, mode:0xd0, nodemask=(null)\n" \
    "[    2.000001] CPU: 1 PID: 77 Comm: cat Not tainted 4.19.0 #1\n"

static inline kd_str str(const char *text)
{
    return (kd_str){ text, strlen(text) };
}

static inline bool text_is(kd_str text, const char *wanted)
{
    return text.len == strlen(wanted) && memcmp(text.ptr, wanted, text.len) == 0;
}

static inline kd_engine *new_engine(void)
{
    kd_engine *engine;
    ck_assert_int_eq(kd_engine_new(&engine, NULL), KD_OK);
    return engine;
}

static inline kd_options defaults(void)
{
    kd_options options;
    kd_options_init(&options, sizeof options);
    return options;
}

#endif

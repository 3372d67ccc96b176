/* capstone.c - memory of capstone: none left is said, and is no crash. */
#include "cli.h"

#ifdef KD_CAPSTONE
#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *given(void *memory)
{
    if (memory)
        return memory;
    complain(NULL, "out of memory");
    _exit(EXIT_TROUBLE);
}

static void *take(size_t size)
{
    return given(malloc(size ? size : 1));
}

static void *take_zeroed(size_t count, size_t size)
{
    return given(calloc(count ? count : 1, size ? size : 1));
}

static void *resize(void *memory, size_t size)
{
    return given(realloc(memory, size ? size : 1));
}

void guard_capstone(void)
{
    const cs_opt_mem memory = { take, take_zeroed, resize, free, vsnprintf };
    cs_option(0, CS_OPT_MEM, (size_t)(uintptr_t)&memory);
}
#else
void guard_capstone(void)
{
}
#endif

/* fail_malloc.c - preloaded: the FAIL_AT-th allocation of the process fails (FAIL_FROM: all from it
 * on). Without FAIL_AT their number is written to the file FAIL_COUNT. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

/* of glibc: what stands behind malloc() */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static size_t count, fail_at;
static bool all_after, ready;

static bool fails(void)
{
    if (!ready)
        return false;
    count++;
    if (fail_at == 0 || (all_after ? count < fail_at : count != fail_at))
        return false;
    errno = ENOMEM;
    return true;
}

SEEN void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

SEEN void *calloc(size_t number, size_t size)
{
    return fails() ? NULL : __libc_calloc(number, size);
}

SEEN void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAIL_AT");
    fail_at = at ? strtoul(at, NULL, 10) : 0;
    all_after = getenv("FAIL_FROM") != NULL;
    ready = true;
}

__attribute__((destructor)) static void end(void)
{
    char line[32];
    const char *to = getenv("FAIL_COUNT");
    int file = to && fail_at == 0 ? open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    int len = snprintf(line, sizeof line, "%zu\n", count);
    if (file >= 0 && write(file, line, (size_t)len) != len)
        _exit(3);
}

/* open.c - libraries that one command takes, opened when it begins. */
#include <dlfcn.h>
#include <string.h>

#include "open.h"

bool open_library(const char *file, const call *calls, size_t count)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; library && i < count; i++) {
        void *found = dlsym(library, calls[i].name);
        if (!found)
            return false;
        memcpy(calls[i].to, &found, sizeof found); /* ISO C has no cast for it */
    }
    return library != NULL;
}

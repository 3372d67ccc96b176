/* calls.c - the libraries that only triage takes, opened when it begins. */
#include "calls.h"
#include "../open.h"

sql_calls sql;
archive_calls arc;
sha_calls sha;

#define OPEN(file, calls) open_library(file, calls, sizeof calls / sizeof *calls)

bool open_nettle(void)
{
    static const call calls[] = {
#define KD_CALL(name) { "nettle_" #name, &sha.name },
#include "nettle.def"
#undef KD_CALL
    };
    if (OPEN(KD_LIB_NETTLE, calls))
        return true;
    complain(KD_LIB_NETTLE, "cannot be loaded");
    return false;
}

bool open_libraries(void)
{
    static const call sqlite[] = {
#define KD_CALL(name) { "sqlite3_" #name, &sql.name },
#include "sqlite.def"
#undef KD_CALL
    };
    static const call archive[] = {
#define KD_CALL(name) { "archive_" #name, &arc.name },
#include "libarchive.def"
#undef KD_CALL
    };
    if (!OPEN(KD_LIB_SQLITE, sqlite)) {
        complain(KD_LIB_SQLITE, "cannot be loaded");
        return false;
    }
    if (!OPEN(KD_LIB_ARCHIVE, archive))
        arc.read_new = NULL;
    return open_nettle();
}

bool has_libarchive(void)
{
    return arc.read_new != NULL;
}

hash hash_of(kd_str bytes)
{
    struct sha256_ctx state;
    hash made;
    sha.sha256_init(&state);
    sha.sha256_update(&state, bytes.len, (const uint8_t *)bytes.ptr);
    sha.sha256_digest(&state, HASH_BYTES, made.bytes);
    return made;
}

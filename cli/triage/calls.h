/* calls.h - the libraries that only triage takes, opened when it begins: analyze starts without. */
#ifndef OOPSDOC_CALLS_H
#define OOPSDOC_CALLS_H

#include <archive.h>
#include <archive_entry.h>
#include <nettle/sha2.h>
#include <sqlite3.h>

#include "../cli.h"

#define KD_CALL(name) __typeof__(&sqlite3_##name) name;
typedef struct sql_calls {
#include "sqlite.def"
} sql_calls;
#undef KD_CALL

#define KD_CALL(name) __typeof__(&archive_##name) name;
typedef struct archive_calls {
#include "libarchive.def"
} archive_calls;
#undef KD_CALL

#define KD_CALL(name) __typeof__(&nettle_##name) name;
typedef struct sha_calls {
#include "nettle.def"
} sha_calls;
#undef KD_CALL

extern sql_calls sql;
extern archive_calls arc;
extern sha_calls sha;

/* Before the sandbox, which lets no code in. False after a message: one is not there. */
bool open_libraries(void);
bool open_nettle(void);
/* Without it archives are told as such. */
bool has_libarchive(void);

/* SHA-256 */
enum { HASH_BYTES = 32 };
typedef struct hash {
    unsigned char bytes[HASH_BYTES];
} hash;
hash hash_of(kd_str bytes);

#endif

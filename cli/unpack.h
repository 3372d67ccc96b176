/* unpack.h - gzip, xz and zstd undone while reading. */
#ifndef OOPSDOC_UNPACK_H
#define OOPSDOC_UNPACK_H

#include "cli.h"

typedef enum packing {
    PACKED_UNKNOWN, /* too few bytes were seen */
    PACKED_NOT,
    PACKED_GZIP,
    PACKED_XZ,
    PACKED_ZSTD
} packing;
#define MAGIC_MOST 6u

/* Zeroed but for who takes the text. */
typedef struct unpack {
    kd_status (*feed)(void *user, kd_str bytes);
    void (*packed)(void *user, const char *name); /* told once; may be NULL */
    void *user;
    packing kind;
    struct unpack_state *state;
    char head[MAGIC_MOST];
    size_t head_len;
    uint64_t in, out; /* bytes */
    bool last;        /* the file ended: no more will be fed */
    bool ended;       /* what was fed is a whole file */
    bool done;        /* nothing more is unpacked */
    bool damaged, limited;
    bool refused; /* this build cannot unpack it */
} unpack;

const char *packed_name(packing kind);
kd_status unpack_feed(unpack *u, kd_str bytes);
/* The file ended. */
kd_status unpack_end(unpack *u);
/* Is the end of what was packed missing? */
bool unpack_cut(const unpack *u);
void unpack_free(unpack *u);

#endif

/* unpack.c - gzip, xz and zstd undone while reading; by what a file begins with, not by its name.
 *
 * A file that was cut or damaged gives what could be unpacked of it, to the last whole byte.
 */
#include <stdlib.h>
#include <string.h>

#ifdef KD_GZIP
#include <zlib.h>
#endif
#ifdef KD_XZ
#include <lzma.h>
#endif
#ifdef KD_ZSTD
#include <zstd.h>
#endif

#include "unpack.h"

/* A few bytes can be made to unpack to terabytes. Logs that repeat a line for ever get 200 to 1. */
#define FREE_BYTES ((uint64_t)256 * 1024 * 1024)
#define MOST_RATIO 400u
#define MOST_MEMORY ((uint64_t)128 * 1024 * 1024) /* of a dictionary */

static const struct {
    const char *name;
    size_t len;
    unsigned char magic[MAGIC_MOST];
} kinds[] = {
    [PACKED_GZIP] = { "gzip", 3, { 0x1f, 0x8b, 8 } },
    [PACKED_XZ] = { "xz", 6, { 0xfd, '7', 'z', 'X', 'Z', 0 } },
    [PACKED_ZSTD] = { "zstd", 4, { 0x28, 0xb5, 0x2f, 0xfd } },
};

const char *packed_name(packing kind)
{
    return kinds[kind].name;
}

/* PACKED_UNKNOWN: more bytes must be seen. */
static packing packing_of(const unsigned char *head, size_t len)
{
    for (packing kind = PACKED_GZIP; kind <= PACKED_ZSTD; kind++) {
        size_t n = len < kinds[kind].len ? len : kinds[kind].len;
        if (memcmp(head, kinds[kind].magic, n) == 0)
            return n == kinds[kind].len ? kind : PACKED_UNKNOWN;
    }
    return PACKED_NOT;
}

/* ---- one step of each library: bytes out of `in`, text into `out` ---------------------------- */

/* STEP_WHOLE: what was read is a whole file; another may follow in the same. */
typedef enum step { STEP_MORE, STEP_WHOLE, STEP_DAMAGED } step;

typedef struct room {
    char *at;
    size_t left;
} room;

struct unpack_state {
    char out[64 * 1024];
#ifdef KD_GZIP
    z_stream gzip;
#endif
#ifdef KD_XZ
    lzma_stream xz;
#endif
#ifdef KD_ZSTD
    ZSTD_DStream *zstd;
#endif
};

#ifdef KD_GZIP
static step gzip_step(z_stream *z, kd_str *in, room *out)
{
    z->next_in = (z_const Bytef *)(uintptr_t)in->ptr;
    z->avail_in = (uInt)in->len;
    z->next_out = (Bytef *)out->at;
    z->avail_out = (uInt)out->left;
    int result = inflate(z, Z_NO_FLUSH);
    in->ptr += in->len - z->avail_in;
    in->len = z->avail_in;
    out->left = z->avail_out;
    if (result == Z_STREAM_END)
        return inflateReset(z) == Z_OK ? STEP_WHOLE : STEP_DAMAGED;
    return result == Z_OK || result == Z_BUF_ERROR ? STEP_MORE : STEP_DAMAGED;
}
#endif

#ifdef KD_XZ
static step xz_step(lzma_stream *xz, kd_str *in, room *out, lzma_action action)
{
    xz->next_in = (const uint8_t *)in->ptr;
    xz->avail_in = in->len;
    xz->next_out = (uint8_t *)out->at;
    xz->avail_out = out->left;
    lzma_ret result = lzma_code(xz, action);
    in->ptr += in->len - xz->avail_in;
    in->len = xz->avail_in;
    out->left = xz->avail_out;
    return result == LZMA_STREAM_END                       ? STEP_WHOLE
           : result == LZMA_OK || result == LZMA_BUF_ERROR ? STEP_MORE
                                                           : STEP_DAMAGED;
}
#endif

#ifdef KD_ZSTD
static step zstd_step(ZSTD_DStream *zstd, kd_str *in, room *out)
{
    ZSTD_inBuffer from = { in->ptr, in->len, 0 };
    ZSTD_outBuffer to = { out->at, out->left, 0 };
    size_t result = ZSTD_decompressStream(zstd, &to, &from);
    in->ptr += from.pos;
    in->len -= from.pos;
    out->left -= to.pos;
    if (ZSTD_isError(result))
        return STEP_DAMAGED;
    return result == 0 ? STEP_WHOLE : STEP_MORE;
}
#endif

static step next_step(unpack *u, kd_str *in, room *out)
{
    switch (u->kind) {
#ifdef KD_GZIP
    case PACKED_GZIP: return gzip_step(&u->state->gzip, in, out);
#endif
#ifdef KD_XZ
    case PACKED_XZ: return xz_step(&u->state->xz, in, out, u->last ? LZMA_FINISH : LZMA_RUN);
#endif
#ifdef KD_ZSTD
    case PACKED_ZSTD: return zstd_step(u->state->zstd, in, out);
#endif
    default: (void)in, (void)out; return STEP_DAMAGED;
    }
}

/* False: this build cannot, or there is no memory. */
static bool begin(unpack *u)
{
    u->state = zeroed_noted(1, sizeof *u->state);
    if (!u->state)
        return false;
    switch (u->kind) {
#ifdef KD_GZIP
    case PACKED_GZIP: return inflateInit2(&u->state->gzip, 15 + 16) == Z_OK;
#endif
#ifdef KD_XZ
    case PACKED_XZ:
        return lzma_stream_decoder(&u->state->xz, MOST_MEMORY, LZMA_CONCATENATED) == LZMA_OK;
#endif
#ifdef KD_ZSTD
    case PACKED_ZSTD: return (u->state->zstd = ZSTD_createDStream()) != NULL;
#endif
    default: return false;
    }
}

void unpack_free(unpack *u)
{
    if (!u->state)
        return;
#ifdef KD_GZIP
    if (u->kind == PACKED_GZIP)
        inflateEnd(&u->state->gzip);
#endif
#ifdef KD_XZ
    if (u->kind == PACKED_XZ)
        lzma_end(&u->state->xz);
#endif
#ifdef KD_ZSTD
    if (u->kind == PACKED_ZSTD)
        ZSTD_freeDStream(u->state->zstd);
#endif
    free(u->state);
    u->state = NULL;
}

/* ---- streaming ------------------------------------------------------------------------------- */

static bool is_bomb(const unpack *u)
{
    return u->out > FREE_BYTES && u->out / MOST_RATIO > u->in;
}

static kd_status feed_packed(unpack *u, kd_str in)
{
    kd_status status = KD_OK;
    u->in += in.len;
    while (status == KD_OK && !u->done) {
        room out = { u->state->out, sizeof u->state->out };
        bool empty = in.len == 0;
        step what = next_step(u, &in, &out);
        size_t made = sizeof u->state->out - out.left;
        u->out += made;
        /* what follows a whole file and is none itself is padding */
        bool padding = u->ended && what == STEP_DAMAGED && made == 0;
        u->damaged |= what == STEP_DAMAGED && !padding;
        u->done = what == STEP_DAMAGED;
        u->ended = what == STEP_WHOLE || padding || (u->ended && made == 0 && empty);
        if (made > 0)
            status = u->feed(u->user, (kd_str){ u->state->out, made });
        if (is_bomb(u))
            u->done = u->limited = true;
        if (in.len == 0 && out.left > 0)
            break;
    }
    return status;
}

static void decide(unpack *u, kd_str bytes)
{
    u->kind = packing_of((const unsigned char *)bytes.ptr, bytes.len);
    if (u->kind == PACKED_UNKNOWN || u->kind == PACKED_NOT)
        return;
    if (!begin(u))
        u->refused = u->done = true;
    else if (u->packed)
        u->packed(u->user, packed_name(u->kind));
}

kd_status unpack_feed(unpack *u, kd_str bytes)
{
    if (u->kind == PACKED_UNKNOWN) {
        size_t take = MAGIC_MOST - u->head_len < bytes.len ? MAGIC_MOST - u->head_len : bytes.len;
        memcpy(u->head + u->head_len, bytes.ptr, take);
        u->head_len += take;
        bytes.ptr += take;
        bytes.len -= take;
        decide(u, (kd_str){ u->head, u->head_len });
        if (u->kind == PACKED_UNKNOWN)
            return KD_OK;
        kd_status status = unpack_feed(u, (kd_str){ u->head, u->head_len });
        if (status != KD_OK)
            return status;
    }
    if (bytes.len == 0 || u->done)
        return KD_OK;
    return u->kind == PACKED_NOT ? u->feed(u->user, bytes) : feed_packed(u, bytes);
}

kd_status unpack_end(unpack *u)
{
    u->last = true;
    if (u->kind == PACKED_XZ && u->state && !u->done) /* only now it tells whether it is whole */
        return feed_packed(u, (kd_str){ "", 0 });
    if (u->kind != PACKED_UNKNOWN || u->head_len == 0)
        return KD_OK;
    u->kind = PACKED_NOT;
    return u->feed(u->user, (kd_str){ u->head, u->head_len });
}

bool unpack_cut(const unpack *u)
{
    return u->state && (u->damaged || !u->ended);
}

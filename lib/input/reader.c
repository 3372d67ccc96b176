/* reader.c - bytes in any portions to blocks of whole lines. Layer: input. */
#define _GNU_SOURCE /* memrchr */
#include "input/reader.h"

#include <string.h>

#include "base/match.h"

void kd_reader_init(kd_reader *reader, kd_mem *mem, uint32_t max_line)
{
    *reader = (kd_reader){ .mem = mem, .line = 1, .max_line = max_line };
}

void kd_reader_free(kd_reader *reader)
{
    if (reader->carry)
        kd_mem_free(reader->mem, reader->carry, reader->max_line);
    reader->carry = NULL;
}

static kd_status keep(kd_reader *reader, kd_str bytes)
{
    if (bytes.len == 0)
        return KD_OK;
    if (!reader->carry)
        reader->carry = kd_mem_resize(reader->mem, NULL, 0, reader->max_line);
    if (!reader->carry)
        return reader->mem->failed;
    size_t room = reader->max_line - reader->carry_len;
    size_t take = bytes.len < room ? bytes.len : room;
    memcpy(reader->carry + reader->carry_len, bytes.ptr, take);
    reader->carry_len += take;
    reader->dropped += bytes.len - take;
    return KD_OK;
}

static void hand_on_carry(kd_reader *reader, kd_block_fn sink, void *user)
{
    kd_blockview block = { { reader->carry, reader->carry_len },
                           reader->line,
                           reader->offset,
                           .dropped = reader->dropped };
    sink(user, &block);
    reader->offset += reader->carry_len + reader->dropped;
    reader->carry_len = 0;
    reader->dropped = 0;
}

/* Finishes the line that an earlier portion began; returns what follows its newline. */
static kd_status finish_line(kd_reader *reader, kd_str *bytes, kd_block_fn sink, void *user)
{
    const char *newline = memchr(bytes->ptr, '\n', bytes->len);
    size_t len = newline ? (size_t)(newline - bytes->ptr) : bytes->len;
    if (reader->skip_rest) {
        reader->offset += len;
    } else {
        kd_status status = keep(reader, (kd_str){ bytes->ptr, len });
        if (status != KD_OK)
            return status;
    }
    *bytes = kd_str_from(*bytes, len);
    if (!newline)
        return KD_OK;
    if (!reader->skip_rest)
        hand_on_carry(reader, sink, user);
    reader->skip_rest = false;
    reader->line++;
    reader->offset++;
    *bytes = kd_str_from(*bytes, 1);
    return KD_OK;
}

kd_status kd_reader_feed(kd_reader *reader, kd_str bytes, kd_block_fn sink, void *user)
{
    if (bytes.len == 0)
        return KD_OK;
    reader->quiet = false;
    if (reader->carry_len > 0 || reader->dropped > 0 || reader->skip_rest) {
        kd_status status = finish_line(reader, &bytes, sink, user);
        if (status != KD_OK || bytes.len == 0)
            return status;
    }
    const char *last = memrchr(bytes.ptr, '\n', bytes.len);
    if (last) {
        size_t len = (size_t)(last + 1 - bytes.ptr);
        kd_blockview block = { { bytes.ptr, len }, reader->line, reader->offset, .dropped = 0 };
        sink(user, &block);
        reader->line += kd_count_newlines(bytes.ptr, last + 1);
        reader->offset += len;
        bytes = kd_str_from(bytes, len);
    }
    return keep(reader, bytes);
}

bool kd_reader_busy(const kd_reader *reader)
{
    return reader->carry_len > 0 && !reader->quiet;
}

void kd_reader_flush(kd_reader *reader, kd_block_fn sink, void *user)
{
    if (reader->carry_len == 0 && reader->dropped == 0)
        return;
    hand_on_carry(reader, sink, user);
    reader->skip_rest = true;
}

/* reader.h - bytes in any portions to blocks of whole lines. Layer: input.
 *
 * A block is handed on as it lies in the caller's buffer; only a line that is split over two
 * portions is copied. Of a line longer than max_line the beginning is kept, the rest is counted.
 */
#ifndef KD_INPUT_READER_H
#define KD_INPUT_READER_H

#include "base/mem.h"

typedef struct kd_reader {
    kd_mem *mem;
    char *carry; /* the unfinished last line; max_line bytes of room */
    size_t carry_len;
    uint64_t dropped; /* bytes of it beyond max_line */
    uint64_t line;    /* number of the line that comes next, from 1 */
    uint64_t offset;  /* of its first byte */
    uint32_t max_line;
    bool skip_rest; /* the line was handed on by a flush: skip to its end */
    bool quiet;     /* nothing came since the caller said that the input is quiet */
} kd_reader;

/* Whole lines, each with its newline (the last may lack it at a flush).
 * @param dropped  bytes of the only line that are not in `data` (then data is that one line)
 * @param still  it is part of a line: messages of one line, each a block, have its number
 * @param gap  bytes that part it from the one behind it
 * @param apart  its number and offset say nothing of those of the lines around
 * @param decoded  the log holds other bytes: base64
 * @param qp  it is quoted-printable
 * @param joined  its messages may hold KD_BREAK_* where lines of the log ended */
typedef struct kd_blockview {
    kd_str data;
    uint64_t line, offset, dropped;
    bool apart, decoded, still, qp, joined;
    bool unbroken; /* none of KD_BREAK_* stands in it; false: not known */
    uint8_t gap;
} kd_blockview;
typedef void (*kd_block_fn)(void *user, const kd_blockview *block);

void kd_reader_init(kd_reader *reader, kd_mem *mem, uint32_t max_line);
void kd_reader_free(kd_reader *reader);
kd_status kd_reader_feed(kd_reader *reader, kd_str bytes, kd_block_fn sink, void *user);
/* Has it an unfinished line of which the caller does not know? */
bool kd_reader_busy(const kd_reader *reader);
/* Hands on an unfinished line as it is. */
void kd_reader_flush(kd_reader *reader, kd_block_fn sink, void *user);

#endif

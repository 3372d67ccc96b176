/* mend.h - messages that were encoded or broken into lines become one line again. Layer: input.
 *
 * What is handed on are the bytes of the log; only a line break inside a message stands there as
 * KD_BREAK_BLANK or KD_BREAK_INSIDE, which kd_line_read() takes out.
 */
#ifndef KD_INPUT_MEND_H
#define KD_INPUT_MEND_H

#include "input/line.h"
#include "input/reader.h"

typedef struct kd_mend {
    kd_mem *mem;
    const kd_dress *dress; /* of the log */
    kd_block_fn pass;      /* gets each message */
    void *user;
    uint32_t max_line;
    char *room;   /* the message that may go on in the next line; max_line + 2 bytes */
    bool waits;   /* is there one? */
    bool broken;  /* was it broken already? */
    bool joined;  /* is it of more than one line? */
    size_t len;   /* of it */
    size_t width; /* of its last line */
    uint64_t line, offset;
    enum { KD_MEND_AS_IS, KD_MEND_QP, KD_MEND_BASE64 } encoding;
    uint64_t encoded_until; /* number of the line after which its encoding must be proved again */
    bool flowed;
    bool announced; /* a header told of base64: its empty line is still to come */
    size_t longest; /* of the lines around */
    size_t column;  /* at which messages were broken */
    bool columns;   /* at more than one */
    unsigned forms; /* that were undone */
} kd_mend;

void kd_mend_init(kd_mend *mend, kd_mem *mem, uint32_t max_line);
void kd_mend_free(kd_mend *mend);

/* One line, with its newline or without. */
void kd_mend_line(kd_mend *mend, const kd_blockview *line);
/* Nothing follows: hands on what waits. */
void kd_mend_flush(kd_mend *mend);
/* Lines were passed by: what was seen around tells nothing of the next. */
void kd_mend_gap(kd_mend *mend);

/* Are the lines encoded, or announced to be? Then it must see the next one, whatever that is. */
static inline bool kd_mend_encoded(const kd_mend *mend)
{
    return mend->encoding != KD_MEND_AS_IS || mend->announced;
}

/* What tells that lines were encoded: such a line is read. */
extern const char *const kd_mend_anchors[];

#endif

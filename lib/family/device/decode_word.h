/* decode_word.h - registers and status numbers of devices, in words. Layer: family. */
#ifndef KD_DEVICE_DECODE_WORD_H
#define KD_DEVICE_DECODE_WORD_H

#include "base/str.h"

typedef struct kd_word_row {
    unsigned shift, width; /* which bits */
    uint64_t value;        /* that they have */
    const char *words;
} kd_word_row;

typedef struct kd_word_decoder {
    const char *name;
    bool is_hex;      /* messages print it so */
    bool is_negative; /* an error number, with its minus */
    bool is_bits;     /* what no row names is told, too */
    const kd_word_row *rows;
    size_t count;
} kd_word_decoder;

/* NULL: there is none of that name. */
const kd_word_decoder *kd_word_decoder_of(kd_str name);

/* One name after the other, from `at` (first 0) on; NULL: that was all.
 * @param left  bits that no row named so far; begins as the value */
const char *kd_word_next(const kd_word_decoder *decoder, uint64_t value, size_t *at,
                         uint64_t *left);

/* All of them, "a, b"; empty: nothing is known of it. */
kd_str kd_words_of(const kd_word_decoder *decoder, uint64_t value, char *room, size_t size);

#endif

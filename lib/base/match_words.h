/* match_words.h - what ordinary kernel logs are made of, for match_choose.c. Layer: base. */
#ifndef KD_BASE_MATCH_WORDS_H
#define KD_BASE_MATCH_WORDS_H

#include <stddef.h>

/* -10 * log2 of how often a byte stands in them. */
extern const unsigned char kd_byte_cost[128];
/* What stands in these words is a poor fingerprint, however rare its letters are. */
extern const char kd_ordinary_words[];
extern const size_t kd_ordinary_len;

#endif

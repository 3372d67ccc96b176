/* shape.h - a prefix that no grammar knows: its shape, learnt from lines whose beginning is known.
 * Layer: input.
 */
#ifndef KD_INPUT_SHAPE_H
#define KD_INPUT_SHAPE_H

#include "base/match.h"
#include "base/scan.h"
#include "input/line.h"

#define KD_SHAPE_MOST 96u
/* Lines that a shape is learnt from, and how long each may be. */
#define KD_SHAPE_LINES 10u
#define KD_SHAPE_LINE 1024u

typedef struct kd_shape {
    char parts[KD_SHAPE_MOST]; /* as shape.c writes them */
    size_t count;              /* 0: none */
} kd_shape;

/* Of all known beginnings of messages: does one stand in these bytes at all? */
kd_status kd_heads_init(kd_matcher *matcher, kd_mem *mem);

/* Does the text begin like a message? */
bool kd_head_starts(kd_str text);

/* Where the first known beginning of a message stands in the text; false: nowhere.
 * @param known  by kd_heads_init() */
bool kd_head_find(const kd_matcher *known, kd_str text, size_t *at);

typedef enum kd_learnt {
    KD_LEARNT_NOTHING, /* the lines do not tell */
    KD_LEARNT_PLAIN,   /* there is no unknown prefix */
    KD_LEARNT_SHAPE
} kd_learnt;

/* From the texts of neighbours, the first of which holds what made the caller ask. */
kd_learnt kd_shape_learn(const kd_matcher *known, kd_shape *out, const kd_str *texts, size_t count);

/* Takes a prefix of that shape, and reads time, level and caller in it. */
bool kd_shape_take(const kd_shape *shape, kd_scan *in, kd_line *line);

#endif

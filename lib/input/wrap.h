/* wrap.h - does a line go on in the next one? Layer: input. */
#ifndef KD_INPUT_WRAP_H
#define KD_INPUT_WRAP_H

#include "input/line.h"

typedef struct kd_wrap {
    kd_str first;   /* the message so far, without the marks of its end */
    kd_str next;    /* the line after it */
    size_t width;   /* of the last line of it as in the log */
    size_t longest; /* of the lines around; 0: not known */
    size_t column;  /* at which other messages of the log were broken; 0: none, or at several */
    bool broken;    /* it was before */
    bool alike;     /* kd_wrap_alike() of both: no message goes on so */
    bool flowed;    /* the mail says that lines with a blank at their end go on */
    const kd_dress *dress; /* of the log */
} kd_wrap;

typedef enum kd_wrapping {
    KD_WRAP_NOT,
    KD_WRAP_BLANK, /* broken at a blank */
    KD_WRAP_INSIDE /* broken inside a word or a number */
} kd_wrapping;
kd_wrapping kd_wrap_goes_on(const kd_wrap *wrap);

/* Could a line of this length be broken at all? Cheap: asked for each line near an event. */
bool kd_wrap_may_go_on(kd_str line);
/* Do both begin with the same sort of bytes, as lines behind the same prefix do? */
bool kd_wrap_alike(kd_str a, kd_str b);

#endif

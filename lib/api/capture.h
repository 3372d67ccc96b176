/* capture.h - what the order of the lines tells of the capture: every line twice, the newest first.
 * Layer: api. */
#ifndef KD_API_CAPTURE_H
#define KD_API_CAPTURE_H

#include "input/line.h"

#define KD_CAPTURE_WALL 40u

/* Of the line that was read last. */
typedef struct kd_capture {
    uint64_t number, hash, time_us;
    size_t len; /* of what was hashed */
    size_t wall_len;
    char wall[KD_CAPTURE_WALL];
    bool has_time;
    bool opened, fact;               /* it began an event; it told of the machine alone */
    bool doubles;                    /* lines come twice */
    bool copy;                       /* it was the second of two */
    uint32_t missed;                 /* lines in a row that came once */
    uint64_t doubled, forward, back; /* lines that came twice; pairs by their times */
} kd_capture;

/* The line is the second of two. It is to be passed over. */
bool kd_capture_is_copy(kd_capture *capture, const kd_line *line, bool busy);
/* It was read; did it begin an event, or was it a fact? */
void kd_capture_note(kd_capture *capture, const kd_line *line, bool opened, bool fact);
/* KD_FORM_DOUBLED, KD_FORM_REVERSED, KD_FORM_UNORDERED */
unsigned kd_capture_forms(const kd_capture *capture);

#endif

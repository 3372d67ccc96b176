/* session.h - the state of one stream, and how its blocks of lines are read. Layer: api. */
#ifndef KD_API_SESSION_H
#define KD_API_SESSION_H

#include "api/capture.h"
#include "api/judge.h"
#include "input/mend.h"
#include "input/reader.h"
#include "input/shape.h"

/* How far back a recogniser may look for lines before its own. */
#define TAIL_BYTES 16384u
#define TAIL_ROOM (2 * TAIL_BYTES)
/* A longer line ends that look back. */
#define TAIL_LINE 1024u

/* All lines are looked at for how mail was encoded that far: it stands above what it hides. */
#define FIRST_LINES 256u

/* Lines that wait for the ones after them: the shape of a prefix is learnt from neighbours, however
 * the log is cut into portions. */
typedef struct kd_held {
    char *bytes; /* whole lines, each with its newline; HELD_BYTES of room */
    size_t len, lines;
    uint64_t line, offset; /* of the first */
    bool final;            /* no line will come that the window lacks */
    bool joined;           /* are there messages of more than one line? */
} kd_held;
#define HELD_BYTES (KD_SHAPE_LINES * (KD_SHAPE_LINE + 1) + 1)

/* Lines that hold beginnings of kernel messages behind text of no common shape. */
typedef struct kd_strange {
    uint64_t windows; /* of such lines */
    kd_line_ref first;
    char text[256];
} kd_strange;

struct kd_session {
    kd_engine *engine;
    kd_options options;
    kd_report *report; /* what was found and not handed over yet */
    kd_mem mem;        /* of the session itself: buffers */
    kd_arena arena;    /* texts of the options */
    kd_reader reader;
    kd_mend mend;
    kd_pack_use packs;
    kd_tracker tracker;
    kd_capture capture;
    uint64_t taken; /* events and facts that closed */
    kd_dress dress; /* how its lines are read */
    kd_held held;
    kd_shape shape; /* what was learnt; dress.shape points here then */
    kd_strange strange;
    uint64_t learn_after; /* number of the line after which learning may be tried again */
    char *tail;           /* the last TAIL_BYTES or more of the lines that went by */
    size_t tail_len;
    uint64_t still_from, still_to; /* offsets: the last line that held several messages */
    uint64_t last_seq;             /* of the last record that had one */
    uint64_t boots;                /* seen so far, over all reports */
    void *user;
};

/* Is the line the first of a window that is still to be learnt from? Learns from the lines that
 * follow `at` where there are enough of them; true: more are needed. */
bool kd_session_learn(kd_session *session, const kd_line *line, const char *at, const char *end);

/* Lets the rest of a block wait; adds the next line to what waits (false: nothing does any more);
 * reads what waits. */
void kd_session_hold(kd_session *session, const kd_blockview *rest);
bool kd_session_join(kd_session *session, const kd_blockview *line);
void kd_session_release(kd_session *session, bool final);

/* Reads the lines with an anchor, and those that open events wait for. */
void kd_session_read(kd_session *session, const kd_blockview *block);

/* NULL: refused. */
kd_context *kd_session_add_boot(kd_session *session);
/* For kd_tracker: the event is the session's now. */
void kd_session_take(void *session, kd_event *event);

/* The log is over: does it end while a machine boots? */
void kd_session_look_at_end(kd_session *session);
/* It held no event, and lines that look like those of a kernel. */
void kd_session_look_at_strange(kd_session *session);

/* For kd_mend. */
void kd_session_message(void *session, const kd_blockview *message);
/* For kd_reader. */
void kd_session_block(void *session, const kd_blockview *block);

#endif

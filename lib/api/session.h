/* session.h - the state of one stream, and how its blocks of lines are read. Layer: api. */
#ifndef KD_API_SESSION_H
#define KD_API_SESSION_H

#include "api/judge.h"
#include "input/reader.h"

/* How far back a recogniser may look for lines before its own. */
#define TAIL_BYTES 16384u
#define TAIL_ROOM (2 * TAIL_BYTES)
/* A longer line ends that look back. */
#define TAIL_LINE 1024u

struct kd_session {
    kd_engine *engine;
    kd_options options;
    kd_report *report; /* what was found and not handed over yet */
    kd_mem mem;        /* of the session itself: buffers */
    kd_reader reader;
    kd_tracker tracker;
    kd_dress dress; /* how its lines are read */
    char *tail;     /* the last TAIL_BYTES or more of the lines that went by */
    size_t tail_len;
    uint64_t last_seq; /* of the last record that had one */
    uint64_t boots;    /* seen so far, over all reports */
    kd_item handed;    /* what the last kd_session_next() gave */
    void *user;
};

/* For kd_reader: reads the lines with an anchor, and those that open events wait for. */
void kd_session_block(void *session, const kd_blockview *block);

#endif

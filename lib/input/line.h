/* line.h - one line of a log, with what its prefix told. Layer: input. */
#ifndef KD_INPUT_LINE_H
#define KD_INPUT_LINE_H

#include "base/str.h"

/* Capture forms that were met; the report names them. */
typedef enum kd_form {
    KD_FORM_DMESG = 1u << 0,   /* [    1.234567] */
    KD_FORM_LEVEL = 1u << 1,   /* <4> */
    KD_FORM_CALLER = 1u << 2,  /* [    T123] */
    KD_FORM_SYSLOG = 1u << 3,  /* Sep  8 06:47:11 host kernel: */
    KD_FORM_ISO = 1u << 4,     /* 2026-11-22T13:22:46,123456+00:00 */
    KD_FORM_CTIME = 1u << 5,   /* [Sun Nov 22 13:22:46 2026] */
    KD_FORM_MAIL = 1u << 6,    /* > quoted */
    KD_FORM_DECODED = 1u << 7, /* kern  :warn  : (dmesg -x) */
    KD_FORM_DELTA = 1u << 8,   /* [    1.234567 <    0.000649>], [  +0.000649] (dmesg -d, -e) */
    KD_FORM_KMSG = 1u << 9,    /* 4,370,6366509,-; (/dev/kmsg) */
    KD_FORM_JSON = 1u << 10    /* "msg": "..." (dmesg -J) */
} kd_form;

typedef struct kd_line {
    kd_str raw;       /* as in the log, without its newline; cut at max_line */
    kd_str text;      /* the message: prefix and outer blanks off */
    uint64_t number;  /* from 1 */
    uint64_t offset;  /* of raw in the log, bytes */
    uint64_t length;  /* of the whole line in the log, bytes, before any cut */
    uint64_t time_us; /* since boot */
    kd_str wall_time; /* as printed; empty: none */
    kd_str caller;    /* "T123", "C0"; empty: none */
    int level;        /* -1: not printed */
    unsigned forms;   /* kd_form bits */
    bool has_time;
    bool prefixed; /* a time, level or syslog prefix stood before the text */
} kd_line;

/* Fills in text and everything the prefix tells, from raw. Strips only what it understands. */
void kd_line_read(kd_line *line, bool repair);

#endif

/* line.h - one line of a log, with what its prefix told. Layer: input. */
#ifndef KD_INPUT_LINE_H
#define KD_INPUT_LINE_H

#include "base/str.h"

/* Capture forms that were met; the report names them. */
typedef enum kd_form {
    KD_FORM_DMESG = 1u << 0,      /* [    1.234567] */
    KD_FORM_LEVEL = 1u << 1,      /* <4> */
    KD_FORM_CALLER = 1u << 2,     /* [    T123] */
    KD_FORM_SYSLOG = 1u << 3,     /* Sep  8 06:47:11 host kernel: */
    KD_FORM_ISO = 1u << 4,        /* 2026-11-22T13:22:46,123456+00:00 */
    KD_FORM_CTIME = 1u << 5,      /* [Sun Nov 22 13:22:46 2026] */
    KD_FORM_MAIL = 1u << 6,       /* > quoted */
    KD_FORM_DECODED = 1u << 7,    /* kern  :warn  : (dmesg -x) */
    KD_FORM_DELTA = 1u << 8,      /* [    1.234567 <    0.000649>], [  +0.000649] (dmesg -d, -e) */
    KD_FORM_KMSG = 1u << 9,       /* 4,370,6366509,-; (/dev/kmsg, netconsole) */
    KD_FORM_JSON = 1u << 10,      /* "msg": "..." (dmesg -J, docker, the journal) */
    KD_FORM_JOURNAL = 1u << 11,   /* journalctl -o short-monotonic, short-unix, export */
    KD_FORM_LOGREAD = 1u << 12,   /* Fri Jul 19 05:58:52 2019 kern.warn kernel: (OpenWrt) */
    KD_FORM_RFC5424 = 1u << 13,   /* <3>1 2022-05-03T18:01:55Z host kernel - - - */
    KD_FORM_LOGCAT = 1u << 14,    /* 05-03 10:11:12.345     0     0 E         : */
    KD_FORM_CONTAINER = 1u << 15, /* CRI, docker compose */
    KD_FORM_TALOS = 1u << 16,     /* kern: warning: [2021-...Z]: */
    KD_FORM_VMWARE = 1u << 17,    /* ...| vcpu-0| I125: Guest: */
    KD_FORM_CONSOLE = 1u << 18,   /* what console servers, terminal programs and CI stamp */
    KD_FORM_VENDOR = 1u << 19,    /* printk of vendors: (0)[4410:insmod], c0 1 (swapper/0) */
    KD_FORM_NUMBERED = 1u << 20,  /* 294: */
    KD_FORM_CSV = 1u << 21,       /* "...","host1","..." */
    KD_FORM_COLOUR = 1u << 22,    /* ANSI sequences */
    KD_FORM_HTML = 1u << 23,      /* tags, entities, blanks and signs of web pages */
    KD_FORM_LEARNT = 1u << 24,    /* a shape that no grammar knows */
    KD_FORM_QP = 1u << 25,        /* gfp=3D0x820 */
    KD_FORM_BASE64 = 1u << 26,    /* of mail */
    KD_FORM_FLOWED = 1u << 27,    /* lines of mail with a blank at their end go on */
    KD_FORM_WRAPPED = 1u << 28,   /* messages broken by mail programs, terminals */
    KD_FORM_DOUBLED = 1u << 29,   /* every line twice */
    KD_FORM_REVERSED = 1u << 30   /* the newest line first (journalctl -r) */
} kd_form;
#define KD_FORM_UNORDERED (1u << 31) /* lines are not in the order of their times */
#define KD_FORMS 32u
/* Where the line break of a message was, in `raw` while it is read. */
#define KD_BREAK_BLANK '\v'
#define KD_BREAK_INSIDE '\f'
/* How many there are. */
size_t kd_count_breaks(kd_str raw);
/* Such bytes of the log itself become blanks: in text that no message went on in. */
void kd_hide_breaks(char *text, size_t len);

/* Its name in the report. */
const char *kd_form_name(unsigned bit);

typedef struct kd_line {
    kd_str raw;       /* as in the log, without its newline; cut at max_line */
    kd_str clean;     /* what a carrier or a web page hid in raw; empty: raw hid nothing */
    kd_str text;      /* the message: prefix and outer blanks off; a part of raw or of clean */
    uint64_t number;  /* from 1 */
    uint64_t offset;  /* of raw in the log, bytes */
    uint64_t length;  /* of the whole line in the log, bytes, before any cut */
    uint64_t time_us; /* since boot */
    kd_str wall_time; /* as printed; empty: none */
    kd_str caller;    /* "T123", "C0"; empty: none */
    int level;        /* -1: not printed */
    unsigned forms;   /* kd_form bits */
    bool has_time;
    uint32_t breaks; /* of its message, KD_BREAK_*: it goes on for so many lines */
    bool decoded;    /* the log holds other bytes: base64 */
    bool plain;      /* raw is printing ASCII and hides nothing; false: not known */
    bool prefixed;   /* a time, level or syslog prefix stood before the text */
    bool frame;      /* the text is a stack frame and nothing else: core/frame.h */
} kd_line;

/* How the lines of a log are dressed. */
typedef struct kd_dress {
    bool plain; /* nothing is repaired: no unquoting, no carriers */
    char *room; /* for what carriers hid, used as a ring; NULL: lines stay as they are */
    size_t size, used;
    bool qp;                            /* lines are quoted-printable */
    bool breaks;                        /* are there messages with KD_BREAK_* in them? */
    const struct kd_shape *shape;       /* of a prefix that was learnt; NULL: none */
    const struct kd_grammars *grammars; /* known prefixes; NULL: they are found slowly */
} kd_dress;

/* Fills in text and everything the prefix tells, from raw. Strips only what it understands.
 * @param dress  NULL: repairs, but has no room. Views into its room last until as many bytes of
 *               other lines were read as the room has, less the longest */
void kd_line_read(kd_line *line, kd_dress *dress);

/* The line with one blank for each run of them inside its message, in `out`, which last like what
 * carriers hid; false: there are no runs, or there is no room. */
bool kd_line_squeeze(const kd_line *line, kd_dress *dress, kd_line *out);

/* What hides the bytes of a message on its line: such a line is read too. NULL ends. */
extern const char *const kd_carrier_anchors[];

/* The line as views of `raw` and `clean`, copies of its own raw and clean. */
void kd_line_rebase(kd_line *line, kd_str raw, kd_str clean);

#endif

/* parser.h - what a recogniser is. Layer: core.
 *
 * A recogniser extracts; it never interprets. Which kernel prints which bit is not known yet when
 * a line arrives, so masks stay numbers here and get their names in decode/.
 *
 * How a line travels: the open events are asked first, the newest first; each asks its recogniser,
 * then the blocks that may follow its header. A line that nobody takes and that holds an anchor is
 * handed to the recognisers of that anchor, the last row of the families first. A line without a
 * message is nobody's.
 */
#ifndef KD_CORE_PARSER_H
#define KD_CORE_PARSER_H

#include "base/scan.h"
#include "core/event.h"

typedef enum kd_verdict {
    KD_NOT_MINE,  /* another CPU's line in between, or noise: the event stays open */
    KD_OVER,      /* more only: not mine, and the event ended before it */
    KD_TAKEN,     /* part of this event */
    KD_LAST,      /* part of this event, and complete with it */
    KD_PASSED,    /* part of this event, but one of so many alike that its text is not kept; nothing
                   * was taken from the arena */
    KD_UNFINISHED /* open only: the text ends where more must follow; try with the next line */
} kd_verdict;

#define KD_MAX_BLOCKS 8u

/* Zeroed when the event opens; what it means is the block's own business. */
typedef struct kd_block_state {
    uint32_t at, more;
    bool begun, closed;
} kd_block_state;

/* Lines before the one at hand, for recognisers that look back; nothing is read or copied before
 * one does. */
typedef struct kd_before {
    kd_str near, far;      /* whole lines, each with its newline; `far` ends where `near` begins */
    bool joined;           /* may KD_BREAK_* stand in `near`? */
    uint64_t line, offset; /* of the line at hand */
    size_t longest;        /* a longer line ends the look back */
    bool from_the_start;   /* does `far` begin where the log begins? */
    uint64_t still_from, still_to; /* offsets: a line of the log that holds several of these */
} kd_before;

typedef struct kd_parse {
    kd_event *event;
    void *body;
    kd_arena *arena;
    kd_src src;                /* of the line at hand: what kd_put() notes */
    kd_block_state *state;     /* of the block at hand */
    uint32_t own[5];           /* the recogniser's own state, zeroed */
    kd_dress *dress;           /* how lines of this log are read again; NULL: without carriers */
    struct kd_pack_use *packs; /* messages that packs describe; NULL: no packs */
    const kd_before *before;   /* while opening: the lines before this one; NULL: not known */
    bool final;                /* while opening: no line follows that could belong to it */
    bool alone;                /* of such: it is one line, joined with none */
    bool counts;               /* events are counted alone: what only rules ask for is not needed */
} kd_parse;

/* Sets a field and where it was read. The first value stays: later ones are repetitions. */
#define kd_put(parse, field, value) kd_set(field, value, (parse)->src)
#define kd_put_again(parse, field, value) ((field)->v = (value), (field)->src = (parse)->src)

/* A part that many messages share. `group` is its struct inside the body. */
typedef struct kd_block {
    const char *name;
    kd_verdict (*take)(kd_parse *parse, void *group, const kd_line *line);
} kd_block;

typedef struct kd_block_use {
    const kd_block *block;
    size_t at; /* offset of the group in the body */
} kd_block_use;

typedef struct kd_parser {
    const char *name;
    const char *const *anchors; /* literals of its first line, four bytes or more; NULL ends */
    const kd_kind *kind;        /* of its events; close() may set another of the same group */
    const kd_block_use *blocks; /* that may follow; block NULL ends. May be NULL */
    bool in_order;              /* a block that began closes those listed before it */
    uint32_t patience;          /* foreign lines in a row until the event is closed; 0: 24 */
    const char *by_others;      /* lines that begin so are printed by another thread; or NULL */
    /* While an event has its first line alone: whether it refuses a line follows from its kind, the
     * recogniser's own numbers and the line. Of many such in a flood one is asked */
    bool alike;
    kd_verdict (*open)(kd_parse *parse, const kd_line *line);
    kd_verdict (*more)(kd_parse *parse, const kd_line *line); /* NULL: only the blocks */
    void (*close)(kd_parse *parse);                           /* NULL: nothing to settle */
    /* Another event is open too: asked when the later of the two opens and when the first of them
     * closes. For a report whose stack another report holds. May be NULL */
    void (*beside)(kd_parse *parse, const kd_event *other);
} kd_parser;

/* ---- small steps that recognisers share ------------------------------------------------------ */

/* Keeps a line that the recogniser found by itself (before its own); gives its source. */
kd_src kd_parse_keep(kd_parse *parse, const kd_line_ref *line);

/* Walks the lines before the one that opens an event, the nearest first: some 8 KiB of them. */
typedef struct kd_back {
    kd_str near, far; /* whole lines that were not given yet */
    uint64_t number;  /* of the line given last */
    uint64_t offset;  /* of the end of what was not given yet */
    size_t bytes;     /* that were given */
    size_t longest;
    kd_dress *dress;
    bool from_the_start, joined;
    uint64_t still_from, still_to;
} kd_back;
kd_back kd_back_from(const kd_parse *parse);
/* The line before; its views last while the recogniser runs. False when there is none. */
bool kd_back_line(kd_back *back, kd_line *out);
/* The nearest of so many more lines that holds one of these words as it lies there; the others are
 * not read. */
bool kd_back_line_with(kd_back *back, unsigned *lines, const char *const *words, size_t count,
                       kd_line *out);
/* The same lines as they lie in memory, in the order of the log: two texts, either may be empty. */
void kd_back_texts(const kd_parse *parse, kd_str out[2]);
/* Where the first of these lines stands in the log. False: several are on one line of it. */
bool kd_back_place(const kd_parse *parse, const kd_str texts[2], uint64_t *number,
                   uint64_t *offset);
/* Lines of the log that end in a part of the first or the second (`near`) of them. */
uint64_t kd_back_count(const kd_parse *parse, bool near, kd_str text);
/* Does one of these words stand in them? For a line that only a report has: is its headline near?
 */
bool kd_back_has(const kd_parse *parse, const char *const *words, size_t count);
/* Keeps such a line as one that was only looked at; gives its source. */
kd_src kd_back_keep(kd_parse *parse, const kd_line *line);

/* "warn_alloc: 12 callbacks suppressed" on one of the last lines: what the rate limit of these
 * functions (names with blanks between) kept back. */
void kd_put_suppressed(kd_parse *parse, kd_u64 *out, const char *functions);

#endif

/* tracker.h - which lines belong to which event: several may be open at once. Layer: core. */
#ifndef KD_CORE_TRACKER_H
#define KD_CORE_TRACKER_H

#include "base/match.h"
#include "core/parser.h"

typedef struct kd_open kd_open;

/* Beside the numbers of recognisers. */
#define NO_PARSER 255u

/* Anchors of all recognisers, built once per engine. */
typedef struct kd_anchors {
    kd_matcher matcher;
    const char **texts;
    uint8_t *parser; /* by anchor: index into kd_parsers */
    size_t count;
} kd_anchors;

/* @param more  of kd_str, NUL-terminated: anchors of packs, for the recogniser of that name; may be
 * empty */
kd_status kd_anchors_init(kd_anchors *anchors, kd_mem *mem, const kd_list *more);
void kd_anchors_free(kd_anchors *anchors, kd_mem *mem);

/* The event is the receiver's now. */
typedef void (*kd_event_fn)(void *user, kd_event *event);

typedef struct kd_tracker {
    kd_mem *mem;
    const kd_anchors *anchors;
    kd_event_fn closed;
    void *user;
    uint32_t max_event_lines;
    kd_open *open; /* newest first */
    size_t open_count;
    uint64_t next_id;      /* of the event that opens next, less one */
    uint64_t boot;         /* number that events opening now get */
    uint64_t in_events;    /* lines that some event took */
    uint64_t foreign_line; /* number of the last line counted as not understood */
    uint64_t not_understood, repairs;
    uint64_t unopened, unopened_to; /* messages that no event could be tried on: memory is short */
    bool hit_event_lines;
    kd_fate_fn on_line; /* told what becomes of each line; may be NULL */
    void *on_line_user;
    kd_dress *dress;            /* how lines are read again */
    struct kd_pack_use *packs;  /* messages that packs describe; NULL: no packs */
    struct kd_wrapped *wrapped; /* a message that seems to go on in the next line */
    bool final;                 /* it did not: recognisers take what there is of it */
    bool counts;                /* nobody asks for more of an event than its kind */
} kd_tracker;

void kd_tracker_line(kd_tracker *tracker, const kd_line *line, const kd_before *before);
/* Does the tracker want to see every line? Otherwise those with an anchor are enough. */
static inline bool kd_tracker_busy(const kd_tracker *tracker)
{
    return tracker->open || tracker->wrapped;
}
/* Number of the oldest event that is open; UINT64_MAX: none is. */
uint64_t kd_tracker_oldest(const kd_tracker *tracker);
/* Copies the line into the event; `out` is the line as views of that copy. */
bool kd_event_add_line(kd_event *event, const kd_line *line, kd_line *out);
/* The lines that a broken message goes on in. */
void kd_event_add_parts(kd_event *event, const kd_line *line);
/* The line belongs to the event, but only its number is kept. */
void kd_event_pass_line(kd_event *event, uint64_t number);

/* Closes all that is open. */
void kd_tracker_flush(kd_tracker *tracker);

#endif

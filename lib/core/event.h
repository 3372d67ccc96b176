/* event.h - one thing the kernel said, with the lines it was read from. Layer: core. */
#ifndef KD_CORE_EVENT_H
#define KD_CORE_EVENT_H

#include "core/fields.h"
#include "input/line.h"

/* A line that an event took. */
typedef struct kd_line_ref {
    uint64_t number, offset, length; /* of the log as given */
    kd_str raw;                      /* its bytes, cut at max_line */
    bool decoded;                    /* the log holds other bytes there */
    bool aside;                      /* only looked at: not a line of the event */
} kd_line_ref;

typedef struct kd_range {
    uint64_t first, last;
} kd_range;

#define KD_PASSED_RANGES 4096u

/* Identical events of one boot are counted on the first of them. */
#define KD_REPEAT_RANGES 64u
typedef struct kd_repeat {
    uint64_t count; /* with the first; 0: not repeated */
    uint64_t first_time_us, last_time_us;
    kd_list lines; /* of kd_range */
    uint64_t lines_left_out;
    bool has_time;
    kd_arena arena;    /* holds the ranges */
    kd_u64 suppressed; /* what was added to the event's own count since it was saved */
    kd_event *latest;  /* the last one, where it holds a memory dump: its numbers differ */
} kd_repeat;

/* Room for the id of another event, as it is printed. */
typedef struct kd_id_text {
    char text[24];
} kd_id_text;

/* A line before it that announces it: core/hint.h. */
typedef struct kd_event_hint {
    const void *meaning; /* NULL: there is none */
    kd_src src;
    uint64_t time_us;
    bool has_time, same_caller;
} kd_event_hint;

struct kd_event {
    kd_arena arena; /* holds everything below, the event itself included */
    const kd_kind *kind;
    void *body; /* the struct of kind->fields */
    uint64_t id;
    uint64_t boot;
    kd_list lines;  /* of kd_line_ref, as they came */
    kd_list passed; /* of kd_range: lines that it took without keeping them */
    uint64_t offset, time_us;
    kd_str wall_time, caller;
    bool has_time;
    bool complete;
    bool full;            /* closed at max_event_lines: what follows is not in it */
    bool moot;            /* another event took what it holds: it is not told */
    bool damaged;         /* memory was short while it was read or decoded: it is not whole */
    bool before;          /* from the earlier capture (kd_options.before) */
    bool pulled;          /* handed out by kd_session_next() */
    bool decoded, judged; /* by kd_decode_event(), by the rules */
    /* of a stream, where later lines may tell better how to decode and judge it: */
    kd_saved *saved;                 /* the arena before it was decoded; NULL: it is decoded once */
    uint64_t boot_state;             /* kd_context.state when it was decoded */
    uint64_t told;                   /* kd_event_hash() of what was handed out last; 0: never */
    uint64_t told_count, told_state; /* repeat.count and boot_state then */
    bool retell;                     /* it was handed out, and diagnoses of it are to be */
    uint32_t diags_left_out, rules_failed; /* of those that it woke */
    struct kd_problem *told_problem;       /* of the former problems, while they are made anew */
    uint64_t not_understood, not_utf8;
    kd_diag *diags;   /* that it woke, the last first */
    kd_str signature; /* of what makes events identical; empty: never folded */
    uint64_t signature_hash;
    kd_event *fold_next; /* the next one in the same bucket of the store */
    kd_repeat repeat;
    kd_event_hint hint;
    uint64_t bug;               /* signature.id; 0: not computed, or no finding */
    char bug_id[20];            /* the same as 16 hex digits */
    kd_str bug_title;           /* signature.title */
    const char *bug_reason;     /* what the rule that tells the reason added to it; NULL: none */
    struct kd_problem *problem; /* that it belongs to; NULL: none */
    bool diagnosed;             /* a diagnosis speaks of it */
};

/* With its repetitions. */
void kd_event_free(kd_event *event);
/* As it was when it was saved; what was counted and handed out since stays. */
void kd_event_restore(kd_event *event);

static inline bool kd_event_is(const kd_event *event, const kd_kind *kind)
{
    return event->kind == kind;
}

static inline const kd_line_ref *kd_event_lines(const kd_event *event)
{
    return event->lines.items;
}

/* The line a value was read from, or NULL (absent, derived). */
static inline const kd_line_ref *kd_event_line(const kd_event *event, kd_src src)
{
    if (src == 0 || src == KD_DERIVED || src > event->lines.count)
        return NULL;
    return &kd_event_lines(event)[src - 1];
}

/* When it was seen last, with its repetitions; of an event that has a time. */
static inline uint64_t kd_event_last_us(const kd_event *event)
{
    return event->repeat.count ? event->repeat.last_time_us : event->time_us;
}
/* The text at that path of the body; empty: it has none. */
kd_str kd_event_text(const kd_event *event, const char *path);

/* The body as the struct of that group, or NULL when the event is of another. */
static inline void *kd_event_body(const kd_event *event, const kd_fields *group)
{
    return event->kind->fields == group ? event->body : NULL;
}

/* Where a group of that description (or, with a name, a list of them) stands in the body, also
 * inside other flat groups; NULL: nowhere. */
void *kd_event_part(const kd_event *event, const kd_fields *group, const char *name);

/* All of them, in the order in which kd_event_part() finds them: for who asks for many. */
typedef struct kd_part {
    const kd_fields *group;
    void *at;
} kd_part;
#define KD_MOST_PARTS 64u
typedef struct kd_parts {
    kd_part items[KD_MOST_PARTS];
    size_t count;
} kd_parts;
void kd_event_parts(const kd_event *event, kd_parts *out);
void *kd_part_of(const kd_parts *parts, const kd_fields *group);

#endif

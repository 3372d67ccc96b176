/* diag.h - one diagnosis, and what a rule of ours may look at. Layer: core. */
#ifndef KD_CORE_DIAG_H
#define KD_CORE_DIAG_H

#include "core/context.h"
#include "core/memo.h"

#define KD_MAX_EVIDENCE 16u

typedef struct kd_proof {
    kd_str claim, equation;
} kd_proof;

typedef struct kd_fact {
    kd_str name;
    kd_value value;
} kd_fact;

struct kd_diag {
    kd_arena arena; /* holds everything below, the diagnosis itself included */
    uint64_t id;
    const kd_rule *rule;
    kd_severity severity; /* the rule's, unless the log shows that this case is milder */
    kd_confidence confidence;
    kd_role role;
    bool has_role;
    const char *title; /* NULL: the rule's */
    kd_str explanation;
    kd_list events;   /* of uint64_t: ids */
    kd_list evidence; /* of kd_evidence */
    uint64_t evidence_left_out;
    kd_list proof;     /* of kd_proof */
    kd_list facts;     /* of kd_fact */
    kd_list remedies;  /* of kd_str */
    kd_list assumes;   /* of kd_str */
    kd_list caused_by; /* of uint64_t: ids of diagnoses */
    kd_list missing;   /* of kd_str: what would settle it */
    kd_impact impact;
    kd_suspect suspect;
    kd_str suspect_name, suspect_why;
    bool deliberate;         /* somebody asked for it */
    bool settled;            /* it is the last word about its event */
    uint64_t boot, woken_by; /* id of the event that woke the rule */
    bool pulled;
    uint64_t told;              /* kd_diag_hash() of what was handed out last; 0: never */
    bool withdrawn;             /* it was handed out, and does not hold with what is known now */
    struct kd_problem *problem; /* that it belongs to */
    kd_diag *older;             /* the one that the same event woke before it */
    kd_diag *untold;            /* the next of its event that is to be handed out */
};

/* Where events of one sort stand among all, in order. */
typedef struct kd_places {
    const uint32_t *at;
    size_t count;
} kd_places;

/* What the engine hands to every rule: a kd_view first, so that built-in rules see more. */
typedef struct kd_wide_view {
    kd_view view;
    const kd_context *const *boots; /* in log order; those handed out may be gone */
    size_t boot_count;
    kd_event *const *events; /* all events so far, in log order; those after view.event too */
    size_t event_count, index;
    const kd_diag *const *diags; /* made so far */
    size_t diag_count;
    const kd_places *of_kind; /* by kd_kind.index */
    kd_places dumps;          /* events that hold a memory dump, or whose last repetition does */
    kd_memo *memo;            /* of this event */
} kd_wide_view;

static inline const kd_wide_view *kd_wide(const kd_view *view)
{
    return (const kd_wide_view *)(const void *)view;
}

/* Events about the one in hand, itself included: what belongs to it stands near. So many to each
 * side, or a flood of reports would cost its square. */
#define KD_NEIGHBOURS 256u
typedef struct kd_span {
    size_t from, to; /* of view->events */
} kd_span;
kd_span kd_neighbours(const kd_wide_view *view);

/* How many of the places stand before `index`. */
size_t kd_places_before(kd_places places, size_t index);
/* The nearest event before `index` of the view's boot that is of that kind; `index` becomes where
 * it stands. NULL: there is none. */
const kd_event *kd_kind_before(const kd_wide_view *view, const kd_kind *kind, size_t *index);
/* Did that rule speak of an event of this boot already? */
bool kd_said_in_boot(const kd_wide_view *view, const char *rule);

struct kd_emit {
    kd_mem *mem;
    const kd_rule *rule;
    const kd_event *event;
    kd_diag *diag; /* the one that is being made; NULL before kd_emit_diag() */
    void (*done)(void *user, kd_diag *diag); /* the diagnosis is the receiver's now */
    void *user;
    bool no_text;
};

/* Hands the last diagnosis on. */
void kd_emit_finish(kd_emit *out);
/* Lets go of it. */
void kd_emit_drop(kd_emit *out);

/* ---- for rules of ours: formatted texts, values with their lines ----------------------------- */

#define KD_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Text in the diagnosis' memory (or, before the first diagnosis, empty). */
kd_str kd_text_of(kd_emit *out, const char *format, ...) KD_PRINTF(2, 3);
kd_status kd_say_diag(kd_emit *out, kd_confidence confidence, const char *format, ...)
    KD_PRINTF(3, 4);
/* More words for the explanation. */
void kd_say_more(kd_emit *out, const char *format, ...) KD_PRINTF(2, 3);
/* The line that a field was read from; nothing when the field is absent. */
void kd_say_evidence(kd_emit *out, const kd_event *event, kd_src src, const char *format, ...)
    KD_PRINTF(4, 5);
void kd_say_proof(kd_emit *out, kd_str claim, const char *format, ...) KD_PRINTF(3, 4);
void kd_say_remedy(kd_emit *out, const char *format, ...) KD_PRINTF(2, 3);
void kd_say_assume(kd_emit *out, const char *format, ...) KD_PRINTF(2, 3);
void kd_say_u64(kd_emit *out, const char *name, uint64_t value);
void kd_say_i64(kd_emit *out, const char *name, int64_t value);
void kd_say_hex(kd_emit *out, const char *name, uint64_t value);
void kd_say_text(kd_emit *out, const char *name, kd_str value);
void kd_say_bool(kd_emit *out, const char *name, bool value);
/* This case is less (or more) severe than the rule's others. */
void kd_say_severity(kd_emit *out, kd_severity severity);
/* This case is named otherwise than the rule's others; static text. */
void kd_say_title(kd_emit *out, const char *title);
const char *kd_diag_named(const kd_diag *diag);
/* This case is less sure (or more) than it was begun. */
void kd_say_confidence(kd_emit *out, kd_confidence confidence);
/* What it meant for the machine, whose turn it is, what would settle it; see kdiag.h. */
void kd_say_impact(kd_emit *out, kd_impact impact);
void kd_say_suspect(kd_emit *out, kd_suspect suspect, kd_str name, const char *why, ...)
    KD_PRINTF(4, 5);
void kd_say_missing(kd_emit *out, const char *format, ...) KD_PRINTF(2, 3);
void kd_say_deliberate(kd_emit *out);
/* No rule that is asked later needs to speak of this event. */
void kd_say_settled(kd_emit *out);
/* A line of the boot log that the context kept: it belongs to no reported event. */
void kd_say_line(kd_emit *out, const kd_line_ref *line, const char *format, ...) KD_PRINTF(3, 4);
/* The diagnosis also speaks of that event. */
void kd_say_event(kd_emit *out, const kd_event *event);
void kd_say_caused_by(kd_emit *out, const kd_diag *diag);

/* The last diagnosis of that rule that was woken by that event, or NULL. */
const kd_diag *kd_diag_of(const char *rule, const kd_event *event);
/* The fact of that name; NULL: it has none. */
const kd_value *kd_diag_fact(const kd_diag *diag, const char *name);
/* The first primary diagnosis that the event woke, one that calls itself so before others; or NULL.
 */
const kd_diag *kd_primary_of(const kd_event *event);

#endif

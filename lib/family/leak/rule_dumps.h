/* rule_dumps.h - the memory dumps of one boot, for rules that compare them. */
#ifndef KD_LEAK_RULE_DUMPS_H
#define KD_LEAK_RULE_DUMPS_H

#include "core/diag.h"
#include "family/fields.h"
#include "family/leak/decode_trend.h"
#include "family/memdump/decode_accounting.h"

typedef struct kd_dump {
    const kd_event *event;
    const kdf_meminfo *meminfo;
    kd_accounting a;
    int64_t unexplained_kb; /* the remainder less what is known to lie in it; -1: not known */
    const struct kd_dump *compared; /* to which `is_cut` belongs; NULL: not known yet */
    bool is_cut;                    /* one of its lines was cut inside a number */
} kd_dump;

typedef struct kd_dumps {
    kd_arena arena;
    kd_dump *items; /* in log order, those of an earlier capture first */
    size_t count;   /* at most KD_TREND_POINTS: of more, evenly spread ones */
    size_t before;  /* how many are of the earlier capture */
} kd_dumps;

/* A rule looks at so many dumps before and after its own: a log of thousands stays quick. */
#define KD_DUMPS_LOOKED_AT 256u

/* Is it of the boot of the view's event or of the earlier capture, with a memory dump? */
bool kd_dump_belongs(const kd_view *view, const kd_event *event);

/* Fills one in; false when the event has no dump whose counters can be added up. */
bool kd_dump_of(const kd_event *event, const kd_context *context, kd_dump *out);
/* Of the event in hand: added up once. */
bool kd_dump_in_hand(const kd_view *view, kd_dump *out);

/* Which of kd_wide_view.dumps belong: those before `before` are of the earlier capture, those from
 * `first` to `end` of this boot. */
typedef struct kd_dump_places {
    size_t before, first, end;
} kd_dump_places;
kd_dump_places kd_dump_places_of(const kd_view *view);

/* Is the event the last one of its boot, so far, that has such a dump? */
bool kd_dump_is_last(const kd_view *view);

/* The dumps of the event's boot and of the earlier capture. kd_dumps_free() in any case. */
void kd_dumps_collect(const kd_view *view, kd_emit *out, kd_dumps *dumps);
void kd_dumps_free(kd_dumps *dumps);

/* Is this one among `most` (two or more) of `all`, evenly spread, with the first and the last? */
bool kd_is_spread(size_t index, size_t all, size_t most);

/* "at 3.328 s", "in line 120", "in the earlier capture". */
kd_str kd_dump_when(kd_emit *out, const kd_dump *dump);

/* The names of what holds memory that no counter names, on this kernel. */
void kd_say_unnamed_users(kd_emit *out, const kd_view *view, const kd_accounting *a);

#endif

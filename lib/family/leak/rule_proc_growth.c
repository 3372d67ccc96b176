/* rule_proc_growth.c - two and more pastes of /proc/meminfo of one machine: what grows. */
#include "family/leak/rule_proc_growth.h"

#include "family/fields.h"

/* So many pastes are compared, and looked at after the one at hand. */
#define PASTES 16u
/* Less is what any machine does. */
#define LEAST_KB 32768u
#define MOST_KB (UINT64_C(1) << 50)

typedef struct paste {
    const kd_event *event;
    const kd_pair *row; /* SUnreclaim */
} paste;

static bool is_paste(const kd_event *event, const kd_event *like, paste *out)
{
    const kdf_meminfo_dump *dump = KD_BODY(event, meminfo_dump);
    const kdf_meminfo_dump *other = KD_BODY(like, meminfo_dump);
    if (!dump || !other || event->before != like->before || event->boot != like->boot)
        return false;
    const kd_pair *all = kd_map_find(&dump->proc_meminfo_kb, "MemTotal");
    const kd_pair *same = kd_map_find(&other->proc_meminfo_kb, "MemTotal");
    *out = (paste){ event, kd_map_find(&dump->proc_meminfo_kb, "SUnreclaim") };
    /* another total is another machine */
    return out->row && out->row->v < MOST_KB && all && same && all->v == same->v &&
           all->v < MOST_KB;
}

bool kd_paste_is_last(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_places places = wide->of_kind[view->event->kind->index];
    size_t next = kd_places_before(places, wide->index + 1);
    paste found;
    for (size_t i = next; i < places.count && i < next + PASTES; i++)
        if (is_paste(wide->events[places.at[i]], view->event, &found))
            return false;
    return true;
}

/* The pastes up to the event's, the oldest first. */
static size_t collect(const kd_view *view, paste pastes[PASTES])
{
    const kd_wide_view *wide = kd_wide(view);
    kd_places places = wide->of_kind[view->event->kind->index];
    size_t next = kd_places_before(places, wide->index + 1), count = 0;
    paste found;
    for (size_t i = next; i-- > 0 && next - i <= PASTES;)
        if (is_paste(wide->events[places.at[i]], view->event, &found))
            pastes[count++] = found;
    for (size_t i = 0; i < count / 2; i++) {
        paste swap = pastes[i];
        pastes[i] = pastes[count - 1 - i];
        pastes[count - 1 - i] = swap;
    }
    return count;
}

static uint64_t line_of(const paste *p)
{
    const kd_line_ref *line = kd_event_line(p->event, p->row->src);
    return line ? line->number : 0;
}

kd_status kd_check_proc_growth(const kd_view *view, kd_emit *out)
{
    paste pastes[PASTES];
    paste own;
    if (!is_paste(view->event, view->event, &own) || !kd_paste_is_last(view))
        return KD_OK;
    size_t count = collect(view, pastes);
    if (count < 2)
        return KD_OK;
    const kdf_meminfo_dump *dump = KD_BODY(view->event, meminfo_dump);
    uint64_t all_kb = kd_map_find(&dump->proc_meminfo_kb, "MemTotal")->v;
    uint64_t first = pastes[0].row->v, last = pastes[count - 1].row->v;
    for (size_t i = 1; i < count; i++)
        if (pastes[i].row->v < pastes[i - 1].row->v)
            return KD_OK;
    if (last <= first || last - first < LEAST_KB || last - first < all_kb / 50)
        return KD_OK;
    kd_say_diag(
        out, count > 2 ? KD_LIKELY : KD_POSSIBLE,
        "Kernel objects that reclaim cannot free (SUnreclaim) grew from %llu to %llu kB, by "
        "%llu kB, over %zu pastes of /proc/meminfo of a machine with %llu kB.",
        KD_LLU(first), KD_LLU(last), KD_LLU(last - first), count, KD_LLU(all_kb));
    if (count == 2)
        kd_say_more(out, "Two samples cannot tell a leak from something that was allocated once in "
                         "between.");
    for (size_t i = 0; i < count; i++)
        kd_say_evidence(out, pastes[i].event, pastes[i].row->src, "SUnreclaim %llu kB",
                        KD_LLU(pastes[i].row->v));
    for (size_t i = 0; i + 1 < count; i++)
        kd_say_event(out, pastes[i].event);
    kd_say_proof(out,
                 kd_text_of(out, "the growth between the lines %llu and %llu",
                            KD_LLU(line_of(&pastes[0])), KD_LLU(line_of(&pastes[count - 1]))),
                 "%llu - %llu = %llu kB", KD_LLU(last), KD_LLU(first), KD_LLU(last - first));
    kd_say_u64(out, "grown_kb", last - first);
    kd_say_remedy(out,
                  "Find the cache: compare slabtop -s c -o (or /proc/slabinfo) before and after; "
                  "boot with slab_nomerge, else caches of one size share a name.");
    kd_say_remedy(out,
                  "CONFIG_DEBUG_KMEMLEAK: echo scan > /sys/kernel/debug/kmemleak, then read it: "
                  "objects that nothing points to any more.");
    kd_say_missing(out, "the times of the pastes, and a slabtop -o of each");
    kd_say_assume(out, "the pastes stand in the order in which they were taken, and are of one "
                       "machine and boot (in the other order it shrank)");
    return KD_OK;
}

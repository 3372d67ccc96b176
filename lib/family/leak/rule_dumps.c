/* rule_dumps.c - the memory dumps of one boot, for rules that compare them. */
#include "family/leak/rule_dumps.h"
#include "family/fields.h"

/* ---- one dump -------------------------------------------------------------------------------- */

/* What the request that failed had got already when its dump was made: those pages are in no
 * counter and given back afterwards. False: it may be any amount. */
static bool own_share(const kd_event *event, uint64_t *kb)
{
    const kdf_vmalloc *failure = KD_BODY(event, vmalloc);
    *kb = 0;
    if (!failure || !kd_str_in_words(failure->reason.v, "no-pages page-array map"))
        return true;
    *kb = (failure->allocated_bytes.src ? failure->allocated_bytes.v : failure->requested_bytes.v) /
          1024;
    return *kb > 0 && *kb < UINT64_C(1) << 46;
}

/* A full module or vmalloc area holds memory without a counter, by rights. */
static bool is_full_area(const kd_event *event)
{
    const kdf_vmalloc *failure = KD_BODY(event, vmalloc);
    return failure && kd_str_is(failure->reason.v, "no-range");
}

/* A part of the lines of swap is lost: what a store in memory (zram, zswap) holds is not known. */
static bool is_swap_torn(const kdf_swap *swap)
{
    bool some = swap->cache_pages.src || swap->total_kb.src || swap->free_kb.src;
    return some && !(swap->total_kb.src && swap->free_kb.src);
}

static bool account(const kd_event *event, const kdf_meminfo *meminfo, const kd_context *context,
                    kd_dump *out)
{
    uint64_t own_kb;
    if (!meminfo)
        return false;
    *out = (kd_dump){ .event = event, .meminfo = meminfo, .unexplained_kb = -1 };
    kd_account_for(meminfo, kd_context_page_size(context) / 1024, context->version, &out->a);
    if (!out->a.known)
        return false;
    if (!out->a.complete || is_full_area(event) || !own_share(event, &own_kb) ||
        is_swap_torn(&meminfo->swap))
        return true;
    uint64_t hidden = out->a.balloon_kb + out->a.swap_store_kb + own_kb;
    out->unexplained_kb =
        out->a.unaccounted_kb > (int64_t)hidden ? out->a.unaccounted_kb - (int64_t)hidden : 0;
    return true;
}

bool kd_dump_of(const kd_event *event, const kd_context *context, kd_dump *out)
{
    return account(event, kd_event_meminfo(event), context, out);
}

bool kd_dump_in_hand(const kd_view *view, kd_dump *out)
{
    static const char key;
    typedef struct seen_dump {
        bool known;
        kd_dump dump;
    } seen_dump;
    bool fresh;
    seen_dump *seen = kd_memo_get(kd_wide(view)->memo, &key, sizeof *seen, &fresh);
    if (!seen)
        return kd_dump_of(view->event, view->context, out);
    if (fresh)
        seen->known = kd_dump_of(view->event, view->context, &seen->dump);
    *out = seen->dump;
    return seen->known;
}

/* ---- all of a boot --------------------------------------------------------------------------- */

bool kd_dump_belongs(const kd_view *view, const kd_event *event)
{
    const kdf_meminfo *meminfo = kd_event_meminfo(event);
    return (event->before || event->boot == view->event->boot) && meminfo &&
           meminfo->counters_pages.count > 0;
}

/* The dumps of the earlier capture stand first among the places, then those of each boot. */
kd_dump_places kd_dump_places_of(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_dump_places out = { .first = 0 };
    while (out.before < wide->dumps.count && wide->events[wide->dumps.at[out.before]]->before)
        out.before++;
    size_t low = out.before, high = wide->dumps.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wide->events[wide->dumps.at[middle]]->boot < view->event->boot)
            low = middle + 1;
        else
            high = middle;
    }
    out.first = out.end = low;
    while (out.end < wide->dumps.count &&
           wide->events[wide->dumps.at[out.end]]->boot == view->event->boot)
        out.end++;
    return out;
}

static bool find_last(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    size_t looked = 0;
    kd_dump dump;
    if (!kd_dump_belongs(view, view->event) || !kd_dump_in_hand(view, &dump))
        return false;
    /* forward: the next one is near, so that all events of a log together cost one walk */
    for (size_t i = kd_places_before(wide->dumps, wide->index + 1);
         i < wide->dumps.count && looked < KD_DUMPS_LOOKED_AT; i++) {
        const kd_event *event = wide->events[wide->dumps.at[i]];
        if (event->boot != view->event->boot)
            break;
        if (!kd_dump_belongs(view, event))
            continue;
        looked++;
        if (kd_dump_of(event, view->context, &dump))
            return false;
    }
    return true;
}

bool kd_dump_is_last(const kd_view *view)
{
    static const char key;
    bool fresh;
    bool *last = kd_memo_get(kd_wide(view)->memo, &key, sizeof *last, &fresh);
    if (last && fresh)
        *last = find_last(view);
    return last && *last;
}

static uint64_t first_line(const kd_event *event)
{
    return event->lines.count > 0 ? kd_event_lines(event)[0].number : 0;
}

static bool is_later(const kd_event *a, const kd_event *b)
{
    if (a->before != b->before)
        return b->before;
    return first_line(a) > first_line(b);
}

static void sort_in(kd_dumps *dumps)
{
    for (size_t i = dumps->count; i-- > 1;) {
        kd_dump *a = &dumps->items[i - 1], *b = &dumps->items[i], swap;
        if (!is_later(a->event, b->event))
            return;
        swap = *a;
        *a = *b;
        *b = swap;
    }
}

bool kd_is_spread(size_t index, size_t all, size_t most)
{
    if (all <= most || index == 0)
        return true;
    return index * (most - 1) / (all - 1) != (index - 1) * (most - 1) / (all - 1);
}

typedef struct dump_walk {
    const kd_view *view;
    kd_dumps *take; /* NULL: they are only counted */
    size_t seen, all;
} dump_walk;

static void visit(dump_walk *walk, const kd_event *event)
{
    kd_dump dump;
    if (!event || !kd_dump_belongs(walk->view, event) ||
        !kd_dump_of(event, walk->view->context, &dump))
        return;
    size_t index = walk->seen++;
    kd_dumps *take = walk->take;
    if (take && kd_is_spread(index, walk->all, KD_TREND_POINTS) && take->count < KD_TREND_POINTS) {
        take->items[take->count++] = dump;
        sort_in(take);
    }
}

/* The event's own dump, and that of the last of its repetitions. */
static void visit_place(dump_walk *walk, const kd_event *event)
{
    visit(walk, event);
    visit(walk, event->repeat.latest);
}

/* Most boots have a single dump: nothing can be compared. */
static bool is_alone(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_dump_places places = kd_dump_places_of(view);
    size_t count = places.before + (places.end - places.first);
    size_t only = places.before ? 0 : places.first;
    return count == 0 || (count == 1 && !wide->events[wide->dumps.at[only]]->repeat.latest);
}

/* How many dumps there are; those that are not too many go into `take`, unless it is NULL. */
static size_t walk_dumps(const kd_view *view, kd_dumps *take, size_t all)
{
    const kd_wide_view *wide = kd_wide(view);
    kd_dump_places places = kd_dump_places_of(view);
    dump_walk walk = { .view = view, .take = take, .all = all };
    for (size_t i = 0; i < places.before; i++)
        visit_place(&walk, wide->events[wide->dumps.at[i]]);
    for (size_t i = places.first; i < places.end; i++)
        visit_place(&walk, wide->events[wide->dumps.at[i]]);
    return walk.seen;
}

void kd_dumps_collect(const kd_view *view, kd_emit *out, kd_dumps *dumps)
{
    *dumps = (kd_dumps){ .arena = { .mem = out->mem } };
    if (is_alone(view))
        return;
    kd_dump_places places = kd_dump_places_of(view);
    /* an event and the last of its repetitions: so few need not be counted before */
    size_t most = 2 * (places.before + (places.end - places.first));
    size_t all = most <= KD_TREND_POINTS ? most : walk_dumps(view, NULL, 0);
    size_t room = all < KD_TREND_POINTS ? all : KD_TREND_POINTS;
    dumps->items = room > 1 ? kd_arena_alloc(&dumps->arena, room * sizeof *dumps->items) : NULL;
    if (!dumps->items)
        return;
    walk_dumps(view, dumps, all);
    if (dumps->count < 2)
        dumps->count = 0;
    while (dumps->before < dumps->count && dumps->items[dumps->before].event->before)
        dumps->before++;
}

void kd_dumps_free(kd_dumps *dumps)
{
    kd_arena_free(&dumps->arena);
}

/* ---- in words -------------------------------------------------------------------------------- */

kd_str kd_dump_when(kd_emit *out, const kd_dump *dump)
{
    const kd_event *event = dump->event;
    if (event->before)
        return kd_text_of(out, "in line %llu of the earlier capture", KD_LLU(first_line(event)));
    if (event->has_time)
        return kd_text_of(out, "at %llu.%03llu s", KD_LLU(event->time_us / 1000000),
                          KD_LLU(event->time_us / 1000 % 1000));
    return kd_text_of(out, "in line %llu", KD_LLU(first_line(event)));
}

void kd_say_unnamed_users(kd_emit *out, const kd_view *view, const kd_accounting *a)
{
    uint32_t version = view->context->version;
    bool counts_gpu = kd_account_find(a, "gpu_active") || kd_account_find(a, "gpu_reclaim");
    bool old_kmalloc = version != 0 && version < V(5, 4);
    kd_say_more(out,
                "No counter of such a dump names %smemory of vmalloc() and modules, per-CPU data, "
                "DMA and network buffers%s%s, and pages that a driver takes with alloc_pages() "
                "and keeps or loses.",
                counts_gpu ? "" : "graphics and ION/dma-buf buffers, ",
                a->swap_store_kb > 0 ? ", zram or zswap stores" : "",
                old_kmalloc ? ", kmalloc() above 8 kB" : "");
}

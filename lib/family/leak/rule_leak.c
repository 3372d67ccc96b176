/* rule_leak.c - memory that no counter of a dump explains. */
#include <string.h>

#include "family/leak/rule_dumps.h"

const char kd_doc_unaccounted[] =
    "Adds up what the dump's counters explain, each page once (which counters overlap depends on "
    "the version), and compares it with the memory that the page allocator manages. struct page, "
    "the kernel image and crash kernels are no part of that. What is left was taken by drivers, "
    "graphics, vmalloc() and the like, or it leaks: one dump cannot tell which, so this is never "
    "more than possible. Said once a boot, on its last such dump. Silent below 15 % or 32 MiB, "
    "where counters were cut off, where swapped pages kept in memory (zram, zswap) or the failed "
    "vmalloc() itself may be the remainder, and where an earlier dump shows that it does not grow.";

/* Fires from this share of the managed memory, and this amount. Healthy machines: 0.1 to 7 %. */
#define LEAST_PERCENT 15u
#define LEAST_KB (32 * 1024)
/* An earlier dump as far back as this shows what is used for good. */
#define BASELINE_US UINT64_C(600000000)

static bool is_much(const kd_dump *dump)
{
    return dump->unexplained_kb >= LEAST_KB &&
           (uint64_t)dump->unexplained_kb / LEAST_PERCENT >= dump->a.managed_kb / 100;
}

/* Ten minutes before, or in another capture, it was (nearly) as large. */
static bool was_there(const kd_dump *then, const kd_dump *now)
{
    const kd_event *a = then->event, *b = now->event;
    bool long_ago = a->before || (a->has_time && b->has_time && b->time_us > a->time_us &&
                                  b->time_us - a->time_us >= BASELINE_US);
    return long_ago && then->unexplained_kb >= now->unexplained_kb / 10 * 9;
}

/* A later dump of the boot says it better. */
static bool is_said_later(const kd_view *view)
{
    const kd_wide_view *wide = kd_wide(view);
    size_t looked = 0;
    kd_dump other;
    size_t next = kd_places_before(wide->dumps, wide->index + 1);
    for (size_t i = kd_dump_places_of(view).end; i-- > next && looked < KD_DUMPS_LOOKED_AT;) {
        const kd_event *event = wide->events[wide->dumps.at[i]];
        if (!kd_dump_belongs(view, event))
            continue;
        looked++;
        if (kd_dump_of(event, view->context, &other) && is_much(&other))
            return true;
    }
    return false;
}

/* An earlier one said it, or shows that it stays. */
static bool is_said_before(const kd_view *view, const kd_dump *now)
{
    const kd_wide_view *wide = kd_wide(view);
    size_t looked = 0;
    kd_dump other;
    if (kd_said_in_boot(wide, "leak.unaccounted-memory"))
        return true;
    kd_dump_places places = kd_dump_places_of(view);
    size_t own = kd_places_before(wide->dumps, wide->index);
    for (size_t i = 0; i < own && looked < KD_DUMPS_LOOKED_AT; i++) {
        i = i >= places.before && i < places.first ? places.first : i;
        const kd_event *event = i < own ? wide->events[wide->dumps.at[i]] : NULL;
        if (!event || !kd_dump_belongs(view, event))
            continue;
        looked++;
        if (kd_dump_of(event, view->context, &other) && was_there(&other, now))
            return true;
    }
    return false;
}

/* The consumers, largest first, as a table of lines. */
static void say_table(kd_emit *out, const kd_accounting *a)
{
    kd_str text = kd_text_of(out, "  %-24s %10llu kB", "managed", KD_LLU(a->managed_kb));
    bool done[KD_MAX_ACCOUNTS] = { false };
    for (size_t n = 0; n < a->count; n++) {
        size_t most = KD_MAX_ACCOUNTS;
        for (size_t i = 0; i < a->count; i++)
            if (!done[i] && (most == KD_MAX_ACCOUNTS || a->items[i].kb > a->items[most].kb))
                most = i;
        done[most] = true;
        text = kd_text_of(out, "%.*s\n- %-24s %10llu kB", KD_FMT(text), a->items[most].name,
                          KD_LLU(a->items[most].kb));
    }
    text = kd_text_of(out, "%.*s\n= %-24s %10lld kB", KD_FMT(text), "in no counter",
                      KD_LLD(a->unaccounted_kb));
    kd_emit_proof(out, KD_STR("memory by consumer, each page once"), text);
}

static void say_lines(const kd_event *event, kd_emit *out, const kd_accounting *a)
{
    for (size_t i = 0; i < a->count; i++)
        kd_say_evidence(out, event, a->items[i].src, "%s %llu kB", a->items[i].name,
                        KD_LLU(a->items[i].kb));
    kd_say_evidence(out, event, a->managed_src, "managed %llu kB", KD_LLU(a->managed_kb));
    if (a->reserved_src)
        kd_say_evidence(out, event, a->reserved_src, "no part of the managed memory");
}

static void say_cma_drivers(const kd_event *event, kd_emit *out, const kd_accounting *a,
                            uint64_t page_kb)
{
    if (a->cma_driver_kb == 0 || (int64_t)a->cma_driver_kb >= a->unaccounted_kb)
        return;
    kd_say_evidence(out, event, a->cma_driver_src, "CMA pages that drivers hold");
    kd_say_proof(out,
                 kd_text_of(out, "without the %llu CMA pages that drivers hold",
                            KD_LLU(a->cma_driver_kb / page_kb)),
                 "%lld - %llu = %lld kB", KD_LLD(a->unaccounted_kb), KD_LLU(a->cma_driver_kb),
                 KD_LLD(a->unaccounted_kb) - KD_LLD(a->cma_driver_kb));
    kd_say_i64(out, "unaccounted_without_driver_cma_kb",
               a->unaccounted_kb - (int64_t)a->cma_driver_kb);
}

static void say_remedies(kd_emit *out, bool alone)
{
    if (alone)
        kd_say_remedy(out, "Take a second dump later (echo m > /proc/sysrq-trigger): if this "
                           "remainder grows, it is a leak.");
    kd_say_remedy(out, "Compare with what drivers report: /sys/kernel/debug/dma_buf/bufinfo, "
                       "/sys/kernel/debug/ion, GPU driver statistics, /sys/block/zram0/mm_stat.");
    kd_say_remedy(out,
                  "Boot with page_owner=on and read /sys/kernel/debug/page_owner: it names "
                  "the stack that allocated each page. /proc/vmallocinfo lists vmalloc() users.");
}

kd_status kd_check_unaccounted(const kd_view *view, kd_emit *out, void *user)
{
    kd_dump dump;
    const kd_accounting *a = &dump.a;
    (void)user;
    if (!kd_dump_in_hand(view, &dump) || !is_much(&dump) || is_said_later(view) ||
        is_said_before(view, &dump))
        return KD_OK;
    kd_say_diag(out, KD_POSSIBLE,
                "Of %llu kB that the kernel manages, the dump's counters explain %llu kB. "
                "%lld kB (%llu %%) are in use by something that no counter names.",
                KD_LLU(a->managed_kb), KD_LLU(a->accounted_kb), KD_LLD(a->unaccounted_kb),
                KD_LLU((uint64_t)a->unaccounted_kb * 100 / a->managed_kb));
    kd_say_unnamed_users(out, view, a);
    kd_emit_role(out, KD_CONTRIBUTING);
    say_lines(view->event, out, a);
    say_table(out, a);
    kd_say_proof(out,
                 kd_text_of(out, "managed memory (%s) less the sum of these counters",
                            a->managed_by_zones ? "zone lines" : "RAM less reserved pages"),
                 "%llu - %llu = %lld kB", KD_LLU(a->managed_kb), KD_LLU(a->accounted_kb),
                 KD_LLD(a->unaccounted_kb));
    kd_say_u64(out, "managed_kb", a->managed_kb);
    kd_say_u64(out, "accounted_kb", a->accounted_kb);
    kd_say_i64(out, "unaccounted_kb", a->unaccounted_kb);
    say_cma_drivers(view->event, out, a, kd_context_page_size(view->context) / 1024);
    say_remedies(out, true);
    if (a->swap_store_kb || a->balloon_kb)
        kd_say_assume(out,
                      "%llu kB of the remainder at most are pages swapped to memory (zram, "
                      "zswap) or of a balloon; if none are, more is unexplained",
                      KD_LLU(a->swap_store_kb + a->balloon_kb));
    kd_say_assume(out, "no counter of this kernel overlaps another (where one does, more memory is "
                       "unexplained than said)");
    return KD_OK;
}

/* rule_leak_growth.c - memory that grows from dump to dump and that only the kernel can give back.
 * */
#include <stdio.h>
#include <string.h>

#include "family/fields.h"
#include "family/leak/rule_growth.h"
#include "family/leak/rule_proc_growth.h"

const char kd_doc_growing[] =
    "Compares the memory dumps of one boot (and the last one of the earlier capture): the memory "
    "that no "
    "counter names, kernel stacks and page tables. Growth of page cache or process memory is "
    "workload and says nothing. Fires when one of them grew by 3 % of the machine and a tenth of "
    "what it was, up to the last dump; likely when it grew in two steps or more, or by 5 % in one "
    "after the first minute. It proves the growth, not the leak: a driver that was started in "
    "between looks the same, and each further step that grows makes that less likely.";

const char kd_doc_slab_growth[] =
    "The same for slab_unreclaimable: objects of the kernel's caches. The cache is named where the "
    "log holds /proc/slabinfo or the slab table of an OOM report: the cache that grew most between "
    "two tables, or the one that is large enough to be the growth.";

/* ---- which of them --------------------------------------------------------------------------- */

static void find_largest(const kd_dumps *dumps, kd_growth_case *out)
{
    kd_growth_find(dumps, KD_UNACCOUNTED, out);
    for (size_t i = 0; i < kd_counter_count; i++) {
        const kd_counter *row = &kd_counters[i];
        kd_growth_case other;
        if (row->growth != KD_GROWTH_KERNEL || row->inside ||
            strcmp(row->name, "slab_unreclaimable") == 0)
            continue;
        kd_growth_find(dumps, row->name, &other);
        if (other.trend.kind != KD_TREND_NONE &&
            (out->trend.kind == KD_TREND_NONE || other.trend.grown_kb > out->trend.grown_kb))
            *out = other;
    }
}

static bool is_page_tables(const kd_growth_case *c)
{
    return strcmp(c->name, "pagetables") == 0;
}

static void say_what(kd_emit *out, const kd_view *view, const kd_growth_case *c)
{
    const kd_dump *last = c->dumps[c->count - 1];
    if (strcmp(c->name, KD_UNACCOUNTED) == 0)
        kd_say_unnamed_users(out, view, &last->a);
    else if (strcmp(c->name, "kernel_stack") == 0 || strcmp(c->name, "shadow_call_stack") == 0)
        kd_say_more(out, "Each thread has one stack: threads or tasks are created faster than they "
                         "end.");
    else if (is_page_tables(c))
        kd_say_more(out, "Many processes that map the same large memory need page tables of their "
                         "own; that is workload, unless they never end.");
    if (c->trend.growing >= 2)
        kd_say_more(out, "Growth that goes on over several dumps is what a leak looks like; a "
                         "buffer that is allocated once grows once.");
    else
        kd_say_more(out, "Two samples cannot tell a leak from something that was allocated once "
                         "in between.");
}

static void say_growing_remedies(kd_emit *out, const kd_growth_case *c)
{
    if (strcmp(c->name, "kernel_stack") == 0) {
        kd_say_remedy(out, "Count the threads (ps -eLf, /proc/loadavg): see whose number grows.");
        return;
    }
    if (c->trend.growing < 2)
        kd_say_remedy(out, "Take a third dump later (echo m > /proc/sysrq-trigger).");
    kd_say_remedy(out, "Boot with page_owner=on and compare /sys/kernel/debug/page_owner before "
                       "and after: it names the stack that allocated each page.");
    kd_say_remedy(out, "From 6.10 on /proc/allocinfo (CONFIG_MEM_ALLOC_PROFILING) names the "
                       "source line that holds the memory.");
    kd_say_remedy(out, "Compare /proc/vmallocinfo and what drivers report before and after: "
                       "/sys/kernel/debug/dma_buf/bufinfo, GPU statistics, "
                       "/sys/block/zram0/mm_stat.");
}

static void say_growing(const kd_view *view, kd_emit *out, const kd_growth_case *c)
{
    const kd_trend *t = &c->trend;
    bool unaccounted = strcmp(c->name, KD_UNACCOUNTED) == 0;
    uint64_t managed_kb = c->dumps[c->count - 1]->a.managed_kb;
    kd_confidence confidence = is_page_tables(c) ? KD_POSSIBLE : kd_growth_confidence(c);
    kd_say_diag(out, confidence,
                "%s%s grew from %llu to %llu kB, by %llu kB (%llu %% of the "
                "memory)",
                unaccounted ? "Memory that no counter names" : c->name,
                c->across ? ", compared with the earlier capture," : "", KD_LLU(t->kept[0].kb),
                KD_LLU(t->kept[t->count - 1].kb), KD_LLU(t->grown_kb),
                KD_LLU(t->grown_kb * 100 / managed_kb));
    kd_str steps = kd_growth_steps(out, c);
    kd_say_more(out, "%.*s.", KD_FMT(steps));
    say_what(out, view, c);
    kd_growth_say(out, c);
    say_growing_remedies(out, c);
    if (c->dumps[c->count - 1]->a.swap_store_kb > 0 && unaccounted)
        kd_say_assume(out, "pages that were swapped to memory (zram, zswap) are compressed at "
                           "least 2:1: half of the swapped amount was taken off");
    kd_say_assume(out, "nothing that keeps such memory for good was started between the dumps");
}

kd_status kd_check_growing(const kd_view *view, kd_emit *out, void *user)
{
    kd_dumps dumps;
    kd_growth_case c;
    (void)user;
    if (!kd_dump_is_last(view))
        return KD_OK;
    kd_dumps_collect(view, out, &dumps);
    find_largest(&dumps, &c);
    if (c.trend.kind != KD_TREND_NONE)
        say_growing(view, out, &c);
    kd_dumps_free(&dumps);
    return KD_OK;
}

/* ---- slab caches ----------------------------------------------------------------------------- */

#define CACHES 512u

typedef struct slab_table {
    const kd_event *event;
    const kd_list *rows; /* of kdf_slab_cache */
} slab_table;

typedef struct cache {
    kd_str name;
    uint64_t total_kb;
    kd_src src;
} cache;

static uint64_t number_of(kd_u64 number)
{
    return number.v < UINT64_C(1) << 40 ? number.v : 0;
}

/* As printed, or by objects and slabs as /proc/slabinfo has them (pages of 4 kB). */
static uint64_t total_of(const kdf_slab_cache *row)
{
    uint64_t total_kb = number_of(row->total_kb);
    uint64_t per_slab = number_of(row->objects_per_slab);
    uint64_t pages = number_of(row->pages_per_slab);
    if (total_kb > 0 || per_slab == 0 || pages > 1024)
        return total_kb;
    return number_of(row->objects) / per_slab * pages * 4;
}

static bool cache_at(const slab_table *table, size_t i, cache *out)
{
    if (i >= CACHES || i >= table->rows->count)
        return false;
    const kdf_slab_cache *row = &KD_ITEMS(*table->rows, kdf_slab_cache)[i];
    *out = (cache){ row->name.v, total_of(row), row->name.src };
    return row->name.src != 0;
}

static bool has_table(const kd_event *event, slab_table *out)
{
    *out = (slab_table){ event, kd_event_part(event, &kd_fields_slab_cache, "slabs") };
    return out->rows && out->rows->count > 0;
}

/* The first and the last table of the boot; one table is the last. */
static size_t find_tables(const kd_view *view, slab_table *first, slab_table *last)
{
    const kd_wide_view *wide = kd_wide(view);
    size_t count = 0;
    slab_table table;
    for (size_t i = 0; i < wide->event_count; i++) {
        const kd_event *event = wide->events[i];
        if (event->boot != view->event->boot || event->before || !has_table(event, &table))
            continue;
        *last = table;
        if (count++ == 0)
            *first = table;
    }
    return count;
}

static uint64_t total_then(const slab_table *then, kd_str name)
{
    cache c;
    for (size_t i = 0; cache_at(then, i, &c); i++)
        if (kd_str_eq(c.name, name))
            return c.total_kb;
    return 0;
}

/* Caches that reclaim empties are counted as slab_reclaimable. */
static bool is_reclaimable(kd_str name)
{
    return kd_str_has(name, "inode") || kd_str_starts(name, "kmalloc-rcl-") ||
           kd_str_in_words(name, "dentry radix_tree_node buffer_head");
}

typedef struct grown_cache {
    cache now;
    uint64_t grown_kb; /* between the tables; of one table: all of it */
} grown_cache;

static grown_cache find_cache(const slab_table *first, const slab_table *last, size_t tables)
{
    grown_cache best = { .grown_kb = 0 };
    cache c;
    for (size_t i = 0; cache_at(last, i, &c); i++) {
        if (is_reclaimable(c.name) || c.total_kb <= best.grown_kb)
            continue;
        uint64_t then = tables > 1 ? total_then(first, c.name) : 0;
        if (c.total_kb > then && c.total_kb - then > best.grown_kb)
            best = (grown_cache){ c, c.total_kb - then };
    }
    return best;
}

/* May the name of the log stand in a command that somebody types after us? */
static bool is_plain_word(kd_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kd_is_digit(c);
        if (!letter && c != '_' && c != '-' && c != '.' && c != ':')
            return false;
    }
    return name.len > 0 && name.ptr[0] != '-' && name.ptr[0] != '.';
}

/* True when a cache was named. */
static bool say_cache(const kd_view *view, kd_emit *out, const kd_growth_case *c)
{
    slab_table first, last;
    size_t tables = find_tables(view, &first, &last);
    if (tables == 0)
        return false;
    grown_cache found = find_cache(&first, &last, tables);
    if (found.grown_kb < c->trend.grown_kb / 2) {
        kd_say_more(out, "No cache of the slab table in the log is large enough to be it: caches "
                         "may be merged, or kmalloc() took whole pages (counted here since 5.4).");
        return false;
    }
    if (tables > 1)
        kd_say_more(out, "The cache %.*s grew most, by %llu kB to %llu kB.", KD_FMT(found.now.name),
                    KD_LLU(found.grown_kb), KD_LLU(found.now.total_kb));
    else
        kd_say_more(out, "The cache %.*s is the largest in the slab table, with %llu kB.",
                    KD_FMT(found.now.name), KD_LLU(found.now.total_kb));
    kd_say_evidence(out, last.event, found.now.src, "cache %.*s: %llu kB", KD_FMT(found.now.name),
                    KD_LLU(found.now.total_kb));
    kd_say_proof(
        out,
        kd_text_of(out, "%.*s can be the growth of slab_unreclaimable", KD_FMT(found.now.name)),
        "%llu kB * 100 / %llu kB = %llu %%", KD_LLU(found.grown_kb), KD_LLU(c->trend.grown_kb),
        KD_LLU(found.grown_kb * 100 / c->trend.grown_kb));
    kd_say_text(out, "cache", found.now.name);
    kd_say_u64(out, "cache_kb", found.now.total_kb);
    kd_str name = is_plain_word(found.now.name) ? found.now.name : KD_STR("CACHE");
    kd_say_remedy(out,
                  "Boot with slab_debug=U,%.*s (slub_debug before 6.9) and read "
                  "/sys/kernel/debug/slab/%.*s/alloc_traces: it counts the objects by the stack "
                  "that allocated them.",
                  KD_FMT(name), KD_FMT(name));
    return true;
}

kd_status kd_check_slab_growth(const kd_view *view, kd_emit *out, void *user)
{
    kd_dumps dumps;
    kd_growth_case c;
    (void)user;
    if (!kd_dump_is_last(view))
        return kd_check_proc_growth(view, out);
    kd_dumps_collect(view, out, &dumps);
    kd_growth_find(&dumps, "slab_unreclaimable", &c);
    if (c.trend.kind != KD_TREND_NONE) {
        const kd_trend *t = &c.trend;
        kd_say_diag(out, kd_growth_confidence(&c),
                    "Kernel objects that reclaim cannot free (slab_unreclaimable) grew from %llu "
                    "to %llu kB, by %llu kB,",
                    KD_LLU(t->kept[0].kb), KD_LLU(t->kept[t->count - 1].kb), KD_LLU(t->grown_kb));
        kd_str steps = kd_growth_steps(out, &c);
        kd_say_more(out, "%.*s.", KD_FMT(steps));
        bool named = say_cache(view, out, &c);
        kd_growth_say(out, &c);
        if (!named)
            kd_say_remedy(out, "Find the cache: compare /proc/slabinfo (or slabtop -s c -o) before "
                               "and after; boot with slab_nomerge, else caches of one size share a "
                               "name.");
        kd_say_remedy(out, "CONFIG_DEBUG_KMEMLEAK: echo scan > /sys/kernel/debug/kmemleak, then "
                           "read it: objects that nothing points to any more.");
        kd_say_assume(out, "the load that needs these objects (connections, files, processes) did "
                           "not grow with them");
    }
    kd_dumps_free(&dumps);
    return KD_OK;
}

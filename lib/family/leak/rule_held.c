/* rule_held.c - who holds the memory: a pasted /proc/meminfo, /proc/slabinfo or slabtop, and a
 * whole dump that shows it. */
#include <string.h>

#include "core/diag.h"
#include "family/fields.h"
#include "family/leak/rule_proc_growth.h"

const char kd_doc_held_by[] =
    "Who holds the memory, by the counters of a pasted /proc/meminfo, slabinfo or slabtop, or of a "
    "memory dump that stands alone. Speaks where the kernel itself holds a quarter, where one line "
    "is far above what it has on healthy machines, or where little is left. One paste shows who "
    "holds it, not that it grows: that takes two.";

typedef enum whose { KERNEL, USER } whose;

static const struct held {
    const char *name, *dump;
    whose whose;
    uint64_t percent;
    const char *advice;
} table[] = {
#define KD_HELD(name, dump, whose, percent, advice) { name, dump, whose, percent, advice },
#include "family/leak/held.def"
#undef KD_HELD
};

/* What the kernel holds in all is a finding from here on. */
#define KERNEL_PERCENT 25u
/* So little available tells that the memory is short. */
#define SHORT_PERCENT 5u
/* Small machines have larger shares of everything. */
#define LEAST_KB 65536u
#define MOST_KB (UINT64_C(1) << 50)

typedef struct holder {
    const struct held *row;
    uint64_t kb;
    kd_src src;
} holder;

typedef struct holders {
    uint64_t all_kb;
    kd_src all_src;
    holder items[KD_COUNT(table)]; /* the largest first */
    size_t count;
    uint64_t kernel_kb;
    size_t in_kernel;
    uint64_t available_kb;
    kd_src available_src;
    bool from_proc;
    bool slab_agrees, all_agree; /* with other numbers of the same pages */
} holders;

static uint64_t percent_of(uint64_t kb, uint64_t all_kb)
{
    return kb * 100 / all_kb;
}

static void add(holders *h, const struct held *row, uint64_t kb, kd_src src)
{
    size_t at = h->count;
    if (kb == 0 || kb >= MOST_KB || kb > h->all_kb)
        return;
    for (; at > 0 && h->items[at - 1].kb < kb; at--)
        h->items[at] = h->items[at - 1];
    h->items[at] = (holder){ row, kb, src };
    h->count++;
    h->kernel_kb += row->whose == KERNEL ? kb : 0;
    h->in_kernel += row->whose == KERNEL;
}

/* Slab is the sum of its two parts: that tells each of them. Of the others only that nothing holds
 * what is free or another's; the counters of each CPU lag a little behind. */
static void compare(const kd_list *rows, holders *h)
{
    const kd_pair *slab = kd_map_find(rows, "Slab"), *free = kd_map_find(rows, "MemFree");
    const kd_pair *kept = kd_map_find(rows, "SUnreclaim");
    const kd_pair *rest = kd_map_find(rows, "SReclaimable");
    if (!slab || !kept || !rest || rest->v > h->all_kb || slab->v != rest->v + kept->v)
        return;
    h->slab_agrees = true;
    if (!free || free->v > h->all_kb)
        return;
    uint64_t sum = free->v + rest->v;
    for (size_t i = 0; i < h->count; i++)
        sum += h->items[i].kb;
    h->all_agree = sum <= h->all_kb + h->all_kb / 64;
}

static bool read_proc(const kdf_meminfo_dump *dump, holders *h)
{
    const kd_list *rows = &dump->proc_meminfo_kb;
    const kd_pair *all = kd_map_find(rows, "MemTotal");
    const kd_pair *available = kd_map_find(rows, "MemAvailable");
    if (!all || all->v < LEAST_KB || all->v >= MOST_KB)
        return false;
    *h = (holders){ .all_kb = all->v, .all_src = all->src, .from_proc = true };
    if (available && available->v <= all->v) {
        h->available_kb = available->v;
        h->available_src = available->src;
    }
    for (size_t i = 0; i < KD_COUNT(table); i++) {
        const kd_pair *row = kd_map_find(rows, table[i].name);
        if (row)
            add(h, &table[i], row->v, row->src);
    }
    compare(rows, h);
    return true;
}

/* The decoder counted each page once. */
static bool read_dump(const kdf_meminfo_dump *dump, holders *h)
{
    const kd_list *consumers = &dump->meminfo.consumers;
    uint64_t all = dump->meminfo.managed_kb.v;
    if (!dump->meminfo.managed_kb.src || all < LEAST_KB || all >= MOST_KB)
        return false;
    *h = (holders){ .all_kb = all };
    for (uint32_t i = 0; i < consumers->count; i++) {
        const kdf_consumer *item = &KD_ITEMS(*consumers, kdf_consumer)[i];
        for (size_t k = 0; k < KD_COUNT(table); k++)
            if (table[k].dump && kd_str_is(item->name.v, table[k].dump))
                add(h, &table[k], item->kb.v, item->kb.src);
    }
    return h->count > 0;
}

static bool is_large(const holders *h, const holder *item)
{
    return percent_of(item->kb, h->all_kb) >= item->row->percent && item->kb >= LEAST_KB;
}

static bool is_short(const holders *h)
{
    return h->available_src && percent_of(h->available_kb, h->all_kb) < SHORT_PERCENT;
}

static bool is_finding(const holders *h)
{
    bool large = percent_of(h->kernel_kb, h->all_kb) >= KERNEL_PERCENT && h->kernel_kb >= LEAST_KB;
    for (size_t i = 0; i < h->count; i++)
        large |= is_large(h, &h->items[i]);
    return large || (is_short(h) && h->count > 0);
}

static kd_str name_of(const holders *h, const holder *item)
{
    return kd_str_of(h->from_proc ? item->row->name : item->row->dump);
}

/* The kernel's part is said as a sum where more than one line has a say in it. */
static void say_kernel(kd_emit *out, const holders *h)
{
    kd_str sum = { "", 0 };
    for (size_t i = 0; i < h->count; i++)
        if (h->items[i].row->whose == KERNEL)
            sum = kd_text_of(out, "%.*s%s%llu", KD_FMT(sum), sum.len ? " + " : "",
                             KD_LLU(h->items[i].kb));
    kd_say_u64(out, "kernel_kb", h->kernel_kb);
    if (h->in_kernel > 1)
        kd_say_proof(out, KD_STR("what only the kernel can give back"), "%.*s = %llu kB",
                     KD_FMT(sum), KD_LLU(h->kernel_kb));
    if (h->kernel_kb > 0)
        kd_say_proof(out, KD_STR("its share of the memory, in percent"), "%llu * 100 / %llu = %llu",
                     KD_LLU(h->kernel_kb), KD_LLU(h->all_kb),
                     KD_LLU(percent_of(h->kernel_kb, h->all_kb)));
}

static void say_items(const kd_view *view, kd_emit *out, const holders *h)
{
    kd_str text = { "", 0 };
    for (size_t i = 0; i < h->count && i < 4; i++) {
        const holder *item = &h->items[i];
        if (percent_of(item->kb, h->all_kb) < 3)
            break;
        text = kd_text_of(out, "%.*s%s%.*s %llu kB (%llu %%)", KD_FMT(text), text.len ? ", " : "",
                          KD_FMT(name_of(h, item)), KD_LLU(item->kb),
                          KD_LLU(percent_of(item->kb, h->all_kb)));
        kd_say_evidence(out, view->event, item->src, "%llu %% of the memory",
                        KD_LLU(percent_of(item->kb, h->all_kb)));
    }
    if (text.len > 0)
        kd_say_more(out, "The largest: %.*s.", KD_FMT(text));
}

static void say_advice(kd_emit *out, const holders *h)
{
    size_t said = 0;
    for (size_t i = 0; i < h->count; i++)
        if (is_large(h, &h->items[i])) {
            kd_say_remedy(out, "%s", h->items[i].row->advice);
            said++;
        }
    for (size_t i = 0; i < h->count && said == 0; i++, said++)
        kd_say_remedy(out, "%s", h->items[i].row->advice);
    kd_say_missing(out,
                   "the same again some hours later: one paste cannot tell what is needed from "
                   "what leaks");
    if (is_large(h, &h->items[0]) && !strcmp(h->items[0].row->name, "SUnreclaim"))
        kd_say_missing(out, "slabtop -s c -o | head -20: which cache it is");
}

/* The line that holds most says the most: what else the kernel holds is a sum of what the log has
 * of it. */
static const holder *first_of(const holders *h, bool kernel)
{
    for (size_t i = 0; i < h->count; i++)
        if (!kernel || h->items[i].row->whose == KERNEL)
            return &h->items[i];
    return &h->items[0];
}

static void say_first(kd_emit *out, const holders *h, const holder *first, bool kernel)
{
    bool slab = !strcmp(first->row->name, "SUnreclaim");
    bool proven = h->all_agree || (slab && h->slab_agrees);
    kd_say_diag(out, proven ? KD_CERTAIN : KD_LIKELY, "%.*s holds %llu kB of %llu kB (%llu %%)%s.",
                KD_FMT(name_of(h, first)), KD_LLU(first->kb), KD_LLU(h->all_kb),
                KD_LLU(percent_of(first->kb, h->all_kb)),
                kernel ? ", which only the kernel can give back" : "");
    if (kernel)
        kd_say_more(out,
                    "By the lines here the kernel itself holds %llu kB (%llu %%); healthy machines "
                    "seldom have more than a tenth there.",
                    KD_LLU(h->kernel_kb), KD_LLU(percent_of(h->kernel_kb, h->all_kb)));
    if (!proven)
        kd_say_assume(out, h->from_proc
                               ? "the number is as the kernel printed it (the lines that would "
                                 "show it, those of slab and of free memory, are lost or do not "
                                 "agree)"
                               : "the number is as the kernel printed it (no other number of a "
                                 "dump shows that it lost no digit)");
}

static kd_status say_holders(const kd_view *view, kd_emit *out, const holders *h)
{
    bool kernel = percent_of(h->kernel_kb, h->all_kb) >= KERNEL_PERCENT;
    const holder *first = first_of(h, kernel);
    say_first(out, h, first, kernel);
    kd_emit_role(out, KD_PRIMARY);
    say_items(view, out, h);
    kd_say_evidence(out, view->event, h->all_src, "all of the memory");
    if (is_short(h)) {
        kd_say_more(out, "Only %llu kB (%llu %%) are available.", KD_LLU(h->available_kb),
                    KD_LLU(percent_of(h->available_kb, h->all_kb)));
        kd_say_evidence(out, view->event, h->available_src, "little is left");
        kd_say_impact(out, KD_IMPACT_DEGRADED);
    }
    if (kernel)
        say_kernel(out, h);
    else
        kd_say_proof(out, KD_STR("its share of the memory, in percent"), "%llu * 100 / %llu = %llu",
                     KD_LLU(first->kb), KD_LLU(h->all_kb),
                     KD_LLU(percent_of(first->kb, h->all_kb)));
    if (!kernel && !is_large(h, first))
        kd_say_severity(out, KD_NOTICE);
    say_advice(out, h);
    return KD_OK;
}

/* ---- slab caches ----------------------------------------------------------------------------- */

/* One cache is a finding from here on, whatever the machine has. */
#define CACHE_KB (512u * 1024)

static kd_status say_cache(const kd_view *view, kd_emit *out, const kdf_meminfo_dump *dump)
{
    const kdf_slab_cache *most = NULL;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < dump->slabs.count; i++) {
        const kdf_slab_cache *row = &KD_ITEMS(dump->slabs, kdf_slab_cache)[i];
        if (!row->total_kb.src || row->total_kb.v >= MOST_KB)
            continue;
        sum += row->total_kb.v;
        if (!most || row->total_kb.v > most->total_kb.v)
            most = row;
    }
    if (!most || most->total_kb.v < CACHE_KB || most->total_kb.v < sum / 2)
        return KD_OK;
    bool cache = kd_str_has(most->name.v, "inode") || kd_str_is(most->name.v, "dentry") ||
                 kd_str_is(most->name.v, "buffer_head") ||
                 kd_str_is(most->name.v, "radix_tree_node");
    kd_say_diag(out, most->whole ? KD_CERTAIN : KD_LIKELY, "The slab cache %.*s holds %llu kB.",
                KD_FMT(most->name.v), KD_LLU(most->total_kb.v));
    kd_say_more(out, "That is %llu %% of the %llu kB in the caches listed.",
                KD_LLU(percent_of(most->total_kb.v, sum)), KD_LLU(sum));
    if (!most->whole)
        kd_say_assume(out, "its row is whole (its columns do not agree, or nothing behind the name "
                           "shows that it ends there)");
    kd_emit_role(out, KD_PRIMARY);
    if (most->active_objects.src && most->objects.src)
        kd_say_more(out, "%llu of its %llu objects are in use.", KD_LLU(most->active_objects.v),
                    KD_LLU(most->objects.v));
    if (cache)
        kd_say_more(out,
                    "It is a cache of the file systems, which the kernel empties when memory is "
                    "short: large is not bad.");
    kd_say_evidence(out, view->event, most->name.src, "the largest cache");
    kd_say_proof(out, KD_STR("its share of the caches listed, in percent"),
                 "%llu * 100 / %llu = %llu", KD_LLU(most->total_kb.v), KD_LLU(sum),
                 KD_LLU(percent_of(most->total_kb.v, sum)));
    kd_say_text(out, "cache", most->name.v);
    kd_say_u64(out, "cache_kb", most->total_kb.v);
    if (cache)
        kd_say_severity(out, KD_INFO);
    kd_say_remedy(out,
                  "Find who allocates its objects: boot with slab_debug=U and the cache's name "
                  "(slub_debug before 6.9), then read alloc_traces under /sys/kernel/debug/slab; "
                  "objects that nothing points to: kmemleak. Search for the name with the kernel "
                  "version: leaks of a cache are known by it.");
    kd_say_missing(out, "the same again some hours later, and /proc/meminfo: one table cannot tell "
                        "what is needed from what leaks");
    return KD_OK;
}

kd_status kd_check_held_by(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_meminfo_dump *dump = KD_BODY(view->event, meminfo_dump);
    holders h;
    (void)user;
    if (!dump || view->event->before)
        return KD_OK;
    if (dump->slabs.count > 0)
        return say_cache(view, out, dump);
    if (!(dump->proc_meminfo_kb.count > 0 ? read_proc(dump, &h) : read_dump(dump, &h)))
        return KD_OK;
    return is_finding(&h) && kd_paste_is_last(view) ? say_holders(view, out, &h) : KD_OK;
}

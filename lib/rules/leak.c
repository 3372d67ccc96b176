/* leak.c - memory that no counter of a dump explains. Layer: rules. */
#include "decode/accounting.h"
#include "rules/diag.h"

const char kd_doc_unaccounted[] =
    "Adds up what the dump's counters explain (each page once) and compares it with the memory "
    "that "
    "the page allocator manages. What is left was taken with alloc_pages() and the like by "
    "drivers, "
    "graphics, ION or zram, or it leaks: one dump cannot tell which, so this is never more than "
    "possible.";

/* Fires from this share of the managed memory, and this amount. */
#define LEAST_PERCENT 15u
#define LEAST_KB (32u * 1024u)

static void say_items(const kd_event *event, kd_emit *out, const kd_accounting *a)
{
    for (size_t i = 0; i < a->count; i++) {
        const kd_account *item = &a->items[i];
        kd_say_evidence(out, event, item->src, "%s %llu kB", item->name,
                        (unsigned long long)item->kb);
    }
}

static kd_str sum_text(kd_emit *out, const kd_accounting *a)
{
    kd_str text = { "", 0 };
    for (size_t i = 0; i < a->count; i++)
        text = kd_text_of(out, "%.*s%s%s %llu", KD_FMT(text), i ? " + " : "", a->items[i].name,
                          (unsigned long long)a->items[i].kb);
    return text;
}

kd_status kd_check_unaccounted(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_meminfo *meminfo = kd_event_meminfo(view->event);
    uint64_t page_kb = kd_context_page_size(view->context) / 1024;
    kd_accounting a;
    (void)user;
    if (!meminfo)
        return KD_OK;
    kd_account_for(meminfo, page_kb, &a);
    if (!a.known || a.unaccounted_kb < (int64_t)LEAST_KB ||
        (uint64_t)a.unaccounted_kb < a.managed_kb / 100 * LEAST_PERCENT)
        return KD_OK;
    kd_say_diag(out, KD_POSSIBLE,
                "Of %llu kB that the kernel manages, the dump's counters explain %llu kB. "
                "%lld kB (%llu %%) are in use by something that no counter names.",
                (unsigned long long)a.managed_kb, (unsigned long long)a.accounted_kb,
                (long long)a.unaccounted_kb,
                (unsigned long long)((uint64_t)a.unaccounted_kb * 100 / a.managed_kb));
    kd_say_more(out, "Graphics drivers, ION/dma-buf heaps, zram, network buffers and other direct "
                "users of alloc_pages() look like this, and so does a leak.");
    kd_emit_role(out, KD_CONTRIBUTING);
    say_items(view->event, out, &a);
    kd_emit_proof(out, KD_STR("memory that the counters explain, in kB"), sum_text(out, &a));
    kd_say_proof(out, KD_STR("sum of these"), "%llu kB", (unsigned long long)a.accounted_kb);
    kd_say_proof(out, kd_text_of(out, "managed memory (%s) less that sum",
                                 a.managed_by_zones ? "zone lines" : "RAM less reserved pages"),
                 "%llu - %llu = %lld kB", (unsigned long long)a.managed_kb,
                 (unsigned long long)a.accounted_kb, (long long)a.unaccounted_kb);
    kd_say_u64(out, "managed_kb", a.managed_kb);
    kd_say_u64(out, "accounted_kb", a.accounted_kb);
    kd_say_i64(out, "unaccounted_kb", a.unaccounted_kb);
    if (a.cma_driver_kb && (int64_t)a.cma_driver_kb < a.unaccounted_kb) {
        kd_say_evidence(out, view->event, a.cma_driver_src, "CMA pages that drivers hold");
        kd_say_proof(out, kd_text_of(out, "without the %llu CMA pages that drivers hold",
                                     (unsigned long long)(a.cma_driver_kb / page_kb)),
                     "%lld - %llu = %lld kB", (long long)a.unaccounted_kb,
                     (unsigned long long)a.cma_driver_kb,
                     (long long)a.unaccounted_kb - (long long)a.cma_driver_kb);
        kd_say_i64(out, "unaccounted_without_driver_cma_kb",
                   a.unaccounted_kb - (int64_t)a.cma_driver_kb);
    }
    kd_say_remedy(out, "Take a second dump later (echo m > /proc/sysrq-trigger): if this remainder "
                  "grows, it is a leak.");
    kd_say_remedy(out, "Compare with what drivers report: /sys/kernel/debug/dma_buf/bufinfo, "
                  "/sys/kernel/debug/ion, GPU driver statistics, /sys/block/zram0/mm_stat.");
    kd_say_remedy(out, "Boot with page_owner=on and read /sys/kernel/debug/page_owner: it names "
                       "the "
                  "stack that allocated each page.");
    kd_say_assume(out, "no counter of this kernel overlaps another (where one does, more memory is "
                  "unexplained than said)");
    return KD_OK;
}

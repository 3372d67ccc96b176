/* rule_oom_zone.c - an OOM kill although memory was free: in zones that the request may not use.
 *
 *
 * Before it kills, the kernel tries once more with the high mark of each zone. So the zones of the
 * mask are proved short by free <= high + lowmem_reserve, whatever rights the mask gives.
 */
#include "family/alloc/rule_alloc.h"
#include "family/fields.h"
#include "family/oom/rule_oom.h"

const char kd_doc_zone_short[] =
    "The zones that the mask restricts the request to are short, while other zones have memory. "
    "For a failed request its watermark test is taken again; for an OOM kill the high mark of each "
    "zone counts, because the kernel tries it last. On 32-bit machines with HighMem this is lowmem "
    "that ran out: the kernel's own data cannot be put into HighMem.";

/* Less than this in other zones is no memory to speak of. */
#define LEAST_SPARE_PAGES 1024u
/* The counter drifts and the dump comes later: so far above the line a zone is still short. */
#define NEAR_PAGES 64

typedef struct zone_case {
    const kd_alloc_case *c;
    bool short_; /* every zone that the mask allows is short */
    bool near;   /* one of them is a little above its line */
    int64_t reachable_pages;
    int64_t spare_pages; /* above the high marks of zones that it does not allow */
    size_t largest;      /* of the zones that are short */
    size_t elsewhere;    /* the zone with most to spare; zone_count: none is printed */
} zone_case;

static int64_t clamp(uint64_t pages)
{
    return pages < (uint64_t)KD_ALLOC_PAGES_MAX ? (int64_t)pages : KD_ALLOC_PAGES_MAX;
}

static int64_t high_line(const kd_alloc_case *c, size_t i)
{
    const kd_alloc_zone_result *result = &c->results[i];
    return clamp(c->zones[i].high_pages) + result->tests[result->best].reserve_pages.high;
}

static int64_t usable_pages(const kd_alloc_case *c, size_t i)
{
    const kd_alloc_zone_result *result = &c->results[i];
    const kd_alloc_test *test = &result->tests[result->best];
    return clamp(c->zones[i].free_pages) - test->cma_pages;
}

static void weigh(zone_case *z)
{
    const kd_alloc_case *c = z->c;
    int64_t largest = -1, spare = 0;
    z->short_ = c->zone_count > 0;
    z->elsewhere = c->zone_count;
    for (size_t i = 0; i < c->zone_count; i++) {
        if (c->results[i].listed == KD_LISTED) {
            z->short_ &= usable_pages(c, i) <= high_line(c, i) + NEAR_PAGES;
            z->near |= usable_pages(c, i) > high_line(c, i);
            z->reachable_pages += usable_pages(c, i);
            if (clamp(c->zones[i].managed_pages) > largest) {
                largest = clamp(c->zones[i].managed_pages);
                z->largest = i;
            }
        } else if (c->results[i].listed == KD_LISTED_NOT_ABOVE_ASKED) {
            int64_t over = clamp(c->zones[i].free_pages) - clamp(c->zones[i].high_pages);
            z->spare_pages += over > 0 ? over : 0;
            if (over > spare) {
                spare = over;
                z->elsewhere = i;
            }
        }
    }
    z->short_ &= largest >= 0;
}

const kd_alloc_case *kd_oom_request(const kd_view *view, const kdf_oom *oom)
{
    static const char key;
    bool fresh;
    if (!oom->order.src || !oom->gfp.value.src || kd_oom_is_sysrq(oom) || kd_oom_is_page_fault(oom))
        return NULL;
    kd_alloc_case *c = kd_memo_room(kd_wide(view)->memo, &key, sizeof *c, &fresh);
    if (c && fresh)
        kd_alloc_case_of(view->event, (uint64_t)oom->order.v, view->context, c);
    return c && c->usable ? c : NULL;
}

static bool is_zone_bound(const kd_view *view, const kdf_oom *oom, zone_case *z)
{
    z->c = kd_oom_memcg_sign(oom) == KD_MEMCG_NO ? kd_oom_request(view, oom) : NULL;
    if (!z->c)
        return false;
    weigh(z);
    return z->short_ && z->spare_pages >= LEAST_SPARE_PAGES && z->spare_pages > z->reachable_pages;
}

bool kd_oom_has_recovered(const kd_alloc_case *c)
{
    if (!c || c->version_assumed || c->gfp.unknown_bits)
        return false;
    for (size_t i = 0; i < c->zone_count; i++)
        if (c->results[i].listed == KD_LISTED && usable_pages(c, i) > high_line(c, i))
            return true;
    return false;
}

bool kd_oom_is_zone_bound(const kd_view *view, const kdf_oom *oom)
{
    zone_case z = { .short_ = false };
    return is_zone_bound(view, oom, &z);
}

static void say_zones(kd_emit *out, const kd_event *event, const zone_case *z)
{
    const kd_alloc_case *c = z->c;
    for (size_t i = 0; i < c->zone_count; i++) {
        kd_zone_name name = kd_name_zone(c, i);
        bool allowed = c->results[i].listed == KD_LISTED;
        if (!allowed && i != z->elsewhere)
            continue;
        kd_say_evidence(out, event, c->printed[i]->free_kb.src,
                        allowed ? "zone %s, which the mask allows: short"
                                : "zone %s, which the mask does not allow: has memory",
                        name.text);
        if (allowed)
            kd_say_proof(
                out, kd_text_of(out, "zone %s is not above its high mark and reserve", name.text),
                "free %lld pages%s %lld", KD_LLD(usable_pages(c, i)),
                usable_pages(c, i) <= high_line(c, i) ? " <=" : ", line =",
                KD_LLD(high_line(c, i)));
        else
            kd_say_proof(out,
                         kd_text_of(out, "zone %s has memory, but is above zone %s", name.text,
                                    c->gfp.zone_name),
                         "free %llu pages > high %llu", KD_LLU(c->zones[i].free_pages),
                         KD_LLU(c->zones[i].high_pages));
    }
}

/* What fills the zone, where its line still tells (to 4.12). */
static void say_slab_of_zone(kd_emit *out, const kd_event *event, const zone_case *z)
{
    const kdf_zone *zone = z->c->printed[z->largest];
    const kd_pair *slab = kd_map_find(&zone->counters_kb, "slab_unreclaimable");
    uint64_t size = zone->managed_kb.src ? zone->managed_kb.v : zone->present_kb.v;
    if (!slab || kd_percent_of(slab->v, size) < 20)
        return;
    kd_say_more(out, "%u %% of zone %.*s are unreclaimable slab: kernel objects, not processes.",
                kd_percent_of(slab->v, size), KD_FMT(zone->name.v));
    kd_say_evidence(out, event, slab->src, "slab_unreclaimable of the zone");
    kd_say_u64(out, "zone_slab_unreclaimable_kb", slab->v);
}

static void say_remedies(kd_emit *out, const zone_case *z)
{
    const kdf_zone *other = z->c->printed[z->elsewhere];
    if (kd_str_is(other->name.v, "HighMem")) {
        kd_say_remedy(out, "Use a 64-bit kernel: it has no HighMem, all memory serves the kernel.");
        kd_say_remedy(out, "Find what fills lowmem: /proc/slabinfo, number of processes and "
                           "threads, page tables, network buffers.");
        kd_say_remedy(out,
                      "Until then: less RAM (mem=) takes less lowmem for page structures; a "
                      "larger lowmem split (CONFIG_VMSPLIT_2G) or vm.lowmem_reserve_ratio keeps "
                      "user pages out of lowmem.");
    } else {
        kd_say_remedy(out,
                      "Make zone %.*s smaller (kernelcore=, movablecore=, or hot-add memory "
                      "as online_kernel): kernel allocations may not use it.",
                      KD_FMT(other->name.v));
    }
}

static kd_status check_kill(const kd_view *view, kd_emit *out, const kdf_oom *oom)
{
    zone_case z = { .short_ = false };
    kd_oom_picture p;
    if (!is_zone_bound(view, oom, &z))
        return KD_OK;
    const kd_alloc_case *c = z.c;
    uint64_t spare_kb = (uint64_t)z.spare_pages * c->page_kb;
    kd_zone_name name = kd_name_zone(c, z.largest), other = kd_name_zone(c, z.elsewhere);
    kd_oom_look(oom, c->page_kb, c->version, &p);
    kd_say_diag(out, c->gfp.unknown_bits || z.near || !c->zones_whole ? KD_LIKELY : KD_CERTAIN,
                "Zone %s ran out, not the machine: %s are free above the marks of zone %s, but "
                "%.*s asked with a mask that allows zone %s and below.",
                name.text, kd_size_of(spare_kb).text, other.text, KD_FMT(oom->task.comm.v),
                c->gfp.zone_name);
    kd_say_oom_victim(out, oom, &p, false);
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, oom->gfp.value.src, "the mask");
    kd_say_proof(out,
                 kd_text_of(out, "the low bits of the mask name the highest zone allowed: %s",
                            c->gfp.zone_name),
                 "0x%llx & 0xf = 0x%llx", KD_LLU(c->gfp.mask), KD_LLU(c->gfp.mask & 0xf));
    say_zones(out, view->event, &z);
    say_slab_of_zone(out, view->event, &z);
    kd_say_text(out, "highest_zone_allowed", kd_str_of(c->gfp.zone_name));
    kd_say_text(out, "zone", c->printed[z.largest]->name.v);
    kd_say_u64(out, "zone_free_kb", c->zones[z.largest].free_pages * c->page_kb);
    kd_say_u64(out, "free_in_other_zones_kb", spare_kb);
    kd_say_oom_processes(out, view->event, oom, &p);
    say_remedies(out, &z);
    kd_say_oom_outcome(view, out, oom, &p);
    kd_say_alloc_assumes(out, c);
    return KD_OK;
}

kd_status kd_check_zone_exhausted(const kd_view *view, kd_emit *out, void *user);

kd_status kd_check_zone_short(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_oom *oom = KD_BODY(view->event, oom);
    return oom ? check_kill(view, out, oom) : kd_check_zone_exhausted(view, out, user);
}

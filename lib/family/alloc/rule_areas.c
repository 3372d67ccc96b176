/* rule_areas.c - memory that was set aside at boot and did not do: CMA areas, the bounce buffer,
 * the pool of coherent memory, per-CPU chunks. */
#include "core/diag.h"
#include "family/fields.h"

const char kd_doc_cma_no_range[] =
    "cma_alloc() found no free range of that length in its area (-ENOMEM, in newer "
    "kernels -EBUSY): the area is too small, full or in pieces. Certain where the free pieces are "
    "printed (with CMA debugging only) and "
    "none is long enough: the error alone may also mean that there was no memory to move the pages "
    "of a range to.";
const char kd_doc_cma_busy[] =
    "Ranges of that length were there, but could not be cleared of their pages (-EBUSY): somebody "
    "holds a movable page, or works on the same blocks of pages. Such a request may succeed when "
    "it is tried again. Certain up to 6.12: newer kernels say -EBUSY too where no range is free.";
const char kd_doc_bounce_full[] =
    "swiotlb had no piece for a mapping: the buffer was never set up, the mapping is larger than "
    "the "
    "largest piece that swiotlb hands out (128 slots of 2 KiB), or the slots were in use.";
const char kd_doc_pool_empty[] =
    "The pool from which coherent memory is taken where nobody may sleep was empty.";
const char kd_doc_percpu[] =
    "Per-CPU chunks had no room and no chunk could be added. Each byte takes memory on every "
    "possible CPU.";

/* All versions: IO_TLB_SHIFT, IO_TLB_SEGSIZE. */
#define SLOT_BYTES 2048u
#define MOST_SLOTS 128u
#define MOST_BYTES (SLOT_BYTES * MOST_SLOTS)

#define ENOMEM_PRINTED (-12)
#define EBUSY_PRINTED (-16)

#define LARGEST (UINT64_C(1) << 40)

static uint64_t power_above(uint64_t n)
{
    uint64_t power = 1;
    while (power < n && power < LARGEST)
        power *= 2;
    return power;
}

/* ---- CMA ------------------------------------------------------------------------------------- */

static uint64_t kb_of_pages(const kd_view *view, uint64_t pages)
{
    return pages < LARGEST ? pages * (kd_context_page_size(view->context) / 1024) : 0;
}

static kd_str area_of(const kdf_cma *cma)
{
    return cma->area.src ? cma->area.v : KD_STR("(its name is not printed)");
}

static void open_cma(const kd_view *view, kd_emit *out, const kdf_cma *cma,
                     kd_confidence confidence)
{
    uint64_t kb = kb_of_pages(view, cma->requested_pages.v);
    kd_say_diag(out, confidence,
                "%llu pages (%llu kB) in one piece were asked of the CMA area %.*s.",
                KD_LLU(cma->requested_pages.v), KD_LLU(kb), KD_FMT(area_of(cma)));
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, cma->requested_pages.src, "the request and its error");
    kd_say_u64(out, "requested_pages", cma->requested_pages.v);
    if (kb)
        kd_say_u64(out, "requested_kb", kb);
    if (!view->context->page_size)
        kd_say_assume(out, "pages of 4 KiB (the log does not show their size)");
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
}

/* What the free pieces tell, as the kernel prints them behind the error. */
typedef enum room {
    NOT_PRINTED,
    LIST_CUT,
    AREA_SMALLER,
    FREE_SMALLER,
    PIECES_SMALLER,
    PIECE_FITS
} room;

/* The longest piece; 0 where a part of the list was lost: then it does not make up the sum. */
static uint64_t longest_piece(const kdf_cma *cma)
{
    uint64_t most = 0, sum = 0;
    for (uint32_t i = 0; i < cma->holes.count; i++) {
        uint64_t pages = KD_ITEMS(cma->holes, kdf_cma_hole)[i].pages.v;
        most = pages > most ? pages : most;
        sum += pages;
    }
    return sum == cma->free_pages.v ? most : 0;
}

static room room_of(const kdf_cma *cma)
{
    uint64_t wanted = cma->requested_pages.v, piece = longest_piece(cma);
    if (!cma->total_pages.src || !cma->free_pages.src)
        return cma->free_pages.src && piece >= wanted ? PIECE_FITS
               : cma->list_begun                      ? LIST_CUT
                                                      : NOT_PRINTED;
    if (wanted > cma->total_pages.v)
        return AREA_SMALLER;
    if (wanted > cma->free_pages.v)
        return FREE_SMALLER;
    return piece == 0 ? LIST_CUT : piece < wanted ? PIECES_SMALLER : PIECE_FITS;
}

static void say_fill(const kd_view *view, kd_emit *out, const kdf_cma *cma)
{
    uint64_t wanted = cma->requested_pages.v;
    if (!cma->total_pages.src || !cma->free_pages.src) {
        kd_say_missing(out,
                       "CmaTotal and CmaFree of /proc/meminfo, and the boot line that reserves "
                       "the area: how large it is and how full");
        return;
    }
    kd_say_more(out, "Of its %llu pages %llu were free.", KD_LLU(cma->total_pages.v),
                KD_LLU(cma->free_pages.v));
    kd_say_evidence(out, view->event, cma->total_pages.src, "what was free of the area");
    kd_say_u64(out, "area_pages", cma->total_pages.v);
    kd_say_u64(out, "free_pages", cma->free_pages.v);
    switch (room_of(cma)) {
    case AREA_SMALLER:
        kd_say_proof(out, KD_STR("the whole area is smaller"), "%llu > %llu", KD_LLU(wanted),
                     KD_LLU(cma->total_pages.v));
        break;
    case FREE_SMALLER:
        kd_say_proof(out, KD_STR("less than that was free"), "%llu > %llu", KD_LLU(wanted),
                     KD_LLU(cma->free_pages.v));
        break;
    case PIECES_SMALLER:
        kd_say_proof(out, KD_STR("the largest free piece is smaller"), "%llu < %llu",
                     KD_LLU(longest_piece(cma)), KD_LLU(wanted));
        break;
    case NOT_PRINTED:
    case LIST_CUT:
    case PIECE_FITS: break;
    }
}

static void advise_size(const kd_view *view, kd_emit *out, const kdf_cma *cma)
{
    uint64_t asked_mb = (kb_of_pages(view, cma->requested_pages.v) + 1023) / 1024;
    if (cma->total_pages.src && cma->total_pages.v < LARGEST)
        kd_say_remedy(
            out,
            "Make the area larger: cma=%lluM on the kernel command line (or its size in "
            "the device tree's reserved-memory).",
            KD_LLU(power_above((kb_of_pages(view, cma->total_pages.v) + 1023) / 1024 + asked_mb)));
    else
        kd_say_remedy(out,
                      "Make the area larger by at least %llu MiB: cma= on the kernel command line "
                      "(or its size in the device tree's reserved-memory); CmaTotal in "
                      "/proc/meminfo is what it has now.",
                      KD_LLU(asked_mb));
}

/* By the printed pieces no range of that length was there. */
static bool is_short(const kdf_cma *cma)
{
    room left = room_of(cma);
    return left == AREA_SMALLER || left == FREE_SMALLER || left == PIECES_SMALLER;
}

static bool is_no_range(const kdf_cma *cma)
{
    return cma->error.v == ENOMEM_PRINTED || (cma->error.v == EBUSY_PRINTED && is_short(cma));
}

kd_status kd_check_cma_no_range(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_cma *cma = KD_BODY(view->event, cma);
    (void)user;
    if (!cma || !cma->error.src || !is_no_range(cma))
        return KD_OK;
    room left = room_of(cma);
    open_cma(view, out, cma,
             left == PIECE_FITS    ? KD_POSSIBLE
             : left == LIST_CUT    ? KD_POSSIBLE /* a piece that fits may be what was lost */
             : left == NOT_PRINTED ? KD_LIKELY
                                   : KD_CERTAIN);
    kd_say_more(out,
                "%s Most drivers then ask the page allocator or go without: the line alone is "
                "no fault, what follows it tells.",
                left == PIECE_FITS ? "A free piece of that length is there, but perhaps none that "
                                     "begins where the request may begin (its alignment)."
                                   : "It has no free range of that length.");
    kd_say_proof(out,
                 cma->error.v == ENOMEM_PRINTED
                     ? KD_STR("-ENOMEM: no free range, or no memory to move its pages to")
                     : KD_STR("-EBUSY: newer kernels say so too where there is no free range"),
                 "ret = %lld", KD_LLD(cma->error.v));
    say_fill(view, out, cma);
    if (left == NOT_PRINTED || left == LIST_CUT || left == PIECE_FITS)
        kd_say_assume(out, "it is the search for a range that failed: the error is the same where "
                           "one was found and no memory was left to move its pages to");
    advise_size(view, out, cma);
    kd_say_remedy(out,
                  "See who holds the area: /sys/kernel/debug/cma/*/used and maxchunk, and what "
                  "the drivers for display, camera and video allocate.");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, KD_STR("cma="),
                   "the area does not hold what the drivers ask for");
    return KD_OK;
}

/* cma_range_alloc(), which came between 6.12 and 7.2, begins with -EBUSY: it is also what it gives
 * back where it found no range. Up to 6.11 it is cma_alloc() that names itself. */
static kd_confidence busy_confidence(const kd_view *view, const kdf_cma *cma)
{
    uint32_t version = view->context->version;
    if ((version && version < KD_KERNEL(6, 13, 0)) || kd_str_is(cma->function.v, "cma_alloc"))
        return KD_CERTAIN;
    return version == 0 || room_of(cma) == PIECE_FITS ? KD_LIKELY : KD_POSSIBLE;
}

kd_status kd_check_cma_busy(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_cma *cma = KD_BODY(view->event, cma);
    (void)user;
    if (!cma || cma->error.v != EBUSY_PRINTED || is_short(cma))
        return KD_OK;
    kd_confidence confidence = busy_confidence(view, cma);
    open_cma(view, out, cma, confidence);
    kd_say_more(out,
                "A range was there, but could not be cleared of its pages: somebody held one for "
                "longer (long-term pins, pages under I/O), or another request was at work on the "
                "same blocks of pages. It is not a matter of the area's size alone, and may "
                "succeed the next time.");
    kd_say_proof(out,
                 confidence == KD_CERTAIN
                     ? KD_STR("-EBUSY: a range was found, its pages were not to be had")
                     : KD_STR("-EBUSY"),
                 "ret = %lld", KD_LLD(cma->error.v));
    say_fill(view, out, cma);
    if (confidence != KD_CERTAIN)
        kd_say_assume(out, "a free range was there: a kernel whose areas may have several ranges "
                           "(newer than 6.12) says -EBUSY too where there is none");
    kd_say_remedy(out,
                  "Let the driver allocate when it is probed, before user pages fill the area, and "
                  "keep its buffer.");
    kd_say_remedy(out,
                  "Look for long-term pins of user pages in the area (RDMA, VFIO, video, io_uring "
                  "buffers); page_pinner or /sys/kernel/debug/cma tell.");
    return KD_OK;
}

/* ---- swiotlb --------------------------------------------------------------------------------- */

static kd_str asker_of(const kdf_dma *dma)
{
    return dma->device.src ? dma->device.v : KD_STR("A device");
}

static void say_driver(kd_emit *out, const kdf_dma *dma, kd_suspect suspect, const char *why)
{
    kd_str name = dma->driver.src ? dma->driver.v : dma->device.v;
    kd_say_suspect(out, suspect, name, "%s", why);
}

static void say_no_buffer(kd_emit *out, const kdf_dma *dma)
{
    kd_say_more(out,
                "The bounce buffer has no slots at all: it was never set up on this machine (an "
                "IOMMU was expected to do its work, or there is no memory beyond the reach of "
                "the bus).");
    kd_say_proof(out, KD_STR("there is no buffer"), "total = %llu", KD_LLU(dma->total_slots.v));
    kd_say_remedy(
        out, "Look why the device does not go through the IOMMU (intel_iommu=, iommu=, "
             "iommu.passthrough= on the command line; the line DMAR or AMD-Vi at boot), or set "
             "the buffer up with swiotlb=force or swiotlb=32768.");
    kd_say_suspect(
        out, KD_SUSPECT_CONFIGURATION, KD_STR("iommu"),
        "the device cannot reach the memory, and neither IOMMU nor bounce buffer is there");
}

static void say_too_large(kd_emit *out, const kdf_dma *dma)
{
    kd_say_more(out,
                "swiotlb hands out at most %u bytes in one piece, so the size was refused, not "
                "for want of slots: a larger buffer does not help.",
                MOST_BYTES);
    kd_say_proof(out, KD_STR("the largest piece is 128 slots of 2 KiB"), "%u * %u = %u", MOST_SLOTS,
                 SLOT_BYTES, MOST_BYTES);
    kd_say_proof(out, KD_STR("more was asked for"), "%llu > %u", KD_LLU(dma->requested_bytes.v),
                 MOST_BYTES);
    kd_say_remedy(out,
                  "The driver must map smaller pieces (dma_max_mapping_size(), "
                  "dma_set_max_seg_size()), or allocate the buffer where the device can reach it "
                  "(dma_set_mask_and_coherent() with the mask that the hardware has).");
    say_driver(out, dma, KD_SUSPECT_DRIVER, "it maps more at once than swiotlb can");
}

static void say_in_use(kd_emit *out, const kdf_dma *dma)
{
    uint64_t slots = (dma->requested_bytes.v + SLOT_BYTES - 1) / SLOT_BYTES;
    if (dma->total_slots.v - dma->used_slots.v < slots) {
        kd_say_more(out, "%llu of its %llu slots were in use.", KD_LLU(dma->used_slots.v),
                    KD_LLU(dma->total_slots.v));
        kd_say_proof(out, KD_STR("the slots left do not hold it"), "%llu - %llu = %llu < %llu",
                     KD_LLU(dma->total_slots.v), KD_LLU(dma->used_slots.v),
                     KD_LLU(dma->total_slots.v - dma->used_slots.v), KD_LLU(slots));
    } else {
        kd_say_confidence(out, KD_LIKELY);
        kd_say_more(out,
                    "%llu of its %llu slots were in use: enough were free, but not side by side.",
                    KD_LLU(dma->used_slots.v), KD_LLU(dma->total_slots.v));
    }
    kd_say_remedy(
        out,
        "Make it twice as large: swiotlb=%llu on the kernel command line (slots of 2 KiB: "
        "%llu MiB).",
        KD_LLU(power_above(2 * dma->total_slots.v)),
        KD_LLU(power_above(2 * dma->total_slots.v) / 512));
    kd_say_remedy(out,
                  "Or spare the device the bounce: an IOMMU, or a driver that sets the mask which "
                  "the hardware has.");
    say_driver(out, dma, KD_SUSPECT_CONFIGURATION, "what the drivers map at once does not fit");
}

kd_status kd_check_bounce_full(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_dma *dma = KD_BODY(view->event, dma);
    (void)user;
    if (!dma || !kd_str_is(dma->pool.v, "swiotlb"))
        return KD_OK;
    bool known = dma->total_slots.src && dma->used_slots.src &&
                 dma->total_slots.v >= dma->used_slots.v && dma->total_slots.v < LARGEST &&
                 dma->requested_bytes.v < LARGEST;
    kd_say_diag(
        out, known ? KD_CERTAIN : KD_LIKELY,
        "%.*s wanted to map %llu bytes through the bounce buffer (swiotlb), which had no piece "
        "for it.",
        KD_FMT(asker_of(dma)), KD_LLU(dma->requested_bytes.v));
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, dma->requested_bytes.src, "the mapping that failed");
    kd_say_evidence(out, view->event, dma->dma_mask.src, "how far the device reaches");
    kd_say_u64(out, "requested_bytes", dma->requested_bytes.v);
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    if (known && dma->total_slots.v == 0)
        say_no_buffer(out, dma);
    else if (dma->requested_bytes.v > MOST_BYTES)
        say_too_large(out, dma);
    else if (known)
        say_in_use(out, dma);
    else
        kd_say_remedy(out,
                      "Make the buffer larger: swiotlb=65536 on the kernel command line (slots of "
                      "2 KiB: 128 MiB; 64 MiB is the default).");
    return KD_OK;
}

/* ---- the coherent pool ----------------------------------------------------------------------- */

kd_status kd_check_pool_empty(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_dma *dma = KD_BODY(view->event, dma);
    (void)user;
    if (!dma || !kd_str_is(dma->pool.v, "coherent"))
        return KD_OK;
    kd_say_diag(
        out, KD_LIKELY,
        "Coherent DMA memory was asked for where nobody may sleep, and the pool kept for that "
        "was empty.");
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, dma->headline.src, "the pool is empty");
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    if (dma->recommended_kb.src && dma->recommended_kb.v < LARGEST)
        kd_say_remedy(out,
                      "coherent_pool=%lluK on the kernel command line: the kernel recommends it.",
                      KD_LLU(dma->recommended_kb.v));
    else if (dma->pool_kb.src && dma->pool_kb.v < LARGEST)
        kd_say_remedy(out,
                      "coherent_pool=%lluK on the kernel command line: twice the %llu KiB it has.",
                      KD_LLU(2 * power_above(dma->pool_kb.v)), KD_LLU(dma->pool_kb.v));
    else
        kd_say_remedy(out,
                      "coherent_pool=4M on the kernel command line (it begins at 256 KiB or less "
                      "where memory is small).");
    kd_say_remedy(out,
                  "When a larger pool only delays it, a driver does not give its buffers back or "
                  "allocates one for each transfer: USB drivers should keep theirs "
                  "(usb_alloc_coherent() at probe).");
    kd_say_missing(out,
                   "the stack trace that follows, or which devices are in use: whose requests they "
                   "were");
    kd_say_suspect(out, KD_SUSPECT_CONFIGURATION, KD_STR("coherent_pool="),
                   "the pool is smaller than what drivers ask for at once");
    return KD_OK;
}

/* ---- per-CPU memory -------------------------------------------------------------------------- */

kd_status kd_check_percpu(const kd_view *view, kd_emit *out, void *user)
{
    const kdf_percpu *percpu = KD_BODY(view->event, percpu);
    (void)user;
    if (!percpu)
        return KD_OK;
    kd_say_diag(out, KD_LIKELY, "%llu bytes on each CPU were asked for and not to be had%s%.*s.",
                KD_LLU(percpu->requested_bytes.v), percpu->reason.src ? ": " : "",
                KD_FMT(percpu->reason.v));
    kd_emit_role(out, KD_PRIMARY);
    kd_say_evidence(out, view->event, percpu->headline.src, "the request");
    if (percpu->atomic.src && percpu->atomic.v)
        kd_say_more(
            out, "It might not sleep, so it could only take what was prepared; most such callers "
                 "go without or try again, and a worker fills the store up.");
    if (percpu->blame.function.src)
        kd_say_more(out, "%.*s() asked.", KD_FMT(percpu->blame.function.v));
    kd_say_u64(out, "requested_bytes", percpu->requested_bytes.v);
    kd_say_impact(out, KD_IMPACT_REQUEST_FAILED);
    kd_say_remedy(out, "Count what takes per-CPU memory: Percpu in /proc/meminfo, dying and living "
                       "control groups (cgroup.stat), network devices and namespaces, BPF per-CPU "
                       "maps.");
    kd_say_remedy(out,
                  "Each byte counts for every possible CPU: possible_cpus= (nr_cpus=) lowers it "
                  "where a virtual machine offers more than it uses.");
    kd_say_missing(out, "/proc/meminfo (Percpu, MemFree) and the number of control groups");
    return KD_OK;
}

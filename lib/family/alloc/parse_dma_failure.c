/* parse_dma_failure.c - no room in the bounce buffer or in the pool of coherent memory.
 *
 *   DEV: swiotlb buffer is full (sz: 4096 bytes), total 32768 (slots), used 0 (slots)      4.17+
 *   DEV: swiotlb buffer is full (sz: 4096 bytes)                                           to 4.16
 *   DMA: Out of SW-IOMMU space for 65536 bytes at device 0000:00:1f.2                      to 4.16
 *   ERROR: 1024 KiB atomic DMA coherent pool is too small! arm, 3.5+ DMA coherent pool depleted,
 * increase size (recommend coherent_pool=512K)               5.8+ Failed to get suitable pool for
 * DEV                                                    5.8+
 *
 * swiotlb_tbl_map_single(), __alloc_from_pool(), dma_alloc_from_pool().
 */
#include "core/parser.h"
#include "family/fields.h"

/* "ehci-pci 0000:00:1a.0": driver and device, or the device alone. */
static void put_device(kd_parse *parse, kdf_dma *dma, kd_str names)
{
    const char *blank = kd_str_find_last(names, " ");
    if (names.len == 0 || names.len > 128)
        return;
    if (!blank) {
        kd_put(parse, &dma->device, names);
        return;
    }
    size_t at = (size_t)(blank - names.ptr);
    kd_put(parse, &dma->device, kd_str_from(names, at + 1));
    names.len = at;
    blank = kd_str_find_last(names, " ");
    kd_put(parse, &dma->driver,
           blank ? kd_str_from(names, (size_t)(blank - names.ptr) + 1) : names);
}

static bool open_swiotlb(kd_parse *parse, kdf_dma *dma, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str names;
    uint64_t bytes, total, used;
    if (!kd_scan_past(&in, ": swiotlb buffer is full (sz: ", &names) || !kd_scan_u64(&in, &bytes))
        return false;
    kd_put(parse, &dma->requested_bytes, bytes);
    put_device(parse, dma, names);
    if (kd_scan_literal(&in, " bytes), total ") && kd_scan_u64(&in, &total) &&
        kd_scan_literal(&in, " (slots), used ") && kd_scan_u64(&in, &used)) {
        kd_put(parse, &dma->total_slots, total);
        kd_put(parse, &dma->used_slots, used);
    }
    return true;
}

static bool open_sw_iommu(kd_parse *parse, kdf_dma *dma, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before, device;
    uint64_t bytes;
    if (!kd_scan_past(&in, "DMA: Out of SW-IOMMU space for ", &before) || !kd_scan_u64(&in, &bytes))
        return false;
    kd_put(parse, &dma->requested_bytes, bytes);
    if (kd_scan_literal(&in, " bytes at device ") && kd_scan_word(&in, &device))
        kd_put(parse, &dma->device, device);
    return true;
}

static bool open_pool(kd_parse *parse, kdf_dma *dma, kd_str text)
{
    kd_scan in = kd_scan_of(text);
    kd_str before, device;
    uint64_t kb;
    if (kd_scan_past(&in, " KiB atomic DMA coherent pool is too small!", &before)) {
        const char *blank = kd_str_find_last(before, " ");
        kd_scan number =
            kd_scan_of(blank ? kd_str_from(before, (size_t)(blank - before.ptr) + 1) : before);
        if (kd_scan_u64(&number, &kb))
            kd_put(parse, &dma->pool_kb, kb);
        return true;
    }
    in = kd_scan_of(text);
    if (kd_scan_past(&in, "DMA coherent pool depleted, increase size", &before)) {
        if (kd_scan_past(&in, "coherent_pool=", &before) && kd_scan_u64(&in, &kb))
            kd_put(parse, &dma->recommended_kb, kb);
        return true;
    }
    in = kd_scan_of(text);
    if (!kd_scan_literal(&in, "Failed to get suitable pool for ") || !kd_scan_word(&in, &device))
        return false;
    kd_put(parse, &dma->device, device);
    return true;
}

static kd_verdict open_failure(kd_parse *parse, const kd_line *line)
{
    kdf_dma *dma = parse->body;
    bool swiotlb = open_swiotlb(parse, dma, line->text) || open_sw_iommu(parse, dma, line->text);
    if (!swiotlb && !open_pool(parse, dma, line->text))
        return KD_NOT_MINE;
    kd_put(parse, &dma->headline, line->text);
    kd_put(parse, &dma->pool, swiotlb ? KD_STR("swiotlb") : KD_STR("coherent"));
    dma->pool.src = KD_DERIVED;
    return KD_TAKEN;
}

/* "overflow 0x0000000a1c8f9a60+8 of DMA mask ffffffff bus limit 0" */
static kd_verdict more_failure(kd_parse *parse, const kd_line *line)
{
    kdf_dma *dma = parse->body;
    kd_scan in = kd_scan_of(line->text);
    kd_str before;
    uint64_t mask;
    if (kd_str_starts(line->text, "Please increase it with coherent_pool="))
        return KD_LAST;
    if (dma->dma_mask.src || !kd_str_has(line->text, "overflow 0x") ||
        !kd_scan_past(&in, " of DMA mask ", &before) || !kd_scan_hex(&in, &mask))
        return KD_NOT_MINE;
    kd_put(parse, &dma->dma_mask, mask);
    return KD_LAST;
}

static void close_failure(kd_parse *parse)
{
    parse->event->complete = true;
}

static const char *const anchors[] = {
    ": swiotlb buffer is full (sz: ",         "DMA: Out of SW-IOMMU space for ",
    "atomic DMA coherent pool is too small!", "DMA coherent pool depleted, increase size",
    "Failed to get suitable pool for ",       NULL
};

const kd_parser kd_parser_dma_failure = {
    .name = "dma_failure",
    .anchors = anchors,
    .kind = &kd_kind_dma_failure,
    .patience = 1,
    .open = open_failure,
    .more = more_failure,
    .close = close_failure,
};
